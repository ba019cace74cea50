"""Outlines round cells: each role differs from the others in its line, not in its colour alone."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from ui.theme import Theme

#: Row, column, number of rows, number of columns.
CellBlock = tuple[int, int, int, int]


@dataclass(frozen=True)
class OutlineStyle:
    """Line of a role.

    * `color`: colour role of the theme.
    * `width`: in pixels at scale 1.
    * `dashes`: dash pattern in units of the width; empty for a solid line.
    * `corner`: whether the upper right corner is filled.
    """

    color: str
    width: float
    dashes: tuple[float, ...] = ()
    corner: bool = False


#: From the lowest layer to the topmost.
OUTLINES = {
    "feeds": OutlineStyle("text", 1.5),
    "receptive": OutlineStyle("accent", 2.0, dashes=(3.0, 2.0)),
    "winner": OutlineStyle("winner", 2.0, corner=True),
    "selected": OutlineStyle("accent", 3.0),
    "hover": OutlineStyle("text", 1.0),
    "focus": OutlineStyle("text", 2.0),
}


def draw_outline(painter: QPainter, rect: QRectF, style: OutlineStyle, theme: Theme) -> None:
    """Draw an outline just inside a rectangle, on a halo that sets it off from any colour below.

    * `rect`: block of cells.
    """
    short = min(rect.width(), rect.height())
    width = min(style.width * theme.scale, max(short / 4, 1.0))
    color = theme.color(style.color)
    halo = QColor("#10161D" if color.lightnessF() > 0.6 else "#FFFFFF")
    halo.setAlphaF(0.75)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    if short >= 6:
        _stroke(
            painter,
            inner.adjusted(width / 2 + 0.5, width / 2 + 0.5, -width / 2 - 0.5, -width / 2 - 0.5),
            halo,
            1.0,
        )
        if style.dashes:
            _stroke(painter, inner, halo, width)
    _stroke(painter, inner, color, width, style.dashes)
    if style.corner and short >= 12:
        side = min(short / 3, 4.5 * width)
        tip = rect.topRight()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPolygon(QPolygonF([tip, tip - QPointF(side, 0), tip + QPointF(0, side)]))


def paint_outline(painter: QPainter, rect: QRectF, role: str, theme: Theme, ratio: float) -> None:
    """Draw an outline as `draw_outline` does, from a picture that is kept for the next time.

    Maps are outlined anew with every movement of the pointer, and stroked frames are slow.

    * `rect`: block of cells, on whole screen pixels.
    * `role`: A key of `OUTLINES`.
    * `ratio`: device pixels a logical pixel.
    """
    if rect.isEmpty():
        return
    picture = _picture(rect.width(), rect.height(), role, theme, ratio)
    painter.drawPixmap(rect.topLeft() - QPointF(1, 1), picture)


@lru_cache(maxsize=512)
def _picture(width: float, height: float, role: str, theme: Theme, ratio: float) -> QPixmap:
    """Outline of a rectangle at (1, 1)."""
    picture = QPixmap(round((width + 2) * ratio), round((height + 2) * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    draw_outline(painter, QRectF(1, 1, width, height), OUTLINES[role], theme)
    painter.end()
    return picture


def _stroke(
    painter: QPainter, rect: QRectF, color: QColor, width: float, dashes: tuple[float, ...] = ()
) -> None:
    pen = QPen(color, width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if dashes:
        pen.setDashPattern(list(dashes))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawRect(rect)
