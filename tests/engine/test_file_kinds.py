"""Files by and for other programs: their kinds, drawings that are only shown, tables that compute nothing."""

import base64
import csv
import gzip
import io
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins
from PIL import Image

from cnnviz import checkpoint
from cnnviz.datasets import load_dataset, read_grayscale
from cnnviz.document import archive
from cnnviz.drawing import PAPER, Box, Colors, Drawing, Ground, Text, to_svg
from cnnviz.errors import CNNVizError
from cnnviz.experiment import LAB5
from cnnviz.file_kinds import kind_of
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.lab.figures import Picture, pictures_of
from cnnviz.lab.record import LabRecord, StepRecord, Work, read_work
from cnnviz.report.blocks import Document, Figure, Insert, Table, data
from cnnviz.report.drawings import flaw_of
from cnnviz.report.pdf import write_folder
from cnnviz.snapshots import Snapshot
from cnnviz.spreadsheet import guarded, rows_in, to_csv
from tests.engine.datasets_files import npz_bytes, tiny_arrays
from tests.engine.document_cases import small_document, zipped
from tests.engine.lab_cases import SMALL, command


def picture(kind: str = "PNG", width: int = 4, height: int = 3) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(file, kind)
    return file.getvalue()


def _zip(*names: str) -> bytes:
    return zipped(dict.fromkeys(names, b"content"))


# An ONNX model as torch.onnx writes it begins with its version (8) and its maker.
_ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.4.0:\x10" + bytes(200)
FOREIGN: dict[str, tuple[bytes, str]] = {
    "net.onnx": (_ONNX, "an ONNX model"),
    "notes.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
    "net.pt": (_zip("net/data.pkl", "net/version", "net/data/0"), "a file of PyTorch"),
    "old.pth": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.", "a file of PyTorch"),
    "net.pkl": (pickle.dumps({"w": 1.0}, 4), "a pickle"),
    "net.keras": (_zip("metadata.json", "config.json", "model.weights.h5"), "a Keras model"),
    "net.h5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file, as Keras writes its models"),
    "words.docx": (_zip("[Content_Types].xml", "word/document.xml"), "a document of an office program"),
    "photo.gif": (picture("GIF"), "a GIF picture"),
    "scan.tif": (picture("TIFF"), "a TIFF picture"),
    "page.html": (b"<!doctype html><p>Hello", "a web page or XML text"),
    "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
    "notes.txt": ("Zwölf Boxkämpfer".encode(), "a text"),
    "array.npy": (b"\x93NUMPY\x01\x00", "a NumPy array (.npy)"),
    "logs.gz": (gzip.compress(b"some words"), "a gzip archive"),
}
READERS: dict[str, Callable[[Path], object]] = {
    "model": checkpoint.load, "data": load_dataset, "picture": read_grayscale,
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_others_are_named_by_every_reader(tmp_path, name):
    content, words = FOREIGN[name]
    (path := tmp_path / "anything").write_bytes(content)
    assert kind_of(path).words.startswith(words)
    assert not kind_of(path).role
    for reader, read in READERS.items():
        with pytest.raises(CNNVizError) as caught:
            read(path)
        assert f" is {words}" in str(caught.value), reader
        assert len(str(caught.value)) <= 300


def test_files_that_are_opened_are_told_by_their_content(tmp_path):
    path = tmp_path / "anything"
    checkpoint.save(path, Snapshot(0, LAB5.build_network()), LAB5)
    assert kind_of(path).role == "model"
    archive.save(path, *small_document())
    assert kind_of(path).role == "document"
    for kind in ("PNG", "JPEG", "BMP"):
        path.write_bytes(picture(kind))
        assert kind_of(path).role == "picture"
    idx = bytes([0, 0, 8, 3]) + bytes(12)
    for content in (npz_bytes(tiny_arrays()), idx, gzip.compress(idx)):
        path.write_bytes(content)
        assert kind_of(path).role == "data"


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, b"PK\x03\x04", b"\xfe\xff\x00\x01", b"\x1f\x8b", b"BM"]
)
def test_what_is_damaged_or_unknown_is_taken_for_nothing(tmp_path, content):
    (path := tmp_path / "anything").write_bytes(content)
    assert not kind_of(path).role


def test_a_model_is_not_taken_for_data_nor_data_for_a_model(tmp_path):
    path = tmp_path / "x"
    checkpoint.save(path, Snapshot(0, LAB5.build_network()), LAB5)
    with pytest.raises(CNNVizError, match=r"is a model \(\.safetensors\), but data .*; open it with Ctrl\+O"):
        load_dataset(path)
    path.write_bytes(npz_bytes(tiny_arrays()))
    with pytest.raises(
        CNNVizError, match=r"is a NumPy archive \(\.npz\), but weights .*; open it with Ctrl\+D"
    ):
        checkpoint.load(path)


# -- drawings and pictures -----------------------------------------------------------------------------------


SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def embedded(content: bytes, kind: str = "png") -> str:
    data = base64.b64encode(content).decode()
    return f'<image width="4" height="3" xlink:href="data:image/{kind};base64,{data}"/>'


def drawing(inside: str, size: str = 'width="40" height="20"') -> str:
    return f"<svg {SVG} {size}>{inside}</svg>"


def of_huge_size() -> bytes:
    head = bytearray(picture())
    head[16:24] = (100_000).to_bytes(4, "big") * 2
    return bytes(head)


NESTED_USE = "<defs><g id='a0'><rect width='1' height='1'/></g>" + "".join(
    f"<g id='a{level}'>" + f"<use xlink:href='#a{level - 1}'/>" * 10 + "</g>" for level in range(1, 11)
) + "</defs><use xlink:href='#a10'/>"  # fmt: skip

HOSTILE = {
    "drawn without end by naming it": drawing(NESTED_USE),
    "a picture elsewhere": drawing('<image xlink:href="PIPE"/>'),
    "a drawing within": drawing(embedded(drawing(NESTED_USE).encode(), "svg+xml")),
    "a picture of huge size": drawing(embedded(of_huge_size())),
    "a filter of a million octaves": drawing(
        '<defs><filter id="f"><feTurbulence numOctaves="1000000"/></filter></defs><rect filter="url(#f)"/>'
    ),
    "entities in entities": '<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'
    + drawing("<text>&b;</text>"),
    "a style sheet": drawing('<style>@import "PIPE";</style>'),
    "a fill elsewhere": drawing('<rect fill="url(PIPE#a)"/>'),
    "a fill that is written in another way": drawing(r'<rect style="fill: u\72l(PIPE)"/>'),
    "clips in clips": drawing(
        '<defs><clipPath id="a"><rect clip-path="url(#a)"/></clipPath></defs><rect clip-path="url(#a)"/>'
    ),
    "a script": drawing("<script>alert(1)</script>"),
    "groups in groups": drawing("<g>" * 1000 + "</g>" * 1000),
    "many parts": drawing("<rect/>" * 60_000),
    "a shape of another name": drawing('<x:use xmlns:x="http://www.w3.org/2000/svg" xlink:href="#a"/>'),
    "nothing": "",
}


@pytest.fixture
def pipe(tmp_path) -> Path:
    """Something that whoever opens it waits for."""
    path = tmp_path / "pipe.png"
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_more_than_plain_shapes_is_shown_by_nobody(pipe, name):
    svg = HOSTILE[name].replace("PIPE", str(pipe))
    told = pictures_of({"a.svg": svg.encode()})["a.svg"]
    assert isinstance(told, str)
    assert told.startswith("a.svg ")
    assert told.endswith("; save it as PNG.")
    assert len(told) <= 300
    insert = Insert("title", "caption", "2026-01-01 12:00", svg or "x")
    plain = Insert("plain", "caption", "2026-01-01 12:00", drawing("<rect/>"))
    step = StepRecord(inserts=(insert, plain))
    record = LabRecord("lab", "1", "", steps={"step": step})
    kept, lost = read_work(to_builtins(Work(records={record.key: record})))
    assert (kept.records[record.key].steps["step"].inserts, lost) == ((plain,), ["title"])


def test_what_this_program_draws_is_plain():
    drawn = Drawing(Ground(Box(0, 0, 20, 20), PAPER, ratio=0))
    drawn.place(HEAT_MAP.draw, Looked(HeatMap(np.eye(5), Colors("signed", -1.0, 1.0))), Box(0, 0, 10, 10))
    drawn.add(Text(1, 1, "url(x) @import <use>", PAPER.font()))
    assert not flaw_of(to_svg(drawn, "a < b & c"))
    clip = '<defs><clipPath id="a"><path d="M0 0h9v9z"/></clipPath></defs><g clip-path="url(#a)"><rect/></g>'
    hatch = (
        '<defs><mask id="m"><rect/></mask><pattern id="p"><rect mask="url(#m)"/></pattern></defs>'
        '<rect fill="url(#p)"/>'
    )
    for inside in (clip, hatch, embedded(picture()), "<text>one <tspan>two</tspan></text>"):
        assert not flaw_of(drawing(inside))


def test_figures_of_a_lab_become_pixels():
    red = '<rect width="40" height="20" fill="#ff0000"/>'
    jpeg = picture("JPEG", 2000, 1000)
    found = pictures_of({"a.svg": drawing(red).encode(), "b.png": picture(), "c.jpg": jpeg})
    sizes = {"a.svg": (40, 80, 40), "b.png": (3, 4, 4), "c.jpg": (800, 1600, 2000)}
    for name, (height, width, meant) in sizes.items():
        shown = found[name]
        assert isinstance(shown, Picture), shown
        assert shown.pixels.shape == (height, width, 4)
        assert shown.width == meant
        assert (np.abs(shown.pixels.astype(int) - (255, 0, 0, 255)) <= 2).all()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.svg", drawing("<rect/>", 'width="1e9" height="20"').encode(), "be drawn, but at most 120 cm"),
        ("a.svg", drawing("<rect/>", 'width="20" height="9000000"').encode(), "but at most 120 cm"),
        ("a.png", b"GIF89a", "a.png is a GIF picture and not an image of a known format"),
        ("a.png", picture(), "a.png is too much beside the other figures; make them smaller."),
    ],
)
def test_figures_of_no_sensible_size_of_another_kind_or_too_many_say_so(monkeypatch, name, content, said):
    monkeypatch.setattr("cnnviz.lab.figures._MOST_PIXELS", 30)
    *others, told = pictures_of({"b.png": picture(), "c.png": picture(), name: content}).values()
    assert isinstance(told, str)
    assert said in told
    assert all(isinstance(each, Picture) for each in others)


def test_the_check_of_a_lab_tells_figures_that_are_not_shown(tmp_path):
    text = SMALL.replace("A **strong** word and `code`.", "![A drawing](a.svg)")
    line = text[: text.index("text =")].count("\n") + 1
    (tmp_path / "lab.toml").write_text(text, encoding="utf-8")
    (tmp_path / "a.svg").write_text(drawing("<filter/>"))
    told = command("--lab-check", "lab.toml", cwd=tmp_path)
    assert told.returncode == 2
    assert f"line {line}: this figure cannot be shown: a.svg has <filter> in <svg>" in told.stderr


# -- tables --------------------------------------------------------------------------------------------------


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


def test_no_text_is_computed():
    for text in NASTY:
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


def test_words_stay_as_they_are_and_rows_come_back():
    words = ["Anna Müller", "it grows, by 3 - or 4; not more", "क्‍ष", "13x13", "a=b", 'say "yes"', ""]
    (row,) = csv.reader(io.StringIO(to_csv([words]).decode()))
    assert row == words
    assert guarded("two\nlines") == "two lines"
    assert to_csv([["a", None, float("nan")], [], [1]], marked=True) == b"\xef\xbb\xbfa,,\r\n\r\n1\r\n"
    rows = [["name", "x"], ["'=1", -0.5], ["", 3], ["007", 1e-7]]
    assert rows_in(to_csv(rows).decode()) == rows
    assert rows_in('"' + "x" * 200_000) == []


def test_tables_and_figures_of_a_report_are_guarded_where_others_wrote_them(tmp_path):
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
