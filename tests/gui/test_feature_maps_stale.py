"""Nothing in Filters & maps is left over from another moment, another run or another cell."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnviz.drawing import CellKey
from tests.gui.driving import opened, settle
from tests.gui.feature_maps_panel import EXPERIMENTS, LEFT, Later, Opened
from tests.oracles import read_number as said_in
from tests.small_data import write_pictures
from ui.panels.feature_maps.explain import explain
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.state import PinnedCell


@pytest.fixture
def lab5(qtbot):
    return Opened(qtbot)


def scaled(network, factor):
    return network.with_params({name: factor * array for name, array in network.params.items()})


def assert_all_of_one_cell(desk, cell, pinned=False):
    """Value line, head, tag and outlines are those of a cell, with the value that the network computes."""
    panel = desk.panel
    assert panel.network.marked_cell() == cell
    value = float(desk.trace.outputs[cell.stage][(0, *cell.index)])
    channel, row, column = cell.index
    where = f"{cell.stage} · filter {channel}, row {row}, column {column}"
    assert panel.status.text().startswith(where)
    assert desk.title.startswith(where)
    assert said_in(panel.status.text().split(" · ")[2]) == pytest.approx(value, rel=1e-3)
    assert said_in(desk.title.split("= ")[1].split()[0]) == pytest.approx(value, rel=1e-2)
    assert desk.is_told_pinned() == pinned
    assert desk.outlined(cell.stage, "selected") == ((row, column, 1, 1),)
    np.testing.assert_array_equal(desk.values(cell.stage), desk.trace.outputs[cell.stage][0, channel])


# -- moments -------------------------------------------------------------------------------------------------


def test_the_weight_under_the_pointer_follows_the_moment(lab5):
    lab5.hover("conv1.weight", 1, 2)
    lab5.look(scaled(lab5.network, 3.0), step=9)
    text = lab5.panel.status.text().split(" · ")
    assert text[:2] == ["weight of conv1", "filter 0, row 1, column 2"]
    weight = float(lab5.network.params["conv1.weight"][0, 0, 1, 2])
    assert said_in(text[2]) == pytest.approx(weight, rel=1e-3)


def test_a_pin_from_before_the_first_picture_shows_its_map(qtbot):
    analysis = Later()
    desk = Opened(qtbot, analysis=analysis)
    desk.state.set_pinned(PinnedCell("conv1", (7, 4, 5)))
    analysis.finish("feature-maps")
    assert_all_of_one_cell(desk, PinnedCell("conv1", (7, 4, 5)), pinned=True)
    assert desk.line("conv1") == "map 7 of 8"
    assert desk.line("conv1.weight") == "filter 7 of 8"


# -- sweep and Esc -------------------------------------------------------------------------------------------


def test_after_escape_the_cell_under_the_pointer_is_marked(lab5):
    lab5.hover("conv1", 9, 9)
    lab5.click("conv1", 9, 9)
    lab5.hover("conv1", 20, 3)
    lab5.key(Qt.Key.Key_Escape)
    assert_all_of_one_cell(lab5, PinnedCell("conv1", (0, 20, 3)))


def test_a_pin_that_keys_move_leaves_no_outline_under_the_pointer(lab5):
    lab5.hover("conv1", 4, 5)
    lab5.click("conv1", 4, 5)
    lab5.key(Qt.Key.Key_Right)
    assert lab5.map("conv1").hovered is None
    assert_all_of_one_cell(lab5, PinnedCell("conv1", (0, 4, 6)), pinned=True)


# -- classes -------------------------------------------------------------------------------------------------


def names_in(panel):
    """Names of the classes wherever the panel writes them, from outside."""
    leaves, stage = panel.network.flow.page.leaves(), panel.picture.plan.output_stage
    names = leaves[stage].content.outputs.names
    assert leaves[f"{stage} line"].content.words.removeprefix("read as ") in names
    if "class" in leaves:
        assert [title for _, title in leaves["class"].options] == ["predicted", *names]
    return names


def test_own_data_have_their_names(qtbot, settings, tmp_path):
    with opened(qtbot, settings, write_pictures(tmp_path / "zoo")) as session:
        session.window.panels.show_panel(1)
        panel = session.window.panel(FeatureMapsPanel)
        qtbot.waitUntil(lambda: panel.picture is not None)
        assert names_in(panel) == ("ant", "bee")
        session.controller.open_data(None)
        qtbot.waitUntil(lambda: panel.picture.scene.dataset.name == "MNIST")
        qtbot.waitUntil(lambda: panel.picture.scene.snapshot is session.state.shown)
        assert names_in(panel) == session.state.dataset.classes == ("0", "1")


def test_a_class_that_another_network_does_not_have_is_chosen_no_longer(qtbot):
    desk = Opened(qtbot, replace(EXPERIMENTS["three blocks"], classes=tuple("01234567")))
    desk.press(desk.map("dense1"), CellKey("class", 7, 0))
    assert desk.map("class").choice() == "7"
    other = Opened(qtbot, EXPERIMENTS["three blocks"])
    desk.dataset = other.dataset
    desk.state.set_dataset(other.dataset)
    desk.look(other.network, run_id=2)
    assert desk.map("class").currentText() == "predicted"
    assert desk.content("dense1").chosen == int(desk.trace.logits[0].argmax())


# -- limits --------------------------------------------------------------------------------------------------


def test_fixed_limits_of_another_run_are_its_own(lab5):
    lab5.look(scaled(lab5.network, 4.0))
    lab5.qtbot.mouseClick(lab5.panel.limits.button("fixed"), LEFT)
    lab5.look(scaled(lab5.network, 0.25), run_id=2)
    highest = float(np.abs(lab5.trace.outputs["conv1"]).max())
    assert lab5.levels("conv1") == pytest.approx((-highest, highest))


def test_automatic_limits_say_how_many_times_those_of_the_first_step_they_are(lab5):
    lab5.state.history.snapshots.add(lab5.state.shown)
    first = lab5.network
    lab5.look(scaled(first, 23.0), step=500)
    assert "23 times the limits at step 0" in lab5.strip("conv1.weight")
    lab5.qtbot.mouseClick(lab5.panel.limits.button("fixed"), LEFT)
    assert "times" not in lab5.strip("conv1.weight")
    lab5.qtbot.mouseClick(lab5.panel.limits.button("automatic"), LEFT)
    assert "23 times the limits at step 0" in lab5.strip("conv1.weight")
    lab5.look(first, step=0)
    assert "times" not in lab5.strip("conv1.weight")
    lab5.look(scaled(first, 5.0), step=7, run_id=2)  # nothing is on record of this run
    assert "times" not in lab5.strip("conv1.weight")


# -- units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("factor", "unit"), [(1.0, ""), (1e-4, "× 10⁻⁵"), (1e7, "× 10⁶")])
def test_the_head_of_a_map_of_numbers_says_their_power_of_ten(lab5, factor, unit):
    lab5.look(scaled(lab5.network, factor), step=3)
    lab5.panel.network.enlarge("conv1")
    lab5.zoom(12)
    assert lab5.line("conv1") == f"map 0 of 8 {unit}".strip()
    largest = float(np.abs(lab5.trace.outputs["conv1"][0, 0]).max())
    assert 0.02 <= largest / 10.0 ** lab5.shown("conv1").map.exponent < 1e4
    lab5.panel.network.enlarge(None)
    settle(lab5.qtbot)
    assert lab5.line("conv1") == "map 0 of 8"  # no numbers are written here


# -- presenter mode ------------------------------------------------------------------------------------------


def test_in_presenter_mode_the_pinned_cell_of_an_enlarged_map_stays_in_sight(lab5, theme):
    lab5.state.set_pinned(PinnedCell("conv1", (0, 23, 24)))
    lab5.panel.network.enlarge("conv1")
    settle(lab5.qtbot)
    lab5.zoom(6)
    theme.set_presenter(True)
    settle(lab5.qtbot)
    assert lab5.cell_box("conv1", 23, 24) is not None


def test_the_line_is_a_function_of_the_picture_and_of_where_one_looks(lab5):
    rng = np.random.default_rng(2)
    for step in range(40):
        match int(rng.integers(6)):
            case 0:
                lab5.look(scaled(lab5.network, float(rng.uniform(0.5, 2))), step=step)
            case 1:
                lab5.hover("conv1", *(int(each) for each in rng.integers(0, 26, 2)))
            case 2:
                lab5.click("pool1", *(int(each) for each in rng.integers(0, 13, 2)))
            case 3:
                lab5.key((Qt.Key.Key_Escape, Qt.Key.Key_Down)[int(rng.integers(2))])
            case 4:
                lab5.click_thumb("conv1", int(rng.integers(8)))
            case _:
                lab5.step_sweep()
        view = lab5.panel.network
        anew = explain(view.picture, replace(view.look, pinned=lab5.state.pinned, swept=view.sweep.place))
        assert lab5.panel.status.text() == anew.value_line
        assert lab5.title == " ".join(text for text, _ in anew.arithmetic.title)
        channel = anew.channel(view.picture.plan.column("conv1"))
        np.testing.assert_array_equal(lab5.values("conv1"), lab5.trace.outputs["conv1"][0, channel])
