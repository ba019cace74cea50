"""The graph of a function of one number, with one point of it marked."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.numbers import format_value
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font


class FunctionPlot(PaintedWidget):
    """Axes through the origin, the curve, and the point with its guides.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x: NDArray[np.float64] = np.zeros(0)
        self._y: NDArray[np.float64] = np.zeros(0)
        self._point = (0.0, 0.0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    @property
    def point(self) -> tuple[float, float]:
        """Marked point."""
        return self._point

    @property
    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Places and values of the function."""
        return self._x, self._y

    def set_curve(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> None:
        """Show a function, given at ascending places; both arrays of shape (n,)."""
        self._x = np.asarray(x, dtype=np.float64)
        self._y = np.asarray(y, dtype=np.float64)
        self.update()

    def set_point(self, x: float, y: float) -> None:
        """Mark a point."""
        self._point = (x, y)
        self.setAccessibleDescription(f"at {format_value(x, 4)} the value is {format_value(y, 4)}")
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(420), self._theme.px(140))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self._theme.px(80))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._x) < 2 or not np.isfinite(self._point).all():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, line = self._theme, QFontMetrics(self.font()).height()
        area = QRectF(self.rect()).adjusted(4, line + 2, -4, -line - 2)
        lo, hi = min(float(self._y.min()), 0.0), max(float(self._y.max()), 0.0)
        left, right = float(self._x[0]), float(self._x[-1])
        scale_x = area.width() / (right - left)
        scale_y = area.height() / (hi - lo) if hi > lo else 0.0

        def place(x: float, y: float) -> QPointF:
            return QPointF(area.left() + (x - left) * scale_x, area.bottom() - (y - lo) * scale_y)

        painter.setPen(QPen(theme.color("border"), 1))
        painter.drawLine(place(left, 0), place(right, 0))
        painter.drawLine(place(0, lo), place(0, hi))
        x, y = self._point
        painter.setPen(QPen(theme.color("accent"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(place(x, 0), place(x, y))
        painter.drawLine(place(0, y), place(x, y))
        painter.setPen(QPen(theme.color("text"), 2))
        points = [place(*pair) for pair in zip(self._x.tolist(), self._y.tolist(), strict=True)]
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawEllipse(place(x, y), theme.px(4), theme.px(4))
        self._paint_numbers(painter, area, place(x, y))

    def _paint_numbers(self, painter: QPainter, area: QRectF, spot: QPointF) -> None:
        align, theme, metrics = Qt.AlignmentFlag, self._theme, QFontMetrics(self.font())
        painter.setFont(self.font())
        painter.setPen(theme.color("muted"))
        below = QRectF(area.left(), area.bottom() + 2, area.width(), metrics.height())
        painter.drawText(below, align.AlignLeft, format_value(float(self._x[0]), 2))
        painter.drawText(below, align.AlignRight, format_value(float(self._x[-1]), 2))
        painter.setPen(theme.color("accent"))
        text = f"{format_value(self._point[0], 3)} → {format_value(self._point[1], 3)}"
        width = metrics.horizontalAdvance(text) + 4
        left = min(max(spot.x() - width / 2, 0.0), self.width() - width)
        painter.drawText(QRectF(left, 0, width, metrics.height()), align.AlignHCenter, text)
