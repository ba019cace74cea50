"""The timeline bar, and the page that compares two moments: nothing is trained for it."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from cnnviz.drawing import LIGHT, Box, to_svg
from cnnviz.drawing.page import CARD, Card, page_drawn
from cnnviz.experiment import LAB5, LENET
from cnnviz.history import EvaluationPoint, History
from cnnviz.snapshots import Origin, Snapshot
from tests.gui.driving import settle, show_window, type_into
from tests.gui.page_rules import assert_has_room
from tests.gui.training_driving import place_of
from tests.oracles import read_number
from tests.records import progress
from ui.panels.compare.panel import Compared, ShowWeights, page_of
from ui.panels.timeline.bar import TimelineBar
from ui.state import AppState, RunStatus

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier

NETWORK = LAB5.build_network()
EPOCH = 500


def network_at(step):
    """Return a network whose weights tell the step: all of them are step / 1000."""
    return NETWORK.with_params(
        {name: np.full_like(array, step / 1000) for name, array in NETWORK.params.items()}
    )


def extend(history, to_step, every=20):
    """Record steps with falling loss, and a snapshot every so many steps."""
    first = history.step + 1
    steps = np.arange(first, to_step + 1)
    history.append(progress(first, 2.0 / (1 + steps / 100), steps % 10 > 0))
    for step in range(first - 1, to_step + 1):
        if step % every == 0 and (not len(history.snapshots) or step > history.snapshots.steps[-1]):
            history.snapshots.add(Snapshot(step, network_at(step)), keep=step % EPOCH == 0)


def recorded(steps=1000, every=20, budget=256 << 20):
    history = History(log_every=100, snapshot_bytes=budget)
    history.snapshots.add(Snapshot(0, network_at(0)), keep=True)
    extend(history, steps, every)
    history.add_test(EvaluationPoint(500, 0.4, 0.9))
    return history


def state_of(history, status=RunStatus.PAUSED, total=1500):
    """Return the state of the application when such a run is shown live."""
    state = AppState(LAB5)
    state.update_run(status=status, run_id=1, step=history.step, total_steps=total, steps_per_epoch=EPOCH)
    state.reset_history(history)
    state.set_live(history.snapshots[len(history.snapshots) - 1])
    return state


def answer(state):
    """Return what does as the controller does when a moment is asked for."""

    def show_moment(step):
        kept = state.live if step is None else state.history.snapshots.find(step)
        state.show_moment(kept or Snapshot(step, network_at(step)), follows_live=step is None)

    return show_moment


class Opened:
    """A bar in its window, with a state that answers."""

    def __init__(self, qtbot, history, **run):
        self.qtbot = qtbot
        self.history = history
        self.state = state_of(history, **run)
        self.requests, self.forks, self.answer = [], [], answer(self.state)
        self.bar = TimelineBar(self.state, SimpleNamespace(show_moment=self._show, fork=self.forks.append))
        qtbot.addWidget(self.bar)
        self.bar.resize(1400, self.bar.sizeHint().height())
        show_window(qtbot, self.bar)

    def _show(self, step):
        self.requests.append(step)
        self.answer(step)

    @property
    def track(self):
        return self.bar.track

    @property
    def shown(self):
        return self.state.shown.step

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.keyClick(self.track, key, modifier)

    def click(self, widget):
        assert widget.isEnabled()
        self.qtbot.mouseClick(widget, LEFT)

    def click_at(self, step):
        self.qtbot.mouseClick(self.track, LEFT, pos=place_of(self.track, step))


@pytest.fixture
def opened(qtbot):
    return Opened(qtbot, recorded())


def test_the_nearest_snapshot_is_shown_and_its_words_say_what_was_measured_there(opened):
    for clicked, shown in ((507, 500), (513, 520), (1300, None), (300, 300), (1000, None), (600, 600)):
        opened.click_at(clicked)
        assert opened.requests[-1] == shown, "live at the end, and beyond what was trained"
    loss = opened.history.losses[500:600].mean()
    moment = opened.bar.moment
    assert (moment.field.value(), moment.measured.text()) == (600, f"loss {loss:.3f} · 90 %")
    opened.key(Qt.Key.Key_Home)
    assert (moment.field.value(), moment.measured.text()) == (0, "initial weights")


def test_arrow_keys_go_step_by_step_and_with_shift_through_the_snapshots(opened):
    none = Qt.KeyboardModifier.NoModifier
    for key, modifier, shown in (
        (Qt.Key.Key_Left, none, 999),
        (Qt.Key.Key_Down, none, 998),
        (Qt.Key.Key_Right, none, 999),
        (Qt.Key.Key_Left, SHIFT, 980),
        (Qt.Key.Key_Left, SHIFT, 960),
        (Qt.Key.Key_PageDown, none, 760),
        (Qt.Key.Key_Right, SHIFT, 780),
        (Qt.Key.Key_Home, none, 0),
        (Qt.Key.Key_Left, none, 0),
        (Qt.Key.Key_Left, SHIFT, 0),
        (Qt.Key.Key_Up, none, 1),
        (Qt.Key.Key_Home, none, 0),
        (Qt.Key.Key_PageUp, none, 200),
        (Qt.Key.Key_End, none, 1000),
    ):
        opened.key(key, modifier)
        assert opened.shown == shown
    assert opened.state.follows_live
    count = len(opened.requests)
    opened.key(Qt.Key.Key_Right)
    opened.key(Qt.Key.Key_End)
    assert len(opened.requests) == count, "live is the end"
    for modifier in (none, SHIFT):
        for _ in range(2):
            opened.key(Qt.Key.Key_Left, modifier)
        opened.key(Qt.Key.Key_Right, modifier)
        opened.key(Qt.Key.Key_Right, modifier)
        assert opened.state.follows_live, "the step after the last but one is live"
    # A key that is held down asks for the next step before the one before could be repeated.
    opened.click_at(600)
    opened.requests.clear()
    opened.answer = lambda step: setattr(opened.state, "awaited_step", step)
    for _ in range(3):
        opened.key(Qt.Key.Key_Left)
    opened.key(Qt.Key.Key_Left, SHIFT)
    opened.key(Qt.Key.Key_End)
    assert opened.requests == [599, 598, 597, 580, None]


def test_a_step_that_is_typed_is_shown_and_stays_while_training_goes_on(opened, qtbot):
    field = opened.bar.moment.field
    type_into(field, "507")
    assert opened.shown == 507
    assert field.value() == 507
    type_into(field, "1")
    assert opened.shown == 1
    told = []
    opened.state.noticeRaised.connect(lambda notice: told.append(notice.text))
    type_into(field, "5000")
    assert opened.state.follows_live
    assert field.value() == 1000
    assert "The step must be a whole number from 0 to 1,000. 5000 was changed to 1000." in told

    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "70")
    extend(opened.history, 1200)
    opened.state.set_live(opened.history.snapshots.at(1200))
    opened.state.stepsAdded.emit([])
    opened.state.update_run(step=1200)
    qtbot.keyClicks(field, "3")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert opened.shown == 703
    opened.key(Qt.Key.Key_End)
    assert field.value() == 1200


def test_buttons_do_what_they_say_and_are_off_where_they_make_no_sense(opened):
    transport = opened.bar.transport
    assert not transport.forward.isEnabled()
    for button, shown in ((transport.back, 999), (transport.first, 0), (transport.forward, 1)):
        opened.click(button)
        assert opened.shown == shown
        assert (transport.back.isEnabled(), transport.first.isEnabled()) == (shown > 0, shown > 0)
    opened.click(opened.bar.live)
    assert opened.state.follows_live
    opened.click(opened.bar.live)
    assert opened.bar.live.isChecked(), "live stays live"


def test_a_new_run_is_followed_from_its_beginning(opened):
    opened.click_at(400)
    opened.state.update_run(status=RunStatus.LOADING, run_id=2, step=0)
    opened.state.reset_history(History(100))
    assert opened.state.follows_live
    assert opened.bar.live.isChecked()
    assert not opened.bar.transport.play.isEnabled()
    assert not len(opened.track.content.track.curve[0])
    opened.click_at(400)
    opened.key(Qt.Key.Key_Home)
    opened.key(Qt.Key.Key_Left)
    assert opened.state.follows_live, "there is no moment to go to yet"


def test_a_film_stops_for_the_user_shows_every_moment_and_ends_live(opened, qtbot):
    opened.click(opened.bar.transport.play)
    assert opened.shown == 0
    qtbot.waitUntil(lambda: opened.shown >= 40)
    opened.click(opened.bar.transport.play)
    stopped_at = opened.shown
    settle(qtbot)  # no timer runs any more
    assert opened.shown == stopped_at
    opened.click(opened.bar.transport.play)
    opened.click_at(900)
    assert not opened.bar.film.isActive()
    assert opened.shown == 900

    opened.click_at(600)
    seen = []
    opened.state.snapshotChanged.connect(lambda: seen.append(opened.shown))
    opened.click(opened.bar.transport.play)
    assert opened.bar.film.isActive()
    assert opened.bar.transport.play.accessibleName() == "Pause the film"
    qtbot.waitUntil(lambda: not opened.bar.film.isActive())
    assert seen == list(range(620, 1001, 20))
    assert opened.state.follows_live
    assert opened.bar.transport.play.accessibleName() == "Play"


def test_shown_moment_that_is_thinned_out_stays_and_has_neighbours(qtbot):
    network_bytes = recorded(20).snapshots.nbytes // 2
    opened = Opened(qtbot, recorded(budget=60 * network_bytes), total=6000)
    opened.click_at(380)
    assert opened.shown == 380
    snapshot = opened.state.shown
    extend(opened.history, 5000)
    opened.state.set_live(opened.history.snapshots.at(5000))
    opened.state.update_run(step=5000)
    steps = opened.history.snapshots.steps
    assert 380 not in steps
    assert opened.state.shown is snapshot
    assert opened.track.content.position == 380
    opened.key(Qt.Key.Key_Left, SHIFT)
    assert opened.shown == max(step for step in steps if step < 380)
    opened.state.show_moment(snapshot, follows_live=False)
    opened.key(Qt.Key.Key_Right, SHIFT)
    assert opened.shown == min(step for step in steps if step > 380)


def test_hovering_tells_about_that_moment(opened, qtbot):
    track = opened.track
    qtbot.mouseMove(track, place_of(track, 704))
    loss = opened.history.losses[600:700].mean()
    assert opened.bar.reading.text().splitlines()[:4] == [
        "step 700 · epoch 2",
        f"loss, last 100 steps {loss:.3f}",
        "accuracy, last 100 steps 0.9",
        "test images, step 500 0.9",
    ]
    qtbot.mouseMove(track, place_of(track, 1400))
    assert "not trained yet" in opened.bar.reading.text()
    qtbot.mouseMove(track, place_of(track, 0))
    assert "initial weights" in opened.bar.reading.text()
    assert opened.shown == 1000, "hovering changes nothing"


def test_forking_is_offered_for_earlier_moments_only(opened, qtbot):
    fork, branch = opened.bar.fork, opened.bar.branch
    assert not fork.isEnabled()
    assert "first choose an earlier moment" in fork.toolTip()
    opened.click_at(400)
    opened.click(fork)
    assert branch.rate.hasFocus()
    qtbot.keyClick(branch.rate, Qt.Key.Key_Escape)
    assert not branch.isVisible()
    assert opened.forks == [], "nothing is trained before the rate is known"
    opened.click(fork)
    opened.click(branch.go)  # with the rate that is offered
    assert opened.forks == [LAB5.learning_rate]
    assert not branch.isVisible()
    for _ in range(2):
        opened.click(fork)
        for typed in ("5000", "5000"):
            type_into(branch.rate, typed)
            assert branch.isVisible(), "what was made of it is to be seen"
        qtbot.keyClick(branch.rate, Qt.Key.Key_Return)
        assert opened.forks[-1] == 1000
    opened.click(fork)
    opened.click(opened.bar.live)
    assert not fork.isEnabled()
    assert not branch.isVisible(), "there is nothing to branch from"


def test_the_rate_of_a_branch_is_that_of_the_moment_shown_until_one_is_typed(opened):
    rate = opened.bar.branch.rate
    opened.state.set_live(replace(opened.state.live, origin=Origin(1, LAB5, "few")))
    for step, used in ((300, 0.02), (100, 0.03), (200, 0.04)):
        moment = Snapshot(step, NETWORK, origin=Origin(1, replace(LAB5, learning_rate=used), "few"))
        opened.state.show_moment(moment, follows_live=False)
        if step == 300:
            opened.click(opened.bar.fork)
        assert rate.value() == (0.5 if step == 200 else used)
        if step == 100:
            type_into(rate, "0.5")


# -- two moments compared ------------------------------------------------------------------------------------


WIDE, NARROW = Box(0, 0, 1400, 220), Box(0, 0, 660, 150)


def compared(preset=LAB5, layer="conv1", **choices) -> Compared:
    then = Snapshot(0, preset.build_network())
    now = Snapshot(1500, replace(preset, seed=1).build_network())
    return Compared(then, now, layer, **choices)


def card(found: Compared, key: str) -> Card:
    leaf = page_of(found, True, "").leaves()[key]
    assert isinstance(leaf, Card)
    return leaf


@pytest.mark.parametrize(("preset", "layer"), [(LAB5, "conv1"), (LAB5, "dense1"), (LENET, "conv2")])
def test_everything_has_room_and_is_made_twice_alike(preset, layer):
    found = compared(preset, layer)
    for room in (WIDE, NARROW):
        page = page_of(found, room is WIDE, "")
        assert page == page_of(found, room is WIDE, "")
        for leaf, box in assert_has_room(page, room):
            wide, _ = leaf.least(LIGHT)
            assert wide <= box.width + 0.01 or leaf.key == "title", leaf.key
        drawing = page_drawn(page, room, LIGHT)
        assert "Moment A" in drawing.texts()
        assert to_svg(drawing).count("<text") == len(drawing.texts())


def test_one_scale_for_both_moments_and_one_of_its_own_for_the_difference():
    found = compared()
    then, now, difference = (card(found, key).content.tiles for key in ("then", "now", "difference"))
    np.testing.assert_array_equal(difference.maps, now.maps - then.maps)
    assert then.colors == now.colors
    assert difference.colors.hi == np.abs(difference.maps).max()


def test_the_change_is_from_the_earlier_moment_to_the_later():
    found = compared()
    back = Compared(found.now, found.then, "conv1")
    assert [*page_of(back, True, "").leaves()][-3:] == ["now", "then", "difference"], "the earlier one first"
    assert card(back, "difference").title == "Change until A"
    assert card(back, "difference").caption == card(found, "difference").caption.replace("A's", "its earlier")
    other = card(replace(back, is_ours=False), "difference")
    maps, same = (card(each, "difference").content.tiles.maps for each in (found, back))
    np.testing.assert_array_equal(same, maps)
    np.testing.assert_array_equal(other.content.tiles.maps, -maps)
    assert other.title == "Difference from A"


def test_the_page_names_moments_and_changes_lets_a_set_of_weights_be_chosen_and_can_be_covered():
    found = compared()
    assert card(found, "then").caption == "step 0"
    assert card(replace(found, is_ours=False), "then").caption == "step 0 of an earlier run"
    assert card(replace(found, is_live=True), "now").caption == "step 1,500, live"
    assert {line.split(":")[0] for line in card(found, "difference").tip.split("\n") if ": " in line} >= {
        "conv1.weight", "dense1.weight", "dense1.bias", "all parameters",
    }  # fmt: skip
    said = re.fullmatch(r"(\d+) % of A's size \((\S+)\)", card(found, "difference").caption)
    before, after = (snapshot.network.params["conv1.weight"] for snapshot in (found.then, found.now))
    norm = np.linalg.norm(after - before)
    assert read_number(said[2]) == pytest.approx(norm, rel=6e-3)
    assert said[1] == f"{100 * norm / np.linalg.norm(before):.0f}"
    (table,) = CARD.tables(card(found, "now"))
    assert table.header[:2] == ("map", "row")

    part = page_of(compared(LENET, "dense1"), True, "").leaves()["part"]
    assert (part.options[1], part.asked(1)) == ((1, "unit 1"), ShowWeights("dense1", 1))
    assert "part" not in page_of(compared(), True, "").leaves(), "of one input channel there is no choice"

    page = page_of(compared(), True, "Predict first.")
    assert {"then", "now", "difference"}.isdisjoint(page.leaves())
    assert page.leaves()["covered"].content.words == "Predict first."
