"""The proofs: a poke beside the loss by brute force, the check of all parameters, one update on trial."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cnnviz.experiment import LAB5
from cnnviz.layers import TIE_RULES
from cnnviz.network import Network
from cnnviz.routing import GradientCheck, Target, apply_update, check_all, poke_curve, with_ties
from cnnviz.routing import poke as poked_by
from tests.gui.backprop_desk import (
    cells,
    cut,
    engine,
    lab5,
    leaves,
    now_at,
    numbers,
    pass_of,
    two_blocks,
    value,
)
from tests.oracles import read_number as number
from ui.panels.backprop.asks import Adopt, Apply, Choose, Poke, SetRule, StartCheck, Undo
from ui.panels.backprop.focus import Focus, PokeOutcome, StepKind
from ui.panels.backprop.pages import Now, check, poke
from ui.panels.backprop.passes import Pass, preview_update

# -- poke ---------------------------------------------------------------------------------------------------


def poked(passed: Pass, target: Target, eps: float = 1e-4, reach: float = 0.5) -> Now:
    network, x, label = passed.network, passed.x, passed.label
    result = poked_by(network, x, label, target, eps)
    outcome = PokeOutcome(passed, result, poke_curve(network, x, label, target, reach, 161))
    return replace(now_at(passed, StepKind.ROUTE, eps=eps, reach=reach), target=target, poked=outcome)


def window_with_a_close_second(values: np.ndarray) -> tuple[int, int, float]:
    """Winner of a window without a tie, and how far it is above the second."""
    windows = values.reshape(13, 2, 13, 2).swapaxes(1, 2).reshape(13, 13, 4)
    gaps = np.diff(np.sort(windows))[..., -1]
    row, col = np.argwhere((gaps > 1e-3) & (gaps < 0.45))[0].tolist()
    i, j = divmod(int(windows[row, col].argmax()), 2)
    return 2 * row + i, 2 * col + j, float(gaps[row, col])


def test_a_poke_says_its_losses_and_the_plot_shows_loss_tangent_and_the_place_where_the_winner_flips() -> (
    None
):
    passed = pass_of(lab5(), rule="first")
    row, col, gap = window_with_a_close_second(passed.values("conv1")[0])
    target = Target("conv1", (0, row, col))
    now = poked(passed, target)
    shown, found = poke.page(now).leaves(), now.poked.poke
    outcome, plot = shown["outcome of the poke"], shown["loss"].content
    assert number(value(outcome, "plus")) == pytest.approx(found.loss_plus, abs=2e-9)
    assert number(value(outcome, "minus")) == pytest.approx(found.loss_minus, abs=2e-9)
    assert shown["badge"].content.words == "agrees"
    flips = [marker.x for marker in plot.markers]
    assert min(flips, key=lambda x: abs(x + gap)) == pytest.approx(-gap, abs=1e-4)
    assert [marker.words for marker in plot.markers if marker.words] == ["winner flips here"]
    loss, tangent = plot.curves
    middle = len(loss.x) // 2
    assert loss.y[middle] == tangent.y[middle]
    np.testing.assert_array_equal(loss.y, now.poked.curve.losses)
    slope = (tangent.y[-1] - tangent.y[0]) / (tangent.x[-1] - tangent.x[0])
    assert slope == pytest.approx(now.poked.poke.gradient, rel=1e-9)


def test_the_rule_all_is_named_as_the_reason_and_a_kink_says_whether_it_is_here_or_near_by() -> None:
    for rule, says in (("all", "tie rule"), ("first", "agrees")):
        shown = poke.page(poked(pass_of(lab5(), rule=rule), Target("conv1.weight", (0, 0, 0, 0)), 1e-6))
        assert shown.leaves()["badge"].content.words == says
        line = shown.leaves()["loss"].content.curves[1].name
        assert line == ("rule “all”" if rule == "all" else "tangent")
        offered = shown.leaves().get("with first")
        assert (offered.asks if offered else None) == (SetRule("first") if rule == "all" else None)
    weight, passed = Target("conv1.weight", (0, 0, 0, 0)), pass_of(lab5(), rule="all")
    both = poked(passed, weight, 0.1)
    said = poke.page(both).leaves()["hint"].content.words
    assert both.poked.poke.kinks
    assert said.startswith("The rule “all” makes the difference")
    assert "is left, which a smaller ε removes. The winner changes at" in said

    passed = pass_of(lab5(), rule="first")
    row, col, gap = window_with_a_close_second(passed.values("conv1")[0])
    near = poke.page(poked(passed, Target("conv1", (0, row, col)), 2 * gap)).leaves()
    assert near["badge"].content.words == "kink"
    assert "which a smaller ε measures" in near["hint"].content.words
    assert f"The winner changes at −{gap:.3g}"[:26] in near["hint"].content.words
    tied = np.argwhere(passed.routings["pool1"].winners[0].sum(axis=(-2, -1)) == 4)[0]
    here = poke.page(poked(passed, Target("conv1", (0, *(2 * tied).tolist())), 1e-6)).leaves()
    assert here["hint"].content.words.startswith("Right here the loss has a kink, and so no derivative")
    assert here["loss"].content.curves[1].name == "rule “first”", "which is no tangent"


def test_a_check_names_its_number_and_says_that_a_loser_of_its_window_gives_0_on_both_sides() -> None:
    passed = pass_of(lab5(), rule="first")
    row, col, _ = window_with_a_close_second(passed.values("conv1")[0])
    both = "Both are 0 because this cell loses its window"
    for loses, place in ((False, col), (True, col + 1 - 2 * (col % 2))):
        shown = poke.page(poked(passed, Target("conv1", (0, row, place)), 1e-6)).leaves()
        assert shown["title"].content.words == f"Check this cell: conv1, filter 0, row {row}, column {place}"
        assert shown["badge"].content.words == ("0 = 0" if loses else "agrees")
        assert shown["hint"].content.words.startswith(both) == loses
    pixel = poke.page(poked(passed, Target("input", (0, 0, 0)), 1e-6)).leaves()["title"].content.words
    assert pixel == "Check this pixel: row 0, column 0"
    nothing = poke.page(now_at(passed, StepKind.ROUTE)).leaves()
    assert "Click any cell" in nothing["hint"].content.words
    assert "outcome of the poke" not in nothing


# -- check all ----------------------------------------------------------------------------------------------


@cache
def checked(rule: str) -> GradientCheck:
    passed = pass_of(lab5(), rule=rule)
    return check_all(passed.network, passed.x, passed.label)


def at_check(rule: str, *rules: str, **more) -> dict:
    """The page of the check, with what was found under some rules."""
    now = now_at(pass_of(lab5(), rule=rule), StepKind.ROUTE)
    return check.page(replace(now, checks=tuple((each, checked(each)) for each in rules), **more)).leaves()


def test_a_check_is_offered_its_progress_is_shown_and_without_a_rule_it_has_one_column() -> None:
    offered = at_check("all")
    assert offered["check"].title == "Check all 1,425 parameters"
    assert offered["check"].asks == StartCheck()
    assert "outcome" not in offered
    assert "parameters" not in offered
    under_way = at_check("all", "first", progress=0.37)
    assert under_way["progress"].graphic.words(under_way["progress"].content) == "37 % done"
    assert not {"check", "outcome", "parameters"} & under_way.keys()

    passed = pass_of(replace(LAB5, pool="average", filters=(2,)).build_network())
    found = check_all(passed.network, passed.x, passed.label)
    now = replace(now_at(passed, StepKind.ROUTE), checks=((None, found),))
    outcome = check.page(now).leaves()["outcome"].content
    assert outcome.columns == ()
    assert {row.key: row.texts for row in outcome.rows}["ok"] == (f"{found.counts['ok']:,}",)


@pytest.mark.parametrize("rule", TIE_RULES)
def test_each_rule_for_ties_keeps_its_check_in_a_column_of_its_own(rule: str) -> None:
    shown = at_check(rule, "all", "first")
    outcome = shown["outcome"].content
    assert outcome.columns == TIE_RULES
    assert outcome.columns[outcome.current] == rule
    for name in ("all", "first"):
        texts = {row.key: row.texts[TIE_RULES.index(name)] for row in outcome.rows}
        for verdict, count in checked(name).counts.items():
            assert texts[verdict] == f"{count:,}"
        assert texts["checked"] == "1,425"
        assert texts["mismatch"] == "0"
    assert {row.texts[TIE_RULES.index("split")] for row in outcome.rows} == {"–"}
    assert ("parameters" in shown) is (rule != "split")
    said = shown["hint"].content.words
    agree = f"{checked('all').counts['ok']:,} of 1,425 gradients agree"
    says = {"split": "not done under “split”", "all": agree, "first": "1,425 gradients"}
    assert says[rule] in said
    assert ("The rule “all” explains 72" in said) is (rule == "all")
    assert {row.key: row.name for row in outcome.rows}["largest"] == "error left"
    assert checked("all").counts["tie_rule"]
    assert not checked("first").counts["tie_rule"]
    bold = outcome.lines[0].texts.index(rule)
    assert outcome.font(bold) == "mono strong"


def test_the_list_of_a_check_leads_to_pokes_and_can_be_chosen() -> None:
    shown = at_check("all", "all")
    kinds, listed = shown["kinds"], shown["parameters"]
    assert kinds.value == ("kink" if checked("all").counts["kink"] else "")
    assert kinds.off == tuple(each for each in ("kink", "tie_rule") if not checked("all").counts[each])
    assert kinds.asked("tie_rule") == Choose("listed", "tie_rule")
    tie_rule = at_check("all", "all", focus=Focus(listed="tie_rule"))["parameters"].content.rows
    assert len(tie_rule) == checked("all").counts["tie_rule"] == 72
    first = tie_rule[0].ask.target
    index = ", ".join(map(str, first.index))
    assert isinstance(tie_rule[0].ask, Poke)
    assert tie_rule[0].name == f"{first.name}[{index}]"
    gradient = checked("all").parameters[first.name].gradient[first.index]
    assert number(tie_rule[0].tip.split()[1].rstrip(",")) == pytest.approx(gradient, rel=1e-5)
    assert "under “first”" in tie_rule[0].tip
    assert shown["with first"].asks == StartCheck("first")
    assert shown["parameters"].tip.startswith("Click a row")
    assert "with first" not in at_check("all", "all", "first")
    assert listed.graphic.words(listed.content) == f"{len(listed.content.rows)} rows"


# -- one update on trial ------------------------------------------------------------------------------------


def at_update(network: Network | None = None, rule: str = "all", rate: float = 1e-4, **focus) -> Now:
    passed = pass_of(lab5() if network is None else network, rule=rule)
    now = now_at(passed, StepKind.UPDATE, rate=rate, **focus)
    return replace(now, preview=preview_update(passed, rate))


def test_the_preview_is_one_step_of_gradient_descent() -> None:
    now = at_update()
    passed, shown = now.passed, leaves(now)
    gradients = engine(passed, lab5())
    after = apply_update(lab5(), gradients, 1e-4)
    kernel = now.focus.channel(lab5(), "conv1")
    before, step, new = (cells(shown[f"map {n}"]) for n in range(3))
    np.testing.assert_array_equal(before, lab5().params["conv1.weight"][kernel, 0])
    np.testing.assert_allclose(step, -1e-4 * gradients.params["conv1.weight"][kernel, 0], rtol=1e-12)
    np.testing.assert_array_equal(new, after.params["conv1.weight"][kernel, 0])
    outcome = shown["outcome"]
    loss = engine(passed, after).loss
    assert number(value(outcome, "after")) == pytest.approx(loss, rel=1e-5)
    assert number(value(outcome, "after")) < number(value(outcome, "before"))
    likely = shown["likely"].content
    np.testing.assert_array_equal(likely.original, passed.probabilities)
    np.testing.assert_array_equal(likely.shifted, after.forward(passed.x).class_probabilities[0])
    assert "class 1: now " in likely.say()
    assert ", if applied " in likely.say()


@pytest.mark.parametrize("rule", TIE_RULES)
def test_what_the_slope_promises_is_what_a_small_step_does(rule: str) -> None:
    """Under every rule: over a thousandth of the step the loss is a straight line, and falls by just that."""
    now = at_update(rule=rule)
    network = with_ties(lab5(), rule)
    gradients = engine(now.passed, network)
    small = engine(now.passed, apply_update(network, gradients, 1e-7)).loss - gradients.loss
    assert number(value(leaves(now)["outcome"], "expected")) == pytest.approx(1e3 * small, rel=1e-3)


def test_buttons_can_be_pressed_when_there_is_something_to_do_and_the_update_guessed_first() -> None:
    now = at_update()
    asks = {"Apply the update": Apply(), "Undo": Undo(), "Adopt": Adopt()}
    for each, is_on in (
        (replace(now, preview=None), [False, False, False]),
        (now, [True, False, False]),
        (replace(now, passed=(tried := pass_of(lab5(), trial=now.preview.applied()))), [False, True, True]),
        (replace(now, passed=tried, preview=preview_update(tried, 1e-4)), [True, True, True]),
    ):
        shown = leaves(each)
        assert [shown[key].is_enabled for key in asks] == is_on
        assert [shown[key].asks for key in asks] == list(asks.values())
    assert leaves(now)["rate"].asked(0.5) == Choose("rate", 0.5)

    def keys(now: Now) -> list[str]:
        return [row.key for row in leaves(now)["outcome"].content.rows]

    covered = replace(now, focus=replace(now.focus, is_covered=True))
    assert keys(covered) == ["before"]
    assert leaves(covered)["likely"].content.shifted is None
    assert "applied" not in leaves(covered)["likely"].content.say()
    assert keys(now) == ["before", "after", "change", "expected"]
    again = replace(now, passed=tried, preview=preview_update(tried, 1e-4))
    assert keys(again) == ["run", "before", "after", "change", "expected"]
    names = [row.name for row in leaves(again)["outcome"].content.rows]
    assert names[:3] == ["before any update", "now, after 1 trial update", "if applied"]
    assert "why" not in leaves(at_update(rule="first"))
    told = re.search(r"would be (−[\d.e−]+): the rule “all”", leaves(now)["why"].content.words)
    lengths = sum((each**2).sum() for each in now.passed.gradients.params.values())
    assert number(told[1]) == pytest.approx(-1e-4 * lengths, rel=1e-2)


def test_a_weight_tells_its_value_before_and_after() -> None:
    now = at_update()
    kernel = now.focus.channel(lab5(), "conv1")
    now = replace(now, focus=replace(now.focus, weight=Target("conv1.weight", (kernel, 0, 2, 1))))
    before = lab5().params["conv1.weight"][kernel, 0, 2, 1]
    slope = now.passed.gradients.params["conv1.weight"][kernel, 0, 2, 1]
    shown = numbers(now)
    name = f"w of filter {kernel}, row 2, column 1: conv1.weight[{kernel}, 0, 2, 1]"
    assert shown["title"].content.words == name
    rows = shown["numbers of the cell"]
    assert number(value(rows, "before")) == pytest.approx(before, rel=1e-7)
    assert number(value(rows, "after")) == pytest.approx(before - 1e-4 * slope, rel=1e-7)
    assert value(numbers(at_update())["numbers of the cell"], "count") == "1,425"


def test_every_parameter_can_be_looked_at() -> None:
    now = at_update(parameter="dense1.bias")
    assert cells(leaves(now)["map 0"]).ravel() == lab5().params["dense1.bias"]
    shown = leaves(at_update(parameter="dense1.weight"))["map 0"]
    weights = lab5().params["dense1.weight"].reshape(8, 13, 13)[now.focus.channel(lab5(), "pool1")]
    np.testing.assert_array_equal(cells(shown), cut(shown, weights))
    names = [each for each, _ in leaves(at_update(two_blocks(), "first"))["parameter"].options]
    assert names == list(two_blocks().params)
