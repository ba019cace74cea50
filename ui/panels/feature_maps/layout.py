"""How large the columns of a network are drawn: nothing here depends on weights or images."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cnnviz.drawing import Look
from cnnviz.graphics.columns import Column, Kind, Plan

LARGEST_SCALE = 40
SMALLEST_SCALE = 3
LARGEST_CELL = 64
"""Of an enlarged map, in pixels at scale 1."""
_SCROLLED_SCALE = 4
_FOLDED = 22
_GAP = 16
_NUMBERED = 130
"""Width of a 3 x 3 kernel with numbers in its cells."""
_KEYED = 80
"""Width in which the key of the outlines, below the image, has room."""
_NEVER = 5
_LEGIBLE = 70
"""Side in pixels at scale 1 of a map; before maps are smaller, columns are folded."""
_ENLARGED = 0.4
"""Of the width, what an enlarged map takes at least; columns that have no room beside it are folded."""
_SHARE = 0.66
"""Of the height, what the large maps may take; the rest is for the thumbnails."""


@dataclass(frozen=True, slots=True)
class Room:
    """The room for all columns.

    * `width`, `height`: in logical pixels; `bar`, height of a scroll bar.
    """

    width: int
    height: int
    look: Look
    bar: int = 0

    @property
    def gap(self) -> int:
        """Between two columns."""
        return round(self.look.px(_GAP))


def _spare(column: Column) -> int:
    """Where there is no room for all, the columns of 1 are folded first, then those of 2, and so on."""
    if column.is_activation:
        return 1
    if column.kind is Kind.FILTERS and column.group > 1:
        return 3
    return {Kind.UNITS: 2, Kind.EVIDENCE: 4}.get(column.kind, _NEVER)


def side_of(plan: Plan, scale: int) -> int:
    """Side of the largest map at so many pixels a cell, with its frame."""
    return plan.unit * scale + 2


def column_width(column: Column, side: float, look: Look) -> float:
    """Width of a column whose maps have a side."""
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


def total_width(plan: Plan, side: float, folded: Collection[str], room: Room) -> float:
    """Width of all columns and the gaps between them."""
    widths = [
        room.look.px(_FOLDED) if column.key in folded else column_width(column, side, room.look)
        for column in plan.columns
    ]
    return sum(widths) + room.gap * (len(widths) - 1)


def column_widths(plan: Plan, side: float, folded: Collection[str], room: Room) -> dict[str, float]:
    """Width of each column that is not folded; room to spare goes to kernels, then to maps.

    Kernels get as much as their numbers need, the others equal shares up to a third of their width.
    """
    look = room.look
    widths = {c.key: column_width(c, side, look) for c in plan.columns if c.key not in folded}
    spare = max(room.width - total_width(plan, side, folded, room), 0)
    for column in plan.columns:
        roomy = column.shape[2] <= 3 and side >= look.px(0.95 * _NUMBERED)
        if column.kind is Kind.FILTERS and column.key in widths and roomy:
            more = min(max(look.px(_NUMBERED) - widths[column.key], 0), spare)
            widths[column.key] += more
            spare -= more
    wide = [
        c.key for c in plan.columns if c.kind in (Kind.MAPS, Kind.EVIDENCE, Kind.OUTPUT) and c.key in widths
    ]
    for place, key in enumerate(wide):
        more = min(spare // (len(wide) - place), side // 3)
        widths[key] += more
        spare -= more
    return widths


def tallest_side(plan: Plan, room: Room) -> float:
    """Side of a map that leaves a fair share of the height to the thumbnails."""
    free = room.height - room.look.px(72)
    has_thumbnails = any(column.count > 1 for column in plan.columns)
    return round(_SHARE * free) if has_thumbnails else free


def fitting_scale(plan: Plan, folded: Collection[str], room: Room) -> int | None:
    """Largest number of pixels a cell with which everything is in sight, or None."""
    for scale in range(LARGEST_SCALE, SMALLEST_SCALE - 1, -1):
        side = side_of(plan, scale)
        if side <= tallest_side(plan, room) and total_width(plan, side, folded, room) <= room.width:
            return scale
    return None


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns share the room.

    * `scale`: pixels a cell of the largest map; `side`, of that map.
    * `widths`: of the columns that are not folded.
    * `scrolled`: whether there is no room for all of them.
    """

    scale: int
    side: int
    widths: Mapping[str, float]
    folds: frozenset[str]
    scrolled: bool


def layout_of(
    plan: Plan, room: Room, scale: int | None, folded: Mapping[str, bool], enlarged: str | None
) -> Layout:
    """Give every column its width; one may be enlarged.

    * `scale`: pixels a cell, as the user has chosen; None: as large as fits.
    * `folded`: what the user has folded, or unfolded.
    """
    tight, best = 1, 0
    for spare in range(_NEVER):
        fitting = fitting_scale(plan, {c.key for c in plan.columns if _spare(c) <= spare}, room) or 0
        if fitting > best and best * plan.unit < room.look.px(_LEGIBLE):
            tight, best = spare, fitting
    folds = frozenset(c.key for c in plan.columns if folded.get(c.key, _spare(c) <= tight))
    fitting = fitting_scale(plan, folds, room) if scale is None else None
    scrolled = False
    if fitting is None:
        lower = replace(room, height=room.height - room.bar)
        by_height = int((tallest_side(plan, lower) - 2) // plan.unit)
        fitting = scale or max(min(by_height, _SCROLLED_SCALE), 1)
        scrolled = total_width(plan, side_of(plan, fitting), folds, room) > room.width
    if enlarged is None or enlarged in folds:
        side = side_of(plan, fitting)
        return Layout(fitting, side, column_widths(plan, side, folds, room), folds, scrolled)
    fitting = max(min(fitting, 3), 1) if scale is None else fitting
    side = side_of(plan, fitting)
    least, others = max(round(_ENLARGED * room.width), side), 0.0
    for spare in range(tight, _NEVER):
        folds = frozenset(
            c.key for c in plan.columns if c.key != enlarged and folded.get(c.key, _spare(c) <= spare)
        )
        others = total_width(plan, side, {*folds, enlarged}, room) - room.look.px(_FOLDED)
        if others + least <= room.width:
            break
    width = max(room.width - others, least)
    widths = {c.key: column_width(c, side, room.look) for c in plan.columns if c.key not in folds}
    return Layout(fitting, side, widths | {enlarged: width}, folds, others + width > room.width)
