"""The loop that keeps a panel's picture that of the present scene; thumbnails under mouse, wheel and keys."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from cnnviz.experiment import LAB5
from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails
from cnnviz.snapshots import Origin, Snapshot
from tests.gui.driving import settle, show_window, turn_wheel
from tests.gui.feature_maps_panel import Later
from tests.small_data import few_digits
from ui.panels.scene import PictureLoop, scene_of
from ui.panels.thumbnails import ThumbnailView
from ui.state import AppState, Sample, Shift


class Desk:
    def __init__(self, qtbot):
        self.bot, self.state, self.analysis = qtbot, AppState(LAB5), Later()
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
    qtbot.waitUntil(lambda: desk.analysis.is_busy("test"))
    return desk


def test_the_first_picture_and_the_newest_of_many_are_drawn_and_the_same_scene_only_once(qtbot, desk):
    desk.analysis.finish("test")
    assert desk.drawn == [(10, 0, 3, 0)]
    for dx in range(1, 6):
        desk.state.set_shift(Shift(dx, 0))
    desk.analysis.finish("test")  # what was under way
    desk.analysis.finish("test")
    assert desk.drawn == [(10, 0, 3, 0), (10, 1, 3, 0), (10, 5, 3, 0)]
    assert desk.loop.is_current
    desk.state.sceneChanged.emit()
    desk.panel.hide()
    desk.panel.show()
    settle(qtbot, parts=[desk.panel])
    assert not desk.analysis.is_busy("test")
    assert len(desk.drawn) == 3


@pytest.mark.parametrize("change", ["sample", "choice", "run"])
def test_an_answer_about_something_else_is_dropped(desk, change):
    if change == "sample":
        desk.look_at(5)
    elif change == "choice":
        desk.choice = 7
        desk.loop.look()
    else:
        desk.go_to(10, run_id=2)
    desk.analysis.finish("test")  # about what was shown before
    assert desk.drawn == []
    desk.analysis.finish("test")
    assert desk.drawn == [(10, 0, 5 if change == "sample" else 3, 7 if change == "choice" else 0)]


def test_nothing_is_computed_out_of_sight_and_what_was_missed_is_made_up_for(qtbot, desk):
    desk.analysis.finish("test")
    desk.panel.hide()
    desk.go_to(20)
    desk.go_to(30)
    assert not desk.analysis.is_busy("test")
    desk.panel.show()
    qtbot.waitUntil(lambda: desk.analysis.is_busy("test"))
    desk.analysis.finish("test")
    assert desk.drawn[-1] == (30, 0, 3, 0)


def test_after_a_failure_the_next_scene_is_drawn_but_none_without_a_network_that_fits(desk):
    told = []
    desk.loop.failed.connect(told.append)
    _function, _on_done, on_failed, _on_progress = desk.analysis.tasks.pop("test")
    on_failed("No memory is left.")
    assert told == ["No memory is left."]
    desk.go_to(40)
    desk.analysis.finish("test")
    assert desk.drawn == [(40, 0, 3, 0)]
    odd = replace(desk.state.sample, pixels=desk.state.sample.pixels[:, :20, :20])
    desk.state.set_sample(odd)
    assert not desk.analysis.is_busy("test")
    assert len(desk.drawn) == 1


def test_a_view_waits_for_the_picture_it_is_about(qtbot, desk):
    chosen = []
    desk.loop.when_current({"page": "terms"}, chosen.append)
    desk.go_to(20)
    desk.analysis.finish("test")  # of step 10: not yet
    assert chosen == []
    assert desk.loop.waiting_view == {"page": "terms"}
    desk.analysis.finish("test")
    assert chosen == [desk.loop.picture]
    assert desk.loop.waiting_view is None

    desk.go_to(30)
    desk.loop.when_current({}, chosen.append)
    desk.state.update_run(run_id=desk.state.run.run_id + 1)
    assert len(chosen) == 1
    qtbot.waitUntil(lambda: desk.analysis.is_busy("test"))
    desk.analysis.finish("test")
    assert chosen[1:] == [desk.loop.picture], "what was chosen for an earlier session is not left either"


# -- thumbnails ----------------------------------------------------------------------------------------------


EVEN = np.arange(0, 10_000, 2)
IMAGES = Images(np.zeros((10_000, 1, 28, 28), np.uint8), EVEN, lambda place: f"#{EVEN[place]}", EVEN % 7 == 0)


@pytest.fixture
def view(qtbot):
    def answer(ask):
        widget.show_content(Thumbnails(IMAGES, ask.index))

    widget = ThumbnailView(THUMBNAILS, "Images", "", answer, focus=Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(widget)
    widget.resize(230, 500)
    widget.show_content(Thumbnails(IMAGES, 0))
    show_window(qtbot, widget)
    return widget


def test_click_and_keys_ask_for_an_image_which_is_scrolled_into_sight(qtbot, view):
    asked = []
    view.asked.connect(asked.append)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    assert asked == [ShowImage(8)]
    assert view.spoken_value() == "#8"
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Up):
        qtbot.keyClick(view, key)
    assert asked[1:] == [ShowImage(14), ShowImage(9998), ShowImage(9992)]
    assert view.bar.value() == view.bar.maximum() > 100_000
    assert view.drawing().part_at(20, 6 * 72 - 1).tip == "#9996"
    assert view.drawing().part_at(20, 490) is None, "below the last row that is whole"


def test_the_wheel_scrolls_and_what_is_chosen_elsewhere_is_found(qtbot, view):
    turn_wheel(view, -1)
    assert view.content.scroll == view.bar.value() > 60
    at = view.bar.value()
    view.show_content(replace(view.content, images=replace(IMAGES, wrong=EVEN > 0)))
    assert view.bar.value() == at, "other signs on the same images scroll nowhere"
    view.bar.setValue(at + 37)
    assert view.content.scroll == at, "no row is cut"
    view.show_content(replace(view.content, current=9_000))
    assert view.drawing().part_at(20, 6 * 72 - 1).tip == "#9000"
    view.show_content(replace(view.content, images=replace(IMAGES, indices=EVEN[:9], wrong=EVEN[:9] > 0)))
    assert (view.bar.maximum(), view.bar.isEnabled()) == (0, False)


def test_thumbnails_grow_in_presenter_mode(view, theme):
    before = view.drawing().parts[0].grid.side
    theme.set_scale(1.35)
    assert view.drawing().parts[0].grid.side > 1.2 * before
