"""Keras' archives: one ``.npz`` with x_train, y_train, x_test and y_test. Nothing in it is unpickled."""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, Shape
from cnnviz.datasets._reading import MAX_BYTES, bad_data, file_size, read_up_to, unreadable
from cnnviz.datasets.assembly import Split, assemble
from cnnviz.datasets.dataset import Dataset
from cnnviz.errors import DataError
from cnnviz.files import printable

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_BLOCK = 1024
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_keras_npz(path: Path) -> Dataset:
    """Read an archive as ``keras.datasets`` keeps it.

    Images are (n, h, w), (n, h, w, 1) or (n, 1, h, w) of whole numbers from 0 to 255, or in colour
    (n, h, w, 3), which become grey by the luma of ITU-R BT.601; labels are whole numbers, (n,) or (n, 1).

    Raises
    ------
    DataError
        If the file is damaged, lacks an array or holds arrays of another kind (such as pickled objects).
    """
    file_size(path)
    try:
        with zipfile.ZipFile(path) as archive:
            missing = [key for key in _KEYS if f"{key}.npy" not in archive.namelist()]
            if missing:
                raise bad_data(
                    path,
                    f"has no array {' and no '.join(missing)}",
                    f"the arrays {', '.join(_KEYS)} were expected",
                    "save the data set under these names or choose another file",
                )
            x_train, y_train, x_test, y_test = (_read_member(archive, path, key) for key in _KEYS)
    except (DataError, MemoryError):
        raise
    except RuntimeError as error:  # zipfile's own choice for a password; NotImplementedError is one, too
        raise bad_data(
            path, "is encrypted or packed in an unknown way", "a plain .npz file was expected"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    except (
        Exception
    ) as error:  # BadZipFile, zlib.error, EOFError, struct.error, ValueError: all seen on damage
        raise bad_data(path, "is damaged or not a zip archive", "an intact .npz file was expected") from error
    shown = printable(path)
    train = Split(_grey(x_train, f"{shown} (x_train)"), y_train, f"{shown} (x_train)", f"{shown} (y_train)")
    test = Split(_grey(x_test, f"{shown} (x_test)"), y_test, f"{shown} (x_test)", f"{shown} (y_test)")
    return assemble(path, path.stem, train, test)


def _read_member(archive: zipfile.ZipFile, path: Path, key: str) -> NDArray[Any]:
    """Read one array; nothing is allocated from its header before the data is there."""
    place = f"{path} ({key})"
    info = archive.getinfo(f"{key}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError
    if info.file_size > MAX_BYTES:
        raise bad_data(place, f"unpacks to {info.file_size:,} bytes", f"at most {MAX_BYTES:,} can be read")
    with archive.open(info) as stream:
        shape, fortran_order, dtype = _read_header(stream, place)
        if dtype.kind not in "iufb":
            raise bad_data(
                place,
                f"is an array of {'Python objects' if dtype.hasobject else dtype}",
                "an array of numbers was expected",
                "save it as uint8",
            )
        size = math.prod(shape) * dtype.itemsize
        content = read_up_to(stream, size + 1)
    if len(content) != size:
        found = f"holds only {len(content):,} bytes of data" if len(content) < size else "holds more data"
        raise bad_data(place, found, f"its header announces {size:,} bytes")
    array = np.frombuffer(content, dtype)
    return array.reshape(shape[::-1]).transpose() if fortran_order else array.reshape(shape)


def _read_header(stream: IO[bytes], place: str) -> tuple[Shape, bool, np.dtype[Any]]:
    try:
        shape, fortran_order, dtype = _HEADER_READERS[np.lib.format.read_magic(stream)](stream)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
        raise
    except Exception as error:  # NumPy's header parser raises nearly anything on damaged text
        raise bad_data(place, "has a damaged header", "an array saved by NumPy was expected") from error
    if not 1 <= len(shape) <= 4 or any(side < 1 for side in shape):
        raise bad_data(
            place, f"has the shape {shape}", "one to four axes and at least one item were expected"
        )
    return shape, fortran_order, dtype


def _grey(images: NDArray[Any], place: str) -> ByteArray:
    """Return images as (n, h, w) uint8, or raise `DataError`."""
    if images.dtype.kind not in "iu":
        raise bad_data(
            place,
            f"holds pixels of type {images.dtype}",
            "whole numbers from 0 to 255 were expected",
            "scale the pixels to 0 to 255 and save them as uint8",
        )
    if images.dtype != np.uint8 and not (images.min() >= 0 and images.max() <= 255):
        raise bad_data(
            place,
            f"holds pixels from {images.min()} to {images.max()}",
            "0 to 255 was expected",
            "scale the pixels and save them as uint8",
        )
    pixels: ByteArray = images.astype(np.uint8, copy=False)
    if pixels.ndim == 3:
        return pixels
    if pixels.ndim == 4 and pixels.shape[3] == 3:
        return _luma(pixels)
    if pixels.ndim == 4 and 1 in (pixels.shape[1], pixels.shape[3]):
        return pixels[..., 0] if pixels.shape[3] == 1 else pixels[:, 0]
    raise bad_data(
        place,
        f"has the shape {pixels.shape}",
        "(images, height, width), with or without 1 or 3 colours at the end, was expected",
        "reshape the array and save it again",
    )


def _luma(colour: ByteArray) -> ByteArray:
    """Grey = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded; white stays 255.

    The weights in units of 1 / 65536, as Pillow takes them, so that archives and image files agree.
    """
    weights = np.array([19595, 38470, 7471], np.uint32)
    grey = np.empty(colour.shape[:3], np.uint8)
    for start in range(0, len(colour), _BLOCK):  # in blocks: uint32 is four times as large
        block = colour[start : start + _BLOCK]
        grey[start : start + _BLOCK] = (block @ weights + 2**15) >> 16
    return grey
