"""A slider over powers of ten, with its number beside it."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from cnnviz.quantities import format_value
from ui.controls.layouts import fill
from ui.theme import Theme, follow_theme, mono_font

_STEPS = 3  # a decade is divided 1, 2, 5
_MANTISSAS = (1.0, 2.0, 5.0)


class PowerSlider(QWidget):
    """Positive number in the steps 1, 2 and 5 of each decade.

    * `name`: written at the left; also part of the accessible name.
    * `lowest`, `highest`: exponents of ten of the ends.
    """

    #: The number, when the user has changed it.
    valueEdited = Signal(float)

    def __init__(self, name: str, lowest: int, highest: int, value: float) -> None:
        super().__init__()
        self._lowest = lowest
        self._name = QLabel(name)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS * (highest - lowest))
        self.slider.setPageStep(_STEPS)
        self.slider.setAccessibleName(name)
        self._number = QLabel()
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        fill(QHBoxLayout(self), self._name, (self.slider, 1), self._number, spacing=8)
        self.set_value(value)
        self.slider.valueChanged.connect(self._on_value_changed)
        follow_theme(self)

    def value(self) -> float:
        """Number chosen."""
        return self._value_at(self.slider.value())

    def set_value(self, value: float) -> None:
        """Choose the nearest number of the slider; no signal."""
        place = min(
            range(self.slider.maximum() + 1),
            key=lambda each: abs(math.log10(self._value_at(each)) - math.log10(value)),
        )
        self.slider.blockSignals(True)
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        self._number.setText(format_value(self.value()))

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        font = mono_font(theme.base_pt * 0.95, theme=theme)
        self._number.setFont(font)
        # Of the font, not of the label: out of sight that keeps its former style, and asks for its room.
        self._number.setFixedWidth(QFontMetrics(font).horizontalAdvance("0.0005"))

    def _value_at(self, place: int) -> float:
        decade, part = divmod(place, _STEPS)
        return float(f"{_MANTISSAS[part]:g}e{self._lowest + decade}")

    def _on_value_changed(self, place: int) -> None:
        value = self._value_at(place)
        self._number.setText(format_value(value))
        self.valueEdited.emit(value)
