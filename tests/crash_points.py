"""Ending the process, or a fault of the disk, at every single call that changes the disk."""

import errno
import io
import os
from collections.abc import Callable, Iterator

_CALLS = ("mkdir", "rename", "replace", "unlink", "rmdir", "chmod", "fsync", "link", "symlink", "truncate")
_ALL_DONE = 3


class _Countdown:
    """Lets so many calls pass, and does something at the next one."""

    def __init__(self, passing: int, what: Callable[[], None]) -> None:
        self.left, self._what = passing, what

    def call(self, function, *arguments, **named):
        self.left -= 1
        if self.left == -1:
            self._what()
        return function(*arguments, **named)


class _CountedFile(io.FileIO):
    """A raw file whose writes are counted, and that has half of the bytes when the end comes."""

    countdown: _Countdown

    def write(self, data, /) -> int | None:
        if self.countdown.left == 0:
            super().write(memoryview(data).cast("B")[: len(data) // 2])
        return self.countdown.call(super().write, data)


def _install(countdown: _Countdown, patch: Callable[[object, str, object], None]) -> None:
    def counted(function):
        return lambda *arguments, **named: countdown.call(function, *arguments, **named)

    for name in _CALLS:
        patch(os, name, counted(getattr(os, name)))
    ordinary = io.open

    def open_file(path, mode="r", *rest, **named):
        if not set(mode) & set("wxa+"):
            return ordinary(path, mode, *rest, **named)
        raw = countdown.call(_CountedFile, path, mode.replace("b", ""))
        raw.countdown = countdown
        return io.BufferedWriter(raw)

    patch(io, "open", open_file)


def end_at_every_call(write: Callable[[], object]) -> Iterator[int]:
    """Call `write` in copies of this process, each of which ends one call later than the one before.

    Yields the number of the call after each of them, for the caller to look at what is on the disk and to
    put it back; the last one has ended by itself. The process must have one thread only.
    """
    for call in range(10_000):
        process = os.fork()
        if not process:
            _install(_Countdown(call, lambda: os._exit(0)), setattr)
            try:
                write()
            finally:
                os._exit(_ALL_DONE)
        _, status = os.waitpid(process, 0)
        yield call
        if os.waitstatus_to_exitcode(status) == _ALL_DONE:
            return
    raise AssertionError("it never ends")


def fault_at_every_call(write: Callable[[], object], patch) -> Iterator[Exception | None]:
    """Call `write` again and again, each time with a fault at one call later than before.

    Yields what it raised. `patch` is pytest's monkeypatch.
    """

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for call in range(10_000):
        countdown, raised = _Countdown(call, fail), None
        with patch.context() as context:
            _install(countdown, context.setattr)
            try:
                write()
            except Exception as error:  # noqa: BLE001 -- the caller judges it
                raised = error
        yield raised
        if countdown.left >= 0:
            return
    raise AssertionError("it never ends")
