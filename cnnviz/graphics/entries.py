"""A list whose rows can be pressed."""

from dataclasses import dataclass

from cnnviz.drawing import Ask, Box, Drawing, Graphic, Ground, Lines, Look, Part, Rect, Share, Size, Table


@dataclass(frozen=True)
class Entry:
    """A row that can be pressed: name, number, explanation, and what pressing it asks for."""

    name: str
    text: str
    tip: str
    ask: Ask


@dataclass(frozen=True)
class Entries:
    """Rows that can be pressed, below a heading for names and one for numbers."""

    heading: tuple[str, str]
    rows: tuple[Entry, ...]


def draw(shown: Entries, ground: Ground) -> Drawing:
    """Write them, with the row that is pointed at on a ground of its own."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    heading, *boxes = ground.box.lines(len(shown.rows) + 1, _line(look))

    def write(box: Box, name: str, text: str, font: str, ink: str) -> None:
        left, right = box.inset(px(4), 0).columns(Share(1), look.font(font).width(text) + 1, gap=px(6))
        drawing.write(left, name, "", ink)
        drawing.write(right, text, font, ink, "right")
        drawing.add(Lines(((box.left, box.bottom - 1, box.right, box.bottom - 1),), "faint"))

    write(heading, *shown.heading, "", "muted")
    for place, (row, box) in enumerate(zip(shown.rows, boxes, strict=True)):
        if place == ground.hovered:
            drawing.add(Rect(box, "accent_soft" if ground.has_focus else "hover"))
        write(box, row.name, row.text, "mono", "text")
        drawing.parts.append(Part(place, box, f"{row.name}: {row.text}\n{row.tip}", row.ask))
    return drawing


def _height(shown: Entries, _width: float, look: Look) -> float:
    return _line(look) * (len(shown.rows) + 1)


def _line(look: Look) -> float:
    return look.font().line + look.px(6)


def _size(shown: Entries, look: Look) -> Size:
    high = _height(shown, 0, look)
    return Size(look.px(220), high, look.px(160), high)


ENTRIES = Graphic(
    draw,
    _size,
    lambda shown: [Table("List", shown.heading, [(row.name, row.text) for row in shown.rows])],
    lambda shown: f"{len(shown.rows)} rows",
    _height,
)
