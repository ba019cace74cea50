"""Activations in place, and their derivatives. The formulas are those of `cnnviz.layers`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.fused.calls import Call, prepare
from cnnviz.fused.plan import ActivationLayer
from cnnviz.layers import LeakyReLU, ReLU, Tanh


def activate(layer: ActivationLayer, x: FloatArray) -> list[Call]:
    """Prepare ``x = activation(x)``."""
    if isinstance(layer, ReLU):
        # NumPy has vector instructions for the maximum of two arrays, none for that of an array and a number.
        return [prepare(np.maximum, x, np.zeros_like(x), out=x)]
    if isinstance(layer, LeakyReLU):
        # The larger one of x and slope * x, because the slope is at most 1.
        leaked = np.empty_like(x)
        return [prepare(np.multiply, x, layer.slope, leaked), prepare(np.maximum, x, leaked, out=x)]
    if isinstance(layer, Tanh):
        return [prepare(np.tanh, x, x)]
    # Sigmoid: 1 / (1 + exp(-x)). Where exp overflows, 1 / inf is the 0 that is wanted.
    return [
        prepare(np.negative, x, x),
        prepare(np.exp, x, x),
        prepare(np.add, x, 1, x),
        prepare(np.reciprocal, x, x),
    ]


def derivative(layer: ActivationLayer, out: FloatArray) -> tuple[list[Call], NDArray[Any]]:
    """Prepare the derivative, computed from the output; return the calls and the array they fill."""
    if isinstance(layer, ReLU):
        positive = np.empty(out.shape, np.bool_)
        return [prepare(np.greater, out, 0, positive)], positive
    slope = np.empty_like(out)
    if isinstance(layer, LeakyReLU):
        # The larger one of `slope` and of 1 or 0, for an output that is positive or not.
        positive = np.empty(out.shape, np.bool_)
        return [
            prepare(np.greater, out, 0, positive),
            prepare(np.maximum, positive, out.dtype.type(layer.slope), out=slope),
        ], slope
    if isinstance(layer, Tanh):
        return [prepare(np.multiply, out, out, slope), prepare(np.subtract, 1, slope, slope)], slope
    return [prepare(np.subtract, 1, out, slope), prepare(np.multiply, out, slope, slope)], slope
