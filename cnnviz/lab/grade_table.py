"""The findings about a course as one CSV file, a row a student."""

import csv
import io
from collections.abc import Sequence

from cnnviz.files import printable
from cnnviz.lab.grading import Grade
from cnnviz.lab.verifying import Row
from cnnviz.quantities import format_plain

OK, LOOK, NOT_COMPARABLE, UNREADABLE = "ok", "look at it", "not comparable", "unreadable"

COLUMNS = (
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
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(each) for each in _cells(row)])
    return text.getvalue().encode("utf-8-sig", "replace")


def _cells(row: Row) -> list[str]:
    files = ", ".join(path.name for path in row.files)
    handed, grade = row.handed, row.grade
    if handed is None:
        return [files, "", "", "", verdict_of(row), *[""] * 11, row.reason]
    shared = "; ".join(row.shared)
    return [
        files,
        printable(handed.name, _LONGEST_NAME),
        printable(handed.roll_number, _LONGEST_NAME),
        printable(f"{handed.lab_id} {handed.lab_version}", _LONGEST_NAME),
        verdict_of(row),
        *(["", "", "", "", "", "", ""] if grade is None else _measured(grade)),
        shared,
        "" if grade is None else "; ".join(grade.late),
        str(len(handed.done)),
        "" if grade is None else grade.weights,
        row.reason if grade is None else "; ".join(grade.remarks),
    ]


def _measured(grade: Grade) -> list[str]:
    points = (grade.points, grade.most_points, grade.to_grade)
    return [
        *(format_plain(float(each)) for each in points),
        str(grade.agree),
        str(grade.numbers),
        "; ".join(grade.differing),
        "; ".join(grade.suspicious),
    ]


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
