"""The buttons that lead to images of one's own."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.controls.buttons import Button
from ui.controls.layouts import fill
from ui.theme import Theme, follow_theme


class OwnTools(QWidget):
    """Draw and open."""

    drawRequested = Signal()
    openRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._narrow = self._enlarged = False
        self.draw = Button("Draw", "pencil", "", "Draw an image and watch what the network makes of it")
        self.open = Button(
            "Open…",
            "folder-open",
            "",
            "Open an image file (PNG, JPEG, BMP); dropping one on the window or pasting works, too",
        )
        self._buttons = fill(QHBoxLayout(self), (self.draw, 1), (self.open, 1))
        self.draw.clicked.connect(self.drawRequested)
        self.open.clicked.connect(self.openRequested)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._buttons.setSpacing(theme.px(6))
        self._enlarged = theme.scale > 1
        self._show_texts()

    def set_narrow(self, narrow: bool) -> None:
        """Do without texts, or show them."""
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_texts()

    def _show_texts(self) -> None:
        """Show texts and icons, or what there is room for: icons alone, or texts in enlarged letters."""
        for button, icon in ((self.draw, "pencil"), (self.open, "folder-open")):
            button.set_compact(self._narrow)
            button.set_icon(icon if self._narrow or not self._enlarged else "")
