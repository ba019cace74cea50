"""What a column of a network consists of: its heading, a large map above its colours; what stands beside."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cnnviz.drawing import Box, Drawing, Graphic, Ground, Ink, Look, Share, Size, sized
from cnnviz.drawing.cells import Colors, Pixels, outline, smallest_font
from cnnviz.drawing.kept import kept
from cnnviz.drawing.marks import Ask, Drag, Group, Image, Line, Mark, Part, Rect, Text
from cnnviz.graphics.cells import ends_of, say_colors, short_scale
from cnnviz.graphics.heat_map import HEAT_MAP, Looked, placed

_BAR = 10  # width of a scroll bar
_LONG_STEP = 4  # cells that an arrow key with Shift leads on

Span = tuple[str, str, Ink]
"""Words, their font, their colour."""


@dataclass(frozen=True)
class Fitting:
    """One line: the first of some versions for which there is room; of the last what fits."""

    versions: tuple[tuple[Span, ...], ...]

    @property
    def words(self) -> str:
        """The first version."""
        return " ".join(words for words, *_ in self.versions[0])


def _draw_fitting(shown: Fitting, ground: Ground) -> Drawing:
    drawing, gap = Drawing(ground), ground.px(6)

    def fits(spans: tuple[Span, ...]) -> bool:
        return sum(ground.font(font).width(words) + gap for words, font, _ in spans) - gap <= ground.box.width

    room, spans = ground.box, next(filter(fits, shown.versions), shown.versions[-1])
    for words, font, ink in spans:
        drawing.write(room, words, font, ink)
        room = room.cut(left=ground.font(font).width(words) + gap)
    return drawing


def _fitting_size(shown: Fitting, look: Look) -> Size:
    high = max(look.font(font).line for _, font, _ in shown.versions[0])
    return Size(look.px(60), high, look.px(20), high)


FITTING = Graphic(
    _draw_fitting,
    _fitting_size,
    words=lambda shown: shown.words,
    height=lambda shown, _width, look: _fitting_size(shown, look).height,
)


# -- a map and its colours ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class StageMap:
    """A large map above a strip of its colours; `Ground.marked` is `Outlines`.

    * `moves`: Rows and columns to what moves the selected cell, which has the keyboard then; None for none.
    * `enlarge`: What a double click asks for.
    * `scrolls`: First row and column in sight to what asks for them, where cells are enlarged.
    * `zooms`: Steps to what makes cells so much larger.
    * `length`: Least one of the strip, in pixels at scale 1, right below the map; None: it is as long as the
      map is wide, and at the end of the room, in line with those of other columns; 0 for no strip.
    """

    looked: Looked
    moves: Callable[[int, int], Ask] | None = None
    enlarge: Ask | None = None
    scrolls: Callable[[tuple[int, int]], Ask] | None = None
    zooms: Callable[[int], Ask] | None = None
    length: float | None = None


def map_area(shown: StageMap, box: Box, look: Look) -> Box:
    """Room of the map, without that of its colours and of scroll bars."""
    bars = look.px(_BAR) if shown.looked.zoom is not None else 0
    below = 0 if shown.length == 0 else strip_height(look)
    return Box(box.left, box.top, box.width - bars, max(box.height - below, 0) - bars)


def strip_height(look: Look) -> float:
    """Height of the strip with its numbers, and of the gap above it."""
    return look.px(11) + look.font("mono").line


def _draw_map(shown: StageMap, ground: Ground) -> Drawing:
    around, area = _around(shown, ground.box, ground.look, ground.ratio)
    drawing = HEAT_MAP.draw(shown.looked, ground._replace(box=area))
    drawing.ground = ground
    drawing.marks += around.marks
    drawing.parts += around.parts
    drawing.keys |= around.keys
    return drawing


@kept
def _around(shown: StageMap, box: Box, look: Look, ratio: float) -> tuple[Drawing, Box]:
    """What stands beside the map and below it, what keys ask for, the map's room: no pointer changes it."""
    ground, px = Ground(box, look, ratio=ratio), look.px
    drawing, area = Drawing(ground), map_area(shown, box, look)
    if (moves := shown.moves) is not None:
        drawing.arrows(lambda across, down: moves(down, across), _LONG_STEP)
    if shown.enlarge is not None:
        drawing.keys["double click"] = drawing.keys["-" if shown.zooms else "+"] = shown.enlarge
    if shown.zooms is not None:
        more, less = shown.zooms(1), shown.zooms(-1)
        drawing.keys |= {"ctrl wheel up": more, "ctrl wheel down": less, "+": more}
        if shown.looked.zoom is not None:  # else back from the usual size of an enlarged map
            drawing.keys["-"] = less
    if shown.scrolls is not None and shown.looked.zoom is not None:
        _scroll(drawing, shown, area)
    if shown.length == 0:
        return drawing, area
    grid = placed(shown.looked, ground._replace(box=area))[1]
    below = strip_height(look) - px(3)
    wide = min(max(grid.box.width, (shown.length or 0) * look.scale), box.width)
    strip = Box(min(grid.box.left, box.right - wide), box.bottom - below, wide, below)
    if shown.length is not None and shown.looked.zoom is None:  # or else a scroll bar lies between
        near = grid.box.bottom + shown.looked.map.room(box.width, look)[1] + px(3)
        strip = strip._replace(top=min(near, strip.top))
    key = (shown.looked.map.colors, strip, look)
    drawing.add(Group(strip.inset(-1), ("strip", *key), lambda: _strip(*key)))
    drawing.parts.append(Part("colors", strip, say_colors(shown.looked.map.colors)))
    return drawing, area


def _scroll(drawing: Drawing, shown: StageMap, area: Box) -> None:
    """Let wheel and bars move what is in sight."""
    asks, px = shown.scrolls, drawing.ground.px
    assert asks is not None
    inner = Ground(area, drawing.ground.look, ratio=drawing.ground.ratio)
    (row, col, rows, cols), grid = placed(shown.looked, inner)
    all_rows, all_cols = shown.looked.map.values.shape
    for name, down, across in (("up", -2, 0), ("down", 2, 0), ("left", 0, -2), ("right", 0, 2)):
        to = min(max(row + down, 0), all_rows - rows), min(max(col + across, 0), all_cols - cols)
        if to != (row, col):
            drawing.keys[f"wheel {name}"] = asks(to)
    if rows < all_rows:
        track = Box(area.right + 1, grid.top, px(_BAR) - 3, grid.box.height)
        _scroll_bar(drawing, track, (row, rows, all_rows), lambda first: asks((first, col)))
    if cols < all_cols:
        track = Box(grid.left, area.bottom + 1, grid.box.width, px(_BAR) - 3)
        _scroll_bar(drawing, track, (col, cols, all_cols), lambda first: asks((row, first)), lies=True)


def _scroll_bar(
    drawing: Drawing,
    track: Box,
    span: tuple[int, int, int],
    asks: Callable[[int], Ask],
    *,
    lies: bool = False,
) -> None:
    """Draw a bar whose handle is dragged: the first in sight, how many are, and of how many."""
    first, count, whole = span
    long = track.width if lies else track.height
    at, size = long * first / whole, long * count / whole
    rest = long - at - size
    handle = track.cut(left=at, right=rest) if lies else track.cut(top=at, bottom=rest)
    drawing.add(Rect(track, "track", radius=2), Rect(handle, "muted", radius=2, alpha=0.5))

    def moved(across: int, down: int) -> Ask:
        return asks(min(max(across if lies else down, 0), whole - count))

    drag = Drag(moved, (first, 0) if lies else (0, first), max(long / whole, 1), (whole, whole))
    drawing.parts.append(Part(("bar", lies), track, drag=drag))


def _strip(colors: Colors, box: Box, look: Look) -> list[Mark]:
    """A thin bar over the numbers at its ends; where both do not fit, small; else symmetric ones as ±."""
    drawing, px, font = Drawing(Ground(box, look)), look.px, look.font("mono")
    bar, below = box.rows(px(6), Share(1), gap=px(1))
    drawing.add(Image(bar, _ramp(colors.name)), Rect(bar.inset(0.5), edge="border"))
    lo, hi = ends_of(colors)
    if font.width(lo + hi) + px(6) > box.width:
        font = min(font, smallest_font(look), key=lambda each: each.size)
    if font.width(lo + hi) + px(3) <= box.width:
        drawing.write(below, lo, font, "muted")
        drawing.write(below, hi, font, "muted", "right")
    elif colors.lo == -colors.hi:
        drawing.write(below, short_scale(colors), font, "muted", "middle")
    else:
        drawing.write(below, hi, font, "muted", "right")
    return drawing.marks


@lru_cache(8)
def _ramp(name: str) -> Pixels:
    """All colours of a map, from the first to the last, whatever its limits."""
    return Colors(name, 0.0, 1.0).pixels(np.linspace(0, 1, 256)[None, :])


STAGE_MAP = Graphic(
    _draw_map,
    lambda _shown, look: Size(look.px(180), look.px(180), look.px(40), look.px(56) + strip_height(look)),
    lambda shown: HEAT_MAP.tables(shown.looked),
    lambda shown: HEAT_MAP.words(shown.looked),
)


# -- what stands beside -------------------------------------------------------------------------------------


Marks = tuple[tuple[str, str], ...]
"""Roles of outlines, and what they mean."""


def _draw_marks(shown: Marks, ground: Ground) -> Drawing:
    """Draw each outline as on a map, with its meaning beside it."""
    drawing, px = Drawing(ground), ground.px
    count = len(shown)
    lines = ground.box.lines(count, min(_mark_line(ground.look), ground.box.height / count))
    for (role, text), line in zip(shown, lines, strict=True):
        sign, words = line.columns(px(13), Share(1), gap=px(6))
        side = min(px(13), line.height - px(4))  # whose outline reaches beyond it
        sign = sign.placed(side, side)
        drawing.add(Rect(sign, "track"), *outline(sign, role, ground.look))
        drawing.write(words, text, "small", "muted")
    return drawing


def _mark_line(look: Look) -> float:
    return look.font("small").line + look.px(4)


MARKS = Graphic(
    _draw_marks,
    lambda key, look: Size(look.px(60), len(key) * _mark_line(look), look.px(60), len(key) * look.px(13)),
    words=lambda shown: "Key: " + "; ".join(f"{role}: {text}" for role, text in shown),
    height=lambda shown, _width, look: len(shown) * _mark_line(look),
)


@dataclass(frozen=True)
class Folded:
    """A column that is folded to a strip as high as it was, or several; `verb` says what pressing it does."""

    title: str
    ask: Ask
    verb: str = "Unfold"
    is_back: bool = False


def _draw_folded(shown: Folded, ground: Ground) -> Drawing:
    drawing, px, box = Drawing(ground), ground.px, ground.box
    is_active = ground.hovered is not None or ground.has_focus
    ink, fill = ("focus", "hover") if ground.has_focus else ("border", "hover" if is_active else "surface")
    drawing.add(Rect(box.inset(1), fill, ink, 1.5 if ground.has_focus else 1, 4))
    drawing.add(_chevron(box.x, box.top + px(12), px(-4 if shown.is_back else 4)))
    font, ink = ground.font("small"), "text" if is_active else "muted"
    words = font.shortened(shown.title, box.height - px(34))
    bottom = box.top + px(26) + font.width(words)
    drawing.add(Text(box.x + font.middle, bottom, words, font, ink, is_upright=True))
    drawing.parts.append(Part("unfold", box, f"{shown.verb} {shown.title}", shown.ask))
    return drawing


def _chevron(x: float, y: float, arm: float) -> Line:
    return Line(((x - arm / 2, y - arm), (x + arm / 2, y), (x - arm / 2, y + arm)), "muted", 1.5, alpha=0.7)


FOLDED = Graphic[Folded](
    _draw_folded, sized(22, 120, 22, 60), words=lambda shown: f"{shown.verb} {shown.title}"
)


#: From one column to the next, at some height.
ARROW = Graphic[float](
    lambda height, at: Drawing(at, [_chevron(at.box.x + 1, at.box.top + height, 4)]), sized(16, 16, 16, 16)
)
