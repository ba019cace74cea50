"""Axes with the number formats of the program, and the names that stand beside a plot."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from cnnviz.notation import format_ticks
from cnnviz.quantities import format_count

#: Room at the right of a plot for the half of a number.
MARGIN = 12


class NumberAxis(pg.AxisItem):
    """Axis whose numbers have as few decimals as tell them apart.

    There are no more numbers than stand clear of one another.

    * `counts`: whether only whole numbers are written.
    """

    def __init__(self, side: str, *, counts: bool = False) -> None:
        super().__init__(side)
        self._counts = counts
        self.enableAutoSIPrefix(False)

    def set_counts(self, counts: bool) -> None:
        """Write only whole numbers, or all."""
        self._counts, self.picture = counts, None
        self.update()

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Distances between ticks, the largest first, each with the value that one of them lies at."""
        levels: list[tuple[float, float]] = list(super().tickSpacing(minVal, maxVal, size))
        font = self.style["tickFont"]
        if font is None or not levels or self.orientation != "left":
            return levels
        spacing, at = levels[0]
        most = size / (1.1 * QFontMetricsF(font).height())
        while spacing > 0 and (maxVal - minVal) / spacing > max(most, 1.0):
            first = round(spacing / 10 ** math.floor(math.log10(spacing) + 1e-9))
            spacing *= 2.5 if first == 2 else 2.0  # 1, 2, 5, 10
        return [(spacing, at), *levels[1:]]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of ticks; of counts, ticks between whole numbers have none."""
        if self._counts:
            return [
                format_count(round(value)) if abs(value - round(value)) < 1e-6 else "" for value in values
            ]
        return format_ticks(values)

    def setStyle(self, **kwds: Any) -> None:
        """Keep room below the plot for a line of the font; pyqtgraph would find its height when it paints."""
        if kwds.get("tickFont") is not None:
            self.textHeight = QFontMetricsF(kwds["tickFont"]).height()
        super().setStyle(**kwds)

    def _updateMaxTextSize(self, x: int) -> None:
        """Take the room at the left that the present numbers need, without what is kept of earlier ones."""
        if self.orientation == "left":
            self.textWidth = min(self.textWidth, x)
            super()._updateMaxTextSize(x)

    def generateDrawSpecs(self, p: QPainter) -> Any:
        """Lines and texts of the axis; a number at its right end is moved into the plot."""
        specs: Any = super().generateDrawSpecs(p)
        if specs is None or self.orientation == "left":
            return specs
        line, ticks, texts = specs
        right = self.width() + MARGIN
        return line, ticks, [(r.translated(min(right - r.right(), 0), 0), *more) for r, *more in texts]

    def boundingRect(self) -> QRectF:
        """Area of the axis, with room for the halves of numbers that stand at its ends."""
        along, across = (0, 20) if self.orientation == "left" else (40, 0)
        return super().boundingRect().adjusted(-along, -across, along, across)


class Name(NamedTuple):
    """A text above a plot, at a value of the axis: in its middle, or with `lead` "start" from there on."""

    at: float
    text: str
    color: QColor
    font: QFont
    lead: str = "middle"


class NameAxis(pg.AxisItem):
    """Texts in place of numbers, above a plot."""

    def __init__(self) -> None:
        super().__init__("top")
        self._names: tuple[Name, ...] = ()
        self._is_new = True

    def set_names(self, names: Sequence[Name]) -> None:
        """Write other names; without any, take no room."""
        names = tuple(names)
        if names == self._names and not self._is_new:
            return
        self._names, self._is_new = names, False
        self.setHeight(round(max((QFontMetricsF(name.font).height() for name in names), default=0)))
        self.setVisible(bool(names))
        self.update()

    def boundingRect(self) -> QRectF:
        """Area of the axis, with room for texts that stand at its ends."""
        return QRectF(self.rect()).adjusted(-40, 0, 40, 0)

    def paint(self, p: QPainter, opt: Any, widget: Any) -> None:
        """Write the names."""
        for name in self._names:
            p.setFont(name.font)
            p.setPen(name.color)
            p.drawText(
                self._place_of(name), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name.text
            )

    def _place_of(self, name: Name) -> QRectF:
        (lo, hi), size = self.range, self.size()
        width = QFontMetricsF(name.font).horizontalAdvance(name.text) + 2
        left = size.width() * (name.at - lo) / (hi - lo) - (width / 2 if name.lead == "middle" else 0)
        return QRectF(min(max(left, -30.0), size.width() + 8 - width), 0, width, size.height())
