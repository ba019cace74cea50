"""Texts inside PNG pictures, by which a picture carries the session that it shows.

The text stands uncompressed in an iTXt chunk [1]_ behind the header, so that reading it unpacks nothing.

References
----------
.. [1] W3C (2003), Portable Network Graphics Specification, second edition, section 11.3.4.5.
"""

import struct
import zlib
from collections.abc import Iterator

from cnnviz.errors import DataError

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_HEADER_END = len(SIGNATURE) + 8 + 13 + 4  # signature, then IHDR: length, type, 13 bytes, checksum
_MOST_CHUNKS = 20_000  # a large picture has some thousand; to look at so many takes 20 ms


def with_text(png: bytes, keyword: str, text: str) -> bytes:
    """Return the picture with a text added.

    Parameters
    ----------
    png : bytes
        A whole PNG file.
    keyword : str
        1 to 79 letters of ASCII.
    text : str

    Raises
    ------
    DataError
        If `png` is no PNG file.
    """
    if not png.startswith(SIGNATURE) or png[12:16] != b"IHDR":
        raise DataError("A text can only be put into a PNG picture.")
    # Keyword, NUL, not compressed, no compression method, no language, no translated keyword, text.
    body = keyword.encode("ascii") + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    return png[:_HEADER_END] + chunk + png[_HEADER_END:]


def text_of(png: bytes, keyword: str) -> str | None:
    """Return the text that `with_text` put into a picture; None when there is none of that keyword.

    Raises
    ------
    DataError
        If the file is no PNG, ends too early, or the text was damaged.
    """
    if not png.startswith(SIGNATURE):
        raise DataError("it is not a PNG picture")
    wanted = keyword.encode("ascii") + b"\0\0\0"
    for kind, start, end in _chunks(png):
        if kind == b"iTXt" and png.startswith(wanted, start, end):
            return _decode(png[start:end], len(wanted), int.from_bytes(png[end : end + 4]))
    return None


def _chunks(png: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk, and where its body starts and ends."""
    place = len(SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        start = place + 8
        end = start + int.from_bytes(png[place : place + 4])
        if end + 4 > len(png):
            raise DataError("it ends too early")
        kind = png[place + 4 : start]
        yield kind, start, end
        if kind == b"IEND":
            return
        place = end + 4
    raise DataError("it is made of too many parts")


def _decode(body: bytes, start: int, checksum: int) -> str:
    if zlib.crc32(b"iTXt" + body) != checksum:
        raise DataError("the session in it is damaged")
    # Language and translated keyword, both empty in our own pictures, end with a NUL each.
    parts = body[start:].split(b"\0", 2)
    if len(parts) < 3:
        raise DataError("the session in it is damaged")
    try:
        return parts[2].decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError("the session in it is damaged") from error
