"""The loop that keeps a panel's picture that of the present scene, on a panel of its own."""

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from cnnviz.presets import LAB5
from cnnviz.snapshots import Origin, Snapshot
from tests.gui.driving import settle, show_window
from tests.gui.few_digits import few_digits
from ui.panels.picture_loop import PictureLoop
from ui.panels.scene import scene_of
from ui.state import AppState, Sample, Shift


class Waiting:
    """Computes what is asked for when the test says so, as a busy thread would."""

    def __init__(self):
        self.asked: Any = None

    def submit(self, kind, function, on_done, on_failed=None, on_progress=None):
        self.asked = (function, on_done, on_failed)

    def cancel(self, kind):
        self.asked = None

    def is_busy(self, kind):
        return self.asked is not None

    def answer(self):
        (function, on_done, _), self.asked = self.asked, None
        on_done(function(None))

    def fail(self, message):
        (_, _, on_failed), self.asked = self.asked, None
        on_failed(message)


class Desk:
    def __init__(self, qtbot):
        self.bot, self.state, self.analysis = qtbot, AppState(LAB5), Waiting()
        self.panel, self.drawn, self.choice = QWidget(), [], 0
        qtbot.addWidget(self.panel)
        self.loop = PictureLoop(
            self.panel,
            self.state,
            self.analysis,
            "test",
            lambda: scene_of(self.state, self.choice),
            lambda scene, _context: (scene.snapshot.step, scene.shift.dx, scene.sample.index, scene.choices),
            self.drawn.append,
        )
        self.network = LAB5.build_network()
        self.state.set_dataset(few_digits())

    def go_to(self, step, run_id=1):
        self.state.set_live(Snapshot(step, self.network, origin=Origin(run_id, LAB5, "MNIST")))

    def look_at(self, index):
        data = few_digits()
        self.state.set_sample(Sample(data.test_images[index], int(data.test_labels[index]), index))


@pytest.fixture
def desk(qtbot):
    desk = Desk(qtbot)
    desk.go_to(10)
    desk.look_at(3)
    show_window(qtbot, desk.panel)
    qtbot.waitUntil(lambda: desk.analysis.asked is not None)
    return desk


def test_the_first_picture_and_the_newest_of_many_are_drawn(desk):
    desk.analysis.answer()
    assert desk.drawn == [(10, 0, 3, 0)]
    for dx in range(1, 6):
        desk.state.set_shift(Shift(dx, 0))
    desk.analysis.answer()  # what was under way
    desk.analysis.answer()
    assert desk.drawn == [(10, 0, 3, 0), (10, 1, 3, 0), (10, 5, 3, 0)]
    assert desk.loop.is_current
    assert desk.analysis.asked is None


@pytest.mark.parametrize("change", ["sample", "choice", "run"])
def test_an_answer_about_something_else_is_dropped(desk, change):
    if change == "sample":
        desk.look_at(5)
    elif change == "choice":
        desk.choice = 7
        desk.loop.look()
    else:
        desk.go_to(10, run_id=2)
    desk.analysis.answer()  # about what was shown before
    assert desk.drawn == []
    desk.analysis.answer()
    assert desk.drawn == [(10, 0, 5 if change == "sample" else 3, 7 if change == "choice" else 0)]


def test_nothing_is_computed_out_of_sight_and_what_was_missed_is_made_up_for(qtbot, desk):
    desk.analysis.answer()
    desk.panel.hide()
    desk.go_to(20)
    desk.go_to(30)
    assert desk.analysis.asked is None
    desk.panel.show()
    qtbot.waitUntil(lambda: desk.analysis.asked is not None)
    desk.analysis.answer()
    assert desk.drawn[-1] == (30, 0, 3, 0)


def test_the_same_scene_is_not_drawn_again(qtbot, desk):
    desk.analysis.answer()
    desk.state.sceneChanged.emit()
    desk.panel.hide()
    desk.panel.show()
    settle(qtbot, parts=[desk.panel])
    assert desk.analysis.asked is None
    assert len(desk.drawn) == 1


def test_after_a_failure_the_next_scene_is_drawn(desk):
    told = []
    desk.loop.failed.connect(told.append)
    desk.analysis.fail("No memory is left.")
    assert told == ["No memory is left."]
    desk.go_to(40)
    desk.analysis.answer()
    assert desk.drawn == [(40, 0, 3, 0)]


def test_a_view_waits_for_the_picture_it_is_about(desk):
    chosen = []
    desk.loop.when_current({"page": "terms"}, lambda choices, _: chosen.append(choices.any_text("page")))
    desk.go_to(20)
    desk.analysis.answer()  # of step 10: not yet
    assert chosen == []
    assert desk.loop.waiting_view == {"page": "terms"}
    desk.analysis.answer()
    assert chosen == ["terms"]
    assert desk.loop.waiting_view is None


def test_no_picture_without_a_network_that_fits(desk):
    desk.analysis.answer()
    odd = replace(desk.state.sample, pixels=desk.state.sample.pixels[:, :20, :20])
    desk.state.set_sample(odd)
    assert desk.analysis.asked is None
    assert len(desk.drawn) == 1
