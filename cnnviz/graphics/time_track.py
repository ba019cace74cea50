"""The line of time: how far a run has got, its loss in small, its epochs, and the handle at what is shown."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Font, Graphic, Ground, Look, Size, Table
from cnnviz.drawing.marks import Ask, CellParts, Group, Line, Lines, Mark, Point, Rect, Text
from cnnviz.graphics.curves import diamond
from cnnviz.quantities import format_count

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
_OUTLIERS = 0.01  # share of the values of a curve that may be cut off: the few means of the first steps
_RAIL = 31  # pixels from the top to the line itself


class ShowStep(Ask):
    """Show what there is at a step, or near it."""

    step: int


class Walk(Ask):
    """Go so many steps on, or back."""

    count: int


class Leap(Ask):
    """Go so many kept moments on, or back."""

    count: int


class ToStart(Ask):
    """Go to the first moment."""


class ToEnd(Ask):
    """Follow the run."""


class ReadStep(Ask):
    """Say what is known of a step."""

    step: int


_WAYS = {"left": -1, "down": -1, "right": 1, "up": 1}
_KEYS: dict[str, Ask] = {
    **{key: Walk(count) for key, count in _WAYS.items()},
    **{f"shift {key}": Leap(count) for key, count in _WAYS.items()},
    "page up": Leap(10),
    "page down": Leap(-10),
    "wheel up": Leap(1),
    "wheel down": Leap(-1),
    "home": ToStart(),
    "end": ToEnd(),
}


def no_points() -> Points:
    """No curve."""
    return np.empty(0), np.empty(0)


@dataclass(frozen=True, eq=False)
class Track:
    """What does not move with the handle.

    * `first`, `last`: Steps at the ends, ``first < last``.
    * `steps_per_epoch`: 0 when epochs are not marked.
    * `curve`: (ndarray, ndarray). Steps, ascending, and loss.
    * `reference`, `fork`: Step that others are compared with, and step at which the run left another.
    """

    first: int = 0
    last: int = 1
    steps_per_epoch: int = 0
    curve: Points = field(default_factory=no_points)
    reference: int | None = None
    fork: int | None = None


@dataclass(frozen=True, slots=True)
class TimeLine:
    """A track, how far the run has got, and the handle; `is_live` when it moves on with the run."""

    track: Track
    reached: int = 0
    position: int | None = None
    is_live: bool = True


def _draw(shown: TimeLine, ground: Ground) -> Drawing:
    """Draw the track, what was reached, the handle, and a line under the pointer."""
    drawing, look, px, track = Drawing(ground), ground.look, ground.px, shown.track
    scale, cells = _scale(track, ground.box, look), _cells(track, ground.box, look)
    top, rail = ground.box.top + px(4), ground.box.top + px(_RAIL)
    drawing.add(Group(ground.box, (track, ground.box, look), lambda: _still(track, ground.box, look)))
    drawing.add(_rail(scale, rail, scale.x(shown.reached), look.mixed("accent", "surface", 0.6), look))
    if shown.position is not None:
        x, radius = scale.x(shown.position), px(7) - 1
        drawing.add(_rail(scale, rail, x, "accent", look), Lines(((x, top, x, rail),), "accent"))
        disc = Box(x, rail, 0, 0)
        inks = ("accent", "surface") if shown.is_live else ("surface", "accent")
        drawing.add(Rect(disc.inset(-radius), *inks, px(2 if shown.is_live else 3), radius))
    if (pointed := cells.place(ground.hovered)) is not None:
        x = min(max(pointed.x, scale.left), scale.right)
        drawing.add(Lines(((x, top, x, rail),), "muted", 1, (1.0, 2.0)))
    drawing.parts.append(cells)
    drawing.keys = _KEYS
    return drawing


class _Scale(NamedTuple):
    """Where steps lie: the first and the last one, and their places."""

    first: int
    last: int
    left: float
    right: float

    @property
    def unit(self) -> float:
        return (self.right - self.left) / (self.last - self.first)

    def x(self, step: float) -> float:
        """Of a step beyond the ends that of the end."""
        return self.left + (min(max(step, self.first), self.last) - self.first) * self.unit


def _scale(track: Track, box: Box, look: Look) -> _Scale:
    margin = look.px(10)
    return _Scale(track.first, track.last, box.left + margin, max(box.right - margin, margin + 1))


def _cells(track: Track, box: Box, look: Look) -> CellParts:
    """Where pointing means a step: round each of them, and in the margins the end."""
    scale = _scale(track, box, look)
    beyond, count = math.ceil((scale.left - box.left) / scale.unit), track.last - track.first + 1
    left, high = scale.left - (beyond + 0.5) * scale.unit, box.height / scale.unit
    grid = Cells(1, count + 2 * beyond, left, box.top, scale.unit, high)

    def step(col: int) -> int:
        return min(max(track.first + col - beyond, track.first), track.last)

    def ask(_row: int, col: int) -> Ask:
        return ShowStep(step(col))

    return CellParts("step", grid, lambda _row, _col: "", ask, True, lambda _row, col: ReadStep(step(col)))


def _rail(scale: _Scale, y: float, end: float, ink: str, look: Look) -> Rect:
    half = look.px(3) / 2
    box = Box(scale.left - half, y - half, end - scale.left + 2 * half, 2 * half)
    return Rect(box, ink, radius=half)


def _still(track: Track, box: Box, look: Look) -> list[Mark]:
    """All that does not move with the handle."""
    px, font, scale = look.px, look.font("small"), _scale(track, box, look)
    area, rail = Box(scale.left, box.top + px(4), scale.right - scale.left, px(20)), box.top + px(_RAIL)
    labels = _epoch_labels(scale, track.steps_per_epoch, font)
    marks: list[Mark] = [Lines([(x, area.top, x, rail + px(6)) for x, _ in labels], "border")]
    for x, words in labels:
        half = font.width(words) / 2 + 2
        x = min(max(x, box.left + half), box.right - half)  # a number under the last mark stays inside
        marks.append(Text(x, box.bottom - font.line / 2 + font.middle, words, font, "muted", "middle"))
    line = _curve(track.curve, scale, area)
    if len(line) > 1:
        marks.append(Line(line, "muted", 1.5 * look.scale))
    marks.append(_rail(scale, rail, scale.right, "track", look))
    if track.fork is not None:
        marks.append(diamond((scale.x(track.fork), rail), px(4), "muted"))
    if track.reference is not None:
        x, wide = scale.x(track.reference), font.width("A") + px(8)
        left = x if x + wide <= box.right else x - wide  # at the right end the flag flies to the left
        flag = Box(left, area.top - px(2), wide, font.line)
        marks.append(Lines(((x, area.top, x, rail),), "text", px(2)))
        marks.append(Rect(flag, "text", radius=px(2)))
        marks.append(Text(flag.x, flag.y + font.middle, "A", font, "surface", "middle"))
    return marks


def _curve(points: Points, scale: _Scale, area: Box) -> list[Point]:
    """Points of a curve, at most one for every second pixel: it is a mean, and has no peaks to lose."""
    x, y = points
    inside = np.isfinite(y) & (x >= scale.first) & (x <= scale.last)
    x, y = x[inside], y[inside]
    most = max(int(area.width / 2), 2)
    if x.size > most:
        chosen = np.linspace(0, x.size - 1, most).astype(np.intp)
        x, y = x[chosen], y[chosen]
    top = float(np.quantile(y, 1 - _OUTLIERS)) if y.size else 1.0
    across = scale.left + (x - scale.first) * scale.unit
    down = area.bottom - np.clip(y / (top or 1.0), 0.0, 1.0) * area.height
    return list(zip(across.tolist(), down.tolist(), strict=True))


def _epoch_labels(scale: _Scale, steps_per_epoch: int, font: Font) -> list[tuple[float, str]]:
    """Where epochs end, no two closer than a label is wide, and what is written under them."""
    if steps_per_epoch <= 0:
        return []
    first, last = scale.first // steps_per_epoch + 1, -(-scale.last // steps_per_epoch)
    wide = (font.width(f"epoch {last}") + 8) / (scale.unit * steps_per_epoch)
    stride = next(n for k in range(9) for n in (10**k, 2 * 10**k, 5 * 10**k) if n >= wide)
    numbers = range(-(-first // stride) * stride, last + 1, stride)
    return [(scale.x(n * steps_per_epoch), f"epoch {n}" if n == numbers[0] else str(n)) for n in numbers]


def _tables(shown: TimeLine) -> list[Table]:
    track = shown.track
    names = "start", "end", "shown", "compared with", "continued from"
    steps = track.first, track.last, shown.position, track.reference, track.fork
    marks = [(name, step) for name, step in zip(names, steps, strict=True) if step is not None]
    if track.steps_per_epoch:
        ends = range(track.steps_per_epoch, track.last + 1, track.steps_per_epoch)
        marks += [(f"end of epoch {number}", step) for number, step in enumerate(ends, 1)]
    return [
        Table("mean loss", ("step", "mean loss"), list(zip(*track.curve, strict=True))),
        Table("marks", ("mark", "step"), marks),
    ]


def _words(shown: TimeLine) -> str:
    if shown.position is None:
        return "no moment yet"
    return f"step {format_count(shown.position)}{', live' if shown.is_live else ''}"


def _size(_shown: TimeLine, look: Look) -> Size:
    high = look.px(38) + look.font("small").line
    return Size(look.px(600), high, look.px(120), high)


TIME_LINE = Graphic(_draw, _size, _tables, _words, lambda shown, _width, look: _size(shown, look).height)
