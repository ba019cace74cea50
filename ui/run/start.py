"""Beginning a run: what is built in the background, and what the state becomes when it is there."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnviz.datasets import Dataset, choice_note
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.quantities import format_count
from cnnviz.snapshots import Origin, Snapshot, SnapshotStore
from cnnviz.training import Trainer
from ui.run.loading import select_classes
from ui.run.mail_reader import MailReader
from ui.run.moments import MomentTests
from ui.run.worker import TrainControl, TrainThread
from ui.state import AppState, Reference, RunStatus, Settings, Source
from ui.tasks import TaskRunner


@dataclass(frozen=True, slots=True, eq=False)
class _Built:
    """A run that can begin: nothing of it can fail any more."""

    experiment: Experiment
    source: Source
    dataset: Dataset
    trainer: Trainer
    start: Snapshot | None
    forks: bool
    then_train: bool
    form: Experiment  # as it was when the run was asked for
    history: History | None


class RunStart(QObject):
    """Prepares runs, one after the other; a later one replaces an earlier one that is still being built.

    * `tasks`: builds what is needed.
    * `training`: gets what was built.
    """

    #: A run that goes on from a model file stands there: nothing of it is unsaved.
    opened = Signal()
    #: A run could not be built; the present one is as it was.
    refused = Signal()

    def __init__(
        self,
        state: AppState,
        tasks: TaskRunner,
        control: TrainControl,
        training: TrainThread,
        reader: MailReader,
        moment_tests: MomentTests,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._tasks, self._control, self._training = state, tasks, control, training
        self._reader, self._moment_tests = reader, moment_tests

    def begin(
        self,
        experiment: Experiment,
        *,
        start: Snapshot | None = None,
        forks: bool = False,
        then_train: bool = False,
        can_be_undone: bool = False,
        source: Source | None = None,
        history: History | None = None,
        epochs: int = 0,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Start a run in the background; nothing is dropped before it can be built.

        * `start`: where to continue from; from the initial weights when None.
        * `forks`: whether the steps up to `start` are those of the present run.
        * `then_train`: whether to train at once.
        * `can_be_undone`: whether to offer to bring the present run back, until training
          begins.
        * `source`: data to change to; those that are open when None.
        * `history`: record of the run up to `start`, where there is one.
        * `epochs`: epochs of the run, where there are more than its settings say.
        * `then`: what to do when the run stands there.
        """
        state = self._state
        opened = state.source if source is None else source
        if opened is None:
            return
        dataset, form = (state.dataset if source is None else None), state.draft
        # Epochs that were added to the run belong to its fork, too.
        epochs = self._epochs() if forks else epochs
        extra_epochs = max(epochs - experiment.epochs, 0)

        def work(_context: object) -> _Built:
            selected = select_classes(opened.dataset, experiment.classes, dataset)
            experiment.check_fits(selected.input_shape)
            network = experiment.build_network(selected.input_shape) if start is None else start.network
            step, optimizer = (0, None) if start is None else (start.step, start.optimizer)
            trainer = Trainer(network, selected, experiment, start_step=step, optimizer_state=optimizer)
            if extra_epochs:
                trainer.add_epochs(extra_epochs)
            return _Built(experiment, opened, selected, trainer, start, forks, then_train, form, history)

        def done(built: _Built) -> None:
            undo = self._undo(built) if can_be_undone else None
            self._prepare(built)
            if undo is not None:
                state.raise_notice("run", *undo)
            if then is not None:
                then()

        self._tasks.submit("begin", work, done, self._on_failed)

    def begin_untrained(self) -> None:
        """Start a run with the settings as edited, if they can make one and the present one is untrained."""
        state = self._state
        if state.pending and state.is_untrained and state.dataset is not None:
            with suppress(CNNVizError):  # the window says so as long as it is true
                state.draft.check_fits(state.dataset.input_shape)
                self.begin(state.draft)

    def _epochs(self) -> int:
        """Epochs of the present run, those that were added to it included."""
        return self._state.run.total_steps // self._state.run.steps_per_epoch

    def _undo(self, built: _Built) -> tuple[str, str, str, Callable[[], None]] | None:
        """Return a notice that brings the present run back, as it is now; None where nothing would be lost.

        Nothing is where the same run goes on. The notice holds the run: with it, its memory is free again.
        """
        state, live, source = self._state, self._state.live, self._state.source
        if live is None or not state.run.is_started or not state.history.covers(live.step):
            return None
        history = state.history.until(live.step)
        losses = () if built.history is None else built.history.losses[: len(history.losses)]
        if not live.note and np.array_equal(losses, history.losses):
            return None
        settings, ghost, epochs = state.settings, state.ghost, self._epochs()
        reference, run_id = state.reference, state.run.run_id

        def act() -> None:
            other = None if source is state.source else source
            self.begin(settings.running, start=live, source=other, history=history, epochs=epochs, then=then)

        def then() -> None:
            state.set_settings(settings)
            state.set_ghost(ghost)
            if reference is not None and reference.run_id == run_id:
                state.set_reference(Reference(reference.snapshot, state.run.run_id))

        text = f"The network that was trained for {format_count(live.step)} steps was replaced."
        return "info", text, "Bring it back", act

    def _prepare(self, built: _Built) -> None:
        state, experiment, step = self._state, built.experiment, built.trainer.step
        run_id = state.run.run_id + 1
        self._control.halt()
        self._control.run_id = run_id
        self._control.learning_rate = experiment.learning_rate
        self._control.epochs = 0
        state.clear_notice("run")
        self._moment_tests.reset()
        state.update_run(status=RunStatus.LOADING, run_id=run_id, step=step, images_per_second=0.0)
        state.set_settings(self._settings_of(built))
        is_new, state.source = built.source is not state.source, built.source
        previous = state.dataset
        state.set_dataset(built.dataset)
        if is_new:
            self._tell_about(built, is_first=previous is None)
        elif built.dataset is not previous:  # other classes were chosen than those the notice names
            state.clear_notice("data")
        origin = Origin(run_id, experiment, built.dataset.name)
        before = None if built.start is None else built.start.origin
        if before is not None:  # what was changed before is changed in it, too
            is_changed = before.is_changed_by(experiment.learning_rate, step)
            origin = replace(origin, note=before.note, is_changed=is_changed)
        self._reset_history(built, origin)
        if built.dataset is not previous or state.sample is None:
            state.choose_test_image(0)
        if origin.note and not built.forks:
            self.opened.emit()
        self._training.prepare(built.trainer, origin)
        if built.then_train:
            self._control.running = True
            self._training.train(0)
        elif built.start is not None and (step or built.history is None):
            # What somebody else has trained, or by hand, was never tested here.
            self._training.test()
        self._reader.start()

    def _settings_of(self, built: _Built) -> Settings:
        """Return what runs from now on, and what of the form still waits."""
        settings, experiment = self._state.settings, built.experiment
        if built.forks:  # the same network goes on: what was edited for another one still waits
            return settings.carried_to(experiment)
        # What was edited while the run was being built is not lost.
        return Settings(experiment, experiment if settings.edited == built.form else settings.edited)

    def _tell_about(self, built: _Built, *, is_first: bool) -> None:
        """Say what the new data have lost by being read, and that not all of their classes are used."""
        # Of MNIST everybody knows that it has ten digits, but not that the command line named others.
        is_replaced = is_first and built.experiment.classes != built.form.classes
        is_told = is_replaced or built.source.path is not None
        sentences = (built.dataset.conversion, choice_note(built.dataset) if is_told else "")
        text = " ".join(each for each in sentences if each)
        if text:
            self._state.raise_notice("data", "info", text)
        else:
            self._state.clear_notice("data")

    def _reset_history(self, built: _Built, origin: Origin) -> None:
        state, previous = self._state, self._state.history
        experiment, start = built.experiment, built.start
        if built.forks and start is not None and previous.covers(start.step):
            history = previous.forked(start.step)
        elif built.history is not None:
            history = built.history
            history.snapshots = history.snapshots.of_run(origin)
        else:
            history = History(experiment.log_every, 0 if start is None else start.step)
        history.note_settings(experiment, len(built.dataset.train_labels), were_changed=origin.is_changed)
        reference, run_id, forked_at = state.reference, state.run.run_id, history.forked_at
        common = forked_at if built.forks and forked_at is not None else -1  # up to there both runs are one
        if reference is not None and reference.run_id == run_id - 1 and reference.snapshot.step <= common:
            state.set_reference(Reference(reference.snapshot, run_id))
        # Of the run before, the curves are compared: its snapshots would take the memory of two runs.
        previous.snapshots = SnapshotStore(previous.snapshots.max_bytes)
        state.set_ghost(previous if len(previous.losses) else None)
        state.reset_history(history)

    def _on_failed(self, message: str) -> None:
        state = self._state
        if not state.run.run_id:
            state.update_run(status=RunStatus.FAILED)  # there is no run that could stay as it is
        state.raise_notice("run", "error", message)
        self.refused.emit()
