"""The findings about a course as one CSV file, a row a student."""

import csv
import io
from collections.abc import Sequence

from cnnviz.files import printable
from cnnviz.lab.grading import Grade
from cnnviz.lab.results import HandIn
from cnnviz.lab.verifying import Row
from cnnviz.quantities import format_plain

OK, LOOK, NOT_COMPARABLE, UNREADABLE = "ok", "look at it", "not comparable", "unreadable"

COLUMNS: Sequence[str] = (
    "file", "name", "roll number", "lab", "verdict", "points", "points of", "words: points of",
    "numbers that agree", "numbers in all", "numbers that differ", "suspicious", "shared with others",
    "late", "steps done", "weights", "remarks",
)  # fmt: skip
_LONGEST_NAME, _LONGEST_CELL = 200, 2000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""


def verdict_of(row: Row) -> str:
    """Return "ok", "look at it", "not comparable" or "unreadable".

    A hand-in whose numbers differ is not comparable where the version, another text of the lab or, in
    float32, the kernel of matrix products may be the reason.
    """
    if row.handed is None:
        return UNREADABLE
    if row.grade is None:
        return LOOK if row.shared else NOT_COMPARABLE
    if row.shared or row.grade.suspicious:
        return LOOK
    if row.grade.differing:
        return LOOK if row.grade.is_comparable else NOT_COMPARABLE
    return OK


def to_csv(rows: Sequence[Row]) -> bytes:
    """Return the table as UTF-8 with a mark that spreadsheets know it by."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({column: _cell(each) for column, each in _cells(row).items()})
    return text.getvalue().encode("utf-8-sig", "replace")


def _cells(row: Row) -> dict[str, str]:
    """Return what is known of a student, by column; the others stay empty."""
    cells = {
        "file": ", ".join(path.name for path in row.files),
        "verdict": verdict_of(row),
        "shared with others": "; ".join(row.shared),
        "remarks": row.reason,
    }
    if row.handed is not None:
        cells |= _handed(row.handed)
    if row.grade is not None:
        cells |= _graded(row.grade)
    return cells


def _handed(handed: HandIn) -> dict[str, str]:
    return {
        "name": printable(handed.name, _LONGEST_NAME),
        "roll number": printable(handed.roll_number, _LONGEST_NAME),
        "lab": printable(f"{handed.lab_id} {handed.lab_version}", _LONGEST_NAME),
        "steps done": str(len(handed.done)),
    }


def _graded(grade: Grade) -> dict[str, str]:
    return {
        "points": format_plain(float(grade.points)),
        "points of": format_plain(float(grade.most_points)),
        "words: points of": format_plain(float(grade.to_grade)),
        "numbers that agree": str(grade.agree),
        "numbers in all": str(grade.numbers),
        "numbers that differ": "; ".join(grade.differing),
        "suspicious": "; ".join(grade.suspicious),
        "late": "; ".join(grade.late),
        "weights": grade.weights,
        "remarks": "; ".join(grade.remarks),
    }


def _cell(text: str) -> str:
    """Return a text that a spreadsheet shows and never computes."""
    line = printable(text, _LONGEST_CELL)
    return f"'{line}" if line.startswith(_FORMULA) else line


def summary(rows: Sequence[Row]) -> str:
    """Return how many hand-ins got each verdict, as a sentence."""
    verdicts = [verdict_of(row) for row in rows]
    parts = [f"{verdicts.count(each)} {each}" for each in (OK, LOOK, NOT_COMPARABLE, UNREADABLE)]
    students = "1 hand-in" if len(rows) == 1 else f"{len(rows)} hand-ins"
    return f"{students}: {', '.join(parts)}."
