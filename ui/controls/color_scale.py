"""From values to colours: one colour map between two limits."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from cnnviz.palette import color_map, dark_entries, map_entries, sequential_levels, signed_levels


@cache
def _packed(name: str) -> NDArray[np.uint32]:
    """Colour map as 256 words 0xFFRRGGBB, which is Qt's Format_RGB32."""
    red, green, blue = color_map(name).astype(np.uint32).T
    return (0xFF << 24) | (red << 16) | (green << 8) | blue


_is_dark = cache(dark_entries)


@dataclass(frozen=True)
class ColorScale:
    """A colour map between two limits.

    * `name`: colour map.
    * `lo`, `hi`: values of the first and of the last colour; what lies beyond is clipped. ``lo <
      hi``.
    """

    name: str = "signed"
    lo: float = -1.0
    hi: float = 1.0

    def __post_init__(self) -> None:
        color_map(self.name)
        if not -math.inf < self.lo < self.hi < math.inf:
            raise ValueError(
                f"The limits of a colour scale must be finite and rise. Got {self.lo} and {self.hi}."
            )

    @classmethod
    def of(
        cls, values: NDArray[np.generic], name: str, levels: tuple[float, float] | None = None
    ) -> "ColorScale":
        """Scale for an array.

        * `values`: any shape.
        * `levels`: fixed limits. When None: symmetric for "signed"; 0 and 255 for "grey" bytes;
          else smallest and largest.
        * Raises ValueError: if there is no such map, or the limits do not rise.
        """
        if levels is not None:
            return cls(name, float(levels[0]), float(levels[1]))
        if name == "signed":
            return cls(name, *signed_levels(values))
        if name == "grey" and values.dtype == np.uint8:
            return cls(name, 0.0, 255.0)
        return cls(name, *sequential_levels(values))

    def indices(self, values: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Entry of the colour map for each value; 0 for what is not a number.

        * `values`: any shape, any real dtype.
        * Returns: ndarray of the same shape, uint8.
        """
        return map_entries(values, (self.lo, self.hi))

    def to_image(self, values: NDArray[np.generic]) -> QImage:
        """Picture with one pixel a value; what is not a number is grey.

        * `values`: ndarray of shape (h, w).
        * Returns: format_RGB32, w x h; owns its pixels.
        """
        words = _packed(self.name)[self.indices(values)]
        if values.dtype.kind == "f":
            odd = np.isnan(values)
            if odd.any():
                words[odd] = 0xFF808080
        return image_of_words(words)

    def color(self, value: float) -> QColor:
        """Colour of one value."""
        return QColor.fromRgb(int(_packed(self.name)[self.indices(np.array([value]))[0]]))

    def is_dark(self, values: NDArray[np.generic]) -> NDArray[np.bool_]:
        """Whether white text is easier to read than black text on the colour of each value."""
        return _is_dark(self.name)[self.indices(values)]


GREY_LEVELS = ColorScale("grey", 0.0, 255.0)
"""Black to white, for the bytes of images."""


def image_of_words(words: NDArray[np.uint32]) -> QImage:
    """Picture of one pixel a word.

    * `words`: 0xAARRGGBB.
    * Returns: w x h; owns its pixels.
    """
    words = np.ascontiguousarray(words)
    height, width = words.shape
    # The copy is needed: a QImage made from a buffer does not keep the buffer alive.
    return QImage(words.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
