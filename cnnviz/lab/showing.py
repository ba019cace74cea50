"""What the window shows for a step: the view into which "Show me" puts it, and what is covered."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from msgspec.structs import replace as replace_struct

from cnnviz import __version__
from cnnviz.covers import AHEAD, AT_END, Secret
from cnnviz.datasets import Dataset
from cnnviz.document.types import FORMAT_VERSION, Data, Document, Run, Seen, Setting
from cnnviz.experiment import Experiment
from cnnviz.lab.judging import answer_words, judge
from cnnviz.lab.measures import MEASURES
from cnnviz.lab.model import Lab, Show, Step
from cnnviz.lab.record import LabRecord
from cnnviz.training import steps_in_epoch

_FILTERS = {"feature_maps": "channels.1", "translation": "channel", "backprop": "channels.conv1"}
"""The choice of a filter of the first layer, by panel."""


def picture_for(
    show: Show,
    experiment: Experiment,
    dataset: Dataset,
    now: Document | None = None,
    chosen: int | None = None,
) -> Document:
    """Return a document that shows what a step wants to show, and leaves the rest as it is.

    * `experiment`: settings of the step; see `Lab.experiment_of`.
    * `now`: what is on the screen, as `picture_of` has it.
    * `chosen`: number of the filter that is shown; None where the step names none, or it is not known yet.
    * Returns: a picture, whose run has to be trained unless it is at hand. Its `seen.weights_sha256` is that
      of `now` where network and moment stay.
    """
    runs = experiment if now is None else replace(now.experiment, epochs=experiment.epochs)
    same_run = None if now is None or runs != experiment else now.run
    base = Seen() if now is None else now.seen
    reached, epochs = (0, 1) if same_run is None else (same_run.step, same_run.epochs)
    shown = 0 if same_run is None else base.step or 0
    last = experiment.epochs * steps_in_epoch(len(dataset.train_labels), experiment.batch_size)
    named = {None: shown, "start": 0, "end": last}
    step = min(show.moment, last) if isinstance(show.moment, int) else named[show.moment]
    stays = same_run is not None and step == shown
    views: dict[str, Any] = dict(base.views)  # the choices of the step upon those that are there
    if same_run is None and "training" in views:  # a kind of mistakes that another network made
        views["training"] = {name: each for name, each in views["training"].items() if name != "results.cell"}
    pinned = base.pinned if show.pinned is None else show.pinned
    if show.pinned is not None and chosen is not None:
        pinned = replace_struct(show.pinned, index=(chosen, *show.pinned.index[1:]))
    shown_filter = {} if chosen is None else {panel: {name: chosen} for panel, name in _FILTERS.items()}
    for panel, view in (*show.views.items(), *shown_filter.items()):
        views[panel] = {**views.get(panel, {}), **view}
    # An image of one's own, of other classes, says nothing in this network.
    sample = base.sample if isinstance(base.sample, int) or runs.classes == experiment.classes else 0
    seen = replace_struct(
        base,
        step=step,
        weights_sha256=base.weights_sha256 if stays else "",
        sample=sample if show.sample is None else min(show.sample, len(dataset.test_labels) - 1),
        shift=base.shift if show.shift is None else show.shift,
        pinned=pinned,
        panel=show.panel or base.panel,
        views=views,
    )
    run = Run(
        step=max(step, reached),
        settings=(Setting(experiment=experiment),),
        epochs=max(experiment.epochs, epochs),
    )
    return Document(
        format_version=FORMAT_VERSION, version=__version__, experiment=experiment, kind="picture",
        data=Data.of(dataset), run=run, seen=seen,
    )  # fmt: skip


def recalled(lab: Lab, record: LabRecord, step: Step) -> tuple[tuple[str, str], ...]:
    """Return what was said and found in the earlier steps that a step needs, briefly, each with its title."""
    found: list[tuple[str, str]] = []
    for earlier in map(lab.step, step.recall):
        done, lines = record.step(earlier.id), list[str]()
        if words := done.said("hypothesis").strip():
            lines.append(f"“{words}”")
        answer = None if done.prediction is None else done.prediction.answer
        if earlier.prediction is not None and done.found is not None:
            lines.append(judge(earlier.prediction, answer, done.found.measured[0]).words)
        elif earlier.prediction is not None and answer is not None:
            lines.append(f"You predicted {answer_words(earlier.prediction, answer)}.")
        found.append((f"{lab.steps.index(earlier) + 1}  {earlier.title}", "\n".join(lines)))
    return tuple(each for each in found if each[1])


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
    is_shown: Callable[[Step], bool],
    is_begun: bool,
) -> Mapping[Secret, str]:
    """Return what is covered, with the reason as a sentence for the student.

    Covered is what the step in front asks for, until its prediction is committed or its result is shown
    without one, also by a report that was exported. Once the lab is begun, so is what is on the screen
    unasked (`AHEAD`), until the first of the steps about that run that ask for it has got its prediction.

    * `is_run_of`, `is_at_end`: whether the present run is the one that a step is about, and whether
      that is at its end.
    * `is_shown`: whether the result of a step has been shown, so that a prediction comes late.
    * `is_begun`: whether somebody does the lab, and does not only look at the program.
    """

    def is_open(step: Step) -> bool:
        return record.step(step.id).is_open(step) and not is_shown(step)

    of_run = [step for step in lab.steps if secrets_of(step) and is_run_of(step)]
    ahead = [step for step in of_run if is_open(step)]
    answered = {secret for step in of_run if step not in ahead for secret in secrets_of(step)}
    asked: dict[Secret, Step] = {}
    if is_begun:
        asked = {secret: step for step in reversed(ahead) for secret in secrets_of(step) & AHEAD - answered}
    if is_open(front):
        asked |= {secret: front for secret in secrets_of(front) if secret not in AT_END or is_at_end(front)}
    return {
        secret: f"Covered until you predict in step {lab.steps.index(step) + 1} of the lab."
        for secret, step in asked.items()
    }
