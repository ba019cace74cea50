"""Rows of numbers in coloured cells under common names, each written in full."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Drawing, Graphic, Ground, Look, Share, Size, Table
from cnnviz.drawing.cells import Colors, fitting_font, inks_on, outline, smallest_font
from cnnviz.drawing.marks import Ask, CellKey, Image, Part, Rect, Text
from cnnviz.graphics.cells import write_colors
from cnnviz.graphics.heat_map import Reveal

_NAME = 124  # room of a name, above a key to colours


@dataclass(frozen=True, eq=False)
class NumberRow:
    """A row: name, explanation, values, colours, and its numbers as texts, in full first, shorter ones next.

    All cells are written in the same way, and as large: as the first texts for which there is room.
    """

    key: str
    name: str
    tip: str
    values: NDArray[np.float64]
    colors: Colors
    texts: tuple[list[str], ...]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Rows under names.

    * `press`, `point`: Column to what pressing and pointing at one of its cells asks for.
    """

    names: tuple[str, ...]
    rows: tuple[NumberRow, ...]
    press: Callable[[int], Ask]
    point: Callable[[int], Ask]


@dataclass(frozen=True, slots=True)
class NumberTable:
    """Numbers, the column that is outlined, and keys of the rows that are covered."""

    numbers: Numbers
    column: int
    covered: str = ""


def _draw(shown: NumberTable, ground: Ground) -> Drawing:
    """Draw names above the columns and one row of cells each."""
    drawing, look, px, table = Drawing(ground), ground.look, ground.px, shown.numbers
    head, *lines = ground.box.rows(look.font().line, *[Share(1)] * len(table.rows), gap=px(6))
    _, cells = head.columns(px(_NAME), Share(1), gap=px(16))
    wide = min(cells.width / len(table.names), px(100))
    drawing.write(head._replace(width=px(_NAME)), "class", "", "muted")
    for place, name in enumerate(table.names):
        drawing.write(cells._replace(left=cells.left + place * wide, width=wide), name, "", "muted", "middle")
    for row, line in zip(table.rows, lines, strict=True):
        label, cells = line.columns(px(_NAME), Share(1), gap=px(16))
        name, bar = label.rows(look.font().line, Share(1), gap=px(4))
        drawing.write(name, row.name)
        write_colors(drawing, bar._replace(height=px(16)), row.colors)
        high = min(cells.height, px(46))
        places = range(len(table.names))
        _draw_row(drawing, shown, row, [Box(cells.left + n * wide, cells.top, wide, high) for n in places])
    return drawing


def _draw_row(drawing: Drawing, shown: NumberTable, row: NumberRow, boxes: list[Box]) -> None:
    look, ground, is_covered = drawing.ground.look, drawing.ground, row.key in shown.covered
    texts, (_, _, wide, high) = [["?"] * len(boxes)] if is_covered else row.texts, boxes[0]
    fonts = ((each, fitting_font(max(map(len, each)), wide, high, look)) for each in texts)
    fitting = ((each, font) for each, font in fonts if font is not None)
    written, font = next(fitting, (texts[-1], smallest_font(look)))
    pixels = row.colors.pixels(row.values)
    inks = ["muted"] * len(boxes) if is_covered else inks_on(pixels)
    for place, (box, words) in enumerate(zip(boxes, texts[0], strict=True)):
        color = Rect(box, "track") if is_covered else Image(box, pixels[None, place : place + 1])
        drawing.add(color, Rect(box.inset(0.5), edge="border"))
        drawing.add(Text(box.x, box.y + font.middle, written[place], font, inks[place], "middle"))
        ask = Reveal() if shown.covered else shown.numbers.press(place)
        key = CellKey(row.key, 0, place)
        tip = f"{shown.numbers.names[place]}: {'covered' if is_covered else words}\n{row.tip}"
        drawing.parts.append(Part(key, box, tip, ask, points=shown.numbers.point(place)))
        if key == ground.hovered:
            drawing.add(*outline(box, "focus" if ground.has_focus else "hover", look))
    drawing.add(*outline(boxes[shown.column], "selected", look))


def _size(shown: NumberTable, look: Look) -> Size:
    high = look.font().line + len(shown.numbers.rows) * look.px(52)
    return Size(look.px(600), high, look.px(176 + 40 * len(shown.numbers.names)), high)


def _tables(shown: NumberTable) -> list[Table]:
    rows = [(row.name, *row.values.tolist()) for row in shown.numbers.rows if row.key not in shown.covered]
    return [Table("Numbers", ("row", *shown.numbers.names), rows)]


NUMBERS = Graphic(
    _draw,
    _size,
    _tables,
    lambda shown: "; ".join(
        f"{row.name}: {', '.join(row.texts[0])}" for row in shown.numbers.rows if row.key not in shown.covered
    ),
    lambda shown, _width, look: _size(shown, look).height,
)
