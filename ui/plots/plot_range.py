"""Ranges of axes that keep still while data arrives."""

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

Range = tuple[float, float]

_NICE = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
#: Of the planned end of an axis, a share below which what is there would be a dot at its left end.
_BEGINNING = 0.02
#: Larger samples are thinned out before quantiles are taken.
_SAMPLE = 4096


def nice_ceil(value: float) -> float:
    """Smallest round number that is not below a positive value.

    * `value`: > 0.
    * Returns: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten.
    """
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _NICE if step * power >= value * (1 - 1e-12))


def extent(values: NDArray[np.floating], outliers: float = 0.0) -> tuple[float, float] | None:
    """Smallest and largest of some values, leaving out gaps and extremes.

    * `outliers`: share left out at the upper end, 0 to 1.
    * Returns: None if there is no finite value.
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

        * `lo`, `hi`: of the data.
        * `fixed_lo`, `fixed_hi`: ends that do not depend on the data.
        * Returns: (lower, upper) with lower < upper.
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


class CurveRanges:
    """Takes the ends from the curves, except for those that are fixed; keeps still while points arrive."""

    def __init__(self) -> None:
        self._x_limit: float | None = None
        self._y_bounds: tuple[float | None, float | None] = (None, None)
        self._x, self._y = SteadyRange(), SteadyRange()

    def set_x_limit(self, limit: float | None) -> bool:
        """Plan the right end, or let it grow with None; return whether that is news."""
        if limit == self._x_limit:
            return False
        self._x_limit = limit
        self._x.reset()
        return True

    def set_y_bounds(self, lo: float | None, hi: float | None) -> bool:
        """Fix ends of the y axis; one that is None follows the data. Return whether that is news."""
        if (lo, hi) == self._y_bounds:
            return False
        self._y_bounds = (lo, hi)
        self._y.reset()
        return True

    def reset(self) -> None:
        """Choose both axes as if all points had come at once."""
        self._x.reset()
        self._y.reset()

    def reset_y(self) -> None:
        """Choose the y axis anew."""
        self._y.reset()

    def x_range(self, last: float) -> Range:
        """Ends of the x axis for points up to `last`: the planned ones, but at the very beginning."""
        limit = self._x_limit
        if limit is None or last > limit:
            return self._x.update(0.0, max(last, 1.0), 0.0, None)
        if 0 < last < _BEGINNING * limit:
            return self._x.update(0.0, max(last, _BEGINNING / 20 * limit), 0.0, None)
        return 0.0, max(limit, 1.0)

    def y_range(self, ends: Collection[Range]) -> Range:
        """Ends of the y axis for curves between some ends."""
        lo, hi = min((each[0] for each in ends), default=0.0), max((each[1] for each in ends), default=1.0)
        lo, hi = self._y.update(lo, hi, *self._y_bounds)
        # A line that runs along an end must not be cut in half.
        margin = 0.02 * (hi - lo)
        return lo - margin, hi + margin
