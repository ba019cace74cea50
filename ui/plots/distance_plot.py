"""Curves against the distance of a shift, each named at its end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.backdrop import Backdrop
from ui.controls.painted import PaintedWidget
from ui.plots.plot_range import nice_ceil
from ui.plots.plot_readout import PlotReadout
from ui.theme import Theme, follow_theme, mono_font, ui_font

_DASHES: tuple[tuple[float, ...], ...] = ((), (5.0, 2.0), (2.0, 2.0), (6.0, 2.0, 1.5, 2.0))


@dataclass(frozen=True, eq=False)
class DistanceCurve:
    """One curve.

    Attributes
    ----------
    key, label : str
    colors : tuple of str
        ``#RRGGBB`` on a light and on a dark ground.
    values : ndarray of shape (n,)
        For each distance; NaN is a gap.
    spread : ndarray of shape (n,), optional
        Half the width of the band around the curve.
    dash : int
        Number of the dash pattern: colour alone must not tell curves apart.
    """

    key: str
    label: str
    colors: tuple[str, str]
    values: NDArray[np.floating]
    spread: NDArray[np.floating] | None = None
    dash: int = 0


class DistancePlot(PaintedWidget):
    """Curves on common axes that begin at 0.

    Parameters
    ----------
    x_label : str
    parent : QWidget, optional
    """

    def __init__(self, x_label: str = "distance", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x_label = x_label
        self._x: NDArray[np.floating] = np.empty(0)
        self._curves: tuple[DistanceCurve, ...] = ()
        self._current = ""
        self._bounds = (0.0, 1.0)
        self._marked: float | None = None
        self._cursor: int | None = None
        self._backdrop = Backdrop()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self._readout = PlotReadout(self)
        follow_theme(self)

    @property
    def curves(self) -> tuple[DistanceCurve, ...]:
        """Curves shown."""
        return self._curves

    @property
    def distances(self) -> NDArray[np.floating]:
        """Abscissa of the points of all curves."""
        return self._x

    def set_curves(self, distances: NDArray[np.floating], curves: Sequence[DistanceCurve]) -> None:
        """Show curves with a value for each distance."""
        self._set_cursor(None)
        if len(curves) != len(self._curves):
            self.updateGeometry()
        self._x, self._curves = distances, tuple(curves)
        tops = [c.values + (0 if c.spread is None else c.spread) for c in self._curves]
        finite = [float(np.nanmax(top)) for top in tops if np.isfinite(top).any()]
        largest = max(finite, default=0.0)
        lows = [float(np.nanmin(c.values)) for c in self._curves if np.isfinite(c.values).any()]
        low = min([0.0, *lows])
        self._bounds = (0.0 if low >= 0 else -nice_ceil(-low), nice_ceil(largest) if largest > 0 else 1.0)
        self.update()

    def set_current(self, key: str) -> None:
        """Draw one curve stronger than the others."""
        if key != self._current:
            self._current = key
            self.update()

    def set_marked(self, distance: float | None) -> None:
        """Mark the distance in force."""
        if distance != self._marked:
            self._marked = distance
            self.update()

    def readout_text(self) -> str:
        """What the box beside the cursor says; "" while there is none."""
        return self._readout.text() if self._readout.isVisibleTo(self) else ""

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(280), self._theme.px(170))

    @override
    def minimumSizeHint(self) -> QSize:
        line = self.fontMetrics().height()
        names = len(self._curves) * (line - 1) + line + self._theme.px(4)
        return QSize(self._theme.px(220), max(self._theme.px(98), names))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        if not self._curves or not area.contains(event.position()):
            self._set_cursor(None)
            return
        share = (event.position().x() - area.left()) / max(area.width(), 1)
        self._set_cursor(int(np.abs(self._x - share * self._x[-1]).argmin()), event.position())

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._set_cursor(None)
        super().leaveEvent(event)

    def _set_cursor(self, place: int | None, at: QPointF | None = None) -> None:
        self._cursor = place
        self.update()
        if place is None or at is None:
            self._readout.hide()
            return
        order = sorted(self._curves, key=lambda c: -np.nan_to_num(c.values[place], nan=-math.inf))
        rows = [(self._color(c), c.label, _text(c, place)) for c in order]
        heading = f"distance {self._x[place]:g}"
        self._readout.show_values(heading, rows, at.toPoint())

    # -- painting ------------------------------------------------------------------------------------------

    def _color(self, curve: DistanceCurve) -> QColor:
        return QColor(curve.colors[self._theme.is_dark])

    def _area(self) -> QRectF:
        px, metrics = self._theme.px, self.fontMetrics()
        labels = max((metrics.horizontalAdvance(c.label) for c in self._curves), default=0)
        left = QFontMetrics(mono_font(theme=self._theme)).horizontalAdvance("0.00") + px(7)
        labels = max(labels, metrics.horizontalAdvance(self._x_label))
        return QRectF(self.rect()).adjusted(left, px(6), -labels - px(10), -metrics.height() - px(4))

    def _point(self, area: QRectF, x: float, y: float) -> QPointF:
        lo, hi = self._bounds
        return QPointF(
            area.left() + area.width() * x / self._x[-1], area.bottom() - area.height() * (y - lo) / (hi - lo)
        )

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, area = QPainter(self), self._theme, self._area()
        painter.setFont(self.font())
        if not self._curves or len(self._x) < 2 or area.height() < 20:
            self._paint_placeholder(painter)
            return
        key = (self._curves, self._current, self._bounds, self._theme)
        self._backdrop.paint(painter, self, key, lambda inner: self._paint_backdrop(inner, area))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._marked is not None and self._marked <= self._x[-1]:
            top = self._point(area, self._marked, self._bounds[1])
            painter.setPen(QPen(theme.color("accent"), 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(top, QPointF(top.x(), area.bottom()))
        if self._cursor is not None and self._cursor < len(self._x):
            x = self._point(area, float(self._x[self._cursor]), 0).x()
            painter.setPen(QPen(theme.color("muted"), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_backdrop(self, painter: QPainter, area: QRectF) -> None:
        self._paint_axes(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for curve in sorted(self._curves, key=lambda c: c.key == self._current):
            self._paint_curve(painter, area, curve)
        self._paint_labels(painter, area)

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        theme, metrics = self._theme, self.fontMetrics()
        height, (lo, hi) = metrics.height(), self._bounds
        painter.setFont(mono_font(theme=theme))
        for value in (lo, (lo + hi) / 2, hi):
            y = self._point(area, 0, value).y()
            painter.setPen(theme.color("border" if value == lo else "faint"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.color("muted"))
            box = QRectF(0, y - height / 2, area.left() - theme.px(6), height)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, int(align), f"{value:.2g}")
        last = round(float(self._x[-1]))
        step = max(math.ceil(last / 6), 1)
        for value in range(0, last + 1, step):
            x = self._point(area, value, lo).x()
            box = QRectF(x - 20, area.bottom() + 2, 40, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(value))
        painter.setFont(self.font())
        beside = QRectF(area.right() + theme.px(6), area.bottom() + 2, self.width() - area.right(), height)
        painter.drawText(beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._x_label)

    def _paint_curve(self, painter: QPainter, area: QRectF, curve: DistanceCurve) -> None:
        color, chosen = self._color(curve), curve.key == self._current
        fine = np.isfinite(curve.values)
        points = [self._point(area, float(self._x[i]), float(curve.values[i])) for i in np.flatnonzero(fine)]
        if curve.spread is not None and chosen:
            self._paint_band(painter, area, curve, np.flatnonzero(fine & np.isfinite(curve.spread)), color)
        pen = QPen(color, (2.8 if chosen else 1.4) * self._theme.scale)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if _DASHES[curve.dash % len(_DASHES)]:
            pen.setDashPattern(list(_DASHES[curve.dash % len(_DASHES)]))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))

    def _paint_band(
        self, painter: QPainter, area: QRectF, curve: DistanceCurve, places: NDArray[np.intp], color: QColor
    ) -> None:
        assert curve.spread is not None
        edge = [
            self._point(area, float(self._x[i]), float(curve.values[i] + sign * curve.spread[i]))
            for sign, order in ((1, places), (-1, places[::-1]))
            for i in order
        ]
        soft = QColor(color)
        soft.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(soft)
        painter.setClipRect(area)
        painter.drawPolygon(QPolygonF(edge))
        painter.setClipping(False)

    def _paint_labels(self, painter: QPainter, area: QRectF) -> None:
        """Write each name beside the end of its curve, moved apart where ends are close."""
        line = self.fontMetrics().height()
        ends: list[tuple[float, DistanceCurve]] = []
        for curve in self._curves:
            fine = np.flatnonzero(np.isfinite(curve.values))
            if fine.size:
                ends.append((self._point(area, 0, float(curve.values[fine[-1]])).y(), curve))
        ends.sort(key=lambda end: end[0])
        tops = spread_out([y - line / 2 for y, _ in ends], line - 1, 0, area.bottom() - line + 4)
        for top, (_, curve) in zip(tops, ends, strict=True):
            chosen = curve.key == self._current
            weight = QFont.Weight.DemiBold if chosen else QFont.Weight.Normal
            painter.setFont(ui_font(self._theme, self._theme.small_pt, weight))
            painter.setPen(self._color(curve))
            box = QRectF(area.right() + self._theme.px(6), top, self.width() - area.right(), line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, curve.label)


def spread_out(tops: Sequence[float], height: float, lowest: float, highest: float) -> list[float]:
    """Move labels, sorted by height, as little as is needed for none to cover another.

    Parameters
    ----------
    tops : sequence of float
        Where the labels would like to begin, rising.
    height : float
        Of a label.
    lowest, highest : float
        Between these the labels begin, if they all fit.
    """
    placed = list(tops)
    for place in range(len(placed)):
        floor = lowest if place == 0 else placed[place - 1] + height
        placed[place] = max(placed[place], floor)
    for place in reversed(range(len(placed))):
        ceiling = highest if place == len(placed) - 1 else placed[place + 1] - height
        placed[place] = min(placed[place], ceiling)
    return placed


def _text(curve: DistanceCurve, place: int) -> str:
    value = float(curve.values[place])
    if not math.isfinite(value):
        return "–"
    if curve.spread is None or not math.isfinite(float(curve.spread[place])):
        return f"{value:.3f}"
    return f"{value:.3f} ± {float(curve.spread[place]):.3f}"
