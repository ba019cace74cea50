"""What the network thinks of an image: one bar a class."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_probabilities
from ui.rows.rows import LONGEST, Rows, one_for_each
from ui.theme import follow_theme, mono_font


class PredictionBars(Rows):
    """Name, bar and probability of each class; the predicted one in the accent, the true one with a tick."""

    _FEWEST = 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._probabilities: list[float] | None = None
        self._texts: list[str] = []
        self._true_index: int | None = None
        follow_theme(self)

    def set_probabilities(
        self,
        names: Sequence[str],
        probabilities: ArrayLike | None,
        true_index: int | None = None,
        most: int | None = None,
    ) -> None:
        """Show a prediction.

        * `names`: names of the k classes.
        * `probabilities`: None shows empty bars.
        * `true_index`: number of the true class, if it is known.
        * `most`: rows that there is room for, where that is not one for each class: see
          `most_probable`.
        * Raises ValueError: if there is not one probability for each name.
        """
        values = one_for_each(names, probabilities)
        if values is None:
            chosen, self._probabilities, self._texts = list(range(len(names)))[:most], None, []
        else:
            chosen = most_probable(values, true_index, len(names) if most is None else most)
            texts = format_probabilities(values.tolist(), longest=LONGEST)  # of all: they add up to 1
            self._probabilities, self._texts = values[chosen].tolist(), [texts[i] for i in chosen]
        self._true_index = chosen.index(true_index) if true_index in chosen else None
        words = ["no prediction yet"] if self.predicted() is None else None
        self._set_names([names[i] for i in chosen], words)

    def shown(self) -> list[tuple[str, float]]:
        """Names and probabilities that are shown."""
        return list(zip(self._names, self._probabilities or (), strict=False))

    @override
    def set_placeholder(self, text: str) -> None:
        super().set_placeholder(text)
        self.updateGeometry()

    def predicted(self) -> int | None:
        """Number of the most probable class; None without a prediction."""
        return None if not self._probabilities else int(np.argmax(self._probabilities))

    @override
    def _tip(self, part: int) -> str:
        if self._probabilities is None:
            return ""
        text = f"class {self._names[part]}: probability {self._texts[part]}"
        if part == self.predicted():
            text += ", predicted"
        return text + (", the true class" if part == self._true_index else "")

    @override
    def _before_rows(self) -> None:
        self._name_room = self._name_width(0.35) + 2
        numbers = QFontMetrics(mono_font(theme=self._theme))
        self._number_room = max(map(numbers.horizontalAdvance, ["0.000", *self._texts])) + 1

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        theme, px = self._theme, self._theme.px
        predicted, known = row == self.predicted(), self._probabilities is not None
        painter.setFont(self._bold() if predicted else self.font())
        painter.setPen(theme.color("text"))
        self._write_left(painter, QRectF(0, box.top(), self._name_room, box.height()), self._names[row])
        tick = QRectF(self._name_room - 2 + px(4), box.top(), px(12), box.height())
        if row == self._true_index:
            self._paint_tick(painter, tick)
        painter.setFont(mono_font(theme=theme))
        painter.setPen(theme.color("text" if known else "muted"))
        number = box.adjusted(box.width() - self._number_room, 0, 0, 0)
        self._write_right(painter, number, self._texts[row] if known else "–")
        left = tick.right() + px(6)
        bar = QRectF(left, box.center().y() - px(4), number.left() - px(8) - left, px(8))
        share = 0.0 if self._probabilities is None else self._probabilities[row]
        self._paint_bar(painter, bar, share, "accent" if predicted else "muted")

    def _paint_tick(self, painter: QPainter, box: QRectF) -> None:
        correct = self._true_index == self.predicted()
        pen = QPen(
            self._theme.color("success" if correct or self._probabilities is None else "danger"),
            self._theme.px(2),
        )
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        unit, center = box.width() / 12, box.center()
        corners = ((-4, 0.5), (-1.2, 3.3), (4, -3.3))
        painter.drawPolyline([QPointF(center.x() + x * unit, center.y() + y * unit) for x, y in corners])


def most_probable(probabilities: NDArray[np.floating], label: int | None, count: int) -> list[int]:
    """Return the classes to show where not all can be: the most probable ones and the true one, in order."""
    if len(probabilities) <= count:
        return list(range(len(probabilities)))
    ranked = np.argsort(-probabilities, kind="stable").tolist()
    chosen = ranked[:count] if label is None or label in ranked[:count] else [*ranked[: count - 1], label]
    return sorted(chosen)
