"""Curves that follow a run, read and zoomed by mouse and keys; the log beside them."""

import re
from typing import override

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from cnnviz.drawing import LIGHT as LOOK
from cnnviz.drawing import Text
from cnnviz.experiment import LAB5, LENET
from cnnviz.graphics.curves import Marker
from cnnviz.graphics.run_curves import BEFORE, EACH, MEAN, TESTS
from cnnviz.graphics.texts import VALUES
from cnnviz.history import EvaluationPoint, History, LogLine
from cnnviz.snapshots import Snapshot
from tests.gui.driving import activate, settle, show_window, turn_wheel
from tests.records import progress
from ui.panels.reading_box import ReadingBox
from ui.panels.training.curve_plot import CurvePlot
from ui.panels.training.curves import TrainingCurves
from ui.panels.training.log_table import LogTable, log_values
from ui.state import AppState
from ui.theme import DARK, LIGHT, ThemeManager

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def recorded(steps: int = 5000) -> History:
    history, x = History(log_every=500), np.arange(1, steps + 1)
    history.append(progress(1, np.exp(-x / 2000) * (1 + 0.3 * np.sin(x))))
    for step, loss in ((2500, 0.29), (5000, 0.08)):
        history.add_test(EvaluationPoint(step, loss, 0.9))
    return history


@pytest.fixture
def state() -> AppState:
    return AppState()


@pytest.fixture
def curves(qtbot: QtBot, state: AppState) -> TrainingCurves:
    made = TrainingCurves(state, lambda: None)
    qtbot.addWidget(made)
    made.resize(560, 640)
    show_window(qtbot, made)
    return made


@pytest.fixture
def plot(curves: TrainingCurves, state: AppState) -> CurvePlot:
    state.reset_history(recorded())
    return curves.loss


def points(plot: CurvePlot, name: str) -> np.ndarray:
    return next(each.x for each in plot.content.curves if each.name == name)


def viewport(plot: CurvePlot) -> QWidget:
    return plot.plot_item.getViewWidget().viewport()


def place(plot: CurvePlot, x: float, y: float) -> QPoint:
    """Pixel of the viewport at a point of the plot."""
    scene = plot.plot_item.getViewBox().mapViewToScene(QPointF(x, y))
    return plot.plot_item.getViewWidget().mapFromScene(scene)


def send_mouse(plot: CurvePlot, kind: QEvent.Type, at: QPoint, buttons: Qt.MouseButton = NONE) -> None:
    target, button = viewport(plot), NONE if kind == QEvent.Type.MouseMove else LEFT
    place = QPointF(target.mapToGlobal(at))
    event = QMouseEvent(kind, QPointF(at), place, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, event)


def hover(plot: CurvePlot, x: float, y: float) -> None:
    send_mouse(plot, QEvent.Type.MouseMove, place(plot, x, y))


def test_a_moment_that_moves_leaves_nothing_behind(qtbot: QtBot, plot: CurvePlot) -> None:
    painted = list[bool]()

    class Watch(QObject):
        @override
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(event.rect() == viewport(plot).rect())
            return False

    watch = Watch(plot)
    settle(qtbot, parts=[plot])
    viewport(plot).installEventFilter(watch)
    plot.set_markers((Marker(1000.0),))
    qtbot.waitUntil(lambda: bool(painted))
    plot.set_markers((Marker(4000.0),))
    qtbot.waitUntil(lambda: len(painted) > 1)
    assert all(painted), "the whole plot is painted anew"


# -- news ---------------------------------------------------------------------------------------------------


def test_tests_with_every_frame_hold_up_neither_plot(
    qtbot: QtBot, curves: TrainingCurves, state: AppState
) -> None:
    history, seen = History(log_every=10), list[tuple[float, ...]]()
    state.reset_history(history)

    def train_and_test() -> None:
        seen.append(drawn())
        history.append(progress(history.step + 1, np.linspace(1, 0.5, 20)))
        curves.follow()
        history.add_test(EvaluationPoint(history.step, 0.4, 0.9))
        curves.follow()

    def drawn() -> tuple[float, ...]:
        """The last steps of the losses and of both running means."""
        ends = points(curves.loss, EACH), *(points(plot, MEAN) for plot in (curves.loss, curves.accuracy))
        return tuple(float(x[-1]) if len(x) else 0.0 for x in ends)

    frames = QTimer(curves)
    frames.timeout.connect(train_and_test)
    frames.start(4)  # oftener than plots are drawn
    qtbot.waitUntil(lambda: min(drawn()) >= 2000)  # while news keep coming
    frames.stop()
    losses, means, accuracies = map(set[float], zip(*seen, strict=True))
    assert accuracies <= losses == means, "one is drawn soon after the other, and to the same step"
    qtbot.waitUntil(lambda: set(drawn()) == {history.step})
    tests = len(history.tests)
    qtbot.waitUntil(lambda: all(len(points(p, TESTS)) == tests for p in (curves.loss, curves.accuracy)))


def test_the_axis_keeps_still_while_points_arrive_and_fits_when_the_run_rests(
    curves: TrainingCurves, state: AppState
) -> None:
    history, views = History(log_every=10), set()
    state.reset_history(history)
    state.update_run(total_steps=5000)
    for start in range(1, 5000, 50):
        history.append(progress(start, 0.7 * np.exp(-np.arange(start, start + 50) / 1000)))
        curves.follow()
        curves._draw_new()
        views.add(curves.loss.view_range())
    assert len(views) <= 6
    curves.draw()
    assert curves.loss.view_range()[0] == (-100, 5100), "with room for the dots at both ends"


def test_the_placeholder_goes_when_points_come_and_what_was_hidden_is_up_to_date(
    curves: TrainingCurves, qtbot: QtBot, state: AppState
) -> None:
    def is_empty() -> bool:
        labels = curves.loss.findChildren(QLabel)
        return any(label.isVisible() and label.text().startswith("Press Train") for label in labels)

    state.reset_history(History())
    curves.loss.placeholder.setText("Press Train")
    assert is_empty()
    state.reset_history(recorded())
    assert not is_empty()

    curves.hide()
    state.reset_history(recorded(20_000))
    with qtbot.waitExposed(curves):
        curves.show()
    assert curves.loss.view_range()[0][1] >= 20_000


# -- reading ------------------------------------------------------------------------------------------------


def test_hovering_reads_every_curve_at_the_nearest_step_inside_the_plot(plot: CurvePlot) -> None:
    hover(plot, 2503, 0.3)
    assert re.match(r"step 2,5\d\d\n.*running mean 0\.3.*test images 0\.29", plot.spoken_value(), re.DOTALL)
    hover(plot, 3300, 0.3)
    assert "test images at 2,500 0.29" in plot.spoken_value()
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert plot.spoken_value() == ""
    for x, y in ((10, 0.7), (4990, 0.01), (4990, 0.7), (2500, 0.3)):
        hover(plot, x, y)
        assert viewport(plot).rect().contains(plot.findChild(ReadingBox).geometry()), (x, y)


def test_an_arrow_key_goes_to_the_next_point(qtbot: QtBot, plot: CurvePlot) -> None:
    for shown, further in (((0.0, 60.0), 5), ((0.0, 5000.0), 54)):
        plot.set_view_range(shown, (0.0, 1.0))
        plot.setFocus()
        qtbot.keyClick(plot, Qt.Key.Key_Home)
        assert plot.spoken_value().startswith("step 1\n")
        for step in range(2, 6):
            qtbot.keyClick(plot, Qt.Key.Key_Right)
            assert plot.spoken_value().startswith(f"step {step}\n")
        qtbot.keyClick(plot, Qt.Key.Key_Left)
        assert plot.spoken_value().startswith("step 4\n")
        qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        assert plot.spoken_value().startswith(f"step {further}\n")
        qtbot.keyClick(plot, Qt.Key.Key_End)
        assert plot.spoken_value().startswith(f"step {shown[1]:,.0f}\n")


# -- zoom ---------------------------------------------------------------------------------------------------


def test_the_wheel_and_keys_zoom_one_axis_until_key_a_or_the_button(qtbot: QtBot, plot: CurvePlot) -> None:
    whole, room = plot.view_range(), plot.minimumSizeHint()
    for show_whole in (
        lambda: qtbot.keyClick(plot, Qt.Key.Key_A),
        lambda: qtbot.mouseClick(plot.whole, LEFT),
    ):
        assert not plot.whole.isVisible()
        for x, axis in ((-200, 1), (1000, 0)):
            before = plot.view_range()
            turn_wheel(viewport(plot), 2, place(plot, x, 0.4))
            assert np.ptp(plot.view_range()[axis]) < np.ptp(before[axis])
            np.testing.assert_allclose(plot.view_range()[1 - axis], before[1 - axis])
        assert plot.is_zoomed
        assert plot.whole.isVisible()
        assert plot.minimumSizeHint() == room, "a zoom asks for no more room"
        show_whole()
        assert plot.view_range() == whole
        assert not plot.is_zoomed

    plot.setFocus()
    for modifier, axis in ((Qt.KeyboardModifier.NoModifier, 0), (Qt.KeyboardModifier.AltModifier, 1)):
        before = plot.view_range()
        qtbot.keyClick(plot, Qt.Key.Key_Plus, modifier)
        assert np.ptp(plot.view_range()[axis]) < np.ptp(before[axis])
        np.testing.assert_allclose(plot.view_range()[1 - axis], before[1 - axis])
        qtbot.keyClick(plot, Qt.Key.Key_Minus, modifier)
        np.testing.assert_allclose(plot.view_range(), before)


def test_dragging_moves_and_new_points_do_not_take_the_view_away(
    curves: TrainingCurves, plot: CurvePlot
) -> None:
    whole = plot.view_range()
    start, end = place(plot, 2500, 0.4), place(plot, 3500, 0.4)
    plot.plot_item.scene().minDragTime = 0
    send_mouse(plot, QEvent.Type.MouseButtonPress, start, LEFT)
    for part in (0.3, 0.6, 1.0):
        send_mouse(plot, QEvent.Type.MouseMove, start + (end - start) * part, LEFT)
    send_mouse(plot, QEvent.Type.MouseButtonRelease, end)
    moved = plot.view_range()
    assert moved[0][0] == pytest.approx(whole[0][0] - 1000, abs=60)
    curves.follow()
    curves.draw()
    assert plot.view_range() == moved


# -- choices ------------------------------------------------------------------------------------------------


def test_choices_and_zoom_come_back_with_the_view(
    qtbot: QtBot, curves: TrainingCurves, state: AppState
) -> None:
    history = recorded()
    state.reset_history(history)
    curves.loss.set_view_range((500, 1500), (0.0, 1.0))
    view = curves.view_state()
    other_state = AppState()
    other = TrainingCurves(other_state, lambda: None)
    qtbot.addWidget(other)
    other_state.reset_history(history)
    other.restore_view(view)
    assert other.loss.view_range()[0] == pytest.approx((500, 1500))
    assert other.view_state() == view


def test_the_shown_moment_is_marked_and_an_earlier_run_is_grey(
    qtbot: QtBot, curves: TrainingCurves, state: AppState
) -> None:
    state.reset_history(recorded())
    ghost = recorded(700)
    state.history.said, ghost.said = "LAB5; classes 0, 1; seed 7", "LAB5; classes 4, 9; seed 7"
    state.set_ghost(ghost)
    state.show_moment(Snapshot(300, LAB5.build_network()), follows_live=False)
    for each in (curves.loss, curves.accuracy):
        assert points(each, BEFORE)[-1] == 700
        assert [marker.x for marker in each.content.markers] == [300]
    told = "an earlier run, LAB5; classes 4, 9; seed 7; 700 steps"
    assert f"In grey: {told}" in curves.accuracy.toolTip()
    for plot, place in ((curves.loss, 1), (curves.accuracy, 0)):
        plot.legend.setFocus(Qt.FocusReason.TabFocusReason)
        for _ in range(place):
            qtbot.keyClick(plot.legend, Qt.Key.Key_Right)
        assert plot.legend.hovered == BEFORE
        assert plot.legend.drawing().part(BEFORE).tip == told


def test_what_guessing_costs_depends_on_the_classes(curves: TrainingCurves, state: AppState) -> None:
    for experiment, words in ((LAB5, "ln 2 = 0.693"), (LENET, "ln 10 = 2.30")):
        state.set_settings(experiment, experiment)
        state.reset_history(History(log_every=10))
        assert words in curves.loss.toolTip()
    for plot in (curves.loss, curves.accuracy):
        assert "training images, before they change the weights" in plot.toolTip()
        assert "mean is over the last 10 steps" in plot.toolTip()


# -- looks --------------------------------------------------------------------------------------------------


def test_the_plot_follows_the_theme_and_the_figure_has_what_is_in_sight(
    plot: CurvePlot, theme: ThemeManager
) -> None:
    corner = QPoint(viewport(plot).width() - 3, 3)
    for mode, look in (("light", LIGHT), ("dark", DARK)):
        theme.set_mode(mode)
        assert viewport(plot).grab().toImage().pixelColor(corner).name().upper() == look.surface
    plot.set_view_range((1000, 2000), (0.2, 0.8))
    texts = plot.figure(LOOK).texts()
    assert {"Loss", "1,000", "2,000", EACH, MEAN, TESTS} <= set(texts)
    assert [table.title for table in plot.tables()] == [EACH, MEAN, TESTS]


# -- the log -------------------------------------------------------------------------------------------------


@pytest.fixture
def table(qtbot: QtBot) -> LogTable:
    widget = LogTable()
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    show_window(qtbot, widget)
    return widget


def rows(first: int, count: int) -> list[LogLine]:
    return [LogLine(500 * step, 1 / step, 1 - 0.1 / step, 500) for step in range(first, first + count)]


def test_the_table_follows_its_end_unless_the_user_has_scrolled_and_shows_whole_rows(
    table: LogTable, qtbot: QtBot
) -> None:
    log: list[LogLine] = []

    def append(first: int) -> None:
        log.extend(rows(first, 10))
        table.show_rows(log)

    for first in range(1, 100, 10):
        append(first)
    bar, drawing = table.bar, table.drawing
    assert bar.value() == bar.maximum() > 0
    table.setFocus()
    for key, place in ((Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 1)):
        qtbot.keyClick(table, key)
        assert bar.value() == place
    turn_wheel(table, -1)
    below = bar.value()
    assert below > 1
    append(101)
    assert bar.value() == below
    assert drawing().texts()[3] == f"{500 * (below + 1):,}"
    qtbot.keyClick(table, Qt.Key.Key_End)
    append(111)
    assert bar.value() == bar.maximum()
    texts = drawing().texts()
    assert texts[:3] == ["step", "loss", "accuracy"]
    assert texts[-3:] == ["60,000", "0.00833", "0.999167"], "1/119 and 1/120 differ so"
    assert max(mark.box.bottom for mark in drawing().marks if isinstance(mark, Text)) <= table.height()
    assert table.figure(LIGHT).texts() == texts
    table.set_moment(10_500)
    marks = [mark for mark in drawing().marks if isinstance(mark, Text)]
    place = [mark.words for mark in marks].index("10,500")
    assert [mark.ink for mark in marks[place + 1 : place + 3]] == ["winner"] * 2, "the row of the step"
    for moment in (10_100, 0):
        table.set_moment(moment)
        inks = {mark.ink for mark in drawing().marks if isinstance(mark, Text)}
        assert "winner" not in inks, "no row has the means of the steps before this moment"
    table.set_moment(None)
    assert bar.value() == bar.maximum()
    table.show_rows(rows(7, 2))
    assert drawing().texts()[3::3] == ["3,500", "4,000"]
    table.show_rows([])
    assert drawing().texts() == []


def test_a_frame_shows_where_the_keyboard_came_by_a_key(table: LogTable, qtbot: QtBot) -> None:
    table.show_rows(rows(3, 1))
    activate(qtbot, table)
    pictures = []
    for reason in (Qt.FocusReason.MouseFocusReason, Qt.FocusReason.TabFocusReason):
        table.clearFocus()
        pictures += [table.grab().toImage()]
        table.setFocus(reason)
        pictures += [table.grab().toImage()]
    assert pictures[0] == pictures[1] == pictures[2] != pictures[3]


def test_what_is_no_number_is_no_gap_in_the_log() -> None:
    shown = log_values([LogLine(500, float("inf"), 0.5, 500), LogLine(12_500, float("nan"), 0.99669, 500)])
    assert [(row.name, *row.texts) for row in shown.rows] == [
        ("500", "∞", "0.500"),
        ("12,500", "NaN", "0.997"),
    ]


def test_the_log_is_copied_with_full_precision(table: LogTable, qtbot: QtBot) -> None:
    table.show_rows(rows(3, 1))
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "1500\t0.3333333333333333\t0.9666666666666667"


def test_no_number_is_cut_at_the_smallest_size(table: LogTable, theme: ThemeManager) -> None:
    theme.set_scale(1.35)
    table.show_rows([LogLine(60_000, 12.345, 0.999, 500)])
    table.resize(table.minimumSizeHint())
    assert table.content is not None
    least = VALUES.size(table.content, theme.theme).least_width
    assert least + table.bar.width() <= table.width()
