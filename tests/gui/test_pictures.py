"""Pictures that carry their view: it comes back, trained again where it has to be, or it is said why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as replaced
from PIL import Image
from pytestqt.qtbot import QtBot

from cnnviz.datasets import load_mnist
from cnnviz.document.archive import load_picture, png_texts
from cnnviz.document.types import Data, Document
from cnnviz.experiment import LAB5
from cnnviz.network import weights_checksum
from cnnviz.training import Trainer
from tests.gui.document_driving import begin_again, restored, settle, told, train
from tests.gui.driving import save_picture
from ui.run import worker
from ui.session import Session
from ui.state import RunStatus, Sample


def write_picture(path: Path, document: Document) -> Path:
    Image.new("L", (8, 8)).save(path, pnginfo=png_texts(document))
    return path


def now(session: Session) -> Document:
    found = session.document.picture()
    assert found is not None
    return found


def test_a_moment_of_a_long_run_comes_back(qtbot, session, tmp_path, monkeypatch):
    """Of a long run few moments are on record; one at which it was paused is, and comes back all the same."""
    monkeypatch.setattr(worker, "_SNAPSHOTS_PER_RUN", 100)
    state = session.state
    step = state.run.steps_per_epoch // worker._SNAPSHOTS_PER_EPOCH
    train(qtbot, session, step)
    train(qtbot, session, 3 * step)
    session.controller.show_moment(step)
    settle(qtbot, session)
    path = tmp_path / "early.png"
    save_picture(session, path)
    begin_again(qtbot, session, seed=77)
    assert restored(qtbot, session, lambda: session.document.open(path))
    assert (state.shown.step, state.run.step) == (step, 3 * step)


def test_a_moment_at_hand_is_shown_without_training_a_drawn_image_comes_back_and_the_words_stay(
    qtbot, session, tmp_path
):
    train(qtbot, session, 200)
    path = tmp_path / "a.png"
    save_picture(session, path)
    run_id = session.state.run.run_id
    session.state.choose_test_image(9)
    assert restored(qtbot, session, lambda: session.document.open(path))
    assert session.state.run.run_id == run_id
    assert session.state.sample.index == 0

    pixels = np.random.default_rng(1).integers(0, 256, (1, 28, 28), dtype=np.uint8)
    session.state.set_sample(Sample(pixels, 1, None, "drawn"))
    save_picture(session, path)
    session.state.choose_test_image(3)
    writing = session.document.writing
    writing.set_head("author", "Ada")
    assert restored(qtbot, session, lambda: session.document.open(path))
    sample = session.state.sample
    np.testing.assert_array_equal(sample.pixels, pixels)
    assert (sample.label, sample.index, sample.origin) == (1, None, "drawn")
    assert writing.work.author == "Ada"
    assert session.document.path is None

    state = session.state
    session.controller.show_moment(126)
    session.controller.fork()  # which changes nothing: it is the same run
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.step > 126)
    session.controller.pause()
    settle(qtbot, session)
    save_picture(session, path)
    saved = load_picture(path)
    begin_again(qtbot, session, seed=3)
    assert restored(qtbot, session, lambda: session.document.open(path))
    assert weights_checksum(state.live.network) == saved.run.weights_sha256


def _of_other_data(document: Document) -> Document:
    return replaced(document, data=Data(name="elsewhere", sha256="00" * 32))


def _of_other_weights(document: Document) -> Document:
    return replaced(document, seen=replaced(document.seen, weights_sha256="00" * 32))


def test_other_data_and_other_weights_are_told_and_training_again_can_be_cancelled(qtbot, session, tmp_path):
    for change, words in (
        (_of_other_data, "other data (elsewhere)"),
        (_of_other_weights, "cannot be brought back"),
    ):
        path = write_picture(tmp_path / "a.png", change(now(session)))
        assert not restored(qtbot, session, lambda path=path: session.document.open(path))
        assert words in told(session)
        assert session.state.run.status is RunStatus.READY

    current = now(session)
    assert current.run is not None
    far = replaced(
        current,
        run=replaced(current.run, step=2_000_000, epochs=200, weights_sha256=""),
        seen=replaced(current.seen, step=2_000_000, weights_sha256=""),
    )
    path = write_picture(tmp_path / "far.png", far)
    run_id, restorer = session.state.run.run_id, session.document.restorer
    with qtbot.waitSignal(restorer.finished) as done:
        session.document.open(path)
        qtbot.waitUntil(lambda: restorer.is_busy and not session.controller.repeating.is_idle)
        restorer.cancel()
    assert done.args == [False]
    qtbot.waitUntil(lambda: session.controller.is_idle)
    assert not restorer.is_busy
    assert told(session) == "Opening far.png was cancelled. Nothing has changed."
    assert (session.state.run.run_id, session.state.run.status) == (run_id, RunStatus.READY)


def _forked(qtbot: QtBot, session: Session) -> None:
    """Train, go back, and go on from there with another rate."""
    state, controller = session.state, session.controller
    train(qtbot, session, 700)
    controller.show_moment(504)
    controller.edit(replace(state.experiment, learning_rate=0.001))
    run_id = state.run.run_id
    controller.fork()
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.step > 600)
    controller.pause()
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    settle(qtbot, session)


def _changed_later(qtbot: QtBot, session: Session) -> None:
    """Look at a moment before the change: that one can be had again, but not what the run became."""
    train(qtbot, session, 126)
    session.controller.edit(replace(session.state.experiment, learning_rate=0.01))
    train(qtbot, session, 300)
    session.controller.show_moment(63)
    settle(qtbot, session)


@pytest.mark.parametrize("change", [_forked, _changed_later])
def test_a_picture_of_another_network_than_its_settings_give_says_so_before_it_shows_anything(
    qtbot, session, tmp_path, change
):
    change(qtbot, session)
    state, path = session.state, tmp_path / "fork.png"
    save_picture(session, path)
    saved = load_picture(path)
    session.controller.run_start.begin(LAB5)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY)
    settle(qtbot, session)
    before, run_id = now(session), state.run.run_id
    assert not restored(qtbot, session, lambda: session.document.open(path))
    assert "The network of fork.png cannot be brought back" in told(session)
    assert (state.run.run_id, now(session)) == (run_id, before)
    assert restored(qtbot, session, lambda: session.window.notices.action_button().click())
    assert "not the one that it was saved with" in told(session)
    assert (state.experiment, state.run.step) == (saved.experiment, saved.run.step)
    trainer = Trainer(LAB5.build_network(), load_mnist(("0", "1")), saved.experiment)
    np.testing.assert_array_equal(trainer.advance(saved.run.step).losses, state.history.losses)
