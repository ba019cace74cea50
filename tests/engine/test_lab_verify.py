"""Hand-ins are measured again: what differs is found, and what honest classes do is nothing to look at."""

import csv
import io
import itertools
import os
from pathlib import Path

import pytest

from cnnviz.lab.events import Event
from cnnviz.lab.grade_table import LOOK, NOT_COMPARABLE, OK, UNREADABLE, to_csv, verdict_of
from cnnviz.lab.judging import agrees, difference_words
from cnnviz.lab.measured import hand_in, measured_lab
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Measurement, seed_of
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.record import LabRecord, Version
from cnnviz.lab.remarks import remarks_on
from cnnviz.lab.results import hand_in_from_json
from cnnviz.lab.verifying import KERNELS, verify
from cnnviz.report.html import to_html
from cnnviz.runtime import blas_kernel
from tests.engine.lab_cases import (
    LAB,
    LABS,
    SMALL,
    command,
    handed_in,
    honest,
    nearly,
    numbers_of,
    printed,
    roll_number,
    small_data,
    write,
)
from tests.processes import python
from tests.replacing import replace


def test_a_course_is_measured_again_by_two_processes(students, digits_file, tmp_path):
    """Nobody honest is accused; a number that differs and what cannot be read are told."""
    (inside := tmp_path / "group b").mkdir()
    write(tmp_path, "honest-0", students[0])
    write(inside, "honest-1", students[1])
    write(tmp_path, "tampered", nearly(students[2], 1.00001).sealed())
    (tmp_path / "empty.html").write_bytes(b"")
    # What a student hands in whose processor is an older one, where this one can stand in for it.
    code = "from tests.engine.lab_cases import honest; print(honest(700).to_json())"
    older = python("-c", code, env={**os.environ, "OPENBLAS_CORETYPE": "Nehalem"})
    if older.returncode == 0:
        (tmp_path / "kernel.json").write_text(older.stdout, encoding="ascii")
    told: list[float] = []
    rows = verify([tmp_path], LABS, digits_file, progress=told.append, processes=2)
    assert len(told) == len(rows) - 1, "of what can be measured"
    assert told[-1] == 1, "progress goes to the end"
    read = csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig")))
    table = {Path(row["file"]).stem: row for row in read}
    tampered, empty = table.pop("tampered"), table.pop("empty")
    for row in table.values():  # another kernel is no tampering
        assert row["verdict"] == OK, row
        assert row["to look at"] == row["numbers that differ"] == row["shared with others"] == ""
        assert row["numbers that agree"] == row["numbers in all"] == "7"
        assert float(row["points"]) >= 3
    assert (tampered["verdict"], empty["verdict"]) == (LOOK, UNREADABLE)
    assert "guess: change" in tampered["to look at"]
    assert (tampered["numbers that agree"], tampered["numbers in all"]) == ("6", "7")
    assert empty["notes"].startswith("empty.html cannot be graded because")


def test_late_ones_are_told_and_give_no_points(students, rows_of, tmp_path):
    late = students[0]
    hypothesis = (Version("I think so, now that I see it.", "2026-01-31 11:00", 30),)
    made = replace(late.predictions["guess"], time="2026-01-31 11:00", step=60, after_run=True)
    predictions = {**late.predictions, "guess": made}
    write(tmp_path, "late", replace(late, hypotheses={"way": hypothesis}, predictions=predictions).sealed())
    write(tmp_path, "early", students[1])
    early, late = (rows_of(tmp_path)[f"{name}.json"].grade for name in ("early", "late"))
    assert early.late == ()
    first, second = late.late
    assert first == "guess: the prediction was made after its result had been shown"
    assert "before this network had shown any result" in second
    assert late.points < late.most_points


def test_students_whose_roll_numbers_give_the_same_seed_are_not_accused(rows_of, tmp_path):
    first: dict[int, int] = {}
    pair = next(
        (first[seed], number)
        for number in itertools.count(1000)
        if first.setdefault(seed := seed_of(roll_number(number)), number) != number
    )
    for number in pair:
        write(tmp_path, f"{number}", honest(number))
    for number in (1, 2):  # and those who gave no roll number
        handed = honest(number)
        alone = hand_in(LAB, LabRecord.of(LAB), numbers_of(seed_of("")), name=handed.name)
        write(tmp_path, f"without-{number}", replace(alone, answers=handed.answers).sealed())
    rows = list(rows_of(tmp_path).values())
    assert [verdict_of(row) for row in rows] == [OK] * 4, [row.remarks for row in rows]
    assert rows[-1].grade.notes == ("no roll number was given: its seed is that of everybody without one",)


@pytest.mark.parametrize(
    ("measure", "dtype", "claimed", "measured", "same"),
    [
        ("test_loss", "float64", 0.04, 0.04 * (1 + 1e-14), True),
        ("test_loss", "float64", 0.04, 0.04001, False),
        ("test_mistakes", "float64", 8, 9, False),
        ("gradient_error", "float64", 1.3e-7, 1.1e-7, True),
        ("gradient_error", "float64", 1.3e-7, 1.3e-4, False),
        ("most_mistaken_class", "float64", "4", "9", False),
        ("test_loss", "float64", None, None, True),
    ],
)
def test_tolerances_are_those_of_kernels(measure, dtype, claimed, measured, same):
    measurement = Measurement(measure, {"sample": 0} if measure == "gradient_error" else {})
    pair = [Measured.of("x", measurement, each) for each in (claimed, measured)]
    assert agrees(*pair, dtype) is same
    assert difference_words(*pair)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("filter = 0, row = 4", "filter = 3, row = 4", "has no cell at filter 3, row 4, column 4"),
        ("sample = 3 }", "sample = 99999 }", "There is no test image 99999"),
        ("shift = { dx = 1 }", "sample = 9999", "no test image 9999, for the data have images 0 to "),
        ('panel = "training"', "sample = 9999", "no test image 9999, for the data have images 0 to "),
        ('moment = "start"', "moment = 99999", "the run has no step 99999, for it ends at step "),
        ("shift = { dx = 1 }", 'pinned = { stage = "pool1", index = [2, 0, 0] }', "no cell [2, 0, 0] of"),
        ("filters = [2]", 'classes = ["1", "shoe"]', "shoe"),
        ('measure = "test_loss"', 'measure = "receptive_field"\nwith = { stage = "conv2" }', "'conv2'"),
        ('measure = "test_loss"', 'measure = "own_probability"\nwith = { class = "7" }', "'7' is none of"),
    ],
)
def test_a_lab_file_is_checked_from_the_command_line(tmp_path, digits_file, old, new, said):
    (tmp_path / "x.toml").write_text(SMALL.replace(old, new), encoding="utf-8")
    result = command("--lab-check", "x.toml", "--data", digits_file, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert said in line
    first = SMALL[: SMALL.index(old)].count("\n") + 1  # a measure is told at its own line, before its `with`
    assert any(line.startswith(f"cnnviz: x.toml, line {number}:") for number in (first, first - 1))


HAS_KERNELS = blas_kernel().rpartition(" ")[2] in KERNELS


@pytest.mark.parametrize(
    ("kernel", "verdict"),
    [("Nehalem", LOOK if HAS_KERNELS else NOT_COMPARABLE), ("ARMV8", NOT_COMPARABLE), ("=1", NOT_COMPARABLE)],
)
def test_numbers_of_float32_are_compared_under_their_own_kernel(digits_file, tmp_path, kernel, verdict):
    """A number that was changed is found where the kernel is one that this processor has, too."""
    text = SMALL.replace("[settings]", '[settings]\ndtype = "float32"')
    lab, _ = parse_lab(text)
    numbers = measured_lab(lab, small_data(), 5)
    handed = hand_in(lab, LabRecord.of(lab), numbers, name="x")
    handed = replace(handed, experiment=replace(handed.experiment, seed=seed_of("")))
    blas = handed.versions["BLAS"].rpartition(" ")[0]
    handed = replace(handed, versions={**handed.versions, "BLAS": f"{blas} {kernel}"}).sealed()
    write(tmp_path, "x", handed)
    (row,) = verify([tmp_path], {lab.sha256: lab}, digits_file, processes=1)
    assert row.grade.differing or row.grade.not_comparable, "these are the numbers of another seed"
    assert verdict_of(row) == verdict


# -- honest classes ------------------------------------------------------------------------------------------


GUESS = LAB.step("guess")


def test_what_is_known_without_a_prediction_is_in_the_results_and_the_report_and_no_remark():
    record = LabRecord.of(LAB).given_up(GUESS, "2026-01-31 10:05")
    record = record.happened(GUESS, Event("visited", what="backprop"), "2026-01-31 10:06")
    handed = handed_in(1, record.wrote(GUESS, "observations", "Said without a guess.", "2026-01-31 10:07"))
    assert "guess" in handed.done
    assert handed.given_up["guess"] == "2026-01-31 10:05"
    assert not list(remarks_on(hand_in_from_json(handed.sealed().to_json()), LAB))
    assert "shown 2026-01-31 10:05 without a prediction" in to_html(printed(handed))
    # However it was exported, the hand-in says since when each result is known.
    record = LabRecord.of(LAB).wrote(GUESS, "observations", "Nothing is predicted.", "2026-01-31 10:07")
    handed = handed_in(1, record)
    asked = {step.id for step in LAB.steps if step.prediction is not None}
    assert handed.given_up == dict.fromkeys(asked, "2026-01-31 11:30")
    assert handed_in(1, LabRecord.of(LAB)).given_up == {}, "of nobody"
    assert "shown 2026-01-31 11:30 without a prediction" in to_html(printed(handed))
