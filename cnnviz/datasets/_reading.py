"""What all readers share: one wording for damaged files, and reading that trusts no header."""

import os
import stat
from pathlib import Path
from typing import Protocol

from cnnviz.errors import DataError
from cnnviz.files import printable

MAX_BYTES = 2**30
"""Largest array that is read, in bytes: twice EMNIST's largest. More is a mistake or an attack."""

_AGAIN = "copy or download it again, or choose another file"

_CHUNK = 2**20


class ByteStream(Protocol):
    """A file or an unpacking stream, as far as it is read here."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


def bad_data(path: str | os.PathLike[str], found: str, expected: str, remedy: str = "") -> DataError:
    """Return the error "<path> <found>, but <expected>; <remedy>." (by default: get the file again)."""
    return DataError(f"{printable(path)} {found}, but {expected}; {remedy or _AGAIN}.")


def unreadable(path: str | os.PathLike[str], error: Exception, remedy: str = "") -> DataError:
    """Return the error for a file or folder that the system does not let us read."""
    if isinstance(error, FileNotFoundError):
        found, usual = "does not exist", "check the name or choose another"
    elif isinstance(error, PermissionError):
        found, usual = "cannot be read (permission denied)", "change its permissions or choose another"
    else:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a valid path"
        found, usual = f"cannot be read ({reason.lower()})", "check the disk or choose another"
    return bad_data(path, found, "a readable data file or folder was expected there", remedy or usual)


def status_of(path: Path, remedy: str = "") -> os.stat_result:
    """Return the status of a file or folder, or raise `DataError`."""
    try:
        return path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unreadable(path, error, remedy) from error


def file_size(path: Path, remedy: str = "") -> int:
    """Return the size of a regular file in bytes, or raise `DataError`.

    Opening a pipe or a device instead could wait for ever.
    """
    status = status_of(path, remedy)
    if not stat.S_ISREG(status.st_mode):
        raise bad_data(path, "is not a file", "a file was expected there", remedy or "choose another one")
    return status.st_size


def read_up_to(stream: ByteStream, size: int) -> bytearray:
    """Return the next `size` bytes, or fewer where the stream ends.

    Memory grows with what is really there, not with what a header claims.
    """
    content = bytearray()
    while len(content) < size:
        chunk = stream.read(min(_CHUNK, size - len(content)))
        if not chunk:
            break
        content += chunk
    return content
