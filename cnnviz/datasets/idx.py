"""IDX, the format of MNIST: magic number, sides, then the bytes of the array; and folders of such files."""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnviz._types import ByteArray
from cnnviz.datasets.assembly import MAX_BYTES, MAX_IMAGES, MAX_PACKED, SMALLER, Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.quantities import format_count
from cnnviz.reading import BoundedFile, bad_file, entries, opened, read_up_to

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08


def read_idx(path: Path, ndim: int, room: int) -> ByteArray:
    """Read an IDX file of unsigned bytes, gzipped or not (told by its content, not by its name).

    * `ndim`: Number of axes that the file must have: 3 for images, 1 for labels.
    * `room`: Largest array that may be read, in bytes.
    * Returns: ndarray of uint8 with `ndim` axes
    * Raises DataError: if the file cannot be read, is damaged, or is not such a file.
    * Source: LeCun, Cortes, Burges, The MNIST database of handwritten digits: "The IDX file format".
    """
    with opened(path) as file:
        is_packed = file.read(2) == _GZIP_MAGIC
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if not is_packed:
            return _read_array(file.read, path, ndim, room)
        if size > MAX_PACKED:
            most = f"at most {format_count(MAX_PACKED)} are unpacked"
            raise bad_file(path, f"holds {format_count(size)} packed bytes", most, "unpack it")
        try:
            with gzip.GzipFile(fileobj=BoundedFile(file, path), mode="rb") as stream:
                return _read_array(stream.read, path, ndim, room)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            found, expected = (
                "breaks off or is damaged where it is packed",
                "an intact gzip file was expected",
            )
            raise bad_file(path, found, expected) from error


def _read_array(read: Callable[[int], bytes], path: Path, ndim: int, room: int) -> ByteArray:
    header, magic = read(4 + 4 * ndim), bytes([0, 0, _UNSIGNED_BYTE, ndim])
    kind = "images" if ndim == 3 else "labels"
    if header[:4] != magic:
        found = f"starts with the bytes {header[:4].hex(' ')}" if header else "is empty"
        raise bad_file(path, found, f"an IDX file of {kind} starts with {magic.hex(' ')}")
    if len(header) < 4 + 4 * ndim:
        raise bad_file(path, "breaks off in its header", f"an IDX file of {kind} was expected")
    shape = struct.unpack(f">{ndim}I", header[4:])
    size = math.prod(shape)
    sides = " x ".join(str(side) for side in shape)
    if size == 0:
        raise bad_file(path, f"holds no data ({sides})", "at least one item was expected")
    if size > room:
        found, most = f"announces {sides} bytes", f"there is room for {format_count(room)} at most"
        raise bad_file(path, found, most, SMALLER)
    # One byte more than announced: it shows what is too much, and lets gzip check its checksum at the end.
    content = read_up_to(read, size + 1)
    if len(content) != size:
        held = f"only {format_count(len(content))} bytes of" if len(content) < size else "more"
        raise bad_file(
            path, f"holds {held} data", f"its header announces {sides} = {format_count(size)} bytes"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


_FOUR = {
    "train-images-idx3-ubyte": "training images",
    "train-labels-idx1-ubyte": "training labels",
    "t10k-images-idx3-ubyte": "test images",
    "t10k-labels-idx1-ubyte": "test labels",
}


def idx_files(folder: Path) -> dict[str, Path]:
    """Return the IDX files of a folder that are named as MNIST's, by that name.

    They may be gzipped, and have a dot before "idx". Of a file that is there gzipped and plain, the plain one
    is taken, which comes first and is faster to read.

    * Raises DataError: if the folder cannot be read.
    """
    found: dict[str, Path] = {}
    for entry in entries(folder):
        name = entry.name.removesuffix(".gz").replace(".idx", "-idx")
        if name in _FOUR and entry.is_file():
            found.setdefault(name, Path(entry.path))
    return found


def read_idx_folder(folder: Path) -> Dataset:
    """Read the four IDX files of a folder.

    * Raises DataError: if a file is missing, damaged or does not fit the others.
    """
    files = idx_files(folder)
    for name, kind in _FOUR.items():
        if name not in files:
            expected = f"a file such as '{name}', gzipped or not, was expected"
            raise bad_file(
                folder, f"has no file of {kind}", expected, "add the missing file or choose another folder"
            )
    train_images, train_labels, test_images, test_labels = (files[name] for name in _FOUR)
    train = _read_split(train_images, train_labels, MAX_BYTES)
    test = _read_split(test_images, test_labels, MAX_BYTES - train.images.size)
    return assemble(folder, folder.name, train, test)


def _read_split(images: Path, labels: Path, room: int) -> Split:
    return Split(read_idx(images, 3, room), read_idx(labels, 1, MAX_IMAGES), str(images), str(labels))
