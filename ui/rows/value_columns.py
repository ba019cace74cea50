"""A short table of numbers in several columns, one of which is in force, in a font whose figures line up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QWidget

from ui.rows.rows import Rows
from ui.theme import follow_theme, mono_font


@dataclass(frozen=True)
class TableRow:
    """One row.

    Attributes
    ----------
    key : str
        By which the row is found again.
    name : str
        What stands at the left.
    texts : tuple of str
        One a column.
    role : str
        Colour role of the texts.
    tooltip : str
    """

    key: str
    name: str
    texts: tuple[str, ...]
    role: str = "text"
    tooltip: str = ""


class ValueColumns(Rows):
    """Rows of a name and a number for each column; a heading above them where there are several columns.

    The column in force stands in bold.

    Parameters
    ----------
    parent : QWidget, optional
    """

    _GAP, _WIDTHS = 6, (220, 0)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[str, ...] = ()
        self._current = 0
        self._rows: tuple[TableRow, ...] = ()
        follow_theme(self)

    def set_table(
        self, columns: Sequence[str], current: int, rows: Sequence[TableRow], tip: str = ""
    ) -> None:
        """Show a table.

        Parameters
        ----------
        columns : sequence of str
            Their headings; a single one is not written.
        current : int
            The column that is in force.
        rows : sequence of TableRow
        tip : str
            Tool tip of the headings.
        """
        heading = [TableRow("", "", tuple(columns), "muted", tip)] if len(columns) > 1 else []
        with self._keeping_room():
            self._columns, self._current, self._rows = tuple(columns), current, (*heading, *rows)
            self._set_names([row.name for row in self._rows], [self._words(row) for row in rows])

    @property
    def columns(self) -> tuple[str, ...]:
        """Headings of the columns."""
        return self._columns

    @property
    def current(self) -> int:
        """The column that is in force."""
        return self._current

    def text(self, key: str, column: int) -> str:
        """Text of a row in a column.

        Raises
        ------
        KeyError
            If there is no such row.
        """
        return {row.key: row.texts for row in self._rows}[key][column]

    def _words(self, row: TableRow) -> str:
        shown = zip(self._columns, row.texts, strict=True)
        return f"{row.name}: {', '.join(f'{column} {text}'.strip() for column, text in shown)}"

    @override
    def _tip(self, part: int) -> str:
        row = self._rows[part]
        return row.tooltip or self._words(row)

    @override
    def minimumSizeHint(self) -> QSize:
        names = max(map(self.fontMetrics().horizontalAdvance, self._names), default=0)
        gap = self._theme.px(6)
        return QSize(names + gap + len(self._columns) * self._column_width(), self.sizeHint().height())

    @override
    def _paint_row(self, painter: QPainter, row: int, box: QRectF) -> None:
        if row:
            painter.fillRect(QRectF(0, box.top(), box.width(), 1), self._theme.color("border"))
        shown, width = self._rows[row], self._column_width()
        for place, text in enumerate(reversed(shown.texts)):
            is_current = len(shown.texts) - 1 - place == self._current
            cell = QRectF(box.right() - (place + 1) * width, box.top(), width, box.height())
            painter.setFont(self._number_font(is_bold=is_current and len(shown.texts) > 1))
            painter.setPen(self._theme.color(shown.role))
            self._write_right(painter, cell, text)
        painter.setFont(self.font())
        painter.setPen(self._theme.color("muted"))
        self._write_left(painter, box.adjusted(0, 0, -len(shown.texts) * width, 0), shown.name)

    def _column_width(self) -> int:
        metrics = QFontMetrics(self._number_font(is_bold=True))
        texts = (text for row in self._rows for text in row.texts)
        return max(map(metrics.horizontalAdvance, texts), default=0) + self._theme.px(6)

    def _number_font(self, *, is_bold: bool) -> QFont:
        weight = QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal
        return mono_font(weight=weight, theme=self._theme)
