"""Widgets that show a pair of images, and the stages that lie between them."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPicture
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import show_window
from tests.gui.translation_desk import shift_center, value_at
from ui.cells.category_map import Category, CategoryMap
from ui.cells.category_table import CategoryRow, CategoryTable
from ui.cells.sweep_map import SweepMap
from ui.controls.flow_row import FlowRow
from ui.controls.labels import ElidedLabel
from ui.controls.statement_box import StatementBox
from ui.plots.plot import Plot
from ui.plots.plot_axes import spread_out
from ui.plots.plot_content import Line, PlotContent
from ui.rows.probability_pairs import ProbabilityPairs
from ui.theme import DARK, LIGHT, Theme
from ui.tiles.pair_grid import PairGrid
from ui.tiles.pair_image import MapPair, overlay_image
from ui.tiles.shift_canvas import ShiftCanvas
from ui.tiles.stage_strip import StageStrip, StageTile

TILES = [
    StageTile(key, key.title(), ("#7A4FC9", "#B394F5"), f"about {key}") for key in ("pixels", "conv", "max")
]


def color(image: QImage, x: int, y: int = 0) -> QColor:
    return image.pixelColor(x, y)


def chroma(shade: QColor) -> int:
    parts = (shade.red(), shade.green(), shade.blue())
    return max(parts) - min(parts)


# -- colours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_what_both_images_have_is_neutral_and_what_one_has_is_coloured(qapp: object, theme: Theme) -> None:
    both = np.array([[0.0, 0.5, 1.0, 1.0, 0.0]])
    other = np.array([[0.0, 0.5, 1.0, 0.0, 1.0]])
    image = overlay_image(both, other, 1.0, theme)
    assert color(image, 0) == theme.color("surface")
    assert color(image, 2) == theme.color("text")
    assert color(image, 3) == theme.color("original")
    assert color(image, 4) == theme.color("shifted")
    # Half strength lies between ground and text and has no more hue than these.
    tint = max(chroma(theme.color("surface")), chroma(theme.color("text")))
    assert chroma(color(image, 1)) <= tint
    assert chroma(color(image, 3)) > 2 * tint


def test_negative_values_count_by_their_magnitude(qapp: object) -> None:
    image = overlay_image(np.array([[-1.0]]), np.array([[1.0]]), 1.0, LIGHT)
    assert color(image, 0) == LIGHT.color("text")


def test_both_maps_of_a_pair_share_their_scale(qapp: object) -> None:
    pair = MapPair(np.array([[[0.0, 2.0]]]), np.array([[[-4.0, 1.0]]]))
    assert pair.strength == 4
    assert (pair.scale.name, pair.scale.lo, pair.scale.hi) == ("signed", -4, 4)
    assert pair.difference.tolist() == [[[-4.0, -1.0]]]
    assert (pair.difference_scale.lo, pair.difference_scale.hi) == (-4, 4)
    assert MapPair(np.ones((1, 2, 2)), np.zeros((1, 2, 2))).scale.name == "sequential"
    with pytest.raises(ValueError, match="same shape"):
        MapPair(np.ones((1, 2, 2)), np.ones((1, 2, 3)))


# -- strip -------------------------------------------------------------------------------------------------


@pytest.fixture
def strip(qtbot: QtBot) -> StageStrip:
    widget = StageStrip()
    widget.set_tiles(TILES)
    widget.set_current("conv")
    widget.set_values({"pixels": (0.7, 0.0), "conv": (0.5, 0.1), "max": (float("nan"), 9.0)})
    widget.resize(600, 60)
    qtbot.addWidget(widget)
    show_window(qtbot, widget)
    return widget


def test_a_stage_is_chosen_by_mouse_and_by_arrow_key(qtbot: QtBot, strip: StageStrip) -> None:
    chosen: list[str] = []
    strip.stageSelected.connect(chosen.append)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.tile_rect("max").center().toPoint())
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)  # there is none further to the right
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert chosen == ["max", "conv"]
    assert "chosen: Conv" in strip.accessibleDescription()
    assert "Max: change –, residual 9.00" in strip.accessibleDescription()


def test_the_tool_tip_is_that_of_the_tile_under_the_pointer(qtbot: QtBot, strip: StageStrip) -> None:
    strip.set_about("stages")
    QTest.mouseMove(strip, strip.tile_rect("pixels").center().toPoint())
    qtbot.waitUntil(lambda: strip.spoken_value() == "Pixels: change 0.70, residual 0\nabout pixels")
    # Under a pointer that rests, after the arrow keys have moved the image:
    strip.set_values({"pixels": (0.9, 0.0)})
    assert strip.spoken_value() == "Pixels: change 0.90, residual 0\nabout pixels"


def test_a_screen_reader_is_told_of_the_numbers_that_are_shown(strip: StageStrip) -> None:
    assert "Conv: change 0.50, residual 0.10" in strip.accessibleDescription()
    strip.set_values({"pixels": (0.3, 0.0), "conv": (0.25, 0.2), "max": (0.0, 0.0)})
    for words in ("Pixels: change 0.30", "Conv: change 0.25, residual 0.20", "Max: change 0, residual 0"):
        assert words in strip.accessibleDescription()


def test_longer_bars_are_larger_values(strip: StageStrip) -> None:
    def inked(key: str) -> int:
        image, rect = strip.grab().toImage(), strip.tile_rect(key).toRect()
        wanted = QColor("#7A4FC9")
        row = rect.top() + 6 + round(1.5 * (rect.height() - 12) / 3)
        return sum(image.pixelColor(x, row) == wanted for x in range(rect.left() + 30, rect.right()))

    assert inked("pixels") > inked("conv") > 5
    assert inked("max") == 0


def test_a_narrow_strip_keeps_its_titles_whole(strip: StageStrip) -> None:
    strip.resize(strip.minimumSizeHint())
    for tile in strip.tiles:
        assert strip.tile_rect(tile.key).width() >= strip.fontMetrics().horizontalAdvance(tile.title) + 12
    assert strip.tile_rect("max").right() <= strip.width()


# -- grid and canvas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3, 8, 64])
@pytest.mark.parametrize("view", ["overlay", "sides"])
def test_all_maps_fit_and_none_covers_another(qtbot: QtBot, channels: int, view: str) -> None:
    grid = PairGrid()
    qtbot.addWidget(grid)
    grid.resize(300, 170)
    grid.set_view("sides" if view == "sides" else "overlay")
    grid.set_pair(MapPair(np.ones((channels, 13, 13)), np.zeros((channels, 13, 13))))
    tiles = [grid.tile_rect(channel) for channel in range(channels)]
    inside = grid.rect().toRectF()
    assert all(inside.contains(tile) and tile.width() >= 13 for tile in tiles)
    assert not any(a.intersects(b) for i, a in enumerate(tiles) for b in tiles[:i])


def test_a_cell_that_cannot_be_compared_is_covered_and_says_so(qtbot: QtBot) -> None:
    grid = PairGrid()
    qtbot.addWidget(grid)
    grid.resize(200, 200)
    grid.set_pair(MapPair(np.ones((1, 4, 4)), np.ones((1, 4, 4)), compared=(0, 1, 4, 3)))
    tile = grid.tile_rect(0)
    cell = tile.width() / 4
    first, second = tile.topLeft() + QPointF(cell / 2, 10), tile.topLeft() + QPointF(1.5 * cell, 10)
    assert "no counterpart" in grid.text_at(first)
    assert "original 1, shifted 1" in grid.text_at(second)
    shot = grid.grab().toImage()
    assert shot.pixelColor(first.toPoint()) == LIGHT.color("track")


def test_values_are_written_where_there_is_room(qtbot: QtBot) -> None:
    def shades(original: float) -> int:
        canvas = ShiftCanvas()
        qtbot.addWidget(canvas)
        canvas.resize(240, 240)
        canvas.set_pair(MapPair(np.full((1, 4, 4), original), np.zeros((1, 4, 4)), "grey"), (0, 0))
        cell = canvas.grab().toImage().copy(10, 10, 40, 40)
        return len({cell.pixel(x, y) for x in range(40) for y in range(40)})

    assert shades(1.0) > 3  # two numbers on a plain ground


# -- kinds, texts, rows ------------------------------------------------------------------------------------


def test_kinds_have_the_colours_of_their_roles(qtbot: QtBot) -> None:
    widget = CategoryMap([Category("track"), Category("winner", dotted=True), Category("shifted", faint=0.8)])
    qtbot.addWidget(widget)
    widget.resize(90, 90)
    widget.set_cells(np.array([[0, 1], [2, 2]]), np.array([[1.0, 1.0], [1.0, 0.0]]))
    shot = widget.grab().toImage()

    def shade(row: int, col: int) -> QColor:
        return shot.pixelColor(
            widget.cell_rect(row, col).toRect().topLeft()
            + widget.rect().topLeft() * 0
            + QPointF(4, 4).toPoint()
        )

    assert shade(0, 0) == LIGHT.color("track")
    assert shade(0, 1) == LIGHT.color("winner")
    assert shade(1, 0) == LIGHT.color("shifted")
    assert shade(1, 1).lightness() > shade(1, 0).lightness()
    assert shot.pixelColor(widget.cell_rect(0, 1).center().toPoint()) == LIGHT.color("text")


def test_a_table_of_kinds_reads_itself_out(qtbot: QtBot) -> None:
    table = CategoryTable(("single", "tied"))
    qtbot.addWidget(table)
    table.set_rows([CategoryRow(Category("track"), "same", "same winner", ("3", "4"))])
    assert table.accessibleDescription() == "same winner: 3 single, 4 tied"
    assert table.sizeHint().height() > 20


def test_labels_at_the_ends_of_curves_do_not_cover_one_another() -> None:
    placed = spread_out([10, 11, 12, 40], 10, 0, 45)
    assert placed == sorted(placed)
    assert all(b - a >= 10 for a, b in pairwise(placed))
    assert placed[-1] <= 45


def test_curves_are_also_drawn_on_paper(qtbot: QtBot) -> None:
    plot = Plot()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    x = np.arange(4.0)
    plot.set_content(PlotContent((Line("alpha", x, x / 4, ("#FF0000", "#FF0000")),), names_at_ends=True))
    plot.catch_up()
    picture = QPicture()
    plot.render(picture)
    assert picture.size() > 500  # lines and words, not a picture of them


def test_the_statement_does_not_shrink_while_its_width_stays(qtbot: QtBot) -> None:
    box = StatementBox()
    qtbot.addWidget(box)
    box.resize(240, 60)
    box.set_statement("A *long* statement " * 12, "warning")
    tall = box.minimumHeight()
    assert box.kind() == "warning"
    box.set_statement("Short & <plain> *0.42*.")
    assert box.text() == "Short & <plain> 0.42."
    assert box.minimumHeight() == tall
    box.reset_height()
    assert box.minimumHeight() < tall


def test_controls_go_on_in_a_second_line(qtbot: QtBot) -> None:
    row = FlowRow()
    qtbot.addWidget(row)
    for number in range(4):
        label = QLabel(f"control {number}")
        label.setFixedSize(100, 20)
        row.add(label)
    row.resize(450, 20)
    show_window(qtbot, row)
    assert row.minimumHeight() == 20
    row.resize(230, 20)
    assert row.minimumHeight() > 40


def test_a_label_of_known_room_asks_no_layout_when_its_text_changes(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    label = ElidedLabel(widest="000.00", mono=True)
    layout.addWidget(label)
    show_window(qtbot, window)
    before = label.sizeHint()
    label.set_text("a much longer text than was announced")
    assert label.sizeHint() == before
    assert label.text().startswith("a much")


def test_probabilities_of_many_classes_show_the_likeliest(qtbot: QtBot) -> None:
    pairs = ProbabilityPairs()
    qtbot.addWidget(pairs)
    first = np.array([0.05, 0.6, 0.1, 0.25])
    second = np.array([0.5, 0.1, 0.3, 0.1])
    pairs.set_probabilities(["a", "b", "c", "d"], first, second)
    assert pairs.shown_rows() == [0, 1, 2]
    assert "class d: original 0.25, shifted 0.1" in pairs.accessibleDescription()
    with pytest.raises(ValueError, match="2 classes"):
        pairs.set_probabilities(["a", "b"], first, second)


def test_a_sweep_of_a_flat_image_keeps_its_cells_square(qtbot: QtBot) -> None:
    sweep = SweepMap()
    qtbot.addWidget(sweep)
    sweep.resize(300, 300)
    dxs, dys = tuple(range(-7, 8)), (-1, 0, 1)
    sweep.set_sweep(np.full((3, 15), np.nan), dxs, dys)
    right, below = (
        shift_center(sweep, 1, 0) - shift_center(sweep, 0, 0),
        shift_center(sweep, 0, 1) - shift_center(sweep, 0, 0),
    )
    assert right.x() == below.y() > 4
    assert np.isnan(value_at(sweep, 0, 0))
