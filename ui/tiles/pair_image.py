"""The same maps of two images, before and after a shift, as pictures: overlaid, side by side, subtracted."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from cnnviz.palette import sequential_levels, signed_levels
from ui.controls.color_scale import ColorScale, image_of_words
from ui.theme import Theme

PairView = Literal["overlay", "sides", "difference", "flicker"]
Side = Literal["original", "shifted"]

PAIR_VIEWS: tuple[tuple[PairView, str], ...] = (
    ("overlay", "Overlay"),
    ("sides", "Side by side"),
    ("difference", "Difference"),
    ("flicker", "Flicker"),
)
"""Ways to look at a pair, with their names."""

SIDES = ("original", "shifted")
"""What the two images are called, from left to right where they stand side by side."""

_Maps = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class MapPair:
    """Maps of two images on one scale.

    Attributes
    ----------
    original, shifted : ndarray of shape (c, h, w)
        Values, 0 where there is nothing.
    colormap : {"", "grey", "sequential", "signed"}
        Colours of a single map. Empty: sequential if no value is negative, else signed.
    compared : (row, column, rows, columns), optional
        Cells that may be compared; the others are covered. None: all of them.
    first : str
        What `original` holds, in words: the original's maps, unless these have been moved.
    """

    original: _Maps
    shifted: _Maps
    colormap: str = ""
    compared: tuple[int, int, int, int] | None = None
    first: str = "original"

    def __post_init__(self) -> None:
        if self.original.shape != self.shifted.shape or self.original.ndim != 3 or not self.original.size:
            raise ValueError(
                "A pair of maps has two arrays of the same shape (c, h, w). "
                f"Got {self.original.shape} and {self.shifted.shape}."
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        channels, rows, columns = self.original.shape
        return channels, rows, columns

    @property
    def names(self) -> tuple[str, str]:
        """What the first and the second maps are called."""
        return self.first, SIDES[1]

    @property
    def hues(self) -> tuple[tuple[str, str], ...]:
        """Colour roles of the overlay, with what they stand for."""
        return (*zip(SIDES, self.names, strict=True), ("text", "both"))

    @cached_property
    def strength(self) -> float:
        """Largest magnitude of both images in all channels: full strength of the overlay; 1 if all is 0."""
        largest = max(float(np.abs(self.original).max()), float(np.abs(self.shifted).max()))
        return largest if np.isfinite(largest) and largest > 0 else 1.0

    @cached_property
    def difference(self) -> _Maps:
        """Shifted minus original."""
        return self.shifted - self.original

    @cached_property
    def scale(self) -> ColorScale:
        """Colours of a single map, the same for both images and all channels."""
        if self.colormap == "grey":
            return ColorScale("grey", 0.0, 1.0)
        both = np.stack([self.original, self.shifted])
        negative = float(both.min()) < -1e-9 * self.strength
        name = self.colormap or ("signed" if negative else "sequential")
        levels = signed_levels(both) if name == "signed" else (0.0, sequential_levels(both)[1])
        return ColorScale(name, *levels) if levels[0] < levels[1] else ColorScale(name, 0.0, 1.0)

    @cached_property
    def difference_scale(self) -> ColorScale:
        """Colours of the difference: white is no change."""
        return ColorScale("signed", *signed_levels(self.difference))

    def side(self, side: Side) -> _Maps:
        """Maps of one of the two images."""
        return self.original if side == "original" else self.shifted

    def picture(self, view: PairView, theme: Theme, side: Side = "original") -> QImage:
        """Picture of all channels, one below the other, one pixel a value.

        Parameters
        ----------
        view : {"overlay", "sides", "difference", "flicker"}
            Side by side and flicker show one image alone, with all its colours: `side` says which.
        theme : Theme
        side : {"original", "shifted"}

        Returns
        -------
        QImage
            w x (c * h), Format_RGB32; owns its pixels.
        """
        if view == "overlay":
            return overlay_image(_tall(self.original), _tall(self.shifted), self.strength, theme)
        if view == "difference":
            return self.difference_scale.to_image(_tall(self.difference))
        return self.scale.to_image(_tall(self.side(side)))


def overlay_image(original: _Maps, shifted: _Maps, strength: float, theme: Theme) -> QImage:
    """Two maps in one picture: each in its own hue, what they have in common in the neutral colour of text.

    The strength of a cell is its magnitude. With `a` the smaller and `b` the larger of the two strengths, the
    colour is `(1 - b)` ground `+ a` text `+ (b - a)` hue of the stronger one: agreement has no hue at all.

    Parameters
    ----------
    original, shifted : ndarray of shape (h, w)
    strength : float
        Magnitude that is drawn in full, > 0.
    theme : Theme

    Returns
    -------
    QImage
    """
    first = np.minimum(np.abs(original) / strength, 1).astype(np.float32)
    second = np.minimum(np.abs(shifted) / strength, 1).astype(np.float32)
    common = np.minimum(first, second)
    parts = (common, first - common, second - common)
    ground = theme.color("surface")
    weights = [_steps(ground, theme.color(role)) for role in ("text", "original", "shifted")]
    words: NDArray[np.uint32] = np.full(common.shape, 0xFF, dtype=np.uint32)
    for channel, base in enumerate((ground.red(), ground.green(), ground.blue())):
        value = np.full(common.shape, base + 0.5, dtype=np.float32)
        for part, weight in zip(parts, weights, strict=True):
            value += part * weight[channel]
        words = (words << np.uint32(8)) | value.astype(np.uint32)
    return image_of_words(words)


def _steps(ground: QColor, color: QColor) -> tuple[float, float, float]:
    return (
        float(color.red() - ground.red()),
        float(color.green() - ground.green()),
        float(color.blue() - ground.blue()),
    )


def _tall(maps: _Maps) -> _Maps:
    return maps.reshape(-1, maps.shape[2])
