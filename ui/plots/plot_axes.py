"""Axes with the number formats of the program."""

import math

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from ui.controls.numbers import MINUS, format_count, format_value


class CountAxis(pg.AxisItem):
    """Axis of steps: whole numbers with commas between thousands."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of ticks; ticks between whole numbers have none."""
        return [format_count(round(value)) if abs(value - round(value)) < 1e-6 else "" for value in values]

    def boundingRect(self) -> QRectF:
        """Area of the axis, with room for the halves of numbers that stand at its ends."""
        return super().boundingRect().adjusted(-40, 0, 40, 0)


class ValueAxis(pg.AxisItem):
    """Axis of values: as few decimals as tell the ticks apart; powers of ten when logarithmic.

    There are no more numbers than stand clear of one another.
    """

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Distances between ticks, the largest first, each with the value that one of them lies at."""
        levels: list[tuple[float, float]] = list(super().tickSpacing(minVal, maxVal, size))
        font = self.style["tickFont"]
        if font is None or self.logMode or not levels:
            return levels
        spacing, at = levels[0]
        most = size / (1.1 * QFontMetricsF(font).height())
        while spacing > 0 and (maxVal - minVal) / spacing > max(most, 1.0):
            first = round(spacing / 10 ** math.floor(math.log10(spacing) + 1e-9))
            spacing *= 2.5 if first == 2 else 2.0  # 1, 2, 5, 10
        return [(spacing, at), *levels[1:]]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of ticks."""
        if self.logMode:
            return [format_value(10.0**value, 2) for value in values]
        text = f"{spacing:.6g}"
        decimals = len(text.split(".")[1]) if "." in text and "e" not in text else 0
        if spacing < 1e-5 or max((abs(value) for value in values), default=0) >= 1e6:
            return [format_value(value) for value in values]
        return [f"{value:.{decimals}f}".replace("-", MINUS) for value in values]

    def boundingRect(self) -> QRectF:
        """Area of the axis, with room for the halves of numbers that stand at its ends."""
        return super().boundingRect().adjusted(0, -20, 0, 20)
