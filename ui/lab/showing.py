"""Putting the window where a step of a lab wants it, by the way documents are opened."""

from dataclasses import dataclass, replace
from functools import partial

from msgspec.structs import replace as replace_struct
from PySide6.QtCore import QObject, Signal

from cnnviz.datasets import Dataset
from cnnviz.document.types import Document
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.lab.model import Show
from cnnviz.lab.showing import picture_for
from cnnviz.network import weights_checksum
from ui.controls.pace import single_shot
from ui.document.restorer import Order
from ui.document.window_document import WindowDocument
from ui.lab.controller import LabController
from ui.run.loading import select_classes
from ui.state import RunStatus

_TYPED_MS = 500


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the window is to be put, and its name for messages."""

    name: str
    show: Show
    experiment: Experiment


class StepShower(QObject):
    """Brings network, moment, sample, panel and choices of a step."""

    shown = Signal()  # the window is where a step wanted it

    def __init__(self, control: LabController, document: WindowDocument, parent: QObject) -> None:
        super().__init__(parent)
        self._control, self._document, self._state = control, document, document.state
        self._is_busy = False
        self._waiting: _Target | None = None  # for the present run to stand still
        self._before: tuple[Experiment, History] | None = None  # of the lab, that another may replace
        #: What is shown once more, with a filter that only the network of the step can tell.
        self._unnumbered: _Target | None = None
        self._state.runChanged.connect(self._on_run_changed)
        self._wants_seed = False
        self._typed = single_shot(self, self._want_seed, _TYPED_MS)
        for changed in (control.labChanged, control.stepChanged, control.work.opened):
            changed.connect(self._forget)
        control.labChanged.connect(self._want_seed)
        control.work.headChanged.connect(self._typed.start)

    def stop(self) -> None:
        self._typed.stop()

    def show(self) -> None:
        step = self._control.step
        if self._state.source is None and self._state.run.status is RunStatus.FAILED:
            self._state.raise_notice("files", "error", "There are no data yet: open some first (Ctrl+D).")
        elif step is not None and not self._is_busy:
            self._show(_Target(f"The step “{step.title}”", step.show, self._control.experiment))

    def show_start(self) -> None:
        """Show the state in which the lab begins, as soon as there are data.

        A network that has been trained stays if it is one of the lab's.
        """
        lab, step = self._control.lab, self._control.step
        if lab is None or step is None or lab.is_free or self._is_busy:
            return
        if self._state.is_untrained or self._state.source is None or not self._control.is_run_of(step):
            self._show(_Target(f"The lab “{lab.title}”", lab.start, self._control.work.experiment))

    def _show(self, target: _Target) -> None:
        self._is_busy = True
        source, status = self._state.source, self._state.run.status
        if source is None or status in (RunStatus.TRAINING, RunStatus.LOADING):
            self._waiting = target
            self._document.controller.pause()
        else:
            data, classes, current = source.dataset, target.experiment.classes, self._state.dataset
            self._document.controller.analysis.submit(
                "lab-data",
                lambda _context: select_classes(data, classes, current),
                lambda dataset: self._begin(target, dataset),
                self._on_failed,
            )

    def _on_run_changed(self) -> None:
        self._take_seed()
        target = self._waiting
        if self._state.run.status is RunStatus.FAILED:
            self._forget()
        elif target is not None and self._state.run.status not in (RunStatus.TRAINING, RunStatus.LOADING):
            self._waiting = None
            self._show(target)

    def _forget(self) -> None:
        """Wait no more: it cannot come, or another step is in front by then."""
        if self._waiting is not None:
            self._waiting, self._is_busy = None, False

    def _want_seed(self) -> None:
        """Begin anew with the seed that a lab wants, when it is opened or the roll number was typed.

        A run that is trained, or has other settings than the lab, stays as it is: the guide says so.
        """
        self._wants_seed = True
        self._control.take_seed()
        self._take_seed()

    def _take_seed(self) -> None:
        state, step = self._state, self._control.step
        if not self._wants_seed or state.run.status is RunStatus.LOADING:
            return
        self._wants_seed = False
        if step is None or self._control.needs_roll_number or state.pending or not state.is_untrained:
            return
        if self._control.differing(step) == ("seed",):
            seed = self._control.experiment.seed
            self._document.controller.edit(replace(state.draft, seed=seed))

    def _begin(self, target: _Target, dataset: Dataset) -> None:
        try:
            current = self._document.picture(checksum=False)  # quickly
            chosen = self._control.filter_number(target.show.filter)
            picture = picture_for(target.show, target.experiment, dataset, current, chosen)
        except CNNVizError as error:
            self._on_failed(str(error))
            return
        self._unnumbered = target if chosen is None and target.show.filter is not None else None
        has_run = bool(len(self._state.history.losses)) and self._control.is_own_run
        self._before = (self._state.experiment, self._state.history) if has_run else None
        prepared = self._document.prepared  # the run that came with the document, if the picture is of it
        of_picture = picture.experiment, picture.data.sha256
        if prepared is not None and (prepared.experiment, self._document.prepared_data) != of_picture:
            prepared = None
        asks, picture = not self._control.is_own_run, self._with_checksum(picture)
        then, otherwise = partial(self._on_finished, True), partial(self._on_finished, False)
        order = Order(picture, name=target.name, asks=asks, prepared=prepared, then=then, otherwise=otherwise)
        self._document.restorer.restore(order)

    def _with_checksum(self, picture: Document) -> Document:
        """Say which weights are meant, where the present run has them: it need not be trained again."""
        state, snapshots, run, seen = self._state, self._state.history.snapshots, picture.run, picture.seen
        of_picture = replace(state.experiment, epochs=picture.experiment.epochs)
        is_same_run = of_picture == picture.experiment and not self._control.is_changed_run
        step = seen.step or 0
        if run is None or not is_same_run or not len(snapshots) or step > state.run.step:
            return picture
        snapshot = snapshots.find(step)
        found = "" if snapshot is None else weights_checksum(snapshot.network)
        return replace_struct(
            picture,
            experiment=state.experiment,
            run=replace_struct(run, step=state.run.step),
            seen=replace_struct(seen, weights_sha256=found),
        )

    def _on_failed(self, message: str) -> None:
        self._is_busy = False
        self._state.raise_notice("files", "error", message)

    def _on_finished(self, complete: bool) -> None:
        was_busy, self._is_busy = self._is_busy, False
        before, self._before = self._before, None
        if was_busy and complete and before is not None and before[0] != self._state.experiment:
            self._state.set_ghost(before[1])  # labs compare their runs of different settings
        again, self._unnumbered = self._unnumbered, None
        if complete and again is not None and self._control.filter_number(again.show.filter) is not None:
            self._show(again)
        elif was_busy and complete:
            self.shown.emit()
