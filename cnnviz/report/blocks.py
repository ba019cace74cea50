"""What a report consists of, whatever file it is written to."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs, to_builtins

from cnnviz.drawing import is_plain
from cnnviz.mathematics import Equation
from cnnviz.notation import format_column
from cnnviz.quantities import format_count, format_percent, format_together

Cell = str | int | float
# Prints words with one kind of apostrophe, whoever has typed them.
_printed = partial(re.compile(r"(?<=[^\W\d])'(?=[^\W\d])").sub, "’")
MAX_WORDS = 50_000
"""Letters of a field that a student writes in; no student writes more."""

LARGEST_PICTURE = 32 << 20
"""Letters of a drawing, and of the numbers behind it."""

type Prose = Annotated[str, Meta(max_length=MAX_WORDS)]
type FileName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9-]{1,200}\Z")]


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of what is kept in files; msgspec writes and reads it, with the limits that its fields say."""


class Heading(Kept, frozen=True, tag=True):
    """A heading; level 1 begins a section, level 2 one of its parts, level 3 a topic."""

    text: Prose
    level: Annotated[int, Meta(ge=1, le=3)]


class Words(Kept, frozen=True, tag=True):
    """A paragraph."""

    text: Prose  # shown as typed; line breaks count
    # whose words they are; "missing" stands where the student has not written yet
    kind: Literal["program", "code", "stamp", "student", "missing"] = "program"


class Data(Kept, frozen=True):
    """Numbers as measured, for a CSV file."""

    header: Annotated[tuple[str, ...], Meta(max_length=100)]
    rows: Annotated[tuple[tuple[Cell, ...], ...], Meta(max_length=20_000)]

    def __post_init__(self) -> None:
        """Refuse rows that do not fit the header, and numbers that no table can hold."""
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError("a row of a table does not fit its header")
        if any(isinstance(cell, int) and abs(cell) > 1 << 53 for row in self.rows for cell in row):
            raise ValueError("a number of a table is too large")


class Table(Kept, frozen=True, tag=True):
    """A table of measured values."""

    name: FileName  # for file names: lower case, with hyphens
    caption: Prose
    data: Data
    # how to write each column: ``"text"``, ``"count"``, ``"percent"``, ``"value"``, or a digit for so many
    # places after the point
    formats: tuple[Annotated[str, Meta(pattern=r"\A(text|count|percent|value|\d)\Z")], ...]
    # side by side how often, to save room when rows are short and many
    columns: Annotated[int, Meta(ge=1, le=10)] = 1

    def __post_init__(self) -> None:
        """Refuse formats that do not fit the numbers."""
        if len(self.formats) != len(self.data.header):
            raise ValueError("the formats of a table do not fit its columns")
        for how, cells in zip(self.formats, zip(*self.data.rows, strict=True), strict=False):
            if how == "count" and not all(
                isinstance(each, str) or float(each).is_integer() for each in cells
            ):
                raise ValueError("a number of a table is no count")

    @property
    def shown(self) -> list[list[str]]:
        """The rows as they are written in the report."""
        columns = zip(zip(*self.data.rows, strict=True), self.formats, strict=False)
        return [list(row) for row in zip(*(column_texts(*each) for each in columns), strict=True)]


class Figure(Kept, frozen=True, tag=True):
    """A drawing."""

    name: FileName  # for file names: lower case, with hyphens
    caption: Prose
    svg: Annotated[str, Meta(max_length=LARGEST_PICTURE)]  # self-contained vector drawing
    # the numbers behind it as the text of a CSV file
    csv: Annotated[str, Meta(max_length=LARGEST_PICTURE)] = ""
    # drawn by the window, as large as there, with names of its own inside that other drawings may have too
    from_screen: bool = False
    own_caption: Prose = ""  # the student's words, which stand before the caption and do not take its place

    @property
    def is_measured(self) -> bool:
        """Whether it can be a drawing of the report's own: plain shapes, and nothing of the window."""
        return not self.from_screen and is_plain(self.svg)


class Named(Kept, frozen=True, tag=True):
    """An equation by its name among those of the network; see `equations.of_network`."""

    name: Annotated[str, Meta(max_length=100)]


@dataclass(frozen=True, slots=True)
class Formula:
    """A displayed equation."""

    equation: Equation


MeasuredBlock = Heading | Words | Table | Figure | Named
"""What is kept of a measurement."""

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


def values_of(block: Block) -> dict[str, Any]:
    """Return a block as the templates of PDF and page take it: by its type, and a table as it is written."""
    match block:
        case Table():
            return {
                "type": "Table", "caption": _printed(block.caption), "own_caption": "",
                "header": block.data.header, "rows": block.shown, "columns": block.columns,
                "alignments": ["left" if each == "text" else "right" for each in block.formats],
            }  # fmt: skip
        case Figure():
            caption, own = map(_printed, (block.caption, block.own_caption))
            return to_builtins(structs.replace(block, csv="", caption=caption, own_caption=own))
        case Formula(equation):
            return {"type": "Formula", "words": equation.words}
        case Words(kind="code"):
            return to_builtins(block)
        case _:
            return to_builtins(structs.replace(block, text=_printed(block.text)))


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


def table(
    name: str,
    caption: str,
    columns: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[Cell]],
    times: int = 1,
) -> Table:
    """Return a table whose columns have these headers and formats, so many times side by side."""
    header, formats = zip(*columns, strict=True)
    return Table(name, caption, Data(header, tuple(map(tuple, rows))), formats, times)


# --- what a student puts into the report from the screen ----------------------------------------------------

MOST_INSERTS = 100
"""Inserts of one step; more are refused."""

LONGEST_WORDS = 500
"""Letters of a student's own caption."""

_LONGEST_TEXT = 1000


type _Line = Annotated[str, Meta(max_length=_LONGEST_TEXT)]
type _Picture = Annotated[str, Meta(max_length=LARGEST_PICTURE)]


class Insert(Kept, frozen=True):
    """A figure in its place among the observations."""

    title: _Line  # what it shows
    caption: _Line  # when it was so: preset, seed, step, sample
    time: _Line  # local date and time at which it was put in
    svg: Annotated[_Picture, Meta(min_length=1)]  # the drawing
    csv: _Picture = ""  # the numbers behind it, as a CSV file; may be empty
    # the student's own caption, or ""; title and caption stay with it
    words: Annotated[str, Meta(max_length=LONGEST_WORDS)] = ""
    cards: tuple[_Line, ...] = ()  # titles of those in the drawing

    def block(self, name: str, step: str) -> Figure:
        """Return the insert as a part of the report, of a step; `name` is for file names."""
        about, words = f"{self.title}, for “{step}” ({self.caption})", self.words.strip()
        caption = f"{about}. Inserted {self.time}."
        if words:  # so that nobody takes one for the other
            caption = f"Drawn by CNNViz: {caption}"
        return Figure(name, caption, self.svg, self.csv, from_screen=True, own_caption=words)


def shortened(text: str, most: int = _LONGEST_TEXT) -> str:
    """Return a text of so many letters at most: by default a title or caption that can be kept."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
