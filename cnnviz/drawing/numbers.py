"""Numbers inside the cells of a map, each with the digits that it needs, where there is room for them."""

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

LIGHT_INK, DARK_INK = "#FFFFFF", "#0B1016"

_LARGEST = 17  # pixels at scale 1
_MARGIN, _LEAST_MARGIN = 6, 2


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
    * `groups`: ndarray of int. Cells with the same number are compared: unequal values look unequal, or have
      no number where there is no room for the difference.
    * `beside`: ndarray. Values of a map beside this one: what differs looks different where there is room.
    * `plain`: Whether positive numbers have no plus.
    * `decimals`: As many as three figures need when None.
    * `finer`: Decimals beyond these, where there is room for them.
    """
    written = values if beside is None else np.stack([values, beside])
    may_look_alike = beside is not None and groups is None
    if may_look_alike:
        groups = np.arange(values.size).reshape(values.shape)
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
    texts = notation.texts(written, groups, longest, may_look_alike=may_look_alike)[: values.size]
    if not any(text.strip("0") for text in texts) and "" in texts:  # colours say more than zeros alone
        return []
    return written_in(grid, texts, colors.is_dark(values).ravel().tolist(), look, grid.high)


def written_in(
    grid: Cells, texts: Sequence[str], dark: Sequence[bool], look: Look, high: float
) -> list[Text]:
    """One text in the middle of each cell, in row-major order; what has more decimals in a smaller font.

    * `high`: how high a line may be.
    """
    decimals = [len(text.partition(".")[2]) for text in texts if text.strip("0")]
    fewest = min(decimals, default=0)
    usual = max((len(text) for text in texts if len(text.partition(".")[2]) <= fewest), default=0)
    font = fitting_font(usual, grid.side, high, look)
    found: list[Text] = []
    for place, (words, is_dark) in enumerate(zip(texts, dark, strict=True)):
        row, col = divmod(place, grid.cols)
        own = font if len(words) <= usual else fitting_font(len(words), grid.side, high, look)
        if words and own is not None:
            x, y = grid.left + (col + 0.5) * grid.side, grid.top + (row + 0.5) * grid.high + own.middle
            found.append(Text(x, y, words, own, LIGHT_INK if is_dark else DARK_INK, "middle"))
    return found
