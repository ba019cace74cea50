"""Writing files so that neither a crash nor a full disk damages what was there before."""

import contextlib
import errno
import os
import platform
import re
import shutil
import stat
import time
import zlib
from collections.abc import Callable, Generator, Mapping
from functools import cache
from pathlib import Path
from typing import BinaryIO

from cnnviz.errors import CNNVizError

_DAY = 86_400.0  # seconds
_PREFIX = ".cnnviz-"
_NAME = re.compile(r"\.cnnviz-([0-9a-f]{8})-([1-9][0-9]{0,9})-[0-9a-f]{16}\.tmp")

# Names of those that this process is about to write.
_own: set[str] = set()


@contextlib.contextmanager
def temporary_beside(target: Path) -> Generator[Path]:
    """Return a name for a file or folder beside `target`; what then still has it is removed at the end.

    What programs that no longer run have left in the folder is removed at the beginning.

    * `target`: what the file or folder is to become.
    """
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        for path in [target.with_name(entry.name) for entry in entries if entry.name.startswith(_PREFIX)]:
            if _is_leftover(path):
                _remove(path)
    # A short name of our own: the target's name plus a suffix could be too long.
    name = f"{_PREFIX}{_machine()}-{os.getpid()}-{os.urandom(8).hex()}.tmp"
    _own.add(name)
    try:
        yield target.with_name(name)
    finally:
        _remove(target.with_name(name))
        _own.discard(name)


def _is_leftover(path: Path) -> bool:
    """Whether nobody is going to finish what lies there."""
    match = _NAME.fullmatch(path.name)
    if match is None or path.name in _own:
        return False
    machine, process = match.groups()
    if machine == _machine() and not _is_running(int(process)):
        return True
    # Of another machine that shares the folder, or its process has given its number to another.
    with contextlib.suppress(OSError):
        return time.time() - path.lstat().st_mtime > _DAY
    return False


def _remove(path: Path) -> None:
    """Remove a file or a folder, but nothing that is elsewhere: links are left alone."""
    with contextlib.suppress(OSError):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            shutil.rmtree(path, ignore_errors=True)
        elif stat.S_ISREG(mode):
            path.unlink()


def _is_running(process: int) -> bool:
    """Whether a process of this machine runs that is not this one; True where that cannot be told."""
    if process == os.getpid():
        return False
    if os.name != "posix":  # elsewhere `os.kill` ends the process, whatever the signal
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@cache
def _machine() -> str:
    """Return what tells this machine, and a container on it, from others that write to the same folder."""
    numbers = ""  # processes of a container are numbered on their own
    with contextlib.suppress(OSError):
        numbers = str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{zlib.crc32(f'{platform.node()} {numbers}'.encode()):08x}"


JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Unseen, but parts of words and emoji."""

LONGEST_PATH = 120
LONGEST_NAME = 60
"""Letters of a path and of a single name in a message."""

type Content = bytes | bytearray | memoryview | Callable[[BinaryIO], object]

_CAUSES = {
    errno.ENOENT: ("the folder does not exist, or takes no files", "create it or choose another folder"),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "choose another folder"),
    errno.EACCES: ("permission is denied", "choose another folder or close the program that uses the file"),
    errno.EPERM: ("permission is denied", "choose another folder or close the program that uses the file"),
    errno.EROFS: ("the disk is read-only", "choose another folder"),
    errno.EFBIG: ("it is larger than the disk allows", "choose another disk"),
    errno.EIO: ("the disk reports a fault", "choose another disk"),
    errno.ENOSPC: ("the disk is full", "free some space or choose another disk"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another disk"),
    errno.EEXIST: ("something of that name exists", "choose another name"),
    errno.EISDIR: ("a folder of that name exists", "choose another file name"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter file name"),
}


def atomic_write(path: str | os.PathLike[str], content: Content) -> None:
    """Write a file whole or not at all; on any failure an existing file stays as it was.

    The content goes to a temporary file in the same folder, is flushed to the disk and then takes the
    place of `path` in one step. A new file gets the usual permissions, a replaced one keeps its own;
    a symbolic link is followed, so that the link itself survives. Temporary files that killed programs
    have left in the folder are removed.

    * `path`: the file to create or to replace.
    * `content`: what to write, or a function that is given the open binary file and writes into it. An
      exception of its own other than `OSError` passes through unchanged, after the temporary file is removed.
    * Raises CNNVizError: if the file cannot be written: one sentence that names the file, the cause
      and a remedy.
    """
    target, mode = _place(path)
    with _told(path), temporary_beside(target) as temporary:
        _write_aside(temporary, mode, content)
        temporary.replace(target)
    _sync_folder(target.parent)


def atomic_write_folder(folder: str | os.PathLike[str], contents: Mapping[str, Content]) -> None:
    """Make a folder with files whole or not at all: it gets its name when the last file is complete.

    * `folder`: there must be nothing of this name yet.
    * `contents`: as for `atomic_write`.
    * Raises CNNVizError: if it cannot be written: one sentence about the folder.
    """
    target, mode = _place(folder)
    with _told(folder), temporary_beside(target) as temporary:
        if mode is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        temporary.mkdir()
        for name, content in contents.items():
            _write_aside(temporary / name, None, content)
        _sync_folder(temporary)
        temporary.rename(target)
    _sync_folder(target.parent)


def seen(text: str, also: str = "") -> str:
    """Return a text whose signs can all be seen, but for those of `also`: others become a mark."""
    return "".join(
        sign if sign.isprintable() or sign in also else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def printable_name(path: Path) -> str:
    """Return the name of a file, without its folder, as text for one line of a message."""
    return printable(path.name, LONGEST_NAME)


def printable(text: str | os.PathLike[str], longest: int = LONGEST_PATH) -> str:
    """Return a path or foreign words as text for one line of a message.

    What cannot be shown is replaced by a sign; of more than `longest` letters the middle is left out, so that
    a path keeps its root and the name of the file.
    """
    shown = seen(str(text))
    if len(shown) <= longest:
        return shown
    end = longest // 2
    return f"{shown[: longest - 1 - end]}…{shown[-end:]}"


@contextlib.contextmanager
def _told(path: str | os.PathLike[str]) -> Generator[None]:
    """Turn a fault of the system into a sentence about `path`."""
    try:
        yield
    except OSError as error:
        raise CNNVizError(_write_message(path, error)) from error


def _place(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """Return where a file is to be written, and the permissions of the one that is there."""
    try:
        target = Path(os.path.realpath(Path(path).expanduser()))
        return target, _replaceable_mode(target)
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL; RuntimeError: an unknown ~user
        raise CNNVizError(_write_message(path, error)) from error


def _replaceable_mode(target: Path) -> int | None:
    """Return the permissions of the file to replace, None if there is none, or raise `OSError`."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        # Renaming over /dev/null would take the device away from the whole machine.
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a file")
    if not os.access(target, os.W_OK):
        status = getattr(os, "statvfs", None)  # Windows has none
        if status is not None and status(target).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        # Renaming needs the folder's permission only; a file marked read-only is still to be respected.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(mode)


def _write_aside(temporary: Path, mode: int | None, content: Content) -> None:
    with temporary.open("xb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if mode is not None:
        temporary.chmod(mode)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can; the file is in place already."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_message(path: str | os.PathLike[str], error: Exception) -> str:
    cause, remedy = "its name is not valid", "choose another file name"
    if isinstance(error, OSError):
        usual = error.strerror or "of an unknown fault of the disk", "choose another file or folder"
        cause, remedy = _CAUSES.get(error.errno or 0, usual)
    return f"{printable(path) or 'The file'} was not written because {cause}; {remedy} and save again."
