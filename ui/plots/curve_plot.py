"""Curves against the step: fluid with a million points, steady while they arrive, readable by pointer."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import override

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.controls.buttons import IconButton
from ui.plots.curve_legend import CurveHeader
from ui.plots.curve_style import CURVE_STYLES
from ui.plots.decimate import MinMaxPyramid
from ui.plots.plot import Plot, Series
from ui.plots.plot_canvas import PlotCanvas
from ui.plots.plot_content import Marker, PlotContent
from ui.plots.plot_range import CurveRanges
from ui.plots.plotted_curve import PlottedCurve
from ui.theme import Theme

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
#: Of what is in sight, what a key leaves in sight.
_ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}


class CurvePlot(Plot):
    """Named curves under one title, with a legend, a cursor and a zoom.

    The wheel zooms the x axis, or that axis over whose numbers it is turned, and dragging moves; a double
    click or the key A shows the whole again. Arrow keys lead the cursor from point to point; plus and minus
    zoom the x axis, with Alt the y axis.

    * `x_label`, `y_label`: what stands below the x axis and above the y axis; an empty text takes
      no room.
    """

    def __init__(
        self, title: str, x_label: str = "step", y_label: str = "", parent: QWidget | None = None
    ) -> None:
        self._curves: dict[str, PlottedCurve] = {}
        self._ranges = CurveRanges()
        self._is_smooth = True
        self._zoomed = False
        self._holds = 0
        self._header = CurveHeader(title)
        super().__init__(x_counts=True, zooms=True, parent=parent)
        self._content = PlotContent(x_label=x_label, y_label=y_label, digits=3)
        self._layout.setSpacing(2)
        self._layout.insertLayout(0, self._header)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        canvas = self._made()
        canvas.wholeRequested.connect(self.reset_view)
        canvas.viewMoved.connect(self._on_view_moved)
        canvas.pointed.connect(self.set_cursor)
        canvas.pointerLeft.connect(self.hide_cursor)
        # Not beside the legend, where it would ask for a wider plot.
        self._whole = IconButton(
            "maximize", "Show the whole", "or double-click in the plot", "A", parent=self
        )
        self._whole.setProperty("kind", "quiet")
        self._whole.hide()
        self._whole.clicked.connect(self.reset_view)
        self.set_theme(self._theme)
        self._fit(canvas)

    # -- curves --------------------------------------------------------------------------------------------

    @property
    def plot_item(self) -> pg.PlotItem:
        """The pyqtgraph plot, for export."""
        return self._made().plot_item

    def points(self) -> dict[str, Points]:
        """All points of the curves that have any, by their words in the legend."""
        return {each.label: (each.data.x, each.data.y) for each in self._curves.values() if each.data.size}

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

        * `name`: key for the other methods.
        * `label`: words in the legend and beside the cursor.
        * `style`: thin and pale; strong; dashed with diamonds; grey.
        * `role`: colour role.
        * `in_legend`: whether the legend names it; else only the box beside the cursor does.
        * Raises ValueError: if the name is taken, or there is no such style.
        """
        if name in self._curves or style not in CURVE_STYLES:
            raise ValueError(
                f"A curve needs a new name and one of the styles {', '.join(CURVE_STYLES)}. "
                f"Got {name!r} and {style!r}."
            )
        curve = self._curves[name] = PlottedCurve(label, CURVE_STYLES[style], role)
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

        * `x`, `y`: `x` rises; values of `y` that are not finite are gaps.
        * Raises KeyError, ValueError: if there is no such curve, or the points are not as they
          should be.
        """
        self._curves[name].data = MinMaxPyramid(x, y)
        self._refresh()

    def append_curve(self, name: str, x: ArrayLike, y: ArrayLike) -> None:
        """Add points at the end of a curve, at a cost in proportion to their number.

        * `x`, `y`: array_like of shape (m,).
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

    def curve(self, name: str) -> Points:
        """All points of a curve."""
        return self._curves[name].data.x, self._curves[name].data.y

    def clear(self) -> None:
        """Remove the points of all curves and begin a new view."""
        for curve in self._curves.values():
            curve.data = MinMaxPyramid()
        self.hide_cursor()
        self.reset_view()

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

    def set_x_axis(self, label: str, *, counts: bool) -> None:
        """Say what x is, and whether it is a number of things."""
        self._content = replace(self._content, x_label=label)
        self._made().set_x_counts(counts)
        self._refresh()

    def set_label_button(self, button: QWidget) -> None:
        """Place a small button beside the label of the x axis."""
        self._made().set_label_button(button)

    def set_x_limit(self, limit: float | None) -> None:
        """Plan the right end of the x axis, such as the steps of a run; None lets it grow.

        While the curves fill next to nothing of it, the axis shows where they are.
        """
        if self._ranges.set_x_limit(limit):
            self._refresh()

    def set_y_bounds(self, lo: float | None, hi: float | None) -> None:
        """Fix ends of the y axis; an end that is None follows the data."""
        if self._ranges.set_y_bounds(lo, hi):
            self._refresh()

    def set_smooth(self, is_smooth: bool) -> None:
        """Draw smooth lines, or from the next drawing on quick ones, while points come at display rate."""
        was_smooth, self._is_smooth = self._is_smooth, is_smooth
        if is_smooth and not was_smooth:
            self._refresh()

    def is_zoomed(self) -> bool:
        """Whether the user has chosen another view than the whole."""
        return self._zoomed

    def view_range(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Ends of the x axis and of the y axis."""
        return self._made().view_range()

    def set_view_range(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        """Show a part, as the user does with the wheel; each range is (lower, upper)."""
        self._made().set_view_range(x_range, y_range)
        self._on_view_moved()

    def reset_view(self) -> None:
        """Show the whole, with the axes as if all points had come at once."""
        self._zoomed = False
        self._ranges.reset()
        self._refresh()

    def set_marker_x(self, x: float | None) -> None:
        """Mark an abscissa, such as the step that the time line stands at; None for no mark."""
        self.set_markers(*(() if x is None else (Marker(x),)))

    def marker_x(self) -> float | None:
        """Abscissa that is marked; None for no mark."""
        return self._markers[0].x if self._markers else None

    @override
    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        canvas = self._made()
        canvas.set_left_width(theme.px(48))
        self._header.setSpacing(theme.px(2))
        for curve in self._curves.values():
            curve.set_theme(theme, self.devicePixelRatioF())

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self._theme.px(220))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(max(self._header.minimumSize().width(), self._theme.px(200)), self._theme.px(120))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_whole()
        self._draw_curves(self._made())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_A and not event.modifiers():
            self.reset_view()
        elif key in _ZOOMS:
            self._made().zoom(
                _ZOOMS[key], axis=int(bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
            )
        else:
            super().keyPressEvent(event)

    # -- drawing -------------------------------------------------------------------------------------------

    @override
    def _refresh(self) -> None:
        if not self._holds:
            super()._refresh()

    @override
    def _draw(self, canvas: PlotCanvas) -> None:
        canvas.set_x_label(self._content.x_label)
        self._place_whole()
        if not self._zoomed:
            self._fit(canvas)
        self._draw_curves(canvas)
        self._draw_markers(canvas)

    @override
    def _series(self) -> list[Series]:
        shown = [curve for curve in reversed(self._curves.values()) if curve.is_shown]
        return [
            Series(each.label, each.style.color(self._theme, each.role), each.data.x, each.data.y)
            for each in shown
        ]

    def _draw_curves(self, canvas: PlotCanvas) -> None:
        x_range = canvas.view_range()[0]
        for curve in self._curves.values():
            curve.draw(*x_range, canvas.columns(), is_smooth=self._is_smooth)

    def _fit(self, canvas: PlotCanvas) -> None:
        curves = [curve for curve in self._curves.values() if curve.data.size]
        last = max((float(curve.data.x[-1]) for curve in curves), default=0.0)
        shown = [curve for curve in curves if curve.is_shown]
        found = [(each.style.reach, each.extent()) for each in shown]
        ends = [(reach, each) for reach, each in found if each is not None]
        top = max((hi for reach, (_, hi) in ends if reach == math.inf and hi > 0), default=math.inf)
        limited = [(lo, max(lo, min(hi, reach * top))) for reach, (lo, hi) in ends]
        canvas.set_view_range(self._ranges.x_range(last), self._ranges.y_range(limited))

    @property
    @override
    def _is_empty(self) -> bool:
        return not any(curve.data.size for curve in self._curves.values())

    def _place_whole(self) -> None:
        """Put the button that ends a zoom into the upper right corner of the plot, or take it away."""
        self._whole.setVisible(self._zoomed)
        if self._zoomed:
            px = self._theme.px
            self._whole.adjustSize()
            right, top = self.width() - self._whole.width() - px(8), self._header.geometry().bottom() + px(4)
            self._whole.move(right, top)
            self._whole.raise_()

    def _on_view_moved(self) -> None:
        self._zoomed = True
        self._place_whole()
        self._draw_curves(self._made())

    def _on_legend_toggled(self, checked: bool) -> None:
        self._ranges.reset_y()  # the axis is that of the curves in sight, not of what was in sight before
        self._refresh()
