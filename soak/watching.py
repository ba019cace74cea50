"""Watching the program from inside: errors of every kind, and turns of the event loop that take too long."""

import contextlib
import faulthandler
import logging
import os
import re
import signal
import sys
import tempfile
import threading
import time
import tomllib
import traceback
from collections.abc import Generator
from typing import Any

from PySide6.QtCore import QAbstractEventDispatcher, QtMsgType, qInstallMessageHandler

from soak.journal import tell
from soak.places import ROOT

LONGEST_TURN = 0.25
"""Processor seconds of the GUI thread that one turn of the event loop may take."""

#: The offscreen platform has no window manager, and a drag of a trial may leave the window.
_OF_THE_TRIAL = ("This plugin does not support", "occurs outside target window")

_FRAME = re.compile(rf'File "{re.escape(str(ROOT))}/((?:ui|cnnviz)/[^"]+)", line (\d+) in (\w+)')


class ErrorWatch:
    """Tells the journal of uncaught exceptions, logged errors and Qt's warnings."""

    def __init__(self) -> None:
        settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        self._known = [*settings["tool"]["pytest"]["ini_options"]["qt_log_ignore"], *_OF_THE_TRIAL]

    def install(self) -> None:
        """Begin; the program's own handling of errors stays in force."""
        handler = logging.Handler(logging.ERROR)
        handler.emit = self._on_logged
        logging.getLogger().addHandler(handler)
        qInstallMessageHandler(self._on_qt_message)
        sys.unraisablehook = lambda args: self._tell("unraisable", args.exc_value)
        # The program replaces these two when it runs, and logs.
        sys.excepthook = lambda _kind, error, _trace: self._tell("uncaught", error)
        threading.excepthook = lambda args: self._tell("uncaught in a thread", args.exc_value)

    def _on_logged(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            tell("error", text=record.getMessage(), trace="")
        else:
            self._tell(record.getMessage(), error)

    def _on_qt_message(self, kind: QtMsgType, context: Any, text: str) -> None:
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) or any(part in text for part in self._known):
            return
        tell("error", text=f"Qt: {text}", trace="".join(traceback.format_stack(limit=6)))

    def _tell(self, how: str, error: BaseException | None) -> None:
        text = f"{how}: {type(error).__name__}: {error}"
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        trace = "".join(traceback.format_exception(error)) if error is not None else ""
        tell("error", text=f"{text} ({_places(frames)})", trace=trace)


class TurnWatch:
    """Measures the processor time of the GUI thread from one turn of the event loop to the next.

    Not the time of the clock: other work on the machine, and waiting, cost the thread nothing.
    """

    def __init__(self) -> None:
        self.during = ""
        self.worst = 0.0
        self.turns = 0
        self._began = time.thread_time()
        self._apart = 0.0
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._on_turn)
        dispatcher.aboutToBlock.connect(self._on_turn)
        # Looks where the GUI thread is while a turn takes long: in C, at once. A handler of Python's would
        # wait for the end of a call into Qt, and wake the program by its own file for signals; another
        # thread that looks would hold on to frames, and so to painters that have to end with their function.
        self._seen = tempfile.TemporaryFile()  # noqa: SIM115 -- to the end
        faulthandler.register(signal.SIGALRM, self._seen, all_threads=False)

    def begin(self) -> None:
        """Forget what has been measured."""
        self.worst, self.turns, self._apart = 0.0, 0, 0.0
        self._began = time.thread_time()

    def end(self) -> None:
        """Measure no more; before the program ends."""
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.disconnect(self._on_turn)
        dispatcher.aboutToBlock.disconnect(self._on_turn)
        signal.setitimer(signal.ITIMER_REAL, 0)

    @contextlib.contextmanager
    def apart(self) -> Generator[None]:
        """Leave out what is done here: it is work of the trial, not of the program."""
        began = time.thread_time()
        try:
            yield
        finally:
            self._apart += time.thread_time() - began

    def _on_turn(self) -> None:
        now = time.thread_time()
        seconds = now - self._began - self._apart
        self._began, self._apart = now, 0.0
        self.turns += 1
        self.worst = max(self.worst, seconds)
        if seconds > LONGEST_TURN:
            tell("turn", seconds=round(seconds, 3), during=self.during, where=self._places_seen()[-6:])
        if os.fstat(self._seen.fileno()).st_size:
            self._seen.seek(0)
            self._seen.truncate()
        signal.setitimer(signal.ITIMER_REAL, LONGEST_TURN / 2, LONGEST_TURN / 2)

    def _places_seen(self) -> list[str]:
        """Return where the thread was, one place for each look, without repetitions."""
        self._seen.seek(0)
        stacks = self._seen.read().decode(errors="replace").split("most recent call first")
        places = [
            " < ".join(f"{file}:{line} {name}" for file, line, name in _FRAME.findall(stack)[:3])
            for stack in stacks
        ]
        return list(dict.fromkeys(place for place in places if place))


def _places(frames: Any) -> str:
    """Return the last places in the program's own files, the innermost first."""
    own = [
        f"{frame.filename.removeprefix(str(ROOT) + '/')}:{frame.lineno} {frame.name}"
        for frame in frames
        if frame.filename.startswith((str(ROOT / "ui"), str(ROOT / "cnnviz")))
    ]
    return " < ".join(reversed(own[-3:]))
