"""What honest classes do is nothing to look at, and what only looks like it is."""

from datetime import datetime, timedelta
from functools import cache

import pytest

from cnnviz.lab import Commitment, HandIn, LabRecord, hand_in
from cnnviz.lab.copies import remarks_between, remarks_on_folders
from cnnviz.lab.document import lab_document
from cnnviz.lab.events import Event
from cnnviz.lab.measured import LabNumbers, measured_lab
from cnnviz.lab.model import seed_of
from cnnviz.lab.record import Shown
from cnnviz.lab.remarks import remarks_on, too_exact
from cnnviz.lab.results import hand_in_from_json
from cnnviz.report.html import to_html
from tests.engine.lab_cases import LAB, record_of, roll_number, small_data
from tests.replacing import replace

GUESS = LAB.step("guess")


@cache
def numbers() -> LabNumbers:
    """The numbers of the first student, which nothing here looks at."""
    return measured_lab(LAB, small_data(), seed_of(roll_number(1)))


def handed_in(record: LabRecord | None = None, number: int = 1) -> HandIn:
    """What a student hands in."""
    roll = roll_number(number)
    return hand_in(
        LAB, record or record_of(number), numbers(),
        name=f"Student {number}", roll_number=roll, time="2026-01-31 11:30",
    )  # fmt: skip


def reasons(handed: HandIn) -> list[str]:
    return [each.reason for each in remarks_on(hand_in_from_json(handed.sealed().to_json()), LAB)]


def given_up() -> LabRecord:
    record = LabRecord.of(LAB).given_up(GUESS, "2026-01-31 10:05")
    record = record.happened(GUESS, Event("visited", what="backprop"), "2026-01-31 10:06")
    return record.wrote(GUESS, "observations", "Said without a guess.", "2026-01-31 10:07")


def test_prediction_that_was_given_up_is_in_the_results_and_no_remark():
    handed = handed_in(given_up())
    assert "guess" in handed.done
    assert handed.given_up["guess"] == "2026-01-31 10:05"
    assert reasons(handed) == []
    assert "shown 2026-01-31 10:05 without a prediction" in to_html(lab_document(LAB, handed))


def test_a_result_that_the_report_tells_before_a_prediction_is_marked_in_it():
    """However it was exported, the hand-in says since when each result is known."""
    record = LabRecord.of(LAB).wrote(GUESS, "observations", "Nothing is predicted.", "2026-01-31 10:07")
    handed = handed_in(record)
    asked = {step.id for step in LAB.steps if step.prediction is not None}
    assert handed.given_up == dict.fromkeys(asked, "2026-01-31 11:30")
    assert handed_in(LabRecord.of(LAB)).given_up == {}, "of nobody"
    assert "shown 2026-01-31 11:30 without a prediction" in to_html(lab_document(LAB, handed))


def late(one: HandIn, **changes: object) -> HandIn:
    made = one.predictions["guess"]
    made = replace(made, after_run=True, seen="2026-01-31 10:01")
    return replace(one, predictions={**one.predictions, "guess": replace(made, **changes)})


def hypothesis(one: HandIn, **changes: object) -> HandIn:
    first = one.hypotheses["way"][0]
    told = replace(first, after_run=True, shown=Shown(training="2026-01-31 09:59"))
    return replace(one, hypotheses={"way": (replace(told, **changes),)})


@pytest.mark.parametrize("change", [late, hypothesis])
def test_time_since_which_results_were_shown_contradicts_being_in_time(change):
    one = handed_in()
    assert reasons(change(one)) == []
    (reason,) = reasons(change(one, after_run=False))
    assert "said to be in time, and since when results had been shown" in reason


def test_prediction_that_was_put_in_after_giving_up_is_a_remark():
    handed = handed_in(given_up())
    made = Commitment(0.4, "2026-01-31 10:05", 0)
    (reason,) = reasons(replace(handed, predictions={"guess": made}))
    assert reason == "predicted, though the result was shown without it: guess"


# --- beside others ------------------------------------------------------------------------------------------


def between(*handed: HandIn) -> list[list[str]]:
    names = [f"file {number}" for number in range(len(handed))]
    told = remarks_between(handed, names, {LAB.sha256: LAB}, [True] * len(handed))
    return [[each.reason for each in remarks if each.kind != "networks"] for remarks in told]


def guesses(one: HandIn, first: float, cell: tuple[int, int, int], pick: str) -> HandIn:
    answers = {"guess": first, "click": cell, "pick": pick}
    return replace(
        one, predictions={key: replace(one.predictions[key], answer=each) for key, each in answers.items()}
    )


def test_few_same_guesses_are_nothing_where_the_class_was_told_to_predict_now():
    class_ = [handed_in(number=each) for each in range(1, 5)]
    one, two = (guesses(each, 0.3, (0, 8, 8), "max") for each in class_[:2])
    others = guesses(class_[2], 0.4, (0, 8, 9), "max"), guesses(class_[3], 0.3, (0, 9, 9), "max_blur")
    assert between(one, two, *others) == [[], [], [], []]
    told = between(one, two, others[0])
    assert [len(each) for each in told] == [1, 1, 0], "nobody predicted another pool at that minute"
    assert "the same predictions at the same times" in told[0][0]


def test_work_whose_times_are_all_moved_alike_is_told():
    begin = datetime.fromisoformat("2026-01-31 10:00")

    def done(gaps: list[int], later: timedelta = timedelta()) -> dict[str, str]:
        return {
            f"step {place}": f"{begin + later + timedelta(minutes=gap):%Y-%m-%d %H:%M}"
            for place, gap in enumerate(gaps)
        }

    gaps = [0, 4, 9, 11, 20, 26, 27, 35]
    one, two = (handed_in(number=each) for each in (1, 2))
    one = replace(one, done=done(gaps), predictions={})
    moved = replace(two, done=done(gaps, timedelta(days=2, minutes=17)), predictions={})
    other = replace(two, done=done([0, 4, 9, 12, 20, 26, 27, 35]), predictions={})
    assert all("the same times of all steps" in each[0] for each in between(one, moved))
    assert between(one, other) == [[], []]


WORDS = (
    "The pooled map keeps the largest value, so that the left edge of my zero stays where it was while the "
    "right one moves into the next window and changes eleven cells."
)


def test_answer_with_all_that_another_student_wrote_in_it_is_told():
    one, two = (handed_in(number=each) for each in (1, 2))
    mine = "I looked at the maps twice. "
    assert between(
        replace(one, answers={"guess": WORDS}), replace(two, answers={"guess": mine + WORDS + " Yes."})
    ) == [
        ["guess: most words the same, in the same order, as in file 1"],
        ["guess: most words the same, in the same order, as in file 0"],
    ]
    lecture = WORDS[:60]
    assert between(
        replace(one, answers={"guess": lecture}), replace(two, answers={"guess": mine + lecture})
    ) == [[], []]


def test_several_answers_with_a_word_changed_here_and_there_are_told():
    one, two = (handed_in(number=each) for each in (1, 2))
    changed = WORDS
    for word, other in (("largest", "biggest"), ("stayed", "remained"), ("eleven", "many"), ("edge", "rim")):
        changed = changed.replace(word, other)
    steps = ("guess", "way", "more")
    mine = replace(one, answers={step: f"{step} {WORDS}" for step in steps}, hypotheses={})
    theirs = replace(two, answers={step: f"{step} {changed}" for step in steps}, hypotheses={})
    assert [len(each) for each in between(mine, theirs)] == [1, 1]
    alone = replace(theirs, answers={"guess": f"guess {changed}"})
    assert between(mine, alone) == [[], []], "one answer may be alike by chance"


def test_work_of_one_student_in_folders_of_two_is_told_however_deep_they_lie():
    handed = [handed_in(number=each) for each in (1, 2, 3, 4, 5)]
    folders = [
        ["lab 5/moodle/Ann Rao_1", "lab 5/moodle/Ben Sato_2"],
        ["lab 5/moodle/Chloe Ito_3/report/report-1", "lab 5/moodle/Chloe Ito_3"],
        ["lab 5/moodle/Dan Roy_4", "lab 5/again/Dan Roy_9"],
        ["mailed"],
        ["lab 5/moodle/Ann Sato_5", "lab 5/moodle/Ann Sato_6"],
    ]
    told = remarks_on_folders(handed, folders)
    assert [len(each) for each in told] == [1, 0, 0, 0, 0]
    assert "Ann Rao_1" in told[0][0].reason
    assert "Ben Sato_2" in told[0][0].reason


@pytest.mark.parametrize(
    ("values", "answers", "told"),
    [
        # Each of four numbers right to two or three digits, of which no guess knows all.
        ((0.4567, 0.3456, 0.2345, 0.6543), (0.457, 0.35, 0.23, 0.654), 1),
        ((0.4567, 0.3456, 0.2345, 0.6543), (0.46, 0.35, 0.23, 0.65), 0),  # four digits may be guessed
        ((0.4567, 0.3456, 0.2345, 0.6543), (0.457, 0.35, 0.24, 0.654), 0),  # one that is off was no copy
        # Results as the window shows them, also where one has few digits: nobody guesses all of several.
        ((0.25, 0.4567, 0.3456), (0.25, 0.4567, 0.3456), 1),
        ((0.25, 0.4567, 0.3456), (0.25, 0.46, 0.35), 0),
        ((0.25, 0.4567, 0.3456), (0.9, 0.4567, 0.3456), 0),
    ],
)
def test_digits_of_several_numbers_count_together(values, answers, told):
    asked = [replace(GUESS, id=f"guess {place}") for place in range(len(values))]
    result = next(each for each in numbers().measured if each.step == "guess")
    pairs = zip(asked, values, strict=True)
    measured = tuple(replace(result, step=step.id, value=value) for step, value in pairs)
    made = {
        step.id: Commitment(answer, "2026-01-31 10:05", 0)
        for step, answer in zip(asked, answers, strict=True)
    }
    one = replace(handed_in(), measured=measured, predictions=made)
    assert len(list(too_exact(one, replace(LAB, steps=tuple(asked))))) == told
