"""Numbers that stand side by side in the window: unequal ones look unequal, or, in columns, carry ≈."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.drawing import LIGHT, Box, CellKey, Ground, Text, drawn
from cnnviz.experiment import LAB5
from cnnviz.graphics.curves import Curve, Curves
from cnnviz.graphics.heat_map import Looked
from cnnviz.graphics.ledger import LEDGER, Ledger, LedgerRow
from cnnviz.graphics.probabilities import Predictions, Probabilities
from cnnviz.graphics.stage_strip import STRIP, Stage, Strip
from cnnviz.history import LogLine
from cnnviz.palette import Color
from cnnviz.routing import Target
from tests.gui import backprop_desk
from tests.gui.backprop_desk import cells, cut, lab5, leaves, now_at, pass_of
from tests.oracles import read_number as read
from ui.panels.backprop.focus import StepKind, backward_steps
from ui.panels.backprop.pages import Now, inspect
from ui.panels.backprop.passes import preview_update
from ui.panels.training.log_table import log_values


def assert_told_apart(values, texts) -> None:
    """Unequal values have unequal texts, or both are marked; equal ones have equal texts."""
    for one, text in zip(values, texts, strict=True):
        for other, other_text in zip(values, texts, strict=True):
            if one == other:
                assert text == other_text
            elif text != other_text and read(text) != read(other_text):
                assert (read(text) < read(other_text)) == (one < other) or "≈" in text + other_text
            else:
                assert "≈" in text + other_text or text != other_text
                assert text.startswith(("≈", "1 ")) or text == "0"


def near(values: list[float]) -> list[float]:
    """The same numbers, each with a near neighbour."""
    return [each for value in values for each in (value, value * (1 + 3e-7))]


any_size = st.floats(-3, 3, width=32) | st.floats(0, 2**-20, width=32)
numbers = st.lists(any_size, min_size=2, max_size=5).map(near)
weights = st.lists(st.floats(2**-20, 1, width=32), min_size=3, max_size=5)
shares = weights.map(lambda each: (np.array(each) / np.sum(each)).tolist())


@given(numbers)
@settings(max_examples=60)
def test_columns_of_the_log(values: list[float]) -> None:
    shown = log_values([LogLine(place, abs(value), 1.0, 1) for place, value in enumerate(values)])
    texts = [row.texts[0] for row in shown.rows]
    assert_told_apart(list(map(abs, values)), texts)


@given(shares, shares)
@settings(max_examples=60)
def test_probabilities_before_and_after(first: list[float], second: list[float]) -> None:
    count = min(len(first), len(second)) - 1
    before, after = ([*each[:count], sum(each[count:])] for each in (first, second))
    names = [str(number) for number in range(count + 1)]
    shown = Predictions(tuple(names), np.array(before), np.array(after))
    for place, line in enumerate(shown.say().split("\n")):
        texts = re.fullmatch(r"class \d+: original (.*), shifted (.*)", line)
        assert texts
        assert_told_apart((before[place], after[place]), texts.groups())
    for place, texts in enumerate(shown.texts(longest=8)):
        assert_told_apart((before[place], after[place]), texts)


def test_a_probability_near_0_or_1_reads_as_none_of_these_and_alike_however_many_classes_are_shown() -> None:
    shares = np.full(10, 1e-9)
    shares[3] = 1 - 9e-9
    bars = Probabilities(tuple(map(str, range(10))), tuple(shares.tolist()))
    few = replace(bars, most=3)
    assert {few.say(row) for row in few.shown} <= {bars.say(row) for row in bars.shown}
    assert few.shown == [0, 1, 3]
    assert not any(re.search(r"probability [01](,|$)", bars.say(row)) for row in bars.shown)


def texts_in(leaf, side: float = 400) -> list[str]:
    """Numbers of a map, cell by cell, where it is so large."""
    drawing = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, side, side), LIGHT))
    texts = [mark for mark in drawing.all_marks() if isinstance(mark, Text) and mark.font.is_mono]
    _, _, rows, cols = leaf.content.map.shown
    boxes = [drawing.part(CellKey("cell", row, col)).box for row, col in np.ndindex(rows, cols)]
    return ["".join(text.words for text in texts if box.has(text.x, text.y)) for box in boxes]


def after_a_step(rate: float, scale: float = 1.0, **focus) -> Now:
    """The update of LAB5, as it is previewed."""
    network = LAB5.build_network()
    network = network.with_params({name: array * scale for name, array in network.params.items()})
    passed = pass_of(network)
    return replace(now_at(passed, StepKind.UPDATE, rate=rate, **focus), preview=preview_update(passed, rate))


@pytest.mark.parametrize("parameter", ["conv1.weight", "dense1.weight"])
def test_weights_before_and_after_an_update(parameter: str) -> None:
    """A step of LAB5 changes the weights of a kernel by some millionths."""
    shown = leaves(after_a_step(LAB5.learning_rate, parameter=parameter))
    first, last = shown["map 0"], shown["map 2"]
    assert all(texts_in(first)), "there is room for the numbers"
    assert (cells(first) != cells(last)).any()
    rows = zip(cells(first).ravel().tolist(), cells(last).ravel().tolist(), strict=True)
    for values, texts in zip(rows, zip(texts_in(first), texts_in(last), strict=True), strict=True):
        assert not any("≈" in text for text in texts)
        if parameter == "conv1.weight":  # its cells have room for the difference
            assert_told_apart(values, texts)


def test_a_small_sum_and_a_large_gradient_share_a_unit_in_which_both_are_short() -> None:
    shown = leaves(now_at(pass_of(lab5()), StepKind.FILTER, terms=1))
    first, whole = shown["sum"], shown["total"]
    assert first.content.map.notation == whole.content.map.notation
    for leaf in (first, whole):
        texts = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, 160, 160), LIGHT)).texts()
        assert sum("." in text and bool(text.strip("+−0.")) for text in texts) >= 9, "none reads as 0"
        assert not any("," in text or len(text) > 8 for text in texts), texts


def test_losses_and_a_weight_before_and_after_the_smallest_step() -> None:
    now = after_a_step(1e-7, 20, weight=Target("conv1.weight", (0, 0, 1, 1)))
    for card in (leaves(now)["outcome"], inspect.page(now).leaves()["numbers of the cell"]):
        before, after = backprop_desk.value(card, "before"), backprop_desk.value(card, "after")
        assert before != after or before.startswith("≈"), (before, after)


@pytest.mark.parametrize("network", [lab5(), backprop_desk.two_blocks()])
def test_the_numbers_of_every_map_of_backprop_are_its_values_in_the_unit_of_its_key(network) -> None:
    """One number of decimals and one power of ten for a map, wherever it stands beside others."""
    passed, count = pass_of(network, 1), 0
    for step in backward_steps(network):
        now = replace(now_at(passed, step.kind, step.layer, terms=2), preview=preview_update(passed, 1e-4))
        for leaf in leaves(now).values():
            texts = texts_in(leaf, 500) if isinstance(getattr(leaf, "content", None), Looked) else []
            if not any(texts):
                continue
            shown, unit = leaf.content.map, 10.0**leaf.content.map.notation.exponent
            drawing = leaf.graphic.draw(leaf.content, Ground(Box(0, 0, 500, 500), LIGHT))
            assert not shown.has_key or any("× 10" in each for each in drawing.texts()) is (unit != 1)
            blank = np.zeros(shown.values.shape, bool) if shown.blank is None else shown.blank
            known = zip(cells(leaf).ravel().tolist(), texts, cut(leaf, blank).flat, strict=True)
            known = [(value, text) for value, text, is_blank in known if not is_blank]
            assert all(text for _, text in known), (step.title, leaf.title)
            decimals = {len(text.partition(".")[2]) for _, text in known if text != "0"}
            assert len(decimals) <= 1, (step.title, leaf.title, texts)
            for value, text in known:
                assert (text == "0") == (value == 0)
                exactness = 0.51 * unit * 10.0 ** -max(decimals, default=0)
                assert read(text) * unit == pytest.approx(value, abs=exactness)
            count += 1
    assert count > 10


def test_values_of_several_lines_beside_the_cursor() -> None:
    x, values = np.arange(3.0), [0.46712, 0.46718, 0.4671, 0.5]
    lines = tuple(Curve(f"line{place}", x, np.full(3, value)) for place, value in enumerate(values))
    read_there = sorted((name, text) for _, name, text in Curves(lines, digits=3).read(1.0))
    assert_told_apart(values, [text for _, text in read_there])


def test_stages_have_three_figures_and_what_is_no_number_a_dash() -> None:
    keys = ("pixels", "conv", "max", "average", "blur")
    values = (0.4671, 0.4678, 0.46711, 0.0, 1.4)
    stages = tuple(Stage(key, key, Color("#7A4FC9", "#B394F5"), "") for key in keys)
    strip = drawn(STRIP, Strip(stages, tuple((each, float("nan")) for each in values), "conv"), 900, LIGHT)
    tips = [strip.part(key).tip for key in keys]
    told = [tip.split("original by ")[1].split(",")[0] for tip in tips]
    assert told == ["0.467", "0.468", "0.467", "0", "1.4"]
    assert set(told) <= set(strip.texts())
    assert all("from the moved original by –" in tip for tip in tips)


def test_parts_that_differ_by_rounding_only_leave_the_labels_their_room() -> None:
    """The sum of evidence and a bias of 0, as added in another order."""
    for evidence in (7.655186067018001, 7.655186067018001e-4):
        parts = LedgerRow("evidence", evidence, adds=True), LedgerRow("bias", 0.0, adds=True)
        ledger = Ledger((*parts, LedgerRow("logit", float(np.nextafter(evidence, 0)), is_total=True)))
        assert "evidence" in drawn(LEDGER, ledger, LEDGER.size(ledger, LIGHT).width, LIGHT).texts()
        first, _zero, last = ledger.texts
        assert first == last
        assert len(first) <= 10
