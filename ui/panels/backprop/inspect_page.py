"""The cell that is pointed at or pinned: its value, its gradient, the sum behind it; in a pool its window."""

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.receptive_field import Cell
from ui.panels.backprop.arithmetic import focus_cell, products_into, slopes_of, source_stage
from ui.panels.backprop.focus import Focus, describe_target, target_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.steps import Step, StepKind, is_maps
from ui.panels.backprop.window_card import WindowCard
from ui.widgets.labels import SectionTitle, WrapLabel
from ui.widgets.numbers import format_signed, format_value
from ui.widgets.value_list import ValueList, ValueRow

_TERMS = 6


class InspectPage(QWidget):
    """What there is to say about one cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle("")
        self.values = ValueList()
        self.values.setAccessibleName("Numbers of the cell")
        self.window_card = WindowCard()
        self._terms_title = SectionTitle("")
        self.terms = ValueList()
        self.terms.setAccessibleName("Largest terms of its sum")
        self.hint = WrapLabel("")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self.title, self.values, self.window_card, self._terms_title, self.terms, self.hint):
            layout.addWidget(widget)
        layout.addStretch(1)

    def show_cell(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Show the cell that a step is looked at with."""
        is_route = step.kind is StepKind.ROUTE
        self.window_card.setVisible(is_route)
        if is_route:
            title, rows = self.window_card.show_window(passed, step, focus)
            self.title.set_text(title)
            self.values.set_rows(rows)
            self._show_terms((), "")
        else:
            stage, cell = _looked_at(passed, step, focus)
            self.title.set_text(describe_target(target_of(stage, cell)))
            self.values.set_rows(_rows(passed, step, focus, stage, cell))
            self._show_sum(passed, step, stage, cell)
        pinned = focus.pinned is not None
        self.hint.set_text(
            "Esc frees the pinned cell."
            if pinned
            else "Point at a cell to see its numbers; click to pin and poke it."
        )

    def _show_sum(self, passed: Pass, step: Step, stage: str, cell: Cell) -> None:
        if step.kind not in (StepKind.ARRIVE, StepKind.INPUT):
            self._show_terms((), "")
            return
        products = products_into(passed, step.layer, cell)
        rows = [
            ValueRow(
                f"term{place}",
                product.label,
                f"{format_signed(product.weight, 2)} · {format_signed(product.gradient, 2)}"
                f" = {format_signed(product.value, 2)}",
            )
            for place, product in enumerate(products[:_TERMS])
        ]
        rest = products[_TERMS:]
        if rest:
            total = sum(product.value for product in rest)
            rows.append(ValueRow("rest", f"{len(rest)} more terms", format_signed(total, 2)))
        rows.append(ValueRow("sum", "sum", format_signed(float(passed.gradient(stage)[cell]), 4), "accent"))
        self._show_terms(tuple(rows), "weight · ∂L/∂z, the largest first")

    def _show_terms(self, rows: tuple[ValueRow, ...], caption: str) -> None:
        for widget in (self._terms_title, self.terms):
            widget.setVisible(bool(rows))
        self._terms_title.set_text("Sum")
        self._terms_title.set_caption(caption)
        self.terms.set_rows(rows)


def _looked_at(passed: Pass, step: Step, focus: Focus) -> tuple[str, Cell]:
    stage = source_stage(passed, step.layer) if step.kind is StepKind.DENSE else step.stage
    if step.kind is StepKind.FILTER and focus.at(passed.before(step.layer)):
        stage = passed.before(step.layer)
    channel = focus.channel(passed.network, stage) if is_maps(passed.network, stage) else 0
    at = focus.at(stage)
    if step.kind is StepKind.GATE:
        at = at or focus.at(step.layer)
    if not at and step.kind in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS):
        at = (0 if passed.has_one_logit else passed.label,)
    return stage, focus_cell(passed, stage, at, channel)


def _rows(passed: Pass, step: Step, focus: Focus, stage: str, cell: Cell) -> list[ValueRow]:
    value, gradient = float(passed.values(stage)[cell]), float(passed.gradient(stage)[cell])
    rows = [ValueRow("value", "value", format_signed(value, 5))]
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
        state = "closed" if slope == 0 else "open"
        rows.append(ValueRow("slope", f"slope f′(z), gate {state}", format_value(slope, 5)))
        rows.append(ValueRow("arriving", "arriving ∂L/∂a", format_signed(arriving, 5)))
    if step.kind not in (StepKind.OUTPUT, StepKind.LOSS):
        rows.append(ValueRow("gradient", "gradient ∂L/∂value", format_signed(gradient, 5), "accent"))
    if step.kind is StepKind.UPDATE:
        total = sum(float(np.abs(each).sum()) for each in passed.gradients.params.values())
        rows = [
            ValueRow("parameters", "parameters", f"{passed.network.parameter_count:,}"),
            ValueRow("absolute", "sum of |∂L/∂w|", format_value(total, 5)),
        ]
    return rows
