"""A program without a console, as Windows starts one with a window: what it says is not lost."""

import sys

import pytest

from cnnviz import _console
from cnnviz.exits import complain


def test_where_nobody_reads_a_complaint_comes_in_a_box(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes: list[str] = []
    monkeypatch.setattr(_console, "_unheard", False)
    monkeypatch.setattr(_console, "_show", boxes.append)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        patch.setattr(sys, "stderr", None)
        _console.find_console()
        with sys.stdout, sys.stderr:
            print("a log that goes nowhere")
            assert complain("the disk is full.") == 2
    assert boxes == ["cnnviz: the disk is full."]


def test_a_program_with_an_output_keeps_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    _console.find_console()
    assert (sys.stdout, sys.stderr) == before
    complain("the disk is full.")
    assert capsys.readouterr().err == "cnnviz: the disk is full.\n"
