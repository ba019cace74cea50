"""Whose a key is, and what is done for those who use the keyboard alone."""

from collections.abc import Callable
from typing import override

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from ui.controls.choice_field import ClassPicker
from ui.controls.keyboard import follow_keyboard, is_plain, scroll_to

#: Parts of the window in which the space bar neither writes nor presses.
_NO_SPACE = (ClassPicker, QComboBox, QAbstractSpinBox)
#: Parts that scroll a text by pages.
_PAGED = (QPlainTextEdit, QTextEdit)


class KeyOwner(QObject):
    """Decides whose a key is that means something to the window and could mean something to its focus.

    Space trains, except where it presses a button or writes a text. A letter is no command where words are
    written: who types before the field has the focus trains nothing. Page Up and Page Down, the keys of a
    remote control, turn pages wherever the focus is, except in a text that scrolls. Escape frees a pinned
    cell before it leaves the full screen, but leaves presenter mode first. Qt asks the part with the focus
    before it looks for shortcuts: that question is answered here, when the key is pressed.

    * `can_turn`: whether there are pages to turn.
    * `frees`: whether Escape frees a pinned cell.
    * `written`: part of the window in which words are written.
    """

    def __init__(
        self, can_turn: Callable[[], bool], frees: Callable[[], bool], written: QWidget, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._can_turn, self._frees, self._written = can_turn, frees, written
        follow_keyboard(self._on_focus_changed)
        self._on_focus_changed(None, QApplication.focusWidget())

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if new is not None:
            new.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        kept = self._is_kept(watched, event) if is_plain(event) else None
        if kept is not None:
            event.setAccepted(kept)
        return kept is not None

    def _is_kept(self, focus: QObject, event: QKeyEvent) -> bool | None:
        """Whether a key stays with the focus; None to leave that to Qt."""
        match event.key():
            case Qt.Key.Key_Space if isinstance(focus, _NO_SPACE):
                return False
            case Qt.Key.Key_Space if isinstance(focus, QAbstractButton):
                return True
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                return isinstance(focus, _PAGED) or not self._can_turn()
            case Qt.Key.Key_Escape if self._frees():
                return True
            case _ if event.text().isalpha() and isinstance(focus, QWidget):
                return self._written.isAncestorOf(focus) or None
        return None


type _Turn = Callable[[], bool]


class Pages:
    """What Page Up and Page Down turn: of those that were added, the first in sight that has a page that way.

    So a remote control leads through the steps of the backward pass, and after the last one to the next step
    of the lab. Who turns back gets back what was turned last.
    """

    def __init__(self) -> None:
        self._all: list[tuple[_Turn, tuple[_Turn, _Turn]]] = []
        self._last: tuple[_Turn, int] | None = None  # what was turned last, and which way

    def add(self, is_in_sight: Callable[[], bool], back: _Turn, on: _Turn) -> None:
        """Let a part of the window be paged while it is in sight, after those that were added before.

        * `back`, `on`: turn a page; return whether there was one.
        """
        self._all.append((is_in_sight, (back, on)))

    def can_turn(self) -> bool:
        """Whether something that has pages is in sight."""
        return any(is_in_sight() for is_in_sight, _ in self._all)

    def go_back(self) -> None:
        """Turn a page back."""
        self._turn(0)

    def go_on(self) -> None:
        """Turn a page."""
        self._turn(1)

    def forget(self) -> None:
        """Take what was turned last as settled: pages were reached by other ways since."""
        self._last = None

    def _turn(self, way: int) -> None:
        in_sight = [each for each in self._all if each[0]()]
        last, last_way = self._last or (None, way)
        if last_way != way:
            in_sight.sort(key=lambda each: each[0] is not last)
        for part, turns in in_sight:
            if turns[way]():
                self._last = part, way
                return


class FocusReveal(QObject):
    """Scrolls what has got the keyboard into sight, through all the scroll areas that it is in.

    Qt does so for one area, which is not enough for a map that is scrolled within a panel that is scrolled.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        follow_keyboard(self._on_focus_changed)

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        # What is clicked is in sight, and should not be moved from under the pointer. And who comes back from
        # another window, or has the keyboard in what is around instead, finds everything as it was.
        if old is None or new is None or QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        if new.isAncestorOf(old):
            return
        scroll_to(new)
