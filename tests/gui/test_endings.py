"""However the program ends: what was written, drawn and trained is there at the next start, or offered."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.snapshots import Snapshot
from cnnviz.training import Trainer
from tests.gui.driving import opened
from tests.patience import PATIENCE
from tests.small_data import write_npz
from ui.panels.report import ReportPanel
from ui.run import start
from ui.session import Session
from ui.state import RunStatus

WORDS = "equal patches give equal numbers"


@contextmanager
def child(folder: Path, *wishes: str) -> Iterator[subprocess.Popen[str]]:
    """Start the program in a process of its own, and wait until its hands have done what is wished."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gui.ending_child", str(folder), *wishes],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        yield process
    finally:
        process.kill()
        process.communicate()


def end(process: subprocess.Popen[str], number: signal.Signals) -> int:
    process.send_signal(number)
    return process.wait(timeout=PATIENCE)


def next_start(qtbot: QtBot, folder: Path) -> AbstractContextManager[Session]:
    """Open the program again with the settings that a child had."""
    return opened(qtbot, folder / "CNNViz" / "CNNViz.ini")


def words_of(session: Session) -> list[str]:
    return [each.toPlainText() for each in session.window.panel(ReportPanel).findChildren(QPlainTextEdit)]


def weights_at(qtbot: QtBot, session: Session, step: int) -> Mapping[str, NDArray[Any]]:
    """Wait until the network of a step is shown, and return its parameters."""
    state = session.state
    qtbot.waitUntil(
        lambda: (
            state.run.status is RunStatus.PAUSED
            and state.live is not None
            and state.live.step == state.run.step == step
        )
    )
    assert state.live is not None
    return state.live.network.params


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_words_typed_last_outlive_a_signal(qtbot: QtBot, tmp_path: Path, number: signal.Signals) -> None:
    with child(tmp_path, "write", WORDS) as process:
        assert end(process, number) == 128 + number
    assert not list(tmp_path.rglob("*.lock"))
    with next_start(qtbot, tmp_path) as session:
        assert WORDS in words_of(session)
        assert session.window.notices.text() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_a_run_and_the_own_image_come_back(qtbot: QtBot, tmp_path: Path, number: signal.Signals) -> None:
    with child(tmp_path, "draw", "train", "kept") as process:
        end(process, number)
    with next_start(qtbot, tmp_path) as session:
        notices, state = session.window.notices, session.state
        assert "LAB5, classes 0, 1, seed 0, at step 300" in notices.text()
        with qtbot.waitSignal(session.files.restorer.finished):
            notices.action_button().click()
        qtbot.waitUntil(lambda: state.run.step == 300 and notices.text() == "")
        assert len(state.history.losses) == 300
        assert state.sample is not None
        assert (state.sample.origin, int(state.sample.pixels.max())) == ("drawn", 9)
        assert session.files.has_unsaved_work
        qtbot.waitUntil(lambda: not list(tmp_path.rglob("interrupted*")))


def test_a_run_that_was_changed_on_the_way_goes_on_from_its_weights(qtbot: QtBot, tmp_path: Path) -> None:
    with next_start(qtbot, tmp_path) as session:
        session.controller.train_to(200, 1)
        qtbot.waitUntil(lambda: session.state.run.status is RunStatus.PAUSED)
        session.controller.on_draft_requested(replace(session.state.experiment, learning_rate=0.01))
        session.controller.train_to(400, 1)
        weights = weights_at(qtbot, session, 400)
        session.end_early()
    with next_start(qtbot, tmp_path) as session:
        session.window.notices.action_button().click()
        qtbot.waitUntil(lambda: "goes on from the weights" in session.window.notices.text())
        qtbot.waitUntil(lambda: session.state.run.run_id == 2)  # no other network was shown before
        for name, values in weights_at(qtbot, session, 400).items():
            np.testing.assert_array_equal(values, weights[name])


def test_weights_that_no_run_can_go_on_from_now_are_offered_at_the_next_start(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with next_start(qtbot, tmp_path) as session:
        session.controller.train_to(2, 1)
        qtbot.waitUntil(lambda: session.state.run.status is RunStatus.PAUSED)
        session.controller.on_draft_requested(replace(session.state.experiment, learning_rate=0.01))
        session.controller.train_to(4, 1)
        weights_at(qtbot, session, 4)
        session.end_early()
    usual = start._trainer

    def without_room(experiment: Experiment, dataset: Dataset, snapshot: Snapshot | None) -> Trainer:
        if snapshot is not None:
            raise CNNVizError("There is no memory left for a run.")
        return usual(experiment, dataset, snapshot)

    with next_start(qtbot, tmp_path) as session, monkeypatch.context() as patch:
        patch.setattr(start, "_trainer", without_room)
        session.window.notices.action_button().click()
        qtbot.waitUntil(lambda: session.window.notices.text() == "There is no memory left for a run.")
        qtbot.waitUntil(lambda: session.controller.is_idle)
    with next_start(qtbot, tmp_path) as session:
        assert "at step 4" in session.window.notices.text()


def test_a_run_on_own_data_comes_back_with_them(qtbot: QtBot, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "own.npz", (4, 9))
    with next_start(qtbot, tmp_path) as session:
        session.controller.open_data(data)
        qtbot.waitUntil(lambda: session.state.run.run_id == 2 and session.state.run.status is RunStatus.READY)
        session.controller.train_to(12, 1)
        weights = weights_at(qtbot, session, 12)
        session.end_early()
    with next_start(qtbot, tmp_path) as session:
        session.window.notices.action_button().click()
        qtbot.waitUntil(lambda: session.state.source is not None and session.state.source.path == data)
        for name, values in weights_at(qtbot, session, 12).items():
            np.testing.assert_array_equal(values, weights[name])
        assert session.state.dataset is not None
        assert session.state.dataset.name == "own"


def test_own_data_that_are_gone_leave_the_offer_for_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    data = write_npz(tmp_path / "own.npz")
    with next_start(qtbot, tmp_path) as session:
        session.controller.open_data(data)
        qtbot.waitUntil(lambda: session.state.run.run_id == 2 and session.state.run.status is RunStatus.READY)
        session.controller.train_to(12, 1)
        weights_at(qtbot, session, 12)
        session.end_early()
    data.unlink()
    with next_start(qtbot, tmp_path) as session:
        session.window.notices.action_button().click()
        qtbot.waitUntil(lambda: "own.npz does not exist" in session.window.samples.message.text())
        assert session.state.run.step == 0
    with next_start(qtbot, tmp_path) as session:
        assert "at step 12" in session.window.notices.text()


def test_a_closed_window_leaves_nothing_to_offer(qtbot: QtBot, tmp_path: Path) -> None:
    with next_start(qtbot, tmp_path) as session:
        session.controller.train_to(50, 1)
        qtbot.waitUntil(session.workspace.unsaved.exists)
    assert not list(tmp_path.rglob("unsaved*"))
    with next_start(qtbot, tmp_path) as session:
        assert session.window.notices.text() == ""
