import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.driving import double_click, show_window
from ui.controls.buttons import IconButton
from ui.plots.curve_legend import LegendEntry
from ui.plots.curve_plot import CurvePlot
from ui.plots.plot_readout import PlotReadout
from ui.theme import DARK, LIGHT, ThemeManager


@pytest.fixture
def plot(qtbot: QtBot) -> CurvePlot:
    widget = CurvePlot("Loss")
    qtbot.addWidget(widget)
    widget.add_curve("raw", "each step", "raw")
    widget.add_curve("mean", "mean of 500", "smooth")
    widget.add_curve("test", "test", "test", "winner")
    widget.set_y_bounds(0, None)
    widget.resize(560, 320)
    show_window(qtbot, widget)
    return widget


def viewport(plot: CurvePlot) -> QWidget:
    return plot.plot_item.getViewWidget().viewport()


def place(plot: CurvePlot, x: float, y: float) -> QPoint:
    """Pixel of the viewport at a point of the plot."""
    scene = plot.plot_item.getViewBox().mapViewToScene(QPointF(x, y))
    return plot.plot_item.getViewWidget().mapFromScene(scene)


def send_mouse(
    plot: CurvePlot, kind: QEvent.Type, at: QPoint, buttons: Qt.MouseButton = Qt.MouseButton.NoButton
) -> None:
    target = viewport(plot)
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    event = QMouseEvent(
        kind, QPointF(at), QPointF(target.mapToGlobal(at)), button, buttons, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(target, event)


def is_empty(plot: CurvePlot) -> bool:
    """Whether the placeholder is in sight."""
    return any(label.isVisible() and label.text().startswith("Press") for label in plot.findChildren(QLabel))


def hover(plot: CurvePlot, x: float, y: float) -> None:
    send_mouse(plot, QEvent.Type.MouseMove, place(plot, x, y))


def turn_wheel(plot: CurvePlot, x: float, y: float) -> None:
    at, target = place(plot, x, y), viewport(plot)
    event = QWheelEvent(
        QPointF(at),
        QPointF(target.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(target, event)


def train(plot: CurvePlot, steps: int = 5000) -> None:
    x = np.arange(1, steps + 1)
    plot.set_curve("raw", x, np.exp(-x / 2000) * (1 + 0.3 * np.sin(x)))
    plot.set_curve("mean", x[499::500], np.exp(-x[499::500] / 2000))
    plot.set_curve("test", [2500, 5000], [0.29, 0.08])


def test_the_whole_is_in_sight_and_the_planned_end_is_kept(plot: CurvePlot) -> None:
    plot.set_x_limit(12_665)
    train(plot)
    (x_lo, x_hi), (y_lo, y_hi) = plot.view_range()
    assert (x_lo, x_hi) == (0, 12_665)
    assert -0.1 < y_lo <= 0
    assert y_hi >= 0.78  # the largest mean


def test_the_first_steps_of_a_long_run_are_no_dot_at_the_left_end(plot: CurvePlot) -> None:
    plot.set_x_limit(12_665)
    for steps, end in ((13, 15), (100, 120), (1, 15)):
        plot.set_curve("mean", np.arange(1, steps + 1), np.ones(steps))
        plot.reset_view()
        lower, upper = plot.view_range()[0]
        assert lower == 0
        assert steps < upper <= max(1.5 * steps, end)
    plot.set_curve("mean", np.arange(1, 255), np.ones(254))
    assert plot.view_range()[0] == (0, 12_665)


def test_a_zoom_asks_for_no_more_room(plot: CurvePlot) -> None:
    plot.set_x_limit(12_665)
    train(plot)
    before = plot.minimumSizeHint()
    plot.set_view_range((0, 100), (0, 1))
    assert plot.is_zoomed()
    assert plot.minimumSizeHint() == before


def test_the_view_keeps_still_while_points_arrive(plot: CurvePlot) -> None:
    plot.set_x_limit(5000)
    views = []
    for start in range(0, 5000, 50):
        x = np.arange(start, start + 50)
        plot.append_curve("mean", x, 0.7 * np.exp(-x / 2500))
        views.append(plot.view_range())
    assert len(set(views)) <= 4
    x, y = plot.curve("mean")
    np.testing.assert_array_equal(x, np.arange(5000))
    np.testing.assert_allclose(y, 0.7 * np.exp(-x / 2500))


def test_accuracy_has_a_fixed_top_and_a_bottom_that_follows(plot: CurvePlot) -> None:
    plot.set_y_bounds(None, 1.0)
    plot.set_curve("mean", [0, 1, 2], [0.93, 0.97, 0.99])
    _, (low, high) = plot.view_range()
    assert 0.85 < low < 0.93
    assert 1.0 < high < 1.01


def test_a_few_extremes_of_the_raw_curve_do_not_flatten_the_rest(plot: CurvePlot) -> None:
    y = np.full(10_000, 0.5)
    y[::500] = 100.0
    plot.set_curve("raw", np.arange(10_000), y)
    assert plot.view_range()[1][1] < 2


def test_hovering_reads_every_curve_at_the_nearest_step(qtbot: QtBot, plot: CurvePlot) -> None:
    train(plot)
    with qtbot.waitSignal(plot.hovered) as told:
        hover(plot, 2503, 0.3)
    text = plot.readout_text()
    assert "mean of 500 0.287" in text
    assert "test 0.29" in text
    assert told.args is not None
    assert abs(told.args[0] - 2503) < 25
    assert text.startswith(f"step {told.args[0]:,.0f}\n")
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert plot.readout_text() == ""


def test_a_value_from_another_step_says_so(plot: CurvePlot) -> None:
    train(plot)
    hover(plot, 3300, 0.3)
    assert "test at 2,500 0.29" in plot.readout_text()


def test_the_readout_stays_inside_the_plot(plot: CurvePlot) -> None:
    train(plot)
    for x, y in ((10, 0.7), (4990, 0.01), (4990, 0.7), (2500, 0.3)):
        hover(plot, x, y)
        box = plot.findChild(PlotReadout).geometry()
        assert viewport(plot).rect().contains(box), (x, y)


def test_the_wheel_zooms_and_key_a_shows_the_whole(qtbot: QtBot, plot: CurvePlot) -> None:
    train(plot)
    plot.reset_view()
    whole = plot.view_range()
    turn_wheel(plot, 1000, 0.4)
    assert plot.is_zoomed()
    (x_lo, x_hi), _ = plot.view_range()
    assert x_hi - x_lo < whole[0][1] - whole[0][0]
    qtbot.keyClick(plot, Qt.Key.Key_A)
    assert plot.view_range() == whole
    assert not plot.is_zoomed()


def test_dragging_moves_and_a_double_click_shows_the_whole(plot: CurvePlot) -> None:
    train(plot)
    plot.reset_view()
    whole = plot.view_range()
    start, end = place(plot, 2500, 0.4), place(plot, 3500, 0.4)
    left = Qt.MouseButton.LeftButton
    plot.plot_item.scene().minDragTime = 0
    send_mouse(plot, QEvent.Type.MouseButtonPress, start, left)
    for part in (0.3, 0.6, 1.0):
        between = start + (end - start) * part
        send_mouse(plot, QEvent.Type.MouseMove, between, left)
    send_mouse(plot, QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton)
    assert plot.is_zoomed()
    assert plot.view_range()[0][0] == pytest.approx(whole[0][0] - 1000, abs=60)
    double_click(viewport(plot), place(plot, 2500, 0.4))
    assert plot.view_range() == whole


def test_new_points_do_not_take_a_zoomed_view_away(plot: CurvePlot) -> None:
    train(plot)
    turn_wheel(plot, 1000, 0.4)
    zoomed = plot.view_range()
    plot.append_curve("mean", [6000], [9.0])
    assert plot.view_range() == zoomed


def test_the_button_that_shows_the_whole_is_there_only_when_zoomed(qtbot: QtBot, plot: CurvePlot) -> None:
    train(plot)
    button = plot.findChild(IconButton)
    assert not button.isVisible()
    turn_wheel(plot, 1000, 0.4)
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not plot.is_zoomed()
    assert not button.isVisible()


def test_keys_move_the_cursor_and_zoom(qtbot: QtBot, plot: CurvePlot) -> None:
    train(plot)
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    first = plot.readout_text()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert first.startswith("step ")
    assert plot.readout_text() != first
    for key, step in ((Qt.Key.Key_Home, "step 1\n"), (Qt.Key.Key_End, "step 5,000\n")):
        qtbot.keyClick(plot, key)
        assert plot.readout_text().startswith(step)
    for modifier, axis in ((Qt.KeyboardModifier.NoModifier, 0), (Qt.KeyboardModifier.AltModifier, 1)):
        before = plot.view_range()
        qtbot.keyClick(plot, Qt.Key.Key_Plus, modifier)
        assert np.ptp(plot.view_range()[axis]) < np.ptp(before[axis])
        np.testing.assert_allclose(plot.view_range()[1 - axis], before[1 - axis])
        qtbot.keyClick(plot, Qt.Key.Key_Minus, modifier)
        np.testing.assert_allclose(plot.view_range(), before)


def test_the_wheel_zooms_the_steps_or_the_axis_over_which_it_is_turned(plot: CurvePlot) -> None:
    train(plot)
    for x, axis in ((-200, 1), (1000, 0)):
        before = plot.view_range()
        turn_wheel(plot, x, 0.4)
        assert np.ptp(plot.view_range()[axis]) < np.ptp(before[axis])
        np.testing.assert_allclose(plot.view_range()[1 - axis], before[1 - axis])


@pytest.mark.parametrize("shown", [(0.0, 60.0), (0.0, 5000.0)])
def test_an_arrow_key_goes_to_the_next_point(
    qtbot: QtBot, plot: CurvePlot, shown: tuple[float, float]
) -> None:
    train(plot)
    plot.set_view_range(shown, (0.0, 1.0))
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    for step in range(2, 6):
        qtbot.keyClick(plot, Qt.Key.Key_Right)
        assert plot.readout_text().startswith(f"step {step}\n")
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.readout_text().startswith("step 4\n")
    qtbot.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert plot.readout_text().startswith("step 5\n" if shown[1] < 100 else "step 54\n")


def test_the_legend_hides_a_curve_by_mouse_and_by_key(qtbot: QtBot, plot: CurvePlot) -> None:
    train(plot)
    entries = {entry.text(): entry for entry in plot.findChildren(LegendEntry)}
    assert list(entries) == ["each step", "mean of 500", "test"]
    plot.setFocus()
    written = entries["each step"].grab().toImage().pixelColor(1, 1)
    for entry in entries.values():
        entry.setFocus()
        corner = QPoint(entry.width() - 6, 5)  # inside the frame, where no letter is
        assert entry.grab().toImage().pixelColor(corner) == written, (
            "its words can be read with the keyboard on it"
        )
    qtbot.mouseClick(entries["test"], Qt.MouseButton.LeftButton)
    hover(plot, 2503, 0.3)
    assert "test" not in plot.readout_text()
    entries["test"].setFocus()
    qtbot.keyClick(entries["test"], Qt.Key.Key_Space)
    hover(plot, 2504, 0.3)
    assert "test 0.29" in plot.readout_text()


def test_the_placeholder_goes_when_points_come(plot: CurvePlot) -> None:
    plot.set_placeholder("Press Train to start")
    assert is_empty(plot)
    plot.append_curve("raw", [1], [0.7])
    assert not is_empty(plot)
    plot.clear()
    assert is_empty(plot)
    assert plot.curve("raw")[0].size == 0


def test_a_million_points_are_drawn_as_few(plot: CurvePlot) -> None:
    y = np.random.default_rng(0).random(1_000_000)
    plot.set_curve("raw", np.arange(1_000_000), y)
    drawn_x, drawn_y = (
        plot.plot_item.listDataItems()[0].getData() if plot.plot_item.listDataItems() else (None, None)
    )
    items = [
        item for item in plot.plot_item.items if hasattr(item, "getData") and item.getData()[0] is not None
    ]
    largest = max(len(item.getData()[0]) for item in items)
    assert drawn_x is None or drawn_y is not None
    assert 0 < largest < 5000


def test_a_plot_out_of_sight_is_up_to_date_when_it_is_shown(qtbot: QtBot, plot: CurvePlot) -> None:
    plot.hide()
    plot.set_curve("mean", [0, 20_000], [5.0, 4.0])
    with qtbot.waitExposed(plot):
        plot.show()
    (_, x_hi), (_, y_hi) = plot.view_range()
    assert x_hi >= 20_000
    assert y_hi >= 5


def test_gaps_are_drawn_without_complaint(plot: CurvePlot) -> None:
    plot.set_curve("raw", np.arange(4), [0.5, np.nan, np.inf, 0.4])
    plot.grab()
    assert plot.view_range()[1][1] < 2


def test_unknown_names_and_styles_are_refused(plot: CurvePlot) -> None:
    with pytest.raises(ValueError, match="'raw'"):
        plot.add_curve("raw", "again")
    with pytest.raises(ValueError, match="'thick'"):
        plot.add_curve("new", "new", "thick")
    with pytest.raises(KeyError):
        plot.set_curve("missing", [0], [0])


def test_the_plot_follows_the_theme(plot: CurvePlot, theme: ThemeManager) -> None:
    train(plot)
    corner = QPoint(viewport(plot).width() - 3, 3)
    assert viewport(plot).grab().toImage().pixelColor(corner).name().upper() == LIGHT.surface
    theme.set_mode("dark")
    assert viewport(plot).grab().toImage().pixelColor(corner).name().upper() == DARK.surface


def test_numbers_at_both_ends_of_the_accuracy_axis_are_written(plot: CurvePlot) -> None:
    plot.set_y_bounds(None, 1.0)
    plot.set_curve("mean", [0, 100], [0.82, 0.99])
    axis = plot.plot_item.getAxis("left")
    image = plot.plot_item.getViewWidget().grab().toImage()
    at = place(plot, 0, 1.0)
    strip = [
        image.pixelColor(x, y).lightness()
        for x in range(max(at.x() - 44, 0), at.x() - 4)
        for y in range(at.y() - 6, at.y() + 6)
    ]
    assert axis.isVisible()
    assert min(strip) < 170


def test_a_run_that_diverged_does_not_flatten_the_one_it_is_compared_with(plot: CurvePlot) -> None:
    plot.add_curve("ghost", "before", "ghost", "muted")
    plot.set_curve("ghost", np.arange(60), 0.7 * 1.4 ** np.arange(60))
    assert plot.view_range()[1][1] > 1e8  # alone it is shown as it is
    plot.set_curve("mean", np.arange(100), np.linspace(0.7, 0.2, 100))
    assert 0.7 < plot.view_range()[1][1] < 3
    plot.set_curve("ghost", np.arange(60), np.linspace(1.2, 0.9, 60))
    plot.reset_view()
    assert plot.view_range()[1][1] > 1.2  # a tame one is in sight as a whole
