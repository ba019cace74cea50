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
    is_begun: bool,
) -> Mapping[Secret, str]:
    """Return what is covered, with the reason as a sentence for the student.

    Covered is what the step in front asks for, until its prediction is committed or its result is shown
    without one. Once the lab is begun, so is what is on the screen unasked (`AHEAD`),
    until the first of the steps about that run that ask for it has got its prediction.

    * `front`: the step in front.
    * `is_run_of`, `is_at_end`: whether the present run is the one that a step is about, and whether
      that is at its end.
    * `is_begun`: whether somebody does the lab, and does not only look at the program.
    """
    of_run = [step for step in lab.steps if secrets_of(step) and is_run_of(step)]
    ahead = [step for step in of_run if record.step(step.id).is_open(step)]
    answered = {secret for step in of_run if step not in ahead for secret in secrets_of(step)}
    asked: dict[Secret, Step] = {}
    if is_begun:
        asked = {secret: step for step in reversed(ahead) for secret in secrets_of(step) & AHEAD - answered}
    if record.step(front.id).is_open(front):
        asked |= {secret: front for secret in secrets_of(front) if secret not in AT_END or is_at_end(front)}
    return {secret: _reason(lab, step) for secret, step in asked.items()}


def _reason(lab: Lab, step: Step) -> str:
    number = format_count(lab.steps.index(step) + 1)
    return f"Covered: step {number} of the lab asks you to predict this first."
