"""A document: all that is in a window comes back from a file, and nothing is lost without a question."""

import re
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cnnviz.document import archive
from cnnviz.document.run import pack_run, record_in
from cnnviz.experiment import LAB5
from cnnviz.lab.record import OwnImage
from tests.engine.document_cases import UNUSUAL, members_of, zipped
from tests.gui.document_driving import (
    answered,
    ask,
    assert_back,
    begin_again,
    choose,
    facts,
    fork,
    new_run,
    restore,
    restored,
    told,
    train,
    type_report,
)
from tests.gui.driving import PATIENCE, kept_in, opened, save_document
from tests.gui.lab_driving import open_lab
from tests.gui.own_digit_driving import ONE, open_board, stroke
from tests.gui.whole_window import come_to_rest, show_panel
from tests.small_data import write_npz
from ui.controls import scroll_column
from ui.document.restorer import Order
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.session import Session
from ui.state import PinnedCell, Sample, Shift
from ui.window.questions import ask_whether_to_save

ADAM = replace(LAB5, optimizer="adam", learning_rate=1e-3, dtype="float32", classes=("3", "8"))


@pytest.fixture(autouse=True)
def scrolls_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a place be gone to however late a busy machine has tested the network and laid out its mistakes."""
    monkeypatch.setattr(scroll_column, "_SETTLED_MS", PATIENCE)


def rich_work(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    """Do a bit of everything: forks, a rate changed while training, an own digit, a half-done lab, words."""
    state, controller = session.state, session.controller
    sitting = open_lab(qtbot, session, tmp_path)
    come_to_rest(qtbot, session)
    begin_again(qtbot, session, **asdict(ADAM))
    train(qtbot, session, 200)
    fork(qtbot, session, 126, 2e-3, 260)
    fork(qtbot, session, 180, 5e-4, 300)
    controller.edit(replace(state.draft, learning_rate=3e-3))
    train(qtbot, session, state.run.step + 50)
    state.compare_with(state.history.snapshots.at(100))
    sitting.control.go_to("field")
    sitting.control.predict(5.0)
    panel = type_report(session)
    session.exporter.insert(session.window.panel(TrainingPanel).network.view)
    qtbot.waitUntil(lambda: any(done.inserts for done in panel.work.record.steps.values()))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    stroke(qtbot, open_board(qtbot, session), ONE)  # and then looks at another image
    come_to_rest(qtbot, session)
    own = session.window.samples.own_window()
    own.mean("3")
    own.close()
    sitting.control.take_own(OwnImage.of(pixels))
    state.set_sample(Sample(pixels, 1, None, "drawn", "8"))
    controller.show_moment(189)
    controller.edit(replace(state.draft, filters=(4,)))
    session.window.panels.show_panel(1)
    come_to_rest(qtbot, session)
    state.set_pinned(PinnedCell("conv1", (2, 5, 6)))
    state.set_shift(Shift(2, -1))
    come_to_rest(qtbot, session)


def test_all_that_was_done_comes_back_after_a_crash_and_from_a_file_and_a_new_document_holds_none_of_it(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.cnnviz"
    with opened(qtbot, tmp_path / "a.ini", experiment=ADAM) as session:
        rich_work(qtbot, session, tmp_path)
        before = facts(session)
        assert before["forked"] == 180
        assert before["ghost"] is not None
        assert len({each[3].learning_rate for each in before["moments"]}) == 4
        session.end_early()
    with opened(qtbot, tmp_path / "a.ini") as session:
        assert_back(qtbot, session, before)
        assert "without being closed" in told(session)
        save_document(qtbot, session, path)
        session.controller.show_moment(None)
        train(qtbot, session, session.state.run.step + 60)
        after = facts(session)
    (tmp_path / "b").mkdir()  # or what was kept would be opened again
    with opened(qtbot, tmp_path / "b" / "window.ini") as session:
        come_to_rest(qtbot, session)
        nothing = facts(session)
        restore(qtbot, session, path)
        assert_back(qtbot, session, before)
        assert session.window.windowTitle() == "mine[*] – CNNViz"
        assert not session.document.is_changed
        session.controller.show_moment(None)
        train(qtbot, session, session.state.run.step + 60)
        assert_back(qtbot, session, after, "live", "losses", "tests", "log")
        session.controller.show_moment(333)  # and what lies between the moments is found again
        qtbot.waitUntil(lambda: session.state.shown is not None and session.state.shown.step == 333)

        session.controller.show_moment(None)
        own = open_board(qtbot, session)
        assert own.meant.choice() == "3"
        stroke(qtbot, own, ONE)
        maps, backprop = session.window.panel(FeatureMapsPanel), session.window.panel(BackpropPanel)
        show_panel(qtbot, session, 1)
        maps.choices.choose(enlarged="pool1")
        show_panel(qtbot, session, 3)
        backprop.model.go_to(3)
        come_to_rest(qtbot, session)
        save_document(qtbot, session, tmp_path / "Ada.cnnviz")
        panel = type_report(session)
        asked = answered(monkeypatch, "cancel", "discard")
        ask(session, "new")
        assert asked == ["“Ada” has unsaved changes. Before starting a new one?"]
        assert panel.head.edits["author"].text() == "AdaAda", "the user has thought better of it"
        assert restored(qtbot, session, lambda: ask(session, "new"))
        assert {edit.text() for edit in panel.head.edits.values()} == {""}
        kept = ("live", "moments", "losses", "ghost", "settings", "run", "sample", "reference")
        assert_back(qtbot, session, nothing, *kept)
        again = facts(session)
        assert again["words"].said == nothing["words"].said
        assert not again["words"].has_work
        for name, view in again["view"].views.items():
            usual_view = nothing["view"].views[name]
            assert view == usual_view or not view or not usual_view, name
        begin_again(qtbot, session, seed=9)  # as by a roll number, before the panels are seen
        for place in (3, 1):
            show_panel(qtbot, session, place)
        assert (maps.view.enlarged, backprop.model.index) == (None, 0), "as at first"
        assert session.window.windowTitle() == "Untitled[*] – CNNViz"
        assert not session.window.isWindowModified()
        assert session.document.recent() == []
        qtbot.waitUntil(lambda: not session.folder.path.exists())
        assert restored(qtbot, session, lambda: ask(session, "new"))  # nothing is asked where nothing is lost
    assert "Ada" not in (tmp_path / "b" / "window.ini").read_text(encoding="utf-8")


# --- save, and the title ------------------------------------------------------------------------------------


def test_save_asks_for_a_name_once_and_what_is_looked_at_changes_no_document(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "mine")  # it gets its ending
    path = tmp_path / "mine.cnnviz"
    panel = type_report(session)
    qtbot.waitUntil(session.window.isWindowModified)
    ask(session, "save")
    qtbot.waitUntil(lambda: not session.window.isWindowModified())
    assert session.window.windowTitle() == "mine[*] – CNNViz"
    assert told(session) == "Saved mine.cnnviz."
    choose(monkeypatch, tmp_path / "not asked")
    panel.work.set_head("author", "Grace")
    qtbot.waitUntil(session.window.isWindowModified)
    ask(session, "save")
    qtbot.waitUntil(lambda: not session.window.isWindowModified())
    assert archive.load(path)[0].words["author"] == "Grace"
    panel.work.set_head("author", "Ada")
    panel.work.set_head("author", "Grace")  # as it was
    qtbot.waitUntil(lambda: not session.window.isWindowModified())
    choose(monkeypatch, tmp_path / "other.cnnviz")
    ask(session, "save_as")
    qtbot.waitUntil(lambda: session.window.windowTitle() == "other[*] – CNNViz")
    assert not (tmp_path / "not asked.cnnviz").exists()

    train(qtbot, session, 100)
    save_document(qtbot, session, tmp_path / "a.cnnviz")
    session.controller.show_moment(63)
    session.state.choose_test_image(4)
    session.window.panels.show_panel(2)
    session.state.set_shift(Shift(1, 0))
    come_to_rest(qtbot, session)
    assert not session.document.is_changed
    train(qtbot, session, 101)
    assert session.document.is_changed


def test_moments_in_a_document_are_said_and_recent_files_are_listed_latest_first(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_run, "__defaults__", (pack_run.__defaults__[0], 120_000))
    train(qtbot, session, 1000)
    path = tmp_path / "a.cnnviz"
    save_document(qtbot, session, path)
    kept, there = len(archive.load(path)[0].run.moments), len(session.state.history.snapshots) - 1
    assert 3 < kept < there
    assert f"It holds {kept} of {there} moments" in told(session)

    for name in ("a.cnnviz", "b.cnnviz", "a.cnnviz"):
        save_document(qtbot, session, tmp_path / name)
    recent = session.window.menus.action("open_recent").menu()
    recent.aboutToShow.emit()
    assert [each.text() for each in recent.actions()] == ["a.cnnviz", "b.cnnviz"]
    assert recent.toolTipsVisible(), "two files may have the same name"
    (tmp_path / "a.cnnviz").unlink()
    assert session.document.recent() == [tmp_path / "b.cnnviz"]


# --- what is asked ------------------------------------------------------------------------------------------


@pytest.mark.alone
def test_a_document_with_a_name_asks_before_it_closes(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answered(monkeypatch, "cancel", "save", "save")
    session.ask_before_closing(True)
    save_document(qtbot, session, tmp_path / "a.cnnviz")
    assert session.document.may_close()  # it is saved
    train(qtbot, session, 20)
    session.window.close()
    assert asked == ["“a” has unsaved changes. Before closing?"]
    assert session.window.isVisible()
    session.document.path = tmp_path / "no" / "x.cnnviz"
    assert not session.document.may_close()  # it could not be written: stay
    assert "does not exist" in told(session)
    session.document.path = tmp_path / "a.cnnviz"
    save, by = archive.save, set[threading.Thread]()
    monkeypatch.setattr(archive, "save", lambda *parts: (by.add(threading.current_thread()), save(*parts)))
    session.window.close()
    assert not session.window.isVisible()
    assert by.isdisjoint({threading.main_thread()})  # which draws the window meanwhile
    assert record_in(tmp_path / "a.cnnviz").step == 20


def test_a_question_that_goes_without_an_answer_is_cancelled(session: Session) -> None:
    QTimer.singleShot(0, lambda: QApplication.activeModalWidget().reject())
    assert ask_whether_to_save(session.window, "It is not saved.", "closing") == "cancel"


def test_a_run_that_is_replaced_is_saved_first_and_never_over_another(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, asked = session.state, answered(monkeypatch, "save", "save")
    answered(monkeypatch, "save", question="ask_about_other_run")
    saved: dict[Path, int] = {}
    for path in (tmp_path / "one.cnnviz", tmp_path / "two.cnnviz"):
        train(qtbot, session, state.run.step + 20)
        run = state.run
        saved[path] = run.step
        choose(monkeypatch, path)
        session.controller.edit(replace(state.draft, seed=run.run_id))
        session.ask_before_closing(True)
        with new_run(qtbot, session, lambda run: run.status == "training"):
            session.controller.begin_new()
        session.ask_before_closing(False)
        assert session.document.path == path
        session.controller.pause()
        come_to_rest(qtbot, session)
    assert len(asked) == 2
    assert {path: record_in(path).step for path in saved} == saved


def test_a_file_that_another_window_has_changed_is_not_replaced_without_a_question(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.cnnviz"
    asked = answered(monkeypatch, False, False, True, question="ask_about_changed_file")
    panel = type_report(session)
    save_document(qtbot, session, path)
    panel.work.set_head("author", "Grace")
    ask(session, "save")
    qtbot.waitUntil(lambda: archive.load(path)[0].words["author"] == "Grace")
    come_to_rest(qtbot, session)
    assert asked == []  # it was this window that wrote it
    document, files = archive.load(path)
    archive.save(path, msgspec.structs.replace(document, saved=""), files)
    others = path.read_bytes()
    panel.work.set_head("author", "Emmy")
    ask(session, "save")
    assert not session.document.save_now()
    assert asked == ["a.cnnviz"] * 2
    assert path.read_bytes() == others
    assert session.document.is_changed
    assert session.document.save_now()
    assert archive.load(path)[0].words["author"] == "Emmy"
    assert session.document.save_now()  # and from here on it is this window's again
    assert len(asked) == 3


def test_a_saved_run_is_not_replaced_by_another_without_a_question(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "a.cnnviz", tmp_path / "b.cnnviz"
    asked = answered(monkeypatch, "cancel", "cancel", "save", "discard", question="ask_about_other_run")

    def save() -> None:
        with qtbot.waitSignal(session.document.saved):
            ask(session, "save")

    choose(monkeypatch, other)
    train(qtbot, session, 20)
    save_document(qtbot, session, path)
    train(qtbot, session, 30)
    save()
    assert record_in(path).step == 30
    fork(qtbot, session, 30, 1e-5, 35)
    save()
    assert asked == []  # what was saved is the beginning of it
    first, last = path.read_bytes(), session.state.run.step
    begin_again(qtbot, session, seed=7)
    train(qtbot, session, 10)
    ask(session, "save")
    assert not session.document.save_now()
    assert len(asked) == 2
    assert re.match(rf"a.cnnviz: LAB5; classes 0, 1; seed 0;.* {last} steps", asked[0])
    assert (path.read_bytes(), session.document.is_changed) == (first, True)
    save()  # as another file
    assert path.read_bytes() == first
    assert (session.document.path, record_in(other).step) == (other, 10)
    begin_again(qtbot, session, seed=8)
    train(qtbot, session, 5)
    assert session.document.save_now()
    train(qtbot, session, 8)
    assert session.document.save_now()  # from here on it is the run of this file
    assert len(asked) == 4
    choose(monkeypatch, path)
    ask(session, "import_run")
    qtbot.waitUntil(lambda: session.state.ghost is not None and session.state.ghost.step == last)
    assert session.state.ghost.losses.tobytes() == record_in(path).losses.tobytes()
    assert session.state.ghost.said.startswith("a.cnnviz; LAB5; classes 0, 1; seed 0")
    assert told(session) == "The grey curves in Network are those of a.cnnviz."


def test_a_document_without_a_name_is_opened_again_one_with_a_name_offered_until_something_is_done(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, settings, asked = tmp_path / "mine.cnnviz", tmp_path / "window.ini", answered(monkeypatch)

    def ends_with(session: Session, text: str) -> None:
        come_to_rest(qtbot, session)
        assert session.window.notices.isVisible() is bool(text)
        assert not text or told(session) == text

    def offer_again(session: Session) -> None:
        """As at the start after a window that was closed with the file in front."""
        session.document.path = path
        session.document.remember_last()
        session.document.path = None
        session.document.offer_last()

    with opened(qtbot, settings) as session:
        session.ask_before_closing(True)
        train(qtbot, session, 30)
        type_report(session)
        before = facts(session)
        assert session.window.close()
    assert not asked
    with opened(qtbot, settings) as session:
        assert_back(qtbot, session, before, "live", "words")
        assert "It is in no file" in told(session)
        save_document(qtbot, session, path)
        assert "It is in no file" not in told(session)
    with opened(qtbot, settings) as session:  # with a name it is not, but offered
        ends_with(session, "Last time: mine.cnnviz")
        assert session.document.path is None
        assert session.state.run.step == 0
        session.state.choose_test_image(5)
        ends_with(session, "")
        for act in (
            lambda: restored(qtbot, session, lambda: ask(session, "new")),
            lambda: train(qtbot, session, 20),
        ):
            offer_again(session)
            ends_with(session, "Last time: mine.cnnviz")
            act()
            ends_with(session, "")
        offer_again(session)
        answered(monkeypatch, "discard")
        assert restored(qtbot, session, session.window.notices.action_button().click)
        assert session.document.name == "mine"
        ends_with(session, "")
        assert restored(qtbot, session, lambda: ask(session, "new"))
    assert not list((tmp_path / "windows").iterdir())
    with opened(qtbot, settings) as session:  # the next student learns no name
        ends_with(session, "")
        path.unlink()
        offer_again(session)
        ends_with(session, "")


@pytest.mark.alone
def test_opening_another_asks_first_and_discarding_while_training_closes_at_once(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "first.cnnviz"
    save_document(qtbot, session, path)
    assert restored(qtbot, session, lambda: ask(session, "new"))
    panel = type_report(session)
    asked = answered(monkeypatch, "cancel", "save")
    session.document.open(path)
    qtbot.waitUntil(lambda: len(asked) == 1)
    assert asked == ["“Untitled” has unsaved changes. Before opening first.cnnviz?"]
    assert panel.head.edits["author"].text() == "Ada"
    choose(monkeypatch, tmp_path / "second.cnnviz")
    restore(qtbot, session, path)
    assert panel.head.edits["author"].text() == ""
    assert archive.load(tmp_path / "second.cnnviz")[0].words["author"] == "Ada"

    answered(monkeypatch, "discard")
    session.ask_before_closing(True)
    session.controller.train()
    qtbot.waitUntil(lambda: session.state.run.step > 0)
    session.window.close()
    assert not session.window.isVisible()


# --- what cannot be opened ----------------------------------------------------------------------------------


def _damaged(content: bytes) -> Iterator[tuple[bytes, str]]:
    members = members_of(content)
    yield b"hello", "is a text"
    json = members["document.json"]
    yield zipped(members | {"document.json": json.replace(b'"author":"Ada"', b'"author":7')}), "author"
    yield zipped(members | {"document.json": json.replace(b'"step":40', b'"step":41')}), "steps of its run"
    lab = b"id = 1"
    said = f'"lab":"lab.toml","parts":{{"lab.toml":{{"size":6,"sha256":"{sha256(lab).hexdigest()}"}},'
    damaged = {"lab.toml": lab, "document.json": json.replace(b'"parts":{', said.encode())}
    yield zipped(members | damaged), "it has mistakes: lab.toml, line 1"


def test_what_is_no_document_is_told_in_a_sentence_and_changes_nothing(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    train(qtbot, session, 40)
    type_report(session)
    path, bad = tmp_path / "good.cnnviz", tmp_path / "bad.cnnviz"
    save_document(qtbot, session, path)
    come_to_rest(qtbot, session)
    before, run_id = facts(session), session.state.run.run_id
    for content, said in _damaged(path.read_bytes()):
        bad.write_bytes(content)
        session.state.clear_notice("files")
        session.document.open(bad)
        qtbot.waitUntil(lambda: told(session).startswith("bad.cnnviz "))
        come_to_rest(qtbot, session)
        assert said in told(session), "and nothing else is told later"
        assert session.state.run.run_id == run_id
        assert facts(session) == before
    assert session.window.windowTitle() == "good[*] – CNNViz"


def test_a_kept_document_whose_lab_is_lost_keeps_its_run(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    begin_again(qtbot, session, optimizer="adam")  # which the lab that is in front instead does not want
    train(qtbot, session, 40)
    save_document(qtbot, session, tmp_path / "a.cnnviz")
    document, files = archive.load(tmp_path / "a.cnnviz")
    lost, keep = msgspec.structs.replace(document, lab="lab.toml"), session.document.restore_kept
    order = Order(lost, files, is_own=True, asks=False)
    session.window.lab_dock.set_shown(True)
    come_to_rest(qtbot, session)
    assert restored(qtbot, session, lambda: keep(order, None, (0, 0), is_saved=False))
    assert session.state.run.step == 40
    assert told(session) == "The lab of this document cannot be opened: there is no lab in it."


def test_other_data_are_named_and_opened_when_that_is_wanted(qtbot: QtBot, tmp_path: Path) -> None:
    data, path = write_npz(tmp_path / "own.npz", (4, 9)), tmp_path / "a.cnnviz"
    with opened(qtbot, tmp_path / "a.ini", data) as session:
        train(qtbot, session, 12)
        before = facts(session)
        save_document(qtbot, session, path)
    with opened(qtbot, tmp_path / "b.ini") as session:
        assert not restored(qtbot, session, lambda: session.document.open(path))
        assert "does not fit the open data" in told(session)
        assert session.state.run.step == 0
        assert restored(qtbot, session, lambda: session.window.notices.action_button().click())
        assert facts(session)["live"] == before["live"]
        assert session.state.dataset.name == "own"


def test_words_are_kept_within_a_moment_and_the_weights_stay_as_they_are(
    qtbot: QtBot, session: Session
) -> None:
    begin_again(qtbot, session, **asdict(UNUSUAL))
    train(qtbot, session, 40)

    def members() -> set[tuple[str, int]]:
        return {(each.name, each.stat().st_mtime_ns) for each in session.folder.path.iterdir()}

    qtbot.waitUntil(lambda: '"step":40' in kept_in(session))
    before = members()
    session.window.panel(ReportPanel).work.set_head("author", "Lovelace")
    qtbot.waitUntil(lambda: "Lovelace" in kept_in(session))
    assert {name for name, _ in members() - before} == {"document.json"}
