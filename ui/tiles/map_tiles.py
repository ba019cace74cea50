"""Small maps on one scale: what grids of maps have in common, however these are arranged."""

from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from ui.controls.color_scale import ColorScale
from ui.tiles.tile_view import TileView, draw_part


class MapTiles(TileView):
    """Maps of the same shape, such as the filters or the feature maps of a layer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._values: NDArray[np.generic] | None = None
        self._scale = ColorScale()
        self._tall = QImage()  # all maps, one below the other
        super().__init__(parent)

    @property
    def levels(self) -> tuple[float, float]:
        """Values of the first and of the last colour, shared by all maps."""
        return (self._scale.lo, self._scale.hi)

    @property
    def scale(self) -> ColorScale:
        """Colour scale in force."""
        return self._scale

    @property
    def values(self) -> NDArray[np.generic] | None:
        """Maps that are shown, of shape (m, h, w)."""
        return self._values

    @property
    @override
    def count(self) -> int:
        return 0 if self._values is None else len(self._values)

    def set_maps(
        self, values: ArrayLike | None, colormap: str = "signed", levels: tuple[float, float] | None = None
    ) -> None:
        """Show maps.

        * `values`: None shows the placeholder.
        * `levels`: limits of the scale, which all maps share; from all values when None.
        * Raises ValueError: if `values` is not three-dimensional.
        """
        array = None if values is None else np.array(values)
        if array is not None and (array.ndim != 3 or not array.size):
            raise ValueError(f"A grid of maps shows an array of shape (m, h, w). Got shape {array.shape}.")
        before, self._values = self._values, array
        if array is not None:
            self._scale = ColorScale.of(array, colormap, levels)
            # One conversion for all maps; each of them is a part of this tall picture.
            self._tall = self._scale.to_image(array.reshape(-1, array.shape[2]))
        if (None if before is None else before.shape) != (None if array is None else array.shape):
            self._arrange()
            self.updateGeometry()
        self._show()

    def _arrange(self) -> None:
        """Lay out maps of another number or shape; nothing here."""

    @override
    def _paint_tile(self, painter: QPainter, index: int, rect: QRectF) -> None:
        assert self._values is not None
        _, rows, cols = self._values.shape
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._is_smooth(rect.width() / cols))
        draw_part(painter, rect, self._tall, QRect(0, index * rows, cols, rows))

    def _is_smooth(self, cell: float) -> bool:
        """Whether cells that are no whole number of screen pixels wide have to be smoothed.

        Cells of one or two pixels would differ in size without that; larger ones hide the difference.
        """
        pixels = cell * self.devicePixelRatioF()
        return pixels < 4 and abs(pixels - round(pixels)) > 1e-6
