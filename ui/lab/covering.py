"""Covers what the answers to open predictions can be read from, wherever the window shows it."""

from collections.abc import Iterator

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnviz.covers import Secret
from cnnviz.lab.showing import covered
from ui.controls.cover import Cover
from ui.lab.controller import LabController
from ui.panels.backprop.panel import BackpropPanel
from ui.panels.report.work import StudentWork
from ui.panels.training.panel import TrainingPanel
from ui.panels.translation.panel import TranslationPanel
from ui.state import AppState
from ui.window.main_window import MainWindow

_ALSO = "Covered."


type Parts = tuple[tuple[QWidget, tuple[Secret, ...]], ...]
type Covers = tuple[tuple[tuple[Cover, tuple[Secret, ...]], ...], ...]
"""Covers, and what each of them hides, by panel."""


def covered_parts(window: MainWindow) -> Iterator[Parts]:
    """Yield, panel by panel, the parts that are covered as a whole, and what each of them shows.

    Parts that show more besides ask the state by themselves (`AppState.why_covered`): the run bar, the
    timeline, the captions of samples, the drawing of the network, the cells of Filters & maps and of
    Backprop, who gets the gradient of a window, the steps of Backprop, the report. The first part of a panel
    is where the eye looks first.
    """
    training = window.panel(TrainingPanel)
    yield (
        (training.curves.accuracy, (Secret.TEST,)),
        (training.results, (Secret.TEST, Secret.LOSS, Secret.ANSWERS)),
        (training.log, (Secret.TEST, Secret.LOSS)),
        (training.curves.loss, (Secret.LOSS,)),
    )
    own = Secret.ANSWERS, Secret.PREDICTION
    yield tuple((row, own) for row in (window.samples.bars, window.samples.said))
    translation = window.panel(TranslationPanel)
    said = (Secret.SHIFT, Secret.ANSWERS)
    yield (
        (translation.maps_part, (Secret.SHIFT, Secret.CELLS)),
        (translation.winners_part, (Secret.SHIFT, Secret.CELLS, Secret.ROUTE, Secret.FIELD)),
        (translation.lesson, said),
        (translation.strip, (Secret.SHIFT,)),
        (translation.predictions, said),
        (translation.statement, said),
        (translation.sweep, (Secret.SHIFT, Secret.FLIPS)),
    )
    backprop = window.panel(BackpropPanel)
    of_pass, of_window = (Secret.ANSWERS, Secret.CELLS), (Secret.ROUTE, Secret.SHARES)
    yield (
        (backprop.stack, of_pass),
        (backprop.header.said, (*of_pass, *of_window)),
        (backprop.side, (*of_pass, *of_window, Secret.CHECK)),
    )


def covers_of(window: MainWindow) -> Covers:
    """Put a cover over each of the parts."""
    return tuple(tuple((Cover(part), own) for part, own in parts) for parts in covered_parts(window))


class Covering(QObject):
    """Keeps what is covered in step with the lab."""

    def __init__(
        self,
        control: LabController,
        work: StudentWork,
        state: AppState,
        window: MainWindow,
        covers: Covers,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._control, self._state, self._window = control, state, window
        self._panels = covers
        for changed in (control.labChanged, control.stepChanged, work.changed, state.runChanged):
            changed.connect(self._look)
        window.lab_dock.visibilityChanged.connect(self._look)
        state.coveredChanged.connect(self._show)

    def _look(self) -> None:
        control = self._control
        lab, step = control.lab, control.step
        if lab is None or step is None or not (control.is_begun or self._window.lab_dock.isVisible()):
            self._state.set_covered({})
        else:
            self._state.set_covered(
                covered(
                    lab,
                    control.record,
                    step,
                    is_run_of=control.is_run_of,
                    is_at_end=control.is_at_end,
                    is_shown=lambda each: bool(control.seen(each)),
                    is_begun=control.is_begun,
                )
            )
        control.note_shown()

    def _show(self) -> None:
        for covers in self._panels:
            is_said = False  # once in a panel is enough
            for cover, secrets in covers:
                reason = self._state.why_covered(*secrets)
                cover.set_covered(_ALSO if reason and is_said else reason)
                is_said = is_said or bool(reason)
