"""Scrolling to a place that does not exist yet, because what is scrolled has still to be laid out."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar, QWidget

from ui.controls.pace import single_shot

_SETTLED_MS = 500
"""A layout that comes in several passes has its final length by then."""

_LATEST_MS = 3000
"""Once it is in sight, after this time nobody would understand why it scrolls."""


class LateScroll(QObject):
    """Moves a scroll bar to a place as soon as it reaches that far; not when the user scrolls meanwhile.

    * `bar`: also the parent.
    """

    def __init__(self, bar: QScrollBar, place: int) -> None:
        super().__init__(bar)
        self._bar = bar
        self.place = place
        self._settled = single_shot(self, self.end, _SETTLED_MS)
        self._latest = single_shot(self, self.end, _LATEST_MS)
        bar.rangeChanged.connect(self._on_range_changed)
        bar.actionTriggered.connect(self.end)
        self._on_range_changed()

    @Slot()
    def _on_range_changed(self) -> None:
        if self._bar.maximum() >= self.place:
            self._bar.setValue(self.place)
            if not self._settled.isActive():
                self._settled.start()
        elif self._is_in_sight() and not self._latest.isActive():
            self._latest.start()

    def _is_in_sight(self) -> bool:
        """Whether what is scrolled is visible; the bar itself may be hidden for good."""
        area: QWidget | None = self._bar
        while area is not None and not isinstance(area, QAbstractScrollArea):
            area = area.parentWidget()
        return (self._bar if area is None else area).isVisible()

    @Slot()
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
