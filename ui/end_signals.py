"""The signals by which the system ends a program: interrupt, log-out or shutdown, a closed terminal."""

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

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
        """Handle signals as before."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_file)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._reading.close()
        self._writing.close()

    @Slot()
    def _on_activated(self) -> None:
        # Python writes the numbers of all signals that it handles, also of others.
        numbers = [number for number in self._reading.recv(64) if number in self._old]
        if not self._number and numbers:
            self._number = numbers[0]
            self.received.emit()
