"""What can be asked of the program: menus, keys, buttons and the help say the same."""

from collections import Counter
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut, QTextTable
from PySide6.QtWidgets import QAbstractButton, QDialog, QMainWindow, QTextBrowser

from cnnviz.presets import LAB5
from tests.gui.training_driving import lengthen
from ui.state import AppState, RunStatus
from ui.window import menus
from ui.window.actions import ACTIONS, ActionRow
from ui.window.menus import OTHER_KEYS


def entries(session):
    """Text without its letter, and key, of every entry of the menus."""
    for top in session.window.menuBar().actions():
        for action in top.menu().actions():
            if not action.isSeparator():
                yield action.text().replace("&&", "+").replace("&", "").replace("+", "&"), action


def said_in_help(session):
    """Keys in the help, and what they do."""
    session.window.menus.action("help").trigger()
    (dialog,) = session.window.findChildren(QDialog)
    document = dialog.findChild(QTextBrowser).document()
    (table,) = [each for each in document.rootFrame().childFrames() if isinstance(each, QTextTable)]
    texts = [
        [table.cellAt(row, column).firstCursorPosition().block().text() for column in range(table.columns())]
        for row in range(table.rows())
    ]
    assert dialog.height() <= session.window.height()
    dialog.reject()
    return {key: words for row in texts for key, words in (row[:2], row[2:]) if key}


def test_every_row_is_in_its_menu_and_every_key_in_the_help(session):
    shown = dict(entries(session))
    assert list(shown) == [row.words + "…" * row.text.endswith("…") for row in ACTIONS]
    said = said_in_help(session)
    # Qt's own parts and the panels have keys besides; they are not taken by an action.
    keys = [row.key for row in ACTIONS if row.key]
    assert max(Counter([*keys, *(key for key, _words in OTHER_KEYS)]).values()) == 1
    for row, action in zip(ACTIONS, shown.values(), strict=True):
        assert action.shortcut() == QKeySequence(row.key)
        if row.key in said:
            assert said[row.key] in (row.help, row.words[0].lower() + row.words[1:])
        elif row.key:
            assert said["Ctrl+1 … 5"] == row.help == "panels"


def test_no_key_means_two_things_in_the_window(session):
    window = session.window
    keys = [key.toString() for each in window.findChildren(QAction) for key in each.shortcuts()]
    keys += [each.key().toString() for each in window.findChildren(QShortcut)]
    assert len(keys) > 25
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_buttons_name_the_key_and_do_what_the_menu_does(qtbot, session):
    bar = session.window.run_bar
    for name in ("train", "step", "epoch", "reset", "new_seed", "export"):
        button = bar.findChild(QAbstractButton, name)
        key = session.window.menus.action(name).shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        assert button.toolTip().endswith(f"({key})")
    session.window.menus.action("step").trigger()
    qtbot.waitUntil(lambda: session.state.run.step == 1 and session.state.run.status is RunStatus.PAUSED)
    qtbot.mouseClick(bar.step, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.state.run.step == 2 and session.state.run.status is RunStatus.PAUSED)


def test_what_cannot_be_asked_for_is_grey_in_the_menu_and_on_the_button(qtbot, session):
    lengthen(qtbot, session)
    asked, bar = session.window.menus, session.window.run_bar
    assert not asked.action("stop").isEnabled()
    qtbot.mouseClick(bar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: asked.action("stop").isEnabled() and bar.stop.isEnabled())
    # Step, its key and its entry pause a run that is going on.
    qtbot.keyClick(session.window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.PAUSED)
    asked.action("stop").trigger()
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.STOPPED)
    assert not asked.action("stop").isEnabled()
    assert not bar.stop.isEnabled()
    assert not bar.step.isEnabled()


def test_one_theme_is_ticked(session, theme):
    for mode in ("dark", "light"):
        session.window.menus.action(f"theme_{mode}").trigger()
        assert theme.mode == mode
        ticked = [text for text, action in entries(session) if action.isChecked()]
        assert ticked == [mode.capitalize()]


@pytest.mark.parametrize("handler", ["session.open_dta", "sesion.open_data", "session.state"])
def test_a_misspelt_handler_fails_at_the_start(qtbot, monkeypatch, handler):
    monkeypatch.setattr(menus, "ACTIONS", [ActionRow(name="new", menu="&File", text="New", handler=handler)])
    window = QMainWindow()
    qtbot.addWidget(window)
    built = menus.Menus(window, AppState(LAB5))
    with pytest.raises(AttributeError, match=handler):
        built.connect_to({"session": SimpleNamespace(open_data=print, state="ready")})
