"""The record of a run: every step's loss and accuracy, log lines, test results and snapshots.

With it any step is had again: its weights, to the last bit, by training on from the kept moment before it.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import IntArray, Pictured
from cnnviz.datasets import Dataset
from cnnviz.errors import DivergenceError, ParameterError
from cnnviz.evaluation import ignore_progress
from cnnviz.experiment import Experiment
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.quantities import format_count, format_many
from cnnviz.snapshots import Snapshot, SnapshotStore
from cnnviz.training import Progress, Trainer

_CURVE_POINTS = 2000


class LogLine(NamedTuple):
    """One line of the log: means over the `interval` steps that end at `step`."""

    step: int
    loss: float
    accuracy: float
    interval: int

    @property
    def window(self) -> str:
        """Which steps they are, such as "last 500 steps"."""
        return f"last {format_many(self.interval, 'step')}" if self.interval > 1 else "last step"


class EvaluationPoint(NamedTuple):
    """Mean loss and accuracy over the test images after `step` steps."""

    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a curve over the training steps; both arrays have shape (points,)."""

    steps: NDArray[np.float64]
    values: NDArray[np.float64]


class History(Pictured):
    """Everything a run has measured, in the order of its steps.

    Sums are kept as running totals, so a mean over any stretch of steps costs one subtraction and a curve of
    a million steps is as quick to draw as one of a hundred.

    * `log_every`: steps between two log lines.
    * `first_step`: steps that lie before this record (a run that continues an earlier one).
    * `snapshot_bytes`: memory that the snapshots may take.
    * `forked_at`: step at which this record left the one it was forked from; None for a record of its own.
    * `said`: what the run was trained with, in words, for the curves of the run before.
    """

    def __init__(self, log_every: int = 500, first_step: int = 0, snapshot_bytes: int = 256 << 20) -> None:
        self.log_every = log_every
        self.first_step = first_step
        self.forked_at: int | None = None
        self.said = ""
        self.log: list[LogLine] = []
        self.tests: list[EvaluationPoint] = []
        self.snapshots = SnapshotStore(snapshot_bytes)
        self._record = _Record(np.array([[0.0], [first_step], [0.0], [0.0], [0.0]]))

    @property
    def step(self) -> int:
        """Latest step on record."""
        return self.first_step + len(self.losses)

    @property
    def described(self) -> str:
        """What it was trained with, in words for one line, and how far."""
        said = printable(self.said, 4 * LONGEST_NAME)
        return "; ".join(filter(None, (said, format_many(self.step, "step"))))

    @property
    def losses(self) -> NDArray[np.float64]:
        """Loss of every step on record, shape (steps,), read-only."""
        return self._record.rows[0, 1:]

    @property
    def steps(self) -> NDArray[np.float64]:
        """Number of every step on record, shape (steps,), read-only."""
        return self._record.rows[1, 1:]

    @property
    def totals(self) -> NDArray[np.float64]:
        """Losses, right answers and images of the first 0, 1, 2, … steps, shape (3, steps + 1), read-only."""
        return self._record.rows[2:]

    def note_settings(self, experiment: Experiment, *, were_changed: bool = False) -> None:
        """Note what the run is trained with, and whether its rate was changed."""
        self.said = experiment.described + ("; rate changed on the way" if were_changed else "")

    def append(self, progress: Progress) -> list[LogLine]:
        """Add a stretch of steps and return the log lines it completed.

        Steps that are on record already are ignored, a gap is an error of the caller.
        """
        skip = self.step + 1 - progress.first_step
        if skip < 0:
            raise ValueError(
                f"Steps {self.step + 1} to {progress.first_step - 1} are missing from the history."
            )
        self._record.extend(progress.losses[skip:], progress.correct[skip:], progress.sizes[skip:])
        done = self.log[-1].step if self.log else self.first_step - self.first_step % self.log_every
        lines = [*map(self.means_at, range(done + self.log_every, self.step + 1, self.log_every))]
        self.log.extend(lines)
        return lines

    def add_test(self, point: EvaluationPoint) -> None:
        """Add a test result; a second one at the same step replaces the first."""
        if self.tests and self.tests[-1].step == point.step:
            self.tests.pop()
        self.tests.append(point)

    def covers(self, step: int) -> bool:
        """Whether a record up to `step` can be forked from this one."""
        return self.first_step <= step <= self.step

    def until(self, step: int) -> "History":
        """Return this record up to `step` as one of its own: what is added to either is not in the other.

        Arrays and snapshots are shared, so it takes no time.
        """
        part = History(self.log_every, self.first_step, self.snapshots.max_bytes)
        part.forked_at, part.said = self.forked_at, self.said
        part.log = self.log[: bisect_right(self.log, step, key=lambda line: line.step)]
        part.tests = [point for point in self.tests if point.step <= step]
        part.snapshots = self.snapshots.until(step)
        part._record = self._record.until(max(step - self.first_step, 0))
        return part

    def forked(self, step: int) -> "History":
        """Return the record of a run that leaves this one at a step that it `covers`."""
        fork = self.until(step)
        fork.forked_at = step
        return fork

    def means_at(self, step: int, last: int = 0) -> LogLine:
        """Mean loss and accuracy of the `last` steps that end at `step`, fewer at the start; NaN for none.

        * `last`: 0 for those of a log interval.
        """
        end = min(max(step - self.first_step, 0), len(self.losses))
        start = max(end - (last or self.log_every), 0)
        if start == end:
            return LogLine(step, float("nan"), float("nan"), 0)
        loss, correct, images = (self.totals[:, end] - self.totals[:, start]).tolist()
        return LogLine(step, loss / (end - start), correct / images, end - start)

    def loss_curve(self, window: int) -> Curve:
        """Loss averaged over the trailing `window` steps, at no more than 2,000 evenly spaced steps."""
        steps, (loss, _, _), counts = self._means(window)
        return Curve(steps, loss / counts)

    def accuracy_curve(self, window: int) -> Curve:
        """Share of correct predictions over the trailing `window` steps, like `loss_curve`."""
        steps, (_, correct, images), _ = self._means(window)
        return Curve(steps, correct / images)

    def _means(self, window: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
        """Return the steps of a curve, and for each the sums of losses, right answers, images, and steps."""
        count = len(self.losses)
        ends = np.linspace(1, count, min(count, _CURVE_POINTS)).astype(np.intp)
        starts = np.maximum(ends - window, 0)
        steps = (ends + self.first_step).astype(np.float64)
        return steps, self.totals[:, ends] - self.totals[:, starts], ends - starts


class _Record:
    """Loss and number of every step; totals of losses, right answers and images after 0, 1, 2, … steps.

    Five rows of float64, whose first column is that of no step. When they are full, rows twice as long take
    their place. The steps were copied there on the way: all at once, millions would hold up the window.
    """

    def __init__(self, full: NDArray[np.float64]) -> None:
        self._turn_to(full)
        self._size = full.shape[1]

    def _turn_to(self, data: NDArray[np.float64]) -> None:
        self._data, self._copied = data, 0
        self._next = np.empty((5, max(2 * data.shape[1], 1024)))

    def extend(self, losses: NDArray[np.float64], correct: IntArray, sizes: IntArray) -> None:
        start, end = self._size, self._size + len(losses)
        while end > self._data.shape[1]:
            self._copy(start)
            self._turn_to(self._next)
        self._data[:, start:end] = losses, np.ones(len(losses)), losses, correct, sizes
        # One sum after the other from the last total on, so that the rounding, and with it every mean, is the
        # same in whatever stretches the steps arrive.
        totals = self._data[1:, start - 1 : end]
        np.cumsum(totals, axis=1, out=totals)
        self._size = end
        self._copy(4 * end - 3 * self._data.shape[1])  # from three quarters on, and all when it is full

    def _copy(self, end: int) -> None:
        if end > self._copied:
            self._next[:, self._copied : end] = self._data[:, self._copied : end]
            self._copied = end

    def until(self, steps: int) -> "_Record":
        """Return a record of the first steps, with just its rounding; it is full, and so grows elsewhere."""
        return _Record(self._data[:, : min(steps + 1, self._size)])

    @property
    def rows(self) -> NDArray[np.float64]:
        """The rows as they are now, read-only."""
        view = self._data[:, : self._size]
        view.flags.writeable = False
        return view


#: Images between two looks at whether the result is still wanted: some milliseconds.
_IMAGES_AT_ONCE = 128


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What is needed to repeat a run up to one of its steps, on any thread.

    The order of the images is a function of seed and step, and a snapshot holds what the optimiser remembers,
    so the same steps give the same bits. The losses on record prove it: each is compared.
    """

    start: Snapshot  # where the repetition begins, with its `origin`
    step: int  # where it ends; not before `start`
    losses: NDArray[np.float64]  # what the run measured at these steps

    @classmethod
    def of(cls, history: History, step: int, near: Snapshot | None = None) -> Self:
        """Return what it takes to get to a step of a record.

        * `history`: has a snapshot wherever the learning rate was changed: the settings of a
          step are those of the snapshot before it.
        * `step`: from the first snapshot to the end of the record.
        * `near`: another moment of the record, which may be a shorter way.
        * Raises ParameterError: if no snapshot lies before the step from which the run can be repeated.
        """
        kept = history.snapshots
        known = [kept.at(step), kept[0], near] if len(kept) else [near]
        before = [each for each in known if each is not None and each.step <= step and _can_go_on(each)]
        start = max(before, key=lambda each: each.step, default=None)
        if start is None or not history.covers(step):
            raise ParameterError(
                f"Step {format_count(step)} cannot be reached: what the optimiser remembered before it was "
                "not kept with this run. Shift and an arrow key go to the kept moments."
            )
        first = history.first_step
        return cls(start, step, history.losses[start.step - first : step - first])

    def run(self, dataset: Dataset, report: Callable[[float], None] = ignore_progress) -> Snapshot:
        """Repeat the steps.

        * `dataset`: that of the run.
        * `report`: told how much is done, from 0 to 1, every few milliseconds; may raise to end it.
        * Returns: of the last of the steps, of the same origin as `start`.
        * Raises ParameterError: if a loss is not the one on record: the run was made on another
          kind of machine.
        """
        start = self.start
        assert start.origin is not None  # as `of` has seen to
        config = start.origin.experiment
        trainer = Trainer(
            start.network, dataset, config, start_step=start.step, optimizer_state=start.optimizer
        )
        missing = -(-self.step // trainer.steps_per_epoch) - config.epochs
        if missing > 0:  # epochs were added to the run
            trainer.add_epochs(missing)
        at_once = max(_IMAGES_AT_ONCE // config.batch_size, 1)
        report(0.0)
        try:
            for progress in trainer.until(self.step, at_once):
                done = trainer.step - start.step
                if not np.array_equal(progress.losses, self.losses[done - len(progress.losses) : done]):
                    raise ParameterError(
                        f"Step {format_count(self.step)} cannot be repeated exactly: its run was recorded on "
                        "another kind of machine. Shift and an arrow key go to the kept moments."
                    )
                report(done / len(self.losses))
        except DivergenceError as error:
            raise ParameterError(
                f"Step {format_count(self.step)} cannot be shown: the loss had grown out of bounds there."
            ) from error
        return replace(trainer.snapshot, origin=start.origin)


def _can_go_on(snapshot: Snapshot) -> bool:
    """Whether training from here gives the same steps: with its memory, or from where there was none yet."""
    if snapshot.origin is None:
        return False
    experiment = snapshot.origin.experiment
    has_memory = experiment.optimizer != "sgd" or experiment.momentum > 0
    return snapshot.optimizer is not None or snapshot.step == 0 or not has_memory
