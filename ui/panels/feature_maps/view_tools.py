"""The choices above the network: limits of the colours, and size of the maps."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ui.controls.buttons import IconButton
from ui.controls.segmented import SegmentedControl

AUTOMATIC, FIXED = "automatic", "fixed"


class ViewTools(QWidget):
    """Colour limits, smaller, larger, fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        label = QLabel("Colour limits")
        label.setProperty("role", "muted")
        self.limits = SegmentedControl([(AUTOMATIC, "Automatic"), (FIXED, "Fixed")])
        self.limits.set_option_tooltip(AUTOMATIC, "The largest value of each layer at this moment")
        self.limits.set_option_tooltip(
            FIXED,
            "The largest value of each layer over the whole run for this sample: moments can be compared",
        )
        self.smaller = IconButton("minus", "Smaller maps")
        self.larger = IconButton(
            "plus", "Larger maps", "what does not fit is scrolled; the wheel moves along the network"
        )
        self.fit = IconButton("maximize", "Fit", "all maps as large as fits")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (label, self.limits, self.smaller, self.larger, self.fit):
            layout.addWidget(widget)
