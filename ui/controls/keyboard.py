"""Where the keyboard is."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

_BESIDE = 8
"""Pixels beside what is scrolled to that are to be seen, too."""


def has_keyboard(part: QWidget) -> bool:
    """Whether a part of the window has the keyboard, as a whole or by something that is in it."""
    focus = QApplication.focusWidget()
    return focus is not None and part.isAncestorOf(focus)


def follow_keyboard(slot: Callable[[QWidget | None, QWidget | None], None]) -> None:
    """Have a slot called with what had the keyboard and what has it, each time that it goes elsewhere."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    app.focusChanged.connect(slot)


def scroll_to(widget: QWidget) -> None:
    """Scroll all that a widget is in so that the whole of it can be seen, or as much as there is room for.

    Qt brings the line with the cursor into sight, of a field for words that is one of many.
    """
    area = widget.parentWidget()
    while area is not None:
        content = area.widget() if isinstance(area, QScrollArea) else None
        if isinstance(area, QScrollArea) and content is not None and content.isAncestorOf(widget):
            middle = widget.mapTo(content, widget.rect().center())
            room = area.viewport().height() // 2
            area.ensureVisible(middle.x(), middle.y(), 0, min(widget.height() // 2 + _BESIDE, room))
            area.ensureWidgetVisible(widget, _BESIDE, _BESIDE)
        area = area.parentWidget()
