"""A disk of few bytes for tests of what happens when it is full or read-only.

The fault is put in at the system call: every write below the folder goes through a raw file that has so many
bytes left and no more, and everything above it is the program's. Real disks are tried by `make soak`.
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
        self.folder, self.is_locked = folder, False
        self.left: int | None = None  # bytes until it is full; None for as many as are wanted

    def fill(self, room: int = 0) -> None:
        """Leave room for so many bytes."""
        self.left = room

    def free(self) -> None:
        """Give back all room."""
        self.left = None

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
    """A raw file with so many bytes left on its disk."""

    left = 0

    def write(self, data, /) -> int | None:
        part = memoryview(data).cast("B")[: self.left]
        if not part:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.left -= len(part)
        return super().write(part)


def faulty_open(disk: SmallDisk):
    """Return what stands in for `Path.open`: files on the disk find it full or read-only."""
    ordinary = Path.open

    def open_file(self: Path, mode: str = "r", *rest, **named):
        is_ours = self.absolute().is_relative_to(disk.folder) and "r" not in mode
        if is_ours and disk.is_locked:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        if not is_ours or disk.left is None:
            return ordinary(self, mode, *rest, **named)
        raw = _FullFile(self, mode.replace("b", ""))
        raw.left = disk.left
        return io.BufferedWriter(raw)

    return open_file


@contextlib.contextmanager
def open_small_disk(folder: Path) -> Generator[SmallDisk]:
    """Put the faults in for a new folder, and take them away afterwards."""
    folder.mkdir()
    disk = SmallDisk(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", faulty_open(disk))
        yield disk
