"""Opened models say what they are: where they come from, what they were trained on, what they lack."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file, save_file

from cnnviz import checkpoint
from cnnviz.graphics.time_track import ReadStep
from cnnviz.presets import LAB5
from cnnviz.quantities import format_percent
from tests.gui.document_driving import answered
from tests.gui.driving import opened
from tests.gui.whole_window import rest, train
from tests.picture_folders import write_pictures
from tests.small_data import write_npz
from ui.panels.training import TrainingPanel
from ui.session import Session
from ui.state import RunStatus


@pytest.fixture
def model(qtbot: QtBot, session: Session, tmp_path: Path) -> Path:
    """A model of MNIST that was trained for a while, and the session with another run."""
    train(qtbot, session, 300)
    path = tmp_path / "mine.safetensors"
    session.controller.export_weights(path)
    qtbot.waitUntil(path.exists)
    session.controller.on_reset_requested()
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.READY)
    return path


def _foreign(path: Path) -> dict[str, np.ndarray]:
    """Write weights as PyTorch would: in float32, with no word about the network."""
    arrays = {name: array.astype(np.float32) * 3 for name, array in LAB5.build_network().params.items()}
    save_file(arrays, path)
    return arrays


def test_an_opened_model_is_tested_at_once_and_says_where_it_is_from(
    qtbot: QtBot, session: Session, model: Path
) -> None:
    state, window = session.state, session.window
    trained = checkpoint.load(model)
    session.document.open(model)
    qtbot.waitUntil(lambda: state.evaluation is not None and state.evaluation.step == trained.step)
    rest(qtbot, session)
    images, labels = state.dataset.test_images, state.dataset.test_labels
    predicted = trained.network.predict(images / np.float64(255) - 0.5)
    accuracy = (predicted == labels).mean()
    assert state.evaluation.evaluation.accuracy == accuracy
    results = window.panel(TrainingPanel).results
    assert not results.mistakes.isHidden()
    assert results._title.caption() == f"after step {trained.step:,}"
    assert results._summary.text().endswith(" · weights from mine.safetensors")
    assert window.timeline.moment.lines() == (
        f"step {trained.step:,}",
        f"test accuracy {format_percent(accuracy)}",
    )
    heads: list[str] = []
    for step in (0, trained.step, 10**6):
        window.timeline.track.asked.emit(ReadStep(step))
        heads.append(window.timeline.hover_text().split("\n")[0])
    assert not [each for each in heads if "epoch 2" in each]
    assert heads[0] == f"step {trained.step:,} · epoch 1 · weights from mine.safetensors"


def test_an_opened_model_is_not_unsaved_work_before_it_is_trained(
    qtbot: QtBot, session: Session, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = checkpoint.load(model).step
    session.document.open(model)
    qtbot.waitUntil(lambda: session.state.run.step == step and session.state.run.status is RunStatus.PAUSED)
    rest(qtbot, session)
    session.ask_before_closing(True)
    assert session.document.may_lose_run()
    asked = answered(monkeypatch, "discard")
    session.controller.on_step_requested()
    qtbot.waitUntil(lambda: session.state.run.step == step + 1)
    assert session.document.may_lose_run()
    assert len(asked) == 1
    session.ask_before_closing(False)


def test_a_model_of_other_data_says_so(qtbot: QtBot, session: Session, tmp_path: Path, model: Path) -> None:
    session.controller.open_data(write_npz(tmp_path / "few.npz"))
    qtbot.waitUntil(lambda: session.state.dataset.name == "few")
    rest(qtbot, session)
    session.document.open(model)
    said = "About mine.safetensors: it was made with other data (MNIST) than those that are open (few)."
    qtbot.waitUntil(lambda: session.window.notices.text().startswith(said))
    assert session.window.notices.kind() == "warning"
    qtbot.waitUntil(lambda: session.state.run.step > 0)


def test_a_model_of_other_classes_offers_its_data(
    qtbot: QtBot, session: Session, tmp_path: Path, model: Path
) -> None:
    with opened(qtbot, tmp_path / "other.ini", write_pictures(tmp_path / "zoo")) as other:
        notices = other.window.notices
        other.document.open(model)
        text = (
            "mine.safetensors does not fit the open data: it tells 0, 1 apart, which zoo does not have. "
            "Use MNIST first, then the model."
        )
        qtbot.waitUntil(lambda: notices.text() == text)
        assert other.state.run.run_id == 1
        notices.action_button().click()
        qtbot.waitUntil(lambda: other.state.dataset.name == "MNIST" and other.state.run.step > 0)
        rest(qtbot, other)
        assert "mine.safetensors" not in notices.text()


def test_weights_of_others_are_offered_and_taken(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    path, state, notices = tmp_path / "torch.safetensors", session.state, session.window.notices
    arrays = _foreign(path)
    session.document.open(path)
    qtbot.waitUntil(lambda: notices.text().startswith("torch.safetensors holds weights but no description"))
    assert notices.text().endswith("Its weights fit the network of the form by name and shape.")
    assert state.run.run_id == 1, "nothing has changed yet"
    assert notices.action_button().text() == "Take them into a new run"
    notices.action_button().click()
    qtbot.waitUntil(lambda: state.run.run_id == 2 and state.evaluation is not None)
    rest(qtbot, session)
    for name, array in state.shown.network.params.items():
        np.testing.assert_array_equal(array, arrays[name])
    results = session.window.panel(TrainingPanel).results
    assert results._summary.text().endswith(" · weights from torch.safetensors")
    assert notices.text() == ""


def test_weights_that_do_not_fit_the_form_say_why(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    path, notices = tmp_path / "torch.safetensors", session.window.notices
    arrays = _foreign(path)
    save_file({**arrays, "conv1.weight": np.zeros((16, 1, 3, 3), np.float32)}, path)
    session.document.open(path)
    qtbot.waitUntil(lambda: "its conv1.weight is 16 x 1 x 3 x 3 and not 8 x 1 x 3 x 3" in notices.text())
    assert notices.kind() == "error"
    assert not notices.action_button().isVisible()


def test_a_model_that_another_program_has_changed_is_offered(
    qtbot: QtBot, session: Session, model: Path
) -> None:
    from safetensors import safe_open

    with safe_open(model, "numpy") as file:
        metadata = file.metadata()
    arrays = load_file(model)
    arrays["dense1.bias"] = arrays["dense1.bias"] + 1
    save_file(arrays, model, metadata)
    notices = session.window.notices
    session.document.open(model)
    qtbot.waitUntil(lambda: "is damaged, or was changed by another program" in notices.text())
    notices.action_button().click()
    qtbot.waitUntil(lambda: session.state.live is not None and session.state.live.origin.note != "")
    qtbot.waitUntil(lambda: session.state.evaluation is not None)
    np.testing.assert_array_equal(session.state.live.network.params["dense1.bias"], arrays["dense1.bias"])
