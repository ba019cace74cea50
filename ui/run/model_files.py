"""Exporting the weights that are shown and importing others, in the background."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnviz import checkpoint
from cnnviz.datasets import Dataset
from cnnviz.errors import CheckpointError
from cnnviz.experiment import Experiment
from cnnviz.files import printable_name
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import check_fit
from ui.run.loading import Mismatch, mismatch_of, select_classes
from ui.state import AppState
from ui.tasks import TaskRunner


@dataclass(frozen=True, slots=True, eq=False)
class OpenedModel:
    """A run that can continue from a file.

    * `remark`: what has to be known of it, as a sentence; empty for nothing.
    * `offer`: what the user has to choose before it is taken; empty where opening it says enough.
    """

    experiment: Experiment
    snapshot: Snapshot
    remark: str = ""
    offer: str = ""


class ModelFiles:
    """Writes and reads `.safetensors` files; outcomes are reported as notices.

    * `analysis`: where files are read; `files`: where they are written.
    * `take`: lets a run from a file take the place of the present one.
    * `open_mnist`: opens MNIST and then calls what it is given.
    """

    def __init__(
        self,
        state: AppState,
        analysis: TaskRunner,
        files: TaskRunner,
        take: Callable[[OpenedModel], None],
        open_mnist: Callable[[Callable[[], None]], None],
    ) -> None:
        self._state, self._analysis, self._files = state, analysis, files
        self._take, self._open_mnist = take, open_mnist

    def save(self, path: Path) -> None:
        """Write the network that is shown."""
        state = self._state
        snapshot, dataset, experiment = state.shown, state.dataset, state.experiment
        if snapshot is None or dataset is None:
            return

        def done(left_out: str) -> None:
            text = f"Exported the weights to {printable_name(path)}."
            kind = "warning" if left_out else "success"
            state.raise_notice("files", kind, f"{text} {left_out}".rstrip())

        # Of a kind of its own: a second file is no reason to drop the first.
        self._files.submit(
            f"save {path}",
            lambda _context: checkpoint.save(path, snapshot, experiment, dataset.name, dataset.sha256),
            done,
            self._on_failed,
        )

    def open(self, path: Path) -> None:
        """Read a model file and ask for a run that continues from it; a bad file changes nothing.

        Weights without a description that belongs to them are offered, where they fit the network of the
        form.
        """
        state = self._state
        source, current, draft = state.source, state.dataset, state.draft

        def read(_context: object) -> OpenedModel | Mismatch:
            if source is None:
                raise CheckpointError(f"{printable_name(path)} cannot be opened while the data are loading.")
            try:
                return _read(path, source.dataset, current)
            except checkpoint.UndescribedError as error:
                return _taken(path, error.reason, draft, source.dataset, current)

        def done(found: OpenedModel | Mismatch) -> None:
            if isinstance(found, Mismatch):
                text = found.sentence(printable_name(path), "model")
                state.raise_notice("files", "error", text, found.action, use_mnist)
            elif found.offer:
                text = f"{found.remark}. Its weights fit the network of the form by name and shape."
                state.raise_notice("files", "warning", text, found.offer, lambda: self._take(found))
            else:
                self._take(found)

        def use_mnist() -> None:
            self._open_mnist(lambda: self.open(path))

        self._analysis.submit("open", read, done, self._on_failed)

    def _on_failed(self, message: str) -> None:
        self._state.raise_notice("files", "error", message)


def _read(path: Path, source: Dataset, current: Dataset | None) -> OpenedModel | Mismatch:
    """Return the run that is described in a file, or why it does not fit the open data.

    * Raises CheckpointError: if the file is no model; an `UndescribedError` if it does not say how
      it was trained.
    * Raises ShapeError: if its network is not that of its settings.
    """
    name, model = printable_name(path), checkpoint.load(path)
    experiment = model.experiment
    mismatch = mismatch_of(experiment, model.data_name, model.data_sha256, source, current)
    if mismatch is not None and not mismatch.is_usable:
        return mismatch
    check_fit(model.network, select_classes(source, experiment.classes, current))
    note, remark = f"weights from {name}", ""
    if mismatch is not None:
        remark = f"About {name}: {mismatch.reason}. All measurements from now on use them."
    origin = Origin(0, experiment, model.data_name or source.name, note)
    return OpenedModel(experiment, Snapshot(model.step, model.network, model.optimizer, origin), remark)


def _taken(
    path: Path, reason: str, draft: Experiment, source: Dataset, current: Dataset | None
) -> OpenedModel:
    """Return the run of the form that begins at the weights of a file."""
    blank = draft.build_network(select_classes(source, draft.classes, current).input_shape)
    try:
        network = checkpoint.load_weights(path, blank)
    except CheckpointError as error:
        raise CheckpointError(
            f"{reason}, and its weights do not fit the network of the form: {str(error).rstrip('.')}. Set "
            "the form to the network that they belong to, then open it again."
        ) from error
    origin = Origin(0, draft, source.name, f"weights from {printable_name(path)}")
    return OpenedModel(draft, Snapshot(0, network, origin=origin), reason, "Start a new run with them")
