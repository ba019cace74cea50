"""Where the keyboard is, and what keys mean: where arrow keys lead, what confirms, what opens a list."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from ui.controls.layouts import outwards

_BESIDE = 8
"""Pixels beside what is scrolled to that are to be seen, too."""


def has_keyboard(part: QWidget) -> bool:
    """Whether a part of the window has the keyboard, as a whole or by something that is in it."""
    focus = QApplication.focusWidget()
    return focus is not None and part.isAncestorOf(focus)


def beside_by_tab(part: QWidget, *, forward: bool) -> QWidget | None:
    """Return what comes after a part in the order of Tab, or before it: at an end that is the window."""
    beside = part.nextInFocusChain() if forward else part.previousInFocusChain()
    # PySide has made it a child of the part, with which all that Qt made in it, as menus, would be invalid.
    if beside is not None:
        beside.setParent(beside.parentWidget())
    return beside


def keep_for_words(part: QWidget) -> None:
    """Let what is typed in a part of the window be no command, also after a click beside its fields."""
    part.setProperty("words", True)
    part.setFocusPolicy(Qt.FocusPolicy.ClickFocus)


def is_for_words(part: QWidget | None) -> bool:
    """Whether what is typed where the keyboard is was meant as words."""
    return any(each.property("words") for each in outwards(part))


def follow_keyboard(slot: Callable[[QWidget | None, QWidget | None], None]) -> None:
    """Have a slot called with what had the keyboard and what has it, each time that it goes elsewhere."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.focusChanged.connect(slot)


def scroll_to(widget: QWidget, part: QRect | None = None) -> None:
    """Scroll all that a widget is in so that the whole of it, or a part, is seen, as far as there is room.

    Qt brings the line with the cursor into sight, of a field for words that is one of many.
    """
    seen = part or widget.rect()
    for area in outwards(widget.parentWidget()):
        content = area.widget() if isinstance(area, QScrollArea) else None
        if isinstance(area, QScrollArea) and content is not None and content.isAncestorOf(widget):
            place, room = widget.mapTo(content, seen.topLeft()), area.viewport().height()
            if seen.height() > room:  # of a whole panel its beginning
                area.ensureVisible(area.horizontalScrollBar().value(), place.y(), 0, 0)
            else:
                middle = widget.mapTo(content, seen.center())
                area.ensureVisible(middle.x(), middle.y(), 0, min(seen.height() // 2 + _BESIDE, room // 2))
                if part is None:
                    area.ensureWidgetVisible(widget, _BESIDE, _BESIDE)


_ARROWS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


def arrow_step(event: QKeyEvent) -> tuple[int, int] | None:
    """Rows and columns that an arrow key leads on, whatever else is held; None for another key."""
    return _ARROWS.get(Qt.Key(event.key()))


def plain_arrow_step(event: QKeyEvent) -> tuple[int, int] | None:
    """Rows and columns that an arrow key leads on; None for another key, or with Shift, Ctrl or Alt."""
    return arrow_step(event) if is_plain(event) else None


def is_plain(event: QKeyEvent) -> bool:
    """Whether no modifier is held; that a key lies on the number pad does not count."""
    return not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


def has_shift(event: QKeyEvent) -> bool:
    """Whether Shift is held, and no other modifier."""
    return event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.ShiftModifier


def is_enter(event: QKeyEvent) -> bool:
    """Whether it is one of the two keys that confirm."""
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def opens_list(event: QKeyEvent) -> bool:
    """Whether a key opens the list of a closed field; Alt and an arrow key do so in other programs."""
    is_bare = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.AltModifier)
    keys = Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_F4
    return is_bare and (is_enter(event) or event.key() in keys)
