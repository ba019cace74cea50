"""Backprop: maps of each step from the gradients of the whole pass; pokes and checks number by number."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from cnnviz.drawing import unpacked
from cnnviz.drawing.page import Card
from cnnviz.network import Gradients, Network, Trace
from cnnviz.routing import VERDICTS, Target, pool_after
from tests.engine.routing_cases import changed_outputs, loss_of
from tests.gui.recomputed.computing import Values, classes_of, near, trace_of
from tests.oracles import read_number as read
from tests.oracles import softmax_loop
from ui.page_view import PageView
from ui.panels.backprop.asks import PointAt
from ui.panels.backprop.focus import StepKind
from ui.panels.backprop.header import CHECK, POKE
from ui.panels.backprop.panel import BackpropPanel
from ui.session import Session


class _Pass:
    """Both passes of the sample, with the rule for ties that the panel has chosen."""

    def __init__(self, session: Session, panel: BackpropPanel) -> None:
        passed, shown = panel.model.passed, session.state.shown
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
    shares = softmax_loop(padded[np.newaxis] - padded.max())[0]
    truth = np.eye(len(shares))[passes.label]
    # p - 1 without the difference, which would lose digits where p is almost 1.
    slopes = shares.copy()
    slopes[passes.label] = -np.delete(shares, passes.label).sum()
    rows = {"s": logits, "p": shares, "y": truth, "d": slopes}
    for row in _card(panel, "numbers").content.numbers.rows:
        yield from near(row.key, row.values, rows[row.key][-outputs:])


def _card(panel: BackpropPanel, key: str) -> Any:
    """Return what a view of the step shows."""
    return panel.stack.view(key).content


def _maps(panel: BackpropPanel, passes: _Pass) -> Iterator[str]:
    """Check maps of a stage: what it holds, or the gradient that reaches it."""
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
    pool, before = panel.model.passed.routings[step.layer].pool, passes.before(step.layer)
    channel, route = focus.channel(passes.network, step.stage), _card(panel, "route").content.route
    (row, col), (rows, cols) = route.corner, route.values.shape
    block = channel, slice(row, row + rows), slice(col, col + cols)
    yield from near("values", route.values, passes.values(before)[block])
    if pool.step == pool.size == rows:  # windows neither overlap nor reach beyond themselves
        yield from near("gets", route.gets, passes.gradient(before)[block])
        pooled = passes.gradient(step.layer)[channel, row // rows, col // cols]
        yield from near("arriving", np.array([route.arriving]), np.array([pooled]))


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


#: Parameters of a check that are poked anew: the first of the list.
_LISTED = 5
#: Where a kink is nearer than the first of these, the check pokes less.
_EPS = (1e-5, 1e-6, 1e-7, 1e-8)
#: The loss of the sample where one number is changed by so much.
type Losses = Callable[[Target, float], float]


def probes(panel: BackpropPanel) -> Iterator[str]:
    """Check the page of the right column that is in front."""
    passed, side = panel.model.passed, panel.side
    x = passed.x.reshape(1, *passed.network.input_shape)

    def losses(target: Target, by: float) -> float:
        return loss_of(changed_outputs(passed.network, x, target, by), passed.label)

    if side.page() == POKE and panel.model.target is not None:
        yield from _poke(_cards(side.poke), panel.model.focus.eps, losses, panel.model.target)
    if side.page() == CHECK and "parameters" in _cards(side.check):
        yield from _check(_cards(side.check), losses)


def text_of(card: Any, key: str, column: int = 0) -> str:
    """Return the text of a row of numbers."""
    return next(row.texts[column] for row in card.content.rows if row.key == key)


def _cards(page: PageView) -> dict[str, Any]:
    """Return what the views in sight show."""
    return {key: page.view(key).content for key, leaf in page.page.leaves().items() if isinstance(leaf, Card)}


def _slope(at: Losses, target: Target, eps: float) -> float:
    return (at(target, eps) - at(target, -eps)) / (2 * eps)


def _poke(cards: dict[str, Any], eps: float, losses: Losses, target: Target) -> Iterator[str]:
    outcome = cards.get("outcome of the poke")
    if outcome is None:
        yield f"nothing is said of {target}"
        return
    for row, by in (("plus", eps), ("minus", -eps)):
        yield from near(f"{target} at {by}", read(text_of(outcome, row)), losses(target, by), 1e-7)
    difference, gradient = (read(text_of(outcome, row)) for row in ("difference", "gradient"))
    if abs(difference) > 1e-6:  # below it the loss has no digits left for a difference
        yield from near(f"slope of {target}", difference, _slope(losses, target, eps), 1e-4)
    if cards["badge"].content.words == "agrees" and abs(difference) > 1e-6:
        yield from near(f"gradient of {target}", gradient, difference, 1e-3)
    curve = cards["loss"].content.curves[0]
    for place in (0, len(curve.x) // 2, len(curve.x) - 1):
        yield from near(f"curve of {target}", curve.y[place], losses(target, float(curve.x[place])), 1e-9)


def _check(cards: dict[str, Any], losses: Losses) -> Iterator[str]:
    outcome = cards["outcome"]
    column = outcome.content.current
    for entry in cards["parameters"].content.rows[:_LISTED]:
        named = re.fullmatch(r"(.+)\[(.+)\]", entry.name)
        said = re.match(r"backprop (\S+), finite difference (\S+)", entry.tip)
        if named is None or said is None:
            yield f"{entry.name!r} says {entry.tip!r}"
            continue
        target = Target(named[1], tuple(map(int, named[2].split(", "))))
        faults = [
            [*near(f"difference of {entry.name}", read(said[2]), _slope(losses, target, eps), 1e-3)]
            for eps in _EPS
        ]
        if abs(_slope(losses, target, _EPS[0])) > 1e-5 and all(faults):
            yield from faults[0]
    counted = sum(read(text_of(outcome, verdict, column)) for verdict in VERDICTS)
    yield from near("verdicts", counted, read(text_of(outcome, "checked", column)))
