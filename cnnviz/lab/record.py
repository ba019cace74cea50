"""What a student has done, as immutable values: words, predictions, ticks, figures, and what was measured."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace as replace_settings
from typing import Annotated, Any, Self

import msgspec
import numpy as np
from msgspec import Meta
from msgspec.structs import replace

from cnnviz._types import ByteArray
from cnnviz.document.types import Count, PinnedCell, Whole
from cnnviz.document.types import Line as Name
from cnnviz.errors import DataError, ParameterError
from cnnviz.experiment import Experiment
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.lab.events import OF_NO_NETWORK, Event, counted, missing
from cnnviz.lab.judging import checked_answer
from cnnviz.lab.measures import Cell, Measured, Number
from cnnviz.lab.model import MOST_STEPS, Lab, Part, Question, Step
from cnnviz.quantities import beside, format_count
from cnnviz.report.blocks import MAX_WORDS, MOST_INSERTS, Figure, Insert, Kept, MeasuredBlock, Prose, Words
from cnnviz.report.drawings import flaw_of

type Moment = Annotated[str, Meta(max_length=200)]
"""Local date and time, such as ``"2026-01-31 14:05"``; "" for never."""
type _Side = Annotated[int, Meta(ge=1, le=1024)]

_MOST_VERSIONS = 200
_MOST_SEEDS = 200
_MOST_RUNS = 1000
_MOST_LABS = 50


# --- what was known when something was said -----------------------------------------------------------------


class Shown(Kept, frozen=True):
    """Results that have been on the screen, and since when; they stay known, whatever is on it later."""

    training: Moment = ""  # results of training: losses, accuracy
    lab: Moment = ""  # results that the lab has measured for the section

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return bool(self.training or self.lab)


class Version(Kept, frozen=True):
    """A hypothesis as it stood at one moment."""

    text: Prose
    time: Moment
    step: Count = 0  # training step of the run on the screen at that moment
    after_run: bool = False  # whether results had been on the screen before
    shown: Shown = Shown()  # which, and since when

    @property
    def known(self) -> tuple[str, str]:
        """Which results had been on the screen, and since when."""
        for whose, time in (("of this section", self.shown.lab), ("of training", self.shown.training)):
            if time:
                return f"results {whose}", beside(time, self.time)
        return "", ""

    @property
    def words(self) -> str:
        """What had been on the screen when it was written, for somebody who grades it."""
        results, since = self.known
        if since:
            return f"after {results}, on the screen since {since}"
        in_time = "before this network had shown any result of this section"  # others make none late
        return "after results" if self.after_run else in_time


class Commitment(Kept, frozen=True):
    """A prediction, and what was known when it was made."""

    answer: Number | Whole | Name | Cell
    time: Moment
    step: Count = 0  # training step of the run on the screen at that moment
    after_run: bool = False  # whether the result had been on the screen before
    seen: Moment = ""  # since when; "" where that is not known

    @property
    def words(self) -> str:
        """Whether it was in time."""
        if not self.after_run:
            return "before its result was shown"
        return f"after its result had been shown{f' at {beside(self.seen, self.time)}' if self.seen else ''}"


# --- what was measured --------------------------------------------------------------------------------------


class RunRecord(Kept, frozen=True):
    """One of the networks that were measured."""

    # settings that differ from those of the lab; empty for its own
    settings: Annotated[
        dict[Name, Number | Whole | bool | Name | Annotated[tuple[Count, ...], Meta(max_length=10)]],
        Meta(max_length=50),
    ]
    steps: Count  # training steps
    weights_sha256: Name


class LabNumbers(Kept, frozen=True):
    """What a lab measures: numbers, and the parts of the report that show what was measured."""

    experiment: Experiment  # settings of the lab, with the seed of the student
    runs: Annotated[tuple[RunRecord, ...], Meta(max_length=MOST_STEPS)] = ()
    # in the order of the steps; of each the answer to its prediction first
    measured: Annotated[tuple[Measured, ...], Meta(max_length=500)] = ()
    # programs that took part, and the kernel of matrix products
    versions: Annotated[dict[Name, Name], Meta(max_length=50)] = {}
    time: Moment = ""  # when it was measured; "" where nothing was
    data_name: Name = ""
    data_sha256: Name = ""
    lab_sha256: Name = ""
    own_sha256: Name = ""  # of the pixels of the student's own image
    sample: Count = 0  # position among the test images of the one that is looked at closely
    channels: Count = 1  # of the images
    # what the report shows of each step, and how to measure it again
    parts: Annotated[
        dict[Name, Annotated[tuple[MeasuredBlock, ...], Meta(max_length=200)]], Meta(max_length=61)
    ] = {}
    # of each step the picture of its result, and why it is so
    reveals: Annotated[
        dict[Name, Annotated[tuple[MeasuredBlock, ...], Meta(max_length=5)]], Meta(max_length=61)
    ] = {}
    appendix: Annotated[tuple[MeasuredBlock, ...], Meta(max_length=20)] = ()
    checksum: Name = ""  # of all else: it tells of edits

    @property
    def steps(self) -> int:
        """Training steps of the first network."""
        return self.runs[0].steps if self.runs else 0

    @property
    def right_checksum(self) -> str:
        """The checksum that belongs to the content."""
        return hashlib.sha256(msgspec.json.encode(replace(self, checksum=""), order="sorted")).hexdigest()


class Found(Kept, frozen=True):
    """The result that the guide has told, and of which network it is; the answer to the prediction first."""

    measured: Annotated[tuple[Measured, ...], Meta(min_length=1, max_length=100)]
    time: Moment  # when it was measured
    step: Count  # training step of the network
    experiment: Experiment  # settings of its run
    cell: PinnedCell | None = None  # that which the student had pinned: the picture of a cell shows it
    # the picture that explained it, and the sentences
    blocks: Annotated[tuple[Figure | Words, ...], Meta(max_length=5)] = ()


# --- what was done ------------------------------------------------------------------------------------------


class OwnImage(Kept, frozen=True):
    """An image of the student's own: uint8, row by row."""

    shape: tuple[_Side, _Side, _Side]
    pixels: Annotated[bytes, Meta(max_length=6 << 20)]
    label: Annotated[int, Meta(ge=0, le=9)] | None = None  # index of its class, when known
    origin: Name = "drawn"  # where it came from, for captions

    def __post_init__(self) -> None:
        """Refuse pixels that do not fit the shape."""
        if len(self.pixels) != int(np.prod(self.shape)):
            raise ValueError("the pixels of its own image do not fit its shape")

    @classmethod
    def of(cls, pixels: ByteArray, label: int | None = None, origin: str = "drawn") -> Self:
        """Return an image of shape (c, h, w)."""
        c, h, w = pixels.shape
        return cls((c, h, w), np.ascontiguousarray(pixels).tobytes(), label, origin[:200])

    @property
    def array(self) -> ByteArray:
        """The pixels, of shape (c, h, w)."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape)


class StepRecord(Kept, frozen=True):
    """What was done in one step."""

    # as typed, by the part of the report
    written: Annotated[dict[Part, Prose], Meta(max_length=5)] = {}
    # what was recorded of a hypothesis, oldest first
    hypothesis: Annotated[tuple[Version, ...], Meta(max_length=_MOST_VERSIONS)] = ()
    prediction: Commitment | None = None  # the first one; what is said after the reveal is none
    # when the window first had the result on the screen, committed to or not, by the seed of its network
    shown_by_seed: Annotated[dict[Name, Moment], Meta(max_length=_MOST_SEEDS)] = {}
    revealed: Moment = ""  # time at which the guide first told the result; "" before
    found: Found | None = None  # the result that was told last
    # figures from the screen, which stand below the observations
    inserts: Annotated[tuple[Insert, ...], Meta(max_length=MOST_INSERTS)] = ()
    # what happened how often while the step was in front; see `cnnviz.lab.events`
    counts: Annotated[dict[Name, Count], Meta(max_length=100)] = {}
    done: Moment = ""  # time at which the step was ticked; "" before

    @property
    def given_up(self) -> str:
        """When the result was shown without a prediction, which cannot be made any more; "" if it was not."""
        return self.revealed if self.prediction is None else ""

    def shown_of(self, seed: int) -> str:
        """Return when the window first had the result of the network of a seed; "" for never."""
        return self.shown_by_seed.get(str(seed), "")

    @property
    def shown(self) -> str:
        """When it first had that of any network."""
        return min(self.shown_by_seed.values(), default="")

    @property
    def is_pending(self) -> bool:
        """Whether the hypothesis says something else than what was recorded last."""
        said = self.hypothesis[-1].text if self.hypothesis else ""
        return self.said("hypothesis").strip() != said.strip()

    def said(self, part: Part) -> str:
        """Return what stands in a field."""
        return self.written.get(part, "")

    def missing(self, step: Step) -> tuple[str, ...]:
        """Return what is left to be done in the step, as phrases; a hypothesis counts once it is recorded."""
        record = ("record your hypothesis",) if self.is_pending and step.done_when else ()
        return *missing(step, self.counts, self.written), *record

    def is_open(self, step: Step) -> bool:
        """Whether the step still waits for a prediction: none is committed, and no result was asked for."""
        return step.prediction is not None and self.prediction is None and not self.revealed


_NOTHING = StepRecord()


class LabRecord(Kept, frozen=True):
    """The work of one student in one lab."""

    # `lab_id`, `lab_version`, `lab_sha256`: of which lab
    lab_id: Name
    lab_version: Name
    lab_sha256: Name
    # of the steps in which something was done
    steps: Annotated[dict[Name, StepRecord], Meta(max_length=MOST_STEPS)] = {}
    place: Name = ""  # id of the step in front; "" before the first
    own: OwnImage | None = None  # the student's own image
    numbers: LabNumbers | None = None  # what was measured for the report

    @classmethod
    def of(cls, lab: Lab) -> Self:
        """Return the record of a lab in which nothing was done yet."""
        return cls(lab.id, lab.version, lab.sha256)

    @property
    def key(self) -> str:
        """Under which it is kept beside the records of other labs."""
        return f"{self.lab_id} {self.lab_version}"

    @property
    def has_work(self) -> bool:
        """Whether the student has said, put in or measured anything in it."""
        return (
            self.own is not None
            or self.numbers is not None
            or any(
                step.prediction is not None
                or step.hypothesis
                or step.inserts
                or any(text.strip() for text in step.written.values())
                for step in self.steps.values()
            )
        )

    def told_unasked(self, lab: Lab, numbers: LabNumbers) -> tuple[Step, ...]:
        """Return the steps whose results a file with these numbers tells without a prediction."""
        told = {each.step for each in numbers.measured}
        return tuple(each for each in lab.steps if each.id in told and self.step(each.id).is_open(each))

    def step(self, step_id: str) -> StepRecord:
        """Return what was done in a step."""
        return self.steps.get(step_id, _NOTHING)

    def is_done(self, step_id: str) -> bool:
        """Whether a step is ticked."""
        return bool(self.step(step_id).done)

    def predicted(self, step: Step, commitment: Commitment) -> Self:
        """Commit to a prediction: the first before the reveal; raises `ParameterError` if it does not fit."""
        before = self.step(step.id)
        if step.prediction is None or before.prediction is not None or before.revealed:
            return self
        answer = checked_answer(step.prediction, commitment.answer)
        changed = self._with(step, prediction=replace(commitment, answer=answer))
        return changed.happened(step, Event("predicted"), commitment.time)

    def shown(self, step: Step, time: str, seed: int) -> Self:
        """Note that the result of a step, of the network of a seed, is to be seen; the first time stays."""
        before = self.step(step.id)
        if before.shown_of(seed):
            return self
        by_seed = dict([*before.shown_by_seed.items(), (str(seed), time)][-_MOST_SEEDS:])
        return self._with(step, shown_by_seed=by_seed)

    def revealed(self, step: Step, time: str, found: Found | None = None) -> Self:
        """Note that the result of a step was told: the first time stays, and the same result as it is."""
        before = self.step(step.id)
        if found is None or (
            before.found is not None and replace(found, time=before.found.time) == before.found
        ):
            found = before.found
        return self._with(step, revealed=before.revealed or time, found=found)

    def given_up(self, step: Step, time: str) -> Self:
        """Let the result be shown without a prediction: from now on none can be made or is waited for."""
        return self.revealed(step, time).happened(step, Event("predicted"), time)

    def wrote(self, step: Step, part: Part, words: str, time: str) -> Self:
        """Take the words of a field as they are typed; raises `ParameterError` if they are too many."""
        if len(words) > MAX_WORDS:
            raise ParameterError(
                f"A field holds at most {format_count(MAX_WORDS)} letters; your last addition was left out."
            )
        written = {**self.step(step.id).written, part: words}
        if not words:
            del written[part]
        return self._with(step, time, written=written)

    def recorded(self, step: Step, version: Version) -> Self:
        """Record a hypothesis: what was recorded before stays, and the same again changes nothing."""
        before = self.step(step.id)
        said = before.hypothesis[-1].text if before.hypothesis else ""
        if version.text.strip() == said.strip():
            return self
        versions = (*before.hypothesis, version)[-_MOST_VERSIONS:]
        changed = self._with(step, hypothesis=versions)
        return changed.wrote(step, "hypothesis", version.text, version.time)

    def with_inserts(self, step: Step, inserts: tuple[Insert, ...]) -> Self:
        """Return the record with other figures; raises `ParameterError` for too many."""
        if len(inserts) > MOST_INSERTS:
            raise ParameterError(f"A step holds at most {MOST_INSERTS} figures. Remove some first.")
        return self._with(step, inserts=inserts)

    def happened(self, step: Step, event: Event, time: str) -> Self:
        """Count something that was done, and tick the step where nothing is left to do."""
        return self._with(step, time, counts=counted(self.step(step.id).counts, event))

    def on_another_network(self) -> Self:
        """Return the record for another seed: steps that are not ticked are to be done on its network."""
        steps = {
            step_id: done if done.done else replace(done, counts={
                key: count for key, count in done.counts.items() if key.split(":")[0] in OF_NO_NETWORK
            })
            for step_id, done in self.steps.items()
        }  # fmt: skip
        return self if steps == self.steps else replace(self, steps=steps)

    def looked_at(self, step: Step, time: str) -> Self:
        """Bring a step to the front; one that waits for nothing is ticked by that."""
        return replace(self, place=step.id)._with(step, "" if step.done_when else time)

    def _with(self, step: Step, time: str = "", **changes: Any) -> Self:
        """Return the record with a step changed, and with a time ticked where nothing is left to do."""
        before = self.step(step.id)
        done = replace(before, **changes)
        if time and not done.done and not done.missing(step):
            done = replace(done, done=time)
        # An event may tell the same as the one before.
        return self if done == before else replace(self, steps={**self.steps, step.id: done})

    def gaps(self, lab: Lab, experiment: Experiment) -> Iterator[tuple[Step, Question]]:
        """Yield the questions about such a network without an answer, in the order of the lab."""
        for step in lab.steps:
            for question in step.asked(experiment):
                if not self.step(step.id).said(question.part).strip():
                    yield step, question


class Work(Kept, frozen=True):
    """Whose work it is, and all of it."""

    # `author`, `roll_number`: for the title page, as typed
    author: Prose = ""
    roll_number: Prose = ""
    # path of the file of the lab in front, or its id if it comes with the program; "" for none
    lab: Annotated[str, Meta(max_length=4096)] = ""
    records: Annotated[dict[Name, LabRecord], Meta(max_length=_MOST_LABS)] = {}  # by their `LabRecord.key`
    # since when results of training have been on the screen, by the run, as `run_of` names it
    shown: Annotated[dict[str, Moment], Meta(max_length=_MOST_RUNS)] = {}

    @property
    def has_work(self) -> bool:
        """Whether there is more than a name and a roll number."""
        return any(record.has_work for record in self.records.values())

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be kept, not even what had been on the screen."""
        return not (self.has_work or self.author or self.roll_number or self.shown)

    def record(self, lab: Lab) -> LabRecord:
        """Return what was done in a lab."""
        fresh = LabRecord.of(lab)
        return self.records.get(fresh.key, fresh)

    def with_record(self, record: LabRecord) -> Self:
        """Keep a record; for one too many the oldest without work goes. Raises `ParameterError` for none."""
        records = {**self.records, record.key: record}
        if len(records) > _MOST_LABS:
            idle = next((key for key, each in self.records.items() if not each.has_work), None)
            if idle is None:
                raise ParameterError(f"A document keeps at most {_MOST_LABS} labs: use another for this.")
            del records[idle]
        return replace(self, records=records)

    def with_shown(self, experiment: Experiment, time: str) -> Self:
        """Note that results of a run are on the screen; the first time stays."""
        about = run_of(experiment)
        if about in self.shown:
            return self
        return replace(self, shown=dict([*self.shown.items(), (about, time)][-_MOST_RUNS:]))

    @property
    def said(self) -> object:
        """What a user would miss, to compare: not what the window has had on the screen, or counted."""
        steps = {
            (key, step_id): replace(done, shown_by_seed={}, counts={}, done="")
            for key, record in self.records.items()
            for step_id, done in record.steps.items()
        }
        steps = {place: done for place, done in steps.items() if done != _NOTHING}
        numbers = {key: record.numbers for key, record in self.records.items() if record.numbers is not None}
        return self.author, self.roll_number, steps, numbers


def run_of(experiment: Experiment) -> str:
    """Name a run by all that makes its network: how long it is to be, and logged how often, does not."""
    return replace_settings(experiment, epochs=1, log_every=1).described


def read_work(values: object) -> Work:
    """Return the work that `msgspec.to_builtins` described, without what this program has not written.

    That is a figure of more than plain shapes, and measured numbers that were edited.

    * Raises DataError: if it is damaged: a clause.
    """
    try:
        work = msgspec.convert(values, Work)
    except msgspec.ValidationError as error:
        raise DataError(f"the work in it is damaged ({printable(str(error), LONGEST_NAME)})") from error
    records: dict[str, LabRecord] = {}
    for key, record in work.records.items():
        steps: dict[str, StepRecord] = {}
        for step_id, done in record.steps.items():
            inserts = tuple(each for each in done.inserts if not flaw_of(each.svg))
            found = done.found
            if found is not None and not _are_drawn(found.blocks):
                found = replace(found, blocks=())
            steps[step_id] = replace(done, inserts=inserts, found=found)
        numbers = record.numbers
        is_whole = numbers is not None and _is_measured(numbers)
        records[key] = replace(record, steps=steps, numbers=numbers if is_whole else None)
    return replace(work, records=records)


def _is_measured(numbers: LabNumbers) -> bool:
    """Whether numbers are as they were written, and their figures drawings of this program."""
    parts = (*numbers.parts.values(), *numbers.reveals.values(), numbers.appendix)
    return numbers.checksum == numbers.right_checksum and all(map(_are_drawn, parts))


def _are_drawn(blocks: Iterable[MeasuredBlock]) -> bool:
    """Whether all figures are drawings of this program."""
    return all(block.is_measured for block in blocks if isinstance(block, Figure))
