"""The drawing board in the window: its strokes, and going back and forth between them."""

from dataclasses import replace
from typing import Any, override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent

from cnnviz.drawing import Ask, Part
from cnnviz.graphics.pictures import SIDE, Board, DrawTo, Levels, MovePen, Photo, blank, stroked
from ui.marks import MarkView

_MOST = 100
"""Changes that can be taken back."""


class DrawingPad(MarkView[Board]):
    """Board for the mouse, a pen or the keyboard.

    The left button draws, or erases when the eraser is chosen; the right button always erases. With the
    keyboard the arrow keys move the pen and Space lowers or lifts it.
    """

    ground = "window"  # so that with every move of a stroke nothing below is painted
    buttons = Qt.MouseButton.LeftButton | Qt.MouseButton.RightButton

    #: The user has drawn or erased something, or gone back or forth.
    drawn = Signal()
    #: What can be undone or redone may have changed.
    undoChanged = Signal()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before: list[Levels] = []
        self._after: list[Levels] = []
        self._last: tuple[float, float] | None = None  # end of the stroke that is being drawn
        self._wipes = self._pen_down = False
        self._board = Board(Photo(blank(1, 1)), pen=(SIDE // 2, SIDE // 2))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.asked.connect(self._answer)
        self.released.connect(self._end)

    # -- what is drawn -------------------------------------------------------------------------------------

    def pixels(self) -> Levels:
        """Grey levels of the board, shape (h, w): ink is 255."""
        return self.photo.levels

    @property
    def photo(self) -> Photo:
        """What is drawn, the same as long as nothing is drawn."""
        return self._board.photo

    def is_blank(self) -> bool:
        """Whether there is no ink on the board."""
        return not self.pixels().any()

    def set_aspect(self, height: int, width: int) -> None:
        """Give the board the aspect of an image of this size; a board of another aspect is cleared."""
        if blank(height, width).shape != self.pixels().shape:
            self.forget(Photo(blank(height, width)))

    def forget(self, photo: Photo | None = None) -> None:
        """Begin on another board, or an empty one: nothing of this one can be brought back."""
        photo = Photo(blank(*self.pixels().shape)) if photo is None else photo
        self._before, self._after, self._pen_down = [], [], False
        self._end()
        self._show(photo=photo, pen=(photo.levels.shape[0] // 2, photo.levels.shape[1] // 2))
        self.undoChanged.emit()

    def set_brush(self, width: float, *, erases: bool) -> None:
        """Choose the width of the brush, and whether it draws or erases."""
        self._show(brush=float(width), erases=erases)

    def clear(self) -> None:
        """Wipe the board; this can be undone."""
        if not self.is_blank():
            self._record()
            self._change(blank(*self.pixels().shape))

    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._before)

    def can_redo(self) -> bool:
        """Whether a change was taken back."""
        return bool(self._after)

    def undo(self) -> None:
        if self._before:
            self._after.append(self.pixels())
            self._change(self._before.pop())

    def redo(self) -> None:
        """Make again the change that was taken back."""
        if self._after:
            self._before.append(self.pixels())
            self._change(self._after.pop())

    def _record(self) -> None:
        self._before = [*self._before, self.pixels()][-_MOST:]
        self._after = []

    def _change(self, levels: Levels) -> None:
        self._last = None  # what follows is a change of its own, unless a stroke goes on
        self._show(photo=Photo(levels))
        self.undoChanged.emit()
        self.drawn.emit()

    def _show(self, **changes: Any) -> None:
        self._board = replace(self._board, hint="", **changes)
        if not self._before and self.is_blank():
            self._board = replace(self._board, hint="Draw here")
        self.show_content(self._board)

    @override
    def paper(self) -> Board:
        return replace(self._board, hint="")

    # -- strokes -------------------------------------------------------------------------------------------

    def _answer(self, ask: Ask) -> None:
        match ask:
            case DrawTo(row, col):
                self._stroke_to((row, col))
                self._move_pen(round(row), round(col))  # so that its ring does not stay inside a digit
            case MovePen(rows, cols):
                self._move_pen(self._board.pen[0] + rows, self._board.pen[1] + cols)
                if self._pen_down:
                    self._stroke_to(self._board.pen)

    def _move_pen(self, row: int, col: int) -> None:
        high, wide = self.pixels().shape
        self._show(pen=(min(max(row, 0), high - 1), min(max(col, 0), wide - 1)))

    def _stroke_to(self, place: tuple[float, float]) -> None:
        if self._last is None:
            self._record()
        board, start = self._board, self._last or place
        erases = board.erases or self._wipes
        self._change(stroked(board.photo.levels, start, place, board.brush, erases))
        self._last = place

    def _end(self) -> None:
        self._last, self._wipes = None, False

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._end()
        self._wipes = event.button() == Qt.MouseButton.RightButton
        super().mousePressEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self._pen_down = not self._pen_down
            self._end()
            if self._pen_down:
                self._stroke_to(self._board.pen)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._pen_down:
            self._pen_down = False
            self._end()

    @override
    def _show_hand(self, part: Part | None) -> None:
        """The cursor stays a cross."""
