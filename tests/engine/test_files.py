"""Files that are written: whole or not at all, whatever goes wrong, and nothing is left behind."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write, atomic_write_folder
from cnnviz.report.blocks import Document, Table, data
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_folder
from soak import samples
from soak.faults_child import Kind, kept_in
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.document_cases import small_document, small_run
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
    numbers = [data(("a",), ((version,), (2,))) for version in (0, 1)]
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
