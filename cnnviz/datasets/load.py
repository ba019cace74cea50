"""`load_dataset`: whatever format a file or folder has; the MNIST digits that come with the program."""

import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from cnnviz._types import Progress
from cnnviz.bundled import bundled, restore
from cnnviz.datasets.assembly import first_classes
from cnnviz.datasets.dataset import MAX_CLASSES, Dataset
from cnnviz.datasets.idx import idx_files, read_idx_folder
from cnnviz.datasets.images import class_folders, read_image_folder
from cnnviz.errors import DataError
from cnnviz.file_kinds import ARCHIVE, IDX, kind_of, wrong_kind
from cnnviz.reading import bad_file, status_of, unreadable

MNIST_FOLDER = bundled("mnist")

_MNIST_SHA256 = "e0130f111822ed58de3ba94ad450971c80ee446d2ff4d08e2b4c8e8be16eae50"  # as of `Dataset.sha256`


def load_mnist(classes: Iterable[int | str] = (0, 1)) -> Dataset:
    """Return MNIST restricted to some digits; by default 0 and 1, 12,665 training and 2,115 test images.

    The first call reads the files and checks their content, which takes a few tenths of a second; later ones
    only select.

    Parameters
    ----------
    classes : iterable of int or str
        Two to ten distinct digits. The order counts: with (3, 8) label 0 is the 3.

    Raises
    ------
    ParameterError
        If `classes` are not two to ten distinct digits.
    DataError
        If a file is missing or differs from the original.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio, Haffner (1998), Gradient-based learning applied to document recognition.
    """
    return _read_all(MNIST_FOLDER).select(classes)


def is_mnist(data_sha256: str, classes: tuple[str, ...]) -> bool:
    """Return whether a checksum (see `Dataset.sha256`) is that of these classes of MNIST."""
    whole = _read_all(MNIST_FOLDER)
    return set(classes) <= set(whole.classes) and whole.select(classes).sha256 == data_sha256


@lru_cache(maxsize=1)
def _read_all(folder: Path) -> Dataset:
    try:
        dataset = replace(read_idx_folder(folder), name="MNIST")
        if dataset.sha256 == _MNIST_SHA256:
            return dataset
        found, cause = "holds other digits than MNIST's", None
    except DataError as error:
        found, cause = "lacks a file, or holds a damaged one", error
    expected = "the four files of MNIST that come with the program were expected"
    raise bad_file(folder, found, expected, restore("mnist")) from cause


_FORMATS = (
    "a folder of IDX files such as MNIST's, a Keras .npz file or a folder of pictures for each class "
    "was expected"
)


def load_dataset(
    path: str | os.PathLike[str], classes: Iterable[int | str] | None = None, progress: Progress | None = None
) -> Dataset:
    """Read a data set from the disk.

    Parameters
    ----------
    path : str or path-like
        One of

        * a folder with four IDX files named as MNIST's, gzipped or not (such as Fashion-MNIST, KMNIST),
          or one of the four;
        * a Keras ``.npz`` file (see `cnnviz.datasets.keras_npz`);
        * a folder with one sub-folder of pictures for each class (see `read_image_folder`).

        Images of the first two may have sides of 6 to 64 pixels.
    classes : iterable of str or int, optional
        Two to ten classes by name, in the order of their labels. Without it all are taken; of more than
        ten the first ten that have images.
    progress : callable, optional
        Told how much of a folder of pictures is read; see `cnnviz.evaluation.Progress`.

    Raises
    ------
    DataError
        If the path is missing, of no known format or damaged, or if a class has no images.
    ParameterError
        If `classes` are not two to ten classes of the data set.
    """
    place = Path(path)
    try:
        place = place.expanduser().absolute()
    except (OSError, RuntimeError) as error:  # a "~user" nobody knows
        raise unreadable(place, error) from error
    try:
        dataset = _read(place, progress)
        if classes is None:
            is_whole = len(dataset.classes) <= MAX_CLASSES
            classes = dataset.classes if is_whole else first_classes(dataset, MAX_CLASSES)
        return dataset.select(classes)
    except MemoryError as error:
        found, expected = "does not fit into the memory", "a smaller data set is needed"
        raise bad_file(place, found, expected, "choose another or close programs") from error


def _read(path: Path, progress: Progress | None) -> Dataset:
    if stat.S_ISDIR(status_of(path).st_mode):
        if idx_files(path):
            return read_idx_folder(path)
        if class_folders(path):
            return read_image_folder(path, progress)
        raise bad_file(path, "holds no data set", _FORMATS, "choose another file or folder")
    kind = kind_of(path)
    if kind is IDX:
        return read_idx_folder(path.parent)
    if kind is ARCHIVE or path.suffix.lower() == ".npz":
        # Imported here: few ever need it, and everybody would wait for it at the start.
        from cnnviz.datasets.keras_npz import read_keras_npz

        return read_keras_npz(path)
    raise wrong_kind(path, "data (.npz, IDX, a folder of pictures)") or bad_file(
        path, "is a file of an unknown kind", _FORMATS, "choose another file or folder"
    )
