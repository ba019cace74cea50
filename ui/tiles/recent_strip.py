"""A row of the newest pictures, from which one is chosen."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.color_scale import GREY_LEVELS
from ui.controls.wheel import WheelNotches
from ui.tiles.tile_view import TileView, fitted

_TILE = 34


class RecentStrip(TileView):
    """Thumbnails in one row; the wheel and the arrow keys reach those that do not fit.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number of the picture that the user has chosen.
    pictureRequested = Signal(int)

    is_row = True

    def __init__(self, parent: QWidget | None = None) -> None:
        self._images: list[QImage] = []
        self._names: list[str] = []
        self._first = 0
        self._wheel = WheelNotches()
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_pictures(self, pictures: Sequence[NDArray[np.uint8]], names: Sequence[str]) -> None:
        """Show pictures.

        Parameters
        ----------
        pictures : sequence of ndarray of shape (h, w), uint8
        names : sequence of str
            Tool tips, one for each.
        """
        self._images = [GREY_LEVELS.to_image(each) for each in pictures]
        self._names = list(names)
        self._scroll_to(self._first)

    @override
    def set_current(self, index: int | None) -> None:
        """Choose a picture and scroll to it, or choose none."""
        super().set_current(index)
        if index is not None:
            last = index - self._fitting() + 1
            self._scroll_to(min(max(self._first, last), index))

    @property
    @override
    def count(self) -> int:
        return len(self._images)

    @override
    def tile_rect(self, index: int) -> QRectF:
        side, gap = self._theme.px(_TILE), self._theme.px(4)
        return QRectF(2 + (index - self._first) * (side + gap), 2, side, side)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(5 * (_TILE + 4)), self._theme.px(_TILE) + 4)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(2 * _TILE), self._theme.px(_TILE) + 4)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def visible_range(self) -> range:
        return range(self._first, min(self._first + self._fitting(), self.count))

    @override
    def _tip(self, part: int) -> str:
        return self._names[part]

    @override
    def _tell_chosen(self, index: int) -> None:
        self.pictureRequested.emit(index)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scroll_to(self._first)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        for forward in (False, True):
            if self._has_more(forward) and self._more_rect(forward).contains(event.position()):
                self._scroll_to(self._first + (1 if forward else -1))
                return
        super().mousePressEvent(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._scroll_to(self._first - self._wheel.turned(event))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for forward in (False, True):
            if self._has_more(forward):
                self._paint_more(painter, forward)

    @override
    def _paint_tile(self, painter: QPainter, index: int, rect: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(fitted(rect, self._images[index]), self._images[index])

    def _paint_more(self, painter: QPainter, forward: bool) -> None:
        """Paint a sign that there are more pictures at this end."""
        rect, size = self._more_rect(forward), self._theme.px(4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("surface", 0.82))
        painter.drawRect(rect)
        painter.setPen(QPen(self._theme.color("text"), 2))
        tip = rect.center() + QPointF(size / 2 if forward else -size / 2, 0)
        back = tip.x() + (-size if forward else size)
        painter.drawPolyline([QPointF(back, tip.y() - size), tip, QPointF(back, tip.y() + size)])

    def _has_more(self, forward: bool) -> bool:
        return self._first + self._fitting() < self.count if forward else self._first > 0

    def _more_rect(self, forward: bool) -> QRectF:
        width, shown = self._theme.px(12), min(self._first + self._fitting(), self.count)
        end = self.tile_rect(shown - 1).right()
        return QRectF(end - width if forward else 2, 2, width, self._theme.px(_TILE))

    def _fitting(self) -> int:
        side, gap = self._theme.px(_TILE), self._theme.px(4)
        return max((self.width() - 4 + gap) // (side + gap), 1)

    def _scroll_to(self, first: int) -> None:
        self._first = min(max(first, 0), max(self.count - self._fitting(), 0))
        self._show()
