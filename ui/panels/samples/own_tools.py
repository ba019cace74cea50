"""The buttons that lead to images of one's own, and the last ten of these."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.controls.buttons import Button, IconButton
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.samples.wording import origin_of
from ui.state import Sample
from ui.theme import Theme, follow_theme
from ui.tiles.recent_strip import RecentStrip


class OwnTools(QWidget):
    """Draw, open, edit pixels; below them the own images of this session.

    Where there is little height, the row of images stands beside the buttons, which then show only their
    icons.
    """

    drawRequested = Signal()
    openRequested = Signal()
    editRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = self._narrow = self._enlarged = False
        self.draw = Button("Draw", "pencil", "", "Draw an image and watch what the network makes of it")
        self.open = Button(
            "Open…",
            "folder-open",
            "",
            "Open an image file (PNG, JPEG, BMP); dropping one on the window or pasting works, too",
        )
        self.edit = IconButton("grid-3x3", "Edit pixels", "set single pixels of the current sample")
        self.strip = named(RecentStrip(), "Own images")
        self.strip.hide()
        self._buttons = fill(QHBoxLayout(), (self.draw, 1), (self.open, 1), self.edit)
        self._rows = fill(QVBoxLayout(self), self._buttons, self.strip)
        self.draw.clicked.connect(self.drawRequested)
        self.open.clicked.connect(self.openRequested)
        self.edit.clicked.connect(self.editRequested)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._rows.setSpacing(theme.px(6))
        self._buttons.setSpacing(theme.px(6))
        self._enlarged = theme.scale > 1
        self._show_texts()

    def set_samples(self, samples: Sequence[Sample]) -> None:
        """Show own images, newest first."""
        self.strip.set_pictures([each.pixels[0] for each in samples], [origin_of(each) for each in samples])
        self.strip.setVisible(bool(samples))
        self._share_row()

    def set_current(self, index: int | None) -> None:
        """Mark the image that is the current sample, or none."""
        self.strip.set_current(index)

    def height_saved(self) -> int:
        """Pixels by which one row is lower than two."""
        return 0 if self.strip.isHidden() else self.strip.sizeHint().height() + self._rows.spacing()

    def _show_texts(self) -> None:
        """Show texts and icons, or what there is room for: icons alone, or texts in enlarged letters."""
        for button, icon in ((self.draw, "pencil"), (self.open, "folder-open")):
            without_text = self._compact or self._narrow
            button.set_compact(without_text)
            button.set_icon(icon if without_text or not self._enlarged else "")

    def set_narrow(self, narrow: bool) -> None:
        """Do without texts, or show them."""
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_texts()

    def set_compact(self, compact: bool) -> None:
        """Use one row instead of two."""
        if compact == self._compact:
            return
        self._compact = compact
        self._show_texts()
        self._share_row()
        if compact:
            self._buttons.addWidget(self.strip, 1)
        else:
            self._rows.addWidget(self.strip)

    def _share_row(self) -> None:
        """Let images that stand beside the buttons take the room."""
        beside = self._compact and not self.strip.isHidden()
        for button in (self.draw, self.open):
            self._buttons.setStretchFactor(button, 0 if beside else 1)
        self.edit.setVisible(not beside)
