"""The typesetter is a process that can be ended."""

import threading

import pytest

from cnnviz.errors import CNNVizError
from cnnviz.evaluation import CancelledError
from cnnviz.report import pdf
from cnnviz.report.blocks import Document, Words
from cnnviz.report.pdf import Sheet, to_pages, typeset

ENDLESS = Sheet("#for i in range(90000) { for j in range(90000) {} }", {}, "pdf")


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[pdf.subprocess.Popen]:
    """All processes that are started."""
    started = []

    class Known(pdf.subprocess.Popen):
        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(pdf.subprocess, "Popen", Known)
    return started


def test_what_never_ends_is_stopped(processes) -> None:
    with pytest.raises(CNNVizError, match=r"^Typesetting was stopped after 1 seconds: .* try again\.$"):
        typeset([ENDLESS], (), 1.0, lambda: False)
    assert [each.poll() is None for each in processes] == [False]


def test_what_nobody_wants_any_more_is_stopped(processes) -> None:
    is_unwanted = threading.Event()
    threading.Timer(0.3, is_unwanted.set).start()
    with pytest.raises(CancelledError):
        typeset([ENDLESS], (), 600.0, is_unwanted.is_set)
    assert [each.poll() is None for each in processes] == [False]


def test_an_order_larger_than_a_pipe_arrives() -> None:
    words = "word " * 40_000
    pages = to_pages(Document("t", "a", "r", "d", (Words(words, "student"),)), 20.0)
    assert len(pages) > 10
    assert all(each.startswith(b"\x89PNG") for each in pages)


def test_pages_come_by_sheet() -> None:
    sheets = [Sheet("a", {}, "pdf"), Sheet("a #pagebreak() b", {}, "png", 20.0)]
    first, second = typeset(sheets, (), 60.0, lambda: False)
    assert [each[:4] for each in first] == [b"%PDF"]
    assert [each[:4] for each in second] == [b"\x89PNG"] * 2


def test_a_process_that_was_ended_by_the_system_has_had_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "TYPESET", "--version")  # ends without an answer
    with pytest.raises(MemoryError):
        typeset([ENDLESS], (), 60.0, lambda: False)


def test_what_is_refused_is_said_in_one_line() -> None:
    with pytest.raises(CNNVizError, match=r"^The report could not be typeset \(.*resources/report") as caught:
        typeset([Sheet("#panic(1 / 0)" + "\n" * 9, {}, "pdf")], (), 60.0, lambda: False)
    assert "\n" not in str(caught.value)
