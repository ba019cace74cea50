"""Keras' archives: one ``.npz`` with x_train, y_train, x_test and y_test. Nothing in it is unpickled."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import Shape
from cnnviz._validation import shown
from cnnviz.datasets.assembly import MAX_BYTES, MAX_IMAGES, MAX_PACKED, SMALLER, Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.errors import DataError
from cnnviz.file_kinds import wrong_kind
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.quantities import format_count
from cnnviz.reading import BoundedFile, bad_file, opened, read_up_to

_KEYS = ("x_train", "y_train", "x_test", "y_test")


class _Array(NamedTuple):
    """An array of the archive, of which the header has been read."""

    stream: IO[bytes]
    place: str
    shape: Shape
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        return math.prod(self.shape)


def read_keras_npz(path: Path) -> Dataset:
    """Read an archive as ``keras.datasets`` keeps it.

    Images are grey levels from 0 to 255 as uint8, of shape (n, h, w); labels are whole numbers, (n,).

    * Raises DataError: if the file is damaged, lacks an array, holds arrays of another kind (such as pickled
      objects) or is too large.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(BoundedFile(file, path)) as archive:
            _check_members(archive, path)
            x_train, y_train, x_test, y_test = (_open_array(archive, path, key) for key in _KEYS)
            for array in (x_train, x_test):
                _check_images(array)
            for found, unit, most in (
                (max(y_train.size, y_test.size), "labels", MAX_IMAGES),
                (x_train.size + x_test.size, "pixels", MAX_BYTES),
            ):
                if found > most:
                    said = f"at most {format_count(most)} can be read"
                    raise bad_file(path, f"announces {shown(found)} {unit}", said, SMALLER)
            train = Split(_read(x_train), _read(y_train), x_train.place, y_train.place)
            test = Split(_read(x_test), _read(y_test), x_test.place, y_test.place)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # BadZipFile, zlib.error, EOFError, struct.error, RuntimeError: seen on damage
        found = "is damaged, encrypted, packed in an unknown way, or not a zip archive"
        other = wrong_kind(path, "the arrays of an .npz archive", "data")
        raise other or bad_file(path, found, "an intact .npz file was expected") from error
    return assemble(path, path.stem, train, test)


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
    if dtype.kind not in "iu":
        kind = "Python objects" if dtype.hasobject else printable(str(dtype), LONGEST_NAME)
        expected = "an array of whole numbers was expected"
        raise bad_file(
            place, f"is an array of {kind}", expected, "scale pixels to 0 to 255, and save it as uint8"
        )
    if is_by_columns and len(shape) > 1:
        found = "is stored in Fortran's order"
        raise bad_file(place, found, "rows were expected first", "save numpy.ascontiguousarray of it")
    array = _Array(stream, place, shape, dtype)
    announced, held = array.size * dtype.itemsize, info.file_size - stream.tell()
    if held != announced:
        found = f"holds {'more' if held > announced else 'less'} data"
        raise bad_file(place, found, f"its header announces {shown(announced)} bytes")
    return array


def _check_images(array: _Array) -> None:
    if array.dtype != np.uint8:
        raise bad_file(
            array.place,
            f"holds pixels of type {array.dtype}",
            "levels from 0 to 255 were expected",
            "save them as uint8",
        )
    if len(array.shape) != 3:
        raise bad_file(
            array.place,
            f"has the shape {shown(array.shape)}",
            "grey images (images, height, width) were expected",
            "reshape the array and save it again",
        )


def _read(array: _Array) -> NDArray[Any]:
    size = array.size * array.dtype.itemsize
    # One byte more than announced is at the end, which lets zipfile compare its checksum.
    content = read_up_to(array.stream.read, size + 1)
    if len(content) != size:  # the list of the archive has lied
        raise EOFError
    return np.frombuffer(content, array.dtype).reshape(array.shape)
