"""Putting the window where a step of a lab wants it, by the way sessions are restored."""

from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.lab.course import Course
from cnnviz.lab.events import TITLES
from cnnviz.lab.model import Show
from cnnviz.lab.showing import session_of
from cnnviz.network import weights_checksum
from cnnviz.quantities import format_count
from cnnviz.session_state import SessionState
from ui.controls.pace import single_shot
from ui.keep.session_files import SessionFiles
from ui.lab.desk import LabDesk
from ui.lab.library import run_of
from ui.panels.report.writing import Writing
from ui.run.controller import Controller
from ui.run.loading import select_classes
from ui.run.repeating import Trained
from ui.state import AppState, RunStatus

_LOOK_MS = 100


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the window is to be put: its name for messages, and whether what is shown is told."""

    name: str
    show: Show
    experiment: Experiment
    tells: bool = True


class StepShower(QObject):
    """Brings network, moment, sample, panel and choices of a step."""

    shown = Signal(str)  # what is to be seen by now, as a sentence
    lookedAt = Signal()  # it may have changed whether there is something to set (`is_set`)

    def __init__(self, desk: LabDesk, files: SessionFiles, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._files, self._state = desk, files, files.state
        self._is_busy = self._is_over = False
        #: Whether the window is as the step in front wants it, as far as is known.
        self.is_set = False
        #: The course that is being done, and the path of its file; None for a lab file.
        self.course: tuple[Course, Path] | None = None
        self._tells = True
        self._waiting: _Target | None = None  # for the present run to stand still
        self._panel = ""  # title of the one that is being shown
        self._before: tuple[Experiment, History] | None = None  # run that another may take the place of
        files.restorer.finished.connect(self._on_finished)
        self._state.runChanged.connect(self._on_run_changed)
        state, self._later = self._state, single_shot(self, self._look, _LOOK_MS)
        changes = (state.runChanged, state.sceneChanged, state.pinnedChanged, state.experimentChanged)
        for change in (*changes, desk.stepChanged, desk.labChanged, files.restorer.finished):
            change.connect(self._look_later)

    def stop(self) -> None:
        """Look no more: the window closes."""
        self._later.stop()
        self._is_over = True

    @Slot()
    def _look_later(self) -> None:
        if not self._is_over:
            self._later.start()

    def show(self) -> None:
        """Show the step in front, unless one is being shown.

        A trained network that would be lost is asked about first, unless the lab can train it again.
        """
        step = self._desk.step
        if step is None or self._is_busy:
            return
        if self._state.source is None:
            self._complain("The data are still being read: press “Show me” again in a moment.")
            return
        self._show(_Target(f"The step “{step.title}”", step.show, self._desk.experiment))

    def show_start(self) -> None:
        """Show the state in which the lab begins, as soon as there are data.

        A network that has been trained stays if it is one of the lab's.
        """
        lab, step = self._desk.lab, self._desk.step
        if lab is None or step is None or self._is_busy:
            return
        if self._state.is_untrained or self._state.source is None or not self._desk.is_run_of(step):
            self._show(_Target(f"The lab “{lab.title}”", lab.start, self._desk.start_experiment, tells=False))

    def _show(self, target: _Target) -> None:
        self._is_busy = True
        source = self._state.source
        if self._state.run.status is RunStatus.TRAINING:
            self._waiting = target
            self._files.controller.pause()
        elif source is None or self._state.run.status is RunStatus.LOADING:
            self._waiting = target
        else:
            self._read(target, source.dataset)

    @Slot()
    def _on_run_changed(self) -> None:
        target = self._waiting
        if target is not None and self._state.run.status is RunStatus.FAILED:
            self._waiting, self._is_busy = None, False
        elif target is not None and self._state.run.status not in (RunStatus.TRAINING, RunStatus.LOADING):
            self._waiting = None
            self._show(target)

    def _read(self, target: _Target, source: Dataset) -> None:
        classes, current = target.experiment.classes, self._state.dataset
        self._files.controller.analysis.submit(
            "lab-data",
            lambda _context: select_classes(source, classes, current),
            lambda dataset: self._begin(target, dataset),
            self._on_failed,
        )

    @Slot()
    def _look(self) -> None:
        """Find out whether the window is as the step in front wants it."""
        step, dataset = self._desk.step, self._state.dataset
        current = None if step is None else self._files.current_unchecked()
        if step is None or dataset is None or current is None:
            return
        wanted = self._desk.experiment_of(step)
        is_set = False
        if wanted.classes == dataset.classes:
            shown = session_of(step.show, wanted, dataset, current)
            is_set = shown.to_json() == replace(current, weights_sha256=shown.weights_sha256).to_json()
        if is_set != self.is_set:
            self.is_set = is_set
            self.lookedAt.emit()

    def _begin(self, target: _Target, dataset: Dataset) -> None:
        show = target.show
        try:
            current = self._files.current_unchecked()
            session = session_of(show, target.experiment, dataset, current)
        except CNNVizError as error:
            self._on_failed(str(error))
            return
        self._tells = target.tells
        self._panel = TITLES.get(show.panel, "")
        has_run = bool(len(self._state.history.losses))
        self._before = (self._state.experiment, self._state.history) if has_run else None
        asks, trained = not self._desk.is_own_run, self._run_of_course(session)
        self._files.bring_back(self._with_checksum(session), None, target.name, trained, asks=asks)

    def _run_of_course(self, session: SessionState) -> Trained | None:
        """Return the run that came with the course, if it is the one that a session is of."""
        if self.course is None:
            return None
        model, trained = self.course[0].model, run_of(*self.course)
        if model is None or trained is None or trained.end.origin is None:
            return None
        is_it = trained.end.origin.experiment == session.experiment
        return trained if is_it and model.data_sha256 == session.data_sha256 else None

    def _with_checksum(self, session: SessionState) -> SessionState:
        """Say which weights are meant, where the present run has them: it need not be trained again."""
        state, snapshots = self._state, self._state.history.snapshots
        is_still = state.run.status is not RunStatus.STOPPED and not self._desk.is_changed_run
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
        if was_busy and complete and shown is not None and self._tells:
            network = f"network of step {format_count(shown.step)}" if shown.step else "untrained network"
            self.shown.emit(f"Shown: {', '.join(filter(None, (self._panel, network)))}.")

    def _complain(self, message: str) -> None:
        self._state.raise_notice("files", "error", message)


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
