"""What an image of the user's own looks like to the network, and what the network makes of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from cnnviz._types import ByteArray
from ui.theme import Theme, follow_theme
from ui.widgets.heat_map import HeatMap
from ui.widgets.labels import SectionTitle, WrapLabel
from ui.widgets.prediction_bars import PredictionBars


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
        self.bars = PredictionBars()
        self.bars.setAccessibleName("Probability of each class for this image")
        self.verdict = WrapLabel("", role="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (SectionTitle("Prediction"), self.bars, self.verdict):
            layout.addWidget(widget)

    def set_prediction(self, names: Sequence[str], probabilities: ArrayLike | None, text: str = "") -> None:
        """Show the probability of each class, or `text` while that is not known."""
        self.bars.set_probabilities(names, probabilities)
        if probabilities is not None:
            values = np.asarray(probabilities)
            best = int(np.argmax(values))
            text = f"Read as {names[best]} ({values[best]:.1%})"
        self.verdict.set_text(text)
