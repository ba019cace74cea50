"""The poke test and the check of all parameters."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.datasets import to_input
from cnnviz.functional.max_pooling import TIE_RULES
from cnnviz.presets import LAB5
from cnnviz.quantities import format_value
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, check_all, poke, with_ties
from tests.gui.backprop_desk import Desk, click, click_cell, lab5, visible_cells, wait_for
from tests.gui.driving import drain
from tests.gui.view_rounds import choose
from ui.cells.block import Block
from ui.panels.backprop.side_column import CHECK, POKE
from ui.panels.backprop.steps import StepKind

IN_FORCE = {rule: column for column, rule in enumerate(TIE_RULES)}


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot, LAB5)
    made.show(lab5())
    yield made
    made.close()


def loss_after(desk: Desk, target: object, amount: float) -> float:
    """Loss with one number changed, by brute force: the oracle."""
    network, sample = lab5(), desk.state.sample
    x = to_input(sample.pixels[None], "float64")
    if isinstance(target, ParameterTarget):
        array = network.params[target.name].copy()
        array[target.index] += amount
        network = network.with_params({**network.params, target.name: array})
    elif isinstance(target, PixelTarget):
        x = x.copy()
        x[(0, *target.index)] += amount
    else:
        return _loss_after_cell(desk, target, amount)
    return network.gradients(x, np.array([sample.label])).loss


def _loss_after_cell(desk: Desk, target: CellTarget, amount: float) -> float:
    """Change a cell of the convolution and go on from there."""
    conv = desk.panel.model.passed.trace.outputs["conv1"].copy()
    conv[(0, *target.index)] += amount
    pooled = conv.reshape(1, 8, 13, 2, 13, 2).max(axis=(3, 5)).reshape(1, -1)
    z = float((pooled @ lab5().params["dense1.weight"].T + lab5().params["dense1.bias"])[0, 0])
    return float(np.logaddexp(0.0, -z if desk.state.sample.label == 1 else z))


def window_with_a_close_second(values: np.ndarray, block: Block) -> tuple[int, int, float]:
    """Winner of a window in sight without a tie, and how far it is above the second."""
    for top in range(block.row, block.row + block.rows, 2):
        for left in range(block.col, block.col + block.cols, 2):
            part = values[top : top + 2, left : left + 2]
            ordered = np.sort(part.ravel())
            if 1e-3 < ordered[-1] - ordered[-2] < 0.45:
                i, j = np.unravel_index(int(np.argmax(part)), (2, 2))
                return top + int(i), left + int(j), float(ordered[-1] - ordered[-2])
    raise AssertionError("no such window is in sight")


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def show_poke(desk: Desk) -> None:
    click(desk.panel.side.pages.button(POKE))
    desk.settle()


def test_without_a_target_the_page_says_what_to_click(desk: Desk) -> None:
    show_poke(desk)
    assert "Click any cell" in desk.panel.side.poke.hint.text()
    assert desk.panel.side.poke.poke() is None


def test_a_clicked_cell_is_poked_by_eps(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    show_poke(desk)
    shown = desk.panel.routing.values.map
    click_cell(shown, 2, 1)
    desk.settle()
    page = desk.panel.side.poke
    target = page.poke().target
    assert isinstance(target, CellTarget)
    assert target.index[1:] == (shown.block.row + 2, shown.block.col + 1)
    eps = page.eps.value()
    assert number(page.values.text("plus")) == pytest.approx(loss_after(desk, target, eps), abs=2e-9)
    assert number(page.values.text("minus")) == pytest.approx(loss_after(desk, target, -eps), abs=2e-9)


def test_a_weight_of_the_filter_and_a_pixel_can_be_poked(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    click_cell(desk.panel.filter.total.map, 1, 2)
    desk.settle()
    page = desk.panel.side.poke
    assert desk.panel.side.page() == POKE
    target = page.poke().target
    channel = desk.panel.model.focus.channel(lab5(), "conv1")
    assert target == ParameterTarget("conv1.weight", (channel, 0, 1, 2))
    assert number(page.values.text("plus")) == pytest.approx(
        loss_after(desk, target, page.eps.value()), abs=2e-9
    )
    desk.go_to(StepKind.INPUT)
    click_cell(desk.panel.input.pixels.map, 0, 0)
    desk.settle()
    target = page.poke().target
    assert isinstance(target, PixelTarget)
    assert number(page.values.text("minus")) == pytest.approx(
        loss_after(desk, target, -page.eps.value()), abs=2e-9
    )


def test_a_dense_weight_agrees_to_many_figures(desk: Desk) -> None:
    desk.go_to(StepKind.DENSE)
    click_cell(desk.panel.maps.cards[1].map, 1, 1)
    desk.settle()
    page = desk.panel.side.poke
    assert isinstance(page.poke().target, ParameterTarget)
    assert page.badge.text() == "agrees"
    assert number(page.values.text("error")) < 1e-6
    assert number(page.values.text("gradient")) == pytest.approx(
        number(page.values.text("difference")), rel=1e-4
    )


def test_the_slider_changes_eps_by_keyboard(desk: Desk) -> None:
    desk.go_to(StepKind.DENSE)
    click_cell(desk.panel.maps.cards[1].map, 1, 1)
    desk.settle()
    page = desk.panel.side.poke
    before = page.eps.value()
    page.eps.slider.setFocus()
    QTest.keyClick(page.eps.slider, Qt.Key.Key_Right)
    desk.settle()
    assert page.eps.value() == pytest.approx(2 * before)
    assert page.poke().eps == page.eps.value()
    oracle = poke(
        lab5(), desk.panel.model.passed.x, desk.panel.model.passed.label, page.poke().target, 2 * before
    )
    assert page.values.text("plus") == f"{oracle.loss_plus:.9g}"


def test_the_plot_shows_loss_tangent_and_the_place_where_the_winner_flips(desk: Desk) -> None:
    desk.go_to(StepKind.ROUTE)
    click(desk.panel.side.ties.rule.button("first"))
    desk.settle()
    passed, shown = desk.panel.model.passed, desk.panel.routing.values.map
    channel = desk.panel.model.focus.channel(lab5(), "conv1")
    row, col, gap = window_with_a_close_second(passed.values("conv1")[channel], shown.block)
    show_poke(desk)
    click_cell(shown, row - shown.block.row, col - shown.block.col)
    desk.settle()
    content = desk.panel.side.poke.plot.content()
    flips = [marker.x for marker in content.markers]
    assert min(flips, key=lambda x: abs(x + gap)) == pytest.approx(-gap, abs=1e-4)
    assert [marker.text for marker in content.markers if marker.text] == ["winner flips here"]
    loss, tangent = content.lines
    middle = len(loss.x) // 2
    assert loss.y[middle] == tangent.y[middle]
    target = desk.panel.side.poke.poke().target
    for place in (0, 30, len(loss.x) - 1):
        assert loss.y[place] == pytest.approx(loss_after(desk, target, float(loss.x[place])), rel=1e-9)
    slope = (tangent.y[-1] - tangent.y[0]) / (tangent.x[-1] - tangent.x[0])
    assert slope == pytest.approx(desk.panel.side.poke.poke().gradient, rel=1e-9)


def test_the_rule_all_is_named_as_the_reason_and_first_agrees(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    click_cell(desk.panel.filter.total.map, 0, 0)
    desk.settle()
    page = desk.panel.side.poke
    QTest.keyClick(page.eps.slider, Qt.Key.Key_Home)
    page.eps.slider.setFocus()
    while page.eps.value() < 1e-6:
        QTest.keyClick(page.eps.slider, Qt.Key.Key_Right)
    desk.settle()
    assert page.badge.text() == "tie rule"
    click(desk.panel.side.ties.rule.button("first"))
    desk.settle()
    assert page.badge.text() == "agrees"


def test_check_all_counts_what_the_engine_counts(desk: Desk) -> None:
    panel = desk.panel
    click(panel.side.pages.button(CHECK))
    page = panel.side.check
    assert page.check.text() == "Check all 1,425 parameters"
    click(page.check)
    wait_for(desk.bot, lambda: page.result() is not None)
    passed = panel.model.passed
    oracle = check_all(passed.network, passed.x, passed.label)
    for verdict, count in oracle.counts.items():
        assert page.summary.text(verdict, IN_FORCE["all"]) == f"{count:,}"
    assert page.summary.text("mismatch", IN_FORCE["all"]) == "0"
    assert "All 1,425 parameters are accounted for" in page.hint.text()


def test_each_rule_for_ties_keeps_its_check_in_a_column_of_its_own(desk: Desk) -> None:
    panel, page = desk.panel, desk.panel.side.check
    panel.side.show_page(CHECK)
    seen = {}
    for rule in ("all", "first"):
        click(panel.side.ties.rule.button(rule))
        desk.settle()
        assert page.result() is None
        assert not page.table.isVisible()
        click(page.check)
        wait_for(desk.bot, lambda: page.result() is not None)
        seen[rule] = check_all(with_ties(lab5(), rule), panel.model.passed.x, panel.model.passed.label)
    assert seen["all"].counts["tie_rule"]
    assert not seen["first"].counts["tie_rule"]
    for shown in ("all", "first", "split"):
        click(panel.side.ties.rule.button(shown))
        desk.settle()
        assert page.summary.isVisible()
        assert page.summary.current == IN_FORCE[shown]
        assert page.table.isVisible() == (shown in seen)
        for rule, oracle in seen.items():
            for verdict, count in oracle.counts.items():
                assert page.summary.text(verdict, IN_FORCE[rule]) == f"{count:,}"
            assert page.summary.text("error", IN_FORCE[rule]) == format_value(oracle.largest_error, 2)
        assert page.summary.text("checked", IN_FORCE["split"]) == "–"
    assert "not done under “split”" in page.hint.text()
    # What was checked is of this image, this class and these weights alone.
    desk.show(lab5(), 1)
    assert not page.summary.isVisible()
    desk.show(lab5(), 0)
    assert page.summary.text("checked", IN_FORCE["all"]) == "1,425"
    choose(panel.side.ties.label, str(1 - int(panel.model.passed.label)))
    desk.settle()
    assert not page.summary.isVisible()


def test_a_check_is_of_the_rule_that_it_was_begun_under(desk: Desk) -> None:
    panel, page = desk.panel, desk.panel.side.check
    panel.side.show_page(CHECK)
    page.check.click()
    click(panel.side.ties.rule.button("first"))
    desk.settle()
    wait_for(desk.bot, lambda: not panel.work.is_checking() and page.summary.isVisible())
    assert page.summary.text("checked", IN_FORCE["first"]) == "–"
    assert int(page.summary.text("tie_rule", IN_FORCE["all"])) > 0
    assert page.result() is None


def test_a_row_of_the_check_leads_to_its_poke(desk: Desk) -> None:
    panel = desk.panel
    panel.side.show_page(CHECK)
    page = panel.side.check
    click(page.check)
    wait_for(desk.bot, lambda: page.result() is not None)
    item = page.table.item(2, 0)
    page.table.scrollToItem(item)
    click(page.table.viewport(), page.table.visualItemRect(item).center())
    desk.settle()
    name, _, rest = item.text().partition("[")
    index = tuple(int(part) for part in rest.rstrip("]").split(","))
    assert panel.side.page() == POKE
    assert panel.side.poke.poke().target == ParameterTarget(name, index)


def test_a_check_can_be_cancelled(desk: Desk) -> None:
    panel = desk.panel
    panel.side.show_page(CHECK)
    page = panel.side.check
    page.check.click()
    assert page.cancel.isVisible()
    click(page.cancel)
    assert page.check.isVisible()
    assert not panel.work.is_checking()
    drain(desk.bot, desk.background)
    assert page.result() is None


def test_a_check_is_offered_anew_when_the_sample_changes(desk: Desk) -> None:
    panel = desk.panel
    panel.side.show_page(CHECK)
    page = panel.side.check
    click(page.check)
    wait_for(desk.bot, lambda: page.result() is not None)
    desk.show(lab5(), 1)
    assert page.result() is None
    assert page.check.isVisible()


def test_a_poke_follows_the_sample(desk: Desk) -> None:
    desk.go_to(StepKind.DENSE)
    click_cell(desk.panel.maps.cards[1].map, 0, 0)
    desk.settle()
    first = desk.panel.side.poke.poke()
    desk.show(lab5(), 1)
    second = desk.panel.side.poke.poke()
    assert second.target == first.target
    assert second.loss == pytest.approx(desk.gradients(lab5()).loss, rel=1e-12)
    assert visible_cells(desk.panel.maps.cards[1].map).any()
