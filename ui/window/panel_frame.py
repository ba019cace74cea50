"""What holds a panel in its dock."""

from typing import override

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

#: Less than this, in pixels, a panel is not worth having, scrolled or not.
_LEAST = QSize(320, 200)


class PanelFrame(QScrollArea):
    """Gives a panel all the room there is, and scrolls only one that needs more.

    A dock whose own widget is hidden miscounts its height, so that a panel could not be hidden behind its tab
    without such a frame. QScrollArea itself would make a panel with wrapped text as high as it wants to be at
    best, and scroll it although it has room enough.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self._panel = panel
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(panel)
        panel.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    @override
    def sizeHint(self) -> QSize:
        return self._panel.sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        return self._panel.minimumSizeHint().boundedTo(_LEAST)

    def _fit(self) -> None:
        room = self.maximumViewportSize()
        need = self._panel.minimumSizeHint()
        # A bar for one direction takes room from the other.
        if need.width() > room.width():
            room.setHeight(room.height() - self.horizontalScrollBar().sizeHint().height())
        if need.height() > room.height():
            room.setWidth(room.width() - self.verticalScrollBar().sizeHint().width())
        if need.width() > room.width() == self.maximumViewportSize().width():
            room.setHeight(room.height() - self.horizontalScrollBar().sizeHint().height())
        self._panel.resize(need.expandedTo(room))
