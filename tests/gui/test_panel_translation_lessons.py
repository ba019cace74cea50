"""The lessons of the translation panel."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.driving import choose_by_keys
from tests.gui.translation_desk import Desk, click, shift_center
from ui.state import Shift


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    made.load()
    yield made
    made.close()


def choose(desk: Desk, name: str) -> str:
    """Pick a lesson with the keyboard and return what it says when it has measured."""
    choose_by_keys(desk.controls["lesson"], name)
    desk.settle()
    return desk.panel.lesson.text()


def test_three_of_eight_neighbours_hide_the_bright_cell_also_by_hand(desk: Desk) -> None:
    assert "3 of the 8" in choose(desk, "bright-cell")
    hidden = 0
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            if (dx, dy) == (0, 0):
                continue
            sweep = desk.panel.sweep.map
            click(sweep, shift_center(sweep, dx, dy).toPoint())
            desk.settle()
            pair = desk.maps
            hidden += np.array_equal(pair.original, pair.shifted)
    assert hidden == 3


def test_a_made_up_image_cannot_be_moved_out_of_its_small_frame(desk: Desk) -> None:
    choose(desk, "bright-cell")
    for _ in range(3):
        desk.press(Qt.Key.Key_Right, shift=True)
    assert desk.state.shift == Shift(5, 1)


@pytest.mark.parametrize(("name", "dx", "along"), [("digit-1px", 1, False), ("digit-2px", 2, True)])
def test_the_digit_is_moved_and_measured(desk: Desk, name: str, dx: int, along: bool) -> None:
    said = choose(desk, name)
    assert desk.state.shift == Shift(dx, 0)
    assert desk.panel.view.moved_along is along
    values = desk.values("max")
    assert f"max pool {values[0]:.2f}" in said
    assert ("exactly 0" in said) is (dx == 2)
    assert (values[1] == 0) is (dx == 2)


def test_a_lesson_on_the_digit_follows_the_digit(desk: Desk) -> None:
    first = choose(desk, "digit-1px")
    desk.show_sample(20)
    assert desk.panel.view.lesson == "digit-1px"
    assert desk.panel.lesson.text() != first


def test_choosing_a_sample_ends_a_lesson_on_a_made_up_image(desk: Desk) -> None:
    choose(desk, "dots")
    desk.show_sample(7)
    assert desk.panel.view.lesson == "free"
    assert not desk.panel.lesson.isVisible()
    pair = desk.canvas.content.shown.pair
    assert pair.shape == (1, 28, 28)


def test_leaving_a_made_up_image_puts_the_digit_in_its_place(desk: Desk) -> None:
    choose(desk, "row")
    choose(desk, "free")
    assert desk.state.shift == Shift()
    assert desk.values("max") == (0.0, 0.0)
    assert desk.panel.view.pool_size == 2


def test_windows_that_do_not_fit_are_not_offered(desk: Desk) -> None:
    choose(desk, "row")
    sizes = desk.controls["pool_size"]
    assert sizes.button("2").isEnabled()
    assert not sizes.button("3").isEnabled()
    assert not desk.controls["many"].button("True").isEnabled()


def test_the_kernel_of_the_dots_is_shown_and_named(desk: Desk) -> None:
    choose(desk, "dots")
    kernel, network = desk.panel.lesson.kernel, desk.panel.picture.subject.network
    assert kernel.isVisible()
    assert desk.panel.lesson.title.text().startswith("The lesson's own kernel, 3 × 3")
    np.testing.assert_array_equal(kernel.content.map.values, network.params["conv1.weight"][0, 0])
    assert len(kernel.drawing().texts()) == 9
    choose(desk, "row")
    assert not kernel.isVisible()
    choose(desk, "free")
    assert not desk.panel.lesson.isVisible()
