"""Small buttons that paint themselves: an icon in the head of a column."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme import LIGHT, Theme, follow_theme
from ui.theme.icons import icon_pixmap


class PaintedButton(QAbstractButton):
    """Button reached by the Tab key that paints itself in the colours of the theme.

    A kind of it takes its font in `_restyle`, and ends its ``__init__`` with ``follow_theme(self)``.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self._restyle(theme)
        self.updateGeometry()
        self.update()

    def _restyle(self, theme: Theme) -> None:
        """Take the font; nothing here."""


class MiniButton(PaintedButton):
    """Icon of 14 pixels in a square of 20.

    * `icon`: name of an icon.
    * `name`: accessible name, and the tool tip.
    """

    def __init__(self, icon: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.set_icon(icon, name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_icon(self, icon: str, name: str) -> None:
        """Show another icon, with another meaning."""
        self._icon = icon
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(20), self._theme.px(20))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, rect = self._theme, QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        active = self.underMouse() and self.isEnabled()
        if active or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("pressed" if self.isDown() else "hover"))
            painter.drawRoundedRect(rect, 4, 4)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect, 4, 4)
        side = theme.px(14)
        color = theme.color("text" if active else "muted", 1.0 if self.isEnabled() else 0.5)
        picture = icon_pixmap(self._icon, color, side, self.devicePixelRatioF())
        painter.drawPixmap(round((self.width() - side) / 2), round((self.height() - side) / 2), picture)
