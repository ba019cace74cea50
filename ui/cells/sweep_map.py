"""A value for every shift: a map over dx and dy in which the place of the digit is marked."""

import math
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.backdrop import Backdrop
from ui.controls.color_scale import ColorScale
from ui.controls.numbers import format_signed
from ui.controls.pointed import PointedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


class SweepMap(PointedWidget[tuple[int, int]]):
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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: NDArray[np.floating] | None = None
        self._dxs: tuple[int, ...] = (0,)
        self._dys: tuple[int, ...] = (0,)
        self._scale = ColorScale("sequential", 0.0, 1.0)
        self._image = QImage()
        self._border: tuple[tuple[int, int, int, int], ...] = ()
        self._backdrop = Backdrop()
        self._marked = (0, 0)
        self._is_held = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    @property
    def values(self) -> NDArray[np.floating] | None:
        """Value of each shift, shape (rows, columns)."""
        return self._values

    @property
    def shifts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shift of each column to the right, and of each row down."""
        return self._dxs, self._dys

    @property
    def scale(self) -> ColorScale:
        """Colours."""
        return self._scale

    def set_values(
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
        self._values, self._dxs, self._dys = values, dxs, dys
        self._scale = ColorScale("sequential", *levels)
        self._limit_height()
        if values is not None:
            self._image = self._scale.to_image(values)
        self.update()

    def border(self) -> tuple[tuple[int, int, int, int], ...]:
        """Line around what lies beyond the limit: corners (row, column) of cells at both ends of a piece."""
        return self._border

    def value_at(self, dx: int, dy: int) -> float:
        """Value of a shift; NaN where there is none."""
        if self._values is None or dx not in self._dxs or dy not in self._dys:
            return math.nan
        return float(self._values[self._dys.index(dy), self._dxs.index(dx)])

    def set_marked(self, dx: int, dy: int) -> None:
        """Mark the shift in force."""
        if (dx, dy) != self._marked:
            self._marked = (dx, dy)
            self.update()

    def marked(self) -> tuple[int, int]:
        """Shift that is marked."""
        return self._marked

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(mono_font(theme=theme))

    def shift_center(self, dx: int, dy: int) -> QPointF:
        """Middle of the cell of a shift, in the widget's coordinates."""
        return self._fit().cells(self._dys.index(dy), self._dxs.index(dx)).center()

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(270)
        return QSize(side + self._margin(), side + self.fontMetrics().height())

    @override
    def minimumSizeHint(self) -> QSize:
        side = self._theme.px(96)
        return QSize(side + self._margin(), side + self.fontMetrics().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._limit_height()

    def _limit_height(self) -> None:
        """Leave to others the height that a map of this width has no use for."""
        share = len(self._dys) / len(self._dxs)
        height = math.ceil((self.width() - self._margin()) * share) + self.fontMetrics().height() + 4
        height = max(height, self.minimumSizeHint().height())
        if height != self.maximumHeight():
            self.setMaximumHeight(height)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> tuple[int, int] | None:
        cell = None if self._values is None else self._fit().cell_at(point)
        return None if cell is None else (self._dxs[cell[1]], self._dys[cell[0]])

    @override
    def _on_hovered(self, part: tuple[int, int] | None) -> None:
        if part is None:
            self.shiftLeft.emit()
        else:
            self.shiftHovered.emit(*part)

    @override
    def _can_press(self, part: tuple[int, int]) -> bool:
        return True

    @override
    def _press(self, part: tuple[int, int]) -> None:
        self._is_held = True
        self.shiftSelected.emit(*part)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._is_held and self._hovered not in (None, self._marked):
            self.shiftSelected.emit(*self._hovered)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._is_held = False
        super().mouseReleaseEvent(event)

    # -- painting ------------------------------------------------------------------------------------------

    def _margin(self) -> int:
        return 3 * self.fontMetrics().horizontalAdvance("0") + self._theme.px(6)

    def _fit(self) -> CellGeometry:
        left, below = self._margin(), self.fontMetrics().height() + 2
        area = QRectF(self.rect()).adjusted(left, 1, -1, -below)
        align = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        return CellGeometry.fit(len(self._dys), len(self._dxs), area, self.devicePixelRatioF(), align)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        if self._values is None:
            painter.setFont(ui_font(theme))
            self._paint_placeholder(painter)
            return
        grid = self._fit()
        key = (self._image.cacheKey(), self._dxs, self._dys, self._border, theme)
        self._backdrop.paint(painter, self, key, lambda inner: self._paint_backdrop(inner, grid))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._hovered is not None:
            draw_outline(painter, self._cell(grid, self._hovered), OUTLINES["hover"], theme)
        if self._marked[0] in self._dxs and self._marked[1] in self._dys:
            self._paint_mark(painter, self._cell(grid, self._marked))

    def _paint_backdrop(self, painter: QPainter, grid: CellGeometry) -> None:
        painter.drawImage(grid.rect, self._image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._theme.color("border"))
        painter.drawRect(grid.rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.setPen(QPen(self._theme.color("winner"), 2))
        for top, left, bottom, right in self._border:
            ends = [_corner(grid, row, column) for row, column in ((top, left), (bottom, right))]
            painter.drawLine(*ends)
        self._paint_axes(painter, grid)

    def _cell(self, grid: CellGeometry, shift: tuple[int, int]) -> QRectF:
        return grid.cells(self._dys.index(shift[1]), self._dxs.index(shift[0]))

    def _paint_mark(self, painter: QPainter, cell: QRectF) -> None:
        """Ring the cell, in white on black, so that it is seen on any colour and at any size of cell."""
        ring = cell.adjusted(-2, -2, 2, 2)
        painter.setPen(QPen(Qt.GlobalColor.black, 4))
        painter.drawRect(ring)
        painter.setPen(QPen(Qt.GlobalColor.white, 2))
        painter.drawRect(ring)

    def _paint_axes(self, painter: QPainter, grid: CellGeometry) -> None:
        painter.setPen(self._theme.color("muted"))
        height, rect, center = self.fontMetrics().height(), grid.rect, Qt.AlignmentFlag.AlignCenter
        wide = self._margin()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for name, shifts in (("dx", self._dxs), ("dy", self._dys)):
            for place in sorted({0, len(shifts) // 2, len(shifts) - 1}):
                text = format_signed(shifts[place])
                if name == "dx":
                    middle = grid.cells(0, place).center().x()
                    box = QRectF(middle - wide, rect.bottom() + 1, 2 * wide, height)
                    box.moveRight(min(box.right(), self.width() + wide * 0.6))
                    painter.drawText(box, center, text)
                else:
                    middle = grid.cells(place, 0).center().y()
                    box = QRectF(rect.left() - wide, middle - height / 2, wide - self._theme.px(4), height)
                    box.moveTop(max(box.top(), 0))
                    painter.drawText(box, right, text)
            quarter = len(shifts) // 4
            if quarter >= 2:
                self._paint_axis_name(painter, grid, name, quarter)

    def _paint_axis_name(self, painter: QPainter, grid: CellGeometry, name: str, place: int) -> None:
        height, wide = self.fontMetrics().height(), self._margin()
        if name == "dx":
            middle = grid.cells(0, len(self._dxs) - 1 - place).center().x()
            box = QRectF(middle - wide, grid.rect.bottom() + 1, 2 * wide, height)
        else:
            middle = grid.cells(len(self._dys) - 1 - place, 0).center().y()
            box = QRectF(grid.rect.left() - wide, middle - height / 2, wide - self._theme.px(4), height)
        align = Qt.AlignmentFlag.AlignCenter if name == "dx" else Qt.AlignmentFlag.AlignRight
        painter.drawText(box, int(align | Qt.AlignmentFlag.AlignVCenter), name)


def _border_of(beyond: NDArray[np.bool_]) -> tuple[tuple[int, int, int, int], ...]:
    """Sides of cells between those that lie beyond a limit and those that do not."""
    across = np.argwhere(beyond[:, 1:] != beyond[:, :-1])
    along = np.argwhere(beyond[1:] != beyond[:-1])
    sides = [(int(r), int(c) + 1, int(r) + 1, int(c) + 1) for r, c in across]
    return (*sides, *((int(r) + 1, int(c), int(r) + 1, int(c) + 1) for r, c in along))


def _corner(grid: CellGeometry, row: int, column: int) -> QPointF:
    """Corner between cells, counted from the top left one."""
    cell = grid.cells(max(row - 1, 0), max(column - 1, 0))
    return QPointF(cell.right() if column else cell.left(), cell.bottom() if row else cell.top())
