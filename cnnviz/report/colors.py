"""Colours of figures on paper: one meaning, one colour, as in the window."""

import numpy as np
from numpy.typing import NDArray

INK = "#17212B"
MUTED = "#5C6B7A"
LINE = "#DCE2E8"
ACCENT = "#2563EB"
WINNER = "#E08A00"
ORIGINAL = "#0B7A75"
SHIFTED = "#D1495B"

CURVES = {
    "pixels": "#5C6B7A",
    "convolution": "#2563EB",
    "activation": "#8A5CD6",
    "max": "#E08A00",
    "average": "#0B7A75",
    "blur": "#D1495B",
    "subsample": "#7A4A21",
}
"""For the stages of a shift comparison in one plot."""

DASHES = {
    "pixels": "",
    "convolution": "6 2",
    "activation": "2 1.6",
    "max": "",
    "average": "6 2 1.4 2",
    "blur": "3 2",
    "subsample": "1 1.8",
}
"""Patterns that tell the same curves apart without colour."""

_STOPS = {
    # ColorBrewer's RdBu, reversed.
    "signed": ("#2166AC", "#4393C3", "#92C5DE", "#D1E5F0", "#F7F7F7", "#FDDBC7", "#F4A582",
               "#D6604D", "#B2182B"),
    # Viridis (van der Walt and Smith, 2015, CC0).
    "sequential": ("#440154", "#482475", "#414487", "#355F8D", "#2A788E", "#21918C", "#22A884", "#44BF70",
                   "#7AD151", "#BDDF26", "#FDE725"),
    "grey": ("#000000", "#FFFFFF"),
}  # fmt: skip


def colors_of(values: NDArray[np.float64], colormap: str, levels: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the colour of each value.

    Parameters
    ----------
    values : ndarray of any shape
        NaN becomes white.
    colormap : {"signed", "sequential", "grey"}
    levels : (float, float)
        Values of the first and last colour; what lies outside is cut off.

    Returns
    -------
    ndarray of shape (..., 3), uint8
    """
    stops = np.array(
        [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in _STOPS[colormap]], dtype=np.float64
    )
    low, high = levels
    # 128 steps on either side of the middle, so that equal values keep equal colours and paths stay few.
    place = np.rint(np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1) * 128) / 128
    at = place * (len(stops) - 1)
    mixed = np.stack([np.interp(at, np.arange(len(stops)), stops[:, each]) for each in range(3)], axis=-1)
    mixed[np.isnan(values)] = 255
    return np.rint(mixed).astype(np.uint8)


def hex_of(color: NDArray[np.uint8]) -> str:
    """Return a colour of shape (3,) as ``"#RRGGBB"``."""
    return "#{:02X}{:02X}{:02X}".format(*(int(each) for each in color))


def signed_levels(*arrays: NDArray[np.float64]) -> tuple[float, float]:
    """Return symmetric limits that hold all finite values; (-1, 1) if they are all 0."""
    largest = max((float(np.abs(_finite(each)).max(initial=0.0)) for each in arrays), default=0.0)
    return (-largest, largest) if largest > 0 else (-1.0, 1.0)


def sequential_levels(*arrays: NDArray[np.float64]) -> tuple[float, float]:
    """Return the smallest and the largest finite value, at least a little apart."""
    finite = np.concatenate([_finite(each) for each in arrays])
    if not finite.size:
        return (0.0, 1.0)
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low, low + 1.0)


def _finite(array: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = np.asarray(array, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]
