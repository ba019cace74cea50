"""Joins the pages that probe the network (poke, check all, ties) with the pass that is shown."""

from dataclasses import replace

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from cnnviz.drawing import Ask
from cnnviz.layers import TieRule
from cnnviz.routing import GradientCheck, Target
from ui.controls.pace import single_shot
from ui.panels.backprop.asks import CancelCheck, ListEntries, StartCheck
from ui.panels.backprop.model import BackpropModel
from ui.panels.backprop.pages import Now
from ui.panels.backprop.side_column import CHECK, POKE, SideColumn
from ui.panels.backprop.steps import StepKind
from ui.panels.backprop.work import BackpropWork, CheckOutcome, CheckRequest, PokeOutcome, TieOutcome
from ui.state import AppState, RunStatus

#: While training, results that follow each pass are asked for no oftener than this.
_SLOW_MS = 250


class Probes(QObject):
    """Asks for pokes, checks and counts of ties when they are in sight, and drops what has become stale.

    * `side`: where the results are shown.
    * `panel`: while it is hidden nothing is asked for; also the parent.
    """

    def __init__(
        self, state: AppState, model: BackpropModel, work: BackpropWork, side: SideColumn, panel: QWidget
    ) -> None:
        super().__init__(panel)
        self._state, self._model, self._work, self._side, self._panel = state, model, work, side, panel
        self._checking: CheckRequest | None = None
        self._checks: dict[TieRule | None, CheckOutcome] = {}
        self._progress: float | None = None
        self._listed: tuple[GradientCheck | None, str] = None, ""
        self._counting: tuple[str, object] | None = None
        self._counts: dict[str, TieOutcome] = {}
        self._slow = single_shot(self, self._follow_up, _SLOW_MS)
        self._ties_timer = single_shot(self, self._request_ties, _SLOW_MS)
        self._connect_signals()

    def now(self) -> Now:
        """Return all that pages are made of; only when there is a pass."""
        now, checks = self._model.now(), self._fitting_checks()
        of, listed = self._listed
        return replace(
            now,
            ties=self.ties(now.step.layer),
            checks=tuple(checks.items()),
            progress=self._progress,
            listed=listed if of is not None and of is checks.get(now.passed.rule) else None,
        )

    def answer(self, ask: Ask) -> bool:
        """Do what the page of the check asks for; return whether that is it."""
        passed = self._model.passed
        match ask:
            case StartCheck() if passed is not None:
                self.check((passed.rule,))
            case CancelCheck():
                self._work.cancel_check()
                self.show_checks()
            case ListEntries(kind) if passed is not None:
                self._listed = self._fitting_checks().get(passed.rule), kind
                self._show()
            case _:
                return False
        return True

    def ties(self, layer: str) -> TieOutcome | None:
        """Count over the test images for a pool, as far as it has come; None if it is of other weights."""
        found, passed = self._counts.get(layer), self._model.passed
        if found is None or passed is None:
            return None
        return found if found.passed.network.params is passed.network.params else None

    def follow(self) -> None:
        """Ask anew for what belongs to the pass: at once, or while training after a while."""
        self._follow_checks()
        if self._is_training():
            if not self._slow.isActive():
                self._slow.start()
        else:
            self._follow_up()

    def follow_ties(self) -> None:
        """Count the ties when the panel has come to rest."""
        self._ties_timer.start()

    def checked_rules(self) -> tuple[TieRule | None, ...]:
        """Return the rules under which what is shown has been checked, or is being checked."""
        request, passed = self._checking, self._model.passed
        under_way: tuple[TieRule | None, ...] = ()
        if request is not None and passed is not None and self._work.is_checking():
            under_way = request.rules if request.passed.differs_by_rule_only(passed) else ()
        return tuple(dict.fromkeys((*self._fitting_checks(), *under_way)))

    def check(self, rules: tuple[TieRule | None, ...]) -> None:
        """Have all parameters checked under each of some rules for ties, or none, one after the other."""
        passed = self._model.passed
        if passed is not None and rules:
            # They share a thread, and the user waits for this one.
            self._work.cancel_tie_rate()
            self._counting = None
            self._checking = CheckRequest(passed, rules)
            self._show_progress(0.0)
            self._work.start_check(self._checking)

    def poke(self, target: Target) -> None:
        """Poke a number and show how that came out."""
        self._model.set_target(target)
        self._side.show_page(POKE)
        self._request_poke()

    @Slot()
    def show_checks(self) -> None:
        """Show the checks of what is shown, under whatever rule, and offer another."""
        self._progress = None
        self._show()

    def _show(self) -> None:
        if self._model.passed is not None:
            self._side.show_now(self.now())

    def _connect_signals(self) -> None:
        side, work = self._side, self._work
        side.pages.currentChanged.connect(self._on_page_changed)
        self._model.pokeChanged.connect(self._request_poke)
        self._model.targetChanged.connect(self._on_target_changed)
        work.pokeReady.connect(self._on_poke_ready)
        work.checkProgressed.connect(self._show_progress)
        work.checkReady.connect(self._on_check_ready)
        work.tiesReady.connect(self._on_ties_ready)

    def _is_training(self) -> bool:
        return self._state.run.status is RunStatus.TRAINING

    @Slot()
    def _follow_up(self) -> None:
        self._request_poke()
        self.follow_ties()

    # -- poke ----------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_page_changed(self, page: str) -> None:
        if page == POKE:
            self._request_poke()
        elif page == CHECK:
            self._follow_checks()

    @Slot()
    def _on_target_changed(self) -> None:
        self._request_poke()

    @Slot()
    def _request_poke(self) -> None:
        model, passed, target = self._model, self._model.passed, self._model.target
        if passed is None or target is None or self._side.page() != POKE or not self._panel.isVisible():
            return
        self._work.request_poke(passed, target, model.eps, model.reach)

    @Slot(object)
    def _on_poke_ready(self, outcome: PokeOutcome) -> None:
        if outcome.poke.target == self._model.target:
            self._model.poked = outcome
            self._show()

    # -- check all -----------------------------------------------------------------------------------------

    def _fitting_checks(self) -> dict[TieRule | None, GradientCheck]:
        """Return those checks, by rule, that are of the network, the sample and the class that are shown."""
        passed = self._model.passed
        if passed is None:
            return {}
        return {
            rule: found.checks[rule]
            for rule, found in self._checks.items()
            if found.passed.differs_by_rule_only(passed)
        }

    @Slot(float)
    def _show_progress(self, share: float) -> None:
        self._progress = share
        self._show()

    @Slot(object)
    def _on_check_ready(self, outcome: CheckOutcome) -> None:
        self._checks.update(dict.fromkeys(outcome.checks, outcome))
        self.show_checks()
        self.follow_ties()

    def _follow_checks(self) -> None:
        if self._progress is not None and not self._work.is_checking():
            self.show_checks()

    # -- ties ----------------------------------------------------------------------------------------------

    @Slot()
    def _request_ties(self) -> None:
        """Have the ties over the test images counted, unless that is known or under way."""
        model, dataset = self._model, self._state.dataset
        if self._is_training() or not self._panel.isVisible() or self._work.is_checking():
            return
        if model.passed is None or dataset is None or model.step.kind is not StepKind.ROUTE:
            return
        pool, passed = model.step.layer, model.passed
        has_winners = passed.routings[pool].winners is not None
        if not has_winners or dataset.test_images.shape[1:] != passed.network.input_shape:
            return
        params = passed.network.params
        if self._counting is None or self._counting[0] != pool or self._counting[1] is not params:
            self._counting = (pool, params)
            self._counts.pop(pool, None)
            self._work.request_tie_rate(passed, pool, dataset.test_images)

    @Slot(object)
    def _on_ties_ready(self, outcome: TieOutcome) -> None:
        self._counts[outcome.pool] = outcome
        model = self._model
        if model.passed is not None and model.step.layer == outcome.pool:
            self._show()
