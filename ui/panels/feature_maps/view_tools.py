"""The choices above the network: limits of the colours, and size of the maps."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ui.controls.buttons import IconButton
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl

AUTOMATIC, FIXED = "automatic", "fixed"


class ViewTools(QWidget):
    """Colour limits, predict first, smaller, larger, fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = named(QLabel("Colour limits"), role="muted")
        self.limits = SegmentedControl([(AUTOMATIC, "Automatic"), (FIXED, "Fixed")])
        self.limits.set_option_tooltip(AUTOMATIC, "The largest value of each layer at this moment")
        self.limits.set_option_tooltip(
            FIXED, "The largest values of all moments shown, for this run and sample: moments can be compared"
        )
        about = "cover the maps and what follows from them, until you press it again"
        self.cover = IconButton("eye", "Predict first", about, "V")
        self.cover.setCheckable(True)
        self.smaller = IconButton("minus", "Smaller maps")
        self.larger = IconButton(
            "plus", "Larger maps", "what does not fit is scrolled; the wheel moves along the network"
        )
        self.fit = IconButton("maximize", "Fit", "all maps as large as fits")
        fill(QHBoxLayout(self), label, self.limits, self.cover, self.smaller, self.larger, self.fit)
