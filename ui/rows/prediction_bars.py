"""What the network thinks of an image: one bar a class."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnviz.quantities import format_probabilities
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font

LONGEST = 8
"""Characters of a number, such as "1 − 2e−8"."""

_TOP_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop


class PredictionBars(PaintedWidget):
    """Name, bar and probability of each class; the predicted one in the accent, the true one with a tick.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._probabilities: list[float] | None = None
        self._texts: list[str] = []
        self._true_index: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_probabilities(
        self,
        names: Sequence[str],
        probabilities: ArrayLike | None,
        true_index: int | None = None,
        texts: Sequence[str] | None = None,
    ) -> None:
        """Show a prediction.

        Parameters
        ----------
        names : sequence of str
            Names of the k classes.
        probabilities : array_like of shape (k,), or None
            None shows empty bars.
        true_index : int, optional
            Number of the true class, if it is known.
        texts : sequence of str, optional
            The numbers as they are written, where those shown are not the probabilities of all classes.

        Raises
        ------
        ValueError
            If there is not one probability for each name.
        """
        values = None if probabilities is None else np.asarray(probabilities, dtype=float)
        if values is not None and values.shape != (len(names),):
            raise ValueError(
                f"{len(names)} classes need {len(names)} probabilities. Got shape {values.shape}."
            )
        if len(names) != len(self._names):
            self.updateGeometry()
        self._names = tuple(names)
        self._probabilities = None if values is None else values.tolist()
        if texts is None:
            texts = format_probabilities(self._probabilities or (), longest=LONGEST)
        self._texts = list(texts)
        self._true_index = true_index
        self._describe()
        self.update()

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
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        rows = max(len(self._names), 2)
        return QSize(self._theme.px(200), rows * self._row_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(120), self.sizeHint().height())

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._probabilities:
            row = event.pos().y() // self._row_height()
            if 0 <= row < len(self._names):
                QToolTip.showText(event.globalPos(), self._row_text(row), self)
                return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._names:
            self._paint_placeholder(painter, _TOP_LEFT)
            return
        bold = ui_font(self._theme, weight=QFont.Weight.DemiBold)
        name_width = max(QFontMetrics(bold).horizontalAdvance(name) for name in self._names)
        name_width = min(name_width, round(self.width() * 0.35))
        numbers = QFontMetrics(mono_font(theme=self._theme))
        number_width = max(map(numbers.horizontalAdvance, ["0.000", *self._texts]))
        for row in range(len(self._names)):
            self._paint_row(painter, row, name_width, number_width, bold)

    def _paint_row(
        self, painter: QPainter, row: int, name_width: int, number_width: int, bold: QFont
    ) -> None:
        theme, height = self._theme, self._row_height()
        top, px, align = row * height, theme.px, Qt.AlignmentFlag
        predicted = row == self.predicted()
        painter.setFont(bold if predicted else self.font())
        painter.setPen(theme.color("text"))
        name = painter.fontMetrics().elidedText(self._names[row], Qt.TextElideMode.ElideRight, name_width + 2)
        painter.drawText(QRectF(0, top, name_width + 2, height), align.AlignLeft | align.AlignVCenter, name)
        tick = QRectF(name_width + px(4), top, px(12), height)
        if row == self._true_index:
            self._paint_tick(painter, tick)
        painter.setFont(mono_font(theme=theme))
        number = "" if self._probabilities is None else self._texts[row]
        painter.setPen(theme.color("text" if self._probabilities is not None else "muted"))
        place = QRectF(self.width() - number_width - 1, top, number_width + 1, height)
        painter.drawText(place, align.AlignRight | align.AlignVCenter, number or "–")
        bar = QRectF(tick.right() + px(6), top + height / 2 - px(4), 0, px(8))
        bar.setRight(place.left() - px(8))
        self._paint_bar(
            painter, bar, 0.0 if self._probabilities is None else self._probabilities[row], predicted
        )

    def _paint_bar(self, painter: QPainter, bar: QRectF, share: float, predicted: bool) -> None:
        if bar.width() <= 0:
            return
        radius = bar.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("track"))
        painter.drawRoundedRect(bar, radius, radius)
        if share > 0.0005:
            painter.setBrush(self._theme.color("accent" if predicted else "muted"))
            bar.setWidth(max(bar.width() * min(share, 1.0), bar.height() * 0.75))
            painter.drawRoundedRect(bar, radius, radius)

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

    def _row_height(self) -> int:
        return self.fontMetrics().height() + self._theme.px(4)

    def _row_text(self, row: int) -> str:
        text = f"class {self._names[row]}"
        if self._probabilities is not None:
            text += f": probability {self._texts[row]}"
        if row == self.predicted():
            text += ", predicted"
        if row == self._true_index:
            text += ", the true class"
        return text

    def _describe(self) -> None:
        predicted = self.predicted()
        if predicted is not None:
            self.setAccessibleDescription("; ".join(self._row_text(row) for row in range(len(self._names))))
        else:
            self.setAccessibleDescription("no prediction yet")
