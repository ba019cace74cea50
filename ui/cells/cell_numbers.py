"""The numbers inside the cells of a map, when they fit."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from ui.cells.cell_geometry import CellGeometry
from ui.controls.color_scale import ColorScale
from ui.controls.numbers import format_fixed
from ui.theme import Theme, mono_font

_LARGEST_PT = 13.0
_SMALLEST_PT = 9.0
_LIGHT, _DARK = QColor("#FFFFFF"), QColor("#0B1016")


@dataclass(frozen=True)
class NumberFormat:
    """How the values of a map are written.

    Attributes
    ----------
    decimals : int
    signed : bool
        Whether a plus is written.
    exponent : int
        Numbers are written in units of ``10 ** exponent``, so that small gradients are not all "0.00".
    fixed : bool
        Whether the number of decimals must be kept where there is little room.
    """

    decimals: int
    signed: bool
    exponent: int = 0
    fixed: bool = False

    @classmethod
    def of(cls, values: NDArray[np.generic], scale: ColorScale, decimals: int | None) -> "NumberFormat":
        """Format that shows about three figures of the largest value.

        Parameters
        ----------
        values : ndarray
        scale : ColorScale
        decimals : int, optional
            Fixed number of decimals.

        Returns
        -------
        NumberFormat
        """
        signed = scale.name == "signed"
        if values.dtype.kind in "iub":
            return cls(decimals or 0, signed, fixed=True)
        magnitudes = np.abs(np.asarray(values, dtype=np.float64).ravel())
        largest = float(np.max(magnitudes[np.isfinite(magnitudes)], initial=0.0))
        if decimals is not None or largest == 0:
            return cls(2 if decimals is None else decimals, signed, fixed=decimals is not None)
        exponent = 0 if 0.02 <= largest < 1e4 else math.floor(math.log10(largest))
        largest /= 10.0**exponent
        return cls(2 if largest < 10 else 1 if largest < 100 else 0, signed, exponent)

    def text(self, value: float) -> str:
        """One value as it is written in its cell."""
        return format_fixed(value / 10.0**self.exponent, self.decimals, signed=self.signed)


def fitting_font(texts: list[str], cell: float, theme: Theme) -> QFont | None:
    """Largest number font with which every text fits into a cell.

    Parameters
    ----------
    texts : list of str
    cell : float
        Side of a cell in logical pixels.
    theme : Theme

    Returns
    -------
    QFont or None
        None if the texts do not fit at 9 points.
    """
    longest = max((len(text) for text in texts), default=0)
    if not longest:
        return None
    size = _LARGEST_PT * theme.scale
    while size >= _SMALLEST_PT:
        metrics = QFontMetricsF(mono_font(size))
        if metrics.horizontalAdvance("0") * longest <= cell - 6 and metrics.height() <= cell:
            return mono_font(size)
        size -= 0.5
    return None


def draw_numbers(
    painter: QPainter,
    values: NDArray[np.generic],
    number_format: NumberFormat,
    scale: ColorScale,
    geometry: CellGeometry,
    theme: Theme,
) -> bool:
    """Write each value into its cell, in white or black, whichever stands out more.

    Parameters
    ----------
    painter : QPainter
    values : ndarray of shape (h, w)
    number_format : NumberFormat
    scale : ColorScale
    geometry : CellGeometry
    theme : Theme

    Returns
    -------
    bool
        Whether there was room for the numbers; else nothing has been drawn.
    """
    texts, font = _fit(values, number_format, geometry.cell, theme)
    if font is None:
        return False
    painter.setFont(font)
    dark = scale.is_dark(values).ravel()
    for on_dark, color in ((True, _LIGHT), (False, _DARK)):
        painter.setPen(color)
        for place in np.flatnonzero(dark == on_dark).tolist():
            row, col = divmod(place, geometry.cols)
            painter.drawText(geometry.cells(row, col), Qt.AlignmentFlag.AlignCenter, texts[place])
    return True


def _fit(
    values: NDArray[np.generic], number_format: NumberFormat, cell: float, theme: Theme
) -> tuple[list[str], QFont | None]:
    """Texts, with fewer decimals if these do not fit, and their font."""
    fewest = 1 if number_format.decimals and not number_format.fixed else number_format.decimals
    numbers = values.ravel().tolist()
    for decimals in range(number_format.decimals, fewest - 1, -1):
        shorter = replace(number_format, decimals=decimals)
        texts = [shorter.text(value) for value in numbers]
        font = fitting_font(texts, cell, theme)
        if font is not None:
            return texts, font
    return [], None
