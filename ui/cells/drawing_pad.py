"""A black board to draw on in white, as the digits of MNIST are."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.key_moves import arrow_step
from ui.controls.painted import PaintedWidget
from ui.controls.undo import Undo, Undoable
from ui.theme import Theme, follow_theme, ui_font

#: Longer side of the board in its own pixels, whatever its size on the screen.
BOARD_SIDE = 280
_INK, _BOARD = QColor(255, 255, 255), QColor(0, 0, 0)
_KEY_STEP = 6


class DrawingPad(Undoable[QImage], PaintedWidget):
    """Board for the mouse, a pen or the keyboard.

    The left button draws, or erases when the eraser is chosen; the right button always erases. With the
    keyboard the arrow keys move the pen and Space lowers or lifts it.
    """

    #: The user has drawn or erased something, or gone back or forth.
    drawn = Signal()
    #: What can be undone or redone may have changed.
    undoChanged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board = _blank(1, 1)
        self._undo: Undo[QImage] = Undo()
        self._brush = 24.0
        self._erasing = False
        self._last: QPointF | None = None  # end of the stroke that is being drawn
        self._wipes = False
        self._pointer: QPointF | None = None
        self._pen = QPointF(self._board.width() / 2, self._board.height() / 2)  # of the keyboard
        self._pen_down = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    # -- what is drawn -------------------------------------------------------------------------------------

    def pixels(self) -> NDArray[np.uint8]:
        """Grey levels of the board, shape (h, w): ink is 255."""
        board = self._board
        rows = np.frombuffer(board.constBits(), np.uint8).reshape(board.height(), board.bytesPerLine())
        return rows[:, : board.width()].copy()

    def is_blank(self) -> bool:
        """Whether there is no ink on the board."""
        return not self.pixels().any()

    def set_aspect(self, height: int, width: int) -> None:
        """Give the board the aspect of an image of this size; a board of another aspect is cleared."""
        board = _blank(height, width)
        if board.size() != self._board.size():
            self._begin_on(board)
            self.updateGeometry()

    def forget(self) -> None:
        """Wipe the board for good: nothing of it can be brought back."""
        self._begin_on(_blank(self._board.height(), self._board.width()))

    def _begin_on(self, board: QImage) -> None:
        self._board = board
        self._pen = QPointF(board.width() / 2, board.height() / 2)
        self._last, self._pen_down = None, False
        self._undo.clear()
        self.undoChanged.emit()
        self.update()

    def brush(self) -> float:
        """Width of the brush in pixels of the board."""
        return self._brush

    def set_brush(self, width: float) -> None:
        """Choose the width of the brush."""
        self._brush = float(width)
        self.update()

    def set_erasing(self, erasing: bool) -> None:
        """Erase with the left button, or draw."""
        self._erasing = erasing
        self.update()

    def clear(self) -> None:
        """Wipe the board; this can be undone."""
        if not self.is_blank():
            self._undo.record(self._board.copy())
            self._board.fill(_BOARD)
            self._changed()

    def board_rect(self) -> QRectF:
        """Where the board lies in the widget."""
        size = self._board.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(left, top, size.width(), size.height())

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(BOARD_SIDE + 40)
        return self._board.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(160)
        return self._board.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)

    # -- pointer and keyboard ------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            super().mousePressEvent(event)
            return
        wipes = self._erasing or event.button() == Qt.MouseButton.RightButton
        self._begin(self._to_board(event.position()), wipes)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        if self._last is not None and not self._pen_down:
            self._draw_to(self._to_board(event.position()))
        self.update()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._pen_down:
            self._last = None

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = arrow_step(event)
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._pen_down = not self._pen_down
                if self._pen_down:
                    self._begin(self._pen, self._erasing)
                else:
                    self._last = None
        elif step is not None:
            x = min(max(self._pen.x() + _KEY_STEP * step[1], 0), self._board.width())
            y = min(max(self._pen.y() + _KEY_STEP * step[0], 0), self._board.height())
            self._pen = QPointF(x, y)
            if self._pen_down:
                self._draw_to(self._pen)
        else:
            super().keyPressEvent(event)
        self.update()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._pen_down:
            self._pen_down, self._last = False, None

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = self.board_rect()
        painter.drawImage(rect, self._board)
        if self._placeholder and not self._undo.can_undo and self.is_blank():
            # The board is black in either theme.
            painter.setPen(QColor("#AAB4BF"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(rect.adjusted(12, 12, -12, -12), int(flags), self._placeholder)
        focused = self.hasFocus()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("accent" if focused else "border"), 2 if focused else 1))
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        self._paint_brush(painter, rect)

    def _paint_brush(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the outline of the brush where it would draw."""
        scale = rect.width() / self._board.width()
        at = self._pointer
        if at is None and self.hasFocus():
            at = QPointF(rect.left() + self._pen.x() * scale, rect.top() + self._pen.y() * scale)
        if at is None or not rect.contains(at):
            return
        radius = max(self._brush * scale / 2, 2)
        line = Qt.PenStyle.DashLine if self._erasing else Qt.PenStyle.SolidLine
        for color, width in ((QColor(0, 0, 0, 150), 3.0), (self._theme.color("winner"), 1.5)):
            painter.setPen(QPen(color, width, line))
            painter.drawEllipse(at, radius, radius)

    # -- drawing -------------------------------------------------------------------------------------------

    def _begin(self, point: QPointF, wipes: bool) -> None:
        self._undo.record(self._board.copy())
        self._wipes = wipes
        self._last = point
        self._draw_to(point)

    def _draw_to(self, point: QPointF) -> None:
        start = point if self._last is None else self._last
        painter = QPainter(self._board)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = _BOARD if self._wipes else _INK
        painter.setPen(
            QPen(
                color, self._brush, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
            )
        )
        if start == point:
            painter.drawPoint(point)
        else:
            painter.drawLine(start, point)
        painter.end()
        self._last = point
        self._changed()

    @override
    def _state(self) -> QImage:
        return self._board

    @override
    def _restore(self, state: QImage) -> None:
        self._board = state
        self._changed()

    def _to_board(self, point: QPointF) -> QPointF:
        rect = self.board_rect()
        scale = self._board.width() / max(rect.width(), 1.0)
        return QPointF((point.x() - rect.left()) * scale, (point.y() - rect.top()) * scale)

    def _changed(self) -> None:
        self.update()
        self.undoChanged.emit()
        self.drawn.emit()


def _blank(height: int, width: int) -> QImage:
    longest = max(height, width)
    size = QSize(max(round(BOARD_SIDE * width / longest), 1), max(round(BOARD_SIDE * height / longest), 1))
    board = QImage(size, QImage.Format.Format_Grayscale8)
    board.fill(_BOARD)
    return board
