"""A map of values as square coloured cells: the widget that most of the program is made of."""

import math
from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_map import CellMap
from ui.cells.cell_numbers import NumberFormat, draw_numbers
from ui.cells.cell_painter import GridLines, paint_cells
from ui.cells.outlines import OUTLINES, CellBlock, Highlights, draw_outline
from ui.controls.color_scale import ColorScale
from ui.controls.figure_mode import drawing_figure
from ui.controls.key_moves import is_enter
from ui.controls.numbers import format_value
from ui.theme import Theme, follow_theme, mono_font, ui_font


class HeatMap(CellMap):
    """Map of values. Hovering, clicking and the arrow keys point at cells.

    Cells are square, as large as the widget allows, and a whole number of screen pixels wide.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Row and column of the cell that was clicked, or confirmed by Enter.
    cellClicked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base_ratio = 1.0
        self._values: NDArray[np.generic] | None = None
        self._scale = ColorScale()
        self._image = QImage()
        self._format = NumberFormat(2, True)
        self._base = QPixmap()  # cells with their numbers; drawn once for many repaints
        self._geometry = CellGeometry(1, 1, 0, 0, 0)
        self._numbers, self._decimals = True, None
        self._lines = GridLines()
        self._max_cell = math.inf
        self._alignment = Qt.AlignmentFlag.AlignCenter
        self._highlights = Highlights()
        self._interactive = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.set_interactive(True)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def values(self) -> NDArray[np.generic] | None:
        """Values shown, of shape (h, w)."""
        return self._values

    @property
    def scale(self) -> ColorScale:
        """Colour scale in force."""
        return self._scale

    @property
    def levels(self) -> tuple[float, float]:
        """Values of the first and of the last colour."""
        return (self._scale.lo, self._scale.hi)

    @property
    @override
    def shape(self) -> tuple[int, int]:
        """Rows and columns; (0, 0) when there is nothing to show."""
        return (0, 0) if self._values is None else (self._values.shape[0], self._values.shape[1])

    @property
    def number_exponent(self) -> int:
        """The numbers in the cells are in units of ten to this power; 0 unless they are tiny or huge."""
        return self._format.exponent

    def set_values(
        self, values: ArrayLike | None, colormap: str = "signed", levels: tuple[float, float] | None = None
    ) -> None:
        """Show a map.

        Parameters
        ----------
        values : array_like of shape (h, w), or None
            Any real dtype; None shows the placeholder.
        colormap : {"signed", "sequential", "grey"}
        levels : tuple of float, optional
            Values of the first and of the last colour; from the values when None.

        Raises
        ------
        ValueError
            If `values` is not two-dimensional, there is no such map, or the limits do not rise.
        """
        old_shape = self.shape
        array = None if values is None else np.array(values)
        if array is not None and (array.ndim != 2 or not array.size):
            raise ValueError(f"A heat map shows an array of shape (h, w). Got shape {array.shape}.")
        self._values = array
        if array is not None:
            self._scale = ColorScale.of(array, colormap, levels)
            self._image = self._scale.to_image(array)
            self._format = NumberFormat.of(array, self._scale, self._decimals)
        if self.shape != old_shape:
            self._hovered = None
            self._focus_cell = (0, 0)
            self.updateGeometry()
        self._redraw()

    def value_at(self, row: int, col: int) -> float:
        """Value of a cell.

        Raises
        ------
        IndexError
            If there is no such cell.
        """
        rows, cols = self.shape
        if self._values is None or not (0 <= row < rows and 0 <= col < cols):
            raise IndexError(f"The map has {rows} x {cols} cells: there is no cell {row}, {col}.")
        return self._values[row, col].item()

    def set_numbers(self, shown: bool, decimals: int | None = None) -> None:
        """Write the values into the cells where they fit, or never.

        Parameters
        ----------
        shown : bool
        decimals : int, optional
            Chosen by magnitude when None.
        """
        self._numbers, self._decimals = shown, decimals
        if self._values is not None:
            self._format = NumberFormat.of(self._values, self._scale, decimals)
        self._redraw()

    def set_grid(self, cells: bool, block: int = 0) -> None:
        """Draw lines between cells.

        Parameters
        ----------
        cells : bool
            Thin lines between all cells, when these are large enough.
        block : int
            Thick lines every so many cells, such as the size of a pooling window; 0 for none.
        """
        self._lines = GridLines(cells, block)
        self._redraw()

    def set_highlight(self, rects: Sequence[CellBlock], role: str) -> None:
        """Outline blocks of cells, in place of those that had this role before.

        Parameters
        ----------
        rects : sequence of (row, column, rows, columns)
        role : {"receptive", "original", "shifted", "winner", "selected", "hover"}
            Dashed, solid, dotted, solid with a filled corner, bold, thin.

        Raises
        ------
        ValueError
            If there is no such role.
        """
        if self._highlights.set(rects, role):
            self.update()

    def clear_highlights(self) -> None:
        """Remove all outlines."""
        self._highlights.clear()
        self.update()

    def set_interactive(self, interactive: bool) -> None:
        """Answer to pointer and keyboard, or be a picture only."""
        self._interactive = interactive
        self.setMouseTracking(interactive)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if interactive else Qt.FocusPolicy.NoFocus)

    def set_max_cell(self, pixels: float) -> None:
        """Limit the side of a cell, in pixels at scale 1."""
        self._max_cell = pixels
        self._redraw()

    def set_alignment(self, alignment: Qt.AlignmentFlag) -> None:
        """Say where the cells lie when the widget has room to spare; in the centre by default."""
        self._alignment = alignment
        self._redraw()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))
        self._layout_cells()

    # -- where things are ----------------------------------------------------------------------------------

    def map_rect(self) -> QRectF:
        """Rectangle of all cells, in the widget's coordinates."""
        return self._geometry.rect

    def cell_rect(self, row: int, col: int) -> QRectF:
        """Rectangle of a cell, in the widget's coordinates."""
        return self._geometry.cells(row, col)

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and column of the cell at a point of the widget, or None."""
        return None if self._values is None else self._geometry.cell_at(point)

    @override
    def sizeHint(self) -> QSize:
        rows, cols = self.shape if self._values is not None else (1, 1)
        side = min(self._theme.px(240), self._theme.px(min(self._max_cell, 10_000)) * max(rows, cols))
        return QSize(round(side * cols / max(rows, cols)) + 2, round(side * rows / max(rows, cols)) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint().boundedTo(QSize(self._theme.px(56), self._theme.px(56)))

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> tuple[int, int] | None:
        return self.cell_at(point)

    @override
    def _tip(self, part: tuple[int, int]) -> str:
        where = f"row {part[0]}, column {part[1]}: {format_value(self.value_at(*part), 4)}"
        return f"{self.toolTip()}\n{where}".strip()

    @override
    def _can_press(self, part: tuple[int, int]) -> bool:
        return self._interactive

    @override
    def _press(self, part: tuple[int, int]) -> None:
        self._focus_cell = part
        self.update()
        self.cellClicked.emit(*part)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._interactive:
            super().mouseMoveEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._interactive:
            event.ignore()
        elif is_enter(event) and self._values is not None:
            self.cellClicked.emit(*self._focus_cell)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._values is None:
            self._paint_placeholder(painter)
            return
        if not math.isclose(self._base_ratio, self.devicePixelRatioF()):
            self._layout_cells()
        if self._numbers and self._base.isNull():
            self._render_base()
        if drawing_figure():
            self._paint_cells(painter)
            if not self._base.isNull():
                self._paint_numbers(painter)
        elif not self._base.isNull():
            painter.drawPixmap(QPointF(0, 0), self._base)
        else:
            self._paint_cells(painter)
        self.paint_marks(painter)
        self._highlights.draw(painter, self._geometry, self._theme)
        if self._hovered is not None:
            draw_outline(painter, self._geometry.cells(*self._hovered), OUTLINES["hover"], self._theme)
        if self.hasFocus():
            draw_outline(painter, self.focus_rect(), OUTLINES["focus"], self._theme)

    # -- painting ------------------------------------------------------------------------------------------

    def paint_marks(self, painter: QPainter) -> None:
        """Paint what a special map shows between its cells and their outlines; nothing here."""

    def focus_rect(self) -> QRectF:
        """Rectangle that is outlined while the map has the keyboard."""
        return self._geometry.cells(*self._focus_cell)

    def _redraw(self) -> None:
        self._layout_cells()
        self.update()

    def _layout_cells(self) -> None:
        rows, cols = self.shape if self._values is not None else (1, 1)
        self._base_ratio = self.devicePixelRatioF()
        self._base = QPixmap()
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        limit = self._max_cell * self._theme.scale
        self._geometry = CellGeometry.fit(rows, cols, area, self._base_ratio, self._alignment, limit)

    def _render_base(self) -> None:
        """Draw cells and numbers into a picture, or give up numbers for this size if they do not fit."""
        assert self._values is not None
        figures = 1 if self._values.dtype.kind in "iub" else 3
        if self._geometry.cell < figures * QFontMetrics(mono_font()).horizontalAdvance("0"):
            return  # not even "0.0" fits, so no text need be made to find that out
        base = QPixmap(self.size() * self._base_ratio)
        base.setDevicePixelRatio(self._base_ratio)
        base.fill(Qt.GlobalColor.transparent)
        painter = QPainter(base)
        self._paint_cells(painter)
        self._paint_numbers(painter)
        painter.end()
        self._base = base

    def _paint_numbers(self, painter: QPainter) -> None:
        assert self._values is not None
        draw_numbers(painter, self._values, self._format, self._scale, self._geometry, self._theme)

    def _paint_cells(self, painter: QPainter) -> None:
        paint_cells(painter, self._image, self._geometry, self._base_ratio, self._lines, self._theme)
