"""What small buttons that paint themselves have in common."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget

from ui.theme import LIGHT, Theme


class PaintedButton(QAbstractButton):
    """Button reached by the Tab key that paints itself in the colours of the theme.

    A kind of it takes its font in `_restyle`, and ends its ``__init__`` with ``follow_theme(self)``.

    Parameters
    ----------
    parent : QWidget, optional
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
