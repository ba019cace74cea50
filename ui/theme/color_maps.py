"""Colour maps as tables of 256 colours, and the limits that go with them.

Grey is for pixels, the sequential map for activations, the signed map for weights, gradients and differences.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Stops of ColorBrewer's RdBu, reversed, which are colour-blind safe: (position, colour).
_SIGNED_STOPS = (
    "#2166AC",
    "#4393C3",
    "#92C5DE",
    "#D1E5F0",
    "#F7F7F7",
    "#FDDBC7",
    "#F4A582",
    "#D6604D",
    "#B2182B",
)
#: Stops of viridis (van der Walt and Smith, 2015, CC0), equally spaced.
_SEQUENTIAL_STOPS = (
    "#440154",
    "#482475",
    "#414487",
    "#355F8D",
    "#2A788E",
    "#21918C",
    "#22A884",
    "#44BF70",
    "#7AD151",
    "#BDDF26",
    "#FDE725",
)


def _rgb(colors: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in colors], dtype=np.float64)


def _interpolate(colors: tuple[str, ...], count: int) -> NDArray[np.uint8]:
    stops = _rgb(colors)
    at = np.linspace(0.0, len(colors) - 1.0, count)
    channels = [np.interp(at, np.arange(len(colors)), stops[:, channel]) for channel in range(3)]
    table = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    table.setflags(write=False)
    return table


def _signed_table() -> NDArray[np.uint8]:
    # Each half ends in white, so that entries 127 and 128, on which 0 may fall, are both exactly white.
    middle = len(_SIGNED_STOPS) // 2
    table = np.concatenate(
        [_interpolate(_SIGNED_STOPS[: middle + 1], 128), _interpolate(_SIGNED_STOPS[middle:], 128)]
    )
    table.setflags(write=False)
    return table


#: Blue, white, red; (256, 3) uint8; the two middle entries are #F7F7F7.
SIGNED = _signed_table()
#: Dark violet to yellow; (256, 3) uint8.
SEQUENTIAL = _interpolate(_SEQUENTIAL_STOPS, 256)
#: Black to white; (256, 3) uint8.
GREYS = _interpolate(("#000000", "#FFFFFF"), 256)

COLOR_MAPS = {"signed": SIGNED, "sequential": SEQUENTIAL, "grey": GREYS}


def color_map(name: str) -> NDArray[np.uint8]:
    """Table of a colour map.

    Parameters
    ----------
    name : {"signed", "sequential", "grey"}

    Returns
    -------
    ndarray of shape (256, 3), uint8
        Red, green, blue; read-only.

    Raises
    ------
    ValueError
        If there is no such map.
    """
    try:
        return COLOR_MAPS[name]
    except KeyError:
        raise ValueError(
            f"The colour map must be one of {', '.join(COLOR_MAPS)}. Got {name!r} instead."
        ) from None


def signed_levels(array: ArrayLike) -> tuple[float, float]:
    """Limits for signed values: symmetric, so that zero is white.

    Parameters
    ----------
    array : array_like
        Any shape; values that are not finite are left out.

    Returns
    -------
    tuple of float
        (-m, m) with m the largest magnitude; (-1, 1) if that is 0 or there is none.
    """
    values = np.asarray(array, dtype=np.float64)
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max()) if finite.size else 0.0
    return (-largest, largest) if largest > 0 else (-1.0, 1.0)


def sequential_levels(array: ArrayLike) -> tuple[float, float]:
    """Limits for values with no sign: smallest and largest.

    Parameters
    ----------
    array : array_like
        Any shape; values that are not finite are left out.

    Returns
    -------
    tuple of float
        (lo, hi) with lo < hi; a constant c gives (c, c + 1), nothing at all gives (0, 1).
    """
    values = np.asarray(array, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return (0.0, 1.0)
    lo, hi = float(finite.min()), float(finite.max())
    return (lo, hi) if hi > lo else (lo, lo + 1.0)
