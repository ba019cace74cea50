"""Training in the window, driven with mouse and keyboard as a student would, and what stands around a run."""

import time
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviz.covers import Secret
from cnnviz.drawing import LIGHT, Box, CellKey
from cnnviz.experiment import LAB5
from cnnviz.graphics.columns import Kind
from cnnviz.graphics.run_curves import BEFORE, EACH
from cnnviz.training import Trainer
from tests.gui import whole_window
from tests.gui.driving import choose_by_keys, click, click_part, opened, settle
from tests.gui.training_driving import (
    assert_same_weights,
    curve,
    lengthen,
    shown_filters,
    status,
    train_to,
    type_setting,
    wait_for,
    weights,
)
from tests.gui.whole_window import seen_rect
from tests.small_data import write_npz
from ui.controls.labels import SectionTitle
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.training.panel import TrainingPanel, places_in
from ui.panels.training.settings_form import FIRST
from ui.state import PinnedCell, RunStatus

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
    assert_same_weights(weights(session), dict(trainer.network.params))
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

        mistakes = window.panel(TrainingPanel).results.mistakes
        tile = mistakes.drawing().part(CellKey("image", 0, 1)).box
        qtbot.mouseClick(mistakes, LEFT, pos=QPoint(round(tile.x), round(tile.y)))
        assert state.sample.index == int(evaluation.mistakes[1])
        qtbot.waitUntil(lambda: window.samples.is_current)
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
    before, run_id = weights(session), session.state.run.run_id
    click(session.window.run_bar.new_seed)
    qtbot.waitUntil(lambda: session.state.run.run_id > run_id and status(session) is RunStatus.READY)
    seed = session.state.experiment.seed
    assert session.window.panel(TrainingPanel).form.field("seed").value() == seed
    if seed != LAB5.seed:
        assert not np.array_equal(weights(session)["conv1.weight"], before["conv1.weight"])
    assert_same_weights(weights(session), dict(replace(LAB5, seed=seed).build_network().params))

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


def test_slow_motion_keeps_its_pace(qtbot, session):
    speed = session.window.panel(TrainingPanel).speed.slider
    speed.setFocus()
    for _ in range(20):
        qtbot.keyClick(speed, Qt.Key.Key_Left)
    assert session.state.steps_per_second == 1
    session.state.set_speed(20)
    started = time.monotonic()
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: session.state.run.step >= 11)
    # Ten pauses of 50 ms lie between eleven steps, less what rounding takes; more on a busy machine.
    assert time.monotonic() - started > 0.45
    click(session.window.run_bar.train)
    wait_for(qtbot, session, RunStatus.PAUSED)


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
