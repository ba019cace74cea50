"""Covers a part of a panel: what it shows is neither seen nor spoken, pointed at, copied or exported."""

from typing import cast, override

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QLayout,
    QLayoutItem,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from ui.controls.labels import WrapLabel
from ui.controls.layouts import fill, outwards


class _Pages(QStackedLayout):
    """Pages that want to grow where the part wants to; by itself Qt lets them grow everywhere."""

    def __init__(self, cover: QWidget, part: QWidget) -> None:
        super().__init__(cover)
        self._part = part

    @override
    def expandingDirections(self) -> Qt.Orientation:
        return self._part.sizePolicy().expandingDirections()


def is_covered(part: QWidget) -> bool:
    """Whether a cover stands in the place of a part, or of what it lies in."""
    return any(isinstance(each, Cover) and each.is_covering() for each in outwards(part))


class Cover(QWidget):
    """Takes the place of a part in its layout, and shows either the part or why it is covered.

    The room stays the same either way, so that nothing moves when it is uncovered. `title` is what the part
    is called, where that stands in it alone.
    """

    def __init__(self, part: QWidget, title: str = "") -> None:
        around = cast("QWidget", part.parentWidget())
        super().__init__(around)
        _take_place(self, part, cast("QLayout", around.layout()))
        self._part, self._title, self._pages = part, title, _Pages(self, part)
        self.setSizePolicy(part.sizePolicy())
        # The part itself may be shown and hidden for reasons of its own.
        self._shown, self._instead = QWidget(), QWidget()
        fill(QVBoxLayout(self._shown), (part, 1))
        self.reason = WrapLabel("", role="muted")
        fill(QVBoxLayout(self._instead), self.reason, 1, margins=(6, 6, 6, 6))
        self._instead.setProperty("role", "covered")
        self._instead.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for page in (self._shown, self._instead):
            self._pages.addWidget(page)
        part.installEventFilter(self)
        self.setHidden(part.isHidden())

    def set_covered(self, reason: str, tip: str = "") -> None:
        """Cover the part and say why, or with "" uncover it; `tip` says more."""
        self._instead.setToolTip(tip)
        self.reason.set_text(f"{self._title}. {reason}" if self._title and reason else reason)
        self._pages.setCurrentWidget(self._instead if reason else self._shown)

    def is_covering(self) -> bool:
        return self._pages.currentWidget() is self._instead

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell the part its width, too, while it is covered: the height that it wants may follow from it."""
        super().resizeEvent(event)
        before = self._part.size()
        if self.is_covering() and before.width() != self.width():
            self._part.resize(self.width(), before.height())
            QCoreApplication.sendEvent(self._part, QResizeEvent(self._part.size(), before))
            self._pages.invalidate()
            self.updateGeometry()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take no room where the part takes none."""
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self.setHidden(self._part.isHidden())
        return super().eventFilter(watched, event)

    @override
    def hasHeightForWidth(self) -> bool:
        return self._part.hasHeightForWidth()

    @override
    def heightForWidth(self, width: int) -> int:
        return self._part.heightForWidth(width)


def _take_place(cover: QWidget, part: QWidget, outer: QLayout) -> None:
    """Put a cover where a part stands in a layout.

    Not by `replaceWidget`: the item that it takes out would go on being told by Qt, in place of the new one,
    that the part wants another size.
    """
    layout = next(each for each in (outer, *outer.findChildren(QLayout)) if each.indexOf(part) >= 0)
    index = layout.indexOf(part)
    alignment = cast("QLayoutItem", layout.itemAt(index)).alignment()
    if isinstance(layout, QBoxLayout):
        stretch = layout.stretch(index)
        layout.removeWidget(part)
        layout.insertWidget(index, cover, stretch, alignment)
    else:
        grid = cast("QGridLayout", layout)
        place = cast("tuple[int, int, int, int]", grid.getItemPosition(index))
        grid.removeWidget(part)
        grid.addWidget(cover, *place, alignment)
