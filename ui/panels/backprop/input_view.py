"""The end of the way: the gradient at the pixels, over the digit and in numbers."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.inspect.receptive_field import INPUT, Cell
from cnnviz.layers import Conv2D
from cnnviz.palette import signed_levels
from ui.cells.saliency_map import SaliencyMap
from ui.controls.labels import SectionTitle
from ui.controls.layouts import fill
from ui.controls.naming import named
from ui.panels.backprop.arithmetic import Grid, filter_parts
from ui.panels.backprop.contents import MapContent, PickerContent, channel_title
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.maps_view import block_of_focus
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.pickers import Picker
from ui.panels.backprop.scaled_bar import ScaledBar
from ui.panels.backprop.sentences import pixels_at_ties
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import Step
from ui.theme import Theme, follow_theme

_DRAG = "Drag the frame to choose the part in numbers"


class InputView(StepView):
    """Saliency over the digit, where the block is moved; the block in numbers; each filter's part."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._build_widgets()
        self._build_layout()
        self._pass_on(self.pixels, self._on_pointed)
        self.pixels.resized.connect(self._on_resized)
        self.saliency.centerRequested.connect(self._on_center_requested)
        self.picker.picked.connect(self._on_picked)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._row.setSpacing(theme.px(24))
        self.picker.setMaximumHeight(theme.px(190))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the digit no more height than its width can use."""
        super().resizeEvent(event)
        self.saliency.setMaximumHeight(max(self.width() // 2 - self._row.spacing() // 2, 56))

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw the step."""
        self._shown = (passed, step, focus)
        channel = focus.channel(passed.network, INPUT)
        gradient = passed.gradient(INPUT)
        levels = signed_levels(gradient)
        self.saliency.set_values(passed.values(INPUT)[channel], "grey", (-0.5, 0.5))
        self.saliency.set_overlay(gradient[channel], levels[1])
        self.saliency.setToolTip(f"∂L/∂x over the image: {_meaning(passed)}. {_DRAG}")
        self.bar.set_scale("signed", levels)
        self.saliency.set_covered(focus.is_covered)
        self._draw_pixels()
        layer = passed.layer(step.layer)
        if isinstance(layer, Conv2D) and layer.filters > 1:
            parts = filter_parts(passed, step.layer, channel)
            tip = "What each filter sends back to the pixels; the parts add up to ∂L/∂x. Choose a filter"
            current = focus.channel(passed.network, step.layer)
            title = "Part of each filter"
            self.picker.show_content(
                PickerContent(title, tip, parts, signed_levels(parts), current, "channel", step.layer)
            )
        else:
            self.picker.show_content(None)

    def _build_widgets(self) -> None:
        self.title = SectionTitle("Saliency", "gradient at the input, over the image")
        self.saliency = named(SaliencyMap(), "Saliency")
        self.saliency.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.bar = ScaledBar()
        self.pixels = MapCard()
        self.picker = Picker()

    def _build_layout(self) -> None:
        left = fill(QVBoxLayout(), self.title, (self.saliency, 1), self.bar, 0, spacing=4)
        self._row = fill(QHBoxLayout(), (left, 1), (self.pixels, 1))
        fill(QVBoxLayout(self), (self._row, 3), (self.picker, 1), spacing=12)

    def _draw_pixels(self) -> None:
        assert self._shown is not None
        passed, _, focus = self._shown
        channel = focus.channel(passed.network, INPUT)
        gradient = passed.gradient(INPUT)
        self._side = self.pixels.fitting_side()
        block = block_of_focus(focus, self._side, gradient.shape[1:])
        content = MapContent(
            "Gradient ∂L/∂x",
            channel_title(passed, INPUT, channel),
            f"Gradient at each pixel: {_meaning(passed)}; click a pixel to poke it",
            Grid(gradient[channel], None, channel),
            signed_levels(gradient),
            stage=INPUT,
        )
        self.pixels.show_map(content, block)
        self.pixels.map.set_covered(focus.is_covered)
        at = focus.at(INPUT)
        self.pixels.outline_cell(content.grid.place(at) if at else None, "selected")
        self.saliency.set_frame(block)

    def _on_resized(self) -> None:
        if self._shown is not None and self.pixels.fitting_side() != self._side:
            self._draw_pixels()

    def _on_pointed(self, row: int, col: int) -> None:
        if self._shown is not None:
            passed, _, focus = self._shown
            cell: Cell = (focus.channel(passed.network, INPUT), row, col)
            self.cellPointed.emit(INPUT, cell)

    def _on_center_requested(self, row: float, col: float) -> None:
        rows, cols = self.saliency.shape
        self.centerRequested.emit((row + 0.5) / rows, (col + 0.5) / cols)


def _meaning(passed: Pass) -> str:
    if passed.ties_reach_input:
        return f"red positive, blue negative. {pixels_at_ties(passed).rstrip('.')}"
    return "red where a brighter pixel raises the loss, blue where it lowers it"
