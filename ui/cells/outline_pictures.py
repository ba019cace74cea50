"""Outlines as ready pictures, for maps that are outlined anew with every movement of the pointer."""

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.figure_mode import drawing_figure
from ui.theme import Theme


def paint_outline(painter: QPainter, rect: QRectF, role: str, theme: Theme, ratio: float) -> None:
    """Draw an outline as `draw_outline` does, from a picture that is kept for the next time.

    Parameters
    ----------
    painter : QPainter
    rect : QRectF
        Block of cells, on whole screen pixels.
    role : str
        A key of `OUTLINES`.
    theme : Theme
    ratio : float
        Device pixels a logical pixel.
    """
    if rect.isEmpty():
        return
    if drawing_figure():
        draw_outline(painter, rect, OUTLINES[role], theme)
    else:
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
