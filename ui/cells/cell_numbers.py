"""The numbers inside the cells of a map, when they fit."""

from dataclasses import replace
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from cnnviz.notation import Notation
from cnnviz.quantities import ALMOST
from ui.cells.cell_geometry import CellGeometry
from ui.controls.color_scale import ColorScale
from ui.theme import Theme, mono_font

_LARGEST_PT = 13.0
_MARGIN, _LEAST_MARGIN = 6, 2
_LINES_WITH_MARK = 1.8  # heights of a line that a number takes with a mark above it
_NEARLY_ZERO = f"{ALMOST}0"
LIGHT_INK, DARK_INK = QColor("#FFFFFF"), QColor("#0B1016")


class NumberFont(NamedTuple):
    """Number font, width of a figure, height of a line, and how far its middle lies above the base."""

    font: QFont
    width: float
    height: float
    middle: float


@cache
def number_font(size: float) -> NumberFont:
    """Font of some size in points, with its measures."""
    font = mono_font(size)
    metrics = QFontMetricsF(font)
    middle = (metrics.ascent() - metrics.descent()) / 2
    return NumberFont(font, metrics.horizontalAdvance("0"), metrics.height(), middle)


def fitting_font(longest: int, wide: float, high: float, theme: Theme) -> NumberFont | None:
    """Largest number font with which a text of so many characters fits into a cell.

    * `wide`, `high`: sides of a cell in logical pixels.
    * Returns: None if it does not fit in the smallest size of the theme, or there is nothing to
      write.
    """
    size, smallest = _LARGEST_PT * theme.scale, theme.small_pt
    while longest and size >= smallest:
        font = number_font(size)
        margin = _MARGIN if size > smallest else _LEAST_MARGIN
        if font.width * longest <= wide - margin and font.height <= high:
            return font
        size -= 0.5
    return None


def most_characters(grid: CellGeometry, theme: Theme) -> int:
    """For how many characters there is room in a cell, in the smallest font."""
    return int((grid.wide - _LEAST_MARGIN) / number_font(theme.small_pt).width)


class CellNumbers:
    """The values of a map as they are written in its cells: all in one font, with one number of decimals.

    * `values`: ndarray of shape (h, w).
    * `scale`: colours on which the numbers stand.
    * `groups`: cells with the same number are compared, such as those of a pooling window: unequal
      values get as many decimals as they need to look unequal, or ``≈`` where there is no room for
      these.
    * `finer`: decimals beyond the three figures or so that a map has, where there is room for them.
    """

    def __init__(
        self,
        values: NDArray[np.generic],
        scale: ColorScale,
        groups: NDArray[np.integer] | None = None,
        finer: int = 0,
    ) -> None:
        self._values, self._scale, self._groups = values, scale, groups
        self._finer, self._signed = finer, scale.name == "signed"
        self._fitted: tuple[tuple[float, float, float], NumberFont | None, list[str]] | None = None

    @cached_property
    def notation(self) -> Notation:
        """How the numbers are written where there is room for all their decimals."""
        values = self._values
        if values.dtype.kind in "iub":
            return Notation.of(values, signed=self._signed)
        if not values.any():
            # The unit of the scale, so that its key stays readable.
            return Notation.of(self._scale.hi, signed=self._signed)
        usual = Notation.of(values, signed=self._signed)
        return replace(usual, decimals=usual.decimals + self._finer)

    def may_fit(self, grid: CellGeometry, theme: Theme) -> bool:
        """Whether cells are so large that it is worth while to look for a font; no text is made for that."""
        figures = 1 if self._values.dtype.kind in "iub" else 3
        return grid.wide >= figures * number_font(theme.small_pt).width

    def texts(self, grid: CellGeometry, theme: Theme) -> list[str]:
        """What is written into the cells, in row-major order; nothing where there is no room."""
        return self._fitting(grid, theme)[1]

    def paint(self, painter: QPainter, grid: CellGeometry, theme: Theme) -> bool:
        """Write each value into its cell, in white or black, whichever stands out more.

        * Returns: whether there was room for the numbers; else nothing has been drawn.
        """
        font, texts = self._fitting(grid, theme)
        if font is None:
            return False
        painter.setFont(font.font)
        dark = self._scale.is_dark(self._values).ravel()
        for on_dark, color in ((True, LIGHT_INK), (False, DARK_INK)):
            painter.setPen(color)
            for place in np.flatnonzero(dark == on_dark).tolist():
                row, col = divmod(place, grid.cols)
                center = QPointF(grid.left + (col + 0.5) * grid.wide, grid.top + (row + 0.5) * grid.high)
                _write(painter, font, center, texts[place], grid.wide)
        return True

    def _fitting(self, grid: CellGeometry, theme: Theme) -> tuple[NumberFont | None, list[str]]:
        """Font and texts for cells of some size, kept for the next time."""
        size = (grid.wide, grid.high, theme.scale)
        if self._fitted is None or self._fitted[0] != size:
            self._fitted = (size, *self._fit(grid, theme))
        return self._fitted[1:]

    def _fit(self, grid: CellGeometry, theme: Theme) -> tuple[NumberFont | None, list[str]]:
        """Texts, with fewer decimals if these do not fit, and their font."""
        if not self.may_fit(grid, theme):
            return None, []
        longest = most_characters(grid, theme)
        texts = self.notation.texts(self._values, self._groups, longest, mark=0)
        font = _font_of(texts, grid, theme) or _font_below_marks(texts, grid, theme)
        if font is None and self._groups is not None:  # a mark costs figures, but not all of them
            above, texts = texts, self.notation.texts(self._values, self._groups, longest)
            if texts.count(_NEARLY_ZERO) == above.count(_NEARLY_ZERO):
                font = _font_of(texts, grid, theme)
        is_nothing = _NEARLY_ZERO in texts and set(texts) <= {"0", _NEARLY_ZERO}
        if font is None or is_nothing:  # colours say more than that
            return None, []
        return font, texts


def _font_of(texts: list[str], grid: CellGeometry, theme: Theme) -> NumberFont | None:
    """Font in which texts fit as they are."""
    return fitting_font(max(map(len, texts), default=0), grid.wide, grid.high, theme)


def _font_below_marks(texts: list[str], grid: CellGeometry, theme: Theme) -> NumberFont | None:
    """Font in which texts fit whose marks stand above the numbers, where they cost no figures."""
    if not any(text.startswith(ALMOST) for text in texts):
        return None
    figures = max(len(text.removeprefix(ALMOST)) for text in texts)
    return fitting_font(figures, grid.wide, grid.high / _LINES_WITH_MARK, theme)


def _is_marked_above(font: NumberFont, text: str, wide: float) -> bool:
    return text.startswith(ALMOST) and len(text) * font.width > wide - _LEAST_MARGIN


def _write(painter: QPainter, font: NumberFont, center: QPointF, text: str, wide: float) -> None:
    """Write a number into the middle of a cell; a mark for which there is no room beside it stands above."""
    base = center.y() + font.middle
    if _is_marked_above(font, text, wide):
        painter.drawText(QPointF(center.x() - font.width / 2, base - font.height / 2), ALMOST)
        text, base = text.removeprefix(ALMOST), base + font.height / 3
    painter.drawText(QPointF(center.x() - len(text) * font.width / 2, base), text)
