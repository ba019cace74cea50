"""Files are written whole or not at all; by and for other programs they compute nothing."""

import base64
import csv
import errno
import gzip
import io
import os
import pickle
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

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
from cnnviz.files import atomic_write, atomic_write_folder
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.lab.figures import Picture, pictures_of
from cnnviz.lab.record import LabRecord, StepRecord, Work, read_work
from cnnviz.report.blocks import Data, Document, Figure, Insert, Table
from cnnviz.report.drawings import flaw_of
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder
from cnnviz.snapshots import Snapshot
from cnnviz.spreadsheet import guarded, rows_in, to_csv
from soak import samples
from soak.faults_child import Kind, kept_in
from tests.engine.datasets_files import assert_one_sentence, npz_bytes, tiny_arrays
from tests.engine.document_cases import small_document, small_run, zipped
from tests.engine.lab_cases import SMALL, command
from tests.processes import ROOT, python

OLD = b"the old content"


@pytest.fixture
def existing(tmp_path: Path) -> Path:
    (path := tmp_path / "report.pdf").write_bytes(OLD)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fails(path: Path | str, content: bytes | Callable[[BinaryIO], object] = b"new") -> str:
    with pytest.raises(CNNVizError) as caught:
        atomic_write(path, content)
    assert_one_sentence(str(caught.value))
    return str(caught.value)


def test_old_content_is_there_until_the_new_one_is_complete(existing: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        file.flush()
        assert existing.read_bytes() == OLD

    atomic_write(existing, write)
    assert existing.read_bytes() == b"half"
    assert names(existing.parent) == ["report.pdf"]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_permissions_and_a_symbolic_link_survive(existing: Path) -> None:
    existing.chmod(0o640)
    atomic_write(existing, b"new")
    assert stat.S_IMODE(existing.stat().st_mode) == 0o640
    plain = existing.parent / "plain"
    plain.write_bytes(b"")
    atomic_write(existing.parent / "fresh", b"new")
    assert (existing.parent / "fresh").stat().st_mode == plain.stat().st_mode
    link = existing.parent / "latest.pdf"
    link.symlink_to(existing)
    atomic_write(link, b"new")
    assert link.is_symlink()
    assert existing.read_bytes() == b"new"


@pytest.mark.parametrize("raised", [ValueError("bug"), CNNVizError("told."), KeyboardInterrupt()])
def test_exception_of_the_function_passes_and_nothing_is_left(existing: Path, raised: BaseException) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise raised

    with pytest.raises(type(raised)) as caught:
        atomic_write(existing, write)
    assert caught.value is raised
    assert existing.read_bytes() == OLD
    assert names(existing.parent) == ["report.pdf"]


@pytest.mark.parametrize("operation", ["fsync", "replace", "write"])
@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "permission is denied"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "disk reports a fault"),
        (errno.EPIPE, os.strerror(errno.EPIPE)),
    ],
)
def test_fault_keeps_the_old_file(existing, monkeypatch, operation, code, cause) -> None:
    def fault(*_arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    if operation != "write":
        monkeypatch.setattr(*((os, "fsync") if operation == "fsync" else (Path, "replace")), fault)
    for path in (existing, existing.with_name("new.pdf")):
        text = fails(path, fault if operation == "write" else b"new")
        assert str(path) in text
        assert cause in text
    assert existing.read_bytes() == OLD
    assert names(existing.parent) == ["report.pdf"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere/a.bin", "the folder does not exist"),
        ("out", "a folder of that name"),
        ("file/a.bin", "a file, not a folder"),
        ("a\0b", ""),
        ("n" * 300, ""),
        ("~no-such-user-of-cnnviz/a.bin", ""),
    ],
)
def test_places_where_no_file_can_be(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "file").write_bytes(OLD)
    assert words in fails(name if name.startswith("~") else tmp_path / name)
    assert names(tmp_path) == ["file", "out"]
    assert (tmp_path / "file").read_bytes() == OLD


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_device_or_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "device or a pipe" in fails(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_read_only_file_is_respected(existing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    existing.chmod(0o444)
    # The superuser may write everything, so the answer of the system is given here.
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    assert "permission is denied" in fails(existing)
    assert existing.read_bytes() == OLD


DAYS = 24 * 60 * 60

# Begins to write a file or a folder, says so, and stands there until it is killed.
WRITER = """
import sys
from cnnviz.files import atomic_write, atomic_write_folder

def stand(file):
    file.write(b"half of it")
    file.flush()
    print("standing", flush=True)
    sys.stdin.read()

kind, path = sys.argv[1:]
if kind == "file":
    atomic_write(path, stand)
else:
    atomic_write_folder(path, {"whole": b"", "half": stand})
"""


@pytest.fixture(params=["file", "folder"])
def writer(request, tmp_path):
    """Start a process that is in the middle of writing."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, request.param, tmp_path / "new"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == b"standing\n"
        yield process
        process.kill()


def age(path, seconds):
    moment = path.lstat().st_mtime - seconds
    os.utime(path, (moment, moment), follow_symlinks=False)


@pytest.mark.skipif(os.name != "posix", reason="processes of others are known on POSIX only")
def test_what_a_killed_process_left_is_removed(tmp_path, writer):
    assert len(names(tmp_path)) == 1
    writer.kill()
    writer.wait()
    assert len(names(tmp_path)) == 1
    atomic_write(tmp_path / "mine", b"")
    assert names(tmp_path) == ["mine"]


def test_what_another_process_is_writing_stays(tmp_path, writer):
    (temporary,) = names(tmp_path)
    atomic_write(tmp_path / "mine", b"")
    atomic_write_folder(tmp_path / "lab", {"a": b""})
    assert names(tmp_path) == [temporary, "lab", "mine"]
    writer.stdin.close()
    assert writer.wait() == 0
    assert names(tmp_path) == ["lab", "mine", "new"]


def test_what_this_process_is_writing_stays(tmp_path):
    def write(file):
        atomic_write(tmp_path / "inner", b"inner")
        file.write(b"outer")

    atomic_write(tmp_path / "outer", write)
    assert names(tmp_path) == ["inner", "outer"]


def test_what_another_machine_was_writing_is_removed_after_a_day(tmp_path):
    """Its processes cannot be seen."""
    old, young = (tmp_path / f".cnnviz-ffffffff-1-{sign * 16}.tmp" for sign in "ab")
    for path in (old, young):
        path.write_bytes(b"half")
    age(old, 2 * DAYS)
    age(young, DAYS / 2)
    atomic_write(tmp_path / "mine", b"")
    assert names(tmp_path) == sorted(["mine", young.name])


def test_files_of_others_and_links_are_never_removed(tmp_path):
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (elsewhere / "diary").write_text("mine")
    (folder := tmp_path / "here").mkdir()
    old = ".cnnviz-ffffffff-1-{}.tmp"
    for name in (".cnnviz-notes.tmp", f"{old.format('0' * 16)}.bak", f"x{old.format('0' * 16)}"):
        (folder / name).write_text("mine")
    (folder / old.format("a" * 16)).symlink_to(elsewhere, target_is_directory=True)
    (folder / old.format("b" * 16)).symlink_to(elsewhere / "diary")
    inside = folder / old.format("c" * 16)
    inside.mkdir()
    (inside / "link").symlink_to(elsewhere, target_is_directory=True)
    for path in folder.iterdir():
        age(path, 2 * DAYS)
    before = names(folder)
    atomic_write(folder / "mine", b"")
    assert set(before) - set(names(folder)) == {inside.name}, "a folder of that very name is the program's"
    assert (elsewhere / "diary").read_text() == "mine"


# -- broken at every call ------------------------------------------------------------------------------------


def kinds() -> list[Kind]:
    """A document as a file and as a folder, a model, a page, and a folder of tables: two versions of each."""
    still = small_run().still(needed=frozenset({10}))
    works = small_document(words={"title": "first"}), small_document(still, words={"title": "second"})
    works[1][1]["inserts/new.txt"] = b"new"
    numbers = [Data(("a",), ((version,), (2,))) for version in (0, 1)]
    tables = [[Table(name, "Counts", each, ("count",)) for name in ("one", "other")] for each in numbers]
    reports = [Document("Report", "", "", "", tuple(each)) for each in tables]
    return [
        Kind("a.cnnviz", lambda path, version: archive.save(path, *works[version])),
        Kind("kept", lambda path, version: archive.save_in_folder(path, *works[version]), kept_in),
        Kind("a.safetensors", lambda path, version: samples.save_model(path, seed=version)),
        Kind("a.html", lambda path, version: write_html(reports[version], path)),
        Kind("folder", lambda path, version: write_folder(reports[version], path)),
    ]


# In a process with one thread, of which there are copies.
BREAK = """
import os
from soak.faults_child import Trial
from tests.engine.test_files import kinds

os.fsync = lambda _file: None  # only a power failure would tell the difference
for trial in map(Trial, kinds()):
    for had_old in (True, False):
        calls = trial.points(had_old)
        print(calls)
        for number in range(1, calls + 1):
            for how in ("crash", "full"):
                print(*trial.break_at(number, how, had_old), sep="\\n", end="")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of a process")
def test_a_crash_at_any_call_leaves_the_old_or_the_new(tmp_path):
    """So does a disk that is full from there on, which is told in a sentence; and nothing stays behind."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "SOAK_PLACE": str(tmp_path)}
    result = python("-W", "ignore", "-c", BREAK, env=environment)
    assert result.returncode == 0, result.stderr
    calls = result.stdout.splitlines()
    assert len(calls) == 10, "there is no finding among them"
    assert sum(map(int, calls)) > 60, "it was broken at many calls"


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
    insert = Insert("title", "caption", "2026-01-01 12:00", svg or "x")
    plain = Insert("plain", "caption", "2026-01-01 12:00", drawing("<rect/>"))
    step = StepRecord(inserts=(insert, plain))
    record = LabRecord("lab", "1", "", steps={"step": step})
    kept = read_work(to_builtins(Work(records={record.key: record})))
    assert kept.records[record.key].steps["step"].inserts == (plain,)


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
    found = pictures_of({"b.png": picture(), "c.jpg": picture("JPEG", 2000, 1000)})
    for name, (height, width, meant) in {"b.png": (3, 4, 4), "c.jpg": (800, 1600, 2000)}.items():
        shown = found[name]
        assert isinstance(shown, Picture), shown
        assert shown.pixels.shape == (height, width, 4)
        assert shown.width == meant
        assert (np.abs(shown.pixels.astype(int) - (255, 0, 0, 255)) <= 2).all()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
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
    text = SMALL.replace("A **strong** word and `code`.", "![A drawing](a.png)")
    line = text[: text.index("text =")].count("\n") + 1
    (tmp_path / "lab.toml").write_text(text, encoding="utf-8")
    (tmp_path / "a.png").write_text(drawing("<filter/>"))
    told = command("--lab-check", "lab.toml", cwd=tmp_path)
    assert told.returncode == 2
    assert f"line {line}: this figure cannot be shown: a.png is an SVG drawing" in told.stderr


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
    table = Table("t", "A table.", Data(("=1+1", "n"), [("x;=cmd|' /C calc'!A0;y", -0.5)]), ("text", "text"))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>'
    figure = Figure("f", "A figure.", svg, csv="=1+1,b\r\n-0.5,@x\r\n", from_screen=True)
    write_folder(Document("Title", "", "", "", (table, figure)), tmp_path / "report")
    written = list((tmp_path / "report").rglob("*.csv"))
    assert len(written) == 2
    for file in written:
        found = fields(file.read_bytes())
        assert not [field for field in found if is_formula(field)]
        assert "-0.5" in found
