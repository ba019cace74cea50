"""What became of the winner of every max-pooling window: the map, the counts, and one window in numbers."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnnviz.drawing import Cells, Drawing, Graphic, Ground, Look, Share, Size, Table, sized
from cnnviz.drawing.cells import Colors, Pixels, cell_numbers, outline, packed
from cnnviz.drawing.look import rgb
from cnnviz.drawing.marks import CellParts, Image, Rect
from cnnviz.graphics.cells import lines_between
from cnnviz.notation import Notation
from cnnviz.quantities import format_cell, format_together
from cnnviz.translation import WinnerChange, WinnerMap

_SHADES = 16  # more than the eye tells apart


class _Kind(NamedTuple):
    """How a kind of window is drawn and called: `faint` is the share of the ground at strength 0."""

    ink: str
    name: str
    long_name: str
    has_dot: bool = False
    faint: float = 0.0


_KINDS = {
    WinnerChange.SAME: _Kind("border", "same", "same winner, equal value"),
    WinnerChange.MOVED: _Kind("winner", "other cell", "another cell won, equal value", has_dot=True),
    WinnerChange.CHANGED: _Kind("shifted", "changed", "value changed", faint=0.82),
}
_TIED = _Kind("faint", "same, tied", "same winner, tied")


@dataclass(frozen=True, eq=False)
class Winners:
    """The windows of one filter."""

    found: WinnerMap
    channel: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of windows."""
        return self.found.category.shape[1], self.found.category.shape[2]

    def counts(self) -> dict[WinnerChange, tuple[int, int]]:
        """How many windows each thing happened in: single winners, and tied ones."""
        return self.found.counts(self.channel)

    def say(self, row: int, col: int) -> str:
        """Which window, and what has become of its winner."""
        place = (self.channel, row, col)
        kind = _KINDS[WinnerChange(int(self.found.category[place]))]
        tie = ", tied" if self.found.tied[place] else ""
        return f"{format_cell((row, col)).capitalize()}: {kind.long_name}{tie}"


def _draw(winners: Winners, ground: Ground) -> Drawing:
    """Draw one cell a window, in the colour of its kind."""
    drawing, look = Drawing(ground), ground.look
    found, channel = winners.found, winners.channel
    grid = Cells.fit(*winners.shape, ground.box.inset(1), ground.ratio, "left top")
    category, change = found.category[channel], np.abs(found.change[channel])
    is_changed = category == WinnerChange.CHANGED
    most = float(change.max(where=np.isfinite(change), initial=0.0)) or 1.0
    strengths = np.where(is_changed & np.isfinite(change), change / most, 1.0)
    kinds = np.where((category == WinnerChange.SAME) & found.tied[channel], len(_KINDS), category)
    shades = np.rint((_SHADES - 1) * strengths).astype(np.intp)
    drawing.add(Image(grid.box, _table(look)[kinds, shades]))
    if grid.side >= 6:
        drawing.add(lines_between(grid, "surface"))
        dot = max(grid.side / 4, 2)
        for row, col in np.argwhere(category == WinnerChange.MOVED).tolist():
            drawing.add(Rect(grid.cell(row, col).placed(dot, dot), "text", radius=dot / 2))
    drawing.add(Rect(grid.box.inset(-0.5), edge="border"))
    parts = CellParts("window", grid, winners.say)
    hovered = parts.place(ground.hovered)
    if hovered is not None:
        drawing.add(*outline(hovered, "focus" if ground.has_focus else "hover", look))
    drawing.parts.append(parts)
    return drawing


@lru_cache(8)
def _table(look: Look) -> Pixels:
    """Colour of each kind at each strength, shape (kinds, shades)."""
    kinds, shares = (*_KINDS.values(), _TIED), np.linspace(1, 0, _SHADES)
    return packed([[rgb(look.mixed(k.ink, "surface", k.faint * share)) for share in shares] for k in kinds])


def _tables(winners: Winners) -> list[Table]:
    return [Table.of_cells("Winners", winners.found.category[winners.channel])]


def _words(winners: Winners) -> str:
    told = (f"{_KINDS[k].long_name}: {one} single, {two} tied" for k, (one, two) in winners.counts().items())
    return "; ".join(told)


WINNERS = Graphic(_draw, sized(150, 150, 90, 90), _tables, _words, key=lambda winners: (COUNTS, winners))


# -- counts -------------------------------------------------------------------------------------------------


_HEADS = ("windows with", "single winner", "a tie"), ("windows", "single", "tied")  # by the room there is


def _draw_counts(winners: Winners, ground: Ground) -> Drawing:
    """Draw the key to the map, with a count of each kind: a row for each, single winners and tied ones."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    names = _HEADS[sum(_column_widths(_HEADS[0], look)) > ground.box.width]
    _, *wide = _column_widths(names, look)
    head, *lines = ground.box.lines(len(_KINDS) + 1, look.font("small").line + px(5))
    boxes = head.columns(Share(1), *wide)
    for box, name, align in zip(boxes, names, ("left", "right", "right"), strict=True):
        drawing.write(box, name, "small", "muted", align)
    room = ground.box.width - px(16) - sum(wide)
    is_wide = max(look.font("small").width(kind.long_name) for kind in _KINDS.values()) <= room
    for box, (change, counts) in zip(lines, winners.counts().items(), strict=True):
        kind = _KINDS[change]
        drawing.add(Rect(box._replace(height=1), "faint"))
        chip, name, *numbers = box.columns(px(16), Share(1), *wide)
        chip = chip.placed(px(10), px(10), "left")
        drawing.add(Rect(chip, kind.ink))
        if kind.has_dot:
            drawing.add(Rect(chip.placed(px(4), px(4)), "text", radius=px(4) / 2))
        drawing.write(name, kind.long_name if is_wide else kind.name, "small")
        for each, count in zip(numbers, counts, strict=True):
            drawing.write(each, str(count), "mono", "text", "right")
    return drawing


def _column_widths(heads: tuple[str, str, str], look: Look) -> list[float]:
    """Least widths of the names and of both columns of numbers."""
    small, number = look.font("small"), look.font("mono").width("0000") + look.px(10)
    names = look.px(16) + max(small.width(kind.name) for kind in _KINDS.values())
    first, *others = map(small.width, heads)
    return [max(names, first), *(max(number, each + look.px(10)) for each in others)]


def _counts_size(_winners: Winners, look: Look) -> Size:
    wide, least = (sum(_column_widths(heads, look)) for heads in _HEADS)
    high = (len(_KINDS) + 1) * (look.font("small").line + look.px(5))
    return Size(wide, high, least, high)


COUNTS = Graphic(_draw_counts, _counts_size, _tables, _words)


# -- one window ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Window:
    """One window of the winners, before and after."""

    winners: Winners
    row: int
    col: int

    def blocks(self) -> tuple[np.ndarray, np.ndarray]:
        """Values before and after, of shape (size, size)."""
        return self.winners.found.window(self.winners.channel, self.row, self.col)


def _draw_window(window: Window, ground: Ground) -> Drawing:
    """Draw both blocks with their numbers; the first largest cell of each is outlined."""
    drawing, px, look = Drawing(ground), ground.px, ground.look
    found, blocks = window.winners.found, window.blocks()
    place = (window.winners.channel, window.row, window.col)
    values = np.stack([found.original[place[0]], found.moved[place[0]]])
    colors = Colors.of("signed", values)
    tops = format_together([float(each.max()) for each in blocks], 4)
    chosen = (int(found.original_winner[place]), int(found.moved_winner[place]))
    line = look.font("small").line + px(3)
    drawing.add(Rect(ground.box.inset(0.5), "surface", "border", radius=px(6)))
    inner = ground.box.inset(px(12), px(8))
    heading, names, cells, below = inner.rows(line, line, Share(1), line)
    drawing.write(heading, window.winners.say(window.row, window.col), "small strong")
    groups = np.zeros(blocks[0].shape, int)
    sides = zip(("original", "shifted"), blocks, tops, chosen, (0, 1), strict=True)
    for name, block, top, winner, number in sides:
        title, area, most = (
            box.columns(_side(window, look), _side(window, look), gap=px(20))[number]
            for box in (names, cells, below)
        )
        drawing.write(title, name, "small", name)
        grid = Cells.fit(found.size, found.size, area, ground.ratio, "left top")
        drawing.add(Image(grid.box, colors.pixels(block)))
        other, notation = blocks[1 - number], Notation.of(np.stack(blocks)).in_full()
        drawing.add(*cell_numbers(block, colors, grid, look, notation, groups, other))
        drawing.add(*outline(grid.cell(*divmod(winner, block.shape[1])), "winner", look))
        drawing.write(most, f"max {top}", "mono")
    return drawing


def _window_size(window: Window, look: Look) -> Size:
    line, side = look.font("small").line + look.px(3), _side(window, look)
    heading = look.font("small strong").width(window.winners.say(window.row, window.col))
    wide = max(heading, 2 * side + look.px(20)) + look.px(26)
    return Size(wide, 3 * line + side + look.px(20), wide, 0)


def _side(window: Window, look: Look) -> float:
    return look.px(58) * window.winners.found.size


WINDOW = Graphic(_draw_window, _window_size)
