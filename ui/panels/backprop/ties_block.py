"""Class to differentiate for, and rule for ties: what all steps depend on."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.functional.max_pooling import TIE_RULES
from cnnviz.quantities import format_count, format_percent
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.controls.segmented import SegmentedControl
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step, StepKind
from ui.panels.backprop.work import TieOutcome

_TIPS = {
    "first": "The first of the tied cells, row by row, takes the gradient (PyTorch)",
    "all": "Each tied cell takes the whole gradient (the exercise)",
    "split": "The tied cells share the gradient; the sum is kept",
}


class TiesBlock(QWidget):
    """Label, tie rule, and how many windows are tied.

    Signals
    -------
    labelRequested : int
    ruleRequested : str
    """

    labelRequested = Signal(int)
    ruleRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_widgets()
        self._build_layout()
        self.label.choiceEdited.connect(self._on_label_edited)
        self.rule.currentChanged.connect(self.ruleRequested)

    def show_pass(self, passed: Pass, step: Step, focus: Focus, test_set: TieOutcome | None) -> None:
        """Show label, rule and ties of a pass.

        Parameters
        ----------
        passed : Pass
        step : Step
        focus : Focus
        test_set : TieOutcome or None
            Count over the test images for the pool of this step, as far as it has come.
        """
        self._fill_labels(passed)
        has_ties = passed.rule is not None
        self._ties.setVisible(has_ties)
        if not has_ties or passed.rule is None:
            return
        self.rule.set_current(passed.rule)
        differs = passed.rule != passed.run_rule
        text = f"The run itself uses “{passed.run_rule}”. " if differs else ""
        is_pool = step.kind is StepKind.ROUTE and step.layer in passed.routings
        if is_pool:
            text += _tie_text(passed, step, focus, test_set)
        self.text.set_text(text.strip())
        self.text.setVisible(bool(text))

    def _build_widgets(self) -> None:
        tip = "Class that the loss asks for; another one than the sample's own shows its gradient"
        self.label = named(ChoiceField([]), "Class to differentiate for", tip)
        self.hint = WrapLabel("", small=True)
        self._ties = QWidget()
        self._title = SectionTitle("Ties")
        self.rule = named(SegmentedControl(TIE_RULES), "Rule for ties")
        for key, tip in _TIPS.items():
            self.rule.set_option_tooltip(key, tip)
        self.text = WrapLabel("")

    def _build_layout(self) -> None:
        row = fill(QHBoxLayout(), QLabel("Loss for class"), (self.label, 1), spacing=8)
        choice = fill(QHBoxLayout(), (self._title, 1), self.rule, spacing=8)
        fill(QVBoxLayout(self._ties), choice, self.text, spacing=6)
        fill(QVBoxLayout(self), row, self.hint, self._ties, spacing=6)

    def _fill_labels(self, passed: Pass) -> None:
        self.label.set_options([(str(place), name) for place, name in enumerate(passed.names)])
        self.label.set_choice(str(passed.label))
        own = passed.scene.sample.label
        if own is None:
            text = "This image has no label: the network's own guess is taken until you choose a class."
        elif own != passed.label:
            text = f"The sample's own class is {passed.names[own]}."
        else:
            text = ""
        tried = passed.trial.words
        if tried:
            text = f"{text} The network shown has {tried}; the run is unchanged.".strip()
        self.hint.set_text(text)
        self.hint.setVisible(bool(text))

    def _on_label_edited(self, key: str) -> None:
        self.labelRequested.emit(int(key))


def _tie_text(passed: Pass, step: Step, focus: Focus, test_set: TieOutcome | None) -> str:
    tied = passed.routings[step.layer].tied
    own = tied[focus.channel(passed.network, step.stage)]
    share = format_percent(float(tied.mean()), 0)
    text = f"{own.sum()} of {own.size} windows are tied in this map, {share} in all maps"
    if test_set is not None:
        images = (
            "the"
            if test_set.counted == test_set.total
            else f"{format_count(test_set.counted)} of {format_count(test_set.total)}"
        )
        text += f", {format_percent(test_set.rate.rate, 0)} over {images} test images"
    return f"{text}."
