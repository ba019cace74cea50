"""The log of a training run as a table that follows its own end."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import override

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from cnnviz.drawing import Table
from cnnviz.graphics.texts import VALUES, Value, Values
from cnnviz.history import LogLine
from cnnviz.notation import format_column
from cnnviz.quantities import format_count, format_value
from ui.marks import ScrolledView
from ui.panels.provenance import HasProvenance

HEADERS = "step", "loss", "accuracy"


def log_values(rows: Sequence[LogLine], marked: int | None = None) -> Values:
    """Steps with mean loss and accuracy, one marked; the means have as many decimals as tell them apart."""
    columns = [format_column(column, 3, longest=8) for column in zip(*rows, strict=True)][1:3]
    shown: list[Value] = []
    for (step, *means, _), *texts in zip(rows, *columns, strict=True):
        loss, accuracy = (
            format_value(mean) if math.isnan(mean) else text  # which is no gap
            for mean, text in zip(means, texts, strict=True)
        )
        ink = "winner" if len(shown) == marked else "text"
        shown.append(Value("", format_count(int(step)), loss, ink, more=(accuracy,)))
    return Values(tuple(shown), HEADERS[1:], current=-1, names=HEADERS[0])


class LogTable(HasProvenance, ScrolledView[Values]):
    """Log of a run: whole rows, the last ones unless the user has scrolled up."""

    def __init__(self) -> None:
        super().__init__(VALUES, copies=True, focus=Qt.FocusPolicy.StrongFocus)
        self.rows: Sequence[LogLine] = ()
        self._moment: int | None = None
        self.bar.valueChanged.connect(self._show_rows)

    def show_rows(self, rows: Sequence[LogLine]) -> None:
        """Show the log of another run, or more of it."""
        if rows is not self.rows:
            self.bar.setRange(0, 0)
        self.rows = rows
        self._set_range()

    def set_moment(self, step: int | None) -> None:
        """Mark the row of a step, if it has one, and bring it into sight; None: follow the end again."""
        if step == self._moment:
            return
        self._moment = step
        row = len(self.rows) if step is None else bisect_left(self.rows, step, key=lambda each: each.step)
        self.bar.setValue(row - self.bar.pageStep() // 2)
        self._show_rows()

    @override
    def tables(self) -> list[Table]:
        return [Table("Log", HEADERS, [row[:3] for row in self.rows])] if self.rows else []

    @override
    def _set_range(self) -> None:
        """Look how many rows there is room for below the headings; follow the end."""
        count, follows = max(int(self.height() / self._line) - 1, 1), self.bar.value() == self.bar.maximum()
        self.bar.setPageStep(count)
        self.bar.setRange(0, max(len(self.rows) - count, 0))
        self.bar.setVisible(self.bar.maximum() > 0)
        if follows:
            self.bar.setValue(self.bar.maximum())
        self._show_rows()

    def _show_rows(self) -> None:
        first, moment = self.bar.value(), self._moment
        rows = self.rows[first : first + self.bar.pageStep()]
        # Between two rows the means of the moment are those of neither.
        marked = next((place for place, row in enumerate(rows) if row.step == moment), None)
        self.show_content(log_values(rows, marked) if rows else None)

    @property
    def _line(self) -> float:
        return VALUES.size(Values((Value("", "", ""),)), self._theme).height

    @override
    def _limit_height(self) -> None:
        """Be as high as there is room: more rows will come."""

    @override
    def minimumSizeHint(self) -> QSize:
        widest = VALUES.size(log_values([LogLine(10**6, 12.345, 0.999, 1)]), self._theme).least_width
        return QSize(round(widest) + self.bar.sizeHint().width(), round(4 * self._line))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            super().keyPressEvent(event)
        else:
            self.bar.keyPressEvent(event)
