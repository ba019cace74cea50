"""Class to differentiate for, and rule for ties: what all steps depend on."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.functional.max_pooling import TIE_RULES
from cnnviz.routing import TieRate
from ui.panels.backprop.focus import Focus, block_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step, StepKind
from ui.theme import Theme, follow_theme
from ui.theme.color_maps import signed_levels
from ui.widgets.choice_field import ChoiceField
from ui.widgets.color_bar import ColorBar
from ui.widgets.labels import SectionTitle, WrapLabel
from ui.widgets.map_grid import HeatMapGrid
from ui.widgets.segmented import SegmentedControl

_TIPS = {
    "first": "The first of the tied cells, row by row, takes the gradient (PyTorch)",
    "all": "Each tied cell takes the whole gradient (the exercise)",
    "split": "The tied cells share the gradient; the sum is kept",
}
_SAYS = {
    "first": "Under “first” one of the tied cells takes it all.",
    "all": "Under “all” each tied cell gets the full gradient.",
    "split": "Under “split” tied cells share it evenly.",
}


class TiesBlock(QWidget):
    """Label, tie rule, how many windows are tied, and what the rule does to the filter's gradient.

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
        self.filters.mapSelected.connect(self._on_filter_selected)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.filters.setFixedHeight(theme.px(76))

    def show_pass(self, passed: Pass, step: Step, focus: Focus, test_set: TieRate | None) -> None:
        """Show label, rule and ties of a pass.

        Parameters
        ----------
        passed : Pass
        step : Step
        focus : Focus
        test_set : TieRate or None
            Of the pool of this step over the test images, if it is known.
        """
        self._fill_labels(passed)
        has_ties = passed.rule is not None
        self._ties.setVisible(has_ties)
        if not has_ties or passed.rule is None:
            return
        self.rule.set_current(passed.rule)
        differs = passed.rule != passed.run_rule
        self._title.set_caption(f"the run uses “{passed.run_rule}”" if differs else "the run's rule")
        is_pool = step.kind is StepKind.ROUTE and step.layer in passed.routings
        self.text.setVisible(is_pool)
        if is_pool:
            self.text.set_text(_tie_text(passed, step, focus, test_set))
        layer = _filter_layer(passed, step)
        for widget in (self._filters_title, self.filters, self.bar):
            widget.setVisible(bool(layer))
        if layer:
            self._show_filters(passed, layer, focus)

    def _build_widgets(self) -> None:
        self.label = ChoiceField([])
        self.label.setAccessibleName("Class to differentiate for")
        self.label.setToolTip(
            "Class that the loss asks for; another one than the sample's own shows its gradient"
        )
        self.hint = WrapLabel("", small=True)
        self._ties = QWidget()
        self._title = SectionTitle("Ties")
        self.rule = SegmentedControl(TIE_RULES)
        self.rule.setAccessibleName("Rule for ties")
        for key, tip in _TIPS.items():
            self.rule.set_option_tooltip(key, tip)
        self.text = WrapLabel("")
        self._filters_title = SectionTitle("Filter gradient by rule")
        self.filters = HeatMapGrid()
        self.filters.set_tile_size(48, 56)
        self.filters.set_captions(TIE_RULES)
        self.filters.setAccessibleName("Filter gradient under each rule")
        self.filters.setToolTip("Gradient of this filter under each rule, on one scale; click to use a rule")
        self.bar = ColorBar()

    def _build_layout(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(QLabel("Loss for class"))
        row.addWidget(self.label, 1)
        line = QFrame()
        line.setProperty("role", "separator")
        ties = QVBoxLayout(self._ties)
        ties.setContentsMargins(0, 0, 0, 0)
        ties.setSpacing(6)
        for widget in (line, self._title, self.rule, self.text, self._filters_title, self.filters, self.bar):
            ties.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.hint)
        layout.addWidget(self._ties)

    def _fill_labels(self, passed: Pass) -> None:
        texts = [f"{name}" for name in passed.names]
        if texts != [self.label.itemText(place) for place in range(self.label.count())]:
            self.label.clear()
            for place, text in enumerate(texts):
                self.label.addItem(text, str(place))
        self.label.set_choice(str(passed.label))
        own = passed.request.sample.label
        if own is None:
            text = "This image has no label: the network's own guess is taken until you choose a class."
        elif own != passed.label:
            text = f"The sample's own class is {passed.names[own]}."
        else:
            text = ""
        self.hint.set_text(text)
        self.hint.setVisible(bool(text))

    def _show_filters(self, passed: Pass, layer: str, focus: Focus) -> None:
        network = passed.network
        kernel = focus.channel(network, layer)
        channel = focus.channel(network, passed.before(layer))
        name = f"{layer}.weight"
        maps = [passed.by_rule[rule].params[name][kernel, channel] for rule in TIE_RULES]
        levels = max((signed_levels(each) for each in maps), key=lambda pair: pair[1])
        self._filters_title.set_caption(f"filter {kernel}")
        self.filters.set_maps(maps, "signed", levels)
        self.filters.set_current(None if passed.rule is None else TIE_RULES.index(passed.rule))
        self.bar.set_scale("signed", *levels)

    def _on_label_edited(self, key: str) -> None:
        self.labelRequested.emit(int(key))

    def _on_filter_selected(self, index: int) -> None:
        self.ruleRequested.emit(TIE_RULES[index])


def _filter_layer(passed: Pass, step: Step) -> str:
    """Convolution whose gradient the rule changes, in the steps that are about it."""
    if step.kind is StepKind.FILTER:
        return step.layer
    if step.kind is StepKind.ROUTE:
        layer = block_of(passed.network, step.layer)
        return layer if f"{layer}.weight" in passed.network.params else ""
    return ""


def _tie_text(passed: Pass, step: Step, focus: Focus, test_set: TieRate | None) -> str:
    tied = passed.routings[step.layer].tied
    own = tied[focus.channel(passed.network, step.stage)]
    parts = [f"{own.sum()} of {own.size} windows are tied in this map, {tied.mean():.0%} in all maps"]
    if test_set is not None:
        parts.append(f" and {test_set.rate:.0%} over the test images")
    return f"{''.join(parts)}, mostly on blank background. {_SAYS[passed.rule or 'first']}"
