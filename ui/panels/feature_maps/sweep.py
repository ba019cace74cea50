"""The window of a layer slides over its input, cell by cell: state and clock of the sweep."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviz.drawing import Ask

SPEEDS = (1, 2, 4, 8, 15, 30, 60)
"""Cells a second."""

USUAL_SPEED = 3


@dataclass(frozen=True, slots=True)
class PlaySweep(Ask):
    """Let the sweep run, or pause it."""


@dataclass(frozen=True, slots=True)
class StepSweep(Ask):
    """Sweep one cell further."""


@dataclass(frozen=True, slots=True)
class EndSweep(Ask):
    """Leave the sweep."""


@dataclass(frozen=True, slots=True)
class SetSpeed(Ask):
    """Sweep at one of the `SPEEDS`, by its place."""

    place: int


class Sweep(QObject):
    """Position of the sweep, moved on by a clock.

    * `start`: return stage and shape (rows, columns) of the map to sweep; None if there is none.
    * `changed`: it has moved, begun, paused or ended.
    * `stage`: that is swept; None when there is no sweep.
    """

    changed = Signal()

    def __init__(
        self, start: Callable[[], tuple[str, tuple[int, int]] | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._start = start
        self.stage: str | None = None
        self._shape = (1, 1)
        self._place = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.step)
        self.set_speed(USUAL_SPEED)

    @property
    def is_playing(self) -> bool:
        """Whether the clock runs."""
        return self._timer.isActive()

    @property
    def place(self) -> tuple[str, int] | None:
        """Stage, and number of the cell computed last in reading order; None when there is no sweep."""
        return None if self.stage is None else (self.stage, self._place)

    @property
    def _last(self) -> int:
        return self._shape[0] * self._shape[1] - 1

    def stand_at(self, stage: str, shape: tuple[int, int], place: int) -> None:
        """Stand at the cell of this number, from 0, of a stage of `shape` (rows, columns); do not play."""
        self._timer.stop()
        self.stage, self._shape = stage, shape
        self._place = min(max(place, 0), self._last)
        self.changed.emit()

    def toggle(self) -> None:
        """Stop the clock, or let it run: from the beginning if there is no sweep, or it is done."""
        if self._timer.isActive():
            self._timer.stop()
        elif self.stage is not None or self._begin():
            if self._place == self._last:
                self._place = 0
            self._timer.start()
        self.changed.emit()

    @Slot()
    def step(self) -> None:
        """Move on by one cell; at the last one the clock stops."""
        self._place = min(self._place + 1, self._last)
        if self._place == self._last:
            self._timer.stop()
        self.changed.emit()

    def end(self) -> None:
        """Leave the sweep."""
        self._timer.stop()
        if self.stage is not None:
            self.stage = None
            self.changed.emit()

    def set_speed(self, place: int) -> None:
        """Choose one of the `SPEEDS`."""
        self.speed = place
        self._timer.setInterval(round(1000 / SPEEDS[place]))
        self.changed.emit()

    def answer(self, ask: Ask) -> None:
        """Do what its controls ask for."""
        match ask:
            case PlaySweep():
                self.toggle()
            case StepSweep() if self.stage is not None:
                self._timer.stop()
                self.step()
            case StepSweep():
                self._begin()
                self.changed.emit()
            case EndSweep():
                self.end()
            case SetSpeed(place):
                self.set_speed(place)
            case _:
                pass

    def _begin(self) -> bool:
        start = self._start()
        if start is not None:
            (self.stage, self._shape), self._place = start, 0
        return start is not None
