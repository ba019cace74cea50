"""The window round a run: its mistakes, files, look and layout."""

import numpy as np
from PySide6.QtCore import Qt

from cnnviz.covers import Secret
from cnnviz.drawing import LIGHT, Box, Text
from cnnviz.drawing.page import page_drawn
from cnnviz.presets import LAB5, LENET
from cnnviz.snapshots import Snapshot
from tests.gui.driving import choose_by_keys, settle
from tests.gui.training_driving import (
    train_some,
)
from tests.gui.whole_window import seen_rect
from ui.controls.labels import SectionTitle
from ui.panels.training import TrainingPanel
from ui.panels.training.filters import Filters, View, filters_page
from ui.state import RunStatus


def test_mistakes_that_are_covered_or_not_known_yet_are_not_counted(qtbot, session):
    samples, state = session.window.samples, session.state
    title = next(each for each in samples.findChildren(SectionTitle) if each.text() == "Samples")
    choose_by_keys(samples.filter, "misclassified")
    assert "MNIST" in title.caption()
    assert "0 test images" not in title.caption(), "nothing was tested yet"
    train_some(qtbot, session, 300)
    assert "test images" in title.caption()
    state.set_covered({Secret.TEST: "Covered."})
    assert "test images" not in title.caption()
    state.set_covered({})
    assert "test images" in title.caption()


def test_misclassified_filter_shows_exactly_the_mistakes(qtbot, session):
    train_some(qtbot, session, 400)
    samples = session.window.samples
    choose_by_keys(samples.filter, "misclassified")
    assert samples.filter.choice() == "misclassified"
    mistakes = np.sort(session.state.evaluation.evaluation.mistakes)
    np.testing.assert_array_equal(samples.grid.content.images.indices, mistakes)


def test_settings_that_grow_later_than_the_panel_are_not_cut_off(qtbot, session):
    """A style sheet is applied when Qt finds time: the window has its size by then, and keeps it."""
    session.window.resize(1440, 900)
    settle(qtbot)
    field = session.window.panel(TrainingPanel).form.field("classes")
    wide = field.width() + 100
    field.setMinimumWidth(wide)
    qtbot.waitUntil(lambda: field.width() >= wide and seen_rect(field).width() == field.width())


def test_filters_of_before_and_their_difference(qtbot, session):
    session.controller.train_to(40, 1)
    qtbot.waitUntil(lambda: session.state.run.step == 40 and session.state.run.status is RunStatus.PAUSED)
    session.window.panels.show_panel(0)
    filters = session.window.panel(TrainingPanel).filters
    state = session.state
    qtbot.waitUntil(lambda: state.shown is state.live and state.shown.step == 40)
    before = state.experiment.build_network(state.dataset.input_shape).params["conv1.weight"][:, 0]
    now = state.shown.network.params["conv1.weight"][:, 0]
    for moment, expected in (("before", before), ("difference", now - before), ("now", now)):
        qtbot.mouseClick(filters.view("moment").button(moment), Qt.MouseButton.LeftButton)
        np.testing.assert_array_equal(filters.view("filters").content.content.tiles.maps, expected)
        told = filters.drawn()
        assert (told is not None and told.step == 0) == (moment == "before"), "figures say what they show"


def test_filters_stand_in_one_row_with_their_numbers_in_the_narrowest_window_too():
    for preset in (LAB5, LENET):
        page = filters_page(Filters(Snapshot(0, preset.build_network()), None, View()))
        drawing = page_drawn(page, Box(0, 0, 250, 170), LIGHT)
        numbers = [
            mark for mark in drawing.all_marks() if isinstance(mark, Text) and mark.words in "01234567"
        ]
        assert [mark.words for mark in numbers if mark.y == numbers[0].y] == list("01234567")
