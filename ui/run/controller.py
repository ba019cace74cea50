"""What starts, changes or ends training, and the threads on which all work is done."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cnnviz.experiment import PRESETS, Experiment
from cnnviz.runtime import give_back_memory
from cnnviz.snapshots import Snapshot
from ui.run.loading import ModelFiles, OpenedModel, fitting, read_data
from ui.run.mail_reader import MailReader
from ui.run.moments import Moments, MomentTests
from ui.run.start import RunStart
from ui.run.worker import Mailbox, TrainControl, TrainThread
from ui.state import AppState, RunStatus, Settings, Source
from ui.tasks import TaskRunner

_CLOSE_MS = 1500
_FINISH_MS = 60_000


class Controller(QObject):
    """Owns the threads, and does what is more than a change of the state; `ui.panels.contract.Runs` is of it.

    * `data`: other data than MNIST.
    """

    #: The user has asked for more than a single step of training, which is about to begin.
    trainingAsked = Signal()
    #: The user has asked for an earlier moment.
    momentAsked = Signal()

    def __init__(self, state: AppState, data: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._data = data
        #: Asked before a run that was opened takes the place of the present one; None lets it.
        self.replace_guard: Callable[[], bool] | None = None
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
        self._mailbox = Mailbox()
        self._control = TrainControl()
        self._training = TrainThread(self._mailbox, self._control, self)
        self._moment_tests = MomentTests(state, self.background, self)
        self.moments = Moments(state, self.repeating, self)
        self._reader = MailReader(state, self._mailbox, self._control, self._moment_tests, self)
        self._training.halted.connect(self._reader.on_worker_halted)
        self.run_start = RunStart(
            state, self.analysis, self._control, self._training, self._reader, self._moment_tests, self
        )
        self.models = ModelFiles(
            state, self.analysis, self.files, self._take_model, lambda then: self.open_data(None, after=then)
        )
        state.speedChanged.connect(self._on_speed_changed)
        # With a run its snapshots have gone, and figures of print quality with the files that they went into.
        state.historyReset.connect(self._give_back_memory)
        self.files.becameIdle.connect(self._give_back_memory)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being computed besides training."""
        runners = self.analysis, self.background, self.repeating, self.typesetting
        return all(each.is_idle for each in runners)

    def start(self) -> None:
        """Load the data; everything else follows from its arrival."""
        self.open_data(self._data)

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
        threads = self.analysis, self.background, self.repeating, self.typesetting, self._training
        ended = [each.close(_CLOSE_MS) for each in threads]
        ended += [each.finish(self._finish_ms) for each in (self.keeping, self.files)]
        return all(ended)

    def _give_back_memory(self) -> None:
        self.keeping.submit("memory", lambda _context: give_back_memory(), lambda _result: None)

    # --- training -------------------------------------------------------------------------------------------

    def train(self) -> None:
        """Train, continue, pause, or begin a new run: what the primary button says."""
        if self._state.run.status is RunStatus.FAILED or self._state.waits_for_new_run:
            self.begin_new()
        else:
            self.train_present()

    def train_present(self) -> None:
        """Train, continue or pause the present network, whatever waits in the form."""
        status = self._state.run.status
        if status is RunStatus.TRAINING:
            self._control.halt()
        elif status is RunStatus.FINISHED:
            self.train_epoch()
        elif status in (RunStatus.READY, RunStatus.PAUSED):
            self.trainingAsked.emit()
            self._train(0)

    def step(self) -> None:
        """Train one step; while training runs, pause it first."""
        if self._state.run.status is RunStatus.TRAINING:
            self._control.halt()
        elif self._state.run.status in (RunStatus.READY, RunStatus.PAUSED):
            self._train(1)

    def pause(self) -> None:
        """Pause training, if it runs."""
        if self._state.run.status is RunStatus.TRAINING:
            self._control.halt()

    def train_epoch(self) -> None:
        """Train one epoch more."""
        run = self._state.run
        if run.status is RunStatus.LOADING or run.status is RunStatus.FAILED:
            return
        if run.status is not RunStatus.TRAINING:
            self.trainingAsked.emit()
        if run.status is not RunStatus.READY:
            self._set_epochs(run.total_steps // run.steps_per_epoch + 1)
        if run.status is not RunStatus.TRAINING:
            self._train(run.steps_per_epoch)

    def train_to(self, step: int, epochs: int) -> None:
        """Train up to a step and pause there, in a run of at least so many epochs."""
        run = self._state.run
        self._set_epochs(max(epochs, run.total_steps // run.steps_per_epoch))
        if step > run.step and run.status in (RunStatus.READY, RunStatus.PAUSED, RunStatus.FINISHED):
            self._train(step - run.step)

    def _set_epochs(self, epochs: int) -> None:
        self._control.epochs = epochs
        self._state.update_run(total_steps=epochs * self._state.run.steps_per_epoch)

    def _train(self, steps: int) -> None:
        self._control.running = True
        self._control.wake.clear()
        self._state.clear_notice("run")
        self.moments.show(None)  # or all would seem to stand still
        self._state.update_run(status=RunStatus.TRAINING)
        self._training.train(steps)
        self._reader.start()

    def _on_speed_changed(self) -> None:
        rising = self._state.rising_pace
        self._control.steps_per_second = self._state.steps_per_second if rising is None else rising
        self._control.wake.set()

    # --- other runs -----------------------------------------------------------------------------------------

    def edit(self, draft: Experiment) -> None:
        """Take settings edited in the form.

        A rate is taken at once, also while training runs, unless other settings wait; everything else begins
        a new run, at once where nothing is lost by it, else when the user says so.
        """
        state = self._state
        state.set_draft(draft)
        if state.pending == ("learning_rate",):
            self._control.learning_rate = draft.learning_rate
            origin = None if state.live is None else state.live.origin
            changes = origin is not None and origin.is_changed_by(draft.learning_rate, state.run.step)
            state.history.note_settings(draft, state.history.epoch_images, were_changed=changes)
            state.set_settings(Settings(draft, draft))
        else:
            self.run_start.begin_untrained()

    def choose_preset(self, name: str) -> None:
        """Put a preset into the form, with classes of the data; nothing that is on is changed by it."""
        preset, source = PRESETS[name], self._state.source
        self._state.set_draft(preset if source is None else fitting(preset, source.dataset))
        self.run_start.begin_untrained()

    def reset(self) -> None:
        """Go back to the initial weights of the same seed, with the settings as edited; it can be undone."""
        self.run_start.begin(self._state.draft, can_be_undone=True)

    def draw_seed(self) -> None:
        """Draw a new seed and begin anew with it."""
        seed = secrets.randbelow(10_000)
        self.run_start.begin(replace(self._state.draft, seed=seed), can_be_undone=True)

    def begin_new(self) -> None:
        """Train a new run with the settings as edited, if the present one may be lost."""
        if self.may_replace():
            self.trainingAsked.emit()
            self.run_start.begin(self._state.draft, then_train=True)

    def may_replace(self) -> bool:
        """Ask, where something would be lost, whether an opened run may take the place of the present one."""
        return self.replace_guard is None or self.replace_guard()

    def show_moment(self, step: int | None) -> None:
        """Show the network as it was at a step, or with None follow training again."""
        self.moments.show(step)
        if step is not None:
            self.momentAsked.emit()

    def fork(self, learning_rate: float | None = None) -> None:
        """Continue training from the moment that is shown; the run so far stays as a ghost.

        The rate is that of the moment, or the one chosen since, unless another one is given.
        """
        state = self._state
        if state.shown is not None and not state.follows_live:
            branch = state.branch_settings
            if learning_rate is not None:
                branch = replace(branch, learning_rate=learning_rate)
            self.run_start.begin(branch, start=state.shown, forks=True, then_train=True)

    def adopt(self, snapshot: Snapshot) -> None:
        """Continue training from weights that a panel has changed; the run so far stays as a ghost."""
        self.run_start.begin(self._state.experiment, start=snapshot, forks=True)

    # --- data and models ------------------------------------------------------------------------------------

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

        read_data(path, self._state, self.analysis, then or begin, otherwise, self.open_mnist)

    def open_mnist(self) -> None:
        """Go back to the digits that come with the program."""
        self.open_data(None)

    def _take_model(self, model: OpenedModel) -> None:
        if self.may_replace():
            self.run_start.begin(model.experiment, start=model.snapshot)
            self._state.clear_notice("samples")
            if model.remark and not model.offer:
                self._state.raise_notice("files", "warning", model.remark)
            else:
                self._state.clear_notice("files")
