"""A folded column: a narrow strip with its name written downwards, that unfolds at a click."""

from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.painted_button import PaintedButton
from ui.theme import Theme, follow_theme, ui_font
from ui.theme.icons import icon_pixmap


class FoldedStrip(PaintedButton):
    """Button as high as its column.

    Parameters
    ----------
    title : str
    parent : QWidget, optional
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setAccessibleName(f"Unfold {title}")
        self.setToolTip(f"Unfold {title}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

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
        painter.setPen(theme.color("text" if active else "muted"))
        painter.rotate(90)
        top = theme.px(26)
        room = QRectF(top, -self.width(), self.height() - top, self.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
