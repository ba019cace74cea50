"""A block of a larger map, large enough for numbers."""

from collections.abc import Iterable
from dataclasses import replace
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter
from PySide6.QtWidgets import QWidget

from ui.cells.block import Block
from ui.cells.cell_numbers import NumberFormat
from ui.cells.heat_map import CellBlock, HeatMap
from ui.controls.color_scale import ColorScale
from ui.controls.numbers import format_signed
from ui.theme import mono_font


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
        super().__init__(parent)
        self._shown = Block(0, 0, 1, 1)
        self._hatched: NDArray[np.bool_] | None = None
        self._struck: NDArray[np.bool_] | None = None
        self._blank: NDArray[np.bool_] | None = None
        self._outlined: dict[str, list[CellBlock]] = {}
        self._window_step = 0
        self._is_covered = False
        self.cellHovered.connect(self._on_cell_hovered)
        self.cellClicked.connect(self._on_cell_clicked)

    @property
    def block(self) -> Block:
        """Rows and columns shown."""
        return self._shown

    def set_excerpt(
        self,
        values: NDArray[np.generic] | None,
        block: Block | None = None,
        colormap: str = "signed",
        levels: tuple[float, float] | None = None,
        *,
        hatched: NDArray[np.bool_] | None = None,
        struck: NDArray[np.bool_] | None = None,
        blank: NDArray[np.bool_] | None = None,
        is_precise: bool = False,
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
            Whether as many decimals are written as there is room for, up to four.
        """
        if values is None:
            self._hatched = self._struck = self._blank = None
            self.set_values(None)
            return
        block = Block(0, 0, values.shape[0], values.shape[1]) if block is None else block
        if block != self._shown:
            self.set_highlight((), "hover")
        self._shown = block
        masks = tuple(
            None if mask is None else np.asarray(block.cut(mask), dtype=bool)
            for mask in (hatched, struck, blank)
        )
        if not all(map(_same, masks, (self._hatched, self._struck, self._blank))):
            self._hatched, self._struck, self._blank = masks
            self.update()
        part = block.cut(values)
        scale = ColorScale.of(part, colormap, levels)
        # Drawing the numbers is what takes time: a pointer that moves changes none of them.
        if self.values is None or scale != self.scale or not _same(part, self.values):
            self.set_values(part, colormap, levels)
        # Where all is 0, the unit of the scale, so that the colour bar stays readable.
        number_format = NumberFormat.of(part if part.any() else np.array([scale.hi]), scale, None)
        extra = 2 if is_precise and not number_format.fixed else 0
        self._use_format(replace(number_format, decimals=number_format.decimals + extra))

    def set_windows(self, step: int) -> None:
        """Divide the map into windows of so many cells by thick lines above all marks; 0 for none."""
        if step != self._window_step:
            self._window_step = step
            self.update()

    def set_covered(self, covered: bool) -> None:
        """Cover every cell with a question mark, so that its number can be guessed first."""
        if covered != self._is_covered:
            self._is_covered = covered
            self.update()

    def is_covered(self) -> bool:
        """Whether the cells are covered."""
        return self._is_covered

    def struck(self) -> NDArray[np.bool_]:
        """Which of the cells shown carry an explicit 0."""
        return np.zeros(self.shape, dtype=bool) if self._struck is None else self._struck

    def hatched(self) -> NDArray[np.bool_]:
        """Which of the cells shown are hatched."""
        return np.zeros(self.shape, dtype=bool) if self._hatched is None else self._hatched

    def outline(self, cells: Iterable[tuple[int, int]], role: str) -> None:
        """Outline single cells of the whole map; those outside the block are left out."""
        self.outline_blocks(((row, col, 1, 1) for row, col in cells), role)

    def outline_blocks(self, blocks: Iterable[CellBlock], role: str) -> None:
        """Outline blocks of cells of the whole map, as far as they lie in the block shown."""
        shown = self._shown
        inside: list[CellBlock] = []
        for row, col, rows, cols in blocks:
            top, left = max(row, shown.row), max(col, shown.col)
            bottom, right = min(row + rows, shown.row + shown.rows), min(col + cols, shown.col + shown.cols)
            if top < bottom and left < right:
                inside.append((top - shown.row, left - shown.col, bottom - top, right - left))
        if role != "winner":
            self.set_highlight(inside, role)
        elif inside != self._outlined.get(role, []):
            self.update()
        self._outlined[role] = inside

    def outlined(self, role: str) -> list[CellBlock]:
        """Blocks of cells of the whole map that are outlined, as far as they are shown."""
        return [
            (row + self._shown.row, col + self._shown.col, rows, cols)
            for row, col, rows, cols in self._outlined.get(role, ())
        ]

    def place_of(self, row: int, col: int) -> QRectF | None:
        """Rectangle, in the widget, of a cell of the whole map; None outside the block shown."""
        if self.values is None or not self._shown.holds(row, col):
            return None
        return self.cell_rect(row - self._shown.row, col - self._shown.col)

    @override
    def sizeHint(self) -> QSize:
        # The same for all contents: what is shown must not move what stands round it.
        return QSize(self._theme.px(180), self._theme.px(180))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(56), self._theme.px(56))

    @override
    def _tip(self, part: tuple[int, int]) -> str:
        where = f"row {part[0] + self._shown.row}, column {part[1] + self._shown.col}"
        return f"{self.toolTip()}\n{where}: {format_signed(self.value_at(*part), 5)}".strip()

    @override
    def paint_marks(self, painter: QPainter) -> None:
        if self._is_covered:
            self._paint_cover(painter)
            self._paint_windows(painter)
            return
        if self._struck is not None:
            self._paint_struck(painter)
        if self._hatched is not None:
            self._paint_hatched(painter)
        self._paint_windows(painter)
        self._paint_winners(painter)
        if self._blank is not None:
            for row, col in np.argwhere(self._blank).tolist():
                painter.fillRect(self.cell_rect(row, col), self._theme.color("surface"))

    def _paint_winners(self, painter: QPainter) -> None:
        """Outline the winners with filled strips: every cell may be one, and stroked frames are slow."""
        color = self._theme.color("winner")
        halo = QColor("#10161D" if color.lightnessF() > 0.5 else "#FFFFFF")
        halo.setAlphaF(0.75)
        for row, col, rows, cols in self._outlined.get("winner", ()):
            rect = self.cell_rect(row, col).united(self.cell_rect(row + rows - 1, col + cols - 1))
            width = min(max(round(2 * self._theme.scale), 2), max(rect.width() / 4, 1.0))
            _frame(painter, rect, width, color)
            if rect.width() >= 6 * width:
                _frame(painter, rect.adjusted(width, width, -width, -width), 1.0, halo)

    def _use_format(self, number_format: NumberFormat) -> None:
        if number_format != self._format:
            self._format = number_format
            self._redraw()

    def _paint_cover(self, painter: QPainter) -> None:
        theme, (rows, cols) = self._theme, self.shape
        painter.setFont(mono_font(theme.base_pt, theme=theme))
        painter.setPen(theme.color("muted"))
        # The lines between the cells as well: what shines through tells the sign.
        painter.fillRect(self.map_rect().adjusted(-1, -1, 1, 1), theme.color("border"))
        for row in range(rows):
            for col in range(cols):
                rect = self.cell_rect(row, col)
                painter.fillRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), theme.color("track"))
                if rect.height() >= painter.fontMetrics().height():
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "?")

    def _paint_windows(self, painter: QPainter) -> None:
        step, block = self._window_step, self._shown
        if step < 2:
            return
        rect, color = self.map_rect(), self._theme.color("text", 0.6)
        width = max(round(2 * self._theme.scale), 2)
        side = self.cell_rect(0, 0).width()
        for row in range(-block.row % step, block.rows, step):
            if row:
                painter.fillRect(
                    QRectF(rect.left(), rect.top() + row * side - width / 2, rect.width(), width), color
                )
        for col in range(-block.col % step, block.cols, step):
            if col:
                painter.fillRect(
                    QRectF(rect.left() + col * side - width / 2, rect.top(), width, rect.height()), color
                )

    def _paint_struck(self, painter: QPainter) -> None:
        theme, side = self._theme, self.cell_rect(0, 0).width()
        ground, text = theme.color("track"), theme.color("muted")
        painter.setFont(mono_font(theme=theme))
        writes = side >= painter.fontMetrics().height()
        for row, col in np.argwhere(self.struck()).tolist():
            rect = self.cell_rect(row, col)
            painter.fillRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), ground)
            if writes:
                painter.setPen(text)
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "0")

    def _paint_hatched(self, painter: QPainter) -> None:
        side = self.cell_rect(0, 0).width()
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
                rect = self.cell_rect(row, col)
                painter.fillRect(QRectF(rect.left(), rect.top(), side, band), brush)
                painter.fillRect(QRectF(rect.left(), rect.bottom() - band, side, band), brush)
        painter.restore()

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self.cellPointed.emit(row + self._shown.row, col + self._shown.col)

    def _on_cell_clicked(self, row: int, col: int) -> None:
        self.cellChosen.emit(row + self._shown.row, col + self._shown.col)


def _frame(painter: QPainter, rect: QRectF, width: float, color: QColor) -> None:
    """Fill the four strips along the edges of a rectangle."""
    painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), width), color)
    painter.fillRect(QRectF(rect.left(), rect.bottom() - width, rect.width(), width), color)
    inner = rect.adjusted(0, width, 0, -width)
    painter.fillRect(QRectF(inner.left(), inner.top(), width, inner.height()), color)
    painter.fillRect(QRectF(inner.right() - width, inner.top(), width, inner.height()), color)


def _same(one: NDArray[np.generic] | None, other: NDArray[np.generic] | None) -> bool:
    """Whether two arrays, or their absence, are alike."""
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and np.array_equal(one, other)
