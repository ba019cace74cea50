"""Hand-ins of a course are measured again: what differs is found, and nobody honest is accused."""

import csv
import io
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz.lab import HandIn, LabRecord, Version, hand_in, measured_lab, parse_lab, seed_of
from cnnviz.lab.grade_table import LOOK, NOT_COMPARABLE, OK, UNREADABLE, to_csv, verdict_of
from cnnviz.lab.judging import compared
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Measurement
from cnnviz.lab.verifying import KERNELS, verify
from cnnviz.runtime import blas_kernel
from tests.engine.lab_cases import (
    LAB,
    LABS,
    SMALL,
    command,
    honest,
    nearly,
    numbers_of,
    roll_number,
    small_data,
    write,
)
from tests.patience import PATIENCE
from tests.replacing import replace

ROOT = Path(__file__).parents[2]
OTHER_KERNELS = ("Nehalem", "Haswell")


@pytest.fixture(scope="module")
def students() -> list[HandIn]:
    return [honest(number) for number in range(5)]


@pytest.fixture(scope="module")
def table(students, digits_file, tmp_path_factory) -> dict[str, dict[str, str]]:
    """The rows of a course that is measured again by two processes, by the name of the file."""
    course = tmp_path_factory.mktemp("course")
    inside = course / "group b"
    inside.mkdir()
    write(course, "honest-0", students[0])
    write(inside, "honest-1", students[1])
    write(course, "tampered", nearly(students[2], 1.00001).sealed())
    (course / "empty.html").write_bytes(b"")
    for kernel in OTHER_KERNELS:
        if handed_in := other_kernel(kernel):
            (course / f"kernel-{kernel}.json").write_text(handed_in, encoding="ascii")
    told: list[tuple[int, int]] = []
    rows = verify(
        [course], LABS, digits_file, report=lambda done, total: told.append((done, total)), processes=2
    )
    assert told[-1] == (len(rows) - 1,) * 2, "progress goes to the end, of what can be measured"
    read = csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig")))
    return {Path(row["file"]).stem: row for row in read}


def other_kernel(kernel: str) -> str:
    """What a student hands in whose processor is another one; "" where this one cannot stand in for it."""
    code = (
        f"from tests.engine.lab_cases import honest; "
        f"print(honest({700 + OTHER_KERNELS.index(kernel)}).to_json())"
    )
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, env=environment,
        timeout=PATIENCE,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else ""


@pytest.mark.parametrize("number", range(2))
def test_nobody_honest_is_accused(table, number):
    row = table[f"honest-{number}"]
    assert row["verdict"] == OK, row
    assert row["to look at"] == row["numbers that differ"] == row["shared with others"] == ""
    assert row["numbers that agree"] == row["numbers in all"] == "7"
    assert float(row["points"]) >= 3


def test_a_number_that_differs_and_what_cannot_be_read_are_told(table):
    tampered, empty = table["tampered"], table["empty"]
    assert (tampered["verdict"], empty["verdict"]) == (LOOK, UNREADABLE)
    assert "guess: change" in tampered["to look at"]
    assert (tampered["numbers that agree"], tampered["numbers in all"]) == ("6", "7")
    assert empty["notes"].startswith("empty.html cannot be graded because")


@pytest.mark.parametrize("kernel", OTHER_KERNELS)
def test_another_kernel_is_no_tampering(table, kernel):
    row = table.get(f"kernel-{kernel}")
    if row is None:
        pytest.skip("this processor has not its instructions")
    assert (row["verdict"], row["numbers that differ"]) == (OK, ""), row


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
    assert "results of 30 steps of training shown before" in second
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


def test_a_corrected_text_of_the_lab_is_no_other_lab(students, rows_of, tmp_path):
    first, second = (
        replace(students[number], lab=replace(students[number].lab, sha256="0" * 64)).sealed()
        for number in (3, 4)
    )
    write(tmp_path, "a", first)
    write(tmp_path, "b", nearly(second, 1.1).sealed())
    agreeing, differing = rows_of(tmp_path).values()
    assert verdict_of(agreeing) == OK
    assert agreeing.grade.notes == ("its lab file has the same id and version, but another text",)
    assert verdict_of(differing) == LOOK
    assert "another text of the lab, which may be why" in differing.remarks[0].reason


@pytest.mark.parametrize(
    ("measure", "dtype", "claimed", "measured", "agrees"),
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
def test_tolerances_are_those_of_kernels(measure, dtype, claimed, measured, agrees):
    measurement = Measurement(measure, {"sample": 0} if measure == "gradient_error" else {})
    found = compared(*(Measured.of("x", measurement, each) for each in (claimed, measured)), dtype)
    assert found.agrees is agrees
    assert found.words


# --- the command line ---------------------------------------------------------------------------------------


def test_a_lab_is_measured_handed_in_and_verified_from_the_command_line(tmp_path, digits_file):
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    measured = command(
        "--headless", "--lab", "small.toml", "--data", digits_file, "--roll-number", "21-CS-0007", "--author",
        "Somebody", "--results", "a.json", "--html", "a.html", cwd=tmp_path,
    )  # fmt: skip
    assert (measured.returncode, measured.stderr) == (0, "")
    assert "made of the roll number '21-CS-0007'" in measured.stdout
    assert "guess: mean loss on the test images" in measured.stdout
    handed = json.loads((tmp_path / "a.json").read_text())
    assert (handed["name"], handed["answers"]) == ("Somebody", {})
    checked = command(
        "--verify", "a.json", "a.html", "--lab", "small.toml", "--data", digits_file, "--table", "t.csv",
        cwd=tmp_path,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == (
        "1 hand-in: 1 ok, 0 look at it, 0 not comparable, 0 unreadable. Wrote t.csv.\n"
    )  # fmt: skip
    (row,) = csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8-sig")))
    assert (row["name"], row["file"]) == ("Somebody", "a.html, a.json") or row["file"] == "a.json, a.html"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tolerance = 0.1", "tolerance = -1", "'tolerance' of 'prediction' of step 'guess' is -1"),
        ("filter = 0, row = 4", "filter = 3, row = 4", "has no cell at filter 3, row 4, column 4"),
        ("sample = 3 }", "sample = 99999 }", "There is no test image 99999"),
        ("shift = { dx = 1 }", "sample = 9999", "no test image 9999, for the data have images 0 to "),
        ('panel = "training"', "sample = 9999", "no test image 9999, for the data have images 0 to "),
        ('moment = "start"', "moment = 99999", "the run has no step 99999, for it ends at step "),
        ("shift = { dx = 1 }", 'pinned = { stage = "pool1", index = [2, 0, 0] }', "no cell [2, 0, 0] of"),
        ("filters = [2]", 'classes = ["1", "shoe"]', "shoe"),
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
