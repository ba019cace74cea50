import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from ui.controls.scale_key import ColorBar
from ui.theme import ThemeManager
from ui.tiles.map_grid import HeatMapGrid

ENDS = ((0x21, 0x66, 0xAC), (0xF7, 0xF7, 0xF7), (0xB2, 0x18, 0x2B))


@pytest.fixture
def grid(qtbot: QtBot) -> HeatMapGrid:
    widget = HeatMapGrid()
    qtbot.addWidget(widget)
    widget.set_maps(np.arange(8 * 9).reshape(8, 3, 3) - 36.0)
    widget.resize(560, 70)
    show_window(qtbot, widget)
    return widget


def center(grid: HeatMapGrid, index: int) -> QPoint:
    return grid.tile_rect(index).center().toPoint()


def test_all_maps_share_one_scale(grid: HeatMapGrid) -> None:
    assert grid.levels == (-36, 36)
    values = np.zeros((2, 1, 1))
    values[0], values[1] = 0.5, 1
    grid.set_maps(values)
    image = grid.grab().toImage()
    half, full = (QColor(image.pixelColor(center(grid, index))) for index in range(2))
    assert full.name() == "#b2182b"
    assert half != full


def test_limits_can_be_fixed(grid: HeatMapGrid) -> None:
    grid.set_maps(np.zeros((2, 2, 2)), "sequential", (0, 4))
    assert grid.levels == (0, 4)


def test_maps_fill_the_width_without_overlap_or_cut(grid: HeatMapGrid) -> None:
    for width, height in ((560, 70), (300, 170), (130, 300), (900, 200)):
        grid.resize(width, height)
        tiles = [grid.tile_rect(index) for index in range(8)]
        assert all(grid.rect().toRectF().contains(tile) for tile in tiles)
        assert not any(a.intersects(b) for i, a in enumerate(tiles) for b in tiles[:i])
        assert len({tile.width() for tile in tiles}) == 1


def test_a_layout_gives_the_height_that_the_width_asks_for(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    grid = HeatMapGrid()
    grid.set_maps(np.zeros((8, 3, 3)))
    grid.set_tile_size(64, 64)
    layout.addWidget(grid)
    layout.addStretch(1)
    window.resize(600, 600)
    show_window(qtbot, window)
    one_row = grid.height()
    window.resize(330, 600)
    qtbot.waitUntil(lambda: grid.width() < 330)
    qtbot.waitUntil(lambda: grid.height() > 1.5 * one_row)
    assert grid.tile_rect(7).bottom() <= grid.height()


def test_clicking_a_map_chooses_it(qtbot: QtBot, grid: HeatMapGrid) -> None:
    with qtbot.waitSignal(grid.mapSelected) as selected:
        qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=center(grid, 5))
    assert selected.args == [5]
    assert grid.current() == 5


def test_arrow_keys_choose_a_neighbour_and_stop_at_the_ends(qtbot: QtBot, grid: HeatMapGrid) -> None:
    grid.resize(300, 170)
    chosen: list[int] = []
    grid.mapSelected.connect(chosen.append)
    grid.setFocus()
    keys = (
        Qt.Key.Key_Right,
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Down,
        Qt.Key.Key_Down,
        Qt.Key.Key_End,
    )
    for key in (*keys, Qt.Key.Key_Home):
        qtbot.keyClick(grid, key)
    assert chosen == [0, 1, 5, 7, 0]


def test_hovering_tells_each_map_once(qtbot: QtBot, grid: HeatMapGrid) -> None:
    seen: list[int] = []
    grid.mapHovered.connect(seen.append)
    for index in (2, 2, 3):
        qtbot.mouseMove(grid, center(grid, index) + QPoint(len(seen), 0))
    qtbot.mouseMove(grid, QPoint(1, 1))
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == [2, 3, -1]


def test_setters_are_silent(qtbot: QtBot, grid: HeatMapGrid) -> None:
    with qtbot.assertNotEmitted(grid.mapSelected):
        grid.set_current(3)
        grid.set_maps(np.zeros((2, 4, 4)))
        grid.set_captions(["a", "b"])
    assert grid.current() is None  # map 3 is gone


def test_the_chosen_map_is_framed(grid: HeatMapGrid) -> None:
    before = grid.grab().toImage()
    grid.set_current(2)
    after = grid.grab().toImage()
    assert before != after
    assert after.pixelColor(center(grid, 2)) == before.pixelColor(center(grid, 2))


def test_a_picture_only_grid_takes_no_input(qtbot: QtBot, grid: HeatMapGrid) -> None:
    grid.set_selectable(False)
    with qtbot.assertNotEmitted(grid.mapSelected):
        qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=center(grid, 1))
        qtbot.keyClick(grid, Qt.Key.Key_Right)


def test_other_shapes_are_refused(grid: HeatMapGrid) -> None:
    with pytest.raises(ValueError, match=r"\(m, h, w\)"):
        grid.set_maps(np.zeros((3, 3)))
    assert grid.count == 8


def test_without_maps_the_placeholder_is_shown(grid: HeatMapGrid) -> None:
    grid.set_maps(None)
    empty = grid.grab().toImage()
    grid.set_placeholder("Press Train to see filters")
    assert grid.grab().toImage() != empty


@pytest.fixture
def bar(qtbot: QtBot) -> ColorBar:
    widget = ColorBar()
    qtbot.addWidget(widget)
    widget.resize(260, 18)
    return widget


@pytest.mark.parametrize(
    ("colormap", "lo", "hi", "texts"),
    [
        ("signed", -0.9, 0.9, ("−0.9", "+0.9")),
        ("sequential", 0.0, 1.44, ("0", "1.4")),
        ("grey", 0, 255, ("0", "255")),
        ("signed", -2.5e-7, 2.5e-7, ("−2.5e−7", "+2.5e−7")),
    ],
)
def test_a_colour_bar_has_numbers_at_its_ends(
    bar: ColorBar, colormap: str, lo: float, hi: float, texts: tuple[str, str]
) -> None:
    bar.set_scale(colormap, lo, hi)
    assert bar.texts() == texts
    assert all(text in bar.accessibleName() for text in texts)


def test_a_colour_bar_runs_from_the_first_colour_to_the_last(bar: ColorBar, theme: ThemeManager) -> None:
    theme.set_mode("dark")  # a ground that is not white
    bar.set_scale("signed", -1, 1)
    image = bar.grab().toImage()
    row = [image.pixelColor(x, 5).getRgb()[:3] for x in range(image.width())]
    # The very ends are under the border.
    ends = [[x for x, color in enumerate(row) if np.abs(np.subtract(color, end)).max() < 8] for end in ENDS]
    blue, white, red = ends
    assert max(blue) < min(white)
    assert max(white) < min(red)
    assert np.mean(white) == pytest.approx((min(blue) + max(red)) / 2, abs=3)


def test_no_number_of_a_colour_bar_is_cut(qtbot: QtBot, theme: ThemeManager) -> None:
    theme.set_presenter(True)
    bar = ColorBar()
    qtbot.addWidget(bar)
    bar.set_scale("signed", -12345, 12345)
    bar.resize(bar.minimumSizeHint())
    metrics = bar.fontMetrics()
    widest = max(metrics.horizontalAdvance(text) for text in bar.texts())
    assert bar.width() >= 2 * widest + 20
    assert bar.height() >= metrics.height()


def test_limits_that_do_not_rise_are_refused(bar: ColorBar) -> None:
    with pytest.raises(ValueError, match="must be finite and rise"):
        bar.set_scale("signed", 1, 1)
