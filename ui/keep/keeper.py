"""Everything that one window keeps without being asked, and which report it writes beside other windows."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from cnnviz.clock import moment
from ui.keep.recorder import Recorder
from ui.keep.recovery import Recovery
from ui.keep.session_files import SessionFiles
from ui.keep.workspace import Document, Workspace
from ui.state import AppState


class Keeper(QObject):
    """Brings back what was kept for this window, keeps what comes, and offers what others have left.

    * `files`: of the window whose state and controller are meant.
    * `open_draft`: keeps the present report and shows the one at a path; returns whether it could.
    """

    def __init__(
        self, files: SessionFiles, workspace: Workspace, open_draft: Callable[[Path], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state = files.state
        found = workspace.interrupted()
        self._recorder = Recorder(files, workspace, self)
        self._recovery = Recovery(files, found, self)
        self._documents = Documents(files.state, workspace, open_draft, self)
        self._documents.tell()
        # When the first run stands there, a session can be restored.
        files.state.sceneChanged.connect(self._on_scene_changed)

    def finish(self, *, keep_run: bool) -> None:
        """Have everything written now that has changed; see `Recorder.finish`."""
        self._recorder.finish(keep_run=keep_run)

    @Slot()
    def _on_scene_changed(self) -> None:
        if self._state.shown is not None and self._state.sample is not None:
            self._state.sceneChanged.disconnect(self._on_scene_changed)
            self._recovery.offer()


_PLACE = "report"


class Documents(QObject):
    """Tells the user about the reports that are kept beside the one in this window, and changes to another.

    * `open_draft`: keeps the present report and shows the one at a path; returns whether it could.
    """

    def __init__(
        self, state: AppState, workspace: Workspace, open_draft: Callable[[Path], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._state, self._workspace, self._open_draft = state, workspace, open_draft
        self._other: Document | None = None

    def tell(self) -> None:
        """Say which report this is where it is not the only one."""
        from ui.panels.report.draft import has_words  # here, as the frame of the window does not need it

        self._other = next((each for each in self._workspace.others() if has_words(each.path)), None)
        words = [_second(self._workspace.report), "" if self._other is None else _kept(self._other)]
        text = " ".join(each for each in words if each)
        if text:
            action = "" if self._other is None else "Open that report"
            self._state.raise_notice(_PLACE, "info", text, action, self._change)

    def _change(self) -> None:
        other = self._other
        if other is None:
            return
        self._state.clear_notice(_PLACE)
        if self._workspace.change(other, self._open_draft):
            self.tell()
        else:
            self._state.raise_notice(
                _PLACE,
                "warning",
                "That report cannot be opened: another window has it, or the present one "
                "cannot be kept. Close the other window, or make room on the disk, then start CNNViz again.",
            )


def _second(number: int) -> str:
    if number == 1:
        return ""
    return (
        "Another window of CNNViz has your report open, so this one writes a report of its own "
        f"(number {number}); both are kept."
    )


def _kept(other: Document) -> str:
    when = moment(other.changed)
    if other.computer:
        return f"A report that was last changed on {when} is marked as open on the computer {other.computer}."
    return f"There is another report of yours, last changed on {when}."
