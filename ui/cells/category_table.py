"""The key to a map of kinds, with a count of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import override

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.cells.category_map import Category
from ui.controls.cached_drawing import CachedDrawing
from ui.controls.painted import PaintedWidget
from ui.theme import Theme, follow_theme, mono_font, ui_font


@dataclass(frozen=True)
class CategoryRow:
    """A row of the table.

    Attributes
    ----------
    category : Category
    name, long_name : str
        What the kind is called where there is little room, and where there is more.
    counts : tuple of str
    """

    category: Category
    name: str
    long_name: str
    counts: tuple[str, ...]


class CategoryTable(PaintedWidget):
    """Key of a map of kinds, with counts: a row for each kind, a column for each count.

    Parameters
    ----------
    heads : tuple of str
        Heads of the columns of counts.
    parent : QWidget, optional
    """

    def __init__(self, heads: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heads = heads
        self._rows: tuple[CategoryRow, ...] = ()
        self._backdrop = CachedDrawing()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self)

    @property
    def rows(self) -> tuple[CategoryRow, ...]:
        """Rows shown."""
        return self._rows

    def set_rows(self, rows: Sequence[CategoryRow]) -> None:
        """Show rows."""
        if tuple(rows) == self._rows:
            return
        grows = len(rows) != len(self._rows)
        self._rows = tuple(rows)
        self.setAccessibleDescription("; ".join(self._words(row) for row in self._rows))
        if grows:
            self.updateGeometry()
        self.update()

    @override
    def _restyle(self, theme: Theme) -> None:
        self.setFont(ui_font(theme, theme.small_pt))

    @override
    def sizeHint(self) -> QSize:
        px, metrics = self._theme.px, self.fontMetrics()
        names = max((metrics.horizontalAdvance(row.name) for row in self._rows), default=0)
        width = px(16) + names + sum(self._column(head) for head in self._heads)
        return QSize(width, (len(self._rows) + 1) * self._line())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        key = (tuple((row.category, row.name, row.long_name) for row in self._rows), self._theme)
        self._backdrop.paint(painter, self, key, self._paint_backdrop)
        painter.setPen(self._theme.color("text"))
        painter.setFont(mono_font(theme=self._theme))
        for number, row in enumerate(self._rows, start=1):
            self._paint_counts(painter, number * self._line(), row.counts)

    def _paint_backdrop(self, painter: QPainter) -> None:
        """Draw everything but the counts."""
        theme, line, px = self._theme, self._line(), self._theme.px
        painter.setPen(theme.color("muted"))
        self._paint_counts(painter, 0, self._heads)
        names = [row.long_name for row in self._rows]
        room = self.width() - px(16) - sum(self._column(head) for head in self._heads)
        if any(self.fontMetrics().horizontalAdvance(name) > room for name in names):
            names = [row.name for row in self._rows]
        for number, (row, name) in enumerate(zip(self._rows, names, strict=True), start=1):
            top = number * line
            painter.fillRect(QRectF(0, top, self.width(), 1), theme.color("faint"))
            self._paint_chip(painter, row.category, QRectF(0, top + (line - px(10)) / 2, px(10), px(10)))
            painter.setPen(theme.color("text"))
            box = QRectF(px(16), top, self.width() - px(16), line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_chip(self, painter: QPainter, category: Category, chip: QRectF) -> None:
        painter.fillRect(chip, category.color(self._theme))
        if category.dotted:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self._theme.color("text"), self._theme.px(4), c=Qt.PenCapStyle.RoundCap))
            painter.drawPoint(chip.center())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_counts(self, painter: QPainter, top: int, texts: Sequence[str]) -> None:
        right = float(self.width())
        for head, text in reversed(list(zip(self._heads, texts, strict=True))):
            width = self._column(head)
            box = QRectF(right - width, top, width, self._line())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            right -= width

    def _words(self, row: CategoryRow) -> str:
        counts = ", ".join(f"{count} {head}" for head, count in zip(self._heads, row.counts, strict=True))
        return f"{row.long_name}: {counts}"

    def _column(self, head: str) -> int:
        metrics = self.fontMetrics()
        return max(metrics.horizontalAdvance(head), metrics.horizontalAdvance("00000")) + self._theme.px(10)

    def _line(self) -> int:
        return self.fontMetrics().height() + self._theme.px(5)
