"""Training on its own thread: it touches no widget, is steered by a `TrainControl`, writes to a `Mailbox`."""

import threading
import time
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.errors import DivergenceError
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Progress, Trainer
from ui.state import EvaluatedStep
from ui.tasks import Context


@dataclass(frozen=True, slots=True)
class SnapshotTaken:
    """A snapshot for the timeline; `keep` marks one that must not be thinned out."""

    snapshot: Snapshot
    keep: bool


@dataclass(frozen=True, slots=True)
class RunHalted:
    """The training loop returned: it was paused, or every epoch is done."""

    step: int
    finished: bool


Message = Progress | SnapshotTaken | EvaluatedStep | RunHalted
"""`Progress`: steps that were trained; `EvaluatedStep`: the network of a step, on the test images."""


class Mailbox:
    """Messages are kept in order and never lost; of live snapshots only the newest is kept.

    `Progress` of one run is merged when it is taken, so that a slow reader gets few large pieces
    instead of many small ones.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[tuple[int, Message]] = []
        self._live: tuple[int, Snapshot] | None = None

    def post(self, run_id: int, message: Message) -> None:
        """Leave a message of run `run_id`."""
        with self._lock:
            self._messages.append((run_id, message))

    def post_live(self, run_id: int, snapshot: Snapshot) -> None:
        """Leave the newest weights; they replace those nobody has picked up."""
        with self._lock:
            self._live = (run_id, snapshot)

    @property
    def wants_live(self) -> bool:
        """Whether the last live snapshot has been picked up; until then taking another is wasted work."""
        return self._live is None

    def take(self) -> tuple[list[tuple[int, Message]], tuple[int, Snapshot] | None]:
        """Empty the mailbox: return the messages in order, and the newest live snapshot, with their runs."""
        with self._lock:
            messages, live = self._messages, self._live
            self._messages, self._live = [], None
        return _merge_progress(messages), live


def _merge_progress(messages: list[tuple[int, Message]]) -> list[tuple[int, Message]]:
    """Join progress that only snapshots stand between; those follow it in their order.

    A fast run leaves a score of snapshots in the time of one frame, and each piece of progress costs the
    window as much as a large one.
    """

    def kind(each: tuple[int, Message]) -> tuple[int, bool]:
        return each[0], isinstance(each[1], Progress | SnapshotTaken)

    merged: list[tuple[int, Message]] = []
    for (run_id, _), group in groupby(messages, kind):
        of_run = list(group)
        progress = [message for _, message in of_run if isinstance(message, Progress)]
        if progress:
            merged.append((run_id, _join(progress)))
        merged += [each for each in of_run if not isinstance(each[1], Progress)]
    return merged


def _join(parts: list[Progress]) -> Progress:
    if len(parts) == 1:
        return parts[0]
    return Progress(
        parts[0].first_step,
        np.concatenate([part.losses for part in parts]),
        np.concatenate([part.correct for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        sum(part.seconds for part in parts),
    )


if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_CHUNK_SECONDS = 0.005
_LIVE_SECONDS = 0.03  # The window draws no more often than that.
_TESTS_IN_FIRST_EPOCH = 5
_SNAPSHOTS_PER_EPOCH = 200
_SNAPSHOTS_PER_RUN = 1000


@dataclass(slots=True)
class TrainControl:
    """What the window may change while the loop runs; every field is read and written as a whole.

    * `running`: the loop goes on while this is True. It is set before the loop is asked to start,
      so that a pause that follows at once is not missed.
    * `learning_rate`: rate to use from the next step on.
    * `epochs`: epochs that the run shall have at least; 0 leaves it as it was prepared.
    * `steps_per_second`: pace; None is full speed.
    * `wake`: set to end a wait for the next step of a slow pace.
    """

    running: bool = False
    learning_rate: float | None = None
    epochs: int = 0
    steps_per_second: float | None = None
    wake: threading.Event = field(default_factory=threading.Event)

    def halt(self) -> None:
        """End the loop after the current chunk."""
        self.running = False
        self.wake.set()


class TrainLoop:
    """Trains and tests one run, on the thread for that alone.

    * `trainer`: stands at the step where the run begins.
    """

    def __init__(self, trainer: Trainer, origin: Origin, mailbox: Mailbox, control: TrainControl) -> None:
        self._trainer, self._origin = trainer, origin
        self._mailbox, self._control = mailbox, control
        self._chunk = 1
        self._last_live = 0.0
        self._paced_at, self._due = 0.0, 0.0  # until when steps were allowed, and those not done yet

    def train(self, steps: int, context: Context) -> None:
        """Train so many steps, or with 0 until the run ends, is paused or is not wanted any more."""
        # The first window is to be there before this is loaded.
        from concurrent.futures import ThreadPoolExecutor

        # Training does not wait for tests: matrix products leave the interpreter to others, and most
        # computers have a core to spare. What has begun is done before the loop ends.
        with ThreadPoolExecutor(1, "tests") as aside:
            self._loop(steps, aside, context)
        if not context.cancelled:
            self._finish(test=steps != 1)

    def test(self, _context: Context) -> None:
        """Run the network as it stands on the test images."""
        self._test(self._snapshot())

    def _loop(self, steps: int, aside: "ThreadPoolExecutor", context: Context) -> None:
        under_way: Future[None] | None = None
        trainer = self._trainer
        self._apply_wishes()
        last = trainer.step + steps if steps else None
        self._paced_at, self._due = time.perf_counter(), 1.0
        while self._control.running and not context.cancelled:
            self._apply_wishes()
            end = trainer.total_steps if last is None else min(last, trainer.total_steps)
            if trainer.step >= end:
                break
            due = next_due(trainer, end)
            count = min(due.step - trainer.step, self._allowed_steps(), self._chunk)
            if count == 0:
                continue
            self._due -= count
            self._advance(count)
            if trainer.step < due.step:
                continue
            if due.snapshot:
                self._post(SnapshotTaken(self._snapshot(), keep=due.epoch_ends))
            if due.test:
                if under_way is not None:
                    under_way.result()
                under_way = aside.submit(self._test, self._snapshot())
        if under_way is not None:
            under_way.result()  # tells what went wrong, too

    def _advance(self, count: int) -> None:
        try:
            progress = self._trainer.advance(count)
        except DivergenceError as error:
            if error.progress is not None:
                self._post(error.progress)
            raise
        self._post(progress)
        now = time.perf_counter()
        if self._mailbox.wants_live and now - self._last_live >= _LIVE_SECONDS:
            self._last_live = now
            self._mailbox.post_live(self._origin.run_id, self._snapshot())
        ideal = count * _CHUNK_SECONDS / max(progress.seconds, 1e-6)
        self._chunk = max(1, min(int(ideal), 2 * self._chunk, 10_000))

    def _finish(self, *, test: bool) -> None:
        """Report the exact state at which the loop stands still."""
        trainer, snapshot = self._trainer, self._snapshot()
        self._post(SnapshotTaken(snapshot, keep=trainer.finished))
        self._mailbox.post_live(self._origin.run_id, snapshot)
        if test or trainer.finished:
            self._test(snapshot)
        self._post(RunHalted(trainer.step, trainer.finished))

    def _test(self, moment: Snapshot) -> None:
        self._post(EvaluatedStep(moment.step, self._trainer.evaluate(moment.network), moment.origin))

    def _apply_wishes(self) -> None:
        trainer = self._trainer
        missing = self._control.epochs - trainer.total_steps // trainer.steps_per_epoch
        if missing > 0:
            trainer.add_epochs(missing)
        rate = self._control.learning_rate
        if rate is not None and rate != trainer.learning_rate:
            trainer.learning_rate = rate
        origin = self._origin
        if trainer.learning_rate != origin.experiment.learning_rate:
            experiment = replace(origin.experiment, learning_rate=trainer.learning_rate)
            is_changed = origin.is_changed_by(trainer.learning_rate, trainer.step)
            self._origin = replace(origin, experiment=experiment, is_changed=is_changed)
            # Whoever repeats the run from a moment on finds the rate of its steps with it.
            self._post(SnapshotTaken(self._snapshot(), keep=True))

    def _snapshot(self) -> Snapshot:
        """Return the run as it stands, from which training can go on as if it had not stopped."""
        return replace(self._trainer.snapshot, origin=self._origin)

    def _allowed_steps(self) -> int:
        """Return how many steps the pace allows now; sleeps a little when none is due."""
        pace, now = self._control.steps_per_second, time.perf_counter()
        since, self._paced_at = now - self._paced_at, now
        if pace is None:
            self._due = float(self._chunk)
            return self._chunk
        self._due += since * pace
        if self._due > max(2.0, pace):  # The machine was busy, or the pace is slower now: do not race.
            self._due = 1.0
        if self._due < 1.0:
            self._control.wake.wait(min(0.02, 0.5 / pace))
            self._control.wake.clear()
        return int(self._due)

    def _post(self, message: Message) -> None:
        self._mailbox.post(self._origin.run_id, message)


class Due(NamedTuple):
    """What the record of a run is to get next: at which step, and whether a snapshot and a test."""

    step: int
    snapshot: bool
    test: bool
    epoch_ends: bool


def next_due(trainer: Trainer, end: int) -> Due:
    """Return what is due next in a run, at `end` at the latest."""
    # The first epoch, where most happens, has several tests, of which one is at its end, none a step before.
    part = trainer.steps_per_epoch // _TESTS_IN_FIRST_EPOCH
    test_every = part if trainer.step < (_TESTS_IN_FIRST_EPOCH - 1) * part else trainer.steps_per_epoch
    snapshot_every = snapshot_interval(trainer.steps_per_epoch, trainer.total_steps)
    step = min(end, _next_multiple(trainer.step, test_every), _next_multiple(trainer.step, snapshot_every))
    epoch_ends = step % trainer.steps_per_epoch == 0
    is_test = step % test_every == 0 and step < trainer.total_steps
    return Due(step, step % snapshot_every == 0 or epoch_ends, is_test, epoch_ends)


def snapshot_interval(steps_per_epoch: int, total_steps: int) -> int:
    """Steps between two snapshots for the timeline: fine in a short run, a thousand moments in a long one."""
    return max(1, steps_per_epoch // _SNAPSHOTS_PER_EPOCH, total_steps // _SNAPSHOTS_PER_RUN)


def _next_multiple(step: int, of: int) -> int:
    return (step // of + 1) * of
