"""What the network thinks of an image, one bar a class; or of two, or two networks of one, bar above bar."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnnviz.drawing import Box, Drawing, Graphic, Ground, Line, Look, Part, Share, Size, Table
from cnnviz.quantities import format_probabilities, format_probability_pairs

LONGEST = 8
"""Characters of a probability, such as "1 − 2e−8"."""
_FEWEST = 2  # rows that there is room for even when there are fewer


@dataclass(frozen=True)
class Probabilities:
    """Probability of each class.

    * `values`: None while they are not known: the bars are empty.
    * `label`: The true class, where it is known.
    * `most`: Rows that there is room for: the most probable classes, and the true one.
    """

    names: tuple[str, ...]
    values: tuple[float, ...] | None = None
    label: int | None = None
    most: int = 10

    @property
    def predicted(self) -> int | None:
        """The most probable class; None without a prediction."""
        return None if not self.values else int(np.argmax(self.values))

    @property
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
        """Probabilities of all classes as text: they add up to 1."""
        return [] if self.values is None else format_probabilities(list(self.values), longest=LONGEST)

    def say(self, row: int) -> str:
        """Name and probability of a class."""
        if self.values is None:
            return ""
        text = f"class {self.names[row]}: probability {self.texts[row]}"
        text += ", predicted" if row == self.predicted else ""
        return text + (", the true class" if row == self.label else "")


def _draw(shown: Probabilities, ground: Ground) -> Drawing:
    """Write name, bar and number of each class; the predicted one in the accent."""
    drawing, look, px = Drawing(ground), ground.look, ground.px
    if not shown.names:
        return drawing
    strong, mono, predicted, rows = look.font("strong"), look.font("mono"), shown.predicted, shown.shown
    names = min(max(strong.width(shown.names[row]) for row in rows) + 2, 0.35 * ground.box.width)
    texts = [shown.texts[row] if shown.texts else "–" for row in rows]
    number = max(map(mono.width, ["0.000", *texts])) + 1
    for row, text, line in zip(rows, texts, ground.box.lines(len(rows), _line(look)), strict=True):
        name, tick, rest = line.columns(names, px(12), Share(1), gap=px(5))
        bar, at = rest.columns(Share(1), number, gap=px(8))
        drawing.write(name, shown.names[row], "strong" if row == predicted else "")
        mark_true(drawing, tick, row, predicted, shown.label)
        drawing.write(at, text, mono, "text" if shown.texts else "muted", "right")
        share = 0.0 if shown.values is None else shown.values[row]
        drawing.bar(bar.placed(bar.width, px(8)), share, "accent" if row == predicted else "muted")
        drawing.parts.append(Part(row, line, shown.say(row)))
    return drawing


def mark_true(drawing: Drawing, room: Box, row: int, predicted: int | None, label: int | None) -> None:
    """Tick the true class; a class that is predicted in its place has a cross."""
    is_wrong = row == predicted and label is not None
    strokes, ink = (((-3, -3), (3, 3)), ((3, -3), (-3, 3))), "danger"
    if row == label:
        strokes, ink = (((-4, 0.5), (-1.2, 3.3), (4, -3.3)),), "success"
    unit = room.width / 12
    for corners in strokes if row == label or is_wrong else ():
        drawing.add(Line([(room.x + unit * x, room.y + unit * y) for x, y in corners], ink, 2 * unit))


def _line(look: Look) -> float:
    return look.font().line + look.px(4)


def _height(shown: Probabilities, _width: float, look: Look) -> float:
    return max(len(shown.shown), _FEWEST) * _line(look)


def _size(shown: Probabilities, look: Look) -> Size:
    high = _height(shown, 0, look)
    return Size(look.px(200), high, look.px(120), high)


def _tables(shown: Probabilities) -> list[Table]:
    rows = [] if shown.values is None else [(shown.names[row], shown.values[row]) for row in shown.shown]
    return [Table("Probabilities", ("class", "probability"), rows)]


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
