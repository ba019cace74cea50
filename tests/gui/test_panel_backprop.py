"""Steps of the backward pass: going through them, and the arrays that they show."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.datasets import to_input
from cnnviz.presets import LAB5, LENET
from cnnviz.snapshots import Snapshot
from tests.gui.backprop_desk import (
    TWO_BLOCKS,
    Desk,
    click,
    click_cell,
    lab5,
    point_at,
    two_blocks,
    visible_cells,
    wait_for,
)
from tests.gui.driving import choose_by_keys
from tests.gui.few_digits import few_digits
from ui.export.numbers import tables_of
from ui.panels.backprop import header
from ui.panels.backprop.passes import PassChoices, compute_pass
from ui.panels.backprop.sentences import sentence_of
from ui.panels.backprop.steps import StepKind, backward_steps
from ui.panels.scene import Scene
from ui.state import Sample, Shift


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot, LAB5)
    made.show(lab5())
    yield made
    made.close()


def test_lab5_has_the_nine_steps_of_its_backward_pass() -> None:
    assert [step.title for step in backward_steps(lab5())] == [
        "Output",
        "Loss",
        "dL/dlogit",
        "Dense",
        "Pooled maps",
        "Pool routing",
        "Filter gradient",
        "Input",
        "Update",
    ]


def test_lenet_goes_through_both_blocks_and_its_hidden_layer() -> None:
    steps = backward_steps(LENET.build_network())
    assert [(step.kind.value, step.layer) for step in steps[3:-1]] == [
        ("dense", "dense2"),
        ("arrive", "dense2"),
        ("gate", "relu3"),
        ("dense", "dense1"),
        ("arrive", "dense1"),
        ("route", "pool2"),
        ("gate", "relu2"),
        ("filter", "conv2"),
        ("arrive", "conv2"),
        ("route", "pool1"),
        ("gate", "relu1"),
        ("filter", "conv1"),
        ("input", "conv1"),
    ]
    assert len({step.title for step in steps}) == len(steps)


def test_next_and_back_walk_through_the_steps_and_stop_at_the_ends(desk: Desk) -> None:
    panel = desk.panel
    assert not panel.header.back.isEnabled()
    for place in range(1, 9):
        click(panel.header.next)
        assert panel.header.bar.current() == place
    assert not panel.header.next.isEnabled()
    click(panel.header.back)
    assert panel.model.step.kind is StepKind.INPUT
    desk.settle()


def test_keys_walk_through_the_steps(desk: Desk) -> None:
    panel = desk.panel
    panel.setFocus()
    for key, place in (
        (Qt.Key.Key_PageDown, 1),
        (Qt.Key.Key_PageDown, 2),
        (Qt.Key.Key_PageUp, 1),
        (Qt.Key.Key_End, 8),
        (Qt.Key.Key_PageDown, 8),
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_PageUp, 0),
    ):
        QTest.keyClick(panel, key)
        assert panel.header.bar.current() == place
    panel.header.bar.setFocus()
    QTest.keyClick(panel.header.bar, Qt.Key.Key_Right)
    assert panel.header.bar.current() == 1
    QTest.keyClick(panel, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert panel.header.bar.current() == 2
    desk.settle()


def test_page_keys_work_while_a_map_has_the_keyboard(desk: Desk) -> None:
    desk.go_to(StepKind.DENSE)
    shown = desk.panel.maps.cards[0].map
    shown.setFocus()
    QTest.keyClick(shown, Qt.Key.Key_PageDown)
    assert desk.panel.model.step.kind is StepKind.ARRIVE


def test_play_runs_to_the_last_step_and_a_click_stops_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header, "_PLAY_MS", 15)
    desk = Desk(qtbot, LAB5)
    desk.show(lab5())
    bar = desk.panel.header
    click(bar.play)
    assert bar.is_playing()
    wait_for(qtbot, lambda: bar.bar.current() >= 2)
    click(bar.back)
    assert not bar.is_playing()
    QTest.keyClick(desk.panel, Qt.Key.Key_P)
    wait_for(qtbot, lambda: not bar.is_playing())
    assert bar.bar.current() == bar.bar.count() - 1
    desk.settle()
    desk.close()


def test_first_steps_show_the_logit_its_probability_and_its_gradient(desk: Desk) -> None:
    oracle = desk.gradients(lab5())
    trace = desk.panel.model.passed.trace
    assert visible_cells(desk.panel.output.maps["z"]).ravel() == trace.logits.ravel()
    desk.go_to(StepKind.LOGITS)
    assert visible_cells(desk.panel.output.maps["d"]).ravel() == oracle.outputs["dense1"].ravel()
    assert visible_cells(desk.panel.output.maps["y"]).ravel() == desk.state.sample.label
    text = desk.panel.header.formula.texts()[0]
    assert text.startswith("∂L/∂z = p − y = ")
    assert f" = {float(trace.probabilities[0, 0]):.5f} − " in text


def test_loss_in_the_formula_is_that_of_the_engine(desk: Desk) -> None:
    desk.go_to(StepKind.LOSS)
    assert desk.panel.header.formula.texts()[0].endswith(f"{desk.gradients(lab5()).loss:.4g}")


def test_dense_step_shows_input_times_gradient_of_the_unit(desk: Desk) -> None:
    desk.go_to(StepKind.DENSE)
    oracle = desk.gradients(lab5())
    left, right = (card.map for card in desk.panel.maps.cards[:2])
    channel = desk.panel.model.focus.channel(lab5(), "pool1")
    weights = oracle.params["dense1.weight"].reshape(8, 13, 13)[channel]
    np.testing.assert_array_equal(visible_cells(right), right.block.cut(weights))
    arriving = oracle.outputs["dense1"][0, 0]
    np.testing.assert_allclose(visible_cells(right), arriving * visible_cells(left), rtol=1e-12)


def test_gradient_at_the_pooled_maps_is_that_of_the_engine(desk: Desk) -> None:
    desk.go_to(StepKind.ARRIVE)
    channel = desk.panel.model.focus.channel(lab5(), "pool1")
    shown = desk.panel.maps.cards[1].map
    oracle = desk.gradients(lab5()).outputs["pool1"][0, channel]
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(oracle))


def test_choosing_a_filter_by_click_shows_its_maps_in_all_steps(desk: Desk) -> None:
    desk.go_to(StepKind.ARRIVE)
    grid = desk.panel.maps.pickers[0].grid
    click(grid, grid.tile_rect(3).center().toPoint())
    oracle = desk.gradients(lab5())
    shown = desk.panel.maps.cards[1].map
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(oracle.outputs["pool1"][0, 3]))
    desk.go_to(StepKind.ROUTE)
    shown = desk.panel.routing.routed.map
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(oracle.outputs["conv1"][0, 3]))


def test_every_step_of_two_blocks_ends_in_the_engines_gradient(qtbot: QtBot) -> None:
    desk = Desk(qtbot, TWO_BLOCKS)
    desk.show(two_blocks(), 5)
    oracle = desk.gradients(two_blocks())
    seen = []
    for step in desk.panel.model.steps:
        if step.kind not in (StepKind.ARRIVE, StepKind.GATE):
            continue
        desk.go_to(step.kind, step.layer)
        card = next(card for card in reversed(desk.panel.maps.cards) if card.isVisible())
        content = card.content()
        expected = oracle.outputs[step.stage][0]
        expected = expected[content.grid.channel] if expected.ndim == 3 else expected
        np.testing.assert_array_equal(content.grid.values.ravel()[: expected.size], expected.ravel())
        seen.append((step.kind, step.layer))
    assert len(seen) == 6
    desk.close()


def test_the_part_of_one_unit_is_its_weight_times_its_gradient(qtbot: QtBot) -> None:
    desk = Desk(qtbot, TWO_BLOCKS)
    desk.show(two_blocks())
    desk.go_to(StepKind.ARRIVE, "dense1")
    units = desk.panel.maps.pickers[1].cells
    click(units, units.cell_rect(0, 5).center().toPoint())
    channel = desk.panel.model.focus.channel(two_blocks(), "pool2")
    weights = two_blocks().params["dense1.weight"].reshape(12, 4, 7, 7)
    arriving = desk.gradients(two_blocks()).outputs["dense1"][0]
    part = desk.panel.maps.cards[1].content().grid.values
    np.testing.assert_array_equal(part, weights[5, channel] * arriving[5])
    whole = desk.panel.maps.cards[2].content().grid.values
    expected = np.tensordot(arriving, weights[:, channel], axes=1)
    np.testing.assert_allclose(whole, expected, rtol=1e-12, atol=1e-18)
    desk.close()


def test_closed_gates_are_hatched_and_send_an_explicit_zero(qtbot: QtBot) -> None:
    desk = Desk(qtbot, TWO_BLOCKS)
    desk.show(two_blocks())
    desk.go_to(StepKind.GATE, "relu1")
    before, _, after = (card.map for card in desk.panel.maps.cards)
    closed = visible_cells(before) <= 0
    np.testing.assert_array_equal(before.hatched(), closed)
    np.testing.assert_array_equal(after.struck(), closed)
    assert not visible_cells(after)[closed].any()
    desk.close()


def test_saliency_and_pixels_show_the_gradient_at_the_input(desk: Desk) -> None:
    desk.go_to(StepKind.INPUT)
    oracle = desk.gradients(lab5()).input[0, 0]
    np.testing.assert_array_equal(desk.panel.input.saliency.overlay(), oracle)
    shown = desk.panel.input.pixels.map
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(oracle))


def test_what_is_said_of_the_saliency_is_that_of_the_gradient(desk: Desk) -> None:
    """Tip, spoken text and exported numbers, not of the image that it is laid over."""
    desk.go_to(StepKind.INPUT)
    saliency = desk.panel.input.saliency
    gradient = desk.gradients(lab5()).input[0, 0]
    place = np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape)
    row, col = map(int, place)
    found = re.search(r"gradient (\S+), pixel (\S+)", saliency.describe(row, col).replace("−", "-"))
    assert found is not None
    assert float(found[1]) == pytest.approx(gradient[row, col], rel=1e-4)
    assert float(found[2]) == pytest.approx(desk.panel.model.passed.values("input")[0, row, col], rel=1e-4)
    ends = [saliency.describe(*map(int, np.unravel_index(int(place), gradient.shape)))
            for place in (gradient.argmin(), gradient.argmax())]  # fmt: skip
    assert all(each in saliency.spoken_summary() for each in ends)
    tables = tables_of(saliency)
    assert [table.title for table in tables] == ["Saliency: gradient", "Saliency: pixels"]
    np.testing.assert_array_equal([line[1:] for line in tables[0].lines()], gradient)
    click(desk.panel.header.cover)
    assert "gradient" not in saliency.describe(row, col)
    assert "covered" in saliency.spoken_summary()


@pytest.mark.parametrize("rule", ["all", "first", "split"])
@pytest.mark.parametrize("pool", ["max", "average"])
def test_the_gradient_at_the_pixels_is_called_a_slope_where_it_is_one(rule: str, pool: str) -> None:
    """Against one-sided differences of the loss: both are the gradient where no tied window reads a pixel."""
    experiment = replace(LAB5, ties=rule, pool=pool, dtype="float64")
    dataset = few_digits()
    network = experiment.build_network(dataset.input_shape)
    pixels, label = dataset.test_images[3], int(dataset.test_labels[3])
    scene = Scene(dataset, Snapshot(0, network), Sample(pixels, label, 3), Shift(), PassChoices())
    passed = compute_pass(scene)
    step = next(each for each in backward_steps(network) if each.kind is StepKind.INPUT)
    said, gradient = sentence_of(passed, step), passed.gradient("input")[0]
    x, eps = to_input(pixels[np.newaxis], np.dtype(np.float64)), 1e-5
    pokes = eps * np.eye(gradient.size).reshape(-1, 1, *gradient.shape)

    def losses(images: np.ndarray) -> np.ndarray:
        probabilities = network.forward(images).class_probabilities
        return -np.log(probabilities[:, label])

    slopes = [(losses(x + sign * pokes) - losses(x)) / (sign * eps) for sign in (1, -1)]
    tolerance = 1e-3 * np.abs(gradient).max()
    is_slope = np.all([np.abs(gradient.ravel() - each) < tolerance for each in slopes], axis=0)
    if "need not be the slope" in said:
        maps = network.forward(x).outputs["conv1"][0]
        windows = maps.reshape(8, 13, 2, 13, 2).transpose(0, 1, 3, 2, 4).reshape(8, 13, 13, 4)
        tied = (windows == windows.max(axis=3, keepdims=True)).sum(axis=3).max(axis=0) > 1
        read = np.zeros(gradient.shape, np.bool_)
        for row, col in np.argwhere(tied):
            read[2 * row : 2 * row + 4, 2 * col : 2 * col + 4] = True
        assert is_slope[~read.ravel()].all()
        assert not is_slope.all()
        assert f"“{rule}”" in said
        assert "brighter" not in said
    else:
        assert is_slope.all()
        assert "a brighter pixel means more loss" in said


def test_a_gradient_made_by_a_rule_for_ties_is_called_a_slope_nowhere(desk: Desk) -> None:
    """Under "all" the filter's gradient is a sum over tied cells; at the pixels no rule gives a slope."""
    panel = desk.panel
    desk.go_to(StepKind.FILTER)
    assert "not the slope of the loss" in panel.header.sentence.text()
    for rule in ("all", "first"):
        desk.go_to(StepKind.ROUTE)
        click(panel.side.ties.rule.button(rule))
        desk.settle()
        desk.go_to(StepKind.INPUT)
        for text in (panel.header.sentence.text(), panel.input.saliency.toolTip()):
            assert f"“{rule}”" in text
            assert "need not be the slope of the loss" in text
            assert "brighter" not in text
    desk.go_to(StepKind.FILTER)
    assert "not the slope" not in panel.header.sentence.text()


def test_dragging_the_frame_over_the_digit_moves_the_enlarged_block(desk: Desk) -> None:
    desk.go_to(StepKind.INPUT)
    saliency, shown = desk.panel.input.saliency, desk.panel.input.pixels.map
    QTest.mousePress(saliency, Qt.MouseButton.LeftButton, pos=saliency.cell_rect(14, 14).center().toPoint())
    QTest.mouseMove(saliency, saliency.cell_rect(1, 1).center().toPoint())
    QTest.mouseRelease(saliency, Qt.MouseButton.LeftButton, pos=saliency.cell_rect(1, 1).center().toPoint())
    assert (shown.block.row, shown.block.col) == (0, 0)
    saliency.setFocus()
    QTest.keyClick(saliency, Qt.Key.Key_Right)
    assert (shown.block.row, shown.block.col) == (0, 1)
    oracle = desk.gradients(lab5()).input[0, 0]
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(oracle))


def test_pointing_at_a_cell_writes_its_sum_out(desk: Desk) -> None:
    desk.go_to(StepKind.INPUT)
    shown = desk.panel.input.pixels.map
    point_at(shown, 2, 3)
    row, col = shown.block.row + 2, shown.block.col + 3
    assert desk.panel.side.inspect.title.text() == f"pixel, row {row}, column {col}"
    gradient = desk.gradients(lab5()).input[0, 0, row, col]
    text = desk.panel.side.inspect.values.text("gradient").replace("−", "-")
    assert float(text) == pytest.approx(gradient, rel=1e-4)
    assert f"x_{row},{col}" in desk.panel.header.formula.texts()[0].replace("∂", "")


def test_an_unlabelled_digit_is_differentiated_for_the_class_the_user_chooses(desk: Desk) -> None:
    desk.inspect(lab5(), Sample(desk.dataset.test_images[3], None, None, "drawn"))
    guess = int(np.argmax(desk.panel.model.passed.probabilities))
    label = desk.panel.side.ties.label
    assert label.choice() == str(guess)
    assert "no label" in desk.panel.side.ties.hint.text()
    other = 1 - guess
    choose_by_keys(label, str(other))
    desk.settle()
    desk.go_to(StepKind.LOGITS)
    oracle = desk.gradients(lab5(), other)
    assert visible_cells(desk.panel.output.maps["d"]).ravel() == oracle.outputs["dense1"].ravel()


def test_results_can_be_covered_and_guessed_before_they_are_shown(desk: Desk) -> None:
    panel = desk.panel
    desk.go_to(StepKind.DENSE)
    click(panel.header.cover)
    inputs, results = (card.map for card in panel.maps.cards[:2])
    assert results.is_covered()
    assert not inputs.is_covered()
    assert panel.header.formula.texts()[0].count("?") == 2
    assert panel.side.inspect.values.text("product") == "?"
    assert panel.side.inspect.values.text("value") != "?"
    click_cell(results, 1, 1)
    assert not results.is_covered()
    assert "?" not in panel.header.formula.texts()[0]
    assert panel.model.target is None
    click_cell(results, 1, 1)
    assert panel.model.target is not None


def test_each_step_covers_its_own_results_and_v_shows_them(desk: Desk) -> None:
    panel = desk.panel
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_V)
    covered = {
        StepKind.OUTPUT: panel.output.maps["p"],
        StepKind.LOGITS: panel.output.maps["d"],
        StepKind.ARRIVE: panel.maps.cards[1].map,
        StepKind.ROUTE: panel.routing.routed.map,
        StepKind.FILTER: panel.filter.sum.map,
        StepKind.INPUT: panel.input.pixels.map,
        StepKind.UPDATE: panel.update_view.cards[2].map,
    }
    for kind, shown in covered.items():
        desk.go_to(kind)
        assert shown.is_covered(), kind
        QTest.keyClick(panel, Qt.Key.Key_V)
        assert not shown.is_covered(), kind
    click(panel.header.cover)
    desk.go_to(StepKind.OUTPUT)
    assert not panel.output.maps["p"].is_covered()
    assert "?" not in panel.header.formula.texts()[0]
