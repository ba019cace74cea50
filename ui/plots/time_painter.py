"""Draws the track of a timeline."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from ui.controls.painted import draw_diamond
from ui.plots.time_scale import TimeScale, curve_polygon, epoch_labels, top_value
from ui.theme import Theme
from ui.theme.stylesheet import mix

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def _no_points() -> Points:
    return np.empty(0), np.empty(0)


@dataclass(frozen=True, eq=False)
class TrackContent:
    """What is drawn behind the handle.

    * `first`, `last`: steps at the ends; ``first < last``.
    * `steps_per_epoch`: 0 when epochs are not marked.
    * `curve`, `ghost`: steps and values of the run's loss, and of that of an earlier run.
    * `reference`: step that others are compared with.
    * `fork`: step at which the run left another.
    """

    first: int = 0
    last: int = 1
    steps_per_epoch: int = 0
    curve: Points = field(default_factory=_no_points)
    ghost: Points = field(default_factory=_no_points)
    reference: int | None = None
    fork: int | None = None


class TrackPainter:
    """Knows where the parts of a track lie, and draws them.

    * `area`: the whole widget.
    """

    def __init__(self, content: TrackContent, scale: TimeScale, area: QRectF, theme: Theme) -> None:
        self._content = content
        self._scale = scale
        self._area = area
        self._theme = theme
        self.curve_area = QRectF(scale.left, theme.px(4), scale.right - scale.left, theme.px(20))
        self.rail_y = float(theme.px(31))

    def draw_ground(self, painter: QPainter) -> None:
        """Draw all that does not move with the handle."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_epochs(painter)
        self._draw_curves(painter)
        self._draw_rail(painter, self._scale.right, self._theme.color("track"))
        if self._content.fork is not None:
            place = QPointF(self._scale.x(self._content.fork), self.rail_y)
            draw_diamond(painter, place, self._theme.px(4), self._theme.color("muted"))
        if self._content.reference is not None:
            self._draw_reference(painter, self._content.reference)

    def draw_reached(self, painter: QPainter, step: int) -> None:
        """Draw how far the run has got."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_rail(
            painter, self._scale.x(step), QColor(mix(self._theme.accent, self._theme.surface, 0.6))
        )

    def draw_handle(self, painter: QPainter, step: int, *, live: bool, held: bool, focused: bool) -> None:
        """Draw the way to the shown moment and the handle on it: filled when live, else a ring."""
        theme, x = self._theme, self._scale.x(step)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = theme.color("accent")
        self._draw_rail(painter, x, accent)
        painter.setPen(QPen(accent, 1))
        painter.drawLine(QPointF(x, self.curve_area.top()), QPointF(x, self.rail_y))
        radius = theme.px(7) + (1 if held else 0)
        if focused:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent", 0.28))
            painter.drawEllipse(QPointF(x, self.rail_y), radius + theme.px(3), radius + theme.px(3))
        painter.setBrush(accent if live else theme.color("surface"))
        painter.setPen(QPen(theme.color("surface") if live else accent, theme.px(2) if live else theme.px(3)))
        painter.drawEllipse(QPointF(x, self.rail_y), radius - 1, radius - 1)

    def draw_hover(self, painter: QPainter, x: float) -> None:
        """Draw a line under the pointer."""
        x = min(max(x, self._scale.left), self._scale.right)
        painter.setPen(QPen(self._theme.color("muted"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, self.curve_area.top()), QPointF(x, self.rail_y))

    def _draw_epochs(self, painter: QPainter) -> None:
        theme, metrics = self._theme, painter.fontMetrics()
        ends, labels = epoch_labels(self._scale, self._content.steps_per_epoch, metrics)
        painter.setPen(QPen(theme.color("border"), 1))
        for x in ends:
            painter.drawLine(QPointF(x, self.curve_area.top()), QPointF(x, self.rail_y + theme.px(6)))
        painter.setPen(theme.color("muted"))
        top = self._area.bottom() - metrics.height()
        for x, text in labels:
            half = metrics.horizontalAdvance(text) / 2 + 2
            # A number under the last mark must not leave the widget.
            x = min(max(x, half), self._area.right() - half)
            box = QRectF(x - half, top, 2 * half, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_curves(self, painter: QPainter) -> None:
        content, theme = self._content, self._theme
        top = top_value(content.curve[1], content.ghost[1])
        ghost = QColor(mix(theme.muted, theme.surface, 0.5))
        for points, color in ((content.ghost, ghost), (content.curve, theme.color("muted"))):
            if not points[0].size:
                continue
            line = curve_polygon(*points, self._scale, self.curve_area, top)
            painter.setPen(QPen(color, 1.5 * theme.scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(line)

    def _draw_rail(self, painter: QPainter, end: float, color: QColor) -> None:
        painter.setPen(QPen(color, self._theme.px(3), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(self._scale.left, self.rail_y), QPointF(end, self.rail_y))

    def _draw_reference(self, painter: QPainter, step: int) -> None:
        """Draw a flag with the letter A."""
        theme, x, metrics = self._theme, self._scale.x(step), painter.fontMetrics()
        painter.setPen(QPen(theme.color("text"), theme.px(2)))
        painter.drawLine(QPointF(x, self.curve_area.top()), QPointF(x, self.rail_y))
        width = metrics.horizontalAdvance("A") + theme.px(8)
        # At the right end the flag flies to the left.
        left = x if x + width <= self._area.right() else x - width
        flag = QRectF(left, self.curve_area.top() - theme.px(2), width, metrics.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("text"))
        painter.drawRoundedRect(flag, theme.px(2), theme.px(2))
        painter.setPen(theme.color("surface"))
        painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, "A")
