"""Curves against the step: fluid with a million points, steady while they arrive, readable by pointer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import override

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from ui.controls.catching_up import CatchesUp
from ui.plots.curve_cursor import CurveCursor
from ui.plots.curve_header import CurveHeader
from ui.plots.curve_ranges import CurveRanges
from ui.plots.curve_set import CurveSet
from ui.plots.decimate import MinMaxPyramid
from ui.plots.plot_canvas import PlotCanvas
from ui.theme import LIGHT, Theme, follow_theme


class CurvePlot(CatchesUp, QWidget):
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
        self._curves = CurveSet()
        self._ranges = CurveRanges()
        self._log_y = False
        self._zoomed = False
        self._stale = False
        self._placeholder = ""
        self._build_widgets(title, x_label, y_label)
        self._build_layout()
        self._connect_signals()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)
        self._holds = 0
        follow_theme(self)
        self._update_ranges()

    # -- curves --------------------------------------------------------------------------------------------

    @property
    def plot_item(self) -> pg.PlotItem:
        """The pyqtgraph plot, for export."""
        return self._canvas.plot_item

    def points(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """All points of the curves that have any, by their words in the legend."""
        return self._curves.points()

    @property
    def x_label(self) -> str:
        """What the x axis says."""
        return self._x_label

    def add_curve(
        self,
        name: str,
        label: str,
        style: str = "smooth",
        role: str = "accent",
        *,
        in_legend: bool = True,
    ) -> None:
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
        in_legend : bool
            Whether the legend names it; else only the box beside the cursor does.

        Raises
        ------
        ValueError
            If the name is taken, or there is no such style.
        """
        curve = self._curves.announce(name, label, style, role)
        curve.set_theme(self._theme, self.devicePixelRatioF())
        for item in curve.items:
            self.plot_item.addItem(item)
        if in_legend:
            self._header.add_entry(curve.entry)
        else:
            curve.entry.setParent(self)
            curve.entry.hide()
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

    @contextmanager
    def changes(self) -> Iterator[None]:
        """Group changes in a ``with`` block, so that the plot is drawn once for all of them."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._refresh()

    def curve(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All points of a curve."""
        return self._curves[name].data.x, self._curves[name].data.y

    def clear_curve(self, name: str) -> None:
        """Remove the points of a curve."""
        self.set_curve(name, (), ())

    def clear(self) -> None:
        """Remove the points of all curves and begin a new view."""
        self._curves.clear_points()
        self._ranges.reset()
        self._zoomed = False
        self._cursor.hide()
        self._refresh()

    def remove_curve(self, name: str) -> None:
        """Take a curve away, together with its entry in the legend."""
        curve = self._curves.pop(name)
        for item in curve.items:
            self.plot_item.removeItem(item)
        curve.entry.hide()
        curve.entry.deleteLater()
        self._refresh()

    def set_curve_visible(self, name: str, visible: bool) -> None:
        """Show or hide a curve, as its entry in the legend does."""
        self._curves[name].entry.setChecked(visible)

    def curve_names(self) -> tuple[str, ...]:
        """Names of the curves that were announced."""
        return tuple(self._curves)

    def is_curve_visible(self, name: str) -> bool:
        """Whether the legend shows a curve."""
        return self._curves[name].entry.isChecked()

    # -- view ----------------------------------------------------------------------------------------------

    def set_x_limit(self, limit: float | None) -> None:
        """Fix the right end of the x axis, such as the number of steps planned; None lets it grow."""
        if self._ranges.set_x_limit(limit):
            self._refresh()

    def set_y_bounds(self, lo: float | None, hi: float | None) -> None:
        """Fix ends of the y axis; an end that is None follows the data."""
        if self._ranges.set_y_bounds(lo, hi):
            self._refresh()

    def set_log_y(self, log_y: bool) -> None:
        """Draw y on a logarithmic axis, or not; values that are not positive are gaps then."""
        self._log_y = log_y
        self._canvas.set_log_y(log_y)
        self._ranges.reset_y()
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
        return self._canvas.view_range()

    def set_view_range(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        """Show a part, as the user does with the wheel; each range is (lower, upper)."""
        self._canvas.set_view_range(x_range, y_range)
        self._on_view_moved()

    def reset_view(self) -> None:
        """Show the whole, with the axes as if all points had come at once."""
        self._zoomed = False
        self._ranges.reset()
        self._refresh()

    def set_marker_x(self, x: float | None) -> None:
        """Mark an abscissa, such as the step that the time line stands at; None for no mark."""
        self._canvas.set_marker_x(x)

    def marker_x(self) -> float | None:
        """Abscissa that is marked; None for no mark."""
        return self._canvas.marker_x()

    def set_placeholder(self, text: str) -> None:
        """Text in the middle while there are no points: what to do to get some."""
        self._placeholder = text
        self._update_placeholder()

    def readout_text(self) -> str:
        """What the box beside the cursor says; "" while there is none."""
        return "" if self._canvas.readout.isHidden() else self._canvas.readout.text()

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        ratio = self.devicePixelRatioF()
        self._canvas.set_theme(theme, ratio)
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
        self._update_placeholder()
        self._draw_curves()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._cursor.hide()
        super().leaveEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_A and not event.modifiers():
            self.reset_view()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._move_cursor(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._canvas.zoom(0.8)
        elif key == Qt.Key.Key_Minus:
            self._canvas.zoom(1.25)
        else:
            super().keyPressEvent(event)

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self, title: str, x_label: str, y_label: str) -> None:
        self._header = CurveHeader(title)
        self._canvas = PlotCanvas(x_label, y_label)
        self._cursor = CurveCursor(self._canvas, x_label)

    def _build_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._header)
        layout.addWidget(self._canvas, 1)

    def _connect_signals(self) -> None:
        self._header.whole.clicked.connect(self.reset_view)
        self._canvas.wholeRequested.connect(self.reset_view)
        self._canvas.viewMoved.connect(self._on_view_moved)
        self._canvas.pointed.connect(self._set_cursor)
        self._canvas.pointerLeft.connect(self._on_pointer_left)

    @override
    def catch_up(self) -> None:
        """Draw at once what was put off, also while out of sight."""
        if self._stale:
            self._draw_all()

    # -- drawing -------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if self._holds:
            return
        # A plot out of sight costs nothing: it is brought up to date when it is shown.
        self._stale = not self.isVisible()
        if not self._stale:
            self._draw_all()

    def _draw_all(self) -> None:
        self._stale = False
        self._update_placeholder()
        self._header.whole.setVisible(self._zoomed)
        if not self._zoomed:
            self._update_ranges()
        self._draw_curves()

    def _draw_curves(self) -> None:
        (x_lo, x_hi), _ = self.view_range()
        for curve in self._curves.values():
            curve.draw(x_lo, x_hi, self._canvas.columns(), self._log_y)

    def _update_ranges(self) -> None:
        curves = self._curves.values()
        self._canvas.set_view_range(self._ranges.x_range(curves), self._ranges.y_range(curves, self._log_y))

    def _update_placeholder(self) -> None:
        self._canvas.set_placeholder("" if self._curves.has_points() else self._placeholder)

    # -- cursor --------------------------------------------------------------------------------------------

    def _move_cursor(self, direction: int) -> None:
        x = self._cursor.moved(direction, self._curves.values())
        if x is not None:
            self._set_cursor(x)

    def _set_cursor(self, x: float, position: QPointF | None = None) -> None:
        step = self._cursor.place(x, self._curves.values(), self._theme, position)
        if step is not None:
            self.hovered.emit(step)

    # -- slots ---------------------------------------------------------------------------------------------

    def _on_pointer_left(self) -> None:
        self._cursor.hide()

    def _on_view_moved(self) -> None:
        self._zoomed = True
        self._header.whole.show()
        self._draw_curves()

    def _on_legend_toggled(self, checked: bool) -> None:
        self._ranges.reset_y()  # the axis is that of the curves in sight, not of what was in sight before
        self._refresh()
