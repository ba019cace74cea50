"""The only mutable application state: immutable values, and a signal for each that changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, SignalInstance

from cnnviz._types import ByteArray
from cnnviz.covers import Secret
from cnnviz.datasets import Dataset
from cnnviz.document.types import PinnedCell, Shift
from cnnviz.evaluation import Evaluation
from cnnviz.experiment import LAB5, Experiment
from cnnviz.history import History
from cnnviz.quantities import format_count
from cnnviz.snapshots import Origin, Snapshot


class RunStatus(StrEnum):
    """What the training run is doing."""

    LOADING = "loading"
    READY = "ready"
    TRAINING = "training"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """Position of the current run.

    * `run_id`: number of the run; 0 before the first.
    * `images_per_second`: training images a second of wall-clock time, lately; 0 when not training.
    """

    status: RunStatus = RunStatus.LOADING
    run_id: int = 0
    step: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 1
    images_per_second: float = 0.0

    @property
    def is_training(self) -> bool:
        return self.status is RunStatus.TRAINING

    @property
    def is_started(self) -> bool:
        return self.step > 0

    @property
    def epoch(self) -> int:
        return self.epoch_of(self.step)

    def epoch_of(self, step: int) -> int:
        """Epoch of a step, from 1."""
        return max(step - 1, 0) // self.steps_per_epoch + 1


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Data with all their classes, from which experiments choose; `path` is None for MNIST."""

    dataset: Dataset
    path: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The image that all panels look at.

    * `pixels`: ndarray of shape (c, h, w), uint8.
    * `label`: index of its class; None when unknown.
    * `index`: position among the test images; None for an image of the user's own.
    * `origin`: where it comes from, for captions: ``"test"``, ``"drawn"`` or a file name.
    * `meant`: class that an image of the user's own is to show, also while the data are without it.
    """

    pixels: ByteArray
    label: int | None = None
    index: int | None = None
    origin: str = "test"
    meant: str = ""

    @property
    def name(self) -> str:
        """Which image it is, in words."""
        return "own image" if self.index is None else f"test image {format_count(self.index)}"


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The moment that others are compared with, and the run it is of."""

    snapshot: Snapshot
    run_id: int


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedStep:
    """An evaluation, and the step and the run it belongs to; no run when that is not known."""

    step: int
    evaluation: Evaluation
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the user: where it belongs, how grave it is, and what can be done about it.

    `place` is ``"samples"``, or what it is about: ``"data"``, ``"end of the run"``, ``"files"``,
    ``"image"``, ``"keeping"``, ``"last"``, ``"opening"``, ``"pace"``, ``"report"``, ``"run"``,
    ``"timeline"``, ``"window"``; a new notice takes the place of the one before. `kind` is one of
    ``info``, ``success``, ``warning``, ``error``; an empty text clears the place. `action` calls `act`.
    """

    place: str
    kind: str
    text: str
    action: str = ""
    act: Callable[[], None] | None = None


class AppState(QObject):
    """Holds the state: all read it and follow it, and set what is a plain choice (image, shift, pin, pace).

    What starts something is asked of the controller (`ui.panels.contract.Runs`), which sets what comes of it.

    * `source`: the data with all their classes, and where they come from.
    * `dataset`: the data restricted to the classes of the current experiment.
    * `experiment`, `draft`: settings of the current run, and as edited; where they differ, these wait.
    * `live`, `shown`: newest weights of the run, and those that all panels show: the same, unless
      an earlier moment was chosen.
    * `follows_live`: whether `shown` moves on with training.
    * `steps_per_second`: pace that was chosen; None is full speed.
    * `rising_pace`: pace for now, while training speeds up by itself; None when it has the chosen
      one.
    * `awaited_step`: step that is to be shown as soon as the run was repeated up to it.
    * `ghost`: record of the run before, for comparison; it has no snapshots.
    * `reference`: the moment that the shown one is compared with.
    * `covered`: what is covered because a prediction about it is open, with the reason as a
      sentence; `way_out` says how all of it is shown.
    """

    datasetChanged = Signal()
    experimentChanged = Signal()
    draftChanged = Signal()
    runChanged = Signal()
    historyReset = Signal()
    stepsAdded = Signal(list)  # to `history`; the log lines that were completed
    testAdded = Signal()  # likewise
    snapshotChanged = Signal()
    momentChanged = Signal()  # an earlier moment was chosen, or live again
    ghostChanged = Signal()
    referenceChanged = Signal()
    pinnedChanged = Signal()
    shiftChanged = Signal()
    sampleChanged = Signal()
    sceneChanged = Signal()  # with data, network, sample and shift: what pictures are made of
    evaluationChanged = Signal()
    speedChanged = Signal()
    coveredChanged = Signal()
    noticeRaised = Signal(object)

    def __init__(self, experiment: Experiment = LAB5, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source: Source | None = None
        self.dataset: Dataset | None = None
        self.experiment = self.draft = experiment
        self.run = Run()
        self.history = History(experiment.log_every)
        self.live: Snapshot | None = None
        self.shown: Snapshot | None = None
        self.follows_live = True
        self.awaited_step: int | None = None
        self.ghost: History | None = None
        self.reference: Reference | None = None
        self.pinned: PinnedCell | None = None
        self.asked_stage = ""  # of which a cell is asked for: a click there chooses one, and frees none
        self.shift = Shift()
        self.sample: Sample | None = None
        self.evaluation: EvaluatedStep | None = None
        self.steps_per_second: float | None = None
        self.rising_pace: float | None = None
        self.covered: Mapping[Secret, str] = {}
        self.way_out = ""
        self._held: Mapping[Secret, str] = {}  # what a panel has covered beside it, and why
        for part in (self.datasetChanged, self.snapshotChanged, self.sampleChanged, self.shiftChanged):
            part.connect(self.sceneChanged)

    def set_dataset(self, dataset: Dataset) -> None:
        """Show another data set or other classes.

        What belongs to the earlier one is dropped first, so that no panel ever sees a network with classes
        that are not those of the data. An image of the user's own stays.
        """
        if dataset is self.dataset:
            return
        self.set_evaluation(None)
        self.live = self.shown = None
        self.snapshotChanged.emit()
        own = self.sample
        if own is not None and own.index is not None:
            self.set_sample(None)
        elif own is not None and own.label != dataset.label_of(own.meant):
            self.set_sample(replace(own, label=dataset.label_of(own.meant)))
        self.dataset = dataset
        self.datasetChanged.emit()

    @property
    def pending(self) -> tuple[str, ...]:
        """Names of the settings that wait: those of the form that are not those of the run."""
        return self.experiment.differing(self.draft)

    @property
    def waits_for_new_run(self) -> bool:
        """Whether a new run is what to begin next: the run stands still, and settings wait in the form."""
        return bool(self.pending) and self.run.status not in (RunStatus.LOADING, RunStatus.TRAINING)

    @property
    def branch_settings(self) -> Experiment:
        """Settings of the moment shown, but for a rate that was chosen since and not used yet."""
        origin = None if self.shown is None else self.shown.origin
        used = None if self.live is None or self.live.origin is None else self.live.origin.experiment
        if origin is None or used is None or used.learning_rate != self.experiment.learning_rate:
            return self.experiment
        return origin.experiment

    @property
    def is_untrained(self) -> bool:
        """Whether the run stands at the initial weights of its seed, so that another one loses nothing."""
        is_drawn = self.live is None or not self.live.note
        return self.run.status is RunStatus.READY and not self.run.is_started and is_drawn

    def set_settings(self, experiment: Experiment, draft: Experiment) -> None:
        """Change what runs and what would run, both before anybody is told."""
        runs_other, is_edited = experiment != self.experiment, draft != self.draft
        self.experiment, self.draft = experiment, draft
        if runs_other:
            self.experimentChanged.emit()
        if is_edited:
            self.draftChanged.emit()

    def set_draft(self, draft: Experiment) -> None:
        self.set_settings(self.experiment, draft)

    def set_covered(self, covered: Mapping[Secret, str], way_out: str = "") -> None:
        self._put(self.coveredChanged, covered=covered, way_out=way_out)

    def why_covered(self, *secrets: Secret) -> str:
        """Return why what shows one of these is covered, as a sentence; "" if it is not."""
        reasons = {**self._held, **self.covered}
        return next((reasons[each] for each in secrets if each in reasons), "")

    def cover_text(self, *secrets: Secret) -> str:
        """Return why what shows one of these is covered, and how it is shown; "" if it is not."""
        why = self.why_covered(*secrets)
        return f"{why} {self.way_out}" if why in self.covered.values() else why

    def hold_back(self, reason: str) -> None:
        """Cover the prediction for the sample while a panel asks for it; with "" uncover it."""
        self._put(self.coveredChanged, _held={Secret.PREDICTION: reason} if reason else {})

    def update_run(self, **changes: Any) -> None:
        self._put(self.runChanged, run=replace(self.run, **changes))

    def reset_history(self, history: History) -> None:
        """Begin a new record; its newest moment is the one to show."""
        followed, self.follows_live = self.follows_live, True
        self.history = history
        self.historyReset.emit()
        if not followed:
            self.momentChanged.emit()

    def set_live(self, snapshot: Snapshot) -> None:
        """Take the newest weights, and show them unless an earlier moment is looked at."""
        self.live = snapshot
        if self.follows_live:
            self._show(snapshot)

    def show_moment(self, snapshot: Snapshot, *, follows_live: bool) -> None:
        """Show a snapshot of the history, or the newest one again."""
        if follows_live != self.follows_live or snapshot is not self.shown:
            self.follows_live = follows_live
            self._show(snapshot)
            self.momentChanged.emit()

    def set_ghost(self, history: History | None) -> None:
        self._put(self.ghostChanged, ghost=history)

    def set_reference(self, reference: Reference | None) -> None:
        self._put(self.referenceChanged, reference=reference)

    def compare_with(self, snapshot: Snapshot) -> None:
        """Mark a moment of the present run for comparison."""
        self.set_reference(Reference(snapshot, self.run.run_id))

    def set_pinned(self, cell: PinnedCell | None) -> None:
        """Pin a cell, or free it with None; where a cell is asked for, the pinned one can be chosen, too."""
        if cell != self.pinned or (cell is not None and cell.stage == self.asked_stage):
            self.pinned = cell
            self.pinnedChanged.emit()

    def set_shift(self, shift: Shift) -> None:
        self._put(self.shiftChanged, shift=shift)

    def set_sample(self, sample: Sample | None) -> None:
        self.sample = sample
        self.sampleChanged.emit()

    def choose_test_image(self, index: int) -> None:
        """Look at a test image, if there is one with this number."""
        dataset = self.dataset
        if dataset is not None and 0 <= index < len(dataset.test_labels):
            self.set_sample(Sample(dataset.test_images[index], int(dataset.test_labels[index]), index))

    def set_evaluation(self, result: EvaluatedStep | None) -> None:
        self._put(self.evaluationChanged, evaluation=result)

    def set_speed(self, steps_per_second: float | None, rising_pace: float | None = None) -> None:
        """Choose the pace of training, None being full speed, and the one for now on the way there."""
        self._put(self.speedChanged, steps_per_second=steps_per_second, rising_pace=rising_pace)

    def raise_notice(
        self, place: str, kind: str, text: str, action: str = "", act: Callable[[], None] | None = None
    ) -> None:
        self.noticeRaised.emit(Notice(place, kind, text, action, act))

    def clear_notice(self, place: str) -> None:
        """Take back what was said at `place`."""
        self.noticeRaised.emit(Notice(place, "info", ""))

    def _put(self, changed: SignalInstance, **values: object) -> None:
        """Take values, and tell where one is another than before."""
        if any(getattr(self, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(self, name, value)
            changed.emit()

    def _show(self, snapshot: Snapshot) -> None:
        self.shown = snapshot
        self.snapshotChanged.emit()
