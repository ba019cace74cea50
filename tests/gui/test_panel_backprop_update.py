"""The filter gradient term by term; the trial update: apply, undo, adopt."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.presets import LAB5
from cnnviz.routing import apply_update, filter_gradient_terms, with_ties
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
)
from tests.gui.driving import choose_by_keys
from ui.panels.backprop.steps import StepKind


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot, LAB5)
    made.show(lab5())
    yield made
    made.close()


@pytest.fixture
def update(desk: Desk) -> Desk:
    desk.go_to(StepKind.UPDATE)
    return desk


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_terms_are_added_one_by_one_the_largest_first(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    view, passed = desk.panel.filter, desk.panel.model.passed
    kernel = desk.panel.model.focus.channel(lab5(), "conv1")
    terms = filter_gradient_terms(
        passed.network, passed.trace, passed.gradients, "conv1", kernel, by="window"
    )
    assert (np.diff(terms.norms) <= 0).all()
    np.testing.assert_array_equal(visible_cells(view.term.map), terms.terms[0, 0])
    for count in (2, 3):
        click(view.more)
        np.testing.assert_allclose(visible_cells(view.term.map), terms.terms[count - 1, 0], rtol=1e-12)
        np.testing.assert_allclose(visible_cells(view.sum.map), terms.terms[:count, 0].sum(axis=0), rtol=1e-9)
        row, col = terms.places[count - 1]
        assert view.arriving.map.outlined("winner") == [(row, col, 1, 1)]
    click(view.fewer)
    assert view.slider.value() == 2


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("first", "the patch of its winner"),
        ("all", "the sum of its winners"),
        ("split", "the mean of its winners"),
    ],
)
def test_the_formula_of_a_term_is_that_of_the_rule(desk: Desk, rule: str, words: str) -> None:
    """In a tied window: the winners' patches, cut out by hand, make the patch that is shown."""
    desk.go_to(StepKind.FILTER)
    click(desk.panel.side.ties.rule.button(rule))
    desk.settle()
    assert words in desk.panel.header.formula.texts()[0]
    assert words in desk.panel.header.sentence.text()
    passed = desk.panel.model.passed
    terms = passed.terms("conv1", 0)
    maps, image = passed.values("conv1")[0], passed.values("input")[0]
    for (row, col), patch in zip(terms.places, terms.patches, strict=True):
        window = maps[2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
        cells = [(2 * row + i, 2 * col + j) for i, j in np.argwhere(window == window.max())]
        patches = [image[top : top + 3, left : left + 3] for top, left in cells]
        expected = {"first": patches[0], "all": sum(patches), "split": sum(patches) / len(patches)}[rule]
        np.testing.assert_allclose(patch[0], expected, rtol=1e-12, atol=1e-15)


def test_the_sum_of_all_terms_is_the_engines_gradient(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    view = desk.panel.filter
    click(view.all)
    kernel = desk.panel.model.focus.channel(lab5(), "conv1")
    oracle = desk.gradients(lab5()).params["conv1.weight"][kernel, 0]
    np.testing.assert_array_equal(visible_cells(view.total.map), oracle)
    np.testing.assert_allclose(visible_cells(view.sum.map), oracle, rtol=1e-9)
    distance = view.plot.content().lines[0].y
    assert distance[0] == 1
    assert distance[-1] < 1e-9
    assert not view.more.isEnabled()


def test_the_slider_and_a_click_on_the_curve_choose_how_many_terms(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    view = desk.panel.filter
    view.slider.setFocus()
    QTest.keyClick(view.slider, Qt.Key.Key_Right)
    assert desk.panel.model.focus.terms == 2
    click(view.plot, view.plot.point_at(40, 0.1).toPoint())
    assert abs(desk.panel.model.focus.terms - 40) <= 1


def test_clicking_a_window_goes_to_its_term(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    view, passed = desk.panel.filter, desk.panel.model.passed
    click_cell(view.arriving.map, 6, 5)
    terms = passed.terms("conv1", desk.panel.model.focus.channel(lab5(), "conv1"))
    assert tuple(terms.places[desk.panel.model.focus.terms - 1]) == (6, 5)


def test_filter_gradient_of_the_second_block_for_another_input_map(qtbot: QtBot) -> None:
    desk = Desk(qtbot, TWO_BLOCKS)
    desk.show(two_blocks(), 3)
    desk.go_to(StepKind.FILTER, "conv2")
    view = desk.panel.filter
    choose_by_keys(view.channel, "2")
    click(view.all)
    kernel = desk.panel.model.focus.channel(two_blocks(), "conv2")
    oracle = desk.gradients(two_blocks()).params["conv2.weight"][kernel, 2]
    np.testing.assert_array_equal(visible_cells(view.total.map), oracle)
    np.testing.assert_allclose(visible_cells(view.sum.map), oracle, rtol=1e-9, atol=1e-18)
    desk.close()


def test_what_the_update_does_can_be_guessed_first(update: Desk) -> None:
    view, header = update.panel.update_view, update.panel.header
    click(header.cover)
    assert view.outcome.keys() == ["before"]
    click(view.apply)
    update.settle()
    assert view.outcome.keys() == ["run", "before"]
    click(header.cover)
    assert view.outcome.keys()[2:] == ["after", "change", "promised"]
    assert view.outcome.names[1:3] == ("now, after 1 trial update", "after one more update")


def test_the_preview_is_one_step_of_gradient_descent(update: Desk) -> None:
    view, gradients = update.panel.update_view, update.gradients(lab5())
    after = apply_update(lab5(), gradients, LAB5.learning_rate)
    kernel = update.panel.model.focus.channel(lab5(), "conv1")
    before, step, new = (visible_cells(card.map) for card in view.cards)
    np.testing.assert_array_equal(before, lab5().params["conv1.weight"][kernel, 0])
    np.testing.assert_allclose(step, -1e-4 * gradients.params["conv1.weight"][kernel, 0], rtol=1e-12)
    np.testing.assert_array_equal(new, after.params["conv1.weight"][kernel, 0])
    assert number(view.outcome.text("after")) == pytest.approx(update.gradients(after).loss, rel=1e-5)
    assert number(view.outcome.text("after")) < number(view.outcome.text("before"))
    passed = update.panel.model.passed
    slope = with_ties(lab5(), "first").gradients(passed.x, np.array([passed.label])).params
    product = sum(float((slope[name] * each).sum()) for name, each in gradients.params.items())
    assert number(view.outcome.text("promised")) == pytest.approx(-1e-4 * product, rel=1e-3)
    assert view.bars.before() == pytest.approx(update.panel.model.passed.probabilities.tolist())


@pytest.mark.parametrize("rule", ["first", "all", "split"])
def test_what_the_slope_promises_is_what_a_small_step_does(update: Desk, rule: str) -> None:
    """Under every rule: over a thousandth of the step the loss is a straight line, and falls by just that."""
    click(update.panel.side.ties.rule.button(rule))
    update.settle()
    network, passed = with_ties(lab5(), rule), update.panel.model.passed
    labels = np.array([passed.label])
    gradients = network.gradients(passed.x, labels)
    small = apply_update(network, gradients, 1e-7).gradients(passed.x, labels).loss - gradients.loss
    view = update.panel.update_view
    assert number(view.outcome.text("promised")) == pytest.approx(1e3 * small, rel=1e-3)


def test_pointing_at_a_weight_tells_its_value_before_and_after(update: Desk) -> None:
    point_at(update.panel.update_view.cards[0].map, 2, 1)
    kernel = update.panel.model.focus.channel(lab5(), "conv1")
    values = update.panel.side.inspect.values
    before = lab5().params["conv1.weight"][kernel, 0, 2, 1]
    slope = update.gradients(lab5()).params["conv1.weight"][kernel, 0, 2, 1]
    assert update.panel.side.inspect.title.text() == f"conv1.weight[{kernel}, 0, 2, 1]"
    assert number(values.text("before")) == pytest.approx(before, rel=1e-7)
    assert number(values.text("after")) == pytest.approx(before - 1e-4 * slope, rel=1e-7)


def test_a_dense_parameter_and_its_bias_can_be_looked_at(update: Desk) -> None:
    view = update.panel.update_view
    choose_by_keys(view.parameter, "dense1.bias")
    assert visible_cells(view.cards[0].map).ravel() == lab5().params["dense1.bias"]
    choose_by_keys(view.parameter, "dense1.weight")
    shown = view.cards[0].map
    channel = update.panel.model.focus.channel(lab5(), "pool1")
    weights = lab5().params["dense1.weight"].reshape(8, 13, 13)[channel]
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(weights))


def test_applied_updates_change_the_panel_and_never_the_run(update: Desk) -> None:
    view = update.panel.update_view
    first = update.panel.model.passed.gradients.loss
    losses = [first]
    for _ in range(2):
        click(view.apply)
        update.settle()
        losses.append(update.panel.model.passed.gradients.loss)
    assert losses[2] < losses[1] < losses[0]
    assert number(view.outcome.text("run")) == pytest.approx(first, rel=1e-5)
    assert update.state.shown.network is lab5()
    update.go_to(StepKind.LOSS)
    assert "2 trial updates; the run is unchanged" in update.panel.side.ties.hint.text()
    assert update.panel.header.formula.texts()[0].endswith(f"{losses[2]:.4g}")


def test_undo_takes_the_updates_back_one_by_one(update: Desk) -> None:
    view, panel = update.panel.update_view, update.panel
    assert not view.undo.isEnabled()
    for _ in range(2):
        click(view.apply)
        update.settle()
    click(view.undo)
    update.settle()
    once = apply_update(lab5(), update.gradients(lab5()), LAB5.learning_rate)
    for name, array in once.params.items():
        np.testing.assert_array_equal(panel.model.passed.network.params[name], array)
    click(view.undo)
    update.settle()
    assert panel.model.passed.network.params is lab5().params
    assert not view.undo.isEnabled()


def test_another_rate_makes_another_step(update: Desk) -> None:
    view = update.panel.update_view
    view.rate.setFocus()
    view.rate.selectAll()
    QTest.keyClicks(view.rate, "0.5")
    QTest.keyClick(view.rate, Qt.Key.Key_Return)
    update.settle()
    after = apply_update(lab5(), update.gradients(lab5()), 0.5)
    kernel = update.panel.model.focus.channel(lab5(), "conv1")
    np.testing.assert_array_equal(visible_cells(view.cards[2].map), after.params["conv1.weight"][kernel, 0])
    assert "0.5" in update.panel.header.formula.texts()[0]


def test_adopt_hands_over_the_changed_weights_with_the_runs_own_rule(update: Desk) -> None:
    panel = update.panel
    click(panel.side.ties.rule.button("first"))
    update.settle()
    adopted: list[Snapshot] = []
    panel.adoptRequested.connect(adopted.append)
    assert not panel.update_view.adopt.isEnabled()
    click(panel.update_view.apply)
    update.settle()
    click(panel.update_view.adopt)
    assert len(adopted) == 1
    network = adopted[0].network
    assert network.layers == lab5().layers
    for name, array in network.params.items():
        np.testing.assert_array_equal(array, panel.model.passed.network.params[name])
        assert not np.array_equal(array, lab5().params[name])


def test_trial_updates_are_dropped_with_a_word_when_the_run_moves_on(update: Desk) -> None:
    click(update.panel.update_view.apply)
    update.settle()
    moved = lab5().with_params({name: array * 0.9 for name, array in lab5().params.items()})
    update.show(moved, 0, step=10)
    assert "dropped" in update.panel.message.text()
    assert update.panel.model.passed.network.params is moved.params
    assert not update.panel.update_view.adopt.isEnabled()


def test_trial_updates_stay_when_another_sample_is_looked_at(update: Desk) -> None:
    click(update.panel.update_view.apply)
    update.settle()
    changed = update.panel.model.passed.network.params
    update.show(lab5(), 4)
    assert update.panel.model.passed.network.params is changed
    assert update.panel.message.text() == ""
