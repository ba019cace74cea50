"""The middle of the window: the panels, and what waits below them."""

from typing import override

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.controls.layouts import fill
from ui.window.panel_area import PanelArea


class Stage(QWidget):
    """Gives the panels its room, or holds them where they are while other parts unfold over them.

    * `below`: what stays for longer.
    * `pressed`: somebody has pressed on the panels while they are held; they get nothing of it.
    """

    pressed = Signal()

    def __init__(self, panels: PanelArea, below: QWidget) -> None:
        super().__init__()
        self._panels, self._held = panels, QRect()
        self._layout = fill(QVBoxLayout(self), (panels, 1), below, spacing=0)
        self._cover = QWidget(self)
        self._cover.setToolTip("Press to fold the menus, samples and timeline again")
        self._cover.installEventFilter(self)
        self._cover.hide()

    def hold(self, held: bool) -> None:
        """Hold the panels, or let them have what room there is."""
        if held != self._cover.isHidden():
            return
        place = self._panels.mapTo(self.window(), QPoint(0, 0))
        self._held = QRect(place, self._panels.size()) if held else QRect()
        self._layout.setEnabled(not held)
        self.setMinimumSize(int(held), int(held))  # of what is held nothing has to be in sight
        self._cover.setVisible(held)
        self._cover.raise_()
        self._layout.invalidate()

    @override
    def event(self, event: QEvent) -> bool:
        found = super().event(event)
        if self._held.isValid() and event.type() in (QEvent.Type.Move, QEvent.Type.Resize):
            self._panels.setGeometry(self._held.translated(-self.mapTo(self.window(), QPoint(0, 0))))
            self._cover.setGeometry(self.rect())
        return found

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self.pressed.emit()
            return True
        return False
