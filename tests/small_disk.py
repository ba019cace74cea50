"""A disk for tests of what happens when it is full or read-only.

The fault is put in at the system call: every write below the folder goes through a raw file that finds no
room, and everything above it is the program's. Real disks are tried by `make soak`.
"""

import contextlib
import errno
import io
import os
from collections.abc import Generator
from pathlib import Path

import pytest


class SmallDisk:
    """A folder on the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.is_full, self.is_locked = folder, False, False

    def fill(self) -> None:
        """Leave no room."""
        self.is_full = True

    def free(self) -> None:
        """Give back all room."""
        self.is_full = False

    def lock(self) -> None:
        """Make it read-only."""
        self.is_locked = True

    def unlock(self) -> None:
        """Make it writable again."""
        self.is_locked = False

    def names(self) -> list[str]:
        """All files and folders in it."""
        return sorted(each.relative_to(self.folder).as_posix() for each in self.folder.rglob("*"))


class _FullFile(io.FileIO):
    """A raw file on a full disk."""

    def write(self, data, /) -> int | None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def faulty_open(disk: SmallDisk):
    """Return what stands in for `Path.open`: files on the disk find it full or read-only."""
    ordinary = Path.open

    def open_file(self: Path, mode: str = "r", *rest, **named):
        is_ours = self.absolute().is_relative_to(disk.folder) and "r" not in mode
        if is_ours and disk.is_locked:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        if not is_ours or not disk.is_full:
            return ordinary(self, mode, *rest, **named)
        return io.BufferedWriter(_FullFile(self, mode.replace("b", "")))

    return open_file


@contextlib.contextmanager
def open_small_disk(folder: Path) -> Generator[SmallDisk]:
    """Put the faults in for a new folder, and take them away afterwards."""
    folder.mkdir()
    disk = SmallDisk(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", faulty_open(disk))
        yield disk
