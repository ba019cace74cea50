"""Pools over the cells of a convolution that are already sorted into phases.

`cells` has the shape (f, phases, m): for each filter the top left cells of all windows of all samples, then
their right neighbours, and so on. So the cells of one window stand below one another in `phases` rows, and a
pool is arithmetic on whole rows. `pooled` has the shape (f, m). On the way back `cells` is overwritten by its
gradient.
"""

from typing import Protocol

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.fused.calls import Call, prepare
from cnnviz.fused.plan import ConvStage
from cnnviz.layers import AvgPool2D, MaxPool2D, TieRule


class Pool(Protocol):
    """What the pools have in common."""

    def forward(self, *, training: bool) -> list[Call]:
        """Prepare `pooled`, and in training what the way back needs."""
        ...

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        """Prepare the gradient of `cells`, in place; `d_pooled` may be changed."""
        ...


def make_pool(stage: ConvStage, cells: FloatArray, pooled: FloatArray) -> Pool:
    """Return the pool of a stage, bound to its arrays."""
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
