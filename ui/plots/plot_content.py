"""What a plot shows, as values."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ui.plots.plot_range import extent


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points.

    * `x`, `y`: `x` rises; values of `y` that are not finite are left out.
    * `color`: A colour role, or ``#RRGGBB`` on a light and on a dark ground.
    * `width`: in pixels at scale 1; wider lines lie over narrower ones.
    """

    name: str
    x: NDArray[np.floating]
    y: NDArray[np.floating]
    color: str | tuple[str, str] = "accent"
    width: float = 2.0


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

    * `has_zeros`: whether lines mark where x and y are 0.
    * `digits`: significant figures of the values beside the cursor.
    """

    lines: tuple[Line, ...] = ()
    markers: tuple[Marker, ...] = ()
    dots: tuple[Dot, ...] = ()
    x_label: str = ""
    y_label: str = ""
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
        shown = [line.y for line in self.lines]
        if self.has_zeros:
            shown.append(np.zeros(1))
        lo, hi = extent(np.concatenate([*shown, np.empty(0)])) or (0.0, 1.0)
        span = hi - lo if hi - lo > 1e-12 * max(abs(lo), abs(hi), 1e-300) else max(abs(hi), 1.0) * 0.1
        return lo - 0.08 * span, hi + 0.08 * span
