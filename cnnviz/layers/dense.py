"""Flatten and the fully connected layer."""

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from cnnviz import functional
from cnnviz._types import FloatArray, Params, Shape
from cnnviz._validation import check_choice, check_int
from cnnviz.errors import ShapeError
from cnnviz.layers.base import Layer, normalise
from cnnviz.layers.initialisation import INITS, Init, draw_weight


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """Feature maps `(c, h, w)` to flat features `(c * h * w,)`, channel by channel and row by row."""

    title: ClassVar[str] = "Flatten"
    signed: ClassVar[bool | None] = None

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c * h * w,)`."""
        return (prod(input_shape),)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Give the same numbers in one row per sample."""
        return x.reshape(len(x), prod(x.shape[1:]))

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Give the gradient the shape of the maps again."""
        return d_out.reshape(x.shape)


@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """Fully connected layer, `out = x @ weight.T + bias`.

    Attributes
    ----------
    units : int
        Number of outputs, >= 1.
    bias : bool
        Whether each output adds a learned number.
    init : {"he", "glorot", "lab5"}
        How the weights start; see `cnnviz.layers.initialisation.draw_weight`. The bias starts at 0.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """

    title: ClassVar[str] = "Dense"
    symbol: ClassVar[str] = "z"

    units: int
    bias: bool = True
    init: Init = "he"

    def __post_init__(self) -> None:
        normalise(
            self,
            units=check_int(self.units, "units", "Dense", minimum=1),
            bias=check_choice(self.bias, "bias", "Dense", (True, False)),
            init=check_choice(self.init, "init", "Dense", INITS),
        )

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """`weight`, and `bias` if there is one."""
        return ("weight", "bias") if self.bias else ("weight",)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(units,)`."""
        if len(input_shape) != 1:
            raise ShapeError("needs flat features (d,); put Flatten before it")
        return (self.units,)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shapes `weight (units, d)` and `bias (units,)`."""
        return {"weight": (self.units, input_shape[0])} | ({"bias": (self.units,)} if self.bias else {})

    def initial_parameters(
        self, input_shape: Shape, rng: "np.random.Generator", dtype: np.dtype[np.floating[Any]]
    ) -> Params:
        """Weights by `init`, bias 0."""
        shapes = self.parameter_shapes(input_shape)
        params: Params = {"weight": draw_weight(self.init, shapes["weight"], rng, dtype)}
        return params | ({"bias": np.zeros(shapes["bias"], dtype)} if self.bias else {})

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Weighted sums of all features; see `cnnviz.functional.dense`."""
        return functional.dense(x, params["weight"], params.get("bias"))

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Send each output's gradient back along its weights: `d_out @ weight`."""
        return d_out @ params["weight"]

    def parameter_gradients(self, d_out: FloatArray, x: FloatArray, params: Params) -> Params:
        """`d_out.T @ x` for the weights, the sum over the batch for the bias."""
        d_weight = d_out.T @ x
        return {"weight": d_weight, "bias": d_out.sum(axis=0)} if self.bias else {"weight": d_weight}
