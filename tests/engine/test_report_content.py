"""The words of a report: recorded hypotheses, JSON there and back, and what the document makes of them."""

import csv
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cnnviz.errors import CNNVizError, DataError
from cnnviz.presets import LAB5
from cnnviz.report import Insert, Report, Version, build_document, write_folder, write_html, write_pdf
from cnnviz.report.blocks import Data, Figure, Heading, Table, Words
from cnnviz.report.content import BACKPROP, GUIDES, TRANSLATION, Shown
from tests.engine.report_cases import hostile_report, needs_poppler, small_findings, small_lab


def test_a_later_hypothesis_never_replaces_the_recorded_one():
    first = Version("99 % will be right", "2026-01-31 10:00", 0)
    later = Version("97 % will be right", "2026-01-31 10:30", 12_665, after_run=True)
    demonstration = Report().demonstrations[0].record(first).record(later)
    assert demonstration.hypothesis == (first, later)
    document = build_document(Report().with_demonstration(demonstration), None)
    texts = [block.text for block in document.blocks if isinstance(block, Words)]
    assert "Recorded 2026-01-31 10:00, before any result had been shown" in texts
    assert "Edited 2026-01-31 10:30, after results of this lab had been shown" in texts
    assert texts.index(first.text) < texts.index(later.text)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (Version("high", "", 12_665), "results of 12,665 steps of training had been shown"),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58")),
            "results of training had been shown at 09:58",
        ),
        (
            Version("high", "", 0, shown=Shown("2026-01-31 09:58", "2026-01-30 14:03")),
            "results of this lab had been shown at 2026-01-30 14:03",
        ),
    ],
)
def test_a_grader_reads_what_was_known_when_a_hypothesis_was_written(version, said):
    demonstration = Report().demonstrations[0].record(replace(version, time="2026-01-31 10:00"))
    document = build_document(Report().with_demonstration(demonstration), None)
    stamp = next(
        block.text for block in document.blocks if isinstance(block, Words) and block.kind == "stamp"
    )
    assert stamp == f"Recorded 2026-01-31 10:00, after {said}"
    kept = Report().with_demonstration(demonstration)
    assert Report.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


def test_saying_the_same_again_is_no_edit():
    first = Version("so be it", "2026-01-31 10:00", 0)
    demonstration = Report().demonstrations[0].record(first)
    assert demonstration.record(Version(" so be it\n", "2026-01-31 11:00", 9)) == demonstration


def test_deleting_a_hypothesis_is_an_edit_too():
    demonstration = Report().demonstrations[0].record(Version("a", "t", 0)).record(Version("", "u", 1))
    assert [version.text for version in demonstration.hypothesis] == ["a", ""]


def test_nothing_written_shows_the_guiding_questions():
    missing = [
        block.text for block in build_document(Report(), None).blocks
        if isinstance(block, Words) and block.kind == "missing"
    ]  # fmt: skip
    assert len(missing) == 5 * len(GUIDES)
    assert not Report().has_words
    assert hostile_report().has_words


@pytest.mark.parametrize(
    ("pool", "absent"),
    [("none", ("pooled", "window", "ties", "tied", "maximum")), ("average", ("ties", "tied", "maximum"))],
)
def test_the_guiding_questions_ask_of_nothing_that_the_network_has_not(pool, absent):
    document = build_document(Report(), None, experiment=replace(LAB5, pool=pool))
    asked = [each.text for each in document.blocks if isinstance(each, Words) and each.kind == "missing"]
    assert len(asked) == 5 * len(GUIDES)
    words = set(re.findall(r"\w+", " ".join(asked[-5:] if pool == "average" else asked)))
    assert not words & set(absent)


def test_json_there_and_back():
    report = hostile_report()
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


@pytest.mark.parametrize(
    "damage",
    [
        lambda values: values.update(format="something"),
        lambda values: values.update(version=99),
        lambda values: values.pop("title"),
        lambda values: values.update(author=7),
        lambda values: values.update(demonstrations="none"),
        lambda values: values["demonstrations"].append(3),
        lambda values: values["demonstrations"][0].update(hypothesis=[{"text": "x"}]),
        lambda values: values["demonstrations"][0]["hypothesis"][0].update(step=-1),
        lambda values: values["demonstrations"][0].update(objective="x" * 300_000),
    ],
)
def test_a_damaged_report_is_one_sentence(damage):
    values = hostile_report().to_dict()
    damage(values)
    with pytest.raises(CNNVizError) as caught:
        Report.from_dict(values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [None, [], "report", 3])
def test_what_is_no_report_is_refused(values):
    with pytest.raises(CNNVizError):
        Report.from_dict(values)


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


def _report() -> Report:
    with_both = replace(Report().demonstration(TRANSLATION), inserts=(COUNTED, DRAWN))
    with_one = replace(Report().demonstration(BACKPROP), inserts=(DRAWN,))
    return Report().with_demonstration(with_both).with_demonstration(with_one)


def test_they_stand_in_their_demonstration_in_their_order():
    blocks = build_document(_report(), None).blocks
    kinds = [type(block) for block in blocks if isinstance(block, Figure | Table)]
    assert kinds == [Table, Figure, Figure]
    names = [block.name for block in blocks if isinstance(block, Figure | Table)]
    assert len(set(names)) == 3
    headings = [getattr(block, "text", None) for block in blocks]
    place = blocks.index(next(block for block in blocks if isinstance(block, Table)))
    assert headings.index("2  Translation and max pooling") < place
    assert place < headings.index("3  Backpropagation through max pooling")


def test_whole_numbers_are_written_as_such():
    (table,) = build_document(_report(), None).tables
    assert table.shown == [["0", "972", "0.25"], ["1", "7", "1e−5"]]


def test_inserts_there_and_back():
    report = _report()
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_a_report_without_them_can_be_read_still():
    values = Report().to_dict()
    for each in values["demonstrations"]:
        del each["inserts"]
    assert Report.from_dict(values) == Report()


@pytest.mark.parametrize(
    "damage",
    [
        {"svg": "", "data": None},
        {"svg": SVG, "data": {"header": [], "rows": []}},
        {"svg": 7},
        {"svg": SVG.replace("<rect", '<image href="secret.png"/><rect')},
        {"svg": SVG.replace("<rect", "<style>@import 'x.css'</style><rect")},
        {"svg": SVG.replace("#f00", "url(http://a.b/c)")},
        {"svg": "", "data": {"header": ["a"], "rows": [[10**400]]}},
        {"title": None},
        {"width_cm": "wide"},
        {"width_cm": float("nan")},
        {"svg": "", "data": {"header": ["a"], "rows": [[1, 2]]}},
        {"svg": "", "data": {"header": ["a"], "rows": [[None]]}},
        {"svg": "", "data": {"header": ["a"], "rows": [[[]]]}},
        {"svg": "", "data": []},
    ],
)
def test_a_damaged_one_is_named(damage):
    with pytest.raises(DataError, match="damaged"):
        Insert.from_dict(DRAWN.to_dict() | damage)


def test_html_shows_it_as_a_picture_of_its_own(tmp_path: Path):
    path = tmp_path / "r.html"
    write_html(build_document(_report(), None), path)
    text = path.read_text(encoding="utf-8")
    assert text.count('src="data:image/svg+xml;base64,') == 2
    assert 'id="a"' not in text  # names inside cannot meet those of another drawing
    assert "Loss &lt;1&gt; &amp; 2" in text


def test_the_folder_has_picture_and_numbers(tmp_path: Path):
    folder = tmp_path / "lab"
    write_folder(build_document(_report(), None), folder)
    (figure,) = folder.glob("figure-inserted-2-*.png")
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert figure.with_suffix(".csv").read_text() == "x,y\n1,0.5\n"
    (table,) = folder.glob("table-inserted-2-*.csv")
    with table.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["is", "predicted 0", "share"],
            ["0", "972", "0.25"],
            ["1", "7.0", "1e-05"],
        ]


@needs_poppler
def test_its_letters_can_be_selected_in_the_pdf(tmp_path: Path):
    path = tmp_path / "r.pdf"
    write_pdf(build_document(_report(), None), path)
    text = subprocess.run(
        ["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "inside it" in text
    assert "Confusion $matrix$" in text
    assert ElementTree.fromstring(SVG) is not None


@pytest.mark.parametrize("as_figure", [False, True])
def test_a_table_that_the_student_has_put_in_is_not_repeated(as_figure):
    counts = [tuple(int(count) for count in row) for row in small_lab().training.after.confusion]

    def confusions(extra: int) -> list[str]:
        rows = tuple((str(n), row[0] + extra, *row[1:]) for n, row in enumerate(counts))
        lines = ["is,predicted 0,predicted 1", *(",".join(map(str, row)) for row in rows)]
        data = None if as_figure else Data(("is", "predicted 0", "predicted 1"), rows)
        svg, text = (SVG, "\r\n".join(lines)) if as_figure else ("", "")
        insert = Insert("Confusion matrix", "", "", svg, csv=text, data=data)
        with_it = replace(Report().demonstrations[0], inserts=(insert,))
        document = build_document(Report().with_demonstration(with_it), small_findings())
        return [table.name for table in document.tables if "confusion" in table.name]

    assert ("confusion-matrix" in confusions(0), "confusion-matrix" in confusions(1)) == (False, True)


def test_measured_and_words_stand_under_headings_of_their_own():
    blocks = build_document(_report(), small_findings()).blocks
    headings = [block.text for block in blocks if isinstance(block, Heading) and block.level == 2][:6]
    assert headings[3:] == ["Observations", "Measured", "Inference and conclusion"]


@needs_poppler
def test_own_words_stand_before_the_caption_of_the_program_everywhere(tmp_path):
    inserts = tuple(replace(each, words="It *falls* #eval") for each in (COUNTED, DRAWN))
    demonstration = replace(Report().demonstration(TRANSLATION), inserts=inserts)
    document = build_document(Report().with_demonstration(demonstration), None)
    assert [block.own_caption for block in (*document.tables, *document.figures)] == ["It *falls* #eval"] * 2
    write_pdf(document, tmp_path / "a.pdf")
    command = ["pdftotext", tmp_path / "a.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert text.index("It *falls* #eval") < text.index("Measured by CNNViz: Confusion $matrix$")
    assert text.rindex("It *falls* #eval") < text.index("Drawn by CNNViz: Loss <1> & 2")


def test_own_words_of_a_figure_are_kept_and_those_of_an_earlier_version_are_none():
    insert = replace(DRAWN, words="It falls")
    assert Insert.from_dict(insert.to_dict()) == insert
    old = {name: value for name, value in insert.to_dict().items() if name != "words"}
    assert Insert.from_dict(old) == DRAWN
    assert insert.shows_same(DRAWN)
    with pytest.raises(DataError):
        Insert.from_dict(insert.to_dict() | {"words": "x" * 501})
