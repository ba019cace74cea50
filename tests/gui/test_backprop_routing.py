"""Routing through pools, and the filter gradient as a sum of windows: pages beside engine and plain loops."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Box, CellKey, Drawing, Ground, Line, Rect, Text
from cnnviz.drawing.marks import Polygon
from cnnviz.drawing.svg import to_svg
from cnnviz.experiment import LAB5
from cnnviz.graphics.route import ROUTE, Route
from cnnviz.layers import TIE_RULES, AvgPool2D, SubsamplePool2D
from cnnviz.quantities import format_signed
from cnnviz.routing import with_ties
from tests.gui.backprop_desk import (
    cells,
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
from ui.panels.backprop.asks import Choose, SetRule
from ui.panels.backprop.focus import StepKind
from ui.panels.backprop.formulas import sentence_of
from ui.panels.backprop.pages import Now, inspect
from ui.panels.backprop.pages.route import route_of
from ui.panels.backprop.passes import Pass
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
    """In a row and in two, in windows of 2 to 4 cells, for one way and for many."""
    passed, wide = pass_of(lab5()), pass_of(replace(LAB5, pool_size=4).build_network())
    for box in (ROOM, Box(0, 0, 400, 560), Box(0, 0, 560, 300)):
        for now in (route(passed), route(passed, contrast="average"), route(wide, contrast="average")):
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


@pytest.mark.parametrize("contrast", ["", "average"])
@pytest.mark.parametrize("box", [ROOM, Box(0, 0, 400, 560)])
def test_numbers_fly_along_their_arrows_into_the_cells_that_get_them(contrast: str, box: Box) -> None:
    now = route(pass_of(lab5()), contrast=contrast)
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


@pytest.mark.parametrize("contrast", ["average", "subsample"])
def test_other_pools_spread_the_same_gradient_for_contrast(contrast: str) -> None:
    now = route(pass_of(lab5()), contrast=contrast)
    assert leaves(now)["contrast"].asked(contrast) == Choose("contrast", contrast)
    incoming, maps = now.passed.gradients.outputs["pool1"], now.passed.trace.outputs["conv1"]
    other = {"average": AvgPool2D(2), "subsample": SubsamplePool2D(2)}[contrast]
    expected = other.input_gradient(incoming, maps, incoming, {})[0, now.focus.channel(lab5(), "conv1")]
    row, col = shown_in(now).corner
    np.testing.assert_allclose(shown_in(now).gets, expected[row : row + 2, col : col + 2], atol=1e-15)
    share = "¼ to each of 4" if contrast == "average" else "to one cell"
    assert shown_in(now).share() == share


def delivered(now: Now) -> np.ndarray:
    """What all windows of a channel together send to the cells before the pool."""
    routing = now.passed.routings[now.step.layer]
    channel = now.focus.channel(now.passed.network, now.step.layer)
    total = np.zeros_like(routing.values[channel])
    for row, col in np.ndindex(routing.pooled.shape[1:]):
        each = route_of(now.passed, now.step, (channel, row, col), "")
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
    assert "here 1 of 169 terms, the one you follow first" in formula(at_filter(passed, pinned=pinned))
    assert "here 1 of 169 terms, the largest first" in formula(at_filter(passed, pinned=largest))
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
