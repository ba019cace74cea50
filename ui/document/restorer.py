"""Putting a document into the window: its run as it was, or trained again where it does not hold it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace as replaced
from PySide6.QtCore import QObject, Signal

from cnnviz.datasets import Dataset
from cnnviz.document.archive import opening_failed, pixels_of
from cnnviz.document.run import PREPARED, RUN, KeptRun, unpack_run
from cnnviz.document.types import DATA_MEMBER, LAB_MEMBER, Document, Files, OwnImage, Run
from cnnviz.errors import CNNVizError
from cnnviz.experiment import Experiment
from cnnviz.history import EvaluationPoint, History
from cnnviz.inspect.receptive_field import checked_cell
from cnnviz.network import weights_checksum
from cnnviz.quantities import format_count, format_percent
from cnnviz.snapshots import Origin, Snapshot
from cnnviz.training import Trainer
from ui.document.gathered import work_of
from ui.run.controller import Controller
from ui.run.loading import NO_DATA, PATIENCE_SECONDS, Mismatch, mismatch_of, select_classes
from ui.run.worker import next_due, snapshot_interval
from ui.state import AppState, PinnedCell, Reference, RunStatus, Sample, Source
from ui.tasks import Context
from ui.window.panel_area import PanelArea

# At run time where it is needed: it loads much, and the frame of the window is to appear before.
if TYPE_CHECKING:
    from cnnviz.lab.record import Work

_AT_REST = (RunStatus.READY, RunStatus.PAUSED, RunStatus.FINISHED)
_KIND = "document"
_PLACE = "opening"  # of the notice that says how far it is


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A document that is to be put into the window.

    * `is_own`: whether the program has kept it by itself: the data that it names are opened.
    * `asks`: whether to ask before the present run is lost, and to offer what a picture replaces.
    * `prepared`: a run that has been trained for it.
    * `may_begin`: asked when all of it is there; `begin`: called when nothing can fail any more, before
      anything is shown; `then`: when all is; `otherwise`: when it is given up, also for another one.
    """

    document: Document
    files: Files = field(default_factory=dict[str, bytes])
    name: str = ""
    is_own: bool = False
    asks: bool = True
    prepared: KeptRun | None = None
    may_begin: Callable[[], bool] = lambda: True
    begin: Callable[["Built"], None] = lambda _built: None
    then: Callable[[], None] = lambda: None
    otherwise: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """What a document holds, read and checked."""

    source: Source
    dataset: Dataset  # of it, the classes of the document
    sample: Sample | int | None
    board: Sample | None
    work: "Work"
    run: KeptRun | None  # None where it has to be trained
    prepared: KeptRun | None
    said_of_prepared: Run | None


class DocumentRestorer(QObject):
    """Restores one document at a time; a second one takes the place of the first.

    The window stays as it is until the network of the document is there and is known to be the one that was
    saved.
    """

    #: The document is in the window; False when it was given up, but not for another one.
    finished = Signal(bool)

    def __init__(self, state: AppState, controller: Controller, panels: PanelArea, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._controller, self._panels = state, controller, panels
        self._order: Order | None = None

    @property
    def is_busy(self) -> bool:
        return self._order is not None

    def restore(self, order: Order) -> None:
        """Put a document into the window; what is there stays where its data or its network cannot be had."""
        self._turn_to(order)
        opened, document = self._state.source, order.document
        if opened is None:
            self._end(f"{order.name} {NO_DATA}")
            return
        wanted = None if document.data.path in ("", DATA_MEMBER) else Path(document.data.path)
        if order.is_own and DATA_MEMBER not in order.files and wanted != opened.path:
            self._build_with(wanted, order)
        else:
            self._build(order, opened)

    def _turn_to(self, order: Order) -> None:
        """Let a document be on its way instead of another one, whatever that still waits for."""
        self._controller.repeating.cancel(_KIND)
        self._state.clear_notice(_PLACE)
        before, self._order = self._order, order
        if before is not None and before.document is not order.document:
            before.otherwise()

    def _still(self, order: Order, act: Callable[..., None]) -> Callable[..., None]:
        """Return what acts only as long as no other document has taken the place of this one."""
        return lambda *values: act(*values) if self._order is order else None

    # --- reading and checking -------------------------------------------------------------------------------

    def _build_with(self, path: Path | None, order: Order) -> None:
        self._turn_to(order := replace(order))
        still = partial(self._still, order)
        self._controller.open_data(path, still(partial(self._build, order)), still(self._end))

    def _build(self, order: Order, opened: Source) -> None:
        current = self._state.dataset if opened is self._state.source else None

        def work(_context: object) -> Built | Mismatch:
            document, source = order.document, opened
            try:
                if document.data.path == DATA_MEMBER and DATA_MEMBER in order.files:
                    from cnnviz.lab.course import dataset_in

                    found = dataset_in(document, order.files)
                    if opened.path != Path(DATA_MEMBER) or opened.dataset.sha256 != found.sha256:
                        source = Source(found, Path(DATA_MEMBER))
                data, experiment = document.data, document.experiment
                known = current if source is opened else None
                mismatch = mismatch_of(experiment, data, source.dataset, known)
                if mismatch is not None:
                    return mismatch
                return _built(order, source, select_classes(source.dataset, experiment.classes, known))
            except CNNVizError as error:
                raise opening_failed(Path(order.name), error) from error

        def done(found: Built | Mismatch) -> None:
            if isinstance(found, Built):
                self._find_run(order, found)
                return
            sentence, path = found.sentence(order.name, "document"), order.document.data.path
            if found.action or path in ("", DATA_MEMBER) or not Path(path).exists():
                self._end(sentence, "error", found.action, partial(self._build_with, None, order))
            else:  # a file that others may have made names them: they are read when that is wanted
                self._end(sentence, "error", "Open its data", partial(self._build_with, Path(path), order))

        still = partial(self._still, order)
        self._controller.analysis.submit(_KIND, work, still(done), still(self._end))

    # --- the run --------------------------------------------------------------------------------------------

    def _find_run(self, order: Order, built: Built) -> None:
        """Have the run of a document begun, or trained again unless it is at hand."""
        document = order.document
        prepared = built.prepared if order.prepared is None else order.prepared
        if built.run is not None:
            self._begin(order, built, built.run)
        elif document.run is None:
            step = document.seen.step
            self._begin(order, built, None if prepared is None or not step else prepared.until(step))
        elif self._is_at_hand(document):
            self._take_words(order, built)
            self._finish(order, built)
        else:
            known = None if prepared is None else prepared.until(document.run.step)
            if known is not None and known.experiment == document.experiment:
                self._look_at(order, built, known)
            else:
                self._repeat(order, built, document.run)

    def _repeat(self, order: Order, built: Built, run: Run) -> None:
        document = order.document
        shown = run.step if document.seen.step is None else document.seen.step
        start = time.perf_counter()

        def work(context: Context) -> KeptRun:
            return repeat(document.experiment, built.dataset, shown, run.step, run.epochs, context)

        def progressed(share: float) -> None:
            if time.perf_counter() - start > PATIENCE_SECONDS:
                done = f"{format_percent(share, 0)} of {format_count(run.step)} steps trained again."
                text = f"{order.name}: {done}"
                self._state.raise_notice(_PLACE, "info", text, "Cancel", cancel)

        def cancel() -> None:
            self._controller.repeating.cancel(_KIND)
            self._end(f"Opening {order.name} was cancelled. Nothing has changed.", "info")

        self._controller.repeating.submit(
            _KIND,
            work,
            lambda trained: self._look_at(order, built, trained),
            lambda message: self._end(f"{order.name} cannot be opened: {message}"),
            progressed,
        )

    def _look_at(self, order: Order, built: Built, trained: KeptRun) -> None:
        """Begin the run if its networks are those that were saved; if not, say so and offer what there is."""

        def take() -> None:
            self._turn_to(again := replace(order))
            given = f"This is the network that the settings of {order.name} give"
            self._begin(again, built, trained, f"{given}, not the one that it was saved with.")

        if _is_as_saved(trained.live, trained, order.document):
            self._begin(order, built, trained)
        else:
            self._end(
                f"The network of {order.name} cannot be brought back: training with its settings leads to "
                "other weights, because its run was changed on the way or made on another kind of computer.",
                "warning",
                "Open with its settings",
                take,
            )

    def _begin(self, order: Order, built: Built, run: KeptRun | None, told: str = "") -> None:
        """Begin a run, from its initial weights for None."""
        state, document = self._state, order.document
        state.clear_notice(_PLACE)
        can_be_undone = order.asks and document.kind == "picture"  # which replaces only what is seen
        may_replace = partial(self._controller.may_replace, can_be_undone=can_be_undone)
        if not order.may_begin() or (order.asks and not may_replace()):
            self._end()
            return
        state.set_speed(None)
        epochs = run.epochs if run is not None else 0 if document.run is None else document.run.epochs
        self._controller.begin(
            document.experiment if run is None else run.experiment,
            start=None if run is None or not (run.live.step or RUN.model in order.files) else run.live,
            can_be_undone=can_be_undone,
            source=None if built.source is state.source else built.source,
            history=None if run is None else run.history,
            epochs=epochs,
            still=lambda: self._order is order,
            first=partial(self._take_words, order, built),
            then=partial(self._show_run, order, built, run, told),
            otherwise=self._still(order, self._end),
        )

    def _take_words(self, order: Order, built: Built) -> None:
        """Take what comes with the document besides its run, now that this can be had."""
        # What was said of files that were tried before.
        self._state.clear_notice("files")
        self._state.clear_notice("samples")
        order.begin(built)

    def _is_at_hand(self, document: Document) -> bool:
        """Whether the weights are those of moments of the present run."""
        state, run = self._state, document.run
        if run is None or state.live is None or not document.seen.weights_sha256:
            return False
        is_same_run = document.experiment == state.experiment and run.step == state.run.step
        if not is_same_run or state.run.status not in _AT_REST:
            return False
        present = KeptRun(state.live, state.history, run.epochs)
        return _is_as_saved(state.live, present, document)

    # --- the view -------------------------------------------------------------------------------------------

    def _show_run(self, order: Order, built: Built, run: KeptRun | None, told: str) -> None:
        """Show a document whose run has just begun; `told`: what is to be known of its network."""
        state = self._state
        # The run that was open before is no part of what was seen.
        state.set_ghost(None if run is None else run.ghost)
        rate = order.document.experiment.learning_rate
        if rate != state.experiment.learning_rate:  # chosen after the last step
            self._controller.edit(replace(state.experiment, learning_rate=rate))
        self._finish(order, built, told)

    def _finish(self, order: Order, built: Built, told: str = "") -> None:
        state, document, seen, controller = self._state, order.document, order.document.seen, self._controller
        sample, dataset = built.sample, state.dataset
        if isinstance(sample, int):
            state.choose_test_image(sample)
        elif sample is not None and dataset is not None and sample.pixels.shape == dataset.input_shape:
            state.set_sample(sample)
        state.set_shift(seen.shift)
        is_live = seen.step is None or seen.step >= state.run.step
        controller.moments.show(None if is_live else seen.step)
        pinned, shown = None, state.shown
        if seen.pinned is not None and shown is not None:
            with suppress(CNNVizError):
                stage = seen.pinned.stage
                pinned = PinnedCell(stage, checked_cell(shown.network, stage, seen.pinned.index))
        state.set_pinned(pinned)
        if document.kind != "picture":
            reference = None if seen.reference is None else state.history.snapshots.find(seen.reference)
            state.set_reference(None if reference is None else Reference(reference, state.run.run_id))
            if document.edited is not None:
                state.set_draft(document.edited)
        if seen.panel:
            self._panels.show_named(seen.panel)
        # Last, for they are choices about what is shown by now.
        self._panels.restore_views(seen.views)
        self._order = None
        state.clear_notice(_PLACE)
        if told:
            state.raise_notice("files", "info", told)
        order.then()
        self.finished.emit(True)

    # --- what is said meanwhile -----------------------------------------------------------------------------

    def _end(
        self, message: str = "", kind: str = "error", action: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """Stay as it is, and say why unless that has been said, or asked for."""
        order, self._order = self._order, None
        self._state.clear_notice(_PLACE)
        if order is not None:
            order.otherwise()
        if message:
            self._state.raise_notice("files", kind, message, action, act)
        self.finished.emit(False)


def _built(order: Order, source: Source, dataset: Dataset) -> Built:
    """Read and check all parts of a document; raises `CNNVizError` with a clause for what is wrong."""
    document, files = order.document, order.files
    work = work_of(document, files)
    if document.lab == LAB_MEMBER and not order.is_own:  # kept words come back with any lab
        from cnnviz.lab.course import lab_in

        lab_in(files)
    run = prepared = None
    if document.run is not None and RUN.model in files:
        run = unpack_run(document.run, files, dataset.name, dataset.input_shape)
    said = document.prepared
    if said is not None:
        if document.kind == "course":  # whoever made it may have put in any weights
            said = replaced(said, note=f"weights from {order.name}"[:200])
        prepared = unpack_run(said, files, dataset.name, dataset.input_shape, PREPARED)
    seen = document.seen
    sample = _own(seen.sample, files, dataset) if isinstance(seen.sample, OwnImage) else seen.sample
    board = None if seen.board is None else _own(seen.board, files, dataset)
    return Built(source, dataset, sample, board, work, run, prepared, said)


def _own(image: OwnImage, files: Files, dataset: Dataset) -> Sample:
    meant = image.meant or dict[int | None, str](enumerate(dataset.classes)).get(image.label, "")
    pixels = pixels_of(image.png or files.get(image.member, b""))
    return Sample(pixels, image.label, None, image.origin, meant)


def _is_as_saved(live: Snapshot, trained: KeptRun, document: Document) -> bool:
    """Whether the networks of a run are those that a document is of, as far as it says."""
    run, seen = document.run, document.seen
    assert run is not None
    shown = run.step if seen.step is None else seen.step
    found = live if shown == live.step else trained.history.snapshots.find(shown)
    wanted = ((live if live.step == run.step else None, run.weights_sha256), (found, seen.weights_sha256))
    return all(
        snapshot is not None and weights_checksum(snapshot.network) == checksum
        for snapshot, checksum in wanted
        if checksum
    )


_CHUNK = 500  # steps; even those of a large network take no longer than a user waits after Cancel


def repeat(
    experiment: Experiment, dataset: Dataset, shown: int, last: int, epochs: int, context: Context
) -> KeptRun:
    """Train a run from its initial weights.

    * `shown`: step whose network has to be on record.
    * `last`: step at which to end; the end of the run is not passed.
    * `epochs`: epochs of the run, where there are more than its settings say.
    """
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    if epochs > experiment.epochs:
        trainer.add_epochs(epochs - experiment.epochs)
    history, origin = History(experiment.log_every), Origin(0, experiment, dataset.name)
    history.snapshots.add(trainer.snapshot, keep=True)
    last = min(last, trainer.total_steps)
    # The run was paused at its last step, and at one that no other snapshot is of.
    every = snapshot_interval(trainer.steps_per_epoch, trainer.total_steps)
    is_recorded = shown >= last or shown % every == 0 or shown % trainer.steps_per_epoch == 0
    for stop in (step for step in ([last] if is_recorded else [shown, last]) if step > 0):
        while trainer.step < stop:
            due = next_due(trainer, stop)
            for progress in trainer.until(due.step, _CHUNK):
                history.append(progress)
                context.report(trainer.step / last)
            if due.snapshot:
                history.snapshots.add(trainer.snapshot, keep=due.epoch_ends)
            if due.test:
                _test(trainer, history)
        history.snapshots.add(trainer.snapshot, keep=trainer.finished or trainer.step == shown)
        _test(trainer, history)
    return KeptRun(replace(trainer.snapshot, origin=origin), history, epochs)


def _test(trainer: Trainer, history: History) -> None:
    tested = trainer.evaluate()
    history.add_test(EvaluationPoint(trainer.step, tested.loss, tested.accuracy))
