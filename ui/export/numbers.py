"""The numbers behind what is shown, as CSV."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cnnviz import spreadsheet
from cnnviz.spreadsheet import Cell
from ui.cells.confusion_matrix import ConfusionMatrix
from ui.cells.drawing_pad import DrawingPad
from ui.cells.heat_map import HeatMap
from ui.marks import MarkView
from ui.plots.curve_plot import CurvePlot
from ui.plots.plot import Plot
from ui.plots.time_track import TimeTrack
from ui.rows.ledger import Ledger
from ui.rows.log_table import LogTable
from ui.rows.output_rows import OutputRows
from ui.rows.prediction_bars import PredictionBars
from ui.tiles.map_tiles import MapTiles
from ui.tiles.patch_grid import PatchGrid

Row = Sequence[object]


@dataclass(frozen=True, eq=False)
class Table:
    """Numbers under a header.

    * `rows`: an array as it was drawn: nobody makes rows of it before they are written. Where the
      header has more columns than the array, the first ones are the indices of a row in it.
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[Row] | NDArray[Any]

    def __len__(self) -> int:
        """Return the number of rows."""
        return math.prod(self.rows.shape[:-1]) if isinstance(self.rows, np.ndarray) else len(self.rows)

    def lines(self) -> Iterator[list[Cell]]:
        """Yield the rows in plain numbers."""
        if not isinstance(self.rows, np.ndarray):
            yield from ([_plain(value) for value in row] for row in self.rows)
            return
        are_numbered = len(self.header) > self.rows.shape[-1]
        for index in np.ndindex(self.rows.shape[:-1]):
            values = [_plain(value) for value in self.rows[index].tolist()]
            yield [*index, *values] if are_numbered else values


def is_plot(widget: QWidget) -> bool:
    """Whether a widget is a plot or a map, whose numbers can be had."""
    return isinstance(widget, tuple(_READERS)) and not (isinstance(widget, MarkView) and not widget.tables())


def plots_in(widget: QWidget) -> list[QWidget]:
    """List the plots in sight in a part of the window, in reading order."""
    plots = [each for each in widget.findChildren(QWidget) if each.isVisibleTo(widget) and is_plot(each)]
    plots.sort(key=lambda each: (each.mapTo(widget, each.rect().topLeft()).y() // 24, each.x()))
    return plots


def tables_of(widget: QWidget) -> list[Table]:
    """Return the numbers of a plot, or of all plots in sight in a part of the window, in reading order."""
    if is_plot(widget):
        return _read(widget)
    return [table for plot in plots_in(widget) for table in _read(plot)]


def is_empty(widget: QWidget) -> bool:
    """Whether a plot has no numbers to show yet, or most plots in sight in a part of the window have none."""
    plots = [widget] if is_plot(widget) else plots_in(widget)
    return bool(plots) and 2 * sum(not _read(each) for each in plots) > len(plots)


def to_csv(tables: Iterable[Table], note: str = "") -> bytes:
    """Return tables as CSV (RFC 4180, UTF-8, ``.`` as decimal point).

    A single table without a note is nothing but header and rows. Otherwise a line that begins with ``#``
    names each table, and an empty line parts them. Numbers are the shortest text that gives back the same.
    """
    tables = list(tables)
    rows: list[Sequence[Cell]] = [[f"# {note}"]] if note else []
    for number, table in enumerate(tables):
        if len(tables) > 1:
            rows += [[], [f"# {table.title}"]] if number else [[f"# {table.title}"]]
        rows += [table.header, *table.lines()]
    return spreadsheet.to_csv(rows)


def title_of(widget: QWidget) -> str:
    """Return what a plot is called for those who cannot see it."""
    return widget.accessibleName() or widget.toolTip().split("\n")[0][:60] or type(widget).__name__


def _plain(value: object) -> Cell:
    plain = value.item() if isinstance(value, np.generic) else value
    return plain if isinstance(plain, str | int | float | None) else str(plain)


def _read(widget: QWidget) -> list[Table]:
    for kind, reader in _READERS.items():
        if isinstance(widget, kind):
            return [table for table in reader(widget) if len(table)]
    return []


def _matrix(title: str, values: Any) -> Table:
    """One row for each row of the map, after its number."""
    array = np.asarray(values)
    return Table(title, ("row", *(f"column {column}" for column in range(array.shape[1]))), array)


def _maps(title: str, values: Any) -> Table:
    """One row for each row of each map, after the numbers of both."""
    array = np.asarray(values)
    return Table(title, ("map", "row", *(f"column {column}" for column in range(array.shape[2]))), array)


def _curves(widget: CurvePlot) -> list[Table]:
    title = title_of(widget)
    return [
        Table(f"{title}: {name}", (widget.content().x_label or "x", name), np.column_stack([x, y]))
        for name, (x, y) in widget.points().items()
    ]


def _lines(widget: Plot) -> list[Table]:
    """One table for all lines that have their points at the same places."""
    content, title = widget.content(), title_of(widget)
    tables: list[Table] = []
    for places in {line.x.tobytes(): line.x for line in content.lines}.values():
        columns: list[tuple[str, Any]] = [(content.x_label or "x", places)]
        lines = [line for line in content.lines if np.array_equal(line.x, places)]
        columns += [(line.name or content.y_label or "y", line.y) for line in lines]
        names, values = zip(*columns, strict=True)
        tables.append(Table(title, names, list(zip(*values, strict=True))))
    return tables


def _confusion(widget: ConfusionMatrix) -> list[Table]:
    if widget.counts is None:
        return []
    header = ("is", *(f"predicted {name}" for name in widget.names))
    return [
        Table(
            title_of(widget),
            header,
            [(name, *row) for name, row in zip(widget.names, widget.counts, strict=True)],
        )
    ]


def _log(widget: LogTable) -> list[Table]:
    model = widget.model()
    header = [
        str(model.headerData(column, Qt.Orientation.Horizontal)) for column in range(model.columnCount())
    ]
    return [Table(title_of(widget), tuple(header), list(widget.rows()))]


def _one(widget: HeatMap) -> list[Table]:
    is_told = widget.values is not None and not widget.is_covered()
    return [_matrix(title_of(widget), widget.values)] if is_told else []


def _many(widget: MapTiles) -> list[Table]:
    return [] if widget.values is None else [_maps(title_of(widget), widget.values)]


def _bars(widget: PredictionBars) -> list[Table]:
    return [Table(title_of(widget), ("class", "probability"), list(widget.shown()))]


def _track(widget: TimeTrack) -> list[Table]:
    content, title = widget.content(), title_of(widget)
    x, y = content.curve
    marks = [
        ("start", content.first),
        ("end", content.last),
        ("shown", widget.position()),
        ("compared with", content.reference),
        ("continued from", content.fork),
    ]
    if content.steps_per_epoch:
        ends = range(content.steps_per_epoch, content.last + 1, content.steps_per_epoch)
        marks += [(f"end of epoch {number}", step) for number, step in enumerate(ends, 1)]
    return [
        Table(f"{title}: mean loss", ("step", "mean loss"), list(zip(x, y, strict=True))),
        Table(f"{title}: marks", ("mark", "step"), [mark for mark in marks if mark[1] is not None]),
    ]


def _board(widget: DrawingPad) -> list[Table]:
    return [_matrix(title_of(widget), widget.pixels())]


def _outputs(widget: OutputRows) -> list[Table]:
    names, probabilities, logits = widget.names, widget.probabilities, widget.logits
    if logits is None:
        rows: list[Row] = list(zip(names, probabilities, strict=True))
        return [Table(title_of(widget), ("class", "probability"), rows)]
    rows = list(zip(names, logits, probabilities, strict=True))
    return [Table(title_of(widget), ("class", "logit", "probability"), rows)]


def _lines_of_account(widget: Ledger) -> list[Table]:
    rows = [(row.label, row.number) for row in widget.rows()]
    return [Table(title_of(widget), ("what", "value"), rows)]


def _patches(widget: PatchGrid) -> list[Table]:
    return [_matrix(f"{title_of(widget)}: {card.caption}", card.pixels) for card in widget.cards()]


def _drawn(widget: MarkView[Any]) -> list[Table]:
    return [Table(f"{title_of(widget)}: {each.title}", each.header, each.rows) for each in widget.tables()]


_READERS: dict[type[QWidget], Callable[[Any], list[Table]]] = {
    MarkView: _drawn,
    CurvePlot: _curves,
    Plot: _lines,
    ConfusionMatrix: _confusion,
    LogTable: _log,
    HeatMap: _one,
    MapTiles: _many,
    PredictionBars: _bars,
    TimeTrack: _track,
    DrawingPad: _board,
    OutputRows: _outputs,
    Ledger: _lines_of_account,
    PatchGrid: _patches,
}
