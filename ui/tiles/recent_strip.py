"""A row of the newest pictures, from which one is chosen."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.key_moves import row_step
from ui.controls.pointed import PointedWidget
from ui.controls.wheel import WheelNotches
from ui.theme import follow_theme

_TILE = 34


class RecentStrip(PointedWidget[int]):
    """Thumbnails in one row; the wheel and the arrow keys reach those that do not fit.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Number of the picture that the user has chosen.
    pictureRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._names: list[str] = []
        self._current: int | None = None
        self._first = 0
        self._wheel = WheelNotches()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_pictures(self, pictures: Sequence[NDArray[np.uint8]], names: Sequence[str]) -> None:
        """Show pictures.

        Parameters
        ----------
        pictures : sequence of ndarray of shape (h, w), uint8
        names : sequence of str
            Tool tips, one for each.
        """
        self._images = [_image(each) for each in pictures]
        self._names = list(names)
        if self._current is not None and self._current >= len(self._images):
            self._current = None
        self._scroll_to(self._first)

    def set_current(self, index: int | None) -> None:
        """Choose a picture, or none."""
        self._current = index
        if index is not None:
            last = index - self._fitting() + 1
            self._scroll_to(min(max(self._first, last), index))
        self.update()

    def current(self) -> int | None:
        """Number of the chosen picture."""
        return self._current

    @property
    def count(self) -> int:
        """Number of pictures."""
        return len(self._images)

    def tile_rect(self, index: int) -> QRectF:
        """Where a picture lies, in the widget's coordinates; outside of it when it is scrolled away."""
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
    def _part_at(self, point: QPointF) -> int | None:
        shown = range(self._first, min(self._first + self._fitting(), self.count))
        return next((index for index in shown if self.tile_rect(index).contains(point)), None)

    @override
    def _tip(self, part: int) -> str:
        return self._names[part]

    @override
    def _can_press(self, part: int) -> bool:
        return True

    @override
    def _press(self, part: int) -> None:
        self._choose(part)

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
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = row_step(event)
        if step is None or not self._images:
            super().keyPressEvent(event)
            return
        start = -1 if self._current is None else self._current
        self._choose(min(max(start + step, 0), self.count - 1))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index in range(self._first, min(self._first + self._fitting(), self.count)):
            rect = self.tile_rect(index)
            painter.drawImage(_inside(rect, self._images[index]), self._images[index])
            chosen = index == self._current
            role = "accent" if chosen else "muted" if index == self._hovered else "border"
            painter.setPen(QPen(self._theme.color(role), 2 if chosen else 1))
            painter.drawRect(rect)
        for forward in (False, True):
            if self._has_more(forward):
                self._paint_more(painter, forward)
        if self.hasFocus() and self._current is None:
            self._paint_focus_frame(painter)

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

    def _choose(self, index: int) -> None:
        self.set_current(index)
        self.pictureRequested.emit(index)

    def _fitting(self) -> int:
        side, gap = self._theme.px(_TILE), self._theme.px(4)
        return max((self.width() - 4 + gap) // (side + gap), 1)

    def _scroll_to(self, first: int) -> None:
        self._first = min(max(first, 0), max(self.count - self._fitting(), 0))
        self._ask_again()
        self.update()


def _image(pixels: NDArray[np.uint8]) -> QImage:
    rows = np.ascontiguousarray(pixels)
    height, width = rows.shape
    # The copy is needed: a QImage made from a buffer does not keep the buffer alive.
    return QImage(rows.data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def _inside(rect: QRectF, image: QImage) -> QRectF:
    """Return the largest rectangle with the aspect of an image inside another."""
    size = image.size().toSizeF().scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatio)
    found = QRectF(0, 0, size.width(), size.height())
    found.moveCenter(rect.center())
    return found
