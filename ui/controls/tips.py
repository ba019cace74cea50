"""Tool tips: one width for all, and a place where they do not cover what they are about."""

import textwrap
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QHelpEvent, QMouseEvent, Qt, QWindow
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from shiboken6 import Shiboken

from ui.controls.keyboard import follow_keyboard
from ui.controls.layouts import outwards
from ui.controls.spoken import Spoken

#: Letters in a line.
WIDTH = 60
#: What is higher, in pixels, is not kept clear as a whole: the tip would be too far from the pointer.
_MOST = 200
#: Property "tip" of a widget that is kept clear as a whole, with all in it, however high it is: where the
#: tip goes, if there is room, or else to the nearest side.
BESIDE, ABOVE, BELOW = "beside", "above", "below"
#: Pixels that the pointer reaches down, and the gap to what is pointed at.
_POINTER, _GAP = 18, 4


def wrapped(text: str) -> str:
    """Return a text as a tool tip shows it: long lines broken, and no sign in it read as markup.

    A name from a file may look like HTML, in which Qt would open the pictures that it names.
    """
    lines = "\n".join(
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )
    return Qt.convertFromPlainText(lines) if Qt.mightBeRichText(lines) else lines


def show_tip(widget: QWidget, text: str, at: QPoint, around: QRect | None = None) -> None:
    """Show a tool tip below what it is about, or above it where the screen ends, or beside what is high.

    * `text`: as `wrapped` returns it.
    * `at`: where the pointer is, in coordinates of the screen.
    * `around`: what is pointed at in a high widget, in its coordinates; the whole widget when None.
    """
    QToolTip.showText(at, text, widget)
    tip = next((each for each in QApplication.topLevelWidgets() if each.inherits("QTipLabel")), None)
    if tip is None or not text:
        return
    # What is kept clear with all in it.
    whole = next((each for each in outwards(widget) if each.property("tip")), None)
    if whole is not None:
        part = QRect(whole.mapToGlobal(QPoint(0, 0)), whole.size())
    else:
        part = widget.rect() if around is None or widget.height() <= _MOST else around & widget.rect()
        part = QRect(widget.mapToGlobal(part.topLeft()), part.size())
        if part.height() > _MOST:
            part = QRect(at, at)
    screen, wide, high = widget.screen().availableGeometry(), tip.width(), tip.height()
    x = max(min(at.x(), screen.right() - wide), screen.left())
    y = max(min(at.y(), screen.bottom() - high), screen.top())
    below = QPoint(x, max(part.bottom() + _GAP, at.y() + _POINTER))
    places = [below, QPoint(x, part.top() - _GAP - high)]
    if part.height() > _MOST:
        places += [QPoint(part.left() - _GAP - wide, y), QPoint(part.right() + _GAP, y)]
        nearest = sorted(places, key=lambda place: (QRect(place, tip.size()).center() - at).manhattanLength())
        first = {ABOVE: [QPoint(part.left(), places[1].y())], BELOW: [below]}
        places = [*first.get(whole.property("tip") if whole is not None else "", []), *nearest]
    fitting = (place for place in places if screen.contains(QRect(place, tip.size())))
    tip.windowHandle().setFlag(Qt.WindowType.WindowTransparentForInput)  # a click is for what is below
    tip.move(next(fitting, QPoint(x, max(places[1].y(), screen.top()))))


class TipFilter(QObject):
    """Shows the tool tips of all widgets in the windows that have had the keyboard, by `show_tip`.

    It hears of the pointer from the windows, and that a tip is wished from what the pointer is on: a filter
    of every widget would be called for each event of the program. What is `Spoken` shows its tips by itself.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pointed: list[QWidget] = []
        follow_keyboard(self._on_focus_changed)

    def watch(self, window: QWidget) -> None:
        """Show the tool tips of whatever is in a window that is shown."""
        handle = window.windowHandle()
        if handle is not None:
            handle.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and isinstance(watched, QWindow):  # before any widget gets it
            window = QWidget.find(watched.winId())
            if window is not None:
                place = event.position().toPoint()
                self._point_at(window.childAt(place) or window)
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.Type.ToolTip:
            return False
        if not isinstance(watched, QWidget) or isinstance(watched, Spoken) or not watched.toolTip():
            return False
        show_tip(watched, wrapped(watched.toolTip()), event.globalPos())
        return True

    def _point_at(self, widget: QWidget) -> None:
        """Hear of tips that are wished for a widget, and for what it is in: Qt asks one after the other."""
        if self._pointed and self._pointed[0] is widget:
            return
        for each in self._pointed:
            if Shiboken.isValid(each):
                each.removeEventFilter(self)
        self._pointed = list(outwards(widget))
        for each in self._pointed:
            each.installEventFilter(self)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None:
            self.watch(new.window())
