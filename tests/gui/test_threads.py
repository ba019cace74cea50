"""Mailbox, background tasks and frames: nothing is lost or left running, nothing stale arrives."""

import threading
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from PySide6.QtCore import QSettings, QThread, QTimer

from cnnviz.errors import NO_THREAD, DataError
from cnnviz.evaluation import CancelledError, evaluate
from cnnviz.experiment import LAB5
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Trainer
from tests.gui.driving import PATIENCE, drain
from tests.records import progress
from tests.small_data import few_digits
from ui.run import mail_reader, worker
from ui.run.mail_reader import FrameBudget, MailReader
from ui.run.moments import MomentTests
from ui.run.worker import Mailbox, RunHalted, SnapshotTaken, TrainControl, TrainLoop, next_due
from ui.session import Session
from ui.state import AppState, RunStatus
from ui.tasks import Context, LatestOnly, TaskRunner


def counted(first, count):
    return progress(first, np.arange(first, first + count))


def test_mailbox_merges_steps_keeps_order_and_the_newest_live_snapshot():
    mailbox, network = Mailbox(), LAB5.build_network()
    others = [*(SnapshotTaken(Snapshot(step, network), keep=False) for step in (2, 4)), RunHalted(5)]
    for first, other in zip((1, 3, 5), others, strict=True):
        mailbox.post(counted(first, 2))
        mailbox.post(other)
    merged, *rest = mailbox.take()[0]
    assert merged.losses.tolist() == [1, 2, 3, 4, 5, 6]
    assert merged.seconds == pytest.approx(0.3)
    assert rest == others
    assert mailbox.take() == ([], None)

    assert mailbox.wants_live
    mailbox.post_live(Snapshot(1, network))
    assert not mailbox.wants_live
    mailbox.post_live(Snapshot(2, network))
    assert mailbox.take()[1].step == 2
    assert mailbox.wants_live


def test_mailbox_loses_no_step_between_two_threads():
    mailbox, total = Mailbox(), 20_000

    def post():
        for first in range(1, total, 10):
            mailbox.post(counted(first, 10))

    poster = threading.Thread(target=post)
    poster.start()
    seen = []
    while poster.is_alive() or not seen or seen[-1] < total:
        for message in mailbox.take()[0]:
            seen.extend(message.losses)
    poster.join()
    assert seen == list(range(1, total + 1))


@pytest.fixture
def runner(qtbot):
    runner = TaskRunner("test")
    yield runner
    assert runner.close()
    runner.deleteLater()


def test_result_arrives_in_the_gui_thread(qtbot, runner):
    results = []
    runner.submit(
        "answer",
        lambda _context: threading.current_thread(),
        lambda value: results.append((value, threading.current_thread())),
    )
    qtbot.waitUntil(lambda: bool(results))
    worked_in, arrived_in = results[0]
    assert arrived_in is threading.main_thread()
    assert worked_in is not threading.main_thread()
    assert not runner.is_busy("answer")


def test_newer_request_replaces_the_older_one(qtbot, runner):
    started, replaced, results = threading.Event(), threading.Event(), []

    def slow(context):
        started.set()
        assert replaced.wait(PATIENCE / 1000)
        assert context.cancelled
        return "old"

    runner.submit("sweep", slow, results.append)
    assert started.wait(PATIENCE / 1000)
    runner.submit("sweep", lambda _context: "new", results.append)
    replaced.set()
    drain(qtbot, runner)
    assert results == ["new"]


def test_cancelled_task_stops_where_it_reports(qtbot, runner):
    reached, finished = [], []
    cancelled = threading.Event()

    def task(context):
        for i in range(10):
            reached.append(i)
            context.report(i / 10)
            if i == 4:
                assert cancelled.wait(PATIENCE / 1000)

    fractions = []
    runner.submit("long", task, finished.append, on_progress=fractions.append)
    qtbot.waitUntil(lambda: len(fractions) == 5)
    runner.cancel("long")
    cancelled.set()
    drain(qtbot, runner)
    assert reached == list(range(6))
    assert finished == []


def _raise(error, *_arguments):
    raise error


def test_errors_reach_the_user_as_a_sentence(qtbot, runner, caplog):
    messages = []
    for error in (DataError("The file x is damaged. Choose another."), ZeroDivisionError("1 / 0")):
        count = len(messages)
        runner.submit("task", partial(_raise, error), pytest.fail, messages.append)
        qtbot.waitUntil(lambda count=count: len(messages) > count)
    assert messages[0] == "The file x is damaged. Choose another."
    assert "internal error" in messages[1]
    assert "Traceback" not in messages[1]
    assert "ZeroDivisionError" in caplog.text


class _Panic(BaseException):
    """What foreign code raises by its own account, as a typesetter in Rust does: no `Exception`."""


def test_no_end_of_a_task_leaves_it_busy_and_a_full_memory_is_said_in_words(qtbot, runner):
    messages = []
    for error in (_Panic("ouch"), SystemExit(3), KeyboardInterrupt(), CancelledError("x"), MemoryError()):
        count = len(messages)
        runner.submit("task", partial(_raise, error), pytest.fail, messages.append)
        qtbot.waitUntil(lambda count=count: len(messages) > count)
        assert runner.is_idle
    assert messages[-1].startswith("There is not enough memory for this.")


def test_training_that_breaks_down_says_so_and_what_an_error_in_the_window_leaves_unread_is_read_later(
    qtbot, session, monkeypatch
):
    state = session.state
    told = {"not enough memory": MemoryError(), "An internal error stopped this (ouch)": _Panic("ouch")}
    parts = (Trainer, "advance"), (worker, "evaluate")
    for (part, failing), (words, error) in product(parts, told.items()):
        with monkeypatch.context() as patch:
            patch.setattr(part, failing, lambda *_arguments, error=error: _raise(error))
            session.controller.train_to(3, 1)
            if failing == "evaluate":
                session.controller.pause()
            qtbot.waitUntil(lambda: state.run.status is RunStatus.FAILED)
        assert words in session.window.notices.text()
        session.controller.reset()
        qtbot.waitUntil(lambda: state.run.status is RunStatus.READY)

    update, failed = state.update_run, []

    def fail_once(**changes):
        if "step" in changes and not failed:
            failed.append(changes)
            raise MemoryError
        update(**changes)

    monkeypatch.setattr(state, "update_run", fail_once)
    with qtbot.captureExceptions() as caught:
        session.controller.train_to(3, 1)
        qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    assert [kind for kind, *_ in caught] == [MemoryError]


def test_training_does_not_wait_for_tests_and_they_stay_in_order(qtbot, few, monkeypatch):
    session, state, advance, evaluate = few, few.state, Trainer.advance, worker.evaluate
    testing, trained, went_on = threading.Event(), threading.Event(), []

    def advance_and_tell(trainer, steps):
        progress = advance(trainer, steps)
        if testing.is_set():
            trained.set()
        return progress

    def evaluate_slowly(*tested):
        if not went_on:
            testing.set()
            went_on.append(trained.wait(PATIENCE / 4000))
        return evaluate(*tested)

    monkeypatch.setattr(Trainer, "advance", advance_and_tell)
    monkeypatch.setattr(worker, "evaluate", evaluate_slowly)
    session.controller.train()
    qtbot.waitUntil(lambda: state.run.status is RunStatus.FINISHED)
    assert went_on == [True]
    steps = [point.step for point in state.history.tests]
    assert steps == sorted(set(steps))
    assert steps[-1] == state.run.total_steps
    alone = Trainer(state.experiment.build_network(), state.dataset, state.experiment)
    advance(alone, steps[0])
    assert state.history.tests[0].loss == alone.evaluate().loss


def test_latest_only_answers_a_flood_with_first_and_last(qtbot, runner):
    results, gate = [], threading.Event()
    latest = LatestOnly(runner, "drag", results.append)

    def work(value, _context):
        assert gate.wait(PATIENCE / 1000)
        return value

    for value in range(100):
        latest.request(partial(work, value))
    gate.set()
    qtbot.waitUntil(lambda: bool(results) and results[-1] == 99)
    drain(qtbot, runner)
    assert results == [0, 99]


def test_without_a_thread_the_window_says_so_and_goes_on_when_there_is_one(qtbot, tmp_path, monkeypatch):
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    with monkeypatch.context() as patch:
        patch.setattr(QThread, "start", lambda *_arguments: None)
        session = Session(settings)
        with qtbot.waitExposed(session.window):
            session.window.show()
        session.start()
        samples, state = session.window.samples, session.state
        qtbot.waitUntil(lambda: samples.message.text() == NO_THREAD)
    session.controller.open_mnist()
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY)
    assert samples.message.text() == ""
    assert session.close()


def test_training_without_a_thread_fails_by_a_sentence(qtbot, session, monkeypatch):
    state, training = session.state, session.controller.findChild(QThread, "training")
    training.quit()
    assert training.wait(PATIENCE)
    with monkeypatch.context() as patch:
        patch.setattr(QThread, "start", lambda *_arguments: None)
        session.controller.train()
        qtbot.waitUntil(lambda: state.run.status is RunStatus.FAILED)
        assert session.window.notices.text() == NO_THREAD
    session.controller.train()
    qtbot.waitUntil(lambda: state.run.step > 0)


# -- reading the mail ----------------------------------------------------------------------------------------


class Desk:
    """A reader at work on a run with number 1, and what it has asked to show."""

    def __init__(self) -> None:
        self.state = AppState()
        self.state.update_run(run_id=1, status=RunStatus.TRAINING, total_steps=100, steps_per_epoch=100)
        self.mailbox = Mailbox()
        self.background = TaskRunner("background")
        self.reader = MailReader(self.state, MomentTests(self.state, self.background))
        self.reader.turn_to(self.mailbox)
        self.network = LAB5.build_network()
        self.seen: list[tuple[int, int]] = []
        self.state.snapshotChanged.connect(self._on_show)
        self.reader.start()

    def _on_show(self) -> None:
        assert self.state.shown is not None
        self.seen.append((self.state.shown.step, self.state.history.step))

    def train(self, steps: int) -> None:
        first = self.state.history.step + 1
        self.mailbox.post(progress(first, np.ones(steps)))
        self.mailbox.post_live(Snapshot(first + steps - 1, self.network))


@pytest.fixture
def desk(qtbot):
    made = Desk()
    yield made
    made.reader.close()
    assert made.background.close(PATIENCE)


def test_weights_are_shown_after_the_steps_that_made_them(qtbot, desk):
    for _ in range(5):
        before = len(desk.seen)
        desk.train(10)
        qtbot.waitUntil(lambda before=before: len(desk.seen) > before)
    assert desk.seen == [(10, 10), (20, 20), (30, 30), (40, 40), (50, 50)]


def test_the_last_weights_are_shown_when_the_run_halts(qtbot, desk):
    statuses: list[RunStatus] = []
    desk.state.snapshotChanged.connect(lambda: statuses.append(desk.state.run.status))
    desk.train(10)
    desk.mailbox.post(RunHalted(10))
    desk.reader.read()
    # At once: what asks for the weights of a run at rest must not meet those of a moment ago.
    assert desk.seen == [(10, 10)]
    assert statuses == [RunStatus.PAUSED]
    desk.state.update_run(total_steps=300)  # an epoch was added when the run had just come to its end
    desk.mailbox.post(RunHalted(100))
    desk.reader.read()
    assert (desk.state.run.total_steps, desk.state.run.status) == (300, RunStatus.PAUSED)


def test_weights_of_another_run_are_dropped(qtbot, desk):
    desk.train(10)
    desk.reader.read()
    desk.train(10)
    desk.reader.turn_to(Mailbox())  # between reading and showing
    desk.reader.read()
    shown_later = [each for each in desk.reader.findChildren(QTimer) if each.isSingleShot()]
    qtbot.waitUntil(lambda: not any(each.isActive() for each in shown_later))
    assert desk.seen == []
    assert desk.state.history.step == 10


# -- frames --------------------------------------------------------------------------------------------------


class Clocks:
    """Stands in for the module `time`: wall clock and processor time of a window that draws."""

    def __init__(self, cost: float) -> None:
        self.now = self.used = 0.0
        self.cost = cost

    def perf_counter(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.used


def _run(monkeypatch: pytest.MonkeyPatch, cost: float, frames: int = 1000) -> tuple[float, float]:
    """Let frames of a cost in seconds be drawn; return the last interval in ms and the share of the time."""
    clocks = Clocks(cost)
    monkeypatch.setattr(mail_reader, "time", clocks)
    budget = FrameBudget(0.1)
    for _ in range(frames):
        clocks.now += budget.milliseconds / 1000
        clocks.used += cost
        budget.adjust()
    return budget.milliseconds, cost / (budget.milliseconds / 1000)


def test_dearer_frames_come_so_often_that_the_share_is_kept(monkeypatch):
    """Cheap ones come thirty times a second, and however dear they are, the picture goes on moving."""
    interval, share = _run(monkeypatch, 0.001)
    assert (interval, share < 0.1) == (33, True)
    for cost in (0.005, 0.007, 0.010):
        assert _run(monkeypatch, cost)[1] == pytest.approx(0.1, rel=0.1)
    assert _run(monkeypatch, 0.1)[0] == 150


@pytest.mark.parametrize("lost", [0, 60])
def test_a_pace_is_kept_and_time_that_a_busy_machine_has_lost_is_not_made_up_for(monkeypatch, lost):
    clocks, trainer = Clocks(0), Trainer(LAB5.build_network(), few_digits(), LAB5)

    def wait(seconds: float) -> None:
        is_busy = trainer.step == 5 and clocks.now < lost
        clocks.now += lost if is_busy else seconds

    monkeypatch.setattr(worker, "time", clocks)
    wake = cast(threading.Event, SimpleNamespace(wait=wait, clear=lambda: None))
    control = TrainControl(running=True, steps_per_second=20, wake=wake)
    loop = TrainLoop(trainer, Origin(1, LAB5, "few"), control)
    loop.train(11, cast(Context, SimpleNamespace(cancelled=False)))
    pauses = 9 if lost else 10  # between eleven steps, less the one that the machine was busy in
    assert clocks.now == pytest.approx(lost + pauses / 20, abs=0.05)


def test_an_epoch_asked_for_while_the_last_test_runs_is_trained(monkeypatch):
    trainer, control = Trainer(LAB5.build_network(), few_digits(), LAB5), TrainControl(running=True)

    def evaluated(*parts):
        control.epochs = LAB5.epochs + trainer.finished
        return evaluate(*parts)

    monkeypatch.setattr(worker, "evaluate", evaluated)
    loop = TrainLoop(trainer, Origin(1, LAB5, "few"), control)
    loop.train(0, cast(Context, SimpleNamespace(cancelled=False)))
    assert loop.mailbox.take()[0][-1] == RunHalted((LAB5.epochs + 1) * trainer.steps_per_epoch)


def test_the_first_epoch_has_five_tests_the_last_at_its_end_and_none_a_step_before() -> None:
    run, tests = SimpleNamespace(step=0, steps_per_epoch=11, total_steps=22), list[int]()
    while run.step < run.total_steps:
        due = next_due(cast(Trainer, run), run.total_steps)
        run.step = due.step
        tests += [due.step] * due.test
    assert tests == [2, 4, 6, 8, 11]
