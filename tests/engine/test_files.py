"""Files that are written: whole or not at all, whatever goes wrong, and nothing is left behind."""

import errno
import io
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from cnnviz.document import archive
from cnnviz.errors import CNNVizError
from cnnviz.files import atomic_write, atomic_write_folder
from cnnviz.report import pdf
from cnnviz.report.blocks import Document, Figure, Table, Words, data
from cnnviz.report.pdf import write_folder
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.document_cases import small_document, small_run
from tests.processes import ROOT, python

OLD = b"the old content"


@pytest.fixture
def existing(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(OLD)
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
def test_permissions(existing: Path) -> None:
    existing.chmod(0o640)
    atomic_write(existing, b"new")
    assert stat.S_IMODE(existing.stat().st_mode) == 0o640
    plain = existing.parent / "plain"
    plain.write_bytes(b"")
    atomic_write(existing.parent / "fresh", b"new")
    assert (existing.parent / "fresh").stat().st_mode == plain.stat().st_mode


def test_symbolic_link_survives(existing: Path) -> None:
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
        ("file/a.bin", "file is no folder"),
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


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder of the system's own files")
def test_folder_that_takes_no_files() -> None:
    text = fails("/proc/cnnviz.bin")
    assert "no file can be made in the folder /proc" in text
    assert "does not exist" not in text


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


# -- a crash at every call -----------------------------------------------------------------------------------


_CALLS = ("mkdir", "rename", "replace", "unlink", "rmdir", "chmod", "fsync", "link", "symlink", "truncate")
_ALL_DONE = 3


class _Countdown:
    """Lets so many calls pass, and does something at the next one."""

    def __init__(self, passing: int, what: Callable[[], None]) -> None:
        self.left, self._what = passing, what

    def call(self, function, *arguments, **named):
        self.left -= 1
        if self.left == -1:
            self._what()
        return function(*arguments, **named)


class _CountedFile(io.FileIO):
    """A raw file whose writes are counted, and that has half of the bytes when the end comes."""

    countdown: _Countdown

    def write(self, data, /) -> int | None:
        if self.countdown.left == 0:
            super().write(memoryview(data).cast("B")[: len(data) // 2])
        return self.countdown.call(super().write, data)


def _install(countdown: _Countdown, patch: Callable[[object, str, object], None]) -> None:
    def counted(function):
        return lambda *arguments, **named: countdown.call(function, *arguments, **named)

    for name in _CALLS:
        patch(os, name, counted(getattr(os, name)))
    ordinary = io.open

    def open_file(path, mode="r", *rest, **named):
        if not set(mode) & set("wxa+"):
            return ordinary(path, mode, *rest, **named)
        raw = countdown.call(_CountedFile, path, mode.replace("b", ""))
        raw.countdown = countdown
        return io.BufferedWriter(raw)

    patch(io, "open", open_file)


def end_at_every_call(write: Callable[[], object]) -> Iterator[int]:
    """Call `write` in copies of this process, each of which ends one call later than the one before.

    Yields the number of the call after each of them, for the caller to look at what is on the disk and to
    put it back; the last one has ended by itself. The process must have one thread only.
    """
    for call in range(10_000):
        process = os.fork()
        if not process:
            _install(_Countdown(call, lambda: os._exit(0)), setattr)
            try:
                write()
            finally:
                os._exit(_ALL_DONE)
        _, status = os.waitpid(process, 0)
        yield call
        if os.waitstatus_to_exitcode(status) == _ALL_DONE:
            return
    raise AssertionError("it never ends")


def fault_at_every_call(write: Callable[[], object], patch) -> Iterator[Exception | None]:
    """Call `write` again and again, each time with a fault at one call later than before.

    Yields what it raised. `patch` is pytest's monkeypatch.
    """

    def fail() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for call in range(10_000):
        countdown, raised = _Countdown(call, fail), None
        with patch.context() as context:
            _install(countdown, context.setattr)
            try:
                write()
            except Exception as error:  # noqa: BLE001 -- the caller judges it
                raised = error
        yield raised
        if countdown.left >= 0:
            return
    raise AssertionError("it never ends")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{0}" height="9"/></svg>'

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no copies of a process")


def document(width):
    numbers = data(("a",), ((width,), (2,)))
    figure = Figure("drawing", f"A drawing of {width}", SVG.format(width), data=numbers)
    table = Table("counts", "Counts", numbers, ("count",))
    return Document(f"Report {width}", "A. Student", "", "", (Words("words"), figure, table))


AFTER = document(5)


def listing(folder):
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*"))


def _folder(place):
    """Return the function that writes a folder, and what is to be in it."""
    # It stands for the typesetter, a process of its own in which nothing is to crash.
    picture = pdf.to_pngs(AFTER.figures)
    pdf.to_pngs = lambda _figures: picture
    write_folder(AFTER, place / "whole")
    return lambda path: write_folder(AFTER, path), listing(place / "whole")


# What follows runs in a process with one thread, crashes at every call and returns their number.


def crash_folder(place):
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


def crash_file(place):
    work, file = small_document(), place / "there" / "a.cnnviz"
    file.parent.mkdir()
    archive.save(file, *work)
    whole = file.read_bytes()
    calls = -1
    for before in (OLD, None):

        def begin(before=before):
            file.unlink(missing_ok=True)
            if before:
                file.write_bytes(before)

        begin()
        for calls in end_at_every_call(lambda: archive.save(file, *work)):  # noqa: B007
            assert (file.read_bytes() if file.exists() else None) in (before, whole)
            atomic_write(file.with_name("other"), b"")
            assert set(listing(file.parent)) <= {"a.cnnviz", "other"}
            begin()
    return calls


def crash_kept(place):
    """A document is kept in a folder again and again."""
    folder = place / "kept"
    first, files = small_document(words={"title": "first"})
    second, others = small_document(small_run().still(needed=frozenset({10})), words={"title": "second"})
    others = others | {"inserts/new.txt": b"new"}
    calls = -1
    for calls in end_at_every_call(lambda: archive.save_in_folder(folder, second, others)):  # noqa: B007
        found, members = archive.load(folder) if folder.exists() and any(folder.iterdir()) else (None, None)
        assert found is None or (found.words, members) in ((first.words, files), (second.words, others))
        archive.save_in_folder(folder, first, files)
        whole = {"document.json", *(part.sha256 for part in archive.load(folder)[0].parts.values())}
        assert set(listing(folder)) == whole, "nothing is left"
    return calls


@needs_fork
def test_a_crash_at_any_call_leaves_the_old_or_the_new(tmp_path):
    program = (
        "from pathlib import Path; from tests.engine.test_files import crash_file, crash_folder, crash_kept; "
        f"print(*(crash(Path({str(tmp_path)!r})) for crash in (crash_folder, crash_file, crash_kept)))"
    )
    result = python("-W", "ignore", "-c", program, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    assert result.returncode == 0, result.stderr
    folder, file, kept = map(int, result.stdout.split())
    assert min(folder, file) >= 4, "it was ended at several calls"
    assert kept >= 10


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
