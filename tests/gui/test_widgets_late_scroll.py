"""Scrolling to a place that comes into being later, and never behind the user's back."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.controls import late_scroll
from ui.controls.late_scroll import place_of, scroll_later


@pytest.fixture
def area(qtbot: QtBot) -> QScrollArea:
    made = QScrollArea()
    content = QWidget()
    content.resize(100, 300)
    made.setWidget(content)
    made.resize(200, 200)
    qtbot.addWidget(made)
    vars(qtbot).setdefault("kept", []).append(made)
    return made


def _lengthen(area: QScrollArea, height: int) -> None:
    area.widget().resize(100, height)


def test_a_place_that_is_there_is_gone_to_at_once(qtbot: QtBot, area: QScrollArea) -> None:
    show_window(qtbot, area)
    scroll_later(area.verticalScrollBar(), 60)
    assert area.verticalScrollBar().value() == 60
    scroll_later(area.verticalScrollBar(), 0)
    assert area.verticalScrollBar().value() == 0


def test_a_place_that_comes_later_is_gone_to_then(qtbot: QtBot, area: QScrollArea) -> None:
    bar = area.verticalScrollBar()
    scroll_later(bar, 900)  # nothing has been laid out yet
    assert place_of(bar) == 900
    show_window(qtbot, area)
    assert bar.value() < 900
    _lengthen(area, 2000)
    assert bar.value() == 900
    assert place_of(bar) == 900


def test_the_user_who_scrolls_meanwhile_stays_there(qtbot: QtBot, area: QScrollArea) -> None:
    show_window(qtbot, area)
    bar = area.verticalScrollBar()
    scroll_later(bar, 900)
    middle = area.viewport().rect().center()
    wheel = QWheelEvent(
        QPointF(middle), QPointF(area.viewport().mapToGlobal(middle)), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(area.viewport(), wheel)
    turned = bar.value()
    assert turned > 0
    _lengthen(area, 2000)
    assert bar.value() == turned == place_of(bar)


def test_what_is_in_sight_does_not_scroll_much_later(
    qtbot: QtBot, area: QScrollArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_scroll, "_LATEST_MS", 30)
    show_window(qtbot, area)
    bar = area.verticalScrollBar()
    scroll_later(bar, 900)
    qtbot.waitUntil(lambda: place_of(bar) == bar.value())
    _lengthen(area, 2000)
    assert bar.value() < 900
