"""Activations in place, and their derivatives, as prepared calls. The formulas are those of `cnnviz.functional`."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.fused.plan import ActivationLayer
from cnnviz.fused.products import Call
from cnnviz.layers import LeakyReLU, ReLU, Tanh


def activate(layer: ActivationLayer, x: FloatArray) -> list[Call]:
    """Prepare ``x = activation(x)``."""
    if isinstance(layer, ReLU):
        # With an array of zeros: NumPy has vector instructions for two arrays, none for an array and a number.
        return [partial(np.maximum, x, np.zeros_like(x), out=x)]
    if isinstance(layer, LeakyReLU):
        # The larger one of x and slope * x, because the slope is at most 1.
        leaked = np.empty_like(x)
        return [partial(np.multiply, x, layer.slope, leaked), partial(np.maximum, x, leaked, out=x)]
    if isinstance(layer, Tanh):
        return [partial(np.tanh, x, x)]
    # Sigmoid: 1 / (1 + exp(-x)). Where exp overflows, 1 / inf is the 0 that is wanted.
    return [
        partial(np.negative, x, x),
        partial(np.exp, x, x),
        partial(np.add, x, 1, x),
        partial(np.reciprocal, x, x),
    ]


def derivative(layer: ActivationLayer, out: FloatArray) -> tuple[list[Call], NDArray[Any]]:
    """Prepare the derivative, computed from the output; return the calls and the array they fill."""
    if isinstance(layer, ReLU):
        positive = np.empty(out.shape, np.bool_)
        return [partial(np.greater, out, 0, positive)], positive
    slope = np.empty_like(out)
    if isinstance(layer, LeakyReLU):
        # The larger one of `slope` and of 1 or 0, for an output that is positive or not.
        positive = np.empty(out.shape, np.bool_)
        return [
            partial(np.greater, out, 0, positive),
            partial(np.maximum, positive, out.dtype.type(layer.slope), out=slope),
        ], slope
    if isinstance(layer, Tanh):
        return [partial(np.multiply, out, out, slope), partial(np.subtract, 1, slope, slope)], slope
    return [partial(np.subtract, 1, out, slope), partial(np.multiply, out, slope, slope)], slope
