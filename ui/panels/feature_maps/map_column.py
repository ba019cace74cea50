"""A column of maps: one of them large, its colour scale, and all of them as thumbnails."""

import math
from typing import override

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from cnnviz.notation import window_groups
from cnnviz.quantities import format_count, format_power, format_value
from cnnviz.session_state import ViewValue
from ui.cells.linked_map import LinkedMap
from ui.cells.outlines import CellBlock
from ui.controls.late_scroll import place_of, scroll_later
from ui.controls.layouts import UNLIMITED, fill, keep_room
from ui.controls.naming import named
from ui.controls.painted_button import MiniButton
from ui.controls.scale_key import ScaleStrip
from ui.panels.feature_maps.columns import MARK_ROLES, ColumnRequests, StageColumn
from ui.panels.feature_maps.explain import Explained
from ui.panels.feature_maps.links import Links
from ui.panels.feature_maps.picture import Limits, Picture
from ui.panels.feature_maps.plan import Column, Kind
from ui.panels.feature_maps.texts import about, column_title
from ui.panels.views import Choices
from ui.state import PinnedCell
from ui.theme import Theme, follow_theme
from ui.tiles.map_area import MapArea
from ui.tiles.map_thumbnails import MapThumbnails

_LARGEST_CELL = 64
_ZOOM = 1.25
_NUMBERED_CELL, _NUMBERED_CELL_IN_ROW = 24, 40
"""Side in pixels below which no number fits into a cell of an enlarged map; in a row of columns, none with
two decimals: with one, maps of the exercise's network would read as -0.1 and 0 throughout."""
_ENLARGE = ("maximize", "Enlarge (double click on the map)")


class MapColumn(StageColumn):
    """Column of the input, of feature maps, of kernels or of evidence."""

    def __init__(self, column: Column, requests: ColumnRequests, parent: QWidget | None = None) -> None:
        size = f"{column.shape[1]} × {column.shape[2]}"
        super().__init__(column, column_title(column), size, requests, parent)
        self._token: object = None  # of the values that are painted
        self._seen: tuple[Limits, int, int, tuple[float, int]] | None = (
            None  # limits, source, channel, growth
        )
        self._enlarged = False
        self._numbered = True
        # Second line of the head, and a shorter one for a narrow column.
        self._lines = ("pixel ÷ 255 − 0.5", "pixels") if column.kind is Kind.IMAGE else ("", "")
        self._cell: float | None = None  # side of an enlarged cell; None: as large as fits
        self._side = 0
        self._linked: tuple[Links | None, int] | None = None  # what is outlined: links, channel
        self._marked: tuple[CellBlock, ...] = ()
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self.head.set_about(about(column))
        follow_theme(self)

    # -- what is shown -------------------------------------------------------------------------------------

    @override
    def draw(self, picture: Picture, explained: Explained) -> None:
        column, look = self.column, explained.look
        channel = explained.channel(column)
        source = explained.source(column) if column.kind is Kind.KERNELS else 0
        self._paint(picture, channel, source)
        if self.thumbs is not None:
            self.thumbs.set_current(min(look.channel(column.group), column.count - 1))
        if column.kind is not Kind.KERNELS:
            pinned = explained.pinned_in(column.stage)
            self.map.set_pinned(None if pinned is None else (pinned[1], pinned[2]))
            self.map.set_visible_cells(explained.uncovered(column.key))
            if column.kind is not Kind.IMAGE:
                self._cover(look.covers)
            self._mark(explained, channel)

    def _cover(self, covers: bool) -> None:
        """Cover the cells, and hide the small maps, in which they would be seen."""
        self.map.set_covered(covers)
        if self.thumbs is not None:
            self.thumbs.setVisible(not covers)

    def _paint(self, picture: Picture, channel: int, source: int) -> None:
        """Show a channel, unless it is shown already."""
        column, token = self.column, picture.token(self.column)
        seen = (picture.levels[column.key], source, channel, picture.growth.get(column.key, (1.0, 0)))
        if token is self._token and seen == self._seen:
            return
        maps, limits = picture.values(column), seen[0]
        if column.kind is Kind.KERNELS:
            of = f" of {column.count}" if maps.shape[1] == 1 else f", input {source}"
            self._lines = (f"filter {channel}{of}", f"filter {channel}")
            maps = maps[:, min(source, maps.shape[1] - 1)]
        elif column.kind is not Kind.IMAGE:
            self._lines = (f"map {channel} of {column.count}", f"map {channel}")
        values = maps[channel]
        groups = window_groups(values.shape, column.window) if column.window else None
        self.map.set_values(values, column.colormap, limits, groups)
        self._describe()
        same_maps = token is self._token and self._seen is not None and (limits, source) == self._seen[:2]
        if self.thumbs is not None and not same_maps:
            self.thumbs.set_maps(maps, column.colormap, limits)
        self.strip.set_scale(column.colormap, *limits)
        self._draw_growth(*seen[3])
        self._token, self._seen = token, seen

    def _draw_growth(self, factor: float, step: int) -> None:
        """Say below the colours how many times their limits are those of an earlier step, if they differ."""
        times = "1" if factor == 1 else format_value(factor, 2)
        if times == "1" or not 0 < factor < math.inf:
            self.strip.set_note("")
        else:
            self.strip.set_note(f"×{times}", f"{times} times the limits at step {format_count(step)}")

    def _describe(self) -> None:
        """Name what is shown, with the power of ten in which its numbers are written."""
        unit = format_power(self.map.number_exponent) if self._numbered else ""
        self.head.set_line(*(f"{line} {unit}".rstrip() for line in self._lines))

    def _mark(self, explained: Explained, channel: int) -> None:
        """Outline the cells that belong to the marked one, unless they are outlined already."""
        if self._linked is not None and self._linked == (explained.links, channel):
            return
        self._linked = (explained.links, channel)
        marks = self._marks(explained)
        shown: dict[str, list[CellBlock]] = {}
        for role in MARK_ROLES:
            own = [mark for mark in marks if mark.role == role]
            inside = [mark for mark in own if mark.channels is None or channel in mark.channels]
            shown[role] = [block for mark in inside for block in mark.blocks]
            self.map.set_highlight(shown[role], role)
            if self.thumbs is not None:
                first = own[0] if own else None
                self.thumbs.set_marks(role, first.blocks if first else (), first.channels if first else ())
        nearest = tuple(shown["selected"] or shown["receptive"] or shown["feeds"])
        if nearest != self._marked:
            self._marked = nearest
            if not self.map.underMouse():
                self._show_marked()

    def add_below(self, widget: QWidget) -> None:
        """Put something below the map, where a stage of one map has no thumbnails."""
        self._layout.addWidget(widget)

    # -- size ----------------------------------------------------------------------------------------------

    @override
    def set_side(self, side: int) -> None:
        self._side = side
        if not self._enlarged:
            self.body.setFixedSize(side, side)
            self._fit_map()

    def set_enlarged(self, enlarged: bool) -> None:
        """Take all the room there is, or the side that was given."""
        if enlarged == self._enlarged:
            return
        self._enlarged = enlarged
        self._cell = None
        self.map.set_coordinates(enlarged)
        self._outer.setDirection(
            QBoxLayout.Direction.LeftToRight if enlarged else QBoxLayout.Direction.TopToBottom
        )
        self._enlarge.set_icon(*(("minimize", "Back to normal size") if enlarged else _ENLARGE))
        policy = Qt.ScrollBarPolicy
        shown = policy.ScrollBarAsNeeded if enlarged else policy.ScrollBarAlwaysOff
        self.body.setHorizontalScrollBarPolicy(shown)
        self.body.setVerticalScrollBarPolicy(shown)
        for button in self._zooms:
            button.setVisible(enlarged)
        if enlarged:
            self.body.setMinimumSize(0, 0)
            self.body.setMaximumSize(UNLIMITED, UNLIMITED)
        else:
            self.set_side(self._side)
        self.set_theme(self._theme)
        self.head.place_buttons()

    def zoom(self, steps: int) -> None:
        """Make the cells of an enlarged map larger or smaller; never smaller than what fits."""
        cell = (self._cell or self._fitting_cell()) * _ZOOM**steps
        self._cell = None if cell <= self._fitting_cell() else min(cell, self._theme.px(_LARGEST_CELL))
        self._fit_map()

    def view_state(self) -> dict[str, ViewValue]:
        """Return side of the cells and place of the enlarged map, as the user has chosen them."""
        bars = self.body.horizontalScrollBar(), self.body.verticalScrollBar()
        return {"cell": self._cell, "place": (place_of(bars[0]), place_of(bars[1]))}

    def restore_view(self, choices: Choices) -> None:
        """Choose as `view_state` said."""
        self._cell = choices.number("cell", 1.0, float(self._theme.px(_LARGEST_CELL)), None)
        self._fit_map()
        x, y = choices.cell("place") or (0, 0)
        scroll_later(self.body.horizontalScrollBar(), x)
        scroll_later(self.body.verticalScrollBar(), y)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._theme = theme
        self._layout.setSpacing(theme.px(3))
        self._outer.setSpacing(theme.px(8 if self._enlarged else 6))
        if self.thumbs is not None:
            self.thumbs.setMinimumWidth(theme.px(132) if self._enlarged else 0)
            self.thumbs.setMaximumWidth(theme.px(132) if self._enlarged else UNLIMITED)
        self._fit_map()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_map()

    def _fit_map(self) -> None:
        _, rows, cols = self.column.shape
        cell = self._fitting_cell()
        if self._cell is not None and self._enlarged:
            cell = self._on_pixels(self._cell)
        # Looking for room that is not there costs time with every movement of the pointer.
        numbered = cell >= (_NUMBERED_CELL if self._enlarged else _NUMBERED_CELL_IN_ROW)
        if numbered != self._numbered:
            self._numbered = numbered
            self.map.set_numbers(self._numbered)
            self._describe()
        left, below = self.map.edges()
        self.map.setFixedSize(math.ceil(cell * cols) + 2 + left, math.ceil(cell * rows) + 2 + below)
        self._show_marked()
        self.strip.set_length(round(cell * cols) if not self._enlarged else self._theme.px(240))

    def _show_marked(self) -> None:
        """Scroll an enlarged map to the marked cell, or to what belongs to it."""
        if self._enlarged and self._marked:
            row, col, rows, cols = self._marked[0]
            last = self.map.cell_rect(row + rows - 1, col + cols - 1)
            spot = self.map.cell_rect(row, col).united(last).center()
            margin = round(2.5 * self.map.cell_rect(0, 0).width())
            self.body.ensureVisible(round(spot.x()), round(spot.y()), margin, margin)

    def _fitting_cell(self) -> float:
        """Side of a cell with which the whole map can be seen."""
        _, rows, cols = self.column.shape
        room, (left, below) = self.body.maximumViewportSize(), self.map.edges()
        return self._on_pixels(min((room.width() - 2 - left) / cols, (room.height() - 2 - below) / rows))

    def _on_pixels(self, cell: float) -> float:
        """Return a side with which cells, as they are drawn, are whole pixels of the screen."""
        ratio = self.devicePixelRatioF()
        return max(math.floor(cell * ratio), 1) / ratio

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        column = self.column
        tip = "Point at a cell to see what it reads and what it feeds; click to pin it"
        self.map = named(LinkedMap(), f"{self.head.title()}, the chosen map", tip)
        self.map.set_alignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.body = MapArea(self.map, self)
        self.strip = ScaleStrip(self)
        self.thumbs: MapThumbnails | None = None
        if column.count > 1:
            name = f"All maps of {self.head.title()}"
            self.thumbs = keep_room(named(MapThumbnails(self), name, "Click one to show it large"))
            self.thumbs.set_noun("filter" if column.kind is Kind.KERNELS else "map")
        self._zooms: list[MiniButton] = []
        if column.kind is not Kind.KERNELS:
            self._zooms = [
                self.head.add_button("minus", "Smaller cells"),
                self.head.add_button("plus", "Larger cells, until their numbers fit (Ctrl+wheel)"),
            ]
            for button, steps in zip(self._zooms, (-1, 1), strict=True):
                button.hide()
                button.setProperty("steps", steps)
                button.clicked.connect(self._on_zoom_clicked)
        self._add_fold_button().setVisible(column.kind is Kind.MAPS)
        self._enlarge = self.head.add_button(*_ENLARGE)
        self._enlarge.setVisible(column.kind is not Kind.KERNELS)

    def _build_layout(self) -> None:
        self._layout = fill(QVBoxLayout(), self.body, self.strip)
        thumbs = 1 if self.thumbs is None else (self.thumbs, 1)
        self._outer = fill(QBoxLayout(QBoxLayout.Direction.TopToBottom), self._layout, thumbs)
        fill(QVBoxLayout(self), self.head, (self._outer, 1), spacing=4)

    def _connect_signals(self) -> None:
        if self.column.kind is not Kind.KERNELS:
            self.map.cellClicked.connect(self._on_cell_clicked)
            self.map.moveRequested.connect(self.requests.moveRequested)
            self.map.enlargeRequested.connect(self._on_enlarge_requested)
        self.map.cellHovered.connect(self._on_cell_hovered)
        self.map.cellLeft.connect(self.requests.cellLeft)
        if self.thumbs is not None:
            self.thumbs.mapSelected.connect(self._on_channel_selected)
            self.thumbs.cellHovered.connect(self._on_thumb_hovered)
            self.thumbs.mapLeft.connect(self.requests.cellLeft)
        self.body.resized.connect(self._fit_map)
        self.body.zoomRequested.connect(self._on_zoom_requested)
        self._enlarge.clicked.connect(self._on_enlarge_requested)

    # -- events --------------------------------------------------------------------------------------------

    def _on_cell_hovered(self, row: int, col: int) -> None:
        self.requests.cellHovered.emit(self._cell_of(row, col))

    def _on_cell_clicked(self, row: int, col: int) -> None:
        self.requests.cellClicked.emit(self._cell_of(row, col))

    def _on_thumb_hovered(self, channel: int, row: int, col: int) -> None:
        self.requests.cellHovered.emit(self._cell_of(row, col, channel))

    def _on_channel_selected(self, channel: int) -> None:
        self.requests.channelRequested.emit(self.column.group, channel)

    def _cell_of(self, row: int, col: int, channel: int | None = None) -> PinnedCell:
        assert self._seen is not None
        _, source, shown, _ = self._seen
        channel = shown if channel is None else channel
        if self.column.kind is Kind.KERNELS:
            return PinnedCell(self.column.key, (channel, source, row, col))
        return PinnedCell(self.column.stage, (channel, row, col))

    def _on_enlarge_requested(self) -> None:
        self.requests.enlargeRequested.emit(self.column.key)

    def _on_zoom_requested(self, steps: int) -> None:
        if self._enlarged:
            self.zoom(steps)

    def _on_zoom_clicked(self) -> None:
        button = self.sender()
        assert button is not None
        self.zoom(int(button.property("steps")))
