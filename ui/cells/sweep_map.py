"""A value for every shift: a map over dx and dy in which the place of the digit is marked."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from ui.cells.cell_axes import CellAxes
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_view import Cell
from ui.cells.heat_map import HeatMap


class SweepMap(HeatMap):
    """Map over shifts; a click asks for the shift under the pointer, and so does dragging.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Pixels to the right and down of the cell that was clicked.
    shiftSelected = Signal(int, int)
    #: Pixels to the right and down of the cell under the pointer.
    shiftHovered = Signal(int, int)
    #: The pointer has left the map.
    shiftLeft = Signal()

    shows_hand = True

    def __init__(self, parent: QWidget | None = None) -> None:
        self._dxs: tuple[int, ...] = (0,)
        self._dys: tuple[int, ...] = (0,)
        self._border: tuple[tuple[int, int, int, int], ...] = ()
        self._marked: Cell = (0, 0)
        self._is_held = False
        super().__init__(parent)
        self.set_numbers(False)
        self.set_alignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def shifts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shift of each column to the right, and of each row down."""
        return self._dxs, self._dys

    def set_sweep(
        self,
        values: NDArray[np.floating] | None,
        dxs: tuple[int, ...] = (0,),
        dys: tuple[int, ...] = (0,),
        levels: tuple[float, float] = (0.0, 1.0),
        beyond: NDArray[np.bool_] | None = None,
    ) -> None:
        """Show values.

        Parameters
        ----------
        values : ndarray of shape (rows, columns), or None
            NaN is grey; None shows the placeholder.
        dxs, dys : tuple of int
            Shift of each column to the right, of each row down.
        levels : tuple of float
            Values of the first and of the last colour.
        beyond : boolean ndarray of shape (rows, columns), optional
            Shifts that lie beyond a limit; a line sets them apart.
        """
        self._border = () if beyond is None else _border_of(beyond)
        self._dxs, self._dys = dxs, dys
        self.set_values(values, "sequential", levels)
        self._show()
        self.limit_height()

    def border(self) -> tuple[tuple[int, int, int, int], ...]:
        """Line around what lies beyond the limit: corners (row, column) of cells at both ends of a piece."""
        return self._border

    def set_marked(self, dx: int, dy: int) -> None:
        """Mark the shift in force."""
        if (dx, dy) != self._marked:
            self._marked = (dx, dy)
            self.update()

    def marked(self) -> tuple[int, int]:
        """Shift that is marked."""
        return self._marked

    @override
    def axes(self) -> CellAxes | None:
        return CellAxes(self._dys, self._dxs, ("dy", "dx"))

    def _cell_of(self, dx: int, dy: int) -> Cell | None:
        """Row and column of a shift."""
        return (self._dys.index(dy), self._dxs.index(dx)) if dx in self._dxs and dy in self._dys else None

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(270)
        return QSize(side, self.useful_height(side))

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(120)
        return QSize(side, self.useful_height(side))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.limit_height()

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _tip(self, part: Cell) -> str:
        return ""  # the value is said below the map

    @override
    def _on_hovered(self, part: Cell | None) -> None:
        if part is None:
            self.shiftLeft.emit()
        else:
            self.shiftHovered.emit(self._dxs[part[1]], self._dys[part[0]])

    @override
    def _press(self, part: Cell) -> None:
        self._is_held = True
        self.shiftSelected.emit(self._dxs[part[1]], self._dys[part[0]])

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._is_held and self._hovered not in (None, self._cell_of(*self._marked)):
            self._press(self._hovered)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_held = False
        super().mouseReleaseEvent(event)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _is_kept(self, grid: CellGeometry) -> bool:
        return True  # for the texts on its edges

    @override
    def _paint_ground_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        painter.setPen(QPen(self._theme.color("winner"), 2))
        for top, left, bottom, right in self._border:
            painter.drawLine(grid.cells(top, left).topLeft(), grid.cells(bottom, right).topLeft())

    @override
    def _paint_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        """Ring the shift in force, white on black, so that it is seen on any colour and size of cell."""
        cell = self._cell_of(*self._marked)
        if cell is not None:
            ring = grid.cells(*cell).adjusted(-2, -2, 2, 2)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for color, width in ((Qt.GlobalColor.black, 4), (Qt.GlobalColor.white, 2)):
                painter.setPen(QPen(color, width))
                painter.drawRect(ring)


def _border_of(beyond: NDArray[np.bool_]) -> tuple[tuple[int, int, int, int], ...]:
    """Sides of cells between those that lie beyond a limit and those that do not."""
    across = np.argwhere(beyond[:, 1:] != beyond[:, :-1])
    along = np.argwhere(beyond[1:] != beyond[:-1])
    sides = [(int(r), int(c) + 1, int(r) + 1, int(c) + 1) for r, c in across]
    return (*sides, *((int(r) + 1, int(c), int(r) + 1, int(c) + 1) for r, c in along))
