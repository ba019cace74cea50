"""A small plot of a few lines, drawn without a plotting library: quick to make, quick to redraw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.numbers import format_value
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points; `style` is "solid", "dashed" or "dots"."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    role: str = "accent"
    style: str = "solid"


@dataclass(frozen=True)
class Marker:
    """A vertical line at `x` with a text above it; without a text only a thin line."""

    x: float
    text: str = ""
    role: str = "winner"


@dataclass(frozen=True)
class Dot:
    """A point that stands out."""

    x: float
    y: float
    role: str = "accent"


@dataclass(frozen=True)
class PlotContent:
    """Everything a plot shows.

    Attributes
    ----------
    lines, markers, dots : tuple
    x_label, y_label : str
    y_limits : tuple of float, optional
        From the solid lines when None.
    """

    lines: tuple[Line, ...] = ()
    markers: tuple[Marker, ...] = ()
    dots: tuple[Dot, ...] = ()
    x_label: str = ""
    y_label: str = ""
    y_limits: tuple[float, float] | None = field(default=None)


class LinePlot(PaintedWidget):
    """Lines over a pair of axes, with markers; a reading of the nearest point follows the pointer.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: The user has clicked near this x.
    xClicked = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = PlotContent()
        self._pointer: float | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    def set_content(self, content: PlotContent) -> None:
        """Show other lines."""
        self._content = content
        self.update()

    def content(self) -> PlotContent:
        """What is shown."""
        return self._content

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme=theme))

    def x_range(self) -> tuple[float, float]:
        """First and last x."""
        xs = [line.x for line in self._content.lines if len(line.x)]
        if not xs:
            return (0.0, 1.0)
        lo, hi = min(float(x.min()) for x in xs), max(float(x.max()) for x in xs)
        return (lo, hi) if hi > lo else (lo - 0.5, hi + 0.5)

    def y_range(self) -> tuple[float, float]:
        """Lowest and highest y, with some room."""
        if self._content.y_limits is not None:
            return self._content.y_limits
        shown = [line.y for line in self._content.lines if line.style == "solid" and len(line.y)]
        values = np.concatenate(shown) if shown else np.zeros(1)
        values = values[np.isfinite(values)]
        lo, hi = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        span = hi - lo if hi - lo > 1e-12 * max(abs(lo), abs(hi), 1e-300) else max(abs(hi), 1.0) * 0.1
        return lo - 0.08 * span, hi + 0.08 * span

    def point_at(self, x: float, y: float) -> QPointF:
        """Where a point of the plot is in the widget."""
        xs, ys = self._places(np.array([x]), np.array([y]))
        return QPointF(float(xs[0]), float(ys[0]))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(240), self._theme.px(150))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(150), self._theme.px(96))

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        inside = area.left() <= event.position().x() <= area.right()
        self._pointer = self._x_at(event.position().x()) if inside else None
        self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._pointer = None
        self.update()
        super().leaveEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._content.lines:
            self.xClicked.emit(self._x_at(event.position().x()))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._content.lines:
            painter.setFont(ui_font(self._theme))
            self._paint_placeholder(painter)
            return
        area = self._area()
        self._paint_axes(painter, area)
        painter.save()
        painter.setClipRect(area.adjusted(-2, -2, 2, 2))
        for line in self._content.lines:
            self._paint_line(painter, line)
        painter.restore()
        for marker in self._content.markers:
            self._paint_marker(painter, area, marker)
        painter.setClipRect(area.adjusted(-6, -6, 6, 6))
        for dot in self._content.dots:
            painter.setPen(QPen(self._theme.color("surface"), 1.5))
            painter.setBrush(self._theme.color(dot.role))
            radius = self._theme.px(4)
            painter.drawEllipse(self.point_at(dot.x, dot.y), radius, radius)
        painter.setClipping(False)
        self._paint_reading(painter, area)

    # -- parts ---------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        metrics, px = self.fontMetrics(), self._theme.px
        left = max(metrics.horizontalAdvance(text) for text in self._y_texts()) + px(8)
        bottom = metrics.height() + px(6) + (metrics.height() if self._content.x_label else 0)
        top = metrics.height() + px(4)
        return QRectF(left, top, max(self.width() - left - px(8), 1), max(self.height() - bottom - top, 1))

    def _places(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where points are in the widget."""
        area, (x_lo, x_hi), (y_lo, y_hi) = self._area(), self.x_range(), self.y_range()
        return (
            area.left() + (x - x_lo) / (x_hi - x_lo) * area.width(),
            area.bottom() - (y - y_lo) / (y_hi - y_lo) * area.height(),
        )

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        theme, metrics, align = self._theme, self.fontMetrics(), Qt.AlignmentFlag
        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.drawLine(area.topLeft(), area.bottomLeft())
        painter.setFont(self.font())
        painter.setPen(theme.color("muted"))
        lo, hi = self.y_range()
        for value, text in zip(_ticks(lo, hi), self._y_texts(), strict=True):
            y = self.point_at(0, value).y()
            box = QRectF(0, y - metrics.height() / 2, area.left() - theme.px(4), metrics.height())
            painter.drawText(box, align.AlignRight | align.AlignVCenter, text)
        ticks = _ticks(*self.x_range())
        for value, text in zip(ticks, _texts(ticks), strict=True):
            x = self.point_at(value, lo).x()
            half = metrics.horizontalAdvance(text) / 2 + 2
            x = min(max(x, half), self.width() - half)
            box = QRectF(x - half, area.bottom() + theme.px(3), 2 * half, metrics.height())
            painter.drawText(box, align.AlignCenter, text)
        painter.setFont(ui_font(theme, theme.small_pt))
        below = QRectF(area.left(), self.height() - metrics.height() - 1, area.width(), metrics.height() + 1)
        painter.drawText(below, align.AlignCenter, self._content.x_label)
        above = QRectF(0, 0, self.width(), metrics.height() + 1)
        if not any(marker.text for marker in self._content.markers):
            painter.drawText(above, align.AlignLeft | align.AlignVCenter, self._content.y_label)

    def _paint_line(self, painter: QPainter, line: Line) -> None:
        if not len(line.x):
            return
        good = np.isfinite(line.y)
        xs, ys = self._places(line.x[good], line.y[good])
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        color = self._theme.color(line.role)
        if line.style == "dots":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            for point in points:
                painter.drawEllipse(point, self._theme.px(2), self._theme.px(2))
            return
        pen = QPen(color, self._theme.scale * (2.0 if line.style == "solid" else 1.5))
        if line.style == "dashed":
            pen.setDashPattern([4.0, 3.0])
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))

    def _paint_marker(self, painter: QPainter, area: QRectF, marker: Marker) -> None:
        x_lo, x_hi = self.x_range()
        if not x_lo <= marker.x <= x_hi:
            return
        x = self.point_at(marker.x, self.y_range()[0]).x()
        color = self._theme.color(marker.role)
        pen = QPen(color, self._theme.scale)
        pen.setDashPattern([2.0, 2.0])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if marker.text:
            font = ui_font(self._theme, self._theme.small_pt)
            painter.setFont(font)
            painter.setPen(color)
            width = QFontMetrics(font).horizontalAdvance(marker.text) + 2
            left = min(max(x - width / 2, 0.0), self.width() - width)
            painter.drawText(
                QRectF(left, 0, width, area.top() - 1), Qt.AlignmentFlag.AlignCenter, marker.text
            )

    def _paint_reading(self, painter: QPainter, area: QRectF) -> None:
        if self._pointer is None:
            return
        line = self._content.lines[0]
        if not len(line.x):
            return
        nearest = int(np.argmin(np.abs(line.x - self._pointer)))
        x, y = float(line.x[nearest]), float(line.y[nearest])
        if not math.isfinite(y):
            return
        point = self.point_at(x, y)
        theme = self._theme
        painter.setPen(QPen(theme.color("muted"), 1))
        painter.drawLine(QPointF(point.x(), area.top()), QPointF(point.x(), area.bottom()))
        painter.setBrush(theme.color("text"))
        painter.drawEllipse(point, theme.px(3), theme.px(3))
        text = f"{format_value(x, 4)}: {format_value(y, 6)}"
        painter.setFont(self.font())
        width = painter.fontMetrics().horizontalAdvance(text) + theme.px(8)
        left = min(max(point.x() + theme.px(6), area.left()), max(self.width() - width, 0))
        box = QRectF(left, area.top(), width, painter.fontMetrics().height() + theme.px(2))
        painter.setPen(theme.color("border"))
        painter.setBrush(theme.color("surface"))
        painter.drawRect(box)
        painter.setPen(theme.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _x_at(self, pixel: float) -> float:
        area, (lo, hi) = self._area(), self.x_range()
        return min(max(lo + (pixel - area.left()) / area.width() * (hi - lo), lo), hi)

    def _y_texts(self) -> list[str]:
        return _texts(_ticks(*self.y_range()))


def _ticks(lo: float, hi: float) -> list[float]:
    """Return three or four round numbers between two limits."""
    span = hi - lo
    if not (math.isfinite(span) and span > 0):
        return [lo]
    raw = span / 3
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(m * scale for m in (1.0, 2.0, 5.0, 10.0) if m * scale >= raw)
    first = math.ceil(lo / step - 1e-9)
    return [n * step for n in range(first, math.floor(hi / step + 1e-9) + 1)] or [lo]


def _texts(ticks: Sequence[float]) -> list[str]:
    """Write ticks with as many figures as tell them apart."""
    if len(ticks) < 2:
        return [format_value(value) for value in ticks]
    step, largest = ticks[1] - ticks[0], max(abs(value) for value in ticks)
    if largest < 1e-3 or largest >= 1e5:
        digits = max(math.ceil(math.log10(max(largest / step, 1.0))) + 1, 1)
        return [format_value(value, digits) if abs(value) > step * 1e-6 else "0" for value in ticks]
    decimals = max(-math.floor(math.log10(step) + 1e-9), 0)
    return [f"{value:.{decimals}f}".replace("-", "−") if abs(value) > step * 1e-6 else "0" for value in ticks]
