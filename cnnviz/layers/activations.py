"""Activation layers. They act on each value alone and keep every shape."""

from dataclasses import dataclass

from cnnviz import functional
from cnnviz._types import FloatArray, Params, Shape
from cnnviz._validation import check_float
from cnnviz.layers.base import Layer, normalise


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """What the activation layers share: the shape stays."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the input."""
        return input_shape


@dataclass(frozen=True, slots=True)
class ReLU(Activation):
    """Rectified linear unit, `max(x, 0)`; its slope at 0 is 0."""

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.relu`."""
        return functional.relu(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.relu_backward`."""
        return functional.relu_backward(d_out, x)


@dataclass(frozen=True, slots=True)
class LeakyReLU(Activation):
    """Leaky rectified linear unit.

    Attributes
    ----------
    slope : float
        Slope for negative inputs, in forward and backward pass alike, from 0 to 1.

    Raises
    ------
    ParameterError
        If `slope` lies outside its range.
    """

    slope: float = 0.01

    def __post_init__(self) -> None:
        normalise(self, slope=check_float(self.slope, "slope", "LeakyReLU", minimum=0.0, maximum=1.0))

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.leaky_relu`."""
        return functional.leaky_relu(x, self.slope)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.leaky_relu_backward`."""
        return functional.leaky_relu_backward(d_out, x, self.slope)


@dataclass(frozen=True, slots=True)
class Sigmoid(Activation):
    """Logistic function, `1 / (1 + exp(-x))`."""

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.sigmoid`."""
        return functional.sigmoid(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.sigmoid_backward`."""
        return functional.sigmoid_backward(d_out, out)


@dataclass(frozen=True, slots=True)
class Tanh(Activation):
    """Hyperbolic tangent."""

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.tanh`."""
        return functional.tanh(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.tanh_backward`."""
        return functional.tanh_backward(d_out, out)
