"""Curves of a million points drawn with as many as the screen can show, without losing a single peak."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Points that one point of the next level stands for.
_FACTOR = 8
#: Levels are not made for fewer points than this: they would not pay.
_SMALLEST = 1024


class _Grower:
    """Array that can be extended; it doubles its room, so that each point is copied only a few times."""

    def __init__(self) -> None:
        self._room = np.empty(_SMALLEST, dtype=np.float64)
        self.size = 0

    @property
    def view(self) -> NDArray[np.float64]:
        return self._room[: self.size]

    def extend(self, values: NDArray[np.float64]) -> None:
        needed = self.size + values.size
        if needed > self._room.size:
            room = np.empty(max(needed, 2 * self._room.size), dtype=np.float64)
            room[: self.size] = self.view
            self._room = room
        self._room[self.size : needed] = values
        self.size = needed


class MinMaxPyramid:
    """Smallest and largest value of each run of points, at several magnifications.

    A view then needs only to look at a few thousand numbers, however long the curve is. `extend` costs time
    in proportion to what is new. pyqtgraph's own thinning looks at all points of a curve for each new one: a
    frame takes it twice as long at 10,000 points, and sixteen times at a million (`benchmarks/NOTES.md`).

    * `x`: rising.
    * `y`: values that are not numbers are gaps.
    """

    def __init__(self, x: ArrayLike = (), y: ArrayLike = ()) -> None:
        self._x, self._y = _Grower(), _Grower()
        self._lows: list[_Grower] = []
        self._highs: list[_Grower] = []
        self.extend(x, y)

    @property
    def x(self) -> NDArray[np.float64]:
        """All abscissae."""
        return self._x.view

    @property
    def y(self) -> NDArray[np.float64]:
        """All ordinates."""
        return self._y.view

    @property
    def size(self) -> int:
        """Number of points."""
        return self._x.size

    def extend(self, x: ArrayLike, y: ArrayLike) -> None:
        """Add points at the end.

        * `x`, `y`: array_like of shape (m,).
        * Raises ValueError: if the lengths differ, or `x` does not rise.
        """
        new_x, new_y = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
        if new_x.size != new_y.size:
            raise ValueError(f"A curve needs as many x as y. Got {new_x.size} and {new_y.size}.")
        if not new_x.size:
            return
        before = self._x.view[-1] if self._x.size else -np.inf
        if new_x[0] < before or np.any(new_x[1:] < new_x[:-1]):
            raise ValueError("The x of a curve must rise.")
        self._x.extend(new_x)
        self._y.extend(new_y)
        self._extend_levels()

    def view(self, x_lo: float, x_hi: float, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points that look the same as all points between two abscissae.

        * `x_lo`, `x_hi`: ends of the view. The nearest point beyond each end is included, so
          that lines leave the picture.
        * `bins`: columns of pixels, >= 1.
        * Returns: at most ``4 * bins + 4`` points. Within each run the smallest and the largest
          value are kept, at its first and last abscissa; a view of fewer points is returned as
          it is.
        """
        x, y = self._x.view, self._y.view
        first = max(int(np.searchsorted(x, x_lo)) - 1, 0)
        last = min(int(np.searchsorted(x, x_hi, side="right")) + 1, x.size)
        count = last - first
        if count <= 4 * bins:
            return x[first:last], y[first:last]
        level = 0
        while level < len(self._lows) and count // _FACTOR ** (level + 1) >= 2 * bins:
            level += 1
        return self._reduce(first, last, level, bins)

    def _reduce(
        self, first: int, last: int, level: int, bins: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        width = _FACTOR**level
        lows = self._lows[level - 1].view if level else self._y.view
        highs = self._highs[level - 1].view if level else self._y.view
        start, stop = first // width, min(-(-last // width), lows.size)
        edges = np.linspace(start, stop, bins + 1).astype(np.intp)
        edges = edges[:-1][edges[1:] > edges[:-1]]
        low = np.fmin.reduceat(lows[:stop], edges)
        high = np.fmax.reduceat(highs[:stop], edges)
        ends = np.append(edges[1:], stop) * width - 1
        x, tail = self._x.view, stop * width
        out_x = np.empty(2 * low.size)
        out_y = np.empty(2 * low.size)
        out_x[0::2], out_x[1::2] = x[edges * width], x[np.minimum(ends, x.size - 1)]
        # Alternating low-high and high-low joins neighbouring runs by the shorter way.
        out_y[0::2], out_y[1::2] = low, high
        out_y[2::4], out_y[3::4] = high[1::2], low[1::2]
        # Points at the end that do not fill a run of this level yet.
        rest = slice(tail, max(last, tail)) if level else slice(0, 0)
        if rest.stop - rest.start > 2 * bins:
            rest_x, rest_y = self._reduce(tail, last, level - 1, bins)
        else:
            rest_x, rest_y = x[rest], self._y.view[rest]
        return np.concatenate([out_x, rest_x]), np.concatenate([out_y, rest_y])

    def _extend_levels(self) -> None:
        lows, highs = self._y.view, self._y.view
        level = 0
        while lows.size >= _SMALLEST:
            if level == len(self._lows):
                self._lows.append(_Grower())
                self._highs.append(_Grower())
            done = self._lows[level].size
            whole = lows.size // _FACTOR
            if whole > done:
                part = slice(done * _FACTOR, whole * _FACTOR)
                self._lows[level].extend(np.fmin.reduce(lows[part].reshape(-1, _FACTOR), axis=1))
                self._highs[level].extend(np.fmax.reduce(highs[part].reshape(-1, _FACTOR), axis=1))
            lows, highs = self._lows[level].view, self._highs[level].view
            level += 1
