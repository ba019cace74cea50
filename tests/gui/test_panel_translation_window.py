"""The translation panel in the whole program, in a real window, while the network is trained."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from cnnviz.datasets import to_input
from tests.gui.translation_desk import moved, part_center
from ui.panels.translation import TranslationPanel
from ui.session import Session
from ui.state import RunStatus, Shift

pytestmark = pytest.mark.window


def test_the_digit_is_dragged_while_training_runs(session: Session, qtbot: QtBot) -> None:
    window, state = session.window, session.state
    panel = window.panel(TranslationPanel)
    window.panels.show_panel(2)
    qtbot.waitUntil(lambda: panel.isVisible() and panel.picture is not None)
    session.controller.on_train_requested()
    qtbot.waitUntil(lambda: state.run.step > 500)
    canvas, start = panel.image, part_center(panel.image, "image")
    cell = canvas.drawing().part("image").drag.unit
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for dx in range(1, 6):
        QTest.mouseMove(canvas, (start + QPointF(dx * cell, -dx * cell)).toPoint())
        qtbot.waitUntil(lambda dx=dx: panel.picture.shift == Shift(dx, -dx))
    end = start + QPointF(5 * cell, -5 * cell)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end.toPoint())
    assert state.shift == Shift(5, -5)
    if state.run.status is RunStatus.TRAINING:
        session.controller.on_train_requested()
    qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
    qtbot.waitUntil(
        lambda: (
            panel.picture is not None
            and panel.picture.subject.network is state.live.network
            and panel.picture.shift == state.shift
        ),
    )
    assert state.sample is not None
    network = state.live.network
    image = to_input(state.sample.pixels[np.newaxis], network.dtype)[0]
    batch = np.stack([moved(image, 5, -5), np.full_like(image, -0.5)])
    pooled = network.forward(batch).outputs["pool1"]
    assert np.allclose(panel.maps.content.shown.pair.shifted, pooled[0] - pooled[1])
