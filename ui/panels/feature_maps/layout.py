"""How large the columns of a network are drawn, and on which pages: nothing depends on weights or images."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from cnnviz.drawing import Box, Look
from cnnviz.drawing.cells import smallest_font
from cnnviz.graphics.columns import Column, Kind, Plan
from cnnviz.graphics.stages import strip_height
from cnnviz.graphics.tiles import are_legible

_LARGEST_SCALE = 40
LARGEST_CELL = 64
"""Of an enlarged map, in pixels at scale 1."""
LINE = 17
"""Height of the second line of a heading, with small buttons in it."""
FLAT = 20
"""Height of the one line of a heading with as much width as an enlarged map that has the room alone."""
FOLDED_WIDTH = 22
"""Width of a folded column, and of the strip that leads to another page."""
_GAP = 16
_NUMBERED, _READABLE = 130, 220
"""Width of a 3 x 3 kernel with numbers in its cells, and of outputs with bars of some length."""
_KEYED = 80
"""Width in which the key of the outlines, below the image, has room."""
_NEVER = 5
_LEGIBLE, _LEAST, _PAGED = 70, 56, 110
"""Sides in pixels at scale 1: before maps are smaller, activations are folded; before they are smaller
than the second, columns go to other pages, on which maps are as large as the third."""
BESIDE = 122
"""Width of all maps beside an enlarged one, with the gap between them."""
_ENLARGED, AXIS = 0.4, 24
"""Of the width, what an enlarged map takes at least; columns that have no room beside it are folded. Room
of the numbers of its rows, and of its columns."""
_SHARE, _WIDEST = 0.66, 2
"""Of the height, what the large maps may take; the rest is for the thumbnails. How often the side of its map
a column may be wide."""
LARGEST_RATIO = 1.55
"""How often its height a cell of a map that is alone should be wide: more makes a digit hard to recognise."""
_MAPS = Kind.MAPS, Kind.EVIDENCE


@dataclass(frozen=True, slots=True)
class Room:
    """The room for all columns, in logical pixels."""

    width: int
    height: int
    look: Look

    @property
    def gap(self) -> int:
        """Between two columns."""
        return round(self.look.px(_GAP))

    def _cell(self, ratio: float) -> tuple[int, int]:
        """Width of a cell with a number, and height: at least a line, and the width divided by a ratio."""
        font = smallest_font(self.look)
        wide = math.ceil(font.width("+0.00") + self.look.px(4)) + 1
        return wide, math.ceil(max(font.line, wide / ratio))

    def numbered(self, column: Column, ratio: float = math.inf) -> tuple[int, int]:
        """Width and height that an enlarged map takes with a number in each cell and all maps beside it."""
        look, (_, rows, cols), (wide, high) = self.look, column.shape, self._cell(ratio)
        axis, beside = look.px(AXIS), look.px(BESIDE) * (column.count > 1)
        return round(cols * wide + axis + beside), round(rows * high + axis + look.px(FLAT) + look.px(3))

    def widest(self, column: Column) -> float:
        """How often its height a cell is wide of a map that has the room alone: as its number needs it."""
        (wide, high), free = self._cell(math.inf), self.height - self.numbered(column)[1]
        return max(wide / (high + free / column.shape[1]), 1.0)

    def gives_all(self, column: Column) -> bool:
        """Whether an enlarged map has the room alone: then all its numbers can be read from the last row."""
        wide, high = self.numbered(column)
        is_projected = column.kind in _MAPS and self.look.digits > Look.digits
        return is_projected and wide <= self.width and high <= self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns share the room.

    * `columns`: those of the page in sight, folded or not; `pages`, those of each page; `place`, of that one.
    * `side`: of the largest map, with its frame.
    * `widths`: of the columns that are not folded.
    * `large`: key of the column whose map is enlarged.
    """

    pages: tuple[tuple[Column, ...], ...]
    place: int
    side: int
    widths: Mapping[str, float]
    large: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.pages[self.place]


@lru_cache(8)
def layout_of(
    plan: Plan, room: Room, folded: tuple[tuple[str, bool], ...], enlarged: str | None, at: str | None
) -> Layout:
    """Give every column its page and its width; one may be enlarged.

    * `folded`: what the user has folded, or unfolded.
    * `at`: key of a column whose page is in sight; the first page when there is none.
    """
    chosen = dict(folded)

    def folds_of(columns: Iterable[Column], spare: int) -> frozenset[str]:
        return frozenset(
            c.key for c in columns if c.key != enlarged and chosen.get(c.key, _spare(c) <= spare)
        )

    if (large := plan.column(enlarged or "")) is not None and room.gives_all(large):
        return Layout(((large,),), 0, _side_of(plan.unit, 3), {large.key: room.width}, enlarged)
    pages = _pages(plan.columns, room, folds_of)
    place = next((n for n, page in enumerate(pages) if any(column.key == at for column in page)), 0)
    columns, strips = pages[place], (place > 0) + (place < len(pages) - 1)
    room = replace(room, width=room.width - strips * _strip(room))
    side, widths, _, spare = _fitted(columns, room, folds_of)
    if large is not None and large.key in widths:
        side = min(side, _side_of(plan.unit, 3))
        folds, others = frozenset[str](), math.inf
        while others + max(round(_ENLARGED * room.width), side) > room.width and spare <= _NEVER:
            folds = folds_of(columns, spare)
            others = total_width(columns, side, {*folds, large.key}, room) - room.look.px(FOLDED_WIDTH)
            spare += 1
        widths = {c.key: column_width(c, side, room.look) for c in columns if c.key not in folds}
        (_, rows, cols), axis = large.shape, room.look.px(AXIS)
        high = _height(room) - strip_height(room.look) - axis  # of the map; the outputs have what it leaves
        wide = high * cols / rows + axis + room.look.px(BESIDE) * (large.count > 1)
        rest = room.width - others
        widths[large.key] = max(min(rest, wide) if columns[-1].kind is Kind.OUTPUT else rest, 1)
    return Layout(pages, place, side, widths, enlarged)


type _Page = tuple[Column, ...]
type _Folds = Callable[[Iterable[Column], int], frozenset[str]]


def rows_of(layout: Layout, room: Room) -> tuple[Layout, ...]:
    """The page in sight as rows as high as the room each, folded as it is; an enlarged map has its own."""

    def folds_of(columns: Iterable[Column], _spare: int) -> frozenset[str]:
        return frozenset(c.key for c in columns if c.key not in layout.widths)

    pages = _pages(layout.columns, room, folds_of, _LEAST)
    rows = [Layout((page,), 0, *_fitted(page, room, folds_of)[:2]) for page in pages]
    own, wide = (c for c in layout.columns if c.key == layout.large), room.height + room.look.px(BESIDE)
    return (*rows, *(Layout(((c,),), 0, rows[0].side, {c.key: min(wide, room.width)}, c.key) for c in own))


def _pages(every: _Page, room: Room, folds_of: _Folds, paged: float = _PAGED) -> tuple[_Page, ...]:
    """All columns on one page; where they would be too small there, those of each convolution on one."""
    narrow = replace(room, width=room.width - 2 * _strip(room))

    def fits(columns: _Page, room: Room = narrow, least: float = paged) -> bool:
        fit, high = _fitted(columns, room, folds_of), _tallest(columns, room) - _unit(columns)
        return fit.has_all and fit.side >= min(room.look.px(least), high)

    if fits(every, room, _LEAST):
        return (every,)
    starts = [n for n, c in enumerate(every) if c.kind in (Kind.FILTERS, Kind.EVIDENCE)][1:]
    return _merged([every[a:b] for a, b in pairwise([0, *starts, len(every)])], fits)


def _merged(parts: Sequence[_Page], fits: Callable[[_Page], bool]) -> tuple[_Page, ...]:
    """As many parts on each page as fit."""
    pages = [parts[0]]
    for part in parts[1:]:
        if fits(pages[-1] + part):
            pages[-1] += part
        else:
            pages.append(part)
    return tuple(pages)


class _Fit(NamedTuple):
    """Side of the largest map, widths of columns, and whether all of them and of their maps are in sight."""

    side: int
    widths: dict[str, float]
    has_all: bool
    spare: int = 0


def _fitted(columns: _Page, room: Room, folds_of: _Folds) -> _Fit:
    """How columns fit into some room, with activations folded where that makes them legible."""
    unfolded = _fit(columns, room, folds_of(columns, 0))
    if unfolded.has_all and unfolded.side >= room.look.px(_LEGIBLE):
        return unfolded
    folded = _fit(columns, room, folds_of(columns, 1))._replace(spare=1)
    return max(unfolded, folded, key=lambda each: (each.has_all, each.side))


def _fit(columns: _Page, room: Room, folds: frozenset[str]) -> _Fit:
    def is_whole(side: int) -> bool:
        return side <= _tallest(columns, room) and total_width(columns, side, folds, room) <= room.width

    def has_all(side: int) -> bool:
        return is_whole(side) and _are_legible(columns, side, folds, room)

    side = _largest(_unit(columns), has_all)
    is_all = side >= room.look.px(_LEAST)
    side = side if is_all else _largest(_unit(columns), is_whole)
    return _Fit(side, column_widths(columns, side, folds, room), is_all)


def _largest(unit: int, fits: Callable[[int], bool]) -> int:
    """Largest side with which everything fits, or the least one."""
    scales = range(1, _LARGEST_SCALE + 1)
    return _side_of(unit, max(bisect_left(scales, True, key=lambda n: not fits(_side_of(unit, n))), 1))


def _are_legible(columns: _Page, side: int, folds: Collection[str], room: Room) -> bool:
    """Whether the small maps below the large ones are large enough."""
    high = _height(room) - side - strip_height(room.look)
    widths = column_widths(columns, side, folds, room)
    several = (c for c in columns if c.kind in (Kind.FILTERS, *_MAPS) and c.count > 1 and c.key in widths)
    return all(are_legible(c.shape, Box(0, 0, widths[c.key], high), room.look) for c in several)


def _height(room: Room) -> int:
    """Height of what stands below the heading of a column."""
    look = room.look
    return int(room.height - look.font("strong").line - look.px(LINE + 4 * 3))


def _tallest(columns: _Page, room: Room) -> int:
    """Side of a map that leaves a fair share of the height to the thumbnails."""
    free = _height(room) - strip_height(room.look)
    return int(_SHARE * free if any(column.count > 1 for column in columns) else free)


def _strip(room: Room) -> int:
    """Width of the strip that leads to another page, with the gap beside it."""
    return round(room.look.px(FOLDED_WIDTH)) + room.gap


def _spare(column: Column) -> int:
    """Where there is no room, the columns of 1 are folded first, the others beside an enlarged one."""
    if column.is_activation:
        return 1
    if column.kind is Kind.FILTERS and column.group > 1:
        return 3
    return {Kind.UNITS: 2, Kind.EVIDENCE: 4}.get(column.kind, _NEVER)


def _unit(columns: _Page) -> int:
    """Largest side of a map in cells; all maps of a page are drawn at the scale of this one."""
    return max((max(c.shape[1:]) for c in columns if c.kind in (Kind.IMAGE, *_MAPS)), default=1)


def _side_of(unit: int, scale: int) -> int:
    """Side of a map of so many cells at so many pixels a cell, with its frame."""
    return unit * scale + 2


def column_width(column: Column, side: float, look: Look) -> float:
    """Least width of a column whose maps have a side."""
    match column.kind:
        case Kind.FILTERS:
            return min(max(round(0.62 * side), look.px(62)), look.px(126))
        case Kind.UNITS:
            _, rows, cols = column.shape
            return max(max((side - 2) // rows, 3) * cols + 2, look.px(58))
        case Kind.OUTPUT:
            return look.px(148)
        case Kind.IMAGE:
            return max(side, look.px(_KEYED))
        case _:
            return max(side, look.px(62))


def total_width(columns: _Page, side: float, folds: Collection[str], room: Room) -> float:
    """Least width of columns and the gaps between them."""
    look = room.look
    widths = (look.px(FOLDED_WIDTH) if c.key in folds else column_width(c, side, look) for c in columns)
    return sum(widths) + room.gap * (len(columns) - 1)


def column_widths(columns: _Page, side: float, folds: Collection[str], room: Room) -> dict[str, float]:
    """Width of each column that is not folded: the narrowest ones get of the room to spare first."""
    look = room.look
    widths = {c.key: column_width(c, side, look) for c in columns if c.key not in folds}
    filters = max(look.px(_NUMBERED), _WIDEST * side)
    most = dict.fromkeys(_MAPS, _WIDEST * side) | {Kind.FILTERS: filters, Kind.OUTPUT: look.px(_READABLE)}

    def levelled(level: int) -> dict[str, float]:
        grown = {c.key: min(level, most.get(c.kind, 0)) for c in columns}
        return {key: max(width, grown[key]) for key, width in widths.items()}

    free = room.width - total_width(columns, side, folds, room) + sum(widths.values())
    level = bisect_right(range(room.width + 1), free, key=lambda level: sum(levelled(level).values())) - 1
    return levelled(max(level, 0))
