"""What rows of names, numbers and bars have in common."""

from collections.abc import Sequence
from typing import override

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.controls.pointed import PointedWidget
from ui.theme import Theme, ui_font

LONGEST = 8
"""Characters of a probability, such as "1 − 2e−8"."""

_LEAST_SHARE = 0.0005
"""A bar of a smaller share is empty."""


class Rows(PointedWidget[int]):
    """Rows of one height below one another, each with a name and a tool tip of its own.

    A kind of it says what stands in a row (`_paint_row`) and what that means in words (`_tip`). Make a kind
    where a row holds something else; what only looks different is a constant of the class.
    """

    shows_hand = False

    #: Pixels at scale 1 that a row is higher than its text.
    _GAP = 4
    #: Usual and least width in pixels at scale 1.
    _WIDTHS = (200, 120)
    #: Rows that there is room for even when there are fewer.
    _FEWEST = 0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def names(self) -> tuple[str, ...]:
        """What the rows, or the classes that they are a choice of, are called."""
        return self._names

    def row_rect(self, row: int) -> QRectF:
        """Rectangle of a row, in the widget's coordinates."""
        return QRectF(0, row * self._row_height(), self.width(), self._row_height())

    # -- what a kind of it says ----------------------------------------------------------------------------

    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        """Paint a row."""
        raise NotImplementedError

    def _count(self) -> int:
        """How many rows there are."""
        return len(self._names)

    def _before_rows(self) -> None:
        """Measure what all rows share, such as widths of columns, before they are painted; nothing here."""

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    # -- what it does for them -----------------------------------------------------------------------------

    def _set_names(self, names: Sequence[str], words: Sequence[str] | None = None) -> None:
        """Show other content in rows of these names; called when all the rest of it is there.

        `words` describe the rows to a screen reader, which is given their tool tips otherwise.
        """
        if len(names) != len(self._names):
            self.updateGeometry()
        self._names = tuple(names)
        if words is None:
            words = [self._tip(row) for row in range(len(names))]
        self.setAccessibleDescription("; ".join(words))
        self._ask_again()
        self.update()

    def _row_height(self) -> int:
        return self.fontMetrics().height() + self._theme.px(self._GAP)

    def _bold(self) -> QFont:
        return ui_font(self._theme, weight=QFont.Weight.DemiBold)

    def _name_width(self, share: float) -> int:
        """Width of the longest name where it is bold, but not more than a share of the whole."""
        metrics = QFontMetrics(self._bold())
        return min(max(map(metrics.horizontalAdvance, self._names)), round(self.width() * share))

    def _write_left(self, painter: QPainter, box: QRectF, text: str) -> None:
        """Write at the left of a box, in the painter's font and pen, with an ellipsis where room is short."""
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _write_right(self, painter: QPainter, box: QRectF, text: str) -> None:
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_bar(self, painter: QPainter, bar: QRectF, share: float, role: str) -> None:
        """Fill a share of a bar, from 0 to 1, in a colour role."""
        if bar.width() <= 0:
            return
        radius = bar.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("track"))
        painter.drawRoundedRect(bar, radius, radius)
        if share > _LEAST_SHARE:
            filled = QRectF(bar)
            filled.setWidth(max(bar.width() * min(share, 1.0), bar.height() * 0.75))
            painter.setBrush(self._theme.color(role))
            painter.drawRoundedRect(filled, radius, radius)

    @override
    def _is_there(self, part: int) -> bool:
        return part < self._count()

    @override
    def _part_rect(self, part: int) -> QRectF:
        return self.row_rect(part)

    @override
    def _part_at(self, point: QPointF) -> int | None:
        row = int(point.y() // self._row_height())
        return row if 0 <= row < self._count() else None

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(self._WIDTHS[0]), max(self._count(), self._FEWEST) * self._row_height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(self._WIDTHS[1]), self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._count():
            self._paint_placeholder(painter, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            return
        self._before_rows()
        for row in range(self._count()):
            self._paint_row(painter, row, self.row_rect(row))


def one_for_each(names: Sequence[str], values: ArrayLike | None) -> NDArray[np.floating] | None:
    """Return probabilities of classes as an array of shape (k,).

    * Raises ValueError: if there is not one for each of the k names.
    """
    if values is None:
        return None
    found = np.asarray(values)
    if found.shape != (len(names),):
        raise ValueError(f"{len(names)} classes need {len(names)} probabilities. Got shape {found.shape}.")
    return found
