"""Sessions in files: the picture brings its view back, and nothing trained is lost without a question."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from cnnviz.datasets import load_mnist
from cnnviz.drawing import Drawing
from cnnviz.network import weights_checksum
from cnnviz.presets import LAB5
from cnnviz.session_state import load_session
from cnnviz.training import Trainer
from tests.gui.driving import give_up_keyboard, save_session
from tests.gui.view_rounds import difference
from tests.gui.whole_window import rest
from ui.export.figures import Figure
from ui.export.formats import draw_png, to_image
from ui.keep import session_files
from ui.run import worker
from ui.session import Session
from ui.state import PinnedCell, RunStatus, Sample, Shift


def _train(qtbot: QtBot, session: Session, step: int) -> None:
    session.controller.train_to(step, 1)
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.PAUSED)
    _settle(qtbot, session)


def _settle(qtbot: QtBot, session: Session) -> None:
    """Take the keyboard away from all parts, and wait until nothing is computed any more."""
    give_up_keyboard()
    rest(qtbot, session)


def _drawing(session: Session) -> Drawing:
    return Figure(session.window, "window", "window").drawing()


def _drop(session: Session, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(QPoint(300, 300)), Qt.DropAction.CopyAction, data,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    session.window.dropEvent(event)  # Qt delivers drops only while it tracks a drag


def _restored(qtbot: QtBot, session: Session, begin: Callable[[], object]) -> bool:
    with qtbot.waitSignal(session.files.restorer.finished) as done:
        begin()
    _settle(qtbot, session)
    return bool(done.args and done.args[0])


def test_a_dropped_picture_brings_back_the_same_picture(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    _train(qtbot, session, 300)
    controller, state = session.controller, session.state
    session.window.panels.show_panel(1)
    controller.on_sample_requested(11)
    _settle(qtbot, session)
    controller.on_pin_requested(PinnedCell("conv1", (2, 5, 6)))
    session.state.set_shift(Shift(2, -1, True))
    _settle(qtbot, session)
    picture = to_image(_drawing(session))
    path = tmp_path / "view.png"
    path.write_bytes(draw_png(_drawing(session), session=session.files.current())())
    saved = load_session(path)
    assert saved is not None

    controller.on_pin_requested(None)
    session.state.set_shift(Shift())
    controller.on_sample_requested(3)
    session.window.panels.show_panel(2)
    run_id = state.run.run_id
    controller.begin_run(replace(state.experiment, seed=77))
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.status is RunStatus.READY)
    assert _restored(qtbot, session, lambda: _drop(session, path))

    now = session.files.current()
    assert now is not None
    assert now.to_json() == saved.to_json()
    assert state.run.step == 300
    assert not difference(to_image(_drawing(session)), picture)


def test_a_moment_of_a_long_run_comes_back(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long run few moments are on record; one at which it was paused is, and comes back all the same."""
    monkeypatch.setattr(worker, "_SNAPSHOTS_PER_RUN", 100)
    controller, state = session.controller, session.state
    step = state.run.steps_per_epoch // worker._SNAPSHOTS_PER_EPOCH
    _train(qtbot, session, step)
    _train(qtbot, session, 3 * step)
    controller.on_moment_requested(step)
    _settle(qtbot, session)
    path = tmp_path / "early.json"
    save_session(qtbot, session, path)
    run_id = state.run.run_id
    controller.begin_run(replace(state.experiment, seed=77))
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.status is RunStatus.READY)
    session.files.mark_saved()
    assert _restored(qtbot, session, lambda: session.files.open(path))
    assert state.shown is not None
    assert (state.shown.step, state.run.step) == (step, 3 * step)


def test_a_moment_at_hand_is_shown_without_training(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    _train(qtbot, session, 200)
    path = tmp_path / "a.json"
    save_session(qtbot, session, path)
    run_id = session.state.run.run_id
    session.controller.on_sample_requested(9)
    assert _restored(qtbot, session, lambda: session.files.open(path))
    assert session.state.run.run_id == run_id
    assert session.state.sample is not None
    assert session.state.sample.index == 0


def test_a_drawn_image_comes_back(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    session.controller.on_own_sample_requested(Sample(pixels, 1, None, "drawn"))
    path = tmp_path / "a.json"
    save_session(qtbot, session, path)
    session.controller.on_sample_requested(3)
    assert _restored(qtbot, session, lambda: session.files.open(path))
    sample = session.state.sample
    assert sample is not None
    np.testing.assert_array_equal(sample.pixels, pixels)
    assert (sample.label, sample.index, sample.origin) == (1, None, "drawn")


def test_restoring_can_be_cancelled(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    current = session.files.current()
    assert current is not None
    path = tmp_path / "far.json"
    path.write_text(replace(current, step=2_000_000, run_step=2_000_000, epochs=200).to_json())
    run_id = session.state.run.run_id
    with qtbot.waitSignal(session.files.restorer.finished) as done:
        session.files.open(path)
        qtbot.waitUntil(lambda: session.files.restorer.is_busy)
        session.files.restorer.cancel()
    assert done.args == [False]
    qtbot.waitUntil(lambda: session.controller.is_idle)
    assert not session.files.restorer.is_busy
    assert session.window.notices.text() == "Opening far.json was cancelled: everything is as it was."
    assert (session.state.run.run_id, session.state.run.status) == (run_id, RunStatus.READY)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data_sha256": "00" * 32, "data_name": "elsewhere"}, "other data (elsewhere)"),
        ({"weights_sha256": "00" * 32}, "cannot be brought back"),
    ],
)
def test_other_data_and_other_weights_are_told(
    qtbot: QtBot, session: Session, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    current = session.files.current()
    assert current is not None
    path = tmp_path / "a.json"
    path.write_text(replace(current, **changes).to_json())
    with qtbot.waitSignal(session.files.restorer.finished):
        session.files.open(path)
    assert words in session.window.notices.text()
    assert session.state.run.status is RunStatus.READY


def _forked(qtbot: QtBot, session: Session) -> None:
    """Train, go back, and go on from there with another rate."""
    state, controller = session.state, session.controller
    _train(qtbot, session, 700)
    controller.on_moment_requested(504)
    controller.on_draft_requested(replace(state.experiment, learning_rate=0.001))
    run_id = state.run.run_id
    controller.on_fork_requested()
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.step > 600)
    controller.pause()
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    _settle(qtbot, session)


def _changed_rate(qtbot: QtBot, session: Session) -> None:
    """Train with another rate for a while; that of the settings is the first one again in the end."""
    usual = session.state.experiment
    for step, rate in ((100, 1e-4), (101, 1e-2), (300, 1e-4)):
        session.controller.on_draft_requested(replace(usual, learning_rate=rate))
        _train(qtbot, session, step)


def _changed_later(qtbot: QtBot, session: Session) -> None:
    """Look at a moment before the change: that one can be had again, but not what the run became."""
    _train(qtbot, session, 126)
    session.controller.on_draft_requested(replace(session.state.experiment, learning_rate=0.01))
    _train(qtbot, session, 300)
    session.controller.on_moment_requested(63)


@pytest.mark.parametrize("change", [_forked, _changed_rate, _changed_later])
@pytest.mark.parametrize("kind", ["session", "picture"])
def test_a_session_of_another_network_than_its_settings_give_says_so_before_it_shows_anything(
    qtbot: QtBot, session: Session, tmp_path: Path, change: Callable[..., None], kind: str
) -> None:
    change(qtbot, session)
    state, notices, path = session.state, session.window.notices, tmp_path / "fork.json"
    with qtbot.waitSignal(session.files.recentChanged):
        session.files.save_session(path)
    assert "save the model, too (Ctrl+S)" in notices.text()
    assert session.files.has_unsaved_work
    saved = load_session(path)
    assert saved is not None
    if kind == "picture":
        path = tmp_path / "fork.png"
        path.write_bytes(draw_png(_drawing(session), session=session.files.current())())
    run_id = state.run.run_id
    session.controller.begin_run(LAB5)
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.status is RunStatus.READY)
    _settle(qtbot, session)

    before, run_id = session.files.current(), state.run.run_id
    assert not _restored(qtbot, session, lambda: session.files.open(path))
    assert f"The network of {path.name} cannot be brought back" in notices.text()
    after = session.files.current()
    assert before is not None
    assert after is not None
    assert (state.run.run_id, after.to_json()) == (run_id, before.to_json())

    assert _restored(qtbot, session, lambda: notices.action_button().click())
    assert "not the one it was of" in notices.text()
    assert (state.experiment, state.run.step) == (saved.experiment, saved.run_step)
    trainer = Trainer(LAB5.build_network(), load_mnist(("0", "1")), saved.experiment.train_config())
    np.testing.assert_array_equal(trainer.advance(saved.run_step).losses, state.history.losses)


def test_a_fork_that_changes_nothing_is_the_same_run(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    state, path = session.state, tmp_path / "same.json"
    _train(qtbot, session, 300)
    session.controller.on_moment_requested(126)
    session.controller.on_fork_requested()
    qtbot.waitUntil(lambda: state.run.run_id == 2 and state.run.step > 126)
    session.controller.pause()
    _settle(qtbot, session)
    save_session(qtbot, session, path)
    assert "Saved the session" in session.window.notices.text()
    assert not session.files.has_unsaved_work
    saved = load_session(path)
    assert saved is not None
    session.controller.begin_run(LAB5)
    qtbot.waitUntil(lambda: state.run.run_id == 3 and state.run.status is RunStatus.READY)
    assert _restored(qtbot, session, lambda: session.files.open(path))
    assert state.live is not None
    assert weights_checksum(state.live.network) == saved.run_sha256


def test_a_damaged_session_leaves_everything_as_it_is(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    _train(qtbot, session, 50)
    before = session.files.current()
    path = tmp_path / "bad.json"
    path.write_text("{")
    _drop(session, path)
    qtbot.waitUntil(lambda: "bad.json cannot be opened" in session.window.notices.text())
    after = session.files.current()
    assert before is not None
    assert after is not None
    assert after.to_json() == before.to_json()


def test_recent_files_are_listed_latest_first(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    for name in ("a.json", "b.json", "a.json"):
        save_session(qtbot, session, tmp_path / name)
    recent = session.window.menus.action("open_recent").menu()
    assert isinstance(recent, QMenu)
    recent.aboutToShow.emit()
    assert [each.text() for each in recent.actions()] == ["a.json", "b.json"]
    (tmp_path / "a.json").unlink()
    assert session.files.recent() == [tmp_path / "b.json"]


def test_unsaved_work_asks_before_closing(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["cancel"]
    asked: list[int] = []

    def ask(_parent: object, step: int, _event: str) -> str:
        asked.append(step)
        return answers[-1]

    monkeypatch.setattr(session_files, "ask_about_unsaved_work", ask)
    session.ask_before_closing(True)
    assert session.files.may_close()  # nothing is trained yet
    assert not asked
    _train(qtbot, session, 20)
    session.window.close()
    assert asked == [20]
    assert session.window.isVisible()

    answers.append("save")
    target = tmp_path / "kept.safetensors"
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "x.safetensors"), "")
    )
    assert not session.files.may_close()  # it could not be written: stay
    assert "does not exist" in session.window.notices.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    session.window.close()
    assert not session.window.isVisible()
    assert target.stat().st_size > 1000


def test_discarding_while_training_closes_at_once(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_files, "ask_about_unsaved_work", lambda *_: "discard")
    session.ask_before_closing(True)
    session.controller.on_train_requested()
    qtbot.waitUntil(lambda: session.state.run.step > 0)
    session.window.close()
    assert not session.window.isVisible()


def test_a_window_of_a_test_closes_without_a_question(qtbot: QtBot, session: Session) -> None:
    _train(qtbot, session, 5)
    assert session.files.has_unsaved_work
    assert session.window.close()
