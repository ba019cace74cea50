"""That the run in the window is not the one that the step in front is about, said as long as it is so."""

from typing import override

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.controls.layouts import fill
from ui.controls.message_bar import MessageBar
from ui.lab.desk import LabDesk
from ui.panels.training.settings_text import SETTINGS, value_text
from ui.state import AppState, RunStatus

_MOST_NAMED = 3


class MisfitBar(MessageBar):
    """Names the settings of the run that are not those of the step, and offers to put it right.

    It holds nothing of its own and cannot be closed; its action is what "Show me" does.
    """

    def __init__(self, desk: LabDesk, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._state = desk, state
        self._close.hide()
        self._layout.removeWidget(self._label)
        self._layout.removeWidget(self._action)
        row = fill(QHBoxLayout(), self._action, 1)
        below = fill(QVBoxLayout(), self._label, row, spacing=0)  # the column is narrow
        self._layout.insertLayout(1, below, 1)
        self.action_button().setToolTip("What “Show me” does: the window is put where this step wants it")
        desk.stepChanged.connect(self.look)
        for signal in (state.experimentChanged, state.runChanged):
            signal.connect(self.look)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # what is true cannot be sent away by Escape

    @Slot()
    def look(self) -> None:
        """Say what differs now, or nothing."""
        state, run = self._state, self._state.run
        if run.status is RunStatus.LOADING and run.run_id:
            return  # what comes next is known in a moment
        names = self._desk.misfit if run.run_id else ()
        if not names or (names == ("seed",) and state.is_untrained):
            if not self.isHidden():
                self.clear()
            return
        text = f"The network in the window is not that of this step: {self._words(names)}."
        if text != self.text():
            self.show_message(text, "warning", "Use the settings of this step")

    def _words(self, names: tuple[str, ...]) -> str:
        wanted, running = self._desk.experiment, self._state.experiment
        named = [
            f"{SETTINGS[name].label} {value_text(name, getattr(running, name))} instead of "
            f"{value_text(name, getattr(wanted, name))}"
            for name in names[:_MOST_NAMED]
        ]
        more = len(names) - _MOST_NAMED
        return "; ".join(named) + (f"; and {more} more" if more > 0 else "")
