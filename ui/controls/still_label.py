"""A line of text that may change at display rate."""

from typing import override

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.theme import Theme, follow_theme, mono_font, ui_font


class StillLabel(QWidget):
    """One line whose room does not depend on its text, so that a new text asks no layout for anything.

    Parameters
    ----------
    widest : str
        Longest text there will be; the label is at least so wide.
    mono : bool
        Whether figures are to line up, at the right.
    muted : bool
    parent : QWidget, optional
    """

    def __init__(
        self, widest: str = "", *, mono: bool = False, muted: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._widest = widest
        self._mono = mono
        # A child that no layout manages: its changes of size concern nobody.
        self._label = QLabel(self)
        if mono:
            # Figures stand at the right end of a line.
            self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if muted:
            self._label.setProperty("role", "muted")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def text(self) -> str:
        """Text shown."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Change the text."""
        if text != self._label.text():
            self._label.setText(text)

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        font = mono_font(theme=theme) if self._mono else ui_font(theme, theme.small_pt)
        self.setFont(font)
        self._label.setFont(font)
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        metrics = self._label.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._widest) + 2, metrics.height())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._label.setGeometry(self.rect())
