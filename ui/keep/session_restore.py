"""Bringing a saved view back: the run is trained again, step by step as it once was, unless it is at hand."""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QProgressDialog, QWidget

from cnnviz.history import History
from cnnviz.quantities import format_count
from cnnviz.session_state import OwnPixels, SessionState, weights_checksum
from cnnviz.snapshots import Snapshot
from ui.run.controller import Controller
from ui.run.misfit import Misfit, misfit_of
from ui.run.worker import snapshot_interval
from ui.state import AppState, PinnedCell, RunStatus, Sample, Shift, Source
from ui.window.panel_area import PanelArea

_STILL = (RunStatus.READY, RunStatus.PAUSED, RunStatus.FINISHED)


class Trained(NamedTuple):
    """A run that came with a session, so that it need not be trained again.

    Attributes
    ----------
    end : Snapshot
        Its last network.
    history : History or None
        Its record.
    """

    end: Snapshot
    history: History | None


class SessionRestorer(QObject):
    """Restores one session at a time; a second one takes the place of the first.

    Parameters
    ----------
    state : AppState
    controller : Controller
    panels : PanelArea
        The panel in front, and the choices made inside the panels.
    window : QWidget
        Parent of the progress dialog; also of this object.
    """

    #: The view is back; False when it was given up.
    finished = Signal(bool)

    def __init__(
        self,
        state: AppState,
        controller: Controller,
        panels: PanelArea,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._state, self._controller = state, controller
        self._panels, self._window = panels, window
        self._session: SessionState | None = None
        self._stops: list[int] = []
        self._run_id = 0
        self._began = self._started = False
        self._progress: QProgressDialog | None = None
        # Queued, so that the controller has done everything that belongs to the change.
        state.runChanged.connect(self._on_run_changed, Qt.ConnectionType.QueuedConnection)
        controller.runRefused.connect(self._on_run_refused)

    @property
    def is_busy(self) -> bool:
        """Whether a session is being restored."""
        return self._session is not None

    def restore(
        self,
        session: SessionState,
        name: str,
        source: Source | None = None,
        trained: Trained | None = None,
        *,
        asks: bool = True,
    ) -> None:
        """Bring a session back; what is there stays as it is when its data are not at hand.

        Parameters
        ----------
        session : SessionState
        name : str
            Name of the file, for messages.
        source : Source, optional
            Its data, if they are not those that are open.
        trained : Trained, optional
            Its run, if it is at hand.
        asks : bool
            Whether to ask before the present run is lost.
        """
        current = self._state.dataset if source is None else None
        opened = self._state.source if source is None else source
        if opened is None:
            self._complain(
                f"{name} cannot be opened while the data are being read: try it again in a moment."
            )
            return

        def work(_context: object) -> Misfit | None:
            experiment, made_with = session.experiment, (session.data_name, session.data_sha256)
            return misfit_of(experiment, *made_with, opened.dataset, current)

        def done(misfit: Misfit | None) -> None:
            if misfit is None:
                self._begin(session, source, trained, asks=asks)
            else:
                self._complain(misfit.sentence(name, "session"), misfit.action, use_mnist)

        def use_mnist() -> None:
            self._controller.open_data(
                None, lambda mnist: self.restore(session, name, mnist, trained, asks=asks)
            )

        self._controller.analysis.submit("session", work, done, self._complain)

    def cancel(self) -> None:
        """Stop training where it is; the run can be continued from there."""
        session = self._session
        if session is None:
            return
        self._forget()
        self._controller.pause()
        self._state.raise_notice(
            "files",
            "info",
            f"Restoring was cancelled before step {format_count(session.run_step)}. "
            "Train continues the run from here.",
        )
        self.finished.emit(False)

    def _begin(
        self, session: SessionState, source: Source | None, trained: Trained | None, *, asks: bool
    ) -> None:
        is_at_hand = self._is_at_hand(session)
        if not is_at_hand and asks and not self._controller.may_replace():
            self.finished.emit(False)
            return
        self._forget()
        self._state.clear_notice("files")
        self._state.clear_notice("samples")
        self._session, self._began = session, False
        if is_at_hand:
            self._finish()
            return
        self._run_id = self._state.run.run_id
        start, history = (None, None) if trained is None else trained
        if start is None or start.step < session.run_step:
            self._open_progress(session)
        self._controller.on_speed_requested(None)
        self._controller.begin_run(session.experiment, start, source, history)

    def _is_at_hand(self, session: SessionState) -> bool:
        """Whether the weights are those of a moment of the present run."""
        state = self._state
        is_same_run = session.experiment == state.experiment and session.run_step == state.run.step
        if not is_same_run or state.run.status not in _STILL:
            return False
        snapshot = state.history.snapshots.find(session.step)
        return snapshot is not None and weights_checksum(snapshot.network) == session.weights_sha256

    @Slot()
    def _on_run_changed(self) -> None:
        session, run = self._session, self._state.run
        if session is None:
            return
        if not self._began:
            if run.run_id > self._run_id and run.status in _STILL:
                self._began, self._run_id = True, run.run_id
                self._stops = self._plan(session)
                self._go_on()
            elif run.status is RunStatus.FAILED:
                self._give_up()
            return
        if run.run_id != self._run_id or run.status in (RunStatus.FAILED, RunStatus.STOPPED):
            self._give_up()
            return
        if self._progress is not None:
            self._progress.setValue(min(run.step, self._progress.maximum()))
        if self._session is not None and run.status in (RunStatus.PAUSED, RunStatus.FINISHED):
            self._go_on()

    @Slot()
    def _on_run_refused(self) -> None:
        if self._session is not None and not self._began:
            self._give_up()

    def _plan(self, session: SessionState) -> list[int]:
        """Steps to pause at: the one that is shown, if no snapshot is taken there, and the last."""
        run = self._state.run
        steps_per_epoch = run.steps_per_epoch
        every = snapshot_interval(steps_per_epoch, max(session.epochs * steps_per_epoch, run.total_steps))
        has_snapshot = session.step % every == 0 or session.step % steps_per_epoch == 0
        return [session.run_step] if has_snapshot else sorted({session.step, session.run_step})

    def _go_on(self) -> None:
        """Train to the next stop; a run that stands still before one has been paused by the user."""
        session, run = self._session, self._state.run
        assert session is not None
        if self._stops and run.status is not RunStatus.READY and run.step < self._stops[0] and self._started:
            self.cancel()
            return
        while self._stops and self._stops[0] <= run.step:
            self._stops.pop(0)
        if not self._stops:
            self._finish()
            return
        self._started = True
        self._controller.train_to(self._stops[0], session.epochs)

    def _finish(self) -> None:
        session, state = self._session, self._state
        assert session is not None
        if self._began:
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
        self._compare_weights(session)
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

    def _compare_weights(self, session: SessionState) -> None:
        shown = self._state.shown
        if shown is None or not session.weights_sha256:
            return
        if shown.step != session.step or weights_checksum(shown.network) != session.weights_sha256:
            self._state.raise_notice(
                "files",
                "warning",
                "The settings were trained again, but the weights differ from those of the session: "
                "its run had been changed on the way, or it comes from another kind of machine.",
            )

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

    def _give_up(self) -> None:
        self._forget()
        self.finished.emit(False)

    def _forget(self) -> None:
        self._session, self._stops, self._started = None, [], False
        if self._progress is not None:
            progress, self._progress = self._progress, None
            progress.canceled.disconnect(self.cancel)
            progress.hide()
            progress.deleteLater()

    def _complain(self, message: str, action: str = "", act: Callable[[], None] | None = None) -> None:
        self._state.raise_notice("files", "error", message, action, act)
        self.finished.emit(False)
