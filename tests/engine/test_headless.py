"""The command line as its user meets it: its two streams, its exit status and its files."""

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from cnnviz import __version__, checkpoint, output
from cnnviz.cli import parse_arguments
from cnnviz.document import archive
from cnnviz.document.run import unpack_run
from cnnviz.output import Output, complain
from tests.engine.datasets_files import assert_one_sentence
from tests.engine.lab_cases import MAIN, command
from tests.patience import PATIENCE
from tests.processes import python
from tests.small_data import write_npz, write_pictures
from tests.small_disk import open_small_disk


def test_an_epoch_prints_log_and_test_result_and_saves(tmp_path):
    data = write_npz(tmp_path / "digits.npz", training=3000, testing=500)
    saved = ("--save", "net.safetensors")
    result = command("--headless", "--preset", "lab5", "--data", data, *saved, cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr == "", "the progress bar is silent when stderr is no terminal"
    assert len(re.findall(r"^step +[\d,]+ \| last 500 steps: mean loss \d", result.stdout, re.M)) == 6
    accuracy = float(re.search(r"test accuracy (\d\.\d+)", result.stdout)[1])
    assert accuracy >= 0.98
    model, *_ = checkpoint.load(tmp_path / "net.safetensors")
    assert model.step == model.optimizer["steps"] == 3000
    assert {entry.name for entry in tmp_path.iterdir()} == {"digits.npz", "net.safetensors"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--headless", "--classes", "0"), "between 2 and 10 classes"),
        (("--headless", "--classes", "0", "x"), "9. Got x: choose others"),
        (("--headless", "--epochs", "two"), "invalid int value"),
        (("--headless", "--data", "missing"), "missing"),
        (("--headless", "--save", "no/such/folder.safetensors"), "folder does not exist"),
        (("--headless", "--learning-rate", "300"), "diverged near step"),
        (("--save", "net.safetensors"), "--save needs --headless"),
        (("--headless", "--set", "kernel_size=five"), "'five'"),
        (("--headless", "--set", "colour=5"), "'colour=5'"),
        (("--headless", "--results", "a.json"), "--results needs --lab"),
        (("--headless", "--lab", "lab5", "--epochs", "3"), "--epochs does not go with --lab"),
        (("--headless", "--lab", "lab5", "--preset", "lab5"), "--preset does not go with --lab"),
        (("--headless", "--lab", "lab7"), "lab7 does not exist"),
        (("--headless", "--class", "x"), "--class needs --verify"),
        (("--headless", "--table", "x.csv"), "--table needs --verify"),
        (("--verify", "nowhere"), "nowhere"),
        (("--lab-check", "nowhere.toml"), "nowhere.toml"),
        (("nowhere.json",), "nowhere.json does not exist"),
        (("--headless", __file__), "--data"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_status_2(tmp_path, arguments, expected):
    result = command(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert expected in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_version_and_help(tmp_path):
    assert command("--version", cwd=tmp_path).stdout == f"CNNViz {__version__}\n"
    text = command("--help", cwd=tmp_path).stdout
    for option in ("--classes", "--epochs", "--batch-size", "--learning-rate", "--seed", "--data", "--save"):
        assert option in text


def test_report_is_written_in_every_form(tmp_path, digits_file):
    arguments = ("--report", "lab.pdf", "--html", "lab.html", "--figures", "lab", "--author", "Ada & Co")
    saved = ("--save", "run.cnnviz", "--roll-number", "7")
    (tmp_path / "data.npz").write_bytes(digits_file.read_bytes())  # called as data in a document are
    settings = ("--data", "data.npz", "--batch-size", "4", "--set", "filters=4")
    result = command("--headless", *settings, *arguments, *saved, cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert (tmp_path / "lab.pdf").read_bytes().startswith(b"%PDF-")
    page = (tmp_path / "lab.html").read_text(encoding="utf-8")
    accuracy = re.search(r"test accuracy (\d\.\d+)", result.stdout)[1]
    assert f"{100 * float(accuracy):g} %" in page
    assert "Ada &amp; Co" in page
    assert "--set filters=4 --batch-size 4" in page
    assert (tmp_path / "lab" / "figure-filters.png").is_file()
    document, files = archive.load(tmp_path / "run.cnnviz")
    assert document.words == {"author": "Ada & Co", "roll_number": "7"}
    assert unpack_run(document.run, files, "digits", (1, 28, 28)).live.step == document.run.step == 3
    # What was saved goes on where it ended.
    outputs = ("--html", "again.html", "--save", "again.safetensors")
    written = command("--headless", "run.cnnviz", *outputs, cwd=tmp_path)
    assert (written.returncode, written.stderr) == (0, "")
    assert "after 3 steps" in written.stdout
    assert "Ada &amp; Co" in (tmp_path / "again.html").read_text(encoding="utf-8")
    assert checkpoint.load(tmp_path / "again.safetensors")[0].step == 3
    wrong = command("--headless", "run.cnnviz", "--seed", "4", cwd=tmp_path)
    assert "--seed does not go with a document" in wrong.stderr
    again = command("--headless", "--figures", "lab", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (2, ""), "it is said before training"
    assert again.stderr == "cnnviz: lab exists already. Choose another name, or remove it.\n"


@pytest.mark.parametrize("target", ["mine.safetensors", None])
def test_interrupt_saves_what_there_is(tmp_path, target):
    arguments = ["--headless", "--epochs", "200"] + (["--save", target] if target else [])
    process = subprocess.Popen(
        [sys.executable, str(MAIN), *arguments],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    next(line for line in process.stdout if line.startswith("step"))
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert errors == ""
    name = target or "cnnviz-interrupted.safetensors"
    assert name in output
    assert checkpoint.load(tmp_path / name)[0].step >= 500


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_progress_bar_appears_on_a_terminal(tmp_path, digits_file):
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    process = subprocess.Popen(
        [sys.executable, str(MAIN), "--headless", "--data", digits_file],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=writer,
    )  # fmt: skip
    os.close(writer)
    shown = b""
    with contextlib.suppress(OSError):  # the other end was closed
        while part := os.read(reader, 4096):
            shown += part
    os.close(reader)
    assert process.wait(timeout=PATIENCE) == 0
    assert b"steps" in shown
    assert b"%" in shown


def test_own_data_are_used_as_in_the_window(tmp_path):
    write_pictures(tmp_path / "zoo")
    result = command("--headless", "--data", "zoo", "--html", "lab.html", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "classes ant, bee of zoo" in result.stdout
    assert "zoo has 5 classes; ant, bee are used, and any 2 to 5 can be chosen." in result.stdout
    assert "classes ant, bee (zoo)" in (tmp_path / "lab.html").read_text(encoding="utf-8")


def test_where_nobody_reads_a_complaint_comes_in_a_box(monkeypatch):
    boxes: list[str] = []
    monkeypatch.setattr(output, "_unheard", False)
    monkeypatch.setattr(output, "_show_box", boxes.append)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        patch.setattr(sys, "stderr", None)
        output.find_console()
        with sys.stdout, sys.stderr:
            print("a log that goes nowhere")
            assert complain("the disk is full.") == 2
    assert boxes == ["cnnviz: the disk is full."]


def test_a_program_with_an_output_keeps_it_its_lines_and_letters_that_are_joined(capsys):
    before = sys.stdout, sys.stderr
    output.find_console()
    assert (sys.stdout, sys.stderr) == before
    complain("the disk is full.")
    assert capsys.readouterr().err == "cnnviz: the disk is full.\n"
    Output().say("one\ntwo: क्‍ष")
    assert capsys.readouterr().out == "one\ntwo: क्‍ष\n"


@pytest.mark.parametrize(
    "text", ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\u202egnp", "\ud800", "\r", "\u2028"]
)
def test_nothing_that_is_said_steers_the_terminal(capsys, text):
    complain(f"a file {text} is no report")
    Output().say(f"a class {text}")
    with pytest.raises(SystemExit):
        parse_arguments(["--headless", "--set", f"{text}=1", f"--{text}"])
    said = capsys.readouterr()
    for line in (*said.out.split("\n"), *said.err.split("\n")):
        assert line.isprintable()
    assert len(said.err.split("\n")) == 3, "a line each"


# -- disks ---------------------------------------------------------------------------------------------------


OLD = b"what was there before"


@pytest.fixture
def disk(tmp_path):
    with open_small_disk(tmp_path / "disk") as opened:
        yield opened


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
    (target := tmp_path / "a.file").write_bytes(OLD)
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
    full = python("-c", '"$@" > /dev/full', "sh", *run, program="sh")
    assert full.returncode == 2
    assert "The log cannot be written" in full.stderr
    assert full.stderr.count("\n") == 1
    assert checkpoint.load(target)[0].step > 0
    target.unlink()
    gone = python("-c", '{ "$@"; echo "status $?" >&2; } | head -n 1', "sh", *run, program="sh")
    assert gone.stdout.count("\n") == 1
    assert gone.stderr == "status 0\n"
    assert checkpoint.load(target)[0].step > 0
