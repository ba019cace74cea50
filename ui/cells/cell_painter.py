"""The cells of a map and the lines between them."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from ui.cells.cell_geometry import CellGeometry
from ui.theme import Theme

#: Sides of a cell, in pixels, below which lines would cover too much of it.
_SMALLEST_FOR_CELLS = 8
_SMALLEST_FOR_BLOCKS = 4


@dataclass(frozen=True)
class GridLines:
    """Which lines are drawn.

    Attributes
    ----------
    cells : bool
        Thin lines between all cells.
    block : int
        Thick lines every so many cells; 0 for none.
    """

    cells: bool = False
    block: int = 0


def paint_cells(
    painter: QPainter, image: QImage, geometry: CellGeometry, ratio: float, lines: GridLines, theme: Theme
) -> None:
    """Draw a map: one pixel of its picture is one cell.

    Parameters
    ----------
    painter : QPainter
    image : QImage
        As many pixels as `geometry` has cells.
    geometry : CellGeometry
    ratio : float
        Device pixels a logical pixel.
    lines : GridLines
    theme : Theme
    """
    rect = geometry.rect
    # Below one pixel a cell, nearest-neighbour scaling would drop whole rows.
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, geometry.cell * ratio < 1)
    painter.drawImage(rect, image)
    if lines.cells and geometry.cell >= _SMALLEST_FOR_CELLS:
        _paint_lines(painter, geometry, 1, theme.color("surface", 0.35), 1)
    if lines.block and geometry.cell >= _SMALLEST_FOR_BLOCKS:
        _paint_lines(painter, geometry, lines.block, theme.color("surface", 0.9), 2)
    painter.setPen(theme.color("border"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))


def _paint_lines(painter: QPainter, geometry: CellGeometry, every: int, color: QColor, width: int) -> None:
    rect, cell = geometry.rect, geometry.cell
    for row in range(every, geometry.rows, every):
        painter.fillRect(QRectF(rect.left(), rect.top() + row * cell - width / 2, rect.width(), width), color)
    for col in range(every, geometry.cols, every):
        painter.fillRect(
            QRectF(rect.left() + col * cell - width / 2, rect.top(), width, rect.height()), color
        )
