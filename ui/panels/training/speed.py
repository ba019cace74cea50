"""How fast training runs, from one step a second to as fast as the machine can."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from cnnviz.quantities import format_value
from ui.controls.layouts import fill
from ui.controls.naming import named

PACES: tuple[float | None, ...] = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, None)
"""Steps a second that the slider offers; None is full speed."""


class SpeedControl(QWidget):
    """A slider over paces; its right end is full speed.

    Signals
    -------
    speedRequested : float or None
        Steps a second; None is full speed.
    """

    speedRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = "Steps a second, from slow motion to full speed. May be changed while training runs."
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "Training speed", tip)
        self.slider.setRange(0, len(PACES) - 1)
        self.slider.setPageStep(2)
        self._value = named(QLabel(), role="mono")
        label = named(QLabel("Speed"), role="muted")
        label.setBuddy(self.slider)
        header = fill(QHBoxLayout(), (label, 1), self._value)
        fill(QVBoxLayout(self), header, self.slider, spacing=2)
        self.set_speed(None)
        self.slider.valueChanged.connect(self._on_slider_moved)

    def set_speed(self, steps_per_second: float | None) -> None:
        """Show a pace."""
        position = PACES.index(steps_per_second) if steps_per_second in PACES else len(PACES) - 1
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(position)
        self.slider.blockSignals(blocked)
        self._value.setText(
            "full" if steps_per_second is None else f"{format_value(steps_per_second)} steps/s"
        )

    def _on_slider_moved(self, position: int) -> None:
        self.set_speed(PACES[position])
        self.speedRequested.emit(PACES[position])
