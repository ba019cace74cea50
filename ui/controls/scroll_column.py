"""Columns that scroll, and scrolling to a place that does not exist yet."""

from typing import override

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollArea, QScrollBar, QWidget

from ui.controls.layouts import outwards
from ui.controls.pace import single_shot


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
            if not self.isVisible():
                # Nor is a layout out of sight laid out, and until it is, it asks for nothing more: only its
                # first change would be heard.
                if layout is not None:
                    layout.activate()
                # Nor does Qt tell an area out of sight that its content needs another room than it has.
                QCoreApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))
        return super().eventFilter(watched, event)

    @override
    def minimumSizeHint(self) -> QSize:
        content, hint = self.widget(), super().minimumSizeHint()
        needed = 0 if content is None else content.minimumSizeHint().width()
        return QSize(max(needed + self.verticalScrollBar().sizeHint().width(), hint.width()), hint.height())


_SETTLED_MS = 500
"""A layout that comes in several passes has its final length by then."""

_LATEST_MS = 3000
"""Once it is in sight, after this time nobody would understand why it scrolls."""


class LateScroll(QObject):
    """Moves a scroll bar to a place as soon as it reaches that far; not when the user scrolls meanwhile."""

    def __init__(self, bar: QScrollBar, place: int) -> None:
        super().__init__(bar)
        self._bar = bar
        self.place = place
        self._settled = single_shot(self, self.end, _SETTLED_MS)
        self._latest = single_shot(self, self.end, _LATEST_MS)
        bar.rangeChanged.connect(self._on_range_changed)
        bar.actionTriggered.connect(self.end)
        self._on_range_changed()

    def _on_range_changed(self) -> None:
        if self._bar.maximum() >= self.place:
            self._bar.setValue(self.place)
            if not self._settled.isActive():
                self._settled.start()
        elif self._is_in_sight() and not self._latest.isActive():
            self._latest.start()

    def _is_in_sight(self) -> bool:
        """Whether what is scrolled is visible; the bar itself may be hidden for good."""
        areas = (each for each in outwards(self._bar) if isinstance(each, QAbstractScrollArea))
        return next(areas, self._bar).isVisible()

    def end(self) -> None:
        """Wait no longer."""
        self._bar.rangeChanged.disconnect(self._on_range_changed)
        self._bar.actionTriggered.disconnect(self.end)
        self._settled.stop()
        self._latest.stop()
        self.setParent(None)
        self.deleteLater()


def scroll_later(bar: QScrollBar, place: int) -> None:
    """Scroll to a place now, or as soon as there is one."""
    waiting = _waiting(bar)
    if waiting is not None:
        waiting.end()
    if place == bar.value() and bar.maximum() > 0:
        return
    if place > bar.minimum():
        LateScroll(bar, place)
    else:
        bar.setValue(place)


def place_of(bar: QScrollBar) -> int:
    """Return where a scroll bar stands, or is going to stand."""
    waiting = _waiting(bar)
    return bar.value() if waiting is None else waiting.place


def _waiting(bar: QScrollBar) -> LateScroll | None:
    return bar.findChild(LateScroll)
