"""Plays the moments of a run one after another."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

#: Moments a second to choose from.
SPEEDS = (5, 15, 30, 60)
_USUAL_SPEED = 15


class Film(QObject):
    """Asks for the next moments at a steady pace; leaves some out when they cannot be drawn fast enough.

    * `advance`: shows the moment so many later; returns whether there are more after it.
    """

    #: Whether the film runs, when that has changed.
    playingChanged = Signal(bool)

    def __init__(self, advance: Callable[[int], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._advance = advance
        self._speed = _USUAL_SPEED
        self._shown = 0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_timeout)

    def is_playing(self) -> bool:
        """Whether the film runs."""
        return self._timer.isActive()

    def speed(self) -> int:
        """Moments a second."""
        return self._speed

    def set_speed(self, speed: int) -> None:
        """Choose how many moments a second are shown."""
        self._speed = speed
        if self.is_playing():
            self._begin()

    def play(self) -> None:
        """Run on from the moment that is shown."""
        if not self.is_playing():
            self._begin()
            self.playingChanged.emit(True)

    def stop(self) -> None:
        """Stand still."""
        if self.is_playing():
            self._timer.stop()
            self.playingChanged.emit(False)

    def _begin(self) -> None:
        self._shown = 0
        self._clock.start()
        self._timer.start(round(1000 / self._speed))

    def _on_timeout(self) -> None:
        # A timer that came a little early must not lose a moment.
        due = int((self._clock.elapsed() + 4) * self._speed / 1000) - self._shown
        if due <= 0:
            return
        self._shown += due
        if not self._advance(due):
            self.stop()
