"""Whose a key is, what is done for those who use the keyboard alone, and keys shown on the controls."""

from collections.abc import Callable, Iterator
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from cnnviz.drawing import Text
from ui.controls.choice_field import ClassPicker
from ui.controls.keyboard import follow_keyboard, has_shift, is_for_words, is_plain, scroll_to
from ui.controls.labels import ElidedLabel, WrapLabel
from ui.controls.layouts import named, outwards
from ui.controls.pace import single_shot
from ui.marks import MarkView
from ui.painting import qrect
from ui.panels.contract import Panel
from ui.theme import repolish
from ui.window.actions import ACTIONS, action_row, as_read

#: Parts of the window in which the space bar neither writes nor presses.
_NO_SPACE = (ClassPicker, QComboBox, QAbstractSpinBox)
#: Parts that a click gives the keyboard, and a frame only a key.
_FRAMED = (ClassPicker, QComboBox, QAbstractSpinBox, QLineEdit, QPlainTextEdit, QTextEdit)
#: Parts that scroll a text by pages.
_PAGED = (QPlainTextEdit, QTextEdit)


class KeyOwner(QObject):
    """Decides whose a key is that means something to the window and could mean something to its focus.

    Space trains, except where it presses a button or writes a text. Nothing that can be typed is a command
    where words are written: who types before the field has the focus, or has clicked beside it, trains
    nothing. Page Up and Page Down, the keys of a remote control, turn pages wherever the focus is, except in
    a text that scrolls. Qt asks the part with the focus before it looks for shortcuts: that question is
    answered here, when the key is pressed.

    What has got the keyboard is scrolled into sight, through all the scroll areas that it is in: Qt does so
    for one area, which is not enough for a map that is scrolled within a panel that is scrolled.
    """

    def __init__(self, can_turn: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._can_turn = can_turn
        follow_keyboard(self._on_focus_changed)
        self._on_focus_changed(None, QApplication.focusWidget())

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if new is not None:
            new.installEventFilter(self)
        # What is clicked is in sight, and should not be moved from under the pointer. And who comes back from
        # another window, or has the keyboard in what is around instead, finds everything as it was.
        is_led = QApplication.mouseButtons() == Qt.MouseButton.NoButton
        if isinstance(new, _FRAMED) and old is not None and old.window() is new.window():  # not from its list
            new.setProperty("clicked", not is_led)
            repolish(new)
        if old is not None and new is not None and is_led and not new.isAncestorOf(old):
            scroll_to(new)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        kept = self._is_kept(watched, event) if is_plain(event) or has_shift(event) else None
        if kept is not None:
            event.setAccepted(kept)
        return kept is not None

    def _is_kept(self, focus: QObject, event: QKeyEvent) -> bool | None:
        """Whether a key stays with the focus; None to leave that to Qt."""
        match event.key() if is_plain(event) else None:
            case Qt.Key.Key_Space if isinstance(focus, _NO_SPACE):
                return False
            case Qt.Key.Key_Space if isinstance(focus, QAbstractButton):
                return True
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                return isinstance(focus, _PAGED) or not self._can_turn()
            case _ if event.text().isprintable() and event.text() and isinstance(focus, QWidget):
                return is_for_words(focus) or None
        return None


class Pages:
    """What Page Up and Page Down turn: of those that were added, the first in sight that has a page that way.

    So a remote control leads through the steps of the backward pass, and after the last one to the next step
    of the lab. Who turns back gets back what was turned last.

    * `turned`: is called after a key has turned a page.
    """

    def __init__(self, turned: Callable[[], object]) -> None:
        self._turned = turned
        self._all: list[tuple[Callable[[], bool], Callable[[int], bool]]] = []
        self._last: tuple[object, int] | None = None  # what was turned last, and which way

    def add(self, is_in_sight: Callable[[], bool], turn: Callable[[int], bool]) -> None:
        """Let a part of the window be paged while it is in sight, after those that were added before.

        * `turn`: turns a page, on with 1 and back with -1; returns whether there was one.
        """
        self._all.append((is_in_sight, turn))

    def can_turn(self) -> bool:
        return any(is_in_sight() for is_in_sight, _ in self._all)

    def forget(self) -> None:
        """Take what was turned last as settled: pages were reached by other ways since."""
        self._last = None

    def turn(self, way: int) -> None:
        """Turn a page, on with 1 and back with -1."""
        in_sight = [each for each in self._all if each[0]()]
        last, last_way = self._last or (None, way)
        if last_way != way:
            in_sight.sort(key=lambda each: each[0] is not last)
        for part, turn in in_sight:
            if turn(way):
                self._last = part, way
                self._turned()
                return


#: Who has pressed so many of these keys and no mouse button goes by keys.
_ENOUGH = 6
_LEADING = frozenset({Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_F6, Qt.Key.Key_PageDown})
_MOVES = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide})
_SETTLED_MS = 120
#: Parts that show words, and the edge of a button that is free of them; how far caps are from one another.
_WORDS = QLabel, WrapLabel, ElidedLabel, QAbstractButton, QLineEdit, QComboBox, QAbstractSpinBox
_EDGE, _TAB_EDGE, _APART = 4, 10, 6
_TABS = {as_read(row.text).partition(" ")[2]: row.key for row in ACTIONS if row.name.startswith("panel_")}


class KeyCaps(QObject):
    """Shows each control's key at its lower edge, or beside it, while the action of the menu is ticked.

    None covers a word or another one: where there is no such place, there is none. Escape unticks the action.
    It ticks the action by itself for who leads the keyboard about and has pressed no mouse button yet.
    """

    def __init__(self, window: QWidget, action: QAction) -> None:
        super().__init__(window)
        self._window, self._action = window, action
        self._caps: list[QLabel] = []
        self._watched: set[QWidget] = set()
        self._keys, self._counts = 0, True  # until there is a mouse, or there were enough
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
            self._counts = False
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if self._is_on and event.key() == Qt.Key.Key_Escape:
                self._action.trigger()
                return True
            self._keys += event.key() in _LEADING and self._counts
            if self._counts and self._keys == _ENOUGH:
                self._counts = False
                self._action.setChecked(True)
        return False

    def _switch(self, on: bool) -> None:
        self._is_on = on
        self._look()

    def _look_later(self, *_: object) -> None:
        if self._is_on:
            self._settled.start()

    def _look(self) -> None:
        """Put a cap on each control in sight that has a key, from right to left: rows give way leftwards."""
        places: list[QRect] = []
        words = list(self._words()) if self._is_on else []
        controls = list(self._controls()) if self._is_on else []
        for key, place in sorted(controls, key=lambda each: -each[1].right()):
            if len(places) == len(self._caps):
                self._caps.append(named(QLabel(self._window), role="key"))
                self._caps[-1].setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            cap = self._caps[len(places)]
            cap.setText(key)
            cap.adjustSize()
            taken = [each.adjusted(-_APART, 0, _APART, 0) for each in places]
            taken += (each for each in words if not place.contains(each))
            for found in self._tried(key, place, cap.size(), places):
                if self._window.rect().contains(found) and not any(map(found.intersects, taken)):
                    places.append(found)
                    cap.setGeometry(found)
                    cap.raise_()
                    cap.show()
                    break
        for cap in self._caps[len(places) :]:
            cap.hide()

    def _tried(self, key: str, place: QRect, size: QSize, places: list[QRect]) -> Iterator[QRect]:
        """Yield where a cap of a control may be, the best place first; of a tab there is one for all."""
        found, middle = QRect(QPoint(0, 0), size), place.center()
        if key in _TABS.values():
            found.moveCenter(QPoint(middle.x(), place.top() - size.height() // 4))
            yield found
            return
        found.moveCenter(QPoint(middle.x(), place.bottom() + size.height() // 3))
        found.moveRight(min(found.right(), self._window.width() - 1))
        yield found
        lefts = [each.left() for each in places if each.adjusted(-_APART, 0, _APART, 0).intersects(found)]
        yield found.translated(min(lefts, default=0) - _APART - 1 - found.right(), 0)
        for x in (place.right() + size.width() // 2 + _APART, place.left() - size.width() // 2 - _APART):
            found.moveCenter(QPoint(x, middle.y()))
            yield found
        found.moveCenter(QPoint(middle.x(), place.top() - size.height() // 3))
        yield found

    def _words(self) -> Iterator[QRect]:
        """Yield where words are in the window, and fields for them."""
        for part in (each for kind in (*_WORDS, MarkView) for each in self._window.findChildren(kind)):
            is_empty = isinstance(part, QLabel | WrapLabel | ElidedLabel) and not part.text()
            is_other = part in self._caps or part.window() is not self._window
            if is_empty or is_other or not part.isVisible():
                continue
            corner = part.mapTo(self._window, QPoint(0, 0))
            if isinstance(part, MarkView):
                texts = (each for each in part.drawing().all_marks() if isinstance(each, Text))
                yield from (qrect(each.box).toAlignedRect().translated(corner) for each in texts)
            else:
                edge = _EDGE if isinstance(part, QAbstractButton) else 0
                seen = part.visibleRegion().boundingRect().adjusted(edge, edge, -edge, -edge)
                yield seen.translated(corner)

        for bar in self._window.findChildren(QTabBar):
            corner, edges = bar.mapTo(self._window, QPoint(0, 0)), (_TAB_EDGE, _EDGE, -_TAB_EDGE, -_EDGE)
            tabs = map(bar.tabRect, range(bar.count() if bar.isVisible() else 0))
            yield from (each.adjusted(*edges).translated(corner) for each in tabs)

    def _controls(self) -> Iterator[tuple[str, QRect]]:
        """Yield the key of each control in sight, and where in the window that is."""
        for part in (*self._window.findChildren(QAbstractButton), *self._window.findChildren(MarkView)):
            if key := part.property("key"):
                yield from self._seen(part, key, part.rect())
        for main in filter(None, (panel.main() for panel in self._window.findChildren(Panel))):
            yield from self._seen(main, action_row("picture").key, main.rect())
        for bar in self._window.findChildren(QTabBar):
            for number in range(bar.count()):
                key = _TABS.get(as_read(bar.tabText(number)), "")
                if key:
                    yield from self._seen(bar, key, bar.tabRect(number))

    def _seen(self, part: QWidget, key: str, place: QRect) -> Iterator[tuple[str, QRect]]:
        if part.window() is not self._window:
            return
        for each in set(outwards(part)) - self._watched:  # what it lies in may move it
            self._watched.add(each)
            each.installEventFilter(self)
        if part.isVisible() and part.visibleRegion().contains(place.center()):
            yield key, place.translated(part.mapTo(self._window, QPoint(0, 0)))
