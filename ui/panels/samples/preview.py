"""What an image of the user's own looks like to the network, and what the network makes of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from cnnviz._types import ByteArray
from cnnviz.quantities import format_probabilities
from ui.cells.heat_map import HeatMap
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.panels.samples.prediction_rows import PredictionRows
from ui.theme import Theme, follow_theme

_MOST = 10


class PreviewPair(QWidget):
    """The original and the image that the network sees, side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.original, self.seen = HeatMap(), HeatMap()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for column, (preview, name, tip) in enumerate(
            (
                (self.original, "Original", "The image as it was drawn, opened or pasted"),
                (self.seen, "Network sees", "Its pixels after scaling and centring"),
            )
        ):
            preview.setAccessibleName(name)
            preview.setToolTip(tip)
            preview.set_numbers(False)
            preview.set_interactive(False)
            preview.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            layout.addWidget(SectionTitle(name), 0, column)
            layout.addWidget(preview, 1, column)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the previews."""
        for preview in (self.original, self.seen):
            preview.setFixedSize(theme.px(122), theme.px(114))

    def set_images(self, original: ByteArray | None, seen: ByteArray | None) -> None:
        """Show both images, arrays of shape (h, w); None for none."""
        self.original.set_values(original, "grey", (0, 255))
        self.seen.set_values(seen, "grey", (0, 255))


class Outcome(QWidget):
    """What the network makes of an image, in bars and in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = PredictionRows(fill(QVBoxLayout(self)), "Probability of each class for this image")
        self.bars = self._rows.bars

    def set_prediction(
        self, names: Sequence[str], probabilities: NDArray[np.floating] | None, text: str = ""
    ) -> None:
        """Show the probability of each class, or `text` while that is not known."""
        if probabilities is not None:
            best = int(np.argmax(probabilities))
            text = f"Read as {names[best]} ({format_probabilities(probabilities.tolist())[best]})"
        self._rows.draw(names, probabilities, text, _MOST)
