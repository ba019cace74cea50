"""Steps whose arrays are maps side by side: dense layers, arriving gradients, activations."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.cells.block import Block
from ui.controls.labels import stand_in_a_row
from ui.controls.layouts import fill
from ui.panels.backprop.contents import MapsContent, maps_content
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.map_card import MapCard
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.pickers import Overview, Picker
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import Step
from ui.theme import Theme, follow_theme, theme_manager

_MOST_MAPS = 3
_MOST_PICKERS = 2


class MapsView(StepView):
    """Up to three maps that show the same block, an overview to move it, and pickers for filter and unit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content: MapsContent | None = None
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._layout.setSpacing(theme.px(12))
        self._strip.setSpacing(theme.px(20))
        self._fit_strip()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the strip below the maps a share of the height."""
        super().resizeEvent(event)
        self._fit_strip()

    def show_step(self, passed: Pass, step: Step, focus: Focus) -> None:
        """Draw a step."""
        self._shown = (passed, step, focus)
        content = maps_content(passed, step, focus)
        self._content = content
        for place, card in enumerate(self.cards):
            card.setVisible(place < len(content.maps))
        for place, sign in enumerate(self._signs):
            sign.setText(content.signs[place].replace(" ", "\n") if place < len(content.signs) else "")
            sign.setVisible(place < len(content.signs))
        self._fit_strip()
        self._draw_maps(focus)
        for place, picker in enumerate(self.pickers):
            picker.show_content(content.pickers[place] if place < len(content.pickers) else None)
        self._below.setVisible(bool(content.pickers) or self.overview.isVisibleTo(self._below))

    def _build_widgets(self) -> None:
        self.cards = [MapCard() for _ in range(_MOST_MAPS)]
        stand_in_a_row(*(card.title for card in self.cards))
        self._signs = [QLabel() for _ in range(_MOST_MAPS - 1)]
        for sign in self._signs:
            sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
            sign.setProperty("role", "muted")
        self.overview = Overview()
        self.pickers = [Picker() for _ in range(_MOST_PICKERS)]

    def _build_layout(self) -> None:
        self._row = fill(QHBoxLayout(), spacing=6)
        for place, card in enumerate(self.cards):
            if place:
                self._row.addWidget(self._signs[place - 1])
            self._row.addWidget(card, 1)
        self._below = QWidget()
        self._strip = fill(QHBoxLayout(self._below), self.overview)
        for picker in self.pickers:
            self._strip.addWidget(picker, 1)
        self._strip.addStretch(0)
        self._layout = fill(QVBoxLayout(self), (self._row, 1), self._below)

    def _connect_signals(self) -> None:
        for card in self.cards:
            self._pass_on(card, partial(self._on_pointed, card))
        self.cards[0].resized.connect(self._on_resized)
        self.overview.centerRequested.connect(self.centerRequested)
        for picker in self.pickers:
            picker.picked.connect(self._on_picked)

    def _draw_maps(self, focus: Focus) -> None:
        assert self._content is not None
        maps = self._content.maps
        self._side = self.cards[0].fitting_side()
        for content, card in zip(maps, self.cards, strict=False):
            card.show_map(content, block_of_focus(focus, self._side, content.grid.values.shape))
        for place, card in enumerate(self.cards):
            card.map.set_covered(focus.is_covered and place == len(maps) - 1)
        main = maps[-1]
        stage = next((each.stage for each in maps if each.stage), "")
        for content, card in zip(maps, self.cards, strict=False):
            # Weights and gradients of one shape are looked at together, place by place.
            own = content.stage or (stage if not content.is_whole else "")
            for role, at in (("selected", focus.pinned_at(own)), ("hover", focus.pointed_at(own))):
                card.outline_cell(content.grid.place(at) if at else None, role)
        self.overview.show_map(main, block_of_focus(focus, self._side, main.grid.values.shape))

    def _fit_strip(self) -> None:
        """Give the strip what the maps cannot use: they are square, and as wide as their columns."""
        px = theme_manager().theme.px
        count = 1 if self._content is None else len(self._content.maps)
        column = self.width() // max(count, 1) - px(40)
        spare = self.height() - column - px(60)
        self._below.setFixedHeight(min(max(spare, round(self.height() * 0.3), px(112)), px(300)))

    def _on_resized(self) -> None:
        if self._shown is not None and self.cards[0].fitting_side() != self._side:
            self._draw_maps(self._shown[2])

    def _on_pointed(self, card: MapCard, row: int, col: int) -> None:
        content = card.content()
        if content is None or content.target(row, col) is None or self._content is None:
            return
        if content.stage:
            self.cellPointed.emit(content.stage, content.grid.cell(row, col))
        elif not content.is_whole:
            # A weight is pointed at together with the cell that it reads.
            stage = next((each.stage for each in self._content.maps if each.stage), "")
            self.cellPointed.emit(stage, content.grid.cell(row, col))
        self.weightPointed.emit(content.target(row, col) if content.parameter is not None else None)


def block_of_focus(focus: Focus, side: int, shape: tuple[int, ...], step: int = 1) -> Block:
    """Block of a map round the place that is looked at.

    Parameters
    ----------
    focus : Focus
    side : int
        Cells along a side.
    shape : tuple of int
        Rows and columns of the map.
    step : int
        The corner lies on a multiple of it.

    Returns
    -------
    Block
    """
    rows, cols = shape
    center = (focus.center[0] * rows - 0.5, focus.center[1] * cols - 0.5)
    return Block.around(center, side, (rows, cols), step)
