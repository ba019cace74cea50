"""Probabilities before and after something, two columns a class."""

from collections.abc import Sequence
from typing import override

from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.quantities import format_probability_pairs
from ui.controls.pointed import PointedWidget
from ui.rows.rows import one_for_each
from ui.theme import Theme, follow_theme, ui_font


class PairedBars(PointedWidget[int]):
    """For each class a muted column for before and one in the accent for after, from 0 to 1.

    Parameters
    ----------
    parent : QWidget, optional
    """

    shows_hand = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._before: list[float] = []
        self._after: list[float] | None = None
        self._words: list[str] = []
        self._true_index: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        follow_theme(self)

    def set_probabilities(
        self, names: Sequence[str], before: ArrayLike, after: ArrayLike | None, true_index: int | None = None
    ) -> None:
        """Show two predictions.

        Parameters
        ----------
        names : sequence of str
            Names of the k classes.
        before : array_like of shape (k,)
        after : array_like of shape (k,), or None
        true_index : int, optional
            Class whose name is written bold.

        Raises
        ------
        ValueError
            If there is not one probability for each name.
        """
        first, second = one_for_each(names, before), one_for_each(names, after)
        self._names = tuple(names)
        self._before = [] if first is None else first.tolist()
        self._after = None if second is None else second.tolist()
        self._true_index = true_index
        pairs = format_probability_pairs(self._before, self._after or self._before, 4)
        self._words = [f"class {name}: {one} before" for name, (one, _) in zip(names, pairs, strict=True)]
        if self._after is not None:
            pairs = zip(self._words, pairs, strict=True)
            self._words = [f"{text}, {other} after" for text, (_, other) in pairs]
        self.setAccessibleDescription("; ".join(self._words))
        self._ask_again()
        self.update()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the classes."""
        return self._names

    def before(self) -> list[float]:
        """Probabilities before."""
        return list(self._before)

    def after(self) -> list[float] | None:
        """Probabilities after; None while they are not known."""
        return None if self._after is None else list(self._after)

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(220), self._theme.px(104))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(150), self._theme.px(72))

    @override
    def _part_at(self, point: QPointF) -> int | None:
        place = int(point.x() / self.width() * len(self._names))
        return place if 0 <= place < len(self._names) else None

    @override
    def _tip(self, part: int) -> str:
        return self._words[part]

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._names:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self.height() - self.fontMetrics().height() - theme.px(3)
        step = self.width() / len(self._names)
        side = min(step * 0.34, theme.px(22))
        painter.setPen(theme.color("border"))
        painter.drawLine(0, round(height), self.width(), round(height))
        for place, name in enumerate(self._names):
            middle = (place + 0.5) * step
            pairs = ((self._before, "muted", middle - side), (self._after, "accent", middle))
            for values, role, left in pairs:
                if values is not None:
                    tall = max(min(values[place], 1.0) * (height - 2), 1.0)
                    bar = QRectF(left + 1, height - tall, side - 2, tall)
                    painter.fillRect(bar, theme.color(role))
            is_true = place == self._true_index
            painter.setFont(ui_font(theme, theme.small_pt, QFont.Weight.DemiBold) if is_true else self.font())
            painter.setPen(theme.color("text" if is_true else "muted"))
            below = QRectF(place * step, height + theme.px(2), step, self.height() - height)
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(step))
            painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
