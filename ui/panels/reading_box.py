"""A small box beside the pointer that says the values there."""

from typing import override

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from cnnviz.graphics.curves import READING, Reading
from ui.marks import MarkView


class ReadingBox(MarkView[Reading]):
    """Lies over its parent, hidden at first, and never takes the pointer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(READING, parent=parent)
        self._ground = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def text(self) -> str:
        """What it says, a row a line; "" while it is hidden."""
        return "" if self.isHidden() or self.content is None else self.content.text()

    def show_at(self, reading: Reading, at: QPoint) -> None:
        """Say something beside a point of the parent, on whichever side there is room."""
        self.show_content(reading)
        size, ground, px = self.sizeHint(), self._ground.rect(), self._theme.px
        left = at.x() + px(12)
        if left + size.width() > ground.right():
            left = at.x() - px(12) - size.width()
        top = min(max(at.y() - size.height() - px(8), 0), max(ground.height() - size.height(), 0))
        self.setGeometry(max(left, 0), top, size.width(), size.height())
        if self.isHidden():
            self.show()
            self.raise_()

    @override
    def updateGeometry(self) -> None:
        """Ask nobody for room: it lies in no layout, and would have that of the window done again."""
