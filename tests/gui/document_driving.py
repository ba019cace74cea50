"""What tests of documents share: how a window is asked, and what it holds, as values to compare."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replaced
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from cnnviz.document.archive import from_json, to_json
from cnnviz.document.types import FORMAT_VERSION, Document
from cnnviz.experiment import LAB5
from cnnviz.lab.record import Work
from tests.gui.whole_window import come_to_rest, train_to
from ui.document import window_document
from ui.document.gathered import words_of, work_of
from ui.panels.report.panel import ReportPanel
from ui.session import Session
from ui.state import Run, RunStatus


def ask(session: Session, name: str) -> None:
    session.window.menus.action(name).trigger()


def told(session: Session) -> str:
    return session.window.notices.text()


def choose(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    for dialog in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, dialog, lambda *_: (str(path), ""))


def answered(
    monkeypatch: pytest.MonkeyPatch, *answers: str | bool, question: str = "ask_whether_to_save"
) -> list[str]:
    """Let the question before something is lost be answered so; returns what is asked, for each in turn."""
    given, asked = list(answers), list[str]()

    def answer(_parent: object, *said: str) -> str | bool:
        is_event = question == "ask_whether_to_save"
        words = f"{' Before '.join(said[:2])}? {' '.join(said[2:])}".removesuffix(" Discard")
        asked.append(words if is_event else ": ".join(said))
        return given.pop(0)

    monkeypatch.setattr(window_document, question, answer)
    return asked


def train(qtbot: QtBot, session: Session, step: int) -> None:
    train_to(qtbot, session, step)
    come_to_rest(qtbot, session)


def is_ready(run: Run) -> bool:
    return run.status is RunStatus.READY


@contextmanager
def new_run(
    qtbot: QtBot, session: Session, until: Callable[[Run], bool] = lambda _run: True
) -> Iterator[None]:
    """Wait for the run that is begun meanwhile, and until something is true of it."""
    state, run_id = session.state, session.state.run.run_id
    yield
    qtbot.waitUntil(lambda: state.run.run_id > run_id and until(state.run))


def begin_again(qtbot: QtBot, session: Session, **settings: Any) -> None:
    with new_run(qtbot, session, is_ready):
        session.controller.begin(replace(session.state.experiment, **settings))


def fork(qtbot: QtBot, session: Session, at: int, rate: float, until: int) -> None:
    """Go back, choose another rate, and go on from there, up to a step."""
    state, controller = session.state, session.controller
    controller.show_moment(at)
    come_to_rest(qtbot, session)
    state.set_speed(400)
    with new_run(qtbot, session, lambda run: run.step > at):
        controller.fork(rate)
    controller.pause()
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    state.set_speed(None)
    train(qtbot, session, max(until, state.run.step + 10))


def restored(qtbot: QtBot, session: Session, begin: Callable[[], object]) -> bool:
    with qtbot.waitSignal(session.document.restorer.finished) as done:
        begin()
    come_to_rest(qtbot, session)
    return bool(done.args and done.args[0])


def restore(qtbot: QtBot, session: Session, path: Path) -> None:
    """Open a document or a picture, and wait until all of it is there."""
    assert restored(qtbot, session, lambda: session.document.open(path))


def type_report(session: Session) -> ReportPanel:
    session.window.panels.show_panel(4)
    panel = session.window.panel(ReportPanel)
    head, answer = panel.head.edits, panel.fields.answers[0].field
    for field, words in ((head["author"], "Ada"), (head["roll_number"], "12"), (answer, "to see <b>x</b>")):
        field.setFocus()
        QTest.keyClicks(field, words)
    return panel


def facts(session: Session) -> dict[str, Any]:
    """Return what a window holds and shows, as values to compare."""
    state, history, sample = session.state, session.state.history, session.state.sample

    def bits(moment: Any) -> Any:
        # Before its first step an optimiser remembers nothing, which is what zeros say.
        memory = {name: each.tobytes() for name, each in (moment.optimizer or {}).items() if each.any()}
        weights = {name: each.tobytes() for name, each in moment.network.params.items()}
        origin = moment.origin
        return moment.step, weights, memory, origin.experiment, origin.is_changed, origin.note

    board = session.window.samples.board
    return {
        "live": bits(state.live),
        "shown": bits(state.shown),
        "moments": [bits(each) for each in history.snapshots],
        "kept": history.snapshots.kept - {state.live.step},  # one at which a run is opened is kept
        "losses": history.losses.tobytes(),
        "accuracy": history.accuracy_curve(50).values.tobytes(),
        "totals": history.totals.tobytes(),
        "tests": list(history.tests),
        "log": list(history.log),
        "forked": history.forked_at,
        "ghost": None if state.ghost is None else (state.ghost.losses.tobytes(), state.ghost.tests),
        "settings": (state.experiment, state.draft),
        "run": (state.run.step, state.run.total_steps, state.run.status),
        "evaluation": None if state.evaluation is None else state.evaluation.evaluation.confusion.tolist(),
        "sample": (sample.pixels.tobytes(), sample.label, sample.index, sample.origin),
        "board": None if board is None else (board[0].levels.tobytes(), board[1]),
        "reference": None if state.reference is None else state.reference.snapshot.step,
        "follows": state.follows_live,
        "view": session.document.picture().seen,
        "words": session.window.panel(ReportPanel).work.work,
    }


def assert_back(qtbot: QtBot, session: Session, before: dict[str, Any], *names: str) -> None:
    """Wait until a window holds and shows what another did: all of it, or what is named."""

    def are_equal() -> None:
        again = facts(session)
        for name in names or before:
            assert again[name] == before[name], name

    come_to_rest(qtbot, session)
    qtbot.waitUntil(are_equal)


def through_document(work: Work) -> Work:
    """Return a work as it comes back from a document."""
    files: dict[str, bytes] = {}
    empty = Document(format_version=FORMAT_VERSION, version="1", experiment=LAB5)
    document = replaced(empty, **words_of(work, files))
    return work_of(from_json(to_json(document)), files)
