"""All that the panel shows of one moment: arrays and words, computed by one pure function."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.datasets import to_input
from cnnviz.graphics.columns import EVIDENCE, Column, Kind, Plan, plan_of
from cnnviz.inspect.arithmetic import LogitContributions, logit_contributions
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.network import Network, Trace
from ui.panels.feature_maps.view import View
from ui.panels.scene import Scene, SceneRun
from ui.tasks import Context

Limits = tuple[float, float]
"""Values of the first and of the last colour."""
Levels = Mapping[str, Limits]
"""Limits of the colour scale of each column, by its key."""


MapScene = Scene[View]


@dataclass(frozen=True, eq=False)
class Picture(SceneRun):
    """What a network computes for a sample, and whose network and sample these are.

    * `evidence`: the chosen logit taken apart; None for a network without feature maps.
    * `levels`: limits of the colours: those of this moment, or wider ones that hold for several.
    """

    scene: MapScene
    plan: Plan
    trace: Trace
    evidence: LogitContributions | None
    levels: Levels

    @property
    def subject(self) -> tuple[object, ...]:
        """What fixed limits are of: the same for all moments of a run, seen with the same choices."""
        return self.scene.run_id, self.scene.sample, self.plan, self.scene.choices

    @property
    def network(self) -> Network:
        return self.scene.snapshot.network

    def values(self, column: Column) -> FloatArray:
        """Values of a column: `(maps, h, w)`, kernels `(filters, c, k, k)`, units and logits `(d,)`."""
        match column.kind:
            case Kind.IMAGE:
                return self.trace.inputs[0]
            case Kind.FILTERS:
                return self.network.params[column.key]
            case Kind.EVIDENCE:
                assert self.evidence is not None
                return self.evidence.contributions
            case _:
                return self.trace.outputs[column.stage][0]

    def token(self, column: Column) -> object:
        """Object that stays the same as long as the values of a column do."""
        match column.kind:
            case Kind.IMAGE:
                return self.scene.sample
            case Kind.FILTERS:
                return self.network.params[column.key]
            case _:
                return self.trace

    def stage(self, stage: str) -> FloatArray:
        """Values of a stage, without the batch."""
        return self.trace.inputs[0] if stage == INPUT else self.trace.outputs[stage][0]


def picture(scene: MapScene, _context: Context | None = None) -> Picture:
    """Compute all that is to be seen of a scene."""
    network = scene.snapshot.network
    plan = plan_of(network)
    trace = network.forward(to_input(scene.sample.pixels[np.newaxis], network.dtype))
    column, logits, chosen, evidence = plan.column(EVIDENCE), trace.logits[0], scene.choices.class_index, None
    if column is not None:
        index = chosen if chosen is not None and chosen < len(logits) else int(np.argmax(logits))
        relative = scene.choices.relative
        evidence = logit_contributions(network, trace, column.stage, index, relative=relative)
    found = Picture(scene, plan, trace, evidence, {})
    colors = {column.key: column.colors(found.values(column)) for column in plan.columns}
    return replace(found, levels={key: (each.lo, each.hi) for key, each in colors.items()})


def union(first: Levels, second: Levels) -> dict[str, Limits]:
    """Limits that hold both."""
    joined = dict(first)
    for key, (lo, hi) in second.items():
        if key in joined:
            lo, hi = min(lo, joined[key][0]), max(hi, joined[key][1])
        joined[key] = (lo, hi)
    return joined
