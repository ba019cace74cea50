"""Routing through pools, and the filter gradient as a sum of windows: pages beside engine and plain loops."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, Box, Ground, Line, Rect, Text
from cnnviz.drawing.page import CARD, page_drawn
from cnnviz.layers import TIE_RULES, AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, SubsamplePool2D
from cnnviz.network import Network
from cnnviz.presets import LAB5
from cnnviz.routing import filter_gradient_terms, with_ties
from tests.gui.backprop_desk import (
    cell,
    cells,
    cut,
    formula,
    lab5,
    leaves,
    now_at,
    numbers,
    part_of,
    pass_of,
    small_network,
    two_blocks,
    value,
)
from ui.panels.backprop.asks import Contrast, SetRule, SumTerms
from ui.panels.backprop.pages import Now, inspect, page_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.sentences import sentence_of
from ui.panels.backprop.steps import StepKind
from ui.state import Sample

#: What each rule makes of the window [1, 2, 2, 2] and the gradient 1.
SHARES = {"first": [0, 1, 0, 0], "all": [0, 1, 1, 1], "split": [0, 1 / 3, 1 / 3, 1 / 3]}
ROOM = Box(0, 0, 900, 560)


def gradients(network: Network, passed: Pass):
    """What the engine says of the image: the oracle."""
    return network.gradients(passed.x, np.array([passed.label]))


def window_of_ties(rule: str | None = None) -> Pass:
    """Four windows of 2 x 2 that a convolution passes on as they are; the first is [1, 2, 2, 2]."""
    layers = [
        ("conv1", Conv2D(1, kernel_size=1, bias=False)),
        ("pool1", MaxPool2D(2, ties="all")),
        ("flatten", Flatten()),
        ("dense1", Dense(1)),
    ]
    weights = {"conv1.weight": np.ones((1, 1, 1, 1)), "dense1.weight": np.array([[1.0, 0.5, -2.0, 0.25]])}
    pixels = np.array([[10, 20, 1, 2], [20, 20, 3, 9], [5, 5, 7, 0], [5, 5, 0, 0]], dtype=np.uint8)
    return pass_of(small_network(layers, weights), sample=Sample(pixels[None], 1, None, "drawn"), rule=rule)


def route(passed: Pass, layer: str = "", **focus) -> Now:
    return now_at(passed, StepKind.ROUTE, layer, **focus)


def looking_at(now: Now, stage: str, *at: int) -> Now:
    """The same with a cell that is pointed at."""
    return replace(now, focus=replace(now.focus, stage=stage, cell=at))


# -- windows, winners, ties ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", TIE_RULES)
def test_each_rule_shares_a_tied_window_as_it_says(rule: str) -> None:
    now = route(window_of_ties(rule))
    incoming = now.passed.gradient("pool1")[0, 0, 0]
    assert incoming != 0
    routed = leaves(now)["routed"].content.map
    np.testing.assert_allclose(routed.values[:2, :2].ravel(), incoming * np.array(SHARES[rule]), rtol=1e-12)
    np.testing.assert_array_equal(routed.struck[:2, :2].ravel(), np.array(SHARES[rule]) == 0)
    assert ("for the first winner" if rule == "first" else "for each winner") in formula(now)
    assert ("/ ties" in formula(now)) is (rule == "split")


def test_the_column_shows_all_three_rules_beside_each_other() -> None:
    now = looking_at(route(window_of_ties()), "conv1", 0, 0, 1)
    incoming, shown = now.passed.gradient("pool1")[0, 0, 0], numbers(now)
    np.testing.assert_array_equal(cells(shown["window"]).ravel(), np.array([10, 20, 20, 20]) / 255 - 0.5)
    for rule in TIE_RULES:
        sent = cells(shown[f"sent {rule}"]).ravel()
        np.testing.assert_allclose(sent, incoming * np.array(SHARES[rule]), rtol=1e-12, err_msg=rule)
    assert value(shown["numbers of the cell"], "winner") == "3 tied"


def ends(now: Now) -> set[tuple[int, int]]:
    """Cells of the routed map at which lines end."""
    shown, page = leaves(now)["routed"].content.map.shown, page_of(now)
    assert all(link.start[0] == "arriving" and link.end[0] == "routed" for link in page.links)
    return {(shown[0] + link.end[1].row, shown[1] + link.end[1].col) for link in page.links}


def test_tied_cells_are_hatched_and_lines_lead_to_all_that_get_the_gradient() -> None:
    now = looking_at(route(window_of_ties("all")), "pool1", 0, 0, 0)
    hatched = leaves(now)["values"].content.map.hatched
    assert hatched[:2, :2].ravel().tolist() == [False, True, True, True]
    assert not hatched[:2, 2:].any(), "the winner of the window beside it stands alone"
    assert ends(now) == {(0, 1), (1, 0), (1, 1)}
    assert ends(looking_at(route(window_of_ties("first")), "pool1", 0, 0, 1)) == {(1, 3)}
    assert not page_of(replace(now, focus=replace(now.focus, is_covered=True))).links


@pytest.mark.parametrize("rule", TIE_RULES)
def test_the_rule_changes_routing_and_filter_gradient(rule: str) -> None:
    passed = pass_of(lab5(), rule=rule)
    oracle, now = gradients(with_ties(lab5(), rule), passed), route(passed)
    kernel, routed = now.focus.channel(lab5(), "conv1"), leaves(now)["routed"]
    np.testing.assert_array_equal(cells(routed), cut(routed, oracle.outputs["conv1"][0, kernel]))
    at_filter = now_at(passed, StepKind.FILTER)
    total = cells(leaves(at_filter)["total"])
    np.testing.assert_array_equal(total, oracle.params["conv1.weight"][kernel, 0])
    rules = numbers(at_filter)["rules"]
    assert rules.content.current == TIE_RULES.index(rule)
    np.testing.assert_array_equal(rules.content.tiles.maps[TIE_RULES.index(rule)], total)
    assert part_of(rules, 0).ask == SetRule("first")
    said = inspect.ties_page(now).leaves()["ties hint"].content.words
    assert ("The run itself uses “all”" in said) is (rule != "all")


def test_losers_carry_an_explicit_zero_and_winners_are_outlined() -> None:
    now = route(pass_of(lab5()))
    channel, shown = now.focus.channel(lab5(), "conv1"), leaves(now)["routed"].content.map
    windows = now.passed.values("conv1")[channel].reshape(13, 2, 13, 2)
    wins = (windows == windows.max(axis=(1, 3), keepdims=True)).reshape(26, 26)
    np.testing.assert_array_equal(shown.struck, ~wins)
    outlined = [block[:2] for role, block in shown.outlines if role == "winner"]
    row, col, *_ = shown.shown
    assert sorted(outlined) == [(row + i, col + j) for i, j in np.argwhere(shown.cut(wins)).tolist()]


def test_a_line_joins_the_pooled_gradient_to_the_cells_that_it_lands_on_and_crosses_no_number() -> None:
    now = route(pass_of(lab5()))
    row, col, *_ = leaves(now)["arriving"].content.map.shown
    now = looking_at(now, "pool1", now.focus.channel(lab5(), "pool1"), row + 1, col + 1)
    channel = now.focus.channel(lab5(), "conv1")
    arriving = now.passed.gradient("pool1")[channel, row + 1, col + 1]
    assert ends(now)
    assert all(now.passed.gradient("conv1")[channel][end] == arriving for end in ends(now))

    # That from the first pooled cell passes the row below it, and the upper cells of the window.
    now = looking_at(now, "pool1", now.focus.channel(lab5(), "pool1"), row, col)
    marks = list(page_drawn(page_of(now), ROOM, LIGHT).all_marks())
    lines = [mark for mark in marks if isinstance(mark, Line) and mark.ink == "winner"]
    texts = [mark for mark in marks if isinstance(mark, Text) and mark.font.is_mono]
    assert lines
    assert len(texts) > 40
    for line in lines:
        for x, y in line.points:
            for text in texts:
                half = text.font.width(text.words) / 2
                is_in = text.y - 0.7 * text.font.size < y < text.y and abs(x - text.x) < half
                assert not (text.anchor == "middle" and is_in), text.words


def test_a_window_tells_its_term_of_the_filter_gradient() -> None:
    passed = pass_of(lab5(), rule="first")
    now = route(passed)
    row, col, *_ = leaves(now)["values"].content.map.shown
    window, channel = ((row + 2) // 2, (col + 2) // 2), now.focus.channel(lab5(), "conv1")
    now = looking_at(now, "conv1", channel, row + 2, col + 2)
    top, left = 2 * window[0], 2 * window[1]
    i, j = divmod(int(np.argmax(passed.values("conv1")[channel, top : top + 2, left : left + 2])), 2)
    patch = passed.values("input")[0, top + i : top + i + 3, left + j : left + j + 3]
    shown = numbers(now)
    np.testing.assert_array_equal(cells(shown["patch"]), patch)
    expected = passed.gradient("pool1")[channel, window[0], window[1]] * patch
    np.testing.assert_allclose(cells(shown["term"]), expected, rtol=1e-12)


def test_numbers_of_the_step_are_those_of_a_cell_in_the_outlined_window() -> None:
    """Whatever is pointed at: nothing, a cell that is read, or a pooled cell."""
    now = route(pass_of(lab5()))
    shown = leaves(now)
    seen = [now]
    for key in ("values", "routed", "arriving"):
        for place in ((1, 2), (2, 1)):
            found = part_of(shown[key], cell(*place)).points
            seen.append(looking_at(now, found.stage, *found.cell))
    for each in seen:
        found = re.search(r"cell \((\d+), (\d+)\)", formula(each))
        ((row, col, rows, cols),) = [
            block for role, block in leaves(each)["values"].content.outlines if role == "selected"
        ]
        assert row <= int(found[1]) < row + rows
        assert col <= int(found[2]) < col + cols


def winners_in(leaf) -> int:
    """How many outlines of winners a card draws, in the map and in its key."""
    marks = CARD.draw(leaf, Ground(Box(0, 0, 300, 300), LIGHT)).all_marks()
    return sum(isinstance(mark, Rect) and mark.edge == "winner" for mark in marks)


def test_predicting_first_hides_the_winners_and_the_ties() -> None:
    for is_covered in (False, True):
        now = route(pass_of(lab5()), is_covered=is_covered)
        shown = leaves(now)
        seen = [winners_in(each) for each in (shown["values"], shown["routed"], numbers(now)["window"])]
        assert [bool(each) for each in seen] == 3 * [not is_covered]
        assert (shown["values"].content.map.hatched is None) is is_covered


def test_the_frame_moves_the_block_by_whole_windows() -> None:
    now = route(pass_of(lab5()), center=(1.0, 1.0))
    shown = leaves(now)
    row, _, rows, _ = shown["values"].content.map.shown
    assert row + rows == 26
    assert shown["routed"].content.map.shown == shown["values"].content.map.shown
    overview = shown["overview"]
    up = overview.graphic.draw(overview.content, Ground(Box(0, 0, 130, 130), LIGHT)).keys["up"]
    moved = leaves(replace(now, focus=replace(now.focus, center=(up.row, up.col))))[
        "values"
    ].content.map.shown
    assert moved[0] == row - 2


# -- other pools --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contrast", ["average", "subsample"])
def test_other_pools_spread_the_same_gradient_for_contrast(contrast: str) -> None:
    now = route(pass_of(lab5()), contrast=contrast)
    assert leaves(now)["contrast"].asked(contrast) == Contrast(contrast)
    incoming, maps = now.passed.gradients.outputs["pool1"], now.passed.trace.outputs["conv1"]
    other = {"average": AvgPool2D(2), "subsample": SubsamplePool2D(2)}[contrast]
    expected = other.input_gradient(incoming, maps, incoming, {})[0, now.focus.channel(lab5(), "conv1")]
    np.testing.assert_allclose(leaves(now)["routed"].content.map.values, expected, atol=1e-15)


def test_routing_of_every_pool_is_the_engines() -> None:
    for pool, stage in (("pool2", "relu2"), ("pool1", "relu1")):
        now = route(pass_of(two_blocks(), 2), pool)
        channel = now.focus.channel(two_blocks(), pool)
        expected = gradients(two_blocks(), now.passed).outputs[stage][0, channel]
        np.testing.assert_array_equal(leaves(now)["routed"].content.map.values, expected)

    # The maximum with a blur after it: each pooled gradient goes to several windows' winners.
    network = replace(LAB5, pool="max_blur", filters=(3,), activation="relu").build_network()
    now = route(pass_of(network))
    assert "blur spreads each gradient" in sentence_of(now.passed, now.step)
    oracle = gradients(network, now.passed).outputs["relu1"][0, now.focus.channel(network, "relu1")]
    np.testing.assert_array_equal(leaves(now)["routed"].content.map.values, oracle)

    layers = [("conv1", Conv2D(2)), ("pool1", AvgPool2D(2)), ("flatten", Flatten()), ("dense1", Dense(1))]
    network = Network.build(layers, (1, 28, 28), seed=2, dtype="float64")
    now = route(pass_of(network))
    assert "rule" not in inspect.ties_page(now).leaves()
    routed = leaves(now)["routed"].content.map
    assert not routed.struck.any()
    expected = gradients(network, now.passed).outputs["conv1"][0, now.focus.channel(network, "conv1")]
    np.testing.assert_array_equal(routed.values, expected)


# -- the filter gradient as a sum ---------------------------------------------------------------------------


def at_filter(passed: Pass, **focus) -> Now:
    return now_at(passed, StepKind.FILTER, **focus)


def test_terms_are_added_one_by_one_the_largest_first_up_to_the_engines_gradient() -> None:
    passed = pass_of(lab5())
    kernel = at_filter(passed).focus.channel(lab5(), "conv1")
    terms = filter_gradient_terms(
        passed.network, passed.trace, passed.gradients, "conv1", kernel, by="window"
    )
    assert (np.diff(terms.norms) <= 0).all()
    for count in (1, 2, 3):
        shown = leaves(at_filter(passed, terms=count))
        np.testing.assert_allclose(cells(shown["term"]), terms.terms[count - 1, 0], rtol=1e-12)
        np.testing.assert_allclose(cells(shown["sum"]), terms.terms[:count, 0].sum(axis=0), rtol=1e-9)
        assert shown["arriving"].content.outlines[0] == ("winner", (*terms.places[count - 1].tolist(), 1, 1))
        assert shown["chevron-right"].asks == SumTerms(count + 1)
        assert shown["chevron-left"].is_enabled is (count > 1)
        assert shown["count"].value == count
        assert shown["of"].content.words == f"{count} of {len(terms.gradients)}"

    now = at_filter(passed, terms=None)
    shown = leaves(now)
    oracle = gradients(lab5(), passed).params["conv1.weight"][now.focus.channel(lab5(), "conv1"), 0]
    np.testing.assert_array_equal(cells(shown["total"]), oracle)
    np.testing.assert_allclose(cells(shown["sum"]), oracle, rtol=1e-9)
    distance = shown["distance"].content.curves[0].y
    assert distance[0] == 1
    assert distance[-1] < 1e-9
    assert not shown["chevron-right"].is_enabled
    assert not shown["skip-forward"].is_enabled


def test_filter_gradient_of_the_second_block_for_another_input_map() -> None:
    passed = pass_of(two_blocks(), 3)
    now = now_at(passed, StepKind.FILTER, "conv2")
    ask = leaves(now)["input"].asked(2)
    now = replace(
        now, focus=replace(now.focus.with_channel(two_blocks(), ask.stage, ask.channel), terms=None)
    )
    kernel = now.focus.channel(two_blocks(), "conv2")
    oracle = gradients(two_blocks(), passed).params["conv2.weight"][kernel, 2]
    np.testing.assert_array_equal(cells(leaves(now)["total"]), oracle)
    np.testing.assert_allclose(cells(leaves(now)["sum"]), oracle, rtol=1e-9, atol=1e-18)


def test_a_window_leads_to_its_term_whose_patches_are_outlined_where_the_filter_read_them() -> None:
    passed = pass_of(lab5(), rule="all")
    arriving = leaves(at_filter(passed))["arriving"]
    ask = arriving.content.press(6, 5)
    terms = passed.terms("conv1", at_filter(passed).focus.channel(lab5(), "conv1"))
    assert tuple(terms.places[ask.count - 1]) == (6, 5)

    now = at_filter(passed, terms=1)
    kernel = now.focus.channel(lab5(), "conv1")
    row, col = terms.places[0].tolist()
    window = passed.values("conv1")[kernel, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
    places = {(2 * row + i, 2 * col + j, 3, 3) for i, j in np.argwhere(window == window.max()).tolist()}
    assert {block for _, block in leaves(now)["patch"].content.outlines} == places


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("first", "the patch of its winner"),
        ("all", "the sum of its winners"),
        ("split", "the mean of its winners"),
    ],
)
def test_the_formula_of_a_term_is_that_of_the_rule(rule: str, words: str) -> None:
    now = at_filter(pass_of(lab5(), rule=rule))
    assert words in formula(now)
    assert words in sentence_of(now.passed, now.step)
