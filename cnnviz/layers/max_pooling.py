"""Max pooling: the value, the winner, and the way of the gradient back through ties."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cnnviz._types import FloatArray, IntArray, Params
from cnnviz.layers.cells import CellPlace, MaxPoolCell
from cnnviz.layers.pooling import TIE_RULES, TIE_WORDS, StridedPool, TieRule
from cnnviz.mathematics import Cases, Equation, Frac, Node, Sub, Sum, Text, partial
from cnnviz.setting import one_of


def ties_field() -> TieRule:
    """A field of a pool that says who gets the gradient of tied cells."""
    return one_of(
        TIE_RULES, "first", taken="ties", title="Ties",
        tip="Who receives the gradient when several cells of a window share the maximum, as blank background "
        "does: the first one (PyTorch), all of them in full (the exercise), or all in equal parts.",
    )  # fmt: skip


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
        Who gets the gradient when several cells share the largest value; see `input_gradient`.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, section 9.3.
    """

    kind: ClassVar[str] = "max"
    short: ClassVar[str] = "Max"
    title: ClassVar[str] = "Max pooling"
    maps: ClassVar[str] = "Max-pooled maps"
    has_winners: ClassVar[bool] = True
    about_gradient: ClassVar[str] = (
        "Max pooling sends each gradient to the winner of its window; every other cell gets exactly 0."
    )

    ties: TieRule = ties_field()

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
        """See `Pool`."""
        return window_winners(self.windows(x), self.forward(x, {}))

    def first_winners(self, x: FloatArray) -> IntArray:
        """Row-major index of the first largest cell of each window (of the first NaN, if there is one).

        Shape (n, c, h', w').
        """
        windows = self.windows(x)
        return windows.reshape(*windows.shape[:4], self.size * self.size).argmax(axis=-1)

    def tied(self, x: FloatArray) -> NDArray[np.bool_]:
        """See `Pool`."""
        return np.count_nonzero(self.winners(x), axis=(-2, -1)) > 1

    def shares(self, x: FloatArray, ties: TieRule | None = None) -> FloatArray:
        """Share of each winner; 0 for the others."""
        return winner_shares(self.winners(x), self.ties if ties is None else ties, x.dtype)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Largest value of each window; NaN where it holds a NaN."""
        (rows, columns), *others = self.slices(x.shape)
        pooled = x[:, :, rows, columns].copy()
        for rows, columns in others:
            np.maximum(pooled, x[:, :, rows, columns], out=pooled)
        return pooled

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Send the gradient of each window back to its winner; every other cell gets 0.

        Max pooling has no derivative where several cells share the largest value. Three rules are in use; for
        the window `[1, 2, 2, 2]` with gradient 1 they give:

        * `"first"`: 0, 1, 0, 0. The first in row-major order takes it (PyTorch, TensorFlow's `max_pool`).
        * `"all"`: 0, 1, 1, 1. Each takes all of it (Theano, many a hand-written layer).
        * `"split"`: 0, 1/3, 1/3, 1/3. They share it (TensorFlow's `reduce_max`); the sum is kept.

        Where windows overlap, their contributions add up.
        """
        slices = self.slices(x.shape)
        cells = [x[:, :, rows, columns] for rows, columns in slices]
        winners = [cell == out for cell in cells]
        if np.isnan(out.max(initial=-np.inf)):
            winners = [wins | np.isnan(cell) for wins, cell in zip(winners, cells, strict=True)]
        if self.ties == "first":
            taken = winners[0]
            for cell in range(1, len(winners)):
                winners[cell] = winners[cell] & ~taken
                taken = taken | winners[cell]
        elif self.ties == "split":
            shared_by = np.zeros(out.shape, dtype=d_out.dtype)
            for wins in winners:
                shared_by += wins
            d_out = d_out / shared_by
        d_x = np.zeros(x.shape, dtype=d_out.dtype)
        for wins, (rows, columns) in zip(winners, slices, strict=True):
            # Chosen, not multiplied by 0 or 1: an infinite gradient must not turn losers into NaN.
            d_x[:, :, rows, columns] += np.where(wins, d_out, d_out.dtype.type(0))
        return d_x

    def explain(self, at: CellPlace) -> MaxPoolCell:
        """The largest number of a window."""
        rows, columns, values = self.geometry.window(at.x[at.cell[0]], *at.cell[1:])
        winners = window_winners(values, np.asarray(values.max()))
        shares = winner_shares(winners, self.ties, at.x.dtype)
        place = at.layer, at.cell, at.value, "max of the window"
        return MaxPoolCell(*place, rows, columns, values, winners, shares, self.ties)

    def gradient_equation(self, channels: int, before: str = "x") -> Equation:
        """See `Pool`."""
        words = f"Max pooling passes the gradient of each window W on {TIE_WORDS[self.ties].takers}."
        arriving: Node = partial("L", Sub("q", "W"))
        if self.step < self.size:
            return won_equation(words, before, "W", arriving, self.ties)
        slope: Node = (partial("L", Sub(before, "c")), "=")
        article, winner = ("the", "first winner") if self.ties == "first" else ("a", "winner")
        condition: Node = (Text("if "), "c", Text(f" is {article} {winner} of its window "), "W")
        cases = Cases(((shared(arriving, "W", self.ties), condition), ("0", Text("otherwise"))))
        return Equation(f"{words} All other cells get 0.", (slope, cases))


def shared(arriving: Node, window: str, ties: TieRule) -> Node:
    """What each winner of a window gets of what arrives there."""
    return (Frac("1", Sub("n", window)), "~", arriving) if ties == "split" else arriving


def won_equation(words: str, before: str, window: str, arriving: Node, ties: TieRule) -> Equation:
    """Gradient of a cell that may win several windows; `arriving`: that of one of them."""
    winner = "first winner" if ties == "first" else "winner"
    won = Sum((window, Text(f" with {winner} "), "c"))
    formula = (partial("L", Sub(before, "c")), "="), won, shared(arriving, window, ties)
    return Equation(f"{words} Cells that win no window get 0.", formula)


def window_winners(windows: FloatArray, largest: FloatArray) -> NDArray[np.bool_]:
    """Tell which cells of windows `(..., k, k)` hold the `largest` value `(...)`; NaNs, if there are any."""
    largest = largest[..., None, None]
    winners = windows == largest
    if np.isnan(largest.max(initial=-np.inf)):
        winners = winners | np.isnan(windows)
    return winners


def winner_shares(winners: NDArray[np.bool_], ties: TieRule, dtype: DTypeLike) -> FloatArray:
    """Share of a window's gradient that each winner takes under a rule, 0 for the others.

    * `winners`: shape (..., k, k)
    * `dtype`: float32 or float64
    * Returns: ndarray of the shape of `winners`. The shares of a window add up to 1, under ``"all"`` to the
      number of winners.
    """
    if ties == "first":
        # A winner is the first one if none has come before it.
        count = winners.reshape(*winners.shape[:-2], winners.shape[-2] * winners.shape[-1]).cumsum(axis=-1)
        winners = winners & (count.reshape(winners.shape) == 1)
    shares = winners.astype(dtype)
    return shares / shares.sum(axis=(-2, -1), keepdims=True) if ties == "split" else shares
