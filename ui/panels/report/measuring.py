"""Measuring the lab in front in the background, for the report."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from cnnviz.covers import Secret
from cnnviz.datasets import require_classes
from cnnviz.experiment import Experiment
from cnnviz.graphics.run_curves import ACCURACY, LOSS
from cnnviz.lab.measured import are_of, measured_lab, own_pixels, run_blocks, seed_for
from cnnviz.lab.record import LabNumbers
from cnnviz.quantities import format_count, format_many
from cnnviz.report.bench import LabSettings
from cnnviz.report.blocks import MeasuredBlock
from ui.panels.report.work import StudentWork
from ui.state import AppState
from ui.tasks import Context, TaskRunner

_KIND = "report-lab"
_FREE = "“Run the lab” trains a network and measures it, for the tables and figures here."
_CHANGED = "Since then the roll number, the image, the data or the lab file has changed."
_TODO = (
    "“Run the lab” measures every step of the lab again and fills in the tables and figures. "
    "“Export…” does so, too, unless you export a draft."
)


class Measuring(QObject):
    """Measures all steps of the lab in front and keeps what was found with the work.

    A lab is measured with its own settings, the one of free work with those of the window.
    """

    changed = Signal()  # it has begun or ended
    progressed = Signal(float)  # share that is done, from 0 to 1
    finished = Signal()  # there are new numbers
    failed = Signal(str)  # why there are none

    def __init__(self, work: StudentWork, state: AppState, background: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._work, self._state, self._background = work, state, background
        self.is_running = False
        work.opened.connect(self.cancel)

    # --- what there is --------------------------------------------------------------------------------------

    @property
    def numbers(self) -> LabNumbers | None:
        """What was measured for the lab in front as it is now; None for nothing."""
        lab, numbers = self._work.lab, self._work.record.numbers
        if numbers is None or (not lab.is_free and not self._are_current(numbers)):
            return None
        return numbers

    @property
    def uncovered(self) -> LabNumbers | None:
        """What was measured and may be seen: nothing while something is still to be predicted."""
        return None if self._state.covered else self.numbers

    @property
    def live_steps(self) -> int:
        return self._state.history.step

    def run_so_far(self) -> tuple[MeasuredBlock, ...]:
        """What a draft shows of the run in the window, which is not measured: nothing before it has begun."""
        state = self._state
        if not len(state.history.losses):
            return ()
        is_covered = bool(state.why_covered(Secret.LOSS, Secret.TEST))
        moment = {f"seed {state.experiment.seed}", f"step {format_count(state.history.step)}"}
        inserts = (each for step in self._work.lab.steps for each in self._work.done(step).inserts)
        shown = {card for each in inserts if moment <= set(each.caption.split(" · ")) for card in each.cards}
        has_curves = {LOSS, ACCURACY} <= shown
        return (*run_blocks(state.experiment, state.history, is_covered=is_covered, has_curves=has_curves),)

    def _are_current(self, numbers: LabNumbers) -> bool:
        """Whether numbers are of the lab in front, the seed, the image and, where they are open, the data."""
        lab, dataset, record = self._work.lab, self._state.dataset, self._work.record
        known = None if dataset is None or dataset.classes != lab.experiment.classes else dataset.sha256
        if known not in (None, numbers.data_sha256):
            return False
        own = None if dataset is None else own_pixels(record.own, dataset)
        return are_of(numbers, lab, self.experiment, own)

    @property
    def experiment(self) -> Experiment:
        """Settings with which the lab in front is measured."""
        lab = self._work.lab
        if lab.is_free:
            return self._state.experiment
        return replace(lab.experiment, seed=seed_for(lab, self._work.work.roll_number))

    @property
    def is_needed(self) -> bool:
        """Whether the lab has to be measured before its report is handed in."""
        return not self._work.lab.is_free and self.numbers is None and self._state.source is not None

    @property
    def can_start(self) -> bool:
        """Whether there are data, and nothing is being measured."""
        return self._state.dataset is not None and not self.is_running

    def status_text(self) -> str:
        """What has been measured, or what there is to do, for the user."""
        lab, numbers = self._work.lab, self._work.record.numbers
        todo = _FREE if lab.is_free else _TODO
        if self.is_running:
            return "Training and measuring. You can go on writing."
        if numbers is None:
            return todo
        if why := self._state.why_covered(*Secret):
            return why
        trained = f"{format_many(numbers.steps, 'step')}, seed {numbers.experiment.seed}"
        text = f"Measured {numbers.time}: {trained}."
        if not lab.is_free:
            return text if self.numbers is not None else f"{text} {_CHANGED} {todo}"
        dataset = self._state.dataset
        has_other_data = dataset is not None and dataset.sha256 != numbers.data_sha256
        if has_other_data or numbers.experiment != self._state.experiment:
            text += " You have changed settings or data since: run the lab again to measure with them."
        return text

    # --- measuring ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; free work looks closely at the sample on the screen, if that is a test image."""
        state, lab, record, experiment = self._state, self._work.lab, self._work.record, self.experiment
        dataset, sample = state.dataset, state.sample
        if dataset is None or self.is_running:
            return
        every = dataset if state.source is None else state.source.dataset
        look = 0 if sample is None or sample.index is None else sample.index
        settings = LabSettings(sample=look) if lab.is_free else None

        def measure(context: Context) -> LabNumbers:
            chosen = dataset
            if dataset.classes != experiment.classes or dataset.name != every.name:
                require_classes(every, experiment.classes)
                chosen = every.select(experiment.classes)
            return measured_lab(
                lab, chosen, experiment.seed, own_pixels(record.own, chosen), experiment=experiment,
                settings=settings, with_results=True, record=record,
                progress=context.report,
            )  # fmt: skip

        def done(numbers: LabNumbers) -> None:
            self._work.set_numbers(lab, numbers)
            self._set_running(False)
            self.finished.emit()

        self._set_running(True)
        self._background.submit(_KIND, measure, done, self._on_failed, self.progressed.emit)

    def cancel(self) -> None:
        """Stop; earlier numbers stay."""
        self._background.cancel(_KIND)
        self._set_running(False)

    def _on_failed(self, text: str) -> None:
        self._set_running(False)
        self.failed.emit(text)

    def _set_running(self, running: bool) -> None:
        if running != self.is_running:
            self.is_running = running
            self.changed.emit()
