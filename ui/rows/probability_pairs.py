"""Probabilities of the classes for two images, bar above bar."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cnnviz.quantities import format_probability_pairs
from ui.rows.rows import LONGEST, Rows, one_for_each
from ui.theme import follow_theme, mono_font, ui_font

_SIDES = ("original", "shifted")
_HEADING = " → ".join(_SIDES)


class ProbabilityPairs(Rows):
    """Name, two bars and two numbers a class, under a heading.

    Of many classes the likeliest are shown; the tool tip has all.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Rows that are shown when there are more classes.
    MOST_ROWS = 3

    _GAP, _WIDTHS, _FEWEST = 5, (220, 170), 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair: tuple[NDArray[np.floating], NDArray[np.floating]] | None = None
        self._texts: list[str] = []
        self._words: list[str] = []
        self._about = ""
        follow_theme(self)

    @property
    def probabilities(self) -> tuple[NDArray[np.floating], NDArray[np.floating]] | None:
        """Probabilities of original and shifted image, each of shape (k,)."""
        return self._pair

    def set_probabilities(
        self,
        names: Sequence[str],
        original: NDArray[np.floating] | None,
        shifted: NDArray[np.floating] | None,
    ) -> None:
        """Show two predictions, of shape (k,) each, or with None none.

        Raises
        ------
        ValueError
            If there is not one probability for each name.
        """
        first, second = one_for_each(names, original), one_for_each(names, shifted)
        self._pair = None if first is None or second is None else (first, second)
        self._texts, self._words = [], []
        if self._pair is not None:
            self._texts = [" → ".join(p) for p in format_probability_pairs(*self._pair, longest=LONGEST)]
            pairs = zip(names, format_probability_pairs(*self._pair, 4), strict=True)
            self._words = [f"class {name}: original {one}, shifted {other}" for name, (one, other) in pairs]
        self._set_names(names, self._words)

    def set_about(self, text: str) -> None:
        """Tool tip, to which the probabilities of all classes are added."""
        self._about = text
        self.setToolTip(text)

    def shown_rows(self) -> list[int]:
        """Classes that have a row, in order."""
        if self._pair is None:
            return []
        likeliest = np.argsort(-np.maximum(*self._pair), kind="stable")[: self.MOST_ROWS]
        return sorted(likeliest.tolist())

    @override
    def _count(self) -> int:
        return min(len(self._names), self.MOST_ROWS)

    @override
    def row_rect(self, row: int) -> QRectF:
        return super().row_rect(row + 1)

    @override
    def _part_at(self, point: QPointF) -> int | None:
        # The heading is explained by what explains the rows.
        return super()._part_at(QPointF(point.x(), max(point.y() - self._row_height(), 0.0)))

    @override
    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(0, self._row_height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._pair is not None:
            painter = QPainter(self)
            painter.setFont(self._small())
            painter.setPen(self._theme.color("muted"))
            self._write_right(painter, super().row_rect(0), _HEADING)

    def _small(self) -> QFont:
        return ui_font(self._theme, self._theme.small_pt)

    @override
    def _tip(self, part: int) -> str:
        return "\n".join([self._about, *self._words]).strip()

    @override
    def _before_rows(self) -> None:
        self._shown = self.shown_rows()
        names = [self._names[number] for number in self._shown]
        widest = max(map(self.fontMetrics().horizontalAdvance, names), default=0) + self._theme.px(4)
        self._name_room = min(widest, round(self.width() * 0.3))
        numbers = QFontMetrics(mono_font(theme=self._theme))
        texts = ["0.000 → 0.000", *(self._texts[number] for number in self._shown)]
        heading = QFontMetrics(self._small()).horizontalAdvance(_HEADING)
        self._number_room = max(heading, *map(numbers.horizontalAdvance, texts)) + self._theme.px(2)

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        if self._pair is None:
            return
        number, px = self._shown[row], self._theme.px
        is_likeliest = any(int(np.argmax(side)) == number for side in self._pair)
        painter.setFont(self._bold() if is_likeliest else self.font())
        painter.setPen(self._theme.color("text"))
        self._write_left(painter, QRectF(0, box.top(), self._name_room, box.height()), self._names[number])
        painter.setFont(mono_font(theme=self._theme))
        right = box.adjusted(box.width() - self._number_room, 0, 0, 0)
        self._write_right(painter, right, self._texts[number])
        left = self._name_room + px(6)
        for side, role, offset in zip(self._pair, _SIDES, (-px(6), px(1)), strict=True):
            bar = QRectF(left, box.center().y() + offset, right.left() - px(8) - left, px(5))
            self._paint_bar(painter, bar, float(side[number]), role)
