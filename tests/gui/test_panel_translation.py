"""Dragging the image, and what the maps, the winners, the lessons and the statement make of it."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from cnnviz.drawing import LIGHT, Box, CellKey, Ground
from cnnviz.experiment import LAB5
from cnnviz.graphics.pairs import MAPS
from cnnviz.translation import MEASURES
from cnnviz.translation.comparison import winner_map
from tests.gui.driving import choose_by_keys, click, click_part, part_center, point_at, tab_to
from tests.gui.translation_desk import BLANK, Desk, moved, norm_ratio
from tests.small_data import TWO_BLOCKS
from ui.export.figures import tables_of
from ui.state import Shift


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot, sweeps=False)
    assert "Choose a sample on the left" in made.panel.statement.content.say(), "what the panel waits for"
    made.load()
    return made


# -- moving ------------------------------------------------------------------------------------------------


@pytest.mark.window
def test_mouse_and_keys_move_the_image_by_whole_pixels_to_where_the_sweep_ends_and_put_it_back(
    desk: Desk,
) -> None:
    desk.drag(3, -2)
    assert desk.state.shift == Shift(3, -2)
    desk.settle()
    assert desk.canvas.content.shift == (3, -2)
    pair = desk.canvas.content.shown.pair
    assert np.array_equal(pair.shifted, moved(desk.image(), 3, -2) - BLANK)
    assert np.array_equal(pair.original, desk.image() - BLANK)
    desk.drag(-1, 4)
    assert desk.state.shift == Shift(2, 2), "it goes on from where the first ended"
    desk.drag(20, -20, steps=8)
    assert desk.state.shift == Shift(13, -13)
    for key, is_far, shift in (
        (Qt.Key.Key_R, False, Shift(0, 0)),
        (Qt.Key.Key_Right, False, Shift(1, 0)),
        (Qt.Key.Key_Down, True, Shift(1, 4)),
        (Qt.Key.Key_Left, True, Shift(-3, 4)),
        (Qt.Key.Key_Up, False, Shift(-3, 3)),
        (Qt.Key.Key_R, False, Shift(0, 0)),
    ):
        desk.press(key, shift=is_far)
        assert desk.state.shift == shift
    desk.panel.maps.setFocus()
    desk.press(Qt.Key.Key_Right, widget=desk.panel.maps)
    assert desk.state.shift == Shift(1, 0)
    desk.press(Qt.Key.Key_R)
    desk.settle()
    for shift in (Shift(0, 1), Shift(0, 2)):
        click_part(desk.canvas, "down")
        assert desk.state.shift == shift, "the arrowheads at its edges do the same, again and again"
    desk.move(0, 13)
    assert {part.key for part in desk.canvas.drawing().parts} == {"image", "up", "left", "right"}
    desk.move(4, 4)
    click(desk.panel.reset)
    assert desk.state.shift == Shift(0, 0)
    desk.settle()
    assert not desk.panel.reset.isEnabled()


def test_the_ink_that_leaves_the_frame_is_told(desk: Desk) -> None:
    desk.move(13, 0)
    lost = moved(desk.image(), 13, 0) - BLANK
    share = 1 - lost.sum() / (desk.image() - BLANK).sum()
    assert share > 0.05
    assert desk.canvas.content.warning == f"ink lost: {100 * share:.0f} %"
    assert f"{100 * share:.0f} % of the ink has left the frame" in desk.panel.statement.content.say()


# -- maps --------------------------------------------------------------------------------------------------


def test_maps_changes_and_probabilities_are_those_of_the_network_relative_to_a_blank_image(
    desk: Desk,
) -> None:
    desk.move(2, 1)
    image, shifted = desk.image(), moved(desk.image(), 2, 1)
    for stage, layer in (("convolution", "conv1"), ("max", "pool1")):
        click_part(desk.panel.strip, stage)
        desk.settle()
        before, after = desk.outputs(image, layer), desk.outputs(shifted, layer)
        assert np.allclose(desk.maps.original, before, rtol=0, atol=1e-12)
        assert np.allclose(desk.maps.shifted, after, rtol=0, atol=1e-12)
        assert desk.values(stage)[0] == pytest.approx(norm_ratio(after - before, before))
        alone = [norm_ratio(two - one, one) for one, two in zip(before, after, strict=True)]
        assert desk.maps.changes == pytest.approx(alone)
    assert f"0: Δ {alone[0]:.2f}" in desk.panel.maps.drawing().texts()
    shown = set[int]()
    for wide in range(120, 640, 8):  # below all maps, or below none
        drawing = MAPS.draw(desk.panel.maps.content, Ground(Box(0, 0, wide, 160), LIGHT))
        pools = 1 + any("what if" in text for text in drawing.texts())
        assert sum("Δ" in text for text in drawing.texts()) in (0, pools * len(alone))
        shown.add(pools)
    assert shown == {1, 2}, "another pool stands beside the own where there is room for both"
    found, shown = desk.network.forward(np.stack([image, shifted])), desk.panel.predictions.content
    assert np.allclose(shown.original, found.class_probabilities[0])
    assert np.allclose(shown.shifted, found.class_probabilities[1])
    maps = desk.outputs(image, "conv1")
    for size in (3, 4):
        click(desk.controls["pool_size"].button(str(size)))
        desk.settle()
        side = 26 // size
        blocks = maps[:, : side * size, : side * size].reshape(8, side, size, side, size)
        assert np.allclose(desk.maps.original, blocks.max(axis=(2, 4)))
        stages = desk.panel.strip.content.stages
        assert [tile.key for tile in stages if tile.is_own] == ["pixels", "convolution"]


def test_a_shift_by_one_window_moves_the_pooled_maps_along(desk: Desk) -> None:
    desk.move(4, -2)
    values = desk.values("max")
    assert values[0] > 0.5
    assert values[1] == 0
    assert "moved exactly with the image" in desk.panel.statement.content.say()
    click(desk.controls["equivariance"].button("True"))
    desk.settle()
    pair = desk.maps
    assert pair.compared == (0, 2, 12, 11)
    inside = (slice(None), slice(0, 12), slice(2, 13))
    pooled = desk.outputs(desk.image(), "pool1")
    assert np.array_equal(pair.original[inside], pooled[:, 1:13, 0:11])
    assert np.array_equal(pair.original[inside], pair.shifted[inside])
    assert set(pair.changes) == {0}


def test_maps_that_were_moved_are_called_so_wherever_they_are(desk: Desk) -> None:
    """Under "vs moved" the first maps are not the original's: in hover, key, spoken text and numbers."""
    desk.move(4, -2)
    panel, choices = desk.panel, desk.panel.choices
    for equivariance, first in ((False, "original"), (True, "moved original")):
        for view in ("overlay", "sides"):
            choices.choose(equivariance=equivariance, pair=view)
            desk.settle()
            part = panel.maps.drawing().part(CellKey((0, "tile"), 6, 6))
            assert f": {first} " in part.tip
            told = [*panel.key.drawing().texts(), panel.key.spoken_summary()]
            assert any(re.search(rf"\b{first}\b", words) for words in told)
            titles = [table.title for table in tables_of(panel.maps)][:2]
            assert titles == [f"Maps of the chosen stage: {name}" for name in (first, "shifted")]
    moved_maps, shifted = (list(table.lines()) for table in tables_of(panel.maps)[:2])
    pair = desk.maps
    assert pair.compared is not None
    top, left, rows, columns = pair.compared
    for row, values in enumerate(moved_maps[: pair.shape[1]]):
        inside = top <= row < top + rows
        for column, value in enumerate(values[2:]):
            is_compared = inside and left <= column < left + columns
            assert math.isfinite(value) is is_compared, "no number where the maps have no counterpart"
            assert not is_compared or value == shifted[row][column + 2], "moved along by a whole window"
    assert desk.canvas.content.shown.pair.names == ("original", "shifted"), "the image is where it was"


def test_beside_the_own_pool_stands_the_one_to_compare_with_all_of_them_or_none(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.load()

    def shown() -> list[str]:
        desk.settle()
        stages = desk.panel.strip.content.stages
        assert [line.name for line in desk.panel.sweep.curves.content.curves] == [t.title for t in stages]
        return [tile.key for tile in stages[2:]]

    assert shown() == ["max", "max_blur"]
    for choice, pools in (
        ("subsample", ["max", "subsample"]),
        ("", ["max"]),
        ("all", ["max", "average", "max_blur", "subsample"]),
    ):
        choose_by_keys(desk.controls["compared"], choice)
        assert shown() == pools
    click_part(desk.panel.strip, "subsample")
    choose_by_keys(desk.controls["compared"], "average")
    assert shown() == ["max", "average", "subsample"], "what is looked at stays"


def test_the_open_list_explains_each_measure(desk: Desk) -> None:
    for n, measure in enumerate(MEASURES.values()):
        tip = desk.controls["measure"].itemData(n, Qt.ItemDataRole.ToolTipRole) or ""
        assert measure.meaning in tip.replace("\n", " ")


def test_two_pools_stand_beside_one_another_on_one_scale(desk: Desk) -> None:
    desk.move(1, 0)
    for chosen, compared, titles in (
        ("max", "max_blur", ["Max", "Max, blur (what if)"]),
        ("average", "all", ["Average (what if)", "Max"]),
        ("max", "all", [""]),
        ("convolution", "average", [""]),
    ):
        desk.panel.choices.choose(stage=chosen, compared=compared)
        desk.settle()
        maps = desk.panel.maps.content
        assert [each.title for each in (maps, maps.other) if each] == titles
        if len(titles) > 1:
            one, two = maps.shown.pair, maps.other.shown.pair
            assert one.strength == two.strength == max(np.abs(each).max() for each in one._scaled)
            assert one.colors_in("difference") == two.colors_in("difference")
            cells = (CellKey((0, name), 0, 0) for name in ("tile", "other"))
            assert len({desk.panel.maps.drawing().part(cell).box.width for cell in cells}) == 1


def test_a_click_chooses_a_filter_and_the_button_shows_it_alone(desk: Desk) -> None:
    maps = desk.panel.maps
    click_part(maps, CellKey((5, "other"), 6, 6))
    assert desk.panel.view.channel == 5, "of the other pool, too"
    small = maps.drawing().part(CellKey((5, "tile"), 0, 0))
    click(desk.panel.enlarge)
    large = maps.drawing().part(CellKey((5, "tile"), 0, 0))
    assert maps.drawing().part(CellKey((4, "tile"), 0, 0)) is None
    assert large.box.width > 1.5 * small.box.width
    desk.press(Qt.Key.Key_PageDown, widget=maps)
    assert "original" in maps.drawing().part(CellKey((6, "tile"), 6, 6)).tip


def test_maps_of_one_cell_are_not_offered_for_pooling(desk: Desk) -> None:
    blocks = desk.controls["block"]
    small = replace(LAB5, filters=(2, 2, 2), pool="none", stride=4, padding=1)
    for stride, chosen, is_third in ((4, "2", False), (3, "3", True)):
        desk.load(replace(small, stride=stride).build_network())
        assert [blocks.button(each).isEnabled() for each in "123"] == [True, True, is_third]
        click(blocks.button(chosen))
        desk.settle()
    desk.load(small.build_network())
    assert desk.panel.view.block == 1
    assert not desk.panel.message.text()


def test_without_a_pool_pooling_is_a_what_if(desk: Desk) -> None:
    assert "what if" not in desk.panel.winners_title.caption()
    desk.load(replace(LAB5, pool="none", stride=2).build_network())
    desk.move(1, 0)
    assert desk.panel.view.stage == "convolution"
    assert desk.panel.statement.content.say().startswith("The convolution changed by ")
    choose_by_keys(desk.controls["compared"], "max")
    click_part(desk.panel.strip, "max")
    desk.settle()
    assert desk.panel.statement.content.say().startswith("Max-pooled maps would change by ")
    assert "what if" in desk.panel.winners_title.caption()


def test_a_deeper_network_has_blocks_an_activation_and_its_own_pool(desk: Desk) -> None:
    network = replace(TWO_BLOCKS, pool="average").build_network()
    desk.load(network)
    stages = desk.panel.strip.content.stages
    assert [tile.key for tile in stages][:3] == ["pixels", "convolution", "activation"]
    assert "average" in {tile.key for tile in stages if tile.is_own}
    assert not desk.controls["block"].button("3").isVisible()
    click(desk.controls["block"].button("2"))
    desk.panel.choices.choose(stage="average")
    desk.move(4, 0)
    pair = desk.maps
    assert np.allclose(pair.shifted, desk.outputs(moved(desk.image(), 4, 0), "pool2"), atol=1e-6)


def test_the_tab_key_goes_through_the_whole_panel_in_reading_order(desk: Desk) -> None:
    panel, controls = desk.panel, desk.controls
    stops = [
        controls["lesson"],
        controls["pair"],
        controls["compared"],
        panel.more,
        controls["pool_size"],
        desk.canvas,
        controls["equivariance"],
        panel.maps,
        panel.winners,
        panel.strip,
        controls["measure"],
        controls["many"],
    ]
    stops[0].setFocus()
    for stop in stops[1:]:
        tab_to(lambda widget, stop=stop: widget is stop or stop.isAncestorOf(widget), most=8)


def test_what_the_lessons_leave_as_it_is_is_folded_until_it_is_asked_for(qtbot: QtBot) -> None:
    desk = Desk(qtbot, sweeps=False)
    folded = [desk.controls["pool_size"]]
    for is_unfolded in (False, True):
        click(desk.panel.more)
        assert folded[0].isVisible() is is_unfolded
        assert desk.controls["compared"].isVisible(), "to compare pools is what the exercise is about"
    desk.panel.choices.choose(more=False)
    (unfold,) = desk.panel.openers().values()
    unfold()
    assert folded[0].isVisible(), "who finds it by its name gets to see it"


def test_arrow_keys_move_the_image_from_every_control_that_does_not_need_them(desk: Desk) -> None:
    panel = desk.panel
    desk.move(1, 1)
    parts = panel.reset, panel.enlarge, panel.strip, panel.maps
    for dx, each in enumerate(parts, start=2):
        each.setFocus()
        desk.press(Qt.Key.Key_Right, widget=each)
        assert each.hasFocus()
        assert desk.state.shift == Shift(dx, 1)


# -- windows with another winner -----------------------------------------------------------------------------


def test_winners_are_counted_and_pointing_or_keys_show_both_blocks_of_a_window(desk: Desk) -> None:
    for size in ((2200, 1200), (1160, 760)):
        desk.window.resize(*size)
        desk.settle()
        assert desk.canvas.height() > desk.panel.winners.height(), "what is dragged is the largest"
    desk.move(1, 0)
    panel = desk.panel
    batch = np.stack([desk.image(), moved(desk.image(), 1, 0)])
    before, after = desk.network.forward(batch).outputs["conv1"]
    for channel in (2, 0):
        panel.choices.choose(channel=channel)
        desk.settle()
        assert panel.counts.content.counts() == winner_map(before, after, 2).counts(channel)
    point_at(panel.winners, part_center(panel.winners, CellKey("window", 6, 4)))
    assert panel.card.isVisible()
    at = part_center(panel.winners, CellKey("window", 6, 4)).toPoint()
    QApplication.sendEvent(panel.winners, QHelpEvent(QEvent.Type.ToolTip, at, at))
    assert not QToolTip.text(), "no tip over the card"
    assert "other cell" in panel.counts.drawing().texts(), "nothing else is called moved here"
    blocks = panel.card.content.blocks()
    for block, maps in zip(blocks, (before, after), strict=True):
        assert np.allclose(block, maps[0, 12:14, 8:10])
    assert desk.canvas.content.shown.block == (12, 8, 4, 4)
    point_at(panel.winners, panel.winners.rect().toRectF().bottomRight())
    assert not panel.card.isVisible()
    winners = panel.winners
    winners.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right):
        desk.press(key, widget=winners)
    assert winners.hovered == CellKey("window", 1, 1)
    assert panel.card.isVisible()
    assert desk.state.shift == Shift(1, 0)


# -- lessons -------------------------------------------------------------------------------------------------


def choose(desk: Desk, name: str) -> str:
    """Pick a lesson with the keyboard and return what it says when it has measured."""
    choose_by_keys(desk.controls["lesson"], name)
    desk.settle()
    return desk.panel.lesson.page.leaves()["lesson"].content.say()


def test_a_made_up_image_stays_in_its_small_frame_until_a_sample_or_no_lesson_is_chosen(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.load()
    assert "3 of the 8" in choose(desk, "bright-cell")
    for _ in range(3):
        desk.press(Qt.Key.Key_Right, shift=True)
    assert desk.state.shift == Shift(5, 1)
    choose(desk, "row")
    sizes = desk.controls["pool_size"]
    assert sizes.button("2").isEnabled()
    assert not sizes.button("3").isEnabled()
    assert not desk.controls["many"].button("True").isEnabled()
    choose(desk, "free")
    assert desk.state.shift == Shift()
    assert desk.values("max") == (0.0, 0.0)
    assert desk.panel.view.pool_size == 2
    choose(desk, "dots")
    kernel, network = desk.panel.lesson.view("filter"), desk.panel.picture.subject.network
    np.testing.assert_array_equal(kernel.content.content.map.values, network.params["conv1.weight"][0, 0])
    assert kernel.drawing().texts()[:2] == ["The lesson's own filter", "3 × 3"]
    assert len(kernel.drawing().texts()) == 2 + 9
    choose(desk, "row")
    assert not kernel.isVisible()
    choose(desk, "dots")
    desk.show_sample(7)
    assert desk.panel.view.lesson == "free"
    assert not desk.panel.lesson.isVisible()
    assert desk.canvas.content.shown.pair.shape == (1, 28, 28)
