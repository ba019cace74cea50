"""Whatever is written is there as it was or as it is to be, at every moment, and nothing is left behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz import checkpoint
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write
from cnnviz.presets import LAB5
from cnnviz.report import markdown, write_folder, write_html, write_pdf
from cnnviz.report.blocks import Document, Figure, Table, Words, data
from cnnviz.report.html import to_html
from cnnviz.report.markdown import TEXT
from cnnviz.report.pdf import to_pdf
from cnnviz.session_state import SessionState, save_session
from tests.crash_points import end_at_every_call, fault_at_every_call
from tests.engine.datasets_files import assert_one_sentence

ROOT = Path(__file__).parents[2]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{0}" height="9"/></svg>'

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of a process")


def document(width):
    numbers = data(("a",), ((width,), (2,)))
    figure = Figure("drawing", f"A drawing of {width}", SVG.format(width), data=numbers)
    table = Table("counts", "Counts", numbers, ("count",))
    return Document(f"Report {width}", "A. Student", "", "", (Words("words"), figure, table))


OLD, NEW = document(3), document(5)


def reader(folder):
    """Return what somebody finds who opens a report: the text and all that it refers to."""
    text = folder / TEXT
    if not text.exists():
        return None
    names = re.findall(r"\]\(([^)]+)\)", text.read_text(encoding="utf-8"))
    return {name: (folder / name).read_bytes() for name in (TEXT, *names)}


def listing(folder):
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*"))


def prepared(folder, before):
    """Make a folder as it is before the report is written."""
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.parent.mkdir(parents=True)
    if before == "nothing":
        return
    folder.mkdir()
    if before != "empty":
        (folder / "mine.txt").write_text("mine")
        write_folder(NEW if before == "same" else OLD, folder)
        for inside in folder.glob("report-*"):
            (inside / "mine.txt").write_text("mine as well")


BEFORE = ("nothing", "empty", "another", "same")


def expectations(tmp_path):
    """Return what the old and the new report look like to a reader."""
    return [reader(write_folder(each, tmp_path / name).parent) for name, each in (("o", OLD), ("n", NEW))]


def judge(folder, before, old, new, *, is_done):
    """Raise `AssertionError` unless the old or the new report is there, and the user's files are."""
    found = reader(folder)
    whole = [new] if is_done or before == "same" else [old if before == "another" else None, new]
    assert found in whole
    if before == "nothing":
        assert found is not None or not folder.exists(), "no figures without a report"
    if before in ("another", "same"):
        assert (folder / "mine.txt").read_text() == "mine"
        assert [each.read_text() for each in folder.glob("report-*/mine.txt")] == ["mine as well"]


def _pictures():
    """Return what stands for the typesetter, a process of its own in which nothing is to crash."""
    pictures = {each.figures[0].svg: markdown.to_pngs(each.figures)[0] for each in (OLD, NEW)}
    return lambda figures: [pictures[each.svg] for each in figures]


def crash(kind, place):
    """Crash at every call: what the tests below run in a process with one thread. Returns the calls."""
    place = Path(place)
    if kind in BEFORE:
        markdown.to_pngs = _pictures()
        old, new = expectations(place)
        folder = place / "here" / "lab"
        prepared(folder, kind)
        calls = -1
        for calls in end_at_every_call(lambda: write_folder(NEW, folder)):  # noqa: B007 -- the last is returned
            judge(folder, kind, old, new, is_done=False)
            write_folder(NEW, folder)
            judge(folder, kind, old, new, is_done=True)
            assert not [name for name in listing(folder.parent) if ".cnnviz" in name]
            kept = [each for each in folder.glob("report-*") if not (each / "mine.txt").exists()]
            assert len(kept) == (0 if kind == "same" else 1), "nothing is left of what came to nothing"
            prepared(folder, kind)
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


def _session(_place):
    session = SessionState(experiment=LAB5, data_name="MNIST", step=500, run_step=700, sample=17)
    return lambda path: save_session(path, session)


WRITERS = {"lab.pdf": _pdf, "lab.html": _html, "net.safetensors": _model, "a.session.json": _session}


@needs_fork
@pytest.mark.parametrize("kind", [*BEFORE, *WRITERS])
def test_a_crash_at_any_call_leaves_the_old_or_the_new(tmp_path, kind):
    program = f"from tests.engine.test_crashes import crash; print(crash({kind!r}, {str(tmp_path)!r}))"
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= 4, "it was ended at several calls"


@pytest.mark.parametrize("before", BEFORE)
def test_a_fault_at_any_call_leaves_the_old_or_the_new_report(tmp_path, monkeypatch, before):
    monkeypatch.setattr(markdown, "to_pngs", _pictures())
    old, new = expectations(tmp_path)
    folder = tmp_path / "here" / "lab"
    prepared(folder, before)
    at_first = listing(folder.parent)
    faults = 0
    for raised in fault_at_every_call(lambda: write_folder(NEW, folder), monkeypatch):
        judge(folder, before, old, new, is_done=raised is None)
        if raised is not None:
            faults += 1
            assert isinstance(raised, CNNVizError)
            assert_one_sentence(str(raised))
            assert str(folder) in str(raised)
            if reader(folder) != new:
                assert listing(folder.parent) == at_first
        assert not [name for name in listing(folder.parent) if ".cnnviz" in name]
        prepared(folder, before)
    assert faults >= 4
