"""Notices above the panels: the newest is seen, and what is still true comes back."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.state import AppState
from ui.window import notice_bar
from ui.window.notice_bar import NoticeBar


@pytest.fixture
def state() -> AppState:
    return AppState()


@pytest.fixture
def bar(qtbot: QtBot, state: AppState, monkeypatch: pytest.MonkeyPatch) -> NoticeBar:
    monkeypatch.setattr(notice_bar, "_SUCCESS_MS", 120)
    made = NoticeBar(state)
    qtbot.addWidget(made)
    made.resize(600, 60)
    show_window(qtbot, made)
    made.clear()
    return made


def test_good_news_goes_by_itself_and_the_rest_comes_back(
    qtbot: QtBot, state: AppState, bar: NoticeBar
) -> None:
    pressed: list[str] = []
    state.raise_notice("settings", "info", "a new run", "Apply", lambda: pressed.append("apply"))
    state.raise_notice("report", "success", "is in the report", "Show", lambda: pressed.append("show"))
    assert bar.text() == "is in the report"
    bar.action_button().click()
    qtbot.waitUntil(lambda: bar.text() == "a new run")
    bar.action_button().click()
    assert pressed == ["show", "apply"]


def test_an_error_stays_until_it_is_answered(qtbot: QtBot, state: AppState, bar: NoticeBar) -> None:
    state.raise_notice("files", "error", "the disk is full")
    state.clear_notice("run")
    state.clear_notice("settings")
    assert bar.text() == "the disk is full"
    state.raise_notice("run", "error", "training diverged")
    assert bar.text() == "training diverged"
    state.clear_notice("run")
    assert bar.text() == "the disk is full"
    state.raise_notice("files", "success", "saved to another place")
    assert bar.text() == "saved to another place"
    qtbot.waitUntil(lambda: bar.text() == "")


def test_closing_shows_what_is_below(qtbot: QtBot, state: AppState, bar: NoticeBar) -> None:
    state.raise_notice("files", "error", "the disk is full")
    state.raise_notice("run", "error", "training diverged")
    bar.setFocus()
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.text() == "the disk is full"
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.text() == ""
    state.clear_notice("run")
    assert bar.text() == ""


def test_the_samples_have_a_place_of_their_own(state: AppState, bar: NoticeBar) -> None:
    state.raise_notice("samples", "error", "no image")
    assert bar.text() == ""
