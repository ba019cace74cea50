"""The feature maps panel: what stands in its maps is what the network computes, and cells are linked."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnviz.drawing import CellKey
from cnnviz.quantities import format_signed
from tests.gui.feature_maps_panel import EXPERIMENTS, LEFT, Opened, line_of
from ui.panels.feature_maps.plan import Kind
from ui.panels.feature_maps.view import Fold
from ui.state import PinnedCell


@pytest.fixture
def lab5(qtbot):
    return Opened(qtbot)


# -- arrays of the engine ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_column_shows_the_arrays_of_forward(qtbot, name):
    opened = Opened(qtbot, EXPERIMENTS[name])
    opened.panel.network.fit()
    network, trace = opened.network, opened.trace
    for column in opened.panel.picture.plan.columns:
        opened.panel.network.answer(Fold(column.key, False))
        key = column.key
        match column.kind:
            case Kind.IMAGE:
                np.testing.assert_array_equal(opened.values(key), trace.inputs[0, 0])
            case Kind.KERNELS:
                weights = network.params[key]
                np.testing.assert_array_equal(opened.values(key), weights[0, 0])
                np.testing.assert_array_equal(opened.tiles(key), weights[:, 0])
            case Kind.MAPS:
                np.testing.assert_array_equal(opened.values(key), trace.outputs[key][0, 0])
                np.testing.assert_array_equal(opened.tiles(key), trace.outputs[key][0])
            case Kind.UNITS:
                shown = opened.shown(key).map
                np.testing.assert_array_equal(shown.values[~shown.blank], trace.outputs[key][0])
            case Kind.OUTPUT:
                outputs = opened.content(key).outputs
                np.testing.assert_array_equal(outputs.probabilities, trace.class_probabilities[0])
                if trace.logits.shape[1] > 1:
                    np.testing.assert_array_equal(outputs.logits, trace.logits[0])
            case Kind.EVIDENCE:
                assert opened.tiles(key).shape == network.shapes[column.stage]


def test_every_layer_but_flatten_has_a_column(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["lenet"])
    keys = [column.key for column in opened.panel.picture.plan.columns]
    assert keys == [
        "input", "conv1.weight", "conv1", "relu1", "pool1", "conv2.weight", "conv2", "relu2", "pool2",
        "evidence", "dense1", "relu3", "dense2",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "has_winners"), [("lab5", True), ("no pool, stride", False)])
def test_the_key_names_winners_where_there_are_some(qtbot, name, has_winners):
    key = Opened(qtbot, EXPERIMENTS[name]).content("key")
    assert ("maximum" in [text for _, text in key.marks]) is has_winners


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_evidence_and_biases_add_up_to_the_logit(qtbot, name):
    opened = Opened(qtbot, EXPERIMENTS[name])
    ledger = opened.content("logit")
    shown = opened.tiles("evidence")
    bias = line_of(ledger, "biases" if len(opened.experiment.hidden) else "bias")
    logits = opened.trace.logits[0]
    logit = logits[0] if len(logits) == 1 else logits.max()
    curved = [row.number for row in ledger.rows if row.label == "curvature"]
    assert shown.sum() == pytest.approx(line_of(ledger, "evidence"), rel=1e-5, abs=1e-6)
    total = line_of(ledger, "evidence") + bias + sum(curved)
    assert total == pytest.approx(float(logit), rel=1e-5, abs=1e-5)
    assert next(row for row in ledger.rows if row.is_total).number == float(logit)
    assert bool(curved) == (name == "average, tanh")


def test_another_class_may_be_chosen_for_the_evidence(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["three blocks"])
    opened.press(opened.map("dense1"), CellKey("class", 2, 0))
    assert opened.content("dense1").chosen == 2
    choice = opened.map("class")
    assert choice.choice() == "2"
    assert line_of(opened.content("logit"), "logit of 2") == float(opened.trace.logits[0, 2])
    weights = opened.network.params["dense1.weight"][2].reshape(opened.network.shapes["pool3"])
    np.testing.assert_allclose(
        opened.tiles("evidence"), weights * opened.trace.outputs["pool3"][0], rtol=1e-5
    )
    choice.setCurrentIndex(0)
    choice.activated.emit(0)
    assert opened.content("dense1").chosen == int(opened.trace.logits[0].argmax())


def test_non_negative_stages_are_sequential_and_others_signed_about_zero(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["lenet"])
    assert opened.shown("conv1").map.colors.name == "signed"
    lo, hi = opened.levels("conv1")
    assert lo == -hi
    assert opened.shown("pool1").map.colors.name == "sequential"
    assert opened.levels("pool1") == (0.0, float(opened.trace.outputs["pool1"].max()))
    assert opened.shown("input").map.colors.name == "grey"


# -- linked cells --------------------------------------------------------------------------------------------


def test_hovering_lights_up_every_earlier_stage_in_all_maps_that_are_read(qtbot):
    opened = Opened(qtbot, EXPERIMENTS["lenet"], size=(2600, 900))
    opened.hover("conv2", 5, 6)
    field = ((4, 5, 3, 3),)
    assert opened.outlined("pool1", "receptive") == field
    assert opened.marked("pool1", "receptive") == dict.fromkeys(range(8), field)
    assert opened.outlined("conv1", "receptive") == ((8, 10, 6, 6),)
    assert opened.outlined("relu1", "receptive") == ((8, 10, 6, 6),)
    # What comes later is not read, and a cell feeds its own map only.
    assert opened.outlined("pool2", "receptive") == ()
    assert opened.marked("relu2", "feeds") == {0: ((5, 6, 1, 1),)}
    assert opened.marked("pool2", "feeds") == {0: ((2, 3, 1, 1),)}


def test_a_pixel_shows_the_cells_it_feeds(lab5):
    lab5.hover("input", 10, 4)
    assert lab5.outlined("conv1", "feeds") == ((8, 2, 3, 3),)
    assert set(lab5.marked("conv1", "feeds")) == set(range(8))
    pixel = int(lab5.state.sample.pixels[0, 10, 4])
    assert lab5.arithmetic.page.leaves()["sum"].content.rows[0].number == str(pixel)


def test_the_winners_of_a_window_are_outlined_and_ties_explained(lab5):
    blank = np.zeros((1, 28, 28), dtype=np.uint8)
    lab5.look(lab5.network, pixels=blank)
    lab5.hover("pool1", 3, 4)
    assert set(lab5.outlined("conv1", "winner")) == {
        (6, 8, 1, 1), (6, 9, 1, 1), (7, 8, 1, 1), (7, 9, 1, 1)
    }  # fmt: skip


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
    assert lab5.content("conv1").pinned == (8, 8)
    lab5.key(Qt.Key.Key_Down, lab5.map("conv1"))
    assert lab5.state.pinned.index == (0, 9, 8)
    assert lab5.content("conv1").pinned == (9, 8)
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


def test_a_pinned_flattened_feature_is_shown_as_the_cell_it_was(lab5):
    lab5.state.set_pinned(PinnedCell("flatten", (169 + 13 * 2 + 4,)))
    assert lab5.panel.network.marked_cell() == PinnedCell("pool1", (1, 2, 4))


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
