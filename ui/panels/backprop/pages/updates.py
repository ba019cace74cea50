"""Weights before and after, loss and prediction before and after; apply, undo, adopt."""

from dataclasses import replace

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.drawing import Asking, Colors, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Choice, Fit, Item, Page, across, down
from cnnviz.graphics.heat_map import fitting
from cnnviz.graphics.probabilities import PREDICTIONS, Predictions
from cnnviz.graphics.texts import VALUES, WORDS, Value, Values, Words
from cnnviz.network import Network
from cnnviz.quantities import format_signed, format_together
from ui.panels.backprop.asks import Adopt, Apply, Choose, SetSide, Undo
from ui.panels.backprop.focus import Focus, Now
from ui.panels.backprop.pages.plates import Plate, beside, joined, overview, weight_choices, weight_plate
from ui.panels.backprop.passes import Pass, Preview

_MOST_CHARACTERS = 13  # of a loss: there is room for them beside its name
_EXPECTED = (
    "Change if the loss were a straight line: each weight's step times the slope of the loss, added up"
)
_TIPS = (
    "Parameter whose weights are shown; all of them are updated",
    "η: how far each weight moves for a gradient of 1. It begins as the run's own rate",
)
_RATES = ((1e-7,), (1e3,))
_ADOPT = "Continue the training run from the changed weights; until then the run is not touched"
_BUTTONS = (
    (Apply(), "Apply the update", "zap", "Take this step on a copy of the network"),
    (Undo(), "Undo", "undo-2", "Take the last trial step back"),
    (Adopt(), "Adopt", "check", _ADOPT),
)


def page(now: Now) -> Page:
    """Controls, the maps before and after, what comes of it, and buttons."""
    passed, focus = now.passed, now.focus
    names = tuple(passed.network.params)
    followed = names[0] if now.target is None or not now.target.is_parameter else now.target.name
    name = focus.parameter if focus.parameter in names else followed
    known = now.preview if now.preview is not None and now.preview.passed is passed else None
    plates = _plates(passed, name, focus.still(), None if known is None else known.network)
    cards = [
        each.card(f"map {n}", focus, covered=focus.is_covered and n == 2) for n, each in enumerate(plates)
    ]
    maps = across(*overview(plates[1]), joined(tuple(cards), ("+", "=")), room=Share(7), gap=8)
    preview = None if focus.is_covered else known
    likely = _predictions(passed, None if preview is None else tuple(preview.probabilities.tolist()))
    tip = "Probability of each class: grey now, coloured if the update is applied"
    lower = (
        Card("outcome", VALUES, _outcome(passed, preview), "Loss of this sample"),
        Card("likely", PREDICTIONS, likely, "Prediction", "", tip),
    )
    is_on = known is not None, bool(passed.trial.networks), bool(passed.trial.networks)
    buttons = tuple(
        Choice(title, "press", title, ask, None, (), tip, icon, is_primary=ask == Apply(), is_enabled=on)
        for (ask, title, icon, tip), on in zip(_BUTTONS, is_on, strict=True)
    )
    options, has_units = tuple((each, each) for each in names), passed.network.params[name].ndim > 1
    controls = (
        Choice("parameter", "list", "Parameter", Asking(Choose, "parameter"), name, options, tip=_TIPS[0]),
        *(weight_choices(passed, focus, name.rpartition(".")[0]) if has_units else ()),
        Card("space", WORDS, Words("")),
        Card("rate name", WORDS, Words("Rate η", align="middle"), room=None, is_label=True),
        Choice(
            "rate", "number", "Learning rate", Asking(Choose, "rate"), focus.rate, _RATES, _TIPS[1], room=96
        ),
    )
    rows: tuple[Item, ...] = (
        across(*controls, room=None, gap=8),
        maps,
        across(*lower, room=None, gap=24),
        *_why(preview),
        across(*buttons, room=None, gap=8),
    )
    return Page(down(*rows), fit=Fit("map 0", fitting, focus.side, SetSide))


@kept
def _predictions(passed: Pass, updated: tuple[float, ...] | None) -> Predictions:
    before, after = passed.probabilities, None if updated is None else np.array(updated)
    return Predictions(passed.names, before, after, ("now", "if applied"), ("muted", "accent"), passed.label)


@kept
def _plates(passed: Pass, name: str, focus: Focus, updated: Network | None) -> tuple[Plate, ...]:
    """Part of a parameter before the update, its step, and the part after the update."""
    before, step = passed.network.params[name], -focus.rate * passed.gradients.params[name]
    after = before if updated is None else updated.params[name]
    colors = Colors.of("signed", before, after)

    def part(array: FloatArray, colors: Colors, *words: str) -> Plate:
        title, caption, tip = words
        return weight_plate(passed, name, focus, array, (title, caption, tip), colors)

    first, last = beside(
        part(before, colors, "Before w", "", "Weights as they are; click one to check it"),
        part(after, colors, "After w′", "", "Weights after the update"),
    )
    own = Colors.of("signed", step)
    added = part(step, own, "Step", "−η · ∂L/∂w", "What is added to each weight")
    if unit := added.map.notation.unit.removeprefix("× "):
        added = replace(added, title=f"Step, in units of {unit}")
    return first, added, last


def _outcome(passed: Pass, preview: Preview | None) -> Values:
    trial, count = passed.trial, len(passed.trial.networks)
    losses = [*trial.losses[:1], passed.gradients.loss, *(() if preview is None else (preview.loss,))]
    texts = iter(format_together(losses, 6, longest=_MOST_CHARACTERS))
    rows = [Value("run", "before any update", next(texts))] if count else []
    rows.append(Value("before", f"now, after {trial.words}" if count else "now", next(texts)))
    if preview is not None:
        change = preview.loss - passed.gradients.loss
        changes = format_together((change, preview.expected), 4, format_signed, longest=_MOST_CHARACTERS)
        rows += [
            Value("after", "if applied", next(texts), "success" if change < 0 else "danger"),
            Value("change", "change if applied", changes[0]),
            Value("expected", "change by the slope", changes[1], tip=_EXPECTED),
        ]
    return Values(tuple(rows))


def _why(preview: Preview | None) -> tuple[Item, ...]:
    """Say why the slope promises something else than the step times the gradient, where it does."""
    if preview is None or preview.passed.rule != "all":
        return ()
    told, promised = (format_signed(each, 4) for each in (preview.product, preview.expected))
    text = f"Step times gradient, −η‖∂L/∂w‖², would be {told}: the rule “all” counts tied cells several times"
    words = Words(f"{text}, so the gradient is not the slope of the loss.", "small", "muted")
    return (Card("why", WORDS, words, room=None, spare=1),) if told != promised else ()
