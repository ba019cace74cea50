"""The files of a report, read back: PDF, HTML and folder."""

import csv
import html.parser
import re
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.errors import CNNVizError
from cnnviz.mathematics import mathml
from cnnviz.report import write_folder, write_html, write_pdf
from cnnviz.report.appendix import command_line
from cnnviz.report.blocks import Formula
from cnnviz.report.html import to_html
from cnnviz.report.pdf import to_pdf
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.report_cases import (
    HOSTILE,
    hostile_report,
    needs_poppler,
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


def text_of(pdf):
    return subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True).stdout.decode()


@needs_poppler
def test_pdf_has_selectable_text_and_numbered_pages(document, tmp_path):
    write_pdf(document, tmp_path / "lab.pdf")
    text = text_of(tmp_path / "lab.pdf")
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
def test_figures_of_the_pdf_are_vectors(document, tmp_path):
    write_pdf(document, tmp_path / "lab.pdf")
    listed = subprocess.run(["pdfimages", "-list", tmp_path / "lab.pdf"], capture_output=True, check=True)
    assert len(listed.stdout.decode().splitlines()) == 2, "only the two lines of the table's head"
    subprocess.run(
        ["pdftoppm", "-r", "20", "-png", tmp_path / "lab.pdf", tmp_path / "page"],
        check=True,
        capture_output=True,
    )
    for page in tmp_path.glob("page-*.png"):
        with Image.open(page) as picture:
            assert np.asarray(picture.convert("L")).min() < 128


def test_equal_reports_are_equal_files(document):
    assert to_pdf(document) == to_pdf(document)
    assert to_html(document) == to_html(document)


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.references = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.references += [
            value for name, value in attrs if name in ("src", "href", "xlink:href", "srcset", "data")
        ]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.text.append(data)


def test_html_needs_nothing_but_itself(hostile, tmp_path):
    write_html(hostile, tmp_path / "lab.html")
    source = (tmp_path / "lab.html").read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(source)
    assert reader.references == []
    assert not {"script", "link", "iframe", "img", "object"} & set(reader.tags)
    assert "url(" not in source
    assert "@import" not in source
    assert reader.tags.count("svg") == len(hostile.figures)
    assert reader.tags.count("math") == 6


def test_html_shows_what_was_typed(hostile, tmp_path):
    write_html(hostile, tmp_path / "lab.html")
    reader = _Reader()
    reader.feed((tmp_path / "lab.html").read_text(encoding="utf-8"))
    text = "".join(reader.text)
    for words in HOSTILE:
        assert text.count(words) >= 13
    for table in hostile.tables:
        for row in table.shown:
            for cell in row:
                assert cell in text


def test_every_drawing_and_equation_is_well_formed(hostile):
    for figure in hostile.figures:
        root = ET.fromstring(figure.svg)
        assert root.tag.endswith("svg")
        assert not any(each.tag.endswith("image") for each in root.iter())
    formulas = [block.equation.formula for block in hostile.blocks if isinstance(block, Formula)]
    assert len(formulas) == 6
    for formula in formulas:
        ET.fromstring(f"<math>{mathml(formula)}</math>")


def test_folder_holds_pictures_and_numbers(document, tmp_path):
    write_folder(document, tmp_path / "lab")
    for figure in document.figures:
        with Image.open(tmp_path / "lab" / f"figure-{figure.name}.png") as picture:
            assert picture.width > 1000
    for table in document.tables:
        assert (tmp_path / "lab" / f"table-{table.name}.csv").is_file()


def test_a_folder_with_nothing_in_it_is_not_made(tmp_path):
    with pytest.raises(CNNVizError, match="no figure and no table yet") as caught:
        write_folder(report_of(), tmp_path / "lab")
    assert_one_sentence(str(caught.value))
    assert not (tmp_path / "lab").exists()


def test_numbers_in_csv_files_are_the_results(document, tmp_path):
    folder = tmp_path / "lab"
    write_folder(document, folder)
    bench = small_lab()

    def rows(name):
        with (folder / name).open(newline="") as file:
            return list(csv.reader(file))[1:]

    log = [
        (int(step), float(loss), float(accuracy)) for step, loss, accuracy in rows("table-training-log.csv")
    ]
    assert log == [(line.step, line.loss, line.accuracy) for line in bench.history.log]
    counts = [[int(cell) for cell in row[1:]] for row in rows("table-confusion-matrix.csv")]
    assert counts == bench.evaluation.confusion.tolist()
    curve = bench.curves["relative_change"]["pixels"]
    found = [float(row[1]) for row in rows("figure-change-against-shift.csv")]
    np.testing.assert_array_equal(found, curve.mean)
    weights = [float(row[4]) for row in rows("figure-filters.csv")]
    np.testing.assert_array_equal(weights, bench.network.params["conv1.weight"].ravel())


@pytest.mark.parametrize("write", [write_pdf, write_html, write_folder])
def test_a_folder_that_is_not_there_is_one_sentence(document, tmp_path, write):
    with pytest.raises(CNNVizError, match="the folder does not exist"):
        write(document, tmp_path / "none" / "lab")


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_what_is_there_already_stays(document, tmp_path, make):
    make(tmp_path / "lab")
    with pytest.raises(CNNVizError):
        write_folder(document, tmp_path / "lab")
    assert [each.name for each in tmp_path.rglob("*")] == ["lab"]
    assert (tmp_path / "lab").is_dir() is (make is Path.mkdir)


@pytest.mark.parametrize("name", ["a\0b", "n" * 300, "~no-such-user-of-cnnviz/lab", "file/lab"])
def test_a_name_that_no_folder_can_have_is_one_sentence(document, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("a file")
    with pytest.raises(CNNVizError) as caught:
        write_folder(document, name)
    assert_one_sentence(str(caught.value).replace(". Choose", ", choose"))
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_words_that_no_file_can_hold_do_not_stop_the_report(tmp_path):
    document = replace(report_of(), author="half \ud83d of a sign\x00", title="\x07bell")
    for write, name in ((write_pdf, "a.pdf"), (write_html, "a.html")):
        write(document, tmp_path / name)
