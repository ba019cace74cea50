"""Hand-ins of a course are checked: every tampering is found, and nobody honest is accused."""

import csv
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cnnviz.lab.document import lab_document
from cnnviz.lab.grade_table import COLUMNS, LOOK, NOT_COMPARABLE, OK, UNREADABLE, to_csv, verdict_of
from cnnviz.lab.judging import compared
from cnnviz.lab.measured import hand_in, measured_lab
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Measurement, seed_of
from cnnviz.lab.reading import parse_lab
from cnnviz.lab.record import LabRecord, Version
from cnnviz.lab.results import HandIn
from cnnviz.lab.verifying import KERNELS, verify
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_pdf
from cnnviz.runtime import blas_kernel
from tests.engine.lab_cases import (
    LAB,
    LABS,
    SMALL,
    command,
    honest,
    roll_number,
    small_data,
    with_value,
    write,
)
from tests.patience import PATIENCE
from tests.replacing import replace

ROOT = Path(__file__).parents[2]
HONEST = 20
OTHER_KERNELS = ("Nehalem", "Haswell")
WORDS_TAKEN = {
    10: "guess: the same words as in copied-words.json",
    11: "way: the same words as in copied-hypothesis.json",
}
"""Whose words another student has handed in, too."""


@dataclass(frozen=True)
class Case:
    """A hand-in that is not as it should be: what was done, and what has to be said."""

    name: str
    verdict: str
    said: str
    make: Callable[[list[HandIn]], HandIn]


def _number(handed: HandIn, factor: float) -> HandIn:
    """The first number that is no count, made a little better."""
    place = next(n for n, each in enumerate(handed.measured) if isinstance(each.value, float))
    return with_value(handed, place, handed.measured[place].value * factor)


def _value_of(handed: HandIn, measure: str, value: object) -> HandIn:
    place = next(n for n, e in enumerate(handed.measured) if e.measure == measure)
    return with_value(handed, place, value)


def _as_other(handed: HandIn, number: int) -> HandIn:
    return replace(handed, name=f"Student {number}", roll_number=roll_number(number))


CASES = (
    Case("fifth-digit", LOOK, "guess: change", lambda all_: _number(all_[1], 1.00001).sealed()),
    Case("not-sealed", LOOK, "changed after it was written", lambda all_: _number(all_[2], 1.01)),
    Case("fewer-mistakes", LOOK, "pick: test_mistakes",
         lambda all_: _value_of(all_[3], "test_mistakes", 99).sealed()),
    Case("other-winner", LOOK, "click: window_winner",
         lambda all_: _value_of(all_[4], "window_winner", ((0, 0, 0),)).sealed()),
    Case("other-name", LOOK, "pick: least_changed",
         lambda all_: _value_of(all_[5], "least_changed", "subsample").sealed()),
    Case("left-out", LOOK, "1 of the numbers is missing",
         lambda all_: replace(all_[6], measured=all_[6].measured[:-1]).sealed()),
    Case("one-twice", LOOK, "1 of the numbers is there twice",
         lambda all_: replace(
             all_[6], measured=(_number(all_[6], 1.01).measured[0], *all_[6].measured)).sealed()),
    Case("undefined", LOOK, "not defined handed in",
         lambda all_: _value_of(all_[7], "test_loss", None).sealed()),
    Case("copied-whole", LOOK, "its seed is", lambda all_: _as_other(all_[8], 501).sealed()),
    Case("copied-with-seed", LOOK, "off by", lambda all_: replace(
        _as_other(all_[9], 502), experiment=honest(502).experiment).sealed()),
    Case("copied-words", LOOK, "guess: the same words as in",
         lambda all_: replace(
             honest(503), answers={"guess": all_[10].answers["guess"]}).sealed()),
    Case("copied-hypothesis", LOOK, "way: the same words as in",
         lambda all_: replace(honest(504), hypotheses=all_[11].hypotheses).sealed()),
    Case("other-settings", LOOK, "its settings are not those of the lab (epochs 2 instead of 1)",
         lambda all_: replace(all_[12], experiment=replace(all_[12].experiment, epochs=2)).sealed()),
    Case("earlier-prediction", LOOK, "changed after it was written", lambda all_: replace(
        all_[13], predictions={"guess": replace(all_[13].predictions["guess"], answer=0.5)})),
    Case("other-checksum", LOOK, "changed after it was written",
         lambda all_: replace(all_[15], checksum=all_[16].checksum)),
    Case("other-version", LOOK, "another version of CNNViz, which may be why",
         lambda all_: replace(_number(all_[14], 1.1), version="0.0.9").sealed()),
    Case("other-data", NOT_COMPARABLE, "other data",
         lambda all_: replace(all_[15], data=replace(all_[15].data, sha256="0" * 64)).sealed()),
    Case("other-lab", NOT_COMPARABLE, "known here in another version",
         lambda all_: replace(all_[16], lab=replace(all_[16].lab, sha256="0" * 64, version="2")).sealed()),
)  # fmt: skip


@pytest.fixture(scope="module")
def students() -> list[HandIn]:
    return [honest(number) for number in range(HONEST)]


@pytest.fixture(scope="module")
def table(students, digits_file, tmp_path_factory) -> dict[str, dict[str, str]]:
    """The rows of a course, by the name of the file."""
    course = tmp_path_factory.mktemp("course")
    inside = course / "group b"
    inside.mkdir()
    for number, handed in enumerate(students):
        write(course if number % 2 else inside, f"honest-{number}", handed)
    for case in CASES:
        write(course, case.name, case.make(students))
    text = students[0].to_json()
    (course / "truncated.json").write_text(text[: len(text) // 2], encoding="ascii")
    (course / "empty.html").write_bytes(b"")
    (course / "titled.json").write_text(
        text.replace("mean loss on the", "mean gain on the"), encoding="ascii"
    )
    added = students[1].to_json().replace("{", '{"points": 100,', 1)
    (course / "added.json").write_text(added, encoding="ascii")
    write_pdf(lab_document(LAB, students[1]), course / "cut.pdf")
    whole = (course / "cut.pdf").read_bytes()
    (course / "cut.pdf").write_bytes(whole[: whole.index(b"/EmbeddedFile")])
    write_html(lab_document(LAB, students[2]), course / "page.html")
    page = (course / "page.html").read_text(encoding="utf-8")
    (course / "page.html").write_text(page.replace('"answer": 0.32', '"answer": 0.5'), encoding="utf-8")
    for kernel in OTHER_KERNELS:
        if handed_in := other_kernel(kernel):
            (course / f"kernel-{kernel}.json").write_text(handed_in, encoding="ascii")
    files = [path for path in course.rglob("*") if path.is_file()]
    told: list[tuple[int, int]] = []
    rows = verify(
        [course], LABS, digits_file, report=lambda done, total: told.append((done, total)), processes=2
    )
    cannot_be_measured = 3 + sum(case.name in ("other-data", "other-lab") for case in CASES)
    assert told[-1][0] == told[-1][1] == len(files) - cannot_be_measured, "progress goes to the end"
    read = list(csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig"))))
    assert len(read) == len(files)
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


@pytest.mark.parametrize("number", range(HONEST))
def test_nobody_honest_is_accused(table, number):
    row = table[f"honest-{number}"]
    assert row["to look at"] == row["numbers that differ"] == ""
    if number in WORDS_TAKEN:
        # Who wrote them first is for the grader to find out: both are told to have the same.
        assert row["shared with others"] == f"{WORDS_TAKEN[number]}"
    else:
        assert row["verdict"] == OK, row
    assert row["numbers that agree"] == row["numbers in all"] == "7"
    assert float(row["points"]) >= 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_tampering_is_found(table, case):
    row = table[case.name]
    assert row["verdict"] == case.verdict, row
    assert case.said in " ".join(row[name] for name in COLUMNS[9:]), row


def test_what_cannot_be_read_gets_one_sentence(table):
    for name in ("truncated", "empty", "cut"):
        assert table[name]["verdict"] == UNREADABLE
        assert table[name]["notes"].startswith(f"{table[name]['file']} cannot be graded because")


@pytest.mark.parametrize("name", ["titled", "added", "page"])
def test_whatever_was_edited_is_told(table, name):
    assert table[name]["verdict"] == LOOK
    assert "changed after it was written" in table[name]["to look at"]


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
    assert "after 30 steps of training" in second
    assert late.points < late.most_points


def test_students_whose_roll_numbers_give_the_same_seed_are_not_accused(digits_file, tmp_path):
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
        numbers = measured_lab(LAB, small_data(), seed_of(""))
        alone = hand_in(LAB, LabRecord.of(LAB), numbers, name=handed.name)
        write(tmp_path, f"without-{number}", replace(alone, answers=handed.answers).sealed())
    rows = verify([tmp_path], LABS, digits_file, processes=1)
    assert [verdict_of(row) for row in rows] == [OK] * 4, [row.remarks for row in rows]
    assert rows[-1].grade.notes == ("no roll number was given: its seed is that of everybody without one",)


def test_a_corrected_text_of_the_lab_is_no_other_lab(students, digits_file, tmp_path):
    first, second = (
        replace(students[number], lab=replace(students[number].lab, sha256="0" * 64)).sealed()
        for number in (3, 4)
    )
    write(tmp_path, "a", first)
    write(tmp_path, "b", _number(second, 1.1).sealed())
    agreeing, differing = verify([tmp_path], LABS, digits_file, processes=1)
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
