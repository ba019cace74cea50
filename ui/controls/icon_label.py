"""A picture without a function, such as the sign of a message."""

from typing import override

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import Theme, follow_theme
from ui.theme.icons import icon_pixmap


class IconLabel(QWidget):
    """An icon in a colour of the theme.

    Parameters
    ----------
    name : str
        Icon, or "" for none.
    role : str
        Colour role.
    side : int
        Side in pixels at scale 1.
    parent : QWidget, optional
    """

    def __init__(
        self, name: str = "", role: str = "muted", side: int = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._role = role
        self._side = side
        self._theme: Theme | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon."""
        self._name, self._role = name, role
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = self._theme.px(self._side) if self._theme else self._side
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._theme is None or not self._name:
            return
        side = self.sizeHint().width()
        pixmap = icon_pixmap(self._name, self._theme.color(self._role), side, self.devicePixelRatioF())
        QPainter(self).drawPixmap((self.width() - side) // 2, (self.height() - side) // 2, pixmap)
