"""Paints drawings with Qt: on the screen, where groups are kept as pictures, and on paper."""

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPixmap, QPolygonF

from cnnviz.drawing import Box, Font, Group, Image, Ink, Line, Lines, Look, Mark, Polygon, Rect, Text
from ui.theme import mono_font, ui_font

Kept = dict[Hashable, Any]
"""Pictures of groups, by their keys; None of those that were painted once: most are never painted again."""
_NEW = object()

_SMOOTH, _SMOOTH_IMAGE = QPainter.RenderHint.Antialiasing, QPainter.RenderHint.SmoothPixmapTransform
_NO_PEN, _NO_BRUSH, _RGB = Qt.PenStyle.NoPen, Qt.BrushStyle.NoBrush, QImage.Format.Format_RGB32
_PIECE = 32  # points: in one piece, a long line up and down takes Qt a second
_WEIGHTS = {"regular": QFont.Weight.Normal, "medium": QFont.Weight.Medium, "strong": QFont.Weight.DemiBold}


def paint(
    marks: Sequence[Mark], painter: QPainter, look: Look, kept: Kept | None, known: Kept, ground: Ink = ""
) -> None:
    """Paint one mark after the other, on the screen as on paper.

    What is in force is not set again: it costs as much as to paint. Edges are not smoothed before and after.

    * `kept`, `known`: pictures of groups: those that are used are put into `kept`, taken from
      `known` where they are there. None paints all marks of a group one by one, for vector files.
    * `ground`: colour that lies below everything, if it is known.
    """
    nothing: tuple[object, object] = None, None  # font and ink of words
    written, is_round = nothing, False  # whether edges are smoothed: straight ones never

    def smooth(wanted: bool) -> None:
        nonlocal is_round
        if wanted != is_round:
            is_round = wanted
            painter.setRenderHint(_SMOOTH, wanted)

    for mark in marks:
        match mark:
            case Text():
                x, y, words, font, ink, anchor, is_upright = mark
                if font != written[0]:
                    painter.setFont(_font(font))
                if ink != written[1]:
                    painter.setPen(color(look, ink))
                written = font, ink
                back = 0.0 if anchor == "start" else font.width(words) / (2 if anchor == "middle" else 1)
                if is_upright:
                    painter.save()
                    painter.translate(x, y)
                    painter.rotate(-90)
                    painter.drawText(QPointF(-back, 0), words)
                    painter.restore()
                else:
                    painter.drawText(QPointF(x - back, y), words)
                continue
            case Rect():
                box, fill, edge, width, radius, alpha, dash = mark
                if not edge and not radius:
                    painter.fillRect(qrect(box), color(look, fill, alpha))
                    continue
                smooth(bool(radius))  # it takes ten times as long
                painter.setPen(_pen(look, edge, width, dash) if edge else _NO_PEN)
                painter.setBrush(color(look, fill, alpha) if fill else _NO_BRUSH)
                if radius:
                    painter.drawRoundedRect(qrect(box), radius, radius)
                else:
                    painter.drawRect(qrect(box))
            case Image(box, pixels, is_smooth):
                rows, cols = pixels.shape
                # Below one pixel a cell, nearest-neighbour scaling would drop whole rows.
                painter.setRenderHint(_SMOOTH_IMAGE, is_smooth or box.width < cols)
                smooth(False)
                words = np.ascontiguousarray(pixels)  # a QImage does not keep its buffer alive
                painter.drawImage(qrect(box), QImage(words.data, cols, rows, 4 * cols, _RGB))
            case Line(points, ink, width, dash, alpha):
                smooth(True)
                painter.setPen(_pen(look, ink, width, dash, alpha))
                painter.setBrush(_NO_BRUSH)
                line = [QPointF(x, y) for x, y in points]
                step = 1 + len(line) if dash or alpha < 1 else _PIECE
                for first in range(0, len(line) - 1, step):
                    painter.drawPolyline(line[first : first + step + 1])
            case Lines(pieces, ink, width, dash):
                smooth(False)
                painter.setPen(_pen(look, ink, width, dash))
                painter.drawLines([QLineF(*piece) for piece in pieces])
            case Polygon(points, fill, alpha):
                smooth(True)
                painter.setPen(_NO_PEN)
                painter.setBrush(color(look, fill, alpha))
                painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))
            case Group():
                smooth(False)
                _paint_group(mark, painter, look, kept, known, ground if mark.is_lowest else "")
        written = nothing
    smooth(False)


def _paint_group(
    group: Group, painter: QPainter, look: Look, kept: Kept | None, known: Kept, ground: Ink
) -> None:
    if kept is None:
        paint(group.draw(), painter, look, None, {})
        return
    box, key = group.box, group.key
    if min(box.width, box.height) < 0.5:  # a card that is squeezed while the window is laid out
        return
    picture = known.get(key, _NEW)
    if picture is _NEW:
        kept[key] = None
        paint(group.draw(), painter, look, kept, known)
        return
    if picture is None:
        ratio = painter.device().devicePixelRatioF()
        picture = QPixmap(QSize(round(box.width * ratio), round(box.height * ratio)))
        picture.setDevicePixelRatio(ratio)
        picture.fill(color(look, ground) if ground else Qt.GlobalColor.transparent)
        inner = QPainter(picture)
        inner.translate(-box.left, -box.top)
        paint(group.draw(), inner, look, {}, {})
        inner.end()
    kept[key] = picture
    painter.drawPixmap(QPointF(box.left, box.top), picture)


def qrect(box: Box) -> QRectF:
    """Return a box as Qt has it."""
    return QRectF(*box)


@lru_cache(256)  # of a width that follows a value it is made once and never again
def _pen(look: Look, ink: Ink, width: float, dash: tuple[float, ...] = (), alpha: float = 1.0) -> QPen:
    pen = QPen(color(look, ink, alpha), width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    if dash:
        pen.setDashPattern(list(dash))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


@lru_cache(1024)
def color(look: Look, ink: Ink, alpha: float = 1.0) -> QColor:
    """Return a colour of a look as Qt has it; not to be changed."""
    found = QColor(look.hex(ink))
    found.setAlphaF(alpha)
    return found


@lru_cache(256)
def _font(font: Font) -> QFont:
    found = mono_font(weight=_WEIGHTS[font.weight]) if font.is_mono else ui_font(weight=_WEIGHTS[font.weight])
    found.setPixelSize(round(font.size))
    return found
