"""Finding the true answer to a prediction, on the network that the student has trained."""

from dataclasses import dataclass

from msgspec.structs import replace
from PySide6.QtCore import QObject, Signal

from cnnviz.drawing.page import Page
from cnnviz.history import History
from cnnviz.lab.explaining import explain
from cnnviz.lab.judging import Verdict, judge
from cnnviz.lab.measures import filter_words, measure
from cnnviz.lab.model import Step
from cnnviz.lab.record import Found, LabRecord
from cnnviz.quantities import format_count, now
from cnnviz.report.bench import STRONGEST, Bench
from cnnviz.report.blocks import Words
from cnnviz.snapshots import Snapshot
from ui.lab.controller import LabController
from ui.state import AppState, RunStatus
from ui.tasks import Context, TaskRunner

_KIND = "lab-truth"


@dataclass(frozen=True, slots=True)
class Reveal:
    """What there is to be said about the result of the step in front."""

    verdict: Verdict | None = None  # prediction and result; None while the result is not known
    waiting: str = ""  # what the result waits for, as a sentence; "" with a verdict
    # when the result was measured, and on which network, as a sentence; "" without a verdict
    moment: str = ""
    remark: str = ""  # how that network differs from the one of the lab, as a sentence, or ""
    besides: tuple[tuple[str, str], ...] = ()  # what else was measured for the step, and its value
    picture: Page | None = None
    why: str = ""  # what explains the result, and why there is no picture
    is_late: bool = False  # whether the result was on the screen before there is a prediction


class Revealer(QObject):
    """Measures the true answer once the prediction is committed and the network at its end."""

    changed = Signal()  # there is something else to be said, though step and record are the same
    arrived = Signal(str)  # the result of a step that is not in front is known for the first time: its id

    def __init__(
        self, control: LabController, state: AppState, background: TaskRunner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._control, self._state, self._background = control, state, background
        self._tried: dict[str, tuple[Snapshot, str]] = {}  # by step: on which network, and what went wrong
        self._pictures: dict[str, tuple[Found, Page | None]] = {}  # by step: of which result
        self._is_measuring = False
        control.labChanged.connect(self._forget)
        control.stepChanged.connect(self._look)
        control.work.changed.connect(self._look)
        state.runChanged.connect(self._on_run_changed)

    def _forget(self) -> None:
        self._tried.clear()
        self._pictures.clear()

    def _on_run_changed(self) -> None:
        if self._state.run.status is not RunStatus.TRAINING:
            self._look_and_tell()

    def _look_and_tell(self) -> None:
        self._look()
        self.changed.emit()

    def _look(self) -> None:
        """Have measured what the step in front waits for, then what others do that have no result yet."""
        control = self._control
        lab, record, front = control.lab, control.record, control.step
        if self._is_measuring or lab is None or front is None:
            return
        for step in (front, *(each for each in lab.steps if each is not front)):
            if (step is not front and record.step(step.id).revealed) or not _is_asked(record, step):
                continue
            snapshot = None if control.to_see_first(step) else control.snapshot_of(step)
            if snapshot is not None and not self._is_done_with(step, snapshot):
                self._measure(step, snapshot)
                break

    def present(self) -> Reveal:
        step, done = self._control.step, self._control.done
        if step is None or step.prediction is None or done.is_open(step):
            waiting = "" if step is None else self._trains_on(step)
            return Reveal(is_late=self._control.is_late, waiting=waiting)
        found = self._control.found(step)
        if found is not None:
            answer = None if done.prediction is None else done.prediction.answer
            truth, *besides = found.measured
            verdict = judge(step.prediction, answer, truth)
            of = f"on the network of step {format_count(found.step)}"
            if not truth.how.is_of_network:
                of = "with the filter of the lesson, not with your network"
            moment, remark = f"Measured {found.time} {of}.", ""
            if differing := self._control.differing(step, found.experiment):
                names = ", ".join(name.replace("_", " ") for name in differing)
                remark = (
                    f"Its run differs from that of the lab in: {names}. What you hand in is measured with "
                    "the settings of the lab."
                )
            of_found, page = self._pictures.get(step.id, (None, None))
            named = filter_words(STRONGEST), filter_words(STRONGEST)
            if found.experiment == self._state.experiment:
                named = filter_words(STRONGEST), self._control.filter_words(STRONGEST)
            return Reveal(
                verdict, moment=moment, remark=remark,
                besides=tuple((each.as_written.title.replace(*named), each.words) for each in besides),
                picture=page if of_found is found else None,
                why=" ".join(each.text for each in found.blocks if isinstance(each, Words)),
            )  # fmt: skip
        first = self._control.to_see_first(step)
        if first:
            return Reveal(waiting=f"To see the result, first {'; '.join(first)}.{self._trains_on(step)}")
        snapshot, (tried, problem) = self._control.snapshot_of(step), self._tried.get(step.id, (None, ""))
        if problem and tried is snapshot:
            return Reveal(waiting=problem)
        return Reveal(waiting=self._waiting(step, snapshot))

    def _trains_on(self, step: Step) -> str:
        """What a step waits for besides what is done in it, as a sentence: the end of its run, or nothing."""
        end, is_said = self._control.end_of(step), any(each.event == "finished" for each in step.done_when)
        is_said |= step.show.moment == "end" or not self._control.is_run_of(step)
        trains = f" The network has to be trained up to step {format_count(end)}, too."
        return "" if is_said or self._state.run.step >= end else trains

    def _is_done_with(self, step: Step, snapshot: Snapshot) -> bool:
        """Whether a network was tried last, or is not of the lab while that of the result is."""
        tried, found = self._tried.get(step.id), self._control.found(step)
        if tried is not None and tried[0] is snapshot:
            return True
        is_of_lab = found is not None and not self._control.differing(step, found.experiment)
        return is_of_lab and bool(self._control.differing(step))

    def _waiting(self, step: Step, snapshot: Snapshot | None) -> str:
        if snapshot is not None:
            return "Measuring the result…"
        if not self._control.is_run_of(step):
            return "The result needs the network of this step. Press “Show me” to get it."
        if self._control.is_changed_run:
            return (
                "The learning rate of this run was changed on the way. The result is measured on a network "
                "that was trained with the settings of the lab throughout. Press “Show me” to get it."
            )
        end = format_count(self._control.end_of(step))
        way = "You will get a message then."
        if step.show.moment == "end":
            way = "Press “Show me” to get there."
        elif any(condition.event == "finished" for condition in step.done_when):
            way = "Train to the end of the run."
        return f"The network has to be trained up to step {end} first. {way}"

    # --- measuring ------------------------------------------------------------------------------------------

    def _measure(self, step: Step, snapshot: Snapshot) -> None:
        state, control, lab = self._state, self._control, self._control.lab
        assert state.dataset is not None
        assert lab is not None
        experiment, dataset, record = state.experiment, state.dataset, control.record
        earlier, is_known = lab.steps[: lab.steps.index(step)], state.history.covers(snapshot.step)
        history = state.history.forked(snapshot.step) if is_known else History()  # which nothing is added to
        filters = f"{snapshot.network.filter_layers[0]}.weight"
        way = tuple((each.step, each.network.params[filters]) for each in history.snapshots)
        pixels, step_done = record.own and record.own.array, record.step(step.id)
        cell = state.pinned if step_done.found is None else step_done.found.cell
        known = ((each, control.found(each)) for each in earlier)
        results = {  # of other steps, on the network that the lab has there
            each.id: () if found is None or control.differing(each, found.experiment) else found.measured
            for each, found in known
        }
        self._is_measuring = True

        def work(context: Context) -> tuple[Found, Page | None]:
            bench = Bench(
                experiment, dataset, snapshot.network, snapshot.step, pixels, history, way,
                progress=context.report,
            )  # fmt: skip
            measured = tuple(measure(step.id, each, bench) for each in step.measurements)
            found = Found(measured, "", snapshot.step, experiment, cell)
            told = replace(step_done, found=found)
            explained = explain(step, bench, {**results, step.id: measured}, earlier, told)
            return replace(found, blocks=explained.blocks), explained.page

        def is_asked() -> bool:
            """Whether it is still the lab, and what was asked for in it, for which this was measured."""
            return self._control.lab is lab and _is_asked(self._control.record, step)

        def done(answer: tuple[Found, Page | None]) -> None:
            found, page = answer
            self._is_measuring = False
            if is_asked():
                self._tried[step.id] = (snapshot, "")
                is_news = not self._control.record.step(step.id).revealed and step is not self._control.step
                self._control.reveal(step, replace(found, time=now()))
                kept = self._control.found(step)
                if kept is not None:
                    self._pictures[step.id] = kept, page
                if is_news:
                    self.arrived.emit(step.id)
            self._look_and_tell()

        def failed(message: str) -> None:
            self._is_measuring = False
            if is_asked():
                self._tried[step.id] = (snapshot, message)
            self._look_and_tell()

        self._background.submit(_KIND, work, done, failed)


def _is_asked(record: LabRecord, step: Step) -> bool:
    return step.prediction is not None and not record.step(step.id).is_open(step)
