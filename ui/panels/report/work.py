"""A student's work as it grows: whose it is, the lab in front, and what was written, put in and measured."""

from collections.abc import Callable
from dataclasses import replace as replace_settings

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.lab.course import free_lab, shipped_labs
from cnnviz.lab.measures import MEASURES
from cnnviz.lab.model import Lab, Part, Question, Step, seed_of
from cnnviz.lab.reading import load_lab
from cnnviz.lab.record import LabNumbers, LabRecord, Shown, StepRecord, Version, Work, run_of
from cnnviz.quantities import now
from cnnviz.report.blocks import Insert
from ui.state import AppState

type Complain = Callable[[str], None]
"""Takes what went wrong, as one sentence."""


class StudentWork(QObject):
    """Holds the work and alone changes it; report panel and lab guide show the same fields of it."""

    changed = Signal()  # something is different now
    headChanged = Signal()  # among that, name or roll number
    labChanged = Signal()  # another lab is in front, or what was done in it is another student's
    opened = Signal()  # it is another work from now on
    inserted = Signal(object, object)  # a figure was put in: its step, and it

    def __init__(self, state: AppState, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state
        self.work, self.lab, self.begun = Work(), free_lab(), 0  # how many works have begun here

    # --- which work, and which lab --------------------------------------------------------------------------

    def begin(self, work: Work) -> None:
        self.work, self.lab, self.begun = work, free_lab(), self.begun + 1
        if work.lab in shipped_labs():
            self.lab = load_lab(shipped_labs()[work.lab])
        self.changed.emit()
        self.headChanged.emit()
        self.labChanged.emit()
        self.opened.emit()

    def set_lab(self, lab: Lab, place: str) -> None:
        """Bring a lab to the front.

        * `place`: its id if it comes with the program, or what the document keeps to find it again.
        """
        is_other = lab is not self.lab
        self.lab = lab
        self._take(replace(self.work, lab=place))
        if is_other:
            self.labChanged.emit()

    # --- what was done --------------------------------------------------------------------------------------

    @property
    def record(self) -> LabRecord:
        return self.work.record(self.lab)

    def done(self, step: Step) -> StepRecord:
        return self.record.step(step.id)

    def set_record(self, record: LabRecord) -> None:
        if record is not self.work.records.get(record.key):
            self._take(self.work.with_record(record))

    def set_head(self, name: str, text: str) -> None:
        self._take(replace(self.work, **{name: text}))
        self.headChanged.emit()

    def write(self, step: Step, part: Part, words: str) -> None:
        """Take the words of a field as they are typed; raises `CNNVizError` if there are too many."""
        self.set_record(self.record.wrote(step, part, words, now()))

    def record_hypothesis(self, step: Step) -> None:
        """Record the hypothesis of a step as it stands, with time, training step and what was known."""
        done = self.done(step)
        if done.is_pending:
            version = self.version(step, done.said("hypothesis"))
            self.set_record(self.record.recorded(step, version))

    def record_all(self) -> None:
        for step in self.lab.steps:
            self.record_hypothesis(step)

    # --- what was known -------------------------------------------------------------------------------------

    def note_shown(self, experiment: Experiment) -> None:
        """Remember that results of a run are on the screen; the first time stays."""
        self._take(self.work.with_shown(experiment, now()))

    def is_about_training(self, step: Step) -> bool:
        """Whether results of training tell of what a hypothesis is about: in free work and first sections."""
        return self.lab.is_free or step.section == self.lab.sections[0].id

    def version(self, step: Step, text: str) -> Version:
        """Return a hypothesis as it is written now, with what of its section has been on the screen.

        It is late once a result of the student's own network in the lab was shown, no other: another seed has
        other results.
        """
        lab, numbers, trained = self.lab, self.record.numbers, list[str]()
        if self.is_about_training(step):
            about = None if lab.is_free else run_of(self.experiment_of(step))
            trained = [time for run, time in self.work.shown.items() if about in (None, run)]
        told = [self.seen(each) for each in lab.of_section(step.section)]
        if numbers is not None and (lab.is_free or numbers.experiment.seed == self.experiment.seed):
            told.append(numbers.time)
        shown = Shown(min(trained, default=""), min(filter(None, told), default=""))
        return Version(text, now(), self._state.run.step, bool(shown), shown)

    def seen(self, step: Step) -> str:
        """Return when the result of a step was first to be seen, on the student's network; "" for never.

        The network of another seed has another result, but for what no seed changes. Before a roll number is
        typed that of any will do.
        """
        done, asked, seed = self.done(step), step.prediction, self.experiment_of(step).seed
        is_any = self.needs_roll_number or asked is None or not MEASURES[asked.truth.measure].is_of_seed
        is_told = is_any or done.found is None or done.found.experiment.seed == seed
        shown = done.shown if is_any else done.shown_of(seed)
        return min(filter(None, (shown, done.revealed if is_told else "")), default="")

    # --- what was measured ----------------------------------------------------------------------------------

    @property
    def needs_roll_number(self) -> bool:
        """Whether the seed is to be made of a roll number that nobody has typed yet."""
        return self.lab.seed_from_roll_number and not self.work.roll_number.strip()

    @property
    def experiment(self) -> Experiment:
        """Settings of the network that the report is about, with the seed of this student in a lab."""
        lab, numbers, present = self.lab, self.record.numbers, self._state.experiment
        if lab.is_free:
            return present if numbers is None else numbers.experiment
        if not lab.seed_from_roll_number:
            return lab.experiment
        seed = present.seed if self.needs_roll_number else seed_of(self.work.roll_number)
        return replace_settings(lab.experiment, seed=seed)

    def experiment_of(self, step: Step) -> Experiment:
        """Return the settings of the network that the questions of a step are about."""
        if self.lab.is_free:
            return self.experiment
        return self.lab.experiment_of(step, self.experiment.seed if self.lab.seed_from_roll_number else None)

    def gaps(self) -> list[tuple[Step, Question]]:
        return list(self.record.gaps(self.lab, self.experiment))

    def set_numbers(self, lab: Lab, numbers: LabNumbers) -> None:
        self.set_record(replace(self.work.record(lab), numbers=numbers))

    def note_handed_out(self, lab: Lab, numbers: LabNumbers) -> None:
        """Note of each step that still waits for a prediction whether a file now shows its result."""
        record = self.work.record(lab)
        for step in record.told_unasked(lab, numbers):
            record = record.shown(step, now(), numbers.experiment.seed)
        self.set_record(record)

    # --- figures from the screen ----------------------------------------------------------------------------

    def step_for(self, panel: str) -> Step:
        """Return the step below whose observations a figure of a panel goes.

        That is the step in front if it is about this panel, else the last one before it, else the first one.
        """
        steps, place = self.observing or [*self.lab.steps], self.record.place
        about = [step for step in steps if step.show.panel == panel] or steps
        every = [step.id for step in self.lab.steps]
        reached = every[: every.index(place) + 1] if place in every else []
        return next((step for step in reversed(about) if step.id in reached), about[0])

    def add_insert(self, step: Step, insert: Insert, place: int | None = None) -> None:
        """Put something in, after what is there, or back in its place; raises `CNNVizError` for too many."""
        inserts = self.done(step).inserts
        before = len(inserts) if place is None else place
        self.set_inserts(step, (*inserts[:before], insert, *inserts[before:]))
        if place is None:
            self.inserted.emit(step, insert)

    @property
    def observing(self) -> list[Step]:
        """Steps with observations, below which figures stand, in the order of the report."""
        steps = (step for section in self.lab.sections for step in self.lab.of_section(section.id))
        asked = ((step, step.asked(self.experiment_of(step))) for step in steps)
        return [step for step, questions in asked if any(q.part == "observations" for q in questions)]

    def neighbour(self, step: Step, way: int) -> Step | None:
        """Return the step with observations before (-1) or after (1) one in the report; None at its ends."""
        steps = self.observing
        place = steps.index(step) + way if step in steps else -1
        return steps[place] if 0 <= place < len(steps) else None

    def move_insert(self, step: Step, place: int, way: int) -> None:
        """Move a figure one place up (-1) or down (1), or into the next step; raises as `add_insert`."""
        inserts = list(self.done(step).inserts)
        insert, to = inserts.pop(place), place + way
        if 0 <= to <= len(inserts):
            inserts.insert(to, insert)
            self.set_inserts(step, tuple(inserts))
        elif (other := self.neighbour(step, way)) is not None:
            there = self.done(other).inserts
            record = self.record.with_inserts(other, (insert, *there) if way > 0 else (*there, insert))
            self.set_record(record.with_inserts(step, tuple(inserts)))
            step = other
        self.inserted.emit(step, insert)

    def set_inserts(self, step: Step, inserts: tuple[Insert, ...]) -> None:
        """Put others in the place of what was put into a step; raises `CNNVizError` if they are too many."""
        self.set_record(self.record.with_inserts(step, inserts))

    def _take(self, work: Work) -> None:
        if work is not self.work:
            self.work = work
            self.changed.emit()


def adding(work: StudentWork, step: Step, complain: Complain) -> Callable[[Insert], None]:
    """Return what puts a figure that takes a while into a step, unless another lab has been opened since."""
    there = work.begun, work.lab

    def add(insert: Insert) -> None:
        if there == (work.begun, work.lab):
            attempt(lambda: work.add_insert(step, insert), complain)
        else:
            complain(f"{insert.title} was not inserted: another document or lab is open now.")

    return add


def attempt(act: Callable[[], object], complain: Complain) -> bool:
    """Do something that may be refused; return whether it was done."""
    try:
        act()
    except CNNVizError as error:
        complain(str(error))
        return False
    return True
