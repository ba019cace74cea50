"""What the window shows for a step: the session into which "Show me" puts it, and what is covered."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from cnnviz.covers import AHEAD, AT_END, Secret
from cnnviz.datasets import Dataset
from cnnviz.experiment import Experiment
from cnnviz.lab.measures import MEASURES
from cnnviz.lab.model import END, START, Lab, Show, Step
from cnnviz.lab.record import LabRecord
from cnnviz.quantities import format_count
from cnnviz.session_state import SessionState, View
from cnnviz.training import steps_in_epoch

_DOCK = "_dock"


def session_of(
    show: Show, experiment: Experiment, dataset: Dataset, now: SessionState | None = None
) -> SessionState:
    """Return a session that shows what a step wants to show, and leaves the rest as it is.

    * `experiment`: settings of the step; see `Lab.experiment_of`.
    * `now`: what is on the screen.
    * Returns: for `SessionRestorer.restore`. Its `weights_sha256` is that of `now` where network
      and moment stay.
    """
    is_same_run = now is not None and replace(now.experiment, epochs=experiment.epochs) == experiment
    reached = now.run_step if now is not None and is_same_run else 0
    shown = now.step if now is not None and is_same_run else 0
    step = _step(show, experiment, dataset, shown)
    stays = now is not None and is_same_run and step == now.step
    base = SessionState(experiment=experiment) if now is None else now
    dx, dy, wrap = (base.dx, base.dy, base.wrap) if show.shift is None else show.shift
    return replace(
        base,
        experiment=experiment,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        step=step,
        run_step=max(step, reached),
        epochs=max(experiment.epochs, base.epochs if is_same_run else 1),
        weights_sha256=base.weights_sha256 if stays else "",
        run_sha256="",
        sample=base.sample if show.sample is None else min(show.sample, len(dataset.test_labels) - 1),
        dx=dx,
        dy=dy,
        wrap=wrap,
        pinned=base.pinned if show.pinned is None else show.pinned,
        panel=f"{show.panel}{_DOCK}" if show.panel else base.panel,
        views=_views(show, base),
    )


def _step(show: Show, experiment: Experiment, dataset: Dataset, shown: int) -> int:
    """Return the training step whose network is shown."""
    last = experiment.epochs * steps_in_epoch(len(dataset.train_labels), experiment.batch_size)
    if show.moment == START:
        return 0
    if show.moment == END:
        return last
    return shown if show.moment is None else min(int(show.moment), last)


def _views(show: Show, base: SessionState) -> dict[str, View]:
    """Return the choices in all panels: those of the step upon those that are there."""
    views = dict(base.views)
    for panel, view in show.views.items():
        name = f"{panel}{_DOCK}"
        views[name] = {**views.get(name, {}), **view}
    return views


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
    return {
        secret: f"Covered: step {format_count(number)} of the lab asks you to predict this first."
        for secret, step in asked.items()
        for number in (lab.steps.index(step) + 1,)
    }
