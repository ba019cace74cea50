"""The first panel: how it shares out its room, and what the drawing of the network asks for."""

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cnnviz.covers import Secret
from cnnviz.drawing import LIGHT, Box, CellKey
from cnnviz.graphics.columns import Kind
from tests.gui.driving import click, click_part
from tests.gui.whole_window import rest
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel, places_in
from ui.session import Session
from ui.state import PinnedCell, RunStatus

FORM = 230.0, 330.0
SIZES = (492, 480), (662, 420), (817, 680), (1147, 680), (1297, 860), (1627, 860), (2272, 1220)


@pytest.mark.parametrize("page", ["curves", "settings", "results"])
def test_the_network_has_the_largest_part_and_all_others_have_theirs_beside_it(page: str) -> None:
    for size in SIZES:
        room = Box(0, 0, *size)
        places = {name: box for name, box in places_in(room, LIGHT, FORM, page)._asdict().items() if box}
        for one, other in combinations(places.values(), 2):
            apart = one.right <= other.left or other.right <= one.left
            assert apart or one.bottom <= other.top or other.bottom <= one.top, size
        assert all(room.joined(box) == room for box in places.values()), size
        assert places["network"] == max(places.values(), key=lambda box: box.width * box.height), size
        if size[0] > 800:
            assert places.keys() == {"network", "curves", "settings", "results", "log"}
        else:
            assert {"network", "switch", page} <= places.keys()
            assert ("curves" in places) == (page == "curves")


def test_the_network_is_alive_before_one_large_button_trains_it_and_what_is_to_be_predicted_is_covered(
    qtbot: QtBot, session: Session
) -> None:
    panel = session.window.panel(TrainingPanel)
    rest(qtbot, session)
    flow, button = panel.network.flow, panel.curves.train
    assert flow is not None
    assert np.ptp(next(each.values for each in flow.stages if each.column.key == "conv1")) > 0
    assert button.isVisible()
    click(button)
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.TRAINING and session.state.run.step > 0)
    session.controller.pause()
    rest(qtbot, session)
    assert not button.isVisible()
    assert panel.network.flow is not flow

    view, state = panel.network.view, session.state
    for secret, kinds, is_hidden in (
        (Secret.FILTERS, {Kind.FILTERS}, False),
        (Secret.ANSWERS, {Kind.MAPS, Kind.EVIDENCE, Kind.UNITS}, True),
        (Secret.LOSS, set(), False),
    ):
        state.set_covered({secret: "Predict first."})
        assert view.content.covered == kinds
        assert view.content.hides_output == is_hidden
        assert ("covered" in view.spoken_summary()) == is_hidden
    state.set_covered({})
    assert not view.content.covered


def test_a_click_goes_on_to_the_same_cell_in_filters_and_maps(qtbot: QtBot, session: Session) -> None:
    panel, maps = session.window.panel(TrainingPanel), session.window.panel(FeatureMapsPanel)
    session.window.resize(1440, 900)
    rest(qtbot, session)
    click_part(panel.network.view, CellKey((3, 5), 6, 7))
    qtbot.waitUntil(maps.isVisible)
    assert session.state.pinned == PinnedCell("pool1", (5, 6, 7))
    rest(qtbot, session)
    assert maps.network.marked_cell() == session.state.pinned

    session.window.panels.show_panel(0)
    view = panel.network.view
    view.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.hovered is not None
    assert view.hovered[0] == 2, "image, filter, map"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(maps.isVisible)
    assert session.state.pinned is not None
    assert session.state.pinned.stage == "conv1"
