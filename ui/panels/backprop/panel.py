"""The backprop panel: the backward pass of the sample in steps."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import override

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from cnnviz._types import View
from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Drawing, Look
from cnnviz.drawing.page import Card, Page
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.layers import TIE_RULES, TieRule
from cnnviz.routing import Target
from ui.controls.labels import WrapLabel
from ui.controls.layouts import UNLIMITED, fill
from ui.controls.message_bar import MessageBar
from ui.controls.pace import single_shot
from ui.page_view import PageView
from ui.panels.analysis import Analysis
from ui.panels.backprop.asks import Adopt, Poke, SetSide
from ui.panels.backprop.formulas import formula_of
from ui.panels.backprop.header import StepHeader
from ui.panels.backprop.model import EPS, REACH, BackpropModel, pinned_of
from ui.panels.backprop.pages import page_of
from ui.panels.backprop.passes import Pass, PassScene, compute_pass, contrast_pools
from ui.panels.backprop.probes import Probes
from ui.panels.backprop.sentences import sentence_of
from ui.panels.backprop.side_column import SideColumn
from ui.panels.backprop.steps import Step, StepKind
from ui.panels.backprop.work import PASS, BackpropWork
from ui.panels.contract import Panel, Runs
from ui.panels.drawn import Drawn
from ui.panels.picture_loop import PictureLoop
from ui.panels.scene import still_scene_of
from ui.panels.views import Choices, under
from ui.state import AppState, RunStatus
from ui.theme import Theme, follow_theme, theme_manager

#: What tells too much: where the gradient went in the pool before, what the update makes of the loss.
_TOLD_BY = {
    StepKind.GATE: (Secret.ROUTE,),
    StepKind.PASS: (Secret.ROUTE,),
    StepKind.FILTER: (Secret.ROUTE,),
    StepKind.INPUT: (Secret.ROUTE,),
    StepKind.UPDATE: (Secret.ROUTE, Secret.UPDATE),
}
#: While training, the least time between two passes.
_PACE_MS = 80
#: Between two steps that are drawn ahead.
_PAUSE_MS = 30
#: Of what a step shows, in pixels at scale 1: the least window must have room for it.
_LEAST_HEIGHT = 292
#: Below this width the column goes below the step.
_LEAST_WIDTH = 492


class BackpropPanel(Panel):
    """Step bar on top, one large view of the present step, and a column to inspect, poke and check.

    * `analysis`, `background`: where quick and long things are computed.
    """

    def __init__(self, state: AppState, runs: Runs, analysis: Analysis, background: Analysis) -> None:
        super().__init__()
        self._state, self._runs = state, runs
        self._was_training = False
        self._unchecked: Choices | None = None
        self._unseen: list[Step] = []
        self._places: dict[str, int] = {}  # on which step each view is found
        self._ahead = single_shot(self, self._draw_ahead, _PAUSE_MS)
        self.work = BackpropWork(analysis, background, self)
        self.model = BackpropModel(self.work, self)
        self.setProperty("role", "panel")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._build_widgets()
        self._build_layout()
        self._probes = Probes(state, self.model, self.work, self.side, self)
        state.sceneChanged.connect(self._fit_choices)
        self._loop = PictureLoop(self, state, analysis, PASS, self._scene, compute_pass, self._draw)
        self._connect_views()
        self._connect_model()
        self._connect_state()
        self._on_experiment_changed()
        follow_theme(self)

    def set_theme(self, theme: Theme) -> None:
        """Scale the columns."""
        margin = theme.px(16)
        self._body.setContentsMargins(margin, theme.px(12), margin, theme.px(12))
        self._body.setSpacing(theme.px(10))
        self._columns.setSpacing(theme.px(20))
        self._fit_side()

    def view_state(self) -> View:
        """Return all choices, for a session; none before the first pass."""
        waiting = self._loop.waiting_view
        if waiting is not None or self.model.passed is None:
            return waiting or {}
        model, checked, rule = self.model, self._probes.checked_rules(), self.model.passed.rule
        return {
            **model.view_state(),
            **under("side", {**self.side.view_state(), "eps": model.eps, "range": model.reach}),
            "checked": rule in checked,
            "also_checked": " ".join(each for each in checked if each is not None and each != rule),
        }

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said, as soon as there is a pass of the present network and sample."""
        if view:
            self._loop.when_current(view, self._restore)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make the column narrower where there is little room."""
        super().resizeEvent(event)
        self._fit_side()

    def event(self, event: QEvent) -> bool:
        """Follow what the column needs: its style may come later than the theme."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit_side()
        return super().event(event)

    def minimumSizeHint(self) -> QSize:
        """Return the least size with the column below, whether it is there now or not."""
        stack, side = self.stack.minimumSizeHint(), self.side.minimumSizeHint()
        margins, header = self._body.contentsMargins(), self.header.minimumSizeHint()
        width = max(stack.width(), side.width(), header.width()) + margins.left() + margins.right()
        return QSize(width, super().minimumSizeHint().height())

    def _fit_side(self) -> None:
        """Put the column at the right, or below what it explains when there is no room beside it."""
        px, margins = theme_manager().theme.px, self._body.contentsMargins()
        width = max(px(232 if self.width() < px(1000) else 276), self.side.minimumSizeHint().width())
        # The same for all steps, or the column would jump.
        least = max(self.stack.minimumSizeHint().width(), px(_LEAST_WIDTH))
        needed = least + self._columns.spacing() + width
        beside = needed + margins.left() + margins.right() <= self.width()
        direction = QBoxLayout.Direction
        self._columns.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        # One above the other they are scrolled, and the maps need not be small.
        self.stack.setMinimumHeight(0 if beside else px(360))
        self.side.setMinimumWidth(width if beside else 0)
        self.side.setMaximumWidth(width if beside else UNLIMITED)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what was not asked for while the panel was hidden, that is."""
        super().showEvent(event)
        self._probes.follow()

    @override
    def openers(self) -> dict[QWidget, Callable[[], object]]:
        hidden = {key: step for key, step in self._places.items() if self.stack.view(key).isHidden()}
        steps = {self.stack.view(key): partial(self.model.go_to, step) for key, step in hidden.items()}
        return {**steps, **self.side.openers()}

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with Page up, Page down, Home, End; play with P; cover and show with V; unpin with Escape."""
        actions = {
            Qt.Key.Key_PageDown: self.header.go_on,
            Qt.Key.Key_PageUp: self.header.go_back,
            Qt.Key.Key_Home: self.header.go_to_start,
            Qt.Key.Key_End: self.header.go_to_end,
            Qt.Key.Key_P: self.header.toggle_play,
            Qt.Key.Key_V: self._reveal,
            Qt.Key.Key_Escape: self._unpin,
        }
        action = actions.get(Qt.Key(event.key()))
        if action is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            action()

    # -- building ------------------------------------------------------------------------------------------

    def _build_widgets(self) -> None:
        self.message = MessageBar(self)
        self.header = StepHeader()
        self.stack, self.side = PageView(self.answer, _LEAST_HEIGHT), SideColumn(self.answer)
        self.empty = WrapLabel(
            "The backward pass needs a network and an image: wait until the data are read, or choose an "
            "image at the left."
        )
        for keys, slot in (("Alt+Right", self.header.go_on), ("Alt+Left", self.header.go_back)):
            QShortcut(QKeySequence(keys), self, slot, context=Qt.ShortcutContext.WindowShortcut)

    def _build_layout(self) -> None:
        self._content = QWidget()
        self._body = QVBoxLayout(self._content)
        self._columns = fill(QBoxLayout(QBoxLayout.Direction.LeftToRight), (self.stack, 1), self.side)
        self._body.addWidget(self.header)
        self._body.addLayout(self._columns, 1)
        fill(QVBoxLayout(self), self.message, self.empty, (self._content, 1), spacing=0)
        self._content.hide()
        self.empty.setContentsMargins(16, 16, 16, 16)

    def _connect_views(self) -> None:
        self.header.stepRequested.connect(self.model.go_to)
        self.header.cover.toggled.connect(self.model.set_covers)

    def _connect_model(self) -> None:
        model, work = self.model, self.work
        model.choicesChanged.connect(self._loop.look)
        model.stepChanged.connect(self._on_step_changed)
        model.focusChanged.connect(self._draw_step)
        for signal in (model.previewChanged, model.targetChanged, model.pokeChanged):
            signal.connect(self._draw_step)
        model.trialDropped.connect(self._on_trial_dropped)
        for part in (self._loop, work):
            part.failed.connect(self._on_failed)
        self._loop.drew.connect(self._on_drew)

    def _connect_state(self) -> None:
        state = self._state
        state.experimentChanged.connect(self._on_experiment_changed)
        state.pinnedChanged.connect(self._on_pinned_changed)
        state.runChanged.connect(self._on_run_changed)
        state.coveredChanged.connect(self._on_covered_changed)

    @override
    def drawn(self) -> Drawn | None:
        """Return network and sample of the pass that is shown, and what else its gradients depend on."""
        model, passed = self.model, self.model.passed
        if passed is None:
            return None
        scene, tried = passed.scene, passed.trial.words
        parts = [f"after {tried}"] if tried else []
        parts.append(f"loss for class {passed.names[passed.label]}")
        if passed.rule is not None:
            parts.append(f"ties: {passed.rule}")
        if model.step.kind is StepKind.ROUTE:
            other = contrast_pools(passed.routings[model.step.layer].pool).get(model.focus.contrast)
            parts += [] if other is None else [f"routed as by {other.title.lower()}"]
        return Drawn.of(scene.snapshot, scene.sample, note=", ".join(parts))

    # -- the application's state ---------------------------------------------------------------------------

    def _scene(self) -> PassScene | None:
        return still_scene_of(self._state, self.model.choices)

    @Slot()
    def _fit_choices(self) -> None:
        scene = self._scene()
        if scene is not None:
            self.model.follow(scene)

    @Slot()
    def _on_experiment_changed(self) -> None:
        self.model.set_rate(self._state.experiment.learning_rate)

    @Slot()
    def _on_pinned_changed(self) -> None:
        self.model.set_pinned(self._state.pinned)

    @Slot()
    def _on_covered_changed(self) -> None:
        why = self._state.why_covered(Secret.ROUTE)
        self.header.cover.setEnabled(not why)
        self.model.hold_covered(bool(why))
        if self.model.passed is not None:
            self._on_step_changed()

    @Slot()
    def _on_run_changed(self) -> None:
        was_training, self._was_training = self._was_training, self._is_training()
        if self.isVisible() and not self._is_training():
            if was_training:
                self.model.refocus()
            self._probes.follow_ties()

    def _is_training(self) -> bool:
        return self._state.run.status is RunStatus.TRAINING

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw(self, passed: Pass) -> None:
        self.empty.hide()
        self._content.show()
        self._loop.pace = _PACE_MS if self._is_training() else 0
        steps = self.model.steps
        self.model.take(passed)
        if self.model.steps is not steps:
            self._unseen, self._places = list(self.model.steps), {}
        self.model.set_pinned(self._state.pinned)
        self.header.set_steps(self.model.steps)
        self._on_step_changed()
        self._probes.follow()
        self._ahead.start()

    @Slot()
    def _draw_ahead(self) -> None:
        """Draw a step that was not seen yet, so that the first look at it is as quick as the others."""
        model = self.model
        if not self._unseen or not self.isVisible() or self._is_training():
            return
        step = self._unseen.pop(0)
        if step != model.step:
            now = replace(self._probes.now(), step=step)
            page = page_of(now)
            ask = self.stack.prepare(page)
            if isinstance(ask, SetSide):
                model.know_side(step, ask.side)
                now = replace(now, focus=replace(now.focus, side=ask.side))
                self.stack.prepare(page := page_of(now))
            self.side.prepare(now)
            self._places |= dict.fromkeys(page.leaves().keys() - self._places.keys(), model.steps.index(step))
        self._ahead.start()

    @Slot()
    def _on_drew(self) -> None:
        passed, choices = self.model.passed, self._unchecked
        if passed is not None and choices is not None and self._loop.is_current:
            self._unchecked = None
            # Under which rules for ties the session has checked them; that in force comes last.
            others = choices.any_text("also_checked").split() if passed.rule is not None else ()
            rules: list[TieRule | None] = [
                each for each in TIE_RULES if each in others and each != passed.rule
            ]
            if choices.flag("checked", False):
                rules.append(passed.rule)
            self._probes.check(tuple(rules))

    def _restore(self, choices: Choices, _passed: Pass) -> None:
        """Choose as a session says; the parameters are checked again if they were."""
        self.model.set_pinned(self._state.pinned)
        self._on_experiment_changed()
        self.header.cover.setChecked(choices.flag("covers", False))
        self.model.set_rate(choices.number("rate", 1e-7, 1e3, self.model.rate))
        of_side = choices.below("side")
        self.side.restore_view(of_side)
        self.model.eps = of_side.number("eps", 1e-12, 1e3, EPS)
        self.model.reach = of_side.number("range", 1e-12, 1e3, REACH)
        self.model.restore_view(choices)
        self._on_step_changed()
        self._probes.follow()
        self._unchecked = choices
        self._on_drew()

    @Slot()
    def _on_step_changed(self) -> None:
        model = self.model
        self.header.set_current(model.index)
        self._draw_step()
        if model.step.kind is StepKind.UPDATE:
            model.request_preview()
        if model.step.kind is StepKind.ROUTE:
            self._probes.follow_ties()

    @Slot()
    def _draw_step(self) -> None:
        model, passed = self.model, self.model.passed
        if passed is None:
            return
        step, focus = model.step, model.focus
        formula = formula_of(passed, step, focus, model.rate)
        self.header.set_explanation(sentence_of(passed, step), formula, is_covered=focus.is_covered)
        now, why = self._probes.now(), self._state.why_covered(*_TOLD_BY.get(step.kind, ()))
        later = Card("later", WORDS, Words(why, ink="muted"))
        self.stack.show_page(Page(later) if why else page_of(now))
        self.side.show_now(now)

    # -- requests of the views -----------------------------------------------------------------------------

    def answer(self, ask: Ask) -> None:
        """Do what a page asks for: here what concerns the run and other panels, all else in the model."""
        match ask:
            case Poke(target):
                self._choose_target(target)
            case Adopt():
                if (snapshot := self.model.adopted()) is not None:
                    self._runs.adopt(snapshot)
            case _:
                if not self._probes.answer(ask):
                    self.model.answer(ask)

    def _choose_target(self, target: Target) -> None:
        """Pin a cell, or free it if it is pinned; poke a weight, which has no place to be pinned at."""
        pinned = pinned_of(target)
        if pinned is None:
            self._probes.poke(target)
        elif pinned == self._state.pinned:
            self._state.set_pinned(None)
        else:
            self.model.set_target(target)
            self._state.set_pinned(pinned)

    def figure(self, look: Look) -> Drawing:
        """The step that is shown, for paper."""
        return self.stack.figure(look)

    @Slot()
    def _on_trial_dropped(self) -> None:
        self.message.show_message("The run has moved on, so the trial updates were dropped.", "info")

    @Slot(str)
    def _on_failed(self, text: str) -> None:
        self._probes.show_checks()
        self.message.show_message(text, "error")

    def _reveal(self) -> None:
        """Show what is covered; if nothing ever is, begin to cover."""
        if self.header.cover.isChecked():
            self.model.reveal()
        else:
            self.header.cover.setChecked(True)

    def _unpin(self) -> None:
        self._state.set_pinned(None)
