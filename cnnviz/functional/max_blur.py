"""Anti-aliased max pooling: a maximum at every cell, then a blur, then every so-many-th cell."""

from functools import lru_cache
from types import EllipsisType

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz.functional._windows import check_same_shape, mirrored_cells, output_sides
from cnnviz.functional.max_pooling import TieRule, max_pool2d_backward


@lru_cache(maxsize=16)
def blur_kernel(size: int) -> tuple[float, ...]:
    """Kernel that is fit for taking every `size`-th cell: a triangle of `2 * size - 1` taps, with the sum 1.

    It is the box of `size` cells, twice: `[1, 2, 1] / 4` for 2, `[1, 2, 3, 2, 1] / 9` for 3. Its response is
    0 at every frequency that the coarser grid would take for a constant.
    """
    rising = [*range(1, size + 1), *range(size - 1, 0, -1)]
    return tuple(weight / size**2 for weight in rising)


def max_blur_pool2d(x: FloatArray, size: int, step: int | None = None) -> FloatArray:
    """Largest value of the window at every cell, blurred, of which every `size`-th is kept.

    This is what [1]_ puts in place of max pooling: the maximum is taken densely, and the blur removes what
    the coarser grid cannot represent. Over the border the maps are mirrored without repeating their edge.

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w), float32 or float64
        Feature maps.
    size : int
        Side of the windows, >= 1; the kernel of the blur goes with it.
    step : int, optional
        Distance of the cells that are kept: None means `size`, 1 keeps them all.

    Returns
    -------
    ndarray of shape (n, c, h // step, w // step), same dtype as `x`

    Raises
    ------
    ShapeError
        If a side of `x` is smaller than `size`.

    References
    ----------
    .. [1] Zhang (2019), Making Convolutional Networks Shift-Invariant Again, ICML, arXiv:1904.11486.
    """
    output_sides(x, size, size, "max_blur_pool2d")
    step = size if step is None else step
    dense = _dense_maximum(_mirrored(x, size, step), size)
    return _blurred(_blurred(dense, size, step, -2), size, step, -1)


def max_blur_pool2d_backward(
    d_out: FloatArray, x: FloatArray, size: int, ties: TieRule = "first"
) -> FloatArray:
    """Gradient of `max_blur_pool2d`: spread by the blur, then each part to the winner of its dense window.

    Parameters
    ----------
    d_out : ndarray of the shape of the output
        Gradient of the loss with respect to the output.
    x, size
        As given to `max_blur_pool2d`.
    ties : {"first", "all", "split"}
        The rule for cells that share the largest value; see `max_pool2d_backward`.

    Returns
    -------
    ndarray of the shape of `x`, dtype of `d_out`
        What was read from a mirrored cell goes back to the cell itself.
    """
    sides = output_sides(x, size, size, "max_blur_pool2d_backward")
    check_same_shape(d_out, (*x.shape[:2], *sides), "d_out", "max_blur_pool2d_backward")
    wide = _mirrored(x, size, size)
    dense = _dense_maximum(wide, size)
    spread = _spread(_spread(d_out, size, -1), size, -2)
    d_wide = max_pool2d_backward(spread, wide, dense, size, 1, ties)
    rows, columns = (_folding(side, size).astype(d_out.dtype, copy=False) for side in x.shape[2:])
    return rows.T @ d_wide @ columns


def _dense_maximum(x: FloatArray, size: int) -> FloatArray:
    """Largest value of the window at every cell: along the rows, then along the columns."""
    for axis in (-1, -2):
        count = x.shape[axis] - size + 1
        parts = [x[(..., slice(at, at + count), *(slice(None),) * (-axis - 1))] for at in range(size)]
        x = parts[0].copy()
        for part in parts[1:]:
            np.maximum(x, part, out=x)
    return x


def _mirrored(x: FloatArray, size: int, step: int) -> FloatArray:
    """Continue maps over the border, as far as the blur and its windows look."""
    for axis in (-2, -1):
        side, cells = x.shape[axis], _mirrored_cells(x.shape[axis], size, step)
        shape = list(x.shape)
        shape[axis] = len(cells)
        wide, after = np.empty(shape, dtype=x.dtype), (slice(None),) * (-axis - 1)
        first = size - 1
        inside = min(side, len(cells) - first)
        wide[(..., slice(first, first + inside), *after)] = x[(..., slice(0, inside), *after)]
        # The few that lie beyond one by one: picking all of them by index takes five times as long.
        for place in (*range(first), *range(first + inside, len(cells))):
            wide[(..., place, *after)] = x[(..., cells[place], *after)]
        x = wide
    return x


@lru_cache(maxsize=64)
def _mirrored_cells(side: int, size: int, step: int) -> IntArray:
    """Cell of the map at each place of the mirrored one, along one axis."""
    return mirrored_cells(np.arange(1 - size, (side // step - 1) * step + 2 * size - 1), side)


@lru_cache(maxsize=64)
def _folding(side: int, size: int) -> FloatArray:
    """Return the matrix that copies the cells of an axis to their places in the mirrored one."""
    cells = _mirrored_cells(side, size, size)
    matrix = np.zeros((len(cells), side))
    matrix[np.arange(len(cells)), cells] = 1
    return matrix


def _blurred(dense: FloatArray, size: int, step: int, axis: int) -> FloatArray:
    """Blur along an axis and keep every `step`-th cell, adding the taps in a fixed order."""
    taps = _taps(dense.shape[axis], size, step, axis)
    weight, at = taps[0]
    blurred = dense[at] * dense.dtype.type(weight)
    for weight, at in taps[1:]:
        blurred += dense[at] * dense.dtype.type(weight)
    return blurred


def _spread(d_out: FloatArray, size: int, axis: int) -> FloatArray:
    """Adjoint of `_blurred`, which has kept every `size`-th cell."""
    side = (d_out.shape[axis] - 1) * size + 2 * size - 1
    shape = list(d_out.shape)
    shape[axis] = side
    spread = np.zeros(shape, dtype=d_out.dtype)
    for weight, at in _taps(side, size, size, axis):
        spread[at] += d_out.dtype.type(weight) * d_out
    return spread


@lru_cache(maxsize=256)
def _taps(side: int, size: int, step: int, axis: int) -> list[tuple[float, tuple[slice | EllipsisType, ...]]]:
    """Weight of each tap, and the cells of a dense axis that it reads."""
    kernel = blur_kernel(size)
    after = (slice(None),) * (-axis - 1)
    last = side - len(kernel)
    return [(weight, (..., slice(tap, tap + last + 1, step), *after)) for tap, weight in enumerate(kernel)]
