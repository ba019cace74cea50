"""The bar under all panels."""

from collections.abc import Container
from dataclasses import replace
from functools import partial
from typing import Any, override

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout

from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Ink, Leave
from cnnviz.graphics.curves import Reading
from cnnviz.graphics.time_track import (
    TIME_LINE,
    Leap,
    ReadStep,
    ShowStep,
    TimeLine,
    ToEnd,
    ToStart,
    Track,
    Walk,
    no_points,
)
from cnnviz.history import History, LogLine
from cnnviz.quantities import format_count, format_percent, format_probability, format_value
from cnnviz.snapshots import Snapshot
from ui.controls.buttons import Button
from ui.controls.layouts import fill
from ui.controls.pace import Pace
from ui.marks import MarkView
from ui.panels.contract import Runs, WindowPart
from ui.panels.provenance import Provenance
from ui.panels.reading_box import ReadingBox
from ui.panels.timeline.controls import BranchQuestion, ShownMoment, Transport
from ui.state import AppState, Run, RunStatus
from ui.theme import follow_theme

#: Shortest time between two moments that are asked for by dragging: one frame of a usual screen.
_FRAME_MS = 16
#: Shortest time between two drawings of the curve in small, which grows while training runs.
_CURVE_MS = 250
#: Time between two moments of the film.
_FILM_MS = 67
#: Width, in pixels at scale 1, from which on there is room for the text of a button, and for the moment in
#: words, or at all.
_ROOM_FOR_TEXT = 1200
_ROOM_FOR_MOMENT = 900
_ROOM_FOR_FIELD = 760
_FORK = "Continue from here"
_CAN_FORK = "train on from this step; asks for the learning rate first. The present run stays as a grey curve"
_TIP = (
    "Timeline: drag to show the network as it was; arrow keys: one step, with Shift one kept moment, "
    "Page keys: ten, Home: start, End: live"
)


class TimelineBar(WindowPart):
    """Shows where in the run the panels are, and asks for other moments."""

    def __init__(self, state: AppState, runs: Runs) -> None:
        super().__init__("bar")
        self._state, self._runs = state, runs
        self.setObjectName("timeline")
        self.transport = Transport(self._answer)
        self.moment = ShownMoment()
        self.branch = BranchQuestion()
        self.track = MarkView(TIME_LINE, "Timeline", _TIP, self._answer, focus=Qt.FocusPolicy.StrongFocus)
        self._content = TimeLine(Track())
        self._told: tuple[Any, ...] = ()  # what the words about the moment depend on
        self.reading: ReadingBox | None = None
        self.fork = Button(_FORK, "git-fork")
        tip = "Weights of a moment A beside those of the moment shown, also of another run, and the change"
        self.compare = Button("Compare weights", tooltip=tip, shortcut="W")
        tip = "Show the newest weights and follow training (End on the timeline)"
        self.live = Button("Live", tooltip=tip)
        for toggle in (self.compare, self.live):
            toggle.setCheckable(True)
        toggles = fill(QHBoxLayout(), self.compare, self.live, spacing=4)
        self.film = QTimer(self, interval=_FILM_MS)
        self._curve_pace = Pace(_CURVE_MS, self)
        self._drag_pace = Pace(_FRAME_MS, self)
        parts = self.transport, self.moment, (self.track, 1), self.fork, toggles
        row = fill(QHBoxLayout(), *parts, spacing=10, margins=(12, 5, 12, 3))
        fill(QVBoxLayout(self), self.branch, row, spacing=0)
        for signal, slot in (
            (self.moment.field.valueEdited, self._request_step),
            (self.moment.field.messageChanged, partial(state.raise_notice, "timeline", "info")),
            (self.transport.play.clicked, self._on_play_toggled),
            (self.film.timeout, self._on_film),
            (self.track.released, self._drag_pace.flush),
            (self._drag_pace.due, lambda step: self._request(nearest(state.history, step))),
            (self.fork.clicked, self._on_fork_clicked),
            (self.branch.continued, self._end_question),
            (self.branch.continued, runs.fork),
            (self.branch.cancelled, self._end_question),
            (self.live.clicked, lambda: self._answer(ToEnd())),
            (self.live.clicked, self._draw_moment),  # the button shows what is, not what was clicked
            (self.compare.toggled, self._draw_reference),
            (self._curve_pace.due, self._draw_curve),
            (state.historyReset, self._on_history_reset),
            (state.stepsAdded, self._curve_pace.put),
            (state.runChanged, self._on_run_changed),
            (state.snapshotChanged, self._draw_moment),
            (state.testAdded, self._draw_moment),
            (state.momentChanged, self._draw_moment),
            (state.coveredChanged, self._draw_curve),
            (state.coveredChanged, self._draw_moment),
            (state.referenceChanged, self._draw_reference),
        ):
            signal.connect(slot)
        self._on_history_reset()
        follow_theme(self)

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment that the handle stands at, on a run that may have come further."""
        state = self._state
        if state.shown is None:
            return None
        further = f"run up to step {format_count(state.history.step)}"
        return Provenance.of(state.shown, note=further if state.history.step != state.shown.step else "")

    @override
    def _fit(self) -> None:
        """Leave out what there is no room for."""
        width = self.width() / self._theme.scale
        self.fork.set_compact(width < _ROOM_FOR_TEXT)
        self.moment.set_roomy(width >= _ROOM_FOR_MOMENT)
        self.moment.setVisible(width >= _ROOM_FOR_FIELD)

    # -- requests ------------------------------------------------------------------------------------------

    def _answer(self, ask: Ask) -> None:
        """Do what the track, or a button, asks for."""
        state, store = self._state, self._state.history.snapshots
        if not isinstance(ask, ReadStep | Leave):
            self._stop_film()
        match ask:
            case ShowStep(step):
                self._drag_pace.put(step)
            case Walk(count):
                step = self._step()
                if step is not None and not (state.follows_live and count > 0):
                    self._request_step(step + count)
            case Leap(count):
                self._move(count)
            case ToStart():
                if len(store):
                    self._request(store[0])
            case ToEnd():
                self._request(None)
            case ReadStep(step):
                self._read(step)
            case Leave():
                if self.reading is not None:
                    self.reading.hide()

    def _on_play_toggled(self) -> None:
        if self.film.isActive():
            self._stop_film()
            return
        if self._state.follows_live:
            self._answer(ToStart())
        self.film.start()
        self.transport.set_playing(True)

    def _on_film(self) -> None:
        self._move(1)
        if self._state.follows_live:
            self._stop_film()

    def _stop_film(self) -> None:
        self.film.stop()
        self.transport.set_playing(False)

    def _on_fork_clicked(self) -> None:
        self._stop_film()
        shown = self._state.shown
        if shown is not None:
            self.branch.ask(shown.step, self._state.branch_settings)

    def _end_question(self) -> None:
        focus = QApplication.focusWidget()
        if focus is not None and self.branch.isAncestorOf(focus):
            self.track.setFocus(Qt.FocusReason.OtherFocusReason)
        self.branch.hide()

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
        self._stop_film()
        state = self._state
        if not len(state.history.snapshots):
            return
        step = max(step, state.history.snapshots[0].step)
        if step >= state.history.step:
            self._request(None)
        elif state.follows_live or step != self._step():
            self._runs.show_moment(step)

    def _request(self, snapshot: Snapshot | None) -> None:
        """Ask for a moment, None being the live one, unless it is shown already."""
        state = self._state
        if snapshot is None:
            if not state.follows_live or state.awaited_step is not None:
                self._runs.show_moment(None)
        elif state.follows_live or snapshot is not state.shown or state.awaited_step is not None:
            self._runs.show_moment(snapshot.step)

    # -- drawing -------------------------------------------------------------------------------------------

    def _show(self, **changes: Any) -> None:
        """Show something else of the run in the track."""
        self._content = replace(self._content, **changes)
        self.track.show_content(self._content)

    def _show_track(self, **changes: Any) -> None:
        """Change what does not move with the handle; arrays always count as different."""
        track = self._content.track
        if any(isinstance(new, tuple) or new != getattr(track, name) for name, new in changes.items()):
            self._show(track=replace(track, **changes))

    def _on_history_reset(self) -> None:
        self._stop_film()
        self._told = ()
        self._show_track(fork=self._state.history.forked_at)
        self._draw_curve()
        self._draw_reference()
        self._on_run_changed()
        self._draw_moment()

    def _on_run_changed(self) -> None:
        run, history = self._state.run, self._state.history
        marked = run.steps_per_epoch if run.status is not RunStatus.LOADING else 0
        first = history.first_step
        last = max(run.total_steps, history.step, first + 1)
        self._show_track(first=first, last=last, steps_per_epoch=marked)
        # Else it goes with the handle: one drawing for both.
        if not (run.is_training and self._state.follows_live):
            self._show(reached=history.step)
        if not run.is_training:
            self._curve_pace.flush()
        self._allow()

    def _draw_curve(self) -> None:
        history, points = self._state.history, no_points()
        if not self._state.why_covered(Secret.LOSS):
            curve = history.loss_curve(history.log_every)
            points = curve.steps, curve.values
        self._show_track(curve=points)

    def _draw_reference(self) -> None:
        reference = self._state.reference
        is_seen = reference is not None and reference.run_id == self._state.run.run_id
        is_seen &= self.compare.isChecked()
        self._show_track(reference=reference.snapshot.step if reference and is_seen else None)

    def _draw_moment(self) -> None:
        state, shown = self._state, self._state.shown
        self.live.setChecked(state.follows_live)
        told = shown, state.follows_live, state.history.step, len(state.history.tests), state.covered
        if told == self._told:
            return
        self._told = told
        position = None if shown is None else shown.step
        self._show(reached=state.history.step, position=position, is_live=state.follows_live)
        if shown is None:
            self.moment.set_moment(None, "")
        else:
            means = state.history.means_at(shown.step)
            words = measured(state.history, means, shown.note, state.covered)
            self.moment.set_moment(shown.step, words, means.window)
            self.branch.set_moment(shown.step, state.branch_settings)
        self._allow()

    def _allow(self) -> None:
        state, store = self._state, self._state.history.snapshots
        step = None if state.shown is None else state.shown.step
        after_first = len(store) > 1 and step is not None and step > store[0].step
        self.transport.set_enabled(earlier=after_first, later=not state.follows_live, film=len(store) > 1)
        can_fork = not state.follows_live and step is not None and step < state.history.step
        self.fork.setEnabled(can_fork)
        about = _CAN_FORK if can_fork else "first choose an earlier moment on the timeline"
        self.fork.setToolTip(f"{_FORK}: {about}")
        if not can_fork:
            self._end_question()
        if len(store):
            self.moment.set_range(store[0].step, max(state.history.step, store[0].step))

    def _read(self, step: int) -> None:
        """Say what is known of the step pointed at, in a box over the panels: in the track is no room."""
        state = self._state
        if not len(state.history.snapshots):
            return
        if self.reading is None:
            self.reading = ReadingBox(self.window())
        # The track of a run that has come to its end is a step longer, so as to have a length at all.
        near = min(step, max(state.run.total_steps, state.history.step))
        if near <= state.history.step:
            near = state.history.snapshots.nearest(near).step
        origin = "" if state.shown is None else state.shown.note
        reading = described(state.history, near, state.run, origin, state.covered)
        part = self.track.drawing().part(self.track.hovered)
        at = QPoint(0 if part is None else round(part.box.x), 0)
        self.reading.show_at(reading, self.track.mapTo(self.window(), at))


# -- moments in the record of a run, and what was measured there ---------------------------------------------


def moved(history: History, from_step: int, count: int) -> Snapshot | None:
    """Return the snapshot `count` moments after (before, when negative) a step; None beyond the last one.

    `from_step` need not have a snapshot any more: it may have been thinned out since it was shown.
    """
    store = history.snapshots
    if not len(store):
        return None
    index = store.index_at(from_step)
    if count < 0 and store[index].step < from_step:
        index += 1
    index += count
    return store[max(index, 0)] if index < len(store) - 1 else None


def nearest(history: History, step: int) -> Snapshot | None:
    """Return the snapshot nearest to a step; None where that is the last one, which is the live moment."""
    store = history.snapshots
    if not len(store):
        return None
    found = store.nearest(step)
    return None if found is store[len(store) - 1] else found


def measured(history: History, means: LogLine, origin: str, covered: Container[Secret]) -> str:
    """Return mean loss and accuracy at a step in a few words.

    Before the first step of a run there are no such means: what was measured on the test images stands for
    them, or that the weights are the initial ones, unless they are from elsewhere (`origin`). What is
    `covered` is left out.
    """
    if not means.interval:
        tests = [point for point in history.tests if point.step == means.step]
        if tests:
            is_told = Secret.TEST not in covered
            return f"test accuracy {format_percent(tests[-1].accuracy)}" if is_told else ""
        return "initial weights" if means.step == 0 and not origin else "not tested yet"
    parts = {Secret.LOSS: f"loss {format_value(means.loss)}", Secret.TEST: format_percent(means.accuracy)}
    return " · ".join(text for secret, text in parts.items() if secret not in covered)


def described(history: History, step: int, run: Run, origin: str, covered: Container[Secret]) -> Reading:
    """Return what is known of a step; what is `covered` is left out."""
    heading = f"step {format_count(step)} · epoch {format_count(run.epoch_of(step))}"
    if step > history.step:
        return Reading(f"{heading} · not trained yet")
    rows: list[tuple[Ink, str, str]] = []
    means = history.means_at(step)
    if means.interval and Secret.LOSS not in covered:
        rows.append(("accent", f"loss, {means.window}", format_value(means.loss)))
    if means.interval and Secret.TEST not in covered:
        rows.append(("original", f"accuracy, {means.window}", format_probability(means.accuracy)))
    if not means.interval and (origin or step == 0):
        heading += f" · {origin or 'initial weights'}"
    tests = [point for point in history.tests if point.step <= step]
    if tests and Secret.TEST not in covered:
        name = f"test images, step {format_count(tests[-1].step)}"
        rows.append(("winner", name, format_probability(tests[-1].accuracy)))
    return Reading(heading, tuple(rows))
