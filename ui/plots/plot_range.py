"""Ranges of axes that keep still while data arrives."""

import math

import numpy as np
from numpy.typing import NDArray

_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
#: Larger samples are thinned out before quantiles are taken.
_SAMPLE = 4096


def nice_ceil(value: float) -> float:
    """Smallest round number that is not below a positive value.

    Parameters
    ----------
    value : float
        > 0.

    Returns
    -------
    float
        1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten.
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _NICE if step * power >= value * (1 - 1e-12))


def extent(values: NDArray[np.float64], outliers: float = 0.0) -> tuple[float, float] | None:
    """Smallest and largest of some values, leaving out gaps and extremes.

    Parameters
    ----------
    values : ndarray
    outliers : float
        Share left out at the upper end, 0 to 1.

    Returns
    -------
    tuple of float, or None
        None if there is no finite value.
    """
    thin = values[:: max(values.size // _SAMPLE, 1)] if outliers else values
    finite = thin[np.isfinite(thin)]
    if not finite.size:
        return None
    hi = float(np.quantile(finite, 1 - outliers)) if outliers else float(finite.max())
    return float(finite.min()), hi


class SteadyRange:
    """Range of an axis: grows in round steps when data leave it, shrinks only when it is far too large."""

    #: The range shrinks when the data fill less than this share of it.
    SHRINK = 0.4

    def __init__(self) -> None:
        self._range: tuple[float, float] | None = None

    def reset(self) -> None:
        """Forget the range."""
        self._range = None

    def update(
        self, lo: float, hi: float, fixed_lo: float | None, fixed_hi: float | None
    ) -> tuple[float, float]:
        """Range for data between two values.

        Parameters
        ----------
        lo, hi : float
            Of the data.
        fixed_lo, fixed_hi : float, optional
            Ends that do not depend on the data.

        Returns
        -------
        tuple of float
            (lower, upper) with lower < upper.
        """
        lo = lo if fixed_lo is None else fixed_lo
        hi = hi if fixed_hi is None else fixed_hi
        if self._range is not None:
            old_lo, old_hi = self._range
            inside = old_lo <= lo and hi <= old_hi
            if inside and (hi - lo) >= self.SHRINK * (old_hi - old_lo):
                return self._range
        span = max(hi - lo, abs(hi) * 1e-3, 1e-9)
        step = nice_ceil(span) / 4
        new_lo = fixed_lo if fixed_lo is not None else math.floor((lo - 0.02 * span) / step) * step
        new_hi = fixed_hi if fixed_hi is not None else math.ceil((hi + 0.02 * span) / step) * step
        self._range = (new_lo, new_hi if new_hi > new_lo else new_lo + step)
        return self._range
