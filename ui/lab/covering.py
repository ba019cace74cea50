"""Covers what the answers to open predictions can be read from, wherever the window shows it."""

from collections.abc import Iterator

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from cnnviz.covers import Secret
from cnnviz.lab.covering import covered
from ui.controls.cover import Cover
from ui.lab.desk import LabDesk
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.report.panel import ReportPanel
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.state import AppState
from ui.window.main_window import MainWindow

_ALL = tuple(Secret)


def covered_parts(window: MainWindow) -> Iterator[tuple[QWidget, tuple[Secret, ...]]]:
    """Yield the parts of the window that are covered as a whole, and what each of them shows.

    Parts that show more besides ask the state by themselves (`AppState.why_covered`): the run bar, the
    timeline, the captions of samples, the cells of Filters & maps and of Backprop.
    """
    training, translation = window.panel(TrainingPanel), window.panel(TranslationPanel).parts
    yield training.curves.accuracy, (Secret.TEST,)
    yield training.curves.loss, (Secret.LOSS,)
    yield training.filters, (Secret.FILTERS,)
    yield training.log, (Secret.TEST, Secret.LOSS)
    yield training.results, (Secret.TEST, Secret.LOSS, Secret.ANSWERS)
    yield window.compare.maps, (Secret.FILTERS,)
    for row in (window.samples.bars, window.samples.said):
        yield row, (Secret.ANSWERS,)
    yield translation.lesson, (Secret.SHIFT, Secret.ANSWERS)
    yield translation.strip, (Secret.SHIFT,)
    yield translation.canvas.probabilities, (Secret.SHIFT, Secret.ANSWERS)
    yield translation.canvas.statement, (Secret.SHIFT, Secret.ANSWERS)
    yield translation.maps, (Secret.SHIFT, Secret.CELLS)
    yield translation.winners, (Secret.SHIFT, Secret.CELLS, Secret.ROUTE, Secret.FIELD)
    yield translation.sweep, (Secret.SHIFT,)
    backprop = window.panel(BackpropPanel)
    of_pass = (Secret.UPDATE, Secret.ANSWERS, Secret.CELLS)
    yield backprop.stack, of_pass
    for said in (backprop.header.sentence, backprop.header.formula):
        yield said, (*of_pass, Secret.ROUTE)
    yield backprop.side, (*of_pass, Secret.ROUTE, Secret.CHECK)
    report = window.panel(ReportPanel)
    yield report.measured, _ALL


class Covering(QObject):
    """Keeps what is covered in step with the lab.

    Parameters
    ----------
    desk : LabDesk
    state : AppState
    window : MainWindow
        With its panels.
    parent : QObject
    """

    def __init__(self, desk: LabDesk, state: AppState, window: MainWindow, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._state, self._window = desk, state, window
        self._covers = [(Cover(part), secrets) for part, secrets in covered_parts(window)]
        for changed in (desk.labChanged, desk.stepChanged, desk.recordChanged, state.runChanged):
            changed.connect(self._look)
        window.lab_dock.visibilityChanged.connect(self._look)
        state.coveredChanged.connect(self._show)

    @Slot()
    def _look(self) -> None:
        desk = self._desk
        lab, step = desk.lab, desk.step
        # Whoever has put the guide away before saying anything in it is not doing the lab.
        if lab is None or step is None or not (desk.record.has_work() or self._window.lab_dock.isVisible()):
            self._state.set_covered({})
            return
        found = covered(lab, desk.record, step, is_run_of=desk.is_run_of, is_at_end=desk.is_at_end)
        self._state.set_covered(found)

    @Slot()
    def _show(self) -> None:
        for cover, secrets in self._covers:
            cover.set_covered(self._state.why_covered(*secrets))
