"""The guided lab that is being done: which lab, which step is in front, and what was done in it."""

from msgspec.structs import replace as replace_struct
from PySide6.QtCore import QObject, Signal

from cnnviz.covers import AHEAD
from cnnviz.experiment import Experiment
from cnnviz.lab.events import OF_NO_NETWORK, Event, result_was_shown, to_see_first
from cnnviz.lab.judging import require_in_window
from cnnviz.lab.measured import HARMLESS
from cnnviz.lab.measures import filter_words
from cnnviz.lab.model import Answer, Lab, Step
from cnnviz.lab.record import Commitment, Found, LabRecord, OwnImage, StepRecord
from cnnviz.lab.showing import secrets_of
from cnnviz.quantities import now
from cnnviz.report.bench import filter_number
from cnnviz.snapshots import Snapshot
from ui.panels.report.work import StudentWork
from ui.state import AppState, RunStatus


class LabController(QObject):
    """Knows which step of the lab is in front, and puts into the record what is done in it."""

    labChanged = Signal()  # another lab, or another record of it
    stepChanged = Signal()  # another step is in front

    def __init__(self, state: AppState, work: StudentWork, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self.work = state, work
        self._lab: Lab | None = None
        self._step_id, self._seed = "", 0

    # --- what there is --------------------------------------------------------------------------------------

    @property
    def lab(self) -> Lab | None:
        """The lab in front; None before it is opened in the guide."""
        return self._lab if self._lab is self.work.lab else None

    @property
    def record(self) -> LabRecord:
        return self.work.record

    @property
    def step(self) -> Step | None:
        return None if self.lab is None else self.lab.step(self._step_id)

    @property
    def done(self) -> StepRecord:
        return self.record.step(self._step_id)

    @property
    def number(self) -> int:
        """Number of the step in front, from 0."""
        return 0 if self.lab is None else self.lab.steps.index(self.lab.step(self._step_id))

    @property
    def missing(self) -> tuple[str, ...]:
        return () if self.step is None or self.done.done else self.done.missing(self.step)

    @property
    def needs_roll_number(self) -> bool:
        """Whether the lab in front wants a roll number that nobody has typed yet."""
        return self.lab is not None and self.work.needs_roll_number

    @property
    def is_begun(self) -> bool:
        """Whether the lab is being done: a roll number was typed, or something was said in it."""
        return self.record.has_work or bool(self.work.work.roll_number.strip())

    def experiment_of(self, step: Step) -> Experiment:
        """Return the settings of the run that a step is about, with the seed of this student."""
        assert self.lab is not None
        return self._state.experiment if self.lab.is_free else self.work.experiment_of(step)

    @property
    def experiment(self) -> Experiment:
        assert self.step is not None
        return self.experiment_of(self.step)

    @property
    def mismatch(self) -> tuple[str, ...]:
        """Names of the settings in which the present run is not the one that the step in front is about."""
        step = self.step
        if step is None or not (step.show.settings or step.measurements or step.show.moment is not None):
            return ()  # such as one in which there is only something to write
        return self.differing(step)

    def to_see_first(self, step: Step) -> tuple[str, ...]:
        """Return what has to be done before the result of a step is shown, as phrases."""
        done = self.record.step(step.id)
        return () if done.done or done.given_up else to_see_first(step, done.counts)

    def end_of(self, step: Step) -> int:
        """Return the training step at which the run that a step is about ends."""
        return self.experiment_of(step).epochs * self._state.run.steps_per_epoch

    def is_at_end(self, step: Step) -> bool:
        """Whether the present run is the one that a step is about, but for the seed, and is at its end."""
        run = self._state.run
        if run.status is RunStatus.LOADING or self._state.dataset is None or not self.is_run_of(step):
            return False
        return run.step >= self.end_of(step)

    def snapshot_of(self, step: Step) -> Snapshot | None:
        """Return the network at the end of the run, if it is of the settings that the step is about."""
        state = self._state
        if not self.is_at_end(step) or self.is_changed_run:
            return None
        end = self.end_of(step)
        is_live = state.live is not None and state.live.step == end
        return state.history.snapshots.find(end) or (state.live if is_live else None)

    def filter_number(self, named: int | str | None) -> int | None:
        """Return the number of a filter that the step in front names, if that is known by now."""
        if not isinstance(named, str):
            return named
        snapshot = None if self.step is None else self.snapshot_of(self.step)
        return None if snapshot is None else filter_number(named, snapshot.network)

    def filter_words(self, named: int | str | None) -> str:
        """What a filter is called that the step in front names, by its number if known; "" for none."""
        number = self.filter_number(named)
        return "" if named is None else filter_words(named if number is None else number)

    @property
    def is_late(self) -> bool:
        """Whether a prediction made now comes after its result was to be seen."""
        return self.step is not None and bool(self.work.seen(self.step))

    def found(self, step: Step) -> Found | None:
        """Return the result of a step that was shown last, if it is of what the lab still measures."""
        found, prediction = self.record.step(step.id).found, step.prediction
        if found is None or prediction is None or found.measured[0].measurement != prediction.truth:
            return None
        return found

    def differing(self, step: Step, experiment: Experiment | None = None) -> tuple[str, ...]:
        """Return the names of the settings that make a run, the present one or another, not a step's."""
        names = (experiment or self._state.experiment).differing(self.experiment_of(step))
        return tuple(name for name in names if name not in HARMLESS)

    def is_run_of(self, step: Step) -> bool:
        """Whether the present run is the one that a step is about, but for the seed."""
        return set(self.differing(step)) <= {"seed"}

    @property
    def is_changed_run(self) -> bool:
        """Whether a setting of the present run was changed on the way, so that it is no step's."""
        snapshots = self._state.history.snapshots  # which are those of a run as soon as it is told of
        origin = snapshots[len(snapshots) - 1].origin if len(snapshots) else None
        return origin is not None and origin.is_changed

    @property
    def is_own_run(self) -> bool:
        """Whether the present run is one of the lab's, which "Show me" can train again to the last bit.

        It has the settings of one of the steps, the seed of the student or of the lab, and no more epochs;
        it began at the initial weights of its seed, and nothing was changed on its way.
        """
        state, lab = self._state, self.lab
        if lab is None or lab.is_free or state.run.step > lab.experiment.epochs * state.run.steps_per_epoch:
            return False
        origin = None if state.live is None else state.live.origin
        if state.history.first_step or origin is None or origin.note or origin.is_changed:
            return False
        if origin.experiment != state.experiment:
            return False
        ways = {self.experiment_of(step) for step in lab.steps} | {lab.experiment_of(s) for s in lab.steps}
        return any(set(state.experiment.differing(each)) <= HARMLESS for each in ways)

    # --- which lab, and which step --------------------------------------------------------------------------

    def open(self, lab: Lab, place: str) -> None:
        """Do a lab, from where it was left.

        * `place`: its id if it comes with the program, else `LAB_MEMBER`.
        """
        self.finish()
        record = self.work.work.record(lab)
        self.work.set_record(replace_struct(record, lab_sha256=lab.sha256))  # of this file from here on
        ids = [step.id for step in lab.steps]
        self._step_id = record.place if record.place in ids else ids[0]
        self._lab = lab
        self.work.set_lab(lab, place)
        self._seed = self.work.experiment.seed
        self.labChanged.emit()
        self._enter()
        self.note_shown()

    def forget(self) -> None:
        """Leave the lab as it is: another document keeps another record."""
        self._lab = None

    def go_to(self, step_id: str) -> None:
        if self.lab is not None and step_id != self._step_id:
            self.finish()
            self._step_id = step_id
            self._enter()

    def turn(self, way: int) -> bool:
        """Go to the next step with 1, to the one before with -1; return whether there is one."""
        steps = () if self.lab is None else self.lab.steps
        is_there = 0 <= self.number + way < len(steps)
        if is_there:
            self.go_to(steps[self.number + way].id)
        return is_there

    def _enter(self) -> None:
        step = self.step
        assert step is not None
        self.work.set_record(self.record.looked_at(step, now()))
        self.stepChanged.emit()

    # --- what is done ---------------------------------------------------------------------------------------

    def happened(self, event: Event) -> None:
        """Count what was done with the network of the step in front, while it waits for that."""
        self.take_seed()  # which is asked for a moment after a roll number was typed: this came after it
        step = self.step
        if step is None or self.done.done or (event.name not in OF_NO_NETWORK and self.mismatch):
            return
        if any(condition.event == event.name for condition in step.done_when):
            self.work.set_record(self.record.happened(step, event, now()))
            self.note_shown()

    def take_seed(self) -> None:
        """Let a roll number that gives another network begin the steps anew that are not ticked."""
        seed, self._seed = self._seed, self.work.experiment.seed
        if self.lab is not None and seed != self._seed:
            self.work.set_record(self.record.on_another_network())

    def predict(self, answer: Answer) -> None:
        """Commit to a prediction; raises `ParameterError` if it does not fit the question."""
        step = self.step
        if step is not None:
            if step.prediction is not None:
                side, asked = self.experiment_of(step).pool_size, step.prediction.truth.parameters
                require_in_window(step.prediction, answer, side, self.filter_number(asked.get("filter")))
            self.note_shown()
            made = Commitment(answer, now(), self._state.run.step, self.is_late, self.work.seen(step))
            self.work.set_record(self.record.predicted(step, made))

    def give_up(self) -> None:
        step = self.step
        if step is not None and self.done.is_open(step):
            self.work.set_record(self.record.given_up(step, now()))

    def reveal(self, step: Step, found: Found) -> None:
        self.work.set_record(self.record.revealed(step, found.time, found))

    def show_all(self) -> None:
        """Note of every step that waits for a prediction that its result is shown, as a report tells it."""
        record = self.record
        for step in () if self.lab is None else self.lab.steps:
            if record.step(step.id).is_open(step):
                record = record.shown(step, now(), self.experiment_of(step).seed)
        self.work.set_record(record)

    def note_shown(self) -> None:
        """Note of each step whose result the window shows now, before it is predicted, since when it does.

        What is covered is not shown. What is covered for the step in front alone counts in that step only: to
        go back and read another one shows nothing.
        It is noted with the seed of the present run.
        """
        seed = self._state.experiment.seed
        lab, status, covered = self.lab, self._state.run.status, self._state.covered.keys()
        if lab is None or status in (RunStatus.TRAINING, RunStatus.LOADING):
            return
        for step in lab.steps:
            done = self.record.step(step.id)
            if step.prediction is None or done.prediction is not None or done.shown_of(seed):
                continue
            secrets = secrets_of(step)
            if secrets and (secrets <= covered or not (step is self.step or secrets & AHEAD)):
                continue
            if result_was_shown(step, done.counts, is_at_end=self.is_at_end(step)):
                self.work.set_record(self.record.shown(step, now(), seed))

    def take_own(self, own: OwnImage) -> None:
        steps = () if self.lab is None else self.lab.steps
        if any(each.event == "own_digit" for step in steps for each in step.done_when):
            self.work.set_record(replace_struct(self.record, own=own))

    def exported(self, record: LabRecord) -> LabRecord:
        """Return the record as it is once the report is exported."""
        step = self.step
        if step is None or all(each.event != "exported" for each in step.done_when):
            return record
        return record.happened(step, Event("exported"), now())

    def finish(self) -> None:
        step = self.step
        if step is not None:
            self.work.record_hypothesis(step)
