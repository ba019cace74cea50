"""The curves of a plot by their names."""

import numpy as np
from numpy.typing import NDArray

from ui.plots.curve_style import CURVE_STYLES
from ui.plots.decimate import MinMaxPyramid
from ui.plots.plotted_curve import PlottedCurve

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


class CurveSet(dict[str, PlottedCurve]):
    """Curves in the order in which they were announced."""

    def announce(self, name: str, label: str, style: str, role: str) -> PlottedCurve:
        """Add a curve without points.

        Raises
        ------
        ValueError
            If the name is taken, or there is no such style.
        """
        if name in self or style not in CURVE_STYLES:
            raise ValueError(
                f"A curve needs a new name and one of the styles {', '.join(CURVE_STYLES)}. "
                f"Got {name!r} and {style!r}."
            )
        curve = self[name] = PlottedCurve(label, CURVE_STYLES[style], role)
        return curve

    def has_points(self) -> bool:
        """Whether any curve has points."""
        return any(curve.data.size for curve in self.values())

    def points(self) -> dict[str, Points]:
        """All points of the curves that have any, by their words in the legend."""
        return {curve.label: (curve.data.x, curve.data.y) for curve in self.values() if curve.data.size}

    def clear_points(self) -> None:
        """Remove the points of all curves."""
        for curve in self.values():
            curve.data = MinMaxPyramid()
