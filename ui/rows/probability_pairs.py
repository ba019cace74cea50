"""Probabilities of the classes for two images, bar above bar."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QEnterEvent, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_probability_pairs
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font

_SIDES = ("original", "shifted")
_LONGEST = 8  # characters of a number, such as "1 − 2e−8"


class ProbabilityPairs(PaintedWidget):
    """Name, two bars and two numbers a class. Of many classes the likeliest are shown, the tool tip has all.

    Parameters
    ----------
    parent : QWidget, optional
    """

    #: Rows that are shown when there are more classes.
    MOST_ROWS = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._pair: tuple[NDArray[np.floating], NDArray[np.floating]] | None = None
        self._texts: list[str] = []
        self._about = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self._names

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
        if original is None or shifted is None:
            self._pair = None
        elif original.shape != (len(names),) or shifted.shape != (len(names),):
            raise ValueError(f"{len(names)} classes need {len(names)} probabilities. Got {original.shape}.")
        else:
            self._pair = (original, shifted)
        if len(names) != len(self._names):
            self.updateGeometry()
        self._names = tuple(names)
        pairs = [] if self._pair is None else format_probability_pairs(*self._pair, longest=_LONGEST)
        self._texts = [" → ".join(pair) for pair in pairs]
        self.setAccessibleDescription(self._words())
        self.update()

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
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        rows = min(max(len(self._names), 2), self.MOST_ROWS)
        return QSize(self._theme.px(220), rows * self._row_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(170), self.sizeHint().height())

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        self.setToolTip(f"{self._about}\n{self._words()}".strip())
        super().enterEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._pair is None:
            painter.setPen(theme.color("muted"))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._placeholder)
            return
        shown = self.shown_rows()
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(self._names[number]) for number in shown) + theme.px(4)
        name_width = min(widest, round(self.width() * 0.3))
        numbers = QFontMetrics(mono_font(theme=theme))
        texts = ["0.000 → 0.000", *(self._texts[number] for number in shown)]
        number_width = max(map(numbers.horizontalAdvance, texts)) + theme.px(2)
        for row, number in enumerate(shown):
            self._paint_row(painter, row * self._row_height(), number, name_width, number_width)

    def _paint_row(self, painter: QPainter, top: int, number: int, name_width: int, width: int) -> None:
        assert self._pair is not None
        theme, px, height = self._theme, self._theme.px, self._row_height()
        strong = any(int(np.argmax(side)) == number for side in self._pair)
        painter.setFont(ui_font(theme, weight=QFont.Weight.DemiBold if strong else QFont.Weight.Normal))
        painter.setPen(theme.color("text"))
        align = Qt.AlignmentFlag
        name = painter.fontMetrics().elidedText(self._names[number], Qt.TextElideMode.ElideRight, name_width)
        painter.drawText(QRectF(0, top, name_width, height), align.AlignLeft | align.AlignVCenter, name)
        painter.setFont(mono_font(theme=theme))
        place = QRectF(self.width() - width, top, width, height)
        painter.drawText(place, align.AlignRight | align.AlignVCenter, self._texts[number])
        middle = top + height / 2
        length = self.width() - width - px(8) - name_width - px(6)
        for side, (role, offset) in enumerate(zip(_SIDES, (-px(6), px(1)), strict=True)):
            bar = QRectF(name_width + px(6), middle + offset, length, px(5))
            self._paint_bar(painter, bar, float(self._pair[side][number]), role)

    def _paint_bar(self, painter: QPainter, bar: QRectF, share: float, role: str) -> None:
        if bar.width() <= 0:
            return
        radius = bar.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("track"))
        painter.drawRoundedRect(bar, radius, radius)
        if share > 0.0005:
            bar.setWidth(max(bar.width() * min(share, 1.0), bar.height()))
            painter.setBrush(self._theme.color(role))
            painter.drawRoundedRect(bar, radius, radius)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + self._theme.px(5)

    def _words(self) -> str:
        if self._pair is None:
            return ""
        return "\n".join(
            f"class {name}: original {first}, shifted {second}"
            for name, (first, second) in zip(
                self._names, format_probability_pairs(*self._pair, 4), strict=True
            )
        )
