"""The log of a training run as a table that follows its own end."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, override

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView

from cnnviz.drawing import Drawing, Look, Table, drawn
from cnnviz.graphics.texts import VALUES, Value, Values
from cnnviz.notation import format_column
from cnnviz.quantities import format_count, format_plain, format_value
from ui.controls.layouts import named
from ui.controls.scroll_column import place_of, scroll_later
from ui.panels.provenance import HasProvenance
from ui.theme import LIGHT, Theme, follow_theme, mono_font, ui_font

_DECIMALS, _LONGEST = 3, 7  # at least, and for how many characters there is room
_ROOT = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LogModel(QAbstractTableModel):
    """Rows of step, loss and accuracy; means in sight have as many decimals as tell them apart."""

    headers = ("step", "loss", "accuracy")

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[float, ...]] = []
        self._sight, self._texts = range(0), list[list[str]]()

    def append(self, new: Sequence[tuple[float, ...]]) -> None:
        """Add rows at the end."""
        if not new:
            return
        self.beginInsertRows(QModelIndex(), len(self.rows), len(self.rows) + len(new) - 1)
        self.rows += new
        self.endInsertRows()

    def see(self, sight: range) -> None:
        """Write rows that are seen under one another; all of a long log would take ever longer."""
        if sight == self._sight:  # a row that is there stays as it is
            return
        columns = list(zip(*self.rows[sight.start : sight.stop], strict=True))[1:]
        self._sight = sight
        self._texts = [format_column(column, _DECIMALS, longest=_LONGEST) for column in columns]
        if sight:
            self.dataChanged.emit(self.index(sight[0], 1), self.index(sight[-1], len(columns)))

    def clear(self) -> None:
        """Remove all rows."""
        self.beginResetModel()
        self.rows, self._sight = [], range(0)
        self.endResetModel()

    def text(self, row: int, column: int) -> str:
        """One cell as it is written."""
        value = self.rows[row][column]
        if not column:
            return format_count(int(value))
        if math.isnan(value):  # which is no gap
            return format_value(value)
        if row in self._sight:
            return self._texts[column - 1][self._sight.index(row)]
        return format_column([value], _DECIMALS, longest=_LONGEST)[0]

    @override
    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    @override
    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.headers)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole else None

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.headers[section]
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole else None


class LogTable(HasProvenance, QTableView):
    """Log of a run. New rows scroll into sight unless the user has scrolled up; Ctrl+C copies rows."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._log = LogModel(self)
        self._empty = named(QLabel(self.viewport()), role="muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setWordWrap(True)
        self.setModel(self._log)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # while there is no row that could show it
        self.verticalHeader().hide()
        # Its own letters, which may be dressed later than the table, would set a limit to rows.
        self.verticalHeader().setMinimumSectionSize(1)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        self._follows = True
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        follow_theme(self)

    def append(self, rows: Iterable[Sequence[float]]) -> None:
        """Add rows of step, mean loss and mean accuracy."""
        follows = self._follows
        self._log.append([tuple(row) for row in rows])
        self._empty.setVisible(not self._log.rows)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self._log.rows else Qt.FocusPolicy.NoFocus)
        # Qt lays out new rows later. A user who scrolls to the end before that would meet the old end,
        # and the table would take this for "not at the end".
        self.executeDelayedItemsLayout()
        self.updateGeometries()
        if follows:
            self.scrollToBottom()
        self._log.see(self._in_sight())

    def _in_sight(self) -> range:
        first, last = max(self.rowAt(0), 0), self.rowAt(self.viewport().height() - 1)
        return range(first, len(self._log.rows) if last < 0 else last + 1)

    def _on_scrolled(self, value: int) -> None:
        self._follows = value >= self.verticalScrollBar().maximum() - 2
        self._log.see(self._in_sight())

    def _on_range_changed(self, _low: int, high: int) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(high)

    def set_rows(self, rows: Iterable[Sequence[float]]) -> None:
        """Replace all rows."""
        self._log.clear()
        self.append(rows)
        self.scrollToBottom()

    def rows(self) -> list[tuple[float, ...]]:
        """All rows."""
        return list(self._log.rows)

    def scrolled_to(self) -> int | None:
        """How far the table is scrolled, in pixels; None while it follows its end."""
        return None if self._follows else place_of(self.verticalScrollBar())

    def scroll_to(self, place: int | None) -> None:
        """Scroll as `scrolled_to` said."""
        self._follows = place is None
        if place is None:
            self.scrollToBottom()
        else:
            scroll_later(self.verticalScrollBar(), place)

    def set_placeholder(self, text: str) -> None:
        """Text shown while there are no rows."""
        self._empty.setText(text)

    def tables(self) -> list[Table]:
        """All rows, whole."""
        return [Table("Log", self._log.headers, self._log.rows)] if self._log.rows else []

    def values(self) -> Values:
        """The rows in sight as a drawing."""
        rows: list[Value] = []
        for row in self._in_sight():
            step, loss, accuracy = (self._log.text(row, column) for column in range(3))
            rows.append(Value(step, step, loss, more=(accuracy,)))
        names, *columns = self._log.headers
        return Values(tuple(rows), tuple(columns), current=-1, names=names)

    def figure(self, look: Look) -> Drawing:
        """The rows in sight for paper."""
        return drawn(VALUES, self.values(), self.width(), look)

    def copy_selection(self) -> str:
        """Copy the chosen rows, or all if none is chosen, with their headers, separated by tabs."""
        chosen = sorted({index.row() for index in self.selectedIndexes()}) or range(len(self._log.rows))
        lines = ["\t".join(format_plain(value) for value in self._log.rows[row]) for row in chosen]
        text = "\n".join(["\t".join(self._log.headers), *lines, ""])
        QGuiApplication.clipboard().setText(text)
        return text

    def set_theme(self, theme: Theme) -> None:
        """Restyle."""
        self._theme = theme
        font = mono_font(theme=theme)
        self.setFont(font)
        # Of its own: from the table it would take the font for numbers, at once or when the theme changes.
        self.horizontalHeader().setFont(ui_font(theme))
        self._empty.setFont(ui_font(theme))
        self.verticalHeader().setDefaultSectionSize(QFontMetrics(font).height() + theme.px(6))
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(240), self._height_of(9))

    @override
    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetrics(mono_font(theme=self._theme))
        width = len(self._log.headers) * (metrics.horizontalAdvance("000,000") + self._theme.px(16))
        return QSize(width, self._height_of(3))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        px, head, row = self._theme.px, self.horizontalHeader(), self.verticalHeader().defaultSectionSize()
        least = head.sizeHint().height()
        # The headings get what is left of the height, so that no row is cut while the end is in sight.
        head.setFixedHeight(least + max(self.contentsRect().height() - least, 0) % row)
        self._empty.setGeometry(self.viewport().rect().adjusted(px(8), px(8), -px(8), -px(8)))
        self._log.see(self._in_sight())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        else:
            super().keyPressEvent(event)

    def _height_of(self, rows: int) -> int:
        section = self.verticalHeader().defaultSectionSize()
        return self.horizontalHeader().sizeHint().height() + rows * section
