"""Curves against the step: fluid with a million points, steady while they arrive, readable by pointer."""

from typing import Any, override

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ui.theme import LIGHT, Theme, follow_theme
from ui.theme.plots import make_pen, style_plot
from ui.widgets.buttons import IconButton
from ui.widgets.curve_style import CURVE_STYLES, CurveStyle, LegendEntry
from ui.widgets.decimate import MinMaxPyramid
from ui.widgets.numbers import format_count, format_value
from ui.widgets.plot_axes import CountAxis, ValueAxis
from ui.widgets.plot_range import SteadyRange, extent
from ui.widgets.plot_readout import PlotReadout


class _ViewBox(pg.ViewBox):
    """Area of a plot whose double click asks for the whole."""

    wholeRequested = Signal()

    def mouseDoubleClickEvent(self, event: Any) -> None:
        """Ask for the whole."""
        event.accept()
        self.wholeRequested.emit()


class _Curve:
    """Data, line and legend of one curve."""

    def __init__(self, label: str, style: CurveStyle, role: str) -> None:
        self.label = label
        self.style = style
        self.role = role
        self.data = MinMaxPyramid()
        self.visible = True
        self.line = pg.PlotCurveItem(skipFiniteCheck=False)
        self.dots = pg.ScatterPlotItem(symbol="d", pxMode=True) if style.points else None
        self.entry = LegendEntry(label, style, role)
        self.line.setZValue(style.layer)
        if self.dots is not None:
            self.dots.setZValue(style.layer)

    def set_theme(self, theme: Theme, ratio: float) -> None:
        self.line.setPen(self.style.pen(theme, self.role, ratio))
        if self.dots is not None:
            self.dots.setPen(None)
            self.dots.setBrush(self.style.color(theme, self.role))
            self.dots.setSize(theme.px(8))

    def draw(self, x_lo: float, x_hi: float, bins: int, log_y: bool) -> None:
        x, y = self.data.view(x_lo, x_hi, bins) if self.visible else (np.empty(0), np.empty(0))
        y = _to_axis(y, log_y)
        self.line.setData(x, y, connect="all" if np.isfinite(y).all() else "finite")
        if self.dots is not None:
            fine = np.isfinite(y)
            self.dots.setData(x[fine], y[fine])

    def nearest(self, x: float) -> tuple[float, float] | None:
        """Point nearest to an abscissa."""
        xs = self.data.x
        if not self.visible or not xs.size:
            return None
        place = int(np.searchsorted(xs, x))
        place = min(max(place, 0), xs.size - 1)
        if place > 0 and abs(xs[place - 1] - x) <= abs(xs[place] - x):
            place -= 1
        return float(xs[place]), float(self.data.y[place])


class CurvePlot(QWidget):
    """Named curves under one title, with a legend, a cursor and a zoom.

    The wheel and dragging zoom and move; a double click or the key A shows the whole again. The arrow keys
    move the cursor, plus and minus zoom.

    Parameters
    ----------
    title : str
    x_label, y_label : str
        What the axes say; an empty text takes no room.
    parent : QWidget, optional
    """

    #: Abscissa under the pointer or the keyboard's cursor.
    hovered = Signal(float)

    def __init__(
        self, title: str, x_label: str = "step", y_label: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._x_label = x_label
        self._curves: dict[str, _Curve] = {}
        self._x_limit: float | None = None
        self._y_fixed: tuple[float | None, float | None] = (None, None)
        self._x_steady, self._y_steady = SteadyRange(), SteadyRange()
        self._log_y = False
        self._zoomed = False
        self._setting_range = False
        self._stale = False
        self._cursor_x: float | None = None
        self._build_widgets(title, x_label, y_label)
        self._build_layout()
        self._connect_signals()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        follow_theme(self)
        self._update_ranges()

    # -- curves --------------------------------------------------------------------------------------------

    @property
    def plot_item(self) -> pg.PlotItem:
        """The pyqtgraph plot, for export."""
        return self._plot

    def add_curve(self, name: str, label: str, style: str = "smooth", role: str = "accent") -> None:
        """Announce a curve.

        Parameters
        ----------
        name : str
            Key for the other methods.
        label : str
            Words in the legend and beside the cursor.
        style : {"raw", "smooth", "test", "ghost"}
            Thin and pale; strong; dashed with diamonds; grey.
        role : str
            Colour role.

        Raises
        ------
        ValueError
            If the name is taken, or there is no such style.
        """
        if name in self._curves or style not in CURVE_STYLES:
            raise ValueError(
                f"A curve needs a new name and one of the styles {', '.join(CURVE_STYLES)}. "
                f"Got {name!r} and {style!r}."
            )
        curve = _Curve(label, CURVE_STYLES[style], role)
        self._curves[name] = curve
        curve.set_theme(self._theme, self.devicePixelRatioF())
        self._plot.addItem(curve.line)
        if curve.dots is not None:
            self._plot.addItem(curve.dots)
        self._legend.addWidget(curve.entry)
        curve.entry.toggled.connect(self._on_legend_toggled)

    def set_curve(self, name: str, x: ArrayLike, y: ArrayLike) -> None:
        """Replace the points of a curve.

        Parameters
        ----------
        name : str
        x, y : array_like of shape (n,)
            `x` rises; values of `y` that are not finite are gaps.

        Raises
        ------
        KeyError, ValueError
            If there is no such curve, or the points are not as they should be.
        """
        self._curves[name].data = MinMaxPyramid(x, y)
        self._refresh()

    def append_curve(self, name: str, x: ArrayLike, y: ArrayLike) -> None:
        """Add points at the end of a curve, at a cost in proportion to their number.

        Parameters
        ----------
        name : str
        x, y : array_like of shape (m,)
        """
        self._curves[name].data.extend(x, y)
        self._refresh()

    def curve(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All points of a curve."""
        return self._curves[name].data.x, self._curves[name].data.y

    def clear_curve(self, name: str) -> None:
        """Remove the points of a curve."""
        self.set_curve(name, (), ())

    def clear(self) -> None:
        """Remove the points of all curves and begin a new view."""
        for curve in self._curves.values():
            curve.data = MinMaxPyramid()
        self._x_steady.reset()
        self._y_steady.reset()
        self._zoomed = False
        self._set_cursor(None)
        self._refresh()

    def set_curve_visible(self, name: str, visible: bool) -> None:
        """Show or hide a curve, as its entry in the legend does."""
        self._curves[name].entry.setChecked(visible)

    # -- view ----------------------------------------------------------------------------------------------

    def set_x_limit(self, limit: float | None) -> None:
        """Fix the right end of the x axis, such as the number of steps planned; None lets it grow."""
        self._x_limit = limit
        self._x_steady.reset()
        self._refresh()

    def set_y_bounds(self, lo: float | None, hi: float | None) -> None:
        """Fix ends of the y axis; an end that is None follows the data."""
        self._y_fixed = (lo, hi)
        self._y_steady.reset()
        self._refresh()

    def set_log_y(self, log_y: bool) -> None:
        """Draw y on a logarithmic axis, or not; values that are not positive are gaps then."""
        self._log_y = log_y
        self._plot.getAxis("left").setLogMode(y=log_y)
        self._y_steady.reset()
        self._zoomed = False
        self._refresh()

    def is_log_y(self) -> bool:
        """Whether the y axis is logarithmic."""
        return self._log_y

    def is_zoomed(self) -> bool:
        """Whether the user has chosen another view than the whole."""
        return self._zoomed

    def view_range(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ends of the x axis and of the y axis; of the logarithm where y is logarithmic."""
        (x_lo, x_hi), (y_lo, y_hi) = self._view.viewRange()
        return (x_lo, x_hi), (y_lo, y_hi)

    def reset_view(self) -> None:
        """Show the whole."""
        self._zoomed = False
        self._x_steady.reset()
        self._y_steady.reset()
        self._refresh()

    def set_marker_x(self, x: float | None) -> None:
        """Mark an abscissa, such as the step that the time line stands at; None for no mark."""
        self._marker.setVisible(x is not None)
        if x is not None:
            self._marker.setValue(x)

    def set_placeholder(self, text: str) -> None:
        """Text in the middle while there are no points: what to do to get some."""
        self._empty.setText(text)
        self._place_empty()

    def readout_text(self) -> str:
        """What the box beside the cursor says; "" while there is none."""
        return self._readout.text() if self._readout.isVisibleTo(self._widget) else ""

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        ratio = self.devicePixelRatioF()
        style_plot(self._plot, theme)
        self._plot.getAxis("left").setWidth(theme.px(48))
        self._marker.setPen(make_pen(theme, "winner", 1.5, ratio, dashed=True))
        self._cross.setPen(make_pen(theme, "muted", 1.0, ratio))
        self._header.setSpacing(theme.px(2))
        for curve in self._curves.values():
            curve.set_theme(theme, ratio)
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self._theme.px(220))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(max(self._header.minimumSize().width(), self._theme.px(200)), self._theme.px(120))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.set_theme(self._theme)
        return super().event(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_empty()
        self._draw_curves()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._set_cursor(None)
        super().leaveEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_A and not event.modifiers():
            self.reset_view()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._move_cursor(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._view.scaleBy((0.8, 0.8))
        elif key == Qt.Key.Key_Minus:
            self._view.scaleBy((1.25, 1.25))
        else:
            super().keyPressEvent(event)

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self, title: str, x_label: str, y_label: str) -> None:
        self._title = QLabel(title)
        self._title.setProperty("role", "title")
        self._whole = IconButton("maximize", "Show the whole", "or double-click in the plot", "A")
        self._whole.setProperty("kind", "quiet")
        self._whole.hide()
        self._view = _ViewBox(enableMenu=False)
        axes = {"left": ValueAxis("left"), "bottom": CountAxis("bottom")}
        self._widget = pg.PlotWidget(viewBox=self._view, axisItems=axes, enableMenu=False)
        # pyqtgraph makes this menu without a parent, also when it is never shown: it would outlive the window.
        menu = self._widget.getPlotItem().ctrlMenu
        menu.setParent(self, menu.windowFlags())
        self._widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._widget.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self._plot: pg.PlotItem = self._widget.getPlotItem()
        self._plot.hideButtons()
        self._plot.showGrid(y=True, alpha=1.0)
        # The numbers at the ends of the y axis reach half a line beyond it.
        self._plot.setContentsMargins(0, 10, 12, 0)
        for axis in axes.values():
            axis.enableAutoSIPrefix(False)
        if x_label:
            axes["bottom"].setLabel(x_label)
        if y_label:
            axes["left"].setLabel(y_label)
        self._marker = pg.InfiniteLine(angle=90, movable=False)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        for line in (self._marker, self._cross):
            line.setVisible(False)
            line.setZValue(10)
            self._plot.addItem(line, ignoreBounds=True)
        self._empty = QLabel(self._widget)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._readout = PlotReadout(self._widget)

    def _build_layout(self) -> None:
        self._header = QHBoxLayout()
        self._legend = QHBoxLayout()
        self._legend.setSpacing(0)
        self._header.addWidget(self._title)
        self._header.addStretch(1)
        self._header.addWidget(self._whole)
        self._header.addLayout(self._legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._header)
        layout.addWidget(self._widget, 1)

    def _connect_signals(self) -> None:
        self._view.wholeRequested.connect(self.reset_view)
        self._view.sigRangeChanged.connect(self._on_range_changed)
        self._whole.clicked.connect(self.reset_view)
        self._widget.scene().sigMouseMoved.connect(self._on_mouse_moved)

    # -- drawing -------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        # A plot out of sight costs nothing: it is brought up to date when it is shown.
        self._stale = not self.isVisible()
        if self._stale:
            return
        self._place_empty()
        self._whole.setVisible(self._zoomed)
        if not self._zoomed:
            self._update_ranges()
        self._draw_curves()

    def _draw_curves(self) -> None:
        (x_lo, x_hi), _ = self._view.viewRange()
        bins = max(round(self._view.width() * self.devicePixelRatioF()), 50)
        for curve in self._curves.values():
            curve.draw(x_lo, x_hi, bins, self._log_y)

    def _update_ranges(self) -> None:
        x_lo, x_hi = self._whole_x()
        y_lo, y_hi = self._whole_y()
        self._setting_range = True
        self._view.setRange(xRange=(x_lo, x_hi), yRange=(y_lo, y_hi), padding=0, disableAutoRange=True)
        self._setting_range = False

    def _whole_x(self) -> tuple[float, float]:
        last = max((float(c.data.x[-1]) for c in self._curves.values() if c.data.size), default=0.0)
        if self._x_limit is not None and last <= self._x_limit:
            return 0.0, max(self._x_limit, 1.0)
        return self._x_steady.update(0.0, max(last, 1.0), 0.0, None)

    def _whole_y(self) -> tuple[float, float]:
        lo_fixed, hi_fixed = self._y_fixed
        if self._log_y:
            lo_fixed, hi_fixed = None, None if hi_fixed is None else float(np.log10(hi_fixed))
        found = [
            extent(_to_axis(curve.data.y, self._log_y), curve.style.outliers)
            for curve in self._curves.values()
            if curve.visible and curve.data.size
        ]
        ends = [each for each in found if each is not None]
        lo, hi = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0.0, 1.0)
        lo, hi = self._y_steady.update(lo, hi, lo_fixed, hi_fixed)
        # A line that runs along an end must not be cut in half.
        margin = 0.02 * (hi - lo)
        return lo - margin, hi + margin

    def _place_empty(self) -> None:
        empty = not any(curve.data.size for curve in self._curves.values())
        self._empty.setGeometry(self._widget.rect().adjusted(self._theme.px(56), 8, -8, -self._theme.px(32)))
        self._empty.setVisible(empty and bool(self._empty.text()))

    # -- cursor --------------------------------------------------------------------------------------------

    def _on_mouse_moved(self, position: QPointF) -> None:
        inside = self._view.sceneBoundingRect().contains(position)
        self._set_cursor(self._view.mapSceneToView(position).x() if inside else None, position)

    def _move_cursor(self, direction: int) -> None:
        (x_lo, x_hi), _ = self._view.viewRange()
        stride = (x_hi - x_lo) / 100
        ends = [(c.data.x[0], c.data.x[-1]) for c in self._curves.values() if c.visible and c.data.size]
        if not ends:
            return
        x_lo, x_hi = max(x_lo, min(e[0] for e in ends)), min(x_hi, max(e[1] for e in ends))
        start = x_hi + stride if self._cursor_x is None else self._cursor_x
        self._set_cursor(min(max(start + direction * stride, x_lo), x_hi))

    def _set_cursor(self, x: float | None, position: QPointF | None = None) -> None:
        points = [(c, c.nearest(x)) for c in self._curves.values()] if x is not None else []
        shown = [(curve, point) for curve, point in points if point is not None]
        self._cross.setVisible(bool(shown))
        if x is None or not shown:
            self._cursor_x = None
            self._readout.hide()
            return
        self._cursor_x = x
        step = min((point[0] for _, point in shown), key=lambda each: abs(each - x))
        self._cross.setValue(step)
        (x_lo, x_hi), _ = self._view.viewRange()
        rows = []
        for curve, (at, value) in reversed(shown):
            # A value from elsewhere, such as the last test, says where it is from.
            label = (
                curve.label
                if abs(at - step) <= 0.01 * (x_hi - x_lo)
                else f"{curve.label} at {format_count(round(at))}"
            )
            rows.append((curve.style.color(self._theme, curve.role), label, format_value(value)))
        if position is None:
            position = self._view.mapViewToScene(QPointF(step, sum(self._view.viewRange()[1]) / 2))
        heading = f"{self._x_label} {format_count(round(step))}"
        self._readout.show_values(heading, rows, self._widget.mapFromScene(position))
        self.hovered.emit(step)

    # -- slots ---------------------------------------------------------------------------------------------

    def _on_range_changed(self, *_: object) -> None:
        if self._setting_range:
            return
        self._zoomed = True
        self._whole.show()
        self._draw_curves()

    def _on_legend_toggled(self, checked: bool) -> None:
        for curve in self._curves.values():
            curve.visible = curve.entry.isChecked()
        self._refresh()


def _to_axis(y: NDArray[np.float64], log_y: bool) -> NDArray[np.float64]:
    if not log_y:
        return y
    return np.log10(np.where(y > 0, y, np.nan))
