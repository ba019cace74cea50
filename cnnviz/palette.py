"""Colours and patterns that mean something, for the window and for paper: one meaning, one entry.

What a stage is called stands beside its colour, so that curves, chips, tables and reports agree in both.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnviz.layers import POOLS


class Color(NamedTuple):
    """A colour as ``#RRGGBB``, on a light ground (paper too) and on a dark one."""

    light: str
    dark: str


INK = Color("#17212B", "#D9E0E7")  # light text on a dark ground looks bolder than it is
MUTED = Color("#5C6B7A", "#93A1AF")
LINE = Color("#DCE2E8", "#2E3742")
ACCENT = Color("#2563EB", "#6EA2FF")
FOCUS = Color("#A21CAF", "#F07BF5")
WINNER = Color("#E08A00", "#FFB23E")
ORIGINAL = Color("#0B7A75", "#3FC1B7")
SHIFTED = Color("#D1495B", "#FF7F8E")

DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dashed": (5.0, 2.0),
    "dotted": (2.0, 2.0),
    "dash-dot": (6.0, 2.0, 1.5, 2.0),
}
"""Patterns of dashes, in widths of the line: colour alone must not tell lines apart."""


class StageStyle(NamedTuple):
    """How a stage of the network is named and drawn when it is compared with others."""

    # `short`, `title`: name where there is little room, and name
    short: str
    title: str
    color: Color
    dash: str = "solid"  # one of `DASHES`


_POOL_LOOKS = {
    "max": (WINNER, "solid"),
    "average": (ACCENT, "solid"),
    "max_blur": (Color("#6F7D00", "#BFD04A"), "dash-dot"),
    "subsample": (Color("#8A5A2B", "#C9A27A"), "dotted"),
}
STAGE_STYLES: dict[str, StageStyle] = {
    "pixels": StageStyle("Pixels", "Pixels", MUTED, "dotted"),
    "convolution": StageStyle("Conv", "Convolution", Color("#7A4FC9", "#B394F5"), "dashed"),
    "activation": StageStyle("Activation", "Activation", Color("#B03A8C", "#EE86CB"), "dash-dot"),
    **{
        kind: StageStyle(pool.short, pool.title, *_POOL_LOOKS.get(kind, (INK, "dashed")))
        for kind, pool in POOLS.items()
    },
    "output": StageStyle("Output", "Network output", INK),
}
"""By the names of `cnnviz.translation.STAGES`, and ``"output"``. An activation goes by its own name."""


# ColorBrewer's RdBu, reversed, which is colour-blind safe.
_SIGNED = ("#2166AC", "#4393C3", "#92C5DE", "#D1E5F0", "#F7F7F7", "#FDDBC7", "#F4A582", "#D6604D", "#B2182B")
# Viridis (van der Walt and Smith, 2015, CC0), equally spaced.
_SEQUENTIAL = (
    "#440154", "#482475", "#414487", "#355F8D", "#2A788E", "#21918C", "#22A884", "#44BF70", "#7AD151",
    "#BDDF26", "#FDE725",
)  # fmt: skip


def _table(*parts: tuple[str, ...]) -> NDArray[np.uint8]:
    """Table of 256 colours, each part of it interpolated between its own stops."""
    table = np.empty((256, 3))
    length = 256 // len(parts)
    for number, colors in enumerate(parts):
        at = np.linspace(0.0, len(colors) - 1.0, length)
        for channel, start in enumerate((1, 3, 5)):
            stops = [int(color[start : start + 2], 16) for color in colors]
            rows = slice(number * length, (number + 1) * length)
            table[rows, channel] = np.interp(at, np.arange(len(colors)), stops)
    entries = np.rint(table).astype(np.uint8)
    entries.setflags(write=False)
    return entries


COLOR_MAPS = {
    # Blue, white, red; each half ends in white, so that both middle entries, on which 0 may fall, are that.
    "signed": _table(_SIGNED[:5], _SIGNED[4:]),
    "sequential": _table(_SEQUENTIAL),
    "grey": _table(("#000000", "#FFFFFF")),
}
"""Tables of shape (256, 3), uint8, read-only. Grey is for pixels, the sequential map for values without a
sign, the signed map for weights, gradients and differences."""


def map_entries(values: NDArray[np.generic], levels: tuple[float, float]) -> NDArray[np.uint8]:
    """Entry of a colour map for values of any shape and real dtype, clipped to the levels; 0 for NaN."""
    low, high = levels
    if values.dtype == np.uint8 and (low, high) == (0.0, 255.0):
        return values.astype(np.uint8, copy=False)
    clipped = np.fmin(np.fmax(np.asarray(values, dtype=np.float64), low), high)  # NaN becomes low
    return np.rint((clipped - low) * (255.0 / (high - low))).astype(np.uint8)


def are_dark(colors: ArrayLike) -> NDArray[np.bool_]:
    """Whether white text stands out more on a colour than black text.

    Relative luminance and contrast as in WCAG 2.2; the two contrasts are equal at a luminance of 0.179.

    * `colors`: shape (..., 3). Red, green and blue, 0 to 255.
    * Returns: shape (...).
    """
    channel = np.asarray(colors) / 255.0
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722]) < 0.179


def signed_levels(*arrays: ArrayLike) -> tuple[float, float]:
    """Limits (-m, m) for signed values, with m the largest finite magnitude; (-1, 1) without any."""
    largest = max((float(np.abs(_finite(each)).max(initial=0.0)) for each in arrays), default=0.0)
    return (-largest, largest) if largest > 0 else (-1.0, 1.0)


def sequential_levels(*arrays: ArrayLike) -> tuple[float, float]:
    """Smallest and largest finite value (lo, hi), lo < hi; nothing gives (0, 1).

    A constant c gives (c, c + 1), or as much more as a large c needs to be another number.
    """
    finite = [values for values in map(_finite, arrays) if values.size]
    if not finite:
        return (0.0, 1.0)
    low, high = min(float(each.min()) for each in finite), max(float(each.max()) for each in finite)
    return (low, high) if high > low else (low, low + max(1.0, 1e-9 * abs(low)))


def _finite(array: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(array, dtype=np.float64)
    return values[np.isfinite(values)]
