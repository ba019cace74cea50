"""Compare every gradient with a finite difference, and list what is worth a look."""

from collections.abc import Callable, Mapping
from functools import partial

from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Choice, Item, Page, down
from cnnviz.graphics.texts import DONE, VALUES, WORDS, Value, Values, Words
from cnnviz.layers import TIE_RULES
from cnnviz.quantities import format_count, format_signed, format_together, format_value
from cnnviz.routing import CheckEntry, GradientCheck, Target, Verdict
from ui.panels.backprop.asks import CancelCheck, Poke, StartCheck
from ui.panels.backprop.focus import Checks, Now
from ui.panels.backprop.passes import Pass

_LISTED = 200
_WITHOUT_KINK: tuple[Verdict, ...] = ("ok", "tie_rule", "mismatch")

_CHECK = "Compare every gradient with its finite difference, in the background"
_KINK = "Not compared: a winner or a gate switches however small the change, down to ±10⁻⁸"
_TIE_RULE = "The rule “all” counts a tied window several times; under “first” they agree"
_CHECKED = "Parameters changed by ±ε; by less where a winner or a gate would switch within it"
_AGREEING = "Largest relative error of the gradients that agree with their finite difference"
_COUNTING = "Largest relative error of these, where the finite difference counts all tied cells, too"
#: Name, colour role and tool tip of each row that counts a verdict.
_COUNTED: dict[Verdict, tuple[str, str, str]] = {
    "ok": ("agree", "success", "The gradient is the slope of the loss"),
    "kink": ("kink", "warning", _KINK),
    "tie_rule": ("differ: tie rule", "warning", _TIE_RULE),
    "mismatch": ("unexplained", "danger", "They differ for no known reason: the gradient is wrong"),
}


def page(now: Now) -> Page:
    """Button, or how much is done; outcome, in a column for each rule; and a list to click through."""
    passed, result = now.passed, dict(now.checks).get(now.passed.rule)
    counts = {} if result is None else result.counts
    items: list[Item] = [Card("title", WORDS, Words("Check all", "strong"), room=None)]
    if now.progress is None:
        title, tip = f"Check all {format_count(passed.network.parameter_count)} parameters", _CHECK
        items.append(Choice("check", "press", title, StartCheck(), tip=tip, icon="circle-check"))
    else:
        tip = "Share of the parameters that have been checked"
        items += [
            Card("progress", DONE, now.progress, "", "", tip, room=None),
            Choice("cancel", "press", "Cancel", CancelCheck(), tip="Stop the check", icon="x"),
        ]
    text = "Each parameter is changed by ±ε in float64; the change of the loss is compared with its gradient."
    if result is not None:
        text = _verdict_text(counts)
    elif now.checks:
        text += f" This was not done under “{passed.rule}” yet."
    items.append(Card("hint", WORDS, Words(text, ink="muted"), room=None))
    if now.checks and now.progress is None:
        items.append(Card("outcome", VALUES, _summary(passed, now.checks), room=None))
    if result is not None and now.progress is None:
        if counts["tie_rule"] and "first" not in dict(now.checks):
            tip = "The same check under the rule “first”, in a column of its own"
            items.append(Choice("with first", "press", "Check with “first”", StartCheck("first"), tip=tip))
        tip = "Kinks first, then the largest error. Click a row, or press Enter, to check this one alone"
        items.append(Card("parameters", VALUES, _entries(passed, result), "Parameters", "", tip, None, True))
    return Page(down(*items, gap=8))


@kept
def _summary(passed: Pass, checks: Checks) -> Values:
    """Each check in a column of its own."""
    known, columns = dict(checks), (None,) if passed.rule is None else TIE_RULES
    found = [known.get(each) for each in columns]
    has_ties = any(each is not None and each.counts["tie_rule"] for each in found)

    def row(key: str, name: str, text: Callable[[GradientCheck], str], role: str, tip: str) -> Value:
        first, *others = ["–" if each is None else text(each) for each in found]
        return Value(key, name, first, role, tip, tuple(others))

    def largest(verdict: Verdict, check: GradientCheck) -> str:
        return "".join(format_value(each.judged_error, 2) for each in check.entries(verdict, limit=1)) or "–"

    rows = [row("checked", "checked", lambda each: format_count(each.checked), "text", _CHECKED)]
    for verdict, (name, role, tip) in _COUNTED.items():
        rows.append(row(verdict, name, lambda each, key=verdict: format_count(each.counts[key]), role, tip))
        if verdict == "ok" or (verdict == "tie_rule" and has_ties):
            about = _AGREEING if verdict == "ok" else _COUNTING
            rows.append(row(f"error {verdict}", "largest error", partial(largest, verdict), "text", about))
    tip = "Rule for ties that was checked; the one in force is bold"
    return Values(tuple(rows), () if passed.rule is None else TIE_RULES, columns.index(passed.rule), tip)


@kept
def _entries(passed: Pass, result: GradientCheck) -> Values:
    del passed  # the list lives as long as it does
    rows: list[Value] = []
    kinks, others = result.entries("kink", limit=_LISTED), result.entries(*_WITHOUT_KINK, limit=_LISTED)
    for each in [*kinks, *others][:_LISTED]:
        name, error = f"{each.name}[{', '.join(map(str, each.index))}]", format_value(each.judged_error, 2)
        ask = Poke(Target(each.name, each.index))
        rows.append(Value(name, name, error, tip=_entry_text(each), ask=ask))
    return Values(tuple(rows), ("error",), current=-1, names="parameter")


def _entry_text(entry: CheckEntry) -> str:
    gradient, difference = format_together((entry.gradient, entry.difference), 6, format_signed)
    text = f"backprop {gradient}, finite difference {difference} (ε = {format_value(entry.eps)})"
    if entry.verdict == "tie_rule":
        text += f"\nunder “first” {format_signed(entry.first_gradient, 6)}"
    return text


def _verdict_text(counts: Mapping[Verdict, int]) -> str:
    total, agree = sum(counts.values()), counts["ok"]
    if counts["mismatch"]:
        return f"{format_count(counts['mismatch'])} of {format_count(total)} differ for no known reason."
    many = "All" if agree == total else f"{format_count(agree)} of"
    text = f"{many} {format_count(total)} gradients agree with the finite difference."
    if counts["tie_rule"]:
        text += (
            f" The rule “all” explains {format_count(counts['tie_rule'])}: tied cells move together and "
            "change the loss once, but “all” counts each of them. A finite difference that counts each, too, "
            "gives the same numbers. Under “first” the two agree."
        )
    if counts["kink"]:
        text += f" A kink explains {format_count(counts['kink'])}: there the loss has no derivative."
    return text
