"""Which cells of the other stages belong to a cell: those it is computed from, and those it feeds."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cnnviz._types import IntArray
from cnnviz.drawing import Block
from cnnviz.errors import CNNVizError
from cnnviz.graphics.tiles import Marked
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


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """What is marked in each stage for one cell, units as columns of row 0; its cells of the input."""

    marks: dict[str, list[Marked]]
    image_field: Field | None

    @property
    def sees(self) -> str:
        """What the cell sees of the image, such as "sees rows 12–14, columns 9–11"."""
        field = self.image_field
        if field is None:
            return ""
        if not len(field.rows) or not len(field.columns):
            return "sees padding only"
        return f"sees {_span(field.rows, 'row')}, {_span(field.columns, 'column')}"


def _span(places: IntArray, noun: str) -> str:
    first, last = int(places[0]), int(places[-1])
    return f"{noun} {first}" if first == last else f"{noun}s {first}–{last}"


def is_cell_of(network: Network, cell: PinnedCell) -> bool:
    """Whether a network has such a cell."""
    with suppress(CNNVizError):
        checked_cell(network, cell.stage, cell.index)
        return True
    return False


def shown_pin(network: Network, cell: PinnedCell | None) -> PinnedCell | None:
    """Cell shown for the pinned one, if the network has it: for a flattened feature the cell that it was."""
    if cell is None or not is_cell_of(network, cell):
        return None
    index = stage_index(network, cell.stage)
    if index >= 0 and network.layers[index][1].only_renames:
        stage = stage_name(network, index - 1)
        return PinnedCell(stage, unravelled(cell.index[0], stage_shape(network, stage)))
    return cell


def links_of(
    network: Network, cell: PinnedCell, written: CellArithmetic | None, *, alone: bool = False
) -> Links:
    """Find what belongs to a cell: its window, itself, what it reads and feeds, and who wins.

    * `written`: how it came about: says who wins in a max pool.
    * `alone`: whether all but the cell itself is to be guessed.
    """
    *channel, row, column = cell.index if len(cell.index) == 3 else (0, *cell.index)
    own = Marked("selected", ((row, column, 1, 1),), tuple(channel) or None)
    if alone:
        return Links({cell.stage: [own]}, None)
    read, following = receptive_field(network, cell.stage, cell.index), _following(network, cell)
    window = _window(network, cell, following)
    marks = defaultdict[str, list[Marked]](list, {cell.stage: [own] if window is None else [window, own]})
    for role, found in (("receptive", read.values()), ("feeds", following)):
        for field in found:
            shape = stage_shape(network, field.stage)
            is_all = len(shape) == 1 or len(field.channels) == shape[0]
            channels = None if is_all else tuple(field.channels.tolist())
            marks[field.stage].append(Marked(role, _blocks(field, shape), channels))
    for stage, mark in _winners(network, cell, written) if isinstance(written, MaxPoolCell) else ():
        marks[stage].append(mark)
    return Links(marks, read.get(INPUT))


def _window(network: Network, cell: PinnedCell, following: list[Field]) -> Marked | None:
    """The pooling window that a cell lies in, if it lies in one alone."""
    for field in following:
        layer = network.layers[stage_index(network, field.stage)][1]
        is_alone = len(field.rows) == len(field.columns) == 1
        if layer.pool is not None and layer.geometry is not None and is_alone:
            # What comes between leaves each cell in its place.
            _, high, wide = stage_shape(network, cell.stage)
            rows, cols = layer.geometry.reads(field.rows, high), layer.geometry.reads(field.columns, wide)
            block = int(rows[0]), int(cols[0]), len(rows), len(cols)
            return Marked("window", (block,), (cell.index[0],))
    return None


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


def _winners(network: Network, cell: PinnedCell, window: MaxPoolCell) -> Iterator[tuple[str, Marked]]:
    """Cells that hold the maximum of a pooling window, also before an activation that comes between."""
    places = np.argwhere(window.winners).tolist()
    blocks = tuple((int(window.rows[r]), int(window.columns[c]), 1, 1) for r, c in places)
    mark = Marked("winner", blocks, (cell.index[0],))
    for name, layer in reversed(network.layers[: stage_index(network, cell.stage)]):
        yield name, mark
        if not layer.is_elementwise:
            break


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
