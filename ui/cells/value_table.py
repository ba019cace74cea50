"""Some numbers in coloured cells, wider than high: they can be read where a square map has no room."""

from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QBrush, QKeyEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_numbers import CellNumbers
from ui.cells.cell_view import Cell
from ui.cells.heat_map import same_array
from ui.cells.linked_map import CopiedMap
from ui.controls.key_moves import arrow_step, is_enter

_Mask = NDArray[np.bool_]


class ValueTable(CopiedMap):
    """A small matrix written out: a patch, a kernel, a window. Without room for numbers it shows colours."""

    hover_role = "focus"

    def __init__(self, parent: QWidget | None = None) -> None:
        self._winners: _Mask | None = None
        self._padding: _Mask | None = None
        super().__init__(parent)
        self.show_lines()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    @property
    def winners(self) -> _Mask | None:
        """Cells outlined as winners, of the same shape."""
        return self._winners

    def set_matrix(
        self,
        values: ArrayLike | None,
        colormap: str = "signed",
        levels: tuple[float, float] | None = None,
        *,
        winners: _Mask | None = None,
        padding: _Mask | None = None,
    ) -> None:
        """Show a matrix. Its cells are compared: unequal ones look unequal, or carry ``≈``.

        * `values`: array_like of shape (h, w), or None.
        * `levels`: values of the first and of the last colour; from the values when None.
        * `winners`: cells that hold the maximum of a window, which are outlined.
        * `padding`: cells that lie outside the map, which are hatched.
        """
        if not same_array(padding, self._padding):
            self.update()
        self._padding, self._winners = padding, winners
        marked = [] if winners is None else [(row, col, 1, 1) for row, col in np.argwhere(winners).tolist()]
        self.set_highlight(marked, "winner")
        groups = None if values is None else np.zeros(np.shape(values), int)
        self.set_values(values, colormap, levels, groups)

    def set_marked(self, cell: Cell | None) -> None:
        """Outline one cell, because the pointer is at its counterpart elsewhere."""
        self.set_highlight([] if cell is None else [(*cell, 1, 1)], "focus")

    @override
    def describe(self, row: int, col: int) -> str:
        text = super().describe(row, col)
        if self._padding is not None and self._padding[row, col]:
            text += ", padding outside the map"
        if self._winners is not None and self._winners[row, col]:
            text += ", the maximum"
        return text

    @override
    def grid(self) -> CellGeometry:
        rows, cols = self.shape
        px = self._theme.px
        wide = min((self.width() - 2) / max(cols, 1), px(104))
        high = min((self.height() - 2) / max(rows, 1), px(60), wide)
        return CellGeometry(rows, cols, 1, 1, float(int(min(wide, 2.2 * high))), float(int(high)))

    @override
    def _decimals_more(self) -> int:
        """Decimals for about three figures of the largest value, because there is room for them here."""
        values = self._values
        if values is None or values.dtype.kind != "f" or not values.any():
            return 0
        exponent = CellNumbers(values, self._scale).notation.exponent
        largest = float(np.abs(values).max()) / 10.0**exponent
        return 1 if largest < 1 else 0

    @override
    def sizeHint(self) -> QSize:
        rows, cols = self.shape if self.shape != (0, 0) else (3, 3)
        return QSize(cols * self._theme.px(50) + 2, rows * self._theme.px(32) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        rows, cols = self.shape if self.shape != (0, 0) else (3, 3)
        return QSize(cols * self._theme.px(10) + 2, rows * self._theme.px(10) + 2)

    @override
    def _tip(self, part: Cell) -> str:
        return self.describe(*part)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if arrow_step(event) is None and not is_enter(event):
            super().keyPressEvent(event)
        else:
            event.ignore()  # the pinned cell is moved by them, wherever the keyboard is

    @override
    def _is_kept(self, grid: CellGeometry) -> bool:
        return False

    @override
    def _paint_ground_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        if self._padding is not None:
            hatch = QBrush(self._theme.color("muted", 0.6), Qt.BrushStyle.BDiagPattern)
            for row, col in np.argwhere(self._padding).tolist():
                painter.fillRect(grid.cells(row, col), hatch)

    @override
    def _paint_focus(self, painter: QPainter, grid: CellGeometry) -> None:
        painter.setPen(self._theme.color("accent"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(grid.rect.adjusted(-0.5, -0.5, 0.5, 0.5))
