"""Routes through pools, sums of a filter's gradient, and the proofs: pages beside engine and plain loops."""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from weakref import ref

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Box, CellKey, Drawing, Ground, Line, Rect, Text
from cnnviz.drawing.marks import Polygon
from cnnviz.drawing.svg import to_svg
from cnnviz.experiment import LAB5
from cnnviz.graphics.route import ROUTE, Route
from cnnviz.layers import TIE_RULES
from cnnviz.network import Network
from cnnviz.quantities import format_signed
from cnnviz.routing import GradientCheck, Target, apply_update, check_all, poke_curve, with_ties
from cnnviz.routing import poke as poked_by
from tests.gui.backprop_desk import (
    cells,
    cut,
    engine,
    formula,
    lab5,
    leaves,
    now_at,
    numbers,
    part_of,
    pass_of,
    two_blocks,
    value,
)
from tests.oracles import read_number as number
from ui.panels.backprop.asks import Adopt, Apply, Choose, Poke, SetRule, StartCheck, Undo
from ui.panels.backprop.focus import Now, PokeOutcome, StepKind
from ui.panels.backprop.formulas import sentence_of
from ui.panels.backprop.pages import check, inspect, poke
from ui.panels.backprop.pages.route import route_of
from ui.panels.backprop.passes import Pass, preview_update
from ui.state import Sample

#: What each rule makes of the window [1, 2, 2, 2] and the gradient 1.
SHARES = {"first": [0, 1, 0, 0], "all": [0, 1, 1, 1], "split": [0, 1 / 3, 1 / 3, 1 / 3]}
ROOM = Box(0, 0, 900, 560)


def window_of_ties(rule: str | None = None) -> Pass:
    """Four windows of 2 x 2 that a convolution passes on as they are; the first is [1, 2, 2, 2]."""
    network = replace(LAB5, filters=(1,), kernel_size=1, dtype="float64").build_network((1, 4, 4))
    weights = {"conv1.weight": np.ones((1, 1, 1, 1)), "dense1.weight": np.array([[1.0, 0.5, -2.0, 0.25]])}
    pixels = np.array([[10, 20, 1, 2], [20, 20, 3, 9], [5, 5, 7, 0], [5, 5, 0, 0]], dtype=np.uint8)
    network = network.with_params({**network.params, **weights})
    return pass_of(network, sample=Sample(pixels[None], 1, None, "drawn"), rule=rule)


def route(passed: Pass, layer: str = "", **focus) -> Now:
    return now_at(passed, StepKind.ROUTE, layer, **focus)


def looking_at(now: Now, stage: str, *at: int) -> Now:
    """The same with a cell that is pointed at."""
    return replace(now, focus=replace(now.focus, stage=stage, cell=at))


# -- windows, winners, ties ---------------------------------------------------------------------------------


def shown_in(now: Now) -> Route:
    return leaves(now)["route"].content.route


def drawn_route(now: Now, box: Box = ROOM) -> Drawing:
    return ROUTE.draw(leaves(now)["route"].content, Ground(box, LIGHT))


@pytest.mark.parametrize("rule", TIE_RULES)
def test_each_rule_shares_a_tied_window_as_it_says(rule: str) -> None:
    now = looking_at(route(window_of_ties(rule)), "conv1", 0, 0, 1)
    incoming, shown = now.passed.gradient("pool1")[0, 0, 0], shown_in(now)
    assert incoming == shown.arriving != 0
    np.testing.assert_array_equal(shown.values.ravel(), np.array([10, 20, 20, 20]) / 255 - 0.5)
    np.testing.assert_allclose(shown.gets.ravel(), incoming * np.array(SHARES[rule]), rtol=1e-12)
    assert drawn_route(now).texts().count("0") == SHARES[rule].count(0) + 4, "the others are coordinates"
    shares = {"first": "to the first of 3", "all": "whole to each of 3", "split": "⅓ to each of 3"}
    assert shown.share() == shares[rule]
    assert ("for the first winner" if rule == "first" else "for each winner") in formula(now)
    assert ("/ ties" in formula(now)) is (rule == "split")


def test_the_column_tells_what_all_three_rules_do_with_a_tied_window() -> None:
    now = looking_at(route(window_of_ties()), "conv1", 0, 0, 1)
    card = numbers(now)["numbers of the cell"]
    assert value(card, "winner") == "3 tied"
    told = [row.text for row in card.content.rows if row.key == "rule"]
    incoming = now.passed.gradient("pool1")[0, 0, 0]
    whole, third = format_signed(incoming), format_signed(incoming / 3)
    assert told == [f"{whole} to one", f"{whole} to each", f"{third} to each"]


def arrows(now: Now, box: Box = ROOM) -> list[tuple[int, int]]:
    """Cells of the window, in the whole map, at whose edges arrows end."""
    drawing, (row, col) = drawn_route(now, box), shown_in(now).corner
    boxes = [(part.key, part.box) for part in drawing.parts if isinstance(part.key, CellKey)]
    tips = [mark.points[0] for mark in drawing.marks if isinstance(mark, Polygon) and mark.fill == "winner"]
    return [
        (row + key.row, col + key.col)
        for x, y in tips
        for key, box in boxes
        if key.grid == "gets" and box.inset(-1).has(x, y)
    ]


def test_arrows_lead_to_all_that_get_the_gradient_and_tied_cells_are_called_so() -> None:
    now = looking_at(route(window_of_ties("all")), "pool1", 0, 0, 0)
    assert drawn_route(now).texts().count("tied") == 3
    assert sorted(arrows(now)) == [(0, 1), (1, 0), (1, 1)]
    now = looking_at(route(window_of_ties("first")), "pool1", 0, 0, 1)
    assert drawn_route(now).texts().count("winner") == 1
    assert arrows(now) == [(1, 3)]
    assert not arrows(replace(now, focus=replace(now.focus, is_covered=True)))


@pytest.mark.parametrize("rule", TIE_RULES)
def test_the_rule_changes_routing_and_filter_gradient(rule: str) -> None:
    passed = pass_of(lab5(), rule=rule)
    oracle, now = engine(passed, with_ties(lab5(), rule)), route(passed)
    kernel, shown = now.focus.channel(lab5(), "conv1"), shown_in(now)
    row, col = shown.corner
    np.testing.assert_array_equal(
        shown.gets, oracle.outputs["conv1"][0, kernel, row : row + 2, col : col + 2]
    )
    np.testing.assert_array_equal(shown.winners, shown.values == shown.values.max())
    assert shown.arriving == oracle.outputs["pool1"][0, kernel, row // 2, col // 2]
    summed = at_filter(passed)
    total = cells(leaves(summed)["total"])
    np.testing.assert_array_equal(total, oracle.params["conv1.weight"][kernel, 0])
    words = {"first": "patch of its winner", "all": "sum of its winners", "split": "mean of its winners"}
    assert f"the {words[rule]}" in formula(summed)
    assert f"the {words[rule]}" in sentence_of(passed, summed.step)
    rules = numbers(summed)["rules"]
    assert rules.content.current == TIE_RULES.index(rule)
    np.testing.assert_array_equal(rules.content.tiles.maps[TIE_RULES.index(rule)], total)
    assert part_of(rules, 0).ask == SetRule("first")
    assert inspect.ties_page(now).leaves()["ties"].content.words == "Ties (run: all)"


def test_an_arrow_joins_the_pooled_gradient_to_the_winner_and_crosses_no_number_and_no_other_cell() -> None:
    """In windows of 2 to 4 cells, for one way and for many."""
    passed, *linear = (
        pass_of(replace(LAB5, **more).build_network())
        for more in ({}, {"pool": "average"}, {"pool": "average", "pool_size": 4})
    )
    for box in (ROOM, Box(0, 0, 400, 560), Box(0, 0, 560, 300)):
        for now in map(route, (passed, *linear)):
            drawing, shown = drawn_route(now, box), shown_in(now)
            assert len(arrows(now, box)) == shown.receives.sum() > 0
            lines = [m for m in drawing.all_marks() if isinstance(m, Line) and m.ink == "winner"]
            texts = [mark for mark in drawing.all_marks() if isinstance(mark, Text)]
            for line in lines:
                for (x0, y0), (x1, y1) in pairwise(line.points):
                    for x, y in ((x0 + (x1 - x0) * n / 20, y0 + (y1 - y0) * n / 20) for n in range(21)):
                        assert not any(part.box.inset(1).has(x, y) for part in drawing.parts)
                        for text in texts:
                            long = text.font.width(text.words)
                            left = text.x - {"start": 0, "middle": long / 2, "end": long}[text.anchor]
                            is_in = text.y - 0.7 * text.font.size < y < text.y and left < x < left + long
                            assert not is_in, text.words


@pytest.mark.parametrize("pool", ["max", "average"])
@pytest.mark.parametrize("box", [ROOM, Box(0, 0, 400, 560)])
def test_numbers_fly_along_their_arrows_into_the_cells_that_get_them(pool: str, box: Box) -> None:
    now = route(pass_of(replace(LAB5, pool=pool).build_network()))
    shown, count = leaves(now)["route"].content, int(shown_in(now).receives.sum())
    rest = drawn_route(now, box)
    lines = [mark.points for mark in rest.all_marks() if isinstance(mark, Line) and mark.ink == "winner"]

    def moving(motion: float) -> tuple[list[Text], list[Text]]:
        drawing = ROUTE.draw(shown, Ground(box, LIGHT, motion=motion))
        assert [(part.key, part.tip) for part in drawing.parts] == [(p.key, p.tip) for p in rest.parts]
        there, before = ([m for m in each.all_marks() if isinstance(m, Text)] for each in (drawing, rest))
        return [text for text in there if text not in before], [text for text in before if text not in there]

    flying, waiting = moving(0.02)
    pooled = rest.part("arriving").box
    assert len(flying) == len(waiting) == count
    assert all(pooled.has(text.x, text.y) for text in flying)
    flying, waiting = moving(0.5)
    assert len(flying) == len(waiting) > 0
    assert sorted(text.words for text in flying) == sorted(text.words for text in waiting)
    for text in flying:
        x, y = text.x, text.y - text.font.middle
        pieces = [piece for points in lines for piece in pairwise(points)]
        assert min(_distance((x, y), *piece) for piece in pieces) < 1
    assert to_svg(ROUTE.draw(shown, Ground(box, LIGHT, motion=1))) == to_svg(rest)
    assert ROUTE.seconds(shown) > 0
    assert ROUTE.seconds(replace(shown, is_covered=True)) == 0, "it would tell"


def _distance(point: tuple[float, float], *ends: tuple[float, float]) -> float:
    at, start, end = map(np.array, (point, *ends))
    share = np.clip((at - start) @ (end - start) / max((end - start) @ (end - start), 1e-9), 0, 1)
    return float(np.linalg.norm(at - start - share * (end - start)))


def test_numbers_of_the_step_are_those_of_a_cell_in_the_window_that_is_shown() -> None:
    """Whatever is pointed at: nothing, a cell that is read, or the pooled cell."""
    now = route(pass_of(lab5()))
    keys = CellKey("values", 0, 1), CellKey("gets", 1, 0), "arriving"
    asked = [drawn_route(now).part(key).points for key in keys]
    for each in (now, *(looking_at(now, ask.stage, *ask.cell) for ask in asked)):
        found = re.search(r"cell \((\d+), (\d+)\)", formula(each))
        row, col = shown_in(each).corner
        assert (row, col) == shown_in(now).corner
        assert row <= int(found[1]) < row + 2
        assert col <= int(found[2]) < col + 2


def test_predicting_first_hides_the_winners_and_the_ties() -> None:
    for is_covered in (False, True):
        drawing = drawn_route(route(window_of_ties("all"), is_covered=is_covered))
        seen = [mark for mark in drawing.all_marks() if isinstance(mark, Rect) and mark.edge == "winner"]
        assert bool(seen) is not is_covered
        assert drawing.texts().count("?") == (4 if is_covered else 0)
        words = ROUTE.words(leaves(route(window_of_ties("all"), is_covered=is_covered))["route"].content)
        assert ("gets" in words) is not is_covered


def test_the_frame_moves_from_window_to_window() -> None:
    now = route(pass_of(lab5()), center=(1.0, 1.0))
    assert shown_in(now).corner == (24, 24)
    overview = leaves(now)["overview"]
    up = overview.graphic.draw(overview.content, Ground(Box(0, 0, 130, 130), LIGHT)).keys["up"]
    assert shown_in(replace(now, focus=replace(now.focus, center=(up.row, up.col)))).corner == (22, 24)


# -- other pools --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pool", "share"), [("average", "¼ to each of 4"), ("subsample", "to one cell")])
def test_linear_pools_spread_the_gradient(pool: str, share: str) -> None:
    now = route(pass_of(replace(LAB5, pool=pool).build_network()))
    expected = now.passed.gradient("conv1")[now.focus.channel(now.passed.network, "conv1")]
    row, col = shown_in(now).corner
    np.testing.assert_allclose(shown_in(now).gets, expected[row : row + 2, col : col + 2], atol=1e-15)
    assert shown_in(now).share() == share


def delivered(now: Now) -> np.ndarray:
    """What all windows of a channel together send to the cells before the pool."""
    routing = now.passed.routings[now.step.layer]
    channel = now.focus.channel(now.passed.network, now.step.layer)
    total = np.zeros_like(routing.values[channel])
    for row, col in np.ndindex(routing.pooled.shape[1:]):
        each = route_of(now.passed, now.step, (channel, row, col))
        (top, left), (high, wide) = each.corner, each.gets.shape
        total[top : top + high, left : left + wide] += each.gets
    return total


@pytest.mark.parametrize("pool", ["max_blur", "average"])
def test_all_windows_together_send_what_the_engine_does(pool: str) -> None:
    """With a blur after the maximum each pooled gradient goes to several windows' winners."""
    network = replace(LAB5, pool=pool, filters=(3,), activation="relu").build_network()
    now = route(pass_of(network))
    oracle = engine(now.passed).outputs["relu1"][0, now.focus.channel(network, "relu1")]
    np.testing.assert_allclose(delivered(now), oracle, rtol=1e-9, atol=1e-15)
    assert ("blur spreads each gradient" in sentence_of(now.passed, now.step)) is (pool == "max_blur")
    assert ("rule" in inspect.ties_page(now).leaves()) is (pool == "max_blur")


# -- the filter gradient as a sum ---------------------------------------------------------------------------


def at_filter(passed: Pass, **focus) -> Now:
    return now_at(passed, StepKind.FILTER, **focus)


def test_terms_are_added_one_by_one_the_followed_one_first_up_to_the_engines_gradient() -> None:
    passed = pass_of(lab5())
    kernel = at_filter(passed).focus.channel(lab5(), "conv1")
    terms = passed.terms("conv1", kernel)
    pinned = "pool1", (kernel, *terms.places[5].tolist())
    largest = "pool1", (kernel, *terms.places[0].tolist())
    assert "1 of 169 terms so far, first the window you follow" in formula(at_filter(passed, pinned=pinned))
    assert "1 of 169 terms so far, first the largest" in formula(at_filter(passed, pinned=largest))
    order = [5, 0, 1]
    for count in (1, 2, 3):
        shown = leaves(at_filter(passed, terms=count, pinned=pinned))
        last, so_far = terms.terms[order[count - 1], 0], terms.terms[order[:count], 0].sum(axis=0)
        np.testing.assert_allclose(cells(shown["term"]), last, rtol=1e-12)
        np.testing.assert_allclose(cells(shown["sum"]), so_far, rtol=1e-9)
        place = terms.places[order[count - 1]].tolist()
        assert shown["arriving"].content.outlines[0] == ("winner", (*place, 1, 1))
        colors = {key: shown[key].content.map.colors for key in ("term", "sum", "total")}
        assert colors["sum"] == colors["total"]
        assert colors["sum"].hi >= np.abs(terms.cumulative[:, 0]).max()
        assert colors["term"].hi == np.abs(terms.terms[:, 0]).max(), "small terms look small"
        both = [shown[key].content.map for key in ("sum", "total", "term")]
        assert len({each.notation for each in both}) == 1, "one grows towards the other by the third"
        assert both[0].notation.texts(both[0].values, None, 7) != ["0.00"] * 9
        assert shown["chevron-right"].asks == Choose("terms", count + 1)
        assert shown["chevron-left"].is_enabled is (count > 1)
        assert shown["count"].value == count
        assert shown["of"].content.words == f"{count} of {len(terms.gradients)}"

    now = at_filter(passed, terms=None)
    shown = leaves(now)
    oracle = engine(passed, lab5()).params["conv1.weight"][now.focus.channel(lab5(), "conv1"), 0]
    np.testing.assert_array_equal(cells(shown["total"]), oracle)
    np.testing.assert_allclose(cells(shown["sum"]), oracle, rtol=1e-9)
    distance = shown["distance"].content.curves[0].y
    assert distance[0] == 1
    assert distance[-1] < 1e-9
    assert not shown["chevron-right"].is_enabled
    assert not shown["skip-forward"].is_enabled


def test_filter_gradient_of_the_second_block_for_another_input_map() -> None:
    passed = pass_of(two_blocks(), 3)
    now = now_at(passed, StepKind.FILTER, "conv2", terms=None)
    ask = leaves(now)["input of pool1"].asked(2)
    now = replace(now, focus=now.focus.with_channel(two_blocks(), ask.stage, ask.channel))
    kernel = now.focus.channel(two_blocks(), "conv2")
    oracle = engine(passed, two_blocks()).params["conv2.weight"][kernel, 2]
    np.testing.assert_array_equal(cells(leaves(now)["total"]), oracle)
    np.testing.assert_allclose(cells(leaves(now)["sum"]), oracle, rtol=1e-9, atol=1e-18)


def test_a_window_leads_to_its_term_whose_patches_are_outlined_where_the_filter_read_them() -> None:
    passed = pass_of(lab5(), rule="all")
    now = at_filter(passed)
    ask = leaves(now)["arriving"].content.press(6, 5)
    now = replace(now, focus=replace(now.focus, terms=ask.value))
    kernel, (row, col) = now.focus.channel(lab5(), "conv1"), (6, 5)
    window = passed.values("conv1")[kernel, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
    places = {(2 * row + i, 2 * col + j, 3, 3) for i, j in np.argwhere(window == window.max()).tolist()}
    assert {block for _, block in leaves(now)["patch"].content.outlines} == places


# -- poke ---------------------------------------------------------------------------------------------------


def poked(passed: Pass, target: Target, eps: float = 1e-4, reach: float = 0.5) -> Now:
    network, x, label = passed.network, passed.x, passed.label
    result = poked_by(network, x, label, target, eps)
    outcome = PokeOutcome(passed, result, poke_curve(network, x, label, target, reach, 161))
    return replace(now_at(passed, StepKind.ROUTE, eps=eps), target=target, poked=outcome)


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
    assert shown["loss"].height(222, LIGHT) < 140, "it leaves room for what is said above it"
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
    far = replace(now.poked, curve=replace(now.poked.curve, losses=np.append(loss.y[:-1], np.inf)))
    assert np.isfinite(poke.page(replace(now, poked=far)).leaves()["loss"].content.y_range).all()


def test_the_rule_all_is_named_as_the_reason_and_a_kink_says_whether_it_is_here_or_near_by() -> None:
    for rule, says in (("all", "differs: tie rule"), ("first", "agrees")):
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
    assert said.startswith("Tied cells change the loss once")
    assert "is left, which a smaller ε removes. The winner changes at" in said

    passed = pass_of(lab5(), rule="first")
    row, col, gap = window_with_a_close_second(passed.values("conv1")[0])
    near = poke.page(poked(passed, Target("conv1", (0, row, col)), 2 * gap)).leaves()
    assert near["badge"].content.words == "differs: kink"
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
        assert shown["title"].content.words == f"conv1, filter 0, row {row}, column {place}"
        assert shown["badge"].content.words == ("agrees: 0 = 0" if loses else "agrees")
        assert shown["hint"].content.words.startswith(both) == loses
    pixel = poke.page(poked(passed, Target("input", (0, 0, 0)), 1e-6)).leaves()["title"].content.words
    assert pixel == "pixel, row 0, column 0"
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
    by_all = {row.key: row.texts[TIE_RULES.index("all")] for row in outcome.rows}
    agreeing, counting = (number(by_all[f"error {verdict}"]) for verdict in ("ok", "tie_rule"))
    assert agreeing == pytest.approx(checked("all").largest_error, rel=0.05), "as in a lab and its report"
    assert counting == pytest.approx(checked("all").entries("tie_rule")[0].judged_error, rel=0.05)
    assert checked("all").counts["tie_rule"]
    assert not checked("first").counts["tie_rule"]
    bold = outcome.lines[0].texts.index(rule)
    assert outcome.font(bold) == "mono strong"


def test_the_list_of_a_check_leads_to_pokes() -> None:
    shown = at_check("all", "all")
    listed = shown["parameters"]
    row = next(each for each in listed.content.rows if "under “first”" in each.tip)
    first = row.ask.target
    index = ", ".join(map(str, first.index))
    assert isinstance(row.ask, Poke)
    assert row.name == f"{first.name}[{index}]"
    gradient = checked("all").parameters[first.name].gradient[first.index]
    assert number(row.tip.split()[1].rstrip(",")) == pytest.approx(gradient, rel=1e-5)
    kinks = checked("all").counts["kink"]
    assert ["kink in" in each.tip for each in listed.content.rows[: kinks + 1]] == [*[True] * kinks, False]
    assert shown["with first"].asks == StartCheck("first")
    assert "Click a row" in shown["parameters"].tip
    assert "with first" not in at_check("all", "all", "first")
    assert listed.graphic.words(listed.content) == f"{len(listed.content.rows)} rows"


# -- one update on trial ------------------------------------------------------------------------------------


def at_update(network: Network | None = None, rule: str = "all", rate: float = 1e-4, **focus) -> Now:
    passed = pass_of(lab5() if network is None else network, rule=rule)
    now = now_at(passed, StepKind.UPDATE, rate=rate, **focus)
    return replace(now, preview=preview_update(passed, rate))


def test_what_is_drawn_of_a_pass_goes_with_it_and_does_not_wait_for_the_garbage_collector() -> None:
    steps = (StepKind.DENSE, "map 1"), (StepKind.ARRIVE, "map 0"), (StepKind.FILTER, "total")
    for kind, key in (*steps, (StepKind.UPDATE, "map 2")):
        now = at_update() if kind is StepKind.UPDATE else now_at(pass_of(lab5()), kind)
        shown = ref(leaves(now)[key].content.map)
        assert shown() is not None, "it is kept"
        del now
        assert shown() is None, kind


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
