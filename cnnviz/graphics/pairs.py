"""The same maps of two images, before and after a shift: overlaid, side by side, subtracted, or in turn."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing.box import Box, Cells, Share
from cnnviz.drawing.cells import Block, Colors, Pixels, inks_on, most_characters, outline, packed, written_in
from cnnviz.drawing.drawing import Drawing, Graphic, Ground, Size, Table, sized
from cnnviz.drawing.look import Look, rgb
from cnnviz.drawing.marks import Ask, CellKey, CellParts, Drag, Group, Image, Line, Mark, Part, Rect
from cnnviz.graphics.cells import write_colors
from cnnviz.notation import Notation
from cnnviz.palette import ORIGINAL, SHIFTED
from cnnviz.quantities import format_cell, format_signed, format_together, format_value

PairView = Literal["overlay", "sides", "difference"]
Side = Literal["original", "shifted"]
SIDES: tuple[Side, Side] = ("original", "shifted")

Maps = NDArray[np.floating]

_GAP = 6  # between two grids side by side
_SMALLEST_CELL, _MOST_CELLS = 22, 100  # with numbers: smaller cells hold none, more of them nobody reads
_MOST_CAPTIONS = 16
_LEAST_BESIDE = 38  # width of maps with others beside them, in pixels at scale 1
_LEAP = 4  # pixels that an arrow key with Shift moves the image by


class Move(Ask):
    """Move the image: to so many pixels to the right and down of where it was."""

    dx: int
    dy: int


class ShowChannel(Ask):
    """Choose a channel of the maps."""

    channel: int


@dataclass(frozen=True, eq=False)
class Pair:
    """Maps of two images on one scale.

    * `original`, `shifted`: ndarray of shape (c, h, w)
    * `colormap`: {"", "grey", "sequential", "signed"}. Colours of a single map. Empty: sequential if no value
      is negative, else signed.
    * `compared`: Cells that may be compared; the others are covered. None: all of them.
    * `first`: What `original` holds, in words: the original's maps, unless these have been moved.
    * `changes`: How far each shifted map differs, divided by its size; none where nothing says so.
    * `beside`: Original and shifted maps beside these, on the same scale.
    """

    original: Maps
    shifted: Maps
    colormap: str = ""
    compared: Block | None = None
    first: str = "original"
    changes: tuple[float, ...] = ()
    beside: tuple[Maps, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """What the first and the second maps are called."""
        return self.first, "shifted"

    @property
    def hues(self) -> tuple[tuple[str, str], ...]:
        """Colour roles of the overlay, with what they stand for."""
        return (*zip(SIDES, self.names, strict=True), ("both", "both"))

    @property
    def _scaled(self) -> tuple[Maps, ...]:
        """All that is on one scale."""
        return self.original, self.shifted, *self.beside

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, rows, columns."""
        channels, rows, columns = self.original.shape
        return channels, rows, columns

    @property
    def block(self) -> Block:
        """Cells that may be compared."""
        return self.compared or (0, 0, *self.shape[1:])

    def cut[A: np.generic](self, values: NDArray[A]) -> NDArray[A]:
        """That part of an array of shape (..., h, w)."""
        row, col, rows, cols = self.block
        return values[..., row : row + rows, col : col + cols]

    @cached_property
    def strength(self) -> float:
        """Largest magnitude of all: full strength of the overlay; 1 if all is 0."""
        largest = max(float(np.abs(each).max()) for each in self._scaled)
        return largest if np.isfinite(largest) and largest > 0 else 1.0

    @cached_property
    def difference(self) -> Maps:
        """Shifted minus original."""
        return self.shifted - self.original

    @cached_property
    def colors(self) -> Colors:
        """Colours of a single map, the same for both images and all channels."""
        low = min(float(each.min(where=np.isfinite(each), initial=0)) for each in self._scaled)
        name = self.colormap or ("signed" if low < -1e-9 * self.strength else "sequential")
        found = Colors.of(name, *self._scaled)
        return replace(found, lo=0.0) if name == "sequential" else found

    @cached_property
    def is_whole(self) -> bool:
        """Whether all values are whole numbers, and exact ones."""
        both = np.stack([self.original, self.shifted])
        return bool((both == np.rint(both)).all() and (np.abs(both) < 2**53).all())

    def colors_in(self, view: PairView) -> Colors:
        """Colours of what a view shows."""
        if view != "difference":
            return self.colors
        pairs = zip(self._scaled[::2], self._scaled[1::2], strict=True)
        return Colors.of("signed", *(shifted - original for original, shifted in pairs))


@lru_cache(8)
def _pixels(pair: Pair, view: PairView, side: Side) -> Pixels:
    """Pixels of all channels, shape (c, h, w)."""
    if view == "overlay":
        return overlaid(pair.original, pair.shifted, pair.strength)
    shown = pair.difference if view == "difference" else getattr(pair, side)
    return pair.colors_in(view).pixels(shown)


_INKS = {"original": rgb(ORIGINAL.dark), "shifted": rgb(SHIFTED.dark), "both": (255, 255, 255)}
"""Of the overlay, on black as the images themselves are, in either theme."""


def overlaid(original: Maps, shifted: Maps, strength: float) -> Pixels:
    """Two maps in one: each in its own hue, what they have in common in white, on black.

    With `a` the smaller and `b` the larger of the two strengths, the colour is `a` white `+ (b - a)` hue of
    the stronger one: agreement has no hue at all.
    """
    # What is no number, of weights that have run away, has full strength.
    first, second = (np.fmin(np.abs(each) / strength, 1).astype(np.float32) for each in (original, shifted))
    common = np.minimum(first, second)
    parts = (first - common, second - common, common)
    pixels: Pixels = np.full(common.shape, 0xFF, np.uint32)
    for tones in zip(*_INKS.values(), strict=True):
        value = np.full(common.shape, 0.5, np.float32)
        for part, tone in zip(parts, tones, strict=True):
            value += part * np.float32(tone)
        pixels = (pixels << np.uint32(8)) | value.astype(np.uint32)
    return pixels


@dataclass(frozen=True, slots=True)
class Shown:
    """A pair and how it is looked at; a block of cells may be outlined in both images."""

    pair: Pair
    view: PairView = "overlay"
    block: Block | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        """Images that stand side by side, or the one that is seen."""
        return SIDES if self.view == "sides" else SIDES[:1]

    def fit(self, area: Box, ratio: float) -> list[Cells]:
        """One grid of cells, or two, as large as an area allows."""
        _, rows, cols = self.pair.shape
        if self.view != "sides":
            return [Cells.fit(rows, cols, area, ratio)]
        half = area._replace(width=(area.width - _GAP) / 2)
        one = Cells.fit(rows, cols, half, ratio)
        left = area.x - _GAP / 2 - cols * one.side
        return [one._replace(left=round(left)), one._replace(left=round(left) + cols * one.side + _GAP)]


def _draw_tile(
    drawing: Drawing, shown: Shown, channel: int, grids: list[Cells], has_block: bool = True
) -> None:
    """Draw one channel, in one grid or in two."""
    pair, look = shown.pair, drawing.ground.look
    for grid, side in zip(grids, shown.sides, strict=True):
        pixels = _pixels(pair, shown.view, side)[channel]
        if pair.compared is not None:
            drawing.add(Rect(grid.box, "track"))  # the cover
        if (seen := pair.cut(pixels)).size:
            drawing.add(Image(grid.cell(*pair.block), seen))
        drawing.add(Rect(grid.box.inset(-0.5), edge=side if shown.view == "sides" else "border"))
        if _has_numbers(grid, look):
            _write_numbers(drawing, shown, channel, grid, side, pixels)
        if has_block and shown.block is not None:
            drawing.add(*outline(grid.cell(*shown.block), "receptive", look))


def _has_numbers(grid: Cells, look: Look) -> bool:
    """Whether numbers are written into the cells of a grid, if they fit."""
    return grid.side >= look.px(_SMALLEST_CELL) and grid.rows * grid.cols <= _MOST_CELLS


def _write_numbers(
    drawing: Drawing, shown: Shown, channel: int, grid: Cells, side: Side, pixels: Pixels
) -> None:
    """Write the values into the cells: in the overlay the original's above the shifted's."""
    pair, look = shown.pair, drawing.ground.look
    one = pair.difference if shown.view == "difference" else getattr(pair, side)
    maps = (pair.original, pair.shifted) if shown.view == "overlay" else (one, one)
    both = np.stack([each[channel] for each in maps])
    if pair.is_whole:
        both = both.astype(np.int64)
    found = Notation.of(both, signed=shown.view == "difference")
    cells = np.arange(grid.rows * grid.cols).reshape(grid.rows, grid.cols)
    groups = np.broadcast_to(cells, both.shape)
    texts = found.in_full().texts(both, groups, most_characters(grid.side, look))
    upper, lower = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    is_out = [not _is_compared(pair, *divmod(place, grid.cols)) for place in range(len(upper))]
    alike = [one == other for one, other in zip(upper, lower, strict=True)]
    once = ["" if out or not same else one for one, same, out in zip(upper, alike, is_out, strict=True)]
    inks = inks_on(pixels)
    half = grid.side / 2
    drawing.add(*written_in(grid, once, inks, look, half if not all(alike) else grid.side))
    for texts, way in ((upper, -0.5), (lower, 0.5)):
        twice = ["" if out or same else one for one, same, out in zip(texts, alike, is_out, strict=True)]
        moved = grid._replace(top=grid.top + way * half * 0.9)
        drawing.add(*written_in(moved, twice, inks, look, half))


def _is_compared(pair: Pair, row: int, col: int) -> bool:
    top, left, rows, cols = pair.block
    return top <= row < top + rows and left <= col < left + cols


# -- all channels -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PairMaps:
    """Tiles, one a channel; one of them is chosen, and may be shown alone.

    * `noun`: What a channel is called.
    * `title`: Stands above them.
    * `other`: Maps of the same channels beside these, to compare with.
    """

    shown: Shown
    chosen: int = 0
    noun: str = "filter"
    is_alone: bool = False
    title: str = ""
    other: "PairMaps | None" = None

    def ask(self, channel: int, _row: int, _col: int) -> Ask | None:
        """What a click asks for: to choose the channel, unless it is the only one."""
        return None if self.is_alone else ShowChannel(channel)

    def say(self, channel: int, row: int, col: int) -> str:
        """Channel, cell and both values."""
        pair = self.shown.pair
        name = format_cell((channel, row, col), self.noun)
        if not _is_compared(pair, row, col):
            return f"{name}: has no counterpart"
        values = [float(each[channel, row, col]) for each in (pair.original, pair.shifted)]
        (one, other), (first, second) = format_together(values), pair.names
        said = f"{name}: {first} {one}, {second} {other}"
        if not pair.changes:
            return said
        return f"{said}\nThe whole map differs from the {first} by {_change(pair, channel)}, as in the table"


_Tile = tuple[int, list[Cells], Box, list[CellParts]]  # number, grids, room for the caption
_Group = tuple[PairMaps, Box, list[_Tile]]  # with room for the title


def _draw_maps(maps: PairMaps, ground: Ground) -> Drawing:
    """Draw the tiles in as many columns as make them largest, the whole block in the middle."""
    drawing, key = Drawing(ground), (maps, ground.box, ground.look, ground.ratio)
    drawing.add(Group(ground.box, key, lambda: _still_maps(*key)))
    pointed = ground.hovered.grid if isinstance(ground.hovered, CellKey) else (None,)
    for *_, tiles in _groups(*key):
        for channel, grids, _, parts in tiles:
            drawing.parts += parts
            tile = grids[0].box.joined(grids[-1].box)
            if maps.is_alone:
                continue
            if channel == maps.chosen:
                drawing.add(Rect(tile.inset(-1), edge="accent", width=2))
            elif isinstance(pointed, tuple) and pointed[0] == channel:
                drawing.add(Rect(tile.inset(-0.5), edge="muted"))
    drawing.turn(ShowChannel, range(maps.shown.pair.shape[0]), maps.chosen, "page up", "page down")
    return drawing


def _still_maps(maps: PairMaps, box: Box, look: Look, ratio: float) -> list[Mark]:
    """Draw everything but the frames of the chosen tile and of the one that is pointed at."""
    drawing, groups = Drawing(Ground(box, look, ratio=ratio)), _groups(maps, box, look, ratio)

    def told(pair: Pair, n: int) -> str:
        return f"{n}: Δ {_change(pair, n)}" if pair.changes else str(n)

    tiles = ((shown.shown.pair, tile) for shown, _, tiles in groups for tile in tiles)
    fits = all(look.font("small").width(told(pair, n)) <= room.width for pair, (n, _, room, _) in tiles)
    for shown, title, tiles in groups:
        if title.height:
            drawing.write(title, shown.title, "small strong")
        for channel, grids, caption, _ in tiles:
            is_chosen = channel == maps.chosen
            _draw_tile(drawing, shown.shown, channel, grids, is_chosen)
            if caption.height:
                words = told(shown.shown.pair, channel) if fits else str(channel)  # with Δ all maps, or none
                drawing.write(caption, words, "small", "text" if is_chosen else "muted", "middle")
    return drawing.marks


def _change(pair: Pair, channel: int) -> str:
    change = pair.changes[channel]
    return format_value(change, 2) if math.isfinite(change) else "–"


@lru_cache(8)  # those of many maps are made once, not with each move of the pointer
def _groups(maps: PairMaps, box: Box, look: Look, ratio: float) -> list[_Group]:
    """The maps, and where all can be told apart others beside or below them, whichever makes all larger."""

    def placed(shown: tuple[PairMaps, ...], rooms: tuple[Box, ...], line: float) -> list[_Group]:
        parts = zip(shown, ("tile", "other"), (room.rows(line, Share(1)) for room in rooms), strict=False)
        return [(each, head, _tiles(each, name, rest, look, ratio)) for each, name, (head, rest) in parts]

    def width(groups: list[_Group]) -> float:
        return groups[0][2][0][1][0].box.width  # of the first map

    if maps.other is not None:
        both, halves, line = (maps, maps.other), (Share(1), Share(1)), look.font("small strong").line
        ways = box.rows(*halves, gap=look.px(4)), box.columns(*halves, gap=look.px(16))
        largest = max((placed(both, rooms, line) for rooms in ways), key=width)
        if width(largest) >= look.px(_LEAST_BESIDE):
            return largest
    return placed((maps,), (box,), 0)


def _tiles(maps: PairMaps, name: str, box: Box, look: Look, ratio: float) -> list[_Tile]:
    """Tiles that are shown, as large as they can be: with cells of whole pixels; of those in full lines."""
    channels = [maps.chosen] if maps.is_alone else list(range(maps.shown.pair.shape[0]))
    room, gap = box.inset(3), look.px(8 if len(channels) <= _MOST_CAPTIONS else 4)
    below = look.font("small").line + 2 if 1 < len(channels) <= _MOST_CAPTIONS else 0

    def fitted(columns: int) -> list[Cells]:
        lines = math.ceil(len(channels) / columns)
        wide = (room.width - (columns - 1) * gap) / columns
        high = (room.height - (lines - 1) * gap) / lines - below
        return maps.shown.fit(Box(0, 0, wide, max(high, 1)), ratio)

    sides = [(fitted(n)[0].side, len(channels) % n == 0, n) for n in range(1, len(channels) + 1)]
    *_, columns = max(sides)
    lines, tile, found = math.ceil(len(channels) / columns), fitted(columns), list[_Tile]()
    size = tile[0].box.joined(tile[-1].box)
    step_x = size.width + min(4 * gap, room.width / columns - size.width)  # captions have the gaps, too
    step_y = size.height + below + gap
    block = room.placed(columns * step_x, lines * step_y - gap)
    for place, channel in enumerate(channels):
        line, column = divmod(place, columns)
        left = round(block.left + (column + 0.5) * step_x - size.width / 2)
        top = round(block.top + line * step_y)
        grids = [each._replace(left=left + each.left - size.left, top=top) for each in tile]
        say, ask = partial(maps.say, channel), partial(maps.ask, channel)
        parts = [CellParts((channel, name), grid, say, ask) for grid in grids]
        caption = Box(left + (size.width - step_x) / 2, top + size.height + 2, step_x - 2, below)
        found.append((channel, grids, caption, parts))
    return found


def _maps_tables(maps: PairMaps) -> list[Table]:
    """Values of both images, one row for each row of each map; what is covered is no number of the first."""
    pair = maps.shown.pair
    first = np.full(pair.shape, np.nan)
    pair.cut(first)[...] = pair.cut(pair.original)
    sides = zip(pair.names, (first, pair.shifted), strict=True)
    tables = [Table.of_cells(name, each) for name, each in sides]
    if maps.other is not None:
        own = maps.other.title
        tables += [each._replace(title=f"{own}, {each.title}") for each in _maps_tables(maps.other)]
    return tables


def _maps_size(maps: PairMaps, look: Look) -> Size:
    """The least is lower where all maps stand in one line."""
    has_lines = maps.shown.pair.shape[0] > 8 or maps.shown.view == "sides"
    return Size(*map(look.px, (320, 190, 160, 104 if has_lines else 86 if maps.title else 66)))


MAPS = Graphic(
    _draw_maps,
    _maps_size,
    _maps_tables,
    lambda maps: f"{maps.shown.pair.shape[0]} maps",
    key=lambda maps: (KEY, maps.shown),
)


# -- one image that is dragged ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MovedImage:
    """An image and its shifted self, which can be dragged.

    * `shown`: One channel.
    * `shift`, `limits`: Pixels to the right and down, and the most of them.
    * `warning`: Written in a corner.
    * `can_move`: Whether arrows at the edges move it, each as long as it can go that way.
    """

    shown: Shown
    shift: tuple[int, int] = (0, 0)
    limits: tuple[int, int] = (13, 13)
    warning: str = ""
    can_move: bool = False


def _draw_image(image: MovedImage, ground: Ground) -> Drawing:
    """Draw the image, and the names of both where they stand side by side."""
    drawing, look, shown, px = Drawing(ground), ground.look, image.shown, ground.px
    small = ground.font("small")
    names = small.line + 2 if shown.view == "sides" else 0
    grids = shown.fit(ground.box.inset(2).cut(top=names), ground.ratio)
    whole = grids[0].box.joined(grids[-1].box)
    _draw_tile(drawing, shown, 0, grids)
    if names:
        for name, grid in zip(SIDES, grids, strict=True):
            drawing.write(Box(grid.left, grid.top - names, grid.box.width, small.line), name, small)
    if image.warning:
        drawing.add(Rect(whole.inset(-0.5), edge="warning", width=2))
        wide = min(small.width(image.warning) + px(14), whole.width - px(12))
        sign = Box(whole.left + px(6), whole.top + px(6), wide, small.line + px(6))
        drawing.add(Rect(sign, "warning_soft", "warning", radius=px(4)))
        drawing.write(sign.inset(px(7), 0), image.warning, small, "warning")
    if grids[0].side:
        drag = Drag(Move, image.shift, grids[0].side, image.limits)
        drawing.parts.append(Part("image", whole, drag=drag))
        if image.can_move and not _has_numbers(grids[0], look):
            _draw_ways(drawing, grids[-1].box, drag)
        drawing.arrows(drag.moved, _LEAP)
        drawing.keys["r"] = Move(0, 0)
    return drawing


def _draw_ways(drawing: Drawing, whole: Box, drag: Drag) -> None:
    """Draw an arrowhead at each edge, which moves the image by a pixel."""
    px = drawing.ground.px
    for way, (x, y) in {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}.items():
        if drag.moved(x, y) == drag.moved(0, 0):
            continue
        tip = whole.x + x * (whole.width / 2 - px(6)), whole.y + y * (whole.height / 2 - px(6))
        around = Box(tip[0] - px(14), tip[1] - px(14), px(28), px(28))
        drawing.parts.append(
            Part(way, around, f"Move the image one pixel {way} (arrow key)", drag.moved(x, y), drag)
        )
        barbs = [(tip[0] + px(7) * (side * y - x), tip[1] + px(7) * (side * x - y)) for side in (1, -1)]
        drawing.add(Line((barbs[0], tip, barbs[1]), "accent", px(2)))


IMAGE = Graphic(
    _draw_image,
    sized(300, 300, 106, 106),
    lambda image: [Table.of_cells(name, getattr(image.shown.pair, name)[0]) for name in SIDES],
    lambda image: "moved by {} to the right and {} down".format(*map(format_signed, image.shift)),
    lambda image, width, _look: (width - 4) * image.shown.pair.shape[1] / image.shown.pair.shape[2] + 4,
)


# -- key ----------------------------------------------------------------------------------------------------


def _draw_key(shown: Shown, ground: Ground) -> Drawing:
    """Draw two hues and the neutral one they share, or an ordinary colour bar."""
    drawing, px, small, pair = Drawing(ground), ground.px, ground.font("small"), shown.pair
    if shown.view != "overlay":
        names, bar = ground.box.rows(small.line if shown.view == "sides" else 0, Share(1))
        drawing.write(names, _say_key(shown), small, "muted")
        write_colors(drawing, bar, pair.colors_in(shown.view))
        return drawing
    rest = ground.box
    for role, name in pair.hues:
        ramp, words, rest = rest.columns(px(17), small.width(name) + px(8), Share(1))
        ramp = ramp.placed(px(12), px(11), "left")
        drawing.add(Image(ramp, _ramp(role)), Rect(ramp, edge="border"))
        drawing.write(words, name, small)
    limit = f"0–{format_value(pair.strength)}"
    if small.width(limit) <= rest.width:
        drawing.write(rest, limit, small, "muted")
    drawing.parts.append(Part("key", ground.box, _say_key(shown)))
    return drawing


def _say_key(shown: Shown) -> str:
    """Say what the colours stand for, and the value at full strength; or what stands where."""
    first, second, both = (name for _, name in shown.pair.hues)
    if shown.view == "overlay":
        return f"Colours from 0 to {format_value(shown.pair.strength)}: {first}, {second}, {both}"
    return f"Left {first}, right {second}" if shown.view == "sides" else ""


@lru_cache(16)
def _ramp(role: str) -> Pixels:
    """One row of pixels from black to a colour."""
    return packed(np.rint(np.linspace(0, 1, 12)[:, None] * _INKS[role]).astype(int)[None].tolist())


def _key_size(shown: Shown, look: Look) -> Size:
    small = look.font("small")
    high = small.line + look.px(4) + (small.line if shown.view == "sides" else 0)
    least = sum(small.width(name) + look.px(25) for _, name in shown.pair.hues)
    return Size(least + small.width("0–0.000"), high, least, high)


KEY = Graphic(_draw_key, _key_size, words=_say_key)
