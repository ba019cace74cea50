"""Reading data sets for the window."""

from pathlib import Path

from cnnviz.datasets import Dataset, fitting_classes, load_dataset, load_mnist, require_classes
from cnnviz.datasets.idx import find_idx_sets, is_idx_name
from cnnviz.experiment import Experiment
from cnnviz.file_kinds import kind_of
from ui.panels.analysis import Context
from ui.state import Source

USE_MNIST = "Use MNIST"
"""What is offered where other data than the digits cannot be used."""

_DIGITS = tuple("0123456789")
_PARTS = 100


def load_source(path: Path | None, context: Context) -> Source:
    """Return all of MNIST, or the data set that a path belongs to; raises `CancelledError` if not wanted."""

    def progress(done: int, total: int) -> None:
        # The window is told no more often than it can draw.
        if context.cancelled or done * _PARTS // total != (done - 1) * _PARTS // total:
            context.report(done / total)

    if path is None:
        return Source(load_mnist(_DIGITS))
    place = data_path_of(path)
    return Source(load_dataset(place, progress=progress), place)


def fitting(experiment: Experiment, data: Dataset) -> Experiment:
    """Return the experiment with classes that the data have: its own, or the first ones."""
    return experiment.with_classes(fitting_classes(data, experiment.classes))


def select_classes(source: Dataset, classes: tuple[str, ...], current: Dataset | None) -> Dataset:
    """Return `source` restricted to `classes`; `current` itself when it is just that.

    * Raises DataError: if the data have not all of these classes, or no image of one.
    """
    if current is not None and current.classes == classes and current.name == source.name:
        return current
    require_classes(source, classes)
    return source.select(classes)


def data_path_of(chosen: Path) -> Path:
    """Return the data set that a chosen file belongs to: itself, its folder, or the folder of the classes.

    * Raises DataError: if the file cannot be read.
    """
    if not chosen.is_file():
        return chosen
    role = kind_of(chosen).role
    if role == "picture":
        root = chosen.parent.parent
        return root.parent if root.name in ("train", "test") else root
    is_beside_data = not is_idx_name(chosen.name) and find_idx_sets(chosen.parent)
    return chosen.parent if is_beside_data and not role else chosen
