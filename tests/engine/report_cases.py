"""A small lab that the tests of the report share."""

import shutil
from dataclasses import replace
from functools import cache

import pytest

from cnnviz.datasets import Dataset
from cnnviz.presets import LAB5
from cnnviz.report import Findings, LabResults, LabSettings, Report, Version, findings_of, run_lab
from tests.small_data import first_images

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")

QUICK = LabSettings(sample=3, digits=12, reach=3, tie_images=64)
HOSTILE = (
    "<script>alert(1)</script> & </p> {{ 7*7 }} {% raw %}",
    '#let x = 1 #eval("1") $x^2$ *bold* _it_ `code` \\ // /* @ref <label>',
    "# heading | - list 1. http://example.com [a](b) ![c](d) -> --- ~~",
    "😀 שלום مرحبا 日本",
)


def small_data() -> Dataset:
    """Return a few hundred of the digits 0 and 1."""
    return first_images((0, 1), 400, 150)


@cache
def small_lab() -> LabResults:
    """Return the results of a lab that takes a fraction of a second."""
    return run_lab(replace(LAB5, log_every=100, filters=(3,)), small_data(), QUICK)


@cache
def small_findings() -> Findings:
    """Return the parts of a report that this lab makes."""
    return findings_of(small_lab(), "2026-01-31 10:00")


def hostile_report() -> Report:
    """Return a report whose every word tries to be more than text."""
    words = "\n".join(HOSTILE)
    report = Report(title=HOSTILE[0], author=HOSTILE[1], roll_number=HOSTILE[2], date=HOSTILE[3])
    for each in report.demonstrations:
        each = replace(each, objective=words, description=words, observations=words, inference=words)
        report = report.with_demonstration(each.record(Version(words, "2026-01-31 10:00", 0)))
    return report
