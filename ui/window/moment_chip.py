"""Says that what is shown is not the newest."""

from typing import override

from PySide6.QtCore import QEvent, QObject, QRect, Slot
from PySide6.QtWidgets import QDockWidget, QTabBar, QWidget

from cnnviz.quantities import format_count
from ui.controls.labels import Badge
from ui.controls.pace import single_shot
from ui.state import AppState
from ui.theme import theme_manager

_TIP = "Every panel shows the network as it was then. Live, or End on the timeline, goes back to the newest."


class MomentChip(Badge):
    """Stands beside the tabs while an earlier moment is shown, where it moves nothing.

    * `area`: the panels with their tabs; also the parent.
    """

    def __init__(self, state: AppState, area: QWidget) -> None:
        super().__init__(parent=area)
        self._state, self._area = state, area
        self._placing = single_shot(self, self._place)
        self.setToolTip(_TIP)
        self.hide()
        area.installEventFilter(self)
        state.momentChanged.connect(self._on_moment_changed)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._placing.start()
        return super().eventFilter(watched, event)

    @Slot()
    def _on_moment_changed(self) -> None:
        past = None if self._state.follows_live else self._state.shown
        self.set_badge("" if past is None else f"Viewing step {format_count(past.step)}", "warning")
        self._place()

    @Slot()
    def _place(self) -> None:
        """Stand at the right of the first row of tabs that has room, where there is something to say."""
        if not self.text():
            self.hide()
            return
        self.adjustSize()
        margin = theme_manager().theme.px(12)
        for bar in self._area.findChildren(QTabBar):
            last = bar.tabRect(bar.count() - 1)
            free = QRect(bar.geometry())
            free.setLeft(bar.x() + last.right() + margin)
            free.setRight(self._right_of(bar) - margin)
            if bar.isVisible() and free.width() >= self.width():
                self.move(free.right() - self.width(), free.center().y() - self.height() // 2)
                self.show()
                self.raise_()
                return
        self.hide()

    def _right_of(self, bar: QTabBar) -> int:
        """Return where the room beside some tabs ends: at the edge, or at the panels beside them."""
        others = [each.x() for each in self._area.findChildren(QDockWidget) if each.isVisible()]
        return min([self._area.width(), *(x for x in others if x > bar.x())])
