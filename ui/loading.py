"""Reading data sets for the window."""

from pathlib import Path

from cnnviz.datasets import Dataset, load_dataset, load_mnist

_DIGITS = tuple("0123456789")


def load_source(path: Path | None) -> Dataset:
    """Return all of MNIST, or the data set at `path`."""
    return load_mnist(_DIGITS) if path is None else load_dataset(path)


def select_classes(source: Dataset, classes: tuple[str, ...], current: Dataset | None) -> Dataset:
    """Return `source` restricted to `classes`; `current` itself when it is just that."""
    if current is not None and current.classes == classes and current.name == source.name:
        return current
    return source.select(classes)
