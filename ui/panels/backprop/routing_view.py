"""The step through a pool: windows, winners, losers, ties, and the line from a gradient to where it lands."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.inspect.receptive_field import Cell
from cnnviz.layers import Pool
from cnnviz.palette import signed_levels
from ui.cells.link_overlay import Link, LinkOverlay
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import stand_in_a_row
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.backprop.arithmetic import Grid
from ui.panels.backprop.contents import MapContent, PickerContent, channel_title
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.maps_view import block_of_focus
from ui.panels.backprop.passes import Pass, contrast_pools
from ui.panels.backprop.pickers import Overview, Picker
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import Step
from ui.panels.backprop.windows import (
    ChannelRouting,
    channel_routing,
    focus_window,
    window_cells,
)
from ui.theme import Theme, follow_theme, theme_manager


class RoutingView(StepView):
    """Values with windows and winners; the gradient that arrives; the gradient after routing.

    Signals
    -------
    contrastRequested : str
        Kind of pool to route through, "" for the network's own.
    """

    contrastRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        for layout in (self._top, self._bottom):
            layout.setSpacing(theme.px(20))
        self._layout.setSpacing(theme.px(10))
        self._fit_top()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the upper row a share of the height."""
        super().resizeEvent(event)
        self._fit_top()

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw the step."""
        self._shown = (passed, step, focus)
        channel = focus.channel(passed.network, step.stage)
        incoming = passed.routings[step.layer].incoming
        self._fill_contrasts(passed, step, focus)
        self._draw_maps()
        if len(incoming) > 1:
            title, tip = "∂L/∂q by filter", "Choose a filter; all maps are on one scale"
            levels = signed_levels(incoming)
            self.picker.show_content(
                PickerContent(title, tip, incoming, levels, channel, "channel", step.stage)
            )
        else:
            self.picker.show_content(None)

    def _build_widgets(self) -> None:
        self.values, self.arriving, self.routed = MapCard(), MapCard(), MapCard()
        self.overview, self.picker = Overview(), Picker()
        tip = "How other kinds of pooling would spread the same gradient over the same windows"
        self.contrast = named(ChoiceField([]), "Kind of pooling", tip)
        self.contrast.setSizeAdjustPolicy(ChoiceField.SizeAdjustPolicy.AdjustToContents)

    def _build_layout(self) -> None:
        self._upper = QWidget()
        self._top, self._bottom = QHBoxLayout(self._upper), QHBoxLayout()
        self._top.setContentsMargins(0, 0, 0, 0)
        left = fill(QHBoxLayout(), self.overview, (self.picker, 1), spacing=16)
        self._top.addLayout(left, 1)
        self._top.addWidget(self.arriving, 1)
        self._bottom.addWidget(self.values, 1)
        self._bottom.addWidget(self.routed, 1)
        self.arriving.add_to_title(self.contrast)
        stand_in_a_row(self.values.title, self.routed.title)
        self._layout = fill(QVBoxLayout(self), self._upper, (self._bottom, 1))
        self.links = LinkOverlay(self.arriving.map, self.routed.map, self)

    def _connect_signals(self) -> None:
        for card in (self.values, self.arriving, self.routed):
            is_pooled = card is self.arriving
            self._pass_on(card, self._on_arriving_pointed if is_pooled else self._on_values_pointed)
        self.values.resized.connect(self._on_resized)
        self.overview.centerRequested.connect(self.centerRequested)
        self.picker.picked.connect(self._on_picked)
        self.contrast.choiceEdited.connect(self.contrastRequested)

    def _fill_contrasts(self, passed: Pass, step: Step, focus: Focus) -> None:
        pool = passed.layer(step.layer)
        assert isinstance(pool, Pool)
        own = pool.short.lower() + ("" if pool.tie_rule is None else f", {passed.rule}")
        options = [("", own)] + [(name, other.short.lower()) for name, other in contrast_pools(pool).items()]
        self.contrast.set_options(options)
        self.contrast.set_choice(focus.contrast if focus.contrast in dict(options) else "")

    def _draw_maps(self) -> None:
        assert self._shown is not None
        passed, step, focus = self._shown
        routing = passed.routings[step.layer]
        size, distance = routing.pool.size, routing.pool.step
        channel = focus.channel(passed.network, step.stage)
        self._side = self._fitting_side(size)
        contrast = focus.contrast if focus.contrast in contrast_pools(routing.pool) else ""
        own = channel_routing(passed, step, channel, contrast)
        block = block_of_focus(focus, self._side, routing.values.shape[1:], distance)
        pooled_block = block.divided(distance, (routing.pooled.shape[1], routing.pooled.shape[2]))
        values, routed = (
            _values_content(passed, step, channel, own, is_covered=focus.is_covered),
            _routed_content(passed, step, channel, own, is_covered=focus.is_covered),
        )
        for card, content, part, window in (
            (self.values, values, block, distance),
            (self.routed, routed, block, distance),
            (self.arriving, _arriving_content(passed, step, channel), pooled_block, 0),
        ):
            card.show_map(content, part, window)
        self.routed.map.set_covered(focus.is_covered)
        self.overview.show_map(values, block, distance)
        self._draw_window(own, contrast)

    def _draw_window(self, own: ChannelRouting, contrast: str) -> None:
        assert self._shown is not None
        passed, step, focus = self._shown
        channel = focus.channel(passed.network, step.stage)
        window = focus_window(passed, step, focus)
        row, col = window[0] * own.step, window[1] * own.step
        for card in (self.values, self.routed):
            card.map.outline_blocks(((row, col, own.size, own.size),), "selected")
        self.arriving.outline_cell(window, "selected")
        cells = window_cells(passed, step, channel, window, contrast)
        self.links.set_links([] if focus.is_covered else [Link(window, cell) for cell in cells])

    def _fit_top(self) -> None:
        px, height = theme_manager().theme.px, self.height()
        most = max(px(230), round(0.28 * height))
        self._upper.setFixedHeight(min(max(round(0.34 * height), px(122)), most))

    def _fitting_side(self, size: int) -> int:
        side = self.values.fitting_side()
        # One window alone would be a picture without its neighbours.
        return max(side - side % size, 2 * size if size == 2 else size)

    def _on_resized(self) -> None:
        if self._shown is not None:
            passed, step, _ = self._shown
            size = passed.routings[step.layer].pool.size
            if self._fitting_side(size) != self._side:
                self._draw_maps()

    def _on_values_pointed(self, row: int, col: int) -> None:
        if self._shown is not None:
            self._point(self._shown[1].stage, row, col)

    def _on_arriving_pointed(self, row: int, col: int) -> None:
        if self._shown is not None:
            self._point(self._shown[1].layer, row, col)

    def _point(self, stage: str, row: int, col: int) -> None:
        assert self._shown is not None
        passed, step, focus = self._shown
        cell: Cell = (focus.channel(passed.network, step.stage), row, col)
        self.cellPointed.emit(stage, cell)


def _values_content(
    passed: Pass, step: Step, channel: int, own: ChannelRouting, *, is_covered: bool
) -> MapContent:
    values = passed.values(step.stage)
    is_max = bool(own.winners.any()) and not is_covered  # the winners are what is to be guessed
    marks = (("winner", "winner"), ("hatched", "tied")) if is_max else ()
    return MapContent(
        f"Values {passed.symbol(step.stage)}",
        channel_title(passed, step.stage, channel),
        "What the pool reads; thick lines divide its windows. Tied cells are equal to the last bit. Click a "
        "cell to pin and poke it",
        Grid(values[channel], None, channel),
        signed_levels(values),
        stage=step.stage,
        hatched=own.tied if is_max else None,
        marks=marks,
        outlines=(("winner", _blocks(own.winners)),) if is_max else (),
    )


def _routed_content(
    passed: Pass, step: Step, channel: int, own: ChannelRouting, *, is_covered: bool
) -> MapContent:
    is_told = not is_covered
    return MapContent(
        "Gradient after routing",
        "",
        "What each cell gets. An explicit 0 marks a cell that no gradient is sent to",
        Grid(own.routed, None, channel),
        _levels(passed, step),
        stage=step.stage,
        hatched=(own.tied & own.receives) if own.winners.any() and is_told else None,
        struck=~own.receives if is_told else None,
        marks=(("struck", "gets 0"),) if is_told and not own.receives.all() else (),
        outlines=(("winner", _blocks(own.winners & own.receives)),) if is_told else (),
    )


def _arriving_content(passed: Pass, step: Step, channel: int) -> MapContent:
    return MapContent(
        "Arriving ∂L/∂q",
        channel_title(passed, step.layer, channel),
        "Gradient of the loss at each pooled cell",
        Grid(passed.gradient(step.layer)[channel], None, channel),
        _levels(passed, step),
        stage=step.layer,
    )


def _levels(passed: Pass, step: Step) -> tuple[float, float]:
    """One scale for what arrives and what is passed on."""
    both = (signed_levels(passed.gradient(step.layer)), signed_levels(passed.gradient(step.stage)))
    return max(both, key=lambda levels: levels[1])


def _blocks(mask: NDArray[np.bool_]) -> tuple[tuple[int, int, int, int], ...]:
    return tuple((int(row), int(col), 1, 1) for row, col in zip(*mask.nonzero(), strict=True))
