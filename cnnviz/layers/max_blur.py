"""Anti-aliased max pooling: a maximum at every cell, then a blur, then every so-many-th cell."""

from dataclasses import dataclass
from functools import lru_cache
from types import EllipsisType
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Params
from cnnviz.layers.max_pooling import MaxPool2D, ties_field, window_winners, winner_shares, won_equation
from cnnviz.layers.pooling import TIE_WORDS, Pool, TieRule
from cnnviz.layers.windows import WindowGeometry, mirrored_cells
from cnnviz.mathematics import Equation, Sub, Sum, partial


@dataclass(frozen=True, slots=True)
class MaxBlurPool2D(Pool):
    """Anti-aliased max pooling: the maximum at every cell, blurred, and every `size`-th kept.

    This is what [1]_ puts in place of max pooling: the maximum is taken densely, and the blur removes what
    the coarser grid cannot represent. Over the border the maps are mirrored without repeating their edge.

    Attributes
    ----------
    size : int
        Side of the windows, and distance of the cells that are kept, in pixels, >= 1; the kernel of the blur
        goes with it.
    ties : {"first", "all", "split"}
        Who gets the gradient when several cells share the largest value of a window.

    References
    ----------
    .. [1] Zhang (2019), Making Convolutional Networks Shift-Invariant Again, ICML, arXiv:1904.11486.
    """

    kind: ClassVar[str] = "max_blur"
    short: ClassVar[str] = "Max, blur"
    title: ClassVar[str] = "Max, then blur"
    maps: ClassVar[str] = "Maps of the blurred maximum"
    about_gradient: ClassVar[str] = (
        "The blur spreads each gradient over neighbouring windows, and each part goes to its window's winner."
    )

    ties: TieRule = ties_field()

    @property
    def about(self) -> str:
        """What it does."""
        taps = [round(weight * self.size**2) for weight in blur_kernel(self.size)]
        kernel = f"[{', '.join(map(str, taps))}] / {self.size**2}"
        return (
            f"Largest value of the {self.size} × {self.size} window at every cell, blurred with {kernel} in "
            f"both directions, then 1 of {self.size} cells taken: in place of max pooling, after Zhang 2019."
        )

    @property
    def geometry(self) -> WindowGeometry:
        """All cells that the windows under the blur read, mirrored at the border."""
        return WindowGeometry(3 * self.size - 2, self.size, 1 - self.size, mirrored=True)

    @property
    def tie_rule(self) -> TieRule:
        """The rule `ties`."""
        return self.ties

    def states(self, x: FloatArray) -> NDArray[np.bool_]:
        """Which cells win, in each window under the blur."""
        winners = self._winners(x)
        return winners.reshape(*winners.shape[:4], -1)

    def tied(self, x: FloatArray) -> NDArray[np.bool_]:
        """See `Pool`: in one of the windows under the blur at least.

        A window that is mirrored at the border may hold a cell twice, which is no tie.
        """
        winners = self._winners(x)
        height, width = (int(side) for side in x.shape[2:])
        cells = np.arange(height * width, dtype=np.intp)
        places = self._under_the_blur(cells.reshape(1, 1, height, width))
        first = np.where(winners, places, height * width).min(axis=(-2, -1))
        last = np.where(winners, places, -1).max(axis=(-2, -1))
        return (first < last).any(axis=(-2, -1))

    def shares(self, x: FloatArray, ties: TieRule | None = None) -> FloatArray:
        """Share of each winner of a window, times the window's weight in the blur."""
        of_windows = winner_shares(self._winners(x), self.ties if ties is None else ties, x.dtype)
        kernel, side = blur_kernel(self.size), self.geometry.size
        shares = np.zeros((*of_windows.shape[:4], side, side), dtype=x.dtype)
        for i, down in enumerate(kernel):
            for j, across in enumerate(kernel):
                part = x.dtype.type(down * across) * of_windows[..., i, j, :, :]
                shares[..., i : i + self.size, j : j + self.size] += part
        return shares

    def _winners(self, x: FloatArray) -> NDArray[np.bool_]:
        """Winners of the windows under the blur, shape (n, c, h', w', taps, taps, size, size)."""
        windows = self._under_the_blur(x)
        return window_winners(windows, windows.max(axis=(-2, -1)))

    def _under_the_blur(self, x: NDArray[Any]) -> NDArray[Any]:
        """Cells of the windows under the blur, of the shape of `_winners`."""
        return sliding_window_view(self.windows(x), (self.size, self.size), axis=(-2, -1))

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """See `Pool`: a maximum at every cell, then the blur at every cell."""
        return self._blurred_maximum(x, 1)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Largest value of the window at every cell, blurred, of which every `size`-th is kept."""
        return self._blurred_maximum(x, self.size)

    def _blurred_maximum(self, x: FloatArray, step: int) -> FloatArray:
        self.output_shape(x.shape[1:])  # or raises what does not fit
        dense = _dense_maximum(_mirrored(x, self.size, step), self.size)
        return _blurred(_blurred(dense, self.size, step, -2), self.size, step, -1)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Spread by the blur, then each part to the winner of its dense window.

        What was read from a mirrored cell goes back to the cell itself.
        """
        size = self.size
        wide = _mirrored(x, size, size)
        spread = _spread(_spread(d_out, size, -1), size, -2)
        d_wide = MaxPool2D(size, 1, self.ties).input_gradient(spread, wide, _dense_maximum(wide, size), {})
        rows, columns = (_folding(side, size).astype(d_out.dtype, copy=False) for side in x.shape[2:])
        return rows.T @ d_wide @ columns

    def gradient_equation(self, channels: int, before: str = "x") -> Equation:
        """See `Pool`."""
        words = (
            "The blur passes the gradient of each cell W of the output on to the windows V under it, by its "
            f"weights k, and each window passes what it gets on {TIE_WORDS[self.ties].takers}."
        )
        arriving = (Sum("W"), Sub("k", "W , V"), "~", partial("L", Sub("q", "W")))
        return won_equation(words, before, "V", arriving, self.ties)


@lru_cache(maxsize=16)
def blur_kernel(size: int) -> tuple[float, ...]:
    """Kernel that is fit for taking every `size`-th cell: a triangle of `2 * size - 1` taps, with the sum 1.

    It is the box of `size` cells, twice: `[1, 2, 1] / 4` for 2, `[1, 2, 3, 2, 1] / 9` for 3. Its response is
    0 at every frequency that the coarser grid would take for a constant.
    """
    rising = [*range(1, size + 1), *range(size - 1, 0, -1)]
    return tuple(weight / size**2 for weight in rising)


def _dense_maximum(x: FloatArray, size: int) -> FloatArray:
    """Largest value of the window at every cell: along the rows, then along the columns."""
    for axis in (-1, -2):
        count = x.shape[axis] - size + 1
        parts = [x[(..., slice(at, at + count), *(slice(None),) * (-axis - 1))] for at in range(size)]
        x = parts[0].copy()
        for part in parts[1:]:
            np.maximum(x, part, out=x)
    return x


def _mirrored(x: FloatArray, size: int, step: int) -> FloatArray:
    """Continue maps over the border, as far as the blur and its windows look."""
    for axis in (-2, -1):
        side, cells = x.shape[axis], _mirrored_cells(x.shape[axis], size, step)
        shape = list(x.shape)
        shape[axis] = len(cells)
        wide, after = np.empty(shape, dtype=x.dtype), (slice(None),) * (-axis - 1)
        first = size - 1
        inside = min(side, len(cells) - first)
        wide[(..., slice(first, first + inside), *after)] = x[(..., slice(0, inside), *after)]
        # The few that lie beyond one by one: picking all of them by index takes five times as long.
        for place in (*range(first), *range(first + inside, len(cells))):
            wide[(..., place, *after)] = x[(..., cells[place], *after)]
        x = wide
    return x


@lru_cache(maxsize=64)
def _mirrored_cells(side: int, size: int, step: int) -> IntArray:
    """Cell of the map at each place of the mirrored one, along one axis."""
    return mirrored_cells(np.arange(1 - size, (side // step - 1) * step + 2 * size - 1), side)


@lru_cache(maxsize=64)
def _folding(side: int, size: int) -> FloatArray:
    """Return the matrix that copies the cells of an axis to their places in the mirrored one."""
    cells = _mirrored_cells(side, size, size)
    matrix = np.zeros((len(cells), side))
    matrix[np.arange(len(cells)), cells] = 1
    return matrix


def _blurred(dense: FloatArray, size: int, step: int, axis: int) -> FloatArray:
    """Blur along an axis and keep every `step`-th cell, adding the taps in a fixed order."""
    taps = _taps(dense.shape[axis], size, step, axis)
    weight, at = taps[0]
    blurred = dense[at] * dense.dtype.type(weight)
    for weight, at in taps[1:]:
        blurred += dense[at] * dense.dtype.type(weight)
    return blurred


def _spread(d_out: FloatArray, size: int, axis: int) -> FloatArray:
    """Adjoint of `_blurred`, which has kept every `size`-th cell."""
    side = (d_out.shape[axis] - 1) * size + 2 * size - 1
    shape = list(d_out.shape)
    shape[axis] = side
    spread = np.zeros(shape, dtype=d_out.dtype)
    for weight, at in _taps(side, size, size, axis):
        spread[at] += d_out.dtype.type(weight) * d_out
    return spread


@lru_cache(maxsize=256)
def _taps(side: int, size: int, step: int, axis: int) -> list[tuple[float, tuple[slice | EllipsisType, ...]]]:
    """Weight of each tap, and the cells of a dense axis that it reads."""
    kernel = blur_kernel(size)
    after = (slice(None),) * (-axis - 1)
    last = side - len(kernel)
    return [(weight, (..., slice(tap, tap + last + 1, step), *after)) for tap, weight in enumerate(kernel)]
