"""What all widgets that paint themselves have in common."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from ui.controls.placeholder import draw_placeholder
from ui.theme import LIGHT, Theme


class PaintedWidget(QWidget):
    """Widget that paints itself in the colours of the theme.

    A kind of it takes its fonts in `_restyle`, and ends its ``__init__`` with ``follow_theme(self)``, when
    there is something to restyle. It need not see to being repainted when it gets or loses the keyboard: Qt
    does that for every widget that takes it.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._placeholder = ""

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        self._restyle(theme)
        self.updateGeometry()
        self.update()

    def set_placeholder(self, text: str) -> None:
        """Text in place of the content while there is none: what to do to get some."""
        self._placeholder = text
        self.update()

    def _restyle(self, theme: Theme) -> None:
        """Take the font, and drop what was drawn in other colours; nothing here."""

    def _paint_placeholder(
        self, painter: QPainter, alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignCenter
    ) -> None:
        draw_placeholder(painter, self.rect(), self._placeholder, self._theme, alignment)

    def _paint_focus_frame(self, painter: QPainter) -> None:
        """Frame the whole widget: it has the keyboard, but none of its parts is chosen."""
        painter.setPen(QPen(self._theme.color("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
