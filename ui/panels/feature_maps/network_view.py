"""The network with its linked cells: columns above, the arithmetic of the marked cell below."""

import time
from dataclasses import replace
from typing import Any, override

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Block, Box, Drawing, Ground, Leave, Look
from cnnviz.drawing.page import Page, down, page_drawn
from cnnviz.graphics.columns import Column, Kind
from ui.choices import Choices
from ui.controls.keyboard import arrow_step, follow_keyboard
from ui.controls.layouts import fill, named, scaled
from ui.marks import MarkView
from ui.page_view import PageView
from ui.panels.feature_maps import arithmetic, asks
from ui.panels.feature_maps.arithmetic import PointAtTerm
from ui.panels.feature_maps.explain import Explained, Gaze, explain
from ui.panels.feature_maps.layout import LARGEST_RATIO, Layout, Room, layout_of, rows_of
from ui.panels.feature_maps.links import shown_pin
from ui.panels.feature_maps.page import Contents, Now, keys_hint, nearest, network_page, zoomed
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.view import SPEEDS, View, put
from ui.state import AppState, PinnedCell
from ui.theme import LIGHT, Theme, follow_theme

_CELLS = Secret.CELLS, Secret.ROUTE, Secret.ANSWERS  # what tells the values of cells
_APART = 16  # between network and arithmetic on paper
_WIDE, _ROWS, _TABLE, _PAPER, _LOWER = 780, 3, 90, 400, 345
"""On paper, at scale 1: width, rows of the tables, their height, that of a row of columns, or of several."""
_MOMENT = 0.25
"""Seconds after a movement in which the pointer counts as moving."""
_SLIDES = 0.6  # share of the time of a cell in which the sweep slides to it; then it rests there
_USUAL_SHARE, _LARGEST_SHARE = 0.18, 0.45
"""Of the height, what the tables of the arithmetic get in a large window, and what they may take in all."""


class NetworkView(QWidget):
    """Shows a picture, with the limits of the colours in force, where the user looks.

    * `explained`: what follows from where that is.
    """

    paged = Signal()

    def __init__(self, state: AppState, choices: Choices[View]) -> None:
        super().__init__()
        self._state, self._choices, self._theme = state, choices, LIGHT
        self.picture: Picture | None = None
        self.explained: Explained | None = None
        self._under: PinnedCell | None = None
        self._stays: Block | None = None
        self._contents = Contents()
        self._layout: Layout | None = None
        self._pointed_time = -_MOMENT
        self.flow = PageView(self.answer, least_height=184, copies=True, ground="surface")
        self.flow.installEventFilter(self)
        self._written: arithmetic.Written | None = None
        self._has_tables = True  # else the arithmetic is its head alone
        answer, (wide, least) = self._answer_arithmetic, arithmetic.LEAST
        self.arithmetic = PageView(answer, least, copies=True, ground="surface")
        scaled(self.flow.setMinimumSize, 300, 184)
        scaled(self.arithmetic.setMinimumWidth, wide)
        scaled(self.arithmetic.setContentsMargins, 0, 10, 0, 0)
        self._clock = QTimer(self)  # of the sweep
        self._clock.timeout.connect(lambda: self._step_sweep(plays=True))
        line = named(QFrame(), role="separator")  # below it as much as is wanted, as far as there is room
        fill(QVBoxLayout(self), (self.flow, 1), line, (self.arithmetic, 1000), spacing=0)
        follow_keyboard(self._on_keyboard)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        return self._choices.value

    def draw(self, picture: Picture) -> None:
        """Show a picture; where the user looked in another network is forgotten."""
        earlier, self.picture = self.picture, picture
        if earlier is None or picture.plan is not earlier.plan:
            self._keep(channels=(), folded=(), at=None, enlarged=None, pointed=None, part=None)
            self._under = self._stays = None
            self._stand_at(None)
            self.share_height()
        self.redraw()

    def draw_pin(self) -> None:
        """Show which cell is pinned now; that ends a sweep."""
        pin = self._shown_pin()
        if pin is not None:
            self._stand_at(None)
            if self.explained is None or self.explained.pinned_stage != pin.stage:
                self._keep(at=pin.stage)
        self.redraw()

    def marked_cell(self) -> PinnedCell | None:
        """Cell whose links and arithmetic are shown."""
        return None if self.explained is None else self.explained.cell

    def columns(self) -> tuple[Column, ...]:
        """Columns in sight that are neither folded nor covered."""
        if (now := self._now()) is None:
            return ()
        return tuple(c for c in now.layout.columns if c.key in now.layout.widths and not now.is_covered(c))

    def is_pointed_at(self) -> bool:
        """Whether the pointer has moved over the cells a moment ago."""
        return time.monotonic() - self._pointed_time < _MOMENT

    @property
    def look(self) -> Gaze:
        """Where the user looks."""
        view, why, marked = self.view, self._state.why_covered, self.marked_cell()
        part = None if view.part is None or marked is None else (marked.stage, view.part)
        covers, hides_output = (view.covers or bool(why(*each)) for each in (_CELLS, (Secret.ANSWERS,)))
        hides = covers, hides_output, bool(why(Secret.FIELD))
        return Gaze(view, self._state.pinned, self._under, part, *hides)

    def redraw(self, seconds: float = 0.0) -> None:
        """Show the picture anew: the one way in which anything here changes. Outlines may slide there."""
        if self.picture is None:
            return
        explained = self.explained = explain(self.picture, self.look)
        view, part = explained.look.view, explained.look.part
        self._choices.value = replace(view, part=None if part is None else part[1])
        if view.sweep is None:
            self._clock.stop()
        now = self._now()
        assert now is not None
        self.flow.show_page(network_page(now), seconds)
        written, shown = self._written, explained.arithmetic
        if shown is None and written is not None:
            shown = written.arithmetic  # of what was marked last
        if shown is not None:
            term = written.term if written is not None and written.arithmetic is shown else None
            why = self._state.cover_text(*_CELLS, Secret.SHARES)  # those of the cell first
            clock = view.sweep is not None, self._clock.isActive(), view.sweep_speed
            sees = "" if explained.links is None else explained.links.sees
            now = arithmetic.Written(shown, explained.is_pinned, *clock, sees, term, why, self._hint())
            self._write(replace(now, has_tables=self._has_tables))

    def _hint(self) -> str:
        """What keys do in the map that a key has led to; stands beside the marked cell."""
        view = QApplication.focusWidget()
        if isinstance(view, MarkView) and view.parent() is self.flow and view.is_led_by_key:
            return "" if view.content is None else keys_hint(view.content.content)
        return ""

    def _on_keyboard(self, *_: object) -> None:
        if self._written is not None:
            self._write(replace(self._written, hint=self._hint()))

    def _write(self, now: arithmetic.Written) -> None:
        if now != self._written:
            self._written = now
            self.arithmetic.show_page(arithmetic.page(now))

    def _now(self) -> Now | None:
        if self.picture is None or self.explained is None:
            return None
        view, plan = self.view, self.picture.plan
        room = Room(self.flow.width(), self.flow.height(), self._theme)
        layout, before = layout_of(plan, room, view.folded, view.enlarged, view.at), self._layout
        if layout is not before:
            self._layout = layout
            self.paged.emit()
        ratio = self.devicePixelRatioF()
        return Now(self.explained, room, layout, ratio, self._stays, self._contents)

    def figure(self, look: Look) -> Drawing:
        """Network and arithmetic, one below the other; for print as wide as a page in several rows."""
        now, below = self._now(), self.arithmetic.page
        width, lower = float(self.flow.width()), float(self.arithmetic.height())
        if now is None or below is None:
            return Drawing(Ground(Box(0, 0, width, lower), look, ratio=0))
        room, looks = replace(now.room, look=look), now.explained.look
        layouts = (layout_of(now.plan, room, self.view.folded, self.view.enlarged, self.view.at),)
        if look.name == "print":
            width, lower = look.px(_WIDE), arithmetic.height_of(_ROWS, look, look.px(_TABLE))
            room = Room(round(width), round(look.px(_PAPER)), look)
            if len(layouts := rows_of(now.layout, room)) > 1:
                room = replace(room, height=round(look.px(_LOWER)))
                layouts = rows_of(now.layout, room)
        total, marked, bodies = lower, below.marked, [replace(below.body, room=lower / look.scale)]
        for layout in reversed(layouts):
            view = replace(looks.view, enlarged=layout.large)
            seen = replace(now.explained, look=replace(looks, view=view))
            above = network_page(replace(now, explained=seen, room=room, layout=layout, contents=Contents()))
            high = max(room.height, above.body.height(width, look))
            bodies.insert(0, replace(above.body, room=high / look.scale))
            total, marked = total + high + look.px(_APART), {**above.marked, **marked}
        return page_drawn(Page(down(*bodies, gap=_APART), marked=marked), Box(0, 0, width, total), look)

    def _keep(self, **changes: Any) -> None:
        """Note choices that follow from what is drawn, without drawing anew."""
        self._choices.value = replace(self.view, **changes)

    def _shown_pin(self) -> PinnedCell | None:
        """Pinned cell as it is shown, if this network has it."""
        return None if self.picture is None else shown_pin(self.picture.network, self._state.pinned)

    # -- keys ----------------------------------------------------------------------------------------------

    def take_key(self, event: QKeyEvent) -> bool:
        """Move a pin by an arrow, leave sweep, pin or large map by Esc or Del, size it; return if it did."""
        step, leaves = arrow_step(event), event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Delete)
        cell, way, large = self.marked_cell(), {"+": 1, "-": -1}.get(event.text(), 0), self.view.enlarged
        if leaves and self.view.sweep is not None:
            self.answer(asks.EndSweep())
        elif leaves and self._state.pinned is not None:
            self._state.set_pinned(None)
        elif leaves and large is not None:
            self.enlarge(None)
        elif step is not None and self._state.pinned is not None:
            self._move_pin(*step)
        elif way and large is not None:
            self.answer(asks.ZoomBy(way) if way > 0 or self.view.cell else asks.Enlarge(large))
        elif way > 0 and cell is not None and len(cell.index) == 3:
            self.enlarge(cell.stage)
        else:
            return False
        return True

    # -- what is asked for ---------------------------------------------------------------------------------

    def answer(self, ask: Ask) -> None:
        view = self.view
        match ask:
            case asks.PointAt(cell):
                self._pointed_time = time.monotonic()
                self._under = cell
                self._keep(pointed=cell.stage, pointed_index=cell.index)
                self.redraw()
                self._paint_now()
            case Leave():
                self._under = None
                self.redraw()
            case asks.PressCell(cell, index):
                self._stand_at(None)
                frees = cell == self._shown_pin() and cell.stage != self._state.asked_stage
                self._state.set_pinned(None if frees else cell)
                if index is not None:
                    self._choices.choose(class_index=None if frees else index)
            case asks.PinCell(cell):
                self._state.set_pinned(cell)
            case asks.MovePin(rows, cols):
                self._move_pin(rows, cols)
            case asks.ShowChannel(group, channel):
                self.select_channel(group, channel)
            case asks.Choose(name, value):
                self._choices.choose(**{name: value})
                self._clock.setInterval(round(1000 / SPEEDS[self.view.sweep_speed]))
            case asks.Enlarge(key):
                self.enlarge(None if view.enlarged == key else key)
            case asks.ZoomBy(steps) if (now := self._now()) is not None:
                self._choices.choose(cell=zoomed(now, steps))
            case asks.ScrollMap(corner):
                self._keep(place=corner)
                self.stay_where_scrolled()
            case asks.PlaySweep() if self._clock.isActive():
                self._clock.stop()
                self.redraw()
            case asks.PlaySweep():
                self._step_sweep(plays=True, begins=True)
            case asks.StepSweep():
                self._step_sweep()
            case asks.EndSweep():
                self._stand_at(None)
                self.redraw()

    def _answer_arithmetic(self, ask: Ask) -> None:
        """Mark a term of the sum that is pointed at; all else is of the network, too."""
        match ask, self._written:
            case PointAtTerm(term), arithmetic.Written() as now:
                self._write(replace(now, term=term))
            case Leave(), arithmetic.Written() as now:
                self._write(replace(now, term=None))
            case _:
                self.answer(ask)

    def stay_where_scrolled(self) -> None:
        """Leave an enlarged map where the user, or a session, has scrolled it."""
        now = self._now()
        if now is not None and (column := now.plan.column(self.view.enlarged or "")) is not None:
            self._stays = None if self.view.place is None else nearest(now, column)
        self.redraw()

    def enlarge(self, key: str | None) -> None:
        """Give a column all the room there is, or none."""
        self._stays = None  # where another map was scrolled
        self._choices.choose(enlarged=key, cell=None, place=None, at=key or self.view.at)

    def paging(self) -> tuple[int, int]:
        """Which page of columns is in sight, from 0, and how many there are."""
        return (0, 1) if self._layout is None else (self._layout.place, len(self._layout.pages))

    def turn_page(self, way: int) -> bool:
        """Show the page after, or before; return whether there is one."""
        now = self._now()
        if now is None or not 0 <= now.layout.place + way < len(now.layout.pages):
            return False
        self._choices.choose(at=now.layout.pages[now.layout.place + way][0].key)
        return True

    def select_channel(self, group: int, channel: int) -> None:
        """Choose a channel; a pinned cell of the group moves to it."""
        pinned, picture = self._shown_pin(), self.picture
        if picture is None:
            return
        self._keep(channels=put(self.view.channels, str(group), channel))
        if pinned is not None and picture.plan.group_of(pinned.stage) == group:
            self._state.set_pinned(PinnedCell(pinned.stage, (channel, *pinned.index[1:])))
        self.redraw()

    def _move_pin(self, rows: int, cols: int) -> None:
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
        for part in self.flow.findChildren(MarkView):
            part.forget_pointer()
        if moved != pinned:
            self._state.set_pinned(moved)

    def _paint_now(self) -> None:
        """Paint everything in the window that is out of date, at once.

        From the event loop Qt would call the paint event of each view one by one, and each call would have to
        wait for the interpreter, which the training thread holds most of the time: dozens of waits of up to
        half a millisecond between the pointer and what it points at. A repaint that is asked for from Python
        keeps the interpreter throughout, and flushes all of the window that waits to be painted.
        """
        if self.isVisible():
            self.arithmetic.repaint(QRect(0, 0, 1, 1))

    # -- the sweep -----------------------------------------------------------------------------------------

    def _stand_at(self, stage: str | None, place: int = 0, *, plays: bool = False) -> None:
        """Let the sweep stand at a cell of a stage, or at none, and its clock run, or stop."""
        self._keep(sweep=stage, sweep_place=place)
        if not plays:
            self._clock.stop()
        elif not self._clock.isActive():
            self._clock.start(round(1000 / SPEEDS[self.view.sweep_speed]))

    def _last_swept(self, stage: str | None) -> int | None:
        """Number of the last cell of a map that a sliding window makes; None of another stage."""
        column = None if self.picture is None else self.picture.plan.column(stage or "")
        if column is None or column.kind is not Kind.MAPS:
            return None
        return column.shape[1] * column.shape[2] - 1

    def _step_sweep(self, *, plays: bool = False, begins: bool = False) -> None:
        """Sweep one cell further, at first the stage of the marked cell, or else the first convolution.

        * `begins`: whether one that is done begins again.
        """
        view, marked, picture = self.view, self.marked_cell(), self.picture
        stage, place = view.sweep, view.sweep_place + 1
        if stage is None and picture is not None:
            stages = None if marked is None else marked.stage, picture.plan.first_convolution
            stage, place = next((each for each in stages if self._last_swept(each) is not None), None), 0
        last = self._last_swept(stage)
        if last is not None:
            place = 0 if begins and place > last else min(place, last)
            self._stand_at(stage, place, plays=plays and place < last)
        self.redraw(_SLIDES / SPEEDS[view.sweep_speed])

    # -- layout --------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.share_height()
        self.redraw()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_height()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.redraw()
        return False

    def share_height(self) -> None:
        """Give the arithmetic room; of a map that is alone nearly square cells come first, then tables."""
        theme, total = self._theme, self.height()
        columns = () if self.picture is None else self.picture.plan.columns
        rows = max((each.shape[1] for each in columns if each.kind is Kind.FILTERS), default=3)
        least = 0 if self.view.enlarged is not None else max(theme.px(104), round(_USUAL_SHARE * total))
        wanted = round(min(arithmetic.height_of(rows, theme, least), _LARGEST_SHARE * total))
        lowest = theme.px(arithmetic.LEAST[1])
        large = next((each for each in columns if each.key == self.view.enlarged), None)
        room = Room(self.width(), total - theme.px(2) - lowest, theme)  # without the line
        self._has_tables, high = True, max(wanted, lowest)
        if large is not None and room.gives_all(large):
            rest = lowest + room.height - room.numbered(large, LARGEST_RATIO)[1]
            self._has_tables, high = rest >= lowest, max(min(wanted, rest), theme.px(arithmetic.HEAD))
        self.arithmetic.setMinimumHeight(min(lowest, high))
        self.arithmetic.setMaximumHeight(high)
