"""A row of controls that goes on in a second line."""

from typing import override

from PySide6.QtCore import QEvent, QPoint, QRect, QSize
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget, QWidgetItem

from ui.controls.layouts import fill
from ui.controls.painted import WrappedWidget
from ui.theme import Theme, follow_theme


class FlowRow(WrappedWidget):
    """Lays controls out from left to right and, where they do not fit, line after line."""

    _LEAST_WIDTH = 0

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QWidgetItem] = []
        self._gap = (0, 0)  # beside and below
        follow_theme(self)

    def add(self, *widgets: QWidget) -> None:
        for widget in widgets:
            widget.setParent(self)
            self._items.append(QWidgetItem(widget))

    def joined(self, *widgets: QWidget) -> QWidget:
        """Return widgets as one that stays together, such as a label and its control."""
        group = QWidget(self)
        fill(QHBoxLayout(group), *widgets, spacing=6)
        return group

    @override
    def _restyle(self, theme: Theme) -> None:
        self._gap = theme.px(10), theme.px(6)

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # something was shown, hidden or renamed
            self.updateGeometry()
            self._claim_height()
            self._arrange(self.width(), moves=True)
        return super().event(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(self.width(), moves=True)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Place what was renamed out of sight, where Qt asks for no layout."""
        super().showEvent(event)
        self._arrange(self.width(), moves=True)

    @override
    def heightForWidth(self, width: int) -> int:
        return self._arrange(width, moves=False)

    @override
    def sizeHint(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in sizes) + self._gap[0] * max(len(sizes) - 1, 0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    @override
    def minimumSizeHint(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        width = max((size.width() for size in sizes), default=0)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def _arrange(self, width: int, *, moves: bool) -> int:
        """Share the items out among lines and place them, or only find out how high they stand."""
        across, down = self._gap
        lines: list[list[tuple[QWidgetItem, QSize]]] = []
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            wanted = item.sizeHint()
            if lines and used + across + wanted.width() <= width:
                lines[-1].append((item, wanted))
                used += across + wanted.width()
            else:
                lines.append([(item, wanted)])
                used = wanted.width()
        top = 0
        for line in lines:
            height, left = max(size.height() for _, size in line), 0
            for item, wanted in line:
                size = wanted.boundedTo(QSize(width, wanted.height()))
                if moves:
                    item.setGeometry(QRect(QPoint(left, top + (height - size.height()) // 2), size))
                left += size.width() + across
            top += height + down
        return max(top - down, 0)
