"""Each step in a formula with the sample's own numbers."""

import numpy as np

from cnnviz.inspect.receptive_field import INPUT, Cell
from cnnviz.layers import MaxPool2D, Pool
from cnnviz.quantities import format_one_plus, format_probability, format_value, rest_of
from ui.controls.formula_boxes import Formula, Script, Text, number, partial
from ui.panels.backprop.arithmetic import (
    Product,
    feature_index,
    focus_cell,
    products_into,
    slopes_of,
    source_stage,
)
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.sentences import patch_words
from ui.panels.backprop.steps import Step, StepKind
from ui.panels.backprop.windows import routed_cell

_TERMS_WRITTEN = 2
#: What a winner gets, and which winners get it.
_RULES = {
    "first": "  for the first winner",
    "all": "  for each winner",
    "split": " / ties  for each winner",
}
#: An equation holds within the figures printed: factors have one figure more than their product, and a power
#: as many as its result is sensitive to.
_FACTOR_DIGITS, _POWER_DIGITS = 5, 7


def formula_of(passed: Pass, step: Step, focus: Focus, learning_rate: float) -> Formula:
    """Rule of a step, continued with the numbers of the cell that is looked at.

    Parameters
    ----------
    passed : Pass
    step : Step
    focus : Focus
    learning_rate : float
        For the update.

    Returns
    -------
    Formula
    """
    match step.kind:
        case StepKind.OUTPUT:
            return _output(passed)
        case StepKind.LOSS:
            return _loss(passed)
        case StepKind.LOGITS:
            return _logits(passed, step, focus)
        case StepKind.DENSE:
            return _dense(passed, step, focus)
        case StepKind.ARRIVE | StepKind.INPUT:
            return _arrive(passed, step, focus)
        case StepKind.ROUTE:
            return _route(passed, step, focus)
        case StepKind.GATE:
            return _gate(passed, step, focus)
        case StepKind.FILTER:
            return _filter(passed, step, focus)
        case StepKind.UPDATE:
            return _update(learning_rate)


def _output(passed: Pass) -> Formula:
    if passed.has_one_logit:
        z = float(passed.trace.logits[0, 0])
        return (
            Text("p = σ(z) = 1 / (1 + e"),
            Script(sup="−z"),
            Text(") = 1 / (1 + e"),
            Script(sup=_plain(-z, _POWER_DIGITS), role="accent"),
            Text(") = "),
            Text(_probability(passed, 1), "accent", mono=True),
        )
    logits = passed.trace.logits[0].astype(np.float64)
    weights = np.exp(logits - logits.max())
    others = float(np.delete(weights, int(logits.argmax())).sum())
    return (
        Text("p"),
        Script(sub=passed.names[passed.label]),
        Text(" = e"),
        Script(sup="z"),
        Text(" / Σ e"),
        Script(sup="z"),
        Text(" = "),
        Text(_plain(float(weights[passed.label]), 5), mono=True),
        Text(" / "),
        Text(_bracketed(format_one_plus(others, 5)), mono=True),
        Text(" = "),
        Text(_probability(passed, passed.label), "accent", mono=True),
        Text(f"   (each logit less the largest, {_plain(float(logits.max()))})", "muted"),
    )


def _loss(passed: Pass) -> Formula:
    return (
        Text("L = −ln p"),
        Script(sub=passed.names[passed.label]),
        Text(" = −ln "),
        Text(_bracketed(_probability(passed, passed.label, 5)), mono=True),
        Text(" = "),
        Text(_plain(passed.gradients.loss, 4), "accent", mono=True),
    )


def _logits(passed: Pass, step: Step, focus: Focus) -> Formula:
    gradient = passed.gradient(step.stage)
    if passed.has_one_logit:
        unit, symbol, sub = 1, "y", ""
        taken, slope = passed.label, float(gradient[0])
    else:
        at = focus.at(step.stage)
        unit = at[0] if at else passed.label
        symbol, sub = "y", passed.names[unit]
        taken, slope = int(unit == passed.label), float(gradient[unit])
    script = (Script(sub=sub),) if sub else ()
    return (
        partial("L", "z", sub),
        Text(" = p"),
        *script,
        Text(f" − {symbol}"),
        *script,
        Text(" = "),
        Text(_probability(passed, unit, 5), mono=True),
        Text(" − "),
        Text(str(taken), mono=True),
        Text(" = "),
        number(slope, "accent", 4),
    )


def _dense(passed: Pass, step: Step, focus: Focus) -> Formula:
    layer, stage = step.layer, source_stage(passed, step.layer)
    unit = focus.unit(passed.network, layer)
    cell = focus_cell(passed, stage, focus, passed.values(stage))
    slope = passed.gradients.params[f"{layer}.weight"][unit, feature_index(passed, layer, cell)]
    formula: Formula = (
        partial("L", "w", _index(cell)),
        Text(" = "),
        partial("L", "z"),
        Text(" · a = "),
        number(float(passed.gradient(layer)[unit]), digits=_FACTOR_DIGITS),
        Text(" · "),
        number(float(passed.values(stage)[cell]), digits=_FACTOR_DIGITS),
        Text(" = "),
        number(float(slope), "accent", 4),
    )
    bias = passed.gradients.params.get(f"{layer}.bias")
    if bias is None:
        return formula
    own = number(float(bias[unit]), "accent", _FACTOR_DIGITS)
    return (*formula, Text("      "), partial("L", "b"), Text(" = "), partial("L", "z"), Text(" = "), own)


def _arrive(passed: Pass, step: Step, focus: Focus) -> Formula:
    cell = focus_cell(passed, step.stage, focus)
    symbol = "x" if step.stage == INPUT else "a"
    products = products_into(passed, step.layer, cell)
    total = float(passed.gradient(step.stage)[cell])
    rule: Formula = (partial("L", symbol, _index(cell)), Text(" = Σ w · "), partial("L", "z"), Text(" = "))
    return (*rule, *_sum(products, total))


def _route(passed: Pass, step: Step, focus: Focus) -> Formula:
    pool = passed.layer(step.layer)
    assert isinstance(pool, Pool)
    arriving = partial("L", "p")
    if pool.tie_rule is not None and isinstance(pool, MaxPool2D):
        # Where windows overlap, a cell may win several of them.
        before = "Σ windows  " if pool.step < pool.size else ""
        rule: Formula = (
            Text(before),
            arriving,
            Text(f"{_RULES[pool.tie_rule]} of the window,   0 for the others"),
        )
    else:
        rule = (Text("Σ windows  share · "), arriving)
    return (partial("L", "z"), Text(" = "), *rule, *_route_numbers(passed, step, focus))


def _route_numbers(passed: Pass, step: Step, focus: Focus) -> Formula:
    """What the cell that is looked at gets."""
    at = routed_cell(passed, step, focus)
    value, slope = float(passed.values(step.stage)[at]), float(passed.gradient(step.stage)[at])
    where = f"      cell ({', '.join(map(str, at[-2:]))}), z = "
    return (Text(where, "muted"), number(value, digits=4), Text(", gets ", "muted"), number(slope, "accent"))


def _gate(passed: Pass, step: Step, focus: Focus) -> Formula:
    cell = focus.at(step.stage) or focus.at(step.layer) or focus_cell(passed, step.stage, focus)
    arriving = number(float(passed.gradient(step.layer)[cell]), digits=_FACTOR_DIGITS)
    return (
        partial("L", "z", _index(cell)),
        Text(" = "),
        partial("L", "a"),
        Text(" · f′(z) = "),
        arriving,
        Text(" · f′("),
        number(float(passed.values(step.stage)[cell])),
        Text(") = "),
        arriving,
        Text(" · "),
        Text(_plain(float(slopes_of(passed, step.layer)[cell]), _FACTOR_DIGITS), mono=True),
        Text(" = "),
        number(float(passed.gradient(step.stage)[cell]), "accent", 4),
    )


def _filter(passed: Pass, step: Step, focus: Focus) -> Formula:
    terms = passed.terms(step.layer, focus.channel(passed.network, step.layer))
    is_window = terms.by == "window"
    count = len(terms.gradients)
    shown = count if focus.terms is None else min(focus.terms, count)
    return (
        partial("L", "w"),
        Text(f" = Σ {'windows' if is_window else 'cells'}  "),
        partial("L", "p" if is_window else "z"),
        Text(f" · {patch_words(passed, step.layer) if is_window else 'patch'}"),
        Text(f"      here {shown} of {count} terms, the largest first", "muted"),
    )


def _update(learning_rate: float) -> Formula:
    rate = Text(_plain(learning_rate), "accent", mono=True)
    return (Text("w ← w − η · "), partial("L", "w"), Text(",   η = "), rate)


def _sum(products: list[Product], total: float) -> Formula:
    """Largest products, how many more there are, and the sum."""
    parts: list[Text] = []
    for place, product in enumerate(products[:_TERMS_WRITTEN]):
        if place:
            parts.append(Text(" + "))
        parts += [number(product.weight), Text(" · "), number(product.gradient)]
    rest = len(products) - _TERMS_WRITTEN
    if rest > 0:
        parts.append(Text(f" + {rest} more", "muted"))
    return (*parts, Text(" = "), number(total, "accent"))


def _index(cell: Cell) -> str:
    return ",".join(map(str, cell[-2:] if len(cell) == 3 else cell))


def _plain(value: float, digits: int = 3) -> str:
    return format_value(value, digits)


def _probability(passed: Pass, place: int, digits: int = 4) -> str:
    """Probability of a class; one near 1 by what the other classes leave of it."""
    shares = passed.probabilities.tolist()
    return format_probability(shares[place], digits, rest_of(shares, place))


def _bracketed(text: str) -> str:
    """A number that is written as a sum or a difference, in brackets."""
    return f"({text})" if " " in text else text
