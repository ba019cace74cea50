"""How the pages of a report look: nothing leaves the paper, nothing typed is lost, everything is told."""

import ctypes
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from io import BytesIO

import pytest
from PIL import Image

from cnnviz.errors import CNNVizError
from cnnviz.evaluation import CancelledError
from cnnviz.report import pdf
from cnnviz.report.blocks import Document, Figure, Heading, Table, Words, data
from cnnviz.report.pdf import Sheet, to_pages, to_pdf, typeset
from tests.engine.report_cases import needs_poppler, report_of, small_numbers

LONG = "Pneumonoultramicroscopic" * 12
HEBREW = "זהו דוח מעבדה."
XHTML = "{http://www.w3.org/1999/xhtml}"


def written(*blocks, **head):
    values = {"title": "T", "author": "", "roll_number": "", "date": ""} | head
    return Document(**values, blocks=(Heading("H", 1), *blocks))


def words_on(document, tmp_path):
    """Yield page, left edge, right edge and text of every word, and the width of the page."""
    path = tmp_path / "report.pdf"
    path.write_bytes(to_pdf(document))
    listed = subprocess.run(["pdftotext", "-bbox", path, "-"], capture_output=True, check=True).stdout
    for number, page in enumerate(ET.fromstring(listed).iter(f"{XHTML}page"), start=1):
        for word in page.iter(f"{XHTML}word"):
            edges = float(word.get("xMin")), float(word.get("xMax"))
            yield number, *edges, word.text or "", float(page.get("width"))


@needs_poppler
@pytest.mark.parametrize(
    "document",
    [
        written(Words(LONG, "student"), title=LONG, author=LONG, roll_number=LONG),
        written(Words(f"cnnviz --data /{LONG}", "code")),
        written(Table("t", LONG, data(["a", LONG], [[LONG, 1.0], ["x", 2.0]]), ("text", "value"))),
        written(
            Table(
                "t", "many columns", data(["x"] * 14, [[0.123456] * 14] * 60), ("value",) * 14
            )
        ),
    ],
)  # fmt: skip
def test_nothing_leaves_the_paper(document, tmp_path):
    found = list(words_on(document, tmp_path))
    assert len(found) > 5
    for _, left, right, text, width in found:
        assert left >= 50, text
        assert right <= width - 50, text


@needs_poppler
def test_a_word_broken_across_lines_is_copied_whole(tmp_path):
    text = "".join(word for _, _, _, word, _ in words_on(written(Words(LONG, "student")), tmp_path))
    assert LONG in text


@needs_poppler
def test_what_is_written_from_the_right_stands_at_the_right(tmp_path):
    rows = list(words_on(written(Words(f"{HEBREW}\nCNN", "student"), Words("plain", "student")), tmp_path))
    right = max(right for _, _, right, text, _ in rows if any("א" <= letter <= "ת" for letter in text))
    width = rows[0][4]
    assert right > width - 60
    assert next(left for _, left, _, text, _ in rows if text == "plain") < 60


@needs_poppler
def test_headings_questions_and_stamps_stay_with_what_they_belong_to(tmp_path):
    table = Table("t", "caption", data(["quantity", "value"], [["measured", 1.0]]), ("text", "value"))
    together = (
        ("Step", "purpose", "Numbers", "question", "measured"),
        ("Own", "asked", "answer"),
        ("recorded", "hypothesis"),
    )
    for lines in range(26, 58):
        document = written(
            Words("\n".join("filler" for _ in range(lines)), "student"),
            Heading("Step", 2),
            Words("purpose"),
            Heading("Numbers", 3),
            Words("question"),
            Words("stamp", "stamp"),
            table,
            Heading("Own", 3),
            Words("asked"),
            Words("answer", "student"),
            Words("recorded", "stamp"),
            Words("hypothesis", "student"),
        )
        pages = {text: page for page, _, _, text, _ in words_on(document, tmp_path)}
        for words in together:
            assert len({pages[each] for each in words}) == 1, lines


@needs_poppler
def test_a_figure_higher_than_a_page_stays_with_its_caption(tmp_path):
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="900" viewBox="0 0 100 900">'
        '<rect width="100" height="900" fill="#ff0000"/></svg>'
    )
    document = written(Words("before", "student"), Figure("f", "its caption", svg, 1.0, from_screen=True))
    found = {text: page for page, _, _, text, _ in words_on(document, tmp_path)}
    assert found["caption"] == 2
    page = Image.open(BytesIO(to_pages(document, 50)[1])).convert("RGB")
    red = [y for y in range(page.height) if page.getpixel((page.width // 2, y)) == (255, 0, 0)]
    assert 0 < red[0] < red[-1] < page.height - 50, "none of it is beyond the foot of the page"


@needs_poppler
@pytest.mark.parametrize(
    ("words", "font"), [("done 🎉👍🏽", "NotoEmoji"), ("日本語 ひらがな 简体 繁體", "DroidSansFallback")]
)
def test_what_latin_fonts_lack_is_drawn_with_a_font_of_the_program(tmp_path, words, font):
    (tmp_path / "a.pdf").write_bytes(to_pdf(written(Words(words, "student"))))
    fonts = subprocess.run(["pdffonts", tmp_path / "a.pdf"], capture_output=True, check=True, text=True)
    assert font in fonts.stdout
    text = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, check=True, text=True)
    assert words in text.stdout


@needs_poppler
def test_the_file_says_whose_it_is(tmp_path):
    (tmp_path / "a.pdf").write_bytes(to_pdf(written(title="Lab # five", author="Åsa $x$")))
    info = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], capture_output=True, check=True, text=True).stdout
    assert re.search(r"Title: +Lab # five\n", info)
    assert re.search(r"Author: +Åsa \$x\$\n", info)
    assert re.search(r"Tagged: +yes", info)


def test_a_table_without_rows_is_no_obstacle():
    table = Table("log", "Nothing yet", data(["step", "loss"], []), ("count", "3"))
    assert len(to_pages(written(table), 30)) == 1


class _Counts(ctypes.Structure):
    """The struct mallinfo2 of glibc."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names.split())


def _megabytes_in_use() -> float:
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Counts
    counts = mallinfo2()
    return (counts.uordblks + counts.hblkhd) / 1e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the C library of Linux")
def test_reports_that_were_set_are_forgotten() -> None:
    def set_one(number: int) -> None:
        to_pages(report_of(small_numbers(), title=f"Report {number}"), 100.0)

    set_one(0)  # fonts and the template stay
    before = _megabytes_in_use()
    for number in range(1, 5):
        set_one(number)
    assert _megabytes_in_use() - before < 2


ENDLESS = Sheet("#for i in range(90000) { for j in range(90000) {} }", {}, "pdf")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[pdf.subprocess.Popen]:
    """All processes that are started."""
    started = []

    class Known(pdf.subprocess.Popen):
        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(pdf.subprocess, "Popen", Known)
    return started


def test_what_never_ends_is_stopped(processes) -> None:
    with pytest.raises(CNNVizError, match=r"^Typesetting was stopped after 1 seconds: .* try again\.$"):
        typeset([ENDLESS], (), 1.0, lambda: False)
    assert [each.poll() is None for each in processes] == [False]


def test_what_nobody_wants_any_more_is_stopped(processes) -> None:
    is_unwanted = threading.Event()
    threading.Timer(0.3, is_unwanted.set).start()
    with pytest.raises(CancelledError):
        typeset([ENDLESS], (), 600.0, is_unwanted.is_set)
    assert [each.poll() is None for each in processes] == [False]


def test_an_order_larger_than_a_pipe_arrives() -> None:
    words = "word " * 40_000
    pages = to_pages(Document("t", "a", "r", "d", (Words(words, "student"),)), 20.0)
    assert len(pages) > 10
    assert all(each.startswith(b"\x89PNG") for each in pages)


def test_pages_come_by_sheet() -> None:
    sheets = [Sheet("a", {}, "pdf"), Sheet("a #pagebreak() b", {}, "png", 20.0)]
    first, second = typeset(sheets, (), 60.0, lambda: False)
    assert [each[:4] for each in first] == [b"%PDF"]
    assert [each[:4] for each in second] == [b"\x89PNG"] * 2


def test_a_process_that_was_ended_by_the_system_has_had_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TYPESET", "--version")  # ends without an answer
    with pytest.raises(MemoryError):
        typeset([ENDLESS], (), 60.0, lambda: False)


def test_what_is_refused_is_said_in_one_line() -> None:
    with pytest.raises(CNNVizError, match=r"^The report could not be typeset \(.*resources/report") as caught:
        typeset([Sheet("#panic(1 / 0)" + "\n" * 9, {}, "pdf")], (), 60.0, lambda: False)
    assert "\n" not in str(caught.value)
