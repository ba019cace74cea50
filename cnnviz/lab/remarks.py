"""What a grader should look at in one hand-in: facts that an honest one does not show, each with its reason.

A remark is no verdict. It says what is so, and leaves what it means to the person who grades.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cnnviz import __version__
from cnnviz.files import printable
from cnnviz.lab.judging import verdict_of
from cnnviz.lab.measured import LabNumbers, seed_for
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Lab
from cnnviz.lab.results import HandIn, RunRecord
from cnnviz.quantities import format_plain

_LONGEST = 60
_MOST_NAMES = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OF_KERNEL = ("NumPy", "BLAS")
_OF_BITS = (*_OF_KERNEL, "system")


def remarks_on(handed: HandIn, lab: Lab | None) -> Iterator[str]:
    """Yield what can be told of a hand-in without measuring; None stands for a lab that is not known."""
    if not handed.checksum:
        yield "the file was changed after it was written: it holds what the program does not write"
    elif handed.checksum != handed.right_checksum:
        yield "the file was changed after it was written (its checksum is not that of its content)"
    checksums = (handed.lab.sha256, handed.data.sha256, *(run.weights_sha256 for run in handed.runs))
    if not all(_SHA256.fullmatch(each) for each in checksums):
        yield "one of the checksums in it is no SHA-256, which the program writes"
    yield from impossible_times(handed, lab)
    if lab is not None:
        yield from _of_lab(handed, lab)
        yield from _of_steps(handed, lab)
        yield from too_exact(handed, lab)


def remarks_on_networks(handed: HandIn, numbers: LabNumbers) -> Iterator[str]:
    """Yield what can be told of the networks of a hand-in beside those that were trained here."""
    yield from _of_networks(handed.runs, numbers.runs)
    is_known = all(handed.versions.get(name) == numbers.versions[name] for name in _OF_BITS)
    if is_known and handed.version == __version__ and len(handed.runs) == len(numbers.runs):
        other = sum(
            one.weights_sha256 != two.weights_sha256
            for one, two in zip(handed.runs, numbers.runs, strict=True)
        )
        if other:
            yield (
                f"the weights of {_counted(other, 'network')} are not those of its seed, though it names the "
                "same programs and the same processor as this computer"
            )


def measured_key(each: Measured) -> tuple[object, ...]:
    """Return what a number is of: the step, the measure and its parameters."""
    return each.step, each.measure, *sorted(each.parameters.items())


def same_kernel(handed: HandIn, numbers: LabNumbers) -> bool:
    """Whether matrix products were made by the same kernel of the same library."""
    return all(handed.versions.get(name) == numbers.versions[name] for name in _OF_KERNEL)


def kernel_words(versions: Mapping[str, str]) -> str:
    """Return which kernel of which library made the matrix products."""
    return ", ".join(f"{name} {printable(versions.get(name, 'unknown'), _LONGEST)}" for name in _OF_KERNEL)


def _of_lab(handed: HandIn, lab: Lab) -> Iterator[str]:
    if (handed.lab.id, handed.lab.version) != (lab.id, lab.version):
        named = printable(f"{handed.lab.id} {handed.lab.version}", _LONGEST)
        yield f"it names the lab {named}, but the checksum of {lab.id} {lab.version}"
    expected = seed_for(lab, handed.roll_number)
    if handed.experiment.seed != expected:
        whose = "the roll number" if lab.seed_from_roll_number else "the lab"
        yield f"its seed is {handed.experiment.seed}, that of {whose} is {expected}"
    if handed.seed_from_roll_number != lab.seed_from_roll_number:
        yield "it says of its seed what the lab does not say"
    given, usual = handed.experiment, lab.experiment
    differing = [
        printable(f"{name} {getattr(given, name)} instead of {getattr(usual, name)}", _LONGEST)
        for name in given.differing(usual)
        if name != "seed"
    ]
    if differing:
        yield f"its settings are not those of the lab ({', '.join(differing)})"


def _of_steps(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield what was done in steps that the lab does not have, and what the program would not let pass."""
    steps = {step.id: step for step in lab.steps}
    asks = {step.key_of(question): question for step in lab.steps for question in step.questions}
    predicted = {key for key, step in steps.items() if step.prediction}
    expected = {
        "steps that are done": (handed.done, set(steps)),
        "predictions": (handed.predictions, predicted),
        "predictions that were given up": (handed.given_up, predicted),
        "answers": (handed.answers, set(asks)),
        "hypotheses": (handed.hypotheses, {key for key, question in asks.items() if question.is_hypothesis}),
        "numbers": ({each.step: each for each in handed.measured}, set(steps)),
    }
    for what, (given, known) in expected.items():
        if foreign := sorted(set(given) - known):
            yield f"it has {what} of steps for which the lab has none: {_names(foreign)}"
    unfit = [
        key
        for key, each in handed.predictions.items()
        if key in predicted and verdict_of(steps[key], each.answer, ()) is None
    ]
    if unfit:
        yield f"the program takes no such prediction in {_names(unfit)}"
    lost = [
        key
        for key in handed.done
        if key in steps
        and key not in {*handed.predictions, *handed.given_up}
        and any(each.event == "predicted" for each in steps[key].done_when)
    ]
    if lost:
        yield f"done without the prediction that they wait for: {_names(lost)}"
    if both := sorted(set(handed.predictions) & set(handed.given_up)):
        yield f"predicted, though the result was shown without it: {_names(both)}"
    told = [key for key, each in handed.predictions.items() if each.seen and not each.after_run]
    told += [
        key
        for key, versions in handed.hypotheses.items()
        if any(version.shown and not version.after_run for version in versions)
    ]
    if told:
        yield f"said to be in time, and since when results had been shown: {_names(told)}"


def _of_networks(claimed: Sequence[RunRecord], measured: Sequence[RunRecord]) -> Iterator[str]:
    if len(claimed) != len(measured):
        yield f"it names {_counted(len(claimed), 'trained network')}, the lab has {len(measured)}"
        return
    for one, two in zip(claimed, measured, strict=True):
        if one.steps != two.steps:
            yield f"a network has {one.steps} steps of training in it, {two.steps} in the lab"
        if _plain(one.settings) != _plain(two.settings):
            yield "a network in it has other settings than that of the lab"


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are whether they come from a lab or from JSON."""
    return json.loads(json.dumps(dict(settings)))


def _names(steps: Sequence[str]) -> str:
    named = ", ".join(printable(each, _LONGEST) for each in steps[:_MOST_NAMES])
    return named if len(steps) <= _MOST_NAMES else f"{named} and {len(steps) - _MOST_NAMES} more"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# --- predictions that have more digits of the result than anybody can guess ---------------------------------

# A guess has two or three digits, and of a number like the share of images that are read correctly one may
# well guess all three: nobody is asked to look at that. What counts are digits that a guess cannot have.

_ALONE, _WITH_ALL_RIGHT, _AMONG_SEVERAL = 5, 4, 3
"""Digits that tell of one prediction alone, where all others are right, and up to which a result is known."""

_FEWEST_STEPS, _FEWEST_NUMBERS, _FEWEST_DIGITS = 3, 3, 5
"""How many predictions are asked for, how many of them are numbers, and how many digits these have together
behind their first ones, which may be guessed."""


def too_exact(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield what is too exact about the predictions of a hand-in, as clauses.

    * `handed`: predictions that were made late, as it says itself, do not count.
    """
    asked = [step for step in lab.steps if step.prediction is not None]
    right = as_shown = 0
    numbers: dict[str, int] = {}  # how many digits of a number that goes on and on are those of the result
    results = {each.step: each for each in reversed(handed.measured)}
    for step in asked:
        commitment, result = handed.predictions.get(step.id), results.get(step.id)
        if commitment is None or result is None or commitment.after_run:
            continue
        verdict = verdict_of(step, commitment.answer, handed.measured)
        if verdict is None:
            continue
        right += verdict.is_right is True
        answer, value, quantity = commitment.answer, result.value, result.how.quantity
        if quantity not in ("number", "percent") or not isinstance(answer, int | float):
            continue
        as_shown += verdict.predicted == verdict.measured and _significant(answer, quantity) >= 2
        # A number such as 0.5 or 97.5 % may be known.
        if isinstance(value, int | float) and _significant(value, quantity) > _AMONG_SEVERAL:
            typed = _decimal(answer)
            last = Decimal((0, (5,), int(typed.as_tuple().exponent) - 1))
            is_exact = abs(typed - _decimal(value)) <= last
            numbers[step.id] = _significant(answer, quantity) if is_exact else 0
    for step_id, digits in numbers.items():
        if digits >= _ALONE:
            yield f"the prediction in {step_id} has {digits} digits, and all are those of the measured number"
            return
    least = min(numbers.values(), default=0)
    in_every_step = as_shown == len(asked) or (right == len(asked) and least >= _WITH_ALL_RIGHT)
    if (len(asked) >= _FEWEST_STEPS and in_every_step) or (
        len(numbers) >= _FEWEST_NUMBERS
        and least
        and sum(digits - 1 for digits in numbers.values()) >= _FEWEST_DIGITS
    ):
        yield "its predictions are the measured numbers in every step, to all digits that were typed"


def _significant(number: float, quantity: str) -> int:
    """Return how many digits a number has; of a share near 0 or 100 % those of what is missing."""
    typed = _decimal(number)
    if quantity == "percent":
        typed = min(abs(typed), abs(100 - typed))
    return len("".join(map(str, typed.as_tuple().digits)).strip("0"))


def _decimal(number: float) -> Decimal:
    """Return a number as it is typed."""
    return Decimal(format_plain(float(number)))


# --- times that cannot be -----------------------------------------------------------------------------------

# A clock may be set back by an hour in autumn, and by more than a day over the date line: what honest times
# may do because of that is no remark, though a forger may do the same.

_FIRST = datetime(2026, 1, 1)  # there was no CNNViz before
_FORM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d", re.ASCII)
_WORLD = timedelta(hours=26)  # so far apart are the clocks of the world
_HOUR, _MINUTES = timedelta(minutes=65), timedelta(minutes=10)
"""So far a clock is set back in autumn, with some minutes for being wrong; and these alone."""

_YEAR = timedelta(days=366)
_FEWEST = 3
_LONGEST_STEP = 40


def impossible_times(handed: HandIn, lab: Lab | None) -> Iterator[str]:
    """Yield what is wrong with the times of a hand-in, as clauses; the lab that it is of may not be known."""
    written = dict(_times(handed))
    read = {what: time for what, text in written.items() if (time := read_time(text)) is not None}
    wrong = [what for what in written if what not in read]
    if wrong:
        text = printable(written[wrong[0]], _LONGEST_STEP)
        yield f"{wrong[0]} has a time that the program does not write ({text!r})"
    early = [what for what, time in read.items() if time < _FIRST]
    if early:
        yield f"{early[0]} is dated {written[early[0]]}, before there was a CNNViz"
    end = read.pop(_WHOLE, None)
    if end is None:
        return
    if end > datetime.now() + _YEAR:
        yield f"{_WHOLE} is dated {written[_WHOLE]}, more than a year from now"
    late = {what: time - end for what, time in read.items() if time > end}
    # Whoever sets the clock back does so after several things, not for one of them alone.
    allowed = _MINUTES if len(late) == 1 and len(read) >= _FEWEST else _WORLD
    too_late = [what for what, delay in late.items() if delay > allowed]
    if too_late:
        yield f"{too_late[0]} is dated {written[too_late[0]]}, after the hand-in that holds it"
    yield from _out_of_order(handed, lab, read)


_WHOLE = "the hand-in"


def _times(handed: HandIn) -> Iterator[tuple[str, str]]:
    yield _WHOLE, handed.time
    for step, commitment in handed.predictions.items():
        yield _prediction(step), commitment.time
    for step, time in handed.given_up.items():
        yield f"the result without a prediction in {_named(step)}", time
    for step, versions in handed.hypotheses.items():
        for number, version in enumerate(versions, start=1):
            yield f"version {number} of the hypothesis in {_named(step)}", version.time
    for step, time in handed.done.items():
        yield _done(step), time


def _named(step: str) -> str:
    return printable(step, _LONGEST_STEP)


def _prediction(step: str) -> str:
    return f"the prediction in {_named(step)}"


def _done(step: str) -> str:
    return f"the end of {_named(step)}"


def read_time(text: str) -> datetime | None:
    """Return a time as the program writes it; None for any other text."""
    if not _FORM.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _out_of_order(handed: HandIn, lab: Lab | None, read: dict[str, datetime]) -> Iterator[str]:
    """Yield what is dated before that which has to come first."""
    delays: dict[str, timedelta] = {}
    for step in () if lab is None else lab.steps:
        first, last = read.get(_prediction(step.id)), read.get(_done(step.id))
        if first and last and any(each.event == "predicted" for each in step.done_when):
            delays[step.id] = first - last
    # A clock that is set back once goes wrong in one step, or in few.
    late = [step for step, delay in delays.items() if delay > _HOUR]
    if any(delays[step] > _WORLD for step in late) or len(late) > 1:
        yield f"{_prediction(late[0])} is dated after the end of that step, which waits for it"
    for step, versions in handed.hypotheses.items():
        times = [time for each in versions if (time := read_time(each.time)) is not None]
        if any(two + _WORLD < one for one, two in pairwise(times)):
            yield f"the versions of the hypothesis in {_named(step)} are not in the order of their times"
