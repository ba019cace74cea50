"""The gradient of a filter as a sum over windows, term by term."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from cnnviz.inspect.receptive_field import INPUT, window_geometry
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_signed
from cnnviz.routing import FilterTerms, ParameterTarget, pool_after
from ui.controls.buttons import IconButton
from ui.controls.choice_field import ChoiceField
from ui.controls.labels import SectionTitle, stand_in_a_row
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.backprop.arithmetic import Grid
from ui.panels.backprop.contents import MapContent, channel_title, side_by_side
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.sentences import window_patches
from ui.panels.backprop.step_view import StepView, offer_numbers
from ui.panels.backprop.steps import Step
from ui.plots.plot import Plot
from ui.plots.plot_content import Dot, Line, PlotContent
from ui.theme import Theme, follow_theme, mono_font

Blocks = tuple[tuple[int, int, int, int], ...]


class FilterView(StepView):
    """Input patch, gradient, their product; the sum so far, and the gradient that it converges to.

    Signals
    -------
    termsRequested : int
        How many terms to sum.
    """

    termsRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._grid.setHorizontalSpacing(theme.px(20))
        self._grid.setVerticalSpacing(theme.px(10))
        self._count.setFont(mono_font(theme.base_pt * 0.95, theme=theme))
        self._count.setMinimumWidth(self._count.fontMetrics().horizontalAdvance("0000 of 0000"))

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw the step."""
        self._shown = (passed, step, focus)
        layer, before = step.layer, passed.before(step.layer)
        kernel, channel = focus.channel(passed.network, layer), focus.channel(passed.network, before)
        terms = passed.terms(layer, kernel)
        count = len(terms.gradients)
        shown = count if focus.terms is None else min(max(focus.terms, 0), count)
        offer_numbers(self.filter, "filter", passed.network.shapes[layer][0], kernel)
        offer_numbers(self.channel, "input", passed.values(before).shape[0], channel)
        self._show_count(shown, count)
        for card in (self.term, self.sum):
            card.map.set_covered(focus.is_covered)
        self._show_cards(passed, step, terms, shown, (kernel, channel))
        self.plot.set_content(_convergence(terms, shown))

    def _build_widgets(self) -> None:
        self.input, self.arriving, self.term = MapCard(), MapCard(), MapCard()
        self.sum, self.total = MapCard(), MapCard()
        self.plot_title = SectionTitle("Distance", "of sum from gradient")
        tip = "‖sum of n terms − gradient‖ / ‖gradient‖; click to sum up to there"
        self.plot = named(Plot(), "Distance of the sum from the gradient", tip)
        self.filter = named(ChoiceField([]), "Filter", "Filter whose gradient is taken apart")
        self.channel = named(ChoiceField([]), "Input map", "Input map whose part of the filter is shown")
        self.first = IconButton("rotate-ccw", "First term alone")
        self.fewer = IconButton("chevron-left", "One term fewer")
        self.more = IconButton("chevron-right", "Add the next term")
        self.all = IconButton("skip-forward", "All terms")
        tip = "How many terms are summed, the largest first"
        self.slider = named(QSlider(Qt.Orientation.Horizontal), "Number of terms", tip)
        self._count = QLabel()

    def _build_layout(self) -> None:
        controls = fill(
            QHBoxLayout(),
            self.filter,
            self.channel,
            self.first,
            self.fewer,
            self.more,
            self.all,
            (self.slider, 1),
            self._count,
            spacing=8,
        )
        right = QWidget()
        fill(QVBoxLayout(right), self.plot_title, (self.plot, 1), spacing=4)
        stand_in_a_row(self.input.title, self.arriving.title, self.term.title)
        stand_in_a_row(self.sum.title, self.total.title, self.plot_title)
        self._grid = QGridLayout()
        cells = ((self.input, self.arriving, self.term), (self.sum, self.total, right))
        for row, widgets in enumerate(cells):
            for column, widget in enumerate(widgets):
                self._grid.addWidget(widget, row, column)
        for place in range(3):
            self._grid.setColumnStretch(place, 1)
        for place in range(2):
            self._grid.setRowStretch(place, 1)
        fill(QVBoxLayout(self), controls, (self._grid, 1), spacing=10)

    def _connect_signals(self) -> None:
        self.filter.choiceEdited.connect(self._on_filter_edited)
        self.channel.choiceEdited.connect(self._on_channel_edited)
        self.first.clicked.connect(self._on_first_clicked)
        self.fewer.clicked.connect(self._on_fewer_clicked)
        self.more.clicked.connect(self._on_more_clicked)
        self.all.clicked.connect(self._on_all_clicked)
        self.slider.valueChanged.connect(self.termsRequested)
        self.plot.xClicked.connect(self._on_plot_clicked)
        self.arriving.pointed.connect(self._on_arriving_pointed)
        self.arriving.left.connect(self._on_left)
        self.arriving.map.cellChosen.connect(self._on_window_chosen)
        for card in (self.input, self.total):
            card.chosen.connect(self.targetChosen)
        self.total.pointed.connect(self._on_weight_pointed)
        self.total.left.connect(self._on_left)
        for card in (self.term, self.sum):
            card.revealRequested.connect(self.revealRequested)

    def _show_count(self, shown: int, count: int) -> None:
        self.slider.blockSignals(True)
        self.slider.setRange(min(1, count), count)
        self.slider.setValue(shown)
        self.slider.blockSignals(False)
        self._count.setText(f"{shown} of {count}")
        self.fewer.setEnabled(shown > 1)
        self.first.setEnabled(shown > 1)
        self.more.setEnabled(shown < count)
        self.all.setEnabled(shown < count)

    def _show_cards(
        self, passed: Pass, step: Step, terms: FilterTerms, shown: int, numbers: tuple[int, int]
    ) -> None:
        kernel, channel = numbers
        layer, before = step.layer, passed.before(step.layer)
        gradient = passed.gradients.params[f"{layer}.weight"]
        place = tuple(int(axis) for axis in terms.places[shown - 1]) if shown else None
        patches = () if place is None else patch_blocks(passed, layer, kernel, place)
        outline = () if place is None else ((place[0], place[1], 1, 1),)
        self.input.show_map(_input_content(passed, before, channel, patches), None)
        self.arriving.show_map(_arriving_content(passed, layer, kernel, outline), None)
        levels = signed_levels(gradient[kernel])
        words = "patch" if place is None else window_patches(passed, layer, kernel, place)
        term, so_far = _kernel_contents(terms, shown, channel, levels, words)
        so_far, total = side_by_side(so_far, gradient_content(passed, layer, kernel, channel))
        for card, content in ((self.term, term), (self.sum, so_far), (self.total, total)):
            card.show_map(content, None)

    def _request(self, terms: int) -> None:
        self.termsRequested.emit(min(max(terms, self.slider.minimum()), self.slider.maximum()))

    def _on_first_clicked(self) -> None:
        self._request(1)

    def _on_fewer_clicked(self) -> None:
        self._request(self.slider.value() - 1)

    def _on_more_clicked(self) -> None:
        self._request(self.slider.value() + 1)

    def _on_all_clicked(self) -> None:
        self._request(self.slider.maximum())

    def _on_plot_clicked(self, x: float) -> None:
        self._request(round(x))

    def _on_filter_edited(self, key: str) -> None:
        if self._shown is not None:
            self.channelRequested.emit(self._shown[1].layer, int(key))

    def _on_channel_edited(self, key: str) -> None:
        if self._shown is not None:
            passed, step, _ = self._shown
            self.channelRequested.emit(passed.before(step.layer), int(key))

    def _on_arriving_pointed(self, row: int, col: int) -> None:
        content = self.arriving.content()
        if content is not None:
            self.cellPointed.emit(content.stage, content.grid.cell(row, col))

    def _on_weight_pointed(self, row: int, col: int) -> None:
        content = self.total.content()
        if content is not None:
            self.weightPointed.emit(content.target(row, col))

    def _on_window_chosen(self, row: int, col: int) -> None:
        """Go to the term of the window that was clicked."""
        if self._shown is None:
            return
        passed, step, focus = self._shown
        terms = passed.terms(step.layer, focus.channel(passed.network, step.layer))
        found = np.flatnonzero((terms.places == (row, col)).all(axis=1))
        if len(found):
            self._request(int(found[0]) + 1)


def patch_blocks(passed: Pass, layer: str, kernel: int, place: tuple[int, ...]) -> Blocks:
    """Blocks of the input that the term of a window (or of a cell) is made of."""
    geometry = window_geometry(passed.layer(layer))
    pool = pool_after(passed.network, layer)
    cells: list[tuple[int, int]] = [(place[0], place[1])]
    if pool is not None:
        routes = passed.routes(pool)
        found = routes.cells[routes.of_window((kernel, place[0], place[1]))]
        cells = [(int(row), int(col)) for _, row, col in found.tolist()]
    return tuple(
        (
            row * geometry.stride + geometry.offset,
            col * geometry.stride + geometry.offset,
            geometry.size,
            geometry.size,
        )
        for row, col in cells
    )


def gradient_content(passed: Pass, layer: str, kernel: int, channel: int) -> MapContent:
    """Gradient of the weights of one kernel."""
    gradient = passed.gradients.params[f"{layer}.weight"]

    def parameter(row: int, col: int) -> ParameterTarget:
        return ParameterTarget(f"{layer}.weight", (kernel, channel, row, col))

    return MapContent(
        "Gradient ∂L/∂w",
        "from the backward pass",
        "What backpropagation gives; click a weight to poke it",
        Grid(gradient[kernel, channel], None, None),
        signed_levels(gradient[kernel]),
        parameter=parameter,
        is_whole=True,
    )


def _kernel_contents(
    terms: FilterTerms, shown: int, channel: int, levels: tuple[float, float], words: str
) -> tuple[MapContent, MapContent]:
    """Return the last term that is summed, and the sum."""
    term = so_far = np.zeros(terms.patches.shape[-2:])
    slope = 0.0
    if shown:
        slope = float(terms.gradients[shown - 1])
        term, so_far = slope * terms.patches[shown - 1, channel], terms.cumulative[shown - 1, channel]
    return (
        MapContent(
            f"Term {shown}",
            f"{format_signed(slope)} × {words}",
            f"The gradient that arrives, times what the filter saw: {words}",
            Grid(term, None, None),
            levels,
            is_whole=True,
        ),
        MapContent(
            "Sum so far",
            f"first {shown} of {len(terms.gradients)}",
            "Sum of the terms up to this one",
            Grid(so_far, None, None),
            levels,
            is_whole=True,
        ),
    )


def _input_content(passed: Pass, stage: str, channel: int, patches: Blocks) -> MapContent:
    values = passed.values(stage)
    is_input = stage == INPUT
    return MapContent(
        "Patch",
        channel_title(passed, stage, channel),
        "What the filter reads; dashed: what this term is made of",
        Grid(values[channel], None, channel),
        (-0.5, 0.5) if is_input else signed_levels(values),
        "grey" if is_input else "signed",
        stage,
        outlines=(("receptive", patches),),
    )


def _arriving_content(passed: Pass, layer: str, kernel: int, outline: Blocks) -> MapContent:
    stage = pool_after(passed.network, layer) or layer
    gradient = passed.gradient(stage)
    return MapContent(
        f"Arriving ∂L/∂{passed.symbol(stage)}",
        channel_title(passed, stage, kernel),
        "Gradient that arrives; click a window to go to its term",
        Grid(gradient[kernel], None, kernel),
        signed_levels(gradient),
        stage=stage,
        outlines=(("winner", outline),),
    )


def _convergence(terms: FilterTerms, shown: int) -> PlotContent:
    count = len(terms.gradients)
    if not count:
        return PlotContent()
    cumulative = terms.cumulative.reshape(count, -1).astype(np.float64)
    total = terms.total.ravel().astype(np.float64)
    size = max(float(np.linalg.norm(total)), np.finfo(np.float64).tiny)
    distance = np.concatenate([[1.0], np.linalg.norm(cumulative - total, axis=1) / size])
    x = np.arange(count + 1, dtype=np.float64)
    dot = Dot(float(shown), float(distance[shown]))
    limits = (0.0, max(1.05, float(distance.max()) * 1.05))
    return PlotContent((Line("distance", x, distance),), (), (dot,), "terms", "", limits)
