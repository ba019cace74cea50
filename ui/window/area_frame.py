"""The frame round the area of the window that has the keyboard."""

from collections.abc import Iterator
from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QFrame, QWidget

from ui.controls.pace import single_shot

_CORNER = QPoint(0, 0)


class AreaFrame(QFrame):
    """Frame round what can be seen of an area; it lies over the area, and follows its place and its size."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._area: QWidget | None = None
        # What an area lies in may get its new size after it.
        self._settled = single_shot(self, self._follow)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setProperty("role", "area")
        self.hide()

    def surround(self, area: QWidget | None) -> None:
        """Lie round an area; None takes the frame away."""
        for each in self._around():
            each.removeEventFilter(self)
        self._area = area
        if area is None:
            self.hide()
            return
        self.setParent(area.window())
        for each in self._around():
            each.installEventFilter(self)
        self._follow()
        self.raise_()
        self.show()

    def _around(self) -> Iterator[QWidget]:
        """Yield the area and all that it lies in, whose sizes decide what can be seen of it."""
        each = self._area
        while each is not None:
            yield each
            each = None if each.isWindow() else each.parentWidget()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self._settled.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _follow(self) -> None:
        if self._area is not None:
            window, seen = self._area.window(), self._area.window().rect()
            for each in self._around():
                seen &= each.rect().translated(each.mapTo(window, _CORNER))
            self.setGeometry(seen)
