"""A short table of names and numbers, the numbers at the right, in a font whose figures line up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


@dataclass(frozen=True)
class ValueRow:
    """One row.

    Attributes
    ----------
    key : str
        By which the row is found again.
    name, text : str
        What stands at the left and at the right.
    role : str
        Colour role of the text at the right.
    tooltip : str
        Such as the formula.
    """

    key: str
    name: str
    text: str
    role: str = "text"
    tooltip: str = ""


class ValueList(PaintedWidget):
    """Rows of a name and a number, with thin lines between them.

    Parameters
    ----------
    parent : QWidget, optional
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ValueRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    def set_rows(self, rows: Sequence[ValueRow]) -> None:
        """Show other rows."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.setAccessibleDescription("; ".join(f"{row.name}: {row.text}" for row in rows))
            self.updateGeometry()
            self.update()

    def text(self, key: str) -> str:
        """Text of a row.

        Raises
        ------
        KeyError
            If there is no such row.
        """
        for row in self._rows:
            if row.key == key:
                return row.text
        raise KeyError(key)

    def keys(self) -> list[str]:
        """Keys of the rows shown."""
        return [row.key for row in self._rows]

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme))

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(220), len(self._rows) * self._row_height())

    @override
    def minimumSizeHint(self) -> QSize:
        numbers = QFontMetrics(self._number_font())
        widest = max((numbers.horizontalAdvance(row.text) for row in self._rows), default=0)
        # Names may be cut with an ellipsis, numbers may not.
        return QSize(widest + self._theme.px(48), self.sizeHint().height())

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = event.pos().y() // self._row_height()
            if 0 <= place < len(self._rows):
                row = self._rows[place]
                QToolTip.showText(event.globalPos(), row.tooltip or f"{row.name}: {row.text}", self)
                return True
        return super().event(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, height = QPainter(self), self._theme, self._row_height()
        align = Qt.AlignmentFlag
        numbers = self._number_font()
        for place, row in enumerate(self._rows):
            box = QRectF(0, place * height, self.width(), height)
            if place:
                painter.setPen(QPen(theme.color("border"), 1))
                painter.drawLine(box.topLeft(), box.topRight())
            painter.setFont(numbers)
            painter.setPen(theme.color(row.role))
            painter.drawText(box, align.AlignRight | align.AlignVCenter, row.text)
            taken = painter.fontMetrics().horizontalAdvance(row.text) + theme.px(6)
            painter.setFont(self.font())
            painter.setPen(theme.color("muted"))
            room = max(round(box.width() - taken), 0)
            name = self.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(box, align.AlignLeft | align.AlignVCenter, name)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + self._theme.px(6)

    def _number_font(self) -> QFont:
        return mono_font(self._theme.base_pt * 0.95, theme=self._theme)
