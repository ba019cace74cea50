"""A small card beside the pointer: one pooling window before and after a shift, with its numbers."""

from dataclasses import dataclass
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_together
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_numbers import CellNumbers
from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.color_scale import ColorScale
from ui.controls.floating import FloatingBox
from ui.theme import Theme, follow_theme, mono_font, ui_font

_TITLES = ("original", "shifted")


@dataclass(frozen=True, eq=False)
class WindowPair:
    """One window of a max pool, twice.

    Attributes
    ----------
    heading : str
        Which window, and what has become of its winner.
    blocks : pair of ndarray of shape (size, size)
        Values before and after.
    winners : pair of int
        Row-major index of the first largest cell.
    scale : ColorScale
    """

    heading: str
    blocks: tuple[NDArray[np.floating], NDArray[np.floating]]
    winners: tuple[int, int]
    scale: ColorScale


class WindowCard(FloatingBox):
    """Card that lies over its parent and never takes the pointer.

    Parameters
    ----------
    parent : QWidget
        Ground on which the card lies.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window: WindowPair | None = None
        follow_theme(self)

    @property
    def window_pair(self) -> WindowPair | None:
        """What the card shows; None while it is hidden."""
        return None if self.isHidden() else self._window

    def show_window(self, window: WindowPair, beside: QRect) -> None:
        """Show a window beside a rectangle of the parent, on whichever side there is room."""
        self._window = window
        size, ground = self.sizeHint(), self._ground.rect()
        gap = self._theme.px(10)
        left = beside.right() + gap
        if left + size.width() > ground.right():
            left = beside.left() - gap - size.width()
        top = min(max(beside.center().y() - size.height() // 2, 4), ground.height() - size.height() - 4)
        self.setAccessibleName(window.heading)
        self._show_at(QRect(QPoint(max(left, 4), max(top, 4)), size))

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        px, line = self._theme.px, self._line()
        if self._window is None:
            return QSize(px(200), px(120))
        high = self._cell() * self._window.blocks[0].shape[0]
        heading = QFontMetrics(self._strong()).horizontalAdvance(self._window.heading)
        width = max(heading, 2 * self._side() + px(20)) + px(24)
        return QSize(width, 3 * line + high + px(24))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._window is None:
            return
        theme, px, line = self._theme, self._theme.px, self._line()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("border"))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(theme.color("text"))
        painter.setFont(self._strong())
        heading = QRectF(px(12), px(8), self.width() - px(24), line)
        painter.drawText(heading, Qt.AlignmentFlag.AlignLeft, self._window.heading)
        for number in (0, 1):
            self._paint_block(painter, self._window, number, px(12) + number * (self._side() + px(20)))

    def _paint_block(self, painter: QPainter, window: WindowPair, number: int, left: int) -> None:
        theme, line = self._theme, self._line()
        block, size = window.blocks[number], window.blocks[number].shape[0]
        largest = format_together([float(each.max()) for each in window.blocks], 4)[number]
        top = self._theme.px(10) + line
        painter.setFont(self.font())
        painter.setPen(theme.color(_TITLES[number]))
        painter.drawText(QRectF(left, top, self._side(), line), Qt.AlignmentFlag.AlignLeft, _TITLES[number])
        grid = CellGeometry(size, size, left, top + line, self._side() / size, self._cell())
        painter.drawImage(grid.rect, window.scale.to_image(block))
        groups, other = np.zeros(block.shape, int), window.blocks[1 - number]
        numbers = CellNumbers(block, window.scale, groups, plain=True, beside=other)
        numbers.paint(painter, grid, theme)
        row, col = divmod(window.winners[number], size)
        draw_outline(painter, grid.cells(row, col), OUTLINES["winner"], theme)
        painter.setPen(theme.color("text"))
        painter.setFont(mono_font(theme=theme))
        below = QRectF(left, grid.rect.bottom() + theme.px(3), self._side(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"max {largest}")

    def _cell(self) -> int:
        size = 2 if self._window is None else self._window.blocks[0].shape[0]
        return self._theme.px(46 if size <= 3 else 42)

    def _side(self) -> int:
        size = 2 if self._window is None else self._window.blocks[0].shape[0]
        return self._theme.px(58) * size  # wide enough for what it takes to tell the values apart

    def _line(self) -> int:
        return self.fontMetrics().height() + self._theme.px(3)

    def _strong(self) -> QFont:
        return ui_font(self._theme, self._theme.small_pt, QFont.Weight.DemiBold)
