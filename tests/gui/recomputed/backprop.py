"""Backprop: what stands in the maps of each step, from the gradients of the whole pass."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from cnnviz.network import Gradients, Network, Trace
from tests.gui.recomputed.computing import Values, classes_of, near, read, trace_of
from tests.gui.recomputed.probes import probes
from ui.panels.backprop import BackpropPanel
from ui.panels.backprop.map_card import MapCard
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
    for row, values in rows.items():
        if panel.output.maps[row].isVisible():
            yield from near(row, panel.output.maps[row].values, values[np.newaxis, -outputs:])


def _maps(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    """Check maps of a stage: what it holds, or the gradient that reaches it."""
    for card in panel.maps.cards:
        content = card.content()
        if card.isVisible() and content is not None and content.stage:
            holds = "∂L" not in content.title
            whole = passes.values(content.stage) if holds else passes.gradient(content.stage)
            if whole.ndim == 3:
                channel = panel.model.focus.channel(passes.network, content.stage)
                yield from _block(content.title, card, whole[channel])


def _route(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    step, focus = panel.model.step, panel.model.focus
    if focus.contrast:
        return
    before = passes.before(step.layer)
    channel = focus.channel(passes.network, step.stage)
    for what, view, whole in (
        ("values before the pool", panel.routing.values, passes.values(before)),
        ("arriving", panel.routing.arriving, passes.gradient(step.layer)),
        ("routed", panel.routing.routed, passes.gradient(before)),
    ):
        yield from _block(what, view, whole[channel])


def _filter(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    """Check the gradient of a filter, what it is made of, and that all terms add up to it."""
    view, layer, focus = panel.filter, panel.model.step.layer, panel.model.focus
    before = passes.before(layer)
    kernel, channel = (focus.channel(passes.network, stage) for stage in (layer, before))
    gradient = passes.gradients.params[f"{layer}.weight"][kernel, channel]
    yield from near("gradient", view.total.map.values, gradient)
    yield from _block("input", view.input, passes.values(before)[channel])
    arriving = view.arriving.content()
    assert arriving is not None
    yield from _block("arriving", view.arriving, passes.gradient(arriving.stage)[kernel])
    if view.slider.value() == view.slider.maximum():
        yield from near("sum of all terms", view.sum.map.values, gradient)


def _input(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    channel = panel.model.focus.channel(passes.network, "input")
    gradient = passes.gradient("input")[channel]
    yield from near("image", panel.input.saliency.values, passes.values("input")[channel])
    yield from _block("pixels", panel.input.pixels, gradient)


def _update(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    yield from near("loss", read(panel.update_view.outcome.text("before")), passes.gradients.loss, 1e-4)


def _block(what: str, card: MapCard, whole: Values) -> Iterator[str]:
    yield from near(what, card.map.values, card.map.block.cut(whole))
