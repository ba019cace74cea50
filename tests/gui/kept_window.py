"""A window that serves several tests: each finds it as it is after the program's own *New*."""

from contextlib import ExitStack

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.driving import activate, opened, show_window
from tests.gui.whole_window import rest
from ui.panels.samples.panel import ALL
from ui.session import Session
from ui.theme import ThemeManager, theme_manager


class KeptWindow:
    """Opens the program when a test wants it, and closes it after the last one, or when one has failed."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders, self._open = folders, ExitStack()
        self._session: Session | None = None

    def open(self, qtbot: QtBot) -> Session:
        if self._session is None:
            settings = self._folders.mktemp("kept") / "window.ini"
            self._session = self._open.enter_context(opened(qtbot, settings))
        else:
            activate(qtbot, self._session.window)  # the last test may have had another one
        return self._session

    def give_back(self, qtbot: QtBot, is_sound: bool) -> None:
        """Make it as it is at first; of one in which a test has failed nobody knows what is in it."""
        session, self._session = self._session, None
        if is_sound and session is not None:
            begin_anew(qtbot, session)
            self._session = session
        else:
            self.close()

    def close(self) -> bool:
        """Close the window, and return whether there was one."""
        was_open, self._session = self._session is not None, None
        self._open.close()
        return was_open


def dress_plainly(theme: ThemeManager) -> None:
    theme.set_mode("light")
    theme.project(None)
    theme.set_scale(1.0)


def begin_anew(qtbot: QtBot, session: Session) -> None:
    """Begin a new document, in a window as at first."""
    state, window, document = session.state, session.window, session.document
    session.ask_before_closing(False)
    if window.is_presenting:
        window.set_presenting(False)
    window.set_bare(False)
    if window.panels.is_divided:
        window.panels.gather()
    window.lab_dock.set_shown(False)
    window.compare_dock.hide()
    window.panels.show_panel(0)  # what is out of sight computes nothing
    session.controller.pause()
    state.set_speed(None)
    qtbot.waitUntil(lambda: session.controller.is_idle and not document.restorer.is_busy)
    dress_plainly(theme_manager())
    document.begin()  # or it would ask about what is not saved
    with qtbot.waitSignal(document.restorer.finished) as done:
        document.new()
    assert done.args == [True]
    session._settings.clear()
    images = window.samples.filter
    if images.choice() != ALL:
        images.set_choice(ALL)
        images.choiceEdited.emit(ALL)
    places = "data,end of the run,files,image,keeping,last,opening,pace,report,run,samples,timeline,window"
    for place in places.split(","):
        state.clear_notice(place)
    window.notices.clear()  # good news go by themselves, but not at once
    window.resize(1440, 900)
    show_window(qtbot, window)
    window.setFocus()
    window.begin_focus()
    rest(qtbot, session)
