"""Some numbers in coloured cells, wider than high: they can be read where a square map has no room."""

from dataclasses import replace
from functools import cache
from typing import NamedTuple, override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.cell_map import CellWidget
from ui.cells.cell_numbers import NumberFormat
from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.color_scale import ColorScale
from ui.controls.numbers import format_value
from ui.rows.table_text import add_copy_action, claims_copy, copy_table, is_copy_key
from ui.theme import Theme, follow_theme, mono_font

_SIZES = (12.0, 11.0, 10.0, 9.0)
_LIGHT, _DARK = QColor("#FFFFFF"), QColor("#0B1016")


class _Figures(NamedTuple):
    """Number font, width of a figure, height of a line, and how far its middle lies above the base."""

    font: QFont
    width: float
    height: float
    middle: float


@cache
def _figures(size: float) -> _Figures:
    font = mono_font(size)
    metrics = QFontMetricsF(font)
    middle = (metrics.ascent() - metrics.descent()) / 2
    return _Figures(font, metrics.horizontalAdvance("0"), metrics.height(), middle)


class ValueTable(CellWidget):
    """A small matrix written out: a patch, a kernel, a window. Without room for numbers it shows colours.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: NDArray[np.generic] | None = None
        self._scale = ColorScale()
        self._format = NumberFormat(2, True)
        self._image = QImage()
        self._dark: list[bool] = []
        self._fitted: tuple[tuple[float, float], _Figures | None, list[str]] | None = None
        self._winners: NDArray[np.bool_] | None = None
        self._padding: NDArray[np.bool_] | None = None
        self._marked: tuple[int, int] | None = None
        # It paints its own ground, so that what lies below need not be painted with every change.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        add_copy_action(self, self.copy_values)
        follow_theme(self)

    @property
    def values(self) -> NDArray[np.generic] | None:
        """Values shown, of shape (h, w)."""
        return self._values

    @property
    def winners(self) -> NDArray[np.bool_] | None:
        """Cells outlined as winners, of the same shape."""
        return self._winners

    def set_values(
        self, values: ArrayLike | None, colormap: str = "signed", levels: tuple[float, float] | None = None
    ) -> None:
        """Show a matrix; outlines and padding of the one before are removed.

        Parameters
        ----------
        values : array_like of shape (h, w), or None
        colormap : {"signed", "sequential", "grey"}
        levels : tuple of float, optional
            Values of the first and of the last colour; from the values when None.
        """
        array = None if values is None else np.array(values)
        scale = self._scale if array is None else ColorScale.of(array, colormap, levels)
        if self._is_shown(array) and scale == self._scale and self._winners is None and self._padding is None:
            return
        changed = _shape(array) != _shape(self._values)
        self._values = array
        self._winners = self._padding = self._fitted = None
        if array is not None:
            self._scale = scale
            self._format = _fine_format(array, scale)
            self._image = scale.to_image(array)
            self._dark = scale.is_dark(array).ravel().tolist()
        if changed:
            self._hovered = self._marked = None
            self.updateGeometry()
        self.update()

    def set_winners(self, winners: NDArray[np.bool_] | None) -> None:
        """Outline the cells that hold the maximum; boolean array of shape (h, w)."""
        self._winners = winners
        self.update()

    def set_padding(self, padding: NDArray[np.bool_] | None) -> None:
        """Hatch the cells that lie outside the map; boolean array of shape (h, w)."""
        self._padding = padding
        self.update()

    def set_marked(self, cell: tuple[int, int] | None) -> None:
        """Outline one cell, because the pointer is at its counterpart elsewhere."""
        if cell != self._marked:
            self._marked = cell
            self.update()

    def copy_values(self) -> None:
        """Put the values on the clipboard as a table."""
        if self._values is not None:
            copy_table(self._values)

    @override
    def _restyle(self, theme: Theme) -> None:
        self._fitted = None

    @property
    def number_exponent(self) -> int:
        """The numbers in the cells are in units of ten to this power; 0 unless they are tiny or huge."""
        return self._format.exponent

    def text_at(self, row: int, col: int) -> str:
        """Value as it is written in its cell."""
        assert self._values is not None
        return self._format.text(self._values[row, col].item())

    def describe(self, row: int, col: int) -> str:
        """Text of the tool tip of a cell."""
        assert self._values is not None
        text = f"row {row}, column {col}: {format_value(self._values[row, col].item(), 6)}"
        if self._padding is not None and self._padding[row, col]:
            text += ", padding outside the map"
        if self._winners is not None and self._winners[row, col]:
            text += ", the maximum"
        return text

    def cell_size(self) -> tuple[float, float]:
        """Width and height of a cell in logical pixels."""
        if self._values is None:
            return 0.0, 0.0
        rows, cols = self._values.shape
        px = self._theme.px
        wide = min((self.width() - 2) / cols, px(76))
        high = min((self.height() - 2) / rows, px(44), wide)
        return float(int(min(wide, 2.2 * high))), float(int(high))

    def cell_rect(self, row: int, col: int) -> QRectF:
        """Rectangle of a cell, in the widget's coordinates."""
        wide, high = self.cell_size()
        return QRectF(1 + col * wide, 1 + row * high, wide, high)

    def has_numbers(self) -> bool:
        """Whether there is room for the numbers."""
        return self._fitting()[0] is not None

    @override
    def sizeHint(self) -> QSize:
        rows, cols = (3, 3) if self._values is None else self._values.shape
        return QSize(cols * self._theme.px(50) + 2, rows * self._theme.px(32) + 2)

    @override
    def minimumSizeHint(self) -> QSize:
        rows, cols = (3, 3) if self._values is None else self._values.shape
        return QSize(cols * self._theme.px(10) + 2, rows * self._theme.px(10) + 2)

    # -- events --------------------------------------------------------------------------------------------

    @override
    def _part_at(self, point: QPointF) -> tuple[int, int] | None:
        wide, high = self.cell_size()
        if self._values is None or wide <= 0 or high <= 0:
            return None
        row, col = int((point.y() - 1) // high), int((point.x() - 1) // wide)
        rows, cols = self._values.shape
        return (row, col) if 0 <= row < rows and 0 <= col < cols else None

    @override
    def _tip(self, part: tuple[int, int]) -> str:
        return self.describe(*part)

    @override
    def event(self, event: QEvent) -> bool:
        return claims_copy(event) or super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_copy_key(event):
            self.copy_values()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("surface"))
        if self._values is None:
            return
        rows, cols = self._values.shape
        wide, high = self.cell_size()
        painter.drawImage(QRectF(1, 1, cols * wide, rows * high), self._image)
        if self._padding is not None:
            hatch = QBrush(self._theme.color("muted", 0.6), Qt.BrushStyle.BDiagPattern)
            for row, col in np.argwhere(self._padding).tolist():
                painter.fillRect(self.cell_rect(row, col), hatch)
        figures, texts = self._fitting()
        if figures is not None:
            self._paint_numbers(painter, figures, texts)
        self._paint_lines(painter, rows, cols)
        if self._winners is not None:
            for row, col in np.argwhere(self._winners).tolist():
                draw_outline(painter, self.cell_rect(row, col), OUTLINES["winner"], self._theme)
        for cell in {self._marked, self._hovered} - {None}:
            assert cell is not None
            draw_outline(painter, self.cell_rect(*cell), OUTLINES["focus"], self._theme)

    def _paint_numbers(self, painter: QPainter, figures: _Figures, texts: list[str]) -> None:
        assert self._values is not None
        painter.setFont(figures.font)
        cols, (wide, high) = self._values.shape[1], self.cell_size()
        for on_dark, color in ((True, _LIGHT), (False, _DARK)):
            painter.setPen(color)
            for place, text in enumerate(texts):
                if self._dark[place] == on_dark:
                    row, col = divmod(place, cols)
                    left = 1 + col * wide + (wide - len(text) * figures.width) / 2
                    painter.drawText(QPointF(left, 1 + (row + 0.5) * high + figures.middle), text)

    def _paint_lines(self, painter: QPainter, rows: int, cols: int) -> None:
        wide, high = self.cell_size()
        right, bottom = 1 + cols * wide, 1 + rows * high
        if wide >= 8:
            line = self._theme.color("surface")
            for row in range(1, rows):
                painter.fillRect(QRectF(1, 1 + row * high, right - 1, 1), line)
            for col in range(1, cols):
                painter.fillRect(QRectF(1 + col * wide, 1, 1, bottom - 1), line)
        painter.setPen(self._theme.color("accent" if self.hasFocus() else "border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(0.5, 0.5, cols * wide + 1, rows * high + 1))

    # -- helpers -------------------------------------------------------------------------------------------

    def _is_shown(self, array: NDArray[np.generic] | None) -> bool:
        """Whether these very values are shown already."""
        if array is None or self._values is None or array.dtype != self._values.dtype:
            return array is self._values
        return array.shape == self._values.shape and array.tobytes() == self._values.tobytes()

    def _fitting(self) -> tuple[_Figures | None, list[str]]:
        """Numbers with the most decimals, in the largest font for these, with which all fit; None without."""
        size = self.cell_size()
        if self._fitted is None or self._fitted[0] != size:
            self._fitted = (size, *self._fit(*size))
        return self._fitted[1:]

    def _fit(self, wide: float, high: float) -> tuple[_Figures | None, list[str]]:
        numbers: list[float] = [] if self._values is None else self._values.ravel().tolist()
        fewest = min(self._format.decimals, 1)
        for decimals in range(self._format.decimals, fewest - 1, -1):
            shorter = replace(self._format, decimals=decimals)
            texts = [shorter.text(value) for value in numbers]
            longest = max((len(text) for text in texts), default=0)
            for size in _SIZES:
                figures = _figures(size * self._theme.scale)
                if longest * figures.width <= wide - 4 and figures.height <= high:
                    return figures, texts
        return None, []


def _shape(array: NDArray[np.generic] | None) -> tuple[int, ...] | None:
    return None if array is None else array.shape


def _fine_format(values: NDArray[np.generic], scale: ColorScale) -> NumberFormat:
    """Format with about three figures of the largest value, because there is room for them here."""
    rough = NumberFormat.of(values, scale, None)
    if values.dtype.kind != "f" or not values.size:
        return rough
    largest = float(np.abs(values).max()) / 10.0**rough.exponent
    return replace(rough, decimals=4 if largest < 0.1 else 3) if largest < 1 else rough
