"""A picture without a function, such as the sign of a message."""

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QLabel

from ui.theme import Theme, follow_theme, theme_manager
from ui.theme.icons import icon_pixmap

_SIDE = 16


class IconLabel(QLabel):
    """An icon of 16 pixels in a colour of the theme; none at first."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._role = "", "muted"
        follow_theme(self)

    def set_icon(self, name: str, role: str) -> None:
        """Show another icon, in a colour role; with "" none."""
        self._name, self._role = name, role
        self.set_theme(theme_manager().theme)

    def set_theme(self, theme: Theme) -> None:
        """Draw it anew."""
        side, ratio = theme.px(_SIDE), self.devicePixelRatioF()
        self.setFixedSize(side, side)
        self.setPixmap(
            icon_pixmap(self._name, theme.color(self._role), side, ratio) if self._name else QPixmap()
        )
