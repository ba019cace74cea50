"""Every control of the window says what it does, and can be reached by the keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QTabBar, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import activate
from tests.gui.whole_window import (
    PANELS,
    choose_preset,
    controls_in,
    name_of,
    place_of,
    rest,
    seen_rect,
    show_panel,
    train,
)
from ui.session import Session
from ui.theme import ThemeManager


@pytest.fixture
def trained(qtbot: QtBot, session: Session) -> Session:
    choose_preset(qtbot, session, "lenet")  # it has all controls that the other preset has, and more
    train(qtbot, session, 100)
    activate(qtbot, session.window)
    return session


def _nameless(part: QWidget) -> list[str]:
    found: list[str] = []
    for widget in controls_in(part):
        missing = [
            *(["a name"] if not name_of(widget) else []),
            *(["a tool tip"] if not widget.toolTip() else []),
        ]
        if missing:
            found.append(f"{' and '.join(missing)} for {place_of(widget)}")
    return found


def test_every_control_has_a_name_and_a_tool_tip(qtbot: QtBot, trained: Session) -> None:
    window = trained.window
    missing: list[str] = []
    for number in range(len(PANELS)):
        show_panel(qtbot, trained, number)
        missing += _nameless(window)
    maps = show_panel(qtbot, trained, 1)
    maps.show_page("looks_for")
    rest(qtbot, trained, lambda: maps.looks_for.picture.findings is not None)
    missing += _nameless(maps)
    backprop = show_panel(qtbot, trained, 3)
    for _step in backprop.model.steps:
        backprop.header.go_on()
        missing += _nameless(backprop.stack)
    for page in ("poke", "check", "inspect"):
        backprop.side.pages.button(page).click()
        missing += _nameless(backprop.side)
    window.timeline.toggles.compare.click()
    qtbot.waitUntil(window.compare.isVisible)
    missing += _nameless(window.compare)
    assert not set(missing)


def test_the_pages_for_own_digits_have_names_and_tips(qtbot: QtBot, session: Session) -> None:
    session.window.samples.draw()
    own = session.window.samples.own_window()
    qtbot.waitUntil(own.isVisible)
    missing: list[str] = []
    for page in ("draw", "image"):
        own.choices.controls["page"].button(page).click()
        missing += _nameless(own)
    own.close()
    assert not set(missing)


def _wanted(window: QWidget) -> list[QWidget]:
    """Controls that the Tab key should reach; of a choice of one among several only the chosen one."""
    found: list[QWidget] = []
    for widget in controls_in(window):
        segment = isinstance(widget, QAbstractButton) and _is_segment(widget)
        has_keys = isinstance(widget, QTabBar)  # Ctrl and a number
        if widget.isEnabled() and not has_keys and not (segment and not widget.isChecked()):
            found.append(widget)
    return found


def _is_segment(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    return isinstance(parent, QFrame) and parent.property("role") == "segmented"


def _stops(qtbot: QtBot, first: QWidget) -> tuple[list[QWidget], list[str]]:
    """Where the keyboard comes by as Tab is pressed again and again, and which of it is out of sight then."""
    seen: list[QWidget] = []
    hidden: list[str] = []
    first.setFocus()
    focus = QApplication.focusWidget()
    while focus is not None and focus not in seen:
        assert len(seen) < 300
        seen.append(focus)
        if seen_rect(focus).isEmpty():
            hidden.append(place_of(focus))
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
    assert focus is seen[0], "the round is closed"
    return seen, hidden


def test_the_tab_key_reaches_every_control(qtbot: QtBot, trained: Session, theme: ThemeManager) -> None:
    missed: list[str] = []
    for presenter, size in ((False, (1440, 900)), (True, (1100, 700))):
        theme.set_presenter(presenter)
        trained.window.resize(*size)
        for number in range(len(PANELS)):
            show_panel(qtbot, trained, number)
            stops, hidden = _stops(qtbot, trained.window.samples.grid)
            assert not hidden, "the keyboard is where nothing can be seen"
            missed += [place_of(each) for each in _wanted(trained.window) if each not in stops]
    assert not missed
