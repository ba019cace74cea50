"""Joins state, threads and panels: turns requests into jobs, and results into state."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, Slot

from cnnviz.errors import NO_THREAD
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.runtime import give_back_memory
from cnnviz.snapshots import Snapshot
from ui.run.loading import DataFiles, fitting
from ui.run.mail_reader import MailReader
from ui.run.mailbox import Mailbox, RunFailed
from ui.run.model_files import ModelFiles, OpenedModel
from ui.run.moments import Moments, MomentTests
from ui.run.start import RunStart
from ui.run.tasks import TaskRunner, is_running
from ui.run.worker import Job, TrainControl, TrainWorker
from ui.state import AppState, PinnedCell, Reference, RunStatus, Sample, Settings, Source

_CLOSE_MS = 1500
_FINISH_MS = 60_000


class Controller(QObject):
    """Owns the threads. Its `on_…` slots take the requests of panels and windows.

    * `data`: other data than MNIST.
    """

    #: The user has asked for more than a single step of training, which is about to begin.
    trainingAsked = Signal()

    _trainRequested = Signal(int)
    _testRequested = Signal()

    def __init__(self, state: AppState, data: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._data = data
        #: Asked before a run that was opened takes the place of the present one; None lets it.
        self.replace_guard: Callable[[], bool] | None = None
        self._mailbox = Mailbox()
        self._control = TrainControl()
        #: What a pointer or the timeline waits for.
        self.analysis = TaskRunner("analysis", self)
        #: What takes long: sweeps, checks, statistics over many images.
        self.background = TaskRunner("background", self)
        #: Runs, or parts of them, that are trained again before they are shown: that waits behind no sweep.
        self.repeating = TaskRunner("repeating", self)
        #: A report may take long to set, and nothing else shall wait for it.
        self.typesetting = TaskRunner("typesetting", self)
        #: Files that the user has asked for; nothing of it is dropped at the end.
        self.files = TaskRunner("files", self)
        #: What the program keeps by itself, which waits behind no large file.
        self.keeping = TaskRunner("keeping", self)
        self._finish_ms = _FINISH_MS
        self._data_files = DataFiles(state, self.analysis, self)
        self._models = ModelFiles(state, self.analysis, self.files, self)
        self._models.runRequested.connect(self._on_run_from_file_requested)
        self._models.mnistRequested.connect(self._on_mnist_requested)
        self._moment_tests = MomentTests(state, self.background, self)
        self.moments = Moments(state, self.repeating, self)
        self._reader = MailReader(state, self._mailbox, self._control, self._moment_tests, self)
        self._reader.showRequested.connect(self._show)
        self.run_start = RunStart(state, self.analysis, self._control, self._reader, self._moment_tests, self)
        self.run_start.sampleRequested.connect(self.on_sample_requested)
        self.run_start.testRequested.connect(self._testRequested)
        # With a run its snapshots have gone, and figures of print quality with the files that they went into.
        self.run_start.prepareRequested.connect(self._give_back_memory)
        self.files.becameIdle.connect(self._give_back_memory)
        self._start_worker()

    def _start_worker(self) -> None:
        self._worker = TrainWorker(self._mailbox, self._control)
        self._thread = QThread(self)
        self._thread.setObjectName("training")
        self._worker.moveToThread(self._thread)
        self.run_start.prepareRequested.connect(self._on_prepare_requested)
        self.run_start.prepareRequested.connect(self._worker.prepare)
        self.run_start.trainRequested.connect(self._worker.train)
        self._trainRequested.connect(self._worker.train)
        self._testRequested.connect(self._worker.test)
        self._worker.halted.connect(self._reader.on_worker_halted)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being computed besides training."""
        runners = self.analysis, self.background, self.repeating, self.typesetting
        return all(each.is_idle for each in runners)

    def start(self) -> None:
        """Load the data; everything else follows from its arrival."""
        self.open_data(self._data)

    def open_data(
        self,
        path: Path | None,
        then: Callable[[Source], None] | None = None,
        otherwise: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        """Change to other data; the current session stays until they have been read and a run fits them.

        * `path`: None for MNIST.
        * `then`: what to do with them, instead of beginning a run with the settings as edited.
        * `otherwise`: what to do when they cannot be read, after the user was told.
        * `after`: what to do when a run with them stands there.
        """

        def begin(source: Source) -> None:
            if self.may_replace():
                self.run_start.begin(fitting(self._state.draft, source.dataset), source=source, then=after)

        self._data_files.read(path, begin if then is None else then, otherwise)

    def abandon_files(self) -> None:
        """Do not wait at the end for files that are still being written."""
        self._finish_ms = _CLOSE_MS

    def close(self) -> bool:
        """Stop everything and end the threads; return whether they ended in time.

        Files that are being written are finished first.
        """
        self._reader.close()
        self._moment_tests.stop()
        self._control.halt()
        self._thread.quit()
        ended = [
            self.analysis.close(_CLOSE_MS),
            self.background.close(_CLOSE_MS),
            self.repeating.close(_CLOSE_MS),
            self.typesetting.close(_CLOSE_MS),
            self._thread.wait(_CLOSE_MS),
            self.keeping.finish(self._finish_ms),
            self.files.finish(self._finish_ms),
        ]
        return all(ended)

    # --- requests -------------------------------------------------------------------------------------------

    @Slot()
    def on_train_requested(self) -> None:
        """Train, continue, pause, or begin a new run: what the primary button says."""
        is_at_end = self._state.run.status in (RunStatus.STOPPED, RunStatus.FAILED)
        if is_at_end or self._state.waits_for_new_run:
            self.on_new_run_requested()
        else:
            self.on_train_present_requested()

    @Slot()
    def on_train_present_requested(self) -> None:
        """Train, continue or pause the present network, whatever waits in the form."""
        status = self._state.run.status
        if status is RunStatus.TRAINING:
            self._control.halt()
        elif status is RunStatus.FINISHED:
            self.on_epoch_requested()
        elif status in (RunStatus.READY, RunStatus.PAUSED):
            self.trainingAsked.emit()
            self._train(0)

    @Slot()
    def on_step_requested(self) -> None:
        """Train one step; while training runs, pause it first."""
        if self._state.run.status is RunStatus.TRAINING:
            self._control.halt()
        elif self._state.run.status in (RunStatus.READY, RunStatus.PAUSED):
            self._train(1)

    @Slot()
    def on_stop_requested(self) -> None:
        """End the run where it is."""
        if self._state.run.status is RunStatus.TRAINING:
            self._reader.stopping = True
            self._control.halt()
        elif self._state.run.status is RunStatus.PAUSED:
            self._state.update_run(status=RunStatus.STOPPED)
            self._testRequested.emit()

    @Slot()
    def on_epoch_requested(self) -> None:
        """Train one epoch more."""
        run = self._state.run
        if run.status is RunStatus.LOADING or run.status is RunStatus.FAILED:
            return
        if run.status is not RunStatus.TRAINING:
            self.trainingAsked.emit()
        if run.status is RunStatus.READY:
            self._train(run.steps_per_epoch)
            return
        self._control.epochs = run.total_steps // run.steps_per_epoch + 1
        self._state.update_run(total_steps=self._control.epochs * run.steps_per_epoch)
        if run.status is not RunStatus.TRAINING:
            self._train(run.steps_per_epoch)

    @Slot()
    def on_reset_requested(self) -> None:
        """Go back to the initial weights of the same seed, with the settings as edited; it can be undone."""
        self.run_start.begin(self._state.draft, can_be_undone=True)

    @Slot()
    def on_new_seed_requested(self) -> None:
        """Draw a new seed and begin anew with it."""
        seed = secrets.randbelow(10_000)
        self.run_start.begin(replace(self._state.draft, seed=seed), can_be_undone=True)

    @Slot(object)
    def on_draft_requested(self, draft: Experiment) -> None:
        """Take settings edited in the form.

        A rate is taken at once, also while training runs, unless other settings wait; everything else begins
        a new run, at once where nothing is lost by it, else when the user says so.
        """
        state = self._state
        state.set_draft(draft)
        if state.pending == ("learning_rate",):
            self._control.learning_rate = draft.learning_rate
            state.set_settings(Settings(draft, draft))
        else:
            self.run_start.begin_untrained()

    @Slot(object)
    def on_preset_requested(self, preset: Experiment) -> None:
        """Put a preset into the form; nothing that is on is changed by it."""
        self._state.set_draft(preset)
        self.run_start.begin_untrained()

    @Slot()
    def on_discard_requested(self) -> None:
        """Let the form show the settings of the run again."""
        self._state.set_draft(self._state.experiment)

    @Slot()
    def on_new_run_requested(self) -> None:
        """Train a new run with the settings as edited, if the present one may be lost."""
        if self.may_replace():
            self.trainingAsked.emit()
            self.run_start.begin(self._state.draft, then_train=True)

    @Slot(object)
    def on_speed_requested(self, steps_per_second: float | None) -> None:
        """Change the pace."""
        self._pace(steps_per_second)
        self._state.set_speed(steps_per_second)

    def speed_up(self, steps_per_second: float) -> None:
        """Train at this pace for now, on the way to the chosen one."""
        self._pace(steps_per_second)
        self._state.set_speed(self._state.steps_per_second, steps_per_second)

    def _pace(self, steps_per_second: float | None) -> None:
        self._control.steps_per_second = steps_per_second
        self._control.wake.set()

    @Slot(int)
    def on_sample_requested(self, index: int) -> None:
        """Look at a test image."""
        dataset = self._state.dataset
        if dataset is None or not 0 <= index < len(dataset.test_labels):
            return
        self._state.set_sample(Sample(dataset.test_images[index], int(dataset.test_labels[index]), index))

    @Slot(object)
    def on_own_sample_requested(self, sample: Sample) -> None:
        """Look at an image of the user's own."""
        self._state.set_sample(sample)

    @Slot(object)
    def on_moment_requested(self, step: int | None) -> None:
        """Show the network as it was at a step, or with None follow training again."""
        self.moments.show(step)

    @Slot(object)
    def on_reference_requested(self, snapshot: Snapshot | None) -> None:
        """Compare with this moment from now on, or with none."""
        run_id = self._state.run.run_id
        self._state.set_reference(None if snapshot is None else Reference(snapshot, run_id))

    @Slot(object)
    def on_pin_requested(self, cell: PinnedCell | None) -> None:
        """Pin a cell, or free it."""
        self._state.set_pinned(cell)

    @Slot(float)
    def on_fork_requested(self, learning_rate: float | None = None) -> None:
        """Continue training from the moment that is shown; the run so far stays as a ghost.

        The rate is that of the moment, or the one chosen since, unless another one is given.
        """
        state = self._state
        if state.shown is not None and not state.follows_live:
            branch = state.branch_settings
            if learning_rate is not None:
                branch = replace(branch, learning_rate=learning_rate)
            self.run_start.begin(branch, start=state.shown, forks=True, then_train=True)

    @Slot(object)
    def on_adopt_requested(self, snapshot: Snapshot) -> None:
        """Continue training from weights that a panel has changed; the run so far stays as a ghost."""
        self.run_start.begin(self._state.experiment, start=snapshot, forks=True)

    def begin_run(
        self,
        experiment: Experiment,
        start: Snapshot | None = None,
        source: Source | None = None,
        history: History | None = None,
        epochs: int = 0,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Begin a run of these settings; the present one stays when it cannot be built.

        Arguments are those of `RunStart.begin`.
        """
        self.run_start.begin(
            experiment, start=start, source=source, history=history, epochs=epochs, then=then
        )

    def may_replace(self) -> bool:
        """Ask, where something would be lost, whether an opened run may take the place of the present one."""
        return self.replace_guard is None or self.replace_guard()

    def train_to(self, step: int, epochs: int) -> None:
        """Train up to a step and pause there, in a run of at least so many epochs."""
        run = self._state.run
        self._control.epochs = max(epochs, run.total_steps // run.steps_per_epoch)
        self._state.update_run(total_steps=self._control.epochs * run.steps_per_epoch)
        if step > run.step and run.status in (RunStatus.READY, RunStatus.PAUSED, RunStatus.FINISHED):
            self._train(step - run.step)

    def pause(self) -> None:
        """Pause training, if it runs."""
        if self._state.run.status is RunStatus.TRAINING:
            self._control.halt()

    def export_weights(self, path: Path) -> None:
        """Write the network that is shown; see `ModelFiles.save`."""
        self._models.save(path)

    def import_weights(self, path: Path) -> None:
        """Read a model file and continue from it; see `ModelFiles.open`."""
        self._models.open(path)

    # --- training -------------------------------------------------------------------------------------------

    def _train(self, steps: int) -> None:
        self._reader.stopping = False
        self._control.running = True
        self._control.wake.clear()
        self._reader.restart_rate()
        self._state.clear_notice("run")
        self._state.update_run(status=RunStatus.TRAINING)
        self._trainRequested.emit(steps)
        self._reader.start()

    @Slot(object)
    def _on_prepare_requested(self, job: Job) -> None:
        """See to it that there is a thread for a run."""
        if not is_running(self._thread):
            self._control.running = False
            self._mailbox.post(job.run_id, RunFailed(NO_THREAD))

    @Slot()
    def _give_back_memory(self) -> None:
        self.keeping.submit("memory", lambda _context: give_back_memory(), lambda _result: None)

    # --- results --------------------------------------------------------------------------------------------

    @Slot(object)
    def _show(self, snapshot: Snapshot) -> None:
        self._state.set_live(snapshot)

    @Slot(object)
    def _on_run_from_file_requested(self, model: OpenedModel) -> None:
        if self.may_replace():
            self.run_start.begin(model.experiment, start=model.snapshot)
            self._state.clear_notice("samples")
            if model.remark and not model.offer:
                self._state.raise_notice("files", "warning", model.remark)
            else:
                self._state.clear_notice("files")

    @Slot(object)
    def _on_mnist_requested(self, then: Callable[[], None]) -> None:
        """Open MNIST, and go on when a run stands there."""
        self.open_data(None, after=then)
