"""How the value of one cell came about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz import functional
from cnnviz._passes import own_params
from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz._validation import check_int
from cnnviz.errors import ParameterError
from cnnviz.functional.max_pooling import TieRule
from cnnviz.inspect.receptive_field import (
    INPUT,
    Cell,
    checked_cell,
    stage_index,
    stage_shape,
    stage_values,
    window_geometry,
)
from cnnviz.layers import Activation, Conv2D, Dense, Flatten, Layer, MaxPool2D, Pool
from cnnviz.network import Network, Trace


@dataclass(frozen=True, slots=True, eq=False)
class CellArithmetic:
    """One cell and how its value came about; a subclass for each kind of layer.

    Arrays have the network's dtype, and so have the computations: what stands here are the very numbers of
    the forward pass. A `float` is such a number too (every float32 is a float).

    Attributes
    ----------
    layer : str
        Name of the layer whose output the cell belongs to.
    cell : tuple of int
        `(channel, row, column)`, or `(unit,)`.
    value : float
        The cell's value in the trace.
    """

    layer: str
    cell: Cell
    value: float


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

    Attributes
    ----------
    patch, kernel, products : ndarray of shape (c, k, k)
        What the filter sees (0.0 in the padding), its weights, and their products.
    running : ndarray of shape (c * k * k,)
        Sum after each product, in the order in which the engine adds: channel, row, column.
    """

    patch: FloatArray
    kernel: FloatArray
    products: FloatArray
    running: FloatArray
    bias: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ActivationCell(CellArithmetic):
    """A function of one number.

    Attributes
    ----------
    formula : str
        The function in text, with `z` for its input, such as ``"max(z, 0)"``.
    slope : float
        Derivative at the input as the engine takes it: what the gradient is multiplied with on its way back.
    """

    input: float
    formula: str
    slope: float


@dataclass(frozen=True, slots=True, eq=False)
class MaxPoolCell(WindowCell):
    """The largest number of a window.

    Attributes
    ----------
    values : ndarray of shape (k, k)
        The window; its maximum is `value`.
    winners : boolean ndarray of shape (k, k)
        Cells that hold the maximum.
    shares : ndarray of shape (k, k)
        What part of the gradient each cell gets under the rule in force.
    ties : {"first", "all", "split"}
        The rule in force.
    """

    values: FloatArray
    winners: NDArray[np.bool_]
    shares: FloatArray
    ties: TieRule

    @property
    def tied(self) -> bool:
        """Whether several cells hold the maximum, so that the rule matters."""
        return int(np.count_nonzero(self.winners)) > 1


def lead_of(window: NDArray[np.generic]) -> float | None:
    """By how much the maximum of a window is larger than the next number of it; None for a single cell."""
    ordered = np.sort(window.astype(np.float64), axis=None)
    return float(ordered[-1] - ordered[-2]) if ordered.size > 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class LinearPoolCell(WindowCell):
    """A weighted sum of a window: average or subsampling. The products add up to `value`.

    Attributes
    ----------
    values, weights, products : ndarray of shape (k, k)
        A subsampled window has a single cell of weight 1.
    """

    values: FloatArray
    weights: FloatArray
    products: FloatArray


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of a dense unit's sum.

    Attributes
    ----------
    unit : int
        Index of the feature.
    source : tuple of int
        Cell `(channel, row, column)` of the feature maps that were flattened, or `(unit,)` where the features
        come from another dense layer.
    """

    unit: int
    source: Cell
    weight: float
    value: float
    product: float


@dataclass(frozen=True, slots=True, eq=False)
class DenseCell(CellArithmetic):
    """A weighted sum of all features: `value` = sum of the largest terms + `rest` + `bias`.

    Attributes
    ----------
    largest : tuple of Contribution
        Terms of largest magnitude, largest first; of equal ones the first.
    rest : float
        Sum of the other terms, computed in float64.
    rest_count : int
        How many they are.
    source_stage : str
        Stage in which the sources of the terms lie.
    """

    largest: tuple[Contribution, ...]
    rest: float
    rest_count: int
    bias: float | None
    source_stage: str


@dataclass(frozen=True, slots=True, eq=False)
class FlattenCell(CellArithmetic):
    """A cell of the maps under a new index: `unit = (channel * height + row) * width + column`.

    Attributes
    ----------
    source : tuple of int
        The cell in the stage before, with the same value.
    """

    source: Cell


LARGEST = 10
"""How many terms of a dense unit are listed, if not asked otherwise."""


def explain_cell(
    network: Network, trace: Trace, layer: str, cell: Sequence[int], sample: int = 0, largest: int = LARGEST
) -> CellArithmetic:
    """Write out how one cell was computed.

    Parameters
    ----------
    trace : Trace
        What `network.forward` returned.
    layer : str
        Name of the layer whose output the cell belongs to.
    cell : sequence of int
        `(channel, row, column)`, or `(unit,)` in a flat stage.
    sample : int
        Which sample of the batch.
    largest : int
        How many terms of a dense unit to list one by one, >= 0.

    Raises
    ------
    ParameterError
        If there is no such layer, cell or sample, or the layer is the input, which is not computed.
    """
    if layer == INPUT:
        raise ParameterError("The input is not computed from anything: choose a cell of a layer.")
    place = checked_cell(network, layer, cell)
    check_int(sample, "sample", "explain_cell", 0, len(trace.inputs) - 1)
    index = stage_index(network, layer)
    x = stage_values(network, trace, index - 1)[sample]
    value = float(trace.outputs[layer][sample][place])
    described = network.layers[index][1]
    match described:
        case Conv2D():
            own = own_params(layer, described, network.params)
            return _explain_convolution(described, layer, place, value, x, own["weight"], own.get("bias"))
        case MaxPool2D():
            return _explain_max_pool(described, layer, place, value, x)
        case Pool():
            return _explain_linear_pool(described, layer, place, value, x)
        case Flatten():
            return FlattenCell(layer, place, value, _unravelled(place[0], x.shape))
        case Dense():
            check_int(largest, "largest", "explain_cell", minimum=0)
            return _explain_dense(network, index, place, value, x, largest)
        case Activation():
            return _explain_activation(described, layer, place, value, x)
        case _:
            raise ParameterError(
                f"The arithmetic of a {type(described).__name__} layer cannot be written out."
            )


def _unravelled(unit: int, shape: Shape) -> Cell:
    """Turn the index of a flattened feature into its cell."""
    return tuple(int(axis) for axis in np.unravel_index(unit, shape))


def _window(x: FloatArray, channel: int | slice, rows: IntArray, columns: IntArray) -> FloatArray:
    """Cut a window out of maps `(c, h, w)`; index -1 is padding and gives 0.0."""
    inside = (rows >= 0)[:, None] & (columns >= 0)
    return np.where(inside, x[channel][..., rows[:, None], columns], x.dtype.type(0))


def _window_axes(layer: Layer, cell: Cell, x: FloatArray) -> tuple[IntArray, IntArray]:
    geometry = window_geometry(layer)
    return geometry.cells(cell[1], x.shape[1]), geometry.cells(cell[2], x.shape[2])


def _explain_convolution(
    layer: Conv2D,
    name: str,
    cell: Cell,
    value: float,
    x: FloatArray,
    weight: FloatArray,
    bias: FloatArray | None,
) -> ConvolutionCell:
    rows, columns = _window_axes(layer, cell, x)
    patch = _window(x, slice(None), rows, columns)
    kernel = weight[cell[0]]
    with np.errstate(over="ignore", invalid="ignore"):
        products = patch * kernel
        running = np.add.accumulate(products.ravel())
    offset = None if bias is None else float(bias[cell[0]])
    return ConvolutionCell(name, cell, value, rows, columns, patch, kernel, products, running, offset)


def _explain_max_pool(layer: MaxPool2D, name: str, cell: Cell, value: float, x: FloatArray) -> MaxPoolCell:
    rows, columns = _window_axes(layer, cell, x)
    values = _window(x, cell[0], rows, columns)
    winners = functional.window_winners(values, np.asarray(values.max()))
    shares = functional.winner_shares(winners, layer.ties, x.dtype)
    return MaxPoolCell(name, cell, value, rows, columns, values, winners, shares, layer.ties)


def _explain_linear_pool(layer: Pool, name: str, cell: Cell, value: float, x: FloatArray) -> LinearPoolCell:
    rows, columns = _window_axes(layer, cell, x)
    values = _window(x, cell[0], rows, columns)
    weights = layer.shares(x[None], "first")[(0, *cell)]
    with np.errstate(over="ignore", invalid="ignore"):
        products = weights * values
    return LinearPoolCell(name, cell, value, rows, columns, values, weights, products)


def _explain_activation(
    layer: Activation, name: str, cell: Cell, value: float, x: FloatArray
) -> ActivationCell:
    one_cell = x[cell].reshape(1, 1)
    slope = layer.input_gradient(np.ones_like(one_cell), one_cell, layer.forward(one_cell, {}), {})
    return ActivationCell(name, cell, value, float(x[cell]), layer.formula, float(slope.item()))


def _explain_dense(
    network: Network, index: int, cell: Cell, value: float, x: FloatArray, largest: int
) -> DenseCell:
    name, layer = network.layers[index]
    own = own_params(name, layer, network.params)
    weights = own["weight"][cell[0]]
    with np.errstate(over="ignore", invalid="ignore"):
        products = weights * x
        order = np.argsort(-np.abs(products), kind="stable")
        rest = float(products[order[largest:]].sum(dtype=np.float64))
    stage = _source_stage(network, index)
    shape = stage_shape(network, stage)
    terms = tuple(
        Contribution(
            int(unit),
            _unravelled(int(unit), shape),
            float(weights[unit]),
            float(x[unit]),
            float(products[unit]),
        )
        for unit in order[:largest]
    )
    bias = float(own["bias"][cell[0]]) if "bias" in own else None
    return DenseCell(name, cell, value, terms, rest, len(order) - len(terms), bias, stage)


def _source_stage(network: Network, index: int) -> str:
    """Stage where a dense layer's features had rows and columns for the last time, or the one before it."""
    names = [INPUT, *(name for name, _ in network.layers)]
    for position in range(index - 1, -1, -1):
        layer = network.layers[position][1]
        if isinstance(layer, Flatten):
            return names[position]
        if not isinstance(layer, Activation):
            break
    return names[index]
