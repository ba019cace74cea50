"""Where the windows of a convolution or a pool stand, as slices."""

from collections.abc import Iterator

import numpy as np

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ParameterError, ShapeError

# The two spatial slices of one cell of every window, and the two spatial sides of the result.
CellSlices = tuple[slice, slice]
Sides = tuple[int, int]


def windows_along(side: int, size: int, stride: int) -> int:
    """Count the windows of `size` pixels, `stride` pixels apart, that fit entirely into `side` pixels."""
    return (side - size) // stride + 1


def mirrored_cells(positions: IntArray, side: int) -> IntArray:
    """Return the cell at each position, mirrored into a map of `side` cells without repeating its edge."""
    if side == 1:
        return np.zeros_like(positions)
    folded = np.abs(positions) % (2 * (side - 1))
    return np.minimum(folded, 2 * (side - 1) - folded)


def check_maps(x: FloatArray, operation: str) -> None:
    """Raise `ShapeError` unless `x` is a floating-point batch of feature maps `(n, c, h, w)`."""
    if x.ndim != 4:
        raise ShapeError(
            f"{operation} needs feature maps of shape (n, c, h, w). Got shape {x.shape} instead."
        )
    if x.dtype.kind != "f":
        raise ParameterError(f"{operation} needs floating-point feature maps. Got dtype {x.dtype} instead.")


def check_same_shape(array: FloatArray, expected: tuple[int, ...], name: str, operation: str) -> None:
    """Raise `ShapeError` unless `array` has the `expected` shape."""
    if array.shape != expected:
        raise ShapeError(f"{operation} needs {name!r} of shape {expected}. Got shape {array.shape} instead.")


def output_sides(x: FloatArray, size: int, stride: int, operation: str) -> Sides:
    """Return height and width of the result of sliding a window over `x`.

    Raises
    ------
    ShapeError
        If `x` is no batch of maps, or no window fits into it.
    ParameterError
        If `size` or `stride` is smaller than 1.
    """
    check_maps(x, operation)
    if size < 1 or stride < 1:
        raise ParameterError(
            f"{operation} needs a window and a stride >= 1. Got {size} and {stride} instead."
        )
    height, width = x.shape[2:]
    if height < size or width < size:
        raise ShapeError(
            f"{operation} needs maps of at least {size} x {size} pixels. Got {height} x {width} instead."
        )
    return windows_along(height, size, stride), windows_along(width, size, stride)


def cell_slices(size: int, stride: int, sides: Sides) -> Iterator[CellSlices]:
    """Walk the cells of a window in row-major order, each as the slices that pick it from all windows."""
    rows, columns = sides
    for i in range(size):
        for j in range(size):
            yield (
                slice(i, i + stride * (rows - 1) + 1, stride),
                slice(j, j + stride * (columns - 1) + 1, stride),
            )
