"""How fast training runs, from one step a second to as fast as the machine can."""

from bisect import bisect_right

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from cnnviz.quantities import format_value
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.state import AppState

_SLOWER = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
PACES: tuple[float | None, ...] = (*_SLOWER, None)
"""Steps a second that the slider offers; None is full speed."""


class SpeedControl(QWidget):
    """A slider over paces; its right end is full speed."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        tip = "Steps a second, from slow motion to full speed. May be changed while training runs."
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "Training speed", tip)
        self.slider.setRange(0, len(PACES) - 1)
        self.slider.setPageStep(2)
        self._value = named(QLabel(), role="mono")
        label = named(QLabel("Speed"), role="muted")
        label.setBuddy(self.slider)
        header = fill(QHBoxLayout(), (label, 1), self._value)
        fill(QVBoxLayout(self), header, self.slider, spacing=2)
        self._draw()
        state.speedChanged.connect(self._draw)
        self.slider.valueChanged.connect(self._on_slider_moved)
        # The slider is left to the hand that holds it.
        self.slider.sliderPressed.connect(lambda: self._on_slider_moved(self.slider.value()))

    @Slot()
    def _draw(self) -> None:
        """Show the chosen pace, or the one for now on the way there, with which the slider moves."""
        rising_pace = self._state.rising_pace
        shown = self._state.steps_per_second if rising_pace is None else rising_pace
        position = len(_SLOWER) if shown is None else max(bisect_right(_SLOWER, shown) - 1, 0)
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(position)
        self.slider.blockSignals(blocked)
        if rising_pace is not None:
            self._value.setText(f"{format_value(_SLOWER[position])} steps/s, rising")
        else:
            self._value.setText("full" if shown is None else f"{format_value(shown)} steps/s")

    def _on_slider_moved(self, position: int) -> None:
        self._state.set_speed(PACES[position])
