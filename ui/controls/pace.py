"""Not now, and not so often: a stream slowed down to what can be drawn, and a call put off."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal, SignalInstance


class Pace(QObject):
    """Passes values on at most once in an interval: the first at once, then the newest, the last always."""

    due = Signal(object)

    def __init__(self, milliseconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._milliseconds = milliseconds
        self._waiting: list[object] = []  # one value at most
        self._clock = QElapsedTimer()
        self._timer = single_shot(self, self.flush)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)

    def put(self, value: object = None) -> None:
        """Pass a value on, now or when its time comes."""
        self._waiting = [value]
        if self._timer.isActive():
            return
        rest = self._milliseconds - self._clock.elapsed() if self._clock.isValid() else 0
        if rest <= 0:
            self.flush()
        else:
            self._timer.start(rest)

    def flush(self) -> None:
        """Pass on at once what is waiting."""
        self._timer.stop()
        if self._waiting:
            value = self._waiting.pop()
            self.due.emit(value)
            # From the end of the work that the value has caused: something else gets its turn, too.
            self._clock.start()


def single_shot(parent: QObject, slot: Callable[[], None] | SignalInstance, milliseconds: int = 0) -> QTimer:
    """Return a timer that calls a slot, or sends a signal, once.

    Started anew before its time has come it begins to wait again: so a slot is called when changes pause.

    * `milliseconds`: how long after it was started; 0 for as soon as all events that have come
      meanwhile are dealt with.
    """
    timer = QTimer(parent, singleShot=True, interval=milliseconds)
    timer.timeout.connect(slot)
    return timer
