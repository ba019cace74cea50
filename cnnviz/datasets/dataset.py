"""`Dataset`: labelled images of two to ten classes, split into training and test."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cnnviz._types import ByteArray, FloatArray, Pictured
from cnnviz._validation import check_choice, check_dtype, shown
from cnnviz.errors import DataError, ParameterError, ShapeError
from cnnviz.files import LONGEST_NAME, printable

LabelArray = NDArray[np.int64]

MIN_CLASSES = 2
MAX_CLASSES = 10
"""Fewer than two classes leave nothing to tell apart; more than ten do not fit on the screen."""


@dataclass(frozen=True, eq=False)
class Dataset(Pictured):
    """Training and test images of the chosen classes, in the order of the file.

    The arrays are made read-only and are not copied.

    Parameters
    ----------
    train_images, test_images : ndarray of shape (n, 1, h, w), uint8
        Grey levels from 0 (black) to 255 (white).
    train_labels, test_labels : ndarray of shape (n,), int64
        Index into `classes`.
    classes : tuple of str
        Names of the classes. With classes ``("3", "8")`` label 0 means the digit 3.
    name : str
        For display, such as "MNIST".
    path : Path or None
        The file or folder the images came from.
    source : Dataset or None
        Everything that was read, of which this is a part; None if this is all of it. It may have more
        than ten classes.

    Raises
    ------
    ShapeError
        If the arrays do not belong together.
    """

    train_images: ByteArray = field(repr=False)
    train_labels: LabelArray = field(repr=False)
    test_images: ByteArray = field(repr=False)
    test_labels: LabelArray = field(repr=False)
    classes: tuple[str, ...]
    name: str = "data set"
    path: Path | None = None
    source: "Dataset | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images, labels = self.part(part)
            _check_arrays(f"{self.name}, {part}", images, labels, len(self.classes))
            object.__setattr__(self, f"{part}_images", _read_only(images))
            object.__setattr__(self, f"{part}_labels", _read_only(labels))
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise ShapeError(
                f"The training images of {self.name} have the shape {self.train_images.shape[1:]} and its "
                f"test images {self.test_images.shape[1:]}; both must have the same."
            )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one image, (1, h, w)."""
        _, channels, height, width = self.train_images.shape
        return channels, height, width

    @property
    def available_classes(self) -> tuple[str, ...]:
        """Names of all classes that `select` can choose from."""
        return self.classes if self.source is None else self.source.classes

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of pixels and labels (hex): equal for equal content, whatever file it came from."""
        digest = hashlib.sha256()
        for part in ("train", "test"):
            images, labels = self.part(part)
            digest.update(repr(images.shape).encode())
            digest.update(np.ascontiguousarray(images))
            digest.update(labels.astype("<i8"))
        return digest.hexdigest()

    def part(self, name: str) -> tuple[ByteArray, LabelArray]:
        """Return images and labels of the part "train" or "test"."""
        if check_choice(name, "name", "Dataset.part", ("train", "test")) == "train":
            return self.train_images, self.train_labels
        return self.test_images, self.test_labels

    def label_of(self, name: str) -> int | None:
        """Return the label of a class; None for what is no class of these data."""
        return self.classes.index(name) if name in self.classes else None

    def select(self, classes: Iterable[int | str]) -> "Dataset":
        """Return the same data restricted to some classes, in the order given.

        Any of `available_classes` may be chosen, also those that this data set leaves out: nothing is
        read from the disk again.

        Parameters
        ----------
        classes : iterable of str or int
            Two to ten distinct names; 3 means "3".

        Raises
        ------
        ParameterError
            If the classes are not two to ten distinct names of `available_classes`.
        DataError
            If there is no training or no test image of a class.
        """
        source = self if self.source is None else self.source
        names = _check_classes(classes, source.classes, f"the data set {printable(self.name, LONGEST_NAME)}")
        _check_complete(source, names)
        if names == source.classes:
            return source
        # New label of each old one; -1 for classes that are left out.
        new_label = np.full(len(source.classes), -1, np.int64)
        new_label[[source.classes.index(name) for name in names]] = np.arange(len(names))
        train_images, train_labels = _restrict(source.train_images, source.train_labels, new_label)
        test_images, test_labels = _restrict(source.test_images, source.test_labels, new_label)
        arrays = (train_images, train_labels, test_images, test_labels)
        return Dataset(*arrays, names, source.name, path=source.path, source=source)


def to_input(images: ByteArray, dtype: DTypeLike = "float32") -> FloatArray:
    """Scale pixels to what a network takes: pixel / 255 - 0.5.

    Parameters
    ----------
    images : ndarray of any shape, uint8
    dtype : "float32" or "float64"

    Returns
    -------
    ndarray of the same shape, `dtype`
        From -0.5 (black, the blank background) to 0.5 (white). The float32 values are the float64 ones
        rounded once.

    Raises
    ------
    ParameterError
        If the pixels are not uint8 or the dtype is another one.
    """
    if images.dtype != np.uint8:
        raise ParameterError(
            f"The 'images' parameter of to_input must be an array of uint8. Got {images.dtype} instead."
        )
    # Looked up rather than computed: faster, and rounded once instead of at each operation.
    return _input_levels(check_dtype(dtype, "to_input"))[images]


@cache
def _input_levels(dtype: str) -> NDArray[Any]:
    return (np.arange(256) / 255 - 0.5).astype(dtype)


def _check_arrays(where: str, images: ByteArray, labels: LabelArray, class_count: int) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] != 1:
        raise ShapeError(
            f"The images of {where} must be uint8 of shape (n, 1, h, w). "
            f"Got {images.dtype} of shape {images.shape} instead."
        )
    if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
        raise ShapeError(
            f"The labels of {where} must be int64 of shape {images.shape[:1]}, one for each image. "
            f"Got {labels.dtype} of shape {labels.shape} instead."
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < class_count):
        raise ShapeError(
            f"The labels of {where} must lie between 0 and {class_count - 1}. "
            f"Got {labels.min()} to {labels.max()} instead."
        )


def _check_classes(classes: Iterable[int | str], available: tuple[str, ...], owner: str) -> tuple[str, ...]:
    """Return the names of `classes`, or raise `ParameterError` that lists what is available."""
    rule = f"The 'classes' parameter of {owner} must be {MIN_CLASSES} to {MAX_CLASSES} distinct classes"
    try:
        # A text would fall apart into letters: "10" is one class, or a forgotten bracket.
        names = () if isinstance(classes, str) else tuple(str(item) for item in classes)
    except TypeError:
        names = ()
    if not MIN_CLASSES <= len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        raise ParameterError(f"{rule}. Got {shown(classes)} instead.")
    unknown = [item for item in names if item not in available]
    if unknown:
        listed, got = (printable(", ".join(each), LONGEST_NAME) for each in (available, unknown))
        raise ParameterError(f"{rule} out of {listed}. Got {got} instead.")
    return names


def _check_complete(source: Dataset, names: tuple[str, ...]) -> None:
    """Raise `DataError` unless each class has training and test images."""
    where = source.name if source.path is None else printable(source.path)
    for part, kind in (("train", "training"), ("test", "test")):
        counts = np.bincount(source.part(part)[1], minlength=len(source.classes))
        for name in names:
            if counts[source.classes.index(name)] == 0:
                raise DataError(
                    f"{where} has no {kind} image of class {printable(name, LONGEST_NAME)}, but each class "
                    "needs training and test images; choose other classes or add images of it."
                )


def _restrict(images: ByteArray, labels: LabelArray, new_label: LabelArray) -> tuple[ByteArray, LabelArray]:
    relabelled = new_label[labels]
    kept = relabelled >= 0
    return images[kept], relabelled[kept]


def _read_only[Array: NDArray[Any]](array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view
