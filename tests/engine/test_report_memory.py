"""What setting a report leaves in memory."""

import ctypes
import sys

import pytest

from cnnviz.report import Report, build_document
from cnnviz.report.pdf import to_pages
from tests.engine.report_cases import small_findings


class _Counts(ctypes.Structure):
    """The struct mallinfo2 of glibc."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = tuple((name, ctypes.c_size_t) for name in _names.split())


def _megabytes_in_use() -> float:
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Counts
    counts = mallinfo2()
    return (counts.uordblks + counts.hblkhd) / 1e6


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the C library of Linux")
def test_reports_that_were_set_are_forgotten() -> None:
    def set_one(number: int) -> None:
        to_pages(build_document(Report(title=f"Report {number}"), small_findings()), 100.0)

    set_one(0)  # fonts and the template stay
    before = _megabytes_in_use()
    for number in range(1, 5):
        set_one(number)
    assert _megabytes_in_use() - before < 2
