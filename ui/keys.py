"""Who gets the space bar."""

from typing import override

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget


class SpaceKeyGuard(QObject):
    """Space trains or pauses everywhere, except on a button or list that has the keyboard focus.

    Buttons do not take the focus when they are clicked, so after a click the space bar still belongs
    to the window; who has reached a button by the Tab key expects Space to press it.

    Parameters
    ----------
    window : QWidget
        The window with the shortcut; also the parent.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the key for the focused widget before it becomes a shortcut."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        claimed = event.key() == Qt.Key.Key_Space and isinstance(watched, QAbstractButton | QComboBox)
        if claimed:
            event.accept()
        return claimed
