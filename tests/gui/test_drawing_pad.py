"""Drawing board, with real mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviz.drawing import LIGHT
from cnnviz.graphics.pictures import BOARD
from tests.gui.driving import show_window
from ui.marks import view_of
from ui.panels.samples.drawing_pad import DrawingPad

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def pad(qtbot):
    widget = view_of(BOARD, "Board", focus=Qt.FocusPolicy.StrongFocus, kind=DrawingPad)
    qtbot.addWidget(widget)
    widget.set_brush(24, erases=False)
    widget.resize(420, 320)
    show_window(qtbot, widget)
    return widget


def stroke(qtbot, pad, points, button=LEFT):
    """Draw through points of the board, whose sides are 1."""
    box = pad.board_box()
    places = [QPoint(round(box.left + x * box.width), round(box.top + y * box.height)) for x, y in points]
    qtbot.mousePress(pad, button, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(pad, place)
    qtbot.mouseRelease(pad, button, pos=places[-1])


def test_on_paper_an_empty_board_asks_nobody_to_draw(pad):
    assert "Draw here" in pad.drawing().texts()
    assert not any(pad.figure(LIGHT).texts())


def test_a_stroke_follows_the_button_goes_on_beyond_the_edge_and_comes_back(qtbot, pad):
    qtbot.mouseMove(pad, QPoint(90, 90))
    qtbot.mouseMove(pad, QPoint(290, 90))
    assert pad.is_blank(), "no button is held"
    with qtbot.waitSignal(pad.drawn):
        stroke(qtbot, pad, [(0.5, 0.5), (1.2, 0.5), (1.2, 0.9), (0.5, 0.9)])
    rows = np.flatnonzero(pad.pixels()[:, 279] > 127)
    assert rows.min() < 140 < 252 < rows.max()
    assert 190 not in rows, "outside it leaves no ink"
    assert abs((pad.pixels()[:, 180] > 127).sum() - 2 * 24) <= 4


@pytest.mark.parametrize("how", ["eraser", "right button"])
def test_erasing(qtbot, pad, how):
    stroke(qtbot, pad, [(0.2, 0.5), (0.8, 0.5)])
    pad.set_brush(24, erases=how == "eraser")
    stroke(qtbot, pad, [(0.5, 0.3), (0.5, 0.7)], LEFT if how == "eraser" else RIGHT)
    assert pad.pixels()[140, [70, 140, 210]].tolist() == [255, 0, 255]


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
    pad.undo()
    for state in states[1:]:
        pad.redo()
        np.testing.assert_array_equal(pad.pixels(), state)
    assert (pad.can_undo(), pad.can_redo()) == (True, False)
    pad.undo()
    stroke(qtbot, pad, [(0.1, 0.1)])
    assert not pad.can_redo(), "a new stroke ends what could be redone"


def test_drawing_with_the_keyboard(qtbot, pad):
    qtbot.keyClick(pad, Qt.Key.Key_Right)
    assert pad.is_blank(), "the pen is up"
    for key in (Qt.Key.Key_Space, *[Qt.Key.Key_Down] * 10, Qt.Key.Key_Space):
        qtbot.keyClick(pad, key)
    rows, columns = np.nonzero(pad.pixels() > 127)
    assert rows.max() - rows.min() > 60
    assert columns.max() - columns.min() < 30
    before = pad.pixels()
    qtbot.keyClick(pad, Qt.Key.Key_Left)
    assert pad.pixels() is before
    pad.undo()
    assert pad.is_blank(), "one stroke, one undo"


@pytest.mark.parametrize("size", [(28, 28), (32, 20), (10, 40)])
def test_a_board_of_another_aspect_is_cleared(qtbot, pad, size):
    stroke(qtbot, pad, [(0.2, 0.5), (0.8, 0.5)])
    pad.set_aspect(*size)
    rows, columns = pad.pixels().shape
    assert rows / columns == pytest.approx(size[0] / size[1], rel=0.02)
    assert pad.is_blank() == (size[0] != size[1])
    stroke(qtbot, pad, [(0.1, 0.5), (0.9, 0.5)])
    inked = np.flatnonzero(pad.pixels().any(axis=0))
    assert inked[0] < 0.12 * columns < 0.87 * columns < inked[-1]
