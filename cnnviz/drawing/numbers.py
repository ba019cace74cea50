"""Numbers inside the cells of a map, where they fit: all in one font, with one number of decimals."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing.box import Cells
from cnnviz.drawing.colors import Colors, Values
from cnnviz.drawing.lettering import Font
from cnnviz.drawing.look import Look
from cnnviz.drawing.marks import Text
from cnnviz.notation import Notation
from cnnviz.quantities import ALMOST

LIGHT_INK, DARK_INK = "#FFFFFF", "#0B1016"

_LARGEST = 17  # pixels at scale 1
_MARGIN, _LEAST_MARGIN = 6, 2
_LINES_WITH_MARK = 1.8  # heights of a line that a number takes with a mark above it
_NEARLY_ZERO = f"{ALMOST}0"


def fitting_font(longest: int, wide: float, high: float, look: Look) -> Font | None:
    """Largest number font in which so many characters fit into a cell; None where none does."""
    for size in range(_LARGEST, look.digits - 1, -1):
        font = Font(look.px(size), is_mono=True)
        margin = look.px(_MARGIN if size > look.digits else _LEAST_MARGIN)
        if longest and font.width("0" * longest) <= wide - margin and font.line <= high:
            return font
    return None


def most_characters(wide: float, look: Look) -> int:
    """For how many characters there is room in a cell, in the smallest font."""
    return max(int((wide - look.px(_LEAST_MARGIN)) / Font(look.px(look.digits), is_mono=True).width("0")), 0)


def cell_numbers(
    values: Values,
    colors: Colors,
    grid: Cells,
    look: Look,
    groups: NDArray[np.integer] | None = None,
    beside: Values | None = None,
    *,
    plain: bool = False,
    decimals: int | None = None,
    finer: int = 0,
) -> list[Text]:
    """Write each value into its cell, in white or black; nothing where there is no room.

    * `values`: ndarray of shape (h, w)
    * `colors`: On which the numbers stand.
    * `groups`: ndarray of int. Cells with the same number are compared: unequal values look unequal.
    * `beside`: ndarray. Values of a map beside this one in which the same cells are compared.
    * `plain`: Whether positive numbers have no plus.
    * `decimals`: As many as three figures need when None.
    * `finer`: Decimals beyond these, where there is room for them.
    """
    written = values if beside is None else np.stack([values, beside])
    if groups is not None and beside is not None:
        groups = np.broadcast_to(groups, written.shape)
    signed = colors.name == "signed" and not plain
    notation = Notation.of(written, signed=signed)
    if decimals is not None:
        notation = replace(notation, decimals=decimals)
    elif finer and not notation.fixed:
        notation = replace(notation, decimals=notation.decimals + finer)
    longest = most_characters(grid.side, look)
    if longest < (1 if values.dtype.kind in "iub" else 3):
        return []
    texts = notation.texts(written, groups, longest, mark=0)
    font = _font_of(texts, grid, look) or _font_below_marks(texts, grid, look)
    if font is None and groups is not None:  # a mark costs figures, but not all of them
        above, texts = texts, notation.texts(written, groups, longest)
        if texts.count(_NEARLY_ZERO) == above.count(_NEARLY_ZERO):
            font = _font_of(texts, grid, look)
    is_nothing = _NEARLY_ZERO in texts and set(texts) <= {"0", _NEARLY_ZERO}
    if font is None or is_nothing:  # colours say more than that
        return []
    return written_in(grid, texts[: values.size], colors.is_dark(values).ravel().tolist(), font, look)


def _font_of(texts: Sequence[str], grid: Cells, look: Look) -> Font | None:
    """Font in which texts fit as they are."""
    return fitting_font(max(map(len, texts), default=0), grid.side, grid.high, look)


def _font_below_marks(texts: Sequence[str], grid: Cells, look: Look) -> Font | None:
    """Font in which texts fit whose marks stand above the numbers, where they cost no figures."""
    if not any(text.startswith(ALMOST) for text in texts):
        return None
    figures = max(len(text.removeprefix(ALMOST)) for text in texts)
    return fitting_font(figures, grid.side, grid.high / _LINES_WITH_MARK, look)


def written_in(grid: Cells, texts: Sequence[str], dark: Sequence[bool], font: Font, look: Look) -> list[Text]:
    """One text in the middle of each cell, in row-major order; a mark has a line of its own where it must."""
    found: list[Text] = []
    for place, (words, is_dark) in enumerate(zip(texts, dark, strict=True)):
        row, col = divmod(place, grid.cols)
        x, y = grid.left + (col + 0.5) * grid.side, grid.top + (row + 0.5) * grid.high + font.middle
        ink = LIGHT_INK if is_dark else DARK_INK
        if words.startswith(ALMOST) and font.width(words) > grid.side - look.px(_LEAST_MARGIN):
            found.append(Text(x, y - font.line / 2, ALMOST, font, ink, "middle"))
            words, y = words.removeprefix(ALMOST), y + font.line / 3
        found.append(Text(x, y, words, font, ink, "middle"))
    return found
