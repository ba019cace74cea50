"""The linear pools: average, blur (anti-aliased) and plain subsampling."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz._validation import check_choice
from cnnviz.functional._windows import (
    cell_slices,
    check_same_shape,
    mirrored_cells,
    output_sides,
    windows_along,
)

# Rows of Pascal's triangle: the binomial approximation of a Gaussian, by number of taps.
BLUR_KERNELS: dict[int, tuple[int, ...]] = {2: (1, 1), 3: (1, 2, 1), 4: (1, 3, 3, 1), 5: (1, 4, 6, 4, 1)}


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


def blur_pool2d(x: FloatArray, size: int, taps: int = 3) -> FloatArray:
    """Blur with a binomial kernel, then keep every `size`-th pixel of every `size`-th row.

    The blur removes what the coarser grid cannot represent, so that the result changes smoothly as the input
    shifts. As in [1]_, output cell `(y, x)` is centred on input pixel `(y * size, x * size)` (half a pixel
    below it for an even number of taps), and over the border the image is mirrored without repeating its edge
    (reflect padding).

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w), float32 or float64
        Feature maps.
    size : int
        Distance of the pixels that are kept, >= 1.
    taps : {2, 3, 4, 5}
        Length of the kernel: `[1, 1]`, `[1, 2, 1]`, `[1, 3, 3, 1]` or `[1, 4, 6, 4, 1]`, divided by its sum.

    Returns
    -------
    ndarray of shape (n, c, h // size, w // size), same dtype as `x`
        The same grid as the other pools, so that pooled maps can be compared. (The code of [1]_ keeps a last,
        partial cell when `size` does not divide the side.)

    Raises
    ------
    ShapeError
        If a side of `x` is smaller than `size`.
    ParameterError
        If there is no kernel of `taps` taps.

    References
    ----------
    .. [1] Zhang (2019), Making Convolutional Networks Shift-Invariant Again, ICML, arXiv:1904.11486.
    """
    check_choice(taps, "taps", "blur_pool2d", BLUR_KERNELS)
    output_sides(x, size, size, "blur_pool2d")
    kernel = _normalised_kernel(taps)
    # The kernel is separable: blur down the columns, then along the rows, adding the taps in a fixed order.
    rows = _tap_positions(x.shape[2], size, taps)
    blurred = sum(
        (weight * x[:, :, row] for weight, row in zip(kernel[1:], rows[1:], strict=True)),
        start=kernel[0] * x[:, :, rows[0]],
    )
    columns = _tap_positions(x.shape[3], size, taps)
    return sum(
        (weight * blurred[..., column] for weight, column in zip(kernel[1:], columns[1:], strict=True)),
        start=kernel[0] * blurred[..., columns[0]],
    )


def blur_pool2d_backward(d_out: FloatArray, input_shape: Shape, size: int, taps: int = 3) -> FloatArray:
    """Gradient of `blur_pool2d`: the adjoint of blurring, mirroring and subsampling.

    Blur pooling is linear, `out = R x C^T` with one small matrix for rows and one for columns, so its
    gradient is `d_x = R^T d_out C`. What was read from a mirrored pixel goes back to the pixel itself.

    Parameters
    ----------
    d_out : ndarray of the shape of the output
        Gradient of the loss with respect to the output.
    input_shape : tuple of int
        Shape `(n, c, h, w)` of the input.
    size, taps
        As given to `blur_pool2d`.

    Returns
    -------
    ndarray of shape `input_shape`, dtype of `d_out`
    """
    check_choice(taps, "taps", "blur_pool2d_backward", BLUR_KERNELS)
    n, c, height, width = input_shape
    expected = (n, c, windows_along(height, size, size), windows_along(width, size, size))
    check_same_shape(d_out, expected, "d_out", "blur_pool2d_backward")
    rows = _blur_matrix(height, size, taps).astype(d_out.dtype, copy=False)
    columns = _blur_matrix(width, size, taps).astype(d_out.dtype, copy=False)
    return rows.T @ d_out @ columns


def _normalised_kernel(taps: int) -> list[float]:
    """Return the binomial kernel; its sum is a power of two, so the weights are exact."""
    weights = BLUR_KERNELS[taps]
    return [weight / sum(weights) for weight in weights]


@lru_cache(maxsize=64)
def _tap_positions(side: int, size: int, taps: int) -> IntArray:
    """Return the pixel that each tap reads for each output cell, mirrored: shape `(taps, side // size)`."""
    return mirrored_cells(np.arange(taps)[:, None] - (taps - 1) // 2 + np.arange(side // size) * size, side)


@lru_cache(maxsize=64)
def _blur_matrix(side: int, size: int, taps: int) -> NDArray[np.floating[Any]]:
    """Return the matrix `(side // size, side)` that blurs and subsamples one axis."""
    matrix = np.zeros((side // size, side))
    for weight, positions in zip(_normalised_kernel(taps), _tap_positions(side, size, taps), strict=True):
        matrix[np.arange(side // size), positions] += weight
    return matrix
