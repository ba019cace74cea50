"""Lines over a pair of axes, with bands, markers and names; the values of all at the point looked at."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Drawing, Font, Graphic, Ground, Ink, Look, Share, Size, Table
from cnnviz.drawing.marks import Ask, Group, Line, Lines, Mark, Part, Point, Polygon, Rect, Text
from cnnviz.notation import format_ticks
from cnnviz.palette import DASHES
from cnnviz.quantities import format_count, format_together, format_value

Values = NDArray[np.float64]
GHOST_REACH = 3.0
"""An axis reaches no farther for an earlier run than so many times what this one needs."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A line through points.

    * `x`, `y`: ndarray of shape (n,). `x` rises; values of `y` that are not finite are left out.
    * `style`: One of `cnnviz.palette.DASHES`.
    * `spread`: ndarray of shape (n,). Half the width of the band around the line.
    * `has_band`: Whether the band is drawn; what is read of the line says it in any case.
    * `has_dots`: Whether its points are marked.
    * `name_ink`: Of its name, where the line is too pale for letters.
    * `short`: What it is called in a legend without room for its name.
    * `about`: What is to be said of it besides.
    """

    name: str
    x: Values
    y: Values
    ink: Ink = "accent"
    style: str = "solid"
    width: float = 1.4
    spread: Values | None = None
    has_band: bool = False
    has_dots: bool = False
    name_ink: Ink = ""
    short: str = ""
    about: str = ""

    def at(self, x: float) -> int:
        """Number of the point nearest to an abscissa."""
        place = min(int(np.searchsorted(self.x, x)), self.x.size - 1)
        return place - 1 if place > 0 and abs(self.x[place - 1] - x) <= abs(self.x[place] - x) else place

    def within(self, low: float, high: float, columns: int) -> "Curve":
        """What looks the same between two abscissae, with at most four points for each column of pixels.

        The nearest point beyond each end is there, so that lines leave the picture; of points that share a
        column the smallest and the largest are.
        """
        first = max(int(np.searchsorted(self.x, low)) - 1, 0)
        last = min(int(np.searchsorted(self.x, high, side="right")) + 1, self.x.size)
        x, y = self.x[first:last], self.y[first:last]
        spread = None if self.spread is None else self.spread[first:last]
        if x.size > 4 * columns:
            edges = np.linspace(0, x.size, columns + 1).astype(np.intp)
            ends = np.column_stack([np.fmin.reduceat(y, edges[:-1]), np.fmax.reduceat(y, edges[:-1])])
            ends[1::2] = ends[1::2, ::-1]  # low-high and high-low in turn joins runs by the shorter way
            x, y, spread = np.column_stack([x[edges[:-1]], x[edges[1:] - 1]]).ravel(), ends.ravel(), None
        return replace(self, x=x, y=y, spread=spread)


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical line at `x` with words above it."""

    x: float
    words: str = ""
    ink: Ink = "winner"


@dataclass(frozen=True, eq=False)
class Curves:
    """Everything a plot shows: curves, markers, names of the axes.

    * `has_reading`: Whether what is read where one points is written into the plot, or left to others.
    """

    curves: tuple[Curve, ...] = ()
    markers: tuple[Marker, ...] = ()
    x_name: str = ""
    y_name: str = ""
    dots: tuple[tuple[float, float, Ink], ...] = ()
    y_range: tuple[float, float] | None = None
    x_range: tuple[float, float] | None = None
    asks: Callable[[int], Ask] | None = None
    has_reading: bool = True

    @cached_property
    def seen(self) -> tuple[Curve, ...]:
        """Curves that have points."""
        return tuple(curve for curve in self.curves if curve.x.size)

    @cached_property
    def xs(self) -> Values:
        """Abscissas of the curve that has most of them."""
        return max((curve.x for curve in self.seen), key=len, default=np.zeros(0))

    @property
    def named(self) -> tuple[Curve, ...]:
        """Curves whose names stand at their ends: not that of one alone, which the y axis names."""
        return () if self.y_name and len(self.seen) == 1 else self.seen

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Round limits of the y axis that leave 0 and all lines in sight, with what they spread upwards."""
        if self.y_range is not None:
            return self.y_range
        tops = [curve.y + (0 if curve.spread is None else curve.spread) for curve in self.seen]
        found = np.concatenate([*tops, *(curve.y for curve in self.seen), [0.0]])
        found = found[np.isfinite(found)]
        low, high = float(found.min()), float(found.max())
        return -round_up(-low), round_up(high) or 1.0

    def read(self, x: float) -> list[tuple[Ink, str, str]]:
        """Colour, name and value of each curve at an abscissa, from the largest value to the smallest.

        A value from elsewhere, such as the last test, says where it is from.
        """
        low, high = self.x_range or (float(self.xs[0]), float(self.xs[-1]))
        found = [(curve, curve.at(x)) for curve in self.seen]
        found.sort(key=lambda each: -np.nan_to_num(each[0].y[each[1]], nan=-np.inf))
        texts = format_together([float(curve.y[n]) for curve, n in found], longest=9)
        rows: list[tuple[Ink, str, str]] = []
        for (curve, n), text in zip(found, texts, strict=True):
            spread = math.nan if curve.spread is None else float(curve.spread[n])
            is_known = math.isfinite(curve.y[n])
            more = f" ± {format_value(spread)}" if math.isfinite(spread) and is_known else ""
            is_here = abs(curve.x[n] - x) <= 0.01 * (high - low)
            name = curve.name if is_here else f"{curve.name} at {format_place(float(curve.x[n]))}"
            rows.append((curve.ink, name, text + more if is_known else "–"))
        return rows


def format_place(x: float) -> str:
    """Write an abscissa."""
    return format_count(round(x)) if x == round(x) else format_value(x, 4)


def _draw(plot: Curves, ground: Ground) -> Drawing:
    """Draw axes, curves with their names at their ends, markers, and what is read where one points."""
    drawing, px = Drawing(ground), ground.px
    if not plot.xs.size:
        return drawing
    axes = _axes(plot, ground)
    key = (plot.seen, plot.x_name, ground.box, ground.look)
    drawing.add(Group(ground.box, key, lambda: _still(plot, ground)))
    for marker in plot.markers:
        if axes.x_range[0] <= marker.x <= axes.x_range[1]:
            x, scale = axes.x(marker.x), ground.look.scale
            line = x, axes.area.top, x, axes.area.bottom
            drawing.add(Lines((line,), marker.ink, 1.5 * scale, (3.0, 2.5)))
            if marker.words:
                font = ground.font("small")
                name = ground.box.left + font.width(f"{plot.y_name}  ")
                start = axes.area.left if plot.named else name  # beside the uppermost number, or the name
                middle = max(x, start + font.width(marker.words) / 2)
                drawing.add(Text(middle, axes.area.top - px(4), marker.words, font, marker.ink, "middle"))
    for x, y, ink in plot.dots:
        if axes.x_range[0] <= x <= axes.x_range[1]:
            dot = Box(axes.x(x), axes.y(y), 0, 0).inset(-px(4))
            drawing.add(Rect(dot, ink, "surface", 1.5, px(4)))
    # Of a long run no more than a pointer can tell apart.
    xs = plot.xs[:: plot.xs.size // (2 * max(int(axes.area.width), 1)) + 1].tolist()
    edges = [axes.x(x) for x in xs]
    middles = [axes.area.left, *((a + b) / 2 for a, b in pairwise(edges)), axes.area.right]
    for x, (left, right) in zip(xs, pairwise(middles), strict=True):
        box = Box(left, axes.area.top, right - left, axes.area.height)
        rows = plot.read(x) if x == ground.hovered else []
        head = f"{plot.x_name} {format_value(x)}" if rows else ""
        tip = "; ".join([head, *(f"{name} {text}" for _, name, text in rows)])
        drawing.parts.append(Part(x, box, tip, None if plot.asks is None else plot.asks(round(x))))
        if rows:
            drawing.add(Lines(((axes.x(x), box.top, axes.x(x), box.bottom),), "muted"))
            if plot.has_reading:
                _write_reading(drawing, head, rows, axes.x(x))
    return drawing


def _axes(plot: Curves, ground: Ground) -> "_Axes":
    """Where values lie: beside them there is room for numbers, names at the ends, and words above."""
    small, mono, px, limits = ground.font("small"), ground.font("mono"), ground.px, plot.limits
    ends, is_beside, above, below = _around(plot, ground.look)
    room = ground.box.cut(top=above, bottom=below)
    ticks = tuple(_ticks(*limits, wanted=_count(room.height / (1.6 * mono.line))))
    numbers = max(mono.width(text) for text in format_ticks(ticks)) + px(5)
    x_range = plot.x_range or (float(plot.xs[0]), float(plot.xs[-1]))
    x_ticks = tuple(_ticks(*x_range, wanted=_count((room.width - numbers - ends) / (9 * mono.width("0")))))
    last = max(map(mono.width, format_ticks(x_ticks)), default=0.0) / 2  # the last stands below the end
    beyond = max(ends, last + px(4) + small.width(plot.x_name) if is_beside else last)
    _, area, _ = room.columns(numbers, Share(1), beyond)
    return _Axes(area, x_range, limits, x_ticks, ticks, is_beside)


def _around(plot: Curves, look: Look) -> tuple[float, bool, float, float]:
    """Room of names at the ends, whether that of the x axis has some there, too; room above and below."""
    small, mono, px = look.font("small"), look.font("mono"), look.px
    words = ((_end_font(each, look).width(each.name), px(14 if each.name_ink else 0)) for each in plot.named)
    ends = max(map(sum, words), default=0.0) + px(7)
    is_beside = small.width(plot.x_name) <= ends - px(5)
    above = small.line + (px(2) if plot.named else mono.line / 2)
    return ends, is_beside, above, px(4) + mono.line + (0 if is_beside else small.line)


def _count(room: float) -> int:
    """How many numbers an axis gets that has room for so many."""
    return min(max(int(room), 2), 8)


def _still(plot: Curves, ground: Ground) -> list[Mark]:
    """Draw everything but markers and what is read."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    small, mono, axes = look.font("small"), look.font("mono"), _axes(plot, ground)
    area = axes.area
    for tick, text in zip(axes.ticks, format_ticks(axes.ticks), strict=True):
        y = axes.y(tick)
        drawing.add(Lines(((area.left, y, area.right, y),), "border", px(1)))
        drawing.add(Text(area.left - px(5), y + mono.middle, text, mono, "muted", "end"))
    for tick, text in zip(axes.x_ticks, format_ticks(axes.x_ticks), strict=True):
        drawing.add(Text(axes.x(tick), area.bottom + px(3) + mono.line * 0.8, text, mono, "muted", "middle"))
    ends = Box(area.right + px(5), area.top, ground.box.right - area.right - px(5), area.height)
    if axes.is_beside:
        right = Box(ends.left, area.bottom + px(3), ends.width, mono.line)
        drawing.write(right, plot.x_name, small, "muted", "right")
    else:
        below = Box(ground.box.left, ground.box.bottom - small.line, ground.box.width, small.line)
        drawing.write(below, plot.x_name, small, "muted", "middle")
    if not plot.named:
        head = Box(ground.box.left, ground.box.top, ground.box.width, small.line)
        drawing.write(head, plot.y_name, small, "muted")
    # Below lie pale lines, and of the others thick ones: none hides one that is finer.
    for curve in sorted(plot.seen, key=lambda each: (not each.name_ink, -each.width)):
        drawing.add(*axes.marks(curve, look.scale))
    _write_ends(drawing, plot, axes, ends)
    return drawing.marks


def _write_reading(drawing: Drawing, head: str, rows: list[tuple[Ink, str, str]], x: float) -> None:
    reading, room, gap = Reading(head, tuple(rows)), drawing.ground.box, drawing.ground.px(8)
    wide, high, *_ = READING.size(reading, drawing.ground.look)
    left = x + gap if x + gap + wide <= room.right else x - gap - wide
    top = room.top + max((room.height - high) / 2, 0)
    drawing.place(READING.draw, reading, Box(max(left, room.left), top, wide, high))


def _end_font(curve: Curve, look: Look) -> Font:
    return look.font("small strong" if curve.width > 2 else "small")


def _write_ends(drawing: Drawing, plot: Curves, axes: "_Axes", room: Box) -> None:
    """Write names beside the ends of the lines, in their order, no two over one another."""
    line, px = drawing.ground.font("small").line - 1, drawing.ground.px
    finite = ((curve.y[np.isfinite(curve.y)], curve) for curve in plot.named)
    known = [(axes.y(float(values[-1])), curve) for values, curve in finite if values.size]
    known.sort(key=lambda each: each[0])
    lowest = max(room.bottom - len(known) * line, room.top - line)
    top = room.top - line
    for place, (y, curve) in enumerate(known):
        top = max(top, min(y - line / 2, lowest + place * line))
        box, font = Box(room.left, top, room.width + 2, line), _end_font(curve, drawing.ground.look)
        if curve.name_ink:  # the name has another colour than the line: a piece of that stands before it
            piece, box = box.columns(px(10), Share(1), gap=px(4))
            drawing.add(Line(((piece.left, piece.y), (piece.right, piece.y)), curve.ink, px(1.5)))
        drawing.write(box, curve.name, font, curve.name_ink or curve.ink)
        top += line


@dataclass(frozen=True, slots=True)
class _Axes:
    area: Box
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_ticks: tuple[float, ...]
    ticks: tuple[float, ...]
    is_beside: bool  # whether the name of the x axis stands beside its numbers

    def x(self, value: float) -> float:
        low, high = self.x_range
        return self.area.left + (value - low) / ((high - low) or 1.0) * self.area.width

    def y(self, value: float) -> float:
        low, high = self.y_range
        return self.area.bottom - min(max((value - low) / (high - low), 0.0), 1.0) * self.area.height

    def marks(self, curve: Curve, scale: float) -> list[Line | Polygon]:
        """Line of a curve, above its band; of a long one what its columns of pixels can show."""
        if curve.spread is None:
            curve = curve.within(*self.x_range, max(int(self.area.width), 1))
            inside = (self.x_range[0] <= curve.x) & (curve.x <= self.x_range[1])
            curve = replace(curve, x=curve.x[inside], y=curve.y[inside])
        points = self._points(curve.x, curve.y)
        marks: list[Line | Polygon] = []
        if curve.has_band and curve.spread is not None:
            above = self._points(curve.x, curve.y + curve.spread)
            below = self._points(curve.x, curve.y - curve.spread)
            marks.append(Polygon((*above, *reversed(below)), curve.ink, 0.12))
        marks.append(Line(points, curve.ink, curve.width * max(scale, 0.7), DASHES[curve.style]))
        if curve.has_dots:
            marks += [diamond(point, 4 * scale, curve.ink) for point in points]
        return marks

    def _points(self, xs: Values, ys: Values) -> list[tuple[float, float]]:
        pairs = zip(xs.tolist(), ys.tolist(), strict=True)
        return [(self.x(x), self.y(y)) for x, y in pairs if math.isfinite(y)]


def diamond(middle: Point, radius: float, ink: Ink) -> Polygon:
    """A mark that stands on its corner."""
    x, y = middle
    return Polygon(((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)), ink)


def round_up(value: float) -> float:
    """Round up to two figures of 1, 1.5, 2, 2.5, 3, 4, 5, 6 or 8; 0 for what is not above it."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= value * 0.999)


def _ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round values between two: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    found = [each * step for each in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return found if len(found) > 1 else _ticks(low, high, 2 * wanted)  # one alone gives no scale


def _size(plot: Curves, look: Look) -> Size:
    """No name may be missing, or beside the numbers of the x axis."""
    names = (len(plot.named) - 1) * (look.font("small").line - 1)
    *_, above, below = _around(plot, look)
    least = max(look.px(98), above + names + below)
    return Size(look.px(260), look.px(150), look.px(220), least)


def _tables(plot: Curves) -> list[Table]:
    rows = [
        (curve.name, x, y, *(() if curve.spread is None else (curve.spread[n],)))
        for curve in plot.seen
        for n, (x, y) in enumerate(zip(curve.x.tolist(), curve.y.tolist(), strict=True))
    ]
    spread = ("spread",) if any(curve.spread is not None for curve in plot.seen) else ()
    return [Table("Curves", ("curve", plot.x_name or "x", plot.y_name or "value", *spread), rows)]


def _words(plot: Curves) -> str:
    ends = ((curve.name, curve.y[np.isfinite(curve.y)]) for curve in plot.seen)
    said = ((name, format_value(float(y[0])), format_value(float(y[-1]))) for name, y in ends if y.size)
    return " ".join(f"{name} from {first} to {last}." for name, first, last in said)


CURVES = Graphic(_draw, _size, _tables, _words)


# -- values read at a place ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """Heading, and rows of colour, name and value."""

    heading: str
    rows: tuple[tuple[Ink, str, str], ...] = ()

    def text(self) -> str:
        """All of it, a row a line."""
        return "\n".join([self.heading, *(f"{name} {value}" for _, name, value in self.rows)])


def _draw_reading(reading: Reading, ground: Ground) -> Drawing:
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


def _reading_size(reading: Reading, look: Look) -> Size:
    small, mono = look.font("small"), look.font("mono")
    rows = [look.px(20) + small.width(name) + mono.width(value) for _, name, value in reading.rows]
    wide = max([small.width(reading.heading), *rows]) + look.px(18)
    high = (len(reading.rows) + 1) * small.line + look.px(10)
    return Size(wide, high, wide, high)


READING = Graphic(_draw_reading, _reading_size, words=Reading.text)
