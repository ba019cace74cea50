"""The feature maps panel: cells pointed at, pinned and covered, room, colour limits, the sweep."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea

from cnnviz.covers import Secret
from cnnviz.drawing import CellKey, Rect, Text
from cnnviz.experiment import LAB5, LENET
from cnnviz.graphics.columns import Kind
from cnnviz.quantities import format_signed
from tests.gui.driving import double_click, settle, turn_wheel
from tests.gui.feature_maps_panel import LEFT, Asked, Opened, line_of, scaled
from tests.oracles import read_number
from ui.panels.feature_maps.asks import StepSweep
from ui.panels.feature_maps.explain import Gaze
from ui.panels.feature_maps.view import View
from ui.state import PinnedCell
from ui.theme import PRINT
from ui.theme.tokens import projected

# -- on paper ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", [LAB5, LENET], ids=["lab5", "lenet"])
def test_on_paper_is_all_that_is_unfolded_in_whole_words_but_no_cover(qtbot, experiment):
    opened = Opened(qtbot, experiment)
    opened.state.set_pinned(PinnedCell("pool1", (0, 3, 3)))
    titles = {column.title for column in opened.panel.network.columns()}
    for covered in ({}, {Secret.SHARES: "Covered."}):
        opened.state.set_covered(covered, "")
        drawing = opened.panel.figure(PRINT)
        words = [mark.words for mark in drawing.all_marks() if isinstance(mark, Text)]
        assert titles <= set(words)
        assert any(each.startswith("window of") for each in words)
        assert ("share of the gradient" in words) is not bool(covered)
        assert not any("…" in each or "Covered" in each for each in words)


def test_a_covered_cell_says_when_its_own_values_come_not_when_its_shares_do(qtbot):
    opened = Opened(qtbot, LAB5)
    opened.state.set_pinned(PinnedCell("pool1", (0, 3, 3)))
    opened.state.set_covered({Secret.SHARES: "In step 12.", Secret.CELLS: "In step 5."}, "")
    assert "In step 5." in opened.panel.network.arithmetic.page.leaves()["covered"].content.words


# -- linked cells --------------------------------------------------------------------------------------------


def test_the_value_under_the_pointer_stands_in_the_heading_of_the_arithmetic(lab5):
    lab5.hover("pool1", 2, 5)
    name, _, text = lab5.title.partition(" = ")
    assert name == "pool1 · filter 0, row 2, column 5"
    assert read_number(text.split()[0]) == pytest.approx(lab5.trace.outputs["pool1"][0, 0, 2, 5], rel=5e-4)
    assert "sees rows 4–7, columns 10–13" in text
    lab5.hover("conv1.weight", 1, 2)
    assert lab5.title.startswith(name), "a weight is no cell"


def test_predict_first_covers_what_is_computed_and_who_wins(lab5):
    lab5.hover("pool1", 6, 6)
    winners = lab5.map("conv1").grab().toImage()
    lab5.qtbot.mouseClick(lab5.panel.cover, LEFT)
    covered = ("conv1", "pool1", "evidence")
    assert all(lab5.shown(key).is_covered for key in covered)
    assert not any(lab5.shown(key).is_covered for key in ("input", "conv1.weight"))
    assert not any(f"{key} maps" in lab5.flow.page.leaves() for key in covered)
    assert lab5.map("conv1").grab().toImage() != winners
    lab5.hover("pool1", 2, 5)
    value = format_signed(float(lab5.trace.outputs["pool1"][0, 0, 2, 5]), 4)
    assert lab5.title.startswith("pool1 · filter 0, row 2, column 5 = ? ")
    assert "sees rows 4–7, columns 10–13" in lab5.title
    assert "window" not in lab5.arithmetic.page.leaves()
    views = [lab5.map(key) for key in covered]
    told = [each.spoken_value() + each.spoken_summary() + "".join(each.drawing().texts()) for each in views]
    assert not any(value in text for text in told)
    # The cell that is expected to win can be clicked, and worked out from pixels and weights.
    lab5.click("conv1", 4, 10)
    assert lab5.pins == [PinnedCell("conv1", (0, 4, 10))]
    leaves = lab5.arithmetic.page.leaves()
    assert "patch" in leaves
    assert leaves["products"].content.is_covered
    assert "running" not in leaves
    assert "?" in lab5.title
    kept = lab5.panel.view_state()
    lab5.key(Qt.Key.Key_V)
    assert not any(lab5.shown(key).is_covered for key in covered)
    assert "running" in lab5.arithmetic.page.leaves()
    assert "?" not in lab5.title
    lab5.panel.restore_view(kept)
    assert lab5.panel.cover.isChecked()
    assert all(lab5.shown(key).is_covered for key in covered)


# -- pins ----------------------------------------------------------------------------------------------------


@pytest.mark.window
def test_a_click_pins_while_training_goes_on_and_a_second_one_or_escape_frees(lab5):
    lab5.click("conv1", 4, 5)
    assert lab5.pins == [PinnedCell("conv1", (0, 4, 5))]
    for step in (10, 20):
        lab5.look(scaled(lab5.network, 2.0), step=step)
        lab5.hover("conv1", 20, 20)
        assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (0, 4, 5))
        assert lab5.outlined("input", "receptive") == ((4, 5, 3, 3),)
        ledger = lab5.arithmetic.page.leaves()["sum"].content
        assert line_of(ledger, "= conv1") == float(lab5.trace.outputs["conv1"][0, 0, 4, 5])
    lab5.click("conv1", 4, 5)
    assert lab5.pins[-1] is None
    lab5.click("conv1", 4, 5)
    lab5.key(Qt.Key.Key_Escape, lab5.thumbs("pool1"))
    assert lab5.pins[-1] is None
    assert not lab5.is_told_pinned()
    for stage in ("pool1", "evidence"):
        lab5.click(stage, 3, 3)
        assert lab5.pins[-1] == PinnedCell("pool1", (0, 3, 3)), "the same cell in the next column"


def test_keys_move_the_pinned_cell_to_the_border_and_point_in_other_maps(lab5):
    lab5.click("pool1", 0, 11)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return):
        lab5.key(key, lab5.map("pool1"))  # Return leaves it there, wherever the pointer has been
    assert [cell.index for cell in lab5.pins] == [(0, 0, 11), (0, 0, 12), (0, 1, 12)]
    assert lab5.outlined("pool1", "selected") == ((1, 12, 1, 1),)
    view, box = lab5.map("pool1"), lab5.cell_box("pool1", 1, 12)
    assert view.hasFocus()
    frames = [m for m in view.drawing().all_marks() if isinstance(m, Rect) and m.box.has(box.x, box.y)]
    edges = {mark.edge for mark in frames if mark.edge in ("text", "accent") and mark.box.width < 60}
    assert edges == {"accent"}, "the ring of the keyboard has the colour of the cell: black is what it feeds"
    lab5.key(Qt.Key.Key_Left, lab5.map("pool1"), Qt.KeyboardModifier.ShiftModifier)
    assert lab5.pins[-1].index == (0, 1, 8)
    lab5.state.set_pinned(PinnedCell("conv1", (0, 8, 8)))
    assert lab5.outlined("conv1", "selected") == ((8, 8, 1, 1),)
    lab5.key(Qt.Key.Key_Down, lab5.map("conv1"))
    assert lab5.state.pinned.index == (0, 9, 8)
    assert lab5.outlined("conv1", "selected") == ((9, 8, 1, 1),)
    pool = lab5.map("pool1")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        lab5.key(key, pool)
    assert pool.hovered == CellKey("cell", 5, 5), "from the cell that the pinned one feeds"
    assert lab5.state.pinned.index == (0, 9, 8)
    lab5.key(Qt.Key.Key_Return, pool)
    assert lab5.state.pinned == PinnedCell("pool1", (0, 5, 5))


def test_tab_leads_from_map_to_map_and_to_what_is_small_after_all_and_a_line_says_what_keys_do(lab5):
    stages = ["input", "conv1.weight", "conv1", "pool1", "evidence"]
    maps = list(map(lab5.map, stages))
    maps[0].setFocus(Qt.FocusReason.TabFocusReason)
    for here, there in pairwise(maps):
        QTest.keyClick(here, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is there
    assert lab5.title.endswith("arrows: cell, Enter: pin, +: enlarge")
    QTest.keyClick(maps[-1], Qt.Key.Key_Backtab)
    assert QApplication.focusWidget() is lab5.map("pool1")
    QTest.keyClick(lab5.map("pool1"), Qt.Key.Key_Return)
    assert lab5.title.endswith("arrows: move the cell, Del: free it, +: enlarge")
    lab5.hover("pool1", *lab5.pins[-1].index[1:])
    box = lab5.cell_box("pool1", *lab5.pins[-1].index[1:])
    marks = [m for m in lab5.map("pool1").drawing().all_marks() if isinstance(m, Rect) and m.box == box]
    assert [mark.edge for mark in marks] == ["accent"], "this cell is blue also where it is pointed at"
    lab5.key(Qt.Key.Key_Delete, lab5.map("pool1"))
    assert lab5.state.pinned is None
    for place in (lab5.map("pool1"), lab5.panel):  # in a map, and wherever else the keyboard is
        for key, enlarged in ((Qt.Key.Key_Plus, "pool1"), (Qt.Key.Key_Minus, None)):
            lab5.key(key, place)
            assert lab5.panel.view.enlarged == enlarged
    lab5.panel.setFocus()
    assert "arrows" not in lab5.title


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_a_pooled_map_enlarged_for_the_last_row_is_whole_and_has_all_its_numbers(qtbot, theme, size):
    theme.project(projected(*size))
    opened = Opened(qtbot, size=(size[0], round(0.94 * size[1])))  # above the line of presenter mode
    opened.panel.present(alone=True)
    opened.panel.network.enlarge("pool1")
    settle(qtbot)
    view = opened.map("pool1")
    digits = [text for text in view.drawing().all_marks() if isinstance(text, Text) and "." in text.words]
    assert len(digits) == 13 * 13
    assert min(0.73 * text.font.size for text in digits) >= 0.022 * size[1]
    assert opened.flow.rect().contains(view.geometry())
    cell = opened.cell_box("pool1", 0, 0)
    assert 1 <= cell.width / cell.height < 1.9, (
        "as wide as its number needs, so that the digit keeps its shape"
    )
    assert opened.content("back").words == "−: all layers"
    assert " = " in opened.title, "the head of the arithmetic stays"
    arithmetic = opened.panel.network.arithmetic
    assert "sum" not in arithmetic.page.leaves()
    opened.panel.network.enlarge(None)
    settle(qtbot)
    assert "sum" in arithmetic.page.leaves(), "the rest of it comes back"
    assert opened.panel.findChild(QScrollArea).verticalScrollBar().maximum() == 0


# -- channels ------------------------------------------------------------------------------------------------


def test_a_thumbnail_is_looked_at_under_the_pointer_and_a_click_chooses_its_filter_in_all_columns(lab5):
    lab5.point_at(lab5.thumbs("conv1"), CellKey(3, 10, 12))
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (3, 10, 12))
    np.testing.assert_array_equal(lab5.values("pool1"), lab5.trace.outputs["pool1"][0, 3])
    lab5.leave()
    np.testing.assert_array_equal(lab5.values("pool1"), lab5.trace.outputs["pool1"][0, 0])
    lab5.click_thumb("pool1", 6)
    lab5.leave()
    for key in ("conv1", "pool1"):
        np.testing.assert_array_equal(lab5.values(key), lab5.trace.outputs[key][0, 6])
    np.testing.assert_array_equal(lab5.values("conv1.weight"), lab5.network.params["conv1.weight"][6, 0])
    np.testing.assert_array_equal(lab5.values("evidence"), lab5.tiles("evidence")[6])
    lab5.thumbs("conv1").setFocus(Qt.FocusReason.TabFocusReason)
    lab5.key(Qt.Key.Key_Return, lab5.thumbs("conv1"))
    assert lab5.content("conv1 maps").current == 6, "what is framed"
    lab5.click("conv1", 4, 5)
    lab5.click_thumb("conv1.weight", 2)  # and the pinned cell moves with it
    assert lab5.pins[-1] == PinnedCell("conv1", (2, 4, 5))


def test_kernels_of_a_deeper_layer_follow_the_chosen_input_map():
    asked = Asked("lenet", Gaze(View(channels=(("1", 5),))))
    weights = asked.network.params["conv2.weight"]
    np.testing.assert_array_equal(asked.values("conv2.weight"), weights[0, 5])
    np.testing.assert_array_equal(asked.tiles("conv2.weight"), weights[:, 5])


# -- late and stale results ----------------------------------------------------------------------------------


def test_a_network_that_has_diverged_is_still_shown(lab5):
    broken = {name: np.full_like(array, np.nan) for name, array in lab5.network.params.items()}
    lab5.look(lab5.network.with_params(broken))
    lab5.hover("pool1", 3, 3)
    assert np.isnan(lab5.values("conv1")).all()
    assert "NaN" in lab5.title


# -- room ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("experiment", "size"), [(LAB5, (850, 515)), (LENET, (775, 463))])
def test_all_maps_are_in_sight_at_once_or_of_a_large_network_on_one_page_or_another(qtbot, experiment, size):
    opened, seen = Opened(qtbot, experiment, size=size), set()
    _, count = opened.panel.paging()
    assert (count > 1) is (experiment is LENET)
    for place in range(count):
        assert opened.panel.paging() == (place, count)
        settle(qtbot)
        for column in opened.panel.picture.plan.columns:
            for key in {column.key, f"{column.key} maps"} & opened.leaves.keys():
                assert opened.flow.rect().contains(opened.map(key).geometry()), key
            if f"{column.key} maps" in opened.leaves:
                assert opened.in_sight(column.key) == set(range(column.count)), column.key
                seen.add(column.key)
        assert opened.panel.turn_page(1) is (place < count - 1)
    kinds, plan = (Kind.FILTERS, Kind.MAPS, Kind.EVIDENCE), opened.panel.picture.plan
    assert seen >= {each.key for each in plan.columns if each.kind in kinds and not each.is_activation}
    opened.state.set_pinned(PinnedCell("pool1", (2, 3, 4)))
    assert opened.panel.paging() == (0, count), "what is pinned is in sight"
    opened.panel.network.enlarge("pool1")
    opened.panel.turn_page(1)
    opened.zoom(2)  # what may be on another page


def test_large_networks_fold_their_activations_which_unfold_with_what_the_others_show(qtbot):
    opened = Opened(qtbot, LENET)
    folded = {key.removesuffix(" folded") for key in opened.leaves if key.endswith(" folded")}
    assert folded == {"relu1", "relu2", "relu3"}
    opened.state.set_pinned(PinnedCell("pool1", (2, 3, 4)))
    opened.panel.choices.choose(folded=(("relu1", False),))
    np.testing.assert_array_equal(opened.values("relu1"), opened.trace.outputs["relu1"][0, 2])
    assert opened.outlined("relu1", "receptive") == ((6, 8, 2, 2),)


def test_an_enlarged_map_follows_the_pinned_cell(lab5):
    lab5.panel.network.enlarge("conv1")
    settle(lab5.qtbot)
    lab5.zoom(8)
    assert lab5.cell_box("conv1", 0, 0) is None
    lab5.state.set_pinned(PinnedCell("conv1", (0, 25, 25)))
    assert lab5.cell_box("conv1", 25, 25) is not None


def test_beside_an_enlarged_map_the_outputs_stay_whole(qtbot):
    opened = Opened(qtbot, size=(850, 372))  # of the lowest window, beside a comparison
    assert opened.panel.findChild(QScrollArea).verticalScrollBar().maximum() == 0, "all is in sight"
    opened.panel.resize(860, 520)
    settle(qtbot)
    before, below = opened.cell_box("conv1", 0, 0).width, opened.arithmetic.height()
    opened.panel.network.enlarge("conv1")
    settle(qtbot)
    assert opened.arithmetic.height() < below, "it takes what the arithmetic can spare"
    assert opened.flow.rect().contains(opened.map("dense1").geometry())
    enlarged = opened.cell_box("conv1", 0, 0).width
    assert enlarged > 1.4 * before
    assert opened.map("conv1 maps").geometry().right() < opened.map("pool1").geometry().left()
    opened.qtbot.mouseClick(opened.panel.cover, LEFT)
    settle(qtbot)
    assert opened.cell_box("conv1", 0, 0).width == enlarged, "it stays as large when it is uncovered"
    opened.qtbot.mouseClick(opened.panel.cover, LEFT)
    opened.panel.network.enlarge("evidence")
    settle(qtbot)
    assert opened.map("evidence").isVisible(), "it is folded beside another one, but not itself"


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


def test_sixty_four_maps_are_all_in_sight_and_the_keyboard_leads_to_the_last(qtbot):
    opened = Opened(qtbot, replace(LAB5, filters=(64,)), size=(900, 560))
    assert len(opened.tiles("conv1")) == 64
    assert opened.in_sight("conv1") == set(range(64))
    opened.qtbot.keyClick(opened.thumbs("conv1"), Qt.Key.Key_End)
    assert opened.content("conv1 maps").current == 63
    np.testing.assert_array_equal(opened.values("conv1"), opened.trace.outputs["conv1"][0, 63])


# -- colour limits -------------------------------------------------------------------------------------------


def test_automatic_limits_follow_the_moment_and_fixed_ones_hold_all_moments_shown_of_a_run_and_a_sample(lab5):
    def choose(limits):
        lab5.qtbot.mouseClick(lab5.panel.limits.button(limits), LEFT)

    first, highest = lab5.network, lab5.levels("conv1")[1]
    assert lab5.levels("conv1") == (-highest, highest)
    lab5.look(scaled(first, 2.0), step=10)
    assert lab5.levels("conv1") == pytest.approx((-2 * highest, 2 * highest))
    lab5.look(scaled(first, 0.5), step=20)
    choose("fixed")
    assert lab5.levels("conv1") == pytest.approx((-2 * highest, 2 * highest))
    # A later moment that goes beyond widens them; they never shrink again.
    for factor, step in ((4.0, 30), (1.0, 0)):
        lab5.look(scaled(first, factor), step=step)
        assert lab5.levels("conv1") == pytest.approx((-4 * highest, 4 * highest))
    choose("automatic")
    assert lab5.levels("conv1") == pytest.approx((-highest, highest))
    choose("fixed")
    for factor, grey, run_id in ((1.0, 255, 2), (1.0, 128, 2), (0.5, 128, 3)):
        network = scaled(lab5.network, factor)
        lab5.look(network, pixels=np.full_like(lab5.dataset.test_images[0], grey), run_id=run_id)
        highest = float(np.abs(lab5.trace.outputs["conv1"]).max())
        assert lab5.levels("conv1") == pytest.approx((-highest, highest)), "of another sample, or another run"


# -- the sweep -----------------------------------------------------------------------------------------------


def test_outlines_slide_from_cell_to_cell_of_the_sweep_where_motion_is_wanted(lab5, theme):
    view, theme.moves = lab5.panel.network.flow.view("input"), True
    for _ in range(3):
        lab5.step_sweep()
    assert view.drawing().ground.motion < 1
    lab5.qtbot.waitUntil(lambda: view.drawing().ground.motion == 1)
    assert lab5.outlined("input", "receptive") == ((0, 2, 3, 3),)
    assert view.drawing().ground.left is None


def test_the_sweep_uncovers_the_map_cell_by_cell_plays_pauses_and_ends_with_its_last_cell(lab5):
    for _ in range(28):
        lab5.step_sweep()
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (0, 1, 1))
    assert lab5.shown("conv1").count == 28
    assert lab5.outlined("input", "receptive") == ((1, 1, 3, 3),)
    lab5.key(Qt.Key.Key_Escape)
    assert lab5.shown("conv1").count is None
    assert not lab5.arithmetic.view("end").isVisible()

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

    lab5.hover("pool1", 2, 2)
    lab5.step_sweep()
    assert lab5.panel.view.sweep == "pool1"
    for _ in range(13 * 13 + 3):
        lab5.panel.network.answer(StepSweep())
    assert lab5.panel.network.marked_cell() == PinnedCell("pool1", (0, 12, 12))
    lab5.qtbot.mouseClick(view("play"), LEFT)
    assert (lab5.panel.view.sweep, lab5.panel.view.sweep_place) == ("pool1", 0)
    lab5.click("conv1", 3, 3)
    assert lab5.panel.view.sweep is None
