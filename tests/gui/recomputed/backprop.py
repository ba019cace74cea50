"""Backprop: what stands in the maps of each step, from the gradients of the whole pass."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from cnnviz.drawing import unpacked
from cnnviz.network import Gradients, Network, Trace
from cnnviz.routing import pool_after
from tests.gui.recomputed.computing import Values, classes_of, near, read, trace_of
from tests.gui.recomputed.probes import probes, text_of
from ui.panels.backprop import BackpropPanel
from ui.panels.backprop.asks import PointAt
from ui.panels.backprop.steps import StepKind
from ui.session import Session


class _Pass:
    """Both passes of the sample, with the rule for ties that the panel has chosen."""

    def __init__(self, session: Session, panel: BackpropPanel) -> None:
        passed, shown = panel.model.passed, session.state.shown
        assert passed is not None
        assert shown is not None
        assert shown.origin is not None
        self.network: Network = shown.network
        if passed.rule is not None:  # the same weights, another rule
            experiment = replace(shown.origin.experiment, ties=passed.rule)
            network = experiment.build_network(self.network.input_shape)
            self.network = network.with_params(self.network.params)
        self.trace: Trace = trace_of(session)
        self.label = passed.label
        self.gradients: Gradients = self.network.gradients(self.trace.inputs, np.array([self.label]))
        self.names = [name for name, _ in self.network.layers]

    def before(self, layer: str) -> str:
        place = self.names.index(layer)
        return self.names[place - 1] if place else "input"

    def values(self, stage: str) -> Values:
        return self.trace.inputs[0] if stage == "input" else self.trace.outputs[stage][0]

    def gradient(self, stage: str) -> Values:
        return self.gradients.input[0] if stage == "input" else self.gradients.outputs[stage][0]


def backprop(session: Session) -> Iterator[str]:
    """Check the maps of the step that is in front, and the page beside them."""
    panel, shown = session.window.panel(BackpropPanel), session.state.shown
    passed, step = panel.model.passed, panel.model.step
    if passed is None or shown is None or shown.origin is None or passed.trial.words:
        return
    if passed.names != classes_of(session):
        yield f"classes {passed.names} instead of {classes_of(session)}"
    checks: dict[StepKind, Callable[[BackpropPanel, _Pass], Iterator[str]]] = {
        StepKind.OUTPUT: _output,
        StepKind.LOSS: _output,
        StepKind.LOGITS: _output,
        StepKind.DENSE: _maps,
        StepKind.ARRIVE: _maps,
        StepKind.GATE: _maps,
        StepKind.ROUTE: _route,
        StepKind.FILTER: _filter,
        StepKind.INPUT: _input,
        StepKind.UPDATE: _update,
    }
    yield from (f"{step.title}: {each}" for each in checks[step.kind](panel, _Pass(session, panel)))
    yield from probes(panel)


def _output(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    logits = passes.trace.logits[0].astype(np.float64)
    outputs = len(logits)
    padded = logits if outputs > 1 else np.array([0.0, *logits])
    powers = np.exp(padded - padded.max())
    shares = powers / powers.sum()
    truth = np.eye(len(shares))[passes.label]
    # p - 1 without the difference, which would lose digits where p is almost 1.
    slopes = shares.copy()
    slopes[passes.label] = -np.delete(shares, passes.label).sum()
    rows = {"z": logits, "p": shares, "y": truth, "d": slopes}
    for row in _card(panel, "numbers").content.numbers.rows:
        yield from near(row.key, row.values, rows[row.key][-outputs:])


def _card(panel: BackpropPanel, key: str) -> Any:
    """Return what a view of the step shows."""
    return panel.stack.view(key).content


def _maps(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    """Check maps of a stage: what it holds, or the gradient that reaches it."""
    assert panel.stack.page is not None
    for key in panel.stack.page.leaves():
        card = _card(panel, key) if key.startswith("map ") else None
        found = None if card is None else card.content.map.point and card.content.map.point(0, 0)
        if card is not None and isinstance(found, PointAt) and found.weight is None and found.stage:
            whole = passes.gradient(found.stage) if "∂L" in card.title else passes.values(found.stage)
            if whole.ndim == 3:
                channel = panel.model.focus.channel(passes.network, found.stage)
                yield from near(card.title, card.content.map.values, whole[channel])


def _route(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    step, focus = panel.model.step, panel.model.focus
    if focus.contrast:
        return
    before = passes.before(step.layer)
    channel = focus.channel(passes.network, step.stage)
    for key, whole in (
        ("values", passes.values(before)),
        ("arriving", passes.gradient(step.layer)),
        ("routed", passes.gradient(before)),
    ):
        yield from near(key, _card(panel, key).content.map.values, whole[channel])


def _filter(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    """Check the gradient of a filter, what it is made of, and that all terms add up to it."""
    layer, focus = panel.model.step.layer, panel.model.focus
    before = passes.before(layer)
    kernel, channel = (focus.channel(passes.network, stage) for stage in (layer, before))
    gradient = passes.gradients.params[f"{layer}.weight"][kernel, channel]
    read_from = pool_after(passes.network, layer) or layer
    for key, whole in (
        ("total", gradient),
        ("patch", passes.values(before)[channel]),
        ("arriving", passes.gradient(read_from)[kernel]),
    ):
        yield from near(key, _card(panel, key).content.map.values, whole)
    slider = panel.stack.view("count")
    if slider.value() == slider.maximum():
        yield from near("sum of all terms", _card(panel, "sum").content.map.values, gradient)


def _input(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    channel = panel.model.focus.channel(passes.network, "input")
    gradient = passes.gradient("input")[channel]
    yield from near("pixels", _card(panel, "pixels").content.map.values, gradient)
    tinted = unpacked(_card(panel, "saliency").content.whole.pixels).astype(np.int64)
    strong = np.abs(gradient) > np.abs(gradient).max() / 4
    colors = np.sign(tinted[..., 0] - tinted[..., 2])[strong]  # red raises the loss, blue lowers it
    yield from near("colours over the image", colors, np.sign(gradient)[strong])


def _update(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    yield from near("loss", read(text_of(_card(panel, "outcome"), "before")), passes.gradients.loss, 1e-4)
