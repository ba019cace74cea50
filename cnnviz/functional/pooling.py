"""The linear pools: average and subsampling."""

import numpy as np

from cnnviz._types import FloatArray, Shape
from cnnviz.functional._windows import cell_slices, check_same_shape, output_sides


def avg_pool2d(x: FloatArray, size: int, stride: int | None = None) -> FloatArray:
    """Mean of each window.

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w), float32 or float64
        Feature maps. Rows and columns that no whole window reaches are dropped.
    size : int
        Side of the window in pixels, >= 1.
    stride : int, optional
        Pixels from one window to the next, >= 1. None means `size`.

    Returns
    -------
    ndarray of shape (n, c, (h - size) // stride + 1, (w - size) // stride + 1), same dtype as `x`

    Raises
    ------
    ShapeError
        If a side of `x` is smaller than `size`.
    """
    stride = size if stride is None else stride
    sides = output_sides(x, size, stride, "avg_pool2d")
    total = np.zeros((*x.shape[:2], *sides), dtype=x.dtype)
    for rows, columns in cell_slices(size, stride, sides):
        total += x[:, :, rows, columns]
    total /= size * size
    return total


def avg_pool2d_backward(
    d_out: FloatArray, input_shape: Shape, size: int, stride: int | None = None
) -> FloatArray:
    """Gradient of `avg_pool2d`: every cell of a window gets an equal share.

    Parameters
    ----------
    d_out : ndarray of the shape of the output
        Gradient of the loss with respect to the output.
    input_shape : tuple of int
        Shape `(n, c, h, w)` of the input.
    size, stride
        As given to `avg_pool2d`.

    Returns
    -------
    ndarray of shape `input_shape`, dtype of `d_out`
    """
    stride = size if stride is None else stride
    d_x = np.zeros(input_shape, dtype=d_out.dtype)
    sides = output_sides(d_x, size, stride, "avg_pool2d_backward")
    check_same_shape(d_out, (*input_shape[:2], *sides), "d_out", "avg_pool2d_backward")
    share = d_out / (size * size)
    for rows, columns in cell_slices(size, stride, sides):
        d_x[:, :, rows, columns] += share
    return d_x


def subsample_pool2d(x: FloatArray, size: int) -> FloatArray:
    """Top-left cell of each window: pooling that looks at one pixel and forgets the rest.

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w), float32 or float64
        Feature maps.
    size : int
        Side of the window, and distance of the windows, in pixels, >= 1.

    Returns
    -------
    ndarray of shape (n, c, h // size, w // size), same dtype as `x`

    Raises
    ------
    ShapeError
        If a side of `x` is smaller than `size`.
    """
    sides = output_sides(x, size, size, "subsample_pool2d")
    rows, columns = next(cell_slices(size, size, sides))
    return x[:, :, rows, columns].copy()


def subsample_pool2d_backward(d_out: FloatArray, input_shape: Shape, size: int) -> FloatArray:
    """Gradient of `subsample_pool2d`: the cell that was kept gets it, the others 0.

    Parameters
    ----------
    d_out : ndarray of the shape of the output
        Gradient of the loss with respect to the output.
    input_shape : tuple of int
        Shape `(n, c, h, w)` of the input.
    size : int
        As given to `subsample_pool2d`.

    Returns
    -------
    ndarray of shape `input_shape`, dtype of `d_out`
    """
    d_x = np.zeros(input_shape, dtype=d_out.dtype)
    sides = output_sides(d_x, size, size, "subsample_pool2d_backward")
    check_same_shape(d_out, (*input_shape[:2], *sides), "d_out", "subsample_pool2d_backward")
    rows, columns = next(cell_slices(size, size, sides))
    d_x[:, :, rows, columns] = d_out
    return d_x
