"""The track of the timeline, driven with mouse, wheel and keys."""

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.gui.driving import settle, show_window
from ui.controls.pace import Pace
from ui.plots.time_scale import TimeScale, epoch_labels
from ui.plots.time_track import TimeTrack

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def track(qtbot):
    widget = TimeTrack()
    qtbot.addWidget(widget)
    widget.resize(820, widget.sizeHint().height())
    widget.set_span(0, 1000, 250)
    widget.set_reached(800)
    show_window(qtbot, widget)
    return widget


def record(signal):
    seen = []
    signal.connect(lambda *values: seen.append(values[0] if values else None))
    return seen


def wheel(widget, delta):
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        widget.mapToGlobal(at),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_a_click_asks_for_the_step_under_it(qtbot, track):
    seen = record(track.stepRequested)
    for step in (0, 333, 1000):
        qtbot.mouseClick(track, LEFT, pos=track.point_of(step).toPoint())
        assert abs(seen[-1] - step) <= 1000 / 800
    qtbot.mouseClick(track, LEFT, pos=QPoint(0, 5))
    qtbot.mouseClick(track, LEFT, pos=QPoint(track.width() - 1, 5))
    assert seen[-2:] == [0, 1000]
    qtbot.mouseClick(track, Qt.MouseButton.RightButton, pos=track.point_of(500).toPoint())
    assert len(seen) == 5


def test_a_drag_asks_at_most_once_a_frame_and_never_forgets_the_end(qtbot, track):
    seen = record(track.stepRequested)
    qtbot.mousePress(track, LEFT, pos=track.point_of(100).toPoint())
    assert track.is_dragged()
    for step in range(100, 901, 2):  # as fast as events can be sent
        qtbot.mouseMove(track, track.point_of(step).toPoint())
    qtbot.mouseRelease(track, LEFT, pos=track.point_of(900).toPoint())
    assert not track.is_dragged()
    assert seen == sorted(seen)
    assert abs(seen[-1] - 900) <= 2
    assert len(seen) < 200
    settle(qtbot)
    count = len(seen)
    qtbot.mouseMove(track, track.point_of(300).toPoint())
    settle(qtbot)
    assert len(seen) == count, "without the button a move asks for nothing"


def test_keys_go_by_steps_and_with_shift_and_the_wheel_by_moments(qtbot, track):
    moves, start, end = record(track.moveRequested), record(track.startRequested), record(track.endRequested)
    walks = record(track.walkRequested)
    arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right)
    for key in (*arrows, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
        qtbot.keyClick(track, key)
    assert (walks, moves) == ([-1, 1], [10, -10])
    for key in arrows:
        qtbot.keyClick(track, key, Qt.KeyboardModifier.ShiftModifier)
    assert (walks, moves[2:]) == ([-1, 1], [-1, 1])
    qtbot.keyClick(track, Qt.Key.Key_Home)
    qtbot.keyClick(track, Qt.Key.Key_End)
    assert (len(start), len(end)) == (1, 1)
    qtbot.keyClick(track, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    wheel(track, 60)
    assert len(moves) == 4, "half a notch is not enough"
    wheel(track, 60)
    wheel(track, -240)
    assert moves[4:] == [1, -2]


def test_hovering_tells_the_step_and_leaving_takes_it_back(qtbot, track):
    seen = record(track.hovered)
    qtbot.mouseMove(track, track.point_of(640).toPoint())
    assert abs(seen[-1] - 640) <= 2
    track.set_hover("step 640", [("accent", "loss", "0.25")])
    assert track.hover_text() == "step 640\nloss 0.25"
    QApplication.sendEvent(track, QEvent(QEvent.Type.Leave))
    assert seen[-1] is None
    assert track.hover_text() == ""
    track.set_hover("step 640", [])
    assert track.hover_text() == "", "nothing is said without a pointer"


def pixel(widget, point):
    return widget.grab().toImage().pixelColor(point)


def near(color, other):
    return all(abs(a - b) < 40 for a, b in zip(color.getRgb()[:3], QColor(other).getRgb()[:3], strict=True))


def test_the_rail_shows_position_and_what_was_reached(track, theme):
    track.set_position(400, live=False)
    on_way, ahead, beyond = (track.point_of(step).toPoint() for step in (150, 650, 930))
    assert near(pixel(track, on_way), theme.theme.accent)
    reached = pixel(track, ahead)
    assert not near(reached, theme.theme.accent)
    assert reached.blue() > reached.red() + 30
    assert near(pixel(track, beyond), theme.theme.track)
    centre = track.point_of(400).toPoint()
    assert near(pixel(track, centre), theme.theme.surface), "a ring while an earlier moment is looked at"
    track.set_position(400, live=True)
    assert near(pixel(track, centre), theme.theme.accent)


def test_curve_ghost_flag_and_epochs_are_drawn(track):
    blank = track.grab().toImage()
    steps = np.arange(1, 801, dtype=float)
    track.set_curve(steps, 1 / steps)
    with_curve = track.grab().toImage()
    assert with_curve != blank
    track.set_ghost(steps, np.full(800, 0.5))
    with_ghost = track.grab().toImage()
    assert with_ghost != with_curve
    track.set_reference(400)
    assert track.grab().toImage() != with_ghost
    track.set_reference(None)
    track.set_fork(500)
    assert track.grab().toImage() != with_ghost
    track.set_fork(None)
    assert track.grab().toImage() == with_ghost
    track.set_span(0, 1000, 0)
    assert track.grab().toImage() != with_ghost


def test_values_that_are_no_numbers_do_no_harm(track):
    track.set_curve([1, 2, 3, 4], [np.nan, np.inf, 0.0, 2.0])
    track.set_ghost([], [])
    track.grab()


@pytest.mark.parametrize("epochs", [1, 2, 7, 30, 400, 1000])
@pytest.mark.parametrize("width", [120, 340, 1200])
def test_epochs_are_marked_as_densely_as_their_numbers_fit(qapp, epochs, width):
    metrics = TimeTrack().fontMetrics()
    scale = TimeScale(0, epochs * 100, 10, 10 + width)
    ends, labels = epoch_labels(scale, 100, metrics)
    assert labels
    assert ends == sorted(ends)
    assert all(abs(x - scale.x(scale.step(x))) < 1e-6 and scale.step(x) % 100 == 0 for x in ends)
    spans = [
        (x - metrics.horizontalAdvance(text) / 2, x + metrics.horizontalAdvance(text) / 2)
        for x, text in labels
    ]
    assert all(a[1] <= b[0] for a, b in pairwise(spans)), "labels overlap"


def test_pace_passes_on_first_and_last(qtbot):
    pace = Pace(30)
    seen = record(pace.due)
    for value in range(100):
        pace.put(value)
    assert seen == [0]
    qtbot.waitUntil(lambda: seen[-1] == 99)
    assert len(seen) == 2
    pace.put(100)
    pace.put(101)
    pace.flush()
    assert seen[-1] == 101


def test_presenter_mode_and_dark_theme_keep_the_parts_apart(track, theme):
    for mode, presenter in (("dark", False), ("light", True), ("dark", True)):
        theme.set_mode(mode)
        theme.set_presenter(presenter)
        track.resize(track.width(), track.sizeHint().height())
        assert track.point_of(0).y() < track.height() - track.fontMetrics().height()
        track.grab()
