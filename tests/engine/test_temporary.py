"""Temporary files that a killed program left are removed at the next write, and nothing else is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz.files import atomic_write, atomic_write_folder

ROOT = Path(__file__).parents[2]
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


def names(folder):
    return sorted(each.name for each in folder.iterdir())


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


@pytest.mark.parametrize("pattern", [".cnnviz-{0}.tmp", ".cnnviz-ffffffff-1-{0}.tmp"], ids=["old", "machine"])
def test_what_cannot_be_known_is_removed_after_a_day(tmp_path, pattern):
    # Names of the first versions tell no process; the processes of other machines cannot be seen.
    old, young = (tmp_path / pattern.format(sign * 16) for sign in "ab")
    for path in (old, young):
        path.write_bytes(b"half")
    age(old, 2 * DAYS)
    age(young, DAYS / 2)
    atomic_write(tmp_path / "mine", b"")
    assert names(tmp_path) == sorted(["mine", young.name])


def test_files_of_others_and_links_are_never_removed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "diary").write_text("mine")
    folder = tmp_path / "here"
    folder.mkdir()
    for name in (".cnnviz-notes.tmp", ".cnnviz-0123456789abcdef.tmp.bak", "x.cnnviz-0123456789abcdef.tmp"):
        (folder / name).write_text("mine")
    (folder / ".cnnviz-aaaaaaaaaaaaaaaa.tmp").symlink_to(elsewhere, target_is_directory=True)
    (folder / ".cnnviz-bbbbbbbbbbbbbbbb.tmp").symlink_to(elsewhere / "diary")
    inside = folder / ".cnnviz-cccccccccccccccc.tmp"
    inside.mkdir()
    (inside / "link").symlink_to(elsewhere, target_is_directory=True)
    for path in folder.iterdir():
        age(path, 2 * DAYS)
    before = names(folder)
    atomic_write(folder / "mine", b"")
    assert set(before) - set(names(folder)) == {inside.name}, "a folder of that very name is the program's"
    assert (elsewhere / "diary").read_text() == "mine"
