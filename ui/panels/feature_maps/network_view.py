"""The network with its linked cells: columns above, the arithmetic of the marked cell below."""

import time
from dataclasses import replace
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.covers import Secret
from cnnviz.drawing import Ask
from ui.controls.key_moves import arrow_step
from ui.controls.layouts import fill
from ui.controls.pointed import PointedWidget
from ui.panels.feature_maps.arithmetic import ArithmeticView, PinCell, ShowPart
from ui.panels.feature_maps.explain import Explained, Look, explain, shown_pin
from ui.panels.feature_maps.flow import FlowView
from ui.panels.feature_maps.height_splitter import HeightSplitter
from ui.panels.feature_maps.painting import paint_now
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.plan import Kind
from ui.panels.feature_maps.sweep import Sweep
from ui.state import AppState, PinnedCell
from ui.theme import Theme, follow_theme

_MOMENT = 0.25
"""Seconds after a movement in which the pointer counts as moving."""


class NetworkView(QWidget):
    """Shows a picture where the user looks: `explain` says what follows from it.

    * `state`: says which cell is pinned.
    * `picture`: what is shown, with the limits of the colours in force.
    * `explained`: what is shown of it where the user looks.
    * `valueLineChanged`: what is under the pointer, or marked.
    """

    pinRequested = Signal(object)
    valueLineChanged = Signal(str)

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.picture: Picture | None = None
        self.explained: Explained | None = None
        self._look = Look()
        self._pointed_time = -_MOMENT
        self.flow = FlowView()
        self.sweep = Sweep(self._sweep_start, self)
        self.arithmetic = ArithmeticView(self.sweep, self.answer)
        self.splitter = HeightSplitter(self.flow, self.arithmetic)
        fill(QVBoxLayout(self), self.splitter)
        self._connect_signals()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def draw(self, picture: Picture) -> None:
        """Show a picture; where the user looked in another network is forgotten."""
        earlier, self.picture = self.picture, picture
        if earlier is None or picture.plan is not earlier.plan:
            self._look = Look(covers=self._look.covers, hides_fields=self._look.hides_fields)
            self.sweep.end()
            self._share_height(self._theme)
        self._redraw()

    def draw_pin(self) -> None:
        """Show which cell is pinned now; that ends a sweep."""
        if self._shown_pin() is not None:
            self.sweep.end()
        self._redraw()

    def marked_cell(self) -> PinnedCell | None:
        """Cell whose links and arithmetic are shown."""
        return None if self.explained is None else self.explained.cell

    def is_pointed_at(self) -> bool:
        """Whether the pointer has moved over the cells a moment ago."""
        return time.monotonic() - self._pointed_time < _MOMENT

    @property
    def look(self) -> Look:
        """Where the user looks."""
        return self._look

    def look_at(self, look: Look) -> None:
        """Look elsewhere; pinned cell and sweep are not chosen by it."""
        self._look = look
        self._redraw()

    def set_covers(self, covers: bool, *, hides_fields: bool = False) -> None:
        """Cover what the network computes, to be guessed first, and what a cell depends on; or show it."""
        self.look_at(replace(self._look, covers=covers, hides_fields=hides_fields))

    def select_channel(self, group: int, channel: int) -> None:
        """Choose a channel; a pinned cell of the group moves to it."""
        picture = self.picture
        if picture is None:
            return
        pinned = self._shown_pin()
        self._look = self._look.choosing(group, channel)
        if pinned is not None and picture.plan.group_of(pinned.stage) == group:
            self.pinRequested.emit(PinnedCell(pinned.stage, (channel, *pinned.index[1:])))
        self._redraw()

    def choose_part(self, channel: int | None) -> None:
        """Write out an input channel of the marked cell; None for the one chosen in the group before."""
        cell = self.marked_cell()
        part = None if cell is None or channel is None else (cell.stage, channel)
        self.look_at(replace(self._look, part=part))

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._share_height(theme)

    def _redraw(self) -> None:
        """Show the picture anew: the one way in which anything here changes."""
        picture = self.picture
        if picture is None:
            return
        look = replace(self._look, pinned=self._state.pinned, swept=self.sweep.place)
        explained = self.explained = explain(picture, look, self.explained)
        self._look = explained.look
        self.flow.draw(picture, explained)
        why = self._state.why_covered(Secret.SHARES)
        self.arithmetic.draw(explained.arithmetic, is_pinned=explained.is_pinned, why_covered=why)
        self.valueLineChanged.emit(explained.value_line)

    def _shown_pin(self) -> PinnedCell | None:
        """Pinned cell as it is shown, if this network has it."""
        return None if self.picture is None else shown_pin(self.picture, self._state.pinned)

    # -- keys ----------------------------------------------------------------------------------------------

    def leave(self) -> bool:
        """Leave the innermost state, as Esc does: the sweep, the pin, the enlarged column.

        * Returns: whether there was anything to leave.
        """
        if self.sweep.stage is not None:
            self.sweep.end()
        elif self._state.pinned is not None:
            self.pinRequested.emit(None)
        elif self.flow.enlarged() is not None:
            self.flow.set_enlarged(None)
        else:
            return False
        return True

    def take_key(self, event: QKeyEvent) -> bool:
        """Move or free the pinned cell by a key, wherever in the panel the keyboard focus is.

        * Returns: whether the key meant something.
        """
        step = arrow_step(event)
        if event.key() == Qt.Key.Key_Escape:
            return self.leave()
        if step is None or self._state.pinned is None:
            return False
        self._on_move_requested(*step)
        return True

    # -- requests ------------------------------------------------------------------------------------------

    def _connect_signals(self) -> None:
        requests = self.flow.requests
        requests.cellHovered.connect(self._on_cell_hovered)
        requests.cellLeft.connect(self._on_cell_left)
        requests.cellClicked.connect(self._on_cell_clicked)
        requests.moveRequested.connect(self._on_move_requested)
        requests.channelRequested.connect(self.select_channel)
        self.flow.unfolded.connect(self._redraw)
        self.sweep.changed.connect(self._redraw)

    def _on_cell_hovered(self, cell: PinnedCell) -> None:
        self._pointed_time = time.monotonic()
        is_weight = len(cell.index) == 4
        self._look = replace(self._look, under=cell, pointed=self._look.pointed if is_weight else cell)
        self._redraw()
        paint_now(self.arithmetic)

    def _on_cell_left(self) -> None:
        self._look = replace(self._look, under=None)
        self._redraw()

    def answer(self, ask: Ask) -> None:
        """Do what the arithmetic asks for."""
        match ask:
            case ShowPart(channel):
                self.choose_part(channel)
            case PinCell(cell):
                self.pinRequested.emit(cell)
            case _:
                self.sweep.answer(ask)

    def _on_cell_clicked(self, cell: PinnedCell) -> None:
        self.sweep.end()
        self.pinRequested.emit(None if cell == self._shown_pin() else cell)

    def _on_move_requested(self, rows: int, cols: int) -> None:
        pinned, picture = self._shown_pin(), self.picture
        column = None if pinned is None or picture is None else picture.plan.column(pinned.stage)
        if pinned is None or column is None or picture is None:
            return
        _, high, wide = column.shape
        if len(pinned.index) == 1:
            count = len(picture.stage(pinned.stage))
            wide = 1 if column.kind is Kind.OUTPUT else wide
            unit = pinned.index[0] + rows * wide + cols
            moved = PinnedCell(pinned.stage, (unit if 0 <= unit < count else pinned.index[0],))
        else:
            channel, row, col = pinned.index
            row, col = min(max(row + rows, 0), high - 1), min(max(col + cols, 0), wide - 1)
            moved = PinnedCell(pinned.stage, (channel, row, col))
        # The outline under a pointer that rests would read as one of the links.
        for part in self.flow.findChildren(PointedWidget):
            part.forget_pointer()
        if moved != pinned:
            self.pinRequested.emit(moved)

    # -- the sweep -----------------------------------------------------------------------------------------

    def restore_sweep(self, stage: str, place: int) -> None:
        """Stand at a cell of the sweep of a stage; without effect where no window slides."""
        shape = self._swept_shape(stage)
        if shape is None:
            self.sweep.end()
        else:
            self.sweep.stand_at(stage, shape, place)

    def _sweep_start(self) -> tuple[str, tuple[int, int]] | None:
        """The stage of the marked cell, or the first convolution if no window slides to make it."""
        marked, picture = self.marked_cell(), self.picture
        first = None if picture is None else picture.plan.first_convolution
        for stage in (None if marked is None else marked.stage, first):
            shape = None if stage is None else self._swept_shape(stage)
            if stage is not None and shape is not None:
                return stage, shape
        return None

    def _swept_shape(self, stage: str) -> tuple[int, int] | None:
        """Rows and columns of a stage that a sliding window makes."""
        column = None if self.picture is None else self.picture.plan.column(stage)
        return None if column is None or column.kind is not Kind.MAPS else column.shape[1:]

    # -- layout --------------------------------------------------------------------------------------------

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height(self._theme)

    def _share_height(self, theme: Theme) -> None:
        self._theme = theme
        self.splitter.share(None if self.picture is None else self.picture.plan, theme)
