"""A disk that is full, one that is read-only, files that are damaged: one sentence, and nothing is lost."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnviz import checkpoint
from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.experiment import LAB5, LENET
from cnnviz.report.blocks import Document, Figure, Table, Words, data
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder
from cnnviz.snapshots import Snapshot
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.document_cases import picture_of, small_document
from tests.engine.lab_cases import MAIN, command
from tests.small_disk import open_small_disk

OLD = b"what was there before"
PIECE = 4096


SHORT = Document("t", "a", "r", "d", (Words("It grows.", "student"),))


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="5" height="9"/></svg>'
LONG = data(("a",), [(f"{n} is one of many",) for n in range(4000)])
WHOLE = Document(
    "t", "a", "r", "d", (Figure("drawing", "A drawing", SVG), Table("t", "A table", LONG, ("text",)))
)


WRITERS = {
    "net.safetensors": lambda path: checkpoint.save(path, Snapshot(0, LAB5.build_network()), LAB5),
    "mine.cnnviz": lambda path: archive.save(path, *small_document()),
    "lab.html": lambda path: write_html(SHORT, path),
}


@pytest.fixture
def disk(tmp_path):
    with open_small_disk(tmp_path / "disk") as opened:
        yield opened


def refused(write, path, *words):
    with pytest.raises(CNNVizError) as caught:
        write(path)
    text = str(caught.value)
    assert_one_sentence(text)
    for word in (str(path), *words):
        assert word in text


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("room", [0, PIECE])
def test_a_full_disk_keeps_the_old_file_and_gets_no_new_one(disk, tmp_path, name, room):
    write, path = WRITERS[name], disk.folder / name
    path.write_bytes(OLD)
    disk.fill(room)
    refused(write, path, "the disk is full", "free some space")
    refused(write, disk.folder / f"new-{name}", "the disk is full")
    assert path.read_bytes() == OLD
    assert disk.names() == [name]
    disk.free()
    write(path)
    assert path.stat().st_size > 500


@pytest.mark.parametrize("room", [0, 10 * PIECE])
def test_a_folder_is_written_whole_or_not_at_all(disk, tmp_path, room):
    disk.fill(room)
    with pytest.raises(CNNVizError, match="the disk is full") as caught:
        write_folder(WHOLE, disk.folder / "lab")
    assert_one_sentence(str(caught.value))
    assert str(disk.folder / "lab") in str(caught.value)
    assert not (disk.folder / "lab").exists()
    write_folder(WHOLE, tmp_path / "elsewhere")
    assert {each.name for each in (tmp_path / "elsewhere").iterdir()} == {"figure-drawing.png", "table-t.csv"}


def test_a_run_without_a_window_tells_of_every_file_that_a_full_disk_refuses(disk, tmp_path, digits_file):
    files = {"--save": "a.safetensors", "--report": "a.pdf"}
    for name in files.values():
        (disk.folder / name).write_bytes(OLD)
    disk.fill()
    options = [part for pair in files.items() for part in pair] + ["--figures", "tables"]
    others = ("--html", tmp_path / "good.html", "--data", digits_file)
    result = command("--headless", *options, *others, cwd=disk.folder)
    assert result.returncode == 2
    assert "test accuracy" in result.stdout
    assert result.stdout.count("Wrote") == 1
    assert "Saved" not in result.stdout
    lines = result.stderr.splitlines()
    for line, name in zip(lines, [*files.values(), "tables"], strict=True):
        assert_one_sentence(line)
        assert name in line
        assert "the disk is full" in line
    assert (tmp_path / "good.html").stat().st_size > 10_000, "the others are written all the same"
    assert all((disk.folder / name).read_bytes() == OLD for name in files.values())
    assert disk.names() == sorted(files.values())


def test_a_run_without_a_window_tells_of_a_read_only_disk_before_it_trains(tmp_path, monkeypatch):
    target = tmp_path / "a.file"
    target.write_bytes(OLD)
    # The superuser may write everything, so the answer of the system is given here.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
    result = command("--headless", "--html", target, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert_one_sentence(result.stderr.removesuffix("\n").replace(". Choose", ", choose"))
    assert str(target) in result.stderr
    assert target.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["a.file"]  # noqa: PTH208


def test_a_log_that_cannot_be_written_does_not_cost_the_run(tmp_path, digits_file):
    target = tmp_path / "a.safetensors"
    run = (sys.executable, MAIN, "--headless", "--data", digits_file, "--save", target)
    full = subprocess.run(
        ["sh", "-c", '"$@" > /dev/full', "sh", *run], capture_output=True, text=True, check=False
    )
    assert full.returncode == 2
    assert "The log cannot be written" in full.stderr
    assert full.stderr.count("\n") == 1
    assert checkpoint.load(target).step > 0
    target.unlink()
    gone = subprocess.run(
        ["sh", "-c", '{ "$@"; echo "status $?" >&2; } | head -n 1', "sh", *run],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert gone.stdout.count("\n") == 1
    assert gone.stderr == "status 0\n"
    assert checkpoint.load(target).step > 0


# --- damaged files ------------------------------------------------------------------------------------------


def damaged(good):
    """Yield the file cut off at many places, and with random bits flipped."""
    for end in sorted({0, 1, 7, 8, 9, *np.linspace(10, len(good) - 1, 60).astype(int)}):
        yield f"cut at {end}", good[:end]
    rng = np.random.default_rng(20_260_131)
    for place in rng.integers(0, len(good), 120):
        content = bytearray(good)
        content[place] ^= 1 << int(rng.integers(8))
        yield f"bit at {place}", bytes(content)


def judged(load, path, good):
    """Return how many damaged files were refused; a refusal is one sentence that names the file."""
    refusals = 0
    for kind, content in damaged(good):
        path.write_bytes(content)
        try:
            load(path)
        except CNNVizError as error:
            refusals += 1
            text = str(error)
            assert path.name in text, kind
            assert text.isprintable(), kind
            assert len(text) < 500, kind
        assert path.read_bytes() == content, kind
    return refusals


def test_every_damaged_model_is_refused(tmp_path):
    path = tmp_path / "net.safetensors"
    experiment = replace(LENET, filters=(2, 3), hidden=(4,), seed=3)
    checkpoint.save(path, Snapshot(123, experiment.build_network()), experiment, data_sha256="ab" * 32)
    good = path.read_bytes()
    kinds = sum(1 for _ in damaged(good))
    # A bit that turns the name of the checksum into another one takes the check away, and nothing else.
    assert judged(checkpoint.load, path, good) >= kinds - 3


def test_a_damaged_document_is_refused_or_read_as_it_was_meant(tmp_path):
    path = tmp_path / "a.cnnviz"
    archive.save(path, *small_document())
    whole = archive.load(path)

    def load(place):
        assert archive.load(place) == whole

    assert judged(load, path, path.read_bytes()) > 90


def test_a_damaged_picture_never_brings_back_another_view(tmp_path):
    document, _files = small_document(kind="picture")

    def load(path):
        assert archive.load_picture(path) in (None, document)

    assert judged(load, tmp_path / "a.png", picture_of(document)) > 90
