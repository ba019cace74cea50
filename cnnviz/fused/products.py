"""Matrix products that BLAS does quickly, and in which equal columns stay equal."""

from dataclasses import dataclass
from functools import cache
from math import ceil, lcm
from typing import Any

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.fused.calls import Call, prepare

# OpenBLAS does products of at most this many multiplications without repacking the operands: 1.3 to 1.5 times
# as fast as larger ones, when they are as flat as here. Cutting them costs little with any other BLAS.
_SMALL_PRODUCT = 1_000_000

# Vector instructions work on up to 16 columns at once; what is left over is added up in another order.
_COLUMNS_AT_ONCE = 16

_TRIALS = 8


@dataclass(frozen=True, slots=True)
class Blocks:
    """How the columns of a patch matrix are cut: `count` blocks of `width` columns, a product for each."""

    count: int
    width: int

    @property
    def columns(self) -> int:
        """All columns, those included that only fill the last block."""
        return self.count * self.width


def cut_columns(columns: int, samples: int, filters: FloatArray) -> Blocks:
    """Return few and wide blocks in which equal columns stay equal.

    Parameters
    ----------
    columns : int
        Columns that are needed.
    samples : int
        All columns of the blocks together will be a multiple of it.
    filters : ndarray of shape (f, k)
        What the columns are going to be multiplied by.
    """
    unit = lcm(_COLUMNS_AT_ONCE, samples)
    widest = max(unit, _SMALL_PRODUCT // filters.size // unit * unit)
    count = ceil(columns / widest)
    while True:
        width = ceil(columns / count / unit) * unit
        if keeps_columns_equal(*filters.shape, width, filters.dtype):
            return Blocks(count, width)
        if width == unit:
            return Blocks(ceil(columns / unit) * unit // _COLUMNS_AT_ONCE, _COLUMNS_AT_ONCE)
        count *= 2


@cache
def keeps_columns_equal(filters: int, inputs: int, width: int, dtype: np.dtype[Any]) -> bool:
    """Try whether the same patch in every column gives the same bits in every column of the product.

    In which order a BLAS adds up depends on the processor it finds, on the shape, and on the place in the
    matrix. OpenBLAS passes for every multiple of 16 columns with instructions of 512 bits; with those of 256
    bits in float64 too, but in float32 only for narrow blocks.
    """
    rng = np.random.default_rng(0)
    left, right = np.empty((filters, inputs), dtype), np.empty((inputs, width), dtype)
    for _ in range(_TRIALS):
        left[...] = rng.standard_normal(left.shape)
        right[...] = rng.standard_normal((inputs, 1))
        # Both ways that `PatchProducts` may take: they can end in different routines.
        for out in (np.dot(left, right), np.matmul(left, right)):
            if not (out == out[:, :1]).all():
                return False
    return True


def product(left: FloatArray, right: FloatArray, out: FloatArray) -> Call:
    """Prepare ``out = left @ right``."""
    # `dot` has the shortest way to BLAS, but copies operands that have gaps; `matmul` does not.
    without_gaps = all(array.flags.c_contiguous or array.flags.f_contiguous for array in (left, right))
    return prepare(np.dot if without_gaps else np.matmul, left, right, out)


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
        if not keeps_columns_equal(*self._filters.shape, self._blocks.width, self._filters.dtype):
            return [self._add_row_by_row]
        return [self._multiply(self._filters, self._cut(self._patches), self._maps)]

    def filter_gradient(self, d_filters: FloatArray) -> list[Call]:
        """Prepare ``d_filters = maps @ patches.T``, where `maps` holds the gradient now."""
        if self._blocks.count == 1:
            return [product(self._maps, self._patches.T, d_filters)]
        # Each block gives its part, and the parts are added up.
        parts = np.empty((self._blocks.count, *d_filters.shape), d_filters.dtype)
        patches = self._cut(self._patches).transpose(0, 2, 1)
        return [
            prepare(np.matmul, self._cut(self._maps), patches, parts),
            prepare(np.add.reduce, parts, 0, None, d_filters),
        ]

    def patch_gradient(self, pixels: int) -> list[Call]:
        """Prepare ``patches[:pixels] = filters[:, :pixels].T @ maps``: overwrites the patches."""
        return [self._multiply(self._filters[:, :pixels].T, self._cut(self._maps), self._patches[:pixels])]

    def _multiply(self, left: FloatArray, right: FloatArray, out: FloatArray) -> Call:
        if self._blocks.count == 1:
            return product(left, right[0], out)
        return prepare(np.matmul, left, right, self._cut(out))

    def _cut(self, matrix: FloatArray) -> FloatArray:
        """View a matrix as (blocks, rows, width)."""
        return matrix.reshape(len(matrix), self._blocks.count, self._blocks.width).transpose(1, 0, 2)

    def _add_row_by_row(self) -> None:
        """Do the product in one and the same order everywhere: slow, for a BLAS that never does."""
        self._maps[...] = 0
        for weights, row in zip(self._filters.T, self._patches, strict=True):
            self._maps += weights[:, None] * row
