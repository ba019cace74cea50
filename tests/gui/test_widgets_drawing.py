"""Drawing board, pixel editor and the strip of recent images, with real mouse, wheel and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.gui.driving import show_window
from ui.cells.drawing_pad import DrawingPad
from ui.cells.pixel_editor import PixelEditor
from ui.controls.undo import Undo
from ui.tiles.recent_strip import RecentStrip

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def wheel(widget, at, delta, modifiers=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        QPointF(at),
        widget.mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


# --- drawing board ------------------------------------------------------------------------------------------


@pytest.fixture
def pad(qtbot):
    widget = DrawingPad()
    qtbot.addWidget(widget)
    widget.set_aspect(28, 28)
    widget.resize(420, 320)
    show_window(qtbot, widget)
    return widget


def on(pad, x, y):
    """Place in the widget of a point of the board, whose sides are 1."""
    rect = pad.board_rect()
    return QPointF(rect.left() + x * rect.width(), rect.top() + y * rect.height()).toPoint()


def stroke(qtbot, pad, points, button=LEFT):
    places = [on(pad, *point) for point in points]
    qtbot.mousePress(pad, button, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(pad, place)
    qtbot.mouseRelease(pad, button, pos=places[-1])


def test_a_stroke_leaves_ink_of_the_brush_along_its_way(qtbot, pad):
    pad.set_brush(20)
    drawn = []
    pad.drawn.connect(lambda: drawn.append(True))
    stroke(qtbot, pad, [(0.25, 0.5), (0.75, 0.5)])
    ink = pad.pixels()
    assert ink.shape == (280, 280)
    assert drawn
    across = (ink[:, 140] > 127).sum()
    along = (ink[140] > 127).sum()
    assert abs(across - 20) <= 2
    assert abs(along - (140 + 20)) <= 6, "half a brush beyond each end"
    assert ink[140, 140] == 255
    assert not ink[:100].any()


def test_a_click_alone_leaves_a_dot(qtbot, pad):
    pad.set_brush(30)
    qtbot.mouseClick(pad, LEFT, pos=on(pad, 0.5, 0.5))
    area = (pad.pixels() > 127).sum()
    assert area == pytest.approx(np.pi * 15**2, rel=0.1)


def test_moving_without_a_button_draws_nothing(qtbot, pad):
    qtbot.mouseMove(pad, on(pad, 0.2, 0.2))
    qtbot.mouseMove(pad, on(pad, 0.8, 0.8))
    assert pad.is_blank()


@pytest.mark.parametrize("how", ["eraser", "right button"])
def test_erasing(qtbot, pad, how):
    stroke(qtbot, pad, [(0.2, 0.5), (0.8, 0.5)])
    pad.set_erasing(how == "eraser")
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
    assert pad.rect().toRectF().contains(pad.board_rect())
    stroke(qtbot, pad, [(0.1, 0.5), (0.9, 0.5)])
    columns_with_ink = np.flatnonzero(pad.pixels().any(axis=0))
    assert columns_with_ink[0] < 0.12 * columns
    assert columns_with_ink[-1] > 0.88 * columns - 1


# --- pixel editor -------------------------------------------------------------------------------------------


@pytest.fixture
def editor(qtbot):
    widget = PixelEditor()
    qtbot.addWidget(widget)
    widget.set_pixels((np.arange(6 * 8, dtype=np.uint8) * 5).reshape(6, 8))
    widget.resize(330, 250)
    show_window(qtbot, widget)
    return widget


def cell(editor, row, col):
    return editor.cell_rect(row, col).center().toPoint()


def test_a_click_sets_one_pixel_and_nothing_else(qtbot, editor):
    before = editor.pixels()
    editor.set_value(200)
    with qtbot.waitSignal(editor.pixelsEdited):
        qtbot.mouseClick(editor, LEFT, pos=cell(editor, 2, 3))
    after = editor.pixels()
    assert after[2, 3] == 200
    after[2, 3] = before[2, 3]
    np.testing.assert_array_equal(after, before)
    assert editor.value_at(2, 3) == 200, "what is shown is what there is"
    qtbot.mouseClick(editor, RIGHT, pos=cell(editor, 2, 3))
    assert editor.pixels()[2, 3] == 0


def test_a_fast_drag_leaves_no_holes_and_is_one_change(qtbot, editor):
    before = editor.pixels()
    editor.set_value(77)
    qtbot.mousePress(editor, LEFT, pos=cell(editor, 0, 0))
    qtbot.mouseMove(editor, cell(editor, 5, 5))
    qtbot.mouseMove(editor, QPoint(editor.width() - 1, cell(editor, 5, 0).y()))
    qtbot.mouseRelease(editor, LEFT, pos=cell(editor, 5, 7))
    after = editor.pixels()
    assert (np.diag(after[:6, :6]) == 77).all()
    assert (after[5, 5:] == 77).all()
    assert (after == 77).sum() == 8
    editor.undo()
    np.testing.assert_array_equal(editor.pixels(), before)
    editor.redo()
    np.testing.assert_array_equal(editor.pixels(), after)
    assert not editor.can_redo()


def test_another_image_ends_the_stroke(qtbot, editor):
    editor.set_value(77)
    qtbot.mousePress(editor, LEFT, pos=cell(editor, 5, 7))
    other = np.zeros((3, 4), np.uint8)
    editor.set_pixels(other)
    qtbot.mouseMove(editor, cell(editor, 0, 0))
    qtbot.mouseRelease(editor, LEFT, pos=cell(editor, 0, 0))
    np.testing.assert_array_equal(editor.pixels(), other)
    assert not editor.can_undo()


def test_the_wheel_changes_the_pixel_under_the_pointer(editor):
    at = cell(editor, 1, 1)  # holds 45
    wheel(editor, at, 120)
    assert editor.pixels()[1, 1] == 46
    wheel(editor, at, -240)
    assert editor.pixels()[1, 1] == 44
    wheel(editor, at, 120, Qt.KeyboardModifier.ShiftModifier)
    assert editor.pixels()[1, 1] == 60
    wheel(editor, at, -5 * 120, Qt.KeyboardModifier.ShiftModifier)
    assert editor.pixels()[1, 1] == 0, "not below black"
    wheel(editor, cell(editor, 5, 7), 120 * 100)
    assert editor.pixels()[5, 7] == 255, "not above white"


def test_keys_move_and_change(qtbot, editor):
    editor.set_focus_cell(1, 1)
    qtbot.keyClick(editor, Qt.Key.Key_Right)
    qtbot.keyClick(editor, Qt.Key.Key_Down)
    for keys, value in (("+", 91), ("-", 90), ("128", 128), ("300", 0), ("7", 7)):
        qtbot.keyClicks(editor, keys)
        assert editor.pixels()[2, 2] == value
        qtbot.keyClick(editor, Qt.Key.Key_Left)
        qtbot.keyClick(editor, Qt.Key.Key_Right)
    qtbot.keyClick(editor, Qt.Key.Key_PageUp)
    assert editor.pixels()[2, 2] == 23
    qtbot.keyClick(editor, Qt.Key.Key_PageDown)
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    assert editor.pixels()[2, 2] == 0
    editor.set_value(99)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert editor.pixels()[2, 2] == 99


def test_alt_and_click_takes_a_value(qtbot, editor):
    with qtbot.waitSignal(editor.valuePicked) as picked:
        qtbot.mouseClick(editor, LEFT, Qt.KeyboardModifier.AltModifier, pos=cell(editor, 3, 4))
    assert picked.args == [140]
    assert not editor.can_undo()


def test_numbers_are_written_when_they_fit(editor):
    editor.set_pixels(np.full((6, 8), 128, np.uint8))
    large = editor.grab(editor.cell_rect(2, 2).toRect().adjusted(3, 3, -3, -3)).toImage()
    colors = {large.pixel(x, y) for x in range(large.width()) for y in range(large.height())}
    assert len(colors) > 2
    editor.resize(90, 70)
    small = editor.grab(editor.cell_rect(2, 2).toRect().adjusted(2, 2, -2, -2)).toImage()
    assert len({small.pixel(x, y) for x in range(small.width()) for y in range(small.height())}) == 1


# --- strip of recent images ---------------------------------------------------------------------------------


@pytest.fixture
def strip(qtbot):
    widget = RecentStrip()
    qtbot.addWidget(widget)
    widget.set_pictures(
        [np.full((28, 28), 20 * i, np.uint8) for i in range(10)], [f"image {i}" for i in range(10)]
    )
    widget.resize(200, widget.sizeHint().height())
    show_window(qtbot, widget)
    return widget


def in_sight(strip, index):
    return QRectF(strip.rect()).contains(strip.tile_rect(index))


def test_a_click_chooses_a_picture(qtbot, strip):
    with qtbot.waitSignal(strip.pictureRequested) as asked:
        qtbot.mouseClick(strip, LEFT, pos=strip.tile_rect(2).center().toPoint())
    assert asked.args == [2]
    assert strip.current() == 2


def test_wheel_arrow_and_keys_reach_the_last_picture(qtbot, strip):
    assert in_sight(strip, 0)
    assert not in_sight(strip, 9)
    wheel(strip, strip.rect().center(), -120 * 20)
    assert in_sight(strip, 9)
    assert not in_sight(strip, 0)
    wheel(strip, strip.rect().center(), 120 * 20)
    right_end = QPoint(
        round(max(strip.tile_rect(i).right() for i in range(10) if in_sight(strip, i))) - 4, 15
    )
    qtbot.mouseClick(strip, LEFT, pos=right_end)
    assert not in_sight(strip, 0)
    assert strip.current() is None, "the sign at the end scrolls"
    for _ in range(12):
        qtbot.keyClick(strip, Qt.Key.Key_Right)
    assert strip.current() == 9
    assert in_sight(strip, 9)


def test_choosing_by_program_asks_for_nothing(qtbot, strip):
    with qtbot.assertNotEmitted(strip.pictureRequested):
        strip.set_current(8)
        strip.set_pictures([np.zeros((5, 9), np.uint8)], ["flat"])
    assert strip.current() is None
    assert strip.count == 1
    QApplication.sendEvent(strip, QEvent(QEvent.Type.Leave))
    strip.grab()


# --- undo ---------------------------------------------------------------------------------------------------


def test_undo_forgets_the_oldest():
    undo, state = Undo(most=3), 0
    for _ in range(10):
        undo.record(state)
        state += 1
    back = []
    while undo.can_undo:
        state = undo.undo(state)
        back.append(state)
    assert back == [9, 8, 7]
    assert [undo.redo(state) for _ in range(3) if undo.can_redo][-1] == 10
