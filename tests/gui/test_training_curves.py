"""Curves that follow a run: both plots come up to date, however the news arrive."""

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from cnnviz.history import EvaluationPoint, History
from cnnviz.training import Progress
from tests.gui.driving import show_window
from ui.panels.training.curves import TrainingCurves


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
