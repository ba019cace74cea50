"""Numbers that stand side by side in the window: unequal ones look unequal, or carry ≈."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D
from cnnviz.presets import LAB5, LENET
from tests.gui.backprop_desk import Desk, point_at, small_network
from tests.gui.driving import settle, show_window
from tests.gui.feature_maps_panel import Opened
from tests.gui.recomputed.computing import read
from ui.cells.excerpt_map import ExcerptMap
from ui.cells.value_table import ValueTable
from ui.panels.backprop.steps import StepKind
from ui.panels.feature_maps.map_column import MapColumn
from ui.plots.plot import Plot
from ui.plots.plot_content import Line, PlotContent
from ui.rows.ledger import Ledger, LedgerRow
from ui.rows.log_table import LogModel
from ui.rows.paired_bars import PairedBars
from ui.rows.prediction_bars import PredictionBars
from ui.rows.probability_pairs import ProbabilityPairs
from ui.state import Sample
from ui.tiles.stage_strip import StageStrip, StageTile


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


numbers = st.lists(st.floats(-3, 3, width=32) | st.floats(0, 2**-20, width=32), min_size=2, max_size=5).map(
    near
)
shares = st.lists(st.floats(2**-20, 1, width=32), min_size=3, max_size=5).map(
    lambda weights: (np.array(weights) / np.sum(weights)).tolist()
)


@given(numbers)
@settings(max_examples=60)
def test_lines_of_a_ledger(qapp, values: list[float]) -> None:
    ledger = Ledger()
    ledger.set_rows([LedgerRow(str(place), value) for place, value in enumerate(values)])
    assert_told_apart(values, ledger.texts())


@given(numbers)
@settings(max_examples=60)
def test_a_column_of_the_log_however_it_grew(qapp, values: list[float]) -> None:
    model = LogModel(("step", "loss"))
    for place, value in enumerate(values):
        model.append([(place, abs(value))])
    texts = [model.text(row, 1) for row in range(len(values))]
    assert_told_apart(list(map(abs, values)), texts)


@given(shares, shares)
@settings(max_examples=60)
def test_probabilities_before_and_after(qapp, first: list[float], second: list[float]) -> None:
    count = min(len(first), len(second)) - 1
    before, after = ([*each[:count], sum(each[count:])] for each in (first, second))
    names = [str(number) for number in range(count + 1)]
    bars, pairs = PairedBars(), ProbabilityPairs()
    bars.set_probabilities(names, before, after)
    pairs.set_probabilities(names, np.array(before), np.array(after))
    for line in bars.accessibleDescription().split("; "):
        place = int(line[6:].split(":")[0])
        texts = re.fullmatch(r"class \d+: (.*) before, (.*) after", line)
        assert texts
        assert_told_apart((before[place], after[place]), texts.groups())
    for line in pairs.accessibleDescription().split("; "):
        place = int(line[6:].split(":")[0])
        texts = re.fullmatch(r"class \d+: original (.*), shifted (.*)", line)
        assert texts
        assert_told_apart((before[place], after[place]), texts.groups())


@given(st.lists(st.floats(-40, 40), min_size=3, max_size=10))
@settings(max_examples=60)
def test_no_probability_but_0_or_1_reads_as_one_of_these(qapp, logits: list[float]) -> None:
    powers = np.exp(np.float32(logits) - np.float32(max(logits)))
    shares = powers / powers.sum()
    bars = PredictionBars()
    bars.set_probabilities([str(number) for number in range(len(logits))], shares)
    for line in bars.accessibleDescription().split("; "):
        found = re.match(r"class (\d+): probability (≈?[^,]*)", line)
        assert found
        if found[2] in ("0", "1"):
            assert shares[int(found[1])] == float(found[2])
            assert np.delete(shares, int(found[1])).sum() == 1 - float(found[2])


def test_a_probability_reads_alike_however_many_classes_are_shown(qapp) -> None:
    shares = np.full(10, 1e-9)
    shares[3] = 1 - 9e-9
    all_bars, few_bars = PredictionBars(), PredictionBars()
    for bars, most in ((all_bars, None), (few_bars, 3)):
        bars.set_probabilities([str(number) for number in range(10)], shares, most=most)
    lines = all_bars.accessibleDescription().split("; ")
    assert set(few_bars.accessibleDescription().split("; ")) <= set(lines)
    assert few_bars.names == ("0", "1", "3")


def test_a_loser_never_reads_like_the_winner(qtbot: QtBot) -> None:
    """The windows of LAB5's pool, all filters of some digits, at the size that the panel gives them."""
    desk = Desk(qtbot, LAB5)
    network = LAB5.build_network(desk.dataset.input_shape)
    near_ties = windows = 0
    for index in range(4):
        desk.show(network, index)
        desk.go_to(StepKind.ROUTE)
        shown: ExcerptMap = desk.panel.routing.values.map
        texts, values, block = shown.texts(), shown.values, shown.block
        assert values is not None
        assert texts, "there is room for the numbers"
        rows, cols = values.shape
        for top in range(-block.row % 2, rows - 1, 2):
            for left in range(-block.col % 2, cols - 1, 2):
                places = [(top + a, left + b) for a in (0, 1) for b in (0, 1)]
                windows += 1
                own = [texts[row * cols + col] for row, col in places]
                near_ties += any("≈" in text or len(text) > 5 for text in own)
                assert_told_apart([float(values[place]) for place in places], own)
    assert windows > 30
    assert near_ties, "some windows need more than the usual decimals"
    desk.close()


def test_a_loser_never_reads_like_the_winner_in_an_enlarged_map(qtbot: QtBot) -> None:
    """What the pool reads, and what the activation before it has read: in both the winner is outlined."""
    opened = Opened(qtbot, replace(LENET, filters=(2,)))
    near_ties = 0
    for key in ("conv1", "relu1"):
        opened.flow.set_enlarged(key)
        column = opened.column(key)
        assert isinstance(column, MapColumn)
        for _ in range(6):
            column.zoom(1)
        settle(qtbot)
        shown = column.map
        assert shown.values is not None
        texts, values = np.array(shown.texts()).reshape(shown.shape), shown.values
        for top in range(0, shown.shape[0], 2):
            for left in range(0, shown.shape[1], 2):
                place = slice(top, top + 2), slice(left, left + 2)
                own = texts[place].ravel().tolist()
                near_ties += any("≈" in text or len(text) > 5 for text in own)
                assert_told_apart(values[place].ravel().tolist(), own)
    assert near_ties, "some windows need more than the usual decimals"


def test_a_loser_never_reads_like_the_winner_of_a_window_that_overlaps_others(qtbot: QtBot) -> None:
    layers = [
        ("conv1", Conv2D(1, kernel_size=1, bias=False)),
        ("pool1", MaxPool2D(2, stride=1, ties="first")),
        ("flatten", Flatten()),
        ("dense1", Dense(1)),
    ]
    weights = {"conv1.weight": np.ones((1, 1, 1, 1)), "dense1.weight": np.ones((1, 9))}
    desk = Desk(qtbot, LAB5)
    pixels = (255 - np.arange(16).reshape(1, 4, 4) % 7).astype(np.uint8)
    desk.inspect(small_network(layers, weights), Sample(pixels, 1, None, "drawn"))
    desk.go_to(StepKind.ROUTE)
    point_at(desk.panel.routing.values.map, 0, 1)
    shown = desk.panel.side.inspect.window_card.values
    assert shown.values is not None
    assert shown.texts(), "there is room for the numbers"
    assert_told_apart(shown.values.ravel().tolist(), shown.texts())
    desk.close()


@pytest.mark.parametrize("parameter", ["conv1.weight", "dense1.weight"])
def test_weights_before_and_after_an_update(qtbot: QtBot, parameter: str) -> None:
    """A step of LAB5 changes the weights of a kernel by some millionths."""
    desk = Desk(qtbot, LAB5)
    desk.show(LAB5.build_network(desk.dataset.input_shape))
    desk.go_to(StepKind.UPDATE)
    view = desk.panel.update_view
    view.parameterRequested.emit(parameter)
    desk.settle()
    first, _, last = (card.map for card in view.cards)
    assert first.texts(), "there is room for the numbers"
    assert (first.values != last.values).any()
    rows = zip(first.values.ravel().tolist(), last.values.ravel().tolist(), strict=True)
    for values, texts in zip(rows, zip(first.texts(), last.texts(), strict=True), strict=True):
        assert_told_apart(values, texts)
    desk.close()


def test_losses_and_a_weight_before_and_after_the_smallest_step(qtbot: QtBot) -> None:
    desk = Desk(qtbot, LAB5)
    network = LAB5.build_network(desk.dataset.input_shape)
    desk.show(network.with_params({name: array * 20 for name, array in network.params.items()}))
    desk.go_to(StepKind.UPDATE)
    view, values = desk.panel.update_view, desk.panel.side.inspect.values
    view.rate.lineEdit().selectAll()
    qtbot.keyClicks(view.rate.lineEdit(), "1e-7")
    qtbot.keyClick(view.rate.lineEdit(), Qt.Key.Key_Return)
    desk.settle()
    point_at(view.cards[0].map, 1, 1)
    for shown in (view.outcome, values):
        before, after = shown.text("before"), shown.text("after")
        assert before != after or before.startswith("≈"), (before, after)
    desk.close()


@given(st.lists(st.floats(-3, 3, width=32), min_size=9, max_size=9), st.integers(0, 8), st.integers(40, 400))
@settings(max_examples=60)
def test_small_maps_and_tables(qapp, values: list[float], place: int, side: int) -> None:
    """Kernels, patches and products, with a neighbour that differs in the seventh figure."""
    values[place - 1] = values[place] * (1 + 3e-7)
    excerpt, table = ExcerptMap(), ValueTable()
    for shown in (excerpt, table):
        shown.resize(side, side)
    excerpt.set_excerpt(np.reshape(values, (3, 3)), is_precise=True)
    table.set_matrix(np.reshape(values, (3, 3)))
    for shown in (excerpt, table):
        texts = shown.texts()
        assert_told_apart(values[: len(texts)], texts)


def test_values_of_several_lines_beside_the_cursor(qtbot: QtBot) -> None:
    plot, x = Plot(), np.arange(3.0)
    qtbot.addWidget(plot)
    values = [0.46712, 0.46718, 0.4671, 0.5]
    lines = [Line(f"line{place}", x, np.full(3, value)) for place, value in enumerate(values)]
    plot.set_content(PlotContent(tuple(lines), digits=3))
    show_window(qtbot, plot)
    plot.set_cursor(1.0)
    rows = [row.split() for row in plot.readout_text().splitlines()[1:]]
    assert_told_apart(values, [text for _, text in sorted(rows)])


def test_stages_that_differ_look_different(qtbot: QtBot) -> None:
    keys = ("pixels", "conv", "max", "average", "blur")
    strip = StageStrip()
    qtbot.addWidget(strip)
    strip.set_tiles([StageTile(key, key, ("#7A4FC9", "#B394F5"), "") for key in keys])
    values = {"pixels": 0.4671, "conv": 0.4678, "max": 0.46711, "average": 0.0, "blur": 1.4}
    strip.set_values({key: (value, float("nan")) for key, value in values.items()})
    texts = strip.texts()
    assert_told_apart(list(values.values()), [texts[key][0] for key in values])
    assert {texts[key][1] for key in values} == {"–"}


@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_parts_that_differ_by_rounding_only_leave_the_labels_their_room(qtbot: QtBot, scale: float) -> None:
    """The sum of evidence and a bias of 0, as added in another order."""
    ledger = Ledger()
    qtbot.addWidget(ledger)
    evidence = 7.655186067018001 * scale
    logit = float(np.nextafter(evidence, 0))
    ledger.set_rows([LedgerRow("evidence", evidence), LedgerRow("bias", 0.0), LedgerRow("logit", logit)])
    first, _zero, last = ledger.texts()
    assert first == last
    assert first.startswith("≈"), "unequal to the last bit"
    assert len(first) <= 10
