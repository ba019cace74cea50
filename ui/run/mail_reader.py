"""Carries what the training thread has left in the mailbox into the state, as often as costs little."""

import time
from collections import deque

from PySide6.QtCore import QObject, QTimer

from cnnviz.history import EvaluationPoint
from cnnviz.snapshots import Snapshot
from cnnviz.training import Progress
from ui.controls.pace import single_shot
from ui.run.moments import MomentTests
from ui.run.worker import Mailbox, Message, RunHalted, SnapshotTaken
from ui.state import AppState, EvaluatedStep, RunStatus


class MailReader(QObject):
    """Empties the mailbox of the present run by a timer."""

    def __init__(self, state: AppState, moment_tests: MomentTests, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._moment_tests = state, moment_tests
        self._mailbox = Mailbox()
        self._throughput = Throughput()
        self._unread: deque[Message] = deque()
        self._timer = QTimer(self)
        self._budget = FrameBudget()
        self._timer.setInterval(self._budget.milliseconds)
        self._timer.timeout.connect(self.read)
        # Weights are drawn between two drains, not with the numbers: the window then never has to wait for
        # all that is new to be painted.
        self._live: Snapshot | None = None
        self._live_timer = single_shot(self, self._show_live)

    def turn_to(self, mailbox: Mailbox) -> None:
        """Read another one from now on; what the one before has still to tell is of no interest."""
        self._mailbox, self._live = mailbox, None
        self._unread.clear()

    def start(self) -> None:
        """Read from now on, as long as training runs."""
        self._throughput.restart()
        self._budget.restart()
        self._timer.start()

    def close(self) -> None:
        self._timer.stop()
        self._live_timer.stop()

    def read(self) -> None:
        messages, live = self._mailbox.take()
        self._unread.extend(messages)
        while self._unread:  # what an error leaves here is read the next time
            self._handle(self._unread.popleft())
        if live is not None:
            self._live = live
        if self._state.run.status is not RunStatus.TRAINING:
            self._timer.stop()
            self._show_live()
        elif self._live is not None and not self._live_timer.isActive():
            self._live_timer.start(self._timer.interval() // 2)
        self._budget.adjust()
        if self._budget.milliseconds != self._timer.interval():
            self._timer.setInterval(self._budget.milliseconds)

    def _show_live(self) -> None:
        self._live_timer.stop()
        live, self._live = self._live, None
        if live is not None:
            self._state.set_live(live)

    def _handle(self, message: Message) -> None:
        state = self._state
        match message:
            case Progress():
                lines = state.history.append(message)
                rate = self._throughput.add(int(message.sizes.sum()), time.perf_counter())
                state.update_run(step=message.last_step, images_per_second=rate)
                state.stepsAdded.emit(lines)
            case SnapshotTaken(snapshot, keep):
                state.history.snapshots.add(snapshot, keep=keep)
            case EvaluatedStep(step, evaluation):
                state.history.add_test(EvaluationPoint(step, evaluation.loss, evaluation.accuracy))
                self._moment_tests.take(message)
                state.testAdded.emit()
            case RunHalted(step):  # by now more may have been asked for
                status = RunStatus.FINISHED if step >= state.run.total_steps else RunStatus.PAUSED
                state.update_run(status=status, step=step, images_per_second=0.0)


_WINDOW_SECONDS = 1.0


class Throughput:
    """A moving rate that settles within a second and does not jump about."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._images = 0

    def restart(self) -> None:
        """Forget the past, after a pause."""
        self._marks.clear()

    def add(self, images: int, now: float) -> float:
        """Count `images` finished at time `now` (seconds) and return the rate; 0 until it can be told."""
        self._images += images
        self._marks.append((now, self._images))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW_SECONDS:
            self._marks.popleft()
        start, images_then = self._marks[0]
        return (self._images - images_then) / (now - start) if now - start > 0.05 else 0.0


_SHARE = 0.06
_FASTEST_MS, _SLOWEST_MS = 33, 150
_ADJUST_SECONDS = 0.4


class FrameBudget:
    """Finds the time between two frames at which the GUI thread uses a given share of a core's time.

    Training and window share one interpreter: what the window uses is lost to training. On a fast machine, or
    with little to draw, frames come at 30 a second; where they are dear, they become fewer, down to 7.
    """

    def __init__(self, share: float = _SHARE) -> None:
        self._share = share
        self._interval = 60.0
        self._start = (time.perf_counter(), time.thread_time())

    @property
    def milliseconds(self) -> int:
        return round(self._interval)

    def restart(self) -> None:
        """Measure from now on: what was used before was not for frames."""
        self._start = (time.perf_counter(), time.thread_time())

    def adjust(self) -> None:
        """Look at what has been used since the last change; call it in the GUI thread, once a frame."""
        now, used = time.perf_counter(), time.thread_time()
        passed = now - self._start[0]
        if passed < _ADJUST_SECONDS:
            return
        factor = (used - self._start[1]) / passed / self._share
        # In small steps: one slow frame says little about the next.
        self._interval = min(max(self._interval * min(max(factor, 0.8), 1.25), _FASTEST_MS), _SLOWEST_MS)
        self._start = (now, used)
