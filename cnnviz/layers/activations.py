"""Activation layers. They act on each value alone, keep every shape and dtype, and none overflows."""

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, Params, Shape
from cnnviz.layers.base import Layer
from cnnviz.layers.cells import ActivationCell, CellPlace
from cnnviz.layers.windows import WindowGeometry
from cnnviz.mathematics import Equation, Prime, Sub, partial
from cnnviz.quantities import format_value
from cnnviz.setting import number


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """What the activation layers share: the shape stays.

    Attributes
    ----------
    rule, slope_rule : str
        `formula` and `about_slope`, with `{slope}` for a setting of that name.
    """

    rule: ClassVar[str] = ""
    slope_rule: ClassVar[str] = ""
    symbol: ClassVar[str] = "a"
    is_elementwise: ClassVar[bool] = True
    mixes_channels: ClassVar[bool] = False
    signed: ClassVar[bool | None] = True

    @property
    def formula(self) -> str:
        """What it makes of a number `z`, in text."""
        return self._filled(self.rule)

    @property
    def about_slope(self) -> str:
        """Its derivative, with `z` for the input and `a` for the output."""
        return self._filled(self.slope_rule)

    def _filled(self, rule: str) -> str:
        return rule.format(**{each.name: format_value(getattr(self, each.name)) for each in fields(self)})

    @property
    def about(self) -> str:
        """What it does."""
        return f"{self.formula}, applied to every cell."

    @property
    def has_kinks(self) -> bool:
        """At 0, unless it is smooth."""
        return self.is_piecewise_linear

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

    def explain(self, at: CellPlace) -> ActivationCell:
        """A function of one number, and its slope there."""
        x = at.x[at.cell].reshape(1, 1)
        slope = self.input_gradient(np.ones_like(x), x, self.forward(x, {}), {})
        return ActivationCell(at.layer, at.cell, at.value, self.formula, float(x.item()), float(slope.item()))

    def gradient_equation(self, channels: int, before: str = "x") -> Equation:
        """How it passes the gradient of its output on to its input."""
        place = "f , i , j"
        z, slope = Sub("z", place), Prime("φ")
        return Equation(
            f"The activation a = φ(z) is {self.formula}. It multiplies the gradient with its slope: "
            f"{self.about_slope}.",
            (partial("L", z), "=", slope, "(", z, ")", "~", partial("L", Sub("a", place))),
        )


@dataclass(frozen=True, slots=True)
class ReLU(Activation):
    """Rectified linear unit, `max(x, 0)`; its slope at 0 is 0, as in PyTorch."""

    kind: ClassVar[str] = "relu"
    title: ClassVar[str] = "ReLU"
    has_gates: ClassVar[bool] = True
    signed: ClassVar[bool | None] = False
    rule: ClassVar[str] = "max(z, 0)"
    slope_rule: ClassVar[str] = "1 where z > 0, else 0"

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """`max(x, 0)`."""
        return np.maximum(x, 0)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Passes where `x > 0`."""
        return np.where(x > 0, d_out, d_out.dtype.type(0))


@dataclass(frozen=True, slots=True)
class LeakyReLU(Activation):
    """Leaky rectified linear unit: `x` where it is positive, `slope * x` elsewhere.

    Attributes
    ----------
    slope : float
        Slope for negative inputs, in forward and backward pass alike (and at 0, as in PyTorch), from 0 to 1.

    References
    ----------
    .. [1] Maas, Hannun, Ng (2013), Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """

    kind: ClassVar[str] = "leaky_relu"
    title: ClassVar[str] = "Leaky ReLU"
    rule: ClassVar[str] = "z if z > 0, else {slope} × z"
    slope_rule: ClassVar[str] = "1 where z > 0, else {slope}"

    slope: float = number(0.0, 1.0, 0.01, of=float)

    @property
    def has_kinks(self) -> bool:
        """At 0, unless it is a straight line."""
        return self.slope != 1

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """`x` or `slope * x`."""
        return np.where(x > 0, x, x * self.slope)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Times 1 where `x > 0`, times `slope` elsewhere."""
        return np.where(x > 0, d_out, d_out * self.slope)


def sigmoid(x: FloatArray) -> FloatArray:
    """Logistic function, `1 / (1 + exp(-x))`, without overflow for any `x`; of its shape and dtype."""
    # exp of a negative number cannot overflow; for x < 0 the equal form exp(x) / (1 + exp(x)) is used.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), small) / (1 + small)


@dataclass(frozen=True, slots=True)
class Sigmoid(Activation):
    """Logistic function, `1 / (1 + exp(-x))`."""

    kind: ClassVar[str] = "sigmoid"
    title: ClassVar[str] = "Sigmoid"
    is_piecewise_linear: ClassVar[bool] = False
    signed: ClassVar[bool | None] = False
    rule: ClassVar[str] = "1 / (1 + exp(−z))"
    slope_rule: ClassVar[str] = "a × (1 − a)"

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """See `sigmoid`."""
        return sigmoid(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Times `out * (1 - out)`."""
        return d_out * out * (1 - out)


@dataclass(frozen=True, slots=True)
class Tanh(Activation):
    """Hyperbolic tangent."""

    kind: ClassVar[str] = "tanh"
    title: ClassVar[str] = "Tanh"
    is_piecewise_linear: ClassVar[bool] = False
    rule: ClassVar[str] = "tanh(z)"
    slope_rule: ClassVar[str] = "1 − a²"

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """`tanh(x)`."""
        return np.tanh(x)

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Times `1 - out ** 2`."""
        return d_out * (1 - out * out)


ACTIVATIONS: dict[str, type[Layer]] = {layer.kind: layer for layer in (ReLU, LeakyReLU, Sigmoid, Tanh)}
"""Activations by their `kind`, in the order in which they are offered."""
