"""Reports as files of the user: an empty one, one from a file, and this one into a file."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QWidget

from cnnviz.files import printable, printable_name
from ui.panels.analysis import Analysis
from ui.panels.samples.panel import SamplesPanel
from ui.state import AppState
from ui.window.questions import ask_about_words, ask_file, ask_target

# At run time where they are needed: they load much, and the frame of the window is to appear before.
if TYPE_CHECKING:
    from ui.panels.report.draft import Draft
    from ui.panels.report.writing import Writing

_PLACE = "report"
_FILTER = "Reports of CNNViz (*.report.json *.json);;All files (*)"


class ReportFiles(QObject):
    """Puts another report into the place of the present one, and writes it to files.

    * `state`: is told how it went.
    * `files`: reads and writes.
    * `settings`: where the folder used last is remembered.
    * `samples`: with the images of the user's own.
    * `window`: parent of dialogs; also of this object.
    """

    def __init__(
        self, state: AppState, files: Analysis, settings: QSettings, samples: SamplesPanel, window: QWidget
    ) -> None:
        super().__init__(window)
        self._samples = samples
        self._state, self._files, self._settings, self._window = state, files, settings, window
        #: Holds the report; None before there are panels.
        self.writing: Writing | None = None
        #: Opens a lab file.
        self.lab_taker: Callable[[Path], None] = lambda _path: None
        #: Brings the report into sight.
        self.show: Callable[[], None] = lambda: None
        #: Forgets which files were used last.
        self.forget_recent: Callable[[], None] = lambda: None

    def new(self) -> None:
        """Empty the report: name, roll number, words, figures, and what was done in guided labs.

        With it go the images of the user's own, and names of files and folders: another user comes.
        """
        if self.writing is not None:
            self._unless_lost("it is emptied", self._empty)

    def open(self) -> None:
        """Ask for a saved report and go on with it."""
        if self.writing is None:
            return
        path = ask_file(self._window, self._settings, "Open report", _FILTER)
        if path is not None:
            self.open_file(path)

    def open_file(self, path: Path) -> None:
        """Go on with a saved report."""
        from ui.panels.report.draft import read_copy

        self._files.submit(
            "open report", lambda _context: read_copy(path), partial(self._on_read, path), self._complain
        )

    def save_as(self) -> None:
        """Ask for a file and write the report to it, so that it can be opened again anywhere."""
        self._save(lambda: None)

    def _save(self, then: Callable[[], None]) -> None:
        from ui.panels.report.draft import write_copy

        if self.writing is None:
            return
        draft = self.writing.draft
        path = ask_target(self._window, self._settings, "Save report", "lab5", ".report.json", _FILTER)
        if path is None:
            return
        self._files.submit(
            f"save {path}",
            lambda _context: write_copy(path, draft),
            lambda _written: self._on_saved(path, draft, then),
            self._complain,
        )

    def _unless_lost(self, event: str, act: Callable[[], None]) -> None:
        """Do something that the present words do not survive, if they may be lost or are saved first."""
        assert self.writing is not None
        lost = self.writing.would_be_lost
        answer = ask_about_words(self._window, event) if lost else "discard"
        if answer == "save":
            self._save(act)
        elif answer == "discard":
            act()

    def _empty(self) -> None:
        assert self.writing is not None
        self.writing.begin_anew()
        self._samples.forget_own()
        self.forget_recent()
        self.show()
        self._tell(
            "info",
            "This is a new report. Nothing of the last one is in it; images of its writer and the list of "
            "recent files are gone, too.",
        )

    def _on_read(self, path: Path, draft: "Draft") -> None:
        self._unless_lost("another takes its place", partial(self._begin, path, draft))

    def _begin(self, path: Path, draft: "Draft") -> None:
        from cnnviz.lab.opening import shipped_labs

        assert self.writing is not None
        opened = f"Opened the report {printable_name(path)}. What you change is not written to it."
        if draft.lab in ("", self.writing.lab) or draft.lab in shipped_labs():
            self.writing.begin(draft)
            self.show()
            self._tell("success", opened)
            return
        # Whoever wrote the report may have named any file.
        self.writing.begin(replace(draft, lab=""))
        self.show()
        text = (
            f"{opened} Its guided lab is the file {printable(draft.lab)}, which is read only if you open it."
        )
        self._state.raise_notice(
            _PLACE, "info", text, "Open that lab", lambda: self.lab_taker(Path(draft.lab))
        )

    def _on_saved(self, path: Path, draft: "Draft", then: Callable[[], None]) -> None:
        assert self.writing is not None
        self.writing.set_saved(draft)
        self._tell("success", f"Saved the report to {printable_name(path)}.")
        then()

    def _complain(self, message: str) -> None:
        self._tell("error", message)

    def _tell(self, kind: str, text: str) -> None:
        self._state.raise_notice(_PLACE, kind, text)
