"""What the panel looks at: which filter, which unit, which part of the maps, which cell."""

from dataclasses import dataclass, replace

import numpy as np

from cnnviz.inspect.receptive_field import INPUT, Cell, stage_shape
from cnnviz.network import Network
from cnnviz.quantities import format_cell
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, Target
from ui.choices import flag, maybe, named_values
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import is_maps


@dataclass(frozen=True)
class Focus:
    """View settings that all steps share, so that going from step to step one keeps one's place.

    * `channels`: pairs of a convolution layer and the number of a filter.
    * `units`: pairs of a dense layer and the number of a unit.
    * `center`: row and column, as fractions of the map, of what lies in the middle of the enlarged
      block.
    * `stage`, `cell`: cell that the pointer is on, else the pinned one; `cell` is empty if there is
      neither.
    * `terms`: how many terms of the filter gradient are summed; None for all.
    * `contrast`: pool whose routing is shown in place of the network's own; "" for its own.
    * `parameter`: parameter that the update step shows.
    * `weight`: weight that the pointer is on.
    * `is_covered`: whether the results of the step are covered, to be guessed first.
    * `side`: how many rows and columns of a map are shown: as many as there is room for with numbers.
    """

    channels: tuple[tuple[str, int], ...] = named_values(int, 0, 100_000)
    units: tuple[tuple[str, int], ...] = named_values(int, 0, 100_000)
    center: tuple[float, float] = maybe(float, 0, 1, usual=(0.5, 0.5))
    stage: str = ""
    cell: Cell = ()
    pinned: tuple[str, Cell] | None = None
    terms: int | None = maybe(int, 0, 10**6, usual=1)
    contrast: str = maybe(str, usual="")
    parameter: str = maybe(str, usual="")
    weight: ParameterTarget | None = None
    is_covered: bool = flag(False, kept="covered")
    side: tuple[int, int] = (6, 6)

    def still(self) -> "Focus":
        """The same without what follows the pointer."""
        return replace(self, stage="", cell=(), pinned=None, weight=None)

    def unpointed(self) -> "Focus":
        """The same without what the pointer is on."""
        return replace(self, stage="", cell=(), weight=None)

    def channel(self, network: Network, stage: str) -> int:
        """Filter that is looked at in a stage of maps."""
        if stage == INPUT:
            return min(dict(self.channels).get(INPUT, 0), network.input_shape[0] - 1)
        return min(dict(self.channels).get(block_of(network, stage), 0), stage_shape(network, stage)[0] - 1)

    def with_channel(self, network: Network, stage: str, channel: int) -> "Focus":
        """Look at another filter."""
        key = INPUT if stage == INPUT else block_of(network, stage)
        return replace(self, channels=tuple((dict(self.channels) | {key: channel}).items()), terms=1)

    def unit(self, network: Network, layer: str) -> int:
        """Unit of a dense layer that is looked at."""
        return min(dict(self.units).get(layer, 0), network.shapes[layer][0] - 1)

    def with_unit(self, layer: str, unit: int) -> "Focus":
        """Look at another unit."""
        return replace(self, units=tuple((dict(self.units) | {layer: unit}).items()))

    def pointed_at(self, stage: str) -> Cell:
        """Cell of a stage that is pointed at; empty if that is elsewhere."""
        return self.cell if self.cell and self.stage == stage else ()

    def pinned_at(self, stage: str) -> Cell:
        """Cell of a stage that is pinned; empty if that is elsewhere."""
        return self.pinned[1] if self.pinned is not None and self.pinned[0] == stage else ()

    def at(self, stage: str) -> Cell:
        """Cell of a stage that is pointed at, or pinned; empty if that is elsewhere."""
        return self.pointed_at(stage) or self.pinned_at(stage)


def block_of(network: Network, stage: str) -> str:
    """Convolution layer whose filters the channels of a stage belong to; ``"input"`` if there is none."""
    found = INPUT
    for name, layer in network.layers:
        if layer.has_filters:
            found = name
        if name == stage:
            break
    return found


def center_of(network: Network, stage: str, cell: Cell) -> tuple[float, float] | None:
    """Place of a cell as fractions of its map; None in a flat stage."""
    shape = stage_shape(network, stage)
    if len(shape) != 3:
        return None
    return (cell[1] + 0.5) / shape[1], (cell[2] + 0.5) / shape[2]


def first_focus(passed: Pass) -> Focus:
    """Look where there is most to see: at the window of the last pool that the largest gradient arrives at.

    Windows without a tie are preferred, for those have a single winner.
    """
    network, focus = passed.network, Focus()
    for name, routing in passed.routings.items():
        strength = np.abs(np.where(routing.tied, routing.incoming * 1e-3, routing.incoming))
        channel, row, column = np.unravel_index(int(np.argmax(strength)), strength.shape)
        focus = focus.with_channel(network, name, int(channel))
        _, height, width = routing.incoming.shape
        focus = replace(focus, center=((int(row) + 0.5) / height, (int(column) + 0.5) / width))
    for name in network.shapes:
        if not is_maps(network, name) and f"{name}.weight" in network.params:
            arriving = np.abs(passed.gradient(name))
            focus = focus.with_unit(name, int(np.argmax(arriving)))
    return focus


def target_of(stage: str, cell: Cell) -> Target:
    """Cell of a stage as something to poke."""
    return PixelTarget(cell) if stage == INPUT else CellTarget(stage, cell)


def stage_of(target: Target) -> str:
    """Stage of the pixel or cell that is poked, or name of the parameter."""
    match target:
        case PixelTarget():
            return INPUT
        case CellTarget():
            return target.layer
        case ParameterTarget():
            return target.name


def target_named(name: str, index: Cell, network: Network) -> Target | None:
    """What has this name (see `stage_of`) and index; None if the network has no such number."""
    shapes = {name: array.shape for name, array in network.params.items()}
    shape = {INPUT: network.input_shape, **network.shapes, **shapes}.get(name)
    if shape is None or len(index) != len(shape):
        return None
    if not all(place < side for place, side in zip(index, shape, strict=True)):
        return None
    return ParameterTarget(name, index) if name in shapes else target_of(name, index)


def describe_target(target: Target) -> str:
    """Name of what is poked, in words."""
    match target:
        case PixelTarget():
            return f"pixel, {format_cell(target.index[-2:])}"
        case CellTarget():
            return f"{target.layer}, {format_cell(target.index)}"
        case ParameterTarget():
            return f"{target.name}[{', '.join(map(str, target.index))}]"
