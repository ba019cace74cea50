"""What a finished report consists of, whatever file it is written to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cnnviz.mathematics import Equation
from cnnviz.notation import format_column
from cnnviz.quantities import format_count, format_percent, format_together

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 begins a demonstration, level 2 one of its parts, level 3 a topic."""

    text: str
    level: int


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str  # shown as typed; line breaks count
    kind: str = "program"  # whose words they are; ``"missing"`` stands where the student has not written yet


@dataclass(frozen=True, slots=True)
class Data:
    """Numbers as measured, for a CSV file."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of measured values."""

    name: str  # for file names: lower case, with hyphens
    caption: str
    data: Data
    # how to write each column: ``"text"``, ``"count"``, ``"percent"``, ``"value"``, or a digit for so many
    # places after the point
    formats: tuple[str, ...]
    columns: int = 1  # side by side how often, to save room when rows are short and many
    own_caption: str = ""  # the student's words, which stand before the caption and do not take its place

    @property
    def shown(self) -> list[list[str]]:
        """The rows as they are written in the report."""
        if not self.data.rows:
            return []
        columns = [
            column_texts(cells, how)
            for cells, how in zip(zip(*self.data.rows, strict=True), self.formats, strict=True)
        ]
        return [list(row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing."""

    name: str  # for file names: lower case, with hyphens
    caption: str
    svg: str  # self-contained vector drawing
    width: float = 1.0  # share of the width of the text that it takes, from 0 to 1
    data: Data | None = None  # the numbers behind it
    csv: str = ""  # the numbers behind it as the text of a CSV file, where they are more than one table
    # drawn by the window, with names of its own inside that other drawings may have too
    from_screen: bool = False
    own_caption: str = ""  # the student's words, which stand before the caption and do not take its place


@dataclass(frozen=True, slots=True)
class Formula:
    """A displayed equation."""

    equation: Equation


Block = Heading | Words | Table | Figure | Formula


@dataclass(frozen=True, slots=True)
class Document:
    """A report, ready to be written."""

    title: str
    author: str
    roll_number: str
    date: str
    blocks: tuple[Block, ...] = field(repr=False)
    # the results as JSON, which PDF and HTML carry and a folder gets as a file; "" for none
    results: str = field(default="", repr=False)

    @property
    def figures(self) -> list[Figure]:
        """All figures, in order; figure 1 first."""
        return [block for block in self.blocks if isinstance(block, Figure)]

    @property
    def tables(self) -> list[Table]:
        """All tables, in order; table 1 first."""
        return [block for block in self.blocks if isinstance(block, Table)]


def to_be_written(document: Document) -> list[tuple[str, list[str]]]:
    """Return where the student has not written yet: headings of level 1, and below each those of level 2."""
    found: list[tuple[str, list[str]]] = []
    part = place = ""
    for block in document.blocks:
        if isinstance(block, Heading) and block.level == 1:
            part = place = block.text
        elif isinstance(block, Heading) and block.level == 2:
            place = block.text
        elif isinstance(block, Words) and block.kind == "missing":
            if not found or found[-1][0] != part:
                found.append((part, []))
            found[-1][1].append(place)
    return found


_LONGEST = 9
"""Characters of a number in a table: sums that differ by rounding alone do not get all their digits."""


def column_texts(cells: Sequence[Cell], how: str) -> list[str]:
    """Write one column of a table; unequal numbers of it look unequal."""
    numbers = [float(cell) for cell in cells if not isinstance(cell, str)]
    if how == "count":
        texts = [format_count(int(number)) for number in numbers]
    elif how == "percent":
        texts = format_together(numbers, 2, format_percent, _LONGEST)
    elif how.isdigit():
        texts = format_column(numbers, int(how))
    else:
        texts = format_together(numbers, 4, longest=_LONGEST)
    written = iter(texts)
    return [cell if isinstance(cell, str) else next(written) for cell in cells]


def data(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Data:
    """Return the data of a table."""
    return Data(tuple(header), tuple(tuple(row) for row in rows))
