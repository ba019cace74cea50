"""Guided labs: files of steps in which students predict, do, see, explain and hand in.

`load_lab` reads a lab file, `LabRecord` holds what a student has done in it, `measure` finds the true answers
on a `Bench` and `judge` compares. Nothing here needs a window.
"""

from cnnviz.lab.events import EVENTS, Event, missing
from cnnviz.lab.judging import Verdict, answer_words, checked_answer, judge
from cnnviz.lab.measured import hand_in, measured_lab, seed_for
from cnnviz.lab.measures import MEASURES, Measured, measure
from cnnviz.lab.model import (
    DIRECTIONS,
    Answer,
    Condition,
    Lab,
    Measurement,
    Prediction,
    Question,
    Section,
    Show,
    Step,
    seed_of,
)
from cnnviz.lab.reading import check_lab, load_lab, parse_lab
from cnnviz.lab.record import Commitment, Found, LabNumbers, LabRecord, StepRecord, Version, Work
from cnnviz.lab.results import HandIn, read_hand_in
from cnnviz.lab.showing import picture_for
from cnnviz.report.bench import Bench, trained

__all__ = [
    "DIRECTIONS",
    "EVENTS",
    "MEASURES",
    "Answer",
    "Bench",
    "Commitment",
    "Condition",
    "Event",
    "Found",
    "HandIn",
    "Lab",
    "LabNumbers",
    "LabRecord",
    "Measured",
    "Measurement",
    "Prediction",
    "Question",
    "Section",
    "Show",
    "Step",
    "StepRecord",
    "Verdict",
    "Version",
    "Work",
    "answer_words",
    "check_lab",
    "checked_answer",
    "hand_in",
    "judge",
    "load_lab",
    "measure",
    "measured_lab",
    "missing",
    "parse_lab",
    "picture_for",
    "read_hand_in",
    "seed_for",
    "seed_of",
    "trained",
]
