"""Scenes on paper: pages of a report, without a window."""

import io
from dataclasses import replace

from PIL import Image, ImageOps

from cnnviz.datasets import load_mnist
from cnnviz.experiment import LAB5
from cnnviz.lab.course import free_lab
from cnnviz.lab.document import lab_document
from cnnviz.lab.measured import hand_in, measured_lab
from cnnviz.lab.model import Part
from cnnviz.lab.record import LabRecord, Version
from cnnviz.report.pdf import placed_pages
from scripts.screenshots.stage import IMAGES

_DPI = 110.0
_TIME = "2026-01-31 10:00"
WORDS: dict[Part, str] = {
    "objective": "What shall be found out.",
    "description": "Which data, layers and settings were used.",
    "observations": "What was seen: the student's words stand above what the program has measured.",
    "inference": "What follows from it.",
}


def report_page() -> None:
    """The first page of a report on LAB5, with words that only hold the place of a student's."""
    lab = free_lab()
    record, step = LabRecord.of(lab), lab.steps[0]
    record = record.recorded(step, Version("What is expected, recorded before the run.", _TIME))
    for part, words in WORDS.items():
        record = record.wrote(step, part, words, _TIME)
    numbers = measured_lab(lab, load_mnist(LAB5.classes), LAB5.seed, experiment=LAB5, with_results=True)
    handed = hand_in(lab, record, numbers, name="(name)", roll_number="(number)")
    document = replace(lab_document(lab, handed, record, numbers), date="(date)")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(placed_pages(document, _DPI, 60, lambda: False)[0][0])) as page:
        framed = ImageOps.expand(page.convert("RGB"), border=1, fill="#C8D0D8")
    framed.save(IMAGES / "report-page.png", optimize=True)
    print("docs/images/report-page.png")


SCENES = (report_page,)
