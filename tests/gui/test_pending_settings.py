"""What runs and what would run: one clear state; and the first training, which begins slowly."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QLabel, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from cnnviz.experiment import LAB5, LENET
from cnnviz.training import Trainer
from tests.gui.driving import PATIENCE, choose_by_keys, opened, settle
from tests.gui.training_driving import assert_same_weights, type_setting, weights
from tests.gui.whole_window import rest, train
from tests.small_data import write_npz
from ui import first_run
from ui.first_run import begin_slowly
from ui.panels.training.panel import TrainingPanel
from ui.session import Session
from ui.state import RunStatus
from ui.window.finder import actions_of


def _click(qtbot: QtBot, button) -> None:
    settle(qtbot)  # the message slides in
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_preset_or_a_rate_chosen_beside_a_trained_run_waits_and_changes_nothing_that_is_on(
    qtbot: QtBot, session: Session
) -> None:
    state, window = session.state, session.window
    train(qtbot, session, 40)
    before, first = state.experiment, weights(session)
    session.controller.choose_preset("lenet")
    assert state.draft == LENET
    assert (state.experiment, state.dataset.classes) == (before, ("0", "1"))
    assert window.pending.text() == (
        "For the next run: Classes 0, 1 → 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; Filters 8 → 8, 16; "
        "Padding 0 → 1; and 11 more. This run keeps its settings."
    )
    step = state.run.step
    train(qtbot, session, step + 40)
    rest(qtbot, session)
    # The rate that trained is that of the run: the weights are those of LAB5 without a pause.
    assert state.live.origin.experiment == before == LAB5
    assert not np.array_equal(first["conv1.weight"], weights(session)["conv1.weight"])
    assert window.pending.isVisible()
    _click(qtbot, window.pending.discard_button)
    assert state.draft == LAB5
    assert window.pending.text() == ""
    assert window.panel(TrainingPanel).form.preset.choice() == "lab5"

    session.controller.edit(replace(LAB5, learning_rate=1e-3))
    train(qtbot, session, state.run.step + 40)
    session.controller.choose_preset("lab5")
    assert session.window.pending.text() == (
        "For the next run: Learning rate 0.001 → 0.0001. This run keeps its settings."
    )
    train(qtbot, session, state.run.step + 40)
    assert state.live.origin.experiment.learning_rate == 1e-3


def test_what_is_typed_beside_a_trained_run_waits_for_a_new_one_but_a_rate_alone_is_taken_at_once(
    qtbot: QtBot, session: Session
) -> None:
    state, window = session.state, session.window
    train(qtbot, session, 40)
    form = window.panel(TrainingPanel).form

    def places() -> tuple[object, ...]:
        return form.sizeHint(), form.field("learning_rate").geometry(), window.panels.mapTo(window, QPoint())

    before = places()
    type_setting(session, "learning_rate", "0.002")
    assert state.experiment.learning_rate == 0.002
    assert window.pending.text() == ""
    assert "What changes: learning rate 0.002" in window.run_bar.train.toolTip()
    type_setting(session, "seed", "7")
    type_setting(session, "learning_rate", "0.003")
    assert state.experiment.learning_rate == 0.002
    assert "Learning rate 0.002 → 0.003; Seed 0 → 7" in window.pending.text()
    settle(qtbot)
    assert window.pending.isVisible()
    assert places() == before, "neither the mark nor the bar moves anything"
    assert "What changes: learning rate 0.003, seed 7" in window.run_bar.train.toolTip()
    type_setting(session, "seed", "0")
    assert state.experiment.learning_rate == 0.003
    assert window.pending.text() == ""

    type_setting(session, "learning_rate", "0.0001")
    assert "What changes" not in window.run_bar.train.toolTip(), "as it trained before"
    train(qtbot, session, 200)
    type_setting(session, "filters", "3")
    form = window.panel(TrainingPanel).form
    assert form.field("filters").toolTip().endswith("This run has 8.")
    assert [label.text() for label in form.findChildren(QLabel) if "•" in label.text()] == ["Filters •"]
    session.controller.show_moment(100)
    qtbot.waitUntil(lambda: state.shown.step == 100)
    run_id = state.run.run_id
    session.controller.fork()
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.step > 100)
    session.controller.pause()
    qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
    assert state.experiment == LAB5
    assert state.draft == replace(LAB5, filters=(3,))
    assert window.pending.text() == "For the next run: Filters 8 → 3. This run keeps its settings."
    run_id = state.run.run_id
    _click(qtbot, window.pending.action_button())
    qtbot.waitUntil(lambda: state.run.run_id > run_id and state.run.step > 0)
    assert state.experiment == state.draft == replace(LAB5, filters=(3,))
    settings = "LAB5; classes 0, 1; seed 0; learning rate 0.0001; filters {}; kernel 3; pooling Max"
    assert state.ghost.said == settings.format(8)
    assert state.history.said == settings.format(3)
    assert window.pending.text() == ""
    assert not any("•" in label.text() for label in form.findChildren(QLabel))


@pytest.mark.alone
def test_an_untrained_run_takes_what_is_chosen_without_a_word_and_what_does_not_fit_says_so(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, pending = session.state, session.window.pending
    session.controller.edit(replace(LAB5, filters=(8, 8, 8), kernel_size=9))
    assert pending.kind() == "error"
    assert not pending.action_button().isVisible()
    pending.setFocus()
    qtbot.keyClick(pending, Qt.Key.Key_Escape)
    assert pending.isVisible(), "what is true cannot be sent away"
    assert state.experiment == LAB5
    _click(qtbot, pending.discard_button)
    assert state.draft == LAB5
    assert pending.text() == ""

    shown: list[str] = []
    monkeypatch.setattr(pending, "show_message", lambda text, *_: shown.append(text))
    pending._late.setInterval(PATIENCE)  # however late a busy machine begins the run
    choose_by_keys(session.window.panel(TrainingPanel).form.preset, "lenet")
    qtbot.waitUntil(lambda: state.experiment == LENET and state.run.status is RunStatus.READY)
    settle(qtbot)
    assert state.draft == LENET
    assert shown == []

    message = session.window.panel(TrainingPanel).message
    type_setting(session, "filters", "99")
    assert "1 to 64" in message.text()
    session.controller.choose_preset("lab5")
    assert message.text() == "", "the error goes with what was wrong"


def test_with_settings_that_wait_button_key_menu_and_finder_start_a_new_run(
    qtbot: QtBot, tmp_path: Path
) -> None:
    """Once it may be lost what is trained: the first three are refused."""
    digits = write_npz(tmp_path / "ten.npz", range(10), 640, 100)
    with opened(qtbot, tmp_path / "few.ini", digits) as session:
        state, window = session.state, session.window
        button, action = window.run_bar.train, window.menus.action("train")
        train(qtbot, session, 40)
        asked: list[str] = []
        session.controller.may_replace = lambda: asked.append("may it be lost?") or len(asked) > 3
        session.controller.choose_preset("lenet")
        state.set_speed(5)  # or the few images would be learnt before anybody can pause
        settle(qtbot)
        before = state.run, state.experiment
        assert button.text() == action.text().replace("&", "") == "Start new run"
        (entry,) = [each for each in actions_of(window.menus) if each.name == "Start new run"]
        ways = lambda: qtbot.keyClick(window, Qt.Key.Key_Space), action.trigger, entry.act
        for number, press in enumerate(ways, start=1):
            press()
            rest(qtbot, session)
            assert len(asked) == number
            assert (state.run, state.experiment) == before
        _click(qtbot, button)
        assert len(asked) == 4
        qtbot.waitUntil(lambda: state.run.run_id > before[0].run_id and state.run.step > 0)
        assert state.run.step < before[0].step
        assert state.experiment == state.live.origin.experiment == LENET
        assert button.accessibleName() == "Pause"
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
        assert button.accessibleName() == "Continue"
        assert action.text().replace("&", "") == "Train or pause"


def test_the_present_network_is_trained_on_by_an_action_that_says_so(qtbot: QtBot, session: Session) -> None:
    state, window = session.state, session.window
    train(qtbot, session, 40)
    session.controller.choose_preset("lenet")
    for press in (
        lambda: _click(qtbot, window.pending.present_button),
        lambda: qtbot.keyClick(window, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier),
    ):
        step = state.run.step
        assert window.pending.present_button.text() == "Train the present network"
        press()
        qtbot.waitUntil(lambda step=step: state.run.step > step + 20)
        assert window.run_bar.train.text() == "Pause", "while it runs, it can be paused as ever"
        assert not window.pending.present_button.isVisible()
        qtbot.keyClick(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
        assert state.experiment == LAB5
        assert window.run_bar.train.text() == "Start new run"
    _click(qtbot, window.pending.discard_button)
    assert window.run_bar.train.text() == "Continue"


# -- the first training --------------------------------------------------------------------------------------


@pytest.fixture
def remembered(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "first.ini"), QSettings.Format.IniFormat)


def _press_train(qtbot: QtBot, session: Session) -> None:
    qtbot.mouseClick(session.window.run_bar.train, Qt.MouseButton.LeftButton)


def _handle(slider) -> QPoint:
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    part = QStyle.SubControl.SC_SliderHandle
    return slider.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, slider).center()


@pytest.fixture
def thousands(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """The program with as many images as a run takes in while it speeds up, and some more."""
    digits = write_npz(tmp_path / "digits.npz", training=4000, testing=211)
    with opened(qtbot, tmp_path / "window.ini", digits) as session:
        yield session


def test_the_first_training_speeds_up_by_itself_and_trains_the_same_bits(
    qtbot: QtBot, thousands: Session, remembered: QSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "_SECONDS", 1.0)
    session = thousands
    state, window, controller = session.state, session.window, session.controller
    speed, left = window.panel(TrainingPanel).speed, window.run_status.time_left
    begin_slowly(remembered, session)
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
    network = state.experiment.build_network(state.dataset.input_shape)
    trainer = Trainer(network, state.dataset, state.experiment)
    trainer.advance(trainer.total_steps)
    assert_same_weights(weights(session), dict(trainer.network.params))
    for _ in ("this sitting", "the next one"):  # and never again
        controller.train_epoch()
        assert state.rising_pace is None
        controller.pause()
        qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
        begin_slowly(QSettings(remembered.fileName(), QSettings.Format.IniFormat), session)


@pytest.mark.alone
def test_whoever_touches_the_speed_has_it_at_once(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    state, window = session.state, session.window
    slider = window.panel(TrainingPanel).speed.slider
    for by in ("mouse", "key", "message"):
        begin_slowly(QSettings(str(tmp_path / by), QSettings.Format.IniFormat), session)
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
        qtbot.waitUntil(lambda step=step: state.run.step > step)
        assert (state.steps_per_second, state.rising_pace) == (chosen, None)
        assert "speeds up" not in window.notices.text()
        session.controller.reset()
        qtbot.waitUntil(lambda: state.run.status is RunStatus.READY)
        state.set_speed(None)


@pytest.mark.alone
def test_what_is_trained_for_somebody_is_not_slowed_and_a_speed_chosen_before_stays_and_tells_no_hours(
    qtbot: QtBot, session: Session, remembered: QSettings, tmp_path: Path
) -> None:
    state = session.state
    begin_slowly(remembered, session)
    session.controller.train_to(300, 1)
    qtbot.waitUntil(lambda: state.run.step == 300 and state.run.status is RunStatus.PAUSED)
    assert state.rising_pace is None
    _press_train(qtbot, session)
    assert state.rising_pace == 4.0, "the first training that is asked for comes later"
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)

    state.set_speed(50.0)
    begin_slowly(QSettings(str(tmp_path / "other.ini"), QSettings.Format.IniFormat), session)
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.step > 302)
    assert (state.steps_per_second, state.rising_pace) == (50.0, None)
    time_left = session.window.run_status.time_left
    qtbot.waitUntil(lambda: time_left.text() != "")
    state.set_speed(2.0)  # to watch single steps
    qtbot.waitUntil(lambda: time_left.text() == "")
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
