"""The one place where what happens in the window becomes an event that a step of a lab waits for."""

from PySide6.QtCore import QObject

from cnnviz.lab.events import Event
from cnnviz.lab.record import OwnImage
from ui.document.window_document import WindowDocument
from ui.lab.controller import LabController
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.registry import PANELS
from ui.panels.report.panel import ReportPanel
from ui.panels.translation.panel import TranslationPanel
from ui.panels.translation.subject import FREE
from ui.state import RunStatus
from ui.window.main_window import MainWindow


class Happenings(QObject):
    """Tells the controller what the student does; what "Show me" does is not counted."""

    def __init__(
        self,
        control: LabController,
        document: WindowDocument,
        window: MainWindow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        state, restorer = document.state, document.restorer
        self._control, self._state, self._window, self._restorer = control, state, window, restorer
        self._dataset = state.dataset  # of the sample that is there
        self._pinned = state.pinned
        control.stepChanged.connect(self._look)
        restorer.finished.connect(self._look)
        state.runChanged.connect(self._on_run_changed)
        state.speedChanged.connect(self._on_run_changed)
        for dock in window.panels.docks():
            dock.visibilityChanged.connect(self._look)
        backprop, report = window.panel(BackpropPanel), window.panel(ReportPanel)
        self._translation = translation = window.panel(TranslationPanel)
        translation.choices.changed.connect(self._look)
        state.sampleChanged.connect(self._on_sample_changed)
        state.pinnedChanged.connect(self._on_pinned_changed)
        for signal, name in (
            (document.controller.momentAsked, "moment"),
            (translation.sweep.manySwept, "swept"),
            (backprop.work.pokeReady, "poked"),
            (backprop.work.checkReady, "checked_gradient"),
            (backprop.model.applied, "updated"),
            (report.exported, "exported"),
            (report.work.inserted, "inserted"),
        ):
            signal.connect(lambda *_, name=name: self._tell(name))
        translation.moved.connect(
            lambda *_: self._tell("dragged", what=f"{state.shift.dx}, {state.shift.dy}")
        )
        backprop.model.choicesChanged.connect(
            lambda: (
                self._tell("rule", what=backprop.model.choices.rule) if backprop.model.choices.rule else None
            )
        )
        backprop.header.stepRequested.connect(
            lambda number: self._tell("walked", what=backprop.model.steps[number].kind.value)
        )

    def _tell(self, name: str, count: int = 1, what: str = "", among: str = "") -> None:
        if not self._restorer.is_busy:
            self._control.happened(Event(name, count, what, among))

    # --- what is so, however it came ------------------------------------------------------------------------

    def _look(self) -> None:
        """Tell which panel and which lesson are in sight, and whether the run of the step is at its end."""
        if not self._window.isVisible():  # it closes, and its panels with it
            return
        front = self._window.panels.front
        if front >= 0:
            self._tell("visited", what=PANELS[front].name)
        lesson = self._translation.view.lesson
        if lesson != FREE:
            self._tell("lesson", what=lesson)
        self._on_run_changed()

    def _on_run_changed(self) -> None:
        run, step = self._state.run, self._control.step
        if run.status is RunStatus.LOADING:
            return
        if run.step:
            self._tell("steps", run.step)
        if run.step >= run.steps_per_epoch:
            self._tell("epochs", run.step // run.steps_per_epoch)
        if run.status is RunStatus.TRAINING and self._state.steps_per_second is not None:
            self._tell("slowed")
        if run.status is RunStatus.FINISHED and step is not None and self._control.is_run_of(step):
            self._tell("finished")

    # --- what the student does ------------------------------------------------------------------------------

    def _on_sample_changed(self) -> None:
        """Tell which image was chosen; the first of other data is chosen by the program."""
        sample, before, self._dataset = self._state.sample, self._dataset, self._state.dataset
        if sample is None or self._restorer.is_busy:
            return
        if sample.index is None:
            self._tell("own_digit")
            self._control.take_own(OwnImage.of(sample.pixels, sample.label, sample.origin))
        elif before is self._dataset:
            self._tell("sampled", what=str(sample.index))

    def _on_pinned_changed(self) -> None:
        """Tell which cell of the step's network was chosen; one that goes along to another map is not."""
        cell, before, self._pinned = self._state.pinned, self._pinned, self._state.pinned
        if cell is None or self._control.mismatch:
            return
        if before is None or (before.stage, before.index[1:]) != (cell.stage, cell.index[1:]):
            self._tell("pinned", what=f"{cell.stage} {cell.index}", among=cell.stage)
