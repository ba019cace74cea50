"""What a crash would lose, as files: kept soon after it has changed."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from PySide6.QtCore import QObject, Slot

from cnnviz import checkpoint
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.files import atomic_write
from cnnviz.network import weights_checksum
from cnnviz.reading import LARGEST_TEXT, parse_json, read_bytes
from cnnviz.session_state import SessionState
from ui.controls.pace import single_shot
from ui.keep.session_files import SessionFiles
from ui.keep.workspace import Workspace, remove
from ui.panels.analysis import LatestOnly
from ui.state import RunStatus

_VIEW_MS, _TRAINING_MS = 2000, 5000


class Recorder(QObject):
    """Writes settings and run of a window in the background, whenever they have changed.

    What cannot be written is tried again with the next change: the words of the report, which are kept in
    the same folder, tell the user when there is no room.

    * `files`: of the window whose state and controller are meant.
    * `workspace`: says where.
    """

    def __init__(self, files: SessionFiles, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        state, keeping = files.state, files.controller.keeping
        self._state, self._workspace, self._files = state, workspace, files
        self._run = LatestOnly(keeping, "unsaved", self._on_run_written)
        self._timer = single_shot(self, self._write_run)
        self._status = state.run.status
        self._kept: tuple[int, int] | None = None  # run and step of the weights in the file
        for signal in (state.runChanged, state.draftChanged, state.sampleChanged, state.momentChanged):
            signal.connect(self._on_changed)

    def finish(self, *, keep_run: bool) -> None:
        """Have everything written now that has changed, the last time.

        * `keep_run`: false removes what is kept of the run: it is saved, or nobody wants it.
        """
        self._timer.stop()
        self._run.finish_with(self._run_writer() if keep_run else self._remover())

    @Slot()
    def _on_changed(self) -> None:
        status = self._state.run.status
        if status is not self._status:  # a run that has just come to rest is not to be lost
            self._status = status
            self._timer.start(0)
        elif not self._timer.isActive():
            self._timer.start(_TRAINING_MS if status is RunStatus.TRAINING else _VIEW_MS)

    @Slot()
    def _write_run(self) -> None:
        self._run.request(self._run_writer())

    def _run_writer(self) -> Callable[[Any], tuple[int, int] | None]:
        unsaved = self._files.has_unsaved_work
        if unsaved or self._state.draft != self._state.experiment:
            return self._writer(self._files.current_unchecked() if unsaved else None)
        return self._remover()

    def _writer(self, session: SessionState | None) -> Callable[[Any], tuple[int, int] | None]:
        """Return the function that writes the run as it is now; it returns run and step of the weights."""
        state, path, kept = self._state, self._workspace.unsaved, self._kept
        live, shown, dataset, experiment = state.live, state.shown, state.dataset, state.experiment
        source, run_id = state.source, state.run.run_id
        unsaved = Unsaved(time.time(), state.draft, None if source is None else source.path, session)

        def write(_context: Any) -> tuple[int, int] | None:
            written = kept
            with suppress(CNNVizError):
                if session is None or live is None or shown is None or dataset is None:
                    unsaved.write(path)
                    return None
                if kept != (run_id, live.step):
                    checkpoint.save_snapshot(weights_of(path), live, experiment, dataset)
                    written = run_id, live.step
                checked = replace(session, weights_sha256=weights_checksum(shown.network))
                if live.step == session.run_step:
                    checked = replace(checked, run_sha256=weights_checksum(live.network))
                replace(unsaved, session=checked).write(path)
            return written

        return write

    def _remover(self) -> Callable[[Any], None]:
        path = self._workspace.unsaved
        return lambda _context: remove(path)

    def _on_run_written(self, written: tuple[int, int] | None) -> None:
        self._kept = written


_FORMAT = "cnnviz-unsaved"
_LARGEST = 2 * LARGEST_TEXT  # a session as a text inside, and what surrounds it


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A window at one moment.

    * `time`: when it was, in seconds since the epoch.
    * `draft`: settings as edited.
    * `data`: where the data come from; None for MNIST.
    * `session`: what was seen of a run; None where nothing was trained.
    """

    time: float
    draft: Experiment
    data: Path | None = None
    session: SessionState | None = None

    def write(self, path: Path) -> None:
        """Write it as JSON; raises `CNNVizError` when that fails."""
        values = {
            "format": _FORMAT,
            "time": self.time,
            "draft": self.draft.to_dict(),
            "data": None if self.data is None else str(self.data),
            "session": None if self.session is None else self.session.to_json(),
        }
        atomic_write(path, json.dumps(values).encode("ascii"))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return what `write` has written; None where it cannot be read or is something else."""
        try:
            values: Any = parse_json(read_bytes(path, _LARGEST).decode("ascii"), _LARGEST)
            if values["format"] != _FORMAT:
                return None
            data, session = values["data"], values["session"]
            return cls(
                float(values["time"]),
                Experiment.from_dict(values["draft"]),
                None if data is None else Path(data),
                None if session is None else SessionState.from_json(session),
            )
        except (ValueError, TypeError, KeyError, AttributeError, CNNVizError):
            return None


def weights_of(path: Path) -> Path:
    """Return where the weights lie that belong to a file of `Unsaved`."""
    return path.with_suffix(".safetensors")
