"""Rows of names, numbers and bars: what they say is about what they show."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from tests.gui.driving import show_window
from ui.rows.ledger import Ledger, LedgerRow
from ui.rows.output_rows import OutputRows


def shown(qtbot, widget):
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    show_window(qtbot, widget)
    return widget


def ask_for_tip(widget, at):
    """Let the pointer rest at a place, and return what is said there."""
    QTest.mouseMove(widget, at)
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    return QToolTip.text()


def fill_outputs(widget, value):
    widget.set_outputs(["4", "9"], [value, 1 - value], true_index=0)


def fill_ledger(widget, value):
    widget.set_rows([LedgerRow("sum", value), LedgerRow("= all", value, is_total=True)])


@pytest.mark.parametrize(
    ("kind", "fill"),
    [
        (OutputRows, fill_outputs),
        (Ledger, fill_ledger),
    ],
)
def test_a_tool_tip_follows_what_is_shown(qtbot, kind, fill):
    widget = shown(qtbot, kind())
    fill(widget, 0.25)
    qtbot.waitUntil(lambda: "0.25" in ask_for_tip(widget, QPoint(20, 8)))
    fill(widget, 0.75)
    qtbot.waitUntil(lambda: "0.75" in QToolTip.text())
    assert "0.25" not in QToolTip.text()
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_a_row_that_is_gone_is_not_pointed_at(qtbot):
    rows = shown(qtbot, OutputRows())
    rows.set_outputs([str(k) for k in range(4)], np.full(4, 0.25))
    told = []
    rows.rowHovered.connect(told.append)
    rows.rowLeft.connect(lambda: told.append(None))
    QTest.mouseMove(rows, rows.row_rect(3).center().toPoint())
    qtbot.waitUntil(lambda: told == [3])
    rows.set_outputs(["0", "1"], np.full(2, 0.5))
    qtbot.waitUntil(lambda: told == [3, None])
    assert rows.hovered is None
