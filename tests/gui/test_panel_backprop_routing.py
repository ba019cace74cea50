"""Routing through pools: winners, explicit zeros, ties under each rule, spreads of other pools."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz import functional
from cnnviz.functional.max_pooling import TIE_RULES
from cnnviz.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D
from cnnviz.network import Network
from cnnviz.presets import LAB5
from cnnviz.routing import tie_rate_of_images, with_ties
from tests.gui.backprop_desk import (
    TWO_BLOCKS,
    Desk,
    click,
    click_cell,
    lab5,
    point_at,
    small_network,
    two_blocks,
    visible_cells,
    wait_for,
)
from tests.gui.driving import choose_by_keys
from tests.gui.few_digits import few_digits
from tests.gui.view_rounds import pixels_of
from ui.panels.backprop.steps import StepKind
from ui.state import PinnedCell, Sample
from ui.theme import LIGHT

#: What each rule makes of the window [1, 2, 2, 2] and the gradient 1.
SHARES = {"first": [0, 1, 0, 0], "all": [0, 1, 1, 1], "split": [0, 1 / 3, 1 / 3, 1 / 3]}


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot, LAB5)
    made.show(lab5())
    made.go_to(StepKind.ROUTE)
    yield made
    made.close()


@pytest.fixture
def window_of_ties(qtbot: QtBot) -> Iterator[Desk]:
    """Show four windows of 2 x 2 that a convolution passes on as they are; the first is [1, 2, 2, 2]."""
    layers = [
        ("conv1", Conv2D(1, kernel_size=1, bias=False)),
        ("pool1", MaxPool2D(2, ties="all")),
        ("flatten", Flatten()),
        ("dense1", Dense(1)),
    ]
    weights = {"conv1.weight": np.ones((1, 1, 1, 1)), "dense1.weight": np.array([[1.0, 0.5, -2.0, 0.25]])}
    made = Desk(qtbot, LAB5)
    pixels = np.array([[10, 20, 1, 2], [20, 20, 3, 9], [5, 5, 7, 0], [5, 5, 0, 0]], dtype=np.uint8)
    made.inspect(small_network(layers, weights), Sample(pixels[None], 1, None, "drawn"))
    made.go_to(StepKind.ROUTE)
    yield made
    made.close()


def test_each_rule_shares_a_tied_window_as_it_says(window_of_ties: Desk) -> None:
    panel = window_of_ties.panel
    incoming = panel.model.passed.gradient("pool1")[0, 0, 0]
    assert incoming != 0
    for rule in ("first", "split", "all"):
        click(panel.side.ties.rule.button(rule))
        window_of_ties.settle()
        shown = visible_cells(panel.routing.routed.map)[:2, :2].ravel()
        np.testing.assert_allclose(shown, incoming * np.array(SHARES[rule]), rtol=1e-12, err_msg=rule)
        formula = panel.header.formula.texts()[0]
        assert ("for the first winner" if rule == "first" else "for each winner") in formula
        assert ("/ ties" in formula) is (rule == "split")
        struck = panel.routing.routed.map.struck()[:2, :2].ravel()
        np.testing.assert_array_equal(struck, np.array(SHARES[rule]) == 0, err_msg=rule)


def test_window_card_shows_all_three_rules_beside_each_other(window_of_ties: Desk) -> None:
    panel = window_of_ties.panel
    point_at(panel.routing.values.map, 0, 1)
    incoming = panel.model.passed.gradient("pool1")[0, 0, 0]
    card = panel.side.inspect.window_card
    np.testing.assert_array_equal(visible_cells(card.values).ravel(), np.array([10, 20, 20, 20]) / 255 - 0.5)
    for rule in TIE_RULES:
        shown = visible_cells(card.outgoing[rule]).ravel()
        np.testing.assert_allclose(shown, incoming * np.array(SHARES[rule]), rtol=1e-12, err_msg=rule)
    assert panel.side.inspect.values.text("winner") == "3 tied"


def test_tied_cells_are_hatched_and_lines_lead_to_all_that_get_the_gradient(window_of_ties: Desk) -> None:
    panel = window_of_ties.panel
    assert panel.routing.values.map.hatched()[:2, :2].ravel().tolist() == [False, True, True, True]
    # The winner of the window beside it stands alone.
    assert not panel.routing.values.map.hatched()[:2, 2:].any()
    point_at(panel.routing.arriving.map, 0, 0)
    assert {link.end for link in panel.routing.links.links()} == {(0, 1), (1, 0), (1, 1)}
    click(panel.side.ties.rule.button("first"))
    window_of_ties.settle()
    point_at(panel.routing.arriving.map, 0, 1)
    assert [(link.start, link.end) for link in panel.routing.links.links()] == [((0, 1), (1, 3))]


def test_switching_the_rule_changes_routing_and_filter_gradient(desk: Desk) -> None:
    panel = desk.panel
    kernel = panel.model.focus.channel(lab5(), "conv1")
    oracles = {rule: desk.gradients(with_ties(lab5(), rule)) for rule in TIE_RULES}
    assert not np.allclose(oracles["first"].params["conv1.weight"], oracles["all"].params["conv1.weight"])
    for rule in ("first", "split", "all"):
        click(panel.side.ties.rule.button(rule))
        desk.settle()
        shown = panel.routing.routed.map
        expected = oracles[rule].outputs["conv1"][0, kernel]
        np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(expected), err_msg=rule)
        desk.go_to(StepKind.FILTER)
        total = visible_cells(panel.filter.total.map)
        np.testing.assert_array_equal(total, oracles[rule].params["conv1.weight"][kernel, 0], err_msg=rule)
        assert panel.side.inspect.rules.maps.current() == TIE_RULES.index(rule)
        desk.go_to(StepKind.ROUTE)
    assert desk.state.shown.network is lab5()


def test_clicking_a_small_map_takes_its_rule(desk: Desk) -> None:
    desk.go_to(StepKind.FILTER)
    maps = desk.panel.side.inspect.rules.maps
    click(maps, maps.tile_rect(0).center().toPoint())
    desk.settle()
    assert desk.panel.model.passed.rule == "first"
    assert desk.panel.side.ties.rule.current() == "first"
    assert "The run itself uses “all”" in desk.panel.side.ties.text.text()


def test_losers_carry_an_explicit_zero_and_winners_are_outlined(desk: Desk) -> None:
    shown = desk.panel.routing.routed.map
    channel = desk.panel.model.focus.channel(lab5(), "conv1")
    values = desk.panel.model.passed.values("conv1")[channel]
    windows = values.reshape(13, 2, 13, 2)
    wins = (windows == windows.max(axis=(1, 3), keepdims=True)).reshape(26, 26)
    np.testing.assert_array_equal(shown.struck(), ~shown.block.cut(wins))


def test_a_line_joins_the_pooled_gradient_to_the_cell_it_lands_on(desk: Desk) -> None:
    panel = desk.panel
    point_at(panel.routing.arriving.map, 1, 1)
    row, col = panel.routing.arriving.map.block.row + 1, panel.routing.arriving.map.block.col + 1
    links = panel.routing.links
    assert {link.start for link in links.links()} == {(row, col)}
    for start, end in links.lines():
        assert panel.routing.arriving.geometry().contains(
            panel.routing.arriving.parentWidget().mapFrom(panel.routing, start.toPoint())
        )
        assert end.y() > start.y()
    channel = panel.model.focus.channel(lab5(), "conv1")
    routed = panel.model.passed.gradient("conv1")[channel]
    arriving = panel.model.passed.gradient("pool1")[channel, row, col]
    for link in links.links():
        assert routed[link.end] == arriving


def test_lines_cross_no_number_on_their_way(desk: Desk) -> None:
    view = desk.panel.routing
    point_at(view.arriving.map, 0, 0)  # the line passes the row below, and the upper cells of the window
    point_at(view.arriving.map, 0, 0)
    assert view.links.lines()
    with_lines = pixels_of(view.grab().toImage())
    view.links.set_links([])
    without = pixels_of(view.grab().toImage())
    assert (with_lines != without).any()
    for each in (view.arriving.map, view.routed.map):
        boxes = each.text_boxes()
        assert len(boxes) > each.block.rows * each.block.cols
        for box in boxes:
            rect = box.translated(each.mapTo(view, QPointF())).toAlignedRect()
            part = np.s_[rect.top() : rect.bottom() + 1, rect.left() : rect.right() + 1]
            np.testing.assert_array_equal(with_lines[part], without[part])


def test_pointing_at_a_window_tells_its_term_of_the_filter_gradient(desk: Desk) -> None:
    panel = desk.panel
    click(panel.side.ties.rule.button("first"))
    desk.settle()
    point_at(panel.routing.values.map, 2, 2)
    block = panel.routing.values.map.block
    window = (block.row + 2) // 2, (block.col + 2) // 2
    passed = panel.model.passed
    channel = panel.model.focus.channel(passed.network, "conv1")
    part = passed.values("conv1")[
        channel, 2 * window[0] : 2 * window[0] + 2, 2 * window[1] : 2 * window[1] + 2
    ]
    i, j = np.unravel_index(int(np.argmax(part)), (2, 2))
    row, col = 2 * window[0] + int(i), 2 * window[1] + int(j)
    patch = passed.values("input")[0, row : row + 3, col : col + 3]
    card = panel.side.inspect.window_card
    np.testing.assert_array_equal(visible_cells(card.patch), patch)
    expected = passed.gradient("pool1")[channel, window[0], window[1]] * patch
    np.testing.assert_allclose(visible_cells(card.term), expected, rtol=1e-12)


def test_a_click_pins_the_cell_a_second_frees_it_and_so_does_escape(desk: Desk) -> None:
    shown = desk.panel.routing.values.map
    channel = desk.panel.model.focus.channel(lab5(), "conv1")
    cell = (channel, shown.block.row + 1, shown.block.col + 2)
    click_cell(shown, 1, 2)
    assert desk.state.pinned == PinnedCell("conv1", cell)
    assert "Esc" in desk.panel.side.inspect.hint.text()
    click_cell(shown, 1, 2)
    assert desk.state.pinned is None
    shown.setFocus()
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert desk.state.pinned == PinnedCell("conv1", cell)
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert desk.state.pinned is None


def test_a_pinned_window_stays_when_the_pointer_leaves(desk: Desk) -> None:
    panel = desk.panel
    click_cell(panel.routing.arriving.map, 0, 1)
    pinned = desk.state.pinned
    assert pinned is not None
    point_at(panel.routing.values.map, 5, 5)
    QTest.mouseMove(panel.header.sentence)
    panel.routing.values.map.cellLeft.emit()
    assert panel.side.inspect.title.text().endswith(f"row {pinned.index[1]}, column {pinned.index[2]}")


def test_a_cell_pinned_elsewhere_is_gone_to(desk: Desk) -> None:
    desk.state.set_pinned(PinnedCell("conv1", (6, 1, 2)))
    shown = desk.panel.routing.values.map
    assert desk.panel.model.focus.channel(lab5(), "conv1") == 6
    assert shown.block.holds(1, 2)


def test_arrow_keys_point_at_cells(desk: Desk) -> None:
    shown = desk.panel.routing.values.map
    shown.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(shown, key)
    row, column = (shown.block.row + 2) // 2, (shown.block.col + 2) // 2
    assert desk.panel.side.inspect.title.text().endswith(f"row {row}, column {column}")


def test_the_frame_moves_the_block_by_whole_windows(desk: Desk) -> None:
    overview, shown = desk.panel.routing.overview.map, desk.panel.routing.values.map
    click(overview, overview.cell_rect(25, 25).center().toPoint())
    assert shown.block.row + shown.block.rows == 26
    overview.setFocus()
    QTest.keyClick(overview, Qt.Key.Key_Up)
    assert shown.block.row + shown.block.rows == 24
    assert shown.block.row % 2 == 0
    assert desk.panel.routing.routed.map.block == shown.block


@pytest.mark.parametrize(("contrast", "size"), [("average", 2), ("blur", 2), ("subsample", 2)])
def test_other_pools_spread_the_same_gradient_for_contrast(desk: Desk, contrast: str, size: int) -> None:
    panel = desk.panel
    choose_by_keys(panel.routing.contrast, contrast)
    incoming = panel.model.passed.gradients.outputs["pool1"]
    shape = (1, 8, 26, 26)
    expected = {
        "average": lambda: functional.avg_pool2d_backward(incoming, shape, size),
        "blur": lambda: functional.blur_pool2d_backward(incoming, shape, size, 3),
        "subsample": lambda: functional.subsample_pool2d_backward(incoming, shape, size),
    }[contrast]()[0]
    channel = panel.model.focus.channel(lab5(), "conv1")
    shown = panel.routing.routed.map
    np.testing.assert_allclose(visible_cells(shown), shown.block.cut(expected[channel]), atol=1e-15)


def test_a_network_with_average_pooling_has_no_rule_for_ties(qtbot: QtBot) -> None:
    layers = [("conv1", Conv2D(2)), ("pool1", AvgPool2D(2)), ("flatten", Flatten()), ("dense1", Dense(1))]
    desk = Desk(qtbot, LAB5)
    network = Network.build(layers, (1, 28, 28), seed=2, dtype="float64")
    desk.show(network)
    desk.go_to(StepKind.ROUTE)
    assert not desk.panel.side.ties.rule.isVisible()
    assert not desk.panel.routing.routed.map.struck().any()
    shown = desk.panel.routing.routed.map
    channel = desk.panel.model.focus.channel(network, "conv1")
    expected = desk.gradients(network).outputs["conv1"][0, channel]
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(expected))
    desk.close()


def test_ties_are_counted_in_this_map_and_over_the_test_images(desk: Desk) -> None:
    panel, dataset = desk.panel, desk.dataset
    wait_for(desk.bot, lambda: "over the test images" in panel.side.ties.text.text())
    rate = tie_rate_of_images(lab5(), dataset.test_images, "pool1").rate
    assert f"{100 * rate:.0f} % over the test images" in panel.side.ties.text.text()
    channel = panel.model.focus.channel(lab5(), "conv1")
    own = panel.model.passed.routings["pool1"].tied[channel]
    assert panel.side.ties.text.text().startswith(f"{own.sum()} of 169 windows")


def test_routing_of_the_deeper_pool_is_the_engines(qtbot: QtBot) -> None:
    desk = Desk(qtbot, TWO_BLOCKS)
    desk.show(two_blocks(), 2)
    for pool, stage in (("pool2", "relu2"), ("pool1", "relu1")):
        desk.go_to(StepKind.ROUTE, pool)
        shown = desk.panel.routing.routed.map
        channel = desk.panel.model.focus.channel(two_blocks(), pool)
        expected = desk.gradients(two_blocks()).outputs[stage][0, channel]
        np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(expected))
    desk.close()


def test_a_count_of_ties_begun_for_another_network_is_not_mixed_in(desk: Desk) -> None:
    panel, dataset = desk.panel, desk.dataset
    wait_for(desk.bot, lambda: "test images" in panel.side.ties.text.text())
    moved = lab5().with_params({name: array[..., ::-1] for name, array in lab5().params.items()})
    desk.show(moved, 0, step=5)
    wait_for(desk.bot, lambda: "over the test images" in panel.side.ties.text.text())
    counted = panel.work._counted
    rate = tie_rate_of_images(moved, dataset.test_images, "pool1")
    assert counted is not None
    assert counted.rate == rate


def test_numbers_of_the_step_are_those_of_a_cell_in_the_outlined_window(desk: Desk) -> None:
    """Whatever is pointed at: nothing, a cell that is read, or a pooled cell."""
    panel, shown = desk.panel, desk.panel.routing

    def check() -> None:
        ((row, col, rows, cols),) = shown.values.map.outlined("selected")
        (text,) = panel.header.formula.texts()
        found = re.search(r"cell \((\d+), (\d+)\)", text)
        assert found is not None, text
        at = [int(part) for part in found.groups()]
        assert row <= at[0] < row + rows, text
        assert col <= at[1] < col + cols, text

    check()
    for view in (shown.values.map, shown.routed.map, shown.arriving.map):
        for place in ((2, 3), (4, 1)):
            point_at(view, *place)
            desk.settle()
            check()


def test_every_step_of_a_pool_without_a_single_winner_can_be_shown(qtbot: QtBot) -> None:
    """The maximum with a blur after it: each pooled gradient goes to several windows' winners."""
    experiment = replace(LAB5, pool="max_blur", filters=(3,), activation="relu")
    desk = Desk(qtbot, experiment)
    network = experiment.build_network(few_digits().input_shape)
    desk.show(network)
    for step in desk.panel.model.steps:
        desk.go_to(step.kind, step.layer)
        assert desk.panel.header.sentence.text()
        assert desk.panel.header.formula.texts()[0]
    desk.go_to(StepKind.ROUTE)
    assert "blur spreads each gradient" in desk.panel.header.sentence.text()
    shown = desk.panel.routing.routed.map
    oracle = desk.gradients(network).outputs["relu1"][0]
    channel = desk.panel.model.focus.channel(network, "relu1")
    np.testing.assert_array_equal(visible_cells(shown), shown.block.cut(oracle[channel]))
    desk.close()


def _winner_pixels(widget: QWidget) -> int:
    """How many pixels have the colour of winners."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)[: image.width() * image.height()] & 0xFFFFFF
    return int((pixels == int(LIGHT.color("winner").rgb() & 0xFFFFFF)).sum())


def test_predicting_first_hides_the_winners(desk: Desk) -> None:
    panel = desk.panel
    maps = (panel.routing.values, panel.side.inspect.window_card.values)
    assert all(_winner_pixels(each) > 0 for each in maps)
    panel.header.cover.setChecked(True)
    desk.settle()
    assert [_winner_pixels(each) for each in maps] == [0, 0]
    panel.header.cover.setChecked(False)
    desk.settle()
    assert all(_winner_pixels(each) > 0 for each in maps)
