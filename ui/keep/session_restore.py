"""Bringing a saved view back: the run is trained again, step by step as it once was, unless it is at hand."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QProgressDialog, QWidget

from cnnviz.network import weights_checksum
from cnnviz.quantities import format_count
from cnnviz.session_state import OwnPixels, SessionState
from cnnviz.snapshots import Snapshot
from ui.panels.analysis import Context
from ui.run.controller import Controller
from ui.run.loading import select_classes
from ui.run.misfit import Misfit, misfit_of
from ui.run.repeating import Trained, repeat
from ui.state import AppState, PinnedCell, RunStatus, Sample, Shift, Source
from ui.window.panel_area import PanelArea

_STILL = (RunStatus.READY, RunStatus.PAUSED, RunStatus.FINISHED)
_KIND = "session"


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """A session that is to be restored; attributes are the arguments of `SessionRestorer.restore`."""

    session: SessionState
    name: str
    source: Source
    trained: Trained | None
    kept: Trained | None
    then: Callable[[], None]
    asks: bool


class SessionRestorer(QObject):
    """Restores one session at a time; a second one takes the place of the first.

    The window stays as it is until the network of the session is there and is known to be the one that was
    saved.

    * `panels`: the panel in front, and the choices made inside the panels.
    * `window`: parent of the progress dialog; also of this object.
    """

    #: The view is back; False when it was given up.
    finished = Signal(bool)

    def __init__(self, state: AppState, controller: Controller, panels: PanelArea, window: QWidget) -> None:
        super().__init__(window)
        self._state, self._controller = state, controller
        self._panels, self._window = panels, window
        self._order: _Order | None = None
        self._told = ""  # what is to be known of the network once it is shown
        self._run_id: int | None = None  # of the run before the one that begins for the session
        self._progress: QProgressDialog | None = None
        # Queued, so that the controller has done everything that belongs to the change.
        state.runChanged.connect(self._on_run_changed, Qt.ConnectionType.QueuedConnection)
        controller.run_start.refused.connect(self._on_run_refused)

    @property
    def is_busy(self) -> bool:
        """Whether a session is being restored."""
        return self._order is not None

    def restore(
        self,
        session: SessionState,
        name: str,
        source: Source | None = None,
        trained: Trained | None = None,
        *,
        kept: Trained | None = None,
        then: Callable[[], None] = _nothing,
        asks: bool = True,
    ) -> None:
        """Bring a session back; what is there stays as it is when its data or its network are not at hand.

        * `name`: name of the file, for messages.
        * `source`: its data, if they are not those that are open.
        * `trained`: its run, if it is at hand.
        * `kept`: its last network, from which to go on where training again leads to another
          one.
        * `then`: what to do when it is back.
        * `asks`: whether to ask before the present run is lost.
        """
        current = self._state.dataset if source is None else None
        opened = self._state.source if source is None else source
        if opened is None:
            self._complain(
                f"{name} cannot be opened while the data are being read: try it again in a moment."
            )
            return
        order = _Order(session, name, opened, trained, kept, then, asks)

        def work(_context: object) -> Misfit | None:
            experiment, made_with = session.experiment, (session.data_name, session.data_sha256)
            return misfit_of(experiment, *made_with, opened.dataset, current)

        def done(misfit: Misfit | None) -> None:
            if misfit is None:
                self._find_run(order)
            else:
                self._complain(misfit.sentence(name, "session"), misfit.action, use_mnist)

        def use_mnist() -> None:
            self._controller.open_data(
                None,
                lambda mnist: self.restore(session, name, mnist, trained, kept=kept, then=then, asks=asks),
            )

        self._controller.analysis.submit(_KIND, work, done, self._complain)

    def cancel(self) -> None:
        """Give up what is being trained again; the window is as it was."""
        order = self._order
        if order is None or self._run_id is not None:
            return
        self._controller.repeating.cancel(_KIND)
        self._forget()
        self._state.raise_notice(
            "files", "info", f"Opening {order.name} was cancelled: everything is as it was."
        )
        self.finished.emit(False)

    # --- the run --------------------------------------------------------------------------------------------

    def _find_run(self, order: _Order) -> None:
        """Have the run of a session trained again, unless it is at hand."""
        self._controller.repeating.cancel(_KIND)
        self._forget()
        session, trained = order.session, order.trained
        self._order = order
        if self._is_at_hand(session):
            self._clear_notices()
            self._finish()
        elif trained is not None and trained.end.step == session.run_step:
            self._look_at(trained)
        else:
            self._repeat(order)

    def _repeat(self, order: _Order) -> None:
        session, source = order.session, order.source
        current = self._state.dataset if source is self._state.source else None

        def work(context: Context) -> Trained:
            dataset = select_classes(source.dataset, session.experiment.classes, current)
            return repeat(
                session.experiment, dataset, session.step, session.run_step, session.epochs, context
            )

        self._open_progress(session)
        self._controller.repeating.submit(_KIND, work, self._look_at, self._give_up, self._show_progress)

    def _look_at(self, trained: Trained) -> None:
        """Begin the run, if its networks are those that were saved; if not, offer what there is."""
        order = self._order
        assert order is not None
        if order.kept is not None and not _is_same(trained.end, order.kept.end):
            step = format_count(order.kept.end.step)
            self._begin(
                order.kept,
                f"The run had been changed on the way, so it goes on from the weights that were kept at step "
                f"{step}; its curves begin there.",
            )
        elif order.kept is not None or _is_as_saved(trained, order.session):
            self._begin(trained)
        else:
            self._offer(order, trained)

    def _offer(self, order: _Order, trained: Trained) -> None:
        """Say that the network of a session cannot be had, and offer that of its settings."""

        def take() -> None:
            self._controller.repeating.cancel(_KIND)
            self._forget()
            self._order = order
            self._begin(
                trained, f"This is the network that the settings of {order.name} give, not the one it was of."
            )

        self._forget()
        self._state.raise_notice(
            "files",
            "warning",
            f"The network of {order.name} cannot be brought back: training with its settings leads to other "
            "weights, for its run was changed on the way, or made on another kind of computer.",
            "Open with its settings",
            take,
        )
        self.finished.emit(False)

    def _begin(self, trained: Trained, told: str = "") -> None:
        order = self._order
        assert order is not None
        self._close_progress()
        if order.asks and not self._controller.may_replace():
            self._give_up()
            return
        self._clear_notices()
        self._run_id, self._told = self._state.run.run_id, told
        self._controller.on_speed_requested(None)
        session, end = order.session, trained.end
        source = None if order.source is self._state.source else order.source
        experiment = session.experiment if end.origin is None else end.origin.experiment
        if end.step:
            self._controller.begin_run(experiment, end, source, trained.history, session.epochs)
        else:
            self._controller.begin_run(experiment, source=source, epochs=session.epochs)

    def _clear_notices(self) -> None:
        """Take back what was said of files that were tried before."""
        self._state.clear_notice("files")
        self._state.clear_notice("samples")

    def _is_at_hand(self, session: SessionState) -> bool:
        """Whether the weights are those of moments of the present run."""
        state = self._state
        is_same_run = session.experiment == state.experiment and session.run_step == state.run.step
        if not is_same_run or state.run.status not in _STILL or not session.weights_sha256:
            return False
        present = None if state.live is None else Trained(state.live, state.history)
        return present is not None and _is_as_saved(present, session)

    @Slot()
    def _on_run_changed(self) -> None:
        run = self._state.run
        if self._order is None or self._run_id is None or run.run_id <= self._run_id:
            return
        if run.status in _STILL:
            self._finish()
        elif run.status is RunStatus.FAILED:
            self._give_up()

    @Slot()
    def _on_run_refused(self) -> None:
        if self._order is not None and self._run_id is not None:
            self._give_up()

    # --- the view -------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        order, state, told = self._order, self._state, self._told
        assert order is not None
        session = order.session
        if self._run_id is not None:
            # The run that was open before is no part of what was seen.
            state.set_ghost(None)
        self._forget()
        self._restore_sample(session)
        self._state.set_shift(Shift(session.dx, session.dy, session.wrap))
        live = session.step >= state.run.step
        self._controller.on_moment_requested(None if live else session.step)
        self._controller.on_pin_requested(self._pinned(session))
        if session.panel:
            self._panels.show_named(session.panel)
        # Last, for they are choices about what is shown by now.
        self._panels.restore_views(session.views)
        if told:
            state.raise_notice("files", "info", told)
        order.then()
        self.finished.emit(True)

    def _restore_sample(self, session: SessionState) -> None:
        sample, dataset = session.sample, self._state.dataset
        if isinstance(sample, OwnPixels):
            if dataset is not None and sample.pixels.shape == dataset.input_shape:
                own = Sample(sample.pixels, sample.label, None, sample.origin)
                self._controller.on_own_sample_requested(own)
        elif sample is not None:
            self._controller.on_sample_requested(sample)

    def _pinned(self, session: SessionState) -> PinnedCell | None:
        """The pinned cell, if the network has it."""
        shown = self._state.shown
        if session.pinned is None or shown is None:
            return None
        stage, index = session.pinned
        shapes = {"input": shown.network.input_shape, **shown.network.shapes}
        shape = shapes.get(stage)
        if shape is None or len(index) != len(shape) or not prod(shape):
            return None
        fits = all(place < size for place, size in zip(index, shape, strict=True))
        return PinnedCell(stage, index) if fits else None

    # --- what is said meanwhile -----------------------------------------------------------------------------

    def _open_progress(self, session: SessionState) -> None:
        text = f"Training again up to step {format_count(session.run_step)}…"
        progress = QProgressDialog(text, "Cancel", 0, max(session.run_step, 1), self._window)
        progress.setWindowTitle("Restoring the session")
        progress.setWindowModality(Qt.WindowModality.NonModal)
        progress.setMinimumDuration(400)
        progress.setAutoReset(False)
        progress.setAutoClose(False)
        progress.canceled.connect(self.cancel)
        self._progress = progress

    def _show_progress(self, share: float) -> None:
        if self._progress is not None:
            self._progress.setValue(round(share * self._progress.maximum()))

    def _close_progress(self) -> None:
        if self._progress is not None:
            progress, self._progress = self._progress, None
            progress.canceled.disconnect(self.cancel)
            progress.hide()
            progress.deleteLater()

    def _give_up(self, message: str = "") -> None:
        name = "" if self._order is None else self._order.name
        self._forget()
        if message:
            self._complain(f"{name} cannot be opened: {message}")
        else:
            self.finished.emit(False)

    def _forget(self) -> None:
        self._order, self._run_id, self._told = None, None, ""
        self._close_progress()

    def _complain(self, message: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        self._state.raise_notice("files", "error", message, action, act)
        self.finished.emit(False)


def _is_as_saved(trained: Trained, session: SessionState) -> bool:
    """Whether the networks of a run are those that a session is of, as far as it says."""
    wanted = ((session.step, session.weights_sha256), (session.run_step, session.run_sha256))
    return all(_has(trained.at(step), checksum) for step, checksum in wanted if checksum)


def _has(snapshot: Snapshot | None, checksum: str) -> bool:
    return snapshot is not None and weights_checksum(snapshot.network) == checksum


def _is_same(one: Snapshot, other: Snapshot) -> bool:
    return one.step == other.step and weights_checksum(one.network) == weights_checksum(other.network)
