"""IDX, the format of MNIST: magic number, sides, then the bytes of the array; and folders of such files."""

import gzip
import math
import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnviz._types import ByteArray, Shape
from cnnviz.datasets.assembly import MAX_BYTES, MAX_IMAGES, MAX_PACKED, SMALLER, Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.quantities import format_count
from cnnviz.reading import BoundedFile, bad_file, entries, opened, read_bytes, read_up_to

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
# No run of deflate can be longer than 258 bytes for 2 bits: a larger claim is refused before reading.
_DEFLATE_RATIO = 1032


def read_idx(path: Path, ndim: int, room: int) -> ByteArray:
    """Read an IDX file of unsigned bytes, gzipped or not (told by its content, not by its name).

    * `ndim`: Number of axes that the file must have: 3 for images, 1 for labels.
    * `room`: Largest array that may be read, in bytes.
    * Returns: ndarray of uint8 with `ndim` axes
    * Raises DataError: if the file cannot be read, is damaged, or is not such a file.
    * Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits: "The IDX file format".
    """
    with opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        compressed = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        if not compressed:
            return _read_array(file.read, path, ndim, room, size)
        if size > MAX_PACKED:
            raise bad_file(
                path,
                f"holds {format_count(size)} packed bytes",
                f"at most {format_count(MAX_PACKED)} are unpacked",
                "unpack it",
            )
        try:
            with gzip.GzipFile(fileobj=BoundedFile(file, path), mode="rb") as stream:
                return _read_array(stream.read, path, ndim, room, size * _DEFLATE_RATIO)
        except EOFError as error:
            found, expected = "breaks off in its compressed data", "a whole gzip file was expected"
            raise bad_file(path, found, expected) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            found, expected = "has damaged compressed data", "an intact gzip file was expected"
            raise bad_file(path, found, expected) from error


def _read_array(read: Callable[[int], bytes], path: Path, ndim: int, room: int, largest: int) -> ByteArray:
    header = read(4 + 4 * ndim)
    shape = _parse_header(header, path, ndim)
    size = math.prod(shape)
    sides = " x ".join(str(side) for side in shape)
    if size == 0:
        raise bad_file(path, f"holds no data ({sides})", "at least one item was expected")
    if size > room:
        found, most = f"announces {sides} bytes", f"there is room for {format_count(room)} at most"
        raise bad_file(path, found, most, SMALLER)
    if len(header) + size > largest:
        raise bad_file(path, "is too short", f"its header announces {sides} bytes")
    # One byte more than announced: it shows what is too much, and lets gzip check its checksum at the end.
    content = read_up_to(read, size + 1)
    if len(content) != size:
        found = (
            f"holds only {format_count(len(content))} bytes of data"
            if len(content) < size
            else "holds more data"
        )
        raise bad_file(path, found, f"its header announces {sides} = {format_count(size)} bytes")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _parse_header(header: bytes, path: Path, ndim: int) -> Shape:
    magic = bytes([0, 0, _UNSIGNED_BYTE, ndim])
    kind = "images" if ndim == 3 else "labels"
    if header[:4] != magic:
        found = f"starts with the bytes {header[:4].hex(' ')}" if header else "is empty"
        raise bad_file(path, found, f"an IDX file of {kind} starts with {magic.hex(' ')}")
    if len(header) < 4 + 4 * ndim:
        raise bad_file(path, "breaks off in its header", f"an IDX file of {kind} was expected")
    return struct.unpack(f">{ndim}I", header[4:])


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


def idx_prefix(name: str) -> str | None:
    """Return what stands before "train", "test" or "t10k" in the name of an IDX file; None for another name.

    Such files are named like MNIST's: ``train-images-idx3-ubyte.gz``.
    """
    match = _NAME.fullmatch(name)
    return match["prefix"] if match else None


def find_idx_sets(folder: Path) -> dict[str, IdxSet]:
    """Return the IDX files of a folder by the prefix of their names; MNIST's own names have the prefix "".

    Where a file is there both gzipped and plain, the plain one is taken: it is faster to read.

    * Raises DataError: if the folder cannot be read.
    """
    found: dict[str, IdxSet] = {}
    for entry in sorted(entries(folder), key=lambda entry: (entry.name.lower().endswith(".gz"), entry.name)):
        if (match := _NAME.fullmatch(entry.name)) and entry.is_file():
            key = (_PARTS[match["part"].lower()], match["kind"][:6].lower())
            found.setdefault(match["prefix"], {}).setdefault(key, Path(entry.path))
    return found


def read_idx_set(folder: Path, prefix: str | None = None) -> Dataset:
    """Read the four IDX files of a folder.

    EMNIST's images are stored with rows and columns exchanged; files whose names begin with "emnist" are
    turned upright. A file ``<prefix>mapping.txt`` or ``mapping.txt`` (lines "label code …", as EMNIST's)
    gives the classes the letters of those Unicode codes as names; without it they are called by their
    number.

    * `prefix`: which of several sets in the folder, such as "emnist-letters-".
    * Raises DataError: if a file is missing, damaged or does not fit the others, or if there are several
      sets.
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
