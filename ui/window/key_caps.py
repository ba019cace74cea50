"""Keys on the controls that they press, for those who go by keys."""

from collections.abc import Iterator
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QTabBar, QWidget

from ui.controls.keyboard import follow_keyboard
from ui.controls.naming import named
from ui.controls.pace import single_shot
from ui.window.actions import ACTIONS, as_read

#: Who has pressed so many of these keys and no mouse button goes by keys.
_ENOUGH = 6
_LEADING = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_F6, Qt.Key.Key_PageDown})
_MOVES = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide})
_SETTLED_MS = 120
_TABS = {as_read(row.text).partition(" ")[2]: row.key for row in ACTIONS if row.name.startswith("panel_")}


class KeyCaps(QObject):
    """Shows each control's key at its lower edge, while the action of the menu is ticked.

    It ticks the action by itself for who leads the keyboard about and has pressed no mouse button yet.

    * `window`: whose controls are meant; also the parent.
    """

    def __init__(self, window: QWidget, action: QAction) -> None:
        super().__init__(window)
        self._window, self._action = window, action
        self._caps: list[QLabel] = []
        self._watched: set[QWidget] = set()
        self._keys = 0
        self._is_on = False
        self._settled = single_shot(self, self._look, _SETTLED_MS)
        follow_keyboard(self._look_later)
        handle = window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)
        action.toggled.connect(self._switch)

    @property
    def shown(self) -> list[tuple[str, QRect]]:
        """The keys that are shown, and where in the window."""
        return [(each.text(), each.geometry()) for each in self._caps if not each.isHidden()]

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QWidget):
            if watched is self._window and event.type() == QEvent.Type.Close:
                self._is_on = False  # its parts go one by one
            elif self._is_on and event.type() in _MOVES:
                self._look_later()
        elif event.type() == QEvent.Type.MouseButtonPress:
            watched.removeEventFilter(self)
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            self._keys += event.key() in _LEADING
            if self._keys == _ENOUGH:
                watched.removeEventFilter(self)
                self._action.setChecked(True)
        return False

    def _switch(self, on: bool) -> None:
        self._is_on = on
        self._look()

    def _look_later(self, *_: object) -> None:
        if self._is_on:
            self._settled.start()

    def _look(self) -> None:
        """Put a cap on each control in sight that has a key; one that would lie on another goes below it."""
        places: list[QRect] = []
        used = 0
        for key, place in self._controls() if self._is_on else ():
            if used == len(self._caps):
                self._caps.append(named(QLabel(self._window), role="key"))
                self._caps[-1].setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            cap = self._caps[used]
            cap.setText(key)
            cap.adjustSize()
            found = QRect(QPoint(0, 0), cap.size())
            found.moveCenter(
                QPoint(place.center().x(), place.bottom() + cap.height() // 3)
            )  # below the words
            found.moveRight(min(found.right(), self._window.width() - 1))
            while any(found.intersects(each) for each in places):
                found.translate(0, found.height())
            places.append(found)
            cap.setGeometry(found)
            cap.raise_()
            cap.show()
            used += 1
        for cap in self._caps[used:]:
            cap.hide()

    def _controls(self) -> Iterator[tuple[str, QRect]]:
        """Yield the key of each control in sight, and where in the window that is."""
        for button in self._window.findChildren(QAbstractButton):
            key = button.property("key")
            if key:
                yield from self._seen(button, key, button.rect())
        for bar in self._window.findChildren(QTabBar):
            for number in range(bar.count()):
                key = _TABS.get(as_read(bar.tabText(number)), "")
                if key:
                    yield from self._seen(bar, key, bar.tabRect(number))

    def _seen(self, part: QWidget, key: str, place: QRect) -> Iterator[tuple[str, QRect]]:
        if part.window() is not self._window:
            return
        around: QWidget | None = part
        while around is not None and around not in self._watched:  # what it lies in may move it
            self._watched.add(around)
            around.installEventFilter(self)
            around = around.parentWidget()
        if part.isVisible() and part.visibleRegion().contains(place.center()):
            yield key, place.translated(part.mapTo(self._window, QPoint(0, 0)))
