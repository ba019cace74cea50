"""Which cells a cell is computed from, and which cells it feeds, in every stage of a network.

A *stage* is the input, called ``"input"``, or the output of a layer, called by the layer's name. A cell is
`(channel, row, column)` in a stage of feature maps and `(unit,)` in a flat one. Everything here follows from
the layers' geometry alone: weights and images do not matter.

Every layer reads rows and columns independently of each other, so the cells that a cell depends on are always
the product of a set of channels, a set of rows and a set of columns. The sets may have gaps, where windows
stand further apart than they are wide, and mirrored pixels of a blur may lie on both sides of its window.

References
----------
.. [1] Araujo, Norris, Sim (2019), Computing Receptive Fields of Convolutional Neural Networks, Distill,
   doi:10.23915/distill.00021.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray, Shape
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import Layer
from cnnviz.layers.cells import Cell
from cnnviz.layers.windows import WindowGeometry
from cnnviz.network import Network, Trace

INPUT = "input"
"""Name of the first stage."""


class Rectangle(NamedTuple):
    """A block of cells; `top` and `left` may be negative, where it reaches over the border."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """Cells of one stage: all combinations of some channels, rows and columns.

    * `stage`: ``"input"`` or the name of a layer.
    * `channels`, `rows`, `columns`: ndarray of intp. Indices, ascending. A flat stage counts as one channel
      per unit, each of a single cell: `channels` holds the units, `rows` and `columns` only 0. Empty where
      nothing but padding is read.
    * `unclipped`: The block as if maps had no borders: with padding and mirrored positions. In a projective
      field, and in a flat stage, the same as `rectangle`.
    """

    stage: str
    channels: IntArray
    rows: IntArray
    columns: IntArray
    unclipped: Rectangle

    @property
    def rectangle(self) -> Rectangle:
        """Smallest block of real cells that holds all of them; 0 x 0 at (0, 0) if there are none."""
        return _bounds(self.rows, self.columns)

    @property
    def is_solid(self) -> bool:
        """Whether the rectangle has no gaps."""
        return self.rectangle.height * self.rectangle.width == len(self.rows) * len(self.columns)


def receptive_field(network: Network, layer: str, cell: Sequence[int]) -> dict[str, Field]:
    """Cells that one cell is computed from, in every earlier stage.

    * `layer`: Stage of the cell: the name of a layer, or ``"input"``.
    * `cell`: `(channel, row, column)`, or `(unit,)` in a flat stage.
    * Returns: dict from stage to Field. In the order of the network, the input first, the cell's own stage
      left out. A cell depends on all cells of its fields, and on no others. (Which of them matter for one
      image, for instance the winner of a max pool, is a question for `cnnviz.routing`.)
    * Raises ParameterError: if there is no such layer or cell.
    """
    index = stage_index(network, layer)
    field = _single(layer, checked_cell(network, layer, cell))
    fields: list[Field] = []
    for position in range(index, -1, -1):
        stage = stage_name(network, position - 1)
        field = _read_by(field, network.layers[position][1], stage, stage_shape(network, stage))
        fields.append(field)
    return {field.stage: field for field in reversed(fields)}


def projective_fields(network: Network, layer: str, cell: Sequence[int]) -> Iterator[Field]:
    """Cells that one cell feeds, stage by stage, for those who need the next ones only.

    * `network`, `layer`, `cell`: As for `receptive_field`.
    * Yields: In the order of the network, beginning with the stage after the cell's own; none for a logit.
      The fields are empty from where a border cell is dropped, or skipped by a stride.
    * Raises ParameterError: if there is no such layer or cell.
    """
    field = _single(layer, checked_cell(network, layer, cell))
    before = stage_shape(network, layer)
    for name, following in network.layers[stage_index(network, layer) + 1 :]:
        field = _fed_by(field, following, name, before, network.shapes[name])
        before = network.shapes[name]
        yield field


def window_geometry(layer: Layer) -> WindowGeometry:
    """Geometry of a layer that reads feature maps window by window; an activation's window is one cell.

    * Raises ParameterError: if the layer has no windows.
    """
    if layer.geometry is None:
        raise ParameterError(f"A {type(layer).__name__} layer does not read windows of feature maps.")
    return layer.geometry


def stage_index(network: Network, stage: str) -> int:
    """Position of a stage's layer in `network.layers`, -1 for the input.

    * Raises ParameterError: if there is no such layer.
    """
    if stage == INPUT:
        return -1
    names = [name for name, _ in network.layers]
    if stage not in names:
        raise ParameterError(f"The network has the stages input, {', '.join(names)}. Got {stage!r} instead.")
    return names.index(stage)


def stage_name(network: Network, index: int) -> str:
    """Stage after layer number `index`; below 0 the input."""
    return network.layers[index][0] if index >= 0 else INPUT


def stage_shape(network: Network, stage: str) -> Shape:
    """Shape of one sample in a stage, `(c, h, w)` or `(d,)`."""
    return network.input_shape if stage == INPUT else network.shapes[stage]


def stage_values(network: Network, trace: Trace, index: int) -> FloatArray:
    """Values of the stage after layer number `index`, a batch; -1 stands for the input."""
    return trace.outputs[network.layers[index][0]] if index >= 0 else trace.inputs


def source_stage(network: Network, index: int) -> str:
    """Stage in which the values that a layer reads had their first indices, if they got others since."""
    for position in range(index - 1, -1, -1):
        layer = network.layers[position][1]
        if layer.only_renames:
            return stage_name(network, position - 1)
        if not layer.is_elementwise:
            break
    return stage_name(network, index - 1)


def checked_cell(network: Network, stage: str, cell: Sequence[int]) -> Cell:
    """Return a cell as a tuple of int, or raise what is wrong with it.

    * Raises ShapeError: if the number of indices does not fit the stage.
    * Raises ParameterError: if there is no such stage, or an index lies outside it.
    """
    stage_index(network, stage)
    shape = stage_shape(network, stage)
    indices = tuple(int(index) for index in cell)
    if len(indices) != len(shape):
        wanted = "(channel, row, column)" if len(shape) == 3 else "(unit,)"
        raise ShapeError(f"A cell of {stage!r} is {wanted}. Got {indices} instead.")
    if not all(0 <= index < side for index, side in zip(indices, shape, strict=True)):
        last = tuple(side - 1 for side in shape)
        raise ParameterError(f"The cells of {stage!r} run up to {last}. Got {indices} instead.")
    return indices


def _read_by(field: Field, layer: Layer, stage: str, shape: Shape) -> Field:
    """Cells of a stage of `shape` that the `layer` after it reads to compute the cells of `field`."""
    if layer.only_renames:
        if len(shape) == 1:
            return _units(stage, field.channels)
        channels, rows, columns = (np.unique(axis) for axis in np.unravel_index(field.channels, shape))
        return Field(stage, channels, rows, columns, _bounds(rows, columns))
    if layer.geometry is None:
        return _all_of(stage, shape)
    if len(shape) == 1:  # an activation of flat features
        return _units(stage, field.channels)
    geometry = layer.geometry
    rows = geometry.reads(field.rows, shape[1])
    columns = geometry.reads(field.columns, shape[2])
    channels = np.arange(shape[0]) if layer.mixes_channels else field.channels
    top, height = geometry.span(field.unclipped.top, field.unclipped.height)
    left, width = geometry.span(field.unclipped.left, field.unclipped.width)
    return Field(stage, channels, rows, columns, Rectangle(top, left, height, width))


def _fed_by(field: Field, layer: Layer, stage: str, before: Shape, shape: Shape) -> Field:
    """Cells of the `layer` called `stage`, of `shape`, that read the cells of `field`, of shape `before`."""
    if layer.only_renames:
        grid = np.ix_(field.channels, field.rows, field.columns)
        return _units(stage, np.ravel_multi_index(grid, (*before, 1, 1)[:3]).ravel())
    if layer.geometry is None:
        anything = min(len(field.channels), len(field.rows), len(field.columns)) > 0
        return _all_of(stage, shape if anything else (0,))
    if len(before) == 1:
        return _units(stage, field.channels)
    geometry = layer.geometry
    rows = geometry.feeds(field.rows, before[1], shape[1])
    columns = geometry.feeds(field.columns, before[2], shape[2])
    channels = np.arange(shape[0]) if layer.mixes_channels else field.channels
    return Field(stage, channels, rows, columns, _bounds(rows, columns))


def _single(stage: str, cell: Cell) -> Field:
    if len(cell) == 1:
        return _units(stage, np.array(cell, dtype=np.intp))
    channel, row, column = (np.array([index], dtype=np.intp) for index in cell)
    return Field(stage, channel, row, column, Rectangle(cell[1], cell[2], 1, 1))


def _units(stage: str, units: NDArray[np.integer[Any]]) -> Field:
    zero = np.zeros(1, dtype=np.intp)
    return Field(stage, units.astype(np.intp, copy=False), zero, zero, Rectangle(0, 0, 1, 1))


def _all_of(stage: str, shape: Shape) -> Field:
    channels, rows, columns = (np.arange(side) for side in (*shape, 1, 1)[:3])
    return Field(stage, channels, rows, columns, _bounds(rows, columns))


def _bounds(rows: IntArray, columns: IntArray) -> Rectangle:
    if len(rows) == 0 or len(columns) == 0:
        return Rectangle(0, 0, 0, 0)
    top, left = int(rows[0]), int(columns[0])
    return Rectangle(top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)


def symbol_of(network: Network, stage: str) -> str:
    """Return the letter for a value of a stage in formulas: x for the input, else that of `Layer.symbol`."""
    for _, layer in reversed(network.layers[: stage_index(network, stage) + 1]):
        if layer.symbol:
            return layer.symbol
    return "x"
