"""Which classes are taken for which: counts of test images by true and by predicted class."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_count, format_percent, format_whole_percent
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_view import Cell, CellView
from ui.controls.key_moves import arrow_step, stepped
from ui.theme import Theme, follow_theme, mono_font, ui_font

_TOP_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


class ConfusionMatrix(CellView):
    """Table of counts with rows "is …" and columns "predicted …".

    Correct predictions are tinted; mistakes have a mark in their corner, and a stronger tint the more there
    are. Where there is no room for as many images as a class has, they are given in per cent of the class.
    """

    #: True and predicted class of the cell that the user has chosen.
    cellSelected = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[np.int64] | None = None
        self._names: tuple[str, ...] = ()
        self._current: tuple[int, int] | None = None
        self.set_interactive(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_matrix(self, counts: ArrayLike | None, names: Sequence[str]) -> None:
        """Show counts.

        * `counts`: row: true class; column: predicted class. None shows the placeholder.
        * `names`: names of the k classes.
        * Raises ValueError: if the shape does not go with the number of names.
        """
        matrix = None if counts is None else np.asarray(counts, dtype=np.int64)
        if matrix is not None and matrix.shape != (len(names), len(names)):
            raise ValueError(
                f"{len(names)} classes need a matrix of {len(names)} x {len(names)}. Got {matrix.shape}."
            )
        if len(names) != len(self._names):
            self._current = None
        self._counts, self._names = matrix, tuple(names)
        self._describe()
        self._show()
        self.updateGeometry()

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """Counts that are shown, of shape (k, k)."""
        return self._counts

    @property
    @override
    def shape(self) -> Cell:
        return (0, 0) if self._counts is None else (len(self._names), len(self._names))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self._names

    def in_percent(self) -> bool:
        """Whether there is no room for counts, so that shares of each class are written."""
        return self._width_of(self._longest) + 1 > self._frame()[2]

    def written(self, row: int, col: int) -> str:
        """Text of a cell; there must be counts."""
        assert self._counts is not None
        count = int(self._counts[row, col])
        if self.in_percent():
            return format_whole_percent(count / max(int(self._counts[row].sum()), 1))
        text = format_count(count)
        return text if self._width_of(text) <= self._frame()[2] - 4 else str(count)

    def current(self) -> tuple[int, int] | None:
        """True and predicted class of the chosen cell."""
        return self._current

    def set_current(self, true_index: int | None, predicted: int | None = None) -> None:
        """Choose a cell, or none."""
        cell = None if true_index is None or predicted is None else (true_index, predicted)
        if cell != self._current:
            self._current = cell
            self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        super()._restyle(theme)
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def grid(self) -> CellGeometry:
        left, top, width, height = self._frame()
        return CellGeometry(len(self._names), len(self._names), left, top, width, height)

    @override
    def axes(self) -> None:
        return None  # rows and columns have names

    @override
    def sizeHint(self) -> QSize:
        if self._counts is None:
            return QSize(self._theme.px(240), self._theme.px(56))
        left, top, _, height = self._frame()
        count = len(self._names)
        width = left + count * (
            self._theme.px(86) if count <= 3 else self._width_of(self._longest) + self._theme.px(12)
        )
        return QSize(round(width), round(top + count * height + 2))

    @override
    def minimumSizeHint(self) -> QSize:
        if self._counts is None:
            return QSize(self._theme.px(120), self._theme.px(56))
        width = self._frame()[0] + len(self._names) * self._width_of("100")
        return QSize(round(width), self.sizeHint().height())

    # -- events --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The headers take one line or two, depending on the width.
        if self.height() != self.sizeHint().height():
            self.updateGeometry()

    @override
    def _tip(self, part: Cell) -> str:
        return self._cell_text(*part)

    @override
    def _press(self, part: Cell) -> None:
        self._select(part)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = arrow_step(event)
        if self._counts is None or step is None:
            super().keyPressEvent(event)
            return
        cell = (0, 0) if self._current is None else stepped(self._current, step, self.shape)
        if cell != self._current:  # over the edge leads nowhere; to choose a cell again would give it up
            self._select(cell)

    def _select(self, cell: tuple[int, int]) -> None:
        self.set_current(*cell)
        self.cellSelected.emit(*cell)

    # -- painting ------------------------------------------------------------------------------------------

    @override
    def _paint_placeholder(self, painter: QPainter, alignment: Qt.AlignmentFlag = _TOP_LEFT) -> None:
        super()._paint_placeholder(painter, alignment)

    @override
    def _paint_cells(self, painter: QPainter, grid: CellGeometry) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_headers(painter)
        for row, col in np.ndindex(*self.shape):
            self._paint_cell(painter, row, col, grid.cells(row, col))

    def _paint_headers(self, painter: QPainter) -> None:
        left, top, width, height = self._frame()
        align, line = Qt.AlignmentFlag, self.fontMetrics().height()
        painter.setFont(self.font())
        painter.setPen(self._theme.color("muted"))
        if self._is_spelt_out():
            for col, name in enumerate(self._names):
                box = QRectF(left + col * width, 0, width - self._theme.px(8), top - 3)
                painter.drawText(box, align.AlignRight | align.AlignVCenter, f"predicted {name}")
        else:
            title = "predicted, % of the class" if self.in_percent() else "predicted"
            painter.drawText(QRectF(left, 0, self.width() - left, line), align.AlignCenter, title)
            for col, name in enumerate(self._names):
                box = QRectF(left + col * width, line, width, top - line - 2)
                painter.drawText(box, align.AlignCenter, self._elided(name, width - 2))
        for row, name in enumerate(self._names):
            box = QRectF(0, top + row * height, left - self._theme.px(8), height)
            painter.drawText(
                box, align.AlignRight | align.AlignVCenter, self._elided(f"is {name}", box.width())
            )
        painter.setPen(self._theme.color("border"))
        for row in range(len(self._names) + 1):
            y = round(top + row * height) + 0.5
            painter.drawLine(QPointF(0, y), QPointF(left + len(self._names) * width, y))

    def _paint_cell(self, painter: QPainter, row: int, col: int, rect: QRectF) -> None:
        assert self._counts is not None
        count = int(self._counts[row, col])
        fill = rect.adjusted(0.5, 1, -0.5, 0)
        mistake = row != col and count > 0
        if row == col:
            painter.fillRect(fill, self._theme.color("accent_soft"))
        elif mistake:
            # The tint grows with the count, so that the worst confusions are found first.
            worst = int((self._counts - np.diag(np.diag(self._counts))).max())
            painter.fillRect(fill, self._theme.color("danger_soft", 0.3 + 0.7 * (count / worst) ** 0.5))
            self._paint_corner(painter, fill)
        weight = QFont.Weight.Medium if mistake or row == col else QFont.Weight.Normal
        painter.setFont(mono_font(weight=weight, theme=self._theme))
        painter.setPen(self._theme.color("danger" if mistake else "text" if row == col else "muted"))
        text, right = self.written(row, col), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if self._is_spelt_out():
            painter.drawText(rect.adjusted(0, 0, -self._theme.px(8), 0), right, text)
        else:
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_corner(self, painter: QPainter, rect: QRectF) -> None:
        side = self._theme.px(5)
        corner = QPolygonF(
            [rect.topLeft(), rect.topLeft() + QPointF(side, 0), rect.topLeft() + QPointF(0, side)]
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("danger"))
        painter.drawPolygon(corner)

    @override
    def _paint_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        if self._current is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), self._theme.px(3 if self.hasFocus() else 2)))
            painter.drawRect(grid.cells(*self._current).adjusted(1.5, 2, -1.5, -1))

    @override
    def _paint_hovered(self, painter: QPainter, cell: QRectF) -> None:
        painter.fillRect(cell.adjusted(0.5, 1, -0.5, 0), self._theme.color("text", 0.06))

    @override
    def _paint_focus(self, painter: QPainter, grid: CellGeometry) -> None:
        if self._current is None:
            self._paint_focus_frame(painter)

    # -- measures ------------------------------------------------------------------------------------------

    def _frame(self) -> tuple[float, float, float, float]:
        """Left and top of the first cell, width and height of a cell."""
        metrics, px = self.fontMetrics(), self._theme.px
        count = max(len(self._names), 1)
        longest = max((metrics.horizontalAdvance(f"is {name}") for name in self._names), default=0)
        left = min(longest + px(10), max(self.width() * 0.35, px(32)))
        height = metrics.height() + px(8 if count <= 4 else 6)
        width = min((self.width() - left - 2) / count, float(px(120)))
        lines = 1 if self._fits_spelt_out(width) else 2
        return left, float(lines * metrics.height() + px(5)), max(width, 1.0), float(height)

    def _is_spelt_out(self) -> bool:
        return self._fits_spelt_out(self._frame()[2])

    def _fits_spelt_out(self, width: float) -> bool:
        metrics = self.fontMetrics()
        widest = max((metrics.horizontalAdvance(f"predicted {name}") for name in self._names), default=0)
        return len(self._names) <= 3 and width >= widest + self._theme.px(8)

    @property
    def _longest(self) -> str:
        """The number of images of the largest class, which may come to stand in one cell."""
        sizes = () if self._counts is None else self._counts.sum(axis=1)
        return str(max(sizes, default=0))

    def _width_of(self, text: str) -> int:
        metrics = QFontMetrics(mono_font(weight=QFont.Weight.Medium, theme=self._theme))
        return metrics.horizontalAdvance(text)

    def _elided(self, text: str, width: float) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(width))

    def _cell_text(self, row: int, col: int) -> str:
        assert self._counts is not None
        count = int(self._counts[row, col])
        images = "image" if count == 1 else "images"
        total = int(self._counts[row].sum())
        share = f" ({format_percent(count / total)} of class {self._names[row]})" if total else ""
        names = f"of class {self._names[row]} predicted as {self._names[col]}"
        return f"{format_count(count)} {images} {names}{share}"

    def _describe(self) -> None:
        if self._counts is None:
            self.setAccessibleDescription(self._placeholder)
            return
        wrong = int(self._counts.sum() - np.trace(self._counts))
        self.setAccessibleDescription(
            f"{format_count(int(self._counts.sum()))} images, {format_count(wrong)} mistakes"
        )
