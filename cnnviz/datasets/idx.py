"""The IDX file format of MNIST: magic number, sides, then the bytes of the array."""

import gzip
import hashlib
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from cnnviz._types import ByteArray, Shape
from cnnviz.datasets.assembly import MAX_PACKED, SMALLER
from cnnviz.quantities import format_count
from cnnviz.reading import BoundedFile, ByteStream, bad_file, opened, read_up_to

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
# No run of deflate can be longer than 258 bytes for 2 bits: a larger claim is refused before reading.
_DEFLATE_RATIO = 1032


def read_idx(path: Path, ndim: int, room: int, md5: str = "", remedy: str = "") -> ByteArray:
    """Read an IDX file of unsigned bytes, gzipped or not (told by its content, not by its name).

    Parameters
    ----------
    ndim : int
        Number of axes that the file must have: 3 for images, 1 for labels.
    room : int
        Largest array that may be read, in bytes.
    md5 : str
        MD5 of the uncompressed file (hex) that it must have; empty for any.
    remedy : str
        What to do when the file is at fault, for the message; empty for the usual advice.

    Returns
    -------
    ndarray of uint8 with `ndim` axes

    Raises
    ------
    DataError
        If the file cannot be read, is damaged, or is not such a file.

    References
    ----------
    .. [1] LeCun, Cortes, Burges, The MNIST database of handwritten digits: "The IDX file format".
    """
    with opened(path, remedy=remedy) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        compressed = file.read(2) == _GZIP_MAGIC
        file.seek(0)
        if not compressed:
            return _read_array(file, path, ndim, room, size, md5, remedy)
        if size > MAX_PACKED:
            raise bad_file(
                path,
                f"holds {format_count(size)} packed bytes",
                f"at most {format_count(MAX_PACKED)} are unpacked",
                "unpack it",
            )
        try:
            with gzip.GzipFile(fileobj=BoundedFile(file, path), mode="rb") as stream:
                return _read_array(stream, path, ndim, room, size * _DEFLATE_RATIO, md5, remedy)
        except EOFError as error:
            raise bad_file(
                path, "breaks off in its compressed data", "a whole gzip file was expected", remedy
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise bad_file(
                path, "has damaged compressed data", "an intact gzip file was expected", remedy
            ) from error


def _read_array(
    stream: ByteStream, path: Path, ndim: int, room: int, largest: int, md5: str, remedy: str
) -> ByteArray:
    header = stream.read(4 + 4 * ndim)
    shape = _parse_header(header, path, ndim, remedy)
    size = math.prod(shape)
    sides = " x ".join(str(side) for side in shape)
    if size == 0:
        raise bad_file(path, f"holds no data ({sides})", "at least one item was expected", remedy)
    if size > room:
        found, most = f"announces {sides} bytes", f"there is room for {format_count(room)} at most"
        raise bad_file(path, found, most, remedy or SMALLER)
    if len(header) + size > largest:
        raise bad_file(path, "is too short", f"its header announces {sides} bytes", remedy)
    # One byte more than announced: it shows what is too much, and lets gzip check its checksum at the end.
    content = read_up_to(stream, size + 1)
    if len(content) != size:
        found = (
            f"holds only {format_count(len(content))} bytes of data"
            if len(content) < size
            else "holds more data"
        )
        raise bad_file(path, found, f"its header announces {sides} = {format_count(size)} bytes", remedy)
    if md5:
        digest = hashlib.md5(header, usedforsecurity=False)
        digest.update(content)
        if digest.hexdigest() != md5:
            raise bad_file(path, f"has the MD5 {digest.hexdigest()}", f"{md5} was expected", remedy)
    return np.frombuffer(content, np.uint8).reshape(shape)


def _parse_header(header: bytes, path: Path, ndim: int, remedy: str) -> Shape:
    magic = bytes([0, 0, _UNSIGNED_BYTE, ndim])
    kind = "images" if ndim == 3 else "labels"
    if header[:4] != magic:
        found = f"starts with the bytes {header[:4].hex(' ')}" if header else "is empty"
        raise bad_file(path, found, f"an IDX file of {kind} starts with {magic.hex(' ')}", remedy)
    if len(header) < 4 + 4 * ndim:
        raise bad_file(path, "breaks off in its header", f"an IDX file of {kind} was expected", remedy)
    return struct.unpack(f">{ndim}I", header[4:])
