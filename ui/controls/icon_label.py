"""A picture without a function, such as the sign of a message."""

from typing import override

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy

from ui.controls.painted import PaintedWidget
from ui.theme import follow_theme
from ui.theme.icons import icon_pixmap

_SIDE = 16


class IconLabel(PaintedWidget):
    """An icon of 16 pixels in a colour of the theme; none at first."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._role = "", "muted"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon, in a colour role; with "" none."""
        self._name, self._role = name, role
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(_SIDE), self._theme.px(_SIDE))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._name:
            side, color = self._theme.px(_SIDE), self._theme.color(self._role)
            pixmap = icon_pixmap(self._name, color, side, self.devicePixelRatioF())
            QPainter(self).drawPixmap((self.width() - side) // 2, (self.height() - side) // 2, pixmap)
