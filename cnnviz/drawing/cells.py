"""What cells look like: colours, outlines, and numbers inside them where there is room."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.drawing.box import Box, Cells
from cnnviz.drawing.look import Font, Look, rgb
from cnnviz.drawing.marks import Group, Mark, Polygon, Rect, Text
from cnnviz.notation import Notation
from cnnviz.palette import ACCENT, COLOR_MAPS, are_dark, map_entries, sequential_levels, signed_levels

Values = NDArray[np.generic]
Pixels = NDArray[np.uint32]
"""Words 0xFFRRGGBB: what `Image` takes, and the screen."""

_NO_NUMBER = 0xFF808080


@cache
def _table(name: str) -> Pixels:
    return packed(COLOR_MAPS[name])


def packed(colors: ArrayLike) -> Pixels:
    """Pixels of colours, of shape (..., 3)."""
    red, green, blue = np.moveaxis(np.asarray(colors).astype(np.uint32), -1, 0)
    return 0xFF000000 | (red << np.uint32(16)) | (green << np.uint32(8)) | blue


def unpacked(pixels: Pixels) -> NDArray[np.uint8]:
    """Red, green and blue of pixels, shape (..., 3)."""
    return np.stack([pixels >> np.uint32(shift) & np.uint32(0xFF) for shift in (16, 8, 0)], -1).astype(
        np.uint8
    )


@dataclass(frozen=True)
class Colors:
    """A colour map between two limits; what lies beyond is clipped, what is no number is grey.

    * `name`: {"signed", "sequential", "grey"}
    * `lo`, `hi`: Values of the first and of the last colour, ``lo < hi``.
    * `is_open`: Whether there may be values beyond them, so that the others are told apart: a key says so.
    * `ends`: What a key calls the limits, where there is nothing between them, as of a yes or no.
    """

    name: str
    lo: float
    hi: float
    is_open: bool = False
    ends: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if not -math.inf < self.lo < self.hi < math.inf:
            raise ValueError(f"The limits of colours must be finite and rise. Got {self.lo} and {self.hi}.")

    @classmethod
    def of(cls, name: str, *values: Values) -> "Colors":
        """Colours for arrays: symmetric for "signed", 0 to 1 for "grey", else from smallest to largest."""
        if name == "grey":
            return cls(name, 0.0, 1.0)
        return cls(name, *(signed_levels if name == "signed" else sequential_levels)(*values))

    def pixels(self, values: Values) -> Pixels:
        """One pixel a value."""
        pixels = _table(self.name)[map_entries(values, (self.lo, self.hi))]
        if values.dtype.kind == "f":
            odd = np.isnan(values)
            if odd.any():
                pixels = np.where(odd, _NO_NUMBER, pixels)
        return pixels


def inks_on(pixels: Pixels) -> list[str]:
    """Ink for text on each pixel, in row-major order: white or black, at least 4.5 : 1 on any colour."""
    # Anything lighter than black would leave colours in the middle on which no ink has that.
    return ["#FFFFFF" if is_dark else "#000000" for is_dark in are_dark(unpacked(pixels)).ravel().tolist()]


_LARGEST = 17  # pixels at scale 1
_MARGIN, _LEAST_MARGIN = 6, 4
_FEW = 25


def fitting_font(longest: int, wide: float, high: float, look: Look) -> Font | None:
    """Largest number font in which so many characters fit into a cell; None where none does."""
    for size in range(_LARGEST, look.digits - 1, -1):
        font = Font(look.px(size), is_mono=True)
        margin = look.px(_MARGIN if size > look.digits else _LEAST_MARGIN)
        if longest and font.width("0" * longest) <= wide - margin and font.line <= high:
            return font
    return None


def smallest_font(look: Look) -> Font:
    """Smallest font for numbers."""
    return Font(look.px(look.digits), is_mono=True)


def most_characters(wide: float, look: Look) -> int:
    """For how many characters there is room in a cell, in the smallest font."""
    return max(int((wide - look.px(_LEAST_MARGIN)) / smallest_font(look).width("0")), 0)


def number_cell(look: Look) -> int:
    """Side of a cell in which any number of two figures has room in the smallest font, sign and all."""
    return math.ceil(smallest_font(look).width("+0.000") + look.px(_LEAST_MARGIN))


def cell_numbers(
    values: Values,
    colors: Colors,
    grid: Cells,
    look: Look,
    notation: Notation,
    groups: NDArray[np.integer] | None = None,
    beside: Values | None = None,
) -> list[Text]:
    """Write each value into its cell, in white or black; nothing where there is no room.

    * `values`: ndarray of shape (h, w)
    * `colors`: On which the numbers stand.
    * `groups`: ndarray of int. Cells with the same number are compared: unequal values look unequal where
      there is room.
    * `beside`: ndarray. Values of a map beside this one: what differs looks different where there is room.
    """
    written = values if beside is None else np.stack([values, beside])
    if beside is not None:
        own = np.arange(values.size).reshape(values.shape) if groups is None else groups
        groups = np.broadcast_to(own, written.shape)
    texts = notation.texts(written, groups, most_characters(grid.side, look))[: values.size]
    # Colours say more than many zeros, and than small numbers that would all read as zero.
    if not any(text.strip("0.") for text in texts) and (values.size > _FEW or values.any()):
        return []
    return written_in(grid, texts, inks_on(colors.pixels(values)), look, grid.high)


def written_in(grid: Cells, texts: Sequence[str], inks: Sequence[str], look: Look, high: float) -> list[Text]:
    """One text in the middle of each cell, in row-major order, all in the largest font with room for them.

    * `high`: how high a line may be.
    """
    font = fitting_font(max(map(len, texts), default=0), grid.side, high, look)
    found: list[Text] = []
    for place, (words, ink) in enumerate(zip(texts, inks, strict=True)):
        if words and font is not None:
            cell = grid.cell(*divmod(place, grid.cols))
            found.append(Text(cell.x, cell.y + font.middle, words, font, ink, "middle"))
    return found


Block = tuple[int, int, int, int]
"""Row, column, number of rows, number of columns."""


class Outline(NamedTuple):
    """Line of a role: width in pixels at scale 1, dashes in widths, whether a corner is filled."""

    ink: str
    width: float
    dash: tuple[float, ...] = ()
    corner: bool = False


#: From the lowest layer to the topmost.
OUTLINES = {
    "feeds": Outline("text", 1.5),
    "receptive": Outline(ACCENT.light, 2.0, (3.0, 2.0)),  # that of the dark theme is lost on blue cells
    "window": Outline("text", 2.0, (1.0, 1.5)),
    "original": Outline("original", 2.0),
    "shifted": Outline("shifted", 2.0, (1.0, 1.5)),
    "winner": Outline("winner", 2.0, corner=True),
    "selected": Outline("accent", 3.0),
    "hover": Outline("text", 1.0),
    "term": Outline("text", 2.0),
    "focus": Outline("focus", 2.0),
}


def moving_outline(box: Box, role: str, look: Look) -> Group:
    """An outline that follows the pointer, painted once for all places where it lies: frames are slow."""
    room = 4 * math.ceil(look.scale)  # for a ring; whole pixels on any screen
    key = ("outline", role, box.width, box.height, box.left % 1, box.top % 1, look)
    return Group(box.inset(-room), key, lambda: outline(box, role, look))


def outline(box: Box, role: str, look: Look) -> list[Mark]:
    """Outline on the edge of a box, so that it leaves a number inside its room; "ring" lies outside.

    A halo sets it off from any colour below.
    """
    if role == "ring":  # white on black is seen on any colour
        ring = box.inset(-look.px(2))
        return [Rect(ring, edge="#000000", width=look.px(4)), Rect(ring, edge="#FFFFFF", width=look.px(2))]
    style, short = OUTLINES[role], min(box.width, box.height)
    width = min(style.width * look.scale, max(short / 4, 1.0))
    halo = "#10161D" if sum(rgb(look.hex(style.ink))) > 460 else "#FFFFFF"
    beside = (width / 2 + 0.5) * (1 if short >= 6 else -1)  # small cells have no inside
    sides = (beside, -beside)[: 1 + (role == "selected")]  # on both sides: it may lie on its own colour
    marks: list[Mark] = [Rect(box.inset(each), edge=halo) for each in sides]
    if short >= 6 and style.dash:
        marks.append(Rect(box, edge=halo, width=width))
    marks.append(Rect(box, edge=style.ink, width=width, dash=style.dash))
    if style.corner and short >= 12:
        side = min(short / 3, 4.5 * width)
        corner = ((box.right, box.top), (box.right - side, box.top), (box.right, box.top + side))
        marks.append(Polygon(corner, style.ink))
    return marks
