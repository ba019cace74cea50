"""Curves that grow while a network trains, with a zoom, a cursor and a legend."""

import math
from dataclasses import replace
from typing import override

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from cnnviz.drawing import Box, Drawing, Ground, Look, Table, drawn
from cnnviz.drawing.page import CARD, Card
from cnnviz.graphics.curves import CURVES, Axes, Curves, Marker, Reading, axes_of, format_place
from cnnviz.graphics.run_curves import LEGEND, Legend, Named, ToggleCurve
from ui.controls.buttons import IconButton
from ui.controls.keyboard import has_shift, is_plain
from ui.controls.layouts import fill, named, scaled
from ui.controls.tips import BESIDE
from ui.marks import view_of
from ui.panels.provenance import ProvenanceView
from ui.panels.reading_box import ReadingBox

Range = tuple[float, float]
_UNIT = 22  # height of what names the x axis, so that plots side by side end at one height
_SHRINKS = 0.4  # while points arrive, the y axis shrinks when the curves fill less of it than this
_ALL: Range = (0.0, 1.0)
_NOTCH = 0.74  # of an axis is left in sight by a notch of the wheel
_ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
#: Which way keys lead the cursor, and how far at least, in hundredths of what is in sight: plain, with Shift.
_STRIDES = {
    Qt.Key.Key_Right: (1, (0.0, 1.0)),
    Qt.Key.Key_Left: (-1, (0.0, 1.0)),
    Qt.Key.Key_End: (1, (math.inf, math.inf)),
    Qt.Key.Key_Home: (-1, (math.inf, math.inf)),
}


class CurvePlot(ProvenanceView[Curves]):
    """Shows a `Curves` that is replaced whenever there are more points.

    The wheel zooms the x axis, or that axis over whose numbers it is turned, and dragging moves; a double
    click or the key A shows the whole again. Arrow keys lead the cursor from point to point; plus and minus
    zoom the x axis, with Alt the y axis.

    * `unit`: what stands below the x axis, and names it.
    """

    #: Name of a curve that is to be hidden, or shown.
    toggled = Signal(str)

    ground = "surface"
    content: Curves

    def __init__(self, title: str, name: str, unit: QWidget) -> None:
        super().__init__(CURVES, focus=Qt.FocusPolicy.StrongFocus)
        self._title, self._unit = title, unit
        self._whole: tuple[Range, Range] = _ALL, _ALL
        self._zoomed = False
        self._grip: tuple[QPointF, Axes] | None = None  # where the plot is held, and what was in sight there
        self.setAccessibleName(name)
        self.setProperty("tip", BESIDE)
        self.legend = view_of(
            LEGEND,
            f"Curves of {title}",
            "Click a name to hide its curve, or to show it again",
            keys_point=True,
            focus=Qt.FocusPolicy.TabFocus,
            answer=self._answer,
        )
        self._empty = named(QLabel(self), role="muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.whole = IconButton("maximize", "Show the whole", "or double-click in the plot", "A", parent=self)
        self.whole.setProperty("kind", "quiet")
        self.whole.hide()
        self.whole.clicked.connect(self.reset_view)
        self._reading = ReadingBox(self)
        scaled(unit.setFixedHeight, _UNIT)
        layout = fill(QVBoxLayout(self), self.legend, 1, unit, spacing=2)
        layout.setAlignment(unit, Qt.AlignmentFlag.AlignHCenter)
        self.pointed.connect(self._read)
        self.show_run(Curves())

    # -- what is shown -------------------------------------------------------------------------------------

    def show_run(self, content: Curves, *, is_smooth: bool = True) -> None:
        """Show other curves, or more of them; not `is_smooth`: quickly, and on axes that keep still."""
        x_range, y_range = self._whole = content.x_range or _ALL, content.y_range or _ALL
        if self._zoomed:
            x_range, y_range = self.view_range()
        elif not is_smooth and self.content.curves:
            y_range = self._steady(y_range)
        entries = tuple(Named.of(curve, content.hidden) for curve in content.curves)
        self.legend.show_content(Legend(self._title, entries))
        self._empty.setVisible(not any(curve.x.size for curve in content.curves))
        counts = content.x_name != "epochs"
        bare = replace(content, has_reading=False, is_bare=True, counts=counts, is_quick=not is_smooth)
        self.show_content(replace(bare, x_range=x_range, y_range=y_range))

    def set_placeholder(self, text: str) -> None:
        """Text in the middle while there are no points: what to do to get some."""
        self._empty.setText(text)

    def set_markers(self, markers: tuple[Marker, ...]) -> None:
        """Mark another moment, or none, and leave all else as it is."""
        self.show_content(replace(self.content, markers=markers))

    def _steady(self, wanted: Range) -> Range:
        """Keep the y axis as it is while points arrive, unless curves leave it or fill little of it."""
        (low, high), (least, most) = wanted, self.view_range()[1]
        is_fine = least <= low and high <= most and high - low >= _SHRINKS * (most - least)
        return (least, most) if is_fine else wanted

    @override
    def _room(self) -> Box:
        top, low = self.legend.geometry().bottom() + 3, self.height()
        low = low if self._unit.isHidden() else self._unit.geometry().top() - 2
        return Box(0, top, self.width(), max(low - top, 1))

    def axes(self) -> Axes:
        """Where values lie."""
        return axes_of(self.content, Ground(self._room(), self._theme))

    def card(self) -> Card[Curves]:
        """The part in sight as a drawing."""
        return Card("curves", CURVES, replace(self.content, is_bare=False, is_quick=False), self._title)

    @override
    def figure(self, look: Look) -> Drawing:
        """The part in sight for paper; nothing before there are points."""
        if not self.content.seen:
            return Drawing(Ground(Box(0, 0, self.width(), self.height()), look))
        return drawn(CARD, self.card(), self.width(), look, self.height())

    @override
    def tables(self) -> list[Table]:
        """One table for each curve in sight or hidden."""
        header = self.content.x_name or "x"
        return [
            Table(curve.name, (header, curve.name), np.column_stack([curve.x, curve.y]))
            for curve in self.content.curves
            if curve.x.size
        ]

    @override
    def spoken_value(self) -> str:
        return self.readout_text()

    @override
    def spoken_summary(self) -> str:
        return super().spoken_summary() or self._empty.text()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self._theme.px(220))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(max(self.legend.minimumSizeHint().width(), self._theme.px(200)), self._theme.px(120))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        px = self._theme.px
        self._empty.setGeometry(self.rect().adjusted(px(56), px(30), -px(8), -px(54)))
        self._place_whole()

    # -- the part in sight ---------------------------------------------------------------------------------

    def is_zoomed(self) -> bool:
        """Whether the user has chosen another view than the whole."""
        return self._zoomed

    def view_range(self) -> tuple[Range, Range]:
        """Ends of the x axis and of the y axis."""
        return self.content.x_range or _ALL, self.content.y_range or _ALL

    def set_view_range(self, x_range: Range, y_range: Range) -> None:
        """Show a part, as the user does with the wheel; each range is (lower, upper)."""
        self._show_part((x_range, y_range), zoomed=True)

    def reset_view(self) -> None:
        """Show the whole."""
        self._show_part(self._whole, zoomed=False)

    def _show_part(self, part: tuple[Range, Range], *, zoomed: bool) -> None:
        self._zoomed = zoomed
        self.show_content(replace(self.content, x_range=part[0], y_range=part[1], is_quick=False))
        self._place_whole()

    def _zoom(self, factor: float, axis: int, at: float = 0.5) -> None:
        """Show so many times as much of an axis; what lies at a share of it stays where it is."""
        parts = list(self.view_range())
        (low, high), middle = parts[axis], 0.0
        middle = low + at * (high - low)
        parts[axis] = middle - factor * (middle - low), middle + factor * (high - middle)
        self.set_view_range(*parts)

    def _place_whole(self) -> None:
        """Put the button that ends a zoom into the upper right corner of the plot, or take it away."""
        self.whole.setVisible(self._zoomed)
        if self._zoomed:
            self.whole.adjustSize()
            px = self._theme.px
            self.whole.move(self.width() - self.whole.width() - px(8), round(self._room().top) + px(4))
            self.whole.raise_()

    def _answer(self, ask: object) -> None:
        if isinstance(ask, ToggleCurve):
            self.toggled.emit(ask.name)

    # -- cursor --------------------------------------------------------------------------------------------

    def readout_text(self) -> str:
        """What the box beside the cursor says; "" while there is none."""
        return self._reading.text()

    def set_cursor(self, x: float) -> None:
        """Stand at the point nearest to an abscissa, and say the values there."""
        self._hover(self.content.nearest(x) if self.content.seen else None)

    def _read(self, x: float | None) -> None:
        """Say the values where the cursor stands, beside the pointer if that is there."""
        if x is None:
            self._reading.hide()
            return
        heading, axes = f"{self.content.x_name} {format_place(x)}", self.axes()
        place = QPoint(round(axes.x(x)), round(axes.area.y)) if self._pointer is None else self._pointer
        self._reading.show_at(Reading(heading, tuple(self.content.read(x))), QPointF(place).toPoint())

    def _move_cursor(self, way: int, hundredths: float) -> None:
        """Go to the next point to the right or to the left, at least so far on, inside the curves."""
        seen = self.content.seen
        if not seen:
            return
        (low, high), x = self.view_range()[0], self.hovered
        least = (high - low) * hundredths / 100
        low = max(low, min(float(curve.x[0]) for curve in seen))
        high = min(high, max(float(curve.x[-1]) for curve in seen))
        if not isinstance(x, float):
            x = low if hundredths and way < 0 else high
        elif math.isinf(least):
            x = high if way > 0 else low
        else:
            x = self.content.beyond(x, way, least)
        self._pointer = None
        self.set_cursor(min(max(x, low), high))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        at, area = event.position(), self.axes().area
        is_y, notches = at.x() < area.left, event.angleDelta().y() / 120
        share = (area.bottom - at.y()) / area.height if is_y else (at.x() - area.left) / area.width
        self._zoom(_NOTCH**notches, int(is_y), min(max(share, 0.0), 1.0))

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.content.seen:
            self._grip = event.position(), self.axes()
        else:
            super().mousePressEvent(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseMoveEvent(event)
            return
        start, axes = self._grip
        way, ((left, right), (low, high)) = event.position() - start, (axes.x_range, axes.y_range)
        across = way.x() / axes.area.width * (right - left)
        down = way.y() / axes.area.height * (high - low)
        self.set_view_range((left - across, right - across), (low + down, high + down))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_view()

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._move_cursor(-1, 0.0)  # or else nothing would show where the keyboard is

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.forget_pointer()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        stride = _STRIDES.get(key)
        if stride is not None and (is_plain(event) or has_shift(event)):
            self._move_cursor(stride[0], stride[1][has_shift(event)])
        elif key == Qt.Key.Key_A and not event.modifiers():
            self.reset_view()
        elif key in _ZOOMS:
            self._zoom(_ZOOMS[key], int(bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)))
        else:
            super().keyPressEvent(event)
