"""What a session keeps of the backprop panel, and how the panel takes it back."""

from cnnviz.functional.max_pooling import TIE_RULES, TieRule
from cnnviz.session_state import View
from ui.panels.backprop.header import StepHeader
from ui.panels.backprop.model import EPS, REACH, BackpropModel
from ui.panels.backprop.probes import Probes
from ui.panels.backprop.side_column import SideColumn
from ui.panels.views import Choices, under


def view_of(model: BackpropModel, side: SideColumn, probes: Probes) -> View:
    """Return all choices by name; there must be a pass."""
    checked = probes.checked_rules()
    rule = None if model.passed is None else model.passed.rule
    return {
        **model.view_state(),
        **under("side", {**side.view_state(), "eps": model.eps, "range": model.reach}),
        "checked": rule in checked,
        "also_checked": " ".join(each for each in checked if each is not None and each != rule),
    }


def restore(model: BackpropModel, header: StepHeader, side: SideColumn, choices: Choices) -> None:
    """Choose everything; the rate stays where no other is said.

    The check is for the panel to begin, once the pass is that of the choices.
    """
    header.cover.setChecked(choices.flag("covers", False))
    rate = choices.number("rate", 1e-7, 1e3, model.rate)
    model.set_rate(rate)
    side.restore_view(choices.below("side"))
    model.eps = choices.below("side").number("eps", 1e-12, 1e3, EPS)
    model.reach = choices.below("side").number("range", 1e-12, 1e3, REACH)
    model.restore_view(choices)


def checked_rules(choices: Choices, rule: TieRule | None) -> tuple[TieRule | None, ...]:
    """Return under which rules for ties a session has checked the parameters; `rule` is the one in force."""
    others = choices.any_text("also_checked").split() if rule is not None else ()
    own = (rule,) if choices.flag("checked", False) else ()
    return (*(each for each in TIE_RULES if each in others and each != rule), *own)
