"""Whatever is written is there as it was or as it is to be, at every moment, and nothing is left behind."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz import checkpoint
from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.presets import LAB5
from cnnviz.report import pdf, write_folder, write_html, write_pdf
from cnnviz.report.blocks import Document, Figure, Table, Words, data
from cnnviz.report.html import to_html
from cnnviz.report.pdf import to_pdf
from tests.crash_points import end_at_every_call, fault_at_every_call
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.document_cases import small_document, small_run

ROOT = Path(__file__).parents[2]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{0}" height="9"/></svg>'

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of a process")


def document(width):
    numbers = data(("a",), ((width,), (2,)))
    figure = Figure("drawing", f"A drawing of {width}", SVG.format(width), data=numbers)
    table = Table("counts", "Counts", numbers, ("count",))
    return Document(f"Report {width}", "A. Student", "", "", (Words("words"), figure, table))


OLD, NEW = document(3), document(5)


def listing(folder):
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*"))


def _folder(place):
    """Return the function that writes a folder, and what is to be in it."""
    # It stands for the typesetter, a process of its own in which nothing is to crash.
    picture = pdf.to_pngs(NEW.figures)
    pdf.to_pngs = lambda _figures: picture
    write_folder(NEW, place / "whole")
    return lambda path: write_folder(NEW, path), listing(place / "whole")


def crash(kind, place):
    """Crash at every call: what the tests below run in a process with one thread. Returns the calls."""
    place = Path(place)
    if kind == "folder":
        write, whole = _folder(place)
        lab = place / "here" / "lab"
        lab.parent.mkdir()
        calls = -1
        for calls in end_at_every_call(lambda: write(lab)):  # noqa: B007 -- the last is returned
            assert not lab.exists() or listing(lab) == whole
            shutil.rmtree(lab, ignore_errors=True)
            write(lab)
            assert listing(lab.parent) == ["lab", *(f"lab/{name}" for name in whole)], "nothing is left"
            shutil.rmtree(lab)
        return calls
    write = WRITERS[kind](place)
    file = place / "here" / kind
    file.parent.mkdir()
    write(file)
    whole = file.read_bytes()
    calls = -1
    for before in (b"the old content", None):
        file.unlink(missing_ok=True)
        if before:
            file.write_bytes(before)
        for calls in end_at_every_call(lambda: write(file)):  # noqa: B007
            assert (file.read_bytes() if file.exists() else None) in (before, whole)
            atomic_write(file.with_name("other"), b"")
            assert set(listing(file.parent)) <= {kind, "other"}
            file.unlink(missing_ok=True)
            if before:
                file.write_bytes(before)
    return calls


def _pdf(_place):
    from cnnviz.report import pdf

    content = to_pdf(NEW)
    pdf.to_pdf = lambda _document: content
    return lambda path: write_pdf(NEW, path)


def _html(_place):
    from cnnviz.report import html

    content = to_html(NEW)
    html.to_html = lambda _document: content
    return lambda path: write_html(NEW, path)


def _model(_place):
    network = LAB5.build_network()
    return lambda path: checkpoint.save(path, network, experiment=LAB5)


def _document(_place):
    work = small_document()
    return lambda path: archive.save(path, *work)


WRITERS = {"lab.pdf": _pdf, "lab.html": _html, "net.safetensors": _model, "a.cnnviz": _document}


@needs_fork
@pytest.mark.parametrize("kind", ["folder", *WRITERS])
def test_a_crash_at_any_call_leaves_the_old_or_the_new(tmp_path, kind):
    program = f"from tests.engine.test_crashes import crash; print(crash({kind!r}, {str(tmp_path)!r}))"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= 4, "it was ended at several calls"


def test_a_fault_at_any_call_leaves_no_folder_or_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf, "to_pngs", pdf.to_pngs)
    write, whole = _folder(tmp_path)
    lab = tmp_path / "here" / "lab"
    lab.parent.mkdir()
    faults = 0
    for raised in fault_at_every_call(lambda: write(lab), monkeypatch):
        if raised is not None:
            faults += 1
            assert isinstance(raised, CNNVizError)
            assert_one_sentence(str(raised))
            assert str(lab) in str(raised)
        if lab.exists():
            assert listing(lab) == whole
        else:
            assert raised is not None
        assert not [name for name in listing(lab.parent) if ".cnnviz" in name]
        shutil.rmtree(lab, ignore_errors=True)
    assert faults >= 4


def crash_kept(place):
    """Crash at every call while a document is kept in a folder again and again. Returns the calls."""
    folder = Path(place) / "kept"
    first, files = small_document(words={"title": "first"})
    second, others = small_document(small_run().still(needed=frozenset({10})), words={"title": "second"})
    others = others | {"inserts/new.txt": b"new"}
    calls = -1
    for calls in end_at_every_call(lambda: archive.save_in_folder(folder, second, others)):  # noqa: B007
        found, members = archive.load(folder) if folder.exists() and any(folder.iterdir()) else (None, None)
        assert found is None or (found.words, members) in (
            (first.words, files),
            (second.words, others),
        )
        archive.save_in_folder(folder, first, files)
        whole = {"document.json", *(part.sha256 for part in archive.load(folder)[0].parts.values())}
        assert set(listing(folder)) == whole, "nothing is left"
    return calls


@needs_fork
def test_a_crash_while_a_document_is_kept_leaves_the_old_or_the_new(tmp_path):
    program = f"from tests.engine.test_crashes import crash_kept; print(crash_kept({str(tmp_path)!r}))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 20
