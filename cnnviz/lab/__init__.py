"""Guided labs: files of steps in which students predict, do, see, explain and hand in.

Nothing here needs a window, which shows a `Lab` and a `LabRecord` and tells the record what happened.

    lab file (TOML)  ->  Lab         what to show, ask and measure        load_lab, check_lab
    student          ->  LabRecord   predictions, words, what was done    immutable
    experiment       ->  Bench       one trained network and its data     trained
    Bench            ->  Measured    the true answers                     measure; MEASURES has all of them
    all of these     ->  HandIn      results.json, in PDF and HTML, too   hand_in; --verify measures it again

A step from prediction to verdict:

    record = LabRecord.of(lab).predicted(step, Commitment(0.4, now()))
    truth = measure(step.id, step.prediction.truth, bench)
    record = record.revealed(step, now(), Found((truth,), now(), bench.step, bench.experiment))
    verdict = judge(step.prediction, 0.4, truth)

The first prediction counts, and none counts after its reveal. A hypothesis keeps every version. What is
ticked stays so, and only what happens while a step is in front ticks it.
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
