"""The values under the pointer of a plot, in a small box beside it."""

from typing import override

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ui.controls.floating import FloatingBox
from ui.theme import Theme, follow_theme, mono_font, ui_font


class PlotReadout(FloatingBox):
    """Box with a heading and rows of colour, name and value. It never takes the pointer.

    * `parent`: ground on which the box lies.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._heading = ""
        self._rows: list[tuple[QColor, str, str]] = []
        follow_theme(self)

    def text(self) -> str:
        """What the box says, one row a line."""
        return "\n".join([self._heading, *(f"{name} {value}" for _, name, value in self._rows)])

    def show_values(self, heading: str, rows: list[tuple[QColor, str, str]], at: QPoint) -> None:
        """Show values beside a point, on whichever side there is room.

        * `at`: in the coordinates of the parent.
        """
        self._heading, self._rows = heading, rows
        self._show_at(self._place(at))

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme, px = self._theme, self._theme.px
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("border"))
        painter.setBrush(theme.color("surface", 0.95))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), px(4), px(4))
        line, pad, align = self._line_height(), px(8), Qt.AlignmentFlag
        inner = self.rect().adjusted(pad, px(5), -pad, 0)
        painter.setPen(theme.color("muted"))
        painter.drawText(
            QRect(inner.left(), inner.top(), inner.width(), line), align.AlignLeft, self._heading
        )
        for row, (color, name, value) in enumerate(self._rows, start=1):
            box = QRect(inner.left(), inner.top() + row * line, inner.width(), line)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(box.left() + px(3), box.center().y()), px(3), px(3))
            painter.setPen(theme.color("text"))
            painter.setFont(self.font())
            painter.drawText(box.adjusted(px(12), 0, 0, 0), align.AlignLeft | align.AlignVCenter, name)
            painter.setFont(mono_font(theme=theme))
            painter.drawText(box, align.AlignRight | align.AlignVCenter, value)

    def _line_height(self) -> int:
        return self.fontMetrics().height() + self._theme.px(2)

    def _place(self, at: QPoint) -> QRect:
        px, metrics, mono = self._theme.px, self.fontMetrics(), QFontMetrics(mono_font(theme=self._theme))
        widths = [
            px(12) + metrics.horizontalAdvance(n) + px(12) + mono.horizontalAdvance(v)
            for _, n, v in self._rows
        ]
        width = max([metrics.horizontalAdvance(self._heading), *widths]) + px(16)
        height = (len(self._rows) + 1) * self._line_height() + px(10)
        ground = self._ground.rect()
        left = at.x() + px(12)
        if left + width > ground.right():
            left = at.x() - px(12) - width
        top = min(max(at.y() - height - px(8), 0), max(ground.height() - height, 0))
        return QRect(max(left, 0), top, width, height)
