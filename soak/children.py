"""Child processes: started in a private place, watched by their journal, and ended whatever happens."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from soak import journal
from soak.places import Place, python

_POLL = 0.03


class Child:
    """A process of this program.

    Parameters
    ----------
    place : Place
    command : list of str
        Arguments of Python, such as ``-m soak.window_child typing``.
    name : str
        Distinguishes the files of several children in one place.
    changes : dict
        Environment variables; None takes one away.
    popen : dict
        Further arguments of `subprocess.Popen`.
    """

    def __init__(
        self, place: Place, command: list[str], name: str = "child", changes: Any = None, **popen: Any
    ) -> None:
        self.journal = place.root / f"{name}.jsonl"
        self._errors = place.root / f"{name}.stderr"
        environment = place.environment(SOAK_JOURNAL=str(self.journal), **(changes or {}))
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                python(*command),
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                env=environment,
                start_new_session=True,
                **{"cwd": place.root, **popen},
            )

    @property
    def stderr(self) -> str:
        """What was written on the standard output and error."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    def entries(self, kind: str = "") -> list[journal.Entry]:
        """Return what the child has told so far."""
        return journal.read(self.journal, kind)

    def wait_for(self, kind: str, seconds: float) -> journal.Entry | None:
        """Return the first entry of a kind, or None if the child ends or the time is up before."""
        found = self.wait_until(lambda: self.entries(kind), seconds)
        return found[0] if found else None

    def wait_until[T](self, condition: Callable[[], T], seconds: float) -> T | None:
        """Return what a condition says as soon as it holds; None if the child ends or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended = self.process.poll() is not None
            if result := condition():
                return result
            if ended:
                return None
            time.sleep(_POLL)
        return None

    def say(self, line: str) -> None:
        """Send a line to the child; one that has ended does not hear it."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def signal(self, number: int) -> None:
        """Send a signal, if the child lives."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, negative for a signal; None if it does not end in time."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """Kill the child and whatever it has started."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


@contextlib.contextmanager
def child(place: Place, module: str, *arguments: str, **options: Any) -> Generator[Child]:
    """Start a module of this package, and end it afterwards."""
    started = Child(place, ["-m", f"soak.{module}", *arguments], **options)
    try:
        yield started
    finally:
        started.close()


def complaint(child: Child, status: int | None) -> str:
    """Return what is wrong with the way a child ended, or ""."""
    if status is None:
        return "it did not end"
    if status < 0:
        return f"crashed with signal {-status} ({signal.Signals(-status).name}): {_last_line(child.stderr)}"
    if "Traceback (most recent call last)" in child.stderr:
        return f"traceback: {_last_line(child.stderr)}"
    return ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    where = [line for line in lines if line.startswith("File ")][:2] if fatal else lines[-1:]
    return " ".join([*fatal[:1], *where])[:300]


def files_of(path: Path) -> dict[str, bytes]:
    """Return the content of a file, or of the files in a folder, by name."""
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {
        each.relative_to(path).as_posix(): each.read_bytes() for each in path.rglob("*") if each.is_file()
    }
