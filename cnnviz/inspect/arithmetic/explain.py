"""How the value of one cell came about."""

from collections.abc import Sequence

import numpy as np

from cnnviz import functional
from cnnviz._passes import own_params
from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz._validation import check_int
from cnnviz.errors import ParameterError
from cnnviz.inspect.arithmetic.cells import (
    ActivationCell,
    CellArithmetic,
    Contribution,
    ConvolutionCell,
    DenseCell,
    FlattenCell,
    LinearPoolCell,
    MaxPoolCell,
)
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
