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
    def __init__(self, folder: Path) -> None:
        self.folder, self.fault = folder, 0

    def fill(self) -> None:
        self.fault = errno.ENOSPC

    def lock(self) -> None:
        self.fault = errno.EROFS

    def free(self) -> None:
        self.fault = 0

    unlock = free

    def names(self) -> list[str]:
        """All files and folders in it."""
        return sorted(each.relative_to(self.folder).as_posix() for each in self.folder.rglob("*"))


class _FullFile(io.FileIO):
    def write(self, data, /) -> int | None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def open_small_disk(folder: Path) -> Generator[SmallDisk]:
    """Put the faults in for a new folder, and take them away afterwards."""
    folder.mkdir()
    disk, ordinary = SmallDisk(folder), Path.open

    def open_file(self: Path, mode: str = "r", *rest, **named):
        if not disk.fault or "r" in mode or not self.absolute().is_relative_to(folder):
            return ordinary(self, mode, *rest, **named)
        if disk.fault == errno.EROFS:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        return io.BufferedWriter(_FullFile(self, mode.replace("b", "")))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", open_file)
        yield disk
