"""Pools over the cells of a convolution that are already sorted into phases.

`cells` has the shape (f, phases, m): for each filter the top left cells of all windows of all samples, then their
right neighbours, and so on. So the cells of one window stand below one another in `phases` rows, and a pool is
arithmetic on whole rows. `pooled` has the shape (f, m). On the way back `cells` is overwritten with its gradient.
"""

from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Shape
from cnnviz.functional import blur_pool2d
from cnnviz.functional.max_pooling import TieRule
from cnnviz.fused.plan import ConvStage
from cnnviz.fused.products import Call
from cnnviz.layers import AvgPool2D, BlurPool2D, MaxPool2D


class Pool(Protocol):
    """What the pools have in common."""

    def forward(self, training: bool) -> list[Call]:
        """Prepare `pooled`, and in training what the way back needs."""
        ...

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        """Prepare the gradient of `cells`, in place."""
        ...


def make_pool(stage: ConvStage, cells: FloatArray, pooled: FloatArray) -> Pool:
    """Return the pool of a stage, bound to its arrays."""
    if isinstance(stage.pool, MaxPool2D):
        return _Max(cells, pooled, stage.pool.ties)
    if isinstance(stage.pool, AvgPool2D):
        return _Mean(cells, pooled)
    if isinstance(stage.pool, BlurPool2D):
        maps = stage.conv.output_shape(stage.input_shape)
        return _Blur(cells, pooled, maps, stage.output_shape, stage.pool)
    return _Copy(cells, pooled)


class _Max:
    """Largest cell of each window; the gradient goes to the winners, by the tie rule."""

    def __init__(self, cells: FloatArray, pooled: FloatArray, ties: TieRule) -> None:
        self._cells, self._pooled, self._ties = cells, pooled, ties
        self._won = np.empty(cells.shape, np.bool_)

    def forward(self, training: bool) -> list[Call]:
        calls: list[Call] = [partial(np.maximum.reduce, self._cells, 1, None, self._pooled)]
        if training:
            # Now and not on the way back: an activation may soon overwrite what was pooled.
            calls.append(partial(np.equal, self._cells, self._pooled[:, None], self._won))
            calls += self._first_only() if self._ties == "first" else []
        return calls

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        shared = self._share(d_pooled) if self._ties == "split" else []
        return [*shared, partial(np.multiply, self._won, d_pooled[:, None], self._cells)]

    def _first_only(self) -> list[Call]:
        """Prepare: take the win from every cell that comes after another winner."""
        won = self._won.transpose(1, 0, 2)
        if len(won) == 1:
            return []
        taken = np.empty(won[0].shape, np.bool_)
        calls: list[Call] = []
        before = won[0]
        for phase in range(1, len(won) - 1):
            # Among truth values, `greater` says: this one and not that one.
            calls.append(partial(np.greater, won[phase], before, won[phase]))
            calls.append(partial(np.logical_or, before, won[phase], taken))
            before = taken
        # There is a winner in every window: the last cell, if no other has been.
        calls.append(partial(np.logical_not, before, won[-1]))
        return calls

    def _share(self, d_pooled: FloatArray) -> list[Call]:
        winners = np.empty_like(d_pooled)
        return [
            partial(np.add.reduce, self._won, 1, winners.dtype, winners),
            partial(np.divide, d_pooled, winners, d_pooled),
        ]


class _Mean:
    """Mean of each window; the gradient is shared equally."""

    def __init__(self, cells: FloatArray, pooled: FloatArray) -> None:
        self._cells, self._pooled = cells, pooled
        self._phases = cells.dtype.type(cells.shape[1])

    def forward(self, training: bool) -> list[Call]:
        total = partial(np.add.reduce, self._cells, 1, None, self._pooled)
        return [total, partial(np.divide, self._pooled, self._phases, self._pooled)]

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        return [partial(np.divide, d_pooled[:, None], self._phases, self._cells)]


class _Copy:
    """Windows of one cell: no pool, or one that looks at one cell only."""

    def __init__(self, cells: FloatArray, pooled: FloatArray) -> None:
        self._cells, self._pooled = cells[:, 0], pooled

    def forward(self, training: bool) -> list[Call]:
        return [partial(np.copyto, self._pooled, self._cells)]

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        return [partial(np.copyto, self._cells, d_pooled)]


class _Blur:
    """Blurred and subsampled maps: a small matrix for the rows and another for the columns."""

    def __init__(
        self, cells: FloatArray, pooled: FloatArray, maps: Shape, pooled_maps: Shape, pool: BlurPool2D
    ) -> None:
        filters, height, width = maps
        _, rows, columns = pooled_maps
        samples = cells.shape[-1] // (height * width)
        self._down = _blur_matrix(height, pool, cells.dtype)
        self._along = _blur_matrix(width, pool, cells.dtype)
        # Three views: (f, height, width * n) -> (f, rows, width * n) -> (f, rows, columns, n).
        self._cells = cells[:, 0].reshape(filters, height, width * samples)
        self._half = np.empty((filters, rows, width * samples), cells.dtype)
        self._half_maps = self._half.reshape(filters, rows, width, samples)
        self._pooled = pooled.reshape(filters, rows, columns, samples)

    def forward(self, training: bool) -> list[Call]:
        return [
            partial(np.matmul, self._down, self._cells, self._half),
            partial(np.matmul, self._along, self._half_maps, self._pooled),
        ]

    def backward(self, d_pooled: FloatArray) -> list[Call]:
        return [
            partial(np.matmul, self._along.T, d_pooled.reshape(self._pooled.shape), self._half_maps),
            partial(np.matmul, self._down.T, self._half, self._cells),
        ]


def _blur_matrix(side: int, pool: BlurPool2D, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the matrix (side // size, side) that blurs along one side: column `i` is what becomes of pixel `i`."""
    lines = np.repeat(np.eye(side)[:, None, :, None], side, axis=3)
    return np.ascontiguousarray(blur_pool2d(lines, pool.size, pool.taps)[:, 0, :, 0].T, dtype)
