"""Which classes are taken for which: counts of test images by true and by predicted class."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Font, Graphic, Ground, Look, Size, Table
from cnnviz.drawing.marks import Ask, CellParts, Group, Lines, Mark, Rect, Text
from cnnviz.quantities import format_count, format_many, format_percent, format_whole_percent

_LARGE = 240  # width of a cell that has a page to itself, in pixels at scale 1
#: Of the worst confusion, what share is written in the colour of mistakes.
_CONSIDERABLE = 0.25
_SHARES = "predicted, % of the class"


class ShowImages(Ask):
    """Show the images of a cell."""

    true: int
    predicted: int


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of shape (k, k), row: true class, column: predicted class; and the names of the classes."""

    counts: NDArray[np.int64]
    names: tuple[str, ...]

    @cached_property
    def longest(self) -> str:
        """The number of images of the largest class, which may come to stand in one cell."""
        return str(self.counts.sum(axis=1).max(initial=0))

    @cached_property
    def worst(self) -> int:
        """Largest number of mistakes of a kind."""
        return int((self.counts - np.diag(np.diag(self.counts))).max(initial=0))

    def say(self, row: int, col: int) -> str:
        """Write out a cell."""
        count, total = int(self.counts[row, col]), int(self.counts[row].sum())
        share = f" ({format_percent(count / total)} of class {self.names[row]})" if total else ""
        names = f"of class {self.names[row]} predicted as {self.names[col]}"
        return f"{format_many(count, 'image')} {names}{share}"


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Counts; large ones take the room of a page. `Ground.marked` is row and column of the chosen cell."""

    confusion: Confusion
    is_large: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where cells lie, and how they are written."""

    cells: Cells
    has_title: bool
    in_percent: bool
    font: Font  # of the numbers

    @classmethod
    def of(cls, matrix: ConfusionMatrix, box: Box, look: Look) -> "_Frame":
        shown, is_large = matrix.confusion, matrix.is_large
        small, px, count = look.font("small"), look.px, len(shown.names)
        left = min(_names(shown, look), max(box.width * 0.35, px(32)))
        width = max(min((box.width - left - 2) / count, px(_LARGE if is_large else 120)), 1.0)
        has_title = box.height >= _lowest(shown, look)
        top = (1 + has_title) * small.line + px(5)
        usual = width if is_large else small.line + px(7)
        row = min(usual, max((box.height - top - 2) / count, small.size))
        font = look.font("mono")
        if is_large:
            fitting = (width - px(8)) / font.width(shown.longest) * font.size
            font = font._replace(size=max(font.size, min(row / 4, fitting)))
        in_percent = font.width(shown.longest) + 1 > width
        if font.width("100" if in_percent else shown.longest) + px(5) > width:  # they would touch the edges
            font = font._replace(size=font.size - px(1))
        cells = Cells(count, count, box.left + left, box.top + top, width, row / width)
        return cls(cells, has_title, in_percent, font)

    def text(self, shown: Confusion, row: int, col: int) -> str:
        count = int(shown.counts[row, col])
        if self.in_percent:
            return format_whole_percent(count / max(int(shown.counts[row].sum()), 1))
        words = format_count(count)
        return words if self.font.width(words) <= self.cells.side - 4 else str(count)


def _lowest(shown: Confusion, look: Look) -> int:
    """Height in which there is room for a title above the names, and for rows as high as their digits."""
    small = look.font("small")
    return math.floor(2 * small.line + look.px(5) + len(shown.names) * (small.size + look.px(1)) + 2)


def _names(shown: Confusion, look: Look) -> float:
    return max(look.font("small").width(f"is {name}") for name in shown.names) + look.px(10)


def _draw(shown: ConfusionMatrix, ground: Ground) -> Drawing:
    """Draw the table; correct predictions are tinted, mistakes marked, and tinted more the more there are."""
    drawing, look, table, chosen = Drawing(ground), ground.look, shown.confusion, ground.marked
    frame, count = _Frame.of(shown, ground.box, look), len(table.names)
    key = (table, shown.is_large, ground.box, look)
    drawing.add(Group(ground.box, key, lambda: _still(table, frame, ground)))
    cells = CellParts("class", frame.cells, table.say, ShowImages)
    drawing.parts.append(cells)
    if (pointed := cells.place(ground.hovered)) is not None:
        drawing.add(Rect(pointed.inset(0.5), "text", alpha=0.06))
    if chosen is not None:
        drawing.add(Rect(frame.cells.cell(*chosen).inset(1.5), edge="accent", width=look.px(2)))

    def beside(across: int, down: int) -> Ask | None:
        row, col = (0, 0) if chosen is None else (chosen[0] + down, chosen[1] + across)
        return ShowImages(row, col) if 0 <= row < count and 0 <= col < count else None

    drawing.arrows(beside)
    return drawing


def _still(shown: Confusion, frame: _Frame, ground: Ground) -> list[Mark]:
    drawing, look, px, box = Drawing(ground), ground.look, ground.px, ground.box
    small, cells = look.font("small"), frame.cells
    head = Box(cells.left, box.top, cells.box.width, cells.top - box.top - 2)
    if frame.has_title:
        title = _SHARES if frame.in_percent else "predicted"
        room = head._replace(height=small.line, width=max(head.width, small.width(title) + 1))
        drawing.write(room, title, small, "muted", "middle")
        head = head.cut(top=small.line)
    for place, name in enumerate(shown.names):
        column = head._replace(left=cells.cell(0, place).left, width=cells.side)
        drawing.write(column, name, small, "muted", "middle")
        row = Box(box.left, cells.cell(place, 0).top, cells.left - box.left - px(8), cells.high)
        drawing.write(row, f"is {name}", small, "muted", "right")
    tops = [cells.cell(row, 0).top for row in range(cells.rows + 1)]
    drawing.add(Lines([(box.left, y, cells.box.right, y) for y in tops], "border"))
    for row, col in np.ndindex(cells.rows, cells.cols):
        _draw_cell(drawing, shown, frame, row, col)
    return drawing.marks


def _draw_cell(drawing: Drawing, shown: Confusion, frame: _Frame, row: int, col: int) -> None:
    box, number = frame.cells.cell(row, col), int(shown.counts[row, col])
    fill, font, ink = box.cut(0.5, 1, 0.5), frame.font, "text" if row == col else "muted"
    if row == col:
        drawing.add(Rect(fill, "accent_soft"))
    elif number:
        # The tint grows with the count, so that the worst confusions are found first; that it is a mistake is
        # seen by its place off the diagonal.
        share = number / shown.worst
        drawing.add(Rect(fill, "danger_soft", alpha=0.3 + 0.7 * share**0.5))
        ink = "danger" if share > _CONSIDERABLE else "muted"
    drawing.add(Text(box.x, box.y + font.middle, frame.text(shown, row, col), font, ink, "middle"))


def _height(shown: ConfusionMatrix, width: float, look: Look) -> float:
    """Height of headings and of rows where there is room enough."""
    return _Frame.of(shown, Box(0, 0, width, math.inf), look).cells.box.bottom + 2


def _size(shown: ConfusionMatrix, look: Look) -> Size:
    """At least there is room for shares of a class."""
    table, number = shown.confusion, look.font("mono").width
    count, names = len(table.names), _names(table, look)
    cell = max(number(table.longest), *map(look.font("small").width, table.names)) + look.px(12)
    usual = names + count * (look.px(_LARGE) if shown.is_large else cell)
    least = names + max(count * number("100"), look.font("small").width(_SHARES) + 1)
    return Size(usual, _height(shown, usual, look), least, _lowest(table, look))


def _tables(shown: ConfusionMatrix) -> list[Table]:
    table = shown.confusion
    header = ("is", *(f"predicted {name}" for name in table.names))
    rows = [(name, *row) for name, row in zip(table.names, table.counts.tolist(), strict=True)]
    return [Table("Counts", header, rows)]


def _words(shown: ConfusionMatrix) -> str:
    counts = shown.confusion.counts
    wrong = int(counts.sum() - np.trace(counts))
    return f"{format_many(int(counts.sum()), 'image')}, {format_many(wrong, 'mistake')}"


CONFUSION = Graphic(_draw, _size, _tables, _words, _height)
