"""A column of figures that add up: labels on the left, numbers on the right, a rule above each total."""

import math
from dataclasses import dataclass
from functools import cached_property, partial

from cnnviz.drawing import Drawing, Graphic, Ground, Look, Part, Rect, Share, Size, Table
from cnnviz.notation import alone, format_sum
from cnnviz.quantities import format_signed

_LONGEST = 10  # characters of a number: more would leave no room for the label
_ROOM = "+0.00000"  # there is always room for this number, or layouts would tremble in training


@dataclass(frozen=True)
class LedgerRow:
    """One line; a text is written as it is, a number so that the sum that it belongs to adds up.

    * `adds`: Whether it is a part of the first total.
    """

    label: str
    number: float | str = ""
    is_total: bool = False
    tip: str = ""
    ink: str = "text"
    adds: bool = False

    @property
    def weight(self) -> str:
        """Word of its fonts."""
        return "strong" if self.is_total else ""


@dataclass(frozen=True)
class Ledger:
    """Lines below one another.

    * `beside`: lines that add up in another place, where all are written alike.
    """

    rows: tuple[LedgerRow, ...]
    beside: tuple[LedgerRow, ...] = ()

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Numbers as they are written: parts and their total add up."""
        numbers = (row.number for row in self.rows)
        texts = [each if isinstance(each, str) else format_signed(each, 4) for each in numbers]
        if summed := _sum_of(self.rows):
            *parts, total = summed.values()
            written = format_sum(parts, total, _LONGEST, beside=[*_sum_of(self.beside).values()])
            for n, text in zip(summed, written, strict=True):
                texts[n] = alone(text) if self.beside else text
        return tuple(texts)

    @property
    def total(self) -> str:
        """The first total, as it is written."""
        return next(text for row, text in zip(self.rows, self.texts, strict=True) if row.is_total)

    def say(self, place: int) -> str:
        """Words of a line."""
        return f"{self.rows[place].label} {self.texts[place]}".strip()


def _sum_of(rows: tuple[LedgerRow, ...]) -> dict[int, float]:
    """The first sum, by line: its parts and, last, its total; nothing where there is none."""
    numbers = ((n, row.number) for n, row in enumerate(rows) if not isinstance(row.number, str))
    known = {n: number for n, number in numbers if math.isfinite(number)}
    parts, total = [n for n in known if rows[n].adds], [n for n in known if rows[n].is_total]
    return {n: known[n] for n in (*parts, *total[:1])} if parts and total else {}


def _draw(shown: Ledger, ground: Ground) -> Drawing:
    drawing, look, px = Drawing(ground), ground.look, ground.px
    boxes = ground.box.lines(len(shown.rows), _line(look))
    for place, (row, text, box) in enumerate(zip(shown.rows, shown.texts, boxes, strict=True)):
        font = look.font(f"mono {row.weight}")
        label, number = box.columns(Share(1), font.width(text), gap=px(8) if text else 0)
        drawing.write(label, row.label, f"small {row.weight}", "text" if row.is_total else "muted")
        drawing.write(number, text, font, row.ink, "right")
        if row.is_total and place:
            drawing.add(Rect(box._replace(height=1), "border"))
        drawing.parts.append(Part(place, box, row.tip or partial(shown.say, place)))
    return drawing


def _line(look: Look) -> float:
    return look.font("small").line + look.px(3)


def _size(shown: Ledger, look: Look) -> Size:
    labels = max((look.font(f"small {row.weight}").width(row.label) for row in shown.rows), default=0.0)
    numbers = max(look.font("mono").width(text) for text in (_ROOM, *shown.texts))
    wide, high = labels + numbers + look.px(12), _line(look) * len(shown.rows)
    return Size(wide, high, wide, high)


LEDGER = Graphic(
    _draw,
    _size,
    lambda shown: [Table("Sum", ("what", "value"), [(row.label, row.number) for row in shown.rows])],
    lambda shown: "; ".join(map(shown.say, range(len(shown.rows)))),
    lambda shown, _width, look: _line(look) * len(shown.rows),
)
