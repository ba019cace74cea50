"""What all maps of cells promise: hover follows content, figures have no cursor, unequal numbers differ."""

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from cnnviz.quantities import ALMOST
from tests.gui.driving import show_window
from ui.cells.cell_geometry import CellGeometry
from ui.cells.cell_numbers import CellNumbers
from ui.cells.heat_map import HeatMap
from ui.controls.color_scale import ColorScale
from ui.theme import LIGHT
from ui.tiles.map_area import MapArea


def shown(qtbot: QtBot, widget: QWidget, width: int = 302, height: int = 242) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    show_window(qtbot, widget)


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def test_new_content_under_a_still_pointer_is_asked_for_again(qtbot: QtBot) -> None:
    shown_map = HeatMap()
    shown(qtbot, shown_map)
    shown_map.set_values(np.zeros((4, 5)))
    told: list[tuple[int, int] | None] = []
    shown_map.cellHovered.connect(lambda row, col: told.append((row, col)))
    shown_map.cellLeft.connect(lambda: told.append(None))
    qtbot.mouseMove(shown_map, shown_map.cell_rect(3, 3).center().toPoint())
    qtbot.waitUntil(lambda: told == [(3, 3)])
    shown_map.set_values(np.zeros((2, 2)))
    assert shown_map.hovered == (1, 1)
    qtbot.waitUntil(lambda: told == [(3, 3), (1, 1)])
    shown_map.set_values(None)
    assert shown_map.hovered is None
    qtbot.waitUntil(lambda: told == [(3, 3), (1, 1), None])


def test_a_chosen_cell_keeps_its_colour_under_the_pointer(qtbot: QtBot) -> None:
    shown_map = HeatMap()
    shown(qtbot, shown_map)
    shown_map.set_values(np.zeros((14, 14)))
    shown_map.set_highlight([(2, 2, 1, 1)], "selected")
    cell = shown_map.cell_rect(2, 2)
    around = cell.toAlignedRect()
    before = picture(shown_map).copy(around)
    qtbot.mouseMove(shown_map, cell.center().toPoint())
    qtbot.waitUntil(lambda: shown_map.hovered == (2, 2))
    assert picture(shown_map).copy(around) == before


def test_coordinates_stay_in_sight_when_a_map_is_scrolled(qtbot: QtBot) -> None:
    large = HeatMap()
    large.set_values(np.zeros((20, 20)))
    large.set_coordinates(True)
    large.set_numbers(False)
    large.setFixedSize(1000, 1000)
    area = MapArea(large)
    shown(qtbot, area, 300, 300)

    def below() -> QImage:
        return area.grab(QRect(60, 280, 200, 20)).toImage()

    def has_ink(image: QImage) -> bool:
        colors = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
        return len(colors) > 4  # cells of one colour, the ground, and the letters' edges

    at_start = below()
    assert has_ink(at_start)
    area.horizontalScrollBar().setValue(400)
    area.verticalScrollBar().setValue(300)
    qtbot.waitUntil(lambda: below() != at_start)
    assert has_ink(below())
    large.set_coordinates(False)
    assert not has_ink(below())


def written(values: list[list[float]], side: float, *, is_window: bool) -> list[str]:
    """What stands in the cells of a map."""
    array = np.array(values)
    groups = np.zeros(array.shape, int) if is_window else None
    numbers = CellNumbers(array, ColorScale.of(array, "signed"), groups)
    return numbers.texts(CellGeometry(array.shape[0], array.shape[1], 0, 0, side, side), LIGHT)


def test_unequal_values_of_a_window_look_unequal_and_equal_ones_equal() -> None:
    window = [[-0.352, -0.353], [-0.352, -0.3]]
    assert len(set(written(window, 90, is_window=False))) == 2
    texts = written(window, 90, is_window=True)
    assert sorted(texts.count(text) for text in set(texts)) == [1, 1, 2]


def test_where_there_is_no_room_for_the_difference_the_cell_says_so() -> None:
    texts = written([[-0.352, -0.3521], [-0.9, -0.1]], 48, is_window=True)
    assert sum(text.startswith(ALMOST) for text in texts) == 2
    assert not any(
        text.startswith(ALMOST) for text in written([[-0.35, -0.35], [-0.9, -0.1]], 48, is_window=True)
    )


@pytest.mark.parametrize(("side", "text"), [(90, "+0.35210"), (50, "≈+0.35"), (44, "≈+0.35"), (35, "≈+0.4")])
def test_a_mark_costs_no_figure_where_there_is_room_above_the_number(side: int, text: str) -> None:
    texts = written([[0.3521, 0.35212], [0.9, 0.1]], side, is_window=True)
    assert texts[0] == text


def test_without_room_for_a_figure_nothing_is_written() -> None:
    values = [[0.041, 0.032], [-0.043, 0.0]]
    assert written(values, 60, is_window=False) == ["+0.041", "+0.032", "−0.043", "0"]
    assert written(values, 45, is_window=False) == ["+0.04", "+0.03", "−0.04", "0"]
    assert written(values, 35, is_window=False) == []


def test_a_mark_for_which_there_is_no_room_before_the_number_stands_above_it() -> None:
    def ink(other: float) -> np.ndarray:
        array = np.array([[0.3521, other]])
        numbers = CellNumbers(array, ColorScale("signed", -1.0, 1.0), np.zeros((1, 2), int))
        image = QImage(88, 44, QImage.Format.Format_Grayscale8)
        image.fill(255)
        painter = QPainter(image)
        assert numbers.paint(painter, CellGeometry(1, 2, 0, 0, 44, 44), LIGHT)
        painter.end()
        rows = [sum(image.pixelColor(x, y).value() < 160 for x in range(44)) for y in range(44)]
        return np.flatnonzero(rows)

    assert ink(0.9).min() > 14
    assert ink(0.35212).min() < 14
    assert 0 < ink(0.35212).max() < 40
