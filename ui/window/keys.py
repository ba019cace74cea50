"""Who gets the space bar, and what is done for those who use the keyboard alone."""

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QScrollArea, QWidget


class SpaceKey(QObject):
    """Space triggers an action everywhere, except while a button or list has the keyboard focus.

    Buttons do not take the focus when they are clicked, so after a click the space bar still belongs to the
    window; who has reached a button by the Tab key expects Space to press it.

    Parameters
    ----------
    action : QAction
        It has the key, and is deprived of it and given it back; also the parent.
    """

    def __init__(self, action: QAction) -> None:
        super().__init__(action)
        self._action, self._key = action, action.shortcut()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus_changed)
        self._on_focus_changed(None, app.focusWidget())

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        taken = isinstance(new, QAbstractButton | QComboBox)
        self._action.setShortcut(QKeySequence() if taken else self._key)


class FocusReveal(QObject):
    """Scrolls what has got the keyboard into sight, through all the scroll areas that it is in.

    Qt does so for one area, which is not enough for a map that is scrolled within a panel that is scrolled.

    Parameters
    ----------
    parent : QObject
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus_changed)

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        # What is clicked is in sight, and should not be moved from under the pointer. And who comes back from
        # another window finds everything as it was.
        if old is None or new is None or QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        area = new.parentWidget()
        while area is not None:
            if isinstance(area, QScrollArea):
                area.ensureWidgetVisible(new, 8, 8)
            area = area.parentWidget()
