"""Beginning a run: what is built in the background, and what the state becomes when it is there."""

from PySide6.QtCore import QObject, Signal

from cnnviz.datasets import Dataset
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.snapshots import Snapshot
from ui.loading import select_classes
from ui.mail_reader import MailReader
from ui.moment_tests import MomentTests
from ui.state import AppState, Reference, RunStatus
from ui.tasks import TaskRunner
from ui.worker import Job, TrainControl


class RunStart(QObject):
    """Prepares runs, one after the other; a later one replaces an earlier one that is still being built.

    Parameters
    ----------
    state : AppState
    tasks : TaskRunner
        Builds what is needed.
    control : TrainControl
    reader : MailReader
    moment_tests : MomentTests
    parent : QObject
    """

    #: The worker has to prepare this `Job`.
    prepareRequested = Signal(object)
    #: The worker has to train, up to this many steps (0: to the end), what it has prepared.
    trainRequested = Signal(int)
    #: The test image with this number has to be shown: there is none yet, or it is of other data.
    sampleRequested = Signal(int)

    def __init__(
        self,
        state: AppState,
        tasks: TaskRunner,
        control: TrainControl,
        reader: MailReader,
        moment_tests: MomentTests,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._tasks = tasks
        self._control = control
        self._reader = reader
        self._moment_tests = moment_tests

    def begin(
        self,
        experiment: Experiment,
        *,
        start: Snapshot | None = None,
        forks: bool = False,
        then_train: bool = False,
    ) -> None:
        """Start a run in the background; nothing is dropped before it can be built.

        Parameters
        ----------
        experiment : Experiment
        start : Snapshot, optional
            Where to continue from; from the initial weights when None.
        forks : bool
            Whether the steps up to `start` are those of the present run.
        then_train : bool
            Whether to train at once.
        """
        source = self._state.source
        if source is None:
            return
        self._control.halt()
        dataset = self._state.dataset

        def work(_context: object) -> tuple[Experiment, Dataset]:
            selected = select_classes(source, experiment.classes, dataset)
            experiment.check_fits(selected.input_shape)
            return experiment, selected

        def done(result: tuple[Experiment, Dataset]) -> None:
            self._prepare(*result, start=start, forks=forks, then_train=then_train)

        self._tasks.submit("begin", work, done, self._on_failed)

    def _prepare(
        self,
        experiment: Experiment,
        dataset: Dataset,
        *,
        start: Snapshot | None,
        forks: bool,
        then_train: bool,
    ) -> None:
        state = self._state
        run_id = state.run.run_id + 1
        # Epochs that were added to the run belong to its fork, too.
        epochs = state.run.total_steps // state.run.steps_per_epoch
        extra_epochs = max(epochs - experiment.epochs, 0) if forks else 0
        self._reader.stopping = False
        self._control.learning_rate = experiment.learning_rate
        self._control.epochs = 0
        state.clear_notice("settings")
        state.clear_notice("run")
        self._moment_tests.reset()
        state.update_run(
            status=RunStatus.LOADING,
            run_id=run_id,
            step=0 if start is None else start.step,
            images_per_second=0.0,
        )
        state.set_experiment(experiment)
        state.set_draft(experiment)
        previous = state.dataset
        state.set_dataset(dataset)
        self._reset_history(experiment, start, forks)
        if dataset is not previous or state.sample is None:
            self.sampleRequested.emit(0)
        self.prepareRequested.emit(Job(run_id, experiment, dataset, start, extra_epochs))
        if then_train:
            self._control.running = True
            self.trainRequested.emit(0)
        self._reader.start()

    def _reset_history(self, experiment: Experiment, start: Snapshot | None, forks: bool) -> None:
        state, previous = self._state, self._state.history
        if forks and start is not None and previous.covers(start.step):
            history = previous.forked(start.step)
        else:
            history = History(experiment.log_every, 0 if start is None else start.step)
        self._keep_reference(history.forked_at)
        # Of the run before, the curves are compared: its snapshots would take the memory of two runs.
        previous.snapshots.clear()
        state.set_ghost(previous if len(previous.losses) else None)
        state.reset_history(history)

    def _keep_reference(self, forked_at: int | None) -> None:
        """Let the moment of comparison belong to a new run that has it in common with the one before."""
        reference, run_id = self._state.reference, self._state.run.run_id
        if reference is None or forked_at is None:
            return
        if reference.run_id == run_id - 1 and reference.snapshot.step <= forked_at:
            self._state.set_reference(Reference(reference.snapshot, run_id))

    def _on_failed(self, message: str) -> None:
        self._state.raise_notice("run", "error", message)
