"""The network with its linked cells: columns above, the arithmetic of the marked cell below."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, override

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Box, Drawing, Ground, Leave, Look
from cnnviz.drawing.page import Card, Page, Row, page_drawn, without_controls
from cnnviz.graphics.tiles import Chosen, first_line
from ui.choices import Choices
from ui.controls.key_moves import arrow_step
from ui.controls.layouts import fill
from ui.controls.scroll_column import set_up_area
from ui.marks import MarkView
from ui.page_view import PageView
from ui.panels.feature_maps.arithmetic import ArithmeticView, PinCell, ShowPart
from ui.panels.feature_maps.explain import Explained, explain, shown_pin
from ui.panels.feature_maps.explain import Look as Looking
from ui.panels.feature_maps.page import Contents, Now, nearest, network_page, zoomed
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.plan import Kind, Plan
from ui.panels.feature_maps.sizes import LARGEST_SCALE, Layout, Room, layout_of
from ui.panels.feature_maps.sweep import Sweep
from ui.panels.feature_maps.view import (
    Enlarge,
    Fold,
    MovePin,
    PointAt,
    PressCell,
    ScrollMap,
    ScrollMaps,
    ScrollOutputs,
    SetRelative,
    ShowChannel,
    ShowClass,
    View,
    ZoomBy,
    put,
)
from ui.state import AppState, PinnedCell
from ui.theme import LIGHT, Theme, follow_theme

_APART = 16  # between network and arithmetic on paper
_MOMENT = 0.25
"""Seconds after a movement in which the pointer counts as moving."""
_USUAL_SHARE, _LARGEST_SHARE = 0.18, 0.45
"""Of the height, what the tables of the arithmetic get in a large window, and what they may take in all."""


class NetworkView(QWidget):
    """Shows a picture where the user looks: `explain` says what follows from it.

    * `state`: says which cell is pinned, and what is to be guessed first.
    * `choices`: of the panel.
    * `picture`: what is shown, with the limits of the colours in force.
    * `explained`: what is shown of it where the user looks.
    * `valueLineChanged`: what is under the pointer, or marked.
    """

    valueLineChanged = Signal(str)

    def __init__(self, state: AppState, choices: Choices[View]) -> None:
        super().__init__()
        self._state, self._choices, self._theme = state, choices, LIGHT
        self.picture: Picture | None = None
        self.explained: Explained | None = None
        self._under: PinnedCell | None = None
        self._pointed: PinnedCell | None = None  # the last one
        self._part: int | None = None  # input channel that is written out
        self._stays: dict[str, object] = {}
        self._first_output = 0
        self._contents = Contents()
        self._layout: tuple[Plan, object, Layout] | None = None  # what it is of, and depends on
        self._pointed_time = -_MOMENT
        self.flow = PageView(self.answer, least_height=190, copies=True, ground="surface")
        self.area = _Area(self.flow, self.redraw)
        self.sweep = Sweep(self._sweep_start, self)
        self.arithmetic = ArithmeticView(self.sweep, self.answer)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        for place, part in enumerate((self.area, self.arithmetic)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(place, 1 - place)
        fill(QVBoxLayout(self), self.splitter)
        self.splitter.splitterMoved.connect(lambda: self._keep(heights=tuple(self.splitter.sizes())))
        self.sweep.changed.connect(self.redraw)
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """Choices in force."""
        return self._choices.value

    def draw(self, picture: Picture) -> None:
        """Show a picture; where the user looked in another network is forgotten."""
        earlier, self.picture = self.picture, picture
        if earlier is None or picture.plan is not earlier.plan:
            self._keep(channels=(), folded=(), lines=(), enlarged=None)
            self._under = self._pointed = self._part = None
            self._first_output = 0
            self._stays.clear()
            self.sweep.end()
            self.share_height()
        self.redraw()

    def draw_pin(self) -> None:
        """Show which cell is pinned now; that ends a sweep."""
        if self._shown_pin() is not None:
            self.sweep.end()
        self.redraw()

    def marked_cell(self) -> PinnedCell | None:
        """Cell whose links and arithmetic are shown."""
        return None if self.explained is None else self.explained.cell

    def is_pointed_at(self) -> bool:
        """Whether the pointer has moved over the cells a moment ago."""
        return time.monotonic() - self._pointed_time < _MOMENT

    @property
    def look(self) -> Looking:
        """Where the user looks."""
        view, state, before = self.view, self._state, self.explained
        channels = dict(view.channels)
        count = 1 + max((int(group) for group in channels if group.isdecimal()), default=-1)
        stage = None if before is None or before.cell is None else before.cell.stage
        return Looking(
            tuple(channels.get(str(group), 0) for group in range(count)),
            state.pinned,
            self._pointed,
            self._under,
            self.sweep.place,
            None if self._part is None or stage is None else (stage, self._part),
            view.covers or bool(state.why_covered(Secret.CELLS, Secret.ROUTE, Secret.ANSWERS)),
            bool(state.why_covered(Secret.FIELD)),
        )

    def redraw(self) -> None:
        """Show the picture anew: the one way in which anything here changes."""
        if self.picture is None:
            return
        before = self.explained
        explained = self.explained = explain(self.picture, self.look, before)
        look = explained.look
        self._pointed, self._part = look.pointed, None if look.part is None else look.part[1]
        self._keep(channels=tuple((str(group), channel) for group, channel in enumerate(look.channels)))
        now = self._now()
        assert now is not None
        self.area.show_bar(shown=now.layout.scrolled)
        self.flow.show_page(network_page(now, self._contents))
        why = self._state.why_covered(Secret.SHARES)
        self.arithmetic.draw(explained.arithmetic, is_pinned=explained.is_pinned, why_covered=why)
        self.valueLineChanged.emit(explained.value_line)

    def _now(self) -> Now | None:
        if self.picture is None or self.explained is None:
            return None
        view, plan = self.view, self.picture.plan
        room = Room(self.area.width(), self.area.height(), self._theme, self.area.bar_height())
        key = (room, view.scale, view.folded, view.enlarged)
        if self._layout is None or self._layout[0] is not plan or self._layout[1] != key:
            layout = layout_of(plan, room, view.scale, dict(view.folded), view.enlarged)
            self._layout = plan, key, layout
        ratio, stays = self.devicePixelRatioF(), dict(self._stays)
        return Now(
            self.picture, self.explained, view, room, self._layout[2], ratio, stays, self._first_output
        )

    def figure(self, look: Look) -> Drawing:
        """Network and arithmetic, one below the other."""
        now, below = self._now(), self.arithmetic.page
        width, lower = float(self.flow.width()), float(self.arithmetic.height())
        above = Page(Row(())) if now is None else network_page(now, Contents())
        body = without_controls(above.body)
        if body is None or below is None:
            return Drawing(Ground(Box(0, 0, width, lower), look, ratio=0))
        upper = max(self.flow.height(), body.height(width, look))  # on paper nothing is scrolled
        rows = Box(0, 0, width, upper + _APART + lower).rows(upper, lower, gap=_APART)
        drawing = Drawing(Ground(rows[0].joined(rows[1]), look, ratio=0))
        for page, box in zip((above, below), rows, strict=True):
            drawing.marks += page_drawn(page, box, look).marks
        return drawing

    def _keep(self, **changes: Any) -> None:
        """Note choices that follow from what is drawn, without drawing anew."""
        if any(getattr(self.view, name) != value for name, value in changes.items()):
            self._choices.value = replace(self.view, **changes)

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
            self._state.set_pinned(None)
        elif self.view.enlarged is not None:
            self.enlarge(None)
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
        self._move_pin(*step)
        return True

    # -- what is asked for ---------------------------------------------------------------------------------

    def answer(self, ask: Ask) -> None:
        """Do what the drawings ask for."""
        match ask:
            case PointAt(cell):
                self._pointed_time = time.monotonic()
                self._under = cell
                if len(cell.index) < 4:  # a weight is no cell whose arithmetic could be shown
                    self._pointed = cell
                self.redraw()
                self._paint_now()
            case Leave():
                self._under = None
                self.redraw()
            case PressCell(cell, index):
                self._press(cell)
                if index is not None:
                    self._choices.choose(class_index=index)
            case PinCell(cell):
                self._state.set_pinned(cell)
            case MovePin(rows, cols):
                self._move_pin(rows, cols)
            case ShowChannel(group, channel):
                self.select_channel(group, channel)
            case ShowPart(channel):
                self._part = channel
                self.redraw()
            case ShowClass(index):
                self._choices.choose(class_index=index)
            case SetRelative(is_relative):
                self._choices.choose(relative=is_relative)
            case _:
                if not self._arrange(ask):
                    self.sweep.answer(ask)

    def _arrange(self, ask: Ask) -> bool:
        """Do what only changes where things stand; return whether that was asked for."""
        view, now = self.view, self._now()
        match ask:
            case Enlarge(key):
                self.enlarge(None if view.enlarged == key else key)
            case Fold(key, is_folded):
                enlarged = None if is_folded and view.enlarged == key else view.enlarged
                self._choices.choose(folded=put(view.folded, key, is_folded), enlarged=enlarged)
            case ZoomBy(steps) if now is not None:
                self._choices.choose(cell=zoomed(now, steps))
            case ScrollMap(corner) if now is not None:
                column = now.plan.column(view.enlarged or "")
                self._stays[f"{view.enlarged} large"] = None if column is None else nearest(now, column)
                self._keep(place=corner)
                self.redraw()
            case ScrollMaps(key, line) if now is not None:
                column = now.plan.column(key)
                self._stays[key] = None if column is None else now.explained.look.channel(column.group)
                self._keep(lines=put(view.lines, key, line))
                self.redraw()
            case ScrollOutputs(row):
                self._first_output = row
                self.redraw()
            case _:
                return False
        return True

    def seen(self) -> View:
        """The choices, with where the pointer was last and what is in sight."""
        pointed, part, lines = self._pointed, self._part, self.lines()
        stage, index = (None, None) if pointed is None else (pointed.stage, pointed.index)
        return replace(self.view, pointed=stage, pointed_index=index, part=part, lines=lines)

    def look_at(self, pointed: PinnedCell | None, part: int | None) -> None:
        """Point at a cell, and write out an input channel of it."""
        self._pointed = pointed
        self.redraw()
        self._part = part
        self.redraw()

    def stay_where_scrolled(self) -> None:
        """Leave maps where a session has scrolled them."""
        now = self._now()
        if now is None:
            return
        for column in now.plan.columns:
            self._stays[column.key] = now.explained.look.channel(column.group)
        column = now.plan.column(self.view.enlarged or "")
        if column is not None and self.view.place is not None:
            self._stays[f"{column.key} large"] = nearest(now, column)
        self.redraw()

    def lines(self) -> tuple[tuple[str, int], ...]:
        """First line of small maps in sight of each column, also of those that nobody has scrolled."""
        lines, ratio = self.view.lines, self.devicePixelRatioF()
        leaves = {} if self.flow.page is None else self.flow.page.leaves()
        for key, leaf in leaves.items():
            if isinstance(leaf, Card) and isinstance(leaf.content, Chosen):
                view = self.flow.view(key)
                box = Box(0, 0, view.width(), view.height())
                line = first_line(leaf.content, box, self._theme, ratio)
                lines = put(lines, key.removesuffix(" maps"), line)
        return lines

    def enlarge(self, key: str | None) -> None:
        """Give a column all the room there is, or none."""
        self._choices.choose(enlarged=key, cell=None, place=None)
        if key is not None:
            self.area.ensureWidgetVisible(self.flow.view(key))

    def scale(self) -> int:
        """Pixels a cell of the largest map."""
        now = self._now()
        return 1 if now is None else now.layout.scale

    def change_scale(self, steps: int) -> None:
        """Draw all maps larger or smaller; what does not fit is scrolled."""
        self._choices.choose(scale=min(max(self.scale() + steps, 1), 2 * LARGEST_SCALE))

    def fit(self) -> None:
        """Draw all maps as large as fits, with the usual folds."""
        self._choices.choose(scale=None, folded=(), enlarged=None)

    def select_channel(self, group: int, channel: int) -> None:
        """Choose a channel; a pinned cell of the group moves to it."""
        pinned, picture = self._shown_pin(), self.picture
        if picture is None:
            return
        self._keep(channels=put(self.view.channels, str(group), channel))
        if pinned is not None and picture.plan.group_of(pinned.stage) == group:
            self._state.set_pinned(PinnedCell(pinned.stage, (channel, *pinned.index[1:])))
        self.redraw()

    def _press(self, cell: PinnedCell) -> None:
        self.sweep.end()
        self._state.set_pinned(None if cell == self._shown_pin() else cell)

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

    def set_theme(self, theme: Theme) -> None:
        """Scale."""
        self._theme = theme
        self.share_height()
        self.redraw()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_height()

    def share_height(self) -> None:
        """Divide the height as the user has chosen, else so that the tables of the arithmetic have room."""
        heights, theme, total = self.view.heights, self._theme, self.height()
        if heights is not None and len(heights) == 2:
            self.splitter.setSizes(heights)
            return
        columns = () if self.picture is None else self.picture.plan.columns
        rows = max((each.shape[1] for each in columns if each.kind is Kind.KERNELS), default=3)
        tables = min(max(rows * theme.px(24), theme.px(112)), theme.px(190))
        wanted = theme.px(62) + max(tables, round(_USUAL_SHARE * total))
        wanted = min(wanted, round(_LARGEST_SHARE * total))
        self.splitter.setSizes([max(total - wanted, 1), wanted])


class _Area(QScrollArea):
    """Scrolls the columns sideways: there is nothing to scroll upwards, and the wheel moves along them."""

    def __init__(self, page: PageView, resized: Callable[[], None]) -> None:
        super().__init__()
        self._resized, self._theme, self._shows_bar = resized, LIGHT, True
        set_up_area(self, page)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_bar(shown=False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the sizes."""
        self._theme = theme

    def show_bar(self, *, shown: bool) -> None:
        """Show the scroll bar, or not."""
        if shown != self._shows_bar:
            self._shows_bar, policy = shown, Qt.ScrollBarPolicy
            self.setHorizontalScrollBarPolicy(
                policy.ScrollBarAlwaysOn if shown else policy.ScrollBarAlwaysOff
            )

    def bar_height(self) -> int:
        """Height of the scroll bar."""
        return self.horizontalScrollBar().sizeHint().height()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(900), self._theme.px(420))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(300), self._theme.px(190))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size() != event.oldSize():
            self._resized()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self.horizontalScrollBar()
        if bar.maximum() > 0:
            bar.setValue(bar.value() - (event.angleDelta().y() or event.angleDelta().x()))
            event.accept()
        else:
            event.ignore()
