"""Keras' archives: one ``.npz`` with x_train, y_train, x_test and y_test. Nothing in it is unpickled."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, Shape
from cnnviz._validation import shown
from cnnviz.datasets.assembly import MAX_BYTES, MAX_IMAGES, MAX_PACKED, SMALLER, Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.errors import DataError
from cnnviz.file_kinds import wrong_kind
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.quantities import format_count
from cnnviz.reading import BoundedFile, bad_file, opened, read_up_to

MAX_UNPACKED = 512 << 20
"""Bytes of all arrays as the archive holds them, such as MNIST's in int64; in memory they become uint8."""

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_BLOCK = 3 << 16  # items that are converted at a time; a multiple of three colours


class _Array(NamedTuple):
    """An array of the archive, of which the header has been read."""

    stream: IO[bytes]
    place: str
    shape: Shape
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def is_colour(self) -> bool:
        return len(self.shape) == 4 and self.shape[3] == 3

    @property
    def pixels(self) -> int:
        """Bytes that it needs as grey images."""
        return self.size // 3 if self.is_colour else self.size


def read_keras_npz(path: Path) -> Dataset:
    """Read an archive as ``keras.datasets`` keeps it.

    Images are (n, h, w), (n, h, w, 1) or (n, 1, h, w) of whole numbers from 0 to 255, or in colour
    (n, h, w, 3), which become grey by the luma of ITU-R BT.601; labels are whole numbers, (n,) or (n, 1).

    * Raises DataError: if the file is damaged, lacks an array, holds arrays of another kind (such as pickled
      objects) or is too large.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(BoundedFile(file, path)) as archive:
            _check_members(archive, path)
            x_train, y_train, x_test, y_test = (_open_array(archive, path, key) for key in _KEYS)
            _check_room(path, (x_train, x_test), (y_train, y_test))
            train = Split(_read_images(x_train), _read_labels(y_train), x_train.place, y_train.place)
            test = Split(_read_images(x_test), _read_labels(y_test), x_test.place, y_test.place)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # BadZipFile, zlib.error, EOFError, struct.error, RuntimeError: seen on damage
        found = "is damaged, encrypted, packed in an unknown way, or not a zip archive"
        other = wrong_kind(path, "the arrays of an .npz archive", "data")
        raise other or bad_file(path, found, "an intact .npz file was expected") from error
    colours = x_train.is_colour or x_test.is_colour
    conversion = f"The images of {printable(path.stem, LONGEST_NAME)} have colours and were made grey."
    return assemble(path, path.stem, train, test, conversion=conversion if colours else "")


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    """Raise an error unless all arrays are there, packed in a known way and not too much of it."""
    names = set(archive.namelist())
    missing = [key for key in _KEYS if f"{key}.npy" not in names]
    if missing:
        raise bad_file(
            path,
            f"has no array {' and no '.join(missing)}",
            f"{', '.join(_KEYS)} were expected",
            "save them under these names or choose another file",
        )
    infos = [archive.getinfo(f"{key}.npy") for key in _KEYS]
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise NotImplementedError
    packed = sum(info.compress_size for info in infos if info.compress_type == zipfile.ZIP_DEFLATED)
    if packed > MAX_PACKED:
        found = f"holds {format_count(packed)} packed bytes"
        most = f"at most {format_count(MAX_PACKED)} are unpacked"
        raise bad_file(path, found, most, "save it with numpy.savez, which does not pack")


def _check_room(path: Path, images: tuple[_Array, ...], labels: tuple[_Array, ...]) -> None:
    """Raise `DataError` if the headers announce more than can be read; nothing has been allocated yet."""
    total = sum(each.nbytes for each in (*images, *labels))
    for found, unit, most in (
        (max(each.size for each in labels), "labels", MAX_IMAGES),
        (sum(each.pixels for each in images), "pixels", MAX_BYTES),
        (total, "bytes of data", MAX_UNPACKED),
    ):
        if found > most:
            raise bad_file(
                path, f"announces {shown(found)} {unit}", f"at most {format_count(most)} can be read", SMALLER
            )


def _open_array(archive: zipfile.ZipFile, path: Path, key: str) -> _Array:
    """Read the header of an array."""
    place = f"{path} ({key})"
    info = archive.getinfo(f"{key}.npy")
    stream = archive.open(info)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):  # others have room for gigabytes of header
            raise ValueError
        shape, is_by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        raise
    except Exception as error:  # NumPy's header parser raises nearly anything on damaged text
        raise bad_file(place, "has a damaged header", "an array saved by NumPy was expected") from error
    if not 1 <= len(shape) <= 4 or any(side < 1 for side in shape):
        found = f"has the shape {shown(shape)}"
        raise bad_file(place, found, "one to four axes and at least one item were expected")
    if dtype.kind not in "iufb":
        found = (
            f"is an array of {'Python objects' if dtype.hasobject else printable(str(dtype), LONGEST_NAME)}"
        )
        raise bad_file(place, found, "an array of numbers was expected", "save it as uint8")
    if is_by_columns and len(shape) > 1:
        found = "is stored in Fortran's order"
        raise bad_file(place, found, "rows were expected first", "save numpy.ascontiguousarray of it")
    array = _Array(stream, place, shape, dtype)
    length = info.file_size - stream.tell()
    if length != array.nbytes:
        found = f"holds {'more' if length > array.nbytes else 'less'} data"
        raise bad_file(place, found, f"its header announces {shown(array.nbytes)} bytes")
    return array


def _read_labels(array: _Array) -> NDArray[Any]:
    labels = _read_items(array, array.size)
    array.stream.read(1)  # at the end, which lets zipfile compare its checksum
    return labels.reshape(array.shape)


def _read_images(array: _Array) -> ByteArray:
    """Return images as (n, h, w) uint8, or raise `DataError`.

    They are converted as they come, so that nothing larger than the result is in memory.
    """
    shape = _image_shape(array)
    levels = np.empty(array.pixels, np.uint8)
    end = 0
    for start in range(0, array.size, _BLOCK):
        block = _levels(_read_items(array, min(_BLOCK, array.size - start)), array.place)
        if array.is_colour:
            block = _luma(block.reshape(-1, 3))
        levels[end : end + block.size] = block
        end += block.size
    array.stream.read(1)  # likewise
    return levels.reshape(shape)


def _image_shape(array: _Array) -> Shape:
    """Return the shape (n, h, w) of the images, or raise `DataError`."""
    if array.dtype.kind not in "iu":
        raise bad_file(
            array.place,
            f"holds pixels of type {array.dtype}",
            "whole numbers from 0 to 255 were expected",
            "scale the pixels to 0 to 255 and save them as uint8",
        )
    shape = array.shape
    if len(shape) == 3:
        return shape
    if len(shape) == 4 and shape[3] in (1, 3):
        return shape[:3]
    if len(shape) == 4 and shape[1] == 1:
        return shape[0], *shape[2:]
    raise bad_file(
        array.place,
        f"has the shape {shown(shape)}",
        "(images, height, width), with or without 1 or 3 colours at the end, was expected",
        "reshape the array and save it again",
    )


def _read_items(array: _Array, count: int) -> NDArray[Any]:
    content = read_up_to(array.stream.read, count * array.dtype.itemsize)
    if len(content) < count * array.dtype.itemsize:  # the list of the archive has lied
        raise EOFError
    return np.frombuffer(content, array.dtype)


def _levels(items: NDArray[Any], place: str) -> ByteArray:
    """Return whole numbers as uint8, or raise `DataError`."""
    if items.dtype != np.uint8 and not (items.min() >= 0 and items.max() <= 255):
        raise bad_file(
            place,
            f"holds pixels from {items.min()} to {items.max()}",
            "0 to 255 was expected",
            "scale the pixels and save them as uint8",
        )
    return items.astype(np.uint8, copy=False)


def _luma(colour: ByteArray) -> ByteArray:
    """Grey = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded; white stays 255.

    The weights in units of 1 / 65536, as Pillow takes them, so that archives and image files agree. Every
    sum is a whole number below 2**24, which float32 holds exactly.
    """
    weights = np.array([19595, 38470, 7471], np.float32)
    return ((colour.astype(np.float32) @ weights + 2**15) / 2**16).astype(np.uint8)
