"""Training in the window as a student drives it: what runs, what would run, and what stands around a run."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QLabel, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from cnnviz.covers import Secret
from cnnviz.drawing import LIGHT, Box, CellKey
from cnnviz.experiment import LAB5, LENET
from cnnviz.graphics.columns import Kind
from cnnviz.graphics.run_curves import BEFORE, EACH
from cnnviz.history import EvaluationPoint, History
from cnnviz.training import Trainer
from tests.gui import whole_window
from tests.gui.document_driving import is_ready, new_run
from tests.gui.driving import PATIENCE, choose_by_keys, click, click_part, opened, settle
from tests.gui.training_driving import (
    curve,
    lengthen,
    shown_filters,
    status,
    train_to,
    type_setting,
    wait_for,
    weights,
)
from tests.gui.whole_window import rest, seen_rect, train
from tests.oracles import assert_same_arrays
from tests.small_data import write_npz
from ui import first_run
from ui.controls.labels import SectionTitle
from ui.first_run import SlowStart
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel, places_in
from ui.panels.training.settings_form import FIRST
from ui.session import Session
from ui.state import PinnedCell, RunStatus
from ui.window.finder import actions_of

LEFT = Qt.MouseButton.LeftButton


def test_the_window_trains_exactly_the_run_of_the_engine_and_mistakes_are_shown_where_they_are_known(
    qtbot, session
):
    samples, state = session.window.samples, session.state
    title = next(each for each in samples.findChildren(SectionTitle) if each.text() == "Samples")
    choose_by_keys(samples.filter, "misclassified")
    assert "MNIST" in title.caption()
    assert "0 images" not in title.caption(), "nothing was tested yet"
    lengthen(qtbot, session)
    train_to(qtbot, session, 700)
    step = session.state.run.step
    trainer = Trainer(LAB5.build_network(), session.state.dataset, session.state.experiment)
    progress = trainer.advance(step)
    np.testing.assert_array_equal(session.state.history.losses, progress.losses)
    assert_same_arrays(weights(session), dict(trainer.network.params))
    assert session.state.live.step == step
    x, y = curve(session.window.panel(TrainingPanel).curves.loss, EACH)
    np.testing.assert_array_equal(x, np.arange(1, step + 1))
    np.testing.assert_array_equal(y, progress.losses)
    right = 100 * progress.correct[-500:].sum() / 500
    told = session.window.run_status.means.text()
    assert told.endswith(f", accuracy {right:.1f}".removesuffix(".0") + " % (last 500 steps)")
    assert "means over the last 500 steps up to it" in session.window.timeline.moment.toolTip()

    for covered in ({}, {Secret.TEST: "Covered."}, {}):
        state.set_covered(covered)
        assert ("images" in title.caption()) is not bool(covered)
    assert samples.filter.choice() == "misclassified"
    mistakes = np.sort(state.evaluation.evaluation.mistakes)
    np.testing.assert_array_equal(samples.grid.content.images.indices, mistakes)


def test_whole_epoch_ends_with_results_to_click_through(qtbot, tmp_path):
    """Of 600 images of digits that are hard to tell apart, so that some are mistaken."""
    data = write_npz(tmp_path / "few.npz", (4, 9), 600, 200)
    with opened(qtbot, tmp_path / "w.ini", data, replace(LAB5, learning_rate=3e-3)) as session:
        window, state = session.window, session.state
        click(window.run_bar.train)
        wait_for(qtbot, session, RunStatus.FINISHED)
        assert state.run.step == state.run.total_steps == 600
        assert window.run_bar.train.text() == "Train more"
        assert [row[0] for row in window.panel(TrainingPanel).log.rows] == [500]
        evaluation = state.evaluation.evaluation
        counts = window.panel(TrainingPanel).results.matrix.content.confusion.counts
        np.testing.assert_array_equal(counts, evaluation.confusion)
        own = state.history.said
        other = own.replace("seed 0", "seed 7")
        for said, told in ((own, "the same settings"), (other, "seed 7 (this run: seed 0)")):
            earlier = History()
            earlier.add_test(EvaluationPoint(9, 0.1, 0.9876))
            earlier.said = said
            state.set_ghost(earlier)
            assert f"earlier run: 98.76 % with {told}" in window.panel(TrainingPanel).results.summary.text()

        mistakes = window.panel(TrainingPanel).results.mistakes
        tile = mistakes.drawing().part(CellKey("image", 0, 1)).box
        qtbot.mouseClick(mistakes, LEFT, pos=QPoint(round(tile.x), round(tile.y)))
        assert state.sample.index == int(evaluation.mistakes[1])
        qtbot.waitUntil(lambda: window.samples._loop.is_current)
        predicted = int(np.argmax(window.samples.prediction.probabilities))
        assert predicted != state.sample.label

        state.choose_test_image(int(evaluation.mistakes[-1]))
        qtbot.waitUntil(lambda: mistakes.bar.value() > 0)
        card = window.panel(TrainingPanel).results.mistakes_card()
        assert card.content.scroll == 0, "a figure begins with the first"
        click(window.run_bar.epoch)
        assert state.run.total_steps == 1200
        wait_for(qtbot, session, RunStatus.FINISHED)
        assert state.run.step == 1200
        assert mistakes.content.scroll == 0, "the largest loss first, wherever the sample stands"
        click(window.run_bar.reset)
        wait_for(qtbot, session, RunStatus.READY)
        assert window.panel(TrainingPanel).log.rows == []


def test_epochs_added_while_training_lengthen_the_run(qtbot, few):
    session, bar, state = few, few.window.run_bar, few.state
    session.state.set_speed(300)
    click(bar.train)
    qtbot.waitUntil(lambda: state.run.step > 0)
    for _ in range(3):
        click(bar.epoch)
    assert state.run.total_steps == 4 * 1000
    session.state.set_speed(None)
    qtbot.waitUntil(lambda: state.run.step > 1000)
    assert status(session) is RunStatus.TRAINING
    click(bar.train)
    wait_for(qtbot, session, RunStatus.PAUSED)
    assert state.run.total_steps == 4 * 1000


@pytest.mark.window
def test_a_single_key_steps_a_search_is_typed_beside_it_and_fast_clicks_leave_a_consistent_run(
    qtbot, session
):
    window = session.window
    lengthen(qtbot, session)
    window.activateWindow()
    qtbot.waitUntil(lambda: window.samples.grid.hasFocus())
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: session.state.run.step == 1 and status(session) is RunStatus.PAUSED)
    search = session.window.samples.search
    search.setFocus()
    qtbot.keyClicks(search, "12")
    qtbot.keyClick(search, Qt.Key.Key_Return)
    assert session.state.sample.index == 12
    assert session.state.run.step == 1

    bar = window.run_bar
    for _ in range(7):
        qtbot.mouseClick(bar.train, LEFT)
    for _ in range(5):
        qtbot.mouseClick(bar.reset, LEFT)
        qtbot.mouseClick(bar.train, LEFT)
    settled = (RunStatus.TRAINING, RunStatus.READY, RunStatus.PAUSED)
    qtbot.waitUntil(lambda: session.controller.is_idle and status(session) in settled)
    if status(session) is RunStatus.TRAINING:
        click(bar.train)
    wait_for(qtbot, session, RunStatus.READY, RunStatus.PAUSED)
    qtbot.waitUntil(lambda: session.state.live.step == session.state.run.step)
    assert len(session.state.history.losses) == session.state.run.step


def test_the_form_shows_a_new_seed_names_what_is_invalid_and_begins_a_run_without_a_pool(qtbot, session):
    before = weights(session)
    with new_run(qtbot, session, is_ready):
        click(session.window.run_bar.new_seed)
    seed = session.state.experiment.seed
    assert session.window.panel(TrainingPanel).form.field("seed").value() == seed
    if seed != LAB5.seed:
        assert not np.array_equal(weights(session)["conv1.weight"], before["conv1.weight"])
    assert_same_arrays(weights(session), dict(replace(LAB5, seed=seed).build_network().params))

    message = session.window.panel(TrainingPanel).message
    for name, text, words in (
        ("filters", "99", "1 to 64"),
        ("filters", "8, x", "whole numbers"),
        ("hidden", "5 5 5", "0 to 2"),
    ):
        type_setting(session, name, text)
        assert words in message.text()
        assert session.state.draft == session.state.experiment == replace(LAB5, seed=seed)

    form = session.window.panel(TrainingPanel).form
    assert all(form.field(name).isVisible() for name in FIRST)
    assert not any(form.field(name).isVisible() for name in ("pool_size", "ties"))
    click(form.more)
    assert all(form.field(name).isVisible() for name in ("pool_size", "ties"))
    choose_by_keys(form.field("pool"), "none")
    type_setting(session, "stride", "2")
    qtbot.waitUntil(lambda: session.state.experiment == replace(LAB5, seed=seed, pool="none", stride=2))
    assert not any(form.field(name).isVisible() for name in ("pool_size", "ties"))
    qtbot.waitUntil(lambda: session.state.live.network.shapes["conv1"] == (8, 13, 13))
    assert "pool1" not in session.state.live.network.shapes
    qtbot.waitUntil(lambda: "ties" not in session.window.run_status.settings.text())


def test_divergence_stops_by_itself_and_the_run_can_begin_again(qtbot, session):
    session.controller.edit(replace(LAB5, learning_rate=900.0))
    click(session.window.run_bar.train)
    wait_for(qtbot, session, RunStatus.FAILED)
    assert "learning rate below 900" in session.window.notices.text()
    assert all(np.isfinite(array).all() for array in weights(session).values())
    curves = session.window.panel(TrainingPanel).curves
    steps, losses = curve(curves.loss, EACH)
    assert len(steps) == len(session.state.history.losses) > 0
    assert losses.max() > 10  # where it left the rails
    session.controller.edit(replace(LAB5, epochs=500))
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: session.state.run.step > 100 and status(session) is RunStatus.TRAINING)
    click(session.window.run_bar.train)
    wait_for(qtbot, session, RunStatus.PAUSED)
    # The curve of the run that diverged stays to be compared with.
    assert curve(curves.loss, BEFORE)[0][-1] == steps[-1]


def test_the_slowest_speed_is_a_step_a_second(qtbot, session):
    speed = session.window.panel(TrainingPanel).speed.slider
    speed.setFocus()
    for _ in range(20):
        qtbot.keyClick(speed, Qt.Key.Key_Left)
    assert session.state.steps_per_second == 1


# -- mistakes, filters and layout ----------------------------------------------------------------------------


def test_filters_of_before_and_their_difference_and_settings_that_grow_later_are_not_cut_off(qtbot, session):
    session.window.resize(1440, 900)
    settle(qtbot)
    field = session.window.panel(TrainingPanel).form.field("classes")
    wide = field.width() + 100
    field.setMinimumWidth(wide)
    qtbot.waitUntil(lambda: field.width() >= wide and seen_rect(field).width() == field.width())

    whole_window.train_to(qtbot, session, 40)
    session.window.panels.show_panel(0)
    network, state = session.window.panel(TrainingPanel).network, session.state
    before = state.experiment.build_network(state.dataset.input_shape).params["conv1.weight"][:, 0]
    now = state.shown.network.params["conv1.weight"][:, 0]
    for moment, expected in (("before", before), ("difference", now - before), ("now", now)):
        click(network.choices.controls["moment"].button(moment))
        whole_window.rest(qtbot, session)
        np.testing.assert_array_equal(shown_filters(session.window.panel(TrainingPanel)), expected)
        maps = next(stage.values for stage in network.flow.stages if stage.column.key == "conv1")
        (made,) = state.shown.network.forward(state.sample.pixels[np.newaxis]).outputs["conv1"]
        np.testing.assert_allclose(maps, made, rtol=1e-5, err_msg="maps stay those of the network")
        said = {"before": ("filters of step 0",), "difference": ("filters minus step 0",)}.get(moment, ())
        assert network.provenance().choices == said, "figures say what they show"


# -- the network ---------------------------------------------------------------------------------------------


FORM = 230.0, 330.0
SIZES = (492, 480), (662, 420), (817, 680), (1147, 680), (1297, 860), (1627, 860), (2272, 1220)


@pytest.mark.parametrize("page", ["curves", "settings", "results"])
def test_the_network_has_the_largest_part_and_all_others_have_theirs_beside_it(page):
    for size in SIZES:
        room = Box(0, 0, *size)
        places = places_in(room, LIGHT, FORM, page)
        for one, other in combinations(places.values(), 2):
            apart = one.right <= other.left or other.right <= one.left
            assert apart or one.bottom <= other.top or other.bottom <= one.top, size
        assert all(room.joined(box) == room for box in places.values()), size
        assert places["network"] == max(places.values(), key=lambda box: box.width * box.height), size
        if size[0] > 800:
            assert places.keys() == {"network", "curves", "settings", "results", "log"}
        else:
            assert {"network", "switch", page} <= places.keys()
            assert ("curves" in places) == (page == "curves")


def test_the_network_is_alive_before_one_large_button_trains_it_and_what_is_to_be_predicted_is_covered(
    qtbot, session
):
    panel = session.window.panel(TrainingPanel)
    whole_window.rest(qtbot, session)
    flow, button = panel.network.flow, panel.curves.train
    assert flow is not None
    assert np.ptp(next(each.values for each in flow.stages if each.column.key == "conv1")) > 0
    assert button.isVisible()
    click(button)
    qtbot.waitUntil(lambda: session.state.run.status is RunStatus.TRAINING and session.state.run.step > 0)
    session.controller.pause()
    whole_window.rest(qtbot, session)
    assert not button.isVisible()
    assert panel.network.flow is not flow

    view, state = panel.network.view, session.state
    for secret, kinds, is_hidden in (
        (Secret.FILTERS, {Kind.FILTERS}, False),
        (Secret.ANSWERS, {Kind.MAPS, Kind.EVIDENCE, Kind.UNITS}, True),
        (Secret.LOSS, set(), False),
    ):
        state.set_covered({secret: "Predict first."})
        assert view.content.covered == kinds
        assert view.content.hides_output == is_hidden
        assert ("covered" in view.spoken_summary()) == is_hidden
    state.set_covered({})
    assert not view.content.covered


def test_a_click_goes_on_to_the_same_cell_in_filters_and_maps(qtbot, session):
    panel, maps = session.window.panel(TrainingPanel), session.window.panel(FeatureMapsPanel)
    state = session.state
    session.window.resize(1440, 900)
    whole_window.rest(qtbot, session)
    maps.show_page("top_patches")
    click_part(panel.network.view, CellKey((3, 5), 6, 7))
    qtbot.waitUntil(maps.network.isVisible)  # whichever page was in sight before
    assert state.pinned == PinnedCell("pool1", (5, 6, 7))
    whole_window.rest(qtbot, session)
    assert maps.network.marked_cell() == state.pinned

    session.window.panels.show_panel(0)
    view = panel.network.view
    view.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.hovered[0] == 2, "image, filter, map"
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(maps.isVisible)
    assert state.pinned.stage == "conv1"
    row = state.pinned.index[1]
    qtbot.keyClick(session.window.focusWidget(), Qt.Key.Key_Down)
    assert state.pinned.index[1] == row + 1, "the keyboard has gone there, too"


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
    with new_run(qtbot, session, lambda run: run.step > 100):
        session.controller.fork()
    session.controller.pause()
    qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
    assert state.experiment == LAB5
    assert state.draft == replace(LAB5, filters=(3,))
    assert window.pending.text() == "For the next run: Filters 8 → 3. This run keeps its settings."
    with new_run(qtbot, session, lambda run: run.step > 0):
        _click(qtbot, window.pending.action_button())
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
        texts = (each.text().lower() for each in action.associatedObjects()[0].actions())
        letters = re.findall("&(.)", " ".join(texts))
        assert len(set(letters)) == len(letters) > 4
        ways = lambda: qtbot.keyClick(window, Qt.Key.Key_Space), action.trigger, entry.act
        for number, press in enumerate(ways, start=1):
            press()
            rest(qtbot, session)
            assert len(asked) == number
            assert (state.run, state.experiment) == before
        with new_run(qtbot, session, lambda run: run.step > 0):
            _click(qtbot, button)
        assert len(asked) == 4
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
    SlowStart(remembered, session)
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
    assert_same_arrays(weights(session), dict(trainer.network.params))
    for _ in ("this sitting", "the next one"):  # and never again
        controller.train_epoch()
        assert state.rising_pace is None
        controller.pause()
        qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
        SlowStart(QSettings(remembered.fileName(), QSettings.Format.IniFormat), session)
    monkeypatch.setattr(window, "is_presenting", True)  # a class watches: each new run begins slowly
    controller.reset()
    qtbot.waitUntil(lambda: state.is_untrained)
    _press_train(qtbot, session)
    assert state.rising_pace == 4.0


@pytest.mark.alone
def test_whoever_touches_the_speed_has_it_at_once(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    state, window = session.state, session.window
    slider = window.panel(TrainingPanel).speed.slider
    for by in ("mouse", "key", "message"):
        SlowStart(QSettings(str(tmp_path / by), QSettings.Format.IniFormat), session)
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
    SlowStart(remembered, session)
    session.controller.train_to(300, 1)
    qtbot.waitUntil(lambda: state.run.step == 300 and state.run.status is RunStatus.PAUSED)
    assert state.rising_pace is None
    _press_train(qtbot, session)
    assert state.rising_pace == 4.0, "the first training that is asked for comes later"
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)

    state.set_speed(50.0)
    SlowStart(QSettings(str(tmp_path / "other.ini"), QSettings.Format.IniFormat), session)
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.step > 302)
    assert (state.steps_per_second, state.rising_pace) == (50.0, None)
    time_left = session.window.run_status.time_left
    qtbot.waitUntil(lambda: time_left.text() != "")
    state.set_speed(2.0)  # to watch single steps
    qtbot.waitUntil(lambda: time_left.text() == "")
    _press_train(qtbot, session)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
