"""What a plot shows, as values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ui.plots.plot_range import extent, nice_ceil


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points.

    Attributes
    ----------
    name : str
    x, y : ndarray of shape (n,)
        `x` rises; values of `y` that are not finite are left out.
    color : str or tuple of str
        A colour role, or ``#RRGGBB`` on a light and on a dark ground.
    style : str
        One of `cnnviz.palette.DASHES`. The solid lines decide about the y axis where the content does not.
    width : float
        In pixels at scale 1; wider lines lie over narrower ones.
    spread : ndarray of shape (n,), optional
        Half the width of the band around the line.
    has_band : bool
        Whether the band is drawn; the numbers beside the cursor say it in any case.
    """

    name: str
    x: NDArray[np.floating]
    y: NDArray[np.floating]
    color: str | tuple[str, str] = "accent"
    style: str = "solid"
    width: float = 2.0
    spread: NDArray[np.floating] | None = None
    has_band: bool = False


@dataclass(frozen=True)
class Marker:
    """A vertical line at `x` with a text above it."""

    x: float
    text: str = ""
    role: str = "winner"


@dataclass(frozen=True)
class Dot:
    """A point that stands out; with guides, dashed lines lead from it to both zeros."""

    x: float
    y: float
    role: str = "accent"
    has_guides: bool = False


@dataclass(frozen=True, eq=False)
class PlotContent:
    """Everything a plot shows.

    Attributes
    ----------
    lines, markers, dots : tuple
    x_label, y_label : str
    y_limits : tuple of float, optional
        From the solid lines when None.
    names_at_ends : bool
        Whether each name stands beside the end of its line.
    has_zeros : bool
        Whether lines mark where x and y are 0.
    digits : int
        Significant figures of the values beside the cursor.
    """

    lines: tuple[Line, ...] = ()
    markers: tuple[Marker, ...] = ()
    dots: tuple[Dot, ...] = ()
    x_label: str = ""
    y_label: str = ""
    y_limits: tuple[float, float] | None = None
    names_at_ends: bool = False
    has_zeros: bool = False
    digits: int = 6

    def x_range(self) -> tuple[float, float]:
        """First and last x, with room for dots that lie there."""
        xs = [line.x for line in self.lines if len(line.x)]
        lo, hi = min((float(x[0]) for x in xs), default=0.0), max((float(x[-1]) for x in xs), default=1.0)
        if hi <= lo:
            return lo - 0.5, hi + 0.5
        margin = 0.02 * (hi - lo) if self.dots else 0.0
        return lo - margin, hi + margin

    def y_range(self) -> tuple[float, float]:
        """Lowest and highest y, with some room."""
        if self.y_limits is not None:
            lo, hi = self.y_limits
            return lo - 0.02 * (hi - lo), hi + 0.02 * (hi - lo)
        shown = [line.y for line in self.lines if line.style == "solid"]
        if self.has_zeros:
            shown.append(np.zeros(1))
        lo, hi = extent(np.concatenate([*shown, np.empty(0)])) or (0.0, 1.0)
        span = hi - lo if hi - lo > 1e-12 * max(abs(lo), abs(hi), 1e-300) else max(abs(hi), 1.0) * 0.1
        return lo - 0.08 * span, hi + 0.08 * span


def limits_from_zero(lines: Sequence[Line]) -> tuple[float, float]:
    """Round limits of the y axis that leave 0 and all lines in sight, with what they spread upwards."""
    found = [extent(line.y + (0 if line.spread is None else line.spread)) for line in lines]
    found += [extent(line.y) for line in lines]
    ends = [each for each in found if each is not None]
    lo, hi = min((each[0] for each in ends), default=0.0), max((each[1] for each in ends), default=0.0)
    return -nice_ceil(-lo) if lo < 0 else 0.0, nice_ceil(hi) if hi > 0 else 1.0
