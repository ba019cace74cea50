"""What a student puts into the report from the screen: a figure as drawn, or a table as measured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from cnnviz.errors import DataError
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.report.blocks import Block, Cell, Data, Figure, Table
from cnnviz.report.drawings import flaw_of
from cnnviz.spreadsheet import Cell as CsvCell
from cnnviz.spreadsheet import rows_in

MOST_INSERTS = 100
"""Inserts of one demonstration; more are refused."""

LONGEST_WORDS = 500
"""Letters of a student's own caption."""

_MOST_ROWS, _MOST_COLUMNS = 60, 14  # what can be read as a table on a page
_LONGEST_TEXT = 1000
_LONGEST_TABLE = 20_000  # letters of a CSV file that is compared with the tables of the report
LARGEST_PICTURE = 32 << 20
_TEXT_WIDTH_CM = 17.0
_LARGEST_WHOLE = 1 << 53


@dataclass(frozen=True, slots=True)
class Insert:
    """A figure or a table in its place among the observations."""

    title: str  # what it shows
    caption: str  # when it was so: preset, seed, step, sample
    time: str  # local date and time at which it was put in
    svg: str = ""  # the drawing; empty for a table
    # width of the drawing on the screen; in the report at most that of the text
    width_cm: float = _TEXT_WIDTH_CM
    csv: str = ""  # the numbers behind a figure, as a CSV file; may be empty
    data: Data | None = None  # the table; None for a figure
    # the student's own caption, at most `LONGEST_WORDS` letters, or ""; title and caption stay with it
    words: str = ""

    def block(self, name: str) -> Block:
        """Return the insert as a part of the report; `name` is for file names."""
        caption, words = f"{self.title} ({self.caption}). Put in {self.time}.", self.words.strip()
        if words:  # so that nobody takes one for the other
            caption = f"{'Drawn' if self.data is None else 'Measured'} by CNNViz: {caption}"
        if self.data is None:
            width = min(max(self.width_cm / _TEXT_WIDTH_CM, 0.2), 1.0)
            figure = Figure(name, caption, self.svg, width, csv=self.csv, from_screen=True)
            return replace(figure, own_caption=words)
        return Table(name, caption, self.data, _formats(self.data), own_caption=words)

    def shows_same(self, other: Self) -> bool:
        """Whether another insert is of the same kind and shows the same thing as it was at the same time."""
        is_table, other_is_table = self.data is not None, other.data is not None
        return (self.title, self.caption, is_table) == (other.title, other.caption, other_is_table)

    def shows_numbers(self, data: Data) -> bool:
        """Whether these are the numbers of a table, or the numbers behind a figure, under whatever words."""
        wanted = _numbers(data.rows)
        if self.data is not None:
            return bool(wanted) and _numbers(self.data.rows) == wanted
        if not wanted or not 0 < len(self.csv) <= _LONGEST_TABLE:
            return False
        return _numbers(rows_in(self.csv)) == wanted

    def to_dict(self) -> dict[str, Any]:
        """Return the insert as values that JSON can hold."""
        data = None if self.data is None else data_to_dict(self.data)
        texts = {name: getattr(self, name) for name in ("title", "caption", "time", "svg", "csv", "words")}
        return {**texts, "width_cm": self.width_cm, "data": data}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Return the insert that `to_dict` described; raises `DataError` if it is damaged."""
        texts = {name: _text(values, name, _LONGEST_TEXT) for name in ("title", "caption", "time")}
        words = _text(values, "words", LONGEST_WORDS) if "words" in values else ""
        svg, csv = (_text(values, name, LARGEST_PICTURE) for name in ("svg", "csv"))
        width, data = values.get("width_cm"), values.get("data")
        if isinstance(width, bool) or not isinstance(width, int | float) or not 0 < width < 1000:
            raise DataError("The lab report is damaged: the width of a figure in it is no length.")
        if (data is None) == (not svg):
            raise DataError("The lab report is damaged: what was inserted is neither a figure nor a table.")
        if svg and (flaw := flaw_of(svg)):
            raise DataError(f"The lab report is damaged: a figure in it {printable(flaw, LONGEST_NAME)}.")
        table = None if data is None else data_from_dict(data)
        return cls(**texts, svg=svg, csv=csv, width_cm=float(width), data=table, words=words)


def shortened(text: str) -> str:
    """Return a title or caption that is short enough to be kept."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def fits_as_table(rows: int, columns: int) -> bool:
    """Whether numbers are few enough to be read as a table on a page."""
    return 0 < rows <= _MOST_ROWS and columns <= _MOST_COLUMNS


def _formats(data: Data) -> tuple[str, ...]:
    """How to write each column: text, whole numbers, or four significant digits."""
    columns = list(zip(*data.rows, strict=True)) or [()] * len(data.header)

    def of(column: tuple[Cell, ...]) -> str:
        if any(isinstance(cell, str) for cell in column):
            return "text"
        return "count" if all(float(cell).is_integer() for cell in column) else "value"

    return tuple(of(column) for column in columns)


def _numbers(rows: Iterable[Sequence[CsvCell]]) -> list[tuple[float, ...]]:
    """Return the numbers in each row; names, which may be numbers too, stand in the first column."""
    found = (tuple(float(cell) for cell in row[1:] if isinstance(cell, int | float)) for row in rows)
    return [row for row in found if row]


def _text(values: Mapping[str, object], name: str, longest: int) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise DataError(f"The lab report is damaged: the {name!r} of a figure or table in it is no text.")
    return value


def data_to_dict(data: Data) -> dict[str, Any]:
    """Return numbers as values that JSON can hold."""
    return {"header": list(data.header), "rows": [list(row) for row in data.rows]}


def data_from_dict(values: object, rows: int = _MOST_ROWS, columns: int = _MOST_COLUMNS) -> Data:
    """Return the numbers that `data_to_dict` described, if they have at most so many rows and columns.

    * Raises DataError: if they are damaged.
    """
    entries = cast("dict[str, object]", values) if isinstance(values, dict) else {}
    header, lines = entries.get("header"), entries.get("rows")
    if not isinstance(header, list) or not isinstance(lines, list):
        raise DataError("The lab report is damaged: a table in it has no rows.")
    header, lines = cast("list[object]", header), cast("list[object]", lines)
    if len(header) > columns or len(lines) > rows:
        raise DataError("The lab report is damaged: a table in it is too large.")
    return Data(tuple(str(name) for name in header), tuple(_row(line, len(header)) for line in lines))


def _row(row: object, columns: int) -> tuple[Cell, ...]:
    cells = tuple(cast("list[object]", row)) if isinstance(row, list) else ()
    if len(cells) != columns or not all(_is_cell(cell) for cell in cells):
        raise DataError("The lab report is damaged: a row of a table in it does not fit its header.")
    return cast("tuple[Cell, ...]", cells)


def _is_cell(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= _LARGEST_WHOLE
    return isinstance(value, str | float)
