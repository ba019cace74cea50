"""The plot of the program: lines, bands, markers and dots over a pair of axes, read by pointer and keys."""

import math
from collections.abc import Iterable
from typing import NamedTuple, override

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.quantities import format_count, format_together, format_value
from ui.controls.catching_up import CatchesUp
from ui.controls.key_moves import has_shift, is_plain
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.spoken import Spoken, tell_value
from ui.plots.plot_axes import Name
from ui.plots.plot_canvas import PlotCanvas
from ui.plots.plot_content import Marker, PlotContent
from ui.plots.plot_items import ContentItems, color_of
from ui.plots.plot_readout import PlotReadout
from ui.theme import LIGHT, Theme, follow_theme, ui_font

_LONGEST = 9  # characters of a value beside the cursor


class Series(NamedTuple):
    """What the cursor reads of a line: its name, its colour and its points."""

    name: str
    color: QColor
    x: NDArray[np.floating]
    y: NDArray[np.floating]

    def nearest(self, x: float) -> int:
        """Number of the point nearest to an abscissa."""
        place = min(int(np.searchsorted(self.x, x)), self.x.size - 1)
        return place - 1 if place > 0 and abs(self.x[place - 1] - x) <= abs(self.x[place] - x) else place

    def distance(self, x: float, way: int) -> float:
        """How far the next point is, to the right for the `way` 1 and to the left for -1; inf for none."""
        place = int(np.searchsorted(self.x, x, "right")) if way > 0 else int(np.searchsorted(self.x, x)) - 1
        return abs(float(self.x[place]) - x) if 0 <= place < self.x.size else math.inf


#: Which way keys lead the cursor, and how far at least, in hundredths of what is in sight: plain, with Shift.
_STRIDES = {
    Qt.Key.Key_Right: (1, (0.0, 1.0)),
    Qt.Key.Key_Left: (-1, (0.0, 1.0)),
    Qt.Key.Key_End: (1, (math.inf, math.inf)),
    Qt.Key.Key_Home: (-1, (math.inf, math.inf)),
}


class Plot(CatchesUp, Spoken, QWidget):
    """Draws a `PlotContent`, and says the values of all lines beside the pointer or the keyboard's cursor.

    For other lines, markers, bands, limits or names nothing new is needed: they are fields of the content.
    A kind of it is made where points keep coming or the user chooses what is in sight, as in `CurvePlot`; it
    replaces `_draw` and `_series`. The line of time, which is a slider with a curve behind it, is no plot.

    While out of sight it costs nothing, and pyqtgraph's part, which takes some milliseconds to make, is made
    when it is needed first.

    * `x_counts`: whether x is a number of things, such as steps.
    * `zooms`: whether wheel and drag zoom and move.
    """

    #: Abscissa of the point that the cursor stands at.
    hovered = Signal(float)

    def __init__(self, *, x_counts: bool = False, zooms: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._content = PlotContent()
        self._markers: tuple[Marker, ...] = ()
        self._x_counts, self._zooms = x_counts, zooms
        self._canvas: PlotCanvas | None = None
        self._items: ContentItems | None = None
        self._marker_lines: list[pg.InfiniteLine] = []
        self._drawn_markers: tuple[object, ...] = ()
        self._cursor: float | None = None
        self._stale = False
        self._empty = named(QLabel(self), role="muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._layout = fill(QVBoxLayout(self))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def set_content(self, content: PlotContent) -> None:
        """Show something else."""
        self._content = content
        self.set_markers(*content.markers)
        self.hide_cursor()
        self._refresh()

    def content(self) -> PlotContent:
        """What is shown; its markers may have been replaced since."""
        return self._content

    def set_markers(self, *markers: Marker) -> None:
        """Replace the vertical lines, and leave all else as it is."""
        if markers != self._markers:
            self._markers = markers
            if self._canvas is not None and not self._stale:
                self._draw_markers(self._canvas)

    def set_placeholder(self, text: str) -> None:
        """Text in the middle while there are no points: what to do to get some."""
        self._empty.setText(text)

    def readout_text(self) -> str:
        """What the box beside the cursor says; "" while there is none."""
        return self._readout.text() if self._canvas is not None and not self._readout.isHidden() else ""

    @override
    def spoken_value(self) -> str:
        return self.readout_text()

    @override
    def spoken_summary(self) -> str:
        lines = [_ends_of(line.name, line.x, line.y) for line in self._series()]
        return " ".join(filter(None, lines)) or self._empty.text()

    def point_at(self, x: float, y: float) -> QPointF:
        """Where a point of the plot is in the widget."""
        self.catch_up()
        canvas = self._made()
        return QPointF(canvas.pos()) + canvas.place_of(x, y)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        if self._canvas is not None:
            self._canvas.set_theme(theme)
            self._refresh()
        self.updateGeometry()

    @override
    def catch_up(self) -> None:
        if self._stale:
            self._redraw()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(260), self._theme.px(150))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(150), self._theme.px(96))

    # -- what a kind of it may replace ---------------------------------------------------------------------

    def _draw(self, canvas: PlotCanvas) -> None:
        """Draw what is shown, once for all changes since the last time."""
        content, theme = self._content, self._theme
        if self._items is None:
            self._items = ContentItems(canvas)
        self._items.draw(content, theme)
        canvas.set_x_label(content.x_label)
        canvas.set_view_range(content.x_range(), content.y_range())
        self._draw_markers(canvas)

    def _series(self) -> Iterable[Series]:
        """What the cursor reads, from top to bottom."""
        lines, theme = self._content.lines, self._theme
        return [Series(line.name, color_of(line, theme), line.x, line.y) for line in lines]

    @property
    def _is_empty(self) -> bool:
        return not any(len(line.x) for line in self._content.lines)

    # -- drawing -------------------------------------------------------------------------------------------

    def _made(self) -> PlotCanvas:
        if self._canvas is None:
            self._canvas = PlotCanvas(x_counts=self._x_counts, zooms=self._zooms)
            self._canvas.set_theme(self._theme)
            self._readout = PlotReadout(self._canvas)
            self._layout.addWidget(self._canvas, 1)
            self._empty.raise_()
        return self._canvas

    def _refresh(self) -> None:
        # A plot out of sight is brought up to date when it is shown.
        self._stale = True
        if self.isVisible():
            self._redraw()

    def _redraw(self) -> None:
        self._stale = False
        self._empty.setVisible(self._is_empty)
        if self._canvas is not None or not self._is_empty:
            self._draw(self._made())
            self._made().setVisible(self._zooms or not self._is_empty)

    def _draw_markers(self, canvas: PlotCanvas) -> None:
        """Move the lines that are there: the mark of the shown moment moves at display rate."""
        lo, hi = canvas.view_range()[0] if not self._zooms else (-np.inf, np.inf)
        drawn = (self._markers, lo, hi, self._content.y_label, self._theme)
        if drawn == self._drawn_markers:
            return
        self._drawn_markers = drawn
        shown = [marker for marker in self._markers if lo <= marker.x <= hi]
        while len(self._marker_lines) > len(shown):
            canvas.plot_item.removeItem(self._marker_lines.pop())
        while len(self._marker_lines) < len(shown):
            self._marker_lines.append(canvas.make_line())
            canvas.plot_item.addItem(self._marker_lines[-1], ignoreBounds=True)
        for line, marker in zip(self._marker_lines, shown, strict=True):
            line.setPen(canvas.pen(self._theme.color(marker.role), 1.5, (3.0, 2.5)))
            line.setValue(marker.x)
        font, color = ui_font(self._theme, self._theme.small_pt), self._theme.color
        names = [Name(marker.x, marker.text, color(marker.role), font) for marker in shown if marker.text]
        if self._content.y_label and not names:
            names = [Name(lo, self._content.y_label, color("muted"), font, "start")]
        canvas.set_names(names)

    # -- cursor --------------------------------------------------------------------------------------------

    def hide_cursor(self) -> None:
        """Stand nowhere."""
        self._cursor = None
        if self._canvas is not None:
            self._canvas.set_cross_x(None)
            self._readout.hide()

    def set_cursor(self, x: float, place: QPointF | None = None) -> None:
        """Stand at the point nearest to an abscissa, and say the values there.

        * `place`: of the box, in the coordinates of the widget; beside the cursor when None.
        """
        found = [(line, line.nearest(x)) for line in self._series() if line.x.size]
        if not found:
            self.hide_cursor()
            return
        canvas = self._made()
        at = min((float(line.x[place]) for line, place in found), key=lambda each: abs(each - x))
        self._cursor = at
        values = format_together([line.y[n] for line, n in found], self._content.digits, longest=_LONGEST)
        rows = [
            (line.color, self._row_name(line, n, at), self._row_value(line, n, value))
            for (line, n), value in zip(found, values, strict=True)
        ]
        canvas.set_cross_x(at)
        if place is None:
            place = canvas.place_of(at, sum(canvas.view_range()[1]) / 2)
        self._readout.show_values(f"{self._content.x_label} {_x_text(at)}", rows, place.toPoint())
        tell_value(self)
        self.hovered.emit(at)

    def _move_cursor(self, way: int, hundredths: float) -> None:
        """Go to the next point to the right or to the left, at least so far on, inside the lines."""
        lines = [line for line in self._series() if line.x.size]
        if not lines:
            return
        x_lo, x_hi = self._made().view_range()[0]
        least = (x_hi - x_lo) * hundredths / 100
        x_lo = max(x_lo, min(float(line.x[0]) for line in lines))
        x_hi = min(x_hi, max(float(line.x[-1]) for line in lines))
        if self._cursor is None:
            x = x_lo if hundredths and way < 0 else x_hi
        else:
            next_point = min(line.distance(self._cursor, way) for line in lines)
            x = self._cursor + way * max(next_point, least)
        self.set_cursor(min(max(x, x_lo), x_hi))

    def _row_name(self, line: Series, place: int, at: float) -> str:
        # A value from elsewhere, such as the last test, says where it is from.
        x, (x_lo, x_hi) = float(line.x[place]), self._made().view_range()[0]
        return line.name if abs(x - at) <= 0.01 * (x_hi - x_lo) else f"{line.name} at {_x_text(x)}"

    def _row_value(self, line: Series, place: int, value: str) -> str:
        return value if np.isfinite(line.y[place]) else "–"

    # -- events --------------------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.set_theme(self._theme)
        return super().event(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.catch_up()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        px = self._theme.px
        left = px(56) if self._zooms else px(8)
        self._empty.setGeometry(self.rect().adjusted(left, px(8), -px(8), -px(32) if self._zooms else -px(8)))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self._point_under(event)
        if point is None:
            self.hide_cursor()
        else:
            self.set_cursor(point.x(), event.position())

    def _point_under(self, event: QMouseEvent) -> QPointF | None:
        if self._canvas is None or self._is_empty:
            return None
        return self._canvas.point_at(event.position() - QPointF(self._canvas.pos()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self.hide_cursor()
        super().leaveEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._move_cursor(-1, 0.0)  # or else nothing would show where the keyboard is

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.hide_cursor()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        stride = _STRIDES.get(Qt.Key(event.key()))
        if stride is not None and (is_plain(event) or has_shift(event)):
            way, (least, least_with_shift) = stride
            self._move_cursor(way, least_with_shift if has_shift(event) else least)
        else:
            super().keyPressEvent(event)


def _x_text(x: float) -> str:
    return format_count(round(x)) if x == round(x) else format_value(x, 4)


def _ends_of(name: str, x: NDArray[np.floating], y: NDArray[np.floating]) -> str:
    """Say where a line begins and ends; "" for one without points."""
    fine = np.flatnonzero(np.isfinite(y))
    if not fine.size:
        return ""
    first, last = fine[[0, -1]].tolist()
    at = [f"{format_value(float(y[place]))} at {format_value(float(x[place]))}" for place in (first, last)]
    return f"{name}: {at[0]}, {at[1]}."
