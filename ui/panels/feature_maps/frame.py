"""All arrays of one moment, ready to be drawn: computed in the background, consistent in itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.arithmetic import Evidence, dense_evidence
from cnnviz.datasets import to_input
from cnnviz.history import History
from cnnviz.network import Network, Trace
from cnnviz.receptive_field import INPUT
from cnnviz.snapshots import Snapshot
from ui.panels.analysis import Context
from ui.panels.feature_maps.plan import EVIDENCE, Column, Kind, Plan
from ui.state import Inspection, Sample

Levels = Mapping[str, tuple[float, float]]
"""Limits of the colour scale of each column, by its key."""


_MOMENTS = 48


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a network computes for a sample.

    Attributes
    ----------
    plan : Plan
    inspection : Inspection
    evidence : Evidence or None
        The chosen logit taken apart; None for a network without feature maps.
    levels : mapping from column key to limits
    """

    plan: Plan
    inspection: Inspection
    evidence: Evidence | None
    levels: Levels

    @property
    def network(self) -> Network:
        """The network."""
        return self.inspection.snapshot.network

    @property
    def trace(self) -> Trace:
        """What it computes."""
        return self.inspection.trace

    def values(self, column: Column) -> FloatArray:
        """Values of a column: `(maps, h, w)`, kernels `(filters, c, k, k)`, units and logits `(d,)`."""
        return _values(column, self.network, self.trace, self.evidence)

    def token(self, column: Column) -> object:
        """Object that stays the same as long as the values of a column do."""
        match column.kind:
            case Kind.IMAGE:
                return self.inspection.sample
            case Kind.KERNELS:
                return self.network.params[column.key]
            case _:
                return self

    def stage(self, stage: str) -> FloatArray:
        """Values of a stage, without the batch."""
        return self.trace.inputs[0] if stage == INPUT else self.trace.outputs[stage][0]


def make_frame(plan: Plan, inspection: Inspection, class_index: int | None) -> Frame:
    """Compute what is shown of an inspection beyond its trace.

    Parameters
    ----------
    plan : Plan
        Of the inspected network.
    inspection : Inspection
    class_index : int or None
        Class whose logit is taken apart; the predicted one when None.
    """
    network, trace = inspection.snapshot.network, inspection.trace
    evidence = evidence_of(plan, network, trace, class_index)
    return Frame(plan, inspection, evidence, levels_of(plan, network, trace, evidence))


def evidence_of(plan: Plan, network: Network, trace: Trace, class_index: int | None) -> Evidence | None:
    """Take the chosen logit apart; the only one where there is but one."""
    column = plan.column(EVIDENCE)
    if column is None:
        return None
    logits = trace.logits[0]
    if len(logits) == 1:
        chosen = 0
    else:
        chosen = int(np.argmax(logits)) if class_index is None else min(class_index, len(logits) - 1)
    return dense_evidence(network, trace, column.stage, chosen)


def levels_of(plan: Plan, network: Network, trace: Trace, evidence: Evidence | None) -> Levels:
    """Limits of every column, from all values of its layer."""
    levels: dict[str, tuple[float, float]] = {}
    for column in plan.columns:
        if column.kind is Kind.IMAGE:
            levels[column.key] = (-0.5, 0.5)  # black and white, as pixels enter the network
        else:
            levels[column.key] = _limits(_values(column, network, trace, evidence), column.signed)
    return levels


def moments_of(history: History, plan: Plan) -> list[Snapshot]:
    """Return moments of a run, evenly over what is on record, whose networks a plan describes."""
    steps = history.snapshots.steps
    if not steps:
        return []
    picked = {steps[round(place * (len(steps) - 1) / (_MOMENTS - 1))] for place in range(_MOMENTS)}
    snapshots = [history.snapshots.at(step) for step in sorted(picked)]
    return [snapshot for snapshot in snapshots if plan.describes(snapshot.network)]


def scan_levels(
    plan: Plan, snapshots: Sequence[Snapshot], sample: Sample, class_index: int | None, context: Context
) -> Levels:
    """Limits of every column over several moments of a run.

    Parameters
    ----------
    plan : Plan
    snapshots : sequence of Snapshot
        Moments of a run of the planned network, at least one.
    sample : Sample
    class_index : int or None
        As for `make_frame`.
    context : Context
        Is told the progress, and stops the scan when the result is no longer wanted.
    """
    levels: dict[str, tuple[float, float]] = {}
    for number, snapshot in enumerate(snapshots, start=1):
        network = snapshot.network
        trace = network.forward(to_input(sample.pixels[np.newaxis], network.dtype))
        evidence = evidence_of(plan, network, trace, class_index)
        levels = dict(union(levels, levels_of(plan, network, trace, evidence)))
        context.report(number / len(snapshots))
    return levels


def union(first: Levels, second: Levels) -> Levels:
    """Limits that hold both."""
    joined = dict(first)
    for key, (lo, hi) in second.items():
        if key in joined:
            lo, hi = min(lo, joined[key][0]), max(hi, joined[key][1])
        joined[key] = (lo, hi)
    return joined


def _limits(values: NDArray[np.floating], signed: bool) -> tuple[float, float]:
    """Symmetric limits for signed values, from 0 for others; what is not finite is left out."""
    lo, hi = float(values.min()), float(values.max())
    if not np.isfinite((lo, hi)).all():
        finite = values[np.isfinite(values)]
        lo, hi = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    largest = max(-lo, hi) if signed else hi
    if largest <= 0:
        largest = 1.0
    return (-largest if signed else 0.0), largest


def _values(column: Column, network: Network, trace: Trace, evidence: Evidence | None) -> FloatArray:
    match column.kind:
        case Kind.IMAGE:
            return trace.inputs[0]
        case Kind.KERNELS:
            return network.params[column.key]
        case Kind.EVIDENCE:
            assert evidence is not None
            return evidence.contributions
        case _:
            return trace.outputs[column.stage][0]
