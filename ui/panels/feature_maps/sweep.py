"""The window of a layer slides over its input, cell by cell: state, clock and controls of the sweep."""

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from ui.controls.buttons import IconButton
from ui.controls.layouts import fill
from ui.theme import Theme, follow_theme

SPEEDS = (1, 2, 4, 8, 15, 30, 60)
"""Cells a second."""


class Sweep(QObject):
    """Position of the sweep, moved on by a clock.

    Parameters
    ----------
    parent : QObject, optional

    Signals
    -------
    changed
        It has moved, begun, paused or ended.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage: str | None = None
        self._shape = (1, 1)
        self._place = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.step)
        self.set_speed(SPEEDS[3])

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

    def begin(self, stage: str, shape: tuple[int, int]) -> None:
        """Stand at the first cell of a stage of `shape` (rows, columns), without playing."""
        self._stage, self._shape, self._place = stage, shape, 0
        self.changed.emit()

    def play(self) -> None:
        """Let the clock run; from the beginning if the sweep is done."""
        if self._stage is None:
            return
        if self._place + 1 >= self._shape[0] * self._shape[1]:
            self._place = 0
        self._timer.start()
        self.changed.emit()

    def pause(self) -> None:
        """Stop the clock where it is."""
        if self._timer.isActive():
            self._timer.stop()
            self.changed.emit()

    def step(self) -> None:
        """Move on by one cell; at the last one the clock stops."""
        if self._stage is None:
            return
        last = self._shape[0] * self._shape[1] - 1
        self._place = min(self._place + 1, last)
        if self._place == last:
            self._timer.stop()
        self.changed.emit()

    def jump(self, place: int) -> None:
        """Stand at the cell of this number, from 0, without playing."""
        self._timer.stop()
        self._place = min(max(place, 0), self._shape[0] * self._shape[1] - 1)
        self.changed.emit()

    def end(self) -> None:
        """Leave the sweep."""
        self._timer.stop()
        if self._stage is not None:
            self._stage = None
            self.changed.emit()

    def set_speed(self, cells_per_second: int) -> None:
        """Change the pace."""
        self._timer.setInterval(round(1000 / cells_per_second))


class SweepBar(QWidget):
    """Play or pause, one step, leave, and the speed.

    Signals
    -------
    playRequested, stepRequested, endRequested
    speedRequested : int
        Cells a second.
    """

    playRequested = Signal()
    stepRequested = Signal()
    endRequested = Signal()
    speedRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel("Sweep")
        self._label.setProperty("role", "muted")
        self.play = IconButton("play", "Play the sweep", _ABOUT)
        self.step = IconButton("step-forward", "Sweep one cell further")
        self.end = IconButton("x", "Leave the sweep", "", "Esc")
        self.speed = QSlider(Qt.Orientation.Horizontal)
        self.speed.setRange(0, len(SPEEDS) - 1)
        self.speed.setValue(3)
        self.speed.setAccessibleName("Speed of the sweep")
        self._show_speed()
        fill(QHBoxLayout(self), self._label, self.play, self.step, self.end, self.speed, spacing=4)
        self.end.hide()
        self.play.clicked.connect(self.playRequested)
        self.step.clicked.connect(self.stepRequested)
        self.end.clicked.connect(self.endRequested)
        self.speed.valueChanged.connect(self._on_speed_moved)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the slider."""
        self.speed.setFixedWidth(theme.px(84))

    def show_sweep(self, sweep: Sweep) -> None:
        """Show whether it plays, and what."""
        playing = sweep.is_playing
        name = "Pause the sweep" if playing else "Play the sweep"
        if self.play.accessibleName() != name:
            self.play.set_icon("pause" if playing else "play", name)
            if not playing:
                self.play.setToolTip(f"{name}: {_ABOUT}")
        self.end.setVisible(sweep.stage is not None)

    def _on_speed_moved(self, place: int) -> None:
        self._show_speed()
        self.speedRequested.emit(SPEEDS[place])

    def _show_speed(self) -> None:
        self.speed.setToolTip(f"Speed of the sweep: {SPEEDS[self.speed.value()]} cells a second")


_ABOUT = (
    "the window of the layer slides over its input and the map appears cell by cell. "
    "Sweeps the stage of the marked cell"
)
