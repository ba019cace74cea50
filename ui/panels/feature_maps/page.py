"""The network as one page: a column for each stage, left to right, in which cells are linked."""

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from cnnviz.drawing import Asking, Block, Box, Colors, Ground, Look, Share
from cnnviz.drawing.cells import OUTLINES
from cnnviz.drawing.page import REST, Card, Choice, Item, Page, across, down
from cnnviz.graphics import stages
from cnnviz.graphics.columns import Column, Kind, Plan
from cnnviz.graphics.heat_map import HeatMap, Looked, Outlines, Zoom, placed
from cnnviz.graphics.ledger import LEDGER, Ledger
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Marked, Tiles
from cnnviz.quantities import format_cell, format_value
from ui.panels.feature_maps import asks
from ui.panels.feature_maps.explain import Explained, logit_ledger
from ui.panels.feature_maps.layout import AXIS, BESIDE, FLAT, FOLDED_WIDTH, LARGEST_CELL, LINE, Layout, Room
from ui.panels.feature_maps.picture import Picture
from ui.panels.feature_maps.view import View, put
from ui.state import PinnedCell

_ROLES = ("feeds", "receptive", "window", "winner", "selected")
_NUMBERED_CELL, _NUMBERED_CELL_IN_ROW = 24, 40
"""Side in pixels at scale 1 below which no number fits into a cell of an enlarged map; in a row of columns,
none with two decimals: with one, maps of the exercise's network would read as -0.1 and 0 throughout."""
_BELOW, _APART = 76, 8  # room of all maps below an enlarged one, and the gap to those beside it
_MARGIN = 2  # cells that an enlarged map shows round the marked one
_RELATIVE = (
    "Black is −0.5 at the input, so even a blank image has evidence, and often most of it. Relative to a "
    "blank image, a cell counts only with what the ink has changed"
)
_OF_POOL = ("window", "its window"), ("winner", "winner")
_KEY = (("selected", "this cell"), ("receptive", "it reads"), *_OF_POOL, ("feeds", "it feeds"))


class Contents:
    """What is drawn of the values, kept while these are the same: the pointer changes none of them."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], tuple[Column, object, object, Any]] = {}
        self._body: tuple[object, Item] = None, across()

    def of[T](self, what: str, column: Column, token: object, rest: object, make: Callable[[], T]) -> T:
        """Return a content for an object whose values it shows, and all else that it depends on."""
        found = self._made.get((what, column.key))
        # A column of another network may have the same key.
        if found is None or found[0] is not column or found[1] is not token or found[2] != rest:
            found = self._made[what, column.key] = column, token, rest, make()
        return found[3]

    def body(self, now: "Now") -> Item:
        """All of a page but what is marked in it."""
        still = now.still
        if self._body[0] != still:
            self._body = still, _body(now)
        return self._body[1]


@dataclass(frozen=True)
class Now:
    """All that the page is made of.

    * `room`: for all columns; `layout`, how they share it; `ratio`, device pixels a pixel.
    * `stays`: what was marked when the user has scrolled an enlarged map; as long as this is the same, it
      stays where it is.
    """

    explained: Explained
    room: Room
    layout: Layout
    ratio: float = 1.0
    stays: Block | None = None
    contents: Contents = field(default_factory=Contents, compare=False)

    @property
    def picture(self) -> Picture:
        return self.explained.picture

    @property
    def plan(self) -> Plan:
        return self.picture.plan

    @property
    def view(self) -> View:
        """What is chosen, as far as the network has it."""
        return self.explained.look.view

    @property
    def look(self) -> Look:
        """Colours and sizes."""
        return self.room.look

    def channel(self, column: Column) -> int:
        """Channel that a column shows."""
        return self.explained.channel(column)

    def source(self, column: Column) -> int:
        """Input channel whose weights a column of kernels shows; of other columns 0."""
        if column.kind is not Kind.FILTERS:
            return 0
        before = self.explained.channels[max(column.group - 1, 0)]
        return min(before, self.picture.network.params[column.key].shape[1] - 1)

    def is_covered(self, column: Column) -> bool:
        """Whether the cells of a column are covered."""
        return self.explained.look.covers and column.kind not in (Kind.IMAGE, Kind.FILTERS)

    def is_alone(self, column: Column) -> bool:
        """Whether the map of a column is enlarged and has the room alone."""
        return column.key == self.view.enlarged and self.room.gives_all(column)

    def widest(self, column: Column) -> float:
        """How often its height a cell of the large map may be wide."""
        return self.room.widest(column) if self.is_alone(column) else 1.0

    def marks(self, column: Column) -> tuple[Marked, ...]:
        """Cells of a column that belong to the marked one."""
        links = self.explained.links
        if links is None or column.kind is Kind.FILTERS:
            return ()
        return tuple(links.marks.get(column.stage, ()))

    @property
    def still(self) -> tuple[object, ...]:
        """All that the page depends on but what is marked in it, which an enlarged map follows, too."""
        explained, look, view = self.explained, self.explained.look, self.view
        followed = None if view.enlarged is None else (explained.cell, look.under)
        hidden, swept = (look.covers, look.hides_output), (view.sweep, view.sweep_place)
        seen = explained.channels, explained.pinned_stage, *swept, *hidden, followed
        return self.picture, *seen, view.still, self.room, self.ratio, self.stays


def network_page(now: Now) -> Page:
    """All columns, and in them the cells that belong to the marked one."""
    marked = dict[str, Hashable]()
    for column in now.plan.columns:
        marks, own = now.marks(column), column.key
        if column.kind is Kind.OUTPUT:
            units = [start for mark in marks if mark.role == "selected" for _, start, _, _ in mark.blocks]
            # One logit speaks for both classes.
            marked[own] = frozenset(range(2) if units and now.picture.has_one_logit else units)
        elif column.kind is Kind.UNITS:
            count, (_, *shape) = len(now.picture.values(column)), column.shape
            marked[own] = _by_role(marks, partial(_unit_blocks, count, *shape))
        elif marks:
            marked[own] = _outlines(now, column)
            last = {mark.role: mark for mark in reversed(marks)}
            marked[f"{own} maps"] = tuple(last[role] for role in _ROLES if role in last)
    return Page(now.contents.body(now), marked=marked)


def _by_role(marks: tuple[Marked, ...], blocks: Callable[[Marked], Iterable[Block]]) -> Outlines:
    """Outlines from the lowest to the topmost."""
    return tuple(
        (role, block) for role in OUTLINES for mark in marks if mark.role == role for block in blocks(mark)
    )


def _body(now: Now) -> Item:
    """Columns of a page, with an arrow from each to the next; what is folded, and other pages, as strips."""
    layout, look, items = now.layout, now.look, list[Item]()
    if layout.place > 0:
        items.append(_page_strip(layout, layout.place - 1))
    for column in layout.columns:
        if column.key in layout.widths:
            make = {Kind.UNITS: _units, Kind.OUTPUT: _outputs}.get(column.kind, _maps)
            is_last = column.kind is Kind.OUTPUT  # it has what room is left
            width = REST if is_last else layout.widths[column.key] / look.scale
            items.append(down(*make(now, column), room=width, gap=3))
        else:
            ask = asks.Choose("folded", put(now.view.folded, column.key, False))
            shown = stages.Folded(column.title, ask)
            items.append(_strip(f"{column.key} folded", shown, "Unfold this column"))
    if layout.place < len(layout.pages) - 1:
        items.append(_page_strip(layout, layout.place + 1))
    arrow = look.px(40) + layout.side // 2
    for place in reversed(range(1, len(items))):
        items.insert(place, Card(f"arrow {place}", stages.ARROW, arrow, room=now.room.gap / look.scale))
    return across(*items, gap=0)


def _page_strip(layout: Layout, place: int) -> Card[stages.Folded]:
    """Strip that leads to the page before, or to the next one."""
    is_back, page = place < layout.place, layout.pages[place]
    titles = " – ".join(dict.fromkeys((page[0].title, page[-1].title)))
    verb, key = ("Back to", "Page Up") if is_back else ("On to", "Page Down")
    shown = stages.Folded(titles, asks.Choose("at", page[0].key), verb, is_back)
    return _strip(f"page {verb}", shown, f"{verb} {titles} ({key})")


def _strip(key: str, shown: stages.Folded, tip: str) -> Card[stages.Folded]:
    name = f"{shown.verb} {shown.title}"
    return Card(key, stages.FOLDED, shown, tip=tip, room=FOLDED_WIDTH, is_live=True, name=name)


def _head(
    column: Column, caption: str, lines: tuple[str, ...], *buttons: Item, is_flat: bool = False
) -> tuple[Item, ...]:
    """Two lines, or one, each shortened where there is no room for it; buttons stand beside the last one."""
    title = (column.title, "strong", "text")
    first = stages.Fitting(((title, (caption, "small", "muted")), (title,)) if caption else ((title,),))
    second = stages.Fitting(tuple(((line, "small", "muted"),) for line in lines))
    tip = "\n".join(filter(None, (f"{column.title} · {caption}" if caption else "", lines[0], column.about)))
    line = Card(
        f"{column.key} line", stages.FITTING, second, tip=tip, name=f"{column.title} {lines[0]}".strip()
    )
    above = Card(f"{column.key} title", stages.FITTING, first, tip=tip, room=None)
    if is_flat:
        both = replace(above, room=Share(1)), replace(line, room=Share(4))
        return (across(*both, *buttons, room=FLAT, gap=8),)
    return above, across(line, *buttons, room=LINE, gap=0)


def _fold(now: Now, column: Column) -> Choice:
    key, title, tip = f"fold {column.key}", f"Fold {column.title}", "Fold this column to a strip"
    ask = asks.Choose("folded", put(now.view.folded, column.key, True))
    return Choice(key, "mini", title, ask, tip=tip, icon="fold-horizontal")


# -- columns of maps ----------------------------------------------------------------------------------------


def _maps(now: Now, column: Column) -> tuple[Item, ...]:
    """A large map, and all of them as small ones."""
    is_large, look = column.key == now.view.enlarged, now.look
    is_alone = now.is_alone(column)
    box = _map_box(now, column, is_large)
    cell = fitting_cell(now, column, box)
    zoom = None
    if is_large and now.view.cell is not None and now.view.cell > cell:
        wanted, ratio = min(now.view.cell, look.px(LARGEST_CELL)), now.ratio
        cell = max(math.floor(wanted * ratio), 1) / ratio if ratio else wanted  # whole pixels of the screen
        zoom = Zoom(cell, now.view.corner)
    # Looking for room that is not there costs time with every movement of the pointer.
    is_numbered = cell >= look.px(_NUMBERED_CELL if is_large else _NUMBERED_CELL_IN_ROW)
    shown, power = _heat_map(now, column, is_numbered, is_large)
    swept = now.view.sweep_place + 1 if now.view.sweep == column.key else None
    looked = Looked(shown, (), now.is_covered(column), swept, zoom)
    if zoom is not None:
        looked = _followed(now, column, looked, box)
    content = stages.StageMap(
        looked,
        enlarge=None if column.kind is Kind.FILTERS else asks.Enlarge(column.key),
        scrolls=asks.ScrollMap if zoom is not None else None,
        zooms=asks.ZoomBy if is_large else None,
        length=None if not is_large else 0 if is_alone else 240,  # numbers need the room
    )
    tip = "Point at a cell to see which cells it reads and which it feeds. Click to pin it: arrow keys move "
    tip += "it, Esc frees it. Ctrl+C copies the numbers."
    name = f"{column.title}, the chosen map"
    large = _large(now, column, content, math.ceil(box.height) / look.scale, name, tip)
    small = _thumbs(now, column)
    below: tuple[Item, ...] = (large, *small)
    if is_large and column.count > 1:  # with their room also where they are covered, so that the map stays
        is_beside = box.width < now.layout.widths[column.key]
        maps = down(*small, room=REST if is_alone else BESIDE - _APART if is_beside else _BELOW)
        wide = math.ceil(cell * column.shape[2] / look.scale) + AXIS if is_alone else Share(1)
        below = (across(replace(large, room=wide), maps, gap=_APART),) if is_beside else (large, maps)
    elif column.kind is Kind.IMAGE:
        has_winners = any(layer.tie_rule is not None for _, layer in now.plan.layers)
        key = tuple(mark for mark in _KEY if mark not in _OF_POOL or has_winners)
        below = (large, Card("key", stages.MARKS, key, room=Share(1)), *small)
    return (*_map_head(now, column, _lines(now, column, power)), *below)


def _large(
    now: Now, column: Column, shown: stages.StageMap, room: float | Share, name: str, tip: str
) -> Card[stages.StageMap]:
    """The large map of a column; with a pinned cell in it arrow keys move that."""
    has_pin = column.kind is not Kind.FILTERS and column.stage == now.explained.pinned_stage
    shown = replace(shown, moves=asks.MovePin) if has_pin else shown
    key, point = column.key, not has_pin
    return Card(key, stages.STAGE_MAP, shown, tip=tip, room=room, is_live=True, keys_point=point, name=name)


def keys_hint(shown: object) -> str:
    """What keys do in a map, or in all maps of a stage, that has the keyboard."""
    if isinstance(shown, Chosen):
        return "arrows: choose a map"
    if not isinstance(shown, stages.StageMap):
        return ""
    if shown.looked.map.press is None:
        return "arrows: weight"
    sizes = "" if shown.enlarge is None else ", + and −: size" if shown.zooms else ", +: enlarge"
    return ("arrows: move the cell, Del: free it" if shown.moves else "arrows: cell, Enter: pin") + sizes


def _map_head(now: Now, column: Column, lines: tuple[str, ...]) -> tuple[Item, ...]:
    """Heading of a column of maps, with what folds, enlarges and zooms it."""
    buttons, is_large = list[Item](), column.key == now.view.enlarged
    if is_large:
        if now.look.digits > Look.digits:  # in presenter mode, where nobody sees what else there is
            buttons.append(Card("back", WORDS, Words("−: all layers", "", "muted", "middle"), room=None))
        tip = "Larger cells, of a part of the map, until their numbers fit (Ctrl+wheel)"
        buttons.append(Choice("smaller cells", "mini", "Smaller cells", asks.ZoomBy(-1), icon="minus"))
        buttons.append(Choice("larger cells", "mini", "Larger cells", asks.ZoomBy(1), tip=tip, icon="plus"))
    elif column.kind is Kind.MAPS:
        buttons.append(_fold(now, column))
    if column.kind is not Kind.FILTERS:
        icon, title, how = "maximize", f"Enlarge {column.title}", "double click on the map"
        if is_large:
            icon, title, how = "minimize", "Back to all layers", "−"
        ask, tip = asks.Enlarge(column.key), f"{title} ({how})"
        buttons.append(Choice(f"enlarge {column.key}", "mini", title, ask, tip=tip, icon=icon))
    return _head(column, "{} × {}".format(*column.shape[1:]), lines, *buttons, is_flat=now.is_alone(column))


def _lines(now: Now, column: Column, power: str) -> tuple[str, ...]:
    """Name what is shown, with the power of ten in which its numbers are written; and shorter names."""
    channel = now.channel(column)
    match column.kind:
        case Kind.IMAGE:
            lines = "pixel ÷ 255 − 0.5", "pixels"
        case Kind.FILTERS:
            inputs = now.picture.network.params[column.key].shape[1]
            of = f" (of {column.count})" if inputs == 1 else f", input {now.source(column)}"
            lines = f"filter {channel}{of}", f"filter {channel}"
        case Kind.EVIDENCE if (evidence := now.picture.evidence) and not now.explained.look.covers:
            name = now.picture.names[1 if now.picture.has_one_logit else evidence.class_index]
            most = int(np.argmax(np.abs(_values(now, column).sum(axis=(1, 2), dtype=np.float64))))
            lines = f"map {channel}, for {name}", f"for {name}", f"{channel}"
            lines = f"{lines[0]}; largest sum: map {most}", *lines
        case _:
            lines = f"map {channel} (of {column.count})", f"map {channel}", f"{channel}"
            if column.kind is Kind.MAPS and not now.is_covered(column) and not power:
                most = f"max {format_value(float(_values(now, column)[channel].max()), 2)}"
                lines = f"{lines[0]}, {most}", f"{lines[1]}, {most}", f"{channel}: {most}", *lines
    return tuple(f"{line} {power}".rstrip() for line in lines)


def _values(now: Now, column: Column) -> Any:
    """Maps of a column, of shape (maps, h, w)."""
    values = now.picture.values(column)
    return values[:, now.source(column)] if column.kind is Kind.FILTERS else values


def _points(column: Column) -> Callable[..., asks.PointAt] | None:
    """What pointing at a map, row and column asks for: weights are no cells."""
    if column.kind is Kind.FILTERS:
        return None
    return lambda *at: asks.PointAt(PinnedCell(column.stage, at))


def _heat_map(now: Now, column: Column, is_numbered: bool, is_large: bool) -> tuple[HeatMap, str]:
    """The chosen map, and the power of ten of the numbers in its cells."""
    picture, channel = now.picture, now.channel(column)
    points, source, limits = _points(column), now.source(column), picture.levels[column.key]
    # Evidence has the cells of the maps before it: there a click leads on, and frees none that is pinned.
    pin = asks.PinCell if column.kind is Kind.EVIDENCE else asks.PressCell
    widest = now.widest(column)

    def make() -> tuple[HeatMap, str]:
        shown = HeatMap(
            _values(now, column)[channel],
            column.within(limits),
            decimals=None if is_numbered else -1,
            window=column.window,
            press=None if points is None else lambda *at: pin(PinnedCell(column.stage, (channel, *at))),
            point=None if points is None else partial(points, channel),
            covered=None,
            lines=False,
            has_axes=is_large,
            widest=widest,
        )
        return shown, shown.notation.unit

    rest = (channel, source, limits, is_numbered, widest, is_large)
    return now.contents.of("map", column, picture.token(column), rest, make)


def _outlines(now: Now, column: Column) -> Outlines:
    """Cells of the chosen map that belong to the marked one, from the lowest outline to the topmost."""
    channel = now.channel(column)
    own = [mark for mark in now.marks(column) if mark.maps is None or channel in mark.maps]
    return _by_role(tuple(own), lambda mark: mark.blocks)


def _thumbs(now: Now, column: Column) -> tuple[Card[Chosen], ...]:
    """All maps as small ones; none of one, and where they are covered."""
    if column.count < 2 or now.is_covered(column):
        return ()
    picture, limits, group = now.picture, now.picture.levels[column.key], column.group
    source = now.source(column)

    def make() -> Tiles:
        return Tiles(
            _values(now, column),
            column.within(limits),
            partial(asks.ShowChannel, group),
            says="largest" if column.kind is Kind.MAPS else "sum" if column.kind is Kind.EVIDENCE else "",
            noun="filter" if column.kind is Kind.FILTERS else "map",
            title="Maps",
            point=_points(column),
            chooses=True,
            has_key=False,
            most=192,
        )

    tiles = now.contents.of("maps", column, picture.token(column), (source, limits), make)
    chosen = min(now.view.channel(group), column.count - 1)
    name, tip = f"All maps of {column.title}", "Click one to show it large"
    if column.kind is Kind.EVIDENCE:
        tip += "; point at it for its sum. Bold: the largest sum, which moves the logit most"
    shown, key = Chosen(tiles, chosen), f"{column.key} maps"
    # Arrow keys choose: what they pointed at besides would be pressed by Enter in place of what is framed.
    return (Card(key, TILES, shown, tip=tip, is_live=True, keys_point=False, name=name, is_aside=True),)


# -- an enlarged map ----------------------------------------------------------------------------------------


def _map_box(now: Now, column: Column, is_large: bool) -> Box:
    """Room of a large map with its colours."""
    look, width = now.look, now.layout.widths[column.key]
    if not is_large:
        return Box(0, 0, width, math.ceil(min(width, now.layout.side) + stages.strip_height(look)))
    high = look.px(FLAT) if now.is_alone(column) else look.font("strong").line + look.px(LINE + 3)
    box = Box(0, 0, width, now.room.height - high - look.px(3))
    if column.count == 1:
        return box
    with_maps = box.cut(right=look.px(BESIDE)), box.cut(bottom=look.px(_BELOW + 3))
    return max(with_maps, key=lambda each: min(each.width, each.height))


def fitting_cell(now: Now, column: Column, box: Box) -> float:
    """Side of a cell with which the whole map is in sight."""
    values, is_large = np.zeros(column.shape[1:], np.uint8), column.key == now.view.enlarged
    looked = Looked(HeatMap(values, Colors("grey", 0, 1), has_axes=is_large, widest=now.widest(column)))
    area = stages.map_area(stages.StageMap(looked, length=0 if now.is_alone(column) else None), box, now.look)
    return placed(looked, Ground(area, now.look, ratio=now.ratio))[1].side


def zoomed(now: Now, steps: int) -> float | None:
    """Side of a cell of the enlarged map that is so many steps larger; None: as large as fits."""
    column = now.plan.column(now.view.enlarged or "")
    if column is None or column.key not in now.layout.widths:  # none, or on another page
        return now.view.cell
    fits = fitting_cell(now, column, _map_box(now, column, True))
    cell = max(now.view.cell or fits, fits) * 1.25**steps
    return None if cell <= fits else min(cell, now.look.px(LARGEST_CELL))


def nearest(now: Now, column: Column) -> Block | None:
    """Cells of a map that an enlarged one brings into sight: the marked cell, or what belongs to it."""
    found = dict(reversed(_outlines(now, column)))  # the first block of each role
    return next((found[role] for role in ("selected", "receptive", "feeds") if role in found), None)


def _followed(now: Now, column: Column, looked: Looked, box: Box) -> Looked:
    """Move an enlarged map so that the marked cell is in sight, unless the user has scrolled it since."""
    under, marked = now.explained.look.under, nearest(now, column)
    is_pointed_at = under is not None and under.stage == column.stage
    if marked is None or is_pointed_at or now.stays == marked or looked.zoom is None:
        return looked
    area = stages.map_area(stages.StageMap(looked), box, now.look)
    shown, _ = placed(looked, Ground(area, now.look, ratio=now.ratio))
    corner: list[int] = []
    for axis in (0, 1):
        first, count = shown[axis], shown[axis + 2]
        low, high = marked[axis] - _MARGIN, marked[axis] + marked[axis + 2] + _MARGIN
        corner.append(min(max(first, high - count), low))
    return replace(looked, zoom=looked.zoom._replace(corner=(corner[0], corner[1])))


# -- columns without maps -----------------------------------------------------------------------------------


def _units(now: Now, column: Column) -> tuple[Item, ...]:
    """Units of a hidden dense layer, or of the activation after it, as a grid."""
    picture, (_, rows, cols), look, side = now.picture, column.shape, now.look, now.layout.side
    values, limits = picture.values(column), picture.levels[column.key]
    count = len(values)

    def unit(row: int, col: int) -> PinnedCell:
        return PinnedCell(column.stage, (row * cols + col,))

    def make() -> tuple[HeatMap, str]:
        filled = np.zeros(rows * cols, values.dtype)
        filled[:count] = values
        shown = HeatMap(
            filled.reshape(rows, cols),
            column.within(limits),
            blank=(np.arange(rows * cols) >= count).reshape(rows, cols),
            press=lambda row, col: asks.PressCell(unit(row, col)) if row * cols + col < count else None,
            point=lambda row, col: asks.PointAt(unit(row, col)) if row * cols + col < count else None,
            name=lambda row, col: format_cell((row * cols + col,)),
            covered=None,
            lines=False,
        )
        return shown, shown.notation.unit

    shown, power = now.contents.of("units", column, picture.token(column), limits, make)
    content = stages.StageMap(Looked(shown, (), now.is_covered(column)), length=math.inf)
    cell = max((side - 2) // rows, 3)
    high = math.ceil(min(cell * rows + 2, max(side, 3 * rows + 2)) + stages.strip_height(look))
    name, tip = f"Units of {column.stage}", "Point at a unit to see its value; click to pin it"
    lines = f"{count} units {power}".rstrip(), f"{count} {power}".rstrip()
    large = _large(now, column, content, high / look.scale, name, tip)
    return (*_head(column, "", lines, _fold(now, column)), large)


def _unit_blocks(units: int, rows: int, cols: int, mark: Marked) -> list[Block]:
    """Turn stretches of units into blocks of the grid."""
    blocks: list[Block] = []
    for _, start, _, count in mark.blocks:
        if count >= units:
            return [(0, 0, rows, cols)]
        blocks.extend((*divmod(unit, cols), 1, 1) for unit in range(start, start + count))
    return blocks


def _outputs(now: Now, column: Column) -> tuple[Item, ...]:
    """Probabilities, and below them the evidence that adds up to the chosen logit."""
    picture, covers = now.picture, now.explained.look.hides_output
    names, evidence, single = picture.names, picture.evidence, picture.has_one_logit

    def cell(row: int) -> PinnedCell:
        return PinnedCell(column.stage, (0 if single else row,))

    def make() -> tuple[Probabilities, Ledger]:
        outputs = Probabilities(
            names,
            tuple(picture.probabilities.tolist()),
            picture.scene.sample.label,
            len(names),
            None if single else tuple(picture.trace.logits[0].tolist()),
            lambda row: asks.PressCell(cell(row), None if single else row),
            lambda row: asks.PointAt(cell(row)),
            None if single or evidence is None else evidence.class_index,
        )
        return outputs, logit_ledger(picture)

    outputs, ledger = now.contents.of("outputs", column, picture.trace, (names, picture.scene.choices), make)
    read_as = "–" if outputs.predicted is None else names[outputs.predicted]
    lines = ("covered", "?") if covers else (f"read as {read_as}", read_as)
    items: list[Item] = [*_head(column, "", lines)]
    if not covers:
        tip = "Click a class to see its logit as a sum; again, and it is that of the predicted one"
        name = "Outputs: logit and probability of each class"
        items.append(Card(column.key, PROBABILITIES, outputs, tip=tip, is_live=True, name=name))
    if evidence is not None:
        value, choose = picture.scene.choices.relative, Asking(asks.Choose, "relative")
        title = "Relative to blank"
        items.append(Choice("relative", "tick", title, choose, value, tip=_RELATIVE, spare=2))
    if not covers:
        tip = "The chosen logit as a sum"
        items.append(Card("logit", LEDGER, ledger, tip=tip, room=None, name=tip))
    return tuple(items)
