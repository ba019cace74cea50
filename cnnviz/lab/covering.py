"""What is covered: whatever the answers to open predictions can be read from."""

from collections.abc import Callable, Mapping

from cnnviz.covers import AHEAD, AT_END, Secret
from cnnviz.lab.measures import MEASURES
from cnnviz.lab.model import Lab, Step
from cnnviz.lab.record import LabRecord
from cnnviz.quantities import format_count


def secrets_of(step: Step) -> frozenset[Secret]:
    """Return what the answer to the prediction of a step can be read from; empty without a prediction."""
    return frozenset() if step.prediction is None else MEASURES[step.prediction.truth.measure].secrets


def covered(
    lab: Lab,
    record: LabRecord,
    front: Step,
    *,
    is_run_of: Callable[[Step], bool],
    is_at_end: Callable[[Step], bool],
) -> Mapping[Secret, str]:
    """Return what is covered, with the reason as a sentence for the student.

    Covered is what the step in front asks for, until its prediction is committed or its result is shown
    without one. So is what comes by itself when a run ends (`AHEAD`), as long as some step of that run still
    asks for it.

    Parameters
    ----------
    lab : Lab
    record : LabRecord
    front : Step
        The step in front.
    is_run_of, is_at_end : callable
        Whether the present run is the one that a step is about, and whether that is at its end.
    """
    found: dict[Secret, str] = {}
    for step in (front, *lab.steps):
        if not record.step(step.id).is_open(step) or (step is not front and not is_run_of(step)):
            continue
        for secret in secrets_of(step) - found.keys():
            is_due = secret in AHEAD if step is not front else secret not in AT_END or is_at_end(step)
            if is_due:
                number = format_count(lab.steps.index(step) + 1)
                found[secret] = f"Covered: step {number} of the lab asks you to predict this first."
    return found
