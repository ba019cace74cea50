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

    Parameters
    ----------
    side : {"left", "bottom"}
    counts : bool
        Whether only whole numbers are written.
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
    """A text beside a plot, at a value of the axis.

    `lead` is "middle"; above a plot also "start", to begin there; at its right "below", at the end of the
    x axis.
    """

    at: float
    text: str
    color: QColor
    font: QFont
    lead: str = "middle"


class NameAxis(pg.AxisItem):
    """Texts in place of numbers, at the right of a plot or above it, moved apart where they would overlap."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self._names: tuple[Name, ...] = ()
        self._gap = -1

    def set_names(self, names: Sequence[Name], gap: int) -> None:
        """Write other names, with some pixels between plot and text; without any, take no room."""
        names = tuple(sorted(names, key=lambda name: -name.at))
        if (names, gap) == (self._names, self._gap):
            return
        self._names, self._gap = names, gap
        metrics = [QFontMetricsF(name.font) for name in names]
        if self.orientation == "right":
            widths = [each.horizontalAdvance(name.text) for each, name in zip(metrics, names, strict=True)]
            self.setWidth(round(max(widths, default=0)) + (gap + 1 if names else 0))
        else:
            self.setHeight(round(max((each.height() for each in metrics), default=0)))
        self.setVisible(bool(names))
        self.update()

    def boundingRect(self) -> QRectF:
        """Area of the axis, with room for texts that stand at its ends."""
        across, along = (0, 24) if self.orientation == "right" else (40, 0)
        return QRectF(self.rect()).adjusted(-across, -along, across, along)

    def paint(self, p: QPainter, opt: Any, widget: Any) -> None:
        """Write the names."""
        if self.orientation == "right":
            places = self._places_right()
        else:
            places = [self._place_above(name) for name in self._names]
        for name, place in zip(self._names, places, strict=True):
            p.setFont(name.font)
            p.setPen(name.color)
            p.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name.text)

    def _places_right(self) -> list[QRectF]:
        (lo, hi), size = self.range, self.size()
        line = max((QFontMetricsF(name.font).height() for name in self._names), default=0.0)
        beside = [name for name in self._names if name.lead != "below"]
        wanted = [size.height() * (hi - name.at) / (hi - lo) - line / 2 for name in beside]
        tops = iter(spread_out(wanted, line - 1, -10, size.height() - line + 6))
        return [
            QRectF(self._gap, size.height() + 6 if name.lead == "below" else next(tops), size.width(), line)
            for name in self._names
        ]

    def _place_above(self, name: Name) -> QRectF:
        (lo, hi), size = self.range, self.size()
        width = QFontMetricsF(name.font).horizontalAdvance(name.text) + 2
        left = size.width() * (name.at - lo) / (hi - lo) - (width / 2 if name.lead == "middle" else 0)
        return QRectF(min(max(left, -30.0), size.width() + 8 - width), 0, width, size.height())


def spread_out(tops: Sequence[float], height: float, lowest: float, highest: float) -> list[float]:
    """Move labels, sorted by height, as little as is needed for none to cover another.

    Parameters
    ----------
    tops : sequence of float
        Where the labels would like to begin, rising.
    height : float
        Of a label.
    lowest, highest : float
        Between these the labels begin, if they all fit.
    """
    placed = list(tops)
    for place in range(len(placed)):
        floor = lowest if place == 0 else placed[place - 1] + height
        placed[place] = max(placed[place], floor)
    for place in reversed(range(len(placed))):
        ceiling = highest if place == len(placed) - 1 else placed[place + 1] - height
        placed[place] = min(placed[place], ceiling)
    return placed
