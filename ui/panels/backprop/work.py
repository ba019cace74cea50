"""What the panel has computed in the background."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from cnnviz._types import ByteArray
from cnnviz.layers import TieRule
from cnnviz.routing import (
    GradientCheck,
    Poke,
    PokeCurve,
    Target,
    TieRate,
    check_all,
    poke,
    poke_curve,
    tie_rate_of_images,
    with_ties,
)
from ui.controls.pace import single_shot
from ui.panels.analysis import Analysis, Context, LatestOnly
from ui.panels.backprop.passes import Pass
from ui.panels.backprop.trial import Preview, preview_update

PASS, _PREVIEW, _POKE = "backprop.pass", "backprop.preview", "backprop.poke"
_CHECK, _TIES = "backprop.check", "backprop.ties"
#: Images that are counted in one go, and the pause after them.
_PORTION, _PAUSE_MS = 48, 40
_POINTS = 161


@dataclass(frozen=True, slots=True, eq=False)
class PokeOutcome:
    """A poke, its curve, and the pass that it belongs to."""

    passed: Pass
    poke: Poke
    curve: PokeCurve


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What is to be checked: the network of a pass, under each of some rules for ties (None: it has none)."""

    passed: Pass
    rules: tuple[TieRule | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class CheckOutcome:
    """Checks of all parameters by rule for ties, and the pass that they belong to."""

    passed: Pass
    checks: Mapping[TieRule | None, GradientCheck]


@dataclass(frozen=True, slots=True, eq=False)
class TieOutcome:
    """Tie rate of a pool over the first test images, and the pass whose network it was.

    * `counted`, `total`: images that were counted, and all there are.
    """

    passed: Pass
    pool: str
    rate: TieRate
    counted: int
    total: int


class BackpropWork(QObject):
    """Hands plain functions to the background and tells the panel when their results have come.

    * `analysis`, `background`: for what the pointer waits for, and for what takes long.
    * `failed`: one sentence.
    """

    previewReady = Signal(object)
    pokeReady = Signal(object)
    checkProgressed = Signal(float)
    checkReady = Signal(object)
    tiesReady = Signal(object)
    failed = Signal(str)

    def __init__(self, analysis: Analysis, background: Analysis, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._analysis, self._background = analysis, background
        self._images: ByteArray | None = None
        self._counted: TieOutcome | None = None
        self._pause = single_shot(self, self._count_on, _PAUSE_MS)
        self._previews = LatestOnly(analysis, _PREVIEW, self.previewReady.emit, self.failed.emit)
        self._pokes = LatestOnly(analysis, _POKE, self.pokeReady.emit, self.failed.emit)

    def request_preview(self, passed: Pass, rate: float) -> None:
        """Have one more update tried."""

        def work(_context: Context) -> Preview:
            return preview_update(passed, rate)

        self._previews.request(work)

    def request_poke(self, passed: Pass, target: Target, eps: float, radius: float) -> None:
        """Have one number poked, by `eps` and over a range."""

        def work(_context: Context) -> PokeOutcome:
            network, x, label = passed.network, passed.x, passed.label
            return PokeOutcome(
                passed,
                poke(network, x, label, target, eps),
                poke_curve(network, x, label, target, radius, _POINTS),
            )

        self._pokes.request(work)

    def start_check(self, request: CheckRequest) -> None:
        """Have every parameter poked, once for each rule."""
        passed, rules = request.passed, request.rules

        def work(context: Context) -> CheckOutcome:
            checks: dict[TieRule | None, GradientCheck] = {}
            for done, rule in enumerate(rules):
                checks[rule] = check_all(
                    passed.network if rule is None else with_ties(passed.network, rule),
                    passed.x,
                    passed.label,
                    progress=lambda fraction, done=done: context.report((done + fraction) / len(rules)),
                    cancelled=lambda: context.cancelled,
                )
            return CheckOutcome(passed, checks)

        self._background.submit(
            _CHECK, work, self.checkReady.emit, self.failed.emit, self.checkProgressed.emit
        )

    def cancel_check(self) -> None:
        """Stop poking every parameter."""
        self._background.cancel(_CHECK)

    def cancel_tie_rate(self) -> None:
        """Stop counting ties."""
        self._pause.stop()
        self._background.cancel(_TIES)

    def is_checking(self) -> bool:
        """Whether a check is under way."""
        return self._background.is_busy(_CHECK)

    def request_tie_rate(self, passed: Pass, pool: str, images: ByteArray) -> None:
        """Have the ties of a pool counted over many images, a few at a time.

        What is counted so far is told after each portion. Between the portions there is a pause, so that
        neither a check nor a poke waits for the count.
        """
        self.cancel_tie_rate()
        self._images = images
        self._counted = TieOutcome(passed, pool, TieRate(0, 0), 0, len(images))
        self._pause.start()

    def _count_on(self) -> None:
        """Count the next few images."""
        before, images = self._counted, self._images
        if before is None or images is None:
            return
        if self._pokes_pending():
            self._pause.start()
            return
        passed, pool, start = before.passed, before.pool, before.counted
        part = images[start : start + _PORTION]

        def work(context: Context) -> TieOutcome:
            more = tie_rate_of_images(passed.network, part, pool, cancelled=lambda: context.cancelled)
            rate = TieRate(before.rate.windows + more.windows, before.rate.tied + more.tied)
            return TieOutcome(passed, pool, rate, start + len(part), len(images))

        self._background.submit(_TIES, work, self._on_counted, self.failed.emit)

    def _on_counted(self, outcome: TieOutcome) -> None:
        self._counted = outcome
        if outcome.counted < outcome.total:
            self._pause.start()
        self.tiesReady.emit(outcome)

    def _pokes_pending(self) -> bool:
        return any(self._analysis.is_busy(kind) for kind in (_POKE, PASS))
