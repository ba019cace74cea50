"""A block of a larger map, large enough for numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter
from PySide6.QtWidgets import QWidget

from cnnviz.notation import window_groups
from ui.cells.block import Block
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_view import Cell
from ui.cells.heat_map import HeatMap, paint_lines, same_array
from ui.cells.outlines import CellBlock
from ui.controls.map_legend import MapLegend

_Mask = NDArray[np.bool_]


class ExcerptMap(HeatMap):
    """Heat map of a block of a larger map. Its signals and outlines speak of cells of the whole map.

    Cells can be hatched (tied), or struck out: those carry an explicit 0 on a neutral ground, which tells
    "nothing arrives here" from "a small number".

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Row and column, in the whole map, of the cell that is pointed at.
    cellPointed = Signal(int, int)
    #: Row and column, in the whole map, of the cell that was clicked or confirmed by Enter.
    cellChosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._block = Block(0, 0, 1, 1)
        self._masks: list[_Mask | None] = [None, None, None]  # hatched, struck, blank
        self._window_step = 0
        self._meanings: tuple[tuple[str, str], ...] = ()
        super().__init__(parent)
        self.cellHovered.connect(self._on_cell_hovered)
        self.cellClicked.connect(self._on_cell_clicked)

    @property
    def block(self) -> Block:
        """Rows and columns shown."""
        return self._block

    def set_excerpt(
        self,
        values: NDArray[np.generic] | None,
        block: Block | None = None,
        colormap: str = "signed",
        levels: tuple[float, float] | None = None,
        *,
        hatched: _Mask | None = None,
        struck: _Mask | None = None,
        blank: _Mask | None = None,
        is_precise: bool = False,
        window: int = 0,
        marks: Sequence[tuple[str, str]] = (),
        beside: NDArray[np.generic] | None = None,
    ) -> None:
        """Show a block of a map.

        Parameters
        ----------
        values : ndarray of shape (h, w), or None
        block : Block, optional
            The whole map when None.
        colormap, levels
            As for `HeatMap.set_values`.
        hatched, struck, blank : boolean ndarray of shape (h, w), optional
            Cells that are hatched, that carry an explicit 0, that are not there at all.
        is_precise : bool
            Whether two decimals more than usual are written, where there is room, and all cells are compared,
            as those of a kernel. In a large map most numbers have a double: marks at them would say nothing.
        window : int
            Side of the windows of a pool into which thick lines divide the whole map; 0 for none. What
            differs in a window is written so that it looks different.
        marks : sequence of (mark, text)
            What outlines and hatching mean, for the key of a figure; see `MarkLegend`.
        beside : ndarray of shape (h, w), optional
            Values of the same cells in a map that is read beside this one: what differs from them is written
            so that it looks different.
        """
        if values is None:
            self._masks = [None, None, None]
            self.set_values(None)
            return
        self._meanings = tuple(marks)
        block = Block(0, 0, values.shape[0], values.shape[1]) if block is None else block
        if block != self._block:
            self.set_highlight((), "hover")
            self._block = block
            self._show()
        masks = [None if mask is None else block.cut(mask) for mask in (hatched, struck, blank)]
        if window != self._window_step or not all(map(same_array, masks, self._masks)):
            self._masks, self._window_step = masks, window
            self._show()
        self.set_numbers(True, 2 if is_precise else 0)
        groups = np.zeros((block.rows, block.cols), int) if is_precise else None
        if window > 1:
            groups = block.cut(window_groups(values.shape, window))
        beside = None if beside is None else block.cut(beside)
        self.set_values(block.cut(values), colormap, levels, groups, beside)

    def hatched(self) -> _Mask:
        """Which of the cells shown are hatched."""
        return self._mask(0)

    def struck(self) -> _Mask:
        """Which of the cells shown carry an explicit 0."""
        return self._mask(1)

    def outline(self, cells: Iterable[Cell], role: str) -> None:
        """Outline single cells of the whole map; those outside the block are left out."""
        self.outline_blocks(((row, col, 1, 1) for row, col in cells), role)

    def outline_blocks(self, blocks: Iterable[CellBlock], role: str) -> None:
        """Outline blocks of cells of the whole map, as far as they lie in the block shown."""
        shown = self._block
        inside: list[CellBlock] = []
        for row, col, rows, cols in blocks:
            top, left = max(row, shown.row), max(col, shown.col)
            bottom, right = min(row + rows, shown.row + shown.rows), min(col + cols, shown.col + shown.cols)
            if top < bottom and left < right:
                inside.append((top - shown.row, left - shown.col, bottom - top, right - left))
        self.set_highlight(inside, role)

    def outlined(self, role: str) -> list[CellBlock]:
        """Blocks of cells of the whole map that are outlined, as far as they are shown."""
        return [(*self._place_of(row, col), rows, cols) for row, col, rows, cols in self.highlighted(role)]

    def place_of(self, row: int, col: int) -> QRectF | None:
        """Rectangle, in the widget, of a cell of the whole map; None outside the block shown."""
        if self.values is None or not self._block.holds(row, col):
            return None
        return self.cell_rect(row - self._block.row, col - self._block.col)

    @override
    def map_legend(self) -> MapLegend | None:
        legend = super().map_legend()
        if legend is None:
            return None
        return replace(legend, marks=(*self._meanings, *(() if self._is_covered else legend.marks)))

    @override
    def _place_of(self, row: int, col: int) -> Cell:
        return row + self._block.row, col + self._block.col

    @override
    def sizeHint(self) -> QSize:
        # The same for all contents: what is shown must not move what stands round it.
        return QSize(self._theme.px(180), self._theme.px(180))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(56), self._theme.px(56))

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _is_kept(self, grid: CellGeometry) -> bool:
        return True  # for hatching, which takes longer than all the rest

    @override
    def _paint_cells(self, painter: QPainter, grid: CellGeometry) -> None:
        super()._paint_cells(painter, grid)
        if not self._is_covered:
            self._paint_struck(painter, grid)
            self._paint_hatched(painter, grid)
        if self._window_step > 1:
            step, block = self._window_step, self._block
            start = (-block.row % step, -block.col % step)
            width = max(round(2 * self._theme.scale), 2)
            paint_lines(painter, grid, step, self._theme.color("text", 0.6), width, start)
        if not self._is_covered:
            for row, col in np.argwhere(self._mask(2)).tolist():
                painter.fillRect(grid.cells(row, col), self._theme.color("surface"))

    def _paint_struck(self, painter: QPainter, grid: CellGeometry) -> None:
        for row, col in np.argwhere(self.struck()).tolist():
            self._paint_sign(painter, grid.cells(row, col), "0")

    def _paint_hatched(self, painter: QPainter, grid: CellGeometry) -> None:
        side = grid.cell
        # Where there are numbers, their line stays free.
        free = self.fontMetrics().height() + 2.0
        band = (side - free) / 2 if side >= 2 * free else side / 2
        painter.save()
        painter.setOpacity(0.5)
        # Light and dark side by side stand out on any colour.
        for shift, name in ((0, "#FFFFFF"), (1, "#10161D")):
            brush = QBrush(QColor(name), Qt.BrushStyle.BDiagPattern)
            painter.setBrushOrigin(shift, 0)
            for row, col in np.argwhere(self.hatched()).tolist():
                rect = grid.cells(row, col)
                painter.fillRect(QRectF(rect.left(), rect.top(), side, band), brush)
                painter.fillRect(QRectF(rect.left(), rect.bottom() - band, side, band), brush)
        painter.restore()

    def _mask(self, number: int) -> _Mask:
        mask = self._masks[number]
        return np.zeros(self.shape, dtype=bool) if mask is None else mask

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self.cellPointed.emit(*self._place_of(row, col))

    def _on_cell_clicked(self, row: int, col: int) -> None:
        self.cellChosen.emit(*self._place_of(row, col))
