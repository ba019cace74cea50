"""Reading data sets and weights for the window, and whether they fit what is open."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from cnnviz import checkpoint
from cnnviz.datasets import Dataset, fitting_classes, is_mnist, load_dataset, load_mnist, require_classes
from cnnviz.datasets.idx import idx_files
from cnnviz.document.types import Data
from cnnviz.errors import CheckpointError, CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import kind_of
from cnnviz.files import LONGEST_NAME, printable, printable_name
from cnnviz.quantities import format_percent
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import check_fit
from ui.state import AppState, RunStatus, Source
from ui.tasks import Context, TaskRunner

USE_MNIST = "Use MNIST"
"""What is offered where other data than the digits cannot be used."""


def fitting(experiment: Experiment, data: Dataset) -> Experiment:
    """Return the experiment with classes that the data have: its own, or the first ones."""
    return experiment.with_classes(fitting_classes(data, experiment.classes))


def select_classes(source: Dataset, classes: tuple[str, ...], current: Dataset | None) -> Dataset:
    """Return `source` restricted to `classes`; `current` itself when it is just that."""
    if current is not None and current.classes == classes and current.name == source.name:
        return current
    require_classes(source, classes)
    return source.select(classes)


def data_path_of(chosen: Path) -> Path:
    """Return the data set that a chosen file belongs to: itself, its folder, or the folder of the classes."""
    if not chosen.is_file():
        return chosen
    role = kind_of(chosen).role
    if role == "picture":
        return chosen.parent.parent
    return chosen.parent if not role and idx_files(chosen.parent) else chosen


READING = "load"  # kind of the task
#: Place of its notices: this above all panels, and in the samples what keeps them from being filled.
_PLACE, _SAMPLES = "data", "samples"
NO_DATA = "cannot be opened without data: wait until they have been read, or open others (Ctrl+D)."
PATIENCE_SECONDS = 0.4
"""What takes less is done before anybody could have stopped it."""


def read_data(
    path: Path | None,
    state: AppState,
    analysis: TaskRunner,
    then: Callable[[Source], None],
    otherwise: Callable[[], object],
    use_mnist: Callable[[], None],
) -> None:
    """Read MNIST (None) or other data, one data set at a time; what is open stays until they are there.

    * `otherwise`: what to do when they cannot be read or are cancelled, after the user was told.
    """
    start, name = time.perf_counter(), "MNIST" if path is None else printable_name(path)
    remedy = "" if path is None else USE_MNIST

    def work(context: Context) -> Source:
        if path is None:
            return Source(load_mnist(tuple("0123456789")))
        place = data_path_of(path)
        return Source(load_dataset(place, progress=context.report), place)

    def done(source: Source) -> None:
        state.clear_notice(_PLACE)
        state.clear_notice(_SAMPLES)
        then(source)

    def failed(message: str) -> None:
        if not state.run.run_id:  # there are no data that could stay
            state.update_run(status=RunStatus.FAILED)
        state.clear_notice(_PLACE)
        state.raise_notice(_SAMPLES, "error", message, remedy, use_mnist)
        otherwise()

    def cancel() -> None:
        analysis.cancel(READING)
        failed(f"Reading {name} was cancelled. Open other data, or this again (Ctrl+D).")

    def progressed(fraction: float) -> None:
        if time.perf_counter() - start > PATIENCE_SECONDS:
            text = f"Reading {name}: {format_percent(fraction, 0)} of the pictures."
            state.raise_notice(_PLACE, "info", text, "Cancel", cancel)

    state.clear_notice(_SAMPLES)
    analysis.submit(READING, work, done, failed, progressed)


class Mismatch(NamedTuple):
    """Why a run does not fit the open data.

    * `reason`: in words, as a sentence about "it" without its full stop.
    * `remedy`: what to do first, as a sentence without its full stop.
    * `action`: what the user can be offered to do at once; empty when there is nothing.
    * `is_usable`: whether a network of the run can be used with the open data all the same: they
      have its classes and sizes, but other images.
    """

    reason: str
    remedy: str
    action: str
    is_usable: bool

    def sentence(self, name: str, what: str) -> str:
        """Return all of it about the file `name`; `what` it is, is named in the remedy."""
        return f"{name} does not fit the open data: {self.reason}. {self.remedy}, then the {what}."


def mismatch_of(
    experiment: Experiment, data: Data, source: Dataset, current: Dataset | None
) -> Mismatch | None:
    """Return why the data of a run are not those that are open; None where they are, or may be.

    * `data`: name and checksum of its data; empty when unknown.
    * `source`: the open data with all their classes.
    * `current`: these with the classes of the present run.
    """
    classes, opened = experiment.classes, printable(source.name, LONGEST_NAME)
    made_with = printable(data.name or "data without a name", LONGEST_NAME)
    is_usable = False
    try:
        dataset = select_classes(source, classes, current)
        experiment.check_fits(dataset.input_shape)
    except CNNVizError as error:
        reason = str(error).rstrip(".")
        if not set(classes) <= set(source.available_classes):
            listed = printable(", ".join(classes), LONGEST_NAME)
            reason = f"it tells {listed} apart, which {opened} does not have"
    else:
        if data.sha256 in ("", dataset.sha256):
            return None
        reason = f"it was made with other data ({made_with}) than those that are open ({opened})"
        is_usable = True
    action = USE_MNIST if is_mnist(data.sha256, classes) else ""
    remedy = f"{action} first" if action else f"Open its data first (Ctrl+D): {made_with}"
    return Mismatch(reason, remedy, action, is_usable)


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


def read_model(
    path: Path, draft: Experiment, source: Source | None, current: Dataset | None
) -> OpenedModel | Mismatch:
    """Return the run in a file, or the one of the form with its weights, or why it does not fit the data."""
    if source is None:
        raise CheckpointError(f"{printable_name(path)} {NO_DATA}")
    try:
        return _read(path, source.dataset, current)
    except checkpoint.UndescribedError as error:
        return _taken(path, error.reason, draft, source.dataset, current)


def _read(path: Path, source: Dataset, current: Dataset | None) -> OpenedModel | Mismatch:
    """Return the run that is described in a file, or why it does not fit the open data."""
    name, (saved, experiment, data) = printable_name(path), checkpoint.load(path)
    mismatch = mismatch_of(experiment, data, source, current)
    if mismatch is not None and not mismatch.is_usable:
        return mismatch
    check_fit(saved.network, select_classes(source, experiment.classes, current))
    note, remark = f"weights from {name}", ""
    if mismatch is not None:
        remark = f"About {name}: {mismatch.reason}. All measurements from now on use them."
    origin = Origin(0, experiment, data.name or source.name, note)
    return OpenedModel(experiment, replace(saved, origin=origin), remark)


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
