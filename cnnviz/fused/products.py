"""Matrix products that BLAS does quickly, and in which equal columns stay equal."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil, lcm
from typing import Any

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.fused.cells import Call, prepare

# With instructions of 512 bits OpenBLAS does products of at most this many multiplications without repacking
# the operands: up to twice as fast as larger ones, when they are as flat as here. With others it is no loss.
_SMALL_PRODUCT = 1_000_000

# Vector instructions work on up to 16 columns at once; what is left over is added up in another order.
_COLUMNS_AT_ONCE = 16

# Where columns are equal only in small products: fewer columns at once are worse than fewer filters.
_FILTERS_AT_ONCE = (8, 4)
_WIDE_ENOUGH = 128

# From so many columns on, copying the small result the other way round is worth while.
_MANY_COLUMNS = 2048

_TRIALS = 8


@dataclass(frozen=True, slots=True)
class Blocks:
    """How ``filters @ patches`` is cut: `count` blocks of `width` columns, and `rows` filters at a time."""

    count: int
    width: int
    rows: int

    @property
    def columns(self) -> int:
        """All columns, those included that only fill the last block."""
        return self.count * self.width

    def keep_columns_equal(self, filters: FloatArray) -> bool:
        """Whether all products have equal results in equal columns, the last one with fewer filters too."""
        heights = {self.rows, len(filters) % self.rows} - {0}
        inputs, dtype = filters.shape[1], filters.dtype
        return all(keeps_columns_equal(height, inputs, self.width, dtype) for height in heights)


def cut_columns(columns: int, samples: int, filters: FloatArray) -> Blocks:
    """Return few and wide blocks in which equal columns stay equal.

    * `columns`: columns that are needed.
    * `samples`: all columns of the blocks together will be a multiple of it.
    * `filters`: shape (f, k). What the columns are going to be multiplied by.
    """
    *candidates, narrowest = _ways_to_cut(columns, samples, filters)
    return next((blocks for blocks in candidates if blocks.keep_columns_equal(filters)), narrowest)


def _ways_to_cut(columns: int, samples: int, filters: FloatArray) -> Iterator[Blocks]:
    """Yield ways to cut, the best first."""
    unit = lcm(_COLUMNS_AT_ONCE, samples)
    widest = max(unit, _SMALL_PRODUCT // filters.size // unit * unit)
    count = ceil(columns / widest)
    cuts: list[tuple[int, int]] = []
    while not cuts or cuts[-1][1] > unit:
        cuts.append((count, ceil(columns / count / unit) * unit))
        count *= 2
    wide = [cut for cut in cuts if cut[1] >= min(_WIDE_ENOUGH, cuts[0][1])]
    for rows in (len(filters), *(rows for rows in _FILTERS_AT_ONCE if rows < len(filters))):
        yield from (Blocks(*cut, rows) for cut in wide)
    yield from (Blocks(*cut, len(filters)) for cut in cuts[len(wide) :])
    filled = ceil(columns / unit) * unit
    yield Blocks(filled // _COLUMNS_AT_ONCE, _COLUMNS_AT_ONCE, len(filters))


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

    * `filters`: shape (f, k).
    * `patches`: shape (k, columns).
    * `maps`: shape (f, columns). Where the product goes, and where its gradient will be.
    * `blocks`: how the product is cut. The gradients are cut in fewer pieces: nothing asks whether they are
      equal.
    """

    def __init__(self, filters: FloatArray, patches: FloatArray, maps: FloatArray, blocks: Blocks) -> None:
        self._filters, self._patches, self._maps = filters, patches, maps
        self._blocks = blocks
        fewest = ceil(blocks.columns / max(blocks.width, _SMALL_PRODUCT // filters.size))
        # Found at the latest at the number of blocks, which divides the columns.
        self._parts = next(
            count for count in range(fewest, blocks.columns + 1) if blocks.columns % count == 0
        )

    def forward(self) -> list[Call]:
        """Prepare ``maps = filters @ patches``, with the same bits in equal columns."""
        if not self._blocks.keep_columns_equal(self._filters):
            return [self._add_row_by_row]
        count, rows = self._blocks.count, self._blocks.rows
        return [
            _multiply(
                self._filters[first : first + rows], self._patches, self._maps[first : first + rows], count
            )
            for first in range(0, len(self._filters), rows)
        ]

    def filter_gradient(self, d_filters: FloatArray) -> list[Call]:
        """Prepare ``d_filters = maps @ patches.T``, where `maps` holds the gradient now."""
        if self._parts == 1 and self._blocks.columns < _MANY_COLUMNS:
            return [product(self._maps, self._patches.T, d_filters)]
        # Each block gives its part, and the parts are added up. They are those of the transposed gradient:
        # BLAS can be a fifth faster with the taller matrix first.
        parts = np.empty((self._parts, *d_filters.T.shape), d_filters.dtype)
        maps = _cut(self._maps, self._parts).transpose(0, 2, 1)
        return [
            prepare(np.matmul, _cut(self._patches, self._parts), maps, parts),
            prepare(np.add.reduce, parts, 0, None, d_filters.T),
        ]

    def patch_gradient(self, pixels: int) -> list[Call]:
        """Prepare ``patches[:pixels] = filters[:, :pixels].T @ maps``: overwrites the patches."""
        return [_multiply(self._filters[:, :pixels].T, self._maps, self._patches[:pixels], self._parts)]

    def _add_row_by_row(self) -> None:
        """Do the product in one and the same order everywhere: slow, for a BLAS that never does."""
        self._maps[...] = 0
        for weights, row in zip(self._filters.T, self._patches, strict=True):
            self._maps += weights[:, None] * row


def _multiply(left: FloatArray, right: FloatArray, out: FloatArray, count: int) -> Call:
    """Prepare ``out = left @ right`` with the columns cut into `count` blocks."""
    if count == 1:
        return product(left, right, out)
    return prepare(np.matmul, left, _cut(right, count), _cut(out, count))


def _cut(matrix: FloatArray, count: int) -> FloatArray:
    """View a matrix as (blocks, rows, width)."""
    return matrix.reshape(len(matrix), count, -1).transpose(1, 0, 2)
