"""What runs and what would run, where the two differ: a state of the program, said as long as it lasts."""

from typing import override

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from cnnviz.errors import CNNVizError
from ui.controls.buttons import Button
from ui.controls.message_bar import MessageBar
from ui.controls.pace import single_shot
from ui.state import AppState, RunStatus
from ui.window.actions import START_TIP, action_row

_START, _DISCARD = "Start new run", "Discard changes"
_MOST_NAMED = 3
#: An untrained run takes edited settings at once: that is over before anybody could read of it.
_UNTRAINED_MS = 400


class PendingBar(MessageBar):
    """Names the settings that wait in the form, and asks what shall become of them; it cannot be closed.

    It holds nothing of its own: it is there exactly while settings of the form are not those of the run.
    """

    #: A new run is to begin with the settings of the form.
    startRequested = Signal()
    #: The present network is to be trained on, as it is.
    presentRequested = Signal()
    #: The form is to show the settings of the run again.
    discardRequested = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._close.hide()
        self._discard = Button(_DISCARD, kind="link")
        self._discard.setToolTip("Show the settings of the run in the form again")
        row = action_row("train_present")
        self._present = Button(row.label, kind="link", tooltip=row.sentence, shortcut=row.key)
        self._layout.addWidget(self._present)
        self._layout.addWidget(self._discard)
        self.action_button().setToolTip(START_TIP)
        self._late = single_shot(self, self._draw, _UNTRAINED_MS)
        self.actionRequested.connect(self.startRequested)
        self._present.clicked.connect(self.presentRequested)
        self._discard.clicked.connect(self.discardRequested)
        for signal in (state.draftChanged, state.experimentChanged, state.datasetChanged, state.runChanged):
            signal.connect(self._on_changed)

    def present_button(self) -> Button:
        """Button by which the present network is trained on."""
        return self._present

    def discard_button(self) -> Button:
        """Button by which the changes are given up."""
        return self._discard

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # what is true cannot be sent away by Escape

    @Slot()
    def _on_changed(self) -> None:
        state = self._state
        if not state.pending or not state.run.run_id or state.run.status is RunStatus.LOADING:
            self._late.stop()
            if not self.isHidden():
                self.clear()
        elif state.is_untrained and not self._problem():
            self._late.start()
        else:
            self._late.stop()
            self._draw()

    def _problem(self) -> str:
        """Return why no run can begin with these settings, or ""."""
        dataset = self._state.dataset
        if dataset is not None:
            try:
                self._state.draft.check_fits(dataset.input_shape)
            except CNNVizError as error:
                return str(error)
        return ""

    @Slot()
    def _draw(self) -> None:
        problem = self._problem()
        text, kind, action = (problem, "error", "") if problem else (self._words(), "info", _START)
        if (text, kind) != (self.text(), self.kind()):
            self.show_message(text, kind, action)
        self._present.setVisible(self._state.run.status in (RunStatus.PAUSED, RunStatus.FINISHED))

    def _words(self) -> str:
        # Imported here: with the panel come plots, which take longer to load than the window to appear.
        from ui.panels.training.settings_text import SETTINGS, value_text

        state = self._state
        changes = [
            f"{SETTINGS[name].label} {value_text(name, getattr(state.experiment, name))} → "
            f"{value_text(name, getattr(state.draft, name))}"
            for name in state.pending
        ]
        more = len(changes) - _MOST_NAMED
        named = "; ".join(changes[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
        return f"Chosen for a new run: {named}. The present network keeps its own settings."
