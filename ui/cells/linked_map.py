"""A heat map that is one stage among several: it can hide cells, move a pinned one, and copy its values."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.cells.heat_map import HeatMap
from ui.cells.outline_pictures import paint_outline
from ui.cells.outlines import OUTLINES, CellBlock
from ui.controls.key_moves import plain_arrow_step
from ui.rows.table_text import add_copy_action, claims_copy, copy_table, is_copy_key
from ui.theme import Theme


class LinkedMap(HeatMap):
    """Map of a stage.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Arrow keys ask for the pinned cell to move by so many rows and columns.
    moveRequested = Signal(int, int)
    #: The map was double-clicked.
    enlargeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._movable = False
        self._visible_cells: int | None = None
        self._outlined: dict[str, tuple[CellBlock, ...]] = {}
        super().__init__(parent)
        # It paints its own ground, so that what lies below need not be painted with every movement.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        add_copy_action(self, self.copy_values)

    def set_movable(self, movable: bool) -> None:
        """Let arrow keys move a pinned cell, instead of pointing at cells."""
        self._movable = movable

    def set_visible_cells(self, count: int | None) -> None:
        """Hide all cells but the first so many in reading order; None shows all."""
        if count != self._visible_cells:
            self._visible_cells = count
            self.update()

    def visible_cells(self) -> int | None:
        """How many cells are shown, in reading order; None for all."""
        return self._visible_cells

    def highlighted(self, role: str) -> tuple[CellBlock, ...]:
        """Blocks of cells that are outlined in a role."""
        return self._outlined.get(role, ())

    def copy_values(self) -> None:
        """Put the values on the clipboard as a table."""
        if self.values is not None:
            copy_table(self.values)

    @override
    def set_highlight(self, rects: Sequence[CellBlock], role: str) -> None:
        blocks = tuple(rects)
        if self._outlined.get(role, ()) != blocks:
            self._outlined[role] = blocks
            self.update()

    @override
    def clear_highlights(self) -> None:
        self._outlined.clear()
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self._ground = theme.color("surface")
        self._cover = theme.color("surface", 0.93)
        super()._restyle(theme)

    @override
    def event(self, event: QEvent) -> bool:
        done = claims_copy(event) or super().event(event)
        if event.type() in (QEvent.Type.Polish, QEvent.Type.StyleChange):
            # The stylesheet, which makes the content of scroll areas transparent, has taken it back.
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        return done

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = plain_arrow_step(event)
        if is_copy_key(event):
            self.copy_values()
        elif self._movable and step is not None:
            self.moveRequested.emit(*step)
        else:
            super().keyPressEvent(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.cell_at(event.position()) is not None:
            self.enlargeRequested.emit()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._ground)
        painter.end()
        super().paintEvent(event)

    @override
    def paint_marks(self, painter: QPainter) -> None:
        self._paint_cover(painter)
        whole, ratio = self.map_rect(), self.devicePixelRatioF()
        for role in OUTLINES:
            for row, col, rows, cols in self._outlined.get(role, ()):
                last = self.cell_rect(row + rows - 1, col + cols - 1)
                block = self.cell_rect(row, col).united(last).intersected(whole)
                paint_outline(painter, block, role, self._theme, ratio)

    def _paint_cover(self, painter: QPainter) -> None:
        rows, cols = self.shape
        if self._visible_cells is None or self._visible_cells >= rows * cols:
            return
        row, col = divmod(self._visible_cells, cols)
        first, last = self.cell_rect(row, col), self.cell_rect(rows - 1, cols - 1)
        rest_of_row = QRectF(first.topLeft(), QPointF(last.right(), first.bottom()))
        painter.fillRect(rest_of_row, self._cover)
        below = QRectF(QPointF(self.cell_rect(0, 0).left(), first.bottom()), last.bottomRight())
        painter.fillRect(below, self._cover)


class UnitMap(LinkedMap):
    """Units of a flat stage, laid out row by row; what is left of the last row is empty.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        self._count = 0
        super().__init__(parent)

    def set_units(
        self,
        values: NDArray[np.generic],
        shape: tuple[int, int],
        colormap: str,
        levels: tuple[float, float] | None = None,
    ) -> None:
        """Show units.

        Parameters
        ----------
        values : ndarray of shape (d,)
        shape : tuple of int
            Rows and columns, with room for at least `d` units.
        colormap : {"signed", "sequential", "grey"}
        levels : tuple of float, optional
        """
        self._count = len(values)
        filled = np.zeros(shape[0] * shape[1], dtype=values.dtype)
        filled[: len(values)] = values
        self.set_values(filled.reshape(shape), colormap, levels)
        self.set_visible_cells(None if self._count == filled.size else self._count)

    def units(self) -> NDArray[np.generic] | None:
        """Values of the units, of shape (d,)."""
        return None if self.values is None else self.values.ravel()[: self._count]

    def unit_of(self, row: int, col: int) -> int:
        """Number of the unit in a cell."""
        return row * self.shape[1] + col

    def cell_of(self, unit: int) -> tuple[int, int]:
        """Row and column of a unit."""
        row, col = divmod(unit, max(self.shape[1], 1))
        return row, col

    @override
    def copy_values(self) -> None:
        units = self.units()
        if units is not None:
            copy_table(units[:, None])

    @override
    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        cell = super().cell_at(point)
        return cell if cell is not None and self.unit_of(*cell) < self._count else None

    @override
    def set_focus_cell(self, row: int, col: int) -> None:
        rows, cols = self.shape
        row = min(max(row, 0), max(rows - 1, 0))
        last = self._count - 1 - row * cols
        super().set_focus_cell(row, min(col, last))
