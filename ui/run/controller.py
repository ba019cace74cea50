"""What starts, changes or ends training, how a run begins, and the threads on which all work is done."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnviz import checkpoint
from cnnviz.datasets import Dataset, choice_note
from cnnviz.document.types import Data
from cnnviz.errors import CNNVizError
from cnnviz.experiment import PRESETS, Experiment
from cnnviz.files import printable_name
from cnnviz.history import History
from cnnviz.quantities import format_many
from cnnviz.runtime import give_back_memory
from cnnviz.snapshots import Origin, Snapshot, SnapshotStore
from cnnviz.training import Trainer
from ui.run.loading import READING, Mismatch, OpenedModel, fitting, read_data, read_model, select_classes
from ui.run.mail_reader import MailReader
from ui.run.moments import Moments, MomentTests
from ui.run.worker import TrainControl, TrainLoop
from ui.state import AppState, Reference, RunStatus, Source
from ui.tasks import Context, TaskRunner

_CLOSE_MS = 1500
_FINISH_MS = 60_000


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


class Controller(QObject):
    """Owns the threads, and does what is more than a change of the state: also what panels ask `Runs` for."""

    #: The user has asked for more than a single step of training, which is about to begin.
    trainingAsked = Signal()
    momentAsked = Signal()
    #: A run that goes on from a model file stands there: nothing of it is unsaved.
    runOpened = Signal()

    def __init__(self, state: AppState, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._complain = state, partial(state.raise_notice, "files", "error")
        #: Asks, where something would be lost, whether an opened run may take the place of the present one.
        self.may_replace: Callable[..., bool] = lambda **_: True
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
        self._otherwise: Callable[[], object] = lambda: None  # of the run that is being built
        self._unread = self._otherwise  # of the data that are being read
        self._control = TrainControl()
        self._training = TaskRunner("training", self)
        self._loop: TrainLoop | None = None  # of the present run
        self._moment_tests = MomentTests(state, self.background, self)
        self.moments = Moments(state, self.repeating, self)
        self._reader = MailReader(state, self._moment_tests, self)
        state.speedChanged.connect(self._on_speed_changed)
        # With a run its snapshots have gone, and figures of print quality with the files that they went into.
        state.historyReset.connect(self._give_back_memory)
        self.files.becameIdle.connect(self._give_back_memory)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being computed besides training."""
        runners = self.analysis, self.background, self.repeating, self.typesetting
        return all(each.is_idle for each in runners)

    def abandon_files(self) -> None:
        """Do not wait at the end for files that are still being written."""
        self._finish_ms = _CLOSE_MS

    def close(self) -> bool:
        """Finish files that are being written, end the threads; return whether they ended in time."""
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
        if self._state.run.status is RunStatus.TRAINING:
            self._control.halt()

    def train_epoch(self) -> None:
        self._reader.read()  # it may have ended since
        run = self._state.run
        if run.status is RunStatus.LOADING or run.status is RunStatus.FAILED:
            return
        if run.status is not RunStatus.READY:
            self._set_epochs(self._epochs() + 1)
        if run.status is not RunStatus.TRAINING:
            self.trainingAsked.emit()
            is_last = run.step + run.steps_per_epoch >= self._state.run.total_steps
            # Up to the end of the run, wherever that is by then, if another epoch is asked for on the way.
            self._train(0 if is_last else run.steps_per_epoch)

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
        self._state.clear_notice("run")
        self.moments.show(None)  # or all would seem to stand still
        self._state.update_run(status=RunStatus.TRAINING)
        self._begin_loop(steps)

    def _begin_loop(self, steps: int) -> None:
        assert self._loop is not None
        self._control.running = True
        self._control.wake.clear()
        self._reader.start()
        self._compute("train", partial(self._loop.train, steps))

    def _compute(self, kind: str, work: Callable[[Context], None]) -> None:
        """Train or test; what comes of it is in the mailbox."""

        def failed(message: str) -> None:
            self._reader.read()
            self._state.update_run(status=RunStatus.FAILED, images_per_second=0.0)
            self._state.raise_notice("run", "error", message)

        self._training.submit(kind, work, lambda _done: self._reader.read(), failed)

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
            state.history.note_settings(draft, were_changed=changes)
            state.set_settings(draft, draft)
        else:
            self.begin_untrained()

    def choose_preset(self, name: str) -> None:
        """Put a preset into the form, with classes of the data; nothing that is on is changed by it."""
        preset, source = PRESETS[name], self._state.source
        self._state.set_draft(preset if source is None else fitting(preset, source.dataset))
        self.begin_untrained()

    def reset(self) -> None:
        """Go back to the initial weights of the same seed, with the settings as edited; it can be undone."""
        self.begin(self._state.draft, can_be_undone=True)

    def draw_seed(self) -> None:
        self.begin(replace(self._state.draft, seed=secrets.randbelow(10_000)), can_be_undone=True)

    def begin_new(self) -> None:
        """Train a new run with the settings as edited, if the present one may be lost."""
        if self.may_replace():
            self.trainingAsked.emit()
            self.begin(self._state.draft, then_train=True)

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
            self.begin(branch, start=state.shown, forks=True, then_train=True)

    def adopt(self, snapshot: Snapshot) -> None:
        """Continue training from weights that a panel has changed; the run so far stays as a ghost."""
        self.begin(self._state.experiment, start=snapshot, forks=True)

    # --- data and models ------------------------------------------------------------------------------------

    def open_data(
        self,
        path: Path | None,
        then: Callable[[Source], None] | None = None,
        otherwise: Callable[[], object] = lambda: None,
    ) -> None:
        """Change to other data; the current session stays until they have been read and a run fits them.

        * `path`: None for MNIST.
        * `then`: what to do with them, instead of beginning a run with the settings as edited.
        * `otherwise`: what to do when they cannot be read (the user was told) or others are read instead.
        """

        def begin(source: Source) -> None:
            if self.may_replace():
                self.begin(fitting(self._state.draft, source.dataset), source=source)

        replaced, self._unread = self._unread, otherwise
        if self.analysis.is_busy(READING):
            self._state.clear_notice("data")  # which offers to cancel them
            replaced()
        read_data(path, self._state, self.analysis, then or begin, otherwise, self.open_mnist)

    def open_mnist(self) -> None:
        self.open_data(None)

    def export_weights(self, path: Path) -> None:
        """Write the network that is shown to a `.safetensors` file."""
        state = self._state
        snapshot, dataset, experiment = state.shown, state.dataset, state.experiment
        if snapshot is None or dataset is None:
            return
        data = Data.of(dataset)

        def done(left_out: str) -> None:
            text = f"Exported the weights to {printable_name(path)}."
            kind = "warning" if left_out else "success"
            state.raise_notice("files", kind, f"{text} {left_out}".rstrip())

        # Of a kind of its own: a second file is no reason to drop the first.
        self.files.submit(
            f"save {path}", lambda _: checkpoint.save(path, snapshot, experiment, data), done, self._complain
        )

    def open_weights(self, path: Path) -> None:
        """Read a model file and begin a run that continues from it; a bad file changes nothing.

        Weights without a description that belongs to them are offered, where they fit the network of the
        form.
        """
        state = self._state
        source, current, draft = state.source, state.dataset, state.draft

        def done(found: OpenedModel | Mismatch) -> None:
            if isinstance(found, Mismatch):
                state.raise_notice("files", "error", found.sentence(printable_name(path), "model"))
            elif found.offer:
                text = f"{found.remark}. Its weights fit the network of the form by name and shape."
                state.raise_notice("files", "warning", text, found.offer, lambda: self._take_model(found))
            else:
                self._take_model(found)

        self.analysis.submit("open", lambda _: read_model(path, draft, source, current), done, self._complain)

    def _take_model(self, model: OpenedModel) -> None:
        if self.may_replace():
            self.begin(model.experiment, start=model.snapshot)
            self._state.clear_notice("samples")
            if model.remark and not model.offer:
                self._state.raise_notice("files", "warning", model.remark)
            else:
                self._state.clear_notice("files")

    # --- beginning a run ------------------------------------------------------------------------------------

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
        still: Callable[[], bool] = lambda: True,
        first: Callable[[], object] = lambda: None,
        then: Callable[[], object] = lambda: None,
        otherwise: Callable[[], object] = lambda: None,
    ) -> None:
        """Start a run in the background; nothing is dropped before it can be built.

        A later one replaces an earlier one that is still being built.

        * `start`: where to continue from; from the initial weights when None.
        * `forks`: whether the steps up to `start` are those of the present run.
        * `can_be_undone`: whether to offer to bring the present run back, until training
          begins.
        * `source`: data to change to; those that are open when None.
        * `history`: record of the run up to `start`, where there is one.
        * `epochs`: epochs of the run, where there are more than its settings say.
        * `first`: what to do when nothing can fail any more and `still` holds, before any of it is shown.
        * `then`: what to do when the run stands there; `otherwise`: when it will not.
        """
        state = self._state
        self._otherwise()
        self._otherwise = otherwise
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
            self._otherwise = lambda: None
            if not still():
                return
            undo = self._undo(built) if can_be_undone else None
            origin = self._prepare(built)
            first()
            self._show_prepared(built, origin)
            if undo is not None:
                state.raise_notice("run", *undo)
            then()

        self.analysis.submit("begin", work, done, self._on_failed)

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
        experiment, draft = state.experiment, state.draft
        ghost, epochs = state.ghost, self._epochs()

        def act() -> None:
            other = None if source is state.source else source
            self.begin(experiment, start=live, source=other, history=history, epochs=epochs, then=then)

        def then() -> None:
            state.set_settings(experiment, draft)
            state.set_ghost(ghost)

        text = f"The network that was trained for {format_many(live.step, 'step')} was replaced."
        return "info", text, "Bring it back", act

    def _prepare(self, built: _Built) -> Origin:
        """Let all that was of the run before give way to another one; return where that comes from."""
        state, experiment, step = self._state, built.experiment, built.trainer.step
        run_id = state.run.run_id + 1
        self._control.halt()  # also where it waits for the next step of a slow pace
        self._training.cancel("train")
        self._training.cancel("test")
        self._control.learning_rate = experiment.learning_rate
        self._control.epochs = 0
        state.clear_notice("run")
        self._moment_tests.reset()
        state.update_run(status=RunStatus.LOADING, run_id=run_id, step=step, images_per_second=0.0)
        if built.forks:  # the same network goes on: what was edited for another one still waits
            edits = {name: getattr(state.draft, name) for name in state.pending}
            state.set_settings(experiment, replace(experiment, **edits))
        else:  # what was edited while the run was being built is not lost
            state.set_settings(experiment, experiment if state.draft == built.form else state.draft)
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
        if state.sample is None or state.sample.pixels.shape != built.dataset.input_shape:
            state.choose_test_image(0)
        if origin.note and not built.forks:
            self.runOpened.emit()
        return origin

    def _show_prepared(self, built: _Built, origin: Origin) -> None:
        """Show where a run begins, and begin to train it where that is wanted."""
        state, trainer = self._state, built.trainer
        self._loop = TrainLoop(trainer, origin, self._control)
        self._reader.turn_to(self._loop.mailbox)
        live, total = replace(trainer.snapshot, origin=origin), trainer.total_steps
        status = RunStatus.TRAINING if built.then_train else RunStatus.READY
        if live.step and not built.then_train:
            status = RunStatus.FINISHED if live.step >= total else RunStatus.PAUSED
        state.update_run(status=status, total_steps=total, steps_per_epoch=trainer.steps_per_epoch)
        state.history.snapshots.add(live, keep=True)
        state.set_live(live)
        if built.then_train:
            self._begin_loop(0)
        elif built.start is not None and (live.step or built.history is None):
            # What somebody else has trained, or by hand, was never tested here.
            self._compute("test", self._loop.test)

    def _tell_about(self, built: _Built, *, is_first: bool) -> None:
        """Say that not all classes of the new data are used."""
        # Of MNIST everybody knows that it has ten digits, but not that the command line named others.
        is_replaced = is_first and built.experiment.classes != built.form.classes
        is_told = is_replaced or built.source.path is not None
        if is_told and (text := choice_note(built.dataset)):
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
        history.note_settings(experiment, were_changed=origin.is_changed)
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
        self._otherwise()
        self._otherwise = lambda: None
        state.raise_notice("run", "error", message)
