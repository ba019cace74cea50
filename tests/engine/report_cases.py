"""A small lab that the tests of the report share."""

import shutil
import subprocess
from dataclasses import replace
from functools import cache

import pytest
from msgspec import structs

from cnnviz.datasets import Dataset
from cnnviz.experiment import LAB5, Experiment
from cnnviz.lab.course import free_lab
from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in, measured_lab, sealed
from cnnviz.lab.record import LabNumbers, LabRecord, Version
from cnnviz.report.bench import Bench, LabSettings, trained
from cnnviz.report.blocks import Document, Words
from tests.small_data import first_images

needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")

QUICK = LabSettings(sample=3, digits=12, reach=3, tie_images=64)
TIME = "2026-01-31 10:00"
HOSTILE = (
    "<script>alert(1)</script> & </p> {{ 7*7 }} {% raw %}",
    '#let x = 1 #eval("1") $x^2$ *bold* _it_ `code` \\ // /* @ref <label>',
    "# heading | - list 1. http://example.com [a](b) ![c](d) -> --- ~~",
    "😀 שלום مرحبا 日本",
)


def poppler(tool: str, *arguments: object) -> str:
    """What one of poppler's programs says of a PDF."""
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def words_in(document: Document, kind: str | None = None) -> list[str]:
    """The words of a report, or those of one kind."""
    words = [each for each in document.blocks if isinstance(each, Words)]
    return [each.text for each in words if kind in (None, each.kind)]


def small_data() -> Dataset:
    return first_images((0, 1), 400, 150)


def results_of(experiment: Experiment, data: Dataset | None = None, settings: LabSettings = QUICK) -> Bench:
    return replace(trained(experiment, small_data() if data is None else data), settings=settings)


@cache
def small_lab() -> Bench:
    """Return what is trained in a fraction of a second."""
    return results_of(replace(LAB5, log_every=100, filters=(3,)))


def numbers_of(bench: Bench) -> LabNumbers:
    """Return the numbers of free work on a network that is trained."""
    numbers = measured_lab(
        free_lab(), bench.dataset, bench.experiment.seed, experiment=bench.experiment,
        settings=bench.settings, with_results=True, run=bench,
    )  # fmt: skip
    return sealed(structs.replace(numbers, time=TIME))


@cache
def small_numbers() -> LabNumbers:
    return numbers_of(small_lab())


def report_of(
    numbers: LabNumbers | None = None, record: LabRecord | None = None, experiment: Experiment = LAB5, *,
    title: str = "", author: str = "", roll_number: str = "", date: str = "",
) -> Document:  # fmt: skip
    lab, record = free_lab(), record or LabRecord.of(free_lab())
    numbers = numbers or LabNumbers(experiment)
    handed = hand_in(lab, record, numbers, name=author, roll_number=roll_number)
    document = lab_document(lab, handed, record, numbers)
    return replace(document, title=title or document.title, date=date or document.date)


def written(words: str) -> LabRecord:
    """Return a record in which every field says the same."""
    record = LabRecord.of(free_lab())
    for step in free_lab().steps:
        for part in ("objective", "description", "observations", "inference"):
            record = record.wrote(step, part, words, TIME)
        record = record.recorded(step, Version(words, TIME))
    return record


def hostile_report(numbers: LabNumbers | None = None) -> Document:
    """Return a report whose every word tries to be more than text."""
    title, author, roll_number, date = HOSTILE
    record = written("\n".join(HOSTILE))
    return report_of(numbers, record, title=title, author=author, roll_number=roll_number, date=date)
