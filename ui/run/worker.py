"""Training on its own thread: it touches no widget, is steered by a `TrainControl`, fills a `Mailbox`."""

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnviz.errors import DivergenceError
from cnnviz.evaluation import evaluate
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


Message = Progress | SnapshotTaken | EvaluatedStep | RunHalted
"""`Progress`: steps that were trained; `EvaluatedStep`: the network of a step, on the test images."""


class Mailbox:
    """What a run has to tell. Nothing is lost but live snapshots, of which only the newest is kept.

    `Progress` is merged when it is taken, so that a slow reader gets one large piece instead of many small
    ones, each of which costs the window as much; what else there is follows it in its order.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._progress: list[Progress] = []
        self._others: list[Message] = []
        self._live: Snapshot | None = None

    def post(self, message: Message) -> None:
        with self._lock:
            if isinstance(message, Progress):
                self._progress.append(message)
            else:
                self._others.append(message)

    def post_live(self, snapshot: Snapshot) -> None:
        """Leave the newest weights; they replace those nobody has picked up."""
        with self._lock:
            self._live = snapshot

    @property
    def wants_live(self) -> bool:
        """Whether the last live snapshot has been picked up; until then taking another is wasted work."""
        return self._live is None

    def take(self) -> tuple[list[Message], Snapshot | None]:
        """Empty the mailbox: return the messages, and the newest live snapshot."""
        with self._lock:
            progress, others, live = self._progress, self._others, self._live
            self._progress, self._others, self._live = [], [], None
        return [*([_join(progress)] if progress else []), *others], live


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
    * `mailbox`: what there is to be told of it.
    """

    def __init__(self, trainer: Trainer, origin: Origin, control: TrainControl) -> None:
        self._trainer, self._origin, self._control = trainer, origin, control
        self.mailbox = Mailbox()
        self._chunk = 1
        self._last_live = 0.0
        self._paced_at, self._due = 0.0, 0.0  # until when steps were allowed, and those not done yet

    def train(self, steps: int, context: Context) -> None:
        """Train so many steps, or with 0 until the run ends, is paused or is not wanted any more."""
        # The first window is to be there before this is loaded.
        from concurrent.futures import ThreadPoolExecutor

        # Training does not wait for tests: matrix products leave the interpreter to others, and most
        # computers have a core to spare. What has begun is done before the loop ends.
        goes_on = True
        with ThreadPoolExecutor(1, "tests") as aside:
            while goes_on:
                self._loop(steps, aside, context)
                goes_on = not context.cancelled and self._rest(test=steps != 1) and not steps
        self.mailbox.post(RunHalted(self._trainer.step))

    def test(self, _context: Context) -> None:
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
                self.mailbox.post(SnapshotTaken(self._snapshot(), keep=due.epoch_ends))
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
                self.mailbox.post(error.progress)
            raise
        self.mailbox.post(progress)
        now = time.perf_counter()
        if self.mailbox.wants_live and now - self._last_live >= _LIVE_SECONDS:
            self._last_live = now
            self.mailbox.post_live(self._snapshot())
        ideal = count * _CHUNK_SECONDS / max(progress.seconds, 1e-6)
        self._chunk = max(1, min(int(ideal), 2 * self._chunk, 10_000))

    def _rest(self, *, test: bool) -> bool:
        """Report the exact state at which the loop stands still; return whether it is to go on after all."""
        trainer, snapshot = self._trainer, self._snapshot()
        self.mailbox.post(SnapshotTaken(snapshot, keep=trainer.finished))
        self.mailbox.post_live(snapshot)
        if test or trainer.finished:
            self._test(snapshot)
        self._apply_wishes()  # during the test another epoch may have been asked for
        return self._control.running and not trainer.finished

    def _test(self, moment: Snapshot) -> None:
        data = self._trainer.dataset
        result = evaluate(moment.network, data.test_images, data.test_labels)
        self.mailbox.post(EvaluatedStep(moment.step, result, moment.origin))

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
            self.mailbox.post(SnapshotTaken(self._snapshot(), keep=True))

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
