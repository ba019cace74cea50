"""Max pooling: the value, the winner, and the way of the gradient back through ties."""

from typing import Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_choice
from cnnviz.functional._windows import CellSlices, cell_slices, check_same_shape, output_sides

TieRule = Literal["first", "all", "split"]
TIE_RULES: tuple[TieRule, ...] = ("first", "all", "split")


def max_pool2d_values(x: FloatArray, size: int, stride: int | None = None) -> FloatArray:
    """Largest value of each window: `max_pool2d` without the winners, for when only the values are needed.

    Parameters
    ----------
    x, size, stride
        As for `max_pool2d`.

    Returns
    -------
    ndarray of shape (n, c, (h - size) // stride + 1, (w - size) // stride + 1), same dtype as `x`
    """
    stride = size if stride is None else stride
    sides = output_sides(x, size, stride, "max_pool2d")
    slices = cell_slices(size, stride, sides)
    rows, columns = next(slices)
    pooled = x[:, :, rows, columns].copy()
    for rows, columns in slices:
        np.maximum(pooled, x[:, :, rows, columns], out=pooled)
    return pooled


def max_pool2d(x: FloatArray, size: int, stride: int | None = None) -> tuple[FloatArray, IntArray]:
    """Largest value of each window, and which cell it came from.

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w), float32 or float64
        Feature maps. Rows and columns that no whole window reaches are dropped.
    size : int
        Side of the window in pixels, >= 1.
    stride : int, optional
        Pixels from one window to the next, >= 1. None means `size`: the windows touch and do not overlap.

    Returns
    -------
    pooled : ndarray of shape (n, c, (h - size) // stride + 1, (w - size) // stride + 1), same dtype as `x`
        NaN where the window holds a NaN.
    winner : ndarray of the same shape, intp
        Row-major index, within the window, of the first largest cell (of the first NaN, if there is one).

    Raises
    ------
    ShapeError
        If a side of `x` is smaller than `size`.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, section 9.3.
    """
    stride = size if stride is None else stride
    sides = output_sides(x, size, stride, "max_pool2d")
    pooled = max_pool2d_values(x, size, stride)
    winner = np.zeros(pooled.shape, dtype=np.intp)
    slices = list(cell_slices(size, stride, sides))
    # Backwards, so that the first of several equal cells has the last word.
    for cell, wins in reversed(list(enumerate(_winners(x, pooled, slices)))):
        np.copyto(winner, cell, where=wins)
    return pooled, winner


def max_pool2d_backward(
    d_out: FloatArray,
    x: FloatArray,
    pooled: FloatArray,
    size: int,
    stride: int | None = None,
    ties: TieRule = "first",
) -> FloatArray:
    """Send the gradient of each window back to its winner; every other cell gets 0.

    Max pooling has no derivative where several cells share the largest value. Three rules are in use; for the
    window `[1, 2, 2, 2]` with gradient 1 they give:

    * `"first"`: 0, 1, 0, 0. The first in row-major order takes it (PyTorch, TensorFlow's `max_pool`).
    * `"all"`: 0, 1, 1, 1. Each takes all of it (Theano, many a hand-written layer).
    * `"split"`: 0, 1/3, 1/3, 1/3. They share it (TensorFlow's `reduce_max`); the sum is kept.

    Parameters
    ----------
    d_out : ndarray of the shape of `pooled`
        Gradient of the loss with respect to the output.
    x, size, stride
        As given to `max_pool2d`.
    pooled : ndarray
        What `max_pool2d` returned.
    ties : {"first", "all", "split"}
        The rule for cells that share the largest value.

    Returns
    -------
    ndarray of the shape of `x`, dtype of `d_out`
        Where windows overlap, their contributions add up.

    Raises
    ------
    ParameterError
        If `ties` is none of the three.
    """
    stride = size if stride is None else stride
    check_choice(ties, "ties", "max_pool2d_backward", TIE_RULES)
    sides = output_sides(x, size, stride, "max_pool2d_backward")
    check_same_shape(pooled, (*x.shape[:2], *sides), "pooled", "max_pool2d_backward")
    check_same_shape(d_out, pooled.shape, "d_out", "max_pool2d_backward")
    slices = list(cell_slices(size, stride, sides))
    winners = _winners(x, pooled, slices)
    if ties == "first":
        taken = winners[0]
        for cell in range(1, len(winners)):
            winners[cell] = winners[cell] & ~taken
            taken = taken | winners[cell]
    elif ties == "split":
        shared_by = np.zeros(pooled.shape, dtype=d_out.dtype)
        for wins in winners:
            shared_by += wins
        d_out = d_out / shared_by
    d_x = np.zeros(x.shape, dtype=d_out.dtype)
    for wins, (rows, columns) in zip(winners, slices, strict=True):
        # Chosen, not multiplied by 0 or 1: an infinite gradient must not turn losers into NaN.
        d_x[:, :, rows, columns] += np.where(wins, d_out, d_out.dtype.type(0))
    return d_x


def window_winners(windows: FloatArray, largest: FloatArray) -> NDArray[np.bool_]:
    """Tell which cells of windows `(..., k, k)` hold the `largest` value `(...)`; NaNs, if there are any."""
    largest = largest[..., None, None]
    winners = windows == largest
    if np.isnan(largest.max(initial=-np.inf)):
        winners = winners | np.isnan(windows)
    return winners


def winner_shares(winners: NDArray[np.bool_], ties: TieRule, dtype: DTypeLike) -> FloatArray:
    """Share of a window's gradient that each winner takes under a rule, 0 for the others.

    Parameters
    ----------
    winners : boolean ndarray of shape (..., k, k)
    dtype : float32 or float64

    Returns
    -------
    ndarray of the shape of `winners`
        The shares of a window add up to 1, under ``"all"`` to the number of winners.
    """
    if ties == "first":
        # A winner is the first one if none has come before it.
        count = winners.reshape(*winners.shape[:-2], winners.shape[-2] * winners.shape[-1]).cumsum(axis=-1)
        winners = winners & (count.reshape(winners.shape) == 1)
    shares = winners.astype(dtype)
    return shares / shares.sum(axis=(-2, -1), keepdims=True) if ties == "split" else shares


def _winners(x: FloatArray, pooled: FloatArray, slices: list[CellSlices]) -> list[NDArray[np.bool_]]:
    """Tell for each cell in which windows it holds the largest value; in a window with NaNs, the NaNs do."""
    cells = [x[:, :, rows, columns] for rows, columns in slices]
    winners = [cell == pooled for cell in cells]
    if np.isnan(pooled.max(initial=-np.inf)):
        winners = [wins | np.isnan(cell) for wins, cell in zip(winners, cells, strict=True)]
    return winners
