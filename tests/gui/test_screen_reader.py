"""What a screen reader is told of maps and plots, which paint themselves."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import Colors
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from tests.gui.whole_window import PANELS, place_of, show_panel, train
from ui.controls.spoken import Spoken, speak
from ui.marks import view_of
from ui.panels.training import TrainingPanel
from ui.session import Session


@pytest.fixture
def trained(qtbot: QtBot, session: Session) -> Session:
    speak()
    train(qtbot, session, 100)
    return session


def told(widget: QWidget, kind: QAccessible.Text) -> str:
    found = QAccessible.queryAccessibleInterface(widget)
    assert found is not None
    return found.text(kind)


def test_every_painted_part_that_keys_reach_has_a_name_and_a_text(qtbot: QtBot, trained: Session) -> None:
    silent: set[str] = set()
    for number in range(len(PANELS)):
        show_panel(qtbot, trained, number)
        for part in trained.window.findChildren(QWidget):
            if isinstance(part, Spoken) and part.isVisible() and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                if not told(part, QAccessible.Text.Name):
                    silent.add(f"no name: {place_of(part)}")
                if not told(part, QAccessible.Text.Description) + part.toolTip():
                    silent.add(f"no text: {place_of(part)}")
    assert not silent


def test_the_value_of_a_map_is_that_of_the_cell_that_keys_have_led_to(qtbot: QtBot) -> None:
    speak()
    part = view_of(HEAT_MAP, "Map", keys_point=True, focus=Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(part)
    part.show_content(Looked(HeatMap(np.arange(6.0).reshape(2, 3), Colors("sequential", 0, 5))))
    part.resize(300, 200)
    part.show()
    part.setFocus()
    assert told(part, QAccessible.Text.Name) == "Map"
    assert told(part, QAccessible.Text.Value) == ""
    QTest.keyClick(part, Qt.Key.Key_Down)  # to the first cell
    for key, value in ((Qt.Key.Key_Right, "row 0, column 1: 1"), (Qt.Key.Key_Down, "row 1, column 1: 4")):
        QTest.keyClick(part, key)
        assert told(part, QAccessible.Text.Value) == value
    summary = "2 × 3 cells. Smallest at row 0, column 0: 0. Largest at row 1, column 2: 5."
    assert told(part, QAccessible.Text.Description) == summary


def test_a_plot_says_its_curves_and_the_point_under_its_cursor(qtbot: QtBot, trained: Session) -> None:
    show_panel(qtbot, trained, 0)
    parts = trained.window.panel(TrainingPanel).curves.findChildren(QWidget)
    (loss,) = [each for each in parts if isinstance(each, Spoken) and "Loss over" in each.accessibleName()]
    assert "running mean from " in told(loss, QAccessible.Text.Description)
    assert told(loss, QAccessible.Text.Value) == ""
    loss.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(loss, Qt.Key.Key_Left)
    assert told(loss, QAccessible.Text.Value).startswith("step ")
