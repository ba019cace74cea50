"""A picture from a file or the clipboard, and how it is fitted."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.quantities import format_count
from ui.cells.heat_map import HeatMap
from ui.controls.buttons import Button
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.panels.samples.pictures import Fit, Picture, shortened
from ui.theme import Theme, follow_theme

_NOTHING = "Open an image, drop a file on the window, or copy an image and press Ctrl+V"


class ImagePage(QWidget):
    """The picture with its switches.

    * `settingsEdited`: the user has switched how the picture is fitted.
    * `openRequested`, `pasteRequested`: another picture is wanted.
    """

    settingsEdited = Signal()
    openRequested = Signal()
    pasteRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self.set_picture(None, "digit")
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._layout.setSpacing(theme.px(8))
        self._head.setSpacing(theme.px(8))
        self._tools.setSpacing(theme.px(12))

    def set_picture(self, picture: Picture | None, fit: Fit) -> None:
        """Show a picture with the settings that suit it, or what to do to get one."""
        self.picture.set_values(None if picture is None else picture.pixels, "grey", (0, 255))
        for widget in (self.fit, self.dark):
            widget.setEnabled(picture is not None)
        if picture is None:
            self.title.set_caption("")
            return
        height, width = picture.size
        grey = ", made grey" if picture.had_colours else ""
        self.title.set_caption(
            f"{shortened(picture.name)}, {format_count(width)} × {format_count(height)} pixels{grey}"
        )
        self.fit.set_current(fit)
        self.dark.blockSignals(True)
        self.dark.setChecked(picture.dark_ink)
        self.dark.blockSignals(False)

    def chosen_fit(self) -> Fit:
        """How the picture is fitted."""
        return "whole" if self.fit.current() == "whole" else "digit"

    def is_dark_ink(self) -> bool:
        """Whether the picture counts as dark on light."""
        return self.dark.isChecked()

    def _build_widgets(self) -> None:
        self.title = SectionTitle("Image")
        self.picture = named(HeatMap(), "Picture that was opened")
        self.picture.set_interactive(False)
        self.picture.set_numbers(False)
        self.picture.set_placeholder(_NOTHING)
        self.fit = SegmentedControl([("digit", "As MNIST"), ("whole", "Whole image")])
        self.fit.setAccessibleName("How the picture is fitted")
        self.fit.set_option_tooltip(
            "digit",
            "Find what is drawn, scale it into 20/28 of the frame, put its centre of mass in the middle",
        )
        self.fit.set_option_tooltip("whole", "Scale the whole picture into the frame")
        self.dark = QCheckBox("Dark on light")
        self.dark.setToolTip(
            "The images of MNIST are light on black, so what is dark on light paper is inverted. "
            "Found out by itself; switch it where that went wrong."
        )
        self.open = Button("Open…", "folder-open", "", "Open a PNG, JPEG or BMP file of any size")
        self.paste = Button("Paste", "copy", "", "Take the image from the clipboard", "Ctrl+V")

    def _build_layout(self) -> None:
        self._head, self._tools = QHBoxLayout(), QHBoxLayout()
        self._head.addWidget(self.title, 1)
        for widget in (self.open, self.paste):
            self._head.addWidget(widget)
        for widget in (self.fit, self.dark):
            self._tools.addWidget(widget)
        self._tools.addStretch(1)
        self._layout = fill(QVBoxLayout(self), self._head, (self.picture, 1), self._tools)

    def _connect_signals(self) -> None:
        self.fit.currentChanged.connect(self.settingsEdited)
        self.dark.toggled.connect(self.settingsEdited)
        self.open.clicked.connect(self.openRequested)
        self.paste.clicked.connect(self.pasteRequested)
