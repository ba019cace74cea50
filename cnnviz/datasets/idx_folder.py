"""Folders of IDX files: MNIST, Fashion-MNIST, KMNIST, EMNIST and whatever is named like them."""

import re
from pathlib import Path

from cnnviz.datasets.assembly import MAX_BYTES, MAX_IMAGES, Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.datasets.idx import read_idx
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.reading import bad_file, entries, read_bytes

_NAME = re.compile(
    r"(?P<prefix>(?!\.).*?)(?P<part>train|test|t10k)-(?P<kind>images[-.]idx3|labels[-.]idx1)-ubyte(?:\.gz)?",
    re.IGNORECASE,
)
_PARTS = {"train": "train", "test": "test", "t10k": "test"}
_FOUR = (
    ("train", "images", "train-images-idx3-ubyte"),
    ("train", "labels", "train-labels-idx1-ubyte"),
    ("test", "images", "t10k-images-idx3-ubyte"),
    ("test", "labels", "t10k-labels-idx1-ubyte"),
)
_MAX_MAPPING_BYTES = 2**16

type IdxSet = dict[tuple[str, str], Path]


def is_idx_name(name: str) -> bool:
    """Tell whether a file is named like one of MNIST's, such as ``train-images-idx3-ubyte.gz``."""
    return _NAME.fullmatch(name) is not None


def find_idx_sets(folder: Path) -> dict[str, IdxSet]:
    """Return the IDX files of a folder by the prefix of their names; MNIST's own names have the prefix "".

    Where a file is there both gzipped and plain, the plain one is taken: it is faster to read.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    paths = [Path(entry.path) for entry in entries(folder) if is_idx_name(entry.name) and entry.is_file()]
    found: dict[str, IdxSet] = {}
    for path in sorted(paths, key=lambda path: (path.name.lower().endswith(".gz"), path.name)):
        if match := _NAME.fullmatch(path.name):
            key = (_PARTS[match["part"].lower()], match["kind"][:6].lower())
            found.setdefault(match["prefix"], {}).setdefault(key, path)
    return found


def read_idx_set(folder: Path, prefix: str | None = None) -> Dataset:
    """Read the four IDX files of a folder.

    EMNIST's images are stored with rows and columns exchanged; files whose names begin with "emnist" are
    turned upright. A file ``<prefix>mapping.txt`` or ``mapping.txt`` (lines "label code …", as EMNIST's)
    gives the classes the letters of those Unicode codes as names; without it they are called by their
    number.

    Parameters
    ----------
    prefix : str, optional
        Which of several sets in the folder, such as "emnist-letters-".

    Raises
    ------
    DataError
        If a file is missing, damaged or does not fit the others, or if there are several sets.
    """
    found = find_idx_sets(folder)
    if prefix is None:
        if len(found) > 1:
            listed = printable(", ".join(name.strip("-") or "MNIST" for name in found), LONGEST_NAME)
            raise bad_file(
                folder,
                f"holds {len(found)} data sets ({listed})",
                "one was expected",
                "open the file of training images of the one you want",
            )
        prefix = next(iter(found))
    files = found.get(prefix, {})
    for part, kind, name in _FOUR:
        if (part, kind) not in files:
            raise bad_file(
                folder,
                f"has no file of {'training' if part == 'train' else part} {kind}",
                f"a file such as '{printable(prefix, 20)}{name}', gzipped or not, was expected",
                "add the missing file or choose another folder",
            )
    upright = prefix.lower().startswith("emnist")
    train = _read_split(files["train", "images"], files["train", "labels"], upright, MAX_BYTES)
    room = MAX_BYTES - train.images.size
    test = _read_split(files["test", "images"], files["test", "labels"], upright, room)
    return assemble(folder, prefix.strip("-_. ") or folder.name, train, test, _read_mapping(folder, prefix))


def prefix_of(name: str) -> str:
    """Return what stands before "train", "test" or "t10k" in the name of an IDX file."""
    match = _NAME.fullmatch(name)
    return match["prefix"] if match else ""


def _read_split(images_path: Path, labels_path: Path, transpose: bool, room: int) -> Split:
    images = read_idx(images_path, 3, room)
    if transpose:
        images = images.transpose(0, 2, 1).copy()
    return Split(images, read_idx(labels_path, 1, MAX_IMAGES), str(images_path), str(labels_path))


def _read_mapping(folder: Path, prefix: str) -> dict[int, str]:
    """Return the name of each label, or nothing if the folder has no mapping."""
    expected = "each line should hold a label and the code of its letter, such as '1 65'"
    remedy = "correct or remove the file"
    path = folder / f"{prefix}mapping.txt"
    if not path.is_file():
        path = folder / "mapping.txt"
    if not path.is_file():
        return {}
    try:
        text = read_bytes(path, _MAX_MAPPING_BYTES, remedy).decode("ascii")
        lines = [line.split() for line in text.splitlines() if line.strip()]
        names = {int(label): chr(int(code)) for label, code, *_ in lines}
    except (ValueError, OverflowError) as error:
        raise bad_file(path, "has a line that is not a pair of numbers", expected, remedy) from error
    if len(set(names.values())) < len(lines) or not all(name.isprintable() for name in names.values()):
        raise bad_file(path, "has a letter twice or one that cannot be shown", expected, remedy)
    return names
