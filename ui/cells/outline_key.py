"""Key of the outlines round cells, one below the other."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.outlines import OUTLINES, draw_outline
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, ui_font


class OutlineKey(PaintedWidget):
    """An outline of each role with its meaning beside it.

    Parameters
    ----------
    entries : sequence of (role, text)
    parent : QWidget, optional
    """

    def __init__(self, entries: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries = tuple(entries)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        self.setAccessibleName("Key: " + "; ".join(text for _, text in entries))
        self.setToolTip("\n".join(text for _, text in entries))
        follow_theme(self)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        widest = max(self.fontMetrics().horizontalAdvance(text) for _, text in self._entries)
        line = self.fontMetrics().height() + self._theme.px(4)
        return QSize(widest + self._theme.px(22), len(self._entries) * line)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(60), len(self._entries) * self.fontMetrics().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        line = self.height() / len(self._entries)
        side = theme.px(13)
        painter.setFont(self.font())
        for place, (role, text) in enumerate(self._entries):
            box = QRectF(1, place * line + (line - side) / 2, side, side)
            painter.fillRect(box, theme.color("track"))
            draw_outline(painter, box, OUTLINES[role], theme)
            left = side + theme.px(8)
            room = QRectF(left, place * line, self.width() - left, line)
            shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, round(room.width()))
            painter.setPen(theme.color("muted"))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
