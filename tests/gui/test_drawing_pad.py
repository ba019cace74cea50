"""Drawing board, with real mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviz.graphics.pictures import BOARD
from tests.gui.driving import show_window
from ui.marks import view_of
from ui.panels.samples.drawing_pad import DrawingPad

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def pad(qtbot):
    widget = view_of(BOARD, "Board", focus=Qt.FocusPolicy.StrongFocus, kind=DrawingPad)
    qtbot.addWidget(widget)
    widget.set_aspect(28, 28)
    widget.set_brush(24, erases=False)
    widget.resize(420, 320)
    show_window(qtbot, widget)
    return widget


def on(pad, x, y):
    """Place in the widget of a point of the board, whose sides are 1."""
    box = pad.board_box()
    return QPoint(round(box.left + x * box.width), round(box.top + y * box.height))


def stroke(qtbot, pad, points, button=LEFT):
    places = [on(pad, *point) for point in points]
    qtbot.mousePress(pad, button, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(pad, place)
    qtbot.mouseRelease(pad, button, pos=places[-1])


def test_a_stroke_leaves_ink_of_the_brush_along_its_way_and_only_while_the_button_is_held(qtbot, pad):
    qtbot.mouseMove(pad, on(pad, 0.2, 0.2))
    qtbot.mouseMove(pad, on(pad, 0.8, 0.2))
    assert pad.is_blank()
    pad.set_brush(20, erases=False)
    with qtbot.waitSignal(pad.drawn):
        stroke(qtbot, pad, [(0.25, 0.5), (0.75, 0.5)])
    ink = pad.pixels()
    assert ink.shape == (280, 280)
    assert abs((ink[:, 140] > 127).sum() - 20) <= 2
    assert abs((ink[140] > 127).sum() - (140 + 20)) <= 6, "half a brush beyond each end"
    assert not ink[:100].any()


def test_a_line_goes_on_beyond_the_edge_and_comes_back(qtbot, pad):
    stroke(qtbot, pad, [(0.5, 0.5), (1.2, 0.5), (1.2, 0.9), (0.5, 0.9)])
    rows = np.flatnonzero(pad.pixels()[:, 279] > 127)
    assert rows.min() < 140 < 252 < rows.max()
    assert 190 not in rows, "outside it leaves no ink"


@pytest.mark.parametrize("how", ["eraser", "right button"])
def test_erasing(qtbot, pad, how):
    stroke(qtbot, pad, [(0.2, 0.5), (0.8, 0.5)])
    pad.set_brush(24, erases=how == "eraser")
    stroke(qtbot, pad, [(0.5, 0.3), (0.5, 0.7)], LEFT if how == "eraser" else RIGHT)
    ink = pad.pixels()
    assert ink[140, 140] == 0
    assert ink[140, 70] == ink[140, 210] == 255


def test_undo_and_redo_go_through_strokes_and_clearing(qtbot, pad):
    states = [pad.pixels()]
    for y in (0.2, 0.5, 0.8):
        stroke(qtbot, pad, [(0.2, y), (0.5, y), (0.8, y)])
        states.append(pad.pixels())
    pad.clear()
    states.append(pad.pixels())
    assert pad.is_blank()
    for state in reversed(states[:-1]):
        pad.undo()
        np.testing.assert_array_equal(pad.pixels(), state)
    assert not pad.can_undo()
    pad.undo()
    for state in states[1:]:
        pad.redo()
        np.testing.assert_array_equal(pad.pixels(), state)
    assert not pad.can_redo()
    pad.undo()
    stroke(qtbot, pad, [(0.1, 0.1)])
    assert not pad.can_redo(), "a new stroke ends what could be redone"


def test_undo_forgets_the_oldest(qtbot, pad):
    for _ in range(103):
        stroke(qtbot, pad, [(0.5, 0.5)])
    for _ in range(103):
        pad.undo()
    assert not pad.can_undo()
    assert not pad.is_blank()


def test_drawing_with_the_keyboard(qtbot, pad):
    qtbot.keyClick(pad, Qt.Key.Key_Right)
    assert pad.is_blank(), "the pen is up"
    qtbot.keyClick(pad, Qt.Key.Key_Space)
    for _ in range(10):
        qtbot.keyClick(pad, Qt.Key.Key_Down)
    qtbot.keyClick(pad, Qt.Key.Key_Space)
    rows, columns = np.nonzero(pad.pixels() > 127)
    assert rows.max() - rows.min() > 60
    assert columns.max() - columns.min() < 30
    before = pad.pixels()
    qtbot.keyClick(pad, Qt.Key.Key_Left)
    np.testing.assert_array_equal(pad.pixels(), before)
    pad.undo()
    assert pad.is_blank(), "one stroke, one undo"


@pytest.mark.parametrize("size", [(28, 28), (32, 20), (10, 40), (1, 1)])
def test_the_board_has_the_aspect_of_the_images(qtbot, pad, size):
    stroke(qtbot, pad, [(0.2, 0.5), (0.8, 0.5)])
    pad.set_aspect(*size)
    rows, columns = pad.pixels().shape
    assert rows / columns == pytest.approx(size[0] / size[1], rel=0.02)
    assert max(rows, columns) == 280
    assert pad.is_blank() == (size[0] != size[1])
    stroke(qtbot, pad, [(0.1, 0.5), (0.9, 0.5)])
    columns_with_ink = np.flatnonzero(pad.pixels().any(axis=0))
    assert columns_with_ink[0] < 0.12 * columns
    assert columns_with_ink[-1] > 0.88 * columns - 1
