"""The choices above the network: limits of the colours, and size of the maps."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ui.controls.buttons import IconButton
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl

AUTOMATIC, FIXED = "automatic", "fixed"
_FIXED_ABOUT = "The largest value of each layer in this run, for this sample: moments can be compared"


class ViewTools(QWidget):
    """Colour limits, predict first, smaller, larger, fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = named(QLabel("Colour limits"), role="muted")
        self.limits = SegmentedControl([(AUTOMATIC, "Automatic"), (FIXED, "Fixed")])
        self.limits.set_option_tooltip(AUTOMATIC, "The largest value of each layer at this moment")
        self.limits.set_option_tooltip(FIXED, _FIXED_ABOUT)
        about = "cover the maps and what follows from them, until you press it again"
        self.cover = IconButton("eye", "Predict first", about, "V")
        self.cover.setCheckable(True)
        self.smaller = IconButton("minus", "Smaller maps")
        self.larger = IconButton(
            "plus", "Larger maps", "what does not fit is scrolled; the wheel moves along the network"
        )
        self.fit = IconButton("maximize", "Fit", "all maps as large as fits")
        fill(QHBoxLayout(self), label, self.limits, self.cover, self.smaller, self.larger, self.fit)

    def set_moments(self, of_all: str) -> None:
        """Say over how many moments on record the fixed limits were taken, such as "500 of 1,200"."""
        about = f"{_FIXED_ABOUT}. Taken over {of_all} moments on record and all that were shown since"
        self.limits.set_option_tooltip(FIXED, about)
