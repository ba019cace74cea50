"""No spreadsheet computes what stands in a table, however it parts the cells; numbers stay numbers."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnviz.report import write_folder
from cnnviz.report.blocks import Document, Figure, Table, data
from cnnviz.spreadsheet import guarded, rows_in, to_csv

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺"
NASTY = (
    "x;=cmd|' /C calc'!A0;y", '=HYPERLINK("http://a","b")', "a\t=1", "a\n=1", "a\r=1", " =1", "\u00a0=1",
    "\u3000=1", "\u200b=1", "\u200d=1", "\ufeff=1", "\x00=1", "\x1b=1", 'a;"=1"', 'a,"=1"', '"=1', "a; =1",
    "a;;=1", "=", "=1,=1;=1\t=1", "\u2028=1", "\u202e=1", *(f"{sign}1" for sign in SIGNS),
    *(f"x;{sign}1" for sign in SIGNS), *(f"x,{sign}1" for sign in SIGNS), *(f"x\t {sign}1" for sign in SIGNS),
)  # fmt: skip
NUMBER = re.compile(r"-\d+(\.\d+)?(e[+-]?\d+)?(?=,|$)")
"""A number of the program's own, alone or with the rest of a line that is not parted at commas."""


def fields(content: bytes) -> set[str]:
    """Everything that may become a cell, by whichever of the three signs the text is parted, or by all."""
    text = content.decode("utf-8-sig")
    found: set[str] = set()
    for separator in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            found.update(row)
    for line in text.splitlines():
        for separator in (",", ";", "\t", "[,;\t]"):
            found.update(re.split(separator, line))
    return found


def is_formula(field: str) -> bool:
    bare = field.lstrip(' "\t\r\n\u00a0\u3000\u200b\u200c\u200d\ufeff\x00\x1b')
    return bare[:1] in tuple(SIGNS) and not NUMBER.match(bare)


@pytest.mark.parametrize("text", NASTY)
def test_no_text_is_computed(text):
    for row in ([text], ["a", text, "b"], [text, text], [-0.5, text, -1]):
        formulas = [field for field in fields(to_csv([row])) if is_formula(field)]
        assert not formulas, formulas


@given(st.lists(st.lists(st.text(st.sampled_from("a=+-@,;\t\"' \n\r＝\u200d1")), min_size=1), min_size=1))
def test_no_text_at_all_is_computed(rows):
    assert not [field for field in fields(to_csv(rows)) if is_formula(field)]


@given(st.lists(st.floats(allow_nan=False) | st.integers(), min_size=1))
def test_numbers_stay_numbers(numbers):
    (row,) = csv.reader(io.StringIO(to_csv([numbers]).decode()))
    assert [type(number)(cell) for number, cell in zip(numbers, row, strict=True)] == numbers


def test_words_stay_as_they_are():
    words = ["Anna Müller", "it grows, by 3 - or 4; not more", "क्‍ष", "13x13", "a=b", 'say "yes"', ""]
    (row,) = csv.reader(io.StringIO(to_csv([words]).decode()))
    assert row == words
    assert guarded("two\nlines") == "two lines"


def test_what_is_nothing_is_an_empty_cell():
    assert to_csv([["a", None, float("nan")], [], [1]], marked=True) == b"\xef\xbb\xbfa,,\r\n\r\n1\r\n"


def test_rows_come_back():
    rows = [["name", "x"], ["'=1", -0.5], ["", 3], ["007", 1e-7]]
    assert rows_in(to_csv(rows).decode()) == rows
    assert rows_in('"' + "x" * 200_000) == []


def test_tables_and_figures_of_a_report_are_guarded_where_others_wrote_them(tmp_path: Path):
    """Names of classes are names of folders, and a saved report may be anybody's."""
    table = Table("t", "A table.", data(("=1+1", "n"), [("x;=cmd|' /C calc'!A0;y", -0.5)]), ("text", "text"))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    figure = Figure("f", "A figure.", svg, 1.0, csv="=1+1,b\r\n-0.5,@x\r\n", from_screen=True)
    write_folder(Document("Title", "", "", "", (table, figure)), tmp_path / "report")
    written = list((tmp_path / "report").rglob("*.csv"))
    assert len(written) == 2
    for file in written:
        found = fields(file.read_bytes())
        assert not [field for field in found if is_formula(field)]
        assert "-0.5" in found
