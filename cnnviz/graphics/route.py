"""The way of a gradient through one window of a pool: the values, what arrives, and which cells get it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.drawing import Box, Drawing, Font, Graphic, Ground, Look, Share, Size, Table
from cnnviz.drawing.cells import Colors, inks_on, outline
from cnnviz.drawing.marks import Ask, CellKey, Image, Line, Part, Point, Polygon, Rect
from cnnviz.graphics.columns import stage_colors
from cnnviz.graphics.heat_map import Reveal
from cnnviz.notation import Notation, sum_notation
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_cell, format_signed
from cnnviz.routing import PoolRouting, Routes

_GAP, _LANE, _APART = 0.2, 1.0, 0.4  # between cells, for the arrow, between blocks; in sides of a cell
_MOST, _LEAST = 220, 38  # side of a cell, in pixels at scale 1
_SMALLEST, _LONGEST = 12, 8  # size of a number, and its characters
_SECONDS = 0.7  # in which numbers go from the pooled cell to those that get them
_FRACTIONS = {2: "½", 3: "⅓", 4: "¼"}


@dataclass(frozen=True, eq=False)
class Route:
    """One window of a pool in one channel, and what of its gradient each cell gets.

    * `values`, `gets`: ndarray of shape (h, w). Cells of the window and, where a blur reaches beyond it, of
      all that get something.
    * `receives`, `winners`: boolean ndarray of shape (h, w).
    * `arriving`: gradient of the loss at the pooled cell.
    * `corner`: row and column of the first cell, in the whole map.
    * `colors`: of the values, and of the gradients.
    * `names`: of the values, of what arrives and of what is sent on, with a caption each.
    * `press`, `point`: row and column in the whole map to what a cell asks for; `pooled` is what that which
      arrives asks for when it is pressed and pointed at.
    """

    values: FloatArray
    gets: FloatArray
    receives: NDArray[np.bool_]
    winners: NDArray[np.bool_]
    arriving: float
    corner: tuple[int, int]
    colors: tuple[Colors, Colors]
    names: tuple[tuple[str, str], ...]
    press: Callable[[int, int], Ask | None] | None = None
    point: Callable[[int, int], Ask | None] | None = None
    pooled: tuple[Ask | None, Ask | None] = (None, None)

    @classmethod
    def of(
        cls,
        routing: PoolRouting,
        routes: Routes,
        window: tuple[int, int, int],
        names: tuple[tuple[str, str], ...] = (("Values", ""), ("Arriving", ""), ("Sent on", "")),
        press: Callable[[int, int], Ask | None] | None = None,
        point: Callable[[int, int], Ask | None] | None = None,
        pooled: tuple[Ask | None, Ask | None] = (None, None),
    ) -> "Route":
        """Take the window at the pooled cell `(channel, row, column)`, by the pool's own routes or others."""
        channel, row, col = window
        size, step = routing.pool.size, routing.pool.step
        own = routes.of_window(window)
        cells, carried = routes.cells[own][:, 1:], routes.carried(routing.incoming)[own]
        ends = np.array([(row * step, col * step), (row * step + size - 1, col * step + size - 1)])
        (top, left), (bottom, right) = np.vstack([ends, cells]).min(0), np.vstack([ends, cells]).max(0)
        values = routing.values[channel][top : bottom + 1, left : right + 1]
        gets, receives, winners = np.zeros_like(values), *np.zeros((2, *values.shape), bool)
        gets[tuple((cells - (top, left)).T)] = carried
        receives[tuple((cells - (top, left)).T)] = True
        if routing.winners is not None:
            winners[:size, :size] = routing.winners[window]
        sent = max((signed_levels(each) for each in routing.routed.values()), key=lambda pair: pair[1])
        levels = max(sent, signed_levels(routing.incoming), key=lambda pair: pair[1])
        of_values = stage_colors(routing.network, routing.stage, routing.values)
        colors = of_values, Colors("signed", *levels)
        place = int(top), int(left)
        told = gets, receives, winners, float(routing.incoming[window]), place, colors, names
        return cls(values, *told, press, point, pooled)

    def numbers(self, longest: int = _LONGEST) -> tuple[list[str], list[str], str, str]:
        """Values, told apart; what cells get, which adds up; what arrives; the unit of the last two."""
        told = Notation.of(self.values, signed=True).in_full()
        values = told.texts(self.values, np.zeros(self.values.shape, int), longest)
        sent = self.gets[self.receives] if self.receives.any() else np.array([self.arriving])
        notation = sum_notation(sent, float(sent.sum(dtype=np.float64)), longest)
        gets = [notation.cell(each) if each else "0" for each in self.gets.ravel().tolist()]
        return values, gets, notation.cell(self.arriving), notation.unit

    def share(self) -> str:
        """How the gradient is shared out, in words."""
        parts = self.gets[self.receives] / (self.arriving or 1.0)
        count, one = parts.size, "one cell"
        if (self.winners & self.receives).any():
            one = f"the first of {np.count_nonzero(self.winners)}" if self.is_tied else "the winner"
        if count <= 1 or not self.arriving:
            return f"to {one}" if count == 1 else f"to {count or 'no'} cells"
        if not np.allclose(parts, parts[0]):
            return f"parts to {count} cells"
        share = "whole" if parts[0] > 0.99 else _FRACTIONS.get(round(1 / parts[0]), "equal part")
        return f"{share} to each of {count}"

    def say(self, row: int, col: int, *, is_covered: bool = False) -> str:
        """Name of a cell, its value, whether it has won, and what it gets of this window's gradient."""
        name = format_cell((self.corner[0] + row, self.corner[1] + col))
        value = format_signed(float(self.values[row, col]), 5)
        if is_covered:
            return f"{name}: {value}"
        won = "" if not self.winners[row, col] else ", tied" if self.is_tied else ", the winner"
        return f"{name}: {value}{won}, gets {format_signed(float(self.gets[row, col]), 5)}"

    @property
    def is_tied(self) -> bool:
        """Whether several cells hold the maximum."""
        return int(np.count_nonzero(self.winners)) > 1


@dataclass(frozen=True, slots=True)
class Routed:
    """A route with what is looked at: the pinned cell, in the whole map; whether its outcome is covered."""

    route: Route
    pinned: tuple[int, int] | None = None
    is_covered: bool = False


class _Plan(NamedTuple):
    """Side of a cell, gap between cells, and corners of the three blocks."""

    side: float
    gap: float
    values: Point
    pooled: Point
    gets: Point

    @property
    def trunk(self) -> float:
        """Where arrows part."""
        return self.gets[0] - self.side * 0.45

    def cell(self, corner: Point, row: float, col: float) -> Box:
        """One cell of a block."""
        step = self.side + self.gap
        return Box(corner[0] + col * step, corner[1] + row * step, self.side, self.side)


def _head(look: Look) -> float:
    return look.heading.line + look.font("small").line + look.px(4)


def _plan(route: Route, box: Box, look: Look) -> _Plan:
    """Lay the blocks out in a row."""
    rows, cols = route.values.shape
    label = look.font("mono").width("000") + look.px(6)
    wide, high = cols + _GAP * (cols - 1), rows + _GAP * rows  # of a block, in sides of a cell
    across, head, below = 2 * wide + 1 + _LANE + _APART, _head(look), look.font("mono").line + look.px(4)
    fitting = min((box.width - 2 * label) / across, (box.height - head - below) / high)
    side = min(math.floor(max(fitting, 1)), look.px(_MOST))
    left = box.left + label + max((box.width - 2 * label - across * side) / 2, 0)
    top, pooled = box.top + head + side * _GAP, left + (wide + _APART) * side
    return _Plan(side, side * _GAP, (left, top), (pooled, top), (pooled + side * (1 + _LANE), top))


def _draw(shown: Routed, ground: Ground) -> Drawing:
    """Draw the window, the gradient that arrives, and arrows to the cells that get it, beside all numbers."""
    drawing, route, look, px = Drawing(ground), shown.route, ground.look, ground.px
    plan, is_covered, (of_values, of_slopes) = _plan(route, ground.box, look), shown.is_covered, route.colors
    room = int(plan.side * 0.9 / Font(px(_SMALLEST), is_mono=True).width("0"))
    values, gets, arriving, unit = route.numbers(min(room, _LONGEST))
    font = _font([*values, *gets, arriving], plan.side, look)
    pooled = plan.cell(plan.pooled, 0, 0)
    _heads(drawing, route, plan, unit)
    flying = _flying(route, plan, 1.0 if is_covered else ground.motion)
    for place, (row, col) in enumerate(np.ndindex(route.values.shape)):
        at = route.corner[0] + row, route.corner[1] + col
        source, target = plan.cell(plan.values, row, col), plan.cell(plan.gets, row, col)
        _cell(drawing, source, of_values, float(route.values[row, col]), values[place], font)
        if route.winners[row, col] and not is_covered:
            _mark_winner(drawing, route, source, (row, col), font)
        if is_covered or not route.receives[row, col]:
            drawing.add(Rect(target, "track", "border"))
            drawing.write(target, "?" if is_covered else "0", font or "mono", "muted", "middle")
        else:
            if place in flying:
                drawing.add(Rect(target, "track"))
            else:
                _cell(drawing, target, of_slopes, float(route.gets[row, col]), gets[place], font)
            drawing.add(Rect(target, edge="winner", width=px(2)))
        press, point = (None if ask is None else ask(*at) for ask in (route.press, route.point))
        said = route.say(row, col, is_covered=is_covered)
        for key, box in (("values", source), ("gets", target)):
            ask = Reveal() if is_covered and key == "gets" else press
            drawing.parts.append(Part(CellKey(key, row, col), box, said, ask, points=point))
            if at == shown.pinned:
                drawing.add(*outline(box, "selected", look))
    _cell(drawing, pooled, of_slopes, route.arriving, arriving, font)
    said = f"{route.names[1][0]}, {route.names[1][1]}: {format_signed(route.arriving, 5)}"
    drawing.parts.append(Part("arriving", pooled, said, route.pooled[0], points=route.pooled[1]))
    if not is_covered:
        small, wide = look.font("small"), plan.trunk - pooled.left - px(8)
        lines = small.wrapped(route.share(), wide)
        below = Box(pooled.left, pooled.bottom + px(6), wide, 0).lines(len(lines), small.line)
        for box, words in zip(below, lines, strict=True):
            drawing.write(box, words, small, "warning")
        _arrows(drawing, route, plan)
    for place, (x, y) in flying.items():
        wide, high = (px(16), px(16)) if font is None else (font.width(gets[place]) + px(8), font.line)
        room = Box(x - wide / 2, y - high / 2, wide, high)
        _cell(drawing, room, of_slopes, float(route.gets.flat[place]), gets[place], font)
    hovered = drawing.part(ground.hovered)
    if hovered is not None:
        drawing.add(*outline(hovered.box, "focus" if ground.has_focus else "hover", look))
    return drawing


def _heads(drawing: Drawing, route: Route, plan: _Plan, unit: str) -> None:
    """Write titles above the blocks, and rows and columns beside them as they count in the whole map."""
    look, px = drawing.ground.look, drawing.ground.px
    rows, cols = route.values.shape
    mono, strong, small = look.font("mono"), look.heading, look.font("small")
    captions = route.names[0][1], unit, unit
    for corner, (title, _), caption in zip(plan[2:], route.names, captions, strict=True):
        first = plan.cell(corner, 0, 0)
        end = plan.trunk if corner == plan.pooled else plan.cell(corner, 0, cols - 1).right
        wide = end - first.left - px(6 if corner == plan.pooled else 0)
        if strong.width(title) > wide:
            title = title.rpartition(" ")[2]  # the symbol
        head = Box(first.left, first.top - plan.gap - _head(look), wide, _head(look))
        line, under, _ = head.rows(strong.line, small.line, Share(1))
        drawing.write(line, title, strong)
        drawing.write(under, caption, small, "muted")
    for corner in (plan.values, plan.gets):
        for row in range(rows):
            cell, text = plan.cell(corner, row, 0), str(route.corner[0] + row)
            if corner[0] < plan.pooled[0]:
                drawing.write(cell._replace(left=cell.left - 106, width=100), text, mono, "muted", "right")
            else:
                right = plan.cell(corner, row, cols - 1).right + px(6)
                drawing.write(cell._replace(left=right, width=100), text, mono, "muted")
        for col in range(cols):
            cell = plan.cell(corner, rows - 1, col)
            below = Box(cell.left, cell.bottom + px(3), cell.width, mono.line)
            drawing.write(below, str(route.corner[1] + col), mono, "muted", "middle")


def _mark_winner(drawing: Drawing, route: Route, box: Box, place: tuple[int, int], font: Font | None) -> None:
    """Outline a winner, and say below its number that it is one, where there is room."""
    small, words = drawing.ground.font("small"), "tied" if route.is_tied else "winner"
    drawing.add(*outline(box, "winner", drawing.ground.look))
    room = (box.height - (0 if font is None else font.line)) / 2
    if room >= small.line + 2 and small.width(words) <= box.width - 6:
        (ink,) = inks_on(route.colors[0].pixels(route.values[place]))
        below = Box(box.left, box.bottom - small.line - 3, box.width, small.line)
        drawing.write(below, words, small, ink, "middle")


def _font(texts: list[str], side: float, look: Look) -> Font | None:
    """Largest font in which all numbers leave a margin in their cells; None where none does."""
    longest = max(map(len, texts), default=1)
    for size in range(int(side * 0.3), round(look.px(_SMALLEST)) - 1, -1):
        font = Font(size, is_mono=True)
        if font.width("0" * longest) <= side * 0.9:
            return font
    return None


def _cell(drawing: Drawing, box: Box, colors: Colors, value: float, words: str, font: Font | None) -> None:
    pixels = colors.pixels(np.array([[value]]))
    drawing.add(Image(box, pixels), Rect(box.inset(-0.5), edge="border"))
    if font is not None:
        drawing.write(box, words, font, inks_on(pixels)[0], "middle")


def _path(plan: _Plan, row: int, col: int) -> list[Point]:
    """From the pooled cell through the gaps above cells to one that gets something, and into its edge."""
    pooled, cell, lane = plan.cell(plan.pooled, 0, 0), plan.cell(plan.gets, row, col), plan.gap * 0.75
    path = [(pooled.right + 1, pooled.y), (plan.trunk, pooled.y)]
    if col == 0:
        return [*path, (plan.trunk, cell.y), (cell.left, cell.y)]
    return [*path, (plan.trunk, cell.top - lane), (cell.x, cell.top - lane), (cell.x, cell.top)]


def _arrows(drawing: Drawing, route: Route, plan: _Plan) -> None:
    width, tip = drawing.ground.px(3), min(plan.gap * 0.6, drawing.ground.px(18))
    for row, col in np.argwhere(route.receives).tolist():
        path = _path(plan, row, col)
        x, y = path[-1]
        back, sides = ((x - tip, y), (0.0, tip * 0.6)) if col == 0 else ((x, y - tip), (tip * 0.6, 0.0))
        drawing.add(Line([*path[:-1], back], "winner", width))
        ends = [(back[0] + sign * sides[0], back[1] + sign * sides[1]) for sign in (-1, 1)]
        drawing.add(Polygon((path[-1], *ends), "winner"))


def _flying(route: Route, plan: _Plan, motion: float) -> dict[int, Point]:
    """Where numbers are that are still on the way to their cells: they start together, and all as fast."""
    paths, pooled = dict[int, list[Point]](), plan.cell(plan.pooled, 0, 0)
    for place in () if motion >= 1 else np.flatnonzero(route.receives).tolist():
        row, col = divmod(place, route.values.shape[1])
        cell = plan.cell(plan.gets, row, col)
        paths[place] = [(pooled.x, pooled.y), *_path(plan, row, col), (cell.x, cell.y)]
    # How long each path is up to each of its points.
    ends = {n: np.cumsum([0.0, *(math.dist(*piece) for piece in pairwise(p))]) for n, p in paths.items()}
    way, found = motion * max((float(each[-1]) for each in ends.values()), default=0.0), dict[int, Point]()
    for place, path in paths.items():
        if way < ends[place][-1]:
            x, y = (float(np.interp(way, ends[place], along)) for along in zip(*path, strict=True))
            found[place] = x, y
    return found


def _size(shown: Routed, look: Look) -> Size:
    rows, cols = shown.route.values.shape
    beside = 2 * (look.font("mono").width("000") + look.px(6))
    above = _head(look) + look.font("mono").line + look.px(4)
    wide, high = 2 * (cols + _GAP * (cols - 1)) + 1 + _LANE + _APART, rows + _GAP * rows
    usual, least = look.px(90), look.px(_LEAST)
    return Size(wide * usual + beside, high * usual + above, wide * least + beside, high * least + above)


def _tables(shown: Routed) -> list[Table]:
    route, (row, col) = shown.route, shown.route.corner
    cells = zip(np.ndindex(route.values.shape), route.values.flat, route.gets.flat, strict=True)
    rows = [(row + i, col + j, value, bool(route.winners[i, j]), gets) for (i, j), value, gets in cells]
    return [] if shown.is_covered else [Table("Route", ("row", "column", "value", "winner", "gets"), rows)]


def _words(shown: Routed) -> str:
    route = shown.route
    told = "" if shown.is_covered else f", {route.share()}"
    cells = [route.say(*place, is_covered=shown.is_covered) for place in np.ndindex(route.values.shape)]
    return f"{route.names[1][0]} {format_signed(route.arriving, 5)}{told}. {'; '.join(cells)}."


ROUTE = Graphic[Routed](
    _draw, _size, _tables, _words, seconds=lambda shown: 0.0 if shown.is_covered else _SECONDS
)
