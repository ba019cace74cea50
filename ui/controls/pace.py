"""Slows a stream of values down to what can be drawn."""

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal


class Pace(QObject):
    """Passes values on at most once in an interval: the first at once, then the newest, the last always.

    Parameters
    ----------
    milliseconds : int
        Shortest time between two values.
    parent : QObject, optional
    """

    #: A value whose time has come.
    due = Signal(object)

    def __init__(self, milliseconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._milliseconds = milliseconds
        self._waiting: list[object] = []  # one value at most
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.flush)

    def put(self, value: object) -> None:
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

    def drop(self) -> None:
        """Forget what is waiting."""
        self._timer.stop()
        self._waiting.clear()
