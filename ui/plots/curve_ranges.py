"""The ends of the axes of a curve plot that shows the whole."""

from collections.abc import Iterable

import numpy as np

from ui.plots.plot_range import SteadyRange
from ui.plots.plotted_curve import PlottedCurve

Range = tuple[float, float]


class CurveRanges:
    """Takes the ends from the curves, except for those that are fixed; keeps still while points arrive."""

    def __init__(self) -> None:
        self._x_limit: float | None = None
        self._y_bounds: tuple[float | None, float | None] = (None, None)
        self._x, self._y = SteadyRange(), SteadyRange()

    def set_x_limit(self, limit: float | None) -> bool:
        """Fix the right end, or let it grow with None; return whether that is news."""
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

    def x_range(self, curves: Iterable[PlottedCurve]) -> Range:
        """Ends of the x axis."""
        last = max((curve.ends[1] for curve in curves if curve.data.size), default=0.0)
        if self._x_limit is not None and last <= self._x_limit:
            return 0.0, max(self._x_limit, 1.0)
        return self._x.update(0.0, max(last, 1.0), 0.0, None)

    def y_range(self, curves: Iterable[PlottedCurve], log_y: bool) -> Range:
        """Ends of the y axis; of the logarithm where y is logarithmic."""
        lo_fixed, hi_fixed = self._y_bounds
        if log_y:
            lo_fixed, hi_fixed = None, None if hi_fixed is None else float(np.log10(hi_fixed))
        found = [curve.extent(log_y) for curve in curves]
        ends = [each for each in found if each is not None]
        lo, hi = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0.0, 1.0)
        lo, hi = self._y.update(lo, hi, lo_fixed, hi_fixed)
        # A line that runs along an end must not be cut in half.
        margin = 0.02 * (hi - lo)
        return lo - margin, hi + margin
