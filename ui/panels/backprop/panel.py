"""The backprop panel: the backward pass of the sample in steps."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import override

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from cnnviz._types import View
from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Drawing, Ground, Look
from cnnviz.drawing.page import Card, Page
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.routing import Target
from ui.choices import read
from ui.controls.cover import is_covered
from ui.controls.labels import WrapLabel
from ui.controls.layouts import UNLIMITED, fill
from ui.controls.pace import single_shot
from ui.page_view import PageView
from ui.panels.backprop import asks
from ui.panels.backprop.arithmetic import cell_read, filter_weight
from ui.panels.backprop.focus import Step, StepKind, block_of
from ui.panels.backprop.formulas import formula_of, sentence_of
from ui.panels.backprop.header import CHECK, INSPECT, POKE, SideColumn, StepHeader
from ui.panels.backprop.model import BackpropModel, Kept
from ui.panels.backprop.pages import page_of
from ui.panels.backprop.passes import Pass, PassScene, compute_pass
from ui.panels.backprop.work import PASS, BackpropWork
from ui.panels.contract import Panel, Runs
from ui.panels.provenance import Provenance
from ui.panels.scene import PictureLoop, still_scene_of
from ui.state import AppState, PinnedCell
from ui.tasks import TaskRunner
from ui.theme import follow_theme

_EMPTY = (
    "The backward pass needs a network and an image: wait until the data are read, or choose an image at "
    "the left."
)
_UNTIL_THEN = "Until then, look at the steps before."
_OF_WINDOW = Secret.ROUTE, Secret.SHARES
OF_STEP = Secret.ANSWERS, Secret.CELLS, *_OF_WINDOW
"""What is told by the sentence of a step and its formula."""
#: What tells too much: where the gradient went in the pool before, what the update makes of the loss.
_TOLD_BY = {
    **dict.fromkeys((StepKind.GATE, StepKind.PASS, StepKind.FILTER, StepKind.INPUT), _OF_WINDOW),
    StepKind.UPDATE: (*_OF_WINDOW, Secret.UPDATE),
}
#: While training, the least time between two passes.
_PACE_MS = 80
#: Between two steps that are drawn ahead.
_PAUSE_MS = 30
#: Of what a step shows, in pixels at scale 1: the least window must have room for it.
_LEAST_HEIGHT = 280
#: Below this width the column goes below the step.
_LEAST_WIDTH = 492


class BackpropPanel(Panel):
    """Step bar on top, one large view of the present step, and a column to inspect, poke and check."""

    fits_parts = True  # the style of the column may come later than the theme

    def __init__(self, state: AppState, runs: Runs, analysis: TaskRunner, background: TaskRunner) -> None:
        super().__init__()
        self._state, self._runs = state, runs
        self._was_training = False
        self._unseen: list[Step] = []
        self._shown_step: Step | None = None
        self._places: dict[str, int] = {}  # on which step each view is found
        self._ahead = single_shot(self, self._draw_ahead, _PAUSE_MS)
        self.model = BackpropModel(self)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.header, self.side = StepHeader(), SideColumn(self.answer)
        self._column = QWidget()  # has the width of the column, whether that is shown or covered
        fill(QVBoxLayout(self._column), (self.side, 1))
        self.stack = PageView(self.answer, _LEAST_HEIGHT)
        self.empty = WrapLabel(_EMPTY)
        self.empty.setContentsMargins(16, 16, 16, 16)
        self._content = QWidget()
        self._content.hide()
        across = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns = fill(across, (self.stack, 1), self._column, spacing=20)
        parts = self.header, (self._columns, 1)
        self._body = fill(QVBoxLayout(self._content), *parts, spacing=10, margins=(16, 12, 16, 12))
        fill(QVBoxLayout(self), self.message, self.empty, (self._content, 1), spacing=0)
        self.work = BackpropWork(state, analysis, background, self.model, self.side, self)
        state.sceneChanged.connect(self._fit_choices)
        asked = PASS, self._scene, compute_pass, self._draw
        self._loop = PictureLoop(self, state, analysis, *asked, _PACE_MS)
        for signal, slot in (
            (self.header.stepRequested, self._go_to),
            (self.header.cover.toggled, self.model.set_covers),
            (self.model.choicesChanged, self._loop.look),
            (self.model.changed, self._show),
            (self._loop.failed, self._on_failed),
            (self.work.failed, self._on_failed),
            (state.experimentChanged, self._on_experiment_changed),
            (state.pinnedChanged, self._on_pinned_changed),
            (state.runChanged, self._on_run_changed),
            (state.coveredChanged, self._on_covered_changed),
        ):
            signal.connect(slot)
        for keys, way in (("Alt+Right", 1), ("Alt+Left", -1)):
            slot = partial(self.turn_page, way)
            QShortcut(QKeySequence(keys), self, slot, context=Qt.ShortcutContext.WindowShortcut)
        self._on_experiment_changed()
        follow_theme(self)

    @override
    def view_state(self) -> View:
        """Return all choices, for a session; none before the first pass."""
        waiting, passed = self._loop.waiting_view, self.model.passed
        if waiting is not None or passed is None:
            return waiting or {}
        return self.model.view_state(self.side.page())

    @override
    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said, as soon as there is a pass of the present network and sample."""
        self._loop.when_current(view, lambda _passed: self._restore(view))

    @override
    def event(self, event: QEvent) -> bool:
        """Cover the prediction beside it while it is in sight, and ask for what was not asked for before."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._hold_back()
            self.work.follow()
        return super().event(event)

    @override
    def minimumSizeHint(self) -> QSize:
        """Return the least size with the column below, whether it is there now or not."""
        stack, side = self.stack.minimumSizeHint(), self.side.minimumSizeHint()
        margins, header = self._body.contentsMargins(), self.header.minimumSizeHint()
        width = max(stack.width(), side.width(), header.width()) + margins.left() + margins.right()
        return QSize(width, super().minimumSizeHint().height())

    @override
    def present(self, alone: bool) -> None:
        self._column.setHidden(alone)
        # The names of the steps get the whole line; keys go on and back, as they always do.
        for button in (self.header.back, self.header.next):
            button.setHidden(alone)

    @override
    def paging(self) -> tuple[int, int]:
        return self.model.index, max(len(self.model.steps), 1)

    @override
    def turn_page(self, way: int) -> bool:
        return self.header.go_to(self.model.index + way)

    @override
    def _fit(self) -> None:
        """Put the column at the right, or below what it explains when there is no room beside it."""
        px, margins = self._theme.px, self._body.contentsMargins()
        width = max(px(232 if self.width() < px(1000) else 276), self.side.minimumSizeHint().width())
        # The same for all steps, or the column would jump.
        least = max(self.stack.minimumSizeHint().width(), px(_LEAST_WIDTH))
        needed = least + self._columns.spacing() + width
        beside = needed + margins.left() + margins.right() <= self.width()
        direction = QBoxLayout.Direction
        self._columns.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        # One above the other they are scrolled: the step is seen whole, and the column is below what is seen.
        around = margins.top() + margins.bottom() + self._body.spacing() + self.header.height()
        seen = max((self.parentWidget() or self).height() - around, px(_LEAST_HEIGHT))
        self.stack.setMinimumHeight(0 if beside or self._column.isHidden() else seen)
        self._column.setMinimumWidth(width if beside else 0)
        self._column.setMaximumWidth(width if beside else UNLIMITED)

    @override
    def openers(self) -> dict[QWidget, Callable[[], object]]:
        hidden = {key: step for key, step in self._places.items() if self.stack.view(key).isHidden()}
        steps = {self.stack.view(key): partial(self.model.go_to, step) for key, step in hidden.items()}
        return {**steps, **self.side.openers()}

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Page up, Page down, Home, End; cover and show with V; unpin with Escape, Delete."""
        actions = {
            Qt.Key.Key_PageDown: partial(self.turn_page, 1),
            Qt.Key.Key_PageUp: partial(self.turn_page, -1),
            Qt.Key.Key_Home: partial(self.header.go_to, 0),
            Qt.Key.Key_End: partial(self.header.go_to, len(self.model.steps) - 1),
            Qt.Key.Key_V: self._reveal,
            **dict.fromkeys((Qt.Key.Key_Escape, Qt.Key.Key_Delete), partial(self._state.set_pinned, None)),
        }
        action = actions.get(Qt.Key(event.key()))
        if action is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            action()

    @override
    def provenance(self) -> Provenance | None:
        """Return network and sample of the pass that is shown, and what else its gradients depend on."""
        passed = self.model.passed
        if passed is None:
            return None
        scene, tried = passed.scene, passed.trial.words
        parts = [f"after {tried}"] if tried else []
        parts.append(f"loss for class {passed.names[passed.label]}")
        if passed.rule is not None:
            parts.append(f"ties: {passed.rule}")
        return Provenance.of(scene.snapshot, scene.sample, note=", ".join(parts))

    # -- the application's state ---------------------------------------------------------------------------

    def _scene(self) -> PassScene | None:
        return still_scene_of(self._state, self.model.choices)

    def _fit_choices(self) -> None:
        scene = self._scene()
        if scene is not None and self.model.follow(scene):
            self.message.show_message("The run has moved on, so the trial updates were dropped.", "info")

    def _on_experiment_changed(self) -> None:
        self.model.answer(asks.Choose("rate", self._state.experiment.learning_rate))

    def _on_pinned_changed(self) -> None:
        self.model.set_pinned(self._state.pinned)

    def _on_covered_changed(self) -> None:
        why = self._state.why_covered(*_OF_WINDOW)
        self.header.cover.setEnabled(not why)
        self.model.hold_covered(bool(why))
        self._show()
        self.paged.emit()

    def _on_run_changed(self) -> None:
        was_training, self._was_training = self._was_training, self._state.run.is_training
        if self.isVisible() and was_training and not self._was_training:
            self.model.refocus()

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw(self, passed: Pass) -> None:
        self.empty.hide()
        self._content.show()
        steps = self.model.steps
        self.model.take(passed)
        if self.model.steps is not steps:
            self._unseen, self._places = list(self.model.steps), {}
        self.model.set_pinned(self._state.pinned)
        self._show()
        self.work.follow()
        self._ahead.start()

    def _draw_ahead(self) -> None:
        """Draw a step that was not seen yet, so that the first look at it is as quick as the others."""
        model = self.model
        if not self._unseen or not self.isVisible() or self._state.run.is_training:
            return
        step = self._unseen.pop(0)
        if step != model.step:
            now = replace(self.work.now(), step=step)
            page = page_of(now)
            ask = self.stack.prepare(page)
            if isinstance(ask, asks.SetSide):
                model.sides[step] = ask.side
                now = replace(now, focus=replace(now.focus, side=ask.side))
                self.stack.prepare(page := page_of(now))
            self.side.prepare(now)
            self._places |= dict.fromkeys(page.leaves().keys() - self._places.keys(), model.steps.index(step))
        self._ahead.start()

    def _restore(self, view: View) -> None:
        kept = read(Kept, view)
        self.model.set_pinned(self._state.pinned)
        self._on_experiment_changed()
        self.header.cover.setChecked(kept.covers)
        self.side.show_page(kept.page if kept.page in (INSPECT, POKE, CHECK) else INSPECT)
        self.model.restore_view(view)
        self._show()
        self.work.follow()

    def _go_to(self, index: int) -> None:
        """Show another step; a later one moves where it knows how."""
        is_later = index > self.model.index
        self.model.go_to(index)
        if is_later:
            self.stack.move_in()

    def _show(self) -> None:
        model, passed = self.model, self.model.passed
        if passed is None:
            return
        step, focus, is_other = model.step, model.focus, model.step is not self._shown_step
        self._shown_step = step
        if is_other:
            self.header.show_steps(model.steps, model.index)
        now, why = self.work.now(), self._state.why_covered(*_TOLD_BY.get(step.kind, ()))
        held, said = self._state.why_covered(*OF_STEP), sentence_of(passed, step, is_covered=focus.is_covered)
        formulas = () if held else (formula_of(passed, step, focus),)
        self.header.set_explanation(said, *formulas, is_covered=focus.is_covered)
        title, words = ("", _UNTIL_THEN) if held else (why, f"{_UNTIL_THEN} {self._state.way_out}")
        later = Card("later", WORDS, Words(words), title, is_label=True)
        self.stack.show_page(Page(later) if why else page_of(now))
        self.side.show_now(now)
        self._hold_back()
        self.work.follow_target()
        if step.kind is StepKind.UPDATE:
            self.work.request_preview()
        if is_other:
            self.paged.emit()

    def _hold_back(self) -> None:
        """Cover the prediction at the left, too, while this step asks for it."""
        model = self.model
        is_asked = self.isVisible() and model.passed is not None and model.focus.is_covered
        told = ""
        if is_asked and model.step.kind in (StepKind.OUTPUT, StepKind.LOSS):
            told = f"Covered: step “{model.step.title}” of Backprop asks you to predict this first."
        self._state.hold_back(told)

    # -- requests of the views -----------------------------------------------------------------------------

    def answer(self, ask: Ask) -> None:
        """Do what a page asks for: here what concerns the run and other panels, all else in the model."""
        match ask:
            case asks.Poke(target):
                self._choose_target(target)
            case asks.GoTo(place):
                self._go_to(place)
                passed, step = self.model.passed, self.model.step
                if passed is not None and step.kind is StepKind.FILTER:
                    self._choose_target(filter_weight(passed, step, self.model.focus))
            case asks.StartCheck(rule) if self.model.passed is not None:
                self.work.check(rule or self.model.passed.rule)
            case asks.CancelCheck():
                self.work.cancel_check()
            case asks.Adopt():
                if (snapshot := self.model.adopted()) is not None:
                    self._runs.adopt(snapshot)
            case asks.ShowFilter(stage, channel):
                self.model.answer(ask)
                self._pin_in(stage, channel)
            case _:
                if isinstance(ask, asks.Enlarge) and self.model.step.kind is StepKind.ROUTE:
                    self._state.set_pinned(None)  # or its window would stay
                self.model.answer(ask)

    def _choose_target(self, target: Target) -> None:
        """Pin a cell, or free it if it is pinned; poke a weight, and pin the cell that it alone reads."""
        if target.is_parameter:
            passed, layer = self.model.passed, target.name.rpartition(".")[0]
            assert passed is not None
            if (read := cell_read(passed, target)) is not None:
                self.model.answer(asks.ShowUnit(layer, target.index[0]))
                self.model.set_target(Target(*read))  # so that the maps stay where they are
                self._state.set_pinned(PinnedCell(*read))
            elif passed.layer(layer).has_filters:
                # The step stays with the filter of this weight, whatever sample comes.
                for stage, channel in zip((layer, passed.before(layer)), target.index, strict=False):
                    self.answer(asks.ShowFilter(stage, channel))
            self.work.poke(target)
            return
        pinned = PinnedCell(target.name, target.index)
        if pinned == self._state.pinned:
            self._state.set_pinned(None)
        else:
            self.model.set_target(target)
            self._state.set_pinned(pinned)

    def _pin_in(self, stage: str, channel: int) -> None:
        """Move a pinned cell of these maps into another one: the filter that is looked at is one."""
        passed, pinned = self.model.passed, self._state.pinned
        if passed is None or pinned is None or len(pinned.index) != 3:
            return
        if block_of(passed.network, pinned.stage) == block_of(passed.network, stage):
            self._state.set_pinned(PinnedCell(pinned.stage, (channel, *pinned.index[1:])))

    def figure(self, look: Look) -> Drawing:
        """The step that is shown, for paper."""
        nothing = Drawing(Ground(self.stack.room(), look))
        return nothing if is_covered(self.stack) else self.stack.figure(look)

    def _on_failed(self, text: str) -> None:
        self.work.show_checks()
        self.message.show_message(text, "error")

    def _reveal(self) -> None:
        """Show what is covered; if nothing ever is, begin to cover."""
        if self.header.cover.isChecked():
            self.model.reveal()
        else:
            self.header.cover.click()  # unless it is off
