"""Curves that grow while a network trains: pyqtgraph draws them, with a zoom, a cursor and a legend."""

import math
from dataclasses import replace
from typing import Any, override

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QGraphicsScene, QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cnnviz.drawing import Box, Drawing, Ground, Look, Table, drawn
from cnnviz.drawing.page import CARD, Card
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker, Reading, format_place
from cnnviz.graphics.run_curves import LEGEND, Legend, Named
from cnnviz.notation import format_ticks
from cnnviz.palette import DASHES
from cnnviz.quantities import format_count
from ui.controls.buttons import IconButton
from ui.controls.keyboard import has_shift, is_plain
from ui.controls.layouts import fill, named, scaled
from ui.controls.spoken import Spoken, tell_value
from ui.controls.tips import BESIDE, show_tip, wrapped
from ui.marks import MarkView
from ui.panels.provenance import HasProvenance
from ui.panels.reading_box import ReadingBox
from ui.theme import LIGHT, Theme, follow_theme, mono_font
from ui.theme.stylesheet import make_pen, style_plot

Range = tuple[float, float]
_MARGIN = 12  # room at the right for the half of a number
_LONG = 20  # heights of the plot: a line that goes farther up and down in all is noise
_NOWHERE = QPoint()
_ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
#: Which way keys lead the cursor, and how far at least, in hundredths of what is in sight: plain, with Shift.
_STRIDES = {
    Qt.Key.Key_Right: (1, (0.0, 1.0)),
    Qt.Key.Key_Left: (-1, (0.0, 1.0)),
    Qt.Key.Key_End: (1, (math.inf, math.inf)),
    Qt.Key.Key_Home: (-1, (math.inf, math.inf)),
}


class _NumberAxis(pg.AxisItem):
    """Axis whose numbers have as few decimals as tell them apart; steps are whole numbers."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        texts = format_ticks(values)
        if self.orientation == "left":
            return texts
        return [text if value == round(value) else "" for value, text in zip(values, texts, strict=True)]

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Leave out what would not stand clear of its neighbours."""
        levels: list[tuple[float, float]] = list(super().tickSpacing(minVal, maxVal, size))
        font = self.style["tickFont"]
        if font is None or not levels:
            return levels
        (spacing, at), metrics = levels[0], QFontMetricsF(font)
        wide = metrics.horizontalAdvance(f"{format_count(round(maxVal))}00")
        most = size / (1.1 * metrics.height() if self.orientation == "left" else wide)
        while spacing > 0 and (maxVal - minVal) / spacing > max(most, 1.0):
            first = round(spacing / 10 ** math.floor(math.log10(spacing) + 1e-9))
            spacing *= 2.5 if first == 2 else 2.0  # 1, 2, 5, 10
        return [(spacing, at), *levels[1:]]

    def generateDrawSpecs(self, p: QPainter) -> Any:
        """Move a number at the right end into the plot."""
        specs: Any = super().generateDrawSpecs(p)
        if specs is None or self.orientation == "left":
            return specs
        line, ticks, texts = specs
        right = self.width() + _MARGIN
        return line, ticks, [(r.translated(min(right - r.right(), 0), 0), *more) for r, *more in texts]

    def boundingRect(self) -> QRectF:
        """With room for the halves of numbers at the ends: what does not fit is not written."""
        along, across = (0, 20) if self.orientation == "left" else (40, 0)
        return super().boundingRect().adjusted(-along, -across, along, across)


class _ViewBox(pg.ViewBox):
    """Its wheel zooms the x axis, or that over whose numbers it is turned."""

    def wheelEvent(self, ev: Any, axis: int | None = None) -> None:
        super().wheelEvent(ev, axis=0 if axis is None else axis)


class _Item:
    """What pyqtgraph draws of a curve: its line and its dots."""

    def __init__(self, curve: Curve, plot: pg.PlotItem) -> None:
        self.line = pg.PlotCurveItem()
        self.dots = pg.ScatterPlotItem(symbol="d", pen=None) if curve.has_dots else None
        for item in filter(None, (self.line, self.dots)):
            plot.addItem(item)

    def draw(self, curve: Curve, layer: int, theme: Theme, ratio: float, is_smooth: bool) -> None:
        color, fine = QColor(theme.hex(curve.ink)), np.isfinite(curve.y)
        dash, width = DASHES[curve.style] and (3.0, 2.0), curve.width * theme.scale * ratio
        self.line.setPen(make_pen(color, width, dash))
        # Smooth in one piece, noise would hold up the window for a second whenever it is painted.
        (low, high), way = self.line.getViewBox().viewRange()[1], np.abs(np.diff(curve.y[fine])).sum()
        self.line.setSegmentedLineMode("on" if way > _LONG * (high - low) else "auto")
        connect = "all" if fine.all() else "finite"
        self.line.setData(curve.x, curve.y, connect=connect, antialias=is_smooth)
        self.line.setZValue(layer)
        if self.dots is not None:
            self.dots.setZValue(layer)
            self.dots.setData(curve.x[fine], curve.y[fine], size=theme.px(8), brush=color, pen=None)

    def clear(self) -> None:
        for item in filter(None, (self.line, self.dots)):
            item.setData(np.empty(0), np.empty(0))


class CurvePlot(HasProvenance, Spoken, QWidget):
    """Shows a `Curves` that is replaced whenever there are more points; out of sight it costs nothing.

    The wheel zooms the x axis, or that axis over whose numbers it is turned, and dragging moves; the key A
    shows the whole again. Arrow keys lead the cursor from point to point; plus and minus
    zoom the x axis, with Alt the y axis.
    """

    def __init__(self, title: str, name: str) -> None:
        super().__init__()
        self._title, self._theme = title, LIGHT
        self.content = Curves()
        self._items: dict[str, _Item] = {}
        self._drawn: set[str] = set()
        self._cursor: float | None = None
        self._is_smooth, self._is_stale, self._is_setting = True, False, False
        self.is_zoomed = False  # whether the user has chosen another view than the whole
        self.setAccessibleName(name)
        self.setProperty("tip", BESIDE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        told = f"Curves of {title}", "Names of the curves; that of the earlier run tells its settings"
        self.legend = MarkView(LEGEND, *told, keys_point=True, focus=Qt.FocusPolicy.TabFocus)
        self._view = _ViewBox(enableMenu=False)
        self._axes = {"left": _NumberAxis("left"), "bottom": _NumberAxis("bottom")}
        self._widget = pg.PlotWidget(self, viewBox=self._view, axisItems=dict(self._axes), enableMenu=False)
        plot = self.plot_item = self._widget.getPlotItem()
        # pyqtgraph makes this menu without a parent, though it is never shown: it would outlive the window.
        plot.ctrlMenu.setParent(self, plot.ctrlMenu.windowFlags())
        # An index of the items would be tidied by a timer, and there are too few for it to be of use.
        self._widget.scene().setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        for widget in (self._widget, self._widget.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._widget.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        plot.hideButtons()
        plot.setContentsMargins(0, 10, _MARGIN, 0)  # numbers reach half a line beyond the ends of the y axis
        for axis in self._axes.values():
            axis.enableAutoSIPrefix(False)
        self._moment, self._cross = (pg.InfiniteLine(angle=90, movable=False) for _ in range(2))
        for line in (self._moment, self._cross):
            line.setZValue(10)
            line.hide()
            plot.addItem(line, ignoreBounds=True)
        self._reading = ReadingBox(self._widget)
        self._view.sigRangeChanged.connect(self._on_range_changed)
        self._widget.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self._is_empty: bool | None = None
        self.placeholder = named(QLabel(), role="muted")
        self.placeholder.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.placeholder.setWordWrap(True)
        self.placeholder.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.whole = IconButton("maximize", "Show the whole", "all steps of the run", "A")
        self.whole.setProperty("kind", "quiet")
        self.whole.hide()
        self.whole.clicked.connect(self.reset_view)
        #: Lies over the curves: what is to be done while there are none, and the button that ends a zoom.
        self.over = QGridLayout(self._widget.viewport())
        scaled(self.over.setContentsMargins, 56, 4, 8, 32)
        self.over.addWidget(self.placeholder, 0, 0)
        self.over.addWidget(self.whole, 0, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        below = named(QLabel("step"), role="muted")
        below.setAlignment(Qt.AlignmentFlag.AlignCenter)
        fill(QVBoxLayout(self), self.legend, (self._widget, 1), below, spacing=2)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def show_content(self, content: Curves, *, is_smooth: bool = True) -> None:
        """Show other curves, or more of them; `is_smooth`: slowly, with soft edges."""
        self.content, self._is_smooth = content, is_smooth
        self._is_stale = True
        if self.isVisible():
            self.catch_up()

    @override
    def catch_up(self) -> None:
        """Draw what is new, once for all changes since the last time."""
        if not self._is_stale:
            return
        self._is_stale, content = False, self.content
        self.legend.show_content(Legend(self._title, tuple(map(Named.of, content.curves))))
        is_empty = not any(curve.x.size for curve in content.curves)
        if is_empty is not self._is_empty:
            self._is_empty = is_empty
            self.placeholder.setVisible(is_empty)
            self.plot_item.showGrid(y=not is_empty, alpha=1.0)  # which would go through the words
        if not self.is_zoomed:
            self._set_range(content.x_range or (0, 1), content.y_range or (0, 1))
        self._draw_lines()
        self.set_markers(content.markers)

    def set_markers(self, markers: tuple[Marker, ...]) -> None:
        """Mark another moment, or none, and leave all else as it is."""
        self.content = replace(self.content, markers=markers)
        self._moment.setVisible(bool(markers))
        if markers:
            self._moment.setValue(markers[0].x)
        self._widget.viewport().update()  # or some places that the line has left would keep it

    def _draw_lines(self) -> None:
        ratio = self.devicePixelRatioF()
        columns = max(round(self._view.width() * ratio), 50)
        seen = self.content.seen
        for layer, curve in enumerate(seen):
            if curve.name not in self._items:
                self._items[curve.name] = _Item(curve, self.plot_item)
            part = curve.within(*self.view_range()[0], columns)
            self._items[curve.name].draw(part, layer, self._theme, ratio, self._is_smooth)
        for name in self._drawn - {curve.name for curve in seen}:
            self._items[name].clear()
        self._drawn = {curve.name for curve in seen}

    def card(self) -> Card[Curves]:
        """The part in sight as a drawing."""
        x_range, y_range = self.view_range()
        return Card("curves", CURVES, replace(self.content, x_range=x_range, y_range=y_range), self._title)

    def figure(self, look: Look) -> Drawing:
        """The part in sight for paper; nothing before there are points."""
        if not self.content.seen:
            return Drawing(Ground(Box(0, 0, self.width(), self.height()), look))
        return drawn(CARD, self.card(), self.width(), look, self.height())

    def tables(self) -> list[Table]:
        """One table for each curve."""
        x, curves = self.content.x_name or "x", [curve for curve in self.content.curves if curve.x.size]
        return [Table(each.name, (x, each.name), np.column_stack([each.x, each.y])) for each in curves]

    @override
    def spoken_summary(self) -> str:
        return CURVES.words(self.content) or self.placeholder.text()

    @override
    def spoken_value(self) -> str:
        """What the box beside the cursor says; "" while there is none."""
        return self._reading.text()

    def set_theme(self, theme: Theme) -> None:
        self._theme, ratio = theme, self.devicePixelRatioF()
        style_plot(self.plot_item, theme)
        self._axes["left"].setWidth(theme.px(48))
        # By itself it would keep the height of the numbers that were the largest so far.
        self._axes["bottom"].setHeight(QFontMetricsF(mono_font(theme=theme)).height() + theme.px(8))
        width = theme.scale * ratio
        self._cross.setPen(make_pen(theme.color("muted"), width))
        self._moment.setPen(make_pen(theme.color("winner"), 1.5 * width, (3.0, 2.5)))
        self._is_stale = True
        if self.isVisible():
            self.catch_up()
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self._theme.px(220))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(max(self.legend.minimumSizeHint().width(), self._theme.px(200)), self._theme.px(120))

    # -- the part in sight ---------------------------------------------------------------------------------

    def view_range(self) -> tuple[Range, Range]:
        """Ends of the x axis and of the y axis."""
        (x_lo, x_hi), (y_lo, y_hi) = self._view.viewRange()
        return (x_lo, x_hi), (y_lo, y_hi)

    def set_view_range(self, x_range: Range, y_range: Range) -> None:
        """Show a part, as the user does with the wheel; each range is (lower, upper)."""
        self._set_range(x_range, y_range)
        self._on_range_changed()

    def reset_view(self) -> None:
        self.is_zoomed = False
        self._set_range(self.content.x_range or (0, 1), self.content.y_range or (0, 1))
        self.whole.hide()
        self._draw_lines()

    def _set_range(self, x_range: Range, y_range: Range) -> None:
        self._is_setting = True
        self._view.setRange(xRange=x_range, yRange=y_range, padding=0, disableAutoRange=True)
        self._is_setting = False

    def _on_range_changed(self, *_: object) -> None:
        if not self._is_setting:
            self.is_zoomed = True
            self.whole.show()
            self._draw_lines()

    # -- cursor --------------------------------------------------------------------------------------------

    def hide_cursor(self) -> None:
        self._cursor = None
        self._cross.hide()
        self._reading.hide()

    def set_cursor(self, x: float, place: QPoint = _NOWHERE) -> None:
        """Stand at the point nearest to an abscissa, and say the values there; `place`: of the box."""
        seen = self.content.seen
        if not seen:
            self.hide_cursor()
            return
        at = min((float(curve.x[curve.at(x)]) for curve in seen), key=lambda each: abs(each - x))
        self._cursor = at
        self._cross.setValue(at)
        self._cross.show()
        if place is _NOWHERE:
            middle = QPointF(at, sum(self.view_range()[1]) / 2)
            place = self._widget.mapFromScene(self._view.mapViewToScene(middle))
        heading = f"{self.content.x_name} {format_place(at)}"
        self._reading.show_at(Reading(heading, tuple(self.content.read(at))), place)
        tell_value(self)

    def _move_cursor(self, way: int, hundredths: float) -> None:
        """Go to the next point to the right or to the left, at least so far on, inside the curves."""
        xs = [curve.x for curve in self.content.seen]
        if not xs:
            return
        x_lo, x_hi = self.view_range()[0]
        least = (x_hi - x_lo) * hundredths / 100
        x_lo = max(x_lo, min(float(x[0]) for x in xs))
        x_hi = min(x_hi, max(float(x[-1]) for x in xs))
        if self._cursor is None:
            x = x_lo if hundredths and way < 0 else x_hi
        else:
            ends = [x[x > self._cursor][:1] if way > 0 else x[x < self._cursor][-1:] for x in xs]
            next_ = min((abs(float(end[0]) - self._cursor) for end in ends if end.size), default=math.inf)
            x = self._cursor + way * max(next_, least)
        self.set_cursor(min(max(x, x_lo), x_hi))

    def _on_mouse_moved(self, position: QPointF) -> None:
        if self._view.sceneBoundingRect().contains(position):
            x = self._view.mapSceneToView(position).x()
            self.set_cursor(x, self._widget.mapFromScene(position))
        else:
            self.hide_cursor()

    # -- events --------------------------------------------------------------------------------------------

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.set_theme(self._theme)
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            if self._cursor is None:  # or two boxes would say something of one place
                show_tip(self, wrapped(self.toolTip()), event.globalPos())
            return True
        return super().event(event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.catch_up()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw_lines()

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
        key = Qt.Key(event.key())
        stride = _STRIDES.get(key)
        if stride is not None and (is_plain(event) or has_shift(event)):
            self._move_cursor(stride[0], stride[1][has_shift(event)])
        elif key == Qt.Key.Key_A and not event.modifiers():
            self.reset_view()
        elif key in _ZOOMS:
            factor, is_y = _ZOOMS[key], event.modifiers() & Qt.KeyboardModifier.AltModifier
            self._view.scaleBy((1, factor) if is_y else (factor, 1))
        else:
            super().keyPressEvent(event)
