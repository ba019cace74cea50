"""The feature maps panel in the whole window, on a real display, while the network trains."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cnnviz.datasets import to_input
from cnnviz.drawing import CellKey
from tests.gui.driving import part_center
from tests.gui.feature_maps_panel import line_of
from tests.gui.whole_window import rest
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.state import PinnedCell, RunStatus

pytestmark = pytest.mark.window

LEFT = Qt.MouseButton.LeftButton


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


def test_cells_are_hovered_pinned_moved_and_freed_while_training_runs(qtbot, shown):
    panel, controller = shown.window.panel(FeatureMapsPanel), shown.controller
    controller.on_speed_requested(200)
    controller.on_train_requested()
    qtbot.waitUntil(lambda: shown.state.run.step > 20)
    conv = panel.network.flow.view("conv1")
    cell = part_center(conv, CellKey("cell", 8, 9))
    move_to(shown, conv, cell)
    qtbot.waitUntil(lambda: panel.network.marked_cell() == PinnedCell("conv1", (0, 8, 9)))
    assert panel.network.flow.page.leaves()["input"].content.looked.outlines == (("receptive", (8, 9, 3, 3)),)
    qtbot.mouseClick(conv, LEFT, pos=cell.toPoint())
    assert shown.state.pinned == PinnedCell("conv1", (0, 8, 9))
    qtbot.keyClick(conv, Qt.Key.Key_Down)
    assert shown.state.pinned == PinnedCell("conv1", (0, 9, 9))
    step = panel.picture.scene.snapshot.step
    qtbot.waitUntil(lambda: panel.picture.scene.snapshot.step > step + 50)
    controller.on_train_requested()
    qtbot.waitUntil(lambda: shown.state.run.status is RunStatus.PAUSED)
    qtbot.waitUntil(lambda: panel.picture.scene.snapshot is shown.state.shown)
    network = shown.state.shown.network
    trace = network.forward(to_input(shown.state.sample.pixels[np.newaxis], network.dtype))
    np.testing.assert_array_equal(conv.content.content.looked.map.values, trace.outputs["conv1"][0, 0])
    ledger = panel.network.arithmetic.page.leaves()["sum"].content
    assert line_of(ledger, "= conv1") == float(trace.outputs["conv1"][0, 0, 9, 9])
    qtbot.keyClick(conv, Qt.Key.Key_Escape)
    assert shown.state.pinned is None
