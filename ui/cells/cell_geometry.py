"""Where the square cells of a map lie in a widget."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt


@dataclass(frozen=True)
class CellGeometry:
    """A grid of cells, aligned to the pixels of the screen.

    * `left`, `top`: corner of the grid, in logical pixels.
    * `wide`, `high`: sides of a cell in logical pixels; whole numbers of device pixels when they
      are at least one.
    """

    rows: int
    cols: int
    left: float
    top: float
    wide: float
    high: float

    @classmethod
    def fit(
        cls,
        rows: int,
        cols: int,
        area: QRectF,
        ratio: float = 1.0,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter,
    ) -> "CellGeometry":
        """Largest grid of square cells that fits into an area.

        * `rows`, `cols`: >= 1.
        * `area`: in logical pixels.
        * `ratio`: device pixels a logical pixel.
        * `alignment`: where the grid lies when there is room to spare.
        """
        side = max(min(area.width() / cols, area.height() / rows) * ratio, 0.0)
        cell = (math.floor(side) if side >= 1 else side) / ratio
        spare_x, spare_y = area.width() - cell * cols, area.height() - cell * rows
        left = 0.0 if alignment & Qt.AlignmentFlag.AlignLeft else spare_x
        left = left if alignment & (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignRight) else spare_x / 2
        top = 0.0 if alignment & Qt.AlignmentFlag.AlignTop else spare_y
        top = top if alignment & (Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignBottom) else spare_y / 2
        return cls(
            rows,
            cols,
            math.floor((area.left() + left) * ratio) / ratio,
            math.floor((area.top() + top) * ratio) / ratio,
            cell,
            cell,
        )

    @property
    def cell(self) -> float:
        """Side of a cell; the shorter one of cells that are not square."""
        return min(self.wide, self.high)

    @property
    def rect(self) -> QRectF:
        """The whole grid."""
        return QRectF(self.left, self.top, self.cols * self.wide, self.rows * self.high)

    def cells(self, row: int, col: int, rows: int = 1, cols: int = 1) -> QRectF:
        """Rectangle of a block of cells.

        * `row`, `col`: first cell of the block; may lie outside the grid.
        * `rows`, `cols`: size of the block.
        """
        return QRectF(
            self.left + col * self.wide, self.top + row * self.high, cols * self.wide, rows * self.high
        )

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column of the cell under a point, or None outside the grid."""
        if self.cell <= 0:
            return None
        row = math.floor((point.y() - self.top) / self.high)
        col = math.floor((point.x() - self.left) / self.wide)
        return (row, col) if 0 <= row < self.rows and 0 <= col < self.cols else None
