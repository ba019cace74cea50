"""The prediction for the current sample, as bars and in words."""

from PySide6.QtWidgets import QVBoxLayout

from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.naming import named
from ui.panels.samples.prediction import Prediction
from ui.panels.samples.wording import most_probable, verdict_of
from ui.rows.prediction_bars import PredictionBars


class PredictionRows:
    """Title, bars and verdict, which stand below one another in a layout of the panel."""

    def __init__(self, layout: QVBoxLayout) -> None:
        self._title = SectionTitle("Prediction")
        tip = (
            "Probability the network gives to each class for the current sample; "
            "the tick marks its true class"
        )
        self.bars = named(PredictionBars(), "Probability of each class", tip)
        self.verdict = WrapLabel("", role="muted")
        for widget in (self._title, self.bars, self.verdict):
            layout.addWidget(widget)

    def clear(self) -> None:
        """Show that nothing is known."""
        self.bars.set_probabilities((), None)
        self.verdict.set_text("")

    def draw(self, prediction: Prediction, most: int) -> None:
        """Show so many classes at most, the true one among them."""
        probabilities, label = prediction.probabilities, prediction.scene.sample.label
        chosen = most_probable(probabilities, label, most)
        few = len(chosen) < len(probabilities)
        self._title.set_caption(f"the {len(chosen)} most probable" if few else "")
        names = [prediction.scene.classes[i] for i in chosen]
        self.bars.set_probabilities(
            names, probabilities[chosen], None if label is None else chosen.index(label)
        )
        self.verdict.set_text(verdict_of(prediction))
