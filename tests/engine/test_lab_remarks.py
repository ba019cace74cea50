"""What there is to look at in a course is told with its reason, and of honest students is nothing to tell."""

import itertools
import json
import zlib
from collections.abc import Callable

import numpy as np
import pytest

from cnnviz.lab.grade_table import LOOK, NOT_COMPARABLE, OK, UNREADABLE, verdict_of
from cnnviz.lab.grading import graded
from cnnviz.lab.judging import TOLERANCES
from cnnviz.lab.measured import hand_in, measured_lab, seed_for
from cnnviz.lab.model import seed_of
from cnnviz.lab.pages import remarks_on_pages
from cnnviz.lab.record import Commitment, LabRecord, OwnImage, Shown, Version
from cnnviz.lab.remarks import may_be_same_name, remarks_between
from cnnviz.lab.results import HandIn, checksum_of
from cnnviz.report.html import write_html
from cnnviz.report.pdf import write_pdf
from tests.engine import lab_cases
from tests.engine.lab_cases import LAB, LABS, honest, nearly, roll_number, small_data, with_value, write
from tests.replacing import replace

MINE = "Max pooling keeps the largest of four cells, so a shift by one pixel moves some to another window."


def predicted(handed: HandIn, step: str, **changes: object) -> HandIn:
    made = replace(handed.predictions[step], **changes)
    return replace(handed, predictions={**handed.predictions, step: made})


def supposed(handed: HandIn, **changes: object) -> HandIn:
    return replace(handed, hypotheses={"way": (replace(handed.hypotheses["way"][0], **changes),)})


def value_of(handed: HandIn, step: str) -> object:
    return next(each.value for each in handed.measured if each.step == step)


def all_right(handed: HandIn) -> HandIn:
    """Every prediction right, as a student makes it who knows: two digits of the number, which may be off."""
    guess = predicted(handed, "guess", answer=round(value_of(handed, "guess"), 2))
    guess = predicted(guess, "click", answer=value_of(handed, "click")[0])
    way = Commitment("down", "2026-01-31 10:09", 0)
    return replace(guess, predictions={**guess.predictions, "way": way}, given_up={})


# --- honest ones --------------------------------------------------------------------------------------------


FILE = OwnImage.of(np.full((1, 28, 28), 7, np.uint8), 1, "three.png")


def short(handed: HandIn) -> HandIn:
    return replace(handed, answers={"guess": "13x13", "way": "yes"})


def again(handed: HandIn) -> HandIn:
    answers = {**handed.answers, "guess": handed.answers["guess"] + " And it shrinks."}
    return replace(handed, time="2026-01-31 11:45", answers=answers)


def of_lab(handed: HandIn) -> HandIn:
    return replace(handed, answers={"guess": "what is commited"} | {"way": LAB.step("way").questions[0].text})


HONEST: dict[str, Callable[[HandIn], HandIn]] = {
    "plain": lambda one: one,
    "right": all_right,
    "short": short,
    "short-too": short,
    "words-of-the-lab": of_lab,
    "words-of-the-lab-too": of_lab,
    "equal-name": lambda one: replace(one, name="Anna Müller"),
    "equal-name-too": lambda one: replace(one, name="Anna Müller"),
    "no-name": lambda one: replace(one, name=""),
    "other-version": lambda one: replace(one, version="0.0.9"),
    "other-kernel": lambda one: replace(
        one, versions={**one.versions, "BLAS": "openblas 0.3.21 ARMV8"},
        runs=tuple(replace(run, weights_sha256="ab" * 32) for run in one.runs)),
    "other-digits": lambda one: with_value(one, 0, value_of(one, "guess") * (1 + TOLERANCES["float64"] / 9)),
    "late": lambda one: predicted(one, "guess", answer=value_of(one, "guess"), after_run=True),
    "late-since-then": lambda one: predicted(one, "guess", after_run=True, seen="2026-01-31 10:01"),
    "hypothesis-late": lambda one: supposed(one, after_run=True, shown=Shown(training="2026-01-31 09:59")),
    "corrected-text": lambda one: replace(one, lab=replace(one.lab, sha256="0" * 64)),
    "skipped": lambda one: replace(one, predictions={}, answers={}, hypotheses={}, done={}),
    "other-script": lambda one: replace(one, name="अनुभव", answers={"guess": "अधिकतम मान आगे जाता है।"}),
    "hypothesis-edited": lambda one: replace(one, hypotheses={"way": (
        *one.hypotheses["way"], Version("It stays, said otherwise, by 3.", "2026-01-31 10:30", 500))}),
    "roll-in-capitals": lambda one: replace(one, roll_number=one.roll_number.replace("CS", " cs ")),
    "own-file": lambda one: replace(one, own=FILE),
    "own-file-too": lambda one: replace(one, own=FILE),
}  # fmt: skip


# --- tampered ones ------------------------------------------------------------------------------------------


def said(words: str) -> Callable[[HandIn], HandIn]:
    return lambda one: replace(one, answers={"guess": words})


def valued(measure: str, value: object) -> Callable[[HandIn], HandIn]:
    """What is said of a measure is another value."""
    return lambda one: with_value(one, [each.measure for each in one.measured].index(measure), value)


TAMPERED: dict[str, tuple[str, Callable[[HandIn], HandIn]]] = {
    "number-and-both": ("off by", lambda one: replace(
        with_value(one, 0, 0.5), lab=replace(one.lab, sha256="0" * 64), version="7.0")),
    "digits": ("is the measured number to all of its", lambda one: predicted(
        one, "guess", answer=value_of(one, "guess"))),
    "more-done": ("in steps that the lab does not have: bonus", lambda one: replace(
        one, done={**one.done, "bonus": one.time})),
    "more-predicted": ("in steps that the lab does not have: bonus", lambda one: replace(
        one, predictions={**one.predictions, "bonus": one.predictions["guess"]})),
    "of-another-lab": ("but the checksum of small 1", lambda one: replace(
        one, lab=replace(one.lab, version="2"))),
    "fifth-digit": ("guess: change", lambda one: nearly(one, 1.00001)),
    "fewer-mistakes": ("pick: test_mistakes", valued("test_mistakes", 99)),
    "other-winner": ("click: window_winner", valued("window_winner", ((0, 0, 0),))),
    "other-pool": ("pick: least_changed", valued("least_changed", "subsample")),
    "undefined": ("not defined handed in", valued("test_loss", None)),
    "left-out": ("1 of the numbers is missing", lambda one: replace(one, measured=one.measured[:-1])),
    "one-twice": ("1 of the numbers is there twice", lambda one: replace(
        one, measured=(nearly(one, 1.01).measured[0], *one.measured))),
    "copied-whole": ("its seed is", lambda one: replace(one, roll_number=roll_number(99))),
    "copied-with-seed": ("off by", lambda one: replace(
        one, roll_number=roll_number(98), experiment=replace(one.experiment, seed=seed_of(roll_number(98))))),
    "other-settings": ("its settings are not those of the lab (epochs 2 instead of 1)", lambda one: replace(
        one, experiment=replace(one.experiment, epochs=2))),
    "seen-in-time": ("said to be in time, though results had been shown before: guess", lambda one: predicted(
        one, "guess", seen="2026-01-31 10:01")),
    "hypothesis-in-time": ("said to be in time, though", lambda one: supposed(
        one, shown=Shown(training="2026-01-31 09:59"))),
    "after-giving-up": ("said to be in time, though results had been shown", lambda one: replace(
        one, given_up={**one.given_up, "guess": "2026-01-31 10:05"})),
}  # fmt: skip

NOT_COMPARED: dict[str, tuple[str, Callable[[HandIn], HandIn]]] = {
    "other-data": ("other data", lambda one: replace(one, data=replace(one.data, sha256="0" * 64))),
    "other-lab": ("The lab small 2 is not known here", lambda one: replace(
        one, lab=replace(one.lab, sha256="0" * 64, version="2"))),
}  # fmt: skip

type Pair = tuple[HandIn, HandIn]
"""Two students, and what the second makes of the work of the first."""


def copied(change: Callable[[str], str]) -> Callable[[HandIn, HandIn, str], Pair]:
    """The answer of the first, changed, as that of the second."""
    return lambda one, two, words: (said(words)(one), said(change(words))(two))


def _drawn(one: HandIn, two: HandIn, _: str) -> Pair:
    own = OwnImage.of(np.arange(784, dtype=np.uint8).reshape(1, 28, 28), 0)
    return replace(one, own=own), replace(two, own=replace(own, label=1))


def _first_version(one: HandIn, two: HandIn, words: str) -> Pair:
    versions = (Version(words, "2026-01-31 10:00", 0), Version("No, it grows.", "2026-01-31 10:20", 0))
    return said(words)(one), replace(two, hypotheses={"way": versions})


PAIRS: dict[str, tuple[str, Callable[[HandIn, HandIn, str], Pair]]] = {
    "signs": ("the same words", copied(lambda words: f"- {words.upper().replace(' ', '  ')}!")),
    "hypothesis": ("way: the same words", lambda one, two, _words: (
        one, replace(two, hypotheses=one.hypotheses))),
    "other-step": ("the same words", lambda one, two, words: (
        said(words)(one), replace(two, answers={"way": words}))),
    "first-version": ("the same words", _first_version),
    "drawn": ("the same drawn image", _drawn),
    "other-name": ("under another name", lambda one, _two, _words: (one, replace(one, name="Mallory"))),
    "two-works": ("another prediction in guess", lambda one, _two, _words: (
        one, predicted(one, "guess", answer=0.99))),
}  # fmt: skip


def test_of_a_course_all_that_an_honest_student_has_not_is_told_and_nothing_else(rows_of, tmp_path):
    """With the reason; what two have in common is told in both rows, with the file of the other."""
    numbers = itertools.count(100)
    for name, change in HONEST.items():
        write(tmp_path, name, change(honest(next(numbers))).sealed())
    twice = honest(next(numbers))
    write(tmp_path, "exported", twice.sealed())
    write(tmp_path, "exported-again", again(twice).sealed())
    write_pdf(lab_cases.printed(twice), tmp_path / "both.pdf")
    write_html(lab_cases.printed(twice), tmp_path / "both.html")
    own = OwnImage.of(np.arange(784, dtype=np.uint8).reshape(1, 28, 28)[:, ::-1], 1)
    drawing = replace(LabRecord.of(LAB), own=own)
    roll = roll_number(next(numbers))
    measured = measured_lab(LAB, small_data(), seed_for(LAB, roll), own.array)
    write(tmp_path, "drew", hand_in(LAB, drawing, measured, name="Drew", roll_number=roll).sealed())
    files = {path.stem for path in tmp_path.iterdir()}
    for name, (_, change) in TAMPERED.items():
        write(tmp_path, f"tampered-{name}", change(honest(next(numbers))).sealed())
    for name, (_, change) in PAIRS.items():
        words = f"{MINE} So much for {name}."  # no two pairs are alike
        one, two = change(honest(next(numbers)), honest(next(numbers)), words)
        write(tmp_path, f"first-{name}", one.sealed())
        write(tmp_path, f"second-{name}", two.sealed())
    for name, (_, change) in NOT_COMPARED.items():
        write(tmp_path, name, change(honest(next(numbers))).sealed())
    course = {path.stem: row for row in rows_of(tmp_path).values() for path in row.files}
    notes = course["corrected-text"].grade.notes
    assert notes == ("its lab file has the same id and version, but another text",)
    for name in files:
        row = course.pop(name)
        assert (row.remarks, row.shared, row.reason, verdict_of(row)) == ((), (), "", OK), name
    for name, (reason, _) in TAMPERED.items():
        row = course.pop(f"tampered-{name}")
        assert verdict_of(row) == LOOK, name
        assert reason in "; ".join(row.remarks), name
    for name, (reason, _) in PAIRS.items():
        for this, other in (("first", "second"), ("second", "first")):
            (remark,) = course[f"{this}-{name}"].shared
            assert reason in remark, name
            assert remark.endswith(f"/{other}-{name}.json")
    for name, (reason, _) in NOT_COMPARED.items():
        row = course[name]
        assert (verdict_of(row), row.remarks, row.shared) == (NOT_COMPARABLE, (), ()), name
        assert reason in row.reason


# --- whatever one file holds --------------------------------------------------------------------------------

VALUES = ("abc", [[1, 2, 3]], [], [1], 3.5, True, {}, [[[1]]], 1e999, 10**400, None, "9" * 300)


def test_no_value_costs_the_rows_of_others(tmp_path, rows_of):
    good = honest(1)
    write(tmp_path, "good", good)
    measures = {each.measure for each in good.measured}
    for measure in measures:
        for number, value in enumerate(VALUES):
            values = json.loads(good.to_json()) | {"roll_number": f"{measure} {number}"}
            for each in values["measured"]:
                each["value"] = value if each["measure"] == measure else each["value"]
            values["checksum"] = checksum_of(values)
            (tmp_path / f"{measure}-{number}.json").write_text(json.dumps(values), encoding="ascii")
    rows = rows_of(tmp_path)
    assert len(rows) == 1 + len(VALUES) * len(measures)
    assert verdict_of(rows["good.json"]) == OK
    for name, row in rows.items():
        assert verdict_of(row) != OK or name == "good.json"
        assert row.reason or row.remarks or name == "good.json"
        assert "cannot be checked by this program" not in row.reason, row.reason


def test_what_fails_about_one_file_is_said_in_its_row(tmp_path, rows_of, monkeypatch):
    for number in (1, 2):
        write(tmp_path, str(number), honest(number))

    def failing(handed, *rest):
        if handed.roll_number == roll_number(1):
            raise KeyError("what nobody has thought of")
        return graded(handed, *rest)

    monkeypatch.setattr("cnnviz.lab.verifying.graded", failing)
    rows = rows_of(tmp_path)
    assert "1.json cannot be checked by this program (KeyError)" in rows["1.json"].reason
    assert verdict_of(rows["1.json"]) == NOT_COMPARABLE
    assert verdict_of(rows["2.json"]) == OK


def test_what_was_edited_is_told_unless_it_was_sealed_again(tmp_path, rows_of):
    values = json.loads(honest(1).to_json()) | {"answers": {"guess": "Edited."}}
    (tmp_path / "edited.json").write_text(json.dumps(values), encoding="ascii")
    (row,) = rows_of(tmp_path).values()
    assert "changed after it was written" in row.remarks[0]


# --- pages --------------------------------------------------------------------------------------------------

WORDS = (
    'It is 13x13 -> fi ffi fl 1/2 = 0.5; "q" café 10^-3 <= >=\n\nnew line', "क्षमा अनुभव max pooling",
    "العربية shift",
    "最大池化 keeps the largest 值", "A long answer over pages. " * 400, "emoji 👩‍🔬 yes", "very" * 300,
    "soft\u00adhyphen nb\u00a0space 1\u202f000 ﬁ ½ ² ①", "a (b (c) d) \\ e (((", "(() x dna pag wen",
)  # fmt: skip


@pytest.mark.parametrize("place", range(0, len(WORDS), 2))
def test_pages_of_honest_ones_show_what_the_results_say(tmp_path, rows_of, place):
    words, others = WORDS[place : place + 2]
    handed = replace(honest(1), name="Zoë O'Brien", answers={"guess": words, "way": others})
    document = lab_cases.printed(handed.sealed())
    write_pdf(document, tmp_path / "a.pdf")
    write_html(document, tmp_path / "a.html")
    (row,) = rows_of(tmp_path).values()
    assert (len(row.files), row.remarks) == (2, ())


FORGED: dict[str, Callable[[HandIn], HandIn]] = {
    "the name": lambda one: replace(one, name="Somebody Else"),
    "the roll number": lambda one: replace(one, roll_number="21-CS-7777"),
    "a number of guess": lambda one: with_value(one, 0, 0.123),
    "the prediction in guess": lambda one: predicted(one, "guess", answer=0.9),
    "the prediction in click": lambda one: predicted(one, "click", answer=(0, 9, 9)),
    "the prediction in pick": lambda one: predicted(one, "pick", time="2026-01-31 09:00"),
    "the hypothesis in way": lambda one: supposed(one, text="It shrinks, I am sure of that."),
    "the answer in guess": said(MINE),
}  # fmt: skip


def test_results_that_were_put_under_other_pages_are_told(tmp_path, rows_of):
    handed = honest(1)
    for what, change in FORGED.items():
        document = replace(lab_cases.printed(handed), results=change(handed).sealed().to_json())
        write_html(document, tmp_path / f"{what}.html")
    write_pdf(document, tmp_path / "a.pdf")
    told = {path.name: row.remarks for row in rows_of(tmp_path).values() for path in row.files}
    for what in FORGED:
        assert any("the pages of" in each and what in each for each in told[f"{what}.html"]), what
    assert any("a.pdf" in each and what in each for each in told["a.pdf"])


def test_a_pdf_without_results_says_what_to_hand_in(tmp_path, rows_of):
    document = lab_cases.printed(honest(1))
    write_pdf(replace(document, results=""), tmp_path / "printed.pdf")
    write_pdf(document, tmp_path / "one.pdf")
    one = (tmp_path / "one.pdf").read_bytes()
    (tmp_path / "merged.pdf").write_bytes(one + one)
    rows = rows_of(tmp_path)
    for name, why in (("printed.pdf", "printed again"), ("merged.pdf", "merged")):
        assert verdict_of(rows[name]) == UNREADABLE
        assert why in rows[name].reason
        assert "ask for the PDF or HTML file as CNNViz exported it" in rows[name].reason


def test_a_packed_page_that_never_ends_is_read_in_little_time():
    handed = honest(1)
    drawn = b"".join((b"(" * 300_000, b"/A <<(" * 100_000, b"<a" * 100_000, b"\\" * 300_000))
    objects = b"1 0 obj<</Type/Page/Contents 2 0 R>>endobj 2 0 obj<</Filter/FlateDecode>>stream\n"
    flood = b"3 0 obj " * 300_000
    page = b"%PDF-1.7\n" + objects + zlib.compress(drawn) + b"endobj " + flood
    assert not list(remarks_on_pages(page, handed, LAB, "page")), "no text, so nothing to say"
    assert list(remarks_on_pages(b"<html>" + b"<svg " * 300_000, handed, LAB, "page")) == []


# --- beside others ------------------------------------------------------------------------------------------


def between(*handed: HandIn) -> list[int]:
    """How many remarks each has that are about the others."""
    names = [f"file {number}" for number in range(len(handed))]
    return [len(each) for each in remarks_between(handed, names, LABS, [True] * len(handed))]


@pytest.mark.parametrize(("count", "minute", "told"), [(5, 5, 1), (4, 5, 0), (5, 6, 0)])
def test_predictions_are_told_where_five_are_the_same_at_the_same_times(count, minute, told):
    """Fewer may be the same by chance, where a class is told when to predict."""

    def guessed(number: int, last: int) -> HandIn:
        minutes = [*range(count - 1), last]
        made = {f"step {each}": Commitment("max", f"2026-01-31 10:0{each}") for each in minutes[:-1]}
        made["last"] = Commitment(0.5, f"2026-01-31 10:0{last}")
        return replace(honest(number), predictions=made)

    assert between(guessed(1, 5), guessed(2, minute), honest(3)) == [told, told, 0]


@pytest.mark.parametrize(("letters", "told"), [(40, 1), (39, 0)])
def test_words_are_told_from_40_letters_on(letters, told):
    one, two = (
        replace(honest(number), answers={"guess": "yes" * 13 + "y" * (letters - 39)}) for number in (1, 2)
    )
    assert between(one, two) == [told, told]


def test_who_was_there_first_is_not_told_of_what_another_took_with_his_seed():
    mine = honest(1)
    taken = replace(
        mine, roll_number=roll_number(2), name="Mallory", answers={}, hypotheses={}, predictions={}
    )
    told = remarks_between([mine, taken], ["mine", "taken"], LABS, [True, False])
    assert told == [[], ["the same weights as in mine"]]


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        ("Anna Müller", "Müller, Anna", True),
        ("Anna Müller", "anna muller", True),
        ("Anna Maria Müller", "A. Müller", True),
        ("Anna Müller", "Ana Muler", True),
        ("Anna Müller", "", True),
        ("Anna Müller", "Bob Smith", False),
    ],
)
def test_names_of_one_person_may_be_written_in_several_ways(one, other, may_be):
    assert may_be_same_name(one, other) is may_be
    assert may_be_same_name(other, one) is may_be
