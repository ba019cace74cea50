"""What is kept without being asked, by one window or several, and what nothing may take its place."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from cnnviz import checkpoint
from cnnviz.presets import LAB5
from tests.gui.driving import PATIENCE, opened, save_session
from tests.small_data import write_npz
from ui.keep import session_files
from ui.panels.report import ReportPanel
from ui.session import Session
from ui.state import RunStatus


def write(session: Session, words: str) -> None:
    session.window.panels.show_panel(4)
    field = first_field(session)
    field.setFocus()
    QTest.keyClicks(field, words)


def first_field(session: Session) -> QPlainTextEdit:
    return session.window.panel(ReportPanel).findChildren(QPlainTextEdit)[0]


def kept(words: str, session: Session) -> bool:
    draft = session.workspace.draft
    return draft.exists() and words in draft.read_text(encoding="utf-8")


def train(qtbot: QtBot, session: Session, step: int) -> None:
    session.controller.train_to(step, 1)
    qtbot.waitUntil(
        lambda: session.state.run.status is RunStatus.PAUSED and session.state.shown is session.state.live,
    )


def told(session: Session) -> str:
    return session.window.notices.text()


# --- several windows ----------------------------------------------------------------------------------------


def test_two_windows_keep_two_reports(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path / "window.ini") as first, opened(qtbot, tmp_path / "window.ini") as second:
        assert "Another window of CNNViz has your report open" in told(second)
        for each, words in ((first, "of the first"), (second, "of the second"), (first, " window")):
            write(each, words)
            assert each.window.panel(ReportPanel).save_draft()
    with opened(qtbot, tmp_path / "window.ini") as again:
        assert first_field(again).toPlainText() == "of the first window"
        assert "There is another report of yours" in told(again)
        again.window.notices.action_button().click()
        assert first_field(again).toPlainText() == "of the second"
        again.window.notices.action_button().click()
        assert first_field(again).toPlainText() == "of the first window"


def test_a_report_that_is_open_is_not_offered(qtbot: QtBot, tmp_path: Path) -> None:
    with ExitStack() as windows:
        settings = tmp_path / "window.ini"
        first, second, third = (windows.enter_context(opened(qtbot, settings)) for _ in range(3))
        write(second, "mine")
        assert second.window.panel(ReportPanel).save_draft()
        assert third.workspace.report == 3
        third.close()
        with opened(qtbot, tmp_path / "window.ini") as fourth:
            assert fourth.workspace.report == 3
            assert "There is another report" not in told(fourth)
        assert first.workspace.draft != second.workspace.draft


def test_a_report_marked_as_open_on_another_computer_can_be_opened(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path / "window.ini") as session:
        write(session, "at home")
    lock = tmp_path / "report-draft.lock"
    lock.write_text("4242\npython\nelsewhere\n")
    with opened(qtbot, tmp_path / "window.ini") as session:
        assert "on the computer elsewhere" in told(session)
        session.window.notices.action_button().click()
        assert first_field(session).toPlainText() == "at home"


# --- words --------------------------------------------------------------------------------------------------


def test_what_is_typed_without_a_pause_is_kept(qtbot: QtBot, session: Session) -> None:
    write(session, "A")
    field = first_field(session)

    def another_letter() -> bool:
        QTest.keyClicks(field, "b")
        return kept("Ab", session)

    qtbot.waitUntil(another_letter)


def test_a_slow_disk_does_not_hold_up_the_window(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    in_window = threading.get_ident()
    sync = os.fsync

    def slow(descriptor: int) -> None:
        assert threading.get_ident() != in_window
        reached.set()
        assert go_on.wait(PATIENCE / 1000)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    write(session, "A")
    qtbot.waitUntil(reached.is_set)
    QTest.keyClicks(first_field(session), "b")
    assert first_field(session).toPlainText() == "Ab"
    go_on.set()
    qtbot.waitUntil(lambda: kept("Ab", session))
    monkeypatch.undo()


# --- what takes the place of a run --------------------------------------------------------------------------


def model_for_other_images(path: Path) -> Path:
    network = LAB5.build_network((1, 40, 40))
    checkpoint.save(path, network, experiment=LAB5, step=7)
    return path


def test_a_model_that_does_not_fit_changes_nothing(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    train(qtbot, session, 40)
    state, before = session.state, session.files.current()
    session.files.open(model_for_other_images(tmp_path / "large.safetensors"))
    qtbot.waitUntil(lambda: "(1, 40, 40)" in told(session))
    after = session.files.current()
    assert before is not None
    assert after is not None
    assert after.to_json() == before.to_json()
    assert (state.run.run_id, state.run.status, len(state.history.losses)) == (1, RunStatus.PAUSED, 40)
    assert session.files.recent() == []
    train(qtbot, session, 45)  # and it can be trained on


def test_training_goes_on_while_a_model_is_refused(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    path = model_for_other_images(tmp_path / "large.safetensors")
    session.controller.on_speed_requested(50)
    session.controller.on_train_requested()
    session.files.open(path)
    qtbot.waitUntil(lambda: "(1, 40, 40)" in told(session))
    step = session.state.run.step
    qtbot.waitUntil(lambda: session.state.run.step > step)
    assert session.state.run.status is RunStatus.TRAINING


@pytest.mark.parametrize("kind", ["model", "session", "data", "settings"])
def test_what_is_opened_asks_before_it_takes_the_place_of_a_trained_network(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    state, controller = session.state, session.controller
    train(qtbot, session, 30)
    save_session(qtbot, session, tmp_path / "a.json")
    session.files.save_model(tmp_path / "a.safetensors")
    qtbot.waitUntil(lambda: session.controller.files.is_idle)
    write_npz(tmp_path / "a.npz")
    train(qtbot, session, 35)
    changed = replace(LAB5, filters=(3,))

    def apply() -> None:
        controller.on_draft_requested(changed)
        session.window.pending.action_button().click()

    ways = {
        "model": lambda: session.files.open(tmp_path / "a.safetensors"),
        "session": lambda: session.files.open(tmp_path / "a.json"),
        "data": lambda: controller.open_data(tmp_path / "a.npz"),
        "settings": apply,
    }
    answers, asked = ["cancel"], []

    def ask(_parent: object, step: int, event: str) -> str:
        asked.append((step, event))
        return answers[-1]

    monkeypatch.setattr(session_files, "ask_about_unsaved_work", ask)
    session.ask_before_closing(True)
    ways[kind]()
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert asked == [(35, "something else takes its place")]
    qtbot.waitUntil(lambda: controller.is_idle)
    assert (state.run.run_id, state.run.step) == (1, 35)
    answers.append("discard")
    ways[kind]()
    qtbot.waitUntil(lambda: state.run.run_id == 2)
    session.ask_before_closing(False)
    qtbot.waitUntil(lambda: not session.files.restorer.is_busy and controller.is_idle)


@pytest.mark.parametrize(
    "settings", [{"momentum": 0.9}, {"optimizer": "adam", "learning_rate": 0.001}], ids=["momentum", "adam"]
)
@pytest.mark.parametrize("pauses", [True, False], ids=["at rest", "while training"])
def test_a_saved_model_goes_on_as_the_run_would_have(
    qtbot: QtBot, tmp_path: Path, settings: dict[str, object], pauses: bool
) -> None:
    path = tmp_path / "a.safetensors"
    with opened(qtbot, tmp_path / "window.ini", experiment=replace(LAB5, **settings)) as session:
        state = session.state
        if pauses:
            train(qtbot, session, 60)
        else:
            session.controller.on_speed_requested(200)
            session.controller.on_train_requested()
            qtbot.waitUntil(lambda: state.shown is not None and state.shown.step > 5)
        session.files.save_model(path)
        qtbot.waitUntil(path.exists)
        end = state.run.step + 40
        session.controller.pause()
        qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
        session.controller.on_speed_requested(None)
        train(qtbot, session, end)
        assert state.live is not None
        expected = dict(state.live.network.params)
        session.files.open(path)
        qtbot.waitUntil(lambda: state.run.run_id == 2 and state.run.status is RunStatus.PAUSED)
        train(qtbot, session, end)
        for name, values in state.live.network.params.items():
            np.testing.assert_array_equal(values, expected[name])


# --- files under way ----------------------------------------------------------------------------------------


@pytest.fixture
def slow_files(session: Session) -> Iterator[threading.Event]:
    """Hold up whatever is written for the user until the event is set."""
    go_on = threading.Event()
    session.controller.files.submit(
        "hold", lambda _context: go_on.wait(PATIENCE / 1000), lambda _result: None
    )
    yield go_on
    go_on.set()


def test_a_report_is_exported_while_the_lab_runs(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    report = session.window.panel(ReportPanel)
    session.controller.background.submit(
        "hold", lambda context: _until_cancelled(context), lambda _result: None
    )
    report.export_to(tmp_path / "report.html")
    qtbot.waitUntil(lambda: (tmp_path / "report.html").exists())


def _until_cancelled(context: object) -> None:
    wait = threading.Event()
    while not context.cancelled:  # pyright: ignore[reportAttributeAccessIssue]
        wait.wait(0.01)


def test_a_window_closes_when_its_files_are_written(
    qtbot: QtBot, session: Session, tmp_path: Path, slow_files: threading.Event
) -> None:
    session.ask_before_closing(True)
    session.window.panel(ReportPanel).export_to(tmp_path / "report.html")
    assert not session.window.close()
    assert "still being written" in told(session)
    slow_files.set()
    qtbot.waitUntil(lambda: not session.window.isVisible())
    assert (tmp_path / "report.html").stat().st_size > 1000


def test_a_window_stays_when_a_file_cannot_be_written(
    qtbot: QtBot, session: Session, tmp_path: Path, slow_files: threading.Event
) -> None:
    session.ask_before_closing(True)
    session.window.panel(ReportPanel).export_to(tmp_path / "missing" / "report.html")
    assert not session.window.close()
    slow_files.set()
    qtbot.waitUntil(lambda: "missing" in session.window.panel(ReportPanel).message.text())
    assert session.window.isVisible()
    assert session.window.close()


def test_an_early_end_waits_for_files(
    qtbot: QtBot, session: Session, tmp_path: Path, slow_files: threading.Event
) -> None:
    session.window.panel(ReportPanel).export_to(tmp_path / "report.html")
    timer = threading.Timer(0.2, slow_files.set)
    timer.start()
    session.end_early()
    assert (tmp_path / "report.html").stat().st_size > 1000
    timer.join()
