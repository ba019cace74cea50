"""A short table of names and numbers, the numbers at the right, in a font whose figures line up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QWidget

from ui.rows.rows import Rows
from ui.theme import follow_theme, mono_font


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


class ValueList(Rows):
    """Rows of a name and a number, with thin lines between them.

    Parameters
    ----------
    parent : QWidget, optional
    """

    _GAP, _WIDTHS = 6, (220, 0)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ValueRow, ...] = ()
        follow_theme(self)

    def set_rows(self, rows: Sequence[ValueRow]) -> None:
        """Show other rows."""
        if tuple(rows) != self._rows:
            with self._keeping_room():
                self._rows = tuple(rows)
                self._set_names([row.name for row in rows], [f"{row.name}: {row.text}" for row in rows])

    def text(self, key: str) -> str:
        """Text of a row.

        Raises
        ------
        KeyError
            If there is no such row.
        """
        return {row.key: row.text for row in self._rows}[key]

    def keys(self) -> list[str]:
        """Keys of the rows shown."""
        return [row.key for row in self._rows]

    @override
    def _tip(self, part: int) -> str:
        row = self._rows[part]
        return row.tooltip or f"{row.name}: {row.text}"

    @override
    def minimumSizeHint(self) -> QSize:
        numbers = QFontMetrics(self._number_font())
        widest = max((numbers.horizontalAdvance(row.text) for row in self._rows), default=0)
        # Names may be cut with an ellipsis, numbers may not.
        return QSize(widest + self._theme.px(48), self.sizeHint().height())

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        if row:
            painter.fillRect(QRectF(0, box.top(), box.width(), 1), self._theme.color("border"))
        shown = self._rows[row]
        painter.setFont(self._number_font())
        painter.setPen(self._theme.color(shown.role))
        self._write_right(painter, box, shown.text)
        taken = painter.fontMetrics().horizontalAdvance(shown.text) + self._theme.px(6)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("muted"))
        self._write_left(painter, box.adjusted(0, 0, -taken, 0), shown.name)

    def _number_font(self) -> QFont:
        return mono_font(self._theme.base_pt * 0.95, theme=self._theme)
