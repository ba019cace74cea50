"""Breaking a process at the n-th call that changes the disk: it ends there, or the call fails."""

import errno
import io
import os
from collections.abc import Callable
from typing import Any

CRASHED = 77

#: Calls that need room on the disk, and all that change it.
_GROWING = ("open", "write", "fsync", "mkdir", "rename")
_CHANGING = {
    "replace": "rename", "rename": "rename", "renames": "rename", "link": "rename", "symlink": "rename",
    "unlink": "unlink", "remove": "unlink", "rmdir": "unlink", "mkdir": "mkdir", "chmod": "chmod",
    "fsync": "fsync", "truncate": "chmod", "ftruncate": "chmod", "utime": "chmod",
}  # fmt: skip


class Breaker:
    """Counts the calls of this process that change the disk, and breaks it at one of them.

    Parameters
    ----------
    at : int
        Number of the call, from 1; 0 only counts.
    how : {"crash", "full", "fault"}
        End at once, let everything that needs room fail from there on, or let this one call fail.
    """

    def __init__(self, at: int = 0, how: str = "crash") -> None:
        self.at, self.how = at, how
        self.calls: list[str] = []

    def install(self) -> None:
        """Take the place of the functions of `os` and of `open`, for good."""
        for name, kind in _CHANGING.items():
            if hasattr(os, name):
                setattr(os, name, self._wrapped(getattr(os, name), kind))
        opened = os.open

        def open_low(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.pass_by("open")
            return opened(path, flags, *rest, **named)

        os.open = open_low
        io.open = self._opener(io.open)

    def pass_by(self, kind: str, half: Callable[[], object] = lambda: None) -> None:
        """Count a call, and break at the one that is meant; `half` does half of it before a crash."""
        self.calls.append(kind)
        number = len(self.calls)
        if self.at == 0 or number < self.at:
            return
        if self.how == "crash" and number == self.at:
            half()
            os._exit(CRASHED)
        if self.how == "full" and kind in _GROWING:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.how == "fault" and number == self.at:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _wrapped(self, function: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            self.pass_by(kind)
            return function(*values, **named)

        return call

    def _opener(self, ordinary: Callable[..., Any]) -> Callable[..., Any]:
        breaker = self

        class Raw(io.FileIO):
            def write(self, data: Any, /) -> int | None:
                part = bytes(data)
                breaker.pass_by("write", lambda: super(Raw, self).write(part[: len(part) // 2]))
                return super().write(part)

        def open_file(
            file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, *rest: Any, **named: Any
        ) -> Any:
            if not set(mode) & set("wxa+"):
                return ordinary(file, mode, buffering, encoding, *rest, **named)
            self.pass_by("open")
            raw = Raw(file, mode.replace("b", "").replace("t", ""))
            if buffering == 0:
                return raw
            buffered = io.BufferedWriter(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding or "utf-8")

        return open_file
