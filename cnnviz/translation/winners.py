"""What becomes of the winner of each max-pooling window when the image moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_int
from cnnviz.errors import ShapeError
from cnnviz.functional import max_pool2d


class WinnerChange(IntEnum):
    """What happened in a window.

    `SAME`: the same cell wins with the same value. `MOVED`: another cell wins with an equal value, so the
    pool has hidden the shift. `CHANGED`: the value differs, whichever cell wins.
    """

    SAME = 0
    MOVED = 1
    CHANGED = 2


@dataclass(frozen=True, slots=True)
class WinnerCount:
    """How many windows one thing happened in.

    Attributes
    ----------
    single : int
        Windows in which one cell alone had the largest value, before and after.
    tied : int
        Windows in which several cells shared it, before or after. There the winner is the first of them in
        row-major order, and that it stayed or moved means little.
    """

    single: int
    tied: int

    @property
    def total(self) -> int:
        """All windows."""
        return self.single + self.tied


@dataclass(frozen=True, slots=True, eq=False)
class WinnerMap:
    """The windows of a max pool, before and after a shift.

    Attributes
    ----------
    category : ndarray of shape (c, rows, columns), uint8
        A `WinnerChange` for each window and filter.
    tied : ndarray of the same shape, bool
        Whether several cells shared the largest value, before or after.
    change : ndarray of the same shape
        Value after minus value before; 0 unless the category is `CHANGED`.
    original_winner, moved_winner : ndarray of the same shape, intp
        Row-major index of the first largest cell within the window.
    original, moved : ndarray of shape (c, h, w)
        The maps that were pooled.
    size : int
        Side of the windows.
    """

    category: NDArray[np.uint8]
    tied: NDArray[np.bool_]
    change: FloatArray
    original_winner: IntArray
    moved_winner: IntArray
    original: FloatArray
    moved: FloatArray
    size: int

    def window(self, channel: int, row: int, column: int) -> tuple[FloatArray, FloatArray]:
        """Values of one window before and after, two arrays of shape (size, size)."""
        top, left = row * self.size, column * self.size
        block = (channel, slice(top, top + self.size), slice(left, left + self.size))
        return self.original[block], self.moved[block]

    @property
    def counts(self) -> Mapping[WinnerChange, WinnerCount]:
        """How many windows, over all filters, each thing happened in, with ties apart."""
        return {
            kind: WinnerCount(
                int(np.count_nonzero((self.category == kind) & ~self.tied)),
                int(np.count_nonzero((self.category == kind) & self.tied)),
            )
            for kind in WinnerChange
        }


def winner_map(original: FloatArray, moved: FloatArray, size: int = 2) -> WinnerMap:
    """Compare the winners of each window of a max pool before and after a shift.

    Values are compared bit by bit: the reference convolution gives equal patches equal bits, so a value that
    only moved is found equal.

    Parameters
    ----------
    original, moved : ndarray of shape (c, h, w), float32 or float64
        The maps that go into the pool, of the image and of the moved image, raw.
    size : int
        Side of the windows, and their distance, in pixels, >= 1.

    Raises
    ------
    ShapeError
        If the maps differ in shape, or are smaller than a window.
    ParameterError
        If `size` is smaller than 1.
    """
    if original.shape != moved.shape or original.ndim != 3:
        raise ShapeError(
            "winner_map needs two maps of the same shape (c, h, w). "
            f"Got {original.shape} and {moved.shape} instead."
        )
    size = check_int(size, "size", "winner_map", minimum=1)
    maps = np.stack([original, moved])
    pooled, winner = max_pool2d(maps, size)
    tied = (_times_attained(maps, pooled, size) > 1).any(axis=0)
    same_value = pooled[0] == pooled[1]
    category = np.where(
        same_value,
        np.where(winner[0] == winner[1], WinnerChange.SAME, WinnerChange.MOVED),
        WinnerChange.CHANGED,
    )
    change = pooled[1] - pooled[0]
    return WinnerMap(category.astype(np.uint8), tied, change, winner[0], winner[1], original, moved, size)


def _times_attained(maps: FloatArray, pooled: FloatArray, size: int) -> IntArray:
    """Count the cells of each window that hold its largest value."""
    n, c, rows, columns = pooled.shape
    windows = maps[:, :, : rows * size, : columns * size].reshape(n, c, rows, size, columns, size)
    return np.count_nonzero(windows == pooled[:, :, :, None, :, None], axis=(3, 5))
