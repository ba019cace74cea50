"""Tool tips: one width for all, and a place where they do not cover what they are about."""

import textwrap
from typing import override

from PySide6.QtCore import QChildEvent, QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from ui.controls.keyboard import follow_keyboard

#: Letters in a line.
WIDTH = 60
#: What is higher, in pixels, is not kept clear as a whole: the tip would be too far from the pointer.
_MOST = 200
#: Pixels that the pointer reaches down, and the gap to what is pointed at.
_POINTER, _GAP = 18, 4

#: Property of windows whose tool tips are shown here.
_WATCHED = "shows_tips"


def wrapped(text: str) -> str:
    """Break the lines of a text that are longer than a tool tip is wide."""
    return "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def show_tip(widget: QWidget, text: str, at: QPoint, around: QRect | None = None) -> None:
    """Show a tool tip below what it is about, or above it where the screen ends.

    Parameters
    ----------
    widget : QWidget
    text : str
        As `wrapped` returns it.
    at : QPoint
        Where the pointer is, in coordinates of the screen.
    around : QRect, optional
        What is pointed at, in the widget's coordinates; the whole widget when None.
    """
    QToolTip.showText(at, text, widget)
    tip = next((each for each in QApplication.topLevelWidgets() if each.inherits("QTipLabel")), None)
    part = widget.rect() if around is None else around & widget.rect()
    part = QRect(widget.mapToGlobal(part.topLeft()), part.size())
    if tip is None or not text:
        return
    if part.height() > _MOST:
        part = QRect(at, at)
    screen, size = widget.screen().availableGeometry(), tip.size()
    below = max(part.bottom() + _GAP, at.y() + _POINTER)
    fits = below + size.height() <= screen.bottom()
    x = min(max(at.x(), screen.left()), screen.right() - size.width())
    tip.move(x, below if fits else max(part.top() - _GAP - size.height(), screen.top()))


class ShowsTips:
    """Mixed into widgets that show their tool tips themselves, before the class of Qt."""


class TipFilter(QObject):
    """Shows the tool tips of all widgets in the windows that have had the keyboard, by `show_tip`.

    A `PointedWidget` shows those of its parts by itself, in the same way.

    Parameters
    ----------
    parent : QObject
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        follow_keyboard(self._on_focus_changed)

    def watch(self, window: QWidget) -> None:
        """Show the tool tips of whatever is in a window, or will be."""
        for widget in (window, *window.findChildren(QWidget)):
            widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            child = event.child()  # such as a column for a layer that the network before did not have
            if isinstance(child, QWidget):
                self.watch(child)
        if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
            return False
        if not isinstance(watched, QWidget) or isinstance(watched, ShowsTips) or not watched.toolTip():
            return False
        show_tip(watched, wrapped(watched.toolTip()), event.globalPos())
        return True

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        window = None if new is None else new.window()
        if window is not None and not window.property(_WATCHED):
            window.setProperty(_WATCHED, True)
            self.watch(window)
