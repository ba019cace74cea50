"""What keeps a Qt program with a busy Python thread fluid, and lets it end when the system says so."""

import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from cnnviz.errors import in_words

_COLLECT_MS = 1000


class MainThreadCollector(QObject):
    """Runs Python's cyclic garbage collector in the GUI thread only.

    A collection in the worker may destroy Qt objects there, which crashes or blocks the program.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        gc.freeze()  # what stands when the program begins stays
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(_COLLECT_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()
        gc.unfreeze()

    def _collect(self) -> None:
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation] > 0:
                gc.collect(generation)
                return


class ErrorReporter(QObject):
    """Shows exceptions that nothing else has caught to the user; the traceback goes to the log."""

    _caught = Signal(str)

    def __init__(self, show: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._show = show
        self._caught.connect(self._on_caught)
        self._previous = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        sys.excepthook, threading.excepthook = self._previous

    def _on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        text = in_words(error)
        if not text:
            logging.getLogger("cnnviz").error("Unexpected error", exc_info=(kind, error, trace))
            text = f"Something went wrong inside CNNViz ({kind.__name__}: {error}). Your session goes on."
        self._caught.emit(text)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _on_caught(self, text: str) -> None:
        self._show(text)


_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


class EndSignals(QObject):
    """Tells of them in the event loop, also while no Python code runs there.

    Python handles a signal when it next runs a line of Python, for which a window at rest can wait for ever;
    its wake-up file ends the wait.
    """

    received = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._number = 0
        self._reading, self._writing = socket.socketpair()
        for end in (self._reading, self._writing):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_activated)
        self._old_file = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
        # With no handler of Python's, the system would end the program at once.
        self._old = {number: signal.signal(number, lambda *_: None) for number in numbers}

    def status(self, usual: int) -> int:
        """Return the exit status: `usual`, or as a shell names a program that a signal has ended."""
        return 128 + self._number if self._number else usual

    def close(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_file)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._reading.close()
        self._writing.close()

    def _on_activated(self) -> None:
        # Python writes the numbers of all signals that it handles, also of others.
        numbers = [number for number in self._reading.recv(64) if number in self._old]
        if numbers:
            self._number = self._number or numbers[0]
            self.received.emit()
