"""What pyqtgraph draws for a content: its lines, bands, dots, and the names at the ends of lines."""

from itertools import zip_longest

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPen

from cnnviz.palette import DASHES
from ui.plots.plot_axes import Name
from ui.plots.plot_canvas import PlotCanvas
from ui.plots.plot_content import Line, PlotContent
from ui.theme import Theme, ui_font

#: Lines wider than this have a name in stronger letters, too.
_STRONG = 2.0

Stroke = tuple[NDArray[np.floating], NDArray[np.floating], QPen, QBrush | None]


def color_of(line: Line, theme: Theme) -> QColor:
    """Colour of a line in a theme."""
    return theme.color(line.color) if isinstance(line.color, str) else QColor(line.color[theme.is_dark])


class ContentItems:
    """Draws all of a content but its markers.

    Items are kept for the next content: to make and to add one takes longer than to draw it.

    Parameters
    ----------
    canvas : PlotCanvas
    """

    def __init__(self, canvas: PlotCanvas) -> None:
        self._canvas = canvas
        self._zeros = [canvas.make_line(angle) for angle in (0, 90)]
        self._strokes: list[pg.PlotCurveItem] = []
        self._spots = pg.ScatterPlotItem(antialias=True)
        for item in (*self._zeros, self._spots):
            canvas.plot_item.addItem(item, ignoreBounds=True)
            item.setZValue(0 if item is not self._spots else 9)

    def draw(self, content: PlotContent, theme: Theme) -> None:
        """Draw a content."""
        for line in self._zeros:
            line.setPen(self._canvas.pen(theme.color("border"), 1.0))
            line.setVisible(content.has_zeros)
        lines = sorted(content.lines, key=lambda line: line.width)
        dots = [dot for dot in content.dots if np.isfinite(dot.y)]
        strokes = [stroke for line in lines for stroke in self._line_strokes(line, theme)]
        for dot in dots:
            if dot.has_guides:
                pen = self._canvas.pen(theme.color(dot.role), 1.0, (4.0, 2.0))
                strokes.append((np.array([dot.x, dot.x, 0.0]), np.array([0.0, dot.y, dot.y]), pen, None))
        while len(self._strokes) < len(strokes):
            self._strokes.append(pg.PlotCurveItem(antialias=True))
            self._canvas.plot_item.addItem(self._strokes[-1], ignoreBounds=True)
            self._strokes[-1].setZValue(1 + 0.01 * len(self._strokes))
        for item, stroke in zip_longest(self._strokes, strokes):
            item.setVisible(stroke is not None)
            if stroke is not None:
                x, y, pen, brush = stroke
                item.setData(x, y, pen=pen, brush=brush, fillLevel=None if brush is None else "enclosed")
        self._spots.setData(
            x=[dot.x for dot in dots],
            y=[dot.y for dot in dots],
            size=theme.px(9),
            pen=self._canvas.pen(theme.color("surface"), 1.5),
            brush=[theme.color(dot.role) for dot in dots],
        )

    def _line_strokes(self, line: Line, theme: Theme) -> list[Stroke]:
        fine, color, strokes = np.isfinite(line.y), color_of(line, theme), list[Stroke]()
        x, y = line.x[fine], line.y[fine]
        if line.has_band and line.spread is not None:
            soft = QColor(color)
            soft.setAlphaF(0.16)
            spread = np.nan_to_num(line.spread[fine])
            edge = np.concatenate([x, x[::-1]]), np.concatenate([y + spread, (y - spread)[::-1]])
            strokes.append((*edge, QPen(Qt.PenStyle.NoPen), QBrush(soft)))
        return [*strokes, (x, y, self._canvas.pen(color, line.width, DASHES[line.style]), None)]


def end_names(content: PlotContent, theme: Theme) -> list[Name]:
    """Names of the lines, each where its line ends, and of the x axis below them."""
    small = ui_font(theme, theme.small_pt)
    names = [Name(0.0, content.x_label, theme.color("muted"), small, "below")]
    for line in content.lines:
        fine = line.y[np.isfinite(line.y)]
        if fine.size:
            weight = QFont.Weight.DemiBold if line.width > _STRONG else QFont.Weight.Normal
            font = ui_font(theme, theme.small_pt, weight)
            names.append(Name(float(fine[-1]), line.name, color_of(line, theme), font))
    return names
