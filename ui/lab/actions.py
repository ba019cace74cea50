"""What there is of the lab guide before it is built: what waits for it, whether it was open last."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings

from ui.document.window_document import WindowDocument
from ui.window.main_window import MainWindow

if TYPE_CHECKING:
    from ui.lab.guide import Covers, LabGuide
    from ui.panels.report.panel import ReportPanel

_OPEN = "lab/open"


class LabActions(QObject):
    """Builds the lab guide when the panels stand, and remembers whether it was left open."""

    def __init__(
        self, window: MainWindow, document: WindowDocument, settings: QSettings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._document, self._settings = window, document, settings
        self.guide: LabGuide | None = None
        self._waiting: Path | None = None
        document.lab_taker = self.open_file

    def build(self, report: "ReportPanel", covers: "Covers") -> None:
        """Build the guide, now that the panels are covered, and open it if it was open last."""
        from ui.lab.guide import LabGuide

        self.guide = LabGuide(self._window, self._document, report, covers, self)
        self._window.lab_dock.shown.connect(partial(self._settings.setValue, _OPEN))
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


def welcome(settings: QSettings) -> None:
    """Let the guide be open at the first start on this computer."""
    if not settings.contains(_OPEN):
        settings.setValue(_OPEN, True)
