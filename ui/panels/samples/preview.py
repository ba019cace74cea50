"""What an image of the user's own looks like to the network, and what the network makes of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from cnnviz._types import ByteArray
from cnnviz.quantities import format_probabilities
from ui.cells.heat_map import HeatMap
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.samples.wording import most_probable
from ui.rows.prediction_bars import PredictionBars
from ui.rows.rows import LONGEST
from ui.theme import Theme, follow_theme

_ALL, _FEW = 10, 4


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
        self._most = _ALL
        self._names: tuple[str, ...] = ()
        self._probabilities: NDArray[Any] | None = None
        self._title = SectionTitle("Prediction")
        self.bars = named(PredictionBars(), "Probability of each class for this image")
        self.verdict = WrapLabel("", role="muted")
        fill(QVBoxLayout(self), self._title, self.bars, self.verdict)

    def set_few(self, few: bool) -> None:
        """Show only the most probable classes, where there is no room for all, or all of them."""
        most = _FEW if few else _ALL
        if most != self._most:
            self._most = most
            self._draw()

    def set_prediction(
        self, names: Sequence[str], probabilities: NDArray[Any] | None, text: str = ""
    ) -> None:
        """Show the probability of each class, or `text` while that is not known."""
        self._names, self._probabilities = tuple(names), probabilities
        if probabilities is not None:
            best = int(np.argmax(probabilities))
            text = f"Read as {names[best]} ({format_probabilities(probabilities.tolist())[best]})"
        self.verdict.set_text(text)
        self._draw()

    def _draw(self) -> None:
        names, probabilities = self._names, self._probabilities
        few = len(names) > self._most
        self._title.set_caption(f"the {self._most} most probable" if few else "")
        if probabilities is None:
            self.bars.set_probabilities(names[: self._most], None)
        else:
            chosen = most_probable(probabilities, None, self._most)
            texts = format_probabilities(probabilities.tolist(), longest=LONGEST)
            self.bars.set_probabilities(
                [names[i] for i in chosen], probabilities[chosen], texts=[texts[i] for i in chosen]
            )
