"""A whole map, on which the block that is shown enlarged is moved."""

from typing import override

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from ui.cells.block import Block
from ui.cells.cell_geometry import CellGeometry
from ui.cells.heat_map import HeatMap
from ui.cells.outlines import paint_outline
from ui.controls.key_moves import plain_arrow_step


class OverviewMap(HeatMap):
    """A whole map with a frame round the block that is shown enlarged; drag, click or arrow keys move it.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Row and column that the user wants in the middle of the block.
    centerRequested = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = Block(0, 0, 1, 1)
        self._step = 1
        self.set_numbers(False)
        self.setCursor(Qt.CursorShape.SizeAllCursor)

    def frame(self) -> Block:
        """Block that is framed."""
        return self._frame

    def set_frame(self, block: Block, step: int = 1) -> None:
        """Frame a block.

        Parameters
        ----------
        block : Block
        step : int
            Cells that an arrow key moves it.
        """
        self._frame, self._step = block, step
        self.set_highlight(((block.row, block.col, block.rows, block.cols),), "selected")

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._go_to(event.position())

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go_to(event.position())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = plain_arrow_step(event)
        if move is None:
            event.ignore()
            return
        frame = self._frame
        self.centerRequested.emit(
            frame.row + (frame.rows - self._step) / 2 + move[0] * self._step,
            frame.col + (frame.cols - self._step) / 2 + move[1] * self._step,
        )

    def _go_to(self, point: QPointF) -> None:
        rect = self.map_rect()
        if self.values is None or rect.width() <= 0:
            return
        rows, cols = self.shape
        row = (point.y() - rect.top()) / rect.height() * rows - 0.5
        col = (point.x() - rect.left()) / rect.width() * cols - 0.5
        self.centerRequested.emit(min(max(row, 0.0), rows - 1.0), min(max(col, 0.0), cols - 1.0))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self._theme.px(120))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(56), self._theme.px(56))

    @override
    def _paint_focus(self, painter: QPainter, grid: CellGeometry) -> None:
        frame = self._frame
        rect = grid.cells(frame.row, frame.col, frame.rows, frame.cols)
        paint_outline(painter, rect, "focus", self._theme, self.devicePixelRatioF())
