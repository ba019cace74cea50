"""Curves that follow a run: both plots come up to date, however the news arrive."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from cnnviz.history import EvaluationPoint, History
from cnnviz.training import Progress
from tests.gui.driving import settle, show_window
from ui.panels.training.curves import TrainingCurves
from ui.panels.views import Choices
from ui.theme import ThemeManager


@pytest.fixture
def curves(qtbot: QtBot) -> TrainingCurves:
    made = TrainingCurves()
    qtbot.addWidget(made)
    made.resize(500, 500)
    made.set_history(History(log_every=10))
    show_window(qtbot, made)
    return made


def _train(curves: TrainingCurves, steps: int, history: History) -> None:
    first = history.step + 1
    ones = np.ones(steps, dtype=np.intp)
    history.append(Progress(first, np.linspace(1, 0.5, steps), ones, ones, 0.1))
    curves.follow_steps()


def _drawn(curves: TrainingCurves) -> tuple[int, float, float]:
    """Steps of the loss, and last steps of the two running means."""
    ends = [plot.curve("mean")[0] for plot in (curves.loss, curves.accuracy)]
    return len(curves.loss.curve("raw")[0]), *(float(x[-1]) if len(x) else 0.0 for x in ends)


def test_a_single_piece_of_news_reaches_both_plots(qtbot: QtBot, curves: TrainingCurves) -> None:
    history = History(log_every=10)
    curves.set_history(history)
    _train(curves, 40, history)
    qtbot.waitUntil(lambda: _drawn(curves) == (40, 40, 40))


def test_tests_with_every_frame_hold_up_neither_plot(qtbot: QtBot, curves: TrainingCurves) -> None:
    history = History(log_every=10)
    curves.set_history(history)

    def train_and_test() -> None:
        _train(curves, 20, history)
        history.add_test(EvaluationPoint(history.step, 0.4, 0.9))
        curves.follow_tests()

    frames = QTimer(curves)
    frames.timeout.connect(train_and_test)
    frames.start(30)
    qtbot.waitUntil(lambda: min(_drawn(curves)) >= 200)  # while news keep coming
    frames.stop()
    qtbot.waitUntil(lambda: _drawn(curves) == (history.step,) * 3)
    tests = len(history.tests)
    qtbot.waitUntil(lambda: all(len(p.curve("test")[0]) == tests for p in (curves.loss, curves.accuracy)))


def _run(batch: int, epochs: int, images: int = 120) -> History:
    """A run whose loss is a function of how many images have been met."""
    history = History(log_every=4)
    history.batch_size, history.epoch_images = batch, images
    sizes = np.array([min(batch, images - start) for start in range(0, images, batch)] * epochs)
    history.append(Progress(1, 1 / (1 + np.cumsum(sizes) / 50), sizes // 2, sizes, 0.1))
    history.add_test(EvaluationPoint(history.step, 0.3, 0.9))
    return history


@pytest.fixture
def choose_unit(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Callable[[TrainingCurves, str], None]:
    """Choose a unit by its name in the menu that the button asks for; without a screen it is not shown."""
    menus: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _place: menus.append(menu))

    def choose(curves: TrainingCurves, text: str) -> None:
        qtbot.mouseClick(curves.units, Qt.MouseButton.LeftButton)
        (action,) = [each for each in menus.pop().actions() if each.text() == text]
        action.trigger()
        assert action.isChecked()

    return choose


def test_runs_of_different_batches_are_compared_by_images_and_by_epochs(
    qtbot: QtBot, curves: TrainingCurves, choose_unit: Callable[[TrainingCurves, str], None]
) -> None:
    small, large = _run(batch=4, epochs=2), _run(batch=30, epochs=2)
    curves.set_history(small)
    curves.set_ghost(large)
    curves.set_total_steps(90)
    curves.set_moment(30)
    assert curves.loss.curve("raw")[0][-1] == 60
    assert curves.loss.curve("ghost")[0][-1] == 8
    for text, label, per_image in (("Training images", "images", 1.0), ("Epochs", "epochs", 1 / 120)):
        choose_unit(curves, text)
        assert curves.loss.content().x_label == curves.accuracy.content().x_label == label
        x, y = curves.loss.curve("raw")
        np.testing.assert_allclose(x, np.arange(4, 244, 4) * per_image)
        np.testing.assert_allclose(y, small.losses)
        for plot in (curves.loss, curves.accuracy):
            assert plot.curve("ghost")[0][-1] == pytest.approx(240 * per_image)
            assert plot.curve("test")[0] == pytest.approx([240 * per_image])
            assert plot.marker_x() == pytest.approx(120 * per_image)
            assert plot.view_range()[0][1] == pytest.approx(360 * per_image)
    # News go on in the unit that was chosen.
    ones = np.full(3, 4)
    small.append(Progress(61, np.full(3, 0.1), ones, ones, 0.1))
    curves.follow_steps()
    qtbot.waitUntil(lambda: len(curves.loss.curve("raw")[0]) == 63)
    assert curves.loss.curve("raw")[0][-1] == pytest.approx(252 / 120)
    curves.loss.set_cursor(1.5)
    assert curves.loss.readout_text().startswith("epochs 1.5\n")
    curves.set_unit("step")
    assert curves.loss.curve("raw")[0][-1] == 63


def test_the_unit_comes_back_with_the_view(
    qtbot: QtBot, curves: TrainingCurves, choose_unit: Callable[[TrainingCurves, str], None]
) -> None:
    curves.set_history(_run(batch=30, epochs=2))
    choose_unit(curves, "Epochs")
    curves.loss.set_view_range((0.5, 1.5), (0.0, 1.0))
    view = curves.view_state()
    other = TrainingCurves()
    qtbot.addWidget(other)
    other.set_history(_run(batch=30, epochs=2))
    other.restore_view(Choices(view))
    assert other.unit() == "epochs"
    assert other.loss.view_range()[0] == pytest.approx((0.5, 1.5))
    assert other.view_state() == view


@pytest.mark.parametrize(("count", "words"), [(2, "ln 2 = 0.693"), (10, "ln 10 = 2.30")])
def test_what_guessing_costs_depends_on_the_classes(curves: TrainingCurves, count: int, words: str) -> None:
    curves.set_classes(count)
    assert words in curves.loss.toolTip()
    for plot in (curves.loss, curves.accuracy):
        assert "training images, before they change the weights" in plot.toolTip()
        assert "mean is over the last 10 steps" in plot.toolTip()


def _accurate(share: float) -> History:
    """A run of 40 steps of 20 images, of which that share is told right."""
    history, images = History(log_every=10), np.full(40, 20, dtype=np.intp)
    right = np.full(40, round(20 * share), dtype=np.intp)
    history.append(Progress(1, np.linspace(1, 0.5, 40), right, images, 0.1))
    return history


def test_the_axis_of_accuracy_begins_below_all_curves_and_not_below_earlier_ones(
    curves: TrainingCurves,
) -> None:
    def lowest() -> float:
        return curves.accuracy.view_range()[1][0]

    curves.set_history(_accurate(0.9))
    alone = lowest()
    assert 0.5 < alone < 0.9
    curves.set_ghost(_accurate(0.3))
    assert lowest() < 0.3
    curves.set_ghost(None)
    assert lowest() == alone
    curves.set_history(_accurate(0.3))
    curves.set_history(_accurate(0.9))
    assert lowest() == alone


def test_the_button_for_the_unit_stays_beside_its_label(
    qtbot: QtBot, curves: TrainingCurves, theme: ThemeManager
) -> None:
    def right_of_label() -> tuple[int, int]:
        label = curves.accuracy.plot_item.getAxis("bottom").label.sceneBoundingRect()
        place = curves.units.geometry().center()
        return round(place.x() - label.right()), round(place.y() - label.center().y())

    settle(qtbot)
    before = right_of_label()
    for size, presenter in (((500, 500), True), ((700, 620), True), ((500, 420), False), ((500, 500), False)):
        theme.set_presenter(presenter)
        curves.resize(*size)
        settle(qtbot)
        assert abs(right_of_label()[1]) <= 2
    assert right_of_label() == before
