"""What a grader should look at in one hand-in: facts that an honest one does not show, each with its reason.

A remark is no verdict. It says what is so, and leaves what it means to the person who grades.
"""

from collections.abc import Iterator
from decimal import Decimal

from cnnviz.files import printable
from cnnviz.lab.measured import seed_for
from cnnviz.lab.model import Lab
from cnnviz.lab.results import HandIn

_LONGEST = 60
_MOST_NAMES = 5
_FEWEST_DIGITS = 5  # of a number that is not guessed to all of them


def remarks_on(handed: HandIn, lab: Lab | None) -> Iterator[str]:
    """Yield what can be told of a hand-in without measuring; None stands for a lab that is not known."""
    if not handed.checksum:
        yield "the file was changed after it was written (its checksum is not that of its content)"
    if lab is not None:
        yield from _of_lab(handed, lab)
        yield from _of_steps(handed, lab)
        yield from _of_predictions(handed, lab)


def _of_lab(handed: HandIn, lab: Lab) -> Iterator[str]:
    if (handed.lab.id, handed.lab.version) != (lab.id, lab.version):
        named = printable(f"{handed.lab.id} {handed.lab.version}", _LONGEST)
        yield f"it names the lab {named}, but the checksum of {lab.id} {lab.version}"
    expected = seed_for(lab, handed.roll_number)
    if handed.experiment.seed != expected:
        whose = "the roll number" if lab.seed_from_roll_number else "the lab"
        yield f"its seed is {handed.experiment.seed}, that of {whose} is {expected}"
    given, usual = handed.experiment, lab.experiment
    differing = [
        printable(f"{name} {getattr(given, name)} instead of {getattr(usual, name)}", _LONGEST)
        for name in given.differing(usual)
        if name != "seed"
    ]
    if differing:
        yield f"its settings are not those of the lab ({', '.join(differing)})"


def _of_steps(handed: HandIn, lab: Lab) -> Iterator[str]:
    known = {step.id for step in lab.steps}
    known |= {step.key_of(question) for step in lab.steps for question in step.questions}
    given = {*handed.done, *handed.predictions, *handed.given_up, *handed.answers, *handed.hypotheses}
    if foreign := sorted(given - known):
        yield f"it has work in steps that the lab does not have: {_names(foreign)}"
    told = [
        key
        for key, each in handed.predictions.items()
        if (each.seen or key in handed.given_up) and not each.after_run
    ]
    told += [
        key
        for key, versions in handed.hypotheses.items()
        if any(version.shown and not version.after_run for version in versions)
    ]
    if told:
        yield f"said to be in time, though results had been shown before: {_names(told)}"


def _of_predictions(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield predictions in time with more digits of the result than anybody guesses."""
    results = {each.step: each for each in reversed(handed.measured)}
    for step in lab.steps:
        made, result = handed.predictions.get(step.id), results.get(step.id)
        if made is None or result is None or made.after_run or result.how.quantity != "number":
            continue
        answer, value = made.answer, result.value
        if isinstance(answer, int | float) and isinstance(value, int | float):
            digits = len(Decimal(repr(float(answer))).normalize().as_tuple().digits)
            if digits >= _FEWEST_DIGITS and answer == float(f"{value:.{digits}g}"):
                yield f"the prediction in {step.id} is the measured number to all of its {digits} digits"


def _names(steps: list[str]) -> str:
    named = ", ".join(printable(each, _LONGEST) for each in steps[:_MOST_NAMES])
    return named if len(steps) <= _MOST_NAMES else f"{named} and {len(steps) - _MOST_NAMES} more"
