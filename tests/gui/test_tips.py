"""Tool tips can be read, and leave clear what they are about."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import CellKey
from tests.gui.whole_window import PANELS, controls_in, place_of, show_panel, train
from ui.controls.keyboard import scroll_to
from ui.controls.tips import WIDTH, wrapped
from ui.painting import qrect
from ui.session import Session

_PATCH = 30


def rest_at(widget: QWidget, at: QPoint) -> tuple[str, QRect]:
    """Let the pointer rest on a widget; return what is said, and where on the screen."""
    QToolTip.hideText()
    scroll_to(widget)
    handle = widget.window().windowHandle()
    assert handle is not None
    place = widget.mapTo(widget.window(), at)
    for each in (
        place + QPoint(1, 1),
        place,
    ):  # what was scrolled below a pointer that rests is not pointed at
        QTest.mouseMove(handle, each)
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    tips = [each for each in QApplication.topLevelWidgets() if each.inherits("QTipLabel")]
    return QToolTip.text(), tips[-1].geometry() if tips else QRect()


@pytest.fixture
def trained(qtbot: QtBot, session: Session) -> Session:
    train(qtbot, session, 100)
    return session


def test_every_tool_tip_of_the_window_is_narrow_and_covers_no_control(qtbot: QtBot, trained: Session) -> None:
    wide: set[str] = set()
    covering: set[str] = set()
    for number in range(len(PANELS)):
        show_panel(qtbot, trained, number)
        for control in controls_in(trained.window):
            middle = control.rect().center()
            text, tip = rest_at(control, middle)
            if not text:
                continue
            if max(map(len, text.split("\n"))) > WIDTH:
                wide.add(place_of(control))
            under = QRect(control.mapToGlobal(middle) - QPoint(1, 1), control.mapToGlobal(middle))
            whole = QRect(control.mapToGlobal(QPoint(0, 0)), control.size())
            if tip.intersects(whole if control.height() <= _PATCH else under):
                covering.add(place_of(control))
    QToolTip.hideText()
    assert (wide, covering) == (set(), set())


def test_the_tip_of_a_cell_leaves_the_cell_clear(qtbot: QtBot, trained: Session) -> None:
    panel = show_panel(qtbot, trained, 1)
    for key in ("input", "conv1.weight", "conv1", "pool1"):
        part = panel.network.flow.view(key)
        rect = qrect(part.drawing().part(CellKey("cell", 1, 1)).box)
        text, tip = rest_at(part, rect.center().toPoint())
        assert text
        cell = rect.translated(QPointF(part.mapToGlobal(QPoint(0, 0)))).toAlignedRect()
        assert not tip.intersects(cell)
    QToolTip.hideText()


def test_lines_are_broken_between_words_and_those_there_are_stay() -> None:
    long = "word " * 30
    assert wrapped("one\n\n" + long.strip()).split("\n")[:2] == ["one", ""]
    assert max(map(len, wrapped(long).split("\n"))) <= WIDTH
    assert wrapped(long).split() == long.split()
