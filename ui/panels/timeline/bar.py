"""The bar under all panels."""

from typing import override

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from cnnviz.covers import Secret
from cnnviz.quantities import format_count
from cnnviz.snapshots import Snapshot
from ui.controls.layouts import fill
from ui.controls.pace import Pace
from ui.panels.drawn import Drawn, TellsDrawn
from ui.panels.timeline.branch import BranchQuestion
from ui.panels.timeline.controls import ForkButton, ShownMoment, Transport, ViewToggles
from ui.panels.timeline.film import Film
from ui.panels.timeline.moments import described, measured, moved, nearest
from ui.plots.time_track import TimeTrack
from ui.state import AppState, RunStatus
from ui.theme import LIGHT, Theme, follow_theme

#: Shortest time between two drawings of the curve in small, which grows while training runs.
_CURVE_MS = 250
#: Width, in pixels at scale 1, from which on there is room for the text of a button, and for the moment in
#: words, or at all.
_ROOM_FOR_TEXT = 1200
_ROOM_FOR_MOMENT = 900
_ROOM_FOR_FIELD = 760


class TimelineBar(TellsDrawn, QFrame):
    """Shows where in the run the panels are, and asks for other moments.

    * `momentRequested`: step of the moment to show; None is the live one.
    * `forkRequested`: train on from the moment that is shown, with this learning rate.
    * `compareRequested`: show the comparison with another moment, or hide it.
    """

    momentRequested = Signal(object)
    forkRequested = Signal(float)
    compareRequested = Signal(bool)

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._theme = LIGHT
        self.setProperty("role", "bar")
        self.setObjectName("timeline")
        self._build_widgets()
        self._build_layout()
        self._connect_signals()
        self._on_history_reset()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the spacing."""
        self._theme = theme
        self._row.setContentsMargins(theme.px(12), theme.px(5), theme.px(12), theme.px(3))
        self._row.setSpacing(theme.px(10))
        self._fit()

    def set_comparing(self, comparing: bool) -> None:
        """Show whether the comparison is on the screen."""
        self.toggles.compare.setChecked(comparing)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # -- building ------------------------------------------------------------------------------------------

    @override
    def drawn(self) -> Drawn | None:
        """Return the moment that the handle stands at, on a run that may have come further."""
        state = self._state
        if state.shown is None:
            return None
        further = state.history.step != state.shown.step
        return Drawn.of(
            state.shown, note=f"run up to step {format_count(state.history.step)}" if further else ""
        )

    def _build_widgets(self) -> None:
        self.transport = Transport()
        self.moment = ShownMoment()
        self.branch = BranchQuestion()
        self.track = TimeTrack()
        self.track.setToolTip(
            "Timeline: drag to show the network as it was; arrow keys: one step, with Shift one kept moment, "
            "Page keys: ten, Home: start, End: live"
        )
        self.fork = ForkButton()
        self.toggles = ViewToggles()
        self.film = Film(self._play_on, self)
        self.transport.speed.set_choice(str(self.film.speed()))
        self._curve_pace = Pace(_CURVE_MS, self)

    def _build_layout(self) -> None:
        self._row = fill(QHBoxLayout(), self.transport, self.moment, (self.track, 1), self.fork, self.toggles)
        fill(QVBoxLayout(self), self.branch, self._row, spacing=0)

    def _connect_signals(self) -> None:
        self.transport.startRequested.connect(self._on_start_requested)
        self.transport.walkRequested.connect(self._on_walk_requested)
        self.transport.moveRequested.connect(self._on_move_requested)
        self.moment.stepRequested.connect(self._on_step_typed)
        self.moment.field.messageChanged.connect(self._on_step_message)
        self.transport.playToggled.connect(self._on_play_toggled)
        self.transport.speedEdited.connect(self.film.set_speed)
        self.film.playingChanged.connect(self.transport.set_playing)
        track = self.track
        track.stepRequested.connect(self._on_step_requested)
        track.walkRequested.connect(self._on_walk_requested)
        track.moveRequested.connect(self._on_move_requested)
        track.startRequested.connect(self._on_start_requested)
        track.endRequested.connect(self._on_live_requested)
        track.hovered.connect(self._on_track_hovered)
        self.fork.clicked.connect(self._on_fork_clicked)
        self.branch.continued.connect(self._on_branch_continued)
        self.branch.cancelled.connect(self._end_question)
        self.toggles.compare.clicked.connect(self.compareRequested)
        self.toggles.live.clicked.connect(self._on_live_requested)
        self._curve_pace.due.connect(self._draw_curve)
        state = self._state
        state.historyReset.connect(self._on_history_reset)
        state.stepsAdded.connect(self._on_steps_added)
        state.runChanged.connect(self._on_run_changed)
        state.snapshotChanged.connect(self._draw_moment)
        state.testAdded.connect(self._draw_moment)
        state.momentChanged.connect(self._draw_moment)
        state.ghostChanged.connect(self._draw_ghost)
        state.coveredChanged.connect(self._on_covered_changed)
        state.referenceChanged.connect(self._draw_reference)

    def _fit(self) -> None:
        """Leave out what there is no room for."""
        width = self.width() / self._theme.scale
        self.fork.set_compact(width < _ROOM_FOR_TEXT)
        self.moment.set_roomy(width >= _ROOM_FOR_MOMENT)
        self.moment.setVisible(width >= _ROOM_FOR_FIELD)

    # -- requests ------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_step_requested(self, step: int) -> None:
        self.film.stop()
        self._request(nearest(self._state.history, step))

    @Slot(int)
    def _on_step_typed(self, step: int) -> None:
        self.film.stop()
        self._request_step(step)

    @Slot(str)
    def _on_step_message(self, text: str) -> None:
        self._state.raise_notice("timeline", "info", text)

    @Slot(int)
    def _on_walk_requested(self, count: int) -> None:
        self.film.stop()
        step = self._step()
        if step is not None and not (self._state.follows_live and count > 0):
            self._request_step(step + count)

    @Slot(int)
    def _on_move_requested(self, count: int) -> None:
        self.film.stop()
        self._move(count)

    @Slot()
    def _on_start_requested(self) -> None:
        self.film.stop()
        store = self._state.history.snapshots
        if len(store):
            self._request(store[0])

    @Slot()
    def _on_live_requested(self) -> None:
        self.film.stop()
        self._request(None)
        # A click has switched the button; it shows what is, not what was clicked.
        self._draw_moment()

    @Slot()
    def _on_play_toggled(self) -> None:
        if self.film.is_playing():
            self.film.stop()
            return
        if self._state.follows_live:
            self._on_start_requested()
        self.film.play()

    @Slot()
    def _on_fork_clicked(self) -> None:
        self.film.stop()
        shown = self._state.shown
        if shown is not None:
            self.branch.ask(shown.step, self._state.branch_settings)

    @Slot(float)
    def _on_branch_continued(self, learning_rate: float) -> None:
        self._end_question()
        self.forkRequested.emit(learning_rate)

    @Slot()
    def _end_question(self) -> None:
        focus = QApplication.focusWidget()
        if focus is not None and self.branch.isAncestorOf(focus):
            self.track.setFocus(Qt.FocusReason.OtherFocusReason)
        self.branch.hide()

    def _play_on(self, count: int) -> bool:
        self._move(count)
        return not self._state.follows_live

    def _step(self) -> int | None:
        """Return the step that is shown, or is about to be."""
        state = self._state
        if state.awaited_step is not None:
            return state.awaited_step
        return None if state.shown is None else state.shown.step

    def _move(self, count: int) -> None:
        step = self._step()
        if step is not None and not (self._state.follows_live and count > 0):
            self._request(moved(self._state.history, step, count))

    def _request_step(self, step: int) -> None:
        """Ask for any step of the record; its last one is the live moment."""
        state = self._state
        if not len(state.history.snapshots):
            return
        step = max(step, state.history.snapshots[0].step)
        if step >= state.history.step:
            self._request(None)
        elif state.follows_live or step != self._step():
            self.momentRequested.emit(step)

    def _request(self, snapshot: Snapshot | None) -> None:
        """Ask for a moment, None being the live one, unless it is shown already."""
        state = self._state
        if snapshot is None:
            if not state.follows_live or state.awaited_step is not None:
                self.momentRequested.emit(None)
        elif state.follows_live or snapshot is not state.shown or state.awaited_step is not None:
            self.momentRequested.emit(snapshot.step)

    # -- drawing -------------------------------------------------------------------------------------------

    @Slot()
    def _on_history_reset(self) -> None:
        self.film.stop()
        self.track.set_fork(self._state.history.forked_at)
        self._draw_curve()
        self._draw_ghost()
        self._draw_reference()
        self._on_run_changed()
        self._draw_moment()

    @Slot(list)
    def _on_steps_added(self, _lines: list[object]) -> None:
        self._curve_pace.put(None)

    @Slot()
    def _on_run_changed(self) -> None:
        run, history = self._state.run, self._state.history
        marked = run.steps_per_epoch if run.status is not RunStatus.LOADING else 0
        self.track.set_span(history.first_step, max(run.total_steps, history.step), marked)
        is_training = run.status is RunStatus.TRAINING
        if not (
            is_training and self._state.follows_live
        ):  # else it goes with the handle: one drawing for both
            self.track.set_reached(history.step)
        if not is_training:
            self._curve_pace.flush()
        self._allow()

    @Slot()
    def _on_covered_changed(self) -> None:
        self._draw_curve()
        self._draw_ghost()
        self._draw_moment()

    @Slot()
    def _draw_curve(self) -> None:
        history = self._state.history
        if self._state.why_covered(Secret.LOSS):
            self.track.set_curve((), ())
            return
        curve = history.loss_curve(history.log_every)
        self.track.set_curve(curve.steps, curve.values)

    @Slot()
    def _draw_ghost(self) -> None:
        ghost = self._state.ghost
        if ghost is None or self._state.why_covered(Secret.LOSS):
            self.track.set_ghost((), ())
        else:
            # Where this run has met as much of the data: the steps of the other may be of other batches.
            curve, history = ghost.loss_curve(ghost.log_every), self._state.history
            epochs = ghost.images_at(curve.steps) / ghost.epoch_images
            self.track.set_ghost(epochs * history.steps_per_epoch, curve.values)

    @Slot()
    def _draw_reference(self) -> None:
        reference = self._state.reference
        if reference is None or reference.run_id != self._state.run.run_id:
            self.track.set_reference(None)
        else:
            self.track.set_reference(reference.snapshot.step)

    @Slot()
    def _draw_moment(self) -> None:
        state, shown = self._state, self._state.shown
        self.toggles.live.setChecked(state.follows_live)
        self.track.set_reached(state.history.step)
        self.track.set_position(None if shown is None else shown.step, live=state.follows_live)
        if shown is None:
            self.moment.set_moment(None, "")
        else:
            words = measured(state.history, shown.step, self._origin(), state.covered)
            self.moment.set_moment(shown.step, words)
            self.branch.set_step(shown.step)
        self._allow()

    def _allow(self) -> None:
        state, store = self._state, self._state.history.snapshots
        step = None if state.shown is None else state.shown.step
        after_first = len(store) > 1 and step is not None and step > store[0].step
        self.transport.set_enabled(earlier=after_first, later=not state.follows_live, film=len(store) > 1)
        self.fork.set_available(not state.follows_live and step is not None and step < state.history.step)
        if not self.fork.isEnabled():
            self._end_question()
        if len(store):
            self.moment.set_range(store[0].step, max(state.history.step, store[0].step))

    @Slot(object)
    def _on_track_hovered(self, step: int | None) -> None:
        state = self._state
        if step is None or not len(state.history.snapshots):
            return
        # The track of a run that has come to its end is a step longer, so as to have a length at all.
        step = min(step, max(state.run.total_steps, state.history.step))
        if step <= state.history.step:
            step = state.history.snapshots.nearest(step).step
        per_epoch, origin = state.run.steps_per_epoch, self._origin()
        self.track.set_hover(*described(state.history, step, per_epoch, origin, state.covered))

    def _origin(self) -> str:
        """Where the run began, if not at initial weights."""
        shown = self._state.shown
        return "" if shown is None else shown.note
