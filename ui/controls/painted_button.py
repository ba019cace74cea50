"""Small buttons that paint themselves: an icon in the head of a column, and a whole folded column."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.controls.buttons import IconButton
from ui.theme import LIGHT, Theme, follow_theme, ui_font
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


class MiniButton(IconButton):
    """Small button of an icon, in the head of a column."""

    def __init__(self, icon: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(icon, name, parent=parent)
        self.setProperty("kind", "mini")


class FoldedStrip(PaintedButton):
    """Button as high as its column."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setAccessibleName(f"Unfold {title}")
        self.setToolTip(f"Unfold {title}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(22), self._theme.px(120))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.underMouse() or self.hasFocus()
        painter.setPen(
            QPen(theme.color("accent"), 1.5) if self.hasFocus() else QPen(theme.color("border"), 1)
        )
        painter.setBrush(theme.color("hover" if active else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        side = theme.px(14)
        picture = icon_pixmap("chevron-right", theme.color("muted"), side, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - side) // 2, theme.px(5), picture)
        # Set here, because Qt gives a button that is first shown later the font of an earlier theme.
        painter.setFont(ui_font(theme, theme.small_pt))
        painter.setPen(theme.color("text" if active else "muted"))
        painter.rotate(90)
        top = theme.px(26)
        room = QRectF(top, -self.width(), self.height() - top, self.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
