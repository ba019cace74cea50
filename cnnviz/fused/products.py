"""Matrix products that BLAS does quickly, and in which equal columns stay equal."""

from collections.abc import Callable
from functools import partial
from math import ceil, lcm
from typing import NamedTuple

import numpy as np

from cnnviz._types import FloatArray

Call = Callable[[], object]
"""A prepared NumPy call: function, arrays and output are bound, only the brackets are missing."""

# OpenBLAS works on products of at most this many multiplications without repacking the operands, 1.3 to 1.5 times as
# fast as on larger ones when they are as flat as here. Cutting them costs little with any other BLAS.
_SMALL_PRODUCT = 1_000_000

# The vector instructions work on up to 16 columns at once, and what is left over is computed in another order, which
# rounds differently. So there must be nothing left over.
_COLUMNS_AT_ONCE = 16

_TRIALS = 8


class Blocks(NamedTuple):
    """How the columns of a patch matrix are cut: `count` blocks of `width` columns each."""

    count: int
    width: int

    @property
    def columns(self) -> int:
        """All columns, those included that only fill the last block."""
        return self.count * self.width


def cut_columns(columns: int, multiplications: int, samples: int) -> Blocks:
    """Return blocks of equal width, a multiple of 16 and of `samples`, that hold `columns` columns.

    Parameters
    ----------
    columns : int
        Columns that are needed.
    multiplications : int
        For each column.
    samples : int
        Columns that stand for the same cell, one of each sample.
    """
    unit = lcm(_COLUMNS_AT_ONCE, samples)
    widest = max(unit, _SMALL_PRODUCT // multiplications // unit * unit)
    count = ceil(columns / widest)
    return Blocks(count, ceil(columns / count / unit) * unit)


def product(left: FloatArray, right: FloatArray, out: FloatArray) -> Call:
    """Prepare ``out = left @ right``."""
    # `dot` has the shortest way to BLAS, but copies operands that have gaps; `matmul` does not.
    without_gaps = all(array.flags.c_contiguous or array.flags.f_contiguous for array in (left, right))
    return partial(np.dot if without_gaps else np.matmul, left, right, out)


class PatchProducts:
    """The products of a filter matrix with a patch matrix and the gradients of both.

    Parameters
    ----------
    filters : ndarray of shape (f, k)
    patches : ndarray of shape (k, columns)
    maps : ndarray of shape (f, columns)
        Where the product goes, and where its gradient will be.
    blocks : Blocks
    """

    def __init__(self, filters: FloatArray, patches: FloatArray, maps: FloatArray, blocks: Blocks) -> None:
        self._filters, self._patches, self._maps = filters, patches, maps
        self._blocks = blocks

    def forward(self) -> list[Call]:
        """Prepare ``maps = filters @ patches``, with the same bits in equal columns."""
        if not self._keeps_equal_columns_equal():
            return [self._add_row_by_row]
        return [self._blocked(self._filters, self._cut(self._patches), self._maps)]

    def filter_gradient(self, d_filters: FloatArray) -> list[Call]:
        """Prepare ``d_filters = maps @ patches.T``, where `maps` holds the gradient now."""
        if self._blocks.count == 1:
            return [product(self._maps, self._patches.T, d_filters)]
        # Each block gives its part, and the parts are added up.
        parts = np.empty((self._blocks.count, *d_filters.shape), d_filters.dtype)
        patches = self._cut(self._patches).transpose(0, 2, 1)
        return [
            partial(np.matmul, self._cut(self._maps), patches, parts),
            partial(np.add.reduce, parts, 0, None, d_filters),
        ]

    def patch_gradient(self, pixels: int) -> list[Call]:
        """Prepare ``patches[:pixels] = filters[:, :pixels].T @ maps``: overwrites the patches."""
        return [self._blocked(self._filters[:, :pixels].T, self._cut(self._maps), self._patches[:pixels])]

    def _blocked(self, left: FloatArray, right: FloatArray, out: FloatArray) -> Call:
        if self._blocks.count == 1:
            return product(left, right[0], out)
        return partial(np.matmul, left, right, self._cut(out))

    def _cut(self, matrix: FloatArray) -> FloatArray:
        """View a matrix as (blocks, rows, width)."""
        return matrix.reshape(len(matrix), *self._blocks).transpose(1, 0, 2)

    def _keeps_equal_columns_equal(self) -> bool:
        """Try it: the same random patch in all columns must give the same bits in all of them."""
        filters = np.empty_like(self._filters)
        multiply = self._blocked(filters, self._cut(self._patches), self._maps)
        rng = np.random.default_rng(0)
        for _ in range(_TRIALS):
            filters[...] = rng.standard_normal(filters.shape)
            self._patches[...] = rng.standard_normal((len(self._patches), 1))
            multiply()
            if not (self._maps == self._maps[:, :1]).all():
                return False
        return True

    def _add_row_by_row(self) -> None:
        """Do the product in the plain order; slower, for a BLAS that fails the test."""
        self._maps[...] = 0
        for weights, row in zip(self._filters.T, self._patches, strict=True):
            self._maps += weights[:, None] * row

