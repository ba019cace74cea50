"""Steps whose arrays are maps side by side: dense layers, arriving gradients, activations."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.routing import Target
from ui.panels.backprop.contents import MapsContent, PickerContent, maps_content
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import Step
from ui.theme import Theme, follow_theme
from ui.widgets.color_bar import ColorBar
from ui.widgets.excerpt_map import Block, OverviewMap
from ui.widgets.labels import SectionTitle
from ui.widgets.map_grid import HeatMapGrid

_MOST_MAPS = 4
_MOST_PICKERS = 2


class Picker(QWidget):
    """Small maps to choose from, with a title."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = SectionTitle("")
        self.grid = HeatMapGrid()
        self.grid.set_tile_size(44, 84)
        self.bar = ColorBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.bar)
        self.content: PickerContent | None = None

    def show_content(self, content: PickerContent) -> None:
        """Show other maps."""
        self.content = content
        self.title.set_text(content.title)
        self.title.set_caption(f"{content.current} of 0–{len(content.maps) - 1}")
        self.grid.set_maps(content.maps, "signed", content.levels)
        self.grid.set_captions([str(n) for n in range(len(content.maps))] if len(content.maps) <= 16 else [])
        self.grid.set_current(content.current)
        self.grid.setToolTip(content.tooltip)
        self.grid.setAccessibleName(content.title)
        self.bar.set_scale("signed", *content.levels)


class MapsView(StepView):
    """Up to four maps that show the same block, an overview to move it, and pickers for filter and unit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Pass, Step, Focus] | None = None
        self._content: MapsContent | None = None
        self._side = 0
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(12))
        self._strip.setSpacing(theme.px(20))
        self.overview.setFixedWidth(theme.px(132))
        self._below.setMinimumHeight(theme.px(120))
        self._below.setMaximumHeight(theme.px(210))

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw a step."""
        self._shown = (passed, step, focus)
        content = maps_content(passed, step, focus)
        self._content = content
        for place, card in enumerate(self.cards):
            card.setVisible(place < len(content.maps))
        for place, sign in enumerate(self._signs):
            sign.setText(content.signs[place] if place < len(content.signs) else "")
            sign.setVisible(place < len(content.signs))
        self._draw_maps(focus)
        for place, picker in enumerate(self.pickers):
            picker.setVisible(place < len(content.pickers))
            if place < len(content.pickers):
                picker.show_content(content.pickers[place])

    def _build_widgets(self) -> None:
        self.cards = [MapCard() for _ in range(_MOST_MAPS)]
        self._signs = [QLabel() for _ in range(_MOST_MAPS - 1)]
        for sign in self._signs:
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
            sign.setProperty("role", "muted")
        self.overview = OverviewMap()
        self.overview.setToolTip("Drag the frame, or use the arrow keys, to choose the part that is enlarged")
        self.overview.setAccessibleName("Whole map")
        self._overview_title = SectionTitle("Whole map")
        self.pickers = [Picker() for _ in range(_MOST_PICKERS)]

    def _build_layout(self) -> None:
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        for place, card in enumerate(self.cards):
            if place:
                self._row.addWidget(self._signs[place - 1])
            self._row.addWidget(card, 1)
        self._left = QWidget()
        left = QVBoxLayout(self._left)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(4)
        left.addWidget(self._overview_title)
        left.addWidget(self.overview, 1)
        self._below = QWidget()
        self._strip = QHBoxLayout(self._below)
        self._strip.setContentsMargins(0, 0, 0, 0)
        self._strip.addWidget(self._left)
        for picker in self.pickers:
            self._strip.addWidget(picker, 1)
        self._strip.addStretch(0)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addLayout(self._row, 1)
        self._layout.addWidget(self._below)

    def _connect_signals(self) -> None:
        for card in self.cards:
            card.pointed.connect(partial(self._on_pointed, card))
            card.left.connect(self._on_left)
            card.chosen.connect(self._on_chosen)
        self.cards[0].resized.connect(self._on_resized)
        self.overview.centerRequested.connect(self._on_center_requested)
        for picker in self.pickers:
            picker.grid.mapSelected.connect(partial(self._on_picked, picker))

    def _draw_maps(self, focus: Focus) -> None:
        assert self._content is not None
        maps = self._content.maps
        self._side = self.cards[0].fitting_side()
        for content, card in zip(maps, self.cards, strict=False):
            block = _block(focus, self._side, content.grid.values.shape)
            card.show_map(content, block)
            at = focus.at(content.stage) if content.stage else ()
            card.outline_cell(content.grid.place(at) if at else None, "selected")
        main = maps[-1]
        shape = main.grid.values.shape
        block = _block(focus, self._side, shape)
        is_larger = shape[0] > block.rows or shape[1] > block.cols
        self._left.setVisible(is_larger)
        if is_larger:
            self._overview_title.set_text(main.title)
            self.overview.set_values(main.grid.values, main.colormap, main.levels)
            self.overview.set_frame(block)

    def _on_resized(self) -> None:
        if self._shown is not None and self.cards[0].fitting_side() != self._side:
            self._draw_maps(self._shown[2])

    def _on_pointed(self, card: MapCard, row: int, col: int) -> None:
        content = card.content()
        if content is None or content.target(row, col) is None:
            return
        if content.stage:
            self.cellPointed.emit(content.stage, content.grid.cell(row, col))
        elif not content.is_whole and self._content is not None:
            # A weight is pointed at by way of the cell that it reads.
            stage = next((each.stage for each in self._content.maps if each.stage), "")
            self.cellPointed.emit(stage, content.grid.cell(row, col))

    def _on_left(self) -> None:
        self.cellPointed.emit("", ())

    def _on_chosen(self, target: Target) -> None:
        self.targetChosen.emit(target)

    def _on_center_requested(self, row: float, col: float) -> None:
        rows, cols = self.overview.shape
        self.centerRequested.emit((row + 0.5) / rows, (col + 0.5) / cols)

    def _on_picked(self, picker: Picker, index: int) -> None:
        content = picker.content
        if content is not None:
            signal = self.channelRequested if content.kind == "channel" else self.unitRequested
            signal.emit(content.name, index)


def _block(focus: Focus, side: int, shape: tuple[int, ...]) -> Block:
    rows, cols = shape
    center = (focus.center[0] * rows - 0.5, focus.center[1] * cols - 0.5)
    return Block.around(center, side, (rows, cols))
