"""What keys mean: where arrow keys lead, what confirms, what opens a list."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

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


def column_step(event: QKeyEvent) -> int | None:
    """-1 for the upper arrow key, 1 for the lower one, None for another key."""
    rows, _ = arrow_step(event) or (0, 0)
    return rows or None


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
    return is_bare and (column_step(event) is not None or is_enter(event) or event.key() == Qt.Key.Key_F4)
