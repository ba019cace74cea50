"""Saving the network that is shown and continuing from a saved one, in the background."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cnnviz import checkpoint
from cnnviz.errors import CNNVizError
from cnnviz.snapshots import Snapshot
from ui.analysis import Analysis
from ui.loading import select_classes
from ui.state import AppState


class ModelFiles(QObject):
    """Writes and reads `.safetensors` files; outcomes are reported as notices in the training panel.

    Parameters
    ----------
    state : AppState
    analysis : Analysis
    parent : QObject, optional
    """

    runRequested = Signal(object, object)  # Experiment and the Snapshot to continue from

    def __init__(self, state: AppState, analysis: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._analysis = analysis

    def save(self, path: Path, on_saved: Callable[[Path, int, int], None] | None = None) -> None:
        """Write the network that is shown.

        Parameters
        ----------
        path : Path
        on_saved : callable, optional
            Called with path, number of the run and step when the file is there.
        """
        state = self._state
        if state.shown is None or state.dataset is None:
            return
        snapshot, experiment, checksum = state.shown, state.experiment, state.dataset.sha256
        run_id = state.run.run_id

        def write(_context: object) -> Path:
            checkpoint.save(
                path, snapshot.network, experiment=experiment, step=snapshot.step, data_sha256=checksum
            )
            return path

        def done(written: Path) -> None:
            state.raise_notice("files", "success", f"Saved the network to {written.name}.")
            if on_saved is not None:
                on_saved(written, run_id, snapshot.step)

        self._analysis.submit("save", write, done, self._on_failed)

    def open(self, path: Path) -> None:
        """Read a model file and ask for a run that continues from it; a bad file changes nothing."""
        self._analysis.submit(
            "open", lambda _context: checkpoint.load(path), self._on_loaded, self._on_failed
        )

    def _on_loaded(self, model: checkpoint.Checkpoint) -> None:
        source, experiment = self._state.source, model.experiment
        if source is None or experiment is None:
            self._on_failed(
                "This model does not say how it was trained, so its run cannot be continued. Choose a model "
                "that the window or --save wrote."
            )
            return
        try:
            select_classes(source, experiment.classes, self._state.dataset)
        except CNNVizError as error:
            self._on_failed(str(error))
            return
        self.runRequested.emit(experiment, Snapshot(model.step, model.network))

    def _on_failed(self, message: str) -> None:
        self._state.raise_notice("files", "error", message)
