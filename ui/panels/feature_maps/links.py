"""Which cells of the other stages belong to a cell: those it is computed from, and those it feeds."""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cnnviz._types import IntArray
from cnnviz.drawing import Block
from cnnviz.errors import CNNVizError
from cnnviz.inspect.receptive_field import (
    INPUT,
    Field,
    checked_cell,
    projective_fields,
    receptive_field,
    stage_index,
    stage_name,
    stage_shape,
)
from cnnviz.layers.cells import CellArithmetic, MaxPoolCell, unravelled
from cnnviz.network import Network
from ui.state import PinnedCell


@dataclass(frozen=True, slots=True)
class Mark:
    """Cells of one stage that are to be outlined, in some maps, or in all; units are columns of row 0."""

    role: str
    blocks: tuple[Block, ...]
    channels: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The marks of every stage for one cell.

    * `fields`: the cell itself, what it reads and what it feeds.
    * `winners`: cells that hold the maximum of a pooling window.
    * `image_field`: cells of the input that the cell is computed from.
    * `window`: the pooling window that the cell lies in.
    """

    cell: PinnedCell
    fields: dict[str, Mark]
    winners: dict[str, Mark]
    image_field: Field | None
    window: dict[str, Mark]

    def of(self, stage: str) -> tuple[Mark, ...]:
        """Marks of a stage."""
        return tuple(marks[stage] for marks in (self.window, self.fields, self.winners) if stage in marks)


def is_cell_of(network: Network, cell: PinnedCell) -> bool:
    """Whether a network has such a cell."""
    with suppress(CNNVizError):
        checked_cell(network, cell.stage, cell.index)
        return True
    return False


def shown_cell(network: Network, cell: PinnedCell) -> PinnedCell:
    """Cell that stands for a given one on the screen: a flattened feature is shown as the cell it was."""
    index = stage_index(network, cell.stage)
    if index >= 0 and network.layers[index][1].only_renames:
        stage = stage_name(network, index - 1)
        return PinnedCell(stage, unravelled(cell.index[0], stage_shape(network, stage)))
    return cell


def links_of(
    network: Network, cell: PinnedCell, written: CellArithmetic | None, before: Links | None = None
) -> Links:
    """Find what belongs to a cell.

    * `written`: how it came about: says who wins in a max pool.
    * `before`: those of the same cell, in a network that differs in weights only: all but winners stay.
    """
    winners = _winners(network, cell, written) if isinstance(written, MaxPoolCell) else {}
    if before is not None:
        return replace(before, winners=winners)
    fields = {cell.stage: _own_mark(cell)}
    read, following = receptive_field(network, cell.stage, cell.index), _following(network, cell)
    for role, found in (("receptive", read.values()), ("feeds", following)):
        for field in found:
            shape = stage_shape(network, field.stage)
            fields[field.stage] = Mark(role, _blocks(field, shape), _channels(network, field))
    return Links(cell, fields, winners, read.get(INPUT), _window(network, cell, following))


def _window(network: Network, cell: PinnedCell, following: list[Field]) -> dict[str, Mark]:
    """The pooling window that a cell lies in, if it lies in one alone."""
    for field in following:
        layer = network.layers[stage_index(network, field.stage)][1]
        is_alone = len(field.rows) == len(field.columns) == 1
        if layer.pool is not None and layer.geometry is not None and is_alone:
            # What comes between leaves each cell in its place.
            _, high, wide = stage_shape(network, cell.stage)
            rows, cols = layer.geometry.reads(field.rows, high), layer.geometry.reads(field.columns, wide)
            block = int(rows[0]), int(cols[0]), len(rows), len(cols)
            return {cell.stage: Mark("window", (block,), (cell.index[0],))}
    return {}


def _following(network: Network, cell: PinnedCell) -> list[Field]:
    """Cells fed in the next stage; an activation only passes on, so what comes after it is meant as well."""
    fields: list[Field] = []
    for field in projective_fields(network, cell.stage, cell.index):
        layer = network.layers[stage_index(network, field.stage)][1]
        if layer.only_renames:
            continue
        fields.append(field)
        if not layer.is_elementwise:
            break
    return fields


def _own_mark(cell: PinnedCell) -> Mark:
    if len(cell.index) == 1:
        return Mark("selected", ((0, cell.index[0], 1, 1),), None)
    channel, row, column = cell.index
    return Mark("selected", ((row, column, 1, 1),), (channel,))


def _winners(network: Network, cell: PinnedCell, window: MaxPoolCell) -> dict[str, Mark]:
    """Cells that hold the maximum of a pooling window, also before an activation that comes between."""
    places = np.argwhere(window.winners).tolist()
    blocks = tuple((int(window.rows[r]), int(window.columns[c]), 1, 1) for r, c in places)
    mark = Mark("winner", blocks, (cell.index[0],))
    found: dict[str, Mark] = {}
    for name, layer in reversed(network.layers[: stage_index(network, cell.stage)]):
        found[name] = mark
        if not layer.is_elementwise:
            break
    return found


def _blocks(field: Field, shape: tuple[int, ...]) -> tuple[Block, ...]:
    """Rectangles that cover the cells of a field; one, unless there are gaps."""
    if len(shape) == 1:
        return tuple((0, start, 1, count) for start, count in _runs(field.channels))
    if field.is_solid:
        # With its part over the border, so that the outline is cut off where padding is read.
        block = field.unclipped if len(field.rows) and len(field.columns) else field.rectangle
        return ((block.top, block.left, block.height, block.width),) if block.height else ()
    columns = _runs(field.columns)
    return tuple((top, left, high, wide) for top, high in _runs(field.rows) for left, wide in columns)


def _runs(indices: IntArray) -> list[tuple[int, int]]:
    """Start and length of each stretch of consecutive numbers in an ascending array."""
    if not len(indices):
        return []
    breaks: list[int] = (np.flatnonzero(np.diff(indices) > 1) + 1).tolist()
    return [(int(indices[start]), end - start) for start, end in pairwise([0, *breaks, len(indices)])]


def _channels(network: Network, field: Field) -> tuple[int, ...] | None:
    shape = stage_shape(network, field.stage)
    if len(shape) == 1 or len(field.channels) == shape[0]:
        return None
    return tuple(field.channels.tolist())
