"""Thumbnails under mouse, wheel and keys."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviz.graphics.thumbnails import THUMBNAILS, Images, ShowImage, Thumbnails
from tests.gui.driving import show_window
from tests.gui.view_rounds import turn_wheel
from ui.marks import view_of
from ui.panels.thumbnails import ThumbnailView

EVEN = np.arange(0, 10_000, 2)
IMAGES = Images(np.zeros((10_000, 1, 28, 28), np.uint8), EVEN, lambda place: f"#{EVEN[place]}", EVEN % 7 == 0)


@pytest.fixture
def view(qtbot):
    def answer(ask):
        widget.show_content(Thumbnails(IMAGES, ask.index))

    widget = view_of(THUMBNAILS, "Images", "", answer, focus=Qt.FocusPolicy.StrongFocus, kind=ThumbnailView)
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
    part = view.drawing().part_at(20, 490)
    assert part is not None
    assert part.tip == "#9996"


def test_the_wheel_scrolls_and_what_is_chosen_elsewhere_is_found(qtbot, view):
    turn_wheel(view, -1)
    assert view.content.scroll == view.bar.value() > 60
    at = view.bar.value()
    view.show_content(replace(view.content, images=replace(IMAGES, wrong=EVEN > 0)))
    assert view.bar.value() == at, "other signs on the same images scroll nowhere"
    view.show_content(replace(view.content, current=9_000))
    assert view.drawing().part_at(20, 490).tip == "#9000"
    view.show_content(replace(view.content, images=replace(IMAGES, indices=EVEN[:9], wrong=EVEN[:9] > 0)))
    assert (view.bar.maximum(), view.bar.isEnabled()) == (0, False)


def test_thumbnails_grow_in_presenter_mode(view, theme):
    before = view.drawing().parts[0].grid.side
    theme.set_presenter(True)
    assert view.drawing().parts[0].grid.side > 1.2 * before
