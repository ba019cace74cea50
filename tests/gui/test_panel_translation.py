"""Dragging the image, and what the maps, the winners and the statement make of it."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.presets import LAB5
from cnnviz.snapshots import Snapshot
from tests.gui.driving import choose_by_keys
from tests.gui.translation_desk import BLANK, TWO_BLOCKS, Desk, click, moved, norm_ratio, point_at
from ui.export.numbers import tables_of
from ui.state import RunStatus, Shift
from ui.theme import ThemeManager


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    made.load()
    yield made
    made.close()


def test_the_empty_panel_says_what_it_waits_for(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    assert desk.canvas.pair is None
    assert "sample" in desk.parts.canvas.statement.text()
    desk.close()


# -- moving ------------------------------------------------------------------------------------------------


def test_the_mouse_moves_the_image_by_whole_pixels(desk: Desk) -> None:
    desk.drag(3, -2)
    assert desk.state.shift == Shift(3, -2)
    desk.settle()
    assert desk.canvas.shift == (3, -2)
    pair = desk.canvas.pair
    assert pair is not None
    assert np.array_equal(pair.shifted, moved(desk.image(), 3, -2) - BLANK)
    assert np.array_equal(pair.original, desk.image() - BLANK)


def test_a_second_drag_goes_on_from_where_the_first_ended(desk: Desk) -> None:
    desk.drag(2, 1)
    desk.drag(-1, 4)
    assert desk.state.shift == Shift(1, 5)


def test_a_drag_stops_where_the_sweep_ends(desk: Desk) -> None:
    desk.drag(20, -20, steps=8)
    assert desk.state.shift == Shift(13, -13)


def test_moving_the_pointer_without_a_button_moves_nothing(desk: Desk) -> None:
    point_at(desk.canvas, desk.canvas.pixel_center(3, 3))
    assert desk.state.shift == Shift()


def test_keys_move_by_one_and_by_four_and_put_back(desk: Desk) -> None:
    desk.press(Qt.Key.Key_Right)
    desk.press(Qt.Key.Key_Down, shift=True)
    assert desk.state.shift == Shift(1, 4)
    desk.press(Qt.Key.Key_Left, shift=True)
    desk.press(Qt.Key.Key_Up)
    assert desk.state.shift == Shift(-3, 3)
    desk.press(Qt.Key.Key_R)
    assert desk.state.shift == Shift(0, 0)


def test_arrow_keys_move_the_image_from_elsewhere_in_the_panel(desk: Desk) -> None:
    desk.parts.maps.grid.setFocus()
    desk.press(Qt.Key.Key_Right, widget=desk.parts.maps.grid)
    assert desk.state.shift == Shift(1, 0)


def test_reset_puts_the_image_back_and_keeps_what_enters_the_frame(desk: Desk) -> None:
    desk.move(4, 4, wrap=True)
    click(desk.parts.canvas.reset)
    assert desk.state.shift == Shift(0, 0, wrap=True)
    desk.settle()
    assert not desk.parts.canvas.reset.isEnabled()


def test_wrapped_around_no_ink_is_lost_and_filled_it_is(desk: Desk) -> None:
    desk.move(13, 0)
    lost = moved(desk.image(), 13, 0) - BLANK
    share = 1 - lost.sum() / (desk.image() - BLANK).sum()
    assert share > 0.05
    assert desk.canvas.warning() == f"ink lost: {100 * share:.0f} %"
    assert f"{100 * share:.0f} % of the ink has left the frame" in desk.parts.canvas.statement.text()
    click(desk.parts.canvas.edges.button("wrap"))
    assert desk.state.shift == Shift(13, 0, wrap=True)
    desk.settle()
    assert desk.canvas.warning() == ""
    pair = desk.canvas.pair
    assert pair is not None
    assert np.array_equal(pair.shifted[0], np.roll(desk.image()[0] - BLANK, 13, axis=1))


# -- maps --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stage", "layer"), [("convolution", "conv1"), ("max", "pool1")])
def test_maps_are_those_of_the_network_relative_to_a_blank_image(desk: Desk, stage: str, layer: str) -> None:
    desk.move(2, 1)
    strip = desk.parts.strip
    click(strip, strip.tile_rect(stage).center().toPoint())
    desk.settle()
    pair = desk.parts.maps.grid.pair
    assert pair is not None
    before = desk.outputs(desk.image(), layer)
    after = desk.outputs(moved(desk.image(), 2, 1), layer)
    assert np.allclose(pair.original, before, rtol=0, atol=1e-12)
    assert np.allclose(pair.shifted, after, rtol=0, atol=1e-12)
    values = strip.values(stage)
    assert values is not None
    assert values[0] == pytest.approx(norm_ratio(after - before, before))


def test_without_a_shift_nothing_changes_in_any_stage(desk: Desk) -> None:
    for tile in desk.parts.strip.tiles:
        assert desk.parts.strip.values(tile.key) == (0.0, 0.0)
    assert "Nothing has moved" in desk.parts.canvas.statement.text()


def test_a_shift_by_one_window_moves_the_pooled_maps_along(desk: Desk) -> None:
    desk.move(4, -2)
    values = desk.parts.strip.values("max")
    assert values is not None
    assert values[0] > 0.5
    assert values[1] == 0
    assert "moved along with the image exactly" in desk.parts.canvas.statement.text()
    click(desk.parts.maps.against.button("moved"))
    desk.settle()
    pair = desk.parts.maps.grid.pair
    assert pair is not None
    assert pair.compared == (0, 2, 12, 11)
    inside = (slice(None), slice(0, 12), slice(2, 13))
    pooled = desk.outputs(desk.image(), "pool1")
    assert np.array_equal(pair.original[inside], pooled[:, 1:13, 0:11])
    assert np.array_equal(pair.original[inside], pair.shifted[inside])


def test_maps_that_were_moved_are_called_so_wherever_they_are(desk: Desk) -> None:
    """Under "vs moved" the first maps are not the original's: in hover, key, figure and numbers."""
    desk.move(4, -2)
    parts = desk.parts
    grid, key = parts.maps.grid, parts.maps.key
    for against, first in (("original", "original"), ("moved", "moved original")):
        click(parts.maps.against.button(against))
        for view in ("overlay", "sides", "flicker"):
            click(parts.toolbar.views.button(view))
            desk.settle()
            tile = grid.tile_rect(0)
            assert f": {first} " in grid.text_at(tile.center() - QPointF(tile.width() / 5, 0))
            legend = grid.map_legend()
            assert legend is not None
            assert legend.kinds[0][1] == first
            told = key._sides.text() if view == "sides" else key._hues.accessibleName()
            assert view == "flicker" or re.search(rf"\b{first}\b", told.removeprefix("Left "))
            titles = [table.title for table in tables_of(grid)]
            assert titles == [f"Maps of the chosen stage: {name}" for name in (first, "shifted")]
    moved_maps, shifted = (list(table.lines()) for table in tables_of(grid))
    pair = grid.pair
    assert pair is not None
    assert pair.compared is not None
    top, left, rows, columns = pair.compared
    for row, values in enumerate(moved_maps[: pair.shape[1]]):
        inside = top <= row < top + rows
        for column, value in enumerate(values[2:]):
            is_compared = inside and left <= column < left + columns
            assert math.isfinite(float(value)) is is_compared, "no number where the maps have no counterpart"
            assert not is_compared or value == shifted[row][column + 2], "moved along by a whole window"
    image = desk.canvas.pair
    assert image is not None
    assert image.names == ("original", "shifted"), "the image itself is where it was"


def test_raw_features_hide_the_change_and_the_panel_says_so(desk: Desk) -> None:
    desk.move(1, 0)
    relative = desk.parts.strip.values("max")
    click(desk.parts.toolbar.relative)
    desk.settle()
    raw = desk.parts.strip.values("max")
    assert relative is not None
    assert raw is not None
    assert raw[0] < relative[0]
    pair = desk.parts.maps.grid.pair
    assert pair is not None
    batch = np.stack([desk.image(), moved(desk.image(), 1, 0)])
    outputs = desk.network.forward(batch).outputs["pool1"]
    assert np.allclose(pair.original, outputs[0])
    assert np.allclose(pair.shifted, outputs[1])
    assert "blank" in desk.panel.message.text()
    click(desk.parts.toolbar.relative)
    assert desk.panel.message.text() == ""


@pytest.mark.parametrize("size", [3, 4])
def test_other_windows_pool_the_same_filters(desk: Desk, size: int) -> None:
    click(desk.parts.toolbar.pool_sizes.button(str(size)))
    desk.settle()
    pair = desk.parts.maps.grid.pair
    assert pair is not None
    maps = desk.outputs(desk.image(), "conv1")
    side = 26 // size
    blocks = maps[:, : side * size, : side * size].reshape(8, side, size, side, size)
    assert np.allclose(pair.original, blocks.max(axis=(2, 4)))
    own = {tile.key: tile.is_own for tile in desk.parts.strip.tiles}
    assert own == {
        "pixels": True, "convolution": True, "max": False, "average": False, "blur": False,
        "max_blur": False, "subsample": False,
    }  # fmt: skip


def test_a_click_chooses_a_filter_and_the_button_shows_it_alone(desk: Desk) -> None:
    grid = desk.parts.maps.grid
    click(grid, grid.tile_rect(5).center().toPoint())
    assert desk.panel.view.channel == 5
    small = grid.tile_rect(5)
    click(desk.parts.maps.enlarge)
    assert grid.tile_rect(4).isEmpty()
    assert grid.tile_rect(5).width() > 1.5 * small.width()
    desk.press(Qt.Key.Key_PageDown, widget=grid)
    assert desk.panel.view.channel == 6
    assert "original" in grid.text_at(grid.tile_rect(6).center())


def test_every_way_of_looking_is_drawn(desk: Desk) -> None:
    desk.move(3, 0)
    shots: list[QImage] = []
    for key in ("overlay", "sides", "difference"):
        click(desk.parts.toolbar.views.button(key))
        desk.settle()
        shots.append(desk.parts.maps.grid.grab().toImage())
    assert shots[0] != shots[1] != shots[2] != shots[0]


def test_flicker_shows_both_in_turn_at_a_slow_pace_and_can_be_stopped(desk: Desk, qtbot: QtBot) -> None:
    flicker = desk.parts.toolbar.flicker
    assert not flicker.is_running()
    assert flicker.slider.maximum() / 2 == 3
    click(desk.parts.toolbar.views.button("flicker"))
    flicker.slider.setValue(flicker.slider.maximum())
    assert flicker.hertz == 3
    phases: list[str] = []
    flicker.phaseChanged.connect(phases.append)
    qtbot.waitUntil(lambda: len(phases) >= 3)
    assert phases[:3] == ["shifted", "original", "shifted"]
    click(flicker.button)
    assert not flicker.is_running()
    click(flicker.button)
    click(desk.parts.toolbar.views.button("overlay"))
    assert not flicker.is_running()


# -- winners -----------------------------------------------------------------------------------------------


# -- network -----------------------------------------------------------------------------------------------


def test_probabilities_are_those_of_the_network(desk: Desk) -> None:
    desk.move(2, 2)
    shown = desk.parts.canvas.probabilities.probabilities
    assert shown is not None
    batch = np.stack([desk.image(), moved(desk.image(), 2, 2)])
    expected = desk.network.forward(batch).class_probabilities
    assert np.allclose(shown[0], expected[0])
    assert np.allclose(shown[1], expected[1])


def test_the_statement_gives_the_measured_numbers(desk: Desk) -> None:
    desk.move(1, 0)
    change, convolution = desk.parts.strip.values("max"), desk.parts.strip.values("convolution")
    assert change is not None
    assert convolution is not None
    text = desk.parts.canvas.statement.text()
    assert text.startswith(
        f"Max-pooled maps changed by {change[0]:.3f}, the convolution by {convolution[0]:.3f}."
    )
    assert ("They change less." in text) is (change[0] < 0.97 * convolution[0])
    desk.move(7, 0)
    for stage in ("max", "convolution"):
        change = desk.parts.strip.values(stage)
        assert change is not None
        assert change[0] > 1, "as far from what it was as a blank image"
    assert "They change" not in desk.parts.canvas.statement.text()


def test_maps_of_one_cell_are_not_offered_for_pooling(desk: Desk) -> None:
    blocks = desk.parts.toolbar.blocks
    desk.load(replace(LAB5, filters=(2, 2, 2), pool="none", stride=4, padding=1).build_network())
    assert [blocks.button(each).isEnabled() for each in "123"] == [True, True, False]
    click(blocks.button("2"))
    desk.settle()
    assert not desk.panel.message.text()
    desk.load(replace(LAB5, filters=(2, 2, 2), pool="none", stride=3, padding=1).build_network())
    assert blocks.button("3").isEnabled()
    click(blocks.button("3"))
    desk.settle()
    desk.load(replace(LAB5, filters=(2, 2, 2), pool="none", stride=4, padding=1).build_network())
    assert desk.panel.view.block == 1
    assert not desk.panel.message.text()


def test_without_a_pool_pooling_is_a_what_if(desk: Desk) -> None:
    assert "what if" not in desk.parts.winners._title.caption()
    desk.load(replace(LAB5, pool="none", stride=2).build_network())
    desk.move(1, 0)
    pixels, maps = desk.parts.strip.values("pixels"), desk.parts.strip.values("convolution")
    assert pixels is not None
    assert maps is not None
    assert desk.panel.view.stage == "convolution"
    assert desk.parts.canvas.statement.text().startswith(
        f"The convolution changed by {maps[0]:.3f}, the pixels by {pixels[0]:.3f}. It changes "
    )
    click(desk.parts.strip, desk.parts.strip.tile_rect("max").center().toPoint())
    desk.settle()
    change = desk.parts.strip.values("max")
    assert change is not None
    text = desk.parts.canvas.statement.text()
    assert text.startswith(
        f"Max-pooled maps would change by {change[0]:.3f}, the convolution by {maps[0]:.3f}."
    )
    assert "They would change" in text
    assert "what if" in desk.parts.winners._title.caption()
    # A 2 x 2 pool behind a stride of 2 sees a pixel as a quarter of its cell.
    choose_by_keys(desk.parts.toolbar.lessons, "digit-1px")
    desk.settle()
    assert "one pixel is a quarter of a cell" in desk.parts.lesson.text()


def test_another_network_is_followed(desk: Desk) -> None:
    desk.move(1, 0)
    before = desk.parts.strip.values("max")
    desk.load(desk.network.with_params(
        {name: -2 * array + 0.1 for name, array in desk.network.params.items()}
    ))  # fmt: skip
    assert desk.parts.strip.values("max") != before


def test_a_deeper_network_has_blocks_an_activation_and_its_own_pool(desk: Desk) -> None:
    network = TWO_BLOCKS.build_network()
    desk.load(network)
    strip = desk.parts.strip
    assert [tile.key for tile in strip.tiles][:3] == ["pixels", "convolution", "activation"]
    assert {tile.key for tile in strip.tiles if tile.is_own} >= {"average"}
    assert not desk.parts.toolbar.blocks.button("3").isVisible()
    click(desk.parts.toolbar.blocks.button("2"))
    desk.panel.choices.choose(stage="average")
    desk.move(4, 0)
    pair = desk.parts.maps.grid.pair
    assert pair is not None
    assert np.allclose(pair.shifted, desk.outputs(moved(desk.image(), 4, 0), "pool2"), atol=1e-6)


def test_out_of_sight_the_panel_computes_nothing_and_catches_up(desk: Desk) -> None:
    desk.panel.hide()
    desk.state.set_shift(Shift(5, 0))
    desk.state.update_run(status=RunStatus.TRAINING)
    assert not desk._is_busy()
    assert desk.canvas.shift == (0, 0)
    desk.panel.show()
    desk.settle()
    assert desk.canvas.shift == (5, 0)
    desk.state.update_run(status=RunStatus.PAUSED)


def test_the_tab_key_goes_through_the_whole_panel_in_reading_order(desk: Desk) -> None:
    parts = desk.parts
    stops = [
        parts.toolbar.lessons, parts.toolbar.views, parts.toolbar.pool_sizes, parts.toolbar.relative,
        parts.strip, desk.canvas, parts.canvas.edges, parts.maps.against, parts.maps.grid, parts.winners.map,
        parts.sweep.source.measure, parts.sweep.source.source,
    ]  # fmt: skip
    stops[0].setFocus()
    reached: list[QWidget] = []
    for _ in range(20):
        focused = QApplication.focusWidget()
        assert focused is not None
        reached.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    places = [
        next(i for i, each in enumerate(reached) if each is stop or stop.isAncestorOf(each)) for stop in stops
    ]
    assert places == sorted(places)


def test_everything_has_a_name_and_a_tool_tip(desk: Desk) -> None:
    parts = desk.parts
    for widget in (
        desk.canvas, parts.strip, parts.maps.grid, parts.maps.enlarge, parts.winners.map, parts.winners.table,
        parts.canvas.probabilities, parts.canvas.reset, parts.toolbar.lessons, parts.toolbar.relative,
        parts.toolbar.flicker.slider, parts.sweep.map, parts.sweep.plot, parts.sweep.source.measure,
        parts.sweep.source.digits, parts.sweep.source.button,
    ):  # fmt: skip
        assert widget.accessibleName(), widget
        assert widget.toolTip(), widget


def test_nothing_is_cut_in_a_small_window_and_for_a_projector(qtbot: QtBot, theme: ThemeManager) -> None:
    for size, presenter in (((806, 520), False), ((1052, 640), True), ((700, 470), True)):
        theme.set_presenter(presenter)
        desk = Desk(qtbot, size=size)
        desk.load()
        area = desk.parts.scroll_area
        for moved_along, pair in product((False, True), ("overlay", "sides")):
            desk.panel.choices.choose(moved_along=moved_along, pair=pair)
            desk.settle()
            assert area.horizontalScrollBar().maximum() == 0, (size, presenter, moved_along, pair)
        desk.close()


def test_all_numbers_of_a_moment_are_of_one_network(desk: Desk, qtbot: QtBot) -> None:
    """Networks as they come while training: maps, strip and probabilities change together."""
    parts = desk.parts
    desk.move(2, 1)
    seen = []

    def look() -> None:
        picture = desk.panel.picture
        assert picture is not None
        shown, found = parts.strip.values("max"), picture.measured["max"]
        assert shown == (found["relative_change"], found["equivariance_residual"])
        bars = parts.canvas.probabilities.probabilities
        assert bars is not None
        np.testing.assert_array_equal(bars[1], picture.comparison.moved_probabilities)
        _before, after = picture.comparison.stages[picture.view.stage].features(picture.view.relative)
        pair = parts.maps.grid.pair
        assert pair is not None
        np.testing.assert_array_equal(pair.shifted, after)
        seen.append(picture.subject.step)

    desk.panel._loop.drew.connect(look)
    desk.state.update_run(status=RunStatus.TRAINING)
    for step in (200, 300, 400):
        desk.state.set_live(Snapshot(step, replace(LAB5, seed=step).build_network()))
        qtbot.waitUntil(lambda step=step: step in seen)
