"""Hand-ins of made-up students, on data that train in no time."""

from dataclasses import replace

from cnnviz.datasets import Dataset
from cnnviz.lab import HandIn, LabRecord, When
from cnnviz.lab.measured import hand_in, measured_lab, seed_for
from cnnviz.report import Version
from tests.engine.lab_cases import small_lab
from tests.small_data import first_images

LAB = small_lab()


def small_data() -> Dataset:
    """Return a few of the digits 0 and 1."""
    return first_images((0, 1), 60, 40)


def record_of(number: int) -> LabRecord:
    """Return the record of the student of this number, with words of his own."""
    steps = {step.id: step for step in LAB.steps}
    record = LabRecord.of(LAB)
    hypothesis = Version(
        f"Student {number} expects that it goes down, for that is what it is for.", "2026-01-31 10:00", 0
    )
    record = record.recorded(steps["way"], hypothesis)
    record = record.predicted(steps["guess"], 0.3 + number / 100, When("2026-01-31 10:05", 0))
    record = record.predicted(steps["click"], (0, 8, 8), When("2026-01-31 10:06", 0))
    record = record.predicted(steps["pick"], "max_blur", When("2026-01-31 10:07", 0))
    words = f"Answer of student number {number}, who says why it is so in words of his own."
    return record.answered(steps["guess"], words, "2026-01-31 10:08")


def roll_number(number: int) -> str:
    """Return the roll number of a student."""
    return f"21-CS-{number:04d}"


def honest(number: int, data: Dataset) -> HandIn:
    """Return what an honest student hands in."""
    roll = roll_number(number)
    numbers = measured_lab(LAB, data, seed_for(LAB, roll))
    return hand_in(
        LAB, record_of(number), numbers, data, name=f"Student {number}", roll_number=roll,
        time="2026-01-31 11:30",
    )  # fmt: skip


def with_value(handed: HandIn, place: int, value: object) -> HandIn:
    """Return it with one measured value changed."""
    measured = list(handed.measured)
    old = measured[place]
    measured[place] = replace(old, measured=replace(old.measured, value=value))
    return replace(handed, measured=tuple(measured))
