"""A column of figures that add up: labels on the left, numbers on the right, a rule above each total."""

import math
from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnviz.graphics.ledger import LedgerRow
from cnnviz.notation import format_column
from cnnviz.quantities import format_signed, format_together
from ui.rows.rows import Rows
from ui.theme import Theme, follow_theme, mono_font, ui_font

_LONGEST = 10
"""Characters of a number: more would leave no room for the label. Parts may differ by rounding only."""


class Ledger(Rows):
    """Lines of label and number."""

    _GAP = 3

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LedgerRow, ...] = ()
        self._texts: list[str] = []
        self._widest = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def rows(self) -> tuple[LedgerRow, ...]:
        """Lines shown."""
        return self._rows

    def texts(self) -> list[str]:
        """Numbers as they are written, one a line."""
        return list(self._texts)

    def set_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Show other lines."""
        new = tuple(rows)
        if new == self._rows:
            return
        self._rows = new
        self._texts = _written(new)
        self._measure()
        lines = zip(new, self._texts, strict=True)
        self._set_names([row.label for row in new], [f"{row.label} {text}".strip() for row, text in lines])

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))
        self._fonts = {
            False: (ui_font(theme, theme.small_pt), mono_font(theme.small_pt)),
            True: (
                ui_font(theme, theme.small_pt, QFont.Weight.DemiBold),
                mono_font(theme.small_pt, QFont.Weight.DemiBold),
            ),
        }
        self._metrics = {
            bold: (QFontMetrics(label), QFontMetrics(number)) for bold, (label, number) in self._fonts.items()
        }
        self._measure()

    @override
    def sizeHint(self) -> QSize:
        return QSize(sum(self._widest) + self._theme.px(12), super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(self.sizeHint())

    @override
    def _tip(self, part: int) -> str:
        row = self._rows[part]
        return row.tip or f"{row.label} {self._texts[part]}".strip()

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        theme, shown, text = self._theme, self._rows[row], self._texts[row]
        label_font, number_font = self._fonts[shown.is_total]
        painter.setFont(number_font)
        painter.setPen(theme.color(shown.ink))
        self._write_right(painter, box, text)
        taken = painter.fontMetrics().horizontalAdvance(text) + theme.px(8) if text else 0
        painter.setFont(label_font)
        painter.setPen(theme.color("text" if shown.is_total else "muted"))
        self._write_left(painter, box.adjusted(0, 0, -taken, 0), shown.label)
        if shown.is_total and row:
            painter.fillRect(QRectF(0, box.top(), box.width(), 1), theme.color("border"))

    def _measure(self) -> None:
        # There is always room for this number, or the layout would tremble in training; no more is kept of
        # wider ones, so that nothing depends on what was shown before.
        labels, numbers = 0, self._metrics[True][1].horizontalAdvance("+0.00000")
        for row, text in zip(self._rows, self._texts, strict=True):
            label, number = self._metrics[row.is_total]
            labels = max(labels, label.horizontalAdvance(row.label))
            numbers = max(numbers, number.horizontalAdvance(text))
        if (labels, numbers) != self._widest:
            self._widest = (labels, numbers)
            self.updateGeometry()


def _written(rows: Sequence[LedgerRow]) -> list[str]:
    numbers = [
        abs(row.number) for row in rows if not isinstance(row.number, str) and math.isfinite(row.number)
    ]
    largest = max(numbers, default=0.0)
    decimals = min(max(3 - math.floor(math.log10(largest)), 2), 7) if largest > 0 else 4
    values = [row.number for row in rows if not isinstance(row.number, str)]
    if largest < 1e-3:
        texts = iter(format_together(values, 4, format_signed, _LONGEST))
    else:
        texts = iter(format_column(values, decimals, signed=True))
    return [row.number if isinstance(row.number, str) else next(texts) for row in rows]
