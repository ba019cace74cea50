"""However the program ends: what was written, drawn and trained is there at the next start."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from cnnviz.errors import CNNVizError
from cnnviz.network import weights_checksum
from cnnviz.report.blocks import Insert
from cnnviz.training import Trainer
from tests.gui.driving import kept_in, opened, save_document
from tests.gui.whole_window import train_to
from tests.patience import PATIENCE
from tests.small_data import write_npz
from ui.panels.report.panel import ReportPanel
from ui.run import controller
from ui.session import Session
from ui.state import RunStatus
from ui.tuning import EndSignals

WORDS = "equal patches give equal numbers"


@contextmanager
def child(folder: Path, *wishes: str) -> Iterator[subprocess.Popen[str]]:
    """Start the program in a process of its own, until its hands have done what is wished, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gui.ending_child", str(folder), *wishes],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    try:
        assert process.stdout.readline().startswith("ready")
        yield process
    finally:
        process.kill()
        process.communicate()


def next_start(qtbot: QtBot, folder: Path) -> AbstractContextManager[Session]:
    """Open the program again with the settings that a child had."""
    return opened(qtbot, folder / "CNNViz" / "CNNViz.ini")


def weights_at(qtbot: QtBot, session: Session, step: int) -> str:
    """Wait until the network of a step is shown, and return what tells every bit of its weights."""
    state = session.state
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED and state.live is not None)
    qtbot.waitUntil(lambda: state.live.step == state.run.step == step)
    return weights_checksum(state.live.network)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_is_told_of_where_no_python_runs(qtbot, number):
    parent = QObject()
    signals = EndSignals(parent)
    with qtbot.waitSignal(signals.received):
        signal.raise_signal(number)
    assert signals.status(0) == 128 + number
    signals.close()


def test_a_run_and_the_own_image_come_back_after_a_kill_and_words_typed_last_outlive_a_signal(
    qtbot, tmp_path
):
    with child(tmp_path, "draw", "train", "kept"):
        pass  # at the end of which it is killed
    with child(tmp_path, "write", WORDS) as process:  # in which they have come back
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 128 + signal.SIGTERM
    assert not list(tmp_path.rglob("*.lock"))
    (kept,) = (tmp_path / "CNNViz" / "windows").glob("*/document.json")
    assert WORDS in kept.read_text(encoding="utf-8")
    with next_start(qtbot, tmp_path) as session:
        notices, state = session.window.notices, session.state
        assert "without being closed. This is the document as it was at that time." in notices.text()
        assert (state.run.step, len(state.history.losses)) == (300, 300)
        assert (state.sample.origin, int(state.sample.pixels.max())) == ("drawn", 9)
        assert session.document.is_changed
        fields = session.window.panel(ReportPanel).findChildren(QPlainTextEdit)
        assert WORDS in [each.toPlainText() for each in fields]


def test_a_document_with_a_name_comes_back_as_that_also_after_a_start_at_which_it_could_not(
    qtbot, tmp_path, monkeypatch
):
    path = tmp_path / "mine.cnnviz"
    with next_start(qtbot, tmp_path) as session:
        train_to(qtbot, session, 20)
        save_document(qtbot, session, path)
        session.end_early()
    with next_start(qtbot, tmp_path) as session:  # the file has all of it
        assert (session.document.path, session.document.is_changed) == (path, False)
        train_to(qtbot, session, 30)
        weights = weights_at(qtbot, session, 30)
        session.end_early()

    def without_room(*args: Any, start_step: int, **more: Any) -> Trainer:
        if start_step:
            raise CNNVizError("There is no memory left for a run.")
        return Trainer(*args, start_step=start_step, **more)

    with monkeypatch.context() as patch:
        patch.setattr(controller, "Trainer", without_room)
        with next_start(qtbot, tmp_path) as session:
            assert session.window.notices.text() == "There is no memory left for a run."
            assert session.state.run.step == 0
    with next_start(qtbot, tmp_path) as session:
        assert (session.document.path, session.document.is_changed) == (path, True)
        assert weights_at(qtbot, session, 30) == weights


def test_a_run_on_own_data_comes_back_with_them_and_waits_for_them_while_they_are_gone(qtbot, tmp_path):
    data = write_npz(tmp_path / "own.npz", (4, 9))
    with next_start(qtbot, tmp_path) as session:
        session.controller.open_data(data)
        qtbot.waitUntil(lambda: session.state.run.run_id == 2 and session.state.run.status is RunStatus.READY)
        train_to(qtbot, session, 12)
        weights = weights_at(qtbot, session, 12)
        session.end_early()
    content = data.read_bytes()
    data.unlink()
    with next_start(qtbot, tmp_path) as session:
        assert "own.npz does not exist" in session.window.samples.message.text()
        assert session.state.run.step == 0
    data.write_bytes(content)
    with next_start(qtbot, tmp_path) as session:
        assert weights_at(qtbot, session, 12) == weights
        assert (session.state.source.path, session.state.dataset.name) == (data, "own")


def test_what_is_damaged_costs_no_words_and_what_cannot_be_read_is_kept_under_another_name(qtbot, tmp_path):
    with next_start(qtbot, tmp_path) as session:
        train_to(qtbot, session, 40)
        work = session.window.panel(ReportPanel).work
        work.set_head("author", WORDS)
        drawing = Insert("A drawing", "of step 1", "", svg=f"<svg>{' ' * 9000}</svg>")
        work.add_insert(work.lab.steps[1], drawing)
        session.end_early()
    for member in (tmp_path / "CNNViz" / "windows").glob("*/*"):
        if member.name != "document.json":
            member.write_bytes(b"x")
    with next_start(qtbot, tmp_path) as session:
        assert "only its words and settings are here. The rest is in" in session.window.notices.text()
        work = session.window.panel(ReportPanel).work
        assert work.work.author == WORDS
        assert work.done(work.lab.steps[1]).inserts == ()
        assert session.state.run.step == 0
        assert list(session.folder.path.parent.glob("damaged-*/document.json"))
        kept = session.folder.path / "document.json"
        session.end_early()
    kept.write_text('{"format":"cnnviz","author":"Emmy"', encoding="utf-8")
    with next_start(qtbot, tmp_path) as session:
        assert "The document that was kept is lost" in session.window.notices.text()
        aside = session.folder.path.parent.glob("damaged-*/document.json")
        assert any("Emmy" in each.read_text(encoding="utf-8") for each in aside)
        session.window.panel(ReportPanel).work.set_head("author", "Grace")
        qtbot.waitUntil(lambda: "Grace" in kept_in(session))
