"""A heat map that is one stage among several: it can hide cells, move a pinned one, and copy its values."""

from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_cell
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_view import Cell
from ui.cells.heat_map import HeatMap
from ui.controls.key_moves import is_enter, long_arrow_step
from ui.rows.table_text import add_copy_action, claims_copy, copy_table, is_copy_key
from ui.theme import Theme


class CopiedMap(HeatMap):
    """Heat map whose values are copied as a table by the key for copying, and by its context menu."""

    paints_ground = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        add_copy_action(self, self.copy_values)

    def copy_values(self) -> None:
        """Put the values on the clipboard as a table."""
        if self.values is not None and not self.is_covered():
            copy_table(self.values)

    @override
    def event(self, event: QEvent) -> bool:
        return claims_copy(event) or super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_copy_key(event):
            self.copy_values()
        else:
            super().keyPressEvent(event)


class LinkedMap(CopiedMap):
    """Map of a stage."""

    #: Arrow keys ask for the pinned cell to move by so many rows and columns.
    moveRequested = Signal(int, int)
    #: The map was double-clicked.
    enlargeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._holds_pin = False
        self._visible_cells: int | None = None
        super().__init__(parent)

    def set_pinned(self, cell: Cell | None) -> None:
        """Let the keyboard stand at the pinned cell, which arrow keys move; None: they point at cells."""
        self._holds_pin = cell is not None
        if cell is not None and cell != self.focus_cell:
            self.set_focus_cell(*cell)

    def set_visible_cells(self, count: int | None) -> None:
        """Hide all cells but the first so many in reading order; None shows all."""
        if count != self._visible_cells:
            self._visible_cells = count
            self.update()

    def visible_cells(self) -> int | None:
        """How many cells are shown, in reading order; None for all."""
        return self._visible_cells

    @override
    def _restyle(self, theme: Theme) -> None:
        self._cover = theme.color("surface", 0.93)
        super()._restyle(theme)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = long_arrow_step(event)
        if self._holds_pin and step is not None:
            self.moveRequested.emit(*step)
        elif not (self._holds_pin and is_enter(event)):  # that cell is chosen already, and no other
            super().keyPressEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.cell_at(event.position()) is not None:
            self.enlargeRequested.emit()

    @override
    def _paint_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        """Cover the hidden cells."""
        if self._visible_cells is None or self._visible_cells >= grid.rows * grid.cols:
            return
        row, col = divmod(self._visible_cells, grid.cols)
        first = grid.cells(row, col, 1, grid.cols - col)
        painter.fillRect(first, self._cover)
        painter.fillRect(QRectF(QPointF(grid.left, first.bottom()), grid.rect.bottomRight()), self._cover)


class UnitMap(LinkedMap):
    """Units of a flat stage, laid out row by row; what is left of the last row is empty."""

    def set_units(
        self,
        values: NDArray[np.generic],
        shape: tuple[int, int],
        colormap: str,
        levels: tuple[float, float] | None = None,
    ) -> None:
        """Show units.

        * `values`: ndarray of shape (d,).
        * `shape`: rows and columns, with room for at least `d` units.
        """
        filled = np.zeros(shape[0] * shape[1], dtype=values.dtype)
        filled[: len(values)] = values
        self.set_visible_cells(None if len(values) == filled.size else len(values))
        self.set_values(filled.reshape(shape), colormap, levels)

    def units(self) -> NDArray[np.generic] | None:
        """Values of the units, of shape (d,)."""
        return None if self.values is None else self.values.ravel()[: self.visible_cells()]

    def unit_of(self, row: int, col: int) -> int:
        """Number of the unit in a cell."""
        return row * self.shape[1] + col

    @override
    def name_of(self, row: int, col: int) -> str:
        return format_cell((self.unit_of(row, col),))

    @override
    def copy_values(self) -> None:
        units = self.units()
        if units is not None:
            copy_table(units[:, None])

    @override
    def cell_at(self, point: QPointF) -> Cell | None:
        cell, units = super().cell_at(point), self.units()
        return cell if cell is not None and units is not None and self.unit_of(*cell) < len(units) else None

    @override
    def set_focus_cell(self, row: int, col: int) -> None:
        (rows, cols), units = self.shape, self.units()
        row = min(max(row, 0), max(rows - 1, 0))
        super().set_focus_cell(row, min(col, (0 if units is None else len(units)) - 1 - row * cols))
