"""The backprop panel in the whole program: time travel, pins shared with other panels, adopting an update."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.routing import apply_update
from tests.gui.backprop_desk import click
from ui.panels.backprop import BackpropPanel
from ui.panels.backprop.steps import StepKind
from ui.session import Session
from ui.state import RunStatus

pytestmark = pytest.mark.window


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> Iterator[BackpropPanel]:
    shown = session.window.panel(BackpropPanel)
    QTest.keyClick(session.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    if not shown.isVisible():
        session.window.panels.show_panel(3)
    qtbot.waitUntil(lambda: shown.isVisible() and shown.model.passed is not None)
    yield shown
    shown.work.cancel_tie_rate()


def test_adopting_an_update_continues_the_run_from_the_changed_weights(
    session: Session, panel: BackpropPanel, qtbot: QtBot
) -> None:
    before = session.state.live.network
    gradients = panel.model.passed.gradients
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_End)
    assert panel.model.step.kind is StepKind.UPDATE
    qtbot.waitUntil(lambda: panel.stack.view("Apply the update").isEnabled())
    click(panel.stack.view("Apply the update"))
    qtbot.waitUntil(lambda: panel.stack.view("Adopt").isEnabled())
    assert session.state.live.network is before
    click(panel.stack.view("Adopt"))
    qtbot.waitUntil(lambda: session.state.live.network is not before)
    expected = apply_update(before, gradients, session.state.experiment.learning_rate)
    for name, array in expected.params.items():
        np.testing.assert_array_equal(session.state.live.network.params[name], array)
    qtbot.waitUntil(lambda: session.state.run.status in (RunStatus.READY, RunStatus.PAUSED))
