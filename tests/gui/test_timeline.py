"""Time travel in the whole window: scrubbing, forking and comparing, with real mouse and keys."""

import threading
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt

from cnnviz.evaluation import CancelledError, evaluate
from cnnviz.graphics.run_curves import BEFORE
from cnnviz.history import Replay
from cnnviz.training import Trainer
from tests.gui.document_driving import is_ready, new_run
from tests.gui.driving import choose_by_keys, click, settle, type_into
from tests.gui.training_driving import (
    curve,
    place_of,
    shown_filters,
    train_to,
    weights,
)
from tests.oracles import assert_same_arrays
from tests.patience import PATIENCE
from tests.records import with_losses
from ui.panels.training.panel import TrainingPanel
from ui.state import RunStatus

LEFT = Qt.MouseButton.LeftButton


def scrub(qtbot, track, first, last, count=8):
    """Drag the handle from one step to another."""
    places = [place_of(track, round(step)) for step in np.linspace(first, last, count)]
    qtbot.mousePress(track, LEFT, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(track, place)
        settle(qtbot)  # and let it be shown
    qtbot.mouseRelease(track, LEFT, pos=places[-1])


def fork(qtbot, window, rate=""):
    """Continue from the shown moment, with a rate that is typed or the one that is offered."""
    timeline = window.timeline
    click(timeline.fork)
    assert timeline.branch.isVisible()
    qtbot.keyClicks(timeline.branch.rate, rate)
    qtbot.keyClick(timeline.branch.rate, Qt.Key.Key_Return)


def type_step(qtbot, session, step):
    """Go to a step by its number, and wait until it is shown."""
    type_into(session.window.timeline.moment.field, str(step))
    qtbot.waitUntil(lambda: session.state.shown.step == step)


def apply(qtbot, session, **settings):
    """Begin a run with other settings, as the form does."""
    with new_run(qtbot, session, is_ready):
        session.controller.edit(replace(session.state.draft, **settings))
        session.controller.reset()


def test_scrubbing_moves_every_panel_and_holds_nothing_up_while_training_runs(qtbot, session):
    state, track = session.state, session.window.timeline.track
    train_to(qtbot, session, 1000)
    seen = []
    telling = state.momentChanged.connect(lambda: seen.append(state.shown.step))
    scrub(qtbot, track, state.run.step, 500)
    state.momentChanged.disconnect(telling)
    assert seen == sorted(set(seen), reverse=True), "every moment once, in order"
    assert len(seen) >= 5
    assert set(seen) <= {*state.history.snapshots.steps}
    assert abs(state.shown.step - 500) <= 63
    training = session.window.panel(TrainingPanel)
    weight = state.shown.network.params["conv1.weight"]
    qtbot.waitUntil(lambda: np.array_equal(shown_filters(training), weight[:, 0]))
    plots = training.curves.loss, training.curves.accuracy
    assert {plot.content.markers[0].x for plot in plots} == {state.shown.step}
    qtbot.waitUntil(lambda: session.window.samples._loop.is_current)
    samples = session.window.samples
    predicted = int(state.shown.network.predict(samples.prediction.trace.inputs)[0])
    assert samples.bars.content.predicted == predicted
    # The result on the test images is that of the shown moment, too, once the handle rests.
    qtbot.waitUntil(lambda: state.evaluation.step == state.shown.step)
    expected = evaluate(state.shown.network, state.dataset.test_images, state.dataset.test_labels)
    np.testing.assert_array_equal(training.results.matrix.content.confusion.counts, expected.confusion)
    click(session.window.timeline.live)
    assert state.shown is state.live
    assert state.evaluation.step == state.run.step
    assert not training.curves.loss.content.markers

    timeline = session.window.timeline
    session.state.set_speed(4000)
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.TRAINING)
    qtbot.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 200))
    shown, step = state.shown, state.run.step
    assert 100 < shown.step < 300
    qtbot.waitUntil(lambda: state.run.step > step + 500)
    assert state.shown is shown
    assert not state.follows_live
    qtbot.keyClick(timeline.track, Qt.Key.Key_End)
    assert state.follows_live
    qtbot.waitUntil(lambda: state.shown.step > step + 500)
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.PAUSED)
    assert state.shown is state.live
    click(session.window.run_bar.reset)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY and state.shown.step == 0)
    assert state.follows_live


def test_an_unchanged_fork_is_the_same_run_again_and_as_long_and_its_reset_can_be_undone(qtbot, few):
    """Weights, order of images and the optimiser's memory: all are those of the chosen moment."""
    session, state, window = few, few.state, few.window
    apply(qtbot, session, optimizer="adam", learning_rate=1e-3, batch_size=5)
    experiment = state.experiment
    train_to(qtbot, session, 200)
    assert state.run.status is RunStatus.FINISHED
    click(window.run_bar.epoch)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.FINISHED and state.run.step == 400)
    qtbot.mouseClick(window.timeline.track, LEFT, pos=place_of(window.timeline.track, 250))
    first, tests, forked_at = state.history, list(state.history.tests), state.shown.step
    fork(qtbot, window)
    qtbot.waitUntil(lambda: state.history is not first and state.run.status is RunStatus.FINISHED)
    assert (state.run.step, state.run.total_steps) == (400, 400)
    # Ends of epochs are there whatever the spacing.
    assert {0, 200} <= set(state.history.snapshots.steps)
    assert state.experiment == experiment
    assert state.ghost is first
    assert state.history.forked_at == forked_at
    np.testing.assert_array_equal(state.history.losses, first.losses)
    assert state.history.tests == tests
    np.testing.assert_allclose(state.history.log, first.log, rtol=1e-12)

    session.controller.edit(replace(state.draft, filters=(3,)))
    settings, live, losses = (state.experiment, state.draft), state.live, state.history.losses.copy()
    click(window.run_bar.reset)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY and state.shown.step == 0)
    assert state.experiment.filters == (3,)
    assert "trained for 400 steps was replaced" in window.notices.text()
    settle(qtbot)
    click(window.notices.action_button())
    qtbot.waitUntil(lambda: state.run.status is RunStatus.FINISHED)
    assert (state.experiment, state.draft) == settings
    assert (state.run.step, state.run.total_steps) == (400, 400)
    np.testing.assert_array_equal(state.history.losses, losses)
    assert_same_arrays(weights(session), dict(live.network.params))
    type_step(qtbot, session, 77)
    assert_engine_has(state.shown, state.dataset, [(1e-3, 10**6)], settings[0])
    # It is gone for good when something else is trained.
    session.state.set_draft(session.state.experiment)
    click(window.run_bar.reset)
    qtbot.waitUntil(lambda: state.run.status is RunStatus.READY and "was replaced" in window.notices.text())
    click(window.run_bar.step)
    qtbot.waitUntil(lambda: state.run.step == 1)
    assert "was replaced" not in window.notices.text()


def test_two_moments_are_compared_and_another_architecture_ends_what_makes_no_sense(qtbot, session):
    state, window = session.state, session.window
    timeline, compare = window.timeline, window.compare
    train_to(qtbot, session, 1000)
    scrub(qtbot, timeline.track, state.run.step, 400)
    then = state.shown
    click(timeline.compare)
    qtbot.waitUntil(compare.isVisible)
    assert state.reference.snapshot is state.history.snapshots[0]
    click(compare.page.view("mark"))
    for show_another in (lambda: click(timeline.live), lambda: scrub(qtbot, timeline.track, 1000, 700)):
        show_another()
        for which, snapshot in (("then", then), ("now", state.shown)):
            weight = snapshot.network.params["conv1.weight"][:, 0]
            np.testing.assert_array_equal(tiles(compare, which).maps, weight)
    assert timeline.track.content.track.reference == then.step

    choose_by_keys(compare.page.view("layer"), "dense1")
    weight = state.shown.network.params["dense1.weight"][0].reshape(8, 13, 13)
    np.testing.assert_array_equal(tiles(compare, "now").maps, weight)

    choose_by_keys(compare.page.view("layer"), "conv1")
    click(compare.page.view("go"))
    assert state.shown is then
    click(timeline.live)
    click(compare.page.view("mark"))
    assert state.reference.snapshot is state.live
    assert compare.page.page.leaves()["same"].content.words.startswith("No change: A is the moment")
    click(compare.page.view("close"))
    assert not compare.isVisible()
    assert not timeline.compare.isChecked()
    assert timeline.track.content.track.reference is None, "the mark A belongs to the comparison"

    scrub(qtbot, timeline.track, 700, 0)
    state.reference = None  # as if nothing had been compared
    click(timeline.compare)
    qtbot.waitUntil(compare.isVisible)
    assert state.reference.snapshot is state.live, "the beginning is compared with the end"
    click(compare.page.view("mark"))  # the beginning
    click(timeline.live)
    apply(qtbot, session, seed=0)
    apply(qtbot, session, filters=(4,), kernel_size=5)
    qtbot.waitUntil(lambda: state.reference.snapshot.network.params["conv1.weight"].shape == (4, 1, 5, 5))
    assert tiles(window.compare, "then").maps.shape == (4, 5, 5)
    apply(qtbot, session, seed=7)
    assert window.compare.page.page.leaves()["then"].caption == "step 0 of an earlier run"
    assert np.any(tiles(window.compare, "difference").maps), "two seeds begin with different weights"
    assert window.timeline.track.content.track.reference is None


def tiles(compare, which):
    return compare.page.page.leaves()[which].content.tiles


def assert_engine_has(snapshot, dataset, stretches, experiment):
    """Train with the engine alone, with a rate for each stretch of steps, and compare every bit."""
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    for rate, until in stretches:
        if trainer.step < min(until, snapshot.step):
            trainer.learning_rate = rate
            trainer.advance(min(until, snapshot.step) - trainer.step)
    assert trainer.step == snapshot.step
    assert_same_arrays(dict(trainer.network.params), dict(snapshot.network.params))


def test_any_step_is_shown_with_the_weights_it_had_and_a_fork_takes_the_rate_of_its_moment(qtbot, session):
    """Between kept moments, after a change of the rate while training, and after a fork."""
    state, track = session.state, session.window.timeline.track
    settings = {"classes": ("4", "9"), "optimizer": "adam", "dtype": "float32"}
    apply(qtbot, session, learning_rate=1e-3, **settings)
    experiment, rate = state.experiment, state.experiment.learning_rate
    train_to(qtbot, session, 700)
    changed_at = state.run.step
    session.controller.edit(replace(state.draft, learning_rate=2 * rate))
    train_to(qtbot, session, changed_at + 500)
    stretches = [(rate, changed_at), (2 * rate, 10**6)]
    kept = set(state.history.snapshots.steps)
    some = [step for step in (1, 500, changed_at - 1, changed_at + 1, changed_at + 300) if step not in kept]
    assert len(some) >= 4
    for step in some:
        type_step(qtbot, session, step)
        assert not state.follows_live
        assert_engine_has(state.shown, state.dataset, stretches, experiment)
    track.setFocus()
    type_step(qtbot, session, changed_at + 2)
    for key, step in ((Qt.Key.Key_Left, changed_at + 1), (Qt.Key.Key_Left, changed_at)):
        qtbot.keyClick(track, key)
        qtbot.waitUntil(lambda step=step: state.shown.step == step)
    assert_engine_has(state.shown, state.dataset, stretches, experiment)
    # A fork between two kept moments, and steps before and after it; the first run stays as a ghost.
    first = state.history
    type_step(qtbot, session, 333)
    session.controller.edit(replace(state.draft, learning_rate=1e-4))
    assert not state.follows_live, "changing the rate does not leave the moment"
    fork(qtbot, session.window, "0.004")
    qtbot.waitUntil(lambda: state.history.forked_at == 333 and state.run.step > 600)
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
    assert state.follows_live
    assert state.live.origin.experiment == replace(experiment, learning_rate=0.004)
    x, y = curve(session.window.panel(TrainingPanel).curves.loss, BEFORE)
    expected = first.loss_curve(first.log_every)
    np.testing.assert_array_equal(x, expected.steps)
    np.testing.assert_array_equal(y, expected.values)
    assert track.content.track.fork == 333
    assert not len(first.snapshots), "only the curves of the first run take memory"
    stretches = [(rate, 333), (0.004, 10**6)]
    for step in (332, 333, 334, 501):
        type_step(qtbot, session, step)
        assert_engine_has(state.shown, state.dataset, stretches, experiment)
    first, run_id = state.history, state.run.run_id
    type_step(qtbot, session, 200)
    assert (state.shown.origin.run_id, state.shown.origin.experiment.learning_rate) != (run_id, 0.004)
    fork(qtbot, session.window)
    qtbot.waitUntil(lambda: state.history is not first and state.run.step > 333)
    click(session.window.run_bar.train)
    qtbot.waitUntil(lambda: state.run.status is not RunStatus.TRAINING)
    assert state.experiment.learning_rate == rate
    assert state.live.origin.run_id == state.run.run_id > run_id
    assert_engine_has(state.live, state.dataset, [(rate, 10**6)], experiment)


def test_a_step_that_cannot_be_repeated_says_so_and_another_one_ends_the_repetition_for_the_one_before(
    qtbot, session, monkeypatch
):
    state = session.state
    train_to(qtbot, session, 400)
    shown, started, gate, ended = [], threading.Event(), threading.Event(), []
    repeat = Replay.run

    def run(replay, dataset, report):
        if replay.step == 101:
            started.set()
            gate.wait()
            try:
                report(0.5)
            except CancelledError:
                ended.append(replay.step)
                raise
        return repeat(replay, dataset, report)

    monkeypatch.setattr(Replay, "run", run)
    telling = state.momentChanged.connect(lambda: shown.append(state.shown.step))
    session.controller.show_moment(101)
    assert state.awaited_step == 101
    assert shown == [], "the window does not wait"
    assert started.wait(PATIENCE)
    session.controller.show_moment(202)
    gate.set()
    qtbot.waitUntil(lambda: state.shown.step == 202)
    assert (shown, ended, state.awaited_step) == ([202], [101], None)
    state.momentChanged.disconnect(telling)  # the window goes on to other tests
    # Live, or a run that begins, ends it as well.
    gate.clear()
    session.controller.show_moment(101)
    session.controller.show_moment(None)
    gate.set()
    qtbot.waitUntil(lambda: session.controller.is_idle)
    assert state.follows_live

    losses = state.history.losses.copy()
    losses[100] += 1e-12
    other = with_losses(state.history, losses)
    state.reset_history(other)
    session.controller.show_moment(102)
    qtbot.waitUntil(lambda: "Step 102 cannot be repeated exactly" in session.window.notices.text())
    assert state.shown.step == max(step for step in other.snapshots.steps if step <= 102)
