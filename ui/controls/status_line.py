"""One line of text that changes with every movement of the pointer, without moving anything around it."""

from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


class StatusLine(PaintedWidget):
    """Parts of text in different roles side by side; what does not fit ends in an ellipsis.

    Unlike a label it never asks for another size: it takes the room it is given.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[tuple[str, str], ...] = ()
        # It paints its own ground, so that what lies below need not be painted with every change.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def text(self) -> str:
        """Whole text."""
        return " ".join(text for text, _ in self._parts)

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """Show other text.

        * `parts`: A role is "title", "number" or "muted".
        """
        new = tuple(parts)
        if new != self._parts:
            self._parts = new
            self.setToolTip(self.text())
            self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self._fonts = {
            "title": ui_font(theme, weight=QFont.Weight.DemiBold),
            "number": mono_font(theme.base_pt),
            "muted": ui_font(theme),
        }
        self._metrics = {role: QFontMetrics(font) for role, font in self._fonts.items()}

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(200), max(metrics.height() for metrics in self._metrics.values()))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(60), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("surface"))
        left, gap = 0.0, self._theme.px(10)
        for place, (text, role) in enumerate(self._parts):
            room = self.width() - left
            if room < gap:
                return
            metrics = self._metrics[role]
            # To measure a text costs as much as to write it: what is surely short enough is not measured.
            if len(text) * metrics.averageCharWidth() * 1.15 > room:
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room))
            painter.setFont(self._fonts[role])
            painter.setPen(self._theme.color("muted" if role == "muted" else "text"))
            base = (self.height() + metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(left, base), text)
            if place + 1 < len(self._parts):
                left += metrics.horizontalAdvance(text) + gap
