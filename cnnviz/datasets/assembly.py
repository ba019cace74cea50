"""From arrays as a file holds them to a checked `Dataset`."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray
from cnnviz.datasets.dataset import MAX_CLASSES, MIN_CLASSES, Dataset, LabelArray
from cnnviz.errors import DataError
from cnnviz.files import LONGEST_NAME, LONGEST_PATH, printable
from cnnviz.quantities import format_count
from cnnviz.reading import bad_file

MIN_SIDE = 6
MAX_SIDE = 64
"""Sides of an image in pixels: the smallest that leaves a feature map, the largest that stays legible."""

MAX_BYTES = 224 << 20
"""Pixels of a data set, that are read, training and test: four times MNIST's.

Choosing classes copies their images, so that twice as much is needed for a moment.
"""

MAX_IMAGES = 1_000_000
MAX_PACKED = 96 << 20
"""Bytes of compressed data in one file: what takes about two seconds to unpack at the worst."""

SMALLER = "choose a smaller data set or keep fewer images"
MOST_CLASSES = 1_000


class Split(NamedTuple):
    """Images and labels of one part, with the places they came from for messages."""

    images: ByteArray
    """(n, h, w)"""
    labels: NDArray[Any]
    """(n,)"""
    images_place: str
    labels_place: str


def assemble(path: Path, name: str, train: Split, test: Split) -> Dataset:
    """Check both parts and return all of them as one data set, which may have more than ten classes.

    * `path`: file or folder, for messages.
    * Raises DataError: if the parts do not fit together, or have labels that are not class numbers.
    """
    labels = [_check_split(split) for split in (train, test)]
    if train.images.shape[1:] != test.images.shape[1:]:
        raise bad_file(
            test.images_place,
            f"has images of {_size(test.images)} pixels",
            f"the training images have {_size(train.images)}",
            "choose files that belong together",
        )
    present: LabelArray = np.unique(np.concatenate([np.unique(part) for part in labels]))
    check_class_count(path, len(present))
    names = tuple(str(label) for label in present)
    if len(names) < MIN_CLASSES:
        raise bad_file(
            path,
            f"has images of one class only ({names[0]})",
            f"at least {MIN_CLASSES} classes are needed",
            "choose data with more classes",
        )
    train_labels, test_labels = (np.searchsorted(present, part).astype(np.int64) for part in labels)
    train_images, test_images = (np.ascontiguousarray(split.images[:, None]) for split in (train, test))
    return Dataset(train_images, train_labels, test_images, test_labels, names, name, path=path)


def fitting_classes(dataset: Dataset, classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a run that asks for `classes` uses of some data, with a window and without one.

    That is `classes` themselves where the data have them all, else as many of theirs: the first that have
    images.
    """
    if set(classes) <= set(dataset.available_classes):
        return classes
    return first_classes(dataset if dataset.source is None else dataset.source, len(classes))


def require_classes(dataset: Dataset, classes: tuple[str, ...]) -> None:
    """Raise `DataError` unless the data have these classes."""
    available = dataset.available_classes
    missing = [each for each in classes if each not in available]
    if missing:
        listed, got = (printable(", ".join(each), LONGEST_NAME) for each in (available, missing))
        name = printable(dataset.name, LONGEST_NAME)
        raise DataError(f"{name} has the classes {listed}. Got {got}: choose others, or open other data.")


def choice_note(dataset: Dataset) -> str:
    """Return a sentence that says which classes of the data are used, or "" where all are."""
    used, count = dataset.classes, len(dataset.available_classes)
    if len(used) == count:
        return ""
    listed = printable(", ".join(used), LONGEST_PATH)
    return (
        f"{printable(dataset.name, LONGEST_NAME)} has {count} classes; {listed} are used, and any "
        f"{MIN_CLASSES} to {min(count, MAX_CLASSES)} can be chosen."
    )


def first_classes(dataset: Dataset, count: int) -> tuple[str, ...]:
    """Return the names of the first classes that have images in both parts."""
    in_both = set(np.unique(dataset.train_labels)) & set(np.unique(dataset.test_labels))
    first = tuple(name for label, name in enumerate(dataset.classes) if label in in_both)[:count]
    # With fewer than two, `select` tells what is missing.
    return first if len(first) >= MIN_CLASSES else dataset.classes[:count]


def check_class_count(path: Path, count: int) -> None:
    """Raise `DataError` if there are more classes than anybody can choose from."""
    if count > MOST_CLASSES:
        raise bad_file(
            path,
            f"has {format_count(count)} classes",
            f"at most {format_count(MOST_CLASSES)} can be read",
            "choose another data set",
        )


def _check_split(split: Split) -> LabelArray:
    """Return the labels as int64 of shape (n,), or raise `DataError`."""
    count, *sides = split.images.shape
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in sides):
        raise bad_file(
            split.images_place,
            f"has images of {_size(split.images)} pixels",
            f"sides of {MIN_SIDE} to {MAX_SIDE} pixels were expected",
            "choose another file or scale the images",
        )
    labels, images_name = split.labels, printable(Path(split.images_place).name, LONGEST_NAME)
    if labels.shape != (count,):
        raise bad_file(
            split.labels_place,
            f"holds labels of shape {labels.shape}",
            f"there are {format_count(count)} images in {images_name}",
            "save one whole number for each image, or choose files that belong together",
        )
    lowest, highest = labels.min(), labels.max()
    if lowest < 0 or highest > np.iinfo(np.int64).max:
        raise bad_file(
            split.labels_place,
            f"has the label {lowest if lowest < 0 else highest}",
            "labels are class numbers from 0",
            "correct the labels",
        )
    return labels.astype(np.int64)


def _size(images: ByteArray) -> str:
    return " x ".join(str(side) for side in images.shape[1:])
