"""How large the maps are drawn: all at one scale, as large as the room allows."""

from collections.abc import Collection
from dataclasses import dataclass

from ui.panels.feature_maps.plan import Column, Kind, Plan
from ui.theme import Theme

LARGEST_SCALE = 40
SMALLEST_SCALE = 3
_SCROLLED_SCALE = 4
_FOLDED = 22
_GAP = 16
_NUMBERED = 130
"""Width of a 3 x 3 kernel with numbers in its cells."""
_KEYED = 80
"""Width in which the key of the outlines, below the image, has room."""
_SHARE = 0.66
"""Of the height, what the large maps may take; the rest is for the thumbnails."""


@dataclass(frozen=True, slots=True)
class Room:
    """The room for all columns.

    * `width`, `height`: in logical pixels.
    """

    width: int
    height: int
    theme: Theme

    @property
    def gap(self) -> int:
        """Between two columns."""
        return self.theme.px(_GAP)


def side_of(plan: Plan, scale: int) -> int:
    """Side of the largest map at so many pixels a cell, with its frame."""
    return plan.unit * scale + 2


def column_width(column: Column, side: int, theme: Theme) -> int:
    """Width of a column whose maps have a side."""
    match column.kind:
        case Kind.KERNELS:
            return min(max(round(0.62 * side), theme.px(62)), theme.px(126))
        case Kind.UNITS:
            _, rows, cols = column.shape
            return max(max((side - 2) // rows, 3) * cols + 2, theme.px(58))
        case Kind.OUTPUT:
            return theme.px(148)
        case Kind.IMAGE:
            return max(side, theme.px(_KEYED))
        case _:
            return max(side, theme.px(62))


def total_width(plan: Plan, side: int, folded: Collection[str], room: Room) -> int:
    """Width of all columns and the gaps between them."""
    widths = [
        room.theme.px(_FOLDED) if column.key in folded else column_width(column, side, room.theme)
        for column in plan.columns
    ]
    return sum(widths) + room.gap * (len(widths) - 1)


def column_widths(plan: Plan, side: int, folded: Collection[str], room: Room) -> dict[str, int]:
    """Width of each column that is not folded; room to spare goes to kernels, then to maps.

    Kernels get as much as their numbers need, the others equal shares up to a third of their width.
    """
    theme = room.theme
    widths = {c.key: column_width(c, side, theme) for c in plan.columns if c.key not in folded}
    spare = max(room.width - total_width(plan, side, folded, room), 0)
    for column in plan.columns:
        roomy = column.shape[2] <= 3 and side >= theme.px(0.95 * _NUMBERED)
        if column.kind is Kind.KERNELS and column.key in widths and roomy:
            more = min(max(theme.px(_NUMBERED) - widths[column.key], 0), spare)
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


def tallest_side(plan: Plan, room: Room) -> int:
    """Side of a map that leaves a fair share of the height to the thumbnails."""
    free = room.height - room.theme.px(72)
    has_thumbnails = any(column.count > 1 for column in plan.columns)
    return round(_SHARE * free) if has_thumbnails else free


def fitting_scale(plan: Plan, folded: Collection[str], room: Room) -> int | None:
    """Largest number of pixels a cell with which everything is in sight, or None."""
    for scale in range(LARGEST_SCALE, SMALLEST_SCALE - 1, -1):
        side = side_of(plan, scale)
        if side <= tallest_side(plan, room) and total_width(plan, side, folded, room) <= room.width:
            return scale
    return None


def scrolled_scale(plan: Plan, room: Room) -> int:
    """Pixels a cell when the columns have to be scrolled."""
    by_height = (tallest_side(plan, room) - 2) // plan.unit
    return max(min(by_height, _SCROLLED_SCALE), 1)


def default_folds(plan: Plan, room: Room) -> frozenset[str]:
    """Columns to fold so that the others have room: activations, if anything."""
    if fitting_scale(plan, (), room) is not None:
        return frozenset()
    return frozenset(column.key for column in plan.columns if column.is_activation)
