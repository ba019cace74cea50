"""Where keys lead: to the next cell of a map, to another item of a row or of a grid."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

_ARROWS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


#: Cells, or pixels, that an arrow key with Shift leads on.
_LONG_STEP = 4


def arrow_step(event: QKeyEvent) -> tuple[int, int] | None:
    """Rows and columns that an arrow key leads on, whatever else is held; None for another key."""
    return _ARROWS.get(Qt.Key(event.key()))


def plain_arrow_step(event: QKeyEvent) -> tuple[int, int] | None:
    """Rows and columns that an arrow key leads on; None for another key, or with Shift, Ctrl or Alt."""
    return arrow_step(event) if is_plain(event) else None


def long_arrow_step(event: QKeyEvent) -> tuple[int, int] | None:
    """Rows and columns that an arrow key leads on, four times as many with Shift; None with Ctrl or Alt."""
    step = arrow_step(event)
    if step is None or not (has_shift(event) or is_plain(event)):
        return None
    length = _LONG_STEP if has_shift(event) else 1
    return length * step[0], length * step[1]


def row_step(event: QKeyEvent) -> int | None:
    """-1 for the left arrow key, 1 for the right one, None for another key."""
    rows, cols = arrow_step(event) or (0, 0)
    return None if rows or not cols else cols


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


def stepped(cell: tuple[int, int], step: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int]:
    """Cell a step on from another; at the edge of a map of some shape there is nowhere to go."""
    row, col = cell[0] + step[0], cell[1] + step[1]
    return min(max(row, 0), max(shape[0] - 1, 0)), min(max(col, 0), max(shape[1] - 1, 0))


def moved_in_grid(event: QKeyEvent, current: int | None, count: int, columns: int) -> int | None:
    """Item of a grid that an arrow key, Home or End leads to.

    * `current`: number of the chosen item; without one, every key leads to the first.
    * `count`: of the items, which lie in reading order.
    * Returns: None for another key, and -1 where the key leads nowhere.
    """
    key, step = Qt.Key(event.key()), arrow_step(event)
    if not count or (step is None and key not in (Qt.Key.Key_Home, Qt.Key.Key_End)):
        return None
    if current is None:
        return 0
    if step is None:
        return 0 if key == Qt.Key.Key_Home else count - 1
    place = current + step[0] * columns + step[1]
    return place if 0 <= place < count else -1
