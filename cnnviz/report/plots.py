"""A plot with two axes, for curves on paper."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.notation import format_ticks
from cnnviz.report.svg import INK, LINE, MUTED, Canvas

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axes:
    """A frame with scales.

    Parameters
    ----------
    canvas : Canvas
    left, top, width, height : float
        Place of the frame, in points.
    x_range, y_range : (float, float)
        Values at its edges.
    """

    canvas: Canvas
    left: float
    top: float
    width: float
    height: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a value lies on the canvas."""
        across = (x - self.x_range[0]) / (self.x_range[1] - self.x_range[0])
        up = (y - self.y_range[0]) / (self.y_range[1] - self.y_range[0])
        return self.left + across * self.width, self.top + (1 - min(max(up, 0.0), 1.0)) * self.height

    def frame(self, title: str, x_label: str, y_label: str) -> None:
        """Draw grid, scales and labels."""
        canvas, bottom = self.canvas, self.top + self.height
        values = ticks(*self.y_range)
        for value, text in zip(values, format_ticks(values), strict=True):
            _, y = self.place(self.x_range[0], value)
            canvas.line(self.left, y, self.left + self.width, y, stroke=LINE)
            canvas.text(self.left - 3, y + 2.2, text, anchor="end", fill=MUTED)
        values = ticks(*self.x_range)
        for value, text in zip(values, format_ticks(values), strict=True):
            x, _ = self.place(value, self.y_range[0])
            canvas.line(x, bottom, x, bottom + 2.5, stroke=MUTED)
            canvas.text(x, bottom + 9.5, text, anchor="middle", fill=MUTED)
        canvas.line(self.left, bottom, self.left + self.width, bottom, stroke=MUTED, line=0.6)
        canvas.text(self.left, self.top - 6, title, size=8, bold=True)
        canvas.text(self.left + self.width / 2, bottom + 19, x_label, anchor="middle", size=7)
        canvas.text(self.left - 26, self.top + self.height / 2, y_label, anchor="middle", size=7, turned=True)

    def curve(
        self, xs: Points, ys: Points, *, stroke: str, line: float = 1.0, dash: str = "", opacity: float = 1.0
    ) -> None:
        """Draw a curve; values that are not finite are left out."""
        points = [
            self.place(float(x), float(y)) for x, y in zip(xs, ys, strict=True) if math.isfinite(float(y))
        ]
        self.canvas.curve(points, stroke=stroke, line=line, dash=dash, opacity=opacity)

    def band(self, xs: Points, low: Points, high: Points, *, fill: str) -> None:
        """Fill the space between two curves."""
        known = np.isfinite(low) & np.isfinite(high)
        xs, low, high = xs[known], low[known], high[known]
        points = [self.place(float(x), float(y)) for x, y in zip(xs, high, strict=True)]
        points += [self.place(float(x), float(y)) for x, y in zip(xs[::-1], low[::-1], strict=True)]
        self.canvas.area(points, fill=fill, opacity=0.12)


def legend(
    canvas: Canvas, x: float, y: float, entries: Sequence[tuple[str, str, str]], *, step: float = 11
) -> None:
    """Write a list of (words, colour, dash) under one another."""
    for row, (words, color, dash) in enumerate(entries):
        base = y + row * step
        if dash == "point":
            canvas.circle(x + 7, base - 2.2, 2.2, fill=color)
        else:
            canvas.line(x, base - 2.2, x + 14, base - 2.2, stroke=color, line=1.4, dash=dash)
        canvas.text(x + 18, base, words, fill=INK)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round values between `low` and `high`: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [each * step for each in range(first, last + 1)]
