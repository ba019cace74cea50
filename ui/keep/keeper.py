"""Everything that one window keeps without being asked, put together."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from ui.keep.documents import Documents
from ui.keep.recorder import Recorder
from ui.keep.recovery import Recovery
from ui.keep.session_files import SessionFiles
from ui.keep.workspace import Workspace


class Keeper(QObject):
    """Brings back what was kept for this window, keeps what comes, and offers what others have left.

    * `files`: of the window whose state and controller are meant.
    * `open_draft`: keeps the present report and shows the one at a path; returns whether it could.
    """

    def __init__(
        self,
        files: SessionFiles,
        workspace: Workspace,
        open_draft: Callable[[Path], bool],
        parent: QObject,
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
