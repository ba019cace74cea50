"""The seed of the student for a run that nobody has trained yet."""

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from ui.controls.pace import single_shot
from ui.lab.desk import LabDesk
from ui.panels.report.writing import Writing
from ui.run.controller import Controller
from ui.state import AppState, RunStatus

_TYPED_MS = 500


class OwnSeed(QObject):
    """Begins anew with the seed that a lab wants, when it is opened or the roll number was typed.

    A run that is trained, or has other settings than the lab, stays as it is: the guide says so.
    """

    def __init__(
        self, desk: LabDesk, writing: Writing, state: AppState, controller: Controller, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._desk, self._state, self._controller = desk, state, controller
        self._waits = False
        self._typed = single_shot(self, self._follow, _TYPED_MS)
        desk.labChanged.connect(self._follow)
        writing.headChanged.connect(self._typed.start)
        state.runChanged.connect(self._look)

    def stop(self) -> None:
        """Begin nothing any more: the window closes."""
        self._typed.stop()

    @Slot()
    def _follow(self) -> None:
        self._waits = True
        self._look()

    @Slot()
    def _look(self) -> None:
        state, step = self._state, self._desk.step
        if not self._waits or state.run.status is RunStatus.LOADING:
            return
        self._waits = False
        if step is None or self._desk.needs_roll_number or state.pending or not state.is_untrained:
            return
        if self._desk.differing(step) == ("seed",):
            self._controller.on_draft_requested(replace(state.draft, seed=self._desk.experiment.seed))
