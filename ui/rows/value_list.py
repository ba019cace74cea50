"""A short table of names and numbers, in one column or several, in a font whose figures line up."""

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
    more : tuple of str
        Texts of further columns.
    """

    key: str
    name: str
    text: str
    role: str = "text"
    tooltip: str = ""
    more: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """What stands at the right, one for each column."""
        return (self.text, *self.more)


class ValueList(Rows):
    """Rows of a name and a number for each column, with thin lines between them.

    Of several columns one is in force: it stands in bold. Their headings are a row of their own above them.

    Parameters
    ----------
    parent : QWidget, optional
    """

    _GAP, _WIDTHS = 6, (220, 0)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[str, ...] = ()
        self._current = 0
        self._rows: tuple[ValueRow, ...] = ()
        follow_theme(self)

    def set_rows(
        self, rows: Sequence[ValueRow], columns: Sequence[str] = (), current: int = 0, tip: str = ""
    ) -> None:
        """Show other rows.

        Parameters
        ----------
        rows : sequence of ValueRow
        columns : sequence of str
            Headings, if there are several columns.
        current : int
            The column that is in force.
        tip : str
            Tool tip of the headings.
        """
        heading = [ValueRow("", "", columns[0], "muted", tip, tuple(columns[1:]))] if columns else []
        shown = (*heading, *rows)
        if (shown, current) != (self._rows, self._current):
            with self._keeping_room():
                self._columns, self._current, self._rows = tuple(columns), current, shown
                self._set_names([row.name for row in shown], [self._words(row) for row in rows])

    @property
    def current(self) -> int:
        """The column that is in force."""
        return self._current

    def text(self, key: str, column: int = 0) -> str:
        """Text of a row in a column.

        Raises
        ------
        KeyError
            If there is no such row.
        """
        return {row.key: row.texts for row in self._rows}[key][column]

    def keys(self) -> list[str]:
        """Keys of the rows shown."""
        return [row.key for row in self._rows]

    def _words(self, row: ValueRow) -> str:
        columns = self._columns or ("",)
        shown = zip(columns, row.texts, strict=True)
        return f"{row.name}: {', '.join(f'{column} {text}'.strip() for column, text in shown)}"

    @override
    def _tip(self, part: int) -> str:
        row = self._rows[part]
        return row.tooltip or self._words(row)

    @override
    def minimumSizeHint(self) -> QSize:
        # Names may be cut with an ellipsis where there is one number, numbers may not.
        names = max(map(self.fontMetrics().horizontalAdvance, self._names), default=0)
        room = names + self._theme.px(6) if self._columns else self._theme.px(42)
        return QSize(room + max(len(self._columns), 1) * self._column_width(), self.sizeHint().height())

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        if row:
            painter.fillRect(QRectF(0, box.top(), box.width(), 1), self._theme.color("border"))
        shown, width = self._rows[row], self._column_width()
        painter.setPen(self._theme.color(shown.role))
        cell = QRectF(box)
        for place, text in reversed(list(enumerate(shown.texts))):
            painter.setFont(self._number_font(is_bold=bool(self._columns) and place == self._current))
            self._write_right(painter, cell, text)
            taken = width if place else painter.fontMetrics().horizontalAdvance(text) + self._theme.px(6)
            cell.setRight(cell.right() - taken)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("muted"))
        self._write_left(painter, cell, shown.name)

    def _column_width(self) -> int:
        metrics = QFontMetrics(self._number_font(is_bold=bool(self._columns)))
        texts = (text for row in self._rows for text in row.texts)
        return max(map(metrics.horizontalAdvance, texts), default=0) + self._theme.px(6)

    def _number_font(self, *, is_bold: bool) -> QFont:
        weight = QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal
        return mono_font(self._theme.base_pt * 0.95, weight, self._theme)
