"""Running the lab in the background, for the report."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from cnnviz.clock import now
from cnnviz.datasets import Dataset
from cnnviz.errors import CNNVizError, DataError
from cnnviz.experiment import Experiment
from cnnviz.files import printable
from cnnviz.quantities import format_count, format_percent
from cnnviz.report import Findings, LabSettings, MeasuredWith, findings_of, run_lab
from ui.panels.analysis import Analysis, Context
from ui.state import AppState

_KIND = "report-lab"


class LabRun(QObject):
    """Runs all three demonstrations with the settings on the screen and keeps what was measured.

    * `findings`: None before the lab has been run, or where what it has found is lost.
    """

    changed = Signal()  # it has begun or ended
    progressed = Signal(float)  # share that is done, from 0 to 1
    finished = Signal()  # there are new results
    failed = Signal(str)  # why there are none

    def __init__(self, state: AppState, background: Analysis, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._background = state, background
        self.findings: Findings | None = None
        self._before: MeasuredWith | None = None
        self.is_running = False

    @property
    def experiment(self) -> Experiment:
        """Settings of the network that the report is about: of the findings, or else the present."""
        return self._state.experiment if self.findings is None else self.findings.measured_with.experiment

    @property
    def can_start(self) -> bool:
        """Whether there are data, and no lab is being run."""
        return self._state.dataset is not None and not self.is_running

    def status_text(self) -> str:
        """What has been measured, or what there is to do, for the user."""
        if self.is_running:
            return "Training and measuring. You may go on writing."
        found, before = self.findings, self._before
        if found is None and before is not None:
            return (
                "The numbers of this report are not kept, but what they were measured with is: "
                f"{before.data_name}, seed {before.experiment.seed}, test image "
                f"{format_count(before.sample)}. Measure them again and they come out the same."
            )
        if found is None:
            return (
                "Write your hypotheses, then run the lab: it trains, measures and fills in the observations."
            )
        text = (
            f"Measured {found.time}: test accuracy {format_percent(found.accuracy, 2)} after "
            f"{format_count(found.steps)} steps, seed {found.measured_with.experiment.seed}."
        )
        if found.measured_with.experiment != self._state.experiment:
            text += " The settings have changed since: run the lab again to measure with them."
        elif (
            self._state.dataset is not None and self._state.dataset.sha256 != found.measured_with.data_sha256
        ):
            text += " Other data are open now: run the lab again to measure with them."
        return text

    def start(self) -> None:
        """Begin; the sample on the screen is the one looked at closely, if it is a test image."""
        dataset, sample = self._state.dataset, self._state.sample
        if dataset is not None and not self.is_running:
            index = 0 if sample is None or sample.index is None else sample.index
            self._submit(lab_work(self._state.experiment, dataset, index))

    def measure_again(self) -> None:
        """Begin, with what was measured with before."""
        dataset = self._state.dataset
        if dataset is not None and self._before is not None and not self.is_running:
            self._submit(again_work(self._before, dataset))

    def _submit(self, work: Callable[[Context], Findings]) -> None:
        self._set_running(True)
        self._background.submit(_KIND, work, self._on_done, self._on_failed, self.progressed.emit)

    def cancel(self) -> None:
        """Stop; earlier results stay."""
        self._background.cancel(_KIND)
        self._set_running(False)

    @property
    def is_lost(self) -> bool:
        """Whether something was measured, what was found is not kept, and is to be measured again."""
        return self.findings is None and self._before is not None

    @property
    def can_repeat(self) -> bool:
        """Whether it is known what was measured with before."""
        return self._before is not None

    def know(self, before: MeasuredWith | None, findings: Findings | None) -> None:
        """Stop, and know what a report says that was measured with `before`."""
        self.findings, self._before = findings, before
        self.cancel()

    def _on_done(self, findings: Findings) -> None:
        self.findings, self._before = findings, findings.measured_with
        self._set_running(False)
        self.finished.emit()

    def _on_failed(self, text: str) -> None:
        self._set_running(False)
        self.failed.emit(text)

    def _set_running(self, running: bool) -> None:
        self.is_running = running
        self.changed.emit()


def lab_work(experiment: Experiment, dataset: Dataset, sample: int) -> Callable[[Context], Findings]:
    """Return the function that runs the lab."""

    def work(context: Context) -> Findings:
        results = run_lab(
            experiment,
            dataset,
            LabSettings(sample=sample),
            progress=lambda _stage, share: context.report(share),
            cancelled=lambda: context.cancelled,
        )
        return findings_of(results, now())

    return work


def again_work(before: MeasuredWith, dataset: Dataset) -> Callable[[Context], Findings]:
    """Return the function that runs the lab with what it was measured with before.

    It raises `CNNVizError` where the data are others.
    """

    def work(context: Context) -> Findings:
        wanted = before.experiment.classes
        try:
            data = dataset if dataset.classes == wanted else dataset.select(wanted)
        except CNNVizError:
            data = None
        if data is None or data.sha256 != before.data_sha256:
            raise DataError(
                f"The report was measured with other images ({printable(before.data_name)}) than are open. "
                "Open those data to measure the same again, or run the lab with what is open."
            )
        return lab_work(before.experiment, data, before.sample)(context)

    return work
