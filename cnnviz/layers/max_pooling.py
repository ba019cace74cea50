"""Pooling layers that take a maximum: they have winners, ties, and kinks where a winner changes."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cnnviz import functional
from cnnviz._types import FloatArray, Params
from cnnviz._validation import check_choice
from cnnviz.functional.max_pooling import TieRule
from cnnviz.layers.base import normalise
from cnnviz.layers.geometry import WindowGeometry
from cnnviz.layers.pooling import Pool, StridedPool, every


@dataclass(frozen=True, slots=True)
class MaxPool2D(StridedPool):
    """Largest value of each window.

    Attributes
    ----------
    size : int
        Side of the window in pixels, >= 1.
    stride : int or None
        Pixels from one window to the next, >= 1. None means `size`.
    ties : {"first", "all", "split"}
        Who gets the gradient when several cells share the largest value; see
        `cnnviz.functional.max_pool2d_backward`.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    kind: ClassVar[str] = "max"
    short: ClassVar[str] = "Max"
    title: ClassVar[str] = "Max pooling"
    maps: ClassVar[str] = "Max-pooled maps"
    about_gradient: ClassVar[str] = (
        "Max pooling sends each gradient to the winner of its window; every other cell gets exactly 0."
    )

    ties: TieRule = "first"

    def __post_init__(self) -> None:
        StridedPool.__post_init__(self)
        normalise(self, ties=check_choice(self.ties, "ties", "MaxPool2D", functional.TIE_RULES))

    @property
    def about(self) -> str:
        """What it does."""
        return f"Largest value of each {self.size} × {self.size} window."

    @property
    def tie_rule(self) -> TieRule:
        """The rule `ties`."""
        return self.ties

    def states(self, x: FloatArray) -> NDArray[np.bool_]:
        """Which cells of each window win."""
        winners = self.winners(x)
        return winners.reshape(*winners.shape[:4], self.size * self.size)

    def winners(self, x: FloatArray) -> NDArray[np.bool_]:
        """Cells of each window that hold its maximum, shape (n, c, h', w', size, size); of NaNs, these."""
        return functional.window_winners(self.windows(x), self.forward(x, {}))

    def tied(self, x: FloatArray) -> NDArray[np.bool_]:
        """See `Pool`."""
        return np.count_nonzero(self.winners(x), axis=(-2, -1)) > 1

    def shares(self, x: FloatArray, ties: TieRule | None = None) -> FloatArray:
        """Share of each winner; 0 for the others."""
        return functional.winner_shares(self.winners(x), self.ties if ties is None else ties, x.dtype)

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """See `Pool`."""
        return functional.max_pool2d_values(x, self.size, 1)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.max_pool2d`."""
        return functional.max_pool2d_values(x, self.size, self.step)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.max_pool2d_backward`."""
        return functional.max_pool2d_backward(d_out, x, out, self.size, self.step, self.ties)


@dataclass(frozen=True, slots=True)
class MaxBlurPool2D(Pool):
    """Anti-aliased max pooling: the maximum at every cell, blurred, and every `size`-th kept.

    Attributes
    ----------
    size : int
        Side of the windows, and distance of the cells that are kept, in pixels, >= 1.
    ties : {"first", "all", "split"}
        Who gets the gradient when several cells share the largest value of a window.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    kind: ClassVar[str] = "max_blur"
    short: ClassVar[str] = "Max, blur"
    title: ClassVar[str] = "Max pooling, then blur"
    maps: ClassVar[str] = "Maps of the blurred maximum"
    about_gradient: ClassVar[str] = (
        "The blur spreads each gradient over neighbouring windows, and each part goes to its window's winner."
    )

    ties: TieRule = "first"

    def __post_init__(self) -> None:
        Pool.__post_init__(self)
        normalise(self, ties=check_choice(self.ties, "ties", "MaxBlurPool2D", functional.TIE_RULES))

    @property
    def about(self) -> str:
        """What it does."""
        taps = [round(weight * self.size**2) for weight in functional.blur_kernel(self.size)]
        kernel = f"[{', '.join(map(str, taps))}] / {self.size**2}"
        return (
            f"Largest value of the {self.size} × {self.size} window at every cell, blurred with {kernel} in "
            f"both directions, then {every(self.size)} taken: in place of max pooling, after Zhang 2019."
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
        rule = self.ties if ties is None else ties
        of_windows = functional.winner_shares(self._winners(x), rule, x.dtype)
        kernel, side = functional.blur_kernel(self.size), self.geometry.size
        shares = np.zeros((*of_windows.shape[:4], side, side), dtype=x.dtype)
        for i, down in enumerate(kernel):
            for j, across in enumerate(kernel):
                part = x.dtype.type(down * across) * of_windows[..., i, j, :, :]
                shares[..., i : i + self.size, j : j + self.size] += part
        return shares

    def _winners(self, x: FloatArray) -> NDArray[np.bool_]:
        """Winners of the windows under the blur, shape (n, c, h', w', taps, taps, size, size)."""
        windows = self._under_the_blur(x)
        return functional.window_winners(windows, windows.max(axis=(-2, -1)))

    def _under_the_blur(self, x: NDArray[Any]) -> NDArray[Any]:
        """Cells of the windows under the blur, of the shape of `_winners`."""
        return sliding_window_view(self.windows(x), (self.size, self.size), axis=(-2, -1))

    def at_every_cell(self, x: FloatArray) -> FloatArray:
        """See `Pool`: a maximum at every cell, then the blur at every cell."""
        return functional.max_blur_pool2d(x, self.size, 1)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.max_blur_pool2d`."""
        return functional.max_blur_pool2d(x, self.size)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.max_blur_pool2d_backward`."""
        return functional.max_blur_pool2d_backward(d_out, x, self.size, self.ties)
