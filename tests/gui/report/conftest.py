"""The report panel in a window of its own, beside a small state."""

import pytest
from pytestqt.qtbot import QtBot

from cnnviz.snapshots import Snapshot
from tests.engine.report_cases import small_data
from tests.gui.driving import drain, show_window
from ui.panels.report import ReportPanel
from ui.run.tasks import TaskRunner
from ui.state import AppState, Sample


@pytest.fixture
def state() -> AppState:
    state = AppState()
    data = small_data()
    state.set_dataset(data)
    network = state.experiment.build_network(data.input_shape)
    state.set_live(Snapshot(0, network))
    state.set_sample(Sample(data.test_images[2], int(data.test_labels[2]), 2))
    return state


@pytest.fixture
def background():
    runner = TaskRunner("background")
    yield runner
    assert runner.close(10_000)
    runner.deleteLater()


@pytest.fixture
def make(qtbot: QtBot, state: AppState, background: TaskRunner):
    def rest(panel: ReportPanel) -> None:
        """Let what is under way come to its end: its results go to widgets that are still there."""
        panel.hide()
        qtbot.waitUntil(lambda: background.is_idle)
        drain(qtbot, background)

    def build() -> ReportPanel:
        panel = ReportPanel(state, background, background, background)
        qtbot.addWidget(panel, before_close_func=rest)
        panel.resize(1000, 700)
        show_window(qtbot, panel)
        return panel

    return build
