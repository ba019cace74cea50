"""Signed values laid over a grey image, the stronger the more they cover it."""

from dataclasses import replace
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from cnnviz.palette import color_map
from cnnviz.quantities import format_signed, format_value
from ui.cells.cell_geometry import CellGeometry
from ui.cells.overview_map import OverviewMap
from ui.controls.color_scale import ColorScale, image_of_words
from ui.controls.map_legend import MapLegend


class SaliencyMap(OverviewMap):
    """Image in grey with signed values over it: blue negative, red positive, opaque where they are largest.

    Parameters
    ----------
    parent : QWidget, optional

    References
    ----------
    .. [1] Simonyan, Vedaldi, Zisserman (2014), Deep Inside Convolutional Networks, arXiv:1312.6034 (there of
       the class score, and without the sign).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._overlay = QImage()
        self._signed: NDArray[np.generic] | None = None
        self._limit = 1.0

    def set_overlay(self, values: NDArray[np.generic] | None, limit: float = 1.0) -> None:
        """Lay values over the image.

        Parameters
        ----------
        values : ndarray of shape (h, w), or None
        limit : float
            Magnitude that covers the image completely, > 0.
        """
        self._signed, self._limit = values, limit
        self._overlay = QImage() if values is None else _tinted(np.asarray(values, dtype=np.float64), limit)
        self.update()

    def overlay(self) -> NDArray[np.generic] | None:
        """Values laid over the image."""
        return self._signed

    @override
    def describe(self, row: int, col: int) -> str:
        if self._signed is None or self.is_covered():
            return super().describe(row, col)
        gradient, pixel = float(self._signed[row, col]), self.value_at(row, col)
        return (
            f"{self.name_of(row, col)}: gradient {format_signed(gradient, 5)}, pixel {format_value(pixel, 5)}"
        )

    @override
    def _measured(self) -> NDArray[np.generic] | None:
        return super()._measured() if self._signed is None else self._signed

    @override
    def map_legend(self) -> MapLegend | None:
        legend, scale = super().map_legend(), ColorScale("signed", -self._limit, self._limit)
        return legend if legend is None or self._signed is None else replace(legend, scale=scale)

    @override
    def _paint_marks(self, painter: QPainter, grid: CellGeometry) -> None:
        if not self._overlay.isNull() and not self.is_covered():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(grid.rect, self._overlay)


def _tinted(values: NDArray[np.float64], limit: float) -> QImage:
    """Picture whose opacity is the magnitude and whose colour is the sign."""
    share = np.clip(np.nan_to_num(values) / limit, -1.0, 1.0)
    # Full colour even where it is faint: on grey, pale blue and pale red could not be told apart.
    index = np.rint(127.5 + 127.5 * np.sign(share) * (0.55 + 0.45 * np.abs(share))).astype(np.intp)
    red, green, blue = (color_map("signed")[index, band].astype(np.uint32) for band in range(3))
    alpha = np.rint(255.0 * np.abs(share) ** 0.6).astype(np.uint32)
    return image_of_words((alpha << 24) | (red << 16) | (green << 8) | blue, QImage.Format.Format_ARGB32)
