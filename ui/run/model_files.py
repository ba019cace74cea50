"""Saving the network that is shown and continuing from a saved one, in the background."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cnnviz import checkpoint
from cnnviz.errors import CheckpointError
from cnnviz.experiment import Experiment
from cnnviz.files import printable_name
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import check_fit
from ui.panels.analysis import Analysis
from ui.run.loading import select_classes
from ui.state import AppState


class ModelFiles(QObject):
    """Writes and reads `.safetensors` files; outcomes are reported as notices in the training panel.

    Parameters
    ----------
    state : AppState
    analysis : Analysis
        Where files are read.
    files : Analysis
        Where they are written.
    parent : QObject, optional
    """

    runRequested = Signal(object, object)  # Experiment and the Snapshot to continue from

    def __init__(
        self, state: AppState, analysis: Analysis, files: Analysis, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._analysis, self._files = state, analysis, files

    def save(self, path: Path, on_saved: Callable[[Path, int, int], None] | None = None) -> None:
        """Write the network that is shown.

        Parameters
        ----------
        path : Path
        on_saved : callable, optional
            Called with path, number of the run and step when the file is there.
        """
        state, write = self._state, model_writer(self._state, path)
        if write is None or state.shown is None:
            return
        run_id, step = state.run.run_id, state.shown.step

        def done(left_out: str) -> None:
            tell_saved(state, path, left_out)
            if on_saved is not None:
                on_saved(path, run_id, step)

        # Of a kind of its own: a second file is no reason to drop the first.
        self._files.submit(f"save {path}", lambda _context: write(), done, self._on_failed)

    def open(self, path: Path, on_read: Callable[[Path], None] | None = None) -> None:
        """Read a model file and ask for a run that continues from it; a bad file changes nothing.

        Parameters
        ----------
        path : Path
        on_read : callable, optional
            Called with the path when it is a model that can be used.
        """
        source, current = self._state.source, self._state.dataset

        def read(_context: object) -> tuple[Experiment, Snapshot]:
            model = checkpoint.load(path)
            if source is None or model.experiment is None:
                raise CheckpointError(
                    f"{printable_name(path)} does not say how it was trained, so its run cannot be "
                    "continued. Choose a model that the window or --save wrote."
                )
            check_fit(model.network, select_classes(source.dataset, model.experiment.classes, current))
            note = f"weights from {printable_name(path)}"
            origin = Origin(0, model.experiment, source.dataset.name, note)
            return model.experiment, Snapshot(model.step, model.network, model.optimizer, origin)

        def done(run: tuple[Experiment, Snapshot]) -> None:
            if on_read is not None:
                on_read(path)
            self.runRequested.emit(*run)

        self._analysis.submit("open", read, done, self._on_failed)

    def _on_failed(self, message: str) -> None:
        self._state.raise_notice("files", "error", message)


def model_writer(state: AppState, path: Path) -> Callable[[], str] | None:
    """Return the function that writes the network shown now, and returns what the file lacks, as a sentence.

    None before there is a network.
    """
    snapshot, dataset, experiment = state.shown, state.dataset, state.experiment
    if snapshot is None or dataset is None:
        return None
    return lambda: checkpoint.save_snapshot(path, snapshot, experiment, dataset)


def tell_saved(state: AppState, path: Path, left_out: str) -> None:
    """Tell that a model has been written, and what it lacks."""
    text = f"Saved the network to {printable_name(path)}."
    if left_out:
        state.raise_notice("files", "warning", f"{text} {left_out}")
    else:
        state.raise_notice("files", "success", text)
