"""A sum as a flight of steps: each bar begins where the one before has ended, the last is the total."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Graphic, Ground, Look, Table, sized
from cnnviz.drawing.marks import Ask, CellParts, Group, Lines, Mark, Rect, Text
from cnnviz.notation import Notation
from cnnviz.quantities import format_signed

_FALLING, _RISING = "#3682BA", "#C94540"  # as the signed colours have it


@dataclass(frozen=True, eq=False)
class Terms:
    """A sum; `Ground.marked` is the number of a term whose counterpart elsewhere is pointed at.

    * `values`: ndarray of shape (n,)
    * `total`: Name of the last bar.
    * `say`: Number of a term to what it says.
    * `names`: Written below the bars where they fit.
    * `press`, `point`: Number of a term to what pressing it and pointing at it asks for.
    * `told`: How many bars have their number above; those of the others stand beside the drawing.
    """

    values: NDArray[np.float64]
    total: str
    say: Callable[[int], str]
    names: tuple[str, ...] = ()
    press: Callable[[int], Ask | None] | None = None
    point: Callable[[int], Ask] | None = None
    told: int = 0

    @cached_property
    def ends(self) -> NDArray[np.float64]:
        """Sum after each term, from 0 on: shape (n + 1,)."""
        with np.errstate(invalid="ignore", over="ignore"):
            return np.add.accumulate([0.0, *self.values.tolist()])

    def tip(self, _row: int, place: int) -> str:
        """What a bar says."""
        is_term = place < len(self.values)
        return self.say(place) if is_term else f"{self.total} {format_signed(float(self.ends[-1]), 6)}"

    def pressed(self, _row: int, place: int) -> Ask | None:
        """What a click asks for."""
        return self.press(place) if self.press is not None and place < len(self.values) else None

    def pointed(self, _row: int, place: int) -> Ask | None:
        """What pointing asks for."""
        return self.point(place) if self.point is not None and place < len(self.values) else None


def _draw(terms: Terms, ground: Ground) -> Drawing:
    """Draw the bars on the scale of the running sum; nothing where that is no number."""
    drawing = Drawing(ground)
    if not np.isfinite(terms.ends).all():
        return drawing
    grid = _grid(terms, ground.box, ground.look)
    key = (terms, ground.box, ground.look)
    drawing.add(Group(ground.box, key, lambda: _still(terms, grid, ground)))
    parts = CellParts("term", grid, terms.tip, terms.pressed, points=terms.pointed)
    drawing.parts.append(parts)
    hovered = parts.place(ground.hovered)
    marked = [] if ground.marked is None else [grid.cell(0, ground.marked)]
    for box in marked if hovered is None else [hovered]:
        drawing.add(Rect(box, "accent", alpha=0.14))
    return drawing


def _grid(terms: Terms, box: Box, look: Look) -> Cells:
    """One column for each bar, between the line of the numbers and that of the names."""
    font, count = look.font("mono"), len(terms.ends)
    area = box.cut(1, font.line + 2, 1, font.line + 3 if terms.names else 2)
    step = max(area.width / count, 0.01)
    return Cells(1, count, area.left, area.top, step, max(area.height, 1) / step)


def _still(terms: Terms, grid: Cells, ground: Ground) -> list[Mark]:
    drawing, look, area = Drawing(ground), ground.look, grid.box
    font, ends, step = look.font("mono"), terms.ends.tolist(), grid.side
    low, high = min(ends), max(ends)
    unit = area.height / (high - low) if high > low else 0.0
    zero = area.top + high * unit
    gap = min(max(step * 0.2, 0.5), look.px(10), step / 2)
    pairs = [*pairwise(ends), (0.0, ends[-1])]
    boxes: list[Box] = []
    for place, (start, end) in enumerate(pairs):
        left, top = area.left + place * step + gap / 2, zero - max(start, end) * unit
        boxes.append(Box(left, top, step - gap, max(abs(end - start) * unit, 1.0)))
        is_last = place == len(pairs) - 1
        drawing.add(Rect(boxes[-1], "text" if is_last else _RISING if end >= start else _FALLING))
        if not is_last:  # the level reached, carried over to the next bar
            drawing.add(Rect(Box(left + step - gap, zero - end * unit - 0.5, gap, 1), "muted"))
    drawing.add(Lines(((area.left, zero, area.right, zero),), "border"))
    values, longest = terms.values[: terms.told], int((step - look.px(4)) / font.width("0"))
    texts = Notation.of(values, signed=True).in_full().texts(values, longest=longest)
    for box, text in zip(boxes, texts, strict=False):
        drawing.add(Text(box.x, box.top - 1 - font.line / 2 + font.middle, text, font, anchor="middle"))
    names = (*terms.names, terms.total) if terms.names else ()
    if all(font.width(name) <= step for name in names):
        for place, name in enumerate(names):
            below = Box(area.left + place * step, area.bottom + 2, step, font.line)
            drawing.write(below, name, font, "muted", "middle")
    return drawing.marks


def _tables(terms: Terms) -> list[Table]:
    values, ends = terms.values.tolist(), terms.ends[1:].tolist()
    rows = list(zip(range(len(values)), values, ends, strict=True))
    return [Table("Sum", ("term", "value", "running sum"), rows)]


WATERFALL = Graphic(
    _draw,
    sized(240, 120, 80, 60),
    _tables,
    lambda terms: f"{len(terms.values)} terms; {terms.tip(0, len(terms.values))}",
)
