"""One curve of a plot: its points, its line and its entry in the legend."""

import numpy as np
import pyqtgraph as pg

from ui.plots.curve_legend import LegendEntry
from ui.plots.curve_style import CurveStyle
from ui.plots.decimate import MinMaxPyramid
from ui.plots.plot_range import extent
from ui.theme import Theme

#: Columns of pixels that are enough to find the smallest and the largest value of a curve.
_BINS = 500


class PlottedCurve:
    """Points and the items that draw them.

    * `label`: words in the legend and beside the cursor.
    * `role`: colour role.
    """

    def __init__(self, label: str, style: CurveStyle, role: str) -> None:
        self.label = label
        self.style = style
        self.role = role
        self.data = MinMaxPyramid()
        self.entry = LegendEntry(label, style, role)
        self._line = pg.PlotCurveItem()
        self._dots = pg.ScatterPlotItem(symbol="d") if style.points else None
        self.items = [item for item in (self._line, self._dots) if item is not None]
        for item in self.items:
            item.setZValue(style.layer)

    @property
    def is_shown(self) -> bool:
        """Whether there are points and the legend does not hide them."""
        return self.data.size > 0 and self.entry.isChecked()

    def set_theme(self, theme: Theme, ratio: float) -> None:
        """Restyle.

        * `ratio`: device pixels a logical pixel.
        """
        self._line.setPen(self.style.pen(theme, self.role, ratio))
        if self._dots is not None:
            self._dots.setPen(None)
            self._dots.setBrush(self.style.color(theme, self.role))
            self._dots.setSize(theme.px(8))

    def draw(self, x_lo: float, x_hi: float, bins: int, *, is_smooth: bool) -> None:
        """Draw what is between two abscissae, with as many points as some columns of pixels can show."""
        x, y = self.data.view(x_lo, x_hi, bins) if self.is_shown else (np.empty(0), np.empty(0))
        connect = "all" if np.isfinite(y).all() else "finite"
        self._line.setData(x, y, connect=connect, antialias=is_smooth)
        if self._dots is not None:
            fine = np.isfinite(y)
            self._dots.setData(x[fine], y[fine])

    def extent(self) -> tuple[float, float] | None:
        """Smallest and largest ordinate that should be in sight; None if none is finite."""
        y = self.data.y if self.style.outliers else self.data.view(-np.inf, np.inf, _BINS)[1]
        return extent(y, self.style.outliers)
