"""A program without a console, as Windows starts one with a window: what it says is not lost."""

import sys

import pytest

from cnnviz import output
from cnnviz.cli import parse_arguments
from cnnviz.output import Output, complain


def test_where_nobody_reads_a_complaint_comes_in_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_program_with_an_output_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    output.find_console()
    assert (sys.stdout, sys.stderr) == before
    complain("the disk is full.")
    assert capsys.readouterr().err == "cnnviz: the disk is full.\n"


@pytest.mark.parametrize(
    "text", ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\u202egnp", "\ud800", "\r", "\u2028"]
)
def test_nothing_that_is_said_steers_the_terminal(capsys: pytest.CaptureFixture[str], text: str) -> None:
    complain(f"a file {text} is no report")
    Output().say(f"a class {text}")
    with pytest.raises(SystemExit):
        parse_arguments(["--headless", "--set", f"{text}=1", f"--{text}"])
    said = capsys.readouterr()
    for line in (*said.out.split("\n"), *said.err.split("\n")):
        assert line.isprintable()
    assert len(said.err.split("\n")) == 3, "a line each"


def test_lines_and_letters_that_are_joined_stay(capsys: pytest.CaptureFixture[str]) -> None:
    Output().say("one\ntwo: क्‍ष")
    assert capsys.readouterr().out == "one\ntwo: क्‍ष\n"
