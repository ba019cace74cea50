"""Steps that tests of widgets share."""

from pathlib import Path

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ui.session import Session


def show_window(qtbot: QtBot, window: QWidget) -> None:
    """Show a window and give it the keyboard, also where no window manager would do that."""
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)


def save_session(qtbot: QtBot, session: Session, path: Path) -> None:
    """Save what is shown, and wait until it is in the file."""
    with qtbot.waitSignal(session.files.recentChanged, timeout=20_000):
        session.files.save_session(path)
