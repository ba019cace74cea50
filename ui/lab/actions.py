"""The way to the lab guide: asked for by actions, whether its parts are built yet or not."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Slot

from ui.document.window_document import WindowDocument
from ui.window.main_window import MainWindow
from ui.window.questions import ask_file

if TYPE_CHECKING:
    from ui.lab.covering import Covers
    from ui.lab.guide import LabGuide
    from ui.panels.report.panel import ReportPanel

_OPEN = "lab/open"
_FILTER = "Labs and courses (*.toml *.cnnviz);;All files (*)"


class LabActions(QObject):
    """Builds the lab guide when the panels stand, and remembers whether it was left open."""

    def __init__(
        self, window: MainWindow, document: WindowDocument, settings: QSettings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._document, self._settings = window, document, settings
        self.guide: LabGuide | None = None
        self._waiting: Path | None = None
        self._covers: Covers = ()
        document.lab_taker = self.open_file

    def cover(self) -> None:
        """Put covers over the parts of the panels, now that these stand: before they are dressed, once."""
        from ui.lab.covering import covers_of

        self._covers = covers_of(self._window)

    def build(self, report: "ReportPanel") -> None:
        """Build the guide, now that the panels are covered, and open it if it was open last."""
        from ui.lab.guide import LabGuide

        self.guide = LabGuide(self._window, self._document, report, self._covers, self.ask, self)
        self._window.lab_dock.shown.connect(self._on_shown)
        if self._waiting is not None:
            self.guide.open_file(self._waiting)
        elif self._settings.value(_OPEN, False, type=bool):
            self._window.lab_dock.set_shown(True)
        else:
            self.guide.bring_back()

    def open_file(self, path: Path) -> None:
        """Open a lab file, or the lab of the program that has this id."""
        if self.guide is None:
            self._waiting = path
        else:
            self.guide.open_file(path)

    def finish(self) -> None:
        """Record what has to be recorded before the end."""
        if self.guide is not None:
            self.guide.finish()

    # --- actions --------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """Bring the lab guide into sight, and lead the keyboard to the step in front."""
        if self.guide is not None:
            self.guide.enter()

    def put_away(self) -> None:
        """Take the lab guide out of sight."""
        if self.guide is not None:
            self.guide.put_away()

    def show_me(self) -> None:
        """Put the window where the step in front wants it."""
        if self.guide is not None:
            self.guide.show_me()

    def go_on(self) -> None:
        """Go to the next step."""
        if self.guide is not None:
            self.guide.go_on()

    def go_back(self) -> None:
        """Go to the step before."""
        if self.guide is not None:
            self.guide.go_back()

    @Slot()
    def ask(self) -> None:
        """Ask for a lab file and open it."""
        if self.guide is None:
            return
        path = ask_file(self._window, self._settings, "Open lab file", _FILTER)
        if path is not None:
            self._document.open(path)

    @Slot(bool)
    def _on_shown(self, shown: bool) -> None:
        self._settings.setValue(_OPEN, shown)


def welcome(settings: QSettings) -> None:
    """Let the guide be open at the first start on this computer."""
    if not settings.contains(_OPEN):
        settings.setValue(_OPEN, True)
