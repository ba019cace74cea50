"""Temporary files beside those that are written, and what programs that were killed have left of theirs."""

import contextlib
import os
import platform
import re
import shutil
import stat
import time
import zlib
from collections.abc import Generator
from functools import cache
from pathlib import Path

_DAY = 86_400.0  # seconds
_PREFIX = ".cnnviz-"
_NAME = re.compile(r"\.cnnviz-(?:([0-9a-f]{8})-([1-9][0-9]{0,9})-)?[0-9a-f]{16}\.tmp")

# Names of those that this process is about to write.
_own: set[str] = set()


@contextlib.contextmanager
def temporary_beside(target: Path) -> Generator[Path]:
    """Return a name for a file or folder beside `target`; what then still has it is removed at the end.

    What programs that no longer run have left in the folder is removed at the beginning.

    * `target`: what the file or folder is to become.
    """
    _remove_leftovers(target.parent)
    # A short name of our own: the target's name plus a suffix could be too long.
    name = f"{_PREFIX}{_machine()}-{os.getpid()}-{os.urandom(8).hex()}.tmp"
    _own.add(name)
    try:
        yield target.with_name(name)
    finally:
        _remove(target.with_name(name))
        _own.discard(name)


def _remove_leftovers(folder: Path) -> None:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if entry.name.startswith(_PREFIX)]:
            if _is_leftover(folder / name):
                _remove(folder / name)


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
