"""Values read at a place of a plot: a heading, and a line for each with its colour."""

from dataclasses import dataclass

from cnnviz.drawing import Drawing, Graphic, Ground, Look, Rect, Share, Size
from cnnviz.drawing.marks import Ink


@dataclass(frozen=True)
class Reading:
    """Heading, and rows of colour, name and value."""

    heading: str
    rows: tuple[tuple[Ink, str, str], ...] = ()

    def text(self) -> str:
        """All of it, a row a line."""
        return "\n".join([self.heading, *(f"{name} {value}" for _, name, value in self.rows)])


def draw(reading: Reading, ground: Ground) -> Drawing:
    """Write it into a box."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    line = look.font("small").line
    drawing.add(Rect(ground.box.inset(0.5), "surface", "border", radius=px(4)))
    title, *lines = ground.box.inset(px(8), px(5)).lines(len(reading.rows) + 1, line)
    drawing.write(title, reading.heading, "small", "muted")
    for place, (ink, name, value) in zip(lines, reading.rows, strict=True):
        chip, words, number = place.columns(px(12), look.font("small").width(name) + px(8), Share(1))
        drawing.add(Rect(chip.placed(px(8), px(3), "left"), ink))
        drawing.write(words, name, "small")
        drawing.write(number, value, "mono", align="right")
    return drawing


def size(reading: Reading, look: Look) -> Size:
    """As large as its words."""
    small, mono = look.font("small"), look.font("mono")
    rows = [look.px(20) + small.width(name) + mono.width(value) for _, name, value in reading.rows]
    wide = max([small.width(reading.heading), *rows]) + look.px(18)
    high = (len(reading.rows) + 1) * small.line + look.px(10)
    return Size(wide, high, wide, high)


READING = Graphic(draw, size, words=Reading.text)
