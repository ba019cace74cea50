"""The backward pass of any network as a list of steps, what is looked at in them, and what is known of it."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from cnnviz import routing
from cnnviz.inspect.receptive_field import INPUT, Cell, stage_name, stage_shape
from cnnviz.layers import Layer, TieRule
from cnnviz.network import Network
from cnnviz.quantities import format_cell
from cnnviz.routing import Target
from cnnviz.routing.agreement import DEFAULT_EPS
from ui.choices import flag, maybe, named_values
from ui.panels.backprop.passes import Pass, Preview


class StepKind(StrEnum):
    """What a step shows."""

    OUTPUT = "output"
    LOSS = "loss"
    LOGITS = "logits"
    DENSE = "dense"
    ARRIVE = "arrive"
    ROUTE = "route"
    GATE = "gate"
    PASS = "pass"
    FILTER = "filter"
    INPUT = "input"
    UPDATE = "update"


@dataclass(frozen=True)
class Step:
    """One step of the backward pass.

    * `layer`: layer that the gradient passes; "" for the steps that concern the whole network.
    * `stage`: stage whose gradient is the result: ``"input"`` or a layer's name.
    """

    kind: StepKind
    layer: str
    stage: str
    title: str
    short: str


#: Title and short one, where they are not the name of the kind.
_TITLES = {
    StepKind.LOGITS: ("Gradient at the logit", "Logit"),
    StepKind.ARRIVE: ("Pooled maps", "Pooled"),
    StepKind.ROUTE: ("Pool routing", "Pool"),
    StepKind.GATE: ("Activation", "Gate"),
    StepKind.PASS: ("Passed on", "Pass"),
    StepKind.FILTER: ("Filter gradient", "Filter"),
}


def backward_steps(network: Network) -> tuple[Step, ...]:
    """List the steps of a network, from its output back to its input, and the update at the end."""
    logits = network.layers[-1][0]
    steps = [_step(kind, "", logits) for kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS)]
    for position in range(len(network.layers) - 1, -1, -1):
        name, layer = network.layers[position]
        steps.extend(_layer_steps(network, name, layer, stage_name(network, position - 1)))
    steps.append(_step(StepKind.UPDATE, "", logits))
    titles = [step.title for step in steps]
    # Those that would appear twice are called by their layers.
    return tuple(step if titles.count(step.title) == 1 else _named(step) for step in steps)


def maps_stage(network: Network, stage: str) -> str:
    """Stage of feature maps that a flattened stage was made of; any other stage is its own."""
    names = [name for name, _ in network.layers]
    while stage != INPUT and network.layers[names.index(stage)][1].only_renames:
        place = names.index(stage)
        stage = names[place - 1] if place else INPUT
    return stage


def is_maps(network: Network, stage: str) -> bool:
    """Whether a stage consists of feature maps."""
    return len(stage_shape(network, stage)) == 3


def _layer_steps(network: Network, name: str, layer: Layer, before: str) -> list[Step]:
    source = maps_stage(network, before)
    if layer.parameter_names:
        kind = StepKind.FILTER if layer.has_filters else StepKind.DENSE
        arrival = _step(StepKind.INPUT if source == INPUT else StepKind.ARRIVE, name, source)
        if source != INPUT and not is_maps(network, source):
            arrival = replace(arrival, title="Units", short="Units")
        elif source != INPUT and source not in network.pools:
            arrival = replace(arrival, title="Feature maps", short="Maps")
        return [_step(kind, name, name), arrival]
    if layer.only_renames:
        return []
    if layer.is_elementwise or layer.pool is not None:
        return [_step(StepKind.GATE if layer.is_elementwise else StepKind.ROUTE, name, before)]
    step = _step(StepKind.INPUT if source == INPUT else StepKind.PASS, name, source)
    return [step if source == INPUT else replace(step, title=layer.title, short=layer.short or layer.title)]


def _step(kind: StepKind, layer: str, stage: str) -> Step:
    title, short = _TITLES.get(kind, (kind.capitalize(), kind.capitalize()))
    return Step(kind, layer, stage, title, short)


def _named(step: Step) -> Step:
    """Call a step by its layer, or by the stage at which the gradient arrives."""
    arrives = step.kind in (StepKind.ARRIVE, StepKind.PASS)
    short = f"→ {step.stage}" if arrives else step.layer
    return replace(step, title=f"{step.title}, {short.removeprefix('→ ')}", short=short)


@dataclass(frozen=True)
class Focus:
    """View settings that all steps share, so that going from step to step one keeps one's place.

    * `channels`: pairs of a convolution layer and the number of a filter.
    * `units`: pairs of a dense layer and the number of a unit.
    * `center`: row and column, as fractions of the map, of the middle of the enlarged block.
    * `stage`, `cell`: cell that the pointer is on; `cell` is empty if there is none.
    * `terms`: how many terms of the filter gradient are summed; None for all.
    * `parameter`: parameter that the update step shows.
    * `rate`: learning rate of the trial update.
    * `eps`: how far a number is poked.
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
    parameter: str = maybe(str, usual="")
    rate: float = maybe(float, 1e-7, 1e3, usual=1e-4)
    eps: float = maybe(float, 1e-12, 1e3, kept="side.eps", usual=DEFAULT_EPS)
    weight: Target | None = None
    is_covered: bool = flag(False, kept="covered")
    side: tuple[int, int] = (6, 6)

    def still(self) -> "Focus":
        """The same without what follows the pointer, and what no map depends on."""
        return replace(self.unpointed(), pinned=None, eps=DEFAULT_EPS)

    def unpointed(self) -> "Focus":
        """The same without what the pointer is on."""
        return replace(self, stage="", cell=(), weight=None)

    def channel(self, network: Network, stage: str) -> int:
        """Filter that is looked at in a stage of maps."""
        return min(dict(self.channels).get(block_of(network, stage), 0), stage_shape(network, stage)[0] - 1)

    def with_channel(self, network: Network, stage: str, channel: int) -> "Focus":
        terms = self.terms if channel == self.channel(network, stage) else 1
        channels = dict(self.channels) | {block_of(network, stage): channel}
        return replace(self, channels=tuple(channels.items()), terms=terms)

    def unit(self, network: Network, layer: str) -> int:
        """Unit of a dense layer that is looked at."""
        return min(dict(self.units).get(layer, 0), network.shapes[layer][0] - 1)

    def with_unit(self, layer: str, unit: int) -> "Focus":
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
    for name, layer in network.layers if stage != INPUT else ():
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


def first_focus(passed: Pass, before: Focus) -> Focus:
    """Look where there is most to see: at the window of the last pool that the largest gradient arrives at.

    Windows without a tie are preferred, for those have a single winner. All else is as before.
    """
    network, focus = passed.network, Focus()
    for name, pool in passed.routings.items():
        strength = np.abs(np.where(pool.tied, pool.incoming * 1e-3, pool.incoming))
        channel, row, column = np.unravel_index(int(np.argmax(strength)), strength.shape)
        focus = focus.with_channel(network, name, int(channel))
        _, height, width = pool.incoming.shape
        focus = replace(focus, center=((int(row) + 0.5) / height, (int(column) + 0.5) / width))
    for name in network.shapes:
        if not is_maps(network, name) and f"{name}.weight" in network.params:
            arriving = np.abs(passed.gradient(name))
            focus = focus.with_unit(name, int(np.argmax(arriving)))
    return replace(before, channels=focus.channels, units=focus.units, center=focus.center)


def target_named(name: str, index: Cell, network: Network) -> Target | None:
    """What has this name and index; None if the network has no such number."""
    shapes = {name: array.shape for name, array in network.params.items()}
    shape = {INPUT: network.input_shape, **network.shapes, **shapes}.get(name)
    if shape is None or len(index) != len(shape):
        return None
    if any(place >= side for place, side in zip(index, shape, strict=True)):
        return None
    return Target(name, index)


def describe_target(target: Target) -> str:
    """Name of what is poked, in words."""
    if target.is_parameter:
        return f"{target.name}[{', '.join(map(str, target.index))}]"
    if target.name == INPUT:
        return f"pixel, {format_cell(target.index[-2:])}"
    return f"{target.name}, {format_cell(target.index)}"


# -- what is known of a pass ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class PokeOutcome:
    """A poke, its curve, and the pass that it belongs to."""

    passed: Pass
    poke: routing.Poke
    curve: routing.PokeCurve


type Checks = tuple[tuple[TieRule | None, routing.GradientCheck], ...]
"""What was found under each rule for ties; under None in a network without a max pool."""


@dataclass(frozen=True)
class Now:
    """A pass, how it is looked at, and what was found out about it; `progress`: of a check under way."""

    passed: Pass
    step: Step
    focus: Focus
    target: Target | None = None
    preview: Preview | None = None
    poked: PokeOutcome | None = None
    checks: Checks = ()
    progress: float | None = None
