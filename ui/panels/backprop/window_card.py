"""One window of a pool: its values, what each rule sends where, and its part of the filter's gradient."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.functional.max_pooling import TIE_RULES
from cnnviz.inspect.receptive_field import stage_index
from cnnviz.layers import Activation
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_cell, format_power, format_signed, format_value
from cnnviz.routing import pool_after
from ui.cells.block import Block
from ui.cells.excerpt_map import ExcerptMap
from ui.controls.labels import SectionTitle, WrapLabel
from ui.controls.layouts import fill
from ui.panels.backprop.arithmetic import slopes_of
from ui.panels.backprop.focus import Focus, block_of
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.sentences import window_patches
from ui.panels.backprop.steps import Step
from ui.panels.backprop.windows import Place, focus_window
from ui.rows.value_list import ValueRow
from ui.theme import Theme, follow_theme


class WindowCard(QWidget):
    """Small maps of a window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values = ExcerptMap()
        self.outgoing = {rule: ExcerptMap() for rule in (*TIE_RULES, "linear")}
        self._names = {rule: QLabel(rule) for rule in (*TIE_RULES, "linear")}
        self.patch, self.term = ExcerptMap(), ExcerptMap()
        self._build_layout()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        for each in (self.values, *self.outgoing.values()):
            each.setFixedHeight(theme.px(88))
        for each in (self.patch, self.term):
            each.setFixedHeight(theme.px(124))

    def set_covered(self, covered: bool) -> None:
        """Cover what each cell gets, what the gradient is multiplied with, and the term, to be guessed."""
        for each in (self.patch, self.term, *self.outgoing.values()):
            each.set_covered(covered)

    def show_window(self, passed: Pass, step: Step, focus: Focus) -> tuple[str, list[ValueRow]]:
        """Show a window; return its title and its numbers."""
        channel = focus.channel(passed.network, step.stage)
        window = focus_window(passed, step, focus)
        routing = passed.routings[step.layer]
        size, distance = routing.pool.size, routing.pool.step
        row, col = window[0] * distance, window[1] * distance
        block = Block(row, col, size, size)
        values = routing.values[channel]
        routes = passed.routes(step.layer)
        shares = float(routes.shares[routes.of_window((channel, *window))].sum())
        self.values.set_excerpt(
            values,
            block,
            "signed",
            signed_levels(routing.values),
            is_precise=True,
            window=distance if size == distance else 0,
        )
        largest = [] if routing.winners is None else _winners(routing.winners[(channel, *window)], block)
        self.values.outline([] if focus.is_covered else largest, "winner")
        incoming = float(routing.incoming[(channel, *window)])
        self._show_outgoing(passed, step, channel, block)
        self._show_term(passed, step, focus, channel, window)
        title = f"Window of {step.layer}: {format_cell((channel, *window))}"
        lead = _lead(block.cut(values)) if len(largest) == 1 else None
        return title, _rows(incoming, largest, lead, shares)

    def _build_layout(self) -> None:
        for each in (self.values, self.patch, self.term, *self.outgoing.values()):
            each.show_lines()
            each.set_interactive(False)
            each.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.values.setToolTip("Values of the window; orange: its maximum")
        self.values.setAccessibleName("Values of the window")
        names = QGridLayout()
        names.setSpacing(6)
        names.addWidget(QLabel("values"), 0, 0)
        names.addWidget(self.values, 1, 0)
        for place, (rule, each) in enumerate(self.outgoing.items(), start=1):
            each.setToolTip("What each cell gets" + ("" if rule == "linear" else f" under “{rule}”"))
            each.setAccessibleName(f"Gradient sent into the window, {rule}")
            row, column = (0, 1) if rule == "linear" else divmod(place, 2)
            names.addWidget(self._names[rule], 2 * row, column)
            names.addWidget(each, 2 * row + 1, column)
        self._term_title = SectionTitle("Filter gradient")
        self.term.setAccessibleName("Term of the filter gradient")
        self.term.setToolTip(
            "The gradient of the window times what the filter saw: its share of each of the kernel's weights"
        )
        parts = QGridLayout()
        parts.setSpacing(6)
        self._patch_name, self._term_name = QLabel(), QLabel()
        parts.addWidget(self._patch_name, 0, 0)
        parts.addWidget(self._term_name, 0, 1)
        parts.addWidget(self.patch, 1, 0)
        parts.addWidget(self.term, 1, 1)
        self._note = WrapLabel("", small=True)
        fill(QVBoxLayout(self), names, self._term_title, parts, self._note, spacing=6)

    def _show_outgoing(self, passed: Pass, step: Step, channel: int, block: Block) -> None:
        routed = passed.routings[step.layer].routed
        levels = max((signed_levels(each) for each in routed.values()), key=lambda pair: pair[1])
        for rule, each in self.outgoing.items():
            shown = rule in routed
            each.setVisible(shown)
            self._names[rule].setVisible(shown)
            if shown:
                values = routed[rule][channel]
                each.set_excerpt(values, block, "signed", levels, struck=values == 0, is_precise=True)
                name = f"<b>{rule}</b>" if rule == passed.rule else "gets" if rule == "linear" else rule
                self._names[rule].setText(f"{name} {format_power(each.number_exponent)}")

    def _show_term(self, passed: Pass, step: Step, focus: Focus, channel: int, window: Place) -> None:
        layer = block_of(passed.network, step.stage)
        has_filter = f"{layer}.weight" in passed.network.params
        has_filter = has_filter and pool_after(passed.network, layer) == step.layer
        for widget in (self._term_title, self.patch, self.term, self._patch_name, self._term_name):
            widget.setVisible(has_filter)
        self._note.setVisible(False)
        if not has_filter:
            return
        gradient = passed.gradients.params[f"{layer}.weight"]
        source = passed.before(layer)
        place = focus.channel(passed.network, source)
        terms, slope = passed.terms(layer, channel), float(passed.gradient(step.layer)[(channel, *window)])
        patch, words = terms.seen[window][place], window_patches(passed, layer, channel, window)
        if focus.is_covered:
            words = "?"  # how many patches there are is how many cells get the gradient
        elif not (slope * patch).any():
            self._note.set_text(_why_nothing(passed, layer, step.layer, (channel, *window)))
            self._note.setVisible(True)
        self.patch.setAccessibleName("What the filter saw")
        self.patch.setToolTip(f"What the gradient of the window is multiplied with: {words}")
        self.patch.set_excerpt(patch, None, "signed", signed_levels(patch), is_precise=True)
        levels = signed_levels(gradient[channel])
        self.term.set_excerpt(slope * patch, None, "signed", levels, is_precise=True)
        self._term_title.set_caption(f"{format_signed(slope)} × {words}")
        self._patch_name.setText(
            f"{'patches' if 'patches' in words else 'patch'} {format_power(self.patch.number_exponent)}"
        )
        self._term_name.setText(f"term {format_power(self.term.number_exponent)}")


def _rows(incoming: float, largest: list[Place], lead: float | None, shares: float) -> list[ValueRow]:
    rows = [ValueRow("incoming", "arriving ∂L/∂q", format_signed(incoming, 5), "accent")]
    if largest:
        cells = ", ".join(map(str, largest))
        name, winner = ("winner", cells) if len(largest) == 1 else ("winners", f"{len(largest)} tied")
        rows.append(ValueRow("winner", name, winner, "warning", cells))
    if lead is not None:
        rows.append(ValueRow("lead", "ahead of the next by", format_value(lead, 4)))
    tip = "Sum of what the cells get; more than arrives only where “all” gives tied cells the whole of it"
    rows.append(ValueRow("outgoing", "sum sent on", format_signed(incoming * shares, 5), tooltip=tip))
    return rows


def _lead(window: NDArray[np.generic]) -> float | None:
    """By how much the maximum of a window is larger than the next number of it; None for a single cell."""
    ordered = np.sort(window.astype(np.float64), axis=None)
    return float(ordered[-1] - ordered[-2]) if ordered.size > 1 else None


def _winners(mask: NDArray[np.bool_], block: Block) -> list[Place]:
    return [(block.row + int(i), block.col + int(j)) for i, j in np.argwhere(mask).tolist()]


def _why_nothing(passed: Pass, layer: str, pool: str, window: tuple[int, int, int]) -> str:
    """Say why a window adds nothing to the gradient of the filter before it."""
    if not passed.gradient(pool)[window]:
        return "Nothing is added: no gradient arrives at this window."
    routes = passed.routes(pool)
    cells = tuple(routes.cells[routes.of_window(window)].T)
    follows = passed.network.layers[stage_index(passed.network, layer) + 1]
    if isinstance(follows[1], Activation) and not slopes_of(passed, follows[0])[cells].any():
        return "Nothing is added: the gate is closed at each cell that gets the gradient."
    return "Nothing is added: the filter saw only zeros there."
