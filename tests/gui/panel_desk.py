"""A panel on a desk of its own: state, background threads and a window, and nothing else."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from cnnviz.experiment import Experiment
from tests.gui.driving import PATIENCE
from ui.run.tasks import TaskRunner
from ui.state import AppState


class PanelDesk:
    """A panel with everything that it needs; its threads end with its window, also when a test fails."""

    def __init__(
        self,
        qtbot: QtBot,
        experiment: Experiment,
        build: Callable[..., Any],
        size: tuple[int, int],
        runner: type[TaskRunner] = TaskRunner,
    ) -> None:
        self.bot, self.state = qtbot, AppState(experiment)
        self.analysis, self.background = runner("analysis"), runner("background")
        self.window, self._closed = QMainWindow(), False
        self.panel = build(self.state, self.analysis, self.background)
        self.window.setCentralWidget(self.panel)
        self.window.resize(*size)
        qtbot.addWidget(self.window, before_close_func=lambda _window: self.close())
        with qtbot.waitExposed(self.window):
            self.window.show()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.analysis.close(PATIENCE)
            self.background.close(PATIENCE)
            self.window.close()
