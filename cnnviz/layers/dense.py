"""The fully connected layer, and Flatten, which comes before it."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from cnnviz._types import FloatArray, IntArray, Params, Shape
from cnnviz.errors import ShapeError
from cnnviz.layers.base import Init, Layer, init_field
from cnnviz.layers.cells import CellPlace, Contribution, DenseCell, unravelled
from cnnviz.setting import number, yes_or_no


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
        How the weights start; see `Layer.initial_parameters`.
    """

    title: ClassVar[str] = "Dense"
    symbol: ClassVar[str] = "z"
    signed: ClassVar[bool | None] = True

    units: int = number(1)
    bias: bool = yes_or_no(True)
    init: Init = init_field()

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(units,)`."""
        if len(input_shape) != 1:
            raise ShapeError("needs flat features (d,); put Flatten before it")
        return (self.units,)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Shapes `weight (units, d)` and `bias (units,)`."""
        return {"weight": (self.units, input_shape[0])} | ({"bias": (self.units,)} if self.bias else {})

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Weighted sums of all features, one sample at a time.

        A matrix product over the whole batch would round a sample differently with its neighbours; the same
        product for each sample alone does not, so a prediction never depends on what else is in the batch.
        """
        out = np.matmul(x[:, None, :], params["weight"].T)[:, 0]
        return out + params["bias"] if self.bias else out

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Send each output's gradient back along its weights: `d_out @ weight`."""
        return d_out @ params["weight"]

    def parameter_gradients(self, d_out: FloatArray, x: FloatArray, params: Params) -> Params:
        """`d_out.T @ x` for the weights, the sum over the batch for the bias."""
        d_weight = d_out.T @ x
        return {"weight": d_weight, "bias": d_out.sum(axis=0)} if self.bias else {"weight": d_weight}

    def changed(
        self,
        x: FloatArray,
        out: FloatArray,
        params: Params,
        name: str,
        places: tuple[IntArray, ...],
        deltas: FloatArray,
    ) -> FloatArray:
        """See `Layer`: a unit is linear in its weights and its bias."""
        units, *features = places
        return out[0, units] + deltas * (x[0, features[0]] if features else 1.0)

    @np.errstate(over="ignore", invalid="ignore")
    def explain(self, at: CellPlace) -> DenseCell:
        """The largest terms of a unit's sum, and the rest."""
        weights, unit = at.params["weight"][at.cell[0]], at.cell[0]
        products = weights * at.x
        order = np.argsort(-np.abs(products), kind="stable")
        terms = tuple(
            Contribution(
                each,
                unravelled(each, at.source_shape),
                float(weights[each]),
                float(at.x[each]),
                float(products[each]),
            )
            for each in order[: at.largest].tolist()
        )
        rest = float(products[order[at.largest :]].sum(dtype=np.float64))
        bias = float(at.params["bias"][unit]) if self.bias else None
        rule, count = "Σ weight × value" + " + bias" * self.bias, len(order) - len(terms)
        return DenseCell(at.layer, at.cell, at.value, rule, terms, rest, count, bias, at.source)


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """Feature maps `(c, h, w)` to flat features `(c * h * w,)`, channel by channel and row by row."""

    title: ClassVar[str] = "Flatten"
    only_renames: ClassVar[bool] = True

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape `(c * h * w,)`."""
        return (prod(input_shape),)

    def forward(self, x: FloatArray, params: Params) -> FloatArray:
        """Give the same numbers in one row per sample."""
        return x.reshape(len(x), prod(x.shape[1:]))

    def input_gradient(self, d_out: FloatArray, x: FloatArray, out: FloatArray, params: Params) -> FloatArray:
        """Give the gradient the shape of the maps again."""
        return d_out.reshape(x.shape)
