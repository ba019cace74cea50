"""Steps that tests of widgets share."""

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot


def show_window(qtbot: QtBot, window: QWidget) -> None:
    """Show a window and give it the keyboard, also where no window manager would do that."""
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
