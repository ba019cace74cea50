"""pyqtgraph in the colours of the theme: it does not read QPalette by itself."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from ui.theme.tokens import Theme, mono_font

if TYPE_CHECKING:
    import pyqtgraph as pg  # at run time the frame of the window appears before it is loaded


def make_pen(color: QColor, width: float = 1.0, dashes: Sequence[float] = ()) -> QPen:
    """Pen whose width does not change with the zoom of a plot.

    * `width`: in device pixels: Qt measures such a pen in them.
    """
    pen = QPen(color, width)
    pen.setCosmetic(True)
    # Sharp turns of a noisy curve would be spikes with mitred joins, and slow with round joins or caps.
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    if dashes:
        pen.setDashPattern(list(dashes))
    return pen


def style_plot(plot_item: "pg.PlotItem", theme: Theme) -> None:
    """Dress a plot: ground, left and bottom axes without ticks, their numbers, the grid, which they draw."""
    plot_item.getViewBox().setBackgroundColor(None)
    view = plot_item.getViewWidget()
    ratio = 1.0 if view is None else view.devicePixelRatioF()
    if view is not None:
        view.setBackground(theme.color("surface"))
    font = mono_font(theme=theme)
    for side in ("left", "bottom"):
        axis = plot_item.getAxis(side)
        axis.setZValue(-200)  # below the curves: the axis draws the grid
        axis.setPen(make_pen(theme.color("border"), theme.scale * ratio))
        axis.setTextPen(theme.color("muted"))
        axis.setTickPen(make_pen(theme.color("border", 0.9), theme.scale * ratio))
        axis.setStyle(
            tickFont=font,
            tickLength=0,
            tickTextOffset=theme.px(6),
            maxTickLevel=0,
            hideOverlappingLabels=False,
        )
