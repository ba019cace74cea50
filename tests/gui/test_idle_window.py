"""A window in which nothing happens does nothing: no layout asks for another, no timer paints."""

from pathlib import Path

from PySide6.QtCore import QAbstractEventDispatcher, QObject, QSettings
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.gui.whole_window import PANELS, rest, show_panel, train
from ui.session import Session
from ui.theme import ThemeManager


def _running_timers(window: QWidget) -> list[str]:
    """Timers of any kind, also those that Qt's own widgets start."""
    dispatcher = QAbstractEventDispatcher.instance()
    assert dispatcher is not None
    return [
        f"{type(each).__name__} {each.objectName()}: {[info.interval for info in timers]} ms"
        for each in window.findChildren(QObject)
        if (timers := dispatcher.registeredTimers(each))
    ]


def test_an_idle_window_neither_paints_nor_lays_out(
    qtbot: QtBot, session: Session, theme: ThemeManager
) -> None:
    train(qtbot, session, 20)
    for presenter, size in (
        (False, (1440, 900)),
        (True, (1440, 900)),
        (True, (1100, 700)),
        (False, (1100, 700)),
    ):
        theme.set_presenter(presenter)
        session.window.resize(*size)
        for number, name in enumerate(PANELS):
            show_panel(qtbot, session, number)
            session.window.samples.grid.setFocus()  # nothing with a blinking cursor
            # Once a whole round of the queue neither paints nor lays out, only a timer could begin anew.
            rest(qtbot, session, painted=True)
            assert not _running_timers(session.window), name


def test_a_panel_that_was_seen_only_before_there_was_a_network_does_nothing_afterwards(
    qtbot: QtBot, tmp_path: Path
) -> None:
    session = Session(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))
    with qtbot.waitExposed(session.window):
        session.window.show()
    session.start()
    for number in (*range(len(PANELS)), 0):
        session.window.panels.show_panel(number)
    session.window.samples.grid.setFocus()
    qtbot.waitUntil(lambda: session.window.samples.is_current)
    rest(qtbot, session)
    assert not _running_timers(session.window)
    session.close()
