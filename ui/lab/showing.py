"""Putting the window where a step of a lab wants it, by the way sessions are restored."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.lab.events import TITLES
from cnnviz.lab.model import Step
from cnnviz.lab.showing import session_of
from cnnviz.quantities import format_count
from cnnviz.session_state import SessionState, weights_checksum
from ui.keep.session_files import SessionFiles
from ui.lab.desk import LabDesk
from ui.run.loading import select_classes
from ui.state import RunStatus


class StepShower(QObject):
    """Brings network, moment, sample, panel and choices of a step.

    Parameters
    ----------
    desk : LabDesk
    files : SessionFiles
    parent : QObject

    Signals
    -------
    shown(str)
        What is to be seen by now, as a sentence.
    """

    shown = Signal(str)

    def __init__(self, desk: LabDesk, files: SessionFiles, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._files, self._state = desk, files, files.state
        self._is_busy = self._waits_for_rest = self._is_so_already = False
        self._panel = ""  # title of the one that is being shown
        self._before: tuple[Experiment, History] | None = None  # run that another may take the place of
        files.restorer.finished.connect(self._on_finished)
        self._state.runChanged.connect(self._on_run_changed)

    def show(self) -> None:
        """Show the step in front, unless one is being shown.

        A trained network that would be lost is asked about first, unless the lab can train it again.
        """
        step, source = self._desk.step, self._state.source
        if step is None or self._is_busy:
            return
        if source is None:
            self._complain("The data are still being read: press “Show me” again in a moment.")
            return
        self._is_busy = True
        self._waits_for_rest = self._state.run.status is RunStatus.TRAINING
        if self._waits_for_rest:
            self._files.controller.pause()
        else:
            self._read(step, source.dataset)

    @Slot()
    def _on_run_changed(self) -> None:
        if self._waits_for_rest and self._state.run.status is not RunStatus.TRAINING:
            self._waits_for_rest = self._is_busy = False
            self.show()

    def _read(self, step: Step, source: Dataset) -> None:
        classes, current = self._desk.experiment_of(step).classes, self._state.dataset
        self._files.controller.analysis.submit(
            "lab-data",
            lambda _context: select_classes(source, classes, current),
            lambda dataset: self._begin(step, dataset),
            self._on_failed,
        )

    def _begin(self, step: Step, dataset: Dataset) -> None:
        try:
            current = self._files.current_unchecked()
            session = session_of(step.show, self._desk.experiment_of(step), dataset, current)
        except CNNVizError as error:
            self._on_failed(str(error))
            return
        self._panel = TITLES.get(step.show.panel, "")
        self._is_so_already = current is not None and _same_view(session, current)
        has_run = bool(len(self._state.history.losses))
        self._before = (self._state.experiment, self._state.history) if has_run else None
        name, asks = f"The step “{step.title}”", not self._desk.is_own_run
        self._files.bring_back(self._with_checksum(session), None, name, asks=asks)

    def _with_checksum(self, session: SessionState) -> SessionState:
        """Say which weights are meant, where the present run has them: it need not be trained again."""
        state, snapshots = self._state, self._state.history.snapshots
        is_still = state.run.status is not RunStatus.STOPPED
        is_same_run = (
            is_still and replace(state.experiment, epochs=session.experiment.epochs) == session.experiment
        )
        if not is_same_run or not len(snapshots) or session.step > state.run.step:
            return session
        snapshot = snapshots.find(session.step)
        found = "" if snapshot is None else weights_checksum(snapshot.network)
        return replace(session, experiment=state.experiment, run_step=state.run.step, weights_sha256=found)

    def _on_failed(self, message: str) -> None:
        self._is_busy = False
        self._complain(message)

    @Slot(bool)
    def _on_finished(self, complete: bool) -> None:
        was_busy, self._is_busy = self._is_busy, False
        shown = self._state.shown
        before, self._before = self._before, None
        if was_busy and complete and before is not None and before[0] != self._state.experiment:
            self._state.set_ghost(before[1])  # labs compare runs of different settings
        if was_busy and complete and shown is not None:
            network = f"network of step {format_count(shown.step)}" if shown.step else "untrained network"
            how = "So already" if self._is_so_already else "Shown"
            self.shown.emit(f"{how}: {', '.join(filter(None, (self._panel, network)))}.")

    def _complain(self, message: str) -> None:
        self._state.raise_notice("files", "error", message)


def _same_view(one: SessionState, other: SessionState) -> bool:
    return one.to_json() == replace(other, weights_sha256=one.weights_sha256).to_json()
