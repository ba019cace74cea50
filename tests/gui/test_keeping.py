"""What is kept without being asked, by one window or several, and however the program ends."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from cnnviz import checkpoint
from cnnviz.datasets import Dataset, load_dataset
from cnnviz.document.types import LAB_MEMBER
from cnnviz.errors import CNNVizError
from cnnviz.experiment import LAB5
from cnnviz.lab.reading import parse_lab
from cnnviz.network import weights_checksum
from cnnviz.report.blocks import Insert
from cnnviz.snapshots import Snapshot
from cnnviz.training import Trainer
from tests.gui.document_driving import answered, is_ready, new_run, restored, told
from tests.gui.driving import begun, hold, kept_in, opened, save_document, save_picture
from tests.gui.lab_driving import LAB, open_lab
from tests.gui.whole_window import train_to
from tests.patience import PATIENCE
from tests.small_data import write_npz
from ui.panels.report.panel import ReportPanel
from ui.run import controller, loading
from ui.session import Session
from ui.state import RunStatus
from ui.tuning import EndSignals


def write(session: Session, words: str) -> None:
    session.window.panels.show_panel(4)
    field = first_field(session)
    field.setFocus()
    QTest.keyClicks(field, words)


def first_field(session: Session) -> QPlainTextEdit:
    return session.window.panel(ReportPanel).findChildren(QPlainTextEdit)[0]


def kept(words: str, session: Session) -> bool:
    return words in kept_in(session)


def write_and_keep(qtbot: QtBot, session: Session, words: str) -> None:
    write(session, words)
    qtbot.waitUntil(lambda: kept(words, session))


# --- several windows ----------------------------------------------------------------------------------------


def test_two_windows_are_two_documents(qtbot, tmp_path):
    with opened(qtbot, tmp_path / "window.ini") as first:
        write_and_keep(qtbot, first, "of the first")
        with opened(qtbot, tmp_path / "window.ini") as second:
            assert told(second) == "", "what another window has is not offered"
            assert first_field(second).toPlainText() == ""
            write_and_keep(qtbot, second, "of the second")
            write_and_keep(qtbot, first, " window")
    with opened(qtbot, tmp_path / "window.ini") as again:  # the one that was closed last
        words = first_field(again).toPlainText()
        assert words in ("of the first window", "of the second")
        assert "It is in no file" in told(again)
        assert "Another document, last changed on" in told(again)
        again.window.notices.action_button().click()
        qtbot.waitUntil(lambda: first_field(again).toPlainText() not in ("", words))
        other = first_field(again).toPlainText()
        write_and_keep(qtbot, again, "!")
    assert {words, other} == {"of the first window", "of the second"}
    kept_now = [each.read_text() for each in (tmp_path / "windows").glob("*/document.json")]
    assert len(kept_now) == 2
    assert sum(words in each for each in kept_now) == 1


def test_a_document_that_was_open_beside_another_is_offered_by_its_name(qtbot, tmp_path, monkeypatch):
    with opened(qtbot, tmp_path / "window.ini") as first, opened(qtbot, tmp_path / "window.ini") as second:
        save_document(qtbot, first, tmp_path / "mine.cnnviz")
        write_and_keep(qtbot, first, "changed")
        first.end_early()
        write_and_keep(qtbot, second, "later")
        os.utime(first.folder.path / "document.json", (0, 0))
        second.end_early()
    with opened(qtbot, tmp_path / "window.ini") as again:
        assert first_field(again).toPlainText() == "later"
        answered(monkeypatch, "discard")
        for said in ("mine.cnnviz was open, too", "Saved"):
            assert said in told(again)
            assert restored(qtbot, again, again.document.new)
            assert told(again) == "", "what is said of a document goes with it"
            save_document(qtbot, again, tmp_path / "other.cnnviz")


def test_a_document_marked_as_open_on_another_computer_can_be_opened(qtbot, tmp_path):
    with opened(qtbot, tmp_path / "window.ini") as first:
        write_and_keep(qtbot, first, "from elsewhere")
    lock = tmp_path / "windows" / "1.lock"
    lock.write_text("1\ncnnviz\nanother-computer\n" + "0" * 32 + "\n" + "0" * 32 + "\n")
    with opened(qtbot, tmp_path / "window.ini") as again:
        assert "is marked as open on another-computer" in told(again)
        go_on = hold(again.controller.analysis)
        again.document.changed.emit()  # with nothing in the window, of which nothing is kept
        again.window.notices.action_button().click()
        qtbot.waitUntil(lambda: not again.autosave._words_timer.isActive())
        qtbot.waitUntil(lambda: again.controller.keeping.is_idle)
        go_on()
        qtbot.waitUntil(lambda: first_field(again).toPlainText() == "from elsewhere")


def slow_data(monkeypatch: pytest.MonkeyPatch, below: str = "") -> Callable[[], None]:
    """Let own data, or what is not there below them, be read only after what is returned was called."""
    go_on = threading.Event()

    def slow(path: Path, **more: Any) -> Dataset:
        assert go_on.wait(PATIENCE)
        return load_dataset(path / below, **more)

    monkeypatch.setattr(loading, "load_dataset", slow)
    return go_on.set


def keep_run_on_own_data(qtbot: QtBot, session: Session, data: Path) -> str:
    with new_run(qtbot, session, is_ready):
        session.controller.open_data(write_npz(data, (4, 9)))
    train_to(qtbot, session, 12)
    weights = weights_at(qtbot, session, 12)
    session.end_early()
    return weights


@pytest.mark.parametrize("said", ["", "Another document"])
def test_a_kept_document_that_waits_for_its_data_gives_way_to_what_is_opened_and_stays(
    qtbot, tmp_path, monkeypatch, said
):
    with next_start(qtbot, tmp_path) as session:
        keep_run_on_own_data(qtbot, session, tmp_path / "own.npz")
    before = (kept := session.folder.path / "document.json").read_bytes()
    go_on = slow_data(monkeypatch)
    with begun(qtbot, tmp_path / "CNNViz" / "CNNViz.ini") as session:
        qtbot.waitUntil(lambda: session.document.restorer.is_busy)
        (session.controller.open_mnist if said else session.document.new)()
        go_on()
        qtbot.waitUntil(lambda: not session.document.restorer.is_busy and session.controller.is_idle)
        assert (session.state.dataset.name, session.state.run.step) == ("MNIST", 0)
        assert told(session).partition(",")[0] == said
        write_and_keep(qtbot, session, "new")
        assert kept.read_bytes() == before


def test_what_is_in_the_window_is_kept_until_and_when_another_document_is_there(qtbot, tmp_path, monkeypatch):
    with next_start(qtbot, tmp_path) as first, next_start(qtbot, tmp_path) as second:
        keep_run_on_own_data(qtbot, first, tmp_path / "own.npz")
        write_and_keep(qtbot, second, "words")
    before = (kept := first.folder.path / "document.json").read_bytes()
    for gone in ("gone", ""):
        os.utime(kept, (0, 0))  # the older one
        go_on = slow_data(monkeypatch, gone)
        with next_start(qtbot, tmp_path) as again:
            again.window.notices.action_button().click()
            qtbot.waitUntil(lambda session=again: session.document.restorer.is_busy)
            write_and_keep(qtbot, again, "!")
            go_on()
            if gone:  # what is in the window goes on; else it closes meanwhile
                qtbot.waitUntil(lambda session=again: not session.document.restorer.is_busy)
                write_and_keep(qtbot, again, "!")
        assert kept.read_bytes() == before
    os.utime(kept)
    with begun(qtbot, tmp_path / "CNNViz" / "CNNViz.ini") as again:
        write(again, "early")
        qtbot.waitUntil(lambda: "Another document" in told(again) and again.state.run.step == 12)
    folders = [each.read_text(encoding="utf-8") for each in kept.parent.parent.glob("*/document.json")]
    assert all(sum(words in each for each in folders) == 1 for words in ("own.npz", "words!!!", "early"))


# --- words --------------------------------------------------------------------------------------------------


def test_words_are_kept_where_no_data_can_be_read_and_mnist_is_offered(qtbot, tmp_path):
    with begun(qtbot, tmp_path / "window.ini", tmp_path / "nothing") as session:
        qtbot.waitUntil(lambda: session.state.run.status is RunStatus.FAILED)
        message = session.window.samples.message
        assert "nothing" in message.text()
        session.window.panel(ReportPanel).work.set_head("author", "Ada")
        qtbot.waitUntil(lambda: kept("Ada", session))
        session.window.samples.open_image(tmp_path / "mine.png")
        assert "loading" not in (session.window.samples.grid.placeholder + message.text()).lower()
        assert message.action_button().text() == "Use MNIST"
        message.action_button().click()
        qtbot.waitUntil(lambda: session.state.run.status is RunStatus.READY)
        assert message.text() == ""
    with opened(qtbot, tmp_path / "window.ini") as again:
        assert again.window.panel(ReportPanel).work.work.author == "Ada"


def test_what_is_typed_without_a_pause_is_kept_and_a_slow_disk_does_not_hold_up_the_window(
    qtbot, session, monkeypatch
):
    write(session, "A")
    field = first_field(session)

    def another_letter() -> bool:
        QTest.keyClicks(field, "b")
        return kept("Ab", session)

    qtbot.waitUntil(another_letter)
    qtbot.waitUntil(lambda: session.controller.keeping.is_idle)
    reached, go_on, in_window = threading.Event(), threading.Event(), threading.get_ident()

    def slow(_descriptor: int) -> None:
        assert threading.get_ident() != in_window
        reached.set()
        assert go_on.wait(PATIENCE)

    monkeypatch.setattr(os, "fsync", slow)
    QTest.keyClicks(field, "c")
    qtbot.waitUntil(reached.is_set)
    QTest.keyClicks(field, "d")
    assert field.toPlainText().endswith("bcd")
    go_on.set()
    qtbot.waitUntil(lambda: kept("bcd", session))


# --- what takes the place of a run --------------------------------------------------------------------------


def test_a_model_that_does_not_fit_changes_nothing(qtbot, session, tmp_path):
    train_to(qtbot, session, 40)
    state, before, run_id = session.state, session.document.picture(), session.state.run.run_id
    large = tmp_path / "large.safetensors"
    checkpoint.save(large, Snapshot(7, LAB5.build_network((1, 40, 40))), LAB5)
    session.document.open(large)
    qtbot.waitUntil(lambda: "(1, 40, 40)" in told(session))
    assert session.document.picture() == before is not None
    assert (state.run.run_id, state.run.status, len(state.history.losses)) == (run_id, RunStatus.PAUSED, 40)
    train_to(qtbot, session, 45)  # and it can be trained on

    state.clear_notice("files")
    state.set_speed(50)
    session.controller.train()
    session.document.open(large)
    qtbot.waitUntil(lambda: "(1, 40, 40)" in told(session))
    step = state.run.step
    qtbot.waitUntil(lambda: state.run.step > step)
    assert state.run.status is RunStatus.TRAINING


def test_what_is_opened_asks_before_it_takes_the_place_of_a_trained_network(
    qtbot, session, tmp_path, monkeypatch
):
    state, controller = session.state, session.controller
    train_to(qtbot, session, 30)
    save_picture(session, tmp_path / "a.png")
    controller.export_weights(tmp_path / "a.safetensors")
    qtbot.waitUntil(lambda: controller.files.is_idle)
    write_npz(tmp_path / "a.npz")

    def apply() -> None:
        controller.edit(replace(state.draft, filters=(3,)))
        session.window.pending.action_button().click()

    gone, back = "Only its curves stay, in grey.", "You can bring it back until you train again."
    for way, left in (
        (lambda: session.document.open(tmp_path / "a.safetensors"), gone),
        (lambda: session.document.open(tmp_path / "a.png"), back),
        (apply, gone),
        (lambda: controller.open_data(tmp_path / "a.npz"), gone),
    ):
        train_to(qtbot, session, 35)
        run = state.run
        asked = answered(monkeypatch, "cancel", "discard")
        session.ask_before_closing(True)
        way()
        qtbot.waitUntil(lambda asked=asked: len(asked) == 1)
        said = f"The network has been trained for 35 steps and is not saved. {left}"
        assert asked == [f"{said} Before the network is replaced? Replace"]
        qtbot.waitUntil(lambda: controller.is_idle)
        assert (state.run.run_id, state.run.step) == (run.run_id, 35)
        with new_run(qtbot, session):
            way()
        session.ask_before_closing(False)
        qtbot.waitUntil(lambda: not session.document.restorer.is_busy and controller.is_idle)
        assert told(session).endswith("was replaced.") == (left is back)
        controller.reset()  # what was applied has begun to train, or has trained to its end
        qtbot.waitUntil(lambda: state.run.status is RunStatus.READY)


def test_a_saved_model_goes_on_as_the_run_would_have(qtbot, tmp_path):
    """One that was saved at rest, and one while training."""
    adam = replace(LAB5, optimizer="adam", learning_rate=0.001)
    data = write_npz(tmp_path / f"{'d' * 230}.npz", training=200)
    with opened(qtbot, tmp_path / "window.ini", data, adam) as session:
        state, controller = session.state, session.controller
        for path in (tmp_path / "rest.safetensors", tmp_path / "training.safetensors"):
            if path.stem == "rest":
                train_to(qtbot, session, 60)
            else:
                state.set_speed(200)
                controller.train()
                qtbot.waitUntil(lambda: state.run.status is RunStatus.TRAINING and state.run.step > 105)
            controller.export_weights(path)
            qtbot.waitUntil(path.exists)
            controller.pause()
            qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
            end = state.run.step + 40
            state.set_speed(None)
            train_to(qtbot, session, end)
            expected = weights_checksum(state.live.network)
            with new_run(qtbot, session):
                session.document.open(path)
            train_to(qtbot, session, end)
            assert weights_checksum(state.live.network) == expected


# --- files under way ----------------------------------------------------------------------------------------


@pytest.mark.alone
def test_a_report_is_exported_while_the_lab_runs_and_a_window_stays_until_its_files_are_written(
    qtbot, session, tmp_path
):
    report, wait = session.window.panel(ReportPanel), threading.Event()

    def until_cancelled(context: Any) -> None:
        while not context.cancelled:
            wait.wait(0.01)

    session.controller.background.submit("hold", until_cancelled, lambda _result: None)
    report.exporter.write(tmp_path / "first.html")
    qtbot.waitUntil((tmp_path / "first.html").exists)
    session.ask_before_closing(True)
    for folder, goes in (("missing", False), ("", True)):
        go_on = hold(session.controller.files)
        report.exporter.write(tmp_path / folder / "report.html")
        assert not session.window.close()
        assert "still being written" in told(session)
        go_on()
        if goes:
            qtbot.waitUntil(lambda: not session.window.isVisible())
        else:
            qtbot.waitUntil(lambda: "missing" in report.message.text())
            assert session.window.isVisible()
    assert (tmp_path / "report.html").stat().st_size > 1000


@pytest.mark.alone
def test_an_early_end_waits_for_files(session, tmp_path, monkeypatch):
    files = session.controller.files
    go_on, finish = hold(files), files.finish
    session.window.panel(ReportPanel).exporter.write(tmp_path / "report.html")
    monkeypatch.setattr(files, "finish", lambda *patience: go_on() or finish(*patience))
    session.end_early()
    is_there = (tmp_path / "report.html").is_file()
    go_on()
    assert is_there


@pytest.mark.alone
def test_a_report_that_waits_for_its_numbers_is_written_before_the_end_or_given_up(qtbot, few, tmp_path):
    open_lab(qtbot, few, tmp_path)
    report, measure = few.window.panel(ReportPanel), hold(few.controller.background)
    report.exporter.write(tmp_path / "report.html")
    few.ask_before_closing(True)
    assert not few.window.close()
    assert "still being written" in told(few)
    report.cancel.click()
    assert told(few) == report.message.text() == ""
    assert report.export.isEnabled()
    report.exporter.write(tmp_path / "report.html")
    few.end_early()
    assert few.window.isVisible()
    measure()
    qtbot.waitUntil(lambda: not few.window.isVisible())
    assert (tmp_path / "report.html").stat().st_size > 1000


@pytest.mark.alone
def test_a_report_is_of_the_lab_that_it_was_asked_for_and_has_what_was_measured_of_it(qtbot, few, tmp_path):
    report, measure = few.window.panel(ReportPanel), hold(few.controller.background)
    for name in ("first", "second"):
        few.lab.control.open(parse_lab(LAB.replace('id = "small"', f'id = "{name}"'))[0], LAB_MEMBER)
        assert not report.exporter.is_waiting
        report.exporter.write(tmp_path / f"{name}.html")
    with qtbot.waitSignal(report.exporter.handed_out):
        measure()
    assert report.measuring.numbers is not None
    assert not (tmp_path / "first.html").exists()


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
    data = tmp_path / "own.npz"
    with next_start(qtbot, tmp_path) as session:
        weights = keep_run_on_own_data(qtbot, session, data)
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
