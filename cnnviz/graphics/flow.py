"""The network as one drawing: image, filters, maps, pooled maps, products with the weights, outputs.

Lines say what is computed from what; pointing at anything lights up what it reads and what it feeds.
"""

import math
from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cnnviz.drawing import Box, Cells, Drawing, Font, Graphic, Ground, Look, Share, Size, Table
from cnnviz.drawing.cells import moving_outline
from cnnviz.drawing.kept import kept
from cnnviz.drawing.marks import Ask, CellKey, CellParts, Group, Image, Line, Mark, Part, Point, Rect
from cnnviz.graphics.cells import say_colors, short_scale
from cnnviz.graphics.columns import Kind
from cnnviz.graphics.network_stages import Flow, Stage
from cnnviz.graphics.probabilities import rows_written
from cnnviz.notation import alone
from cnnviz.palette import Color
from cnnviz.quantities import format_cell, format_signed, with_article

_RAISES, _LOWERS = Color("#B2182B", "#F4A582"), Color("#2166AC", "#92C5DE")
"""Of a line to the unit: what raises the logit, and what lowers it."""
_FEW, _LEAST, _LEAST_OF_MANY, _MOST = 8, 16, 24, 110
"""Least and most side of a map, in pixels at scale 1: of more than a few not all need to be shown."""
_FILLED = 0.9
"""Share of the height of its row that a map takes at most."""
_FOLDED = 34
"""Side of a map, in pixels at scale 1, below which activations are left out."""
_STRAIGHT, _FAN = (14, 110), (30, 200)
"""Least and most room between two columns, in pixels at scale 1: of lines side by side, and of fans."""
_OUTPUT = (118, 210)
"""Least and most width of the outputs, in pixels at scale 1."""
_IMAGE = 2.4
"""Side of the image, in sides of a map."""
_SUM, _BESIDE = 68, 9
"""Room for the sum of a map of products, and of that the gap before it, in pixels at scale 1."""
_LINES = 16
"""Least room for the lines to a filter before its number, in pixels at scale 1."""
_MANY, _STEPS = 80, 12
"""Lines beyond which they are drawn fainter; pieces of a curved one."""

Node = tuple[int, int]
"""Number of a column and of a tile in it; the units of the output are one column more."""
Edge = tuple[Node, Node]
"""What is read, and what reads it."""


class ShowCell(Ask):
    """Go where the arithmetic of a cell is written out."""

    stage: str
    index: tuple[int, ...]


# -- where everything lies -----------------------------------------------------------------------------------


class _Places(NamedTuple):
    """Where everything lies.

    * `columns`: Numbers of the stages that are shown.
    * `heads`, `scales`: Room of the title above a column, and of the scale below it.
    * `numbers`: Of columns of filters how much the number before each tile takes, where there is room.
    * `rows`: Rooms of the classes; `answer`, above them, of the class that is read, if there is room.
    """

    columns: tuple[int, ...]
    heads: Mapping[int, Box]
    scales: Mapping[int, Box]
    tiles: Mapping[Node, Box]
    numbers: Mapping[int, float]
    units: tuple[Box, ...]
    rows: tuple[Box, ...]
    answer: Box | None
    notes: Box

    def count(self, column: int) -> int:
        """How many tiles of a column are shown."""
        return sum(n == column for n, _ in self.tiles)


def _places(flow: Flow, ground: Ground) -> _Places:
    shapes = tuple(stage.shape for stage in flow.stages)
    return _placed(shapes, len(flow.names), len(flow.logits), ground.box, ground.look)


@lru_cache(8)
def _placed(
    shapes: tuple[tuple[Kind, int, int, int, bool, bool], ...], classes: int, units: int, box: Box, look: Look
) -> _Places:
    """Lay out as large as the room allows: fewer maps and no activations where they would be too small."""
    px, small = look.px, look.font("small")
    head, foot = 2 * small.line + px(4), look.font("mono").line + px(3)
    body = box.cut(top=head, bottom=foot)
    wide = min(max(0.19 * box.width, px(_OUTPUT[0])), px(_OUTPUT[1]))

    def tall(count: int) -> int:
        least = px(_LEAST if count <= _FEW else _LEAST_OF_MANY)
        return min(count, max(int(body.height * _FILLED // least), 1))

    def fitted(columns: list[int]) -> tuple[float, list[float]]:
        """Side of a tile by the width, and the least room behind each column."""
        rooms = [px(_FAN[0] if shapes[n][4] else _STRAIGHT[0]) for n in columns[1:]]
        has_sums = shapes[columns[-1]][0] is Kind.EVIDENCE
        rooms.append(px(_FAN[0]) + (px(_SUM) if has_sums else 0))
        return (box.width - wide - sum(rooms)) / (len(columns) - 1 + _IMAGE), rooms

    columns = list(range(len(shapes)))
    side, rooms = fitted(columns)
    if side < px(_FOLDED):
        columns = [n for n in columns if not shapes[n][5]]
        side, rooms = fitted(columns)
    most = max((tall(shapes[n][1]) for n in columns[1:]), default=1)
    side = max(math.floor(min(side, body.height / most * _FILLED, px(_MOST))), 8)
    image = math.floor(min(max(_IMAGE * side, px(56)), 0.62 * body.height))
    free = box.width - wide - side * (len(columns) - 1)  # for the image and between columns
    spare = free - image - sum(rooms)
    if spare < 0:  # on less than the least room
        rooms, spare = [max(room + spare / len(rooms), 2) for room in rooms], 0
    larger = math.floor(min(spare / 3, max(0.5 * body.height - image, 0), px(90)))
    limits = [px(_FAN[1] if room >= px(_FAN[0]) else _STRAIGHT[1]) - room for room in rooms]
    share = min((spare - larger) / max(sum(limits), 1), 1.0)
    image, rooms = image + larger, [room + share * most for room, most in zip(rooms, limits, strict=True)]
    left = box.left + max(free - image - sum(rooms), 0) / 2

    heads, scales, tiles = dict[int, Box](), dict[int, Box](), dict[Node, Box]()
    numbers = dict[int, float]()
    for place, n in enumerate(columns):
        kind, count, rows, cols, *_ = shapes[n]
        own = side if place else image
        shown = tall(count)
        pitch = min(body.height / shown, 1.7 * own)
        top = body.y - shown * pitch / 2 + (pitch - own) / 2
        for tile in range(shown):
            room = Box(left, top + tile * pitch, own, own).inset(0.1 * own if kind is Kind.FILTERS else 0)
            if kind is Kind.UNITS:
                room = Box(left, body.top, own, body.height)
            scale = min(room.width / cols, room.height / rows)
            tiles[n, tile] = Box(*map(round, room.placed(cols * scale, rows * scale)))
        if kind is Kind.FILTERS and tiles[n, 0].height >= small.line - px(2):
            number = small.width(str(shown - 1)) + px(6)
            if number + px(_LINES) <= rooms[place - 1]:
                numbers[n] = number
        before = rooms[place - 1] / 2 if place else 0
        across = Box(left - before, 0, before + own + rooms[place] / 2, 0)
        last = max(top + (shown - 1) * pitch + own, tiles[n, shown - 1].bottom)
        heads[n] = across._replace(top=box.top if place else tiles[n, 0].top - head, height=head - px(4))
        # That of evidence is long, those before it are short.
        wider = across.cut(left=-0.5 * before * (kind is Kind.EVIDENCE))
        scales[n] = wider._replace(top=last + px(2), height=foot - px(3))
        left += own + rooms[place]
    below = tiles[columns[0], 0].bottom + px(5)
    notes = Box(heads[columns[0]].left, below, image + 0.25 * rooms[0], max(box.bottom - below, 0))
    outputs = _outputs(classes, units, Box(left, body.top, wide, body.height), look)
    return _Places(tuple(columns), heads, scales, tiles, numbers, *outputs, notes)


def _outputs(
    classes: int, units: int, room: Box, look: Look
) -> tuple[tuple[Box, ...], tuple[Box, ...], Box | None]:
    """Places of the units, of the rows of classes, above which stands what is read, below which a sum."""
    px, sum_of = look.px, look.px(3) + 2 * look.font("small").line if units == 1 else 0
    line, large = min((room.height - sum_of) / classes, look.font().line + px(4)), px(70)
    least = classes * line + sum_of
    has_answer, radius = least + large <= room.height, px(11 if units == 1 else 4)
    block = room.cut(left=2 * radius + px(8))
    answer, below = block.placed(block.width, least + large * has_answer).rows(large * has_answer, Share(1))
    rows = below.lines(classes, line)
    middles = [room.y] if units == 1 else [row.y for row in rows]
    discs = tuple(Box(room.left, y - radius, 2 * radius, 2 * radius) for y in middles)
    return discs, rows, answer if has_answer else None


def _edges(flow: Flow, places: _Places) -> Iterator[Edge]:
    """All lines, from left to right."""
    for before, n in pairwise(places.columns):
        shown = range(places.count(before))
        for tile in range(places.count(n)):
            sources = shown if flow.stages[n].column.reads_all else (tile,)
            yield from (((before, source), (n, tile)) for source in sources if source in shown)
    last, outputs = places.columns[-1], len(flow.stages)
    is_sum = flow.stages[last].kind is Kind.EVIDENCE
    units = (int(np.argmax(flow.logits)),) if is_sum else range(len(flow.logits))
    yield from (((last, tile), (outputs, unit)) for tile in range(places.count(last)) for unit in units)


def _way(flow: Flow, places: _Places, edge: Edge, look: Look) -> tuple[Point, ...]:
    """A line from the right of one node to the left of another; from products behind their sums."""
    start, (column, tile) = edge
    one = places.tiles[start].cut(right=-look.px(_SUM) if flow.stages[start[0]].sums else 0)
    other = places.units[tile] if column == len(flow.stages) else places.tiles[column, tile]
    x0, y0, x1, y1 = one.right + 2, one.y, other.left - 2 - places.numbers.get(column, 0), other.y
    if abs(y1 - y0) < 1 or x1 <= x0:
        return (x0, y0), (x1, y1)
    steps = (n / _STEPS for n in range(_STEPS + 1))
    return tuple((x0 + t * (x1 - x0), y0 + (3 - 2 * t) * t * t * (y1 - y0)) for t in steps)


# -- drawing -------------------------------------------------------------------------------------------------


def _draw(flow: Flow, ground: Ground) -> Drawing:
    """Draw the network, and light up what belongs to what is pointed at."""
    drawing, box, look = Drawing(ground, is_plane=True), ground.box, ground.look
    places = _places(flow, ground)
    said = flow.covered, *((stage.title, stage.captions, *stage.shape) for stage in flow.stages)
    key = ("lines", said, len(flow.names), len(flow.logits), int(np.argmax(flow.logits)), box, look)
    drawing.add(Group(box, key, lambda: _lines(flow, places, box, look), is_lowest=True))
    drawing.add(
        Group(box, ("values", flow, box, look, ground.ratio), lambda: _values(flow, places, box, look))
    )
    drawing.parts += _parts(flow, box, look)
    _light_up(drawing, flow, places)
    return drawing


def _lines(flow: Flow, places: _Places, box: Box, look: Look) -> list[Mark]:
    """Titles, frames and lines, which stay the same while the network trains."""
    drawing, small, strong = Drawing(Ground(box, look)), look.font("small"), look.font("small strong")
    for n in places.columns:
        stage, head = flow.stages[n], places.heads[n]
        first, second = head.rows(small.line, small.line)
        shown, count = places.count(n), len(stage.values)
        captions = (f"{shown} of {count}", f"{shown}/{count}") if shown < count else stage.captions
        captions = () if stage.sums and stage.kind in flow.covered else captions  # it would give it away
        at = places.tiles[n, 0].x if n else head.left
        _write_over(drawing, at, first, (stage.title, stage.title.rstrip(" 0123456789")), strong, "text")
        _write_over(drawing, at, second, captions, small)
        wide = places.numbers.get(n, 0.0)
        for tile in range(places.count(n)) if wide else ():
            room = places.tiles[n, tile]
            before = Box(room.left - wide, room.top, wide - look.px(4), room.height)
            drawing.write(before, str(tile), small, "muted", "right")
    drawing.add(*(Rect(room.inset(-0.5), edge="border") for room in places.tiles.values()))
    edges = list(_edges(flow, places))
    ink = look.mixed("muted", "surface", 0.6 if len(edges) < _MANY else 0.75)
    drawing.add(*(Line(_way(flow, places, edge, look), ink, look.px(1)) for edge in edges))
    return drawing.marks


def _write_over(
    drawing: Drawing, x: float, room: Box, versions: tuple[str, ...], font: Font, ink: str = "muted"
) -> None:
    """Write what fits above or below a column with its middle at x, or as near to it as there is room."""
    text = _fitting(versions, font, room)
    wide = font.width(text)
    left = max(min(x - wide / 2, room.right - 4 - wide), room.left)
    drawing.write(room._replace(left=left, width=wide), text, font, ink)


def _fitting(versions: tuple[str, ...], font: Font, room: Box) -> str:
    return next((each for each in versions if font.width(each) <= room.width - 4), "")


def _values(flow: Flow, places: _Places, box: Box, look: Look) -> list[Mark]:
    """What changes while the network trains: cells, scales, sums, outputs, and which moment it is."""
    drawing, mono, small = Drawing(Ground(box, look)), look.font("mono"), look.font("small")
    for n in places.columns:
        stage = flow.stages[n]
        for tile in range(places.count(n)):
            room, pixels = places.tiles[n, tile], stage.pixels[tile]
            if stage.kind in flow.covered:
                drawing.add(Rect(room, "track"))
                drawing.write(room, "?", "strong", "muted", "middle")
                continue
            scale = room.width / pixels.shape[1]
            drawing.add(Image(room, pixels, is_smooth=scale < 4 and abs(scale - round(scale)) > 1e-6))
        if stage.kind is Kind.IMAGE or stage.kind in flow.covered:
            continue
        _write_over(drawing, places.tiles[n, 0].x, places.scales[n], (short_scale(stage.colors),), mono)
        if stage.sums:
            _write_sums(drawing, flow, places, n)
    lines = [line for note in flow.notes for line in small.wrapped(note, places.notes.width)]
    fit = places.notes.lines(int(places.notes.height // small.line), small.line)
    for line, room in zip(lines, fit, strict=False):
        drawing.write(room, line, small, "muted")
    _write_outputs(drawing, flow, places)
    return drawing.marks


def _write_sums(drawing: Drawing, flow: Flow, places: _Places, n: int) -> None:
    """Sum of each map of products, the largest underlaid, and on its line how it moves the logit."""
    (*sums, _), look, mono = flow.stages[n].sums, drawing.ground.look, drawing.ground.font("mono")
    largest, wide = max(map(abs, sums)) or 1.0, max(map(mono.width, flow.written[: len(sums)]))
    for edge in (each for each in _edges(flow, places) if each[0][0] == n):
        tile = edge[0][1]
        value, room = sums[tile], places.tiles[n, tile]
        if room.height >= mono.line - look.px(2):
            beside = Box(room.right + look.px(_BESIDE), room.top, wide, room.height)
            if abs(value) == largest and len(sums) > 1:
                chip = beside.placed(wide + look.px(6), mono.line)
                drawing.add(Rect(chip, "accent_soft", "accent", radius=3))
            drawing.write(beside, flow.written[tile], mono, align="right")
        width = look.px(1) + look.px(3) * abs(value) / largest
        drawing.add(Line(_way(flow, places, edge, look), _RAISES if value > 0 else _LOWERS, width, alpha=0.8))


def _write_outputs(drawing: Drawing, flow: Flow, places: _Places) -> None:
    """Units, what is read, and the probability of each class."""
    look, px, best, is_one = drawing.ground.look, drawing.ground.px, flow.predicted, len(flow.logits) == 1
    small, strong, hides = look.font("small"), look.font("strong"), flow.hides_output
    for n, unit in enumerate(places.units):
        ink = "accent" if not hides and (is_one or n == best) else "muted"
        drawing.add(Rect(unit, "surface" if is_one else ink, ink, px(1.5), unit.height / 2))
    if is_one:
        drawing.write(places.units[0], "Σ", strong, align="middle")
    if hides:
        drawing.write(places.rows[0], "covered", small, "muted")
        return
    if is_one:
        below = places.rows[-1].cut(top=places.rows[-1].height + px(3))
        said = zip(("logit", "bias"), map(alone, reversed(flow.written)), strict=False)
        for (what, text), line in zip(said, below.lines(2, small.line), strict=False):
            drawing.write(line, f"{what} {text}", small, "muted")
    if places.answer is not None:
        first, name, verdict = places.answer.rows(small.line, Share(1), small.line)
        large = Font(px(34), weight="strong")
        drawing.write(first, f"it reads {with_article(flow.names[best]).split()[0]}", small, "muted")
        fits = large.width(flow.names[best]) <= name.width
        drawing.write(name, flow.names[best], large if fits else strong)
        ink = "danger" if flow.verdict.startswith("wrong") else "success"
        said = _fitting((flow.verdict, flow.verdict.split(":")[0]), small, verdict)
        drawing.write(verdict, said, small, ink)
    drawing.add(*rows_written(flow.outputs, places.rows[0].joined(places.rows[-1]), look))


# -- what can be pointed at ----------------------------------------------------------------------------------


@kept
def _parts(flow: Flow, box: Box, look: Look) -> list[Part | CellParts]:
    """Tiles and outputs, to which keys lead, and above them their cells, for the pointer."""
    places, outputs, logits = _places(flow, Ground(box, look)), len(flow.stages), len(flow.logits)
    parts, cells = list[Part | CellParts](), list[Part | CellParts]()
    for (n, tile), room in places.tiles.items():
        stage = flow.stages[n]
        said = stage.named(tile)
        if stage.kind in flow.covered:
            parts.append(Part((n, tile), room, f"{said}: covered"))
            continue
        if sums := stage.sums[:-1]:
            is_most = len(sums) > 1 and tile == np.argmax(np.abs(sums))
            said += f": sum {format_signed(sums[tile], 4)}"
            said += ", the largest: this map moves the logit most" if is_most else ""
        ask = ShowCell(stage.column.stage, stage.strongest(tile))
        wide = look.px(_BESIDE) + look.font("mono").width(flow.written[tile]) if sums else 0  # of its sum
        parts.append(Part((n, tile), room.cut(right=-wide), f"{said}. {stage.about}", ask))
        told = partial(_cell_said, stage, tile), partial(_cell_asked, stage, tile)
        cells.append(CellParts((n, tile), _grid(stage, room), *told))
    for n, head in places.heads.items():
        stage = flow.stages[n]
        parts.append(Part(("head", n), head, f"{stage.title}: {stage.column.about}"))
        if stage.kind is not Kind.IMAGE and stage.kind not in flow.covered:
            parts.append(Part(("scale", n), places.scales[n], f"{stage.title}: {say_colors(stage.colors)}"))
    if flow.hides_output:
        return parts + cells
    last = flow.network.layers[-1][0]
    if logits == 1:
        said = f"The unit adds up all products and its bias: logit {format_signed(float(flow.logits[0]), 5)}"
        parts.append(Part((outputs, 0), places.units[0], said, ShowCell(last, (0,))))
    for k, row in enumerate(places.rows):
        unit = min(k, logits - 1)
        room = row if logits == 1 else row.joined(places.units[unit])
        parts.append(Part(("class", k), room, flow.outputs.say(k), ShowCell(last, (unit,))))
    return parts + cells


def _cell_said(stage: Stage, tile: int, row: int, col: int) -> str:
    value = stage.values[tile, row, col].item()
    if math.isnan(value) or stage.kind is Kind.FILTERS:
        return stage.named(tile) + ("" if math.isnan(value) else f": {format_signed(value, 4)}")
    cell = (row * stage.values.shape[2] + col,) if stage.kind is Kind.UNITS else (tile, row, col)
    return f"{stage.title}, {format_cell(cell, stage.noun)}: {format_signed(value, 4)}"


def _cell_asked(stage: Stage, tile: int, row: int, col: int) -> Ask | None:
    cell = stage.strongest(tile) if stage.kind is Kind.FILTERS else (tile, row, col)
    cell = (row * stage.values.shape[2] + col,) if stage.kind is Kind.UNITS else cell
    return None if math.isnan(stage.values[tile, row, col]) else ShowCell(stage.column.stage, cell)


def _node(flow: Flow, places: _Places, key: Hashable) -> Node | None:
    """The node of a part, if it is shown now."""
    match key:
        case CellKey((int(n), int(tile)), _, _) | (int(n), int(tile)):
            return (n, tile) if (n, tile) in places.tiles or n == len(flow.stages) else None
        case ("class", int(k)):
            return len(flow.stages), min(k, len(flow.logits) - 1)
        case _:
            return None


def _light_up(drawing: Drawing, flow: Flow, places: _Places) -> None:
    """Fade what has nothing to do with what is pointed at, and outline what belongs to a cell."""
    key, look = drawing.ground.hovered, drawing.ground.look
    node = _node(flow, places, key)
    if node is None:
        return
    edges = list(_edges(flow, places))
    reads, feeds = {node}, {node}
    for start, end in reversed(edges):
        reads |= {start} if end in reads else set()
    for start, end in edges:
        feeds |= {end} if start in feeds else set()
    others = (room for each, room in places.tiles.items() if each not in reads | feeds)
    drawing.add(*(Rect(room.inset(-1), "surface", alpha=0.75) for room in others))
    lit = (edge for edge in edges if set(edge) <= reads or set(edge) <= feeds)
    drawing.add(*(Line(_way(flow, places, edge, look), "accent", look.px(1.5)) for edge in lit))
    part = drawing.part(key)
    room = places.tiles.get(node) or (None if part is None else part.box)
    if room is not None:
        drawing.add(Rect(room.inset(-look.px(2)), edge="accent", width=look.px(2)))
    stage = flow.stages[node[0]] if node in places.tiles else None
    is_map = stage is not None and stage.kind not in (Kind.FILTERS, Kind.UNITS)
    if isinstance(key, CellKey) and is_map and not flow.hides_fields:
        _outline_fields(drawing, flow, places, (node, key), reads | feeds)


def _outline_fields(
    drawing: Drawing, flow: Flow, places: _Places, cell: tuple[Node, CellKey], lit: set[Node]
) -> None:
    """Outline a cell, what it is computed from and what it feeds."""
    (node, key), look = cell, drawing.ground.look
    stage, own = flow.stages[node[0]].column.stage, (key.row, key.col, 1, 1)
    fields = flow.fields(stage, (node[1], key.row, key.col)) | {stage: ("feeds", own)}
    for each in lit & places.tiles.keys():
        other = flow.stages[each[0]]
        if other.kind in (Kind.FILTERS, Kind.UNITS) or other.column.stage not in fields:
            continue
        role, block = ("selected", own) if each == node else fields[other.column.stage]
        drawing.add(moving_outline(_grid(other, places.tiles[each]).cell(*block), role, look))


def _grid(stage: Stage, room: Box) -> Cells:
    _, rows, cols = stage.values.shape
    return Cells(rows, cols, room.left, room.top, room.width / cols, room.height * cols / rows / room.width)


def _words(flow: Flow) -> str:
    """The network in a sentence, and what it says of the image."""
    columns = ", ".join(f"{each.title}: {len(each.values)}" for each in flow.stages)
    read = f"read as {flow.names[flow.predicted]}, probability {flow.outputs.texts[flow.predicted]}"
    return ". ".join((columns.capitalize(), "covered" if flow.hides_output else read, *flow.notes))


def _tables(flow: Flow) -> list[Table]:
    stages = [each for each in flow.stages if each.kind not in flow.covered]
    tables = [Table.of_cells(each.column.key, each.values) for each in stages]
    if not flow.hides_output:
        rows = list(zip(flow.names, flow.probabilities.tolist(), strict=True))
        tables.append(Table("Probabilities", ("class", "probability"), rows))
    return tables


def _size(flow: Flow, look: Look) -> Size:
    columns = [each for each in flow.stages[1:] if not each.column.is_activation]
    fans = 1 + sum(each.column.reads_all for each in columns)
    least = (len(columns) + _IMAGE) * _LEAST + fans * _FAN[0] + (len(columns) + 1 - fans) * _STRAIGHT[0]
    least += _OUTPUT[0] + (_SUM if columns and columns[-1].sums else 0)
    return Size(look.px(max(640, 1.4 * least)), look.px(400), look.px(least), look.px(180))


FLOW = Graphic(_draw, _size, _tables, _words)
