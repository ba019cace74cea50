"""Check one number: whether the loss does what the gradient says."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from cnnviz.drawing.page import REST, Card, Choice, Item, Page, across, down
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker
from cnnviz.graphics.texts import VALUES, WORDS, Value, Values, Words
from cnnviz.quantities import format_cell, format_signed, format_together, format_value
from cnnviz.routing import TOLERANCE, Poke, Target, pool_after
from ui.panels.backprop import asks
from ui.panels.backprop.arithmetic import filter_weight, target_words
from ui.panels.backprop.focus import Now, PokeOutcome, StepKind, backward_steps
from ui.panels.backprop.passes import Pass

_KINK = (
    "Within ±ε something switches: the finite difference mixes several slopes. The loss has one here, which "
    "a smaller ε measures."
)
_TIE_RULE = "Tied cells change the loss once, together, but “all” counts each of them. Under “first”"
_CURVED = (
    "The loss is a curve, and ε is so large that it bends on the way. Make ε smaller: the gradient then "
    "agrees."
)
VERDICTS = {
    "ok": ("agrees", "success", "Gradient and finite difference agree."),
    "kink": ("differs: kink", "warning", _KINK),
    "tie_rule": ("differs: tie rule", "warning", _TIE_RULE),
    "curvature": ("differs: curved loss", "warning", _CURVED),
    "mismatch": ("differs: unexplained", "danger", "They differ, and no kink explains it."),
}
_KINK_HERE = (
    "Right here the loss has a kink, and so no derivative: one slope above, another below. The finite "
    "difference is their mean, however small ε is."
)
_ZERO = "agrees: 0 = 0", "success", "Both are 0: changing this number by ±ε does not change the loss."
_LOSES = "Both are 0 because this cell loses its window: only the winner is passed on."
_WEIGHTED = StepKind.DENSE, StepKind.FILTER
_MARKED = 6
_NOTHING = (
    "Click any cell, pixel or weight: it is changed by ±ε, and the slope of the loss between (its finite "
    "difference) is compared with the gradient."
)
_TIP = "Let the rule “first” decide about tied cells in this panel; the run keeps its own"
_WITH_FIRST = Choice("with first", "press", "Check with “first”", asks.SetRule("first"), tip=_TIP)
#: What can be chosen for ε: 1, 2, 5 of each decade.
_EPS = (*(float(f"{digit}e{each}") for each in range(-8, 0) for digit in (1, 2, 5)), 1.0)
#: No higher than it must be, where the column is low; else it takes what is left.
_LOSS = replace(
    CURVES, size=lambda plot, look: (size := CURVES.size(plot, look))._replace(height=size.least_height)
)


def _choose(place: int) -> asks.Choose:
    return asks.Choose("eps", _EPS[place])


def _slider(eps: float) -> Item:
    """A slider with its name and its number."""
    title, tip = "Size of the change", "How far the number is changed, up and down"
    place = int(np.argmin(np.abs(np.log(_EPS) - np.log(eps))))
    ends, number = ((0,), (len(_EPS) - 1,)), Words(format_value(_EPS[place]), "mono", align="middle")
    return across(
        Card("eps name", WORDS, Words("ε", align="left middle"), room=None, is_label=True),
        Choice("eps", "slider", title, _choose, place, ends, tip, room=REST),
        Card("eps number", WORDS, number, room=54, is_label=True),
        room=None,
        gap=8,
    )


def page(now: Now) -> Page:
    """Target, ε, both sides of the comparison, and the loss over a range of pokes."""
    eps = _slider(now.focus.eps)
    title = "Check one number" if now.target is None else target_words(now.passed, now.target)
    items: list[Item] = [Card("title", WORDS, Words(title, "strong"), room=None)]
    items += [eps] if now.target is not None and now.target.is_parameter else [_way_to_weights(now), eps]
    poked = now.poked
    if poked is None or poked.poke.target != now.target:
        items.append(Card("hint", WORDS, Words(_NOTHING, ink="muted"), room=None))
    else:
        text, kind, _ = _ZERO if _is_zero(poked.poke) else VERDICTS[poked.poke.verdict]
        if poked.poke.verdict == "kink" and poked.poke.relative_error <= TOLERANCE:
            text, kind = "agrees despite a kink", "success"
        count = poked.curve.kinked_intervals
        kinks = {0: "no kink in sight", 1: "1 kink"}.get(count, f"kinks in {count} places")
        kinks += f", {_MARKED} marked" if count > _MARKED else ""
        tip = "Solid: the loss against the change. Dashed: the line with the slope of backprop. Orange: kinks"
        badge = Card("badge", WORDS, Words(text, "small strong", kind, "left middle"), room=None)
        items += [
            across(*[badge, *([_WITH_FIRST] if poked.poke.verdict == "tie_rule" else [])], room=None, gap=8),
            Card("hint", WORDS, Words(_reason(poked.poke, now.passed), ink="muted"), room=None),
            Card("outcome of the poke", VALUES, _values(poked.poke, kind), room=None),
            Card("loss", _LOSS, _plot(poked), "Loss", kinks, tip, is_live=True),
        ]
    return Page(down(*items, gap=6))


def _way_to_weights(now: Now) -> Choice:
    """Check a weight of the filter that is shown; or lead to the next step with weights, or to the last."""
    if now.step.kind is StepKind.FILTER:
        ask = asks.Poke(filter_weight(now.passed, now.step, now.focus))
        tip = "Check the weight of this filter with the largest gradient"
        return Choice("weights", "press", "Check a weight", ask, tip=tip)
    steps = backward_steps(now.passed.network)
    weighted = [place for place, step in enumerate(steps) if step.kind in _WEIGHTED]
    place = next((place for place in weighted if place > steps.index(now.step)), weighted[-1])
    tip = f"Go to the step {steps[place].title}, which has weights, and check one"
    return Choice("weights", "press", "Check a weight", asks.GoTo(place), tip=tip)


def _is_zero(result: Poke) -> bool:
    return result.gradient == result.central == 0 and not result.kinks


def _loses(passed: Pass, target: Target) -> bool:
    """Whether a cell lies in windows of a max pool, all of which other cells win."""
    name = None if target.is_parameter else pool_after(passed.network, target.name)
    if name is None or passed.routings[name].winners is None:
        return False
    ends = zip(target.index[1:], passed.routings[name].pooled.shape[1:], strict=True)
    is_read = all(place // passed.routings[name].pool.step < end for place, end in ends)
    return is_read and not (passed.routes(name).cells == target.index).all(axis=1).any()


def _reason(result: Poke, passed: Pass) -> str:
    """Say why the two sides agree or not: of several causes first the one that no ε removes."""
    says, bends, rule = VERDICTS[result.verdict][2], "", passed.rule
    if _is_zero(result):
        return _LOSES if _loses(passed, result.target) else _ZERO[2]
    if result.verdict == "tie_rule" and result.first_error <= TOLERANCE:
        says += " the two agree."
    elif result.verdict == "tie_rule":
        left, bends = format_value(result.first_error, 2), " The loss bends on the way."
        says += f" a relative difference of {left} is left, which a smaller ε removes."
    elif result.is_at_kink:
        says = _KINK_HERE
        if rule is not None and result.relative_error != result.first_error:
            says += f" For tied cells backprop gives what the rule “{rule}” says."
    if not result.kinks:
        return says + bends
    kink = min(result.kinks, key=lambda each: abs(each.value))
    what = "The winner changes" if kink.kind == "winner" else "A gate opens or closes"
    return f"{says} {what} at {format_signed(kink.value)}, in {kink.layer}, {format_cell(kink.cell)}."


def _values(result: Poke, role: str) -> Values:
    plus, minus = format_together((result.loss_plus, result.loss_minus), 9)
    central, gradient = format_together((result.central, result.gradient), 6, format_signed)
    error, tip = format_value(result.relative_error, 2), "|backprop − finite difference| / the larger of both"
    return Values((
        Value("plus", "loss at +ε", plus),
        Value("minus", "loss at −ε", minus),
        Value("difference", "finite difference", central, tip="Central difference: (L(+ε) − L(−ε)) / 2ε"),
        Value("gradient", "backprop", gradient, "accent"),
        Value("error", "relative difference", error, role, tip),
    ))  # fmt: skip


@lru_cache(4)
def _plot(poked: PokeOutcome) -> Curves:
    curve, result = poked.curve, poked.poke
    # Where a rule decides about ties, or the loss has a kink, the line is no tangent.
    is_tangent = result.verdict not in ("tie_rule", "mismatch") and not result.is_at_kink
    rule = poked.passed.rule
    line = "tangent" if is_tangent else "backprop" if rule is None else f"rule “{rule}”"
    tangent = Curve(line, curve.values, curve.tangent, "text", "dashed")
    marked = sorted(curve.kinks, key=lambda kink: abs(kink.value))[:_MARKED]
    words = ["winner flips here" if kink.kind == "winner" else "gate flips here" for kink in marked[:1]]
    markers = tuple(Marker(kink.value, words[0] if place == 0 else "") for place, kink in enumerate(marked))
    dots = [(0.0, result.loss, "accent")]
    reach = float(curve.values[-1])
    if reach / 50 < result.eps <= reach:
        dots += [(-result.eps, result.loss_minus, "muted"), (result.eps, result.loss_plus, "muted")]
    both = np.concatenate([curve.losses, curve.tangent])
    finite: list[float] = both[np.isfinite(both)].tolist() or [0.0]
    low, high = min(finite), max(finite)
    lines, top = (Curve("loss", curve.values, curve.losses), tangent), high if high > low else low + 1
    return Curves(lines, markers, "change", dots=tuple(dots), y_range=(low, top))
