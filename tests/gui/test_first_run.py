"""The first training on a computer begins slowly and speeds up by itself, and only that one."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from cnnviz.training import Trainer
from tests.gui.driving import settle
from ui import first_run
from ui.first_run import begin_slowly
from ui.panels.training import TrainingPanel
from ui.session import Session
from ui.state import RunStatus


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "first.ini"), QSettings.Format.IniFormat)


def _press_train(qtbot: QtBot, session: Session) -> None:
    qtbot.mouseClick(session.window.run_bar.train, Qt.MouseButton.LeftButton)


def _handle(slider) -> QPoint:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider).center()


def test_the_first_training_speeds_up_by_itself_and_trains_the_same_bits(
    qtbot: QtBot, session: Session, settings: QSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "_SECONDS", 2.0)
    state, window, controller = session.state, session.window, session.controller
    speed, left = window.panel(TrainingPanel).speed, window.run_status.time_left
    begin_slowly(settings, session)
    assert state.rising_pace is None
    # A single step is none.
    qtbot.mouseClick(window.run_bar.step, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: state.run.step == 1 and state.run.status is RunStatus.PAUSED)
    assert state.rising_pace is None
    paces, said, places = [], set(), []

    def note() -> None:
        paces.append(state.rising_pace)
        said.add(left.text())
        places.append(speed.slider.value())

    state.speedChanged.connect(note)
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.step > 3)
    assert "speeds up by itself" in window.notices.text()
    # A pause is no part of it.
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    step, count = state.run.step, len(paces)
    settle(qtbot)  # no timer runs any more
    assert len(paces) == count
    assert step < 1000
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.FINISHED)
    assert paces[:-1] == sorted(paces[:-1])
    assert (paces[0], paces[-1]) == (4.0, None)
    assert len(set(places)) > 5, "the slider goes along"
    assert said <= {"", "speeding up"}, "no time is told that nobody will wait"
    assert state.steps_per_second is None
    assert speed.slider.value() == speed.slider.maximum()
    assert "speeds up" not in window.notices.text()
    trainer = Trainer(
        state.experiment.build_network(state.dataset.input_shape),
        state.dataset,
        state.experiment.train_config(),
    )
    trainer.advance(trainer.total_steps)
    for name, array in trainer.network.params.items():
        assert array.tobytes() == state.live.network.params[name].tobytes()
    # Never again: neither in this sitting, nor in the next one.
    controller.on_epoch_requested()
    assert state.rising_pace is None
    controller.pause()
    qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
    begin_slowly(QSettings(settings.fileName(), QSettings.Format.IniFormat), session)
    controller.on_epoch_requested()
    assert state.rising_pace is None


@pytest.mark.parametrize("by", ["mouse", "key", "message"])
def test_whoever_touches_the_speed_has_it_at_once(
    qtbot: QtBot, session: Session, settings: QSettings, by: str
) -> None:
    state, window = session.state, session.window
    slider = window.panel(TrainingPanel).speed.slider
    begin_slowly(settings, session)
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.rising_pace is not None and state.rising_pace > 5)
    match by:
        case "mouse":
            qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=_handle(slider))
            chosen = state.steps_per_second
            assert chosen is not None
            qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=_handle(slider))
        case "key":
            qtbot.keyClick(slider, Qt.Key.Key_Home)
            chosen = 1
        case _:
            window.notices.action_button().click()
            chosen = None
    assert (state.steps_per_second, state.rising_pace) == (chosen, None)
    step = state.run.step
    qtbot.waitUntil(lambda: state.run.step > step)
    assert (state.steps_per_second, state.rising_pace) == (chosen, None)
    assert "speeds up" not in window.notices.text()


def test_a_speed_that_was_chosen_before_stays(qtbot: QtBot, session: Session, settings: QSettings) -> None:
    begin_slowly(settings, session)
    session.controller.on_speed_requested(50.0)
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: session.state.run.step > 2)
    assert (session.state.steps_per_second, session.state.rising_pace) == (50.0, None)


def test_what_is_trained_for_somebody_is_not_slowed(
    qtbot: QtBot, session: Session, settings: QSettings
) -> None:
    begin_slowly(settings, session)
    session.controller.train_to(300, 1)
    qtbot.waitUntil(lambda: session.state.run.step == 300 and session.state.run.status is RunStatus.PAUSED)
    assert session.state.rising_pace is None
    _press_train(qtbot, session)
    assert session.state.rising_pace == 4.0, "the first training that is asked for comes later"
