"""The report of a record: hypotheses with what was known, questions, and what the student has put in."""

import re
import subprocess
from dataclasses import replace

import msgspec
import pytest
from msgspec import structs

from cnnviz.errors import DataError
from cnnviz.experiment import LAB5
from cnnviz.lab.course import free_lab
from cnnviz.lab.model import PARTS
from cnnviz.lab.record import LabRecord, Shown, Version, Work, read_work
from cnnviz.report.blocks import Data, Figure, Heading, Table, Words
from cnnviz.report.html import write_html
from cnnviz.report.inserts import Insert
from cnnviz.report.pdf import write_pdf
from tests.engine.report_cases import needs_poppler, report_of, small_lab, small_numbers, written

PRINCIPLE, TRANSLATION, BACKPROP = free_lab().steps
EMPTY = LabRecord.of(free_lab())


def test_a_later_hypothesis_never_replaces_the_recorded_one():
    first = Version("99 % will be right", "2026-01-31 10:00", 0)
    later = Version("97 % will be right", "2026-01-31 10:30", 12_665, after_run=True)
    record = EMPTY.recorded(PRINCIPLE, first).recorded(PRINCIPLE, later)
    assert record.step("principle").hypothesis == (first, later)
    texts = [block.text for block in report_of(record=record).blocks if isinstance(block, Words)]
    assert "Recorded 2026-01-31 10:00, before any result" in texts
    assert "Edited 2026-01-31 10:30, after results of this lab" in texts
    assert texts.index(first.text) < texts.index(later.text)
    record = record.recorded(PRINCIPLE, Version("", "2026-01-31 11:00", 1))
    assert [version.text for version in record.step("principle").hypothesis][2:] == [""]
    texts = [block.text for block in report_of(record=record).blocks if isinstance(block, Words)]
    assert "(deleted)" in texts, "to delete it is an edit, too"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (Version("high", "", 12_665), "after 12,665 steps of training"),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58")),
            "after results of training, on the screen since 09:58",
        ),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58", "2026-01-30 14:03")),
            "after results of this lab, on the screen since 2026-01-30 14:03",
        ),
    ],
)
def test_a_grader_reads_what_was_known_when_a_hypothesis_was_written(version, said):
    record = EMPTY.recorded(PRINCIPLE, structs.replace(version, time="2026-01-31 10:00"))
    stamps = [e.text for e in report_of(record=record).blocks if isinstance(e, Words) and e.kind == "stamp"]
    assert stamps == [f"Recorded 2026-01-31 10:00, {said}"]


def test_objective_hypothesis_description_observations_and_inference_of_each_demonstration_are_asked_for():
    blocks = report_of().blocks
    missing = [each.text for each in blocks if isinstance(each, Words) and each.kind == "missing"]
    assert len(missing) == 5 * len(free_lab().sections)
    headings = [each.text for each in blocks if isinstance(each, Heading) and each.level == 2]
    assert headings == 3 * list(PARTS.values())
    said = [
        each.text
        for each in report_of(record=written("words of a student")).blocks
        if isinstance(each, Words)
    ]
    assert said.count("words of a student") == len(missing)
    assert set(missing) <= set(said), "the question stands before its answer"


@pytest.mark.parametrize(
    ("pool", "absent"),
    [("none", ("pooled", "window", "ties", "tied", "maximum")), ("average", ("ties", "tied", "maximum"))],
)
def test_the_guiding_questions_ask_of_nothing_that_the_network_has_not(pool, absent):
    blocks = report_of(experiment=replace(LAB5, pool=pool)).blocks
    asked = [each.text for each in blocks if isinstance(each, Words) and each.kind == "missing"]
    assert len(asked) == 5 * len(free_lab().sections)
    words = set(re.findall(r"\w+", " ".join(asked[-5:] if pool == "average" else asked)))
    assert not words & set(absent)


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="5cm" height="2cm" viewBox="0 0 50 20">'
    '<title>T</title><rect id="a" width="50" height="20" fill="#f00"/>'
    '<text x="2" y="12">inside it</text></svg>'
)
DRAWN = Insert("Loss <1> & 2", "LAB5, seed 3 · step 12", "2026-01-31 10:00", SVG, 5.0, "x,y\n1,0.5\n")
COUNTED = Insert(
    "Confusion $matrix$", "LAB5, seed 3 · step 12", "2026-01-31 10:01",
    data=Data(("is", "predicted 0", "share"), (("0", 972, 0.25), ("1", 7.0, 1e-5))),
)  # fmt: skip
RECORD = EMPTY.with_inserts(TRANSLATION, (COUNTED, DRAWN)).with_inserts(BACKPROP, (DRAWN,))


def test_they_stand_in_their_section_in_their_order():
    blocks = report_of(record=RECORD).blocks
    kinds = [type(block) for block in blocks if isinstance(block, Figure | Table)]
    assert kinds == [Table, Figure, Figure]
    names = [block.name for block in blocks if isinstance(block, Figure | Table)]
    assert len(set(names)) == 3
    (table,) = report_of(record=RECORD).tables
    assert table.shown == [["0", "972", "0.25"], ["1", "7", "1e−5"]], "whole numbers are written as such"
    headings = [getattr(block, "text", None) for block in blocks]
    place = blocks.index(next(block for block in blocks if isinstance(block, Table)))
    assert headings.index("2  Translation and max pooling") < place
    assert place < headings.index("3  Backpropagation through max pooling")
    # With results and an appendix, too, each stands between the words and the results of its step.
    blocks = report_of(small_numbers(), RECORD).blocks
    titles = [getattr(block, "text", "") for block in blocks]
    table, moved, drawn = (
        i for i, each in enumerate(blocks) if getattr(each, "name", "").startswith("inserted")
    )
    assert titles.index("2  Translation and max pooling") < table < moved < titles.index("Two small images")
    assert titles.index("3  Backpropagation through max pooling") < drawn
    assert drawn < titles.index("From the output back to the convolution")
    assert drawn < titles.index("Appendix: how to measure this again")


@pytest.mark.parametrize(
    "damage",
    [
        {"svg": "", "data": None},
        {"svg": "", "data": {"header": ["a"], "rows": [[10**400]]}},
        {"width_cm": float("nan")},
        {"svg": "", "data": {"header": ["a"], "rows": [[1, 2]]}},
        {"svg": "", "data": {"header": ["a"], "rows": [[[]]]}},
        {"words": "x" * 501},
    ],
)
def test_a_damaged_one_is_refused_in_a_clause(damage):
    values = msgspec.to_builtins(Work(records={RECORD.key: RECORD}))
    values["records"][RECORD.key]["steps"]["backprop"]["inserts"] = [msgspec.to_builtins(DRAWN) | damage]
    with pytest.raises(DataError, match="the work in it is damaged") as caught:
        read_work(values)
    assert "\n" not in str(caught.value)


def test_a_drawing_that_is_more_than_a_drawing_is_taken_out_and_named_and_the_others_stay():
    values = msgspec.to_builtins(Work(records={RECORD.key: RECORD}))
    svg = SVG.replace("#f00", "url(http://a.b/c)")
    values["records"][RECORD.key]["steps"]["translation"]["inserts"][1]["svg"] = svg
    work, lost = read_work(values)
    assert lost == [DRAWN.title]
    assert work.record(free_lab()).step("translation").inserts == (COUNTED,)
    assert work.record(free_lab()).step("backprop").inserts == (DRAWN,)


def test_html_shows_it_as_a_picture_of_its_own(tmp_path):
    path = tmp_path / "r.html"
    write_html(report_of(record=RECORD), path)
    text = path.read_text(encoding="utf-8")
    assert text.count('src="data:image/svg+xml;base64,') == 2
    assert 'id="a"' not in text  # names inside cannot meet those of another drawing
    assert "Loss &lt;1&gt; &amp; 2" in text


@pytest.mark.parametrize("as_figure", [False, True])
def test_a_table_that_the_student_has_put_in_is_not_repeated(as_figure):
    counts = [tuple(int(count) for count in row) for row in small_lab().evaluation.confusion]

    def confusions(extra: int) -> list[str]:
        rows = tuple((str(n), row[0] + extra, *row[1:]) for n, row in enumerate(counts))
        lines = ["is,predicted 0,predicted 1", *(",".join(map(str, row)) for row in rows)]
        data = None if as_figure else Data(("is", "predicted 0", "predicted 1"), rows)
        svg, text = (SVG, "\r\n".join(lines)) if as_figure else ("", "")
        insert = Insert("Confusion matrix", "", "", svg, csv=text, data=data)
        document = report_of(small_numbers(), EMPTY.with_inserts(PRINCIPLE, (insert,)))
        return [table.name for table in document.tables if "confusion" in table.name]

    assert ("confusion-matrix" in confusions(0), "confusion-matrix" in confusions(1)) == (False, True)


@needs_poppler
def test_own_words_stand_before_the_caption_of_the_program_everywhere(tmp_path):
    inserts = tuple(structs.replace(each, words="It *falls* #eval") for each in (COUNTED, DRAWN))
    document = report_of(record=EMPTY.with_inserts(TRANSLATION, inserts))
    assert [block.own_caption for block in (*document.tables, *document.figures)] == ["It *falls* #eval"] * 2
    write_pdf(document, tmp_path / "a.pdf")
    command = ["pdftotext", tmp_path / "a.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "inside it" in text, "letters of a drawing can be selected"
    assert text.index("It *falls* #eval") < text.index("Measured by CNNViz: Confusion $matrix$")
    assert text.rindex("It *falls* #eval") < text.index("Drawn by CNNViz: Loss <1> & 2")
