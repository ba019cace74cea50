"""What the training thread leaves is shown in time, in order, and only if it belongs to the run."""

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from cnnviz.presets import LAB5
from cnnviz.snapshots import Snapshot
from cnnviz.training import Progress
from tests.gui.driving import PATIENCE
from ui.run.mail_reader import MailReader
from ui.run.mailbox import Mailbox, ProgressMade, RunHalted
from ui.run.moments import MomentTests
from ui.run.tasks import TaskRunner
from ui.run.worker import TrainControl
from ui.state import AppState, RunStatus


class Desk:
    """A reader at work on a run with number 1, and what it has asked to show."""

    def __init__(self) -> None:
        self.state = AppState()
        self.state.update_run(run_id=1, status=RunStatus.TRAINING, total_steps=100, steps_per_epoch=100)
        self.mailbox = Mailbox()
        self.background = TaskRunner("background")
        tests = MomentTests(self.state, self.background)
        self.reader = MailReader(self.state, self.mailbox, TrainControl(running=True), tests)
        self.network = LAB5.build_network()
        self.seen: list[tuple[int, int]] = []
        self.reader.showRequested.connect(self._on_show)
        self.reader.start()

    def _on_show(self, snapshot: Snapshot) -> None:
        self.seen.append((snapshot.step, self.state.history.step))

    def train(self, steps: int, run: int = 1) -> None:
        first = self.state.history.step + 1
        ones = np.ones(steps, dtype=np.intp)
        self.mailbox.post(run, ProgressMade(Progress(first, ones.astype(float), ones, ones, 0.01)))
        self.mailbox.post_live(run, Snapshot(first + steps - 1, self.network))


@pytest.fixture
def desk(qtbot: QtBot):
    made = Desk()
    yield made
    made.reader.close()
    assert made.background.close(PATIENCE)


def test_weights_are_shown_after_the_steps_that_made_them(qtbot: QtBot, desk: Desk) -> None:
    for _ in range(5):
        before = len(desk.seen)
        desk.train(10)
        qtbot.waitUntil(lambda before=before: len(desk.seen) > before)
    assert desk.seen == [(10, 10), (20, 20), (30, 30), (40, 40), (50, 50)]


def test_the_last_weights_are_shown_when_the_run_halts(qtbot: QtBot, desk: Desk) -> None:
    statuses: list[RunStatus] = []
    desk.reader.showRequested.connect(lambda _snapshot: statuses.append(desk.state.run.status))
    desk.train(10)
    desk.mailbox.post(1, RunHalted(10, 100, False))
    desk.reader.on_worker_halted()
    # At once: what asks for the weights of a run at rest must not meet those of a moment ago.
    assert desk.seen == [(10, 10)]
    assert statuses == [RunStatus.PAUSED]


def test_weights_of_another_run_are_dropped(qtbot: QtBot, desk: Desk) -> None:
    def show_what_was_read() -> None:
        shown_later = [each for each in desk.reader.findChildren(QTimer) if each.isSingleShot()]
        qtbot.waitUntil(lambda: not any(each.isActive() for each in shown_later))

    desk.train(10, run=2)
    desk.reader.on_worker_halted()
    show_what_was_read()
    assert desk.seen == []
    assert desk.state.history.step == 0
    # Also when the run changes between reading and showing.
    desk.train(10)
    desk.reader.on_worker_halted()
    assert desk.state.history.step == 10
    desk.state.update_run(run_id=3)
    show_what_was_read()
    assert desk.seen == []
