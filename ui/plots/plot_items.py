"""What pyqtgraph draws for a content: its lines and dots."""

from itertools import zip_longest

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QPen

from ui.plots.plot_canvas import PlotCanvas
from ui.plots.plot_content import Line, PlotContent
from ui.theme import Theme

Stroke = tuple[NDArray[np.floating], NDArray[np.floating], QPen]


def color_of(line: Line, theme: Theme) -> QColor:
    """Colour of a line in a theme."""
    return theme.color(line.color) if isinstance(line.color, str) else QColor(line.color[theme.is_dark])


class ContentItems:
    """Draws all of a content but its markers.

    Items are kept for the next content: to make and to add one takes longer than to draw it.
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
        strokes = [self._line_stroke(line, theme) for line in lines]
        for dot in dots:
            if dot.has_guides:
                pen = self._canvas.pen(theme.color(dot.role), 1.0, (4.0, 2.0))
                strokes.append((np.array([dot.x, dot.x, 0.0]), np.array([0.0, dot.y, dot.y]), pen))
        while len(self._strokes) < len(strokes):
            self._strokes.append(pg.PlotCurveItem(antialias=True))
            self._canvas.plot_item.addItem(self._strokes[-1], ignoreBounds=True)
            self._strokes[-1].setZValue(1 + 0.01 * len(self._strokes))
        for item, stroke in zip_longest(self._strokes, strokes):
            item.setVisible(stroke is not None)
            if stroke is not None:
                x, y, pen = stroke
                item.setData(x, y, pen=pen)
        self._spots.setData(
            x=[dot.x for dot in dots],
            y=[dot.y for dot in dots],
            size=theme.px(9),
            pen=self._canvas.pen(theme.color("surface"), 1.5),
            brush=[theme.color(dot.role) for dot in dots],
        )

    def _line_stroke(self, line: Line, theme: Theme) -> Stroke:
        fine = np.isfinite(line.y)
        return line.x[fine], line.y[fine], self._canvas.pen(color_of(line, theme), line.width)
