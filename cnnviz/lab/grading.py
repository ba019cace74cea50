"""What a grader is told of one hand-in: which numbers agree, points that the program gives, what is late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cnnviz import __version__
from cnnviz.files import printable
from cnnviz.lab.judging import Verdict, agrees, difference_words, verdict_of
from cnnviz.lab.measured import LabNumbers
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Lab, Step
from cnnviz.lab.record import Commitment
from cnnviz.lab.results import HandIn

_OF_KERNEL = ("NumPy", "BLAS")


@dataclass(frozen=True, slots=True)
class StepGrade:
    """What the program finds about the prediction of one step."""

    verdict: Verdict
    points: float


@dataclass(frozen=True, slots=True)
class Grade:
    """The findings about one hand-in."""

    agree: int  # numbers that agree with those measured here
    numbers: int  # numbers that the lab asks for
    differing: tuple[str, ...]  # the others, with how far they are off
    # numbers of float32 networks that differ, and were made with another kernel of matrix products, which may
    # be why
    not_comparable: tuple[str, ...]
    most_points: float  # most that the program gives; the answers in words are for the grader
    to_grade: float  # most points for answers in words
    late: tuple[str, ...]  # hypotheses and predictions that came when something was to be seen already
    steps: Mapping[str, StepGrade]  # of the steps with a prediction that fits its question
    notes: tuple[str, ...]  # what is good to know

    @property
    def points(self) -> float:
        """Given by the program."""
        return sum(each.points for each in self.steps.values())


def lab_of(handed: HandIn, labs: Mapping[str, Lab]) -> Lab | None:
    """Return the lab that a hand-in is of, by the SHA-256 of its text or else by id and version."""
    same = (lab for lab in labs.values() if (lab.id, lab.version) == (handed.lab.id, handed.lab.version))
    return labs.get(handed.lab.sha256) or next(same, None)


def graded(handed: HandIn, lab: Lab, numbers: LabNumbers) -> Grade:
    """Compare a hand-in with what was measured here, for the same lab and with its seed."""
    agree, differing, excused = 0, list[str](), list[str]()
    said = {_key(each): each for each in handed.measured}
    is_same_kernel = same_kernel(handed, numbers)
    for each in numbers.measured:
        dtype, one = lab.experiment_of(lab.step(each.step)).dtype, said.get(_key(each))
        if one is None:
            continue
        if agrees(one, each, dtype):
            agree += 1
        elif dtype == "float32" and each.how.is_of_seed and not is_same_kernel:
            excused.append(difference_words(one, each))  # another processor may be why
        else:
            differing.append(difference_words(one, each))
    asked = {_key(each) for each in numbers.measured}
    for count, what in (
        (len(asked - said.keys()), "missing"),
        (len(handed.measured) - len(said), "there twice"),
        (len(said.keys() - asked), "not asked for by the lab"),
    ):
        if count:
            differing.append(f"{count} of the numbers {'is' if count == 1 else 'are'} {what}")
    predictions = [step.prediction for step in lab.steps if step.prediction is not None]
    grades = {step.id: _step(step, handed.predictions.get(step.id), numbers) for step in lab.steps}
    return Grade(
        agree=agree,
        numbers=len(numbers.measured),
        differing=tuple(differing),
        not_comparable=tuple(excused),
        most_points=sum(each.points + each.points_right for each in predictions),
        to_grade=sum(question.points for step in lab.steps for question in lab.asked(step)),
        late=tuple(late_in(handed, lab)),
        steps={step: grade for step, grade in grades.items() if grade is not None},
        notes=tuple(_notes(handed, lab, numbers)),
    )


def same_kernel(handed: HandIn, numbers: LabNumbers) -> bool:
    """Whether matrix products were made by the same kernel of the same library."""
    return all(handed.versions.get(name) == numbers.versions[name] for name in _OF_KERNEL)


def _kernel_words(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {printable(versions.get(name, 'unknown'), 60)}" for name in _OF_KERNEL)


def _key(each: Measured) -> tuple[object, ...]:
    """Return what a number is of: the step, the measure and its parameters."""
    return each.step, each.measure, *sorted(each.parameters.items())


def late_in(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield the hypotheses and predictions that came too late, in the order of the steps."""
    for step in lab.steps:
        is_first = step.section == lab.sections[0].id  # later ones begin after a run
        for versions in (handed.hypotheses.get(step.key_of(each), ()) for each in step.questions):
            if versions and (versions[0].after_run or (is_first and versions[0].step > 0)):
                yield f"{step.id}: the hypothesis was written {versions[0].time}, {versions[0].words}"
        prediction = handed.predictions.get(step.id)
        if prediction is not None and prediction.after_run:
            yield f"{step.id}: the prediction was made {prediction.words}"


def _step(step: Step, commitment: Commitment | None, numbers: LabNumbers) -> StepGrade | None:
    """Return the prediction of a step beside its result, with points for being in time and right."""
    prediction = step.prediction
    verdict = None if commitment is None else verdict_of(step, commitment.answer, numbers.measured)
    if prediction is None or commitment is None or verdict is None:
        return None
    points = prediction.points + (prediction.points_right if verdict.is_right else 0.0)
    return StepGrade(verdict, 0.0 if commitment.after_run else points)


def _notes(handed: HandIn, lab: Lab, numbers: LabNumbers) -> Iterator[str]:
    if handed.lab.sha256 != lab.sha256:
        yield "its lab file has the same id and version, but another text"
    if handed.version != __version__:
        yield f"made with CNNViz {printable(handed.version, 20)}, checked with {__version__}"
    if not same_kernel(handed, numbers):
        yield f"made with {_kernel_words(handed.versions)}, checked with {_kernel_words(numbers.versions)}"
    if lab.seed_from_roll_number and not handed.roll_number.strip():
        yield "no roll number was given: its seed is that of everybody without one"
