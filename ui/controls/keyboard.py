"""Where the keyboard is."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QWidget


def has_keyboard(part: QWidget) -> bool:
    """Whether a part of the window has the keyboard, as a whole or by something that is in it."""
    focus = QApplication.focusWidget()
    return focus is not None and part.isAncestorOf(focus)


def follow_keyboard(slot: Callable[[QWidget | None, QWidget | None], None]) -> None:
    """Have a slot called with what had the keyboard and what has it, each time that it goes elsewhere."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.focusChanged.connect(slot)
