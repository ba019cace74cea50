"""Reading files that may be anything: nothing waits, and nothing takes more than it was allowed.

All files that others may have made come through here: data sets, pictures, models, documents, hand-ins.
"""

import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from cnnviz import __version__
from cnnviz.errors import CNNVizError, DataError, NewerVersionError
from cnnviz.files import printable
from cnnviz.quantities import format_count

LARGEST_TEXT = 2 << 20
"""Letters of JSON that are read, unless a caller allows more."""

MOST_ITEMS = 300_000
"""Values of JSON: its parser makes so many in a fifth of a second, during which the window stands."""

MOST_ENTRIES = 200_000
"""Files and folders that are looked at in search of data; listing them takes half a second."""

ARCHIVE_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""What zipfile raises for archives that are damaged, encrypted or packed in another way."""

AGAIN = "copy or download it again, or choose another file"

_WHERE = re.compile(r" - at (?:`?key`? in )?`(?P<where>[^`]+)`\Z")
_MOST_READS = 50_000
_MOST_AT_ONCE = _CHUNK = 2**20


class BoundedFile:
    """A file for a library that trusts what it reads: not too many reads, none of them large.

    Archives and pictures made of millions of empty parts cost seconds of plain Python in zipfile, gzip and
    Pillow, or a list of all parts; each part costs at least one read.

    * `path`: for messages.
    """

    def __init__(self, file: BinaryIO, path: str | os.PathLike[str]) -> None:
        self._file = file
        self._path = path
        self._reads_left = _MOST_READS
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; raises `DataError` when too much has been asked for."""
        self._reads_left -= 1
        if self._reads_left < 0 or not 0 <= size <= _MOST_AT_ONCE:
            raise bad_file(self._path, "is made of too many parts", "an ordinary file was expected")
        return self._file.read(size)


def bad_file(path: str | os.PathLike[str], found: str, expected: str, remedy: str = "") -> DataError:
    """Return the error "<path> <found>, but <expected>; <remedy>." (by default: get the file again)."""
    return DataError(f"{printable(path)} {found}, but {expected}; {remedy or AGAIN}.")


def unreadable(path: str | os.PathLike[str], error: Exception, remedy: str = "") -> DataError:
    """Return the error for a file or folder that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        found, usual = "does not exist", "check the name or choose another"
    elif isinstance(error, PermissionError):
        found, usual = "cannot be read (permission denied)", "change its permissions or choose another"
    else:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a valid path"
        found, usual = f"cannot be read ({reason.lower()})", "check the disk or choose another"
    return bad_file(path, found, "a readable file or folder was expected there", remedy or usual)


def status_of(path: Path, remedy: str = "") -> os.stat_result:
    """Return the status of a file or folder, or raise `DataError`."""
    try:
        return path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error, remedy) from error


def check_file(path: Path, remedy: str = "") -> None:
    """Raise `DataError` unless there is a regular file."""
    _require_file(path, status_of(path, remedy).st_mode, remedy)


def entries(folder: Path, most: int = MOST_ENTRIES) -> list[os.DirEntry[str]]:
    """Return what lies in a folder, sorted by name; raises `DataError` if there is more than `most`."""
    found: list[os.DirEntry[str]] = []
    try:
        with os.scandir(folder) as scan:
            for entry in scan:
                if len(found) == most:
                    raise bad_file(
                        folder,
                        "holds too many files",
                        f"at most {format_count(MOST_ENTRIES)} can be read in all",
                        "choose another folder",
                    )
                found.append(entry)
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error
    return sorted(found, key=lambda entry: entry.name)


@contextmanager
def opened(path: Path, largest: int | None = None, remedy: str = "") -> Generator[BinaryIO]:
    """Open a regular file of at most `largest` bytes.

    A pipe, device or socket is refused before it is opened, for that may wait for ever or rewind a tape;
    should one take the place of the file at this very moment, opening it does not wait either.

    * Raises DataError: if there is no such file, it is too large, or the disk fails while it is read.
    """
    check_file(path, remedy)
    try:
        no_wait = getattr(os, "O_NONBLOCK", 0)  # Windows has none
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | no_wait)) as file:
            status = os.fstat(file.fileno())
            _require_file(path, status.st_mode, remedy)
            if largest is not None and status.st_size > largest:
                most = f"at most {format_count(largest)} bytes can be read"
                raise bad_file(path, "is too large", most, remedy or "choose a smaller one")
            yield file
    except OSError as error:
        if error.errno is None:  # of a library that finds the content at fault
            raise
        raise unreadable(path, error, remedy) from error


def read_bytes(path: Path, largest: int, remedy: str = "") -> bytes:
    """Return the content of a regular file of at most `largest` bytes, or raise `DataError`."""
    with opened(path, largest, remedy) as file:
        # As many as it has, so that no more memory is taken; one more shows that it grows or hides its size.
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1)
    if len(content) > size:
        raise bad_file(path, "changes while it is read", "a file at rest was expected", "try it again")
    return content


def read_up_to(read: Callable[[int], bytes], size: int) -> bytearray:
    """Return the next `size` bytes of what is read, or fewer where it ends.

    Memory grows with what is really there, not with what a header claims.
    """
    content = bytearray()
    while len(content) < size:
        chunk = read(min(_CHUNK, size - len(content)))
        if not chunk:
            break
        content += chunk
    return content


def parse_json(text: str, largest: int = LARGEST_TEXT, *, finite: bool = False) -> object:
    """Return what a text of JSON describes, unless parsing it would take long: nobody else may run meanwhile.

    * `largest`: letters that it may have.
    * `finite`: whether to refuse the numbers NaN and Infinity, which are no JSON.
    * Raises ValueError: if it is no JSON, is too long, nested too deeply, or has too many items.
    """
    if len(text) > largest or sum(text.count(sign) for sign in ",[{") > MOST_ITEMS:
        raise ValueError("too large")
    try:
        return json.loads(text, parse_constant=_refuse_constant if finite else None)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class Head(msgspec.Struct):
    """What says whether the rest of a file can be read at all."""

    format: str = ""
    format_version: int = 0
    version: str = "unknown"  # of the program that wrote it


def check_format(head: Head, name: str, newest: int, foreign: CNNVizError) -> None:
    """Raise `foreign` for another format, `NewerVersionError` with a clause if newer."""
    if head.format != name or head.format_version < 1:
        raise foreign
    if head.format_version > newest:
        wrote = printable(head.version, 20)
        raise NewerVersionError(f"it was written by a newer CNNViz ({wrote}; this is {__version__})")


def flaw_in_words(error: msgspec.ValidationError, whole: str) -> str:
    """Return what msgspec found as a clause that names the place; `whole`: what the whole of it is called."""
    text = str(error)
    found = _WHERE.search(text)
    where = found["where"].removeprefix("$").lstrip(".") if found else ""
    what = (text[: found.start()] if found else text).rstrip(".").replace("`", "")
    if "matching regex" in what:
        what = "it is no valid name, time or checksum"
    return f"its {printable(where or whole, 60)!r} is not as it should be ({printable(what, 120)})"


def _require_file(path: Path, mode: int, remedy: str) -> None:
    if not stat.S_ISREG(mode):
        raise bad_file(path, "is not a file", "a file was expected there", remedy or "choose another one")


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
