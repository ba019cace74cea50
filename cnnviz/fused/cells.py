"""Pools and activations, prepared: what happens to the cells of a convolution in place.

`cells` has the shape (f, phases, m): for each filter the top left cells of all windows of all samples, then
their right neighbours, and so on. So the cells of one window stand below one another in `phases` rows, and a
pool is arithmetic on whole rows. `pooled` has the shape (f, m). On the way back `cells` is overwritten by its
gradient. The formulas of the activations are those of `cnnviz.layers`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.fused.plan import ActivationLayer, ConvStage
from cnnviz.layers import AvgPool2D, LeakyReLU, MaxPool2D, ReLU, Tanh, TieRule

Call = Callable[[], object]
"""A NumPy call whose arrays, output included, are bound already: only the brackets are missing."""


def prepare(function: Callable[..., object], *arguments: object, **keywords: object) -> Call:
    """Bind a function to its arguments.

    For most ufuncs the last argument is the output. Positional arguments cost less than keywords, which
    counts where a training step is a dozen calls and 25 microseconds. (`maximum` takes it by keyword only.)
    """
    return partial(function, *arguments, **keywords)


def activate(layer: ActivationLayer, x: FloatArray) -> list[Call]:
    """Prepare ``x = activation(x)``."""
    if isinstance(layer, ReLU):
        # NumPy has vector instructions for the maximum of two arrays, none for that of an array and a number.
        return [prepare(np.maximum, x, np.zeros_like(x), out=x)]
    if isinstance(layer, LeakyReLU):
        # The larger one of x and slope * x, because the slope is at most 1.
        leaked = np.empty_like(x)
        return [prepare(np.multiply, x, layer.slope, leaked), prepare(np.maximum, x, leaked, out=x)]
    if isinstance(layer, Tanh):
        return [prepare(np.tanh, x, x)]
    # Sigmoid: 1 / (1 + exp(-x)). Where exp overflows, 1 / inf is the 0 that is wanted.
    return [
        prepare(np.negative, x, x),
        prepare(np.exp, x, x),
        prepare(np.add, x, 1, x),
        prepare(np.reciprocal, x, x),
    ]


def derivative(layer: ActivationLayer, out: FloatArray) -> tuple[list[Call], NDArray[Any]]:
    """Prepare the derivative, computed from the output; return the calls and the array they fill."""
    if isinstance(layer, ReLU):
        positive = np.empty(out.shape, np.bool_)
        return [prepare(np.greater, out, 0, positive)], positive
    slope = np.empty_like(out)
    if isinstance(layer, LeakyReLU):
        # The larger one of `slope` and of 1 or 0, for an output that is positive or not.
        positive = np.empty(out.shape, np.bool_)
        return [
            prepare(np.greater, out, 0, positive),
            prepare(np.maximum, positive, out.dtype.type(layer.slope), out=slope),
        ], slope
    if isinstance(layer, Tanh):
        return [prepare(np.multiply, out, out, slope), prepare(np.subtract, 1, slope, slope)], slope
    return [prepare(np.subtract, 1, out, slope), prepare(np.multiply, out, slope, slope)], slope


def make_pool(stage: ConvStage, cells: FloatArray, pooled: FloatArray) -> "_Max | _Mean | _Copy":
    """Return the pool of a stage, bound to its arrays.

    `forward` prepares `pooled`, and in training what the way back needs; `backward` the gradient of `cells`,
    in place; it may change `d_pooled`.
    """
    if isinstance(stage.pool, MaxPool2D):
        return _Max(cells, pooled, stage.pool.ties)
    if isinstance(stage.pool, AvgPool2D):
        return _Mean(cells, pooled)
    return _Copy(cells, pooled)


class _Max:
    """Largest cell of each window; the gradient goes to the winners, by the tie rule."""

    def __init__(self, cells: FloatArray, pooled: FloatArray, ties: TieRule) -> None:
        self._cells, self._pooled, self._ties = cells, pooled, ties
        filters, phases, windows = cells.shape
        # One phase after another in memory: the tie rule works on whole phases.
        self._won = np.empty((phases, filters, windows), np.bool_).transpose(1, 0, 2)

    def forward(self, *, training: bool) -> list[Call]:
        calls = [prepare(np.maximum.reduce, self._cells, 1, None, self._pooled)]
        if training:
            # Now, not on the way back: an activation may be about to overwrite what was pooled.
            calls.append(prepare(np.equal, self._cells, self._pooled[:, None], self._won))
            calls += self._keep_first() if self._ties == "first" else []
        return calls

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        shares = self._share(d_pooled) if self._ties == "split" else []
        return [*shares, prepare(np.multiply, self._won, d_pooled[:, None], self._cells)]

    def _keep_first(self) -> list[Call]:
        """Prepare: take the win from every cell that comes after another winner of its window."""
        won = self._won.transpose(1, 0, 2)
        if len(won) == 1:
            return []
        calls: list[Call] = []
        before, taken = won[0], np.empty(won[0].shape, np.bool_)
        for phase in won[1:-1]:
            # Of truth values, `greater` says: this one and not that one.
            calls.append(prepare(np.greater, phase, before, phase))
            calls.append(prepare(np.logical_or, before, phase, taken))
            before = taken
        # Every window has a winner: it is the last cell if it was no other.
        return [*calls, prepare(np.logical_not, before, won[-1])]

    def _share(self, d_pooled: FloatArray) -> list[Call]:
        winners = np.empty_like(d_pooled)
        return [
            prepare(np.add.reduce, self._won, 1, winners.dtype, winners),
            prepare(np.divide, d_pooled, winners, d_pooled),
        ]


class _Mean:
    """Mean of each window; the gradient is shared equally."""

    def __init__(self, cells: FloatArray, pooled: FloatArray) -> None:
        self._cells, self._pooled, self._phases = cells, pooled, cells.shape[1]

    def forward(self, *, training: bool) -> list[Call]:
        return [
            prepare(np.add.reduce, self._cells, 1, None, self._pooled),
            prepare(np.divide, self._pooled, self._phases, self._pooled),
        ]

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        return [prepare(np.divide, d_pooled[:, None], self._phases, self._cells)]


class _Copy:
    """Windows of one cell: no pool, or one that looks at one cell only."""

    def __init__(self, cells: FloatArray, pooled: FloatArray) -> None:
        self._cells, self._pooled = cells[:, 0], pooled

    def forward(self, *, training: bool) -> list[Call]:
        return [prepare(np.copyto, self._pooled, self._cells)]

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        return [prepare(np.copyto, self._cells, d_pooled)]
