"""Where the steps of a run lie on a line, and what is written and drawn along it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetrics, QPolygonF

from ui.plots.curve_style import GHOST_REACH

#: Share of the values of a curve that may be cut off at the top: the few means of the first steps.
_OUTLIERS = 0.01


@dataclass(frozen=True)
class TimeScale:
    """Steps `first` to `last` between the abscissas `left` and `right`, in pixels."""

    first: int
    last: int
    left: float
    right: float

    def x(self, step: float) -> float:
        """Abscissa of a step; steps beyond the ends lie at the ends."""
        share = (min(max(step, self.first), self.last) - self.first) / (self.last - self.first)
        return self.left + share * (self.right - self.left)

    def step(self, x: float) -> int:
        """Step nearest to an abscissa, within the ends."""
        share = (x - self.left) / max(self.right - self.left, 1.0)
        return self.first + round(min(max(share, 0.0), 1.0) * (self.last - self.first))


def top_value(curve: NDArray[np.float64], ghost: NDArray[np.float64]) -> float:
    """Value at the top of the area for two curves from 0 up; 1 if they have no points."""
    top, other = (_quantile(each[np.isfinite(each)]) for each in (curve, ghost))
    return max(top, min(other, GHOST_REACH * top)) if top > 0 else other if other > 0 else 1.0


def _quantile(values: NDArray[np.float64]) -> float:
    return float(np.quantile(values, 1 - _OUTLIERS)) if values.size else 0.0


def curve_polygon(
    x: NDArray[np.float64], y: NDArray[np.float64], scale: TimeScale, area: QRectF, top: float
) -> QPolygonF:
    """Points of a curve, at most one for every second pixel: it is a mean, and has no peaks to lose.

    * `x`, `y`: steps, ascending, and values.
    * `area`: from 0 at its bottom to `top` at its top; what is higher is cut off.
    """
    inside = np.isfinite(y) & (x >= scale.first) & (x <= scale.last)
    x, y = x[inside], y[inside]
    most = max(int(area.width() / 2), 2)
    if x.size > most:
        chosen = np.linspace(0, x.size - 1, most).astype(np.intp)
        x, y = x[chosen], y[chosen]
    across = scale.left + (x - scale.first) / (scale.last - scale.first) * (scale.right - scale.left)
    down = area.bottom() - np.clip(y / top, 0.0, 1.0) * area.height()
    return QPolygonF([QPointF(a, b) for a, b in zip(across.tolist(), down.tolist(), strict=True)])


def epoch_labels(
    scale: TimeScale, steps_per_epoch: int, metrics: QFontMetrics
) -> tuple[list[float], list[tuple[float, str]]]:
    """Where epochs end, and what is written under them.

    * `metrics`: of the labels.
    * Returns: abscissas of the ends of epochs, no two closer than a label is wide.
    * Returns: abscissa of the middle, and text.
    """
    if steps_per_epoch <= 0:
        return [], []
    first, last = scale.first // steps_per_epoch, -(-scale.last // steps_per_epoch)
    pixels = (scale.right - scale.left) * steps_per_epoch / (scale.last - scale.first)
    wide = metrics.horizontalAdvance(f"{last}") + 8
    stride = next(n for k in range(9) for n in (10**k, 2 * 10**k, 5 * 10**k) if n * pixels >= wide)
    ends = [scale.x(n * steps_per_epoch) for n in range(first + 1, last + 1) if n % stride == 0]
    if stride > 1:
        # Numbers under the ends of every so many epochs.
        names = [n for n in range(first + 1, last + 1) if n % stride == 0]
        return ends, [(x, str(n)) for x, n in zip(ends, names, strict=True)]
    labels: list[tuple[float, str]] = []
    for n in range(first, last):
        left, right = scale.x(n * steps_per_epoch), scale.x((n + 1) * steps_per_epoch)
        text = f"epoch {n + 1}"
        if metrics.horizontalAdvance(text) + 8 > right - left:
            text = str(n + 1)
        if metrics.horizontalAdvance(text) <= right - left:
            labels.append(((left + right) / 2, text))
    return ends, labels
