"""Two-dimensional convolution (cross-correlation, as in every deep-learning library) and its gradients."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.errors import ShapeError
from cnnviz.functional._windows import CellSlices, Sides, cell_slices, check_same_shape, output_sides

# The sums of so many bytes are finished before the next samples are touched: they stay in the L2 cache.
_CHUNK_BYTES = 128 * 1024


def conv2d(
    x: FloatArray, weight: FloatArray, bias: FloatArray | None = None, stride: int = 1, padding: int = 0
) -> FloatArray:
    """Slide every filter over every image and add up the products.

    With `s` the stride and `x` padded,
    `out[n, f, u, v] = bias[f] + sum over c, i, j of weight[f, c, i, j] * x[n, c, u * s + i, v * s + j]`.

    The products are added in a fixed order over `(c, i, j)`, each addition rounded on its own, and the bias
    comes last. So equal patches give equal bits wherever they stand, and a sample gives the same bits alone
    and in any batch: ties in a following max pool are never lost to rounding. A matrix product promises
    neither.

    Parameters
    ----------
    x : ndarray of shape (n, c, h, w), float32 or float64
        Images or feature maps.
    weight : ndarray of shape (f, c, k, k), same dtype as `x`
        One `k` x `k` kernel per filter and input channel.
    bias : ndarray of shape (f,), optional
        One number per filter. None adds nothing.
    stride : int
        Pixels from one window to the next, >= 1.
    padding : int
        Pixels of 0.0 added on each of the four sides. (0.0 is mid-grey where pixels run from -0.5 to 0.5.)

    Returns
    -------
    ndarray of shape (n, f, (h + 2 * padding - k) // stride + 1, (w + 2 * padding - k) // stride + 1)
        Same dtype as `x`.

    Raises
    ------
    ShapeError
        If channels differ, the kernel is not square or it is larger than the padded image.

    References
    ----------
    .. [1] Goodfellow, Bengio, Courville (2016), Deep Learning, equation 9.6.
    """
    padded, sides = _prepare(x, weight, stride, padding)
    slices = list(cell_slices(weight.shape[2], stride, sides))
    # (c, k * k, f, 1, 1): the kernels in the order in which their products are added.
    kernels = weight.transpose(1, 2, 3, 0).reshape(weight.shape[1], len(slices), weight.shape[0], 1, 1)
    out = np.empty((x.shape[0], weight.shape[0], *sides), dtype=x.dtype)
    step = max(1, _CHUNK_BYTES // max(1, out[:1].nbytes))
    scratch = np.empty_like(out[:step])
    for start in range(0, len(x), step):
        part = out[start : start + step]
        _add_products(padded[start : start + step], kernels, slices, part, scratch[: len(part)])
    if bias is not None:
        check_same_shape(bias, (weight.shape[0],), "bias", "conv2d")
        out += bias[:, None, None]
    return out


def conv2d_input_gradient(
    d_out: FloatArray, x: FloatArray, weight: FloatArray, stride: int = 1, padding: int = 0
) -> FloatArray:
    """Gradient of `conv2d` with respect to its input.

    Each output cell sends its gradient, times the kernel, back to the patch it was computed from; where
    patches overlap the contributions add up.

    Parameters
    ----------
    d_out : ndarray of the shape of the output
        Gradient of the loss with respect to the output.
    x, weight, stride, padding
        As given to `conv2d`.

    Returns
    -------
    ndarray of the shape of `x`, dtype of `d_out`
    """
    padded, sides = _prepare(x, weight, stride, padding)
    filters, channels, kernel_size, _ = weight.shape
    n, _, height, width = padded.shape
    check_same_shape(d_out, (n, filters, *sides), "d_out", "conv2d_input_gradient")
    # One matrix product per sample gives what every output cell sends to every cell of its patch.
    sent = np.matmul(weight.reshape(filters, -1).T, d_out.reshape(n, filters, -1))
    sent = sent.reshape(n, channels, kernel_size * kernel_size, *sides)
    d_padded = np.zeros((n, channels, height, width), dtype=d_out.dtype)
    for cell, (rows, columns) in enumerate(cell_slices(kernel_size, stride, sides)):
        d_padded[:, :, rows, columns] += sent[:, :, cell]
    if padding == 0:
        return d_padded
    return np.ascontiguousarray(d_padded[:, :, padding:-padding, padding:-padding])


def conv2d_weight_gradient(
    d_out: FloatArray, x: FloatArray, weight: FloatArray, stride: int = 1, padding: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Gradients of `conv2d` with respect to its kernels and its bias.

    A kernel entry has touched one input cell per output cell: its gradient is the sum of all those inputs,
    each times the gradient of the output cell it went into.

    Parameters
    ----------
    d_out, x, weight, stride, padding
        As for `conv2d_input_gradient`. Only the shape of `weight` matters.

    Returns
    -------
    d_weight : ndarray of the shape of `weight`
    d_bias : ndarray of shape (f,)
        Both of the dtype of `d_out`. Sums over the batch: divide in the loss, as the losses here do.
    """
    padded, sides = _prepare(x, weight, stride, padding)
    filters, channels, kernel_size, _ = weight.shape
    check_same_shape(d_out, (len(x), filters, *sides), "d_out", "conv2d_weight_gradient")
    by_filter = d_out.transpose(1, 0, 2, 3).reshape(filters, -1)
    touched = np.empty((channels, kernel_size * kernel_size, len(x), *sides), dtype=x.dtype)
    for cell, (rows, columns) in enumerate(cell_slices(kernel_size, stride, sides)):
        touched[:, cell] = padded[:, :, rows, columns].transpose(1, 0, 2, 3)
    d_weight = by_filter @ touched.reshape(channels * kernel_size * kernel_size, -1).T
    return d_weight.reshape(weight.shape), by_filter.sum(axis=1)


def _add_products(
    padded: FloatArray, kernels: FloatArray, slices: list[CellSlices], out: FloatArray, scratch: FloatArray
) -> None:
    """Fill `out` with the sum of the shifted images, each times its kernel entry, in a fixed order."""
    for channel, entries in enumerate(kernels):
        image = padded[:, channel, None]
        for cell, (rows, columns) in enumerate(slices):
            if channel == 0 and cell == 0:
                np.multiply(entries[cell], image[:, :, rows, columns], out=out)
            else:
                np.multiply(entries[cell], image[:, :, rows, columns], out=scratch)
                np.add(out, scratch, out=out)


def _prepare(x: FloatArray, weight: FloatArray, stride: int, padding: int) -> tuple[FloatArray, Sides]:
    """Check that image and kernels fit; return the padded image and the sides of the output."""
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3]:
        raise ShapeError(f"conv2d needs kernels of shape (f, c, k, k). Got shape {weight.shape} instead.")
    padded = x
    if padding > 0 and x.ndim == 4:
        n, c, h, w = x.shape
        padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding), dtype=x.dtype)
        padded[:, :, padding:-padding, padding:-padding] = x
    sides = output_sides(padded, weight.shape[2], stride, "conv2d")
    if x.shape[1] != weight.shape[1]:
        raise ShapeError(f"conv2d needs {weight.shape[1]} input channels. Got {x.shape[1]} instead.")
    return padded, sides
