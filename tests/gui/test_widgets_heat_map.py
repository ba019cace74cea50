import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from cnnviz.palette import SEQUENTIAL, SIGNED
from tests.gui.driving import show_window
from ui.cells.heat_map import HeatMap
from ui.cells.outlines import OUTLINES
from ui.theme import DARK, LIGHT, ThemeManager

VALUES = np.array([[-2.0, 0.0, 1.0], [0.5, 2.0, -0.5]])


@pytest.fixture
def heat_map(qtbot: QtBot) -> HeatMap:
    widget = HeatMap()
    qtbot.addWidget(widget)
    widget.resize(302, 242)
    widget.set_numbers(False)
    widget.set_values(VALUES)
    show_window(qtbot, widget)
    return widget


def picture(widget: HeatMap) -> QImage:
    return widget.grab().toImage()


def pixels(widget: HeatMap) -> np.ndarray:
    """Picture of a widget as bytes of shape (h, w, 3)."""
    image = picture(widget).convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8)
    return flat.reshape(image.height(), image.width(), 4)[:, :, 2::-1].copy()


def hide_tool_tip() -> None:
    """Take the tool tip away at once; Qt would wait for a timer."""
    for widget in QApplication.topLevelWidgets():
        if widget.inherits("QTipLabel"):
            widget.close()
            widget.deleteLater()


def color_at(widget: HeatMap, row: int, col: int) -> QColor:
    center = widget.cell_rect(row, col).center()
    return picture(widget).pixelColor(int(center.x()), int(center.y()))


def point(widget: HeatMap, row: int, col: int) -> QPoint:
    return widget.cell_rect(row, col).center().toPoint()


def test_cells_are_square_whole_and_centred(heat_map: HeatMap) -> None:
    cell = heat_map.cell_rect(0, 0)
    assert cell.width() == cell.height() == 100
    assert heat_map.grid().rect.center().x() == pytest.approx(151, abs=1)
    assert heat_map.grid().rect.center().y() == pytest.approx(121, abs=1)
    heat_map.resize(289, 242)
    assert heat_map.cell_rect(0, 0).width() == 95


def test_zero_is_white_and_the_limits_are_symmetric(heat_map: HeatMap) -> None:
    assert heat_map.levels == (-2, 2)
    assert color_at(heat_map, 0, 1).name() == "#f7f7f7"
    assert color_at(heat_map, 0, 0).name() == "#2166ac"
    assert color_at(heat_map, 1, 1).name() == "#b2182b"


def test_colours_follow_an_independent_reading_of_the_table(heat_map: HeatMap) -> None:
    for (row, col), value in np.ndenumerate(VALUES):
        expected = SIGNED[min(int(np.floor((value + 2) / 4 * 255 + 0.5)), 255)]
        assert np.allclose(color_at(heat_map, row, col).getRgb()[:3], expected, atol=4), (row, col)


def test_fixed_limits_are_kept_and_values_beyond_are_clipped(heat_map: HeatMap) -> None:
    heat_map.set_values([[0.0, 10.0, 99.0]], "sequential", (0, 10))
    assert heat_map.levels == (0, 10)
    assert list(color_at(heat_map, 0, 0).getRgb()[:3]) == SEQUENTIAL[0].tolist()
    assert color_at(heat_map, 0, 1) == color_at(heat_map, 0, 2)


def test_bytes_are_shown_as_grey_levels_of_their_own(heat_map: HeatMap) -> None:
    heat_map.set_values(np.array([[0, 100, 255]], dtype=np.uint8), "grey")
    assert [color_at(heat_map, 0, col).red() for col in range(3)] == [0, 100, 255]


def test_what_is_not_a_number_is_grey(heat_map: HeatMap) -> None:
    heat_map.set_values([[np.nan, 1.0]])
    assert color_at(heat_map, 0, 0).name() == "#808080"


def test_the_map_keeps_its_own_copy(heat_map: HeatMap) -> None:
    values = np.zeros((2, 2))
    heat_map.set_values(values)
    values[0, 0] = 5
    assert heat_map.value_at(0, 0) == 0


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 2, 2)), np.zeros((0, 3))])
def test_other_shapes_are_refused_and_change_nothing(heat_map: HeatMap, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="shape"):
        heat_map.set_values(bad)
    assert heat_map.shape == (2, 3)


def test_value_at(heat_map: HeatMap) -> None:
    assert heat_map.value_at(1, 0) == 0.5
    with pytest.raises(IndexError, match="2 x 3 cells"):
        heat_map.value_at(2, 0)


def test_hovering_tells_each_cell_once_and_leaving_tells_too(qtbot: QtBot, heat_map: HeatMap) -> None:
    seen: list[tuple[int, int] | None] = []
    heat_map.cellHovered.connect(lambda row, col: seen.append((row, col)))
    heat_map.cellLeft.connect(lambda: seen.append(None))
    for offset in (0, 5, 10):
        qtbot.mouseMove(heat_map, point(heat_map, 0, 1) + QPoint(offset, 0))
    qtbot.mouseMove(heat_map, point(heat_map, 1, 2))
    qtbot.mouseMove(heat_map, QPoint(151, 5))
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == [(0, 1), (1, 2), None]


def test_clicking_a_cell(qtbot: QtBot, heat_map: HeatMap) -> None:
    with qtbot.waitSignal(heat_map.cellClicked) as clicked:
        qtbot.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=point(heat_map, 1, 2))
    assert clicked.args == [1, 2]
    with qtbot.assertNotEmitted(heat_map.cellClicked):
        qtbot.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=QPoint(151, 3))
        qtbot.mouseClick(heat_map, Qt.MouseButton.RightButton, pos=point(heat_map, 1, 2))


def test_the_keyboard_walks_over_the_cells_and_stops_at_the_edge(qtbot: QtBot, heat_map: HeatMap) -> None:
    hovered: list[tuple[int, int]] = []
    heat_map.cellHovered.connect(lambda row, col: hovered.append((row, col)))
    heat_map.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Left):
        qtbot.keyClick(heat_map, key)
    assert hovered == [(0, 1), (1, 1), (1, 0)]
    with qtbot.waitSignal(heat_map.cellClicked) as clicked:
        qtbot.keyClick(heat_map, Qt.Key.Key_Return)
    assert clicked.args == [1, 0]


def test_the_keys_go_on_from_the_cell_that_was_clicked(qtbot: QtBot, heat_map: HeatMap) -> None:
    qtbot.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=point(heat_map, 1, 1))
    assert heat_map.hasFocus()
    qtbot.keyClick(heat_map, Qt.Key.Key_Right)
    assert heat_map.focus_cell == (1, 2)


def test_the_space_bar_is_left_to_the_window(qtbot: QtBot, heat_map: HeatMap) -> None:
    heat_map.setFocus()
    with qtbot.assertNotEmitted(heat_map.cellClicked):
        qtbot.keyClick(heat_map, Qt.Key.Key_Space)


def test_focus_can_be_seen_on_the_cell(qtbot: QtBot, heat_map: HeatMap) -> None:
    heat_map.clearFocus()
    heat_map.clearFocus()
    before = picture(heat_map)
    heat_map.setFocus()
    qtbot.waitUntil(heat_map.hasFocus)
    assert picture(heat_map) != before


def test_a_map_that_is_only_a_picture_takes_no_input(qtbot: QtBot, heat_map: HeatMap) -> None:
    heat_map.set_interactive(False)
    assert heat_map.focusPolicy() == Qt.FocusPolicy.NoFocus
    with qtbot.assertNotEmitted(heat_map.cellHovered), qtbot.assertNotEmitted(heat_map.cellClicked):
        qtbot.mouseMove(heat_map, point(heat_map, 0, 0))
        qtbot.mouseClick(heat_map, Qt.MouseButton.LeftButton, pos=point(heat_map, 0, 0))


def test_setters_are_silent(qtbot: QtBot, heat_map: HeatMap) -> None:
    signals = (heat_map.cellHovered, heat_map.cellClicked, heat_map.cellLeft)
    with (
        qtbot.assertNotEmitted(signals[0]),
        qtbot.assertNotEmitted(signals[1]),
        qtbot.assertNotEmitted(signals[2]),
    ):
        heat_map.set_values(np.ones((5, 5)))
        heat_map.set_focus_cell(2, 2)
        heat_map.set_highlight([(0, 0, 2, 2)], "selected")


@pytest.mark.parametrize("role", sorted(OUTLINES))
def test_each_outline_is_drawn_at_its_cells_and_nowhere_else(heat_map: HeatMap, role: str) -> None:
    before = pixels(heat_map)
    heat_map.set_highlight([(0, 1, 1, 1)], role)
    changed = (pixels(heat_map) != before).any(axis=2)
    assert {heat_map.cell_at(QPointF(x, y)) for y, x in np.argwhere(changed)} == {(0, 1)}
    center = point(heat_map, 0, 1)
    assert not changed[center.y(), center.x()]
    heat_map.set_highlight([], role)
    assert np.array_equal(pixels(heat_map), before)


def test_outlines_differ_even_without_colour(heat_map: HeatMap) -> None:
    shapes = set()
    plain = pixels(heat_map)
    for role in ("receptive", "winner", "selected", "hover"):
        heat_map.set_highlight([(0, 1, 1, 1)], role)
        image = pixels(heat_map)
        dark = image.min(axis=2) < 200
        shapes.add((dark & (image != plain).any(axis=2)).tobytes())
        heat_map.set_highlight([], role)
    assert len(shapes) == 4


def test_an_unknown_role_is_refused(heat_map: HeatMap) -> None:
    with pytest.raises(ValueError, match="'loser'"):
        heat_map.set_highlight([(0, 0, 1, 1)], "loser")


def has_ink(widget: HeatMap, row: int, col: int) -> bool:
    """Whether something dark stands in the middle of a light cell."""
    cell = widget.cell_rect(row, col).toRect().adjusted(4, 4, -4, -4)
    inside = pixels(widget)[cell.top() : cell.bottom(), cell.left() : cell.right()]
    return bool((inside.max(axis=2) < 90).any())


def test_numbers_appear_only_where_they_fit(heat_map: HeatMap) -> None:
    assert not has_ink(heat_map, 0, 1)
    heat_map.set_numbers(True)
    assert has_ink(heat_map, 0, 1)
    heat_map.resize(62, 42)
    assert not has_ink(heat_map, 0, 1)


def test_numbers_stand_out_on_dark_and_on_light_cells(heat_map: HeatMap) -> None:
    heat_map.set_values([[-2.0, 2.0, 0.25]])
    heat_map.set_numbers(True)
    image = pixels(heat_map).astype(int)
    for col, ink in ((0, 255), (1, 255), (2, 16)):
        cell = heat_map.cell_rect(0, col).toRect().adjusted(10, 30, -10, -30)
        inside = image[cell.top() : cell.bottom(), cell.left() : cell.right()]
        assert np.abs(inside - ink).max(axis=2).min() <= 12, col


def test_small_gradients_are_written_in_units_of_a_power_of_ten(heat_map: HeatMap) -> None:
    heat_map.set_values([[2.5e-4, -1e-5]])
    assert heat_map.number_exponent == -4
    heat_map.set_values([[2.5, -1.0]])
    assert heat_map.number_exponent == 0


def test_grid_lines_lie_between_cells(heat_map: HeatMap) -> None:
    heat_map.set_values(np.zeros((4, 4)))
    plain = picture(heat_map)
    edge = heat_map.cell_rect(2, 2).topLeft().toPoint()
    heat_map.show_lines()
    lined = picture(heat_map)
    inside = QPoint(edge.x() + 9, edge.y())
    assert lined.pixelColor(inside) != plain.pixelColor(inside)
    assert lined.pixelColor(point(heat_map, 1, 1)) == plain.pixelColor(point(heat_map, 1, 1))


def test_without_values_the_placeholder_is_shown(heat_map: HeatMap) -> None:
    heat_map.set_values(None)
    empty = picture(heat_map)
    heat_map.set_placeholder("Choose a sample")
    assert picture(heat_map) != empty
    assert heat_map.shape == (0, 0)
    assert heat_map.cell_at(QPointF(100, 100)) is None


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_tool_tip_names_the_cell_and_its_value(heat_map: HeatMap) -> None:
    heat_map.setToolTip("Convolution map")
    at = point(heat_map, 1, 2)
    QApplication.sendEvent(heat_map, QHelpEvent(QEvent.Type.ToolTip, at, heat_map.mapToGlobal(at)))
    assert QToolTip.text() == "Convolution map\nrow 1, column 2: −0.5"
    hide_tool_tip()


def test_a_cell_below_one_pixel_still_shows_every_row(heat_map: HeatMap) -> None:
    values = np.zeros((600, 600))
    values[::2] = 1
    heat_map.set_values(values, "grey", (0, 1))
    image = picture(heat_map)
    light = image.pixelColor(image.rect().center()).lightness()
    assert 60 < light < 200


def test_changing_the_theme_repaints_lines_but_not_values(heat_map: HeatMap, theme: ThemeManager) -> None:
    heat_map.set_highlight([(1, 0, 1, 1)], "winner")
    corner = heat_map.cell_rect(1, 0).toRect()
    spot = QPoint(corner.left() + 1, corner.center().y())
    assert picture(heat_map).pixelColor(spot).name().upper() == LIGHT.winner
    value = color_at(heat_map, 0, 0)
    theme.set_mode("dark")
    assert picture(heat_map).pixelColor(spot).name().upper() == DARK.winner
    assert color_at(heat_map, 0, 0) == value


@pytest.mark.parametrize("alignment", [Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight])
def test_alignment(heat_map: HeatMap, alignment: Qt.AlignmentFlag) -> None:
    heat_map.resize(500, 202)
    heat_map.set_alignment(alignment)
    rect = heat_map.grid().rect
    gap = rect.left() if alignment == Qt.AlignmentFlag.AlignLeft else heat_map.width() - rect.right()
    assert 0 <= gap <= 2
