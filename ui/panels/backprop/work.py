"""What is computed in the background: previews, pokes, checks of all gradients."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cnnviz import routing
from cnnviz.layers import TieRule
from ui.controls.pace import single_shot
from ui.panels.backprop.focus import Now, PokeOutcome
from ui.panels.backprop.header import POKE, SideColumn
from ui.panels.backprop.model import BackpropModel
from ui.panels.backprop.passes import Pass, preview_update
from ui.state import AppState
from ui.tasks import Context, LatestOnly, TaskRunner

PASS, _PREVIEW, _POKE = "backprop.pass", "backprop.preview", "backprop.poke"
_CHECK = "backprop.check"
#: While training, results that follow each pass are asked for no oftener than this.
_SLOW_MS = 250
_POINTS, _REACH = 161, 0.5  # of the plot of a poke, to either side


class BackpropWork(QObject):
    """Asks for what is in sight, tells the model and the column of what has come, and drops what is stale.

    * `analysis`, `background`: for what the pointer waits for, and for what takes long.
    * `panel`: while it is hidden nothing is asked for; also the parent.
    """

    pokeReady = Signal(object)
    checkReady = Signal()
    failed = Signal(str)

    def __init__(
        self,
        state: AppState,
        analysis: TaskRunner,
        background: TaskRunner,
        model: BackpropModel,
        side: SideColumn,
        panel: QWidget,
    ) -> None:
        super().__init__(panel)
        self._state, self._model, self._side, self._panel = state, model, side, panel
        self._analysis, self._background = analysis, background
        self._previews = LatestOnly(analysis, _PREVIEW, model.take_preview, self.failed.emit)
        self._pokes = LatestOnly(analysis, _POKE, self._on_poked, self.failed.emit)
        self._asked: object = None  # what was poked last, and how far
        self._checks: dict[TieRule | None, tuple[Pass, routing.GradientCheck]] = {}
        self._progress: float | None = None
        self._slow = single_shot(self, self._request_poke, _SLOW_MS)
        side.pages.currentChanged.connect(self._on_page_changed)

    def now(self) -> Now:
        """Return all that pages are made of; only when there is a pass."""
        checks = tuple(self._fitting_checks().items())
        return replace(self._model.now(), checks=checks, progress=self._progress)

    def follow(self) -> None:
        """Ask anew for what belongs to the pass: at once, or while training after a while."""
        if not self._state.run.is_training:
            self._request_poke()
        elif not self._slow.isActive():
            self._slow.start()

    def _show(self) -> None:
        if self._model.passed is not None:
            self._side.show_now(self.now())

    def _on_page_changed(self, page: str) -> None:
        if page == POKE:
            self._request_poke()

    # -- previews and pokes --------------------------------------------------------------------------------

    def request_preview(self) -> None:
        """Have the next update tried, unless that is known."""
        passed, rate, known = self._model.passed, self._model.focus.rate, self._model.preview
        if passed is not None and (known is None or known.passed is not passed or known.rate != rate):
            self._previews.request(lambda _context: preview_update(passed, rate))

    def poke(self, target: routing.Target) -> None:
        """Poke a number and show how that came out."""
        self._model.set_target(target)
        self._side.show_page(POKE)
        self._request_poke()

    def follow_target(self) -> None:
        """Have another number poked, or by another amount."""
        if self._asked != self._wanted():
            self._request_poke()

    def _wanted(self) -> tuple[routing.Target | None, float]:
        return self._model.target, self._model.focus.eps

    def _request_poke(self) -> None:
        passed, (target, eps) = self._model.passed, self._wanted()
        if passed is None or target is None or self._side.page() != POKE or not self._panel.isVisible():
            return
        self._asked = target, eps

        def work(_context: Context) -> PokeOutcome:
            of = passed.network, passed.x, passed.label, target
            return PokeOutcome(passed, routing.poke(*of, eps), routing.poke_curve(*of, _REACH, _POINTS))

        self._pokes.request(work)

    def _on_poked(self, outcome: PokeOutcome) -> None:
        if outcome.poke.target == self._model.target:
            self._model.take_poked(outcome)
            self._show()
        self.pokeReady.emit(outcome)

    # -- check all -----------------------------------------------------------------------------------------

    def cancel_check(self) -> None:
        self._background.cancel(_CHECK)
        self.show_checks()

    def check(self, rule: TieRule | None) -> None:
        """Have all parameters poked under a rule for ties, or under none where there is none."""
        passed = self._model.passed
        if passed is None:
            return
        network = passed.network if rule is None else routing.with_ties(passed.network, rule)

        def work(context: Context) -> routing.GradientCheck:
            return routing.check_all(network, passed.x, passed.label, progress=context.report)

        def done(check: routing.GradientCheck) -> None:
            self._checks[rule] = passed, check
            self.show_checks()
            self.checkReady.emit()

        self.show_checks(0.0)
        self._background.submit(_CHECK, work, done, self.failed.emit, self.show_checks)

    def show_checks(self, progress: float | None = None) -> None:
        """Show the checks of what is shown, and how much of another is done, or with None offer one."""
        self._progress = progress
        self._show()

    def _fitting_checks(self) -> dict[TieRule | None, routing.GradientCheck]:
        """Return those checks, by rule, that are of the network, the sample and the class that are shown."""
        passed = self._model.passed
        return {
            rule: check
            for rule, (of, check) in self._checks.items()
            if passed is not None and of.differs_by_rule_only(passed)
        }
