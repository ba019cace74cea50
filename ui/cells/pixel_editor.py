"""A map of grey levels whose cells can be set one by one."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from ui.cells.heat_map import HeatMap
from ui.controls.undo import Undo, Undoable
from ui.controls.wheel import WheelNotches

Pixels = NDArray[np.uint8]
_Cell = tuple[int, int]

_COARSE = 16
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
#: Figures typed within this time belong to one number.
_TYPING_MS = 1200


class PixelEditor(Undoable[Pixels], HeatMap):
    """Grey levels from 0 to 255 to edit.

    Clicking and dragging with the left button sets cells to the chosen value, with the right button to 0; a
    click with Alt takes the value of a cell. The wheel changes the cell under the pointer by 1, with Shift
    by 16. With the keyboard: arrow keys move, figures set, plus and minus change by 1, Page keys by 16,
    Enter sets the chosen value.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: The user has changed pixels.
    pixelsEdited = Signal()
    #: The user has taken the value of a cell.
    valuePicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels: Pixels = np.zeros((1, 1), np.uint8)
        self._undo: Undo[Pixels] = Undo()
        self._value = 255
        self._stroke: int | None = None  # value that the dragged pointer sets
        self._stroke_end: _Cell = (0, 0)
        self._wheel = WheelNotches()
        self._typed = ""
        self._typing = QElapsedTimer()
        self.show_lines()

    def pixels(self) -> Pixels:
        """Grey levels, shape (h, w)."""
        return self._pixels.copy()

    def set_pixels(self, pixels: Pixels) -> None:
        """Begin to edit another image."""
        self._pixels = pixels.copy()
        self._undo.clear()
        self._typed, self._stroke = "", None
        self._show()

    def set_value(self, value: int) -> None:
        """Choose the value that clicks set, 0 to 255."""
        self._value = value

    def replace(self, pixels: Pixels) -> None:
        """Change the whole image, of the same shape, as if the user had done it."""
        self._undo.record(self._pixels)
        self._pixels = pixels.copy()
        self._edited()

    # -- pointer -------------------------------------------------------------------------------------------

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if cell is None:
            return
        self.set_focus_cell(*cell)
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.valuePicked.emit(int(self._pixels[cell]))
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            self._stroke = self._value if event.button() == Qt.MouseButton.LeftButton else 0
            self._stroke_end = cell
            self._undo.record(self._pixels.copy())
            self._paint([cell], self._stroke)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        cell = self.grid().nearest_cell(event.position())
        if self._stroke is not None and cell != self._stroke_end:
            self._paint(_line(self._stroke_end, cell), self._stroke)
            self._stroke_end = cell

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._stroke = None

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        cell = self.cell_at(event.position())
        notches = self._wheel.turned(event)
        if cell is not None and notches:
            coarse = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._apply([cell], int(self._pixels[cell]) + notches * (_COARSE if coarse else 1))

    # -- keyboard ------------------------------------------------------------------------------------------

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, cell = Qt.Key(event.key()), self.focus_cell
        changes = {
            Qt.Key.Key_Plus: 1,
            Qt.Key.Key_Minus: -1,
            Qt.Key.Key_PageUp: _COARSE,
            Qt.Key.Key_PageDown: -_COARSE,
        }
        if key in changes:
            self._apply([cell], int(self._pixels[cell]) + changes[key])
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_9 and event.modifiers() in _PLAIN:
            self._type(event.text(), cell)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._apply([cell], self._value)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._apply([cell], 0)
        else:
            self._typed = ""
            super().keyPressEvent(event)

    def _type(self, figure: str, cell: _Cell) -> None:
        goes_on = self._typing.isValid() and self._typing.elapsed() < _TYPING_MS
        typed = self._typed + figure if goes_on else figure
        # A fourth figure, or one that leads beyond 255, begins another number.
        self._typed = typed if int(typed) <= 255 and len(typed) <= 3 else figure
        self._typing.start()
        self._apply([cell], int(self._typed))

    # -- editing -------------------------------------------------------------------------------------------

    def _apply(self, cells: list[_Cell], value: int) -> None:
        """Set cells as one change."""
        value = min(max(value, 0), 255)
        if any(self._pixels[cell] != value for cell in cells):
            self._undo.record(self._pixels.copy())
            self._paint(cells, value)

    def _paint(self, cells: list[_Cell], value: int) -> None:
        for cell in cells:
            self._pixels[cell] = value
        self._edited()

    @override
    def _state(self) -> Pixels:
        return self._pixels

    @override
    def _restore(self, state: Pixels) -> None:
        self._pixels = state
        self._edited()

    def _edited(self) -> None:
        self._show()
        self.pixelsEdited.emit()

    def _show(self) -> None:
        self.set_values(self._pixels, "grey", (0, 255))


def _line(start: _Cell, end: _Cell) -> list[_Cell]:
    """Return the cells on the straight way between two cells: a fast pointer skips some."""
    count = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    rows = np.rint(np.linspace(start[0], end[0], count + 1)).astype(int)
    cols = np.rint(np.linspace(start[1], end[1], count + 1)).astype(int)
    return list(zip(rows.tolist(), cols.tolist(), strict=True))
