"""Tables as CSV files, all by one writer: numbers stay numbers, and no text becomes a formula.

A spreadsheet computes a cell that begins with ``=``, ``+``, ``-`` or ``@``, in some languages with the wide
forms of these signs, too, and whoever wrote the text of the cell decides what is computed. Which sign parts
the cells is a setting of the spreadsheet, so a text is guarded where it begins and behind each comma,
semicolon and tab in it. Numbers are not texts: ``-0.5`` is written as it is.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

from cnnviz.files import JOINERS, seen

type Cell = str | int | float | None
"""What stands in a cell; nothing for None and NaN."""

_SIGNS = frozenset("=+-@")
_SEPARATORS = re.compile(r"(?<=[,;])")  # no tab is left in a text
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d{0,300})(\.\d{0,300})?(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_GUARD = "'"
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def to_csv(rows: Iterable[Sequence[Cell]], *, marked: bool = False) -> bytes:
    """Return rows as CSV (RFC 4180, UTF-8, ``.`` as decimal point).

    * `rows`: the first may hold the names of the columns. A row without cells is an empty line.
    * `marked`: whether a mark at the beginning tells spreadsheets that it is UTF-8; scripts do without.
    * Returns: numbers as the shortest text that gives back the same, each text in one line.
    """
    out = io.StringIO(newline="")
    csv.writer(out).writerows([_written(cell) for cell in row] for row in rows)
    return f"{_MARK if marked else ''}{out.getvalue()}".encode("utf-8", "replace")


def rows_in(text: str) -> list[list[Cell]]:
    """Return the rows of a CSV text, numbers as such; none where it is no CSV."""
    try:
        return [[_read(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    except csv.Error:
        return []


def guarded(text: str) -> str:
    """Return a text in one line that no spreadsheet computes, with an apostrophe wherever it would."""
    line = seen(" ".join(text.split()), JOINERS)
    return "".join(f"{_GUARD}{part}" if _is_formula(part) else part for part in _SEPARATORS.split(line))


def _read(text: str) -> Cell:
    """Return the number that a cell holds, or its text where it is none, or too long for one."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return guarded(cell)
    if cell is None or cell != cell:  # NaN alone is not equal to itself
        return ""
    return float.__repr__(cell) if isinstance(cell, float) else str(cell)


def _is_formula(part: str) -> bool:
    """Whether the first sign that counts begins a formula; blanks, quotes and joiners do not count."""
    first = part.lstrip(f' "{JOINERS}')[:1]
    return unicodedata.normalize("NFKC", first)[:1] in _SIGNS
