"""The feature maps panel: enlarging, folding, colour limits, the sweep, and how it is used while training."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnviz.datasets import to_input
from cnnviz.drawing import CellKey
from cnnviz.presets import LAB5, LENET
from cnnviz.snapshots import Snapshot
from tests.gui.driving import double_click, part_center, settle, turn_wheel
from tests.gui.feature_maps_panel import LEFT, Opened, line_of
from tests.gui.whole_window import rest
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.feature_maps.view import Fold
from ui.state import PinnedCell, RunStatus


@pytest.fixture
def lab5(qtbot):
    return Opened(qtbot)


def scaled(network, factor):
    return network.with_params({name: factor * array for name, array in network.params.items()})


# -- room ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1140, 720), (850, 515)])
def test_the_exercise_is_in_sight_at_once(qtbot, size):
    opened = Opened(qtbot, size=size)
    settle(qtbot)
    assert opened.panel.network.area.horizontalScrollBar().maximum() == 0
    for column in opened.panel.picture.plan.columns:
        for key in (column.key, f"{column.key} maps"):
            if key in opened.flow.page.leaves():
                assert opened.panel.network.area.viewport().rect().contains(opened.map(key).geometry())
        if column.count > 1:
            assert opened.in_sight(column.key) == set(range(8))


def test_maps_grow_with_the_panel(qtbot):
    opened = Opened(qtbot, size=(2270, 1230))
    settle(qtbot)
    cells = [opened.cell_box(*cell).right for cell in (("input", 0, 27), ("conv1", 0, 25), ("pool1", 0, 12))]
    assert min(cells) > 430
    used = max(opened.map(column.key).geometry().right() for column in opened.panel.picture.plan.columns)
    assert used > 0.95 * opened.flow.width()
    assert opened.panel.network.area.horizontalScrollBar().maximum() == 0


def test_large_networks_fold_their_activations(qtbot):
    opened = Opened(qtbot, LENET)
    keys = ("relu1", "relu2", "relu3", "conv1", "pool2")
    assert [key for key in keys if f"{key} folded" in opened.flow.page.leaves()] == [
        "relu1",
        "relu2",
        "relu3",
    ]


def test_a_folded_column_unfolds_with_what_the_others_show(qtbot):
    opened = Opened(qtbot, LENET)
    opened.state.set_pinned(PinnedCell("pool1", (2, 3, 4)))
    opened.panel.network.answer(Fold("relu1", False))
    np.testing.assert_array_equal(opened.values("relu1"), opened.trace.outputs["relu1"][0, 2])
    assert opened.outlined("relu1", "receptive") == ((6, 8, 2, 2),)


def test_maps_can_be_made_larger_and_fitted_again(lab5):
    before = lab5.panel.network.scale()
    lab5.qtbot.mouseClick(lab5.panel.larger, LEFT)
    lab5.qtbot.mouseClick(lab5.panel.larger, LEFT)
    assert lab5.panel.network.scale() == before + 2
    lab5.qtbot.waitUntil(lambda: lab5.panel.network.area.horizontalScrollBar().maximum() > 0)
    lab5.qtbot.mouseClick(lab5.panel.fit, LEFT)
    assert lab5.panel.network.scale() == before


def test_a_double_click_enlarges_a_map_until_its_numbers_fit(lab5):
    box = lab5.cell_box("pool1", 6, 6)
    double_click(lab5.map("pool1"), QPoint(round(box.x), round(box.y)))
    assert lab5.panel.view.enlarged == "pool1"
    settle(lab5.qtbot)
    assert lab5.cell_box("pool1", 6, 6).width > 20
    lab5.zoom(6)
    assert lab5.cell_box("pool1", 6, 6).width >= 48
    settle(lab5.qtbot)
    lab5.hover("pool1", 6, 6)
    assert lab5.panel.network.marked_cell() == PinnedCell("pool1", (0, 6, 6))
    turn_wheel(lab5.map("pool1"), -1)
    assert lab5.panel.view.corner[0] > 0
    lab5.key(Qt.Key.Key_Escape, lab5.map("pool1"))
    assert lab5.panel.view.enlarged is None


def test_an_enlarged_map_follows_the_pinned_cell(lab5):
    lab5.panel.network.enlarge("conv1")
    settle(lab5.qtbot)
    lab5.zoom(8)
    assert lab5.cell_box("conv1", 0, 0) is None
    lab5.state.set_pinned(PinnedCell("conv1", (0, 25, 25)))
    assert lab5.cell_box("conv1", 25, 25) is not None


def test_sixty_four_maps_are_scrolled_and_only_those_in_sight_are_drawn(qtbot):
    opened = Opened(qtbot, replace(LAB5, filters=(64,)))
    assert len(opened.tiles("conv1")) == 64
    assert len(opened.in_sight("conv1")) < 64
    turn_wheel(opened.thumbs("conv1"), -2)
    assert 0 not in opened.in_sight("conv1")
    opened.qtbot.keyClick(opened.thumbs("conv1"), Qt.Key.Key_End)
    assert opened.content("conv1 maps").current == 63
    assert 63 in opened.in_sight("conv1")
    np.testing.assert_array_equal(opened.values("conv1"), opened.trace.outputs["conv1"][0, 63])


# -- colour limits -------------------------------------------------------------------------------------------


def test_automatic_limits_follow_the_moment(lab5):
    before = lab5.levels("conv1")
    lab5.look(scaled(lab5.network, 3.0), step=5)
    assert lab5.levels("conv1") == pytest.approx((3 * before[0], 3 * before[1]))


def test_fixed_limits_hold_all_moments_shown(lab5):
    first = lab5.network
    highest = lab5.levels("conv1")[1]
    lab5.look(scaled(first, 2.0), step=10)
    lab5.look(scaled(first, 0.5), step=20)
    lab5.qtbot.mouseClick(lab5.panel.limits.button("fixed"), LEFT)
    assert lab5.levels("conv1") == pytest.approx((-2 * highest, 2 * highest))
    # A later moment that goes beyond widens them; they never shrink again.
    lab5.look(scaled(first, 4.0), step=30)
    assert lab5.levels("conv1") == pytest.approx((-4 * highest, 4 * highest))
    lab5.look(first, step=0)
    assert lab5.levels("conv1") == pytest.approx((-4 * highest, 4 * highest))
    lab5.qtbot.mouseClick(lab5.panel.limits.button("automatic"), LEFT)
    assert lab5.levels("conv1") == pytest.approx((-highest, highest))


def test_fixed_limits_of_another_sample_are_its_own(lab5):
    first = lab5.network
    lab5.state.history.snapshots.add(Snapshot(0, first))
    lab5.qtbot.mouseClick(lab5.panel.limits.button("fixed"), LEFT)
    lab5.look(first, pixels=np.full_like(lab5.dataset.test_images[0], 255))
    lab5.look(first, pixels=np.full_like(lab5.dataset.test_images[0], 128))
    highest = float(np.abs(lab5.trace.outputs["conv1"]).max())
    assert lab5.levels("conv1") == pytest.approx((-highest, highest))


# -- the sweep -----------------------------------------------------------------------------------------------


def test_the_sweep_uncovers_the_map_cell_by_cell(lab5):
    for _ in range(28):
        lab5.step_sweep()
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (0, 1, 1))
    assert lab5.shown("conv1").count == 28
    assert lab5.outlined("input", "receptive") == ((1, 1, 3, 3),)
    lab5.key(Qt.Key.Key_Escape)
    assert lab5.shown("conv1").count is None
    assert not lab5.arithmetic.view("end").isVisible()


def test_the_sweep_plays_and_pauses(lab5):
    view = lab5.arithmetic.view
    view("speed").setValue(view("speed").maximum())
    lab5.qtbot.mouseClick(view("play"), LEFT)
    lab5.qtbot.waitUntil(lambda: (lab5.shown("conv1").count or 0) > 5)
    assert view("play").accessibleName() == "Pause the sweep"
    lab5.qtbot.mouseClick(view("play"), LEFT)
    stopped = lab5.shown("conv1").count
    settle(lab5.qtbot)  # no timer runs any more
    assert lab5.shown("conv1").count == stopped
    lab5.qtbot.mouseClick(view("end"), LEFT)
    assert lab5.shown("conv1").count is None


def test_the_sweep_takes_the_stage_that_is_marked_and_ends_with_its_last_cell(lab5):
    lab5.hover("pool1", 2, 2)
    lab5.step_sweep()
    sweep = lab5.panel.network.sweep
    assert sweep.stage == "pool1"
    for _ in range(13 * 13 + 3):
        sweep.step()
    assert lab5.panel.network.marked_cell() == PinnedCell("pool1", (0, 12, 12))
    sweep.toggle()
    assert sweep.place == ("pool1", 0)
    lab5.click("conv1", 3, 3)
    assert sweep.stage is None


# -- in the whole program ------------------------------------------------------------------------------------


@pytest.fixture
def shown(qtbot, session):
    """Return the session with the panel in front and its first frame drawn."""
    session.window.panels.show_panel(1)
    panel = session.window.panel(FeatureMapsPanel)
    rest(qtbot, session, lambda: panel.isVisible() and panel.picture is not None)
    return session


def move_to(session, widget, spot):
    window = session.window
    QTest.mouseMove(window.windowHandle(), widget.mapTo(window, spot.toPoint()))


@pytest.mark.window
def test_cells_are_hovered_pinned_moved_and_freed_while_training_runs(qtbot, shown):
    panel, controller = shown.window.panel(FeatureMapsPanel), shown.controller
    shown.state.set_speed(200)
    controller.train()
    qtbot.waitUntil(lambda: shown.state.run.step > 20)
    conv = panel.network.flow.view("conv1")
    cell = part_center(conv, CellKey("cell", 8, 9))
    move_to(shown, conv, cell)
    qtbot.waitUntil(lambda: panel.network.marked_cell() == PinnedCell("conv1", (0, 8, 9)))
    assert panel.network.flow.page.marked["input"] == (("receptive", (8, 9, 3, 3)),)
    qtbot.mouseClick(conv, LEFT, pos=cell.toPoint())
    assert shown.state.pinned == PinnedCell("conv1", (0, 8, 9))
    qtbot.keyClick(conv, Qt.Key.Key_Down)
    assert shown.state.pinned == PinnedCell("conv1", (0, 9, 9))
    step = panel.picture.scene.snapshot.step
    qtbot.waitUntil(lambda: panel.picture.scene.snapshot.step > step + 50)
    controller.train()
    qtbot.waitUntil(lambda: shown.state.run.status is RunStatus.PAUSED)
    qtbot.waitUntil(lambda: panel.picture.scene.snapshot is shown.state.shown)
    network = shown.state.shown.network
    trace = network.forward(to_input(shown.state.sample.pixels[np.newaxis], network.dtype))
    np.testing.assert_array_equal(conv.content.content.looked.map.values, trace.outputs["conv1"][0, 0])
    ledger = panel.network.arithmetic.page.leaves()["sum"].content
    assert line_of(ledger, "= conv1") == float(trace.outputs["conv1"][0, 0, 9, 9])
    qtbot.keyClick(conv, Qt.Key.Key_Escape)
    assert shown.state.pinned is None
