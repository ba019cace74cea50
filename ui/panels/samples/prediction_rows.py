"""A prediction, as bars and in words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QVBoxLayout

from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.naming import named
from ui.rows.prediction_bars import PredictionBars


class PredictionRows:
    """Title, bars and verdict, which stand below one another in a layout.

    * `name`: accessible name of the bars.
    * `tip`: their tool tip.
    """

    def __init__(self, layout: QVBoxLayout, name: str, tip: str = "") -> None:
        self._title = SectionTitle("Prediction")
        self.bars = named(PredictionBars(), name, tip)
        self.verdict = WrapLabel("", role="muted", lively=True)
        for widget in (self._title, self.bars, self.verdict):
            layout.addWidget(widget)

    def draw(
        self,
        names: Sequence[str],
        probabilities: NDArray[np.floating] | None,
        verdict: str,
        most: int,
        label: int | None = None,
    ) -> None:
        """Show so many classes at most, the true one among them; without probabilities, empty bars."""
        self._title.set_caption(f"the {most} most probable" if len(names) > most else "")
        self.bars.set_probabilities(names, probabilities, label, most)
        self.verdict.set_text(verdict)
