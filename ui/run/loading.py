"""Reading data sets for the window."""

from pathlib import Path

from cnnviz.datasets import Dataset, fitting_classes, load_dataset, load_mnist
from cnnviz.experiment import Experiment
from ui.panels.analysis import Context
from ui.state import Source

_DIGITS = tuple("0123456789")
_PARTS = 100


def load_source(path: Path | None, context: Context) -> Source:
    """Return all of MNIST, or the data set at `path`; raises `CancelledError` when that is not wanted."""

    def progress(done: int, total: int) -> None:
        # The window is told no more often than it can draw.
        if context.cancelled or done * _PARTS // total != (done - 1) * _PARTS // total:
            context.report(done / total)

    return Source(load_mnist(_DIGITS) if path is None else load_dataset(path, progress=progress), path)


def fitting(experiment: Experiment, data: Dataset) -> Experiment:
    """Return the experiment with classes that the data have: its own, or the first ones."""
    return experiment.with_classes(fitting_classes(data, experiment.classes))


def select_classes(source: Dataset, classes: tuple[str, ...], current: Dataset | None) -> Dataset:
    """Return `source` restricted to `classes`; `current` itself when it is just that."""
    if current is not None and current.classes == classes and current.name == source.name:
        return current
    return source.select(classes)


def data_path_of(chosen: Path) -> Path:
    """Return the data set that a chosen file belongs to: itself, its folder, or the folder of the classes."""
    if chosen.suffix == ".npz" or chosen.is_dir():
        return chosen
    if chosen.suffix.lower() in (".png", ".jpg", ".jpeg", ".bmp"):
        root = chosen.parent.parent
        return root.parent if root.name in ("train", "test") else root
    return chosen.parent
