"""The feature maps panel: cells that are pointed at, pinned and covered, and the channels that are shown."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnviz.drawing import CellKey
from cnnviz.quantities import format_signed
from tests.gui.feature_maps_panel import EXPERIMENTS, LEFT, Opened
from ui.state import PinnedCell


@pytest.fixture
def lab5(qtbot):
    return Opened(qtbot)


# -- linked cells --------------------------------------------------------------------------------------------


def test_the_value_under_the_pointer_stands_in_the_status_line(lab5):
    lab5.hover("pool1", 2, 5)
    text = lab5.panel.status.text()
    assert text.startswith("pool1 · filter 0, row 2, column 5")
    shown = float(text.split(" · ")[2].replace("−", "-"))
    assert shown == pytest.approx(lab5.trace.outputs["pool1"][0, 0, 2, 5], rel=1e-4)
    assert "sees rows 4–7, columns 10–13" in text
    lab5.hover("conv1.weight", 1, 2)
    assert "weight of conv1 · filter 0, row 1, column 2" in lab5.panel.status.text()


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
    value = format_signed(float(lab5.trace.outputs["pool1"][0, 0, 2, 5]), 5)
    assert lab5.panel.status.text() == "pool1 · filter 0, row 2, column 5 · ? · sees rows 4–7, columns 10–13"
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
    assert "?" not in lab5.title + lab5.panel.status.text()
    lab5.panel.restore_view(kept)
    assert lab5.panel.cover.isChecked()
    assert all(lab5.shown(key).is_covered for key in covered)


# -- pins ----------------------------------------------------------------------------------------------------


def test_a_click_pins_and_a_second_one_frees(lab5):
    lab5.click("conv1", 4, 5)
    assert lab5.pins == [PinnedCell("conv1", (0, 4, 5))]
    lab5.hover("conv1", 20, 20)
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (0, 4, 5))
    assert "row 20, column 20" in lab5.panel.status.text()
    lab5.click("conv1", 4, 5)
    assert lab5.pins[-1] is None


def test_arrow_keys_move_the_pinned_cell_and_stop_at_the_border(lab5):
    lab5.click("pool1", 0, 11)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return):
        lab5.key(key, lab5.map("pool1"))  # Return leaves it there, wherever the pointer has been
    assert [cell.index for cell in lab5.pins] == [(0, 0, 11), (0, 0, 12), (0, 1, 12)]
    assert lab5.outlined("pool1", "selected") == ((1, 12, 1, 1),)
    lab5.key(Qt.Key.Key_Left, lab5.map("pool1"), Qt.KeyboardModifier.ShiftModifier)
    assert lab5.pins[-1].index == (0, 1, 8)


def test_the_keyboard_stands_at_the_pinned_cell_and_points_in_other_maps(lab5):
    lab5.state.set_pinned(PinnedCell("conv1", (0, 8, 8)))
    assert lab5.outlined("conv1", "selected") == ((8, 8, 1, 1),)
    lab5.key(Qt.Key.Key_Down, lab5.map("conv1"))
    assert lab5.state.pinned.index == (0, 9, 8)
    assert lab5.outlined("conv1", "selected") == ((9, 8, 1, 1),)
    pool = lab5.map("pool1")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        lab5.key(key, pool)
    assert pool.hovered == CellKey("cell", 1, 1)
    assert lab5.state.pinned.index == (0, 9, 8)
    lab5.key(Qt.Key.Key_Return, pool)
    assert lab5.state.pinned == PinnedCell("pool1", (0, 1, 1))


def test_escape_frees_the_pinned_cell_from_anywhere_in_the_panel(lab5):
    lab5.click("conv1", 4, 5)
    lab5.key(Qt.Key.Key_Escape, lab5.thumbs("pool1"))
    assert lab5.pins[-1] is None
    assert not lab5.is_told_pinned()


# -- channels ------------------------------------------------------------------------------------------------


def test_a_thumbnail_is_looked_at_while_the_pointer_is_on_it(lab5):
    lab5.hover_thumb("conv1", 3, row=10, col=12)
    assert lab5.panel.network.marked_cell() == PinnedCell("conv1", (3, 10, 12))
    np.testing.assert_array_equal(lab5.values("pool1"), lab5.trace.outputs["pool1"][0, 3])
    lab5.leave()
    np.testing.assert_array_equal(lab5.values("pool1"), lab5.trace.outputs["pool1"][0, 0])


def test_a_click_on_a_thumbnail_chooses_the_filter_in_all_its_columns(lab5):
    lab5.click_thumb("pool1", 6)
    lab5.leave()
    for key in ("conv1", "pool1"):
        np.testing.assert_array_equal(lab5.values(key), lab5.trace.outputs[key][0, 6])
    np.testing.assert_array_equal(lab5.values("conv1.weight"), lab5.network.params["conv1.weight"][6, 0])
    np.testing.assert_array_equal(lab5.values("evidence"), lab5.tiles("evidence")[6])


def test_a_pinned_cell_moves_to_the_filter_that_is_chosen(lab5):
    lab5.click("conv1", 4, 5)
    lab5.click_thumb("conv1.weight", 2)
    assert lab5.pins[-1] == PinnedCell("conv1", (2, 4, 5))


def test_kernels_of_a_deeper_layer_follow_the_chosen_input_map(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["lenet"], size=(2600, 900))
    opened.click_thumb("pool1", 5)
    opened.leave()
    weights = opened.network.params["conv2.weight"]
    np.testing.assert_array_equal(opened.values("conv2.weight"), weights[0, 5])
    np.testing.assert_array_equal(opened.tiles("conv2.weight"), weights[:, 5])


# -- copying -------------------------------------------------------------------------------------------------


# -- late and stale results ----------------------------------------------------------------------------------


def test_a_network_that_has_diverged_is_still_shown(lab5):
    broken = {name: np.full_like(array, np.nan) for name, array in lab5.network.params.items()}
    lab5.look(lab5.network.with_params(broken))
    lab5.hover("pool1", 3, 3)
    assert np.isnan(lab5.values("conv1")).all()
    assert "NaN" in lab5.panel.status.text()
