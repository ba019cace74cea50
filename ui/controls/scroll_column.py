"""Vertical scroll area for forms and texts."""

from typing import override

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, Slot
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollArea, QScrollBar, QWidget


def set_up_area(area: QScrollArea, content: QWidget) -> None:
    """Give a scroll area its content, as wide and as high as the area, without a frame.

    Fields inside take the keyboard; the area itself would be a stop without a purpose.
    """
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)


def keep_bar(area: QAbstractScrollArea) -> None:
    """Keep the room of the vertical bar: one that comes and goes changes the width of the content."""
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    area.setVerticalScrollBar(_KeptBar())


class _KeptBar(QScrollBar):
    """Shows no handle where there is nothing to scroll: it is disabled there."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.rangeChanged.connect(self._on_range_changed)  # ends with the bar, as that of a function does not

    @Slot(int, int)
    def _on_range_changed(self, first: int, last: int) -> None:
        self.setEnabled(last > first)


class ScrollColumn(QScrollArea):
    """Scroll area that never scrolls sideways and is never narrower than its content.

    The vertical bar always has its room: one that comes and goes changes the width, and with it the height of
    wrapped text, which in Qt 6.11 can make the layout call itself without end.
    """

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        set_up_area(self, content)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        keep_bar(self)
        content.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            # A page that is not in front counts in its stack, too, but tells nobody.
            stack, content = self.parentWidget(), self.widget()
            layout = None if content is None else content.layout()
            if self.isHidden() and stack is not None:
                stack.updateGeometry()
            # Nor is a layout out of sight laid out, and until it is, it asks for nothing more: only its first
            # change would be heard.
            if layout is not None and not self.isVisible():
                layout.activate()
                # Nor does Qt tell an area out of sight that its content needs less room than it has.
                QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))
        return super().eventFilter(watched, event)

    @override
    def minimumSizeHint(self) -> QSize:
        content, hint = self.widget(), super().minimumSizeHint()
        needed = 0 if content is None else content.minimumSizeHint().width()
        return QSize(max(needed + self.verticalScrollBar().sizeHint().width(), hint.width()), hint.height())
