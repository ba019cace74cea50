"""Activation layers. They act on each value alone and keep every shape."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnviz import functional
from cnnviz._types import FloatArray, Params, Shape
from cnnviz._validation import check_float
from cnnviz.layers.base import Layer, normalise
from cnnviz.layers.geometry import WindowGeometry
from cnnviz.quantities import format_value


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """What the activation layers share: the shape stays.

    Attributes
    ----------
    formula : str
        In text, with `z` for the input.
    about_slope : str
        Its derivative, with `z` for the input and `a` for the output.
    has_gates : bool
        Whether it is shut for some values: their slope is 0.
    """

    has_gates: ClassVar[bool] = False

    symbol: ClassVar[str] = "a"
    mixes_channels: ClassVar[bool] = False

    @property
    def formula(self) -> str:
        """Formula in text, with `z` for the input."""
        raise NotImplementedError

    @property
    def about_slope(self) -> str:
        """Derivative in text, with `z` for the input and `a` for the output."""
        raise NotImplementedError

    @property
    def about(self) -> str:
        """What it does."""
        return f"{self.formula}, applied to every cell."

    @property
    def geometry(self) -> WindowGeometry:
        """Windows of one cell."""
        return WindowGeometry(1, 1)

    def states(self, x: FloatArray) -> NDArray[np.bool_]:
        """Whether each gate is open."""
        return (x > 0)[..., None]

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the input."""
        return input_shape


@dataclass(frozen=True, slots=True)
class ReLU(Activation):
    """Rectified linear unit, `max(x, 0)`; its slope at 0 is 0."""

    kind: ClassVar[str] = "relu"
    short: ClassVar[str] = "ReLU"
    title: ClassVar[str] = "ReLU"
    has_gates: ClassVar[bool] = True
    signed: ClassVar[bool | None] = False

    @property
    def formula(self) -> str:
        """See `Activation`."""
        return "max(z, 0)"

    @property
    def about_slope(self) -> str:
        """See `Activation`."""
        return "1 where z > 0, else 0"

    @property
    def has_kinks(self) -> bool:
        """Always, at 0."""
        return True

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

    kind: ClassVar[str] = "leaky_relu"
    short: ClassVar[str] = "Leaky ReLU"
    title: ClassVar[str] = "Leaky ReLU"

    slope: float = 0.01

    @property
    def formula(self) -> str:
        """See `Activation`."""
        return f"z if z > 0, else {format_value(self.slope)} × z"

    @property
    def about_slope(self) -> str:
        """See `Activation`."""
        return f"1 where z > 0, else {format_value(self.slope)}"

    @property
    def has_kinks(self) -> bool:
        """At 0, unless it is a straight line."""
        return self.slope != 1

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

    kind: ClassVar[str] = "sigmoid"
    short: ClassVar[str] = "Sigmoid"
    title: ClassVar[str] = "Sigmoid"
    is_piecewise_linear: ClassVar[bool] = False
    signed: ClassVar[bool | None] = False

    @property
    def formula(self) -> str:
        """See `Activation`."""
        return "1 / (1 + exp(−z))"

    @property
    def about_slope(self) -> str:
        """See `Activation`."""
        return "a × (1 − a)"

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.sigmoid`."""
        return functional.sigmoid(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.sigmoid_backward`."""
        return functional.sigmoid_backward(d_out, out)


@dataclass(frozen=True, slots=True)
class Tanh(Activation):
    """Hyperbolic tangent."""

    kind: ClassVar[str] = "tanh"
    short: ClassVar[str] = "Tanh"
    title: ClassVar[str] = "Tanh"
    is_piecewise_linear: ClassVar[bool] = False

    @property
    def formula(self) -> str:
        """See `Activation`."""
        return "tanh(z)"

    @property
    def about_slope(self) -> str:
        """See `Activation`."""
        return "1 − a²"

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.tanh`."""
        return functional.tanh(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """See `cnnviz.functional.tanh_backward`."""
        return functional.tanh_backward(d_out, out)
