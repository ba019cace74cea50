"""The cell that is pointed at or pinned: its value, its gradient, the sum behind it; in a pool its window."""

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.inspect.receptive_field import Cell
from cnnviz.layers import Activation
from cnnviz.quantities import format_count, format_signed, format_together, format_value
from cnnviz.routing import ParameterTarget, Target
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.backprop.arithmetic import focus_cell, products_into, slopes_of, source_stage
from ui.panels.backprop.focus import Focus, describe_target, target_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.rule_card import RuleCard
from ui.panels.backprop.steps import Step, StepKind
from ui.panels.backprop.window_card import WindowCard
from ui.panels.backprop.windows import routed_cell
from ui.rows.value_list import ValueList, ValueRow

_TERMS = 6
_LENGTH = "Its length: the root of the sum of its squares, over all parameters"
#: Keys of the rows that a student may work out from the others.
_RESULTS = {"p", "loss", "product", "gradient", "winner", "outgoing", "after", "step"}


class InspectPage(QWidget):
    """What there is to say about one cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = WrapLabel(role="title")
        self.values = named(ValueList(), "Numbers of the cell")
        self.window_card = WindowCard()
        self.rules = RuleCard()
        self._terms_title = SectionTitle("Sum", "weight · ∂L/∂z, the largest first")
        self.terms = named(ValueList(), "Largest terms of its sum")
        self.hint = WrapLabel("")
        fill(
            QVBoxLayout(self),
            self.title,
            self.values,
            self.window_card,
            self._terms_title,
            self.terms,
            self.hint,
            self.rules,
            1,
            spacing=8,
        )

    def show_cell(
        self, passed: Pass, step: Step, focus: Focus, rate: float, target: Target | None = None
    ) -> None:
        """Show the cell that a step is looked at with, or the weight that is poked."""
        is_route = step.kind is StepKind.ROUTE
        self.window_card.setVisible(is_route)
        self.rules.show_rules(passed, step, focus)
        weight = focus.weight or (target if isinstance(target, ParameterTarget) else None)
        if is_route:
            title, rows = self.window_card.show_window(passed, step, focus)
            self._show_sum(None)
        elif weight is not None and step.kind in (StepKind.UPDATE, StepKind.FILTER, StepKind.DENSE):
            title, rows = describe_target(weight), weight_rows(passed, weight, rate)
            self._show_sum(None)
        elif step.kind is StepKind.UPDATE:
            title, rows = "All parameters", network_rows(passed, rate)
            self._show_sum(None)
        else:
            stage, cell = _looked_at(passed, step, focus)
            title, rows = describe_target(target_of(stage, cell)), _rows(passed, step, focus, stage, cell)
            is_sum = step.kind in (StepKind.ARRIVE, StepKind.INPUT)
            self._show_sum((passed, step.layer, stage, cell) if is_sum and not focus.is_covered else None)
        self.title.set_text(title)
        if focus.is_covered:  # and how far a winner is ahead tells that there is only one
            rows = [_covered(row) for row in rows if row.key != "lead"]
        self.values.set_rows(rows)
        self.window_card.set_covered(focus.is_covered)
        pinned = focus.pinned is not None
        self.hint.set_text(
            "Esc frees the pinned cell."
            if pinned
            else "Point at a cell or weight; click to pin it and to poke it."
        )

    def _show_sum(self, of: tuple[Pass, str, str, Cell] | None) -> None:
        """Write out the largest terms of a gradient's sum."""
        for widget in (self._terms_title, self.terms):
            widget.setVisible(of is not None)
        if of is None:
            return
        passed, layer, stage, cell = of
        products = products_into(passed, layer, cell)
        rows = [
            ValueRow(
                f"term{place}",
                f"{format_signed(product.weight)} · {format_signed(product.gradient)}",
                format_signed(product.value),
                tooltip=f"{product.label}: its weight times its ∂L/∂z",
            )
            for place, product in enumerate(products[:_TERMS])
        ]
        rest = products[_TERMS:]
        if rest:
            total = sum(product.value for product in rest)
            rows.append(ValueRow("rest", f"{len(rest)} more terms", format_signed(total)))
        rows.append(ValueRow("sum", "sum", format_signed(float(passed.gradient(stage)[cell]), 5), "accent"))
        self.terms.set_rows(rows)


def _covered(row: ValueRow) -> ValueRow:
    """Hide the number if it is a result, and what its name and tool tip tell of it."""
    if row.key == "winner":
        return replace(row, name="winner", text="?", tooltip="")
    return replace(row, text="?") if row.key in _RESULTS else row


def _looked_at(passed: Pass, step: Step, focus: Focus) -> tuple[str, Cell]:
    """Stage and cell that the numbers are of."""
    if step.kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS):
        return step.stage, focus.at(step.stage) or (0 if passed.has_one_logit else passed.label,)
    if step.kind is StepKind.DENSE:
        stage = source_stage(passed, step.layer)
        return stage, focus_cell(passed, stage, focus, passed.values(stage))
    if step.kind is StepKind.FILTER:
        before = passed.before(step.layer)
        stage = before if focus.at(before) else step.stage
        return stage, focus_cell(passed, stage, focus)
    if step.kind is StepKind.ROUTE:
        return step.stage, routed_cell(passed, step, focus)
    if step.kind is StepKind.GATE and focus.at(step.layer):
        return step.stage, focus.at(step.layer)
    return step.stage, focus_cell(passed, step.stage, focus)


def _rows(passed: Pass, step: Step, focus: Focus, stage: str, cell: Cell) -> list[ValueRow]:
    value, gradient = float(passed.values(stage)[cell]), float(passed.gradient(stage)[cell])
    symbol = passed.symbol(stage)
    rows = [ValueRow("value", f"value {symbol}", format_signed(value, 5))]
    if step.kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS):
        unit = 1 if passed.has_one_logit else cell[0]
        p = float(passed.probabilities[unit])
        rows.append(ValueRow("p", f"probability of class {passed.names[unit]}", format_value(p, 5)))
        rows.append(ValueRow("loss", "loss of the sample", format_value(passed.gradients.loss, 5)))
    if step.kind is StepKind.DENSE:
        unit = focus.unit(passed.network, step.layer)
        arriving = float(passed.gradient(step.layer)[unit])
        rows.append(ValueRow("arriving", f"∂L/∂z of unit {unit}", format_signed(arriving, 5)))
        rows.append(ValueRow("product", "∂L/∂w, their product", format_signed(arriving * value, 5), "accent"))
        return rows
    if step.kind is StepKind.GATE:
        arriving, slope = float(passed.gradient(step.layer)[cell]), float(slopes_of(passed, step.layer)[cell])
        layer = passed.layer(step.layer)
        has_gates = isinstance(layer, Activation) and layer.has_gates
        state = "" if not has_gates else ", gate closed" if slope == 0 else ", gate open"
        rows.append(ValueRow("slope", f"slope φ′({symbol}){state}", format_value(slope, 5)))
        rows.append(ValueRow("arriving", "arriving ∂L/∂a", format_signed(arriving, 5)))
    if step.kind not in (StepKind.OUTPUT, StepKind.LOSS):
        rows.append(ValueRow("gradient", f"gradient ∂L/∂{symbol}", format_signed(gradient, 5), "accent"))
    return rows


def weight_rows(passed: Pass, weight: ParameterTarget, rate: float) -> list[ValueRow]:
    """Numbers of one weight and of its update."""
    before = float(passed.network.params[weight.name][weight.index])
    gradient = float(passed.gradients.params[weight.name][weight.index])
    texts = format_together((before, before - rate * gradient), 8, format_signed, longest=13)
    return [
        ValueRow("before", "weight w", texts[0]),
        ValueRow("gradient", "gradient ∂L/∂w", format_signed(gradient, 6), "accent"),
        ValueRow("step", "step −η · ∂L/∂w", format_signed(-rate * gradient, 6)),
        ValueRow("after", "weight after the update", texts[1]),
    ]


def network_rows(passed: Pass, rate: float) -> list[ValueRow]:
    """Numbers of the whole update."""
    gradients = [np.asarray(each, dtype=np.float64) for each in passed.gradients.params.values()]
    length = float(np.sqrt(sum(float(np.square(each).sum()) for each in gradients)))
    return [
        ValueRow("count", "parameters", format_count(passed.network.parameter_count)),
        ValueRow("length", "gradient ‖∂L/∂w‖", format_value(length, 5), tooltip=_LENGTH),
        ValueRow("step", "step η‖∂L/∂w‖", format_value(rate * length, 5), tooltip=_LENGTH),
    ]
