"""One cell and how its value came about; a class for each way in which layers compute."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Params, Shape

Cell = tuple[int, ...]
"""`(channel, row, column)` in feature maps, `(unit,)` in a flat stage."""


class CellPlace(NamedTuple):
    """What a layer is told to write out a cell of its output.

    * `layer`: name of the layer; `cell`, `value`: the cell and its value.
    * `x`: input of the layer for one sample, without the batch; `params`: its parameters.
    * `source`, `source_shape`: the stage in which the cells that it reads are shown, and its shape: where
      features had rows and columns for the last time, or the stage before the layer.
    * `largest`: how many terms of a long sum to list.
    """

    layer: str
    cell: Cell
    value: float
    x: FloatArray
    params: Params
    source: str
    source_shape: Shape
    largest: int


@dataclass(frozen=True, slots=True, eq=False)
class CellArithmetic:
    """One cell of the output of a layer and how its value came about; a subclass for each way of computing.

    Arrays have the network's dtype, and so have the computations: what stands here are the very numbers of
    the forward pass. A `float` is such a number too (every float32 is a float).

    * `rule`: how the value came about, in a formula; "" where that is not known.
    """

    layer: str
    cell: Cell
    value: float
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class WindowCell(CellArithmetic):
    """What convolution and pools share: the window of the input that they read."""

    # `rows`, `columns`: where in the input map the rows and columns of the window lie; -1 where they are
    # padding. Mirrored rows and columns of a blur name the ones they mirror.
    rows: IntArray
    columns: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ConvolutionCell(WindowCell):
    """A patch times a kernel, summed up: `value = running[-1] + bias`.

    * `patch`, `kernel`, `products`: shape (c, k, k). What the filter sees (0.0 in the padding), its weights,
      and their products.
    * `running`: shape (c * k * k,). Sum after each product, in the order in which the engine adds: channel,
      row, column.
    """

    patch: FloatArray
    kernel: FloatArray
    products: FloatArray
    running: FloatArray
    bias: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ActivationCell(CellArithmetic):
    """A function of one number; `rule` has `z` for its input, such as ``"max(z, 0)"``.

    * `slope`: derivative at the input as the engine takes it, which multiplies the gradient on its way back.
    """

    input: float
    slope: float


@dataclass(frozen=True, slots=True, eq=False)
class MaxPoolCell(WindowCell):
    """The largest number of a window; all arrays of shape (k, k).

    * `winners`: cells that hold the maximum.
    * `shares`: what part of the gradient each cell gets under `ties`, the rule in force.
    """

    values: FloatArray
    winners: NDArray[np.bool_]
    shares: FloatArray
    ties: str

    @property
    def tied(self) -> bool:
        """Whether several cells hold the maximum, so that the rule matters."""
        return int(np.count_nonzero(self.winners)) > 1


def lead_of(window: NDArray[np.generic]) -> float | None:
    """By how much the maximum of a window is larger than the next number of it; None for a single cell."""
    ordered = np.sort(window.astype(np.float64), axis=None)
    return float(ordered[-1] - ordered[-2]) if ordered.size > 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class WeightedCell(WindowCell):
    """A weighted sum of a window, such as a mean: products of shape (k, k) that add up to `value`.

    A subsampled window has a single cell of weight 1.
    """

    values: FloatArray
    weights: FloatArray
    products: FloatArray

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of(cls, at: CellPlace, window: tuple[IntArray, IntArray, FloatArray], weights: FloatArray) -> Any:
        """Multiply a window, given by its rows, its columns and its values, by its weights."""
        rows, columns, values = window
        rule = "Σ window × weights"
        return cls(at.layer, at.cell, at.value, rule, rows, columns, values, weights, weights * values)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of a dense unit's sum.

    * `unit`: index of the feature.
    * `source`: cell `(channel, row, column)` of the feature maps that were flattened, or `(unit,)` where the
      features come from another dense layer.
    """

    unit: int
    source: Cell
    weight: float
    value: float
    product: float


@dataclass(frozen=True, slots=True, eq=False)
class DenseCell(CellArithmetic):
    """A weighted sum of all features: `value` = sum of the largest terms + `rest` + `bias`.

    * `largest`: terms of largest magnitude, largest first; of equal ones the first.
    * `rest`, `rest_count`: sum of the other terms, computed in float64, and how many they are.
    * `source_stage`: stage in which the sources of the terms lie.
    """

    largest: tuple[Contribution, ...]
    rest: float
    rest_count: int
    bias: float | None
    source_stage: str


def unravelled(unit: int, shape: Shape) -> Cell:
    """Turn the flat index of a cell into its place."""
    return tuple(int(axis) for axis in np.unravel_index(unit, shape))
