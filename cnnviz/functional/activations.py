"""Activation functions and their gradients. All keep shape and dtype, and none overflows."""

import numpy as np

from cnnviz._types import FloatArray


def relu(x: FloatArray) -> FloatArray:
    """Rectified linear unit, `max(x, 0)`.

    Parameters
    ----------
    x : ndarray of any shape, float32 or float64

    Returns
    -------
    ndarray of the shape and dtype of `x`
    """
    return np.maximum(x, 0)


def relu_backward(d_out: FloatArray, x: FloatArray) -> FloatArray:
    """Gradient of `relu`: passes where `x > 0`. At the kink it is 0, as in PyTorch.

    Parameters
    ----------
    d_out : ndarray of the shape of `x`
        Gradient of the loss with respect to the output.
    x : ndarray
        The input of `relu`.

    Returns
    -------
    ndarray of the shape of `x`, dtype of `d_out`
    """
    return np.where(x > 0, d_out, d_out.dtype.type(0))


def leaky_relu(x: FloatArray, slope: float = 0.01) -> FloatArray:
    """Leaky rectified linear unit: `x` where it is positive, `slope * x` elsewhere.

    Parameters
    ----------
    x : ndarray of any shape, float32 or float64
    slope : float
        Slope for negative `x`; the same one is used by the gradient.

    Returns
    -------
    ndarray of the shape and dtype of `x`

    References
    ----------
    .. [1] Maas, Hannun, Ng (2013), Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """
    return np.where(x > 0, x, x * slope)


def leaky_relu_backward(d_out: FloatArray, x: FloatArray, slope: float = 0.01) -> FloatArray:
    """Gradient of `leaky_relu`: 1 where `x > 0`, `slope` elsewhere (and at the kink, as in PyTorch).

    Parameters
    ----------
    d_out : ndarray of the shape of `x`
        Gradient of the loss with respect to the output.
    x : ndarray
        The input of `leaky_relu`.
    slope : float
        As given to `leaky_relu`.

    Returns
    -------
    ndarray of the shape of `x`, dtype of `d_out`
    """
    return np.where(x > 0, d_out, d_out * slope)


def sigmoid(x: FloatArray) -> FloatArray:
    """Logistic function, `1 / (1 + exp(-x))`, without overflow for any `x`.

    Parameters
    ----------
    x : ndarray of any shape, float32 or float64

    Returns
    -------
    ndarray of the shape and dtype of `x`
    """
    # exp of a negative number cannot overflow; for x < 0 the equal form exp(x) / (1 + exp(x)) is used.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), small) / (1 + small)


def sigmoid_backward(d_out: FloatArray, out: FloatArray) -> FloatArray:
    """Gradient of `sigmoid` from its output: `out * (1 - out)`.

    Parameters
    ----------
    d_out : ndarray of the shape of `out`
        Gradient of the loss with respect to the output.
    out : ndarray
        What `sigmoid` returned.

    Returns
    -------
    ndarray of the shape of `out`
    """
    return d_out * out * (1 - out)


def tanh(x: FloatArray) -> FloatArray:
    """Hyperbolic tangent.

    Parameters
    ----------
    x : ndarray of any shape, float32 or float64

    Returns
    -------
    ndarray of the shape and dtype of `x`
    """
    return np.tanh(x)


def tanh_backward(d_out: FloatArray, out: FloatArray) -> FloatArray:
    """Gradient of `tanh` from its output: `1 - out ** 2`.

    Parameters
    ----------
    d_out : ndarray of the shape of `out`
        Gradient of the loss with respect to the output.
    out : ndarray
        What `tanh` returned.

    Returns
    -------
    ndarray of the shape of `out`
    """
    return d_out * (1 - out * out)
