"""The files of a report, read back: what is in them, how their pages look, and how they are set."""

import csv
import html.parser
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from cnnviz.errors import CNNVizError
from cnnviz.evaluation import CancelledError
from cnnviz.lab.measured import command_line
from cnnviz.report import pdf
from cnnviz.report.blocks import Data, Document, Figure, Heading, Table, Words
from cnnviz.report.html import to_html, write_html
from cnnviz.report.pdf import Sheet, placed_pages, to_pdf, typeset, write_folder, write_pdf
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.report_cases import (
    HOSTILE,
    hostile_report,
    needs_poppler,
    poppler,
    report_of,
    small_lab,
    small_numbers,
)


@pytest.fixture(scope="module")
def document():
    return report_of(small_numbers(), author="Ada Lovelace", roll_number="42", date="2026-01-31")


@pytest.fixture(scope="module")
def hostile():
    return hostile_report(small_numbers())


@pytest.fixture(scope="module")
def printed(document, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "lab.pdf"
    write_pdf(document, path)
    return path


def pages_of(document, dpi):
    return placed_pages(document, dpi, 60, lambda: False)[0]


def text_of(pdf):
    return poppler("pdftotext", "-layout", pdf, "-")


@needs_poppler
def test_pdf_has_selectable_text_and_numbered_pages(document, printed):
    text = text_of(printed)
    count = len(text.split("\f")) - 1
    assert count >= 5
    for number in range(1, count + 1):
        assert re.search(rf"\b{number} ?/ ?{count}\b", text.split("\f")[number - 1])
    bench = small_lab()
    command = command_line(bench.experiment, bench.dataset, bench.settings.sample)
    for words in ("Ada Lovelace", "Backpropagation through max pooling", command):
        assert "".join(words.split()) in "".join(text.split())
    for figure in range(1, len(document.figures) + 1):
        assert f"Figure {figure}." in text
    assert f"{bench.evaluation.loss:.4f}" in text
    assert "𝜕𝐿" in text or "∂L" in text, "equations are set, and can be searched"


@needs_poppler
def test_pdf_shows_what_was_typed(hostile, tmp_path):
    write_pdf(hostile, tmp_path / "lab.pdf")
    text = re.sub(r"\s+", "", text_of(tmp_path / "lab.pdf"))
    for words in HOSTILE[:3]:
        assert re.sub(r"\s+", "", words) in text
    assert "😀" in text
    assert "日本" in text


@needs_poppler
def test_figures_of_the_pdf_are_vectors(printed, tmp_path):
    listed = poppler("pdfimages", "-list", printed).splitlines()
    assert len(listed) == 2, "only the two lines of the table's head"
    poppler("pdftoppm", "-r", "20", "-png", printed, tmp_path / "page")
    for page in tmp_path.glob("page-*.png"):
        with Image.open(page) as picture:
            assert np.asarray(picture.convert("L")).min() < 128


def test_equal_reports_are_equal_files(document, printed):
    assert to_pdf(document) == printed.read_bytes()
    assert to_html(document) == to_html(document)


class _Reader(html.parser.HTMLParser):
    """What a page refers to and says, and what its drawings are said to be."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.text, self.references = [], [], []
        self.told, self._is_open = [], False
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        self.references += [
            values[name] for name in ("src", "href", "xlink:href", "srcset", "data") if name in values
        ]
        assert not any(name.startswith("on") for name in values)
        assert tag != "html" or values["lang"] == "en"
        assert tag != "svg" or values["role"] == "img"
        self._is_open = tag == "title"

    def handle_endtag(self, tag):
        self._is_open = False

    def handle_data(self, data):
        self.text.append(data)
        if self._is_open:
            self.told.append(data)


def test_html_needs_nothing_but_itself_and_shows_what_was_typed_and_drawn(hostile, tmp_path):
    write_html(hostile, tmp_path / "lab.html")
    source = (tmp_path / "lab.html").read_text(encoding="utf-8")
    reader = _Reader(source)
    assert reader.references == []
    assert not {"link", "iframe", "img", "object"} & set(reader.tags)
    assert re.findall("<script[^>]*>", source) == ['<script type="application/json" id="cnnviz-results">']
    assert "url(" not in source
    assert "@import" not in source
    equations = re.findall("<math.*?</math>", source, re.DOTALL)
    assert len([ET.fromstring(each) for each in equations]) == 6, "each is well formed"
    text = "".join(reader.text)
    for words in HOSTILE:
        assert text.count(words) >= 13
    assert all(cell in text for table in hostile.tables for row in table.shown for cell in row)
    # Every drawing is told to those who cannot see it.
    assert reader.told[1:] == [each.name.replace("-", " ").capitalize() for each in hostile.figures]
    assert all(f"{each.caption}</figcaption>" in source for each in hostile.figures)


def test_folder_holds_pictures_and_the_numbers_of_the_results(document, tmp_path):
    folder = tmp_path / "lab"
    write_folder(document, folder)
    for figure in document.figures:
        with Image.open(folder / f"figure-{figure.name}.png") as picture:
            assert picture.width > 1000
    assert all((folder / f"table-{table.name}.csv").is_file() for table in document.tables)
    bench = small_lab()

    def rows(name):
        with (folder / name).open(newline="") as file:
            return [row for row in csv.reader(file) if row and not row[0].startswith("#")][1:]

    log = [(int(step), float(loss), float(right)) for step, loss, right in rows("table-training-log.csv")]
    assert log == [(line.step, line.loss, line.accuracy) for line in bench.history.log]
    counts = [[int(cell) for cell in row[1:]] for row in rows("table-confusion-matrix.csv")]
    assert counts == bench.evaluation.confusion.tolist()
    curve = bench.curves["relative_change"]["pixels"]
    found = [float(row[2]) for row in rows("figure-change-against-shift.csv") if row[0] == "Pixels"]
    np.testing.assert_array_equal(found, curve.mean)
    cells = [row[2:] for row in rows("figure-filters.csv") if row[0] != "map"]
    weights = np.concatenate([net.params["conv1.weight"].ravel() for net in (bench.initial, bench.network)])
    np.testing.assert_array_equal(np.array(cells, float).ravel(), weights)


@pytest.mark.parametrize("name", ["file", "a\0b", "~no-such-user-of-cnnviz/lab", "file/lab"])
def test_where_no_folder_can_be_is_one_sentence_and_what_is_there_stays(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a file")
    table = Table("t", "A table", Data(["x"], [[1.0]]), ("value",))
    with pytest.raises(CNNVizError) as caught:
        write_folder(written(table), name)
    assert_one_sentence(str(caught.value).replace(". Choose", ", choose"))
    assert [(each.name, each.is_file()) for each in tmp_path.iterdir()] == [("file", True)]


def test_neither_words_that_no_file_can_hold_nor_a_table_without_rows_stop_the_report(tmp_path):
    document = replace(report_of(), author="half \ud83d of a sign\x00", title="\x07bell")
    for write, name in ((write_pdf, "a.pdf"), (write_html, "a.html")):
        write(document, tmp_path / name)
    table = Table("log", "Nothing yet", Data(["step", "loss"], []), ("count", "3"))
    assert len(pages_of(written(table), 30)) == 1


def test_the_words_of_a_student_stand_beside_a_line_and_a_sentence_says_so(tmp_path):
    said = "The student’s own words stand beside such a line."
    document = written(Words("Why so?"), Words("because", "student"))
    assert f'<p class="student key">{said}</p>' in to_html(document)
    assert '<p class="typed student" dir="auto">because</p>' in to_html(document)
    assert said not in to_html(written(Words("Why so?")))
    assert "the winner’s sum" in to_html(written(Words("the winner's sum")))
    assert "f&#39;x" in to_html(written(Words("f'x", "code")))
    pages = [
        np.array(Image.open(BytesIO(pages_of(written(Words("because", kind)), 144)[0])).convert("L"))
        for kind in ("program", "student")
    ]
    edge, below = round(20 / 25.4 * 144), 290  # the left margin, and what lies below heading and key
    dark = [int((page[below:, edge - 2 : edge].min(axis=1) < 60).sum()) for page in pages]
    assert dark[0] == 0
    assert dark[1] > 20, "a line as high as the words, and not their colour, tells them apart"


LONG = "Pneumonoultramicroscopic" * 12
HEBREW = "זהו דוח מעבדה."
XHTML = "{http://www.w3.org/1999/xhtml}"


def written(*blocks, **head):
    values = {"title": "T", "author": "", "roll_number": "", "date": ""} | head
    return Document(**values, blocks=(Heading("H", 1), *blocks))


def red_figure(caption, high):
    """Return a figure as wide as the text, and so many hundredths of that high."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="500" height="{5 * high}" viewBox="0 0 100 {high}">'
        f'<rect width="100" height="{high}" fill="#ff0000"/></svg>'
    )
    return Figure("f", caption, svg, from_screen=True)


def words_on(document, tmp_path):
    """Yield page, left edge, right edge and text of every word, and the width of the page."""
    (path := tmp_path / "report.pdf").write_bytes(to_pdf(document))
    for number, page in enumerate(
        ET.fromstring(poppler("pdftotext", "-bbox", path, "-")).iter(f"{XHTML}page"), start=1
    ):
        for word in page.iter(f"{XHTML}word"):
            edges = float(word.get("xMin")), float(word.get("xMax"))
            yield number, *edges, word.text or "", float(page.get("width"))


@needs_poppler
def test_nothing_leaves_the_paper_and_words_from_the_right_stand_there(tmp_path):
    many = Data(["x"] * 14, [[0.123456] * 14] * 60)
    wide = Data(["a", LONG], [[LONG, 1.0], ["x", 2.0]])
    blocks = (
        Words(f"{HEBREW}\nCNN", "student"), Words("plain", "student"), Words(f"cnnviz /{LONG}", "code"),
        Table("wide", LONG, wide, ("text", "value")), Table("many", "Many", many, ("value",) * 14),
    )  # fmt: skip
    found = list(words_on(written(*blocks, title=LONG, author=LONG, roll_number=LONG), tmp_path))
    for _, left, right, text, width in found:
        assert left >= 50, text
        assert right <= width - 50, text
    assert LONG in "".join(text for *_, text, _ in found), "broken across lines it is copied whole"
    hebrew = [right for _, _, right, text, _ in found if any("א" <= letter <= "ת" for letter in text)]
    assert max(hebrew) > found[0][4] - 68, "beside the line at the right edge"
    assert next(left for _, left, _, text, _ in found if text == "plain") < 68


@needs_poppler
def test_headings_questions_stamps_and_tables_stay_with_what_they_belong_to(tmp_path):
    """In a document so long that its pages end at every place of such a group."""
    together = (
        ("Step", "Numbers", "question", "measured"), ("Own", "asked", "answer"),
        ("recorded", "hypothesis"),
    )  # fmt: skip
    blocks = []
    for n in range(50):
        numbers = Data(["quantity", "value"], [[f"measured{n}", 1.0]])
        blocks += [
            Words("\n".join(["filler"] * (n % 7 + 1)), "student"),
            *(Heading(f"Step{n}", 2), Heading(f"Numbers{n}", 3), Words(f"question{n}")),
            *(Words("stamp", "stamp"), Table(f"t{n}", "caption", numbers, ("text", "value"))),
            red_figure(f"drawn{n}", 20),
            *(Heading(f"Own{n}", 3), Words(f"asked{n}"), Words(f"answer{n}", "student")),
            *(Words(f"recorded{n}", "stamp"), Words(f"hypothesis{n}", "student")),
        ]
    pages = {text: page for page, _, _, text, _ in words_on(written(*blocks), tmp_path)}
    assert len(set(pages.values())) > 14
    for n in range(50):
        for words in together:
            assert len({pages[f"{each}{n}"] for each in words}) == 1, (n, words)
    # A figure stays with its table, unless that leaves more than a fifth of a page empty.
    parted = [pages[f"drawn{n}"] - pages[f"measured{n}"] for n in range(50)]
    assert {*parted} == {0, 1}
    assert sum(parted) < 10


@needs_poppler
def test_text_of_its_section_fills_the_room_that_a_figure_leaves_and_all_is_found_where_it_is(tmp_path):
    filler = Words("\n".join(["filler"] * 35), "student")
    drawn = [red_figure(f"drawn{n}", 50) for n in range(2)]
    end = Heading("Next", 1), Words("later", "student")
    document = written(filler, *drawn, Heading("Part", 2), Words("asked"), Words("answer", "student"), *end)
    found = {text: page for page, _, _, text, _ in words_on(document, tmp_path)}
    expected = {"Part": 1, "asked": 1, "answer": 1, "drawn0": 2, "drawn1": 2, "Next": 2, "later": 2}
    assert {text: found[text] for text in expected} == expected
    _, places = placed_pages(document, 20, 60, lambda: False)
    assert [page for page, _ in places] == [0, 0, 1, 1, 0, 0, 0, 1, 1]
    assert places[2] < places[3] < places[7]


@needs_poppler
def test_a_figure_higher_than_a_page_stays_with_its_caption(tmp_path):
    document = written(Words("before", "student"), red_figure("its caption", 900))
    found = {text: page for page, _, _, text, _ in words_on(document, tmp_path)}
    assert found["caption"] == 1, "where it has room if it is a little smaller"
    page = Image.open(BytesIO(pages_of(document, 50)[0])).convert("RGB")
    red = [y for y in range(page.height) if page.getpixel((page.width // 2, y)) == (255, 0, 0)]
    assert 0 < red[0] < red[-1] < page.height - 50, "none of it is beyond the foot of the page"


@needs_poppler
def test_what_latin_fonts_lack_is_drawn_with_a_font_of_the_program(tmp_path):
    drawn = {"NotoEmoji": "done 🎉👍🏽", "DroidSansFallback": "日本語 ひらがな 简体 繁體"}
    (tmp_path / "a.pdf").write_bytes(to_pdf(written(*(Words(each, "student") for each in drawn.values()))))
    fonts, text = poppler("pdffonts", tmp_path / "a.pdf"), text_of(tmp_path / "a.pdf")
    assert all(font in fonts and words in text for font, words in drawn.items())


@needs_poppler
def test_the_file_says_whose_it_is(tmp_path):
    (tmp_path / "a.pdf").write_bytes(to_pdf(written(title="Lab # five", author="Åsa $x$")))
    info = poppler("pdfinfo", tmp_path / "a.pdf")
    assert re.search(r"Title: +Lab # five\n", info)
    assert re.search(r"Author: +Åsa \$x\$\n", info)
    assert re.search(r"Tagged: +yes", info)


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
    """After its time, and when nobody wants it any more."""
    with pytest.raises(CNNVizError, match=r"^Typesetting was stopped after 1 seconds: .* try again\.$"):
        typeset([ENDLESS], 1.0, lambda: False)
    with pytest.raises(CancelledError):
        typeset([ENDLESS], 600.0, lambda: len(processes) == 2)
    assert [each.poll() is None for each in processes] == [False, False]


def test_an_order_larger_than_a_pipe_arrives() -> None:
    words = "word " * 16_000
    pages = pages_of(Document("t", "a", "r", "d", (Words(words, "student"),)), 20.0)
    assert len(pages) > 10
    assert all(each.startswith(b"\x89PNG") for each in pages)


def test_pages_come_by_sheet_and_what_was_set_is_forgotten_with_the_process_that_set_it(processes) -> None:
    sheets = [Sheet("a", {}, "pdf"), Sheet("a #pagebreak() b", {}, "png", 20.0)]
    first, second = typeset(sheets, 60.0, lambda: False)
    assert [each[:4] for each in first] == [b"%PDF"]
    assert [each[:4] for each in second] == [b"\x89PNG"] * 2
    assert [each.poll() for each in processes] == [0]


def test_a_process_that_was_ended_by_the_system_has_had_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TYPESET", "--version")  # ends without an answer
    with pytest.raises(MemoryError):
        typeset([ENDLESS], 60.0, lambda: False)


def test_what_is_refused_is_said_in_one_line() -> None:
    with pytest.raises(CNNVizError, match=r"^The report could not be typeset \(.*resources/report") as caught:
        typeset([Sheet("#panic(1 / 0)" + "\n" * 9, {}, "pdf")], 60.0, lambda: False)
    assert "\n" not in str(caught.value)
