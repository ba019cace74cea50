"""The MNIST digits that come with the program."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from cnnviz.bundled import bundled, restore
from cnnviz.datasets.assembly import MAX_BYTES, Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.datasets.idx import read_idx

MNIST_FOLDER = bundled("mnist")

# Name, number of axes and MD5 of the unpacked file; the largest first, so that it is started first.
_FILES = (
    ("train-images-idx3-ubyte.gz", 3, "6bbc9ace898e44ae57da46a324031adb"),
    ("train-labels-idx1-ubyte.gz", 1, "a25bea736e30d166cdddb491f175f624"),
    ("t10k-images-idx3-ubyte.gz", 3, "2646ac647ad5339dbf082846283269ea"),
    ("t10k-labels-idx1-ubyte.gz", 1, "27ae3e4e09519cfbb04c329615203637"),
)
_REMEDY = restore("mnist")


def load_mnist(classes: Iterable[int | str] = (0, 1), folder: Path | None = None) -> Dataset:
    """Return MNIST restricted to some digits; by default 0 and 1, 12,665 training and 2,115 test images.

    The first call reads the files and checks their MD5, which takes a few tenths of a second; later ones
    only select.

    Parameters
    ----------
    classes : iterable of int or str
        Two to ten distinct digits. The order counts: with (3, 8) label 0 is the 3.
    folder : Path, optional
        Where the four gzipped files are; by default those that come with the program.

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
    return _read_all(MNIST_FOLDER if folder is None else folder).select(classes)


def is_mnist(data_sha256: str, classes: tuple[str, ...]) -> bool:
    """Return whether a checksum (see `Dataset.sha256`) is that of these classes of MNIST."""
    whole = _read_all(MNIST_FOLDER)
    return set(classes) <= set(whole.classes) and whole.select(classes).sha256 == data_sha256


@lru_cache(maxsize=1)
def _read_all(folder: Path) -> Dataset:
    # Unpacking and hashing release the interpreter lock, so two threads are worth it.
    from concurrent.futures import ThreadPoolExecutor  # the first frame of a window need not wait for it

    with ThreadPoolExecutor(max_workers=2) as pool:
        futures = [
            pool.submit(read_idx, folder / name, ndim, MAX_BYTES, md5, _REMEDY) for name, ndim, md5 in _FILES
        ]
    train_images, train_labels, test_images, test_labels = (future.result() for future in futures)
    train_places, test_places = (
        (str(folder / images[0]), str(folder / labels[0])) for images, labels in (_FILES[:2], _FILES[2:])
    )
    return assemble(
        folder,
        "MNIST",
        Split(train_images, train_labels, *train_places),
        Split(test_images, test_labels, *test_places),
    )
