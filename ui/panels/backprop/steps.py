"""The backward pass of any network as a list of steps."""

from dataclasses import dataclass, replace
from enum import StrEnum

from cnnviz.inspect.receptive_field import INPUT, stage_shape
from cnnviz.layers import Layer
from cnnviz.network import Network


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
    * `title`, `short`: for the step bar.
    """

    kind: StepKind
    layer: str
    stage: str
    title: str
    short: str


_TITLES = {
    StepKind.OUTPUT: ("Output", "Output"),
    StepKind.LOSS: ("Loss", "Loss"),
    StepKind.LOGITS: ("Gradient at the logit", "Logit"),
    StepKind.DENSE: ("Dense", "Dense"),
    StepKind.ARRIVE: ("Pooled maps", "Pooled"),
    StepKind.ROUTE: ("Pool routing", "Pool"),
    StepKind.GATE: ("Activation", "Gate"),
    StepKind.PASS: ("Passed on", "Pass"),
    StepKind.FILTER: ("Filter gradient", "Filter"),
    StepKind.INPUT: ("Input", "Input"),
    StepKind.UPDATE: ("Update", "Update"),
}


def backward_steps(network: Network) -> tuple[Step, ...]:
    """List the steps of a network, from its output back to its input, and the update at the end."""
    logits = network.layers[-1][0]
    steps = [_step(kind, "", logits) for kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS)]
    for position in range(len(network.layers) - 1, -1, -1):
        name, layer = network.layers[position]
        before = network.layers[position - 1][0] if position else INPUT
        steps.extend(_layer_steps(network, name, layer, before))
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
    title, short = _TITLES[kind]
    return Step(kind, layer, stage, title, short)


def _named(step: Step) -> Step:
    """Call a step by its layer, or by the stage at which the gradient arrives."""
    arrives = step.kind in (StepKind.ARRIVE, StepKind.PASS)
    short = f"→ {step.stage}" if arrives else step.layer
    return replace(step, title=f"{step.title}, {short.removeprefix('→ ')}", short=short)
