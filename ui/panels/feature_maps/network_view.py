"""The network with its linked cells: columns above, the arithmetic of the marked cell below."""

import time
from collections.abc import Mapping
from typing import override

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnviz.receptive_field import INPUT
from ui.controls.numbers import format_signed
from ui.panels.feature_maps.arithmetic_pane import ArithmeticPane
from ui.panels.feature_maps.flow import FlowView
from ui.panels.feature_maps.frame import Frame, Levels
from ui.panels.feature_maps.height_splitter import HeightSplitter
from ui.panels.feature_maps.links import Links, geometry_of, is_cell_of, shown_cell, with_winners
from ui.panels.feature_maps.painting import paint_now
from ui.panels.feature_maps.plan import Kind, Plan
from ui.panels.feature_maps.sweep import Sweep
from ui.panels.feature_maps.texts import cell_name, field_text, weight_name
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme

_MOMENT = 0.25
"""Seconds after a movement in which the pointer counts as moving."""

_STEPS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class NetworkView(QWidget):
    """Keeps the marked cell: that of the sweep, else the pinned one, else the one under the pointer.

    Signals
    -------
    pinRequested : PinnedCell or None
    classRequested : int or None
        Class whose logit is to be taken apart.
    statusChanged : str
        What is under the pointer.
    """

    pinRequested = Signal(object)
    classRequested = Signal(object)
    statusChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan: Plan | None = None
        self._frame: Frame | None = None
        self._levels: Levels = {}
        self._channels: dict[int, int] = {}
        self._preview: tuple[int, int] | None = None
        self._pointed: PinnedCell | None = None
        self._pointed_time = -_MOMENT
        self._pinned: PinnedCell | None = None
        self._links: Links | None = None
        self._geometry: Links | None = None
        self.flow = FlowView()
        self.arithmetic = ArithmeticPane()
        self.sweep = Sweep(self)
        self.splitter = HeightSplitter(self.flow, self.arithmetic)
        self._build_layout()
        self._connect_signals()
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    def set_frame(self, frame: Frame, levels: Levels) -> None:
        """Show the values of another moment."""
        if frame.plan is not self._plan:
            self._set_plan(frame.plan)
        self._frame, self._levels = frame, levels
        self.flow.set_frame(frame, levels)
        self._draw_cell()

    def frame(self) -> Frame | None:
        """What is shown."""
        return self._frame

    def set_pinned(self, cell: PinnedCell | None) -> None:
        """Pin a cell, or none; a cell that the network does not have is ignored."""
        self._pinned = cell
        self.flow.set_movable(cell is not None)
        marked = self._pinned_cell()
        if marked is not None:
            self._choose_channel_of(marked)
            self._preview = None
            if self.sweep.stage is not None:
                self.sweep.end()
        self._draw_cell()

    def set_names(self, names: tuple[str, ...]) -> None:
        """Say what the classes are called."""
        self.flow.set_names(names)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._share_height(theme)

    def marked_cell(self) -> PinnedCell | None:
        """Cell whose links and arithmetic are shown."""
        return None if self._links is None else self._links.cell

    def links(self) -> Links | None:
        """What belongs to the marked cell."""
        return self._links

    def is_pointed_at(self) -> bool:
        """Whether the pointer has moved over the cells a moment ago."""
        return time.monotonic() - self._pointed_time < _MOMENT

    def channel(self, group: int) -> int:
        """Chosen channel of a group."""
        return self._channels.get(group, 0)

    def pointed_cell(self) -> PinnedCell | None:
        """Cell that the pointer was on last; it stays marked while none is pinned."""
        return self._pointed

    def choose(self, channels: Mapping[int, int], pointed: PinnedCell | None) -> None:
        """Show these channels of the groups, and mark a cell as if the pointer had been there."""
        self._channels = dict(channels)
        self._preview, self._pointed = None, pointed
        self._draw_cell()

    def select_channel(self, group: int, channel: int) -> None:
        """Choose a channel; a pinned cell of the group moves to it."""
        self._channels[group] = channel
        self._preview = None
        pinned = self._pinned_cell()
        if pinned is not None and self._plan is not None and self._plan.group_of(pinned.stage) == group:
            self.pinRequested.emit(PinnedCell(pinned.stage, (channel, *pinned.index[1:])))
        elif self._pointed is not None and self._plan and self._plan.group_of(self._pointed.stage) == group:
            self._pointed = PinnedCell(self._pointed.stage, (channel, *self._pointed.index[1:]))
        self._draw_cell()

    def leave(self) -> bool:
        """Leave the innermost state, as Esc does: the sweep, the pin, the enlarged column.

        Returns
        -------
        bool
            Whether there was anything to leave.
        """
        if self.sweep.stage is not None:
            self.sweep.end()
        elif self._pinned is not None:
            self.pinRequested.emit(None)
        elif self.flow.enlarged() is not None:
            self.flow.set_enlarged(None)
        else:
            return False
        return True

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_height(self._theme)

    def take_key(self, event: QKeyEvent) -> bool:
        """Move or free the pinned cell by a key, wherever in the panel the keyboard focus is.

        Returns
        -------
        bool
            Whether the key meant something.
        """
        step = _STEPS.get(Qt.Key(event.key()))
        if event.key() == Qt.Key.Key_Escape:
            return self.leave()
        if step is None or self._pinned is None:
            return False
        self._on_move_requested(*step)
        return True

    # -- the marked cell -----------------------------------------------------------------------------------

    def _set_plan(self, plan: Plan) -> None:
        self._plan = plan
        self._channels.clear()
        self._preview, self._pointed = None, None
        self._links = self._geometry = None
        self.sweep.end()
        self.flow.set_plan(plan)
        self._share_height(self._theme)

    def _pinned_cell(self) -> PinnedCell | None:
        """Pinned cell as it is shown, if this network has it."""
        frame, cell = self._frame, self._pinned
        if frame is None or cell is None or not is_cell_of(frame.network, cell):
            return None
        return shown_cell(frame.network, frame.trace, cell)

    def _cell(self) -> PinnedCell | None:
        """Cell to mark now."""
        if self.sweep.stage is not None and self._plan is not None:
            group = self._plan.group_of(self.sweep.stage)
            return PinnedCell(self.sweep.stage, (self.channel(group or 0), *self.sweep.cell))
        return self._pinned_cell() or self._pointed or self._first_cell()

    def _first_cell(self) -> PinnedCell | None:
        """Where to begin: the middle of the first convolution."""
        plan = self._plan
        stage = None if plan is None else plan.first_convolution
        if plan is None or stage is None:
            return None
        column = plan.column(stage)
        assert column is not None
        _, rows, cols = column.shape
        return PinnedCell(stage, (self.channel(column.group), rows // 2, cols // 2))

    def _draw_cell(self) -> None:
        frame, plan = self._frame, self._plan
        if frame is None or plan is None:
            return
        cell = self._cell()
        self.flow.set_channels(self._channels, self._preview)
        if cell is None or not is_cell_of(frame.network, cell):
            self._links = self._geometry = None
            self.flow.set_links(None)
            return
        if self._geometry is None or self._geometry.cell != cell:
            self._geometry = geometry_of(frame.network, cell)
        links = with_winners(self._geometry, frame.network, frame.trace)
        if links is not self._links:
            self._links = links
            self.flow.set_links(links)
        pinned = self.sweep.stage is None and self._pinned_cell() is not None
        group = plan.group_of(cell.stage)
        source = 0 if not group else self.channel(group - 1)
        self.arithmetic.set_cell(frame, self._levels, cell, source, pinned)
        if self._pointed is None or pinned:
            self._show_status(cell)

    def _show_status(self, cell: PinnedCell) -> None:
        frame, plan = self._frame, self._plan
        if frame is None or plan is None:
            return
        value = float(frame.stage(cell.stage)[cell.index])
        parts = [cell_name(plan, cell), format_signed(value, 5)]
        if self._links is not None and self._links.cell == cell:
            parts.append(field_text(self._links))
        self.statusChanged.emit(" · ".join(part for part in parts if part))

    def _choose_channel_of(self, cell: PinnedCell) -> None:
        group = None if self._plan is None else self._plan.group_of(cell.stage)
        if group is not None and len(cell.index) == 3:
            self._channels[group] = cell.index[0]

    # -- requests ------------------------------------------------------------------------------------------

    def _connect_signals(self) -> None:
        flow, bar = self.flow, self.arithmetic.sweep_bar
        flow.cellHovered.connect(self._on_cell_hovered)
        flow.cellLeft.connect(self._on_cell_left)
        flow.cellClicked.connect(self._on_cell_clicked)
        flow.moveRequested.connect(self._on_move_requested)
        flow.channelRequested.connect(self.select_channel)
        flow.classRequested.connect(self.classRequested)
        self.arithmetic.pinRequested.connect(self.pinRequested)
        bar.playRequested.connect(self._on_play_requested)
        bar.stepRequested.connect(self._on_step_requested)
        bar.endRequested.connect(self.sweep.end)
        bar.speedRequested.connect(self.sweep.set_speed)
        self.sweep.changed.connect(self._on_sweep_changed)

    def _on_cell_hovered(self, cell: PinnedCell) -> None:
        plan, frame = self._plan, self._frame
        if plan is None or frame is None:
            return
        self._pointed_time = time.monotonic()
        if len(cell.index) == 4:
            self._show_weight(cell)
            return
        if self._pinned_cell() is None and self.sweep.stage is None:
            group = plan.group_of(cell.stage)
            elsewhere = group is not None and cell.index[0] != self.channel(group)
            self._preview = (group, cell.index[0]) if group is not None and elsewhere else None
            self._pointed = cell
            self._draw_cell()
        self._show_status(cell)
        paint_now(self.arithmetic.title)

    def _on_cell_left(self) -> None:
        # What was pointed at last stays, so that its arithmetic can be read; only a preview ends.
        if self._preview is not None and self._pointed is not None:
            group, _ = self._preview
            self._preview = None
            self._pointed = PinnedCell(self._pointed.stage, (self.channel(group), *self._pointed.index[1:]))
            self._draw_cell()
        marked = self.marked_cell()
        if marked is not None:
            self._show_status(marked)

    def _show_weight(self, cell: PinnedCell) -> None:
        assert self._plan is not None
        assert self._frame is not None
        column = self._plan.column(cell.stage)
        assert column is not None
        weights = self._frame.network.params[cell.stage]
        text = weight_name(column, cell.index, weights.shape[1])
        self.statusChanged.emit(f"{text} · {format_signed(float(weights[cell.index]), 5)}")

    def _on_cell_clicked(self, cell: PinnedCell) -> None:
        self.sweep.end()
        self.pinRequested.emit(None if cell == self._pinned_cell() else cell)

    def _on_move_requested(self, rows: int, cols: int) -> None:
        pinned, plan = self._pinned_cell(), self._plan
        column = None if pinned is None or plan is None else plan.column(pinned.stage)
        if pinned is None or column is None or self._frame is None:
            return
        _, high, wide = column.shape
        if len(pinned.index) == 1:
            count = len(self._frame.stage(pinned.stage))
            wide = 1 if column.kind is Kind.OUTPUT else wide
            unit = pinned.index[0] + rows * wide + cols
            moved = PinnedCell(pinned.stage, (unit if 0 <= unit < count else pinned.index[0],))
        else:
            channel, row, col = pinned.index
            row, col = min(max(row + rows, 0), high - 1), min(max(col + cols, 0), wide - 1)
            moved = PinnedCell(pinned.stage, (channel, row, col))
        if moved != pinned:
            self.pinRequested.emit(moved)

    # -- the sweep -----------------------------------------------------------------------------------------

    def _on_play_requested(self) -> None:
        if self.sweep.is_playing:
            self.sweep.pause()
            return
        if self.sweep.stage is None:
            self._begin_sweep()
        self.sweep.play()

    def _on_step_requested(self) -> None:
        if self.sweep.stage is None:
            self._begin_sweep()
        else:
            self.sweep.pause()
            self.sweep.step()

    def restore_sweep(self, stage: str, place: int) -> None:
        """Stand at a cell of the sweep of a stage; without effect where no window slides."""
        column = None if self._plan is None else self._plan.column(stage)
        self.sweep.end()
        if column is not None and column.kind is Kind.MAPS:
            self.sweep.begin(stage, column.shape[1:])
            self.sweep.jump(place)

    def _begin_sweep(self) -> None:
        """Sweep the stage of the marked cell, or the first convolution if no window slides to make it."""
        plan, marked = self._plan, self.marked_cell()
        if plan is None:
            return
        stage = plan.first_convolution if marked is None else marked.stage
        column = None if stage is None else plan.column(stage)
        if column is None or column.kind is not Kind.MAPS:
            stage = plan.first_convolution
            column = None if stage is None else plan.column(stage)
        if stage is not None and column is not None and stage != INPUT:
            self._preview = None
            self.sweep.begin(stage, column.shape[1:])

    def _on_sweep_changed(self) -> None:
        self.arithmetic.sweep_bar.show_sweep(self.sweep)
        active = self.sweep.stage is not None
        self.flow.set_sweep(self.sweep.stage, self.sweep.count if active else None)
        self._draw_cell()

    # -- layout --------------------------------------------------------------------------------------------

    def _build_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    def _share_height(self, theme: Theme) -> None:
        self._theme = theme
        self.arithmetic.setMinimumHeight(theme.px(150))
        self.splitter.share(self._plan, theme)
