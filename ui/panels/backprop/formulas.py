"""Each step in a formula with the sample's own numbers."""

import numpy as np

from cnnviz.layers import AvgPool2D, BlurPool2D, Conv2D, MaxPool2D
from cnnviz.receptive_field import INPUT, Cell
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
from ui.panels.backprop.steps import Step, StepKind, is_maps
from ui.widgets.formula_boxes import Formula, Script, Text, number, partial

_TERMS_WRITTEN = 2


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
    label = passed.names[passed.label]
    if passed.has_one_logit:
        z, p = float(passed.trace.logits[0, 0]), float(passed.probabilities[1])
        one = passed.names[1]
        formula = (
            Text("p = σ(z) = 1 / (1 + e"),
            Script(sup="−z"),
            Text(") = 1 / (1 + e"),
            Script(sup=_plain(-z), role="accent"),
            Text(") = "),
            number(p, "accent", 4),
        )
        sentence = f"Forwards first: all layers end in one number z, and the sigmoid turns it into the probability of class {one}."
        return Explanation(sentence, (formula,))
    logits, label_logit = passed.trace.logits[0], float(passed.trace.logits[0, passed.label])
    total, top = float(np.exp(logits.astype(np.float64) - logits.max()).sum()), float(logits.max())
    formula = (
        Text("p"),
        Script(sub=label),
        Text(" = e"),
        Script(sup="z"),
        Text(" / Σ e"),
        Script(sup="z"),
        Text(" = "),
        number(float(np.exp(label_logit - top))),
        Text(" / "),
        number(total),
        Text(" = "),
        number(float(passed.probabilities[passed.label]), "accent", 4),
        Text(f"   (each logit less the largest, {_plain(top)})", "muted"),
    )
    sentence = "Forwards first: the last layer gives one logit a class, and the softmax turns them into probabilities."
    return Explanation(sentence, (formula,))


def _loss(passed: Pass) -> Formula:
    label = passed.names[passed.label]
    p = float(passed.probabilities[passed.label])
    formula = (
        Text("L = −ln p"),
        Script(sub=label),
        Text(" = −ln "),
        number(p, digits=4),
        Text(" = "),
        number(passed.gradients.loss, "accent", 4),
    )
    sentence = (
        f"The loss is small when class {label} gets a probability near 1. Everything from here on asks: how does "
        "this number change?"
    )
    return Explanation(sentence, (formula,))


def _logits(passed: Pass, step: Step, focus: Focus) -> Formula:
    gradient = passed.gradient(step.stage)
    if passed.has_one_logit:
        p, y = float(passed.probabilities[1]), passed.label
        formula = (
            partial("L", "z"),
            Text(" = p − y = "),
            number(p, digits=4),
            Text(f" − {y} = "),
            number(float(gradient[0]), "accent", 4),
        )
        sentence = (
            "Sigmoid and logarithm cancel: the gradient at the logit is the probability less the label."
        )
        return Explanation(sentence, (formula,))
    at = focus.at(step.stage)
    unit = at[0] if at else passed.label
    is_label = int(unit == passed.label)
    formula = (
        partial("L", "z", passed.names[unit]),
        Text(" = p"),
        Script(sub=passed.names[unit]),
        Text(f" − {is_label} = "),
        number(float(passed.probabilities[unit]), digits=4),
        Text(f" − {is_label} = "),
        number(float(gradient[unit]), "accent", 4),
    )
    sentence = (
        "Softmax and logarithm cancel: the gradient at each logit is its probability, less 1 for the label. "
        "They add up to 0."
    )
    return Explanation(sentence, (formula,))


def _dense(passed: Pass, step: Step, focus: Focus) -> Formula:
    unit = focus.unit(passed.network, step.layer)
    stage = source_stage(passed, step.layer)
    is_map = is_maps(passed.network, stage)
    channel = focus.channel(passed.network, stage) if is_map else 0
    cell = focus_cell(passed, stage, focus.at(stage), channel)
    arriving = float(passed.gradient(step.layer)[unit])
    value = float(passed.values(stage)[cell])
    weight = passed.gradients.params[f"{step.layer}.weight"][unit, feature_index(passed, step.layer, cell)]
    formulas: list[Formula] = [
        (
            partial("L", "w", _index(cell)),
            Text(" = "),
            partial("L", "z"),
            Text(" · a = "),
            number(arriving),
            Text(" · "),
            number(value),
            Text(" = "),
            number(float(weight), "accent"),
        )
    ]
    bias = passed.gradients.params.get(f"{step.layer}.bias")
    if bias is not None:
        formulas[0] = (
            *formulas[0],
            Text("     "),
            partial("L", "b"),
            Text(" = "),
            partial("L", "z"),
            Text(" = "),
            number(float(bias[unit]), "accent"),
        )
    sentence = (
        "Each weight gets the gradient of its unit times what it was multiplied with on the way forwards."
    )
    return Explanation(sentence, tuple(formulas))


def _arrive(passed: Pass, step: Step, focus: Focus) -> Formula:
    stage = step.stage
    is_map = is_maps(passed.network, stage)
    channel = focus.channel(passed.network, stage) if is_map else 0
    cell = focus_cell(passed, stage, focus.at(stage), channel)
    products = products_into(passed, step.layer, cell)
    symbol = "x" if stage == INPUT else "a"
    rule: Formula = (partial("L", symbol, _index(cell)), Text(" = Σ w · "), partial("L", "z"), Text(" = "))
    formula = (*rule, *_sum(products, float(passed.gradient(stage)[cell])))
    if isinstance(passed.layer(step.layer), Conv2D):
        sentence = (
            "Each cell was read through several weights of every filter; the gradient comes back through the same "
            "weights, so the kernels slide over it turned by half."
        )
    else:
        sentence = (
            "The gradient goes back through the same weights by which the value came: times the weight, summed "
            "over all units."
        )
    if stage == INPUT:
        sentence = "At the end of the way: how the loss changes with each pixel. Red: brighter means more loss; blue: less."
    return Explanation(sentence, (formula,))


def _route(passed: Pass, step: Step, focus: Focus) -> Formula:
    layer = passed.layer(step.layer)
    left = (partial("L", "z"), Text(" = "))
    arriving = partial("L", "p")
    match layer:
        case MaxPool2D():
            share = " / ties" if passed.rule == "split" else ""
            formula: Formula = (
                *left,
                arriving,
                Text(f"{share}  if z is the winner of its window,   else 0"),
            )
            sentence = {
                "first": "Max pooling passes each gradient to the cell that won its window; every other cell gets "
                "exactly 0. Of tied cells the first wins.",
                "all": "Max pooling passes each gradient to the cell that won its window; every other cell gets "
                "exactly 0. Of tied cells each gets all of it.",
                "split": "Max pooling passes each gradient to the cell that won its window; every other cell gets "
                "exactly 0. Tied cells share it.",
            }[passed.rule or "first"]
        case AvgPool2D():
            formula = (*left, arriving, Text(f" / {layer.size**2}"))
            sentence = (
                "Average pooling has no winner: every cell of a window gets the same share of the gradient."
            )
        case BlurPool2D():
            formula = (*left, Text("Σ share · "), arriving)
            sentence = "Blur pooling spreads each gradient with the weights of its blur, over neighbouring windows too."
        case _:
            formula = (*left, arriving, Text("  for the first cell of the window,   else 0"))
            sentence = (
                "Subsampling looks at the first cell of each window only, and only that gets the gradient."
            )
    return Explanation(sentence, ((*formula, *_route_numbers(passed, step, focus)),))


def _route_numbers(passed: Pass, step: Step, focus: Focus) -> Formula:
    """What the window that is looked at gets and gives."""
    at = focus.at(step.stage)
    if not at:
        return ()
    value, gradient = float(passed.values(step.stage)[at]), float(passed.gradient(step.stage)[at])
    return (
        Text(f"     cell ({at[1]}, {at[2]}):  z = ", "muted"),
        number(value),
        Text("  gets ", "muted"),
        number(gradient, "accent"),
    )


def _gate(passed: Pass, step: Step, focus: Focus) -> Formula:
    stage = step.stage
    is_map = is_maps(passed.network, stage)
    channel = focus.channel(passed.network, stage) if is_map else 0
    cell = focus_cell(passed, stage, focus.at(stage) or focus.at(step.layer), channel)
    slope, arriving = float(slopes_of(passed, step.layer)[cell]), float(passed.gradient(step.layer)[cell])
    value, result = float(passed.values(stage)[cell]), float(passed.gradient(stage)[cell])
    formula = (
        partial("L", "z", _index(cell)),
        Text(" = "),
        partial("L", "a"),
        Text(" · f′(z) = "),
        number(arriving),
        Text(" · f′("),
        number(value),
        Text(") = "),
        number(arriving),
        Text(" · "),
        Text(_plain(slope), mono=True),
        Text(" = "),
        number(result, "accent"),
    )
    sentence = (
        "An activation is a gate: the gradient is multiplied with its slope at the value that went forwards. "
        "A closed ReLU lets nothing through."
    )
    return Explanation(sentence, (formula,))


def _filter(passed: Pass, step: Step, focus: Focus) -> Formula:
    channel = focus.channel(passed.network, step.layer)
    terms = passed.terms(step.layer, channel)
    by_window = terms.by == "window"
    count, shown = len(terms.gradients), focus.terms
    formula = (
        partial("L", "w"),
        Text(f" = Σ over {'windows' if by_window else 'cells'} of  "),
        partial("L", "p" if by_window else "z"),
        Text(f" · {'winning patch' if by_window else 'patch'}"),
        Text(
            f"     {count if shown is None else min(shown, count)} of {count} terms, the largest first",
            "muted",
        ),
    )
    pooled = "each window adds its gradient times the patch under its winner"
    plain = "each cell adds its gradient times the patch that the filter saw there"
    sentence = f"One kernel is used everywhere, so its gradient is a sum: {pooled if by_window else plain}."
    return Explanation(sentence, (formula,))


def _update(learning_rate: float) -> Formula:
    formula = (
        Text("w ← w − η · "),
        partial("L", "w"),
        Text(",   η = "),
        Text(_plain(learning_rate), "accent", mono=True),
    )
    sentence = (
        "Every weight takes a small step against its gradient. Try it here as often as you like: the training run "
        "is not touched unless you adopt the result."
    )
    return Explanation(sentence, (formula,))


def _sum(products: list[Product], total: float) -> Formula:
    """Largest products, dots for the rest, and the sum."""
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


def _plain(value: float) -> str:
    return number(value).text.removeprefix("+")
