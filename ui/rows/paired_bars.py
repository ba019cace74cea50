"""Probabilities before and after something, two columns a class."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviz.quantities import format_probability_pairs
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, ui_font


class PairedBars(PaintedWidget):
    """For each class a muted column for before and one in the accent for after, from 0 to 1.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._before: list[float] = []
        self._after: list[float] | None = None
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
        first = np.asarray(before, dtype=float)
        second = None if after is None else np.asarray(after, dtype=float)
        for values in (first, second):
            if values is not None and values.shape != (len(names),):
                raise ValueError(
                    f"{len(names)} classes need {len(names)} probabilities. Got shape {values.shape}."
                )
        self._names = tuple(names)
        self._before = first.tolist()
        self._after = None if second is None else second.tolist()
        self._true_index = true_index
        self.setAccessibleDescription("; ".join(self._text(place) for place in range(len(names))))
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
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._names:
            place = int(event.pos().x() / self.width() * len(self._names))
            if 0 <= place < len(self._names):
                QToolTip.showText(event.globalPos(), self._text(place), self)
                return True
        return super().event(event)

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

    def _text(self, place: int) -> str:
        after = self._before if self._after is None else self._after
        first, second = format_probability_pairs(self._before, after, 4)[place]
        text = f"class {self._names[place]}: {first} before"
        return text if self._after is None else f"{text}, {second} after"
