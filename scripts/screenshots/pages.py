"""Scenes on paper: pages of a report, without a window."""

import io
from dataclasses import replace

from PIL import Image, ImageOps

from cnnviz.datasets import load_mnist
from cnnviz.presets import LAB5
from cnnviz.report import Report, Version, build_document, findings_of, run_lab
from cnnviz.report.content import WORKING_PRINCIPLE
from cnnviz.report.pdf import to_pages
from scripts.screenshots.stage import IMAGES

_DPI = 110.0
_WORDS = {
    "objective": "What shall be found out.",
    "description": "Which data, layers and settings were used.",
    "observations": "What was seen: the student's words stand above what the program has measured.",
    "inference": "What follows from it.",
}


def report_page() -> None:
    """The first page of a report on LAB5, with words that only hold the place of a student's."""
    report = Report(author="(name)", roll_number="(number)", date="(date)")
    demonstration = replace(report.demonstration(WORKING_PRINCIPLE), **_WORDS).record(
        Version("What is expected, recorded before the run.", "2026-01-31 10:00", 0)
    )
    findings = findings_of(run_lab(LAB5, load_mnist(LAB5.classes)), "2026-01-31 10:05")
    document = build_document(report.with_demonstration(demonstration), findings)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(to_pages(document, _DPI)[0])) as page:
        framed = ImageOps.expand(page.convert("RGB"), border=1, fill="#C8D0D8")
    framed.save(IMAGES / "report-page.png", optimize=True)
    print("docs/images/report-page.png")


SCENES = (report_page,)
