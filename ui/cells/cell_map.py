"""Maps of cells: pointing at one of them with the pointer or with the arrow keys."""

from typing import override

from PySide6.QtCore import Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from ui.controls.key_moves import plain_arrow_step, stepped
from ui.controls.pointed import PointedWidget

Cell = tuple[int, int]


class CellWidget(PointedWidget[Cell]):
    """Cells in rows and columns that the pointer can point at.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Row and column of the cell under the pointer, or of the cell that the arrow keys have reached.
    cellHovered = Signal(int, int)
    #: The pointer or the keyboard has left the cells.
    cellLeft = Signal()

    shows_hand = False

    @override
    def _on_hovered(self, part: Cell | None) -> None:
        if part is None:
            self.cellLeft.emit()
        else:
            self.cellHovered.emit(*part)


class CellMap(CellWidget):
    """Cells that the arrow keys can walk over, too.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._focus_cell: Cell = (0, 0)

    @property
    def shape(self) -> Cell:
        """Rows and columns; (0, 0) when there is nothing to show."""
        raise NotImplementedError

    @property
    def focus_cell(self) -> Cell:
        """Row and column of the cell that the keyboard points at."""
        return self._focus_cell

    def set_focus_cell(self, row: int, col: int) -> None:
        """Move the keyboard's cell without a signal; clipped to the map."""
        self._focus_cell = stepped((row, col), (0, 0), self.shape)
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = plain_arrow_step(event)
        if step is None or self.shape == (0, 0):
            super().keyPressEvent(event)
        else:
            self.set_focus_cell(self._focus_cell[0] + step[0], self._focus_cell[1] + step[1])
            self._hover(self._focus_cell)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.underMouse():
            self._hover(None)
