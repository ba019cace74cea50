"""What keeps a Qt program with a busy Python thread fluid and alive."""

import gc
import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviz.errors import in_words

_SWITCH_SECONDS = 0.0005
_COLLECT_MS = 1000


def prefer_short_switches() -> None:
    """Let the window get the interpreter within half a millisecond while the worker runs Python code.

    With Python's default of 5 ms a display-rate timer is late by 25 ms at the 99th percentile.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


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
        """Give collection back to Python."""
        self._timer.stop()
        gc.enable()
        gc.unfreeze()

    @Slot()
    def _collect(self) -> None:
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation] > 0:
                gc.collect(generation)
                return


class ErrorReporter(QObject):
    """Shows exceptions that nothing else has caught to the user; the traceback goes to the log.

    * `show`: called in the GUI thread with one sentence.
    """

    _caught = Signal(str)

    def __init__(self, show: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._show = show
        self._previous = (sys.excepthook, threading.excepthook)
        self._caught.connect(self._on_caught)

    def install(self) -> None:
        """Replace the hooks; pyqtgraph replaces them too, so this comes after importing it."""
        self._previous = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        """Put the earlier hooks back."""
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

    @Slot(str)
    def _on_caught(self, text: str) -> None:
        self._show(text)
