"""A disk of 256 kB for tests of what happens when it is full or read-only.

Where the test may mount (as root), it is a file system of its own. Elsewhere the fault is put in at the
system call: every write below the folder goes through a raw file that has so many bytes left and no more,
and everything above it is the program's.
"""

import contextlib
import errno
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest

SIZE = 256 * 1024
_FILLER = "filler.bin"
_ROOT = Path(__file__).parents[1]


class SmallDisk:
    """A folder on the disk.

    * `is_real`: Whether it is a file system, or faults are put in.
    """

    def __init__(self, folder: Path, is_real: bool) -> None:
        self.folder = folder
        self.is_real = is_real
        self.left: int | None = None  # bytes until it is full, where faults are put in
        self.is_locked = False

    def fill(self, room: int = 0) -> None:
        """Leave room for so many bytes, a multiple of 4 kB."""
        self.left = room
        if not self.is_real:
            return
        filler = self.folder / _FILLER
        try:
            with filler.open("ab", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        os.truncate(filler, filler.stat().st_size - room)

    def free(self) -> None:
        """Give back all room."""
        self.left = None
        (self.folder / _FILLER).unlink(missing_ok=True)

    def lock(self) -> None:
        """Make it read-only."""
        self._set_locked(True)

    def unlock(self) -> None:
        """Make it writable again."""
        self._set_locked(False)

    def names(self) -> list[str]:
        """All files and folders in it, without the filler."""
        found = [each.relative_to(self.folder).as_posix() for each in self.folder.rglob("*")]
        return sorted(name for name in found if name != _FILLER)

    def command(self, *arguments: str) -> list[str]:
        """Command line that runs the program with this disk."""
        if self.is_real:
            return [sys.executable, str(_ROOT / "main.py"), *arguments]
        program = (
            f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from tests.small_disk import put_faults_in; "
            f"put_faults_in({str(self.folder)!r}, {self.left}, {self.is_locked}); "
            "from main import main; sys.exit(main())"
        )
        return [sys.executable, "-c", program, *arguments]

    def _set_locked(self, is_locked: bool) -> None:
        self.is_locked = is_locked
        if self.is_real:
            how = f"remount,{'ro' if is_locked else 'rw'}"
            subprocess.run(["mount", "-o", how, self.folder], check=True, capture_output=True)
        else:
            self.folder.chmod(0o555 if is_locked else 0o755)


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
        if is_ours and disk.is_locked:  # chmod does not bind the superuser
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        if not is_ours or disk.left is None:
            return ordinary(self, mode, *rest, **named)
        raw = _FullFile(self, mode.replace("b", ""))
        raw.left = disk.left
        return io.BufferedWriter(raw)

    return open_file


def put_faults_in(folder: str, left: int | None, is_locked: bool) -> None:
    """Put the faults into this process for good."""
    disk = SmallDisk(Path(folder), is_real=False)
    disk.left, disk.is_locked = left, is_locked
    setattr(Path, "open", faulty_open(disk))  # noqa: B010 -- an assignment would have to have every overload


@contextlib.contextmanager
def open_small_disk(folder: Path, *, mounted: bool) -> Generator[SmallDisk]:
    """Mount the disk at a new folder, or put the faults in, and take it away afterwards."""
    folder.mkdir()
    if mounted:
        how = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", folder]
        subprocess.run(how, check=True, capture_output=True)
        try:
            yield SmallDisk(folder, is_real=True)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
        return
    disk = SmallDisk(folder, is_real=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", faulty_open(disk))
        yield disk
        disk.unlock()


@cache
def can_mount() -> bool:
    """Whether this process may mount file systems, tried out."""
    if shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        return tried.returncode == 0 and subprocess.run(["umount", folder], check=False).returncode == 0


WAYS = ("injected", "mounted") if can_mount() else ("injected",)
"""How the disk is made in tests that can afford both."""
