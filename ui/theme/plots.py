"""pyqtgraph in the colours of the theme: it does not read QPalette by itself."""

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from ui.theme.fonts import mono_font
from ui.theme.tokens import Theme


def configure_pyqtgraph() -> None:
    """Set the options that every plot relies on: rows first, smooth lines. Call it before the first plot."""
    pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)


def make_pen(
    theme: Theme,
    role: str,
    width: float = 1.0,
    ratio: float = 1.0,
    *,
    alpha: float = 1.0,
    dashed: bool = False,
) -> QPen:
    """Pen whose width does not change with the zoom of a plot.

    Parameters
    ----------
    theme : Theme
    role : str
        Colour role.
    width : float
        In logical pixels at scale 1.
    ratio : float
        Device pixels a logical pixel: Qt measures such a pen in device pixels.
    alpha : float
        Opacity, 0 to 1.
    dashed : bool

    Returns
    -------
    QPen
    """
    pen = QPen(theme.color(role, alpha), width * theme.scale * ratio)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern([3.0, 2.5])
    return pen


def style_plot(plot_item: pg.PlotItem, theme: Theme) -> None:
    """Dress a plot: ground, axes, numbers on the axes, grid.

    Parameters
    ----------
    plot_item : pyqtgraph.PlotItem
        Its left and bottom axes are shown, without ticks; the grid is drawn by the axes themselves.
    theme : Theme
    """
    plot_item.getViewBox().setBackgroundColor(None)
    view = plot_item.getViewWidget()
    ratio = 1.0 if view is None else view.devicePixelRatioF()
    if view is not None:
        view.setBackground(theme.color("surface"))
    font = mono_font(theme=theme)
    for side in ("left", "bottom"):
        axis = plot_item.getAxis(side)
        axis.setZValue(-200)  # below the curves: the axis draws the grid
        axis.setPen(make_pen(theme, "border", 1.0, ratio))
        axis.setTextPen(theme.color("muted"))
        axis.setTickPen(make_pen(theme, "border", 1.0, ratio, alpha=0.9))
        axis.setStyle(
            tickFont=font,
            tickLength=0,
            tickTextOffset=theme.px(6),
            maxTickLevel=0,
            hideOverlappingLabels=False,
        )
        axis.labelStyle = {"color": theme.muted, "font-size": f"{theme.small_pt:g}pt"}
        if axis.label is not None and axis.labelText:
            axis.setLabel(axis.labelText, units=axis.labelUnits, **axis.labelStyle)
