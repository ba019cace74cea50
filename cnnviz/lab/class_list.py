"""The list of a class: whose hand-in is missing, and who is not on it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnviz.errors import DataError
from cnnviz.files import printable_name
from cnnviz.lab.seeds import plain_roll_number
from cnnviz.reading import read_bytes

_LARGEST = 1 << 20
_MOST = 5000
_LONGEST = 200
_NAMES, _NUMBERS = ("name", "student"), ("roll", "number", "matri", "id")
_REMEDY = "choose a CSV file with the columns name and roll number"


@dataclass(frozen=True, slots=True)
class Listed:
    """A student of the class."""

    name: str
    roll_number: str


def read_class_list(path: Path) -> tuple[Listed, ...]:
    """Return the students in a CSV file.

    Cells are parted by commas, semicolons or tabs. Where the first line names the columns, those with the
    names and roll numbers are found by it; else they are the first two.

    * Raises DataError: if it cannot be read, or has no two columns: one sentence.
    """
    text = _decoded(read_bytes(path, _LARGEST, _REMEDY))
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise DataError(f"{printable_name(path)} is no CSV file; {_REMEDY}.") from error
    rows = [[cell.strip()[:_LONGEST] for cell in line] for line in lines if any(map(str.strip, line))]
    if not rows or len(rows[0]) < 2 or len(rows) > _MOST:
        raise DataError(f"{printable_name(path)} is no list of a class; {_REMEDY}.")
    head = [cell.casefold() for cell in rows[0]]
    number = next((place for place, cell in enumerate(head) if any(each in cell for each in _NUMBERS)), None)
    names = [
        place for place, cell in enumerate(head) if place != number and any(each in cell for each in _NAMES)
    ]
    if number is None or not names:
        number, names = 1, [0]
    else:
        rows = rows[1:]
    return tuple(
        Listed(" ".join(row[place] for place in names if place < len(row)), row[number])
        for row in rows
        if number < len(row)
    )


def by_roll_number(students: Sequence[Listed]) -> dict[str, Listed]:
    """Return the students by what is the same however their roll number is typed."""
    return {plain_roll_number(each.roll_number): each for each in students if each.roll_number}


def _decoded(content: bytes) -> str:
    """Return a text in whichever way spreadsheets write it."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
