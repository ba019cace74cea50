"""The files that a window keeps by itself, and the lock by which no two windows share them."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QSysInfo

_WINDOW, _REPORT = "unsaved", "report-draft"
_MOST = 99
_MOST_INTERRUPTED = 5
_LONGEST_SECONDS = 7 * 24 * 3600
_ENDINGS = (".json", ".safetensors")


@dataclass(frozen=True, slots=True)
class Document:
    """A report draft that lies in the folder.

    * `changed`: when it was last written, in seconds since the epoch.
    * `computer`: name of another computer on which it is marked as open, or "".
    """

    number: int
    path: Path
    changed: float
    computer: str = ""


class Workspace:
    """What one window keeps, each under a lock: a report, and what a crash would lose of the rest.

    The first window has the first of both, each further one that is open meanwhile the next that is free. A
    window can change to another report. Where the folder cannot be written to, nothing can be kept, and
    there are no locks either.

    * `report`: number of the report.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        self._window, self._lock = self._first_free(_WINDOW)
        self.report, self._report_lock = self._first_free(_REPORT)

    @property
    def draft(self) -> Path:
        """The words of the report."""
        return self._file(_REPORT, self.report)

    @property
    def unsaved(self) -> Path:
        """What a crash would lose of the run; its weights are beside it."""
        return self._file(_WINDOW, self._window)

    def change(self, document: Document, read: Callable[[Path], bool]) -> bool:
        """Change to another report; return whether no window has it open, and it was read.

        What is marked as open on another computer is taken all the same: the mark of a computer that was
        switched off would stay for ever.

        * `read`: keeps the present report and reads the other, while both are this window's;
          returns whether it could.
        """
        if document.computer:
            with suppress(OSError):
                self._lock_path(_REPORT, document.number).unlink()
        lock = self._new_lock(_REPORT, document.number)
        if not lock.tryLock(0):
            return False
        if not read(document.path):
            lock.unlock()
            return False
        self._report_lock.unlock()
        self.report, self._report_lock = document.number, lock
        return True

    def others(self) -> Iterator[Document]:
        """Yield the drafts of windows that are not open, the one changed last first."""
        found = [self._document(number) for number in range(1, _MOST + 1) if number != self.report]
        yield from sorted((each for each in found if each is not None), key=lambda each: -each.changed)

    def interrupted(self) -> list[Path]:
        """Return what windows left behind that did not come to their end, the newest first.

        It is renamed, so that this window does not write over it. What is older than a week is removed.
        """
        for number in range(1, _MOST + 1):
            path = self._file(_WINDOW, number)
            if path.exists() and (number == self._window or self._is_free(_WINDOW, number)):
                self._set_aside(path, number)
        found = sorted(self._folder.glob("interrupted-*.json"), key=_changed, reverse=True)
        is_old = [
            place >= _MOST_INTERRUPTED or _age(path) > _LONGEST_SECONDS for place, path in enumerate(found)
        ]
        for path, old in zip(found, is_old, strict=True):
            if old:
                remove(path)
        return [path for path, old in zip(found, is_old, strict=True) if not old]

    def close(self) -> None:
        """Let another window have the files."""
        self._lock.unlock()
        self._report_lock.unlock()

    def _first_free(self, name: str) -> tuple[int, QLockFile]:
        for number in range(1, _MOST + 1):
            lock = self._new_lock(name, number)
            if lock.tryLock(0) or lock.error() != QLockFile.LockError.LockFailedError:
                return number, lock
        return _MOST + 1, self._new_lock(name, _MOST + 1)

    def _document(self, number: int) -> Document | None:
        path = self._file(_REPORT, number)
        if not path.is_file():
            return None
        if self._is_free(_REPORT, number):
            return Document(number, path, _changed(path))
        computer = str(self._new_lock(_REPORT, number).getLockInfo()[1])
        elsewhere = computer not in ("", QSysInfo.machineHostName())
        return Document(number, path, _changed(path), computer) if elsewhere else None

    def _is_free(self, name: str, number: int) -> bool:
        lock = self._new_lock(name, number)
        free = lock.tryLock(0)
        lock.unlock()
        return free

    def _set_aside(self, path: Path, number: int) -> None:
        name = f"interrupted-{int(_changed(path))}-{number}"
        for ending in reversed(_ENDINGS):  # without the first, the others are nothing
            with suppress(OSError):
                path.with_suffix(ending).replace(self._folder / (name + ending))

    def _file(self, name: str, number: int) -> Path:
        return self._folder / f"{name}{'' if number == 1 else f'-{number}'}.json"

    def _lock_path(self, name: str, number: int) -> Path:
        return self._file(name, number).with_suffix(".lock")

    def _new_lock(self, name: str, number: int) -> QLockFile:
        lock = QLockFile(str(self._lock_path(name, number)))
        lock.setStaleLockTime(0)  # a window may be open for days; Qt sees when its process has gone
        return lock


def remove(path: Path) -> None:
    """Remove what was kept of a run, and the weights beside it."""
    for ending in _ENDINGS:
        with suppress(OSError):
            path.with_suffix(ending).unlink(missing_ok=True)


def _changed(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _age(path: Path) -> float:
    return time.time() - _changed(path)
