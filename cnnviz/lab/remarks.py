"""What a grader should look at in one hand-in: facts that an honest one does not show, each with its reason.

A remark is no verdict. It says what is so, and leaves what it means to the person who grades.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cnnviz import __version__
from cnnviz.errors import ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.lab.exactness import too_exact
from cnnviz.lab.judging import checked_answer
from cnnviz.lab.measured import LabNumbers, seed_for
from cnnviz.lab.model import Answer, Lab, Step
from cnnviz.lab.results import HandIn, RunRecord, StepMeasured
from cnnviz.lab.times import impossible_times

type Kind = Literal[
    "file", "pages", "lab", "seed", "settings", "numbers", "networks", "steps", "predictions", "times",
    "student", "words",
]  # fmt: skip
"""What a remark is about: "file" is the content as a whole, "student" who handed it in."""

_LONGEST = 60
_MOST_NAMES = 5
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OF_KERNEL = ("NumPy", "BLAS")
_OF_BITS = (*_OF_KERNEL, "system")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at.

    * `reason`: what is so, as a clause.
    * `others`: the files of others that it is about, too.
    """

    kind: Kind
    reason: str
    others: tuple[str, ...] = ()


def remarks_on(handed: HandIn, lab: Lab | None) -> Iterator[Remark]:
    """Yield what can be told of a hand-in without measuring anything.

    * `lab`: the lab that it is of; None where it is not known here.
    """
    if not handed.checksum:
        yield Remark(
            "file", "the file was changed after it was written: it holds what the program does not write"
        )
    elif handed.checksum != handed.right_checksum:
        yield Remark(
            "file", "the file was changed after it was written (its checksum is not that of its content)"
        )
    if not all(_SHA256.fullmatch(each) for each in _checksums(handed)):
        yield Remark("file", "one of the checksums in it is no SHA-256, which the program writes")
    yield from (Remark("times", each) for each in impossible_times(handed, lab))
    if lab is not None:
        yield from _of_lab(handed, lab)
        yield from _of_steps(handed, lab)
        yield from (Remark("predictions", each) for each in too_exact(handed, lab))


def remarks_on_measured(handed: HandIn, lab: Lab, numbers: LabNumbers) -> Iterator[Remark]:
    """Yield what can be told beside the numbers that were measured here, but for those that differ."""
    unasked = len(
        {measured_key(each) for each in handed.measured} - {measured_key(each) for each in numbers.measured}
    )
    if unasked and handed.lab_sha256 == lab.sha256:
        yield Remark(
            "numbers", f"{_counted(unasked, 'number')} in it {_are(unasked)} not asked for by the lab"
        )
    yield from _of_networks(handed.runs, numbers.runs)
    is_known = all(handed.versions.get(name) == numbers.versions[name] for name in _OF_BITS)
    if is_known and handed.version == __version__ and len(handed.runs) == len(numbers.runs):
        other = sum(
            one.weights_sha256 != two.weights_sha256
            for one, two in zip(handed.runs, numbers.runs, strict=True)
        )
        if other:
            yield Remark(
                "networks",
                f"the weights of {_counted(other, 'network')} are not those of its seed, though it names the "
                "same programs and the same processor as this computer",
            )


def measured_key(each: StepMeasured) -> tuple[object, ...]:
    """Return what a number is of: the step, the measure and its parameters."""
    measurement = each.measured.measurement
    return each.step, measurement.measure, *sorted(measurement.parameters.items())


def same_kernel(handed: HandIn, numbers: LabNumbers) -> bool:
    """Whether matrix products were made by the same kernel of the same library."""
    return all(handed.versions.get(name) == numbers.versions[name] for name in _OF_KERNEL)


def kernel_words(versions: Mapping[str, str]) -> str:
    """Return which kernel of which library made the matrix products."""
    return ", ".join(f"{name} {printable(versions.get(name, 'unknown'), _LONGEST)}" for name in _OF_KERNEL)


def _checksums(handed: HandIn) -> Iterator[str]:
    yield from (handed.lab_sha256, handed.data_sha256)
    yield from (run.weights_sha256 for run in handed.runs)


def _of_lab(handed: HandIn, lab: Lab) -> Iterator[Remark]:
    if (handed.lab_id, handed.lab_version) != (lab.id, lab.version):
        named = printable(f"{handed.lab_id} {handed.lab_version}", _LONGEST)
        yield Remark("lab", f"it names the lab {named}, but the checksum of {lab.id} {lab.version}")
    expected = seed_for(lab, handed.roll_number)
    if handed.experiment.seed != expected:
        whose = "the roll number" if lab.seed_from_roll_number else "the lab"
        yield Remark("seed", f"its seed is {handed.experiment.seed}, that of {whose} is {expected}")
    if handed.seed_from_roll_number != lab.seed_from_roll_number:
        yield Remark("seed", "it says of its seed what the lab does not say")
    differing = list(_differing(handed.experiment, lab.experiment))
    if differing:
        yield Remark("settings", f"its settings are not those of the lab ({', '.join(differing)})")


def _of_steps(handed: HandIn, lab: Lab) -> Iterator[Remark]:
    """Yield what was done in steps that the lab does not have, and what the program would not let pass."""
    steps = {step.id: step for step in lab.steps}
    asks = {key for key, step in steps.items() if step.question is not None}
    expected = {
        "steps that are done": (handed.done, set(steps)),
        "predictions": (handed.predictions, {key for key, step in steps.items() if step.prediction}),
        "predictions that were given up": (
            handed.given_up,
            {key for key, step in steps.items() if step.prediction},
        ),
        "answers": (handed.answers, asks),
        "hypotheses": (handed.hypotheses, {key for key in asks if _is_hypothesis(lab, key)}),
        "numbers": ({each.step: each for each in handed.measured}, set(steps)),
    }
    for what, (given, known) in expected.items():
        if foreign := sorted(set(given) - known):
            yield Remark("steps", f"it has {what} of steps for which the lab has none: {_names(foreign)}")
    unfit = [
        key for key, each in handed.predictions.items() if key in steps and not _fits(steps[key], each.answer)
    ]
    if unfit:
        yield Remark("predictions", f"the program takes no such prediction in {_names(unfit)}")
    lost = [
        key
        for key in handed.done
        if key in steps
        and key not in handed.predictions
        and key not in handed.given_up
        and any(each.event == "predicted" for each in steps[key].done_when)
    ]
    if lost:
        yield Remark("steps", f"done without the prediction that they wait for: {_names(lost)}")
    if both := sorted(set(handed.predictions) & set(handed.given_up)):
        yield Remark("predictions", f"predicted, though the result was shown without it: {_names(both)}")
    told = [key for key, each in handed.predictions.items() if each.when.seen and not each.when.after_run]
    told += [
        key
        for key, versions in handed.hypotheses.items()
        if any(version.shown and not version.after_run for version in versions)
    ]
    if told:
        yield Remark("steps", f"said to be in time, and since when results had been shown: {_names(told)}")


def _is_hypothesis(lab: Lab, step: str) -> bool:
    question = lab.step(step).question
    return question is not None and question.is_hypothesis


def _fits(step: Step, answer: Answer) -> bool:
    if step.prediction is None:
        return True
    try:
        checked_answer(step.prediction, answer)
    except ParameterError:
        return False
    return True


def _of_networks(claimed: Sequence[RunRecord], measured: Sequence[RunRecord]) -> Iterator[Remark]:
    if len(claimed) != len(measured):
        yield Remark(
            "networks", f"it names {_counted(len(claimed), 'trained network')}, the lab has {len(measured)}"
        )
        return
    for one, two in zip(claimed, measured, strict=True):
        if one.steps != two.steps:
            yield Remark(
                "networks", f"a network has {one.steps} steps of training in it, {two.steps} in the lab"
            )
        if _plain(one.settings) != _plain(two.settings):
            yield Remark("networks", "a network in it has other settings than that of the lab")


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are whether they come from a lab or from JSON."""
    return json.loads(json.dumps(dict(settings)))


def _differing(given: Experiment, usual: Experiment) -> Iterator[str]:
    for name in given.differing(usual):
        if name != "seed":
            yield printable(f"{name} {getattr(given, name)} instead of {getattr(usual, name)}", _LONGEST)


def _names(steps: Sequence[str]) -> str:
    named = ", ".join(printable(each, _LONGEST) for each in steps[:_MOST_NAMES])
    return named if len(steps) <= _MOST_NAMES else f"{named} and {len(steps) - _MOST_NAMES} more"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
