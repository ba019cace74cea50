"""What a grader is told of one hand-in: which numbers agree, points that the program gives, what is late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cnnviz import __version__
from cnnviz.errors import ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.lab.agreement import Compared, compared
from cnnviz.lab.judging import checked_answer, judge
from cnnviz.lab.measured import LabNumbers, seed_for
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import Lab, Step
from cnnviz.lab.record import Commitment
from cnnviz.lab.results import HandIn
from cnnviz.report.document import moment_of

_LONGEST = 60
_OF_KERNEL = ("NumPy", "BLAS")


@dataclass(frozen=True, slots=True)
class Grade:
    """The findings about one hand-in.

    Attributes
    ----------
    agree : int
        Numbers that agree with those measured here.
    numbers : int
        Numbers that the lab asks for.
    differing : tuple of str
        The others, with how far they are off.
    points, most_points : float
        Given by the program, and the most that it gives; the answers in words are for the grader.
    to_grade : float
        Most points for answers in words.
    late : tuple of str
        Hypotheses and predictions that came when something was to be seen already.
    suspicious : tuple of str
        What an honest hand-in does not have.
    remarks : tuple of str
        What is good to know.
    weights : str
        Whether the weights are the same to the last bit.
    is_comparable : bool
        Whether a number that differs means anything: it was made with the same version of CNNViz, from the
        same text of the lab and, where it is of a float32 network, with the same kernel of matrix products.
    """

    agree: int
    numbers: int
    differing: tuple[str, ...]
    points: float
    most_points: float
    to_grade: float
    late: tuple[str, ...]
    suspicious: tuple[str, ...]
    remarks: tuple[str, ...]
    weights: str
    is_comparable: bool


def lab_of(handed: HandIn, labs: Mapping[str, Lab]) -> Lab | None:
    """Return the lab that a hand-in is of, by the SHA-256 of its text or else by id and version."""
    same = (lab for lab in labs.values() if (lab.id, lab.version) == (handed.lab_id, handed.lab_version))
    return labs.get(handed.lab_sha256) or next(same, None)


def graded(handed: HandIn, lab: Lab, numbers: LabNumbers) -> Grade:
    """Compare a hand-in with what was measured for its seed.

    Parameters
    ----------
    handed : HandIn
    lab : Lab
        The same lab, as far as id and version tell.
    numbers : LabNumbers
        Measured here, with the seed of the hand-in.
    """
    found = list(_compared(handed, lab, numbers))
    differing = [each.words for each in found if not each.agrees]
    asked = {(each.step, _key(each.measured)) for each in numbers.measured}
    claimed = {(each.step, _key(each.measured)) for each in handed.measured}
    missing = len(asked - claimed)
    if missing:
        differing.append(f"{missing} of the numbers {'is' if missing == 1 else 'are'} missing")
    twice = len(handed.measured) - len(claimed)
    if twice:
        differing.append(f"{twice} of the numbers {'is' if twice == 1 else 'are'} there twice")
    points = sum(_points(step, handed.predictions.get(step.id), numbers) for step in lab.steps)
    predictions = [step.prediction for step in lab.steps if step.prediction is not None]
    return Grade(
        agree=sum(each.agrees for each in found),
        numbers=len(numbers.measured),
        differing=tuple(differing),
        points=points,
        most_points=sum(each.points + each.points_right for each in predictions),
        to_grade=sum(step.question.points for step in lab.steps if step.question is not None),
        late=tuple(late_in(handed, lab)),
        suspicious=tuple(suspicious_in(handed, lab)),
        remarks=tuple(_remarks(handed, lab, numbers, len(claimed - asked))),
        weights=_weights(handed, numbers),
        is_comparable=handed.version == __version__
        and handed.lab_sha256 == lab.sha256
        and (same_kernel(handed, numbers) or all(each.agrees or each.dtype == "float64" for each in found)),
    )


def same_kernel(handed: HandIn, numbers: LabNumbers) -> bool:
    """Whether matrix products were made by the same kernel of the same library."""
    return all(handed.versions.get(name) == numbers.versions[name] for name in _OF_KERNEL)


def late_in(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield the hypotheses and predictions that came too late, in the order of the steps."""
    for step in lab.steps:
        versions = handed.hypotheses.get(step.id, ())
        if versions and (versions[0].after_run or versions[0].step > 0):
            yield f"{step.id}: the hypothesis was written {moment_of(versions[0])}"
        prediction = handed.predictions.get(step.id)
        if prediction is not None and prediction.when.after_run:
            yield f"{step.id}: the prediction was made {prediction.when.words}"


def suspicious_in(handed: HandIn, lab: Lab) -> Iterator[str]:
    """Yield what an honest hand-in does not have, as far as it can be told without measuring."""
    if handed.checksum != handed.right_checksum:
        yield "the file was changed after it was written (its checksum is not that of its content)"
    expected = seed_for(lab, handed.roll_number)
    if handed.experiment.seed != expected:
        whose = "the roll number" if lab.seed_from_roll_number else "the lab"
        yield f"its seed is {handed.experiment.seed}, that of {whose} is {expected}"
    differing = _differing_settings(handed.experiment, lab.experiment)
    if differing:
        yield f"its settings are not those of the lab ({', '.join(differing)})"


def _compared(handed: HandIn, lab: Lab, numbers: LabNumbers) -> Iterator[Compared]:
    claimed = {(each.step, _key(each.measured)): each.measured for each in handed.measured}
    for each in numbers.measured:
        said = claimed.get((each.step, _key(each.measured)))
        if said is not None:
            dtype = lab.experiment_of(lab.step(each.step)).dtype
            yield compared(each.step, said, each.measured, dtype)


def _key(measured: Measured) -> tuple[object, ...]:
    return measured.measurement.measure, *sorted(measured.measurement.parameters.items())


def _points(step: Step, commitment: Commitment | None, numbers: LabNumbers) -> float:
    """Return the points for a prediction: for making it in time, and for its being right."""
    prediction = step.prediction
    if prediction is None or commitment is None or commitment.when.after_run:
        return 0.0
    try:
        answer = checked_answer(prediction, commitment.answer)
    except ParameterError:
        return 0.0
    truth = next(each.measured for each in numbers.measured if each.step == step.id)
    is_right = judge(prediction, answer, truth).is_right
    return prediction.points + (prediction.points_right if is_right else 0.0)


def _differing_settings(given: Experiment, usual: Experiment) -> list[str]:
    return [
        printable(f"{name} {getattr(given, name)} instead of {getattr(usual, name)}", _LONGEST)
        for name in given.differing(usual)
        if name != "seed"
    ]


def _remarks(handed: HandIn, lab: Lab, numbers: LabNumbers, unasked: int) -> Iterator[str]:
    if handed.lab_sha256 != lab.sha256:
        yield "its lab file has the same id and version, but another text"
    if handed.version != __version__:
        yield f"made with CNNViz {printable(handed.version, 20)}, checked with {__version__}"
    if not same_kernel(handed, numbers):
        made, here = (
            ", ".join(f"{name} {printable(each.get(name, 'unknown'), _LONGEST)}" for name in _OF_KERNEL)
            for each in (handed.versions, numbers.versions)
        )
        yield f"made with {made}, checked with {here}"
    if handed.seed_from_roll_number and not handed.roll_number.strip():
        yield "no roll number was given: its seed is that of everybody without one"
    if unasked:
        yield f"{unasked} of its numbers {'is' if unasked == 1 else 'are'} not asked for by the lab"


def _weights(handed: HandIn, numbers: LabNumbers) -> str:
    """Say whether the weights are the same; those of another kernel are not, to the last bits."""
    claimed, measured = ([run.weights_sha256 for run in runs] for runs in (handed.runs, numbers.runs))
    if claimed == measured:
        return "the same bits"
    return "other bits"
