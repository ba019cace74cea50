"""The window of a layer slides over its input, cell by cell: state, clock and controls of the sweep."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from ui.controls.buttons import IconButton
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.theme import Theme, follow_theme

SPEEDS = (1, 2, 4, 8, 15, 30, 60)
"""Cells a second."""

_USUAL_SPEED = 3
_ABOUT = (
    "the window of the layer slides over its input and the map appears cell by cell. "
    "Sweeps the stage of the marked cell"
)


class Sweep(QObject):
    """Position of the sweep, moved on by a clock.

    * `start`: return stage and shape (rows, columns) of the map to sweep; None if there is none.
    * `changed`: it has moved, begun, paused or ended.
    """

    changed = Signal()

    def __init__(
        self, start: Callable[[], tuple[str, tuple[int, int]] | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._start = start
        self._stage: str | None = None
        self._shape = (1, 1)
        self._place = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.step)
        self.set_speed(_USUAL_SPEED)

    @property
    def stage(self) -> str | None:
        """Stage that is swept; None when there is no sweep."""
        return self._stage

    @property
    def is_playing(self) -> bool:
        """Whether the clock runs."""
        return self._timer.isActive()

    @property
    def place(self) -> tuple[str, int] | None:
        """Stage, and number of the cell computed last in reading order; None when there is no sweep."""
        return None if self._stage is None else (self._stage, self._place)

    @property
    def _last(self) -> int:
        return self._shape[0] * self._shape[1] - 1

    def stand_at(self, stage: str, shape: tuple[int, int], place: int) -> None:
        """Stand at the cell of this number, from 0, of a stage of `shape` (rows, columns); do not play."""
        self._timer.stop()
        self._stage, self._shape = stage, shape
        self._place = min(max(place, 0), self._last)
        self.changed.emit()

    @Slot()
    def toggle(self) -> None:
        """Stop the clock, or let it run: from the beginning if there is no sweep, or it is done."""
        if self._timer.isActive():
            self._timer.stop()
        elif self._stage is not None or self._begin():
            if self._place == self._last:
                self._place = 0
            self._timer.start()
        self.changed.emit()

    @Slot()
    def go_on(self) -> None:
        """Stop the clock and move on by one cell; begin where there is no sweep."""
        self._timer.stop()
        if self._stage is None:
            self._begin()
            self.changed.emit()
        else:
            self.step()

    @Slot()
    def step(self) -> None:
        """Move on by one cell; at the last one the clock stops."""
        self._place = min(self._place + 1, self._last)
        if self._place == self._last:
            self._timer.stop()
        self.changed.emit()

    @Slot()
    def end(self) -> None:
        """Leave the sweep."""
        self._timer.stop()
        if self._stage is not None:
            self._stage = None
            self.changed.emit()

    @Slot(int)
    def set_speed(self, place: int) -> None:
        """Choose one of the `SPEEDS`."""
        self._timer.setInterval(round(1000 / SPEEDS[place]))

    def _begin(self) -> bool:
        start = self._start()
        if start is not None:
            (self._stage, self._shape), self._place = start, 0
        return start is not None


class SweepBar(QWidget):
    """Play or pause, one step, leave, and the speed."""

    def __init__(self, sweep: Sweep, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sweep = sweep
        self.play = IconButton("play", "Play the sweep", _ABOUT)
        self.step = IconButton("step-forward", "Sweep one cell further")
        self.end = IconButton("x", "Leave the sweep", "", "Esc")
        self.speed = named(QSlider(Qt.Orientation.Horizontal), "Speed of the sweep")
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setValue(_USUAL_SPEED)
        self._show_speed(_USUAL_SPEED)
        fill(
            QHBoxLayout(self),
            named(QLabel("Sweep"), role="muted"),
            self.play,
            self.step,
            self.end,
            self.speed,
            spacing=4,
        )
        self.end.hide()
        self.play.clicked.connect(sweep.toggle)
        self.step.clicked.connect(sweep.go_on)
        self.end.clicked.connect(sweep.end)
        self.speed.valueChanged.connect(sweep.set_speed)
        self.speed.valueChanged.connect(self._show_speed)
        sweep.changed.connect(self._draw)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the slider."""
        self.speed.setFixedWidth(theme.px(84))

    @Slot()
    def _draw(self) -> None:
        playing = self._sweep.is_playing
        name = "Pause the sweep" if playing else "Play the sweep"
        if self.play.accessibleName() != name:
            self.play.set_icon("pause" if playing else "play", name)
            if not playing:
                self.play.setToolTip(f"{name}: {_ABOUT}")
        self.end.setVisible(self._sweep.stage is not None)

    @Slot(int)
    def _show_speed(self, place: int) -> None:
        self.speed.setToolTip(f"Speed of the sweep: {SPEEDS[place]} cells a second")
