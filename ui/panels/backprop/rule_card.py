"""What the rule for ties does to the gradient of a filter."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.functional.max_pooling import TIE_RULES
from cnnviz.palette import signed_levels
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.backprop.focus import Focus, block_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.scaled_bar import ScaledBar
from ui.panels.backprop.steps import Step, StepKind
from ui.theme import Theme, follow_theme
from ui.tiles.map_grid import HeatMapGrid


class RuleCard(QWidget):
    """Gradient of one kernel under each rule, on one scale; a click takes the rule.

    Signals
    -------
    ruleRequested : str
    """

    ruleRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle("Filter gradient by rule")
        tip = "Gradient of this filter under each rule, on one scale; click to use a rule"
        self.maps = named(HeatMapGrid(), "Filter gradient under each rule", tip)
        self.maps.set_tile_size(64, 72)
        self.maps.set_captions(TIE_RULES)
        self.bar = ScaledBar()
        fill(QVBoxLayout(self), self.title, self.maps, self.bar, spacing=4)
        self.maps.mapSelected.connect(self._on_map_selected)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self.maps.setFixedHeight(theme.px(92))

    def show_rules(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Show the filter that a step is about; hide where there is none, or no rule."""
        layer = _filter_layer(passed, step)
        self.setVisible(bool(layer))
        if not layer:
            return
        network = passed.network
        kernel, channel = focus.channel(network, layer), focus.channel(network, passed.before(layer))
        maps = [passed.by_rule[rule].params[f"{layer}.weight"][kernel, channel] for rule in TIE_RULES]
        levels = max((signed_levels(each) for each in maps), key=lambda pair: pair[1])
        self.title.set_caption(f"{layer}, filter {kernel}")
        self.maps.set_maps(maps, "signed", levels)
        self.maps.set_current(None if passed.rule is None else TIE_RULES.index(passed.rule))
        self.bar.set_scale("signed", levels)

    def _on_map_selected(self, index: int) -> None:
        self.ruleRequested.emit(TIE_RULES[index])


def _filter_layer(passed: Pass, step: Step) -> str:
    """Convolution whose gradient the rule changes, in the steps that are about it."""
    if passed.rule is None:
        return ""
    if step.kind is StepKind.FILTER:
        return step.layer
    if step.kind is StepKind.ROUTE:
        layer = block_of(passed.network, step.layer)
        return layer if f"{layer}.weight" in passed.network.params else ""
    return ""
