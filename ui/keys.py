"""Who gets the space bar."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget


class SpaceKey(QObject):
    """Space triggers an action everywhere, except while a button or list has the keyboard focus.

    Buttons do not take the focus when they are clicked, so after a click the space bar still belongs to the
    window; who has reached a button by the Tab key expects Space to press it.

    Parameters
    ----------
    action : QAction
        Given and deprived of the key; also the parent.
    """

    def __init__(self, action: QAction) -> None:
        super().__init__(action)
        self._action = action
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus_changed)
        self._on_focus_changed(None, app.focusWidget())

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        taken = isinstance(new, QAbstractButton | QComboBox)
        self._action.setShortcut(QKeySequence() if taken else QKeySequence("Space"))
