"""Numbers inside the cells of a map, where there is room for them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing.box import Cells
from cnnviz.drawing.colors import Colors, Values
from cnnviz.drawing.lettering import Font
from cnnviz.drawing.look import Look
from cnnviz.drawing.marks import Text
from cnnviz.notation import Notation

LIGHT_INK, DARK_INK = "#FFFFFF", "#0B1016"

_LARGEST = 17  # pixels at scale 1
_MARGIN, _LEAST_MARGIN = 6, 4


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
    if not any(text.strip("0") for text in texts):  # colours say more than zeros alone
        return []
    return written_in(grid, texts, colors.is_dark(values).ravel().tolist(), look, grid.high)


def written_in(
    grid: Cells, texts: Sequence[str], dark: Sequence[bool], look: Look, high: float
) -> list[Text]:
    """One text in the middle of each cell, in row-major order, all in the largest font with room for them.

    * `high`: how high a line may be.
    """
    font = fitting_font(max(map(len, texts), default=0), grid.side, high, look)
    found: list[Text] = []
    for place, (words, is_dark) in enumerate(zip(texts, dark, strict=True)):
        if words and font is not None:
            cell = grid.cell(*divmod(place, grid.cols))
            ink = LIGHT_INK if is_dark else DARK_INK
            found.append(Text(cell.x, cell.y + font.middle, words, font, ink, "middle"))
    return found
