"""What the network thinks of an image, one bar a class; or of two, or two networks of one, bar above bar."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Cells, Drawing, Graphic, Ground, Look, Share, Size, Table
from cnnviz.drawing.kept import kept
from cnnviz.drawing.marks import Ask, CellKey, CellParts, Group, Line, Mark, Part, Rect
from cnnviz.notation import format_column
from cnnviz.quantities import format_probabilities, format_probability_pairs, format_signed

LONGEST = 8
"""Characters of a probability, such as "1 − 2e−8"."""
_LEAST_BAR = 24  # width in pixels at scale 1 below which a bar would say nothing
_FEWEST = 2  # rows that there is room for even when there are fewer


@dataclass(frozen=True)
class Probabilities:
    """Probability of each class; `Ground.marked` is the set of the classes that are outlined.

    * `values`: None while they are not known: the bars are empty.
    * `label`: The true class, where it is known.
    * `most`: Rows that there is room for: the most probable classes, and the true one.
    * `logits`: None where they are not written, such as one that speaks for two classes.
    * `press`, `point`: Number of a class to what a click, and pointing, asks for.
    * `chosen`: A class that is explained elsewhere.
    """

    names: tuple[str, ...]
    values: tuple[float, ...] | None = None
    label: int | None = None
    most: int = 10
    logits: tuple[float, ...] | None = None
    press: Callable[[int], Ask] | None = None
    point: Callable[[int], Ask] | None = None
    chosen: int | None = None

    @property
    def predicted(self) -> int | None:
        """The most probable class; None without a prediction, or where one is no number."""
        return None if not self.values or np.isnan(self.values).any() else int(np.argmax(self.values))

    @cached_property
    def shown(self) -> list[int]:
        """Classes that are shown, in order."""
        count, most, label = len(self.names), self.most, self.label
        if count <= most or not self.values:
            return list(range(min(count, most)))
        ranked: list[int] = np.argsort(-np.array(self.values), kind="stable").tolist()
        if label is not None and label not in ranked[:most]:
            ranked.insert(most - 1, label)
        return sorted(ranked[:most])

    @cached_property
    def texts(self) -> list[str]:
        """Probabilities of all classes as text; what is rounded need not add up to 1."""
        return [] if self.values is None else format_probabilities(list(self.values), longest=LONGEST)

    def say(self, row: int) -> str:
        """Name, logit and probability of a class."""
        if self.values is None:
            return ""
        logit = "" if self.logits is None else f"logit {format_signed(self.logits[row], 5)}, "
        text = f"class {self.names[row]}: {logit}probability {self.texts[row]}"
        text += ", predicted" if row == self.predicted else ""
        return text + (", the true class" if row == self.label else "")

    def cells(self, box: Box, look: Look) -> CellParts:
        """A row for each class that is shown, lower where there is little room."""
        count, shown = max(len(self.shown), 1), self.shown
        high = min(_line(look), box.height / count)
        return CellParts(
            "class",
            Cells(len(shown), 1, box.left, box.top, box.width, high / max(box.width, 1)),
            lambda row, _col: self.say(shown[row]),
            lambda row, _col: self.press and self.press(shown[row]),
            points=lambda row, _col: self.point and self.point(shown[row]),
        )


def _draw(shown: Probabilities, ground: Ground) -> Drawing:
    """Draw the rows; those that can be pressed show that they are pointed at."""
    drawing, key = Drawing(ground), (shown, ground.box, ground.look)
    rows, outlined = shown.cells(ground.box, ground.look), ground.marked or frozenset[int]()
    drawing.parts.append(rows)
    hovered = ground.hovered.row if shown.press and isinstance(ground.hovered, CellKey) else None
    for place, number in enumerate(shown.shown):
        room, is_hovered, is_chosen = rows.grid.cell(place, 0), place == hovered, number == shown.chosen
        if is_chosen or is_hovered:
            drawing.add(Rect(room, "accent_soft" if is_chosen else "hover", radius=4))
        if number in outlined or (is_hovered and ground.has_focus):
            ink = "accent" if number in outlined else "focus"
            drawing.add(Rect(room.inset(1), edge=ink, width=1.5, radius=4))
    drawing.add(Group(ground.box, key, lambda: rows_written(*key)))
    return drawing


@kept
def rows_written(shown: Probabilities, box: Box, look: Look) -> list[Mark]:
    """Name, logit, bar and number of each class; the predicted one in the accent, the true one ticked."""
    drawing, px, mono, rows = Drawing(Ground(box, look)), look.px, look.font("mono"), shown.shown
    grid, best = shown.cells(box, look).grid, shown.predicted
    known, logits = dict(enumerate(shown.texts)), dict[int, str]()
    if shown.logits is not None:
        logits = dict(enumerate(format_column(list(shown.logits), 2, signed=True, longest=7)))
    names = max((look.font("strong").width(shown.names[row]) for row in rows), default=0) + 1
    logit_room = max(map(mono.width, ["−00.00", *logits.values()])) if logits else 0
    share_room = max(map(mono.width, ["0.000", *known.values()]))
    others = min(names, box.width / 3) + px(10 + 4 * 3) + logit_room + mono.width("0" * LONGEST)
    is_below = box.width - others < px(_LEAST_BAR)  # whatever the numbers, or bars would come and go
    for place, row in enumerate(rows):
        line, is_best = grid.cell(place, 0), row == best
        if line.height < mono.size and not is_best and row != shown.label:
            continue
        text, under = line.inset(px(4) if shown.press else 0, 0).rows(Share(1), px(4) if is_below else 0)
        name, sign, logit, bar, share = text.columns(
            min(names, box.width / 3), px(10), logit_room, Share(1), share_room, gap=px(3)
        )
        drawing.write(name, shown.names[row], "strong" if is_best else "")
        _mark_true(drawing, sign, is_true=row == shown.label, is_wrong=is_best and shown.label is not None)
        if logits:
            drawing.write(logit, logits[row], mono, "text", "right")
        drawing.write(share, known.get(row, "–"), mono, "text" if known else "muted", "right")
        value = 0.0 if shown.values is None else shown.values[row]
        bar = under if is_below else bar.placed(bar.width, px(7))
        drawing.bar(bar, value, "accent" if is_best else "muted")
    return drawing.marks


def _mark_true(drawing: Drawing, room: Box, *, is_true: bool, is_wrong: bool) -> None:
    """Tick the true class; a class that is predicted in its place has a cross."""
    strokes, ink = (((-3, -3), (3, 3)), ((3, -3), (-3, 3))), "danger"
    if is_true:
        strokes, ink = (((-4, 0.5), (-1.2, 3.3), (4, -3.3)),), "success"
    unit = room.width / 12
    for corners in strokes if is_true or is_wrong else ():
        drawing.add(Line([(room.x + unit * x, room.y + unit * y) for x, y in corners], ink, 2 * unit))


def _line(look: Look) -> float:
    return look.font().line + look.px(4)


def _height(shown: Probabilities, _width: float, look: Look) -> float:
    return max(len(shown.shown), _FEWEST) * _line(look)


def _size(shown: Probabilities, look: Look) -> Size:
    """At least; rows that are pressed, all of which are needed, may be lower."""
    high, least = _height(shown, 0, look), look.px(110 if shown.logits is None else 126)
    return Size(look.px(200), high, least, len(shown.shown) * look.font("mono").size if shown.press else high)


def _tables(shown: Probabilities) -> list[Table]:
    columns = {"class": shown.names, "logit": shown.logits, "probability": shown.values}
    known = {name: column for name, column in columns.items() if column is not None}
    rows = list(zip(*known.values(), strict=True)) if shown.values is not None else []
    return [Table("Probabilities", tuple(known), [rows[row] for row in shown.shown] if rows else [])]


PROBABILITIES = Graphic(
    _draw,
    _size,
    _tables,
    lambda shown: "; ".join(map(shown.say, shown.shown)) if shown.values else "no prediction yet",
    _height,
)


# -- two predictions ----------------------------------------------------------------------------------------


SIDES = ("original", "shifted")
MOST_ROWS = 3
"""Rows that are shown when there are more classes."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Two predictions.

    * `names`: Names of the k classes.
    * `original`: ndarray of shape (k,). Their probabilities on one side.
    * `shifted`: ndarray of shape (k,). On the other; None while they are not known.
    * `sides`, `inks`: What the sides are called, and their colours.
    * `label`: Class that is shown in any case.
    """

    names: tuple[str, ...]
    original: NDArray[np.floating]
    shifted: NDArray[np.floating] | None
    sides: tuple[str, str] = SIDES
    inks: tuple[str, str] = SIDES
    label: int | None = None

    @property
    def values(self) -> tuple[NDArray[np.floating], ...]:
        """Probabilities that are known."""
        return (self.original,) if self.shifted is None else (self.original, self.shifted)

    @property
    def shown(self) -> list[int]:
        """The likeliest classes, in order."""
        weights = np.max(self.values, axis=0)
        if self.label is not None:
            weights[self.label] = 1
        return sorted(np.argsort(-weights, kind="stable")[:MOST_ROWS].tolist())

    def texts(self, digits: int = 3, longest: int | None = None) -> list[tuple[str, ...]]:
        """Probabilities as text, those that are known of each class."""
        pairs = format_probability_pairs(self.values[0], self.values[-1], digits, longest)
        return [pair[: len(self.values)] for pair in pairs]

    def say(self) -> str:
        """Say all probabilities, a line each."""
        words = (zip(self.sides, texts, strict=False) for texts in self.texts(4))
        said = (", ".join(map(" ".join, each)) for each in words)
        return "\n".join(f"class {name}: {text}" for name, text in zip(self.names, said, strict=True))


def _draw_pairs(shown: Predictions, ground: Ground) -> Drawing:
    """Draw name, two bars and two numbers a class, under a heading."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    pairs, heading = shown.texts(longest=LONGEST), " → ".join(shown.sides[: len(shown.values)])
    texts = {row: " → ".join(pairs[row]) for row in shown.shown}
    mono, best = look.font("mono"), {int(each.argmax()) for each in shown.values}
    widest = max(map(mono.width, ("0.000 → 0.000", *texts.values())))
    numbers = max(widest, look.font("small").width(heading)) + px(2)
    names = max(look.font("strong").width(shown.names[row]) for row in texts) + px(10)
    head, *lines = ground.box.lines(len(texts) + 1, _pair_line(look))
    drawing.write(head, heading, "small", "muted", "right")
    for line, (row, text) in zip(lines, texts.items(), strict=True):
        name, bars, number = line.columns(min(names, 0.3 * line.width), Share(1), numbers + px(8))
        drawing.write(name, shown.names[row], "strong" if row in best else "")
        drawing.write(number, text, mono, "text", "right")
        for values, role, top in zip(shown.values, shown.inks, (-px(6), px(1)), strict=False):
            drawing.bar(Box(bars.left, bars.y + top, bars.width, px(5)), float(values[row]), role)
    drawing.parts.append(Part("all", ground.box, shown.say()))
    return drawing


def _pair_line(look: Look) -> float:
    return look.font().line + look.px(5)


def _pairs_size(shown: Predictions, look: Look) -> Size:
    high = (max(len(shown.shown), 2) + 1) * _pair_line(look)
    return Size(look.px(220), high, look.px(170), high)


def _pair_tables(shown: Predictions) -> list[Table]:
    rows = list(zip(shown.names, *(each.tolist() for each in shown.values), strict=True))
    return [Table("Probabilities", ("class", *shown.sides[: len(shown.values)]), rows)]


PREDICTIONS = Graphic(_draw_pairs, _pairs_size, _pair_tables, Predictions.say)
