"""What the network thinks of an image: one bar a class."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnviz.drawing import Box, Drawing, Graphic, Ground, Line, Look, Part, Share, Size, Table
from cnnviz.quantities import format_probabilities

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
        return sorted(
            ranked[:most] if label is None or label in ranked[:most] else [*ranked[: most - 1], label]
        )

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


def draw(shown: Probabilities, ground: Ground) -> Drawing:
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
    draw,
    _size,
    _tables,
    lambda shown: "; ".join(map(shown.say, shown.shown)) if shown.values else "no prediction yet",
    _height,
)
