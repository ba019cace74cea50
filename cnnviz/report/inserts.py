"""What a student puts into the report from the screen: a figure as drawn, or a table as measured."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, structs

from cnnviz.report.blocks import LARGEST_PICTURE, Cell, Data, Figure, Kept, Table
from cnnviz.spreadsheet import Cell as CsvCell
from cnnviz.spreadsheet import rows_in

MOST_INSERTS = 100
"""Inserts of one step; more are refused."""

LONGEST_WORDS = 500
"""Letters of a student's own caption."""

_MOST_ROWS, _MOST_COLUMNS = 60, 14  # what can be read as a table on a page
_LONGEST_TEXT = 1000
_LONGEST_TABLE = 20_000  # letters of a CSV file that is compared with the tables of the report
_TEXT_WIDTH_CM = 17.0


type _Line = Annotated[str, Meta(max_length=_LONGEST_TEXT)]
type _Picture = Annotated[str, Meta(max_length=LARGEST_PICTURE)]


class Insert(Kept, frozen=True):
    """A figure or a table in its place among the observations."""

    title: _Line  # what it shows
    caption: _Line  # when it was so: preset, seed, step, sample
    time: _Line  # local date and time at which it was put in
    svg: _Picture = ""  # the drawing; empty for a table
    # width of the drawing on the screen; in the report at most that of the text
    width_cm: Annotated[float, Meta(gt=0, lt=1000)] = _TEXT_WIDTH_CM
    csv: _Picture = ""  # the numbers behind a figure, as a CSV file; may be empty
    data: Data | None = None  # the table; None for a figure
    # the student's own caption, or ""; title and caption stay with it
    words: Annotated[str, Meta(max_length=LONGEST_WORDS)] = ""

    def __post_init__(self) -> None:
        """Refuse what is neither a figure nor a table."""
        if (self.data is None) == (not self.svg):
            raise ValueError("what was inserted is neither a figure nor a table")
        if self.data is not None and not fits_as_table(max(len(self.data.rows), 1), len(self.data.header)):
            raise ValueError("a table that was inserted is too large")

    def block(self, name: str) -> Figure | Table:
        """Return the insert as a part of the report; `name` is for file names."""
        caption, words = f"{self.title} ({self.caption}). Put in {self.time}.", self.words.strip()
        if words:  # so that nobody takes one for the other
            caption = f"{'Drawn' if self.data is None else 'Measured'} by CNNViz: {caption}"
        if self.data is None:
            width = min(max(self.width_cm / _TEXT_WIDTH_CM, 0.2), 1.0)
            figure = Figure(name, caption, self.svg, width, csv=self.csv, from_screen=True)
            return structs.replace(figure, own_caption=words)
        return Table(name, caption, self.data, _formats(self.data), own_caption=words)

    def shows_numbers(self, data: Data) -> bool:
        """Whether these are the numbers of a table, or the numbers behind a figure, under whatever words."""
        wanted = _numbers(data.rows)
        if self.data is not None:
            return bool(wanted) and _numbers(self.data.rows) == wanted
        if not wanted or not 0 < len(self.csv) <= _LONGEST_TABLE:
            return False
        return _numbers(rows_in(self.csv)) == wanted


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
