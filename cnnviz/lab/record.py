"""What a student has done in a lab, as an immutable value that sessions and drafts can carry."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, cast

from cnnviz.clock import beside
from cnnviz.errors import DataError, NewerVersionError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.lab.events import Event, counted, missing
from cnnviz.lab.json_values import (
    as_count,
    as_text,
    count,
    flag,
    items,
    mapping,
    measured_from_dict,
    measured_to_dict,
    text,
)
from cnnviz.lab.judging import checked_answer
from cnnviz.lab.measures import Measured
from cnnviz.lab.model import MOST_STEPS, Answer, Lab, Step
from cnnviz.lab.own_pixels import OwnPixels
from cnnviz.report.content import MAX_WORDS, Version, version_from_dict, version_to_dict

FORMAT = "cnnviz-lab-record"
FORMAT_VERSION = 1
_MOST_VERSIONS, _MOST_COUNTS, _MOST_BESIDES = 200, 100, 100


@dataclass(frozen=True, slots=True)
class When:
    """The moment at which something was written."""

    time: str  # local date and time, such as ``"2026-01-31 14:05"``
    step: int = 0  # training step of the run on the screen
    after_run: bool = False  # whether the result had been on the screen before
    seen: str = ""  # since when; "" where that is not known

    @property
    def words(self) -> str:
        """Whether it was in time."""
        if not self.after_run:
            return "before its result was shown"
        return f"after its result had been shown{f' at {beside(self.seen, self.time)}' if self.seen else ''}"


@dataclass(frozen=True, slots=True)
class Commitment:
    """A prediction, and when it was made."""

    answer: Answer
    when: When


@dataclass(frozen=True, slots=True)
class Found:
    """The result that was shown, and of which network it is."""

    measured: Measured
    time: str  # when it was measured
    step: int  # training step of the network
    experiment: Experiment  # settings of its run
    besides: tuple[Measured, ...] = ()  # what else the step measures


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What was done in one step."""

    prediction: Commitment | None = None  # the first one; what is said after the reveal is none
    # time at which the window first had the result on the screen, be it committed to or not; "" before
    shown: str = ""
    revealed: str = ""  # time at which the guide first told the result; "" before
    found: Found | None = None  # the result that was shown last
    answer: str = ""  # as typed
    # of a step whose question is a hypothesis: what was recorded, oldest first
    hypothesis: tuple[Version, ...] = ()
    # what happened how often while the step was in front; see `cnnviz.lab.events`
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    done: str = ""  # time at which the step was ticked; "" before

    @property
    def given_up(self) -> str:
        """When the result was shown without a prediction, which cannot be made any more; "" if it was not."""
        return self.revealed if self.prediction is None else ""

    def is_open(self, step: Step) -> bool:
        """Whether the step still waits for a prediction: none is committed, and no result was asked for."""
        return step.prediction is not None and self.prediction is None and not self.revealed


_NOTHING = StepRecord()


@dataclass(frozen=True, slots=True, eq=False)
class LabRecord:
    """The record of one student's lab."""

    # `lab_id`, `lab_version`, `lab_sha256`: of which lab
    lab_id: str
    lab_version: str
    lab_sha256: str
    # of the steps in which something was done
    steps: Mapping[str, StepRecord] = field(default_factory=dict[str, StepRecord])
    place: str = ""  # id of the step in front; "" before the first
    own: OwnPixels | None = None  # the student's own image

    @classmethod
    def of(cls, lab: Lab) -> Self:
        """Return the record of a lab in which nothing was done yet."""
        return cls(lab.id, lab.version, lab.sha256)

    @property
    def key(self) -> str:
        """Under which it is kept beside the records of other labs."""
        return f"{self.lab_id} {self.lab_version}"

    def has_work(self) -> bool:
        """Whether the student has said anything in it."""
        return self.own is not None or any(
            step.prediction is not None or step.answer.strip() or step.hypothesis
            for step in self.steps.values()
        )

    def fits(self, lab: Lab) -> bool:
        """Whether it is of this lab, whatever became of its texts."""
        return self.lab_id == lab.id and self.lab_version == lab.version

    def step(self, step_id: str) -> StepRecord:
        """Return what was done in a step."""
        return self.steps.get(step_id, _NOTHING)

    def is_done(self, step_id: str) -> bool:
        """Whether a step is ticked."""
        return bool(self.step(step_id).done)

    def at(self, step_id: str) -> Self:
        """Return the record with another step in front."""
        return replace(self, place=step_id)

    def predicted(self, step: Step, answer: Answer, when: When) -> Self:
        """Commit to a prediction: the first one counts, and none counts after the reveal.

        * Raises ParameterError: if the answer does not fit the question.
        """
        before = self.step(step.id)
        if step.prediction is None or before.prediction is not None or before.revealed:
            return self
        commitment = Commitment(checked_answer(step.prediction, answer), when)
        changed = self._with(step.id, replace(before, prediction=commitment))
        return changed.happened(step, Event("predicted"), when.time)

    def shown(self, step: Step, time: str) -> Self:
        """Note that the window has the result of a step on the screen; the first time stays."""
        before = self.step(step.id)
        return self._with(step.id, replace(before, shown=before.shown or time))

    def revealed(self, step: Step, time: str, found: Found | None = None) -> Self:
        """Note that the result of a step was shown: the first time stays, and the same result as it is."""
        before = self.step(step.id)
        if found is None or (
            before.found is not None and replace(found, time=before.found.time) == before.found
        ):
            found = before.found
        return self._with(step.id, replace(before, revealed=before.revealed or time, found=found))

    def given_up(self, step: Step, time: str) -> Self:
        """Let the result be shown without a prediction: from now on none can be made or is waited for."""
        return self.revealed(step, time).happened(step, Event("predicted"), time)

    def answered(self, step: Step, words: str, time: str) -> Self:
        """Take the words about a step as they are typed."""
        changed = self._with(step.id, replace(self.step(step.id), answer=words[:MAX_WORDS]))
        return changed.happened(step, Event("words", len(words.split())), time)

    def recorded(self, step: Step, version: Version) -> Self:
        """Record a hypothesis: what was recorded before stays, and the same again changes nothing."""
        before = self.step(step.id)
        said = before.hypothesis[-1].text if before.hypothesis else ""
        if version.text.strip() == said.strip():
            return self
        versions = (*before.hypothesis, version)[-_MOST_VERSIONS:]
        changed = self._with(step.id, replace(before, hypothesis=versions, answer=version.text))
        return changed.happened(step, Event("words", len(version.text.split())), version.time)

    def happened(self, step: Step, event: Event, time: str) -> Self:
        """Count something that was done, and tick the step where nothing is left to do."""
        before = self.step(step.id)
        after = replace(before, counts=counted(before.counts, event))
        if not after.done and not missing(step, after.counts):
            after = replace(after, done=time)
        return self._with(step.id, after)

    def looked_at(self, step: Step, time: str) -> Self:
        """Bring a step to the front; one that waits for nothing is ticked by that."""
        before, changed = self.step(step.id), self.at(step.id)
        if step.done_when or before.done:
            return changed
        return changed._with(step.id, replace(before, done=time))

    def with_own(self, own: OwnPixels | None) -> Self:
        """Return the record with the student's own image."""
        return replace(self, own=own)

    def _with(self, step_id: str, step: StepRecord) -> Self:
        if step == self.step(step_id):  # such as an event that tells the same as the one before
            return self
        return replace(self, steps={**self.steps, step_id: step})

    def to_dict(self) -> dict[str, Any]:
        """Return the record as values that JSON can hold."""
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "lab": {"id": self.lab_id, "version": self.lab_version, "sha256": self.lab_sha256},
            "place": self.place,
            "own": None if self.own is None else self.own.to_dict(),
            "steps": {step_id: _step_to_dict(step) for step_id, step in self.steps.items()},
        }

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Return the record that `to_dict` described.

        * Raises DataError: if it is damaged, of a newer version, or no record.
        """
        if not isinstance(values, dict) or cast("dict[str, object]", values).get("format") != FORMAT:
            raise DataError("This is no record of a lab of CNNViz.")
        version = cast("dict[str, object]", values).get("format_version")
        if type(version) is not int or version > FORMAT_VERSION:
            raise NewerVersionError("The lab was done with a newer CNNViz. Open it with that version.")
        try:
            return cls._from_entries(mapping(cast("object", values), "record"))
        except (DataError, ParameterError) as error:
            raise DataError(f"The record of the lab is damaged: {str(error).rstrip('.')}.") from error

    @classmethod
    def _from_entries(cls, entries: Mapping[str, object]) -> Self:
        lab, steps = mapping(entries.get("lab"), "lab"), mapping(entries.get("steps"), "steps", MOST_STEPS)
        return cls(
            *(text(lab, name) for name in ("id", "version", "sha256")),
            steps={step_id: step_from_dict(step) for step_id, step in steps.items()},
            place=text(entries, "place"),
            own=own_from(entries.get("own")),
        )


def _step_to_dict(step: StepRecord) -> dict[str, Any]:
    prediction = step.prediction
    return {
        "prediction": None if prediction is None else commitment_to_dict(prediction),
        "shown": step.shown,
        "revealed": step.revealed,
        "found": None if step.found is None else _found_to_dict(step.found),
        "answer": step.answer,
        "hypothesis": [version_to_dict(version) for version in step.hypothesis],
        "counts": dict(step.counts),
        "done": step.done,
    }


def _found_to_dict(found: Found) -> dict[str, Any]:
    return {
        **measured_to_dict(found.measured),
        "time": found.time,
        "step": found.step,
        "experiment": found.experiment.to_dict(),
        "besides": [measured_to_dict(each) for each in found.besides],
    }


def _found_from(values: object) -> Found | None:
    """Return the result that was shown; None where there is none, as in records of older versions."""
    if values is None:
        return None
    entries = mapping(values, "found")
    experiment = Experiment.from_dict(mapping(entries.get("experiment"), "experiment"))
    besides = items(entries.get("besides"), "besides", _MOST_BESIDES)
    return Found(
        measured_from_dict(entries),
        text(entries, "time"),
        count(entries, "step"),
        experiment,
        tuple(measured_from_dict(mapping(each, "besides")) for each in besides),
    )


def commitment_to_dict(commitment: Commitment) -> dict[str, Any]:
    """Return a prediction as values that JSON can hold."""
    answer, when = commitment.answer, commitment.when
    return {
        "answer": list(answer) if isinstance(answer, tuple) else answer,
        "time": when.time,
        "step": when.step,
        "after_run": when.after_run,
        "seen": when.seen,
    }


def step_from_dict(values: object) -> StepRecord:
    """Return what was done in a step; raises `DataError` when it is damaged."""
    entries = mapping(values, "step")
    prediction = entries.get("prediction")
    counts = mapping(entries.get("counts"), "counts", _MOST_COUNTS)
    return StepRecord(
        prediction=None if prediction is None else commitment_from_dict(prediction),
        shown=as_text(entries.get("shown", ""), "shown"),
        revealed=text(entries, "revealed"),
        found=_found_from(entries.get("found")),
        answer=text(entries, "answer", MAX_WORDS),
        hypothesis=versions_from(entries.get("hypothesis")),
        counts={name: as_count(each, "counts") for name, each in counts.items()},
        done=text(entries, "done"),
    )


def commitment_from_dict(values: object) -> Commitment:
    """Return a prediction; whether it fits its question is for `checked_answer` to find out."""
    entries = mapping(values, "prediction")
    answer = entries.get("answer")
    if isinstance(answer, list):
        answer = tuple(as_count(each, "answer") for each in items(cast("object", answer), "answer", 3))
    elif isinstance(answer, str):
        answer = as_text(answer, "answer")
    elif isinstance(answer, bool) or not isinstance(answer, int | float):
        raise DataError("its 'answer' is neither a number nor a choice nor a cell")
    when = When(
        text(entries, "time"), count(entries, "step"), flag(entries, "after_run"),
        as_text(entries.get("seen", ""), "seen"),
    )  # fmt: skip
    return Commitment(answer, when)


def versions_from(values: object) -> tuple[Version, ...]:
    """Return the versions of a hypothesis; raises `CNNVizError` when they are damaged."""
    return tuple(version_from_dict(each) for each in items(values, "hypothesis", _MOST_VERSIONS))


def own_from(values: object) -> OwnPixels | None:
    """Return the student's own image; raises `CNNVizError` when it is damaged."""
    if values is None:
        return None
    try:
        return OwnPixels.from_dict(mapping(values, "own"))
    except KeyError as error:
        raise DataError("its 'own' is no image") from error
