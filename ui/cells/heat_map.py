"""A map of values as coloured cells: the widget that most of the program is made of."""

from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_cell, format_signed, format_value
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_numbers import CellNumbers
from ui.cells.cell_view import Cell, CellView
from ui.controls.color_scale import ColorScale
from ui.theme import Theme, follow_theme, mono_font, ui_font

#: Side of a cell, in pixels, below which lines would cover too much of it.
_SMALLEST_FOR_LINES = 8
_MOST_ROWS = 64
"""Height in pixels in which a line is filled at once: a translucent one of 97 or more Qt shares out to
threads of its own, and waits for them, milliseconds on a busy machine."""


class HeatMap(CellView):
    """Map of values: each cell in the colour of its value, and with its number where that fits.

    Colours, limits, lines, numbers, coordinates and outlines are parameters. Make a kind of it for
    layers of its own (`LinkedMap`).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: NDArray[np.generic] | None = None
        self._groups: NDArray[np.integer] | None = None
        self._scale = ColorScale()
        self._image = QImage()
        self._numbers: CellNumbers | None = None
        self._writes = True
        self._lines_between = False
        self._is_covered = False
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
    def shape(self) -> Cell:
        return (0, 0) if self._values is None else (self._values.shape[0], self._values.shape[1])

    @property
    def number_exponent(self) -> int:
        """The numbers in the cells are in units of ten to this power; 0 unless they are tiny or huge."""
        return 0 if self._numbers is None else self._numbers.notation.exponent

    def set_values(
        self,
        values: ArrayLike | None,
        colormap: str = "signed",
        levels: tuple[float, float] | None = None,
        groups: NDArray[np.integer] | None = None,
    ) -> None:
        """Show a map.

        * `values`: any real dtype; None shows the placeholder.
        * `levels`: values of the first and of the last colour; from the values when None.
        * `groups`: cells that are compared; see `CellNumbers`.
        * Raises ValueError: if `values` is not two-dimensional, there is no such map, or the
          limits do not rise.
        """
        array = None if values is None else np.array(values)
        if array is not None and (array.ndim != 2 or not array.size):
            raise ValueError(f"A heat map shows an array of shape (h, w). Got shape {array.shape}.")
        scale = self._scale if array is None else ColorScale.of(array, colormap, levels)
        # Drawing the numbers is what takes time: a pointer that moves changes none of them.
        is_same = same_array(array, self._values) and same_array(groups, self._groups)
        if scale == self._scale and is_same:
            return
        self._values, self._scale, self._groups = array, scale, groups
        if array is not None:
            self._image = scale.to_image(array)
        self._count()

    def set_covered(self, covered: bool) -> None:
        """Cover every cell with a question mark, so that its number can be guessed first."""
        if covered != self._is_covered:
            self._is_covered = covered
            self._show()

    def is_covered(self) -> bool:
        """Whether the cells are covered."""
        return self._is_covered

    def value_at(self, row: int, col: int) -> float:
        """Value of a cell.

        * Raises IndexError: if there is no such cell.
        """
        rows, cols = self.shape
        if self._values is None or not (0 <= row < rows and 0 <= col < cols):
            raise IndexError(f"The map has {rows} x {cols} cells: there is no cell {row}, {col}.")
        return self._values[row, col].item()

    def name_of(self, row: int, col: int) -> str:
        """What a cell is called."""
        return format_cell(self._place_of(row, col))

    def describe(self, row: int, col: int) -> str:
        """Name of a cell and, unless it is covered, its value, for its tool tip."""
        if self._is_covered:
            return f"{self.name_of(row, col)}: covered"
        write = format_signed if self._scale.name == "signed" else format_value
        return f"{self.name_of(row, col)}: {write(self.value_at(row, col), 5)}"

    def set_numbers(self, shown: bool) -> None:
        """Write the values into the cells where they fit, or never."""
        if shown != self._writes:
            self._writes = shown
            self._count()

    def texts(self) -> list[str]:
        """Numbers as they stand in the cells, in row-major order; empty where there is no room for them."""
        if self._numbers is None or not self._writes or self._is_covered:
            return []
        return self._numbers.texts(self.grid(), self._theme)

    def show_lines(self) -> None:
        """Draw thin lines between all cells, when these are large enough."""
        self._lines_between = True
        self._show()

    # -- for special maps ----------------------------------------------------------------------------------

    def _decimals_more(self) -> int:
        """Decimals beyond those that are usual."""
        return 0

    def _count(self) -> None:
        """Write the numbers anew, and show them."""
        values = self._values
        more = self._decimals_more()
        self._numbers = None if values is None else CellNumbers(values, self._scale, self._groups, more)
        self._show()

    @override
    def _restyle(self, theme: Theme) -> None:
        super()._restyle(theme)
        self.setFont(ui_font(theme))

    @override
    def spoken_summary(self) -> str:
        values = self._measured()
        if values is None or not values.size:
            return self._placeholder
        rows, cols = self.shape
        if self._is_covered:
            return f"{rows} × {cols} cells, covered."
        least, most = (divmod(int(place), cols) for place in (values.argmin(), values.argmax()))
        ends = f"Smallest at {self.describe(*least)}. Largest at {self.describe(*most)}."
        return f"{rows} × {cols} cells. {ends}"

    def _measured(self) -> NDArray[np.generic] | None:
        """Numbers of the cells that the map is about."""
        return self._values

    @override
    def _tip(self, part: Cell) -> str:
        return f"{self.toolTip()}\n{self.describe(*part)}".strip()

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _is_kept(self, grid: CellGeometry) -> bool:
        writes = self._writes and self._numbers is not None and self._numbers.may_fit(grid, self._theme)
        return writes or self._is_covered

    @override
    def _paint_cells(self, painter: QPainter, grid: CellGeometry) -> None:
        theme, rect = self._theme, grid.rect
        if self._is_covered:
            self._paint_cover(painter, grid)
            return
        # Below one pixel a cell, nearest-neighbour scaling would drop whole rows.
        smooth = grid.cell * self.devicePixelRatioF() < 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(rect, self._image)
        self._paint_ground_marks(painter, grid)
        if self._lines_between and grid.cell >= _SMALLEST_FOR_LINES:
            paint_lines(painter, grid, theme.color("surface", 0.35), 1)
        painter.setPen(theme.color("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self._writes and self._numbers is not None:
            self._numbers.paint(painter, grid, theme)

    @override
    def _shows_outline(self, role: str) -> bool:
        # Who has won is for the student to find out.
        return super()._shows_outline(role) and not (self._is_covered and role == "winner")

    def _paint_cover(self, painter: QPainter, grid: CellGeometry) -> None:
        # The lines between the cells as well: what shines through tells the sign.
        painter.fillRect(grid.rect.adjusted(-1, -1, 1, 1), self._theme.color("border"))
        for row, col in np.ndindex(grid.rows, grid.cols):
            self._paint_sign(painter, grid.cells(row, col), "?")

    def _paint_sign(self, painter: QPainter, cell: QRectF, sign: str) -> None:
        """Write a sign on a neutral ground, if there is room for it."""
        theme = self._theme
        painter.fillRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), theme.color("track"))
        painter.setFont(mono_font(theme=theme))
        if cell.height() >= painter.fontMetrics().height():
            painter.setPen(theme.color("muted"))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, sign)

    def _paint_ground_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        """Paint what lies below lines and numbers; nothing here."""


def paint_lines(painter: QPainter, grid: CellGeometry, color: QColor, width: float) -> None:
    """Draw lines between all rows and all columns."""
    rect = grid.rect
    for row in range(1, grid.rows):
        top = rect.top() + row * grid.high - width / 2
        painter.fillRect(QRectF(rect.left(), top, rect.width(), width), color)
    high = _MOST_ROWS
    for col in range(1, grid.cols):
        left, top = rect.left() + col * grid.wide - width / 2, rect.top()
        while top < rect.bottom():
            painter.fillRect(QRectF(left, top, width, min(high, rect.bottom() - top)), color)
            top += high


def same_array(one: NDArray[np.generic] | None, other: NDArray[np.generic] | None) -> bool:
    """Whether two arrays, or their absence, are alike."""
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and np.array_equal(one, other)
