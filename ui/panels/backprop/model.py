"""What is chosen in the backprop panel: class, rule, trial, step, place. Views ask to change it."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from cnnviz._types import ViewValue
from cnnviz.drawing import Ask, Leave
from cnnviz.graphics.heat_map import Reveal
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.layers import TIE_RULES
from cnnviz.network import Network
from cnnviz.quantities import format_count
from cnnviz.routing import CellTarget, PixelTarget, Target, with_ties
from cnnviz.snapshots import Snapshot
from ui.panels.backprop import asks
from ui.panels.backprop.focus import Focus, center_of, first_focus, target_from, target_of, target_to_view
from ui.panels.backprop.pages import Now
from ui.panels.backprop.passes import Pass, PassChoices, PassScene, Trial
from ui.panels.backprop.steps import Step, backward_steps
from ui.panels.backprop.trial import Preview, undone
from ui.panels.backprop.work import BackpropWork, PokeOutcome
from ui.panels.views import Choices, under
from ui.state import PinnedCell

EPS, REACH = 1e-4, 0.5


class BackpropModel(QObject):
    """Own settings of the panel, and the pass that is drawn.

    * `work`: computes previews.
    * `choices`: what passes are computed from, besides the application's state.
    * `choicesChanged`: another pass is wanted.
    * `pokeChanged`: another size or range is wanted.
    * `trialDropped`: the run has moved on, so that the trial updates no longer belong to it.
    """

    choicesChanged = Signal()
    stepChanged = Signal()
    focusChanged = Signal()
    targetChanged = Signal()
    previewChanged = Signal(object)
    pokeChanged = Signal()
    applied = Signal()
    trialDropped = Signal()

    def __init__(self, work: BackpropWork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._scene: PassScene | None = None  # that the choices fit
        self.choices = PassChoices()
        self._is_own_focus = False
        self._covers = self._is_held = False
        self.passed: Pass | None = None
        self.steps: tuple[Step, ...] = ()
        self.index = 0
        self.focus = Focus()
        self._sides: dict[Step, int] = {}  # of each step, for which there was room when it was shown
        self.target: Target | None = None
        self.preview: Preview | None = None
        self.rate, self.eps, self.reach = 1e-4, EPS, REACH
        self.poked: PokeOutcome | None = None
        work.previewReady.connect(self._on_preview_ready)

    def know_side(self, step: Step, side: int) -> None:
        """Remember for how many cells there is room in a step, so that it is drawn but once."""
        self._sides[step] = side

    @property
    def step(self) -> Step:
        """Step that is shown; only when there is a pass."""
        return self.steps[self.index]

    # -- what the pass is computed from --------------------------------------------------------------------

    def follow(self, scene: PassScene) -> None:
        """Leave no choice that was made for another sample or another network."""
        before, self._scene = self._scene, scene
        if before is None:
            return
        label, rule, trial = self.choices.label, self.choices.rule, self.choices.trial
        if before.sample is not scene.sample:
            label = None
        if before.snapshot.network is not scene.snapshot.network:
            trial = Trial()
            if not _are_alike(before.snapshot.network, scene.snapshot.network):
                label, rule, self._is_own_focus = None, None, False
        is_dropped = trial != self.choices.trial
        self._choose(PassChoices(label, rule, trial))
        if is_dropped:
            self.trialDropped.emit()

    def answer(self, ask: Ask) -> None:
        """Do what a page asks for."""
        focus = self.focus
        match ask:
            case asks.PointAt(stage, cell, weight):
                self._set_focus(replace(focus, stage=stage, cell=cell, weight=weight))
            case Leave():
                self._set_focus(replace(focus, stage="", cell=(), weight=None))
            case asks.ShowFilter(stage, channel):
                assert self.passed is not None
                self._set_own_focus(focus.with_channel(self.passed.network, stage, channel))
            case asks.ShowUnit(layer, unit):
                self._set_own_focus(focus.with_unit(layer, unit))
            case asks.Enlarge(row, col):
                self._set_own_focus(replace(focus, center=(row, col)))
            case asks.SumTerms(count):
                self._set_focus(replace(focus, terms=count))
            case asks.Contrast(kind):
                self._set_focus(replace(focus, contrast=kind))
            case asks.ShowParameter(name):
                self._set_focus(replace(focus, parameter=name))
            case asks.SetSide(side):
                self.know_side(self.step, side)
                self._set_focus(replace(focus, side=side))
            case asks.SetLabel(label):
                self._choose(replace(self.choices, label=label))
            case asks.SetRule(rule):
                self._choose(replace(self.choices, rule=rule))
            case asks.SetEps(eps):
                self.eps = eps
                self.pokeChanged.emit()
            case asks.SetReach(reach):
                self.reach = reach
                self.pokeChanged.emit()
            case asks.SetRate(rate):
                self.set_rate(rate)
            case Reveal():
                self.reveal()
            case asks.Apply():
                self.apply()
            case asks.Undo():
                self.undo()
            case _:
                raise TypeError(f"The model does not know {ask!r}.")

    def set_rate(self, rate: float) -> None:
        """Use another learning rate for the trial update."""
        if rate != self.rate:
            self.rate = rate
            self.request_preview()
            self.focusChanged.emit()

    def view_state(self) -> dict[str, ViewValue]:
        """Return what was chosen, by name, as a session keeps it; there must be a pass."""
        return {
            "step": self.step.kind.value,
            "step_layer": self.step.layer,
            "label": self.choices.label,
            "rule": self.choices.rule,
            "rate": self.rate,
            "covers": self._covers,
            "own_focus": self._is_own_focus,
            **self.focus.to_view(),
            **under("target", target_to_view(self.target)),
        }

    def restore_view(self, choices: Choices) -> None:
        """Choose as `view_state` said; the rate and what is covered are for the panel to set before."""
        assert self.passed is not None
        kind, layer = choices.any_text("step"), choices.any_text("step_layer")
        alike = [place for place, each in enumerate(self.steps) if each.kind == kind]
        same = [place for place in alike if self.steps[place].layer == layer]
        self.index = (same or alike or [0])[0]
        self._is_own_focus = choices.flag("own_focus", False)
        self.focus = replace(first_focus(self.passed), pinned=self.focus.pinned).restored(choices)
        if self._is_held:
            self.focus = replace(self.focus, is_covered=True)
        self.set_target(target_from(choices.below("target"), self.passed.network))
        label = choices.whole("label", 0, len(self.passed.names) - 1, None)
        rule = next((each for each in TIE_RULES if each == choices.any_text("rule")), None)
        self._choose(replace(self.choices, label=label, rule=rule))

    def apply(self) -> None:
        """Take the update that was previewed, on trial."""
        if self.preview is not None and self.preview.passed is self.passed:
            self._choose(replace(self.choices, trial=self.preview.applied()))
            self.applied.emit()

    def undo(self) -> None:
        """Take the latest trial update back."""
        self._choose(replace(self.choices, trial=undone(self.choices.trial)))

    def adopted(self) -> Snapshot | None:
        """Weights after the trial updates, for the run to continue from; None without any."""
        if self.passed is None or not self.passed.trial.networks:
            return None
        snapshot, trial = self.passed.scene.snapshot, self.passed.trial
        note = f"after {trial.words} at step {format_count(snapshot.step)}"
        origin = None if snapshot.origin is None else replace(snapshot.origin, note=note)
        return Snapshot(snapshot.step, trial.after(snapshot.network), origin=origin)

    def now(self) -> Now:
        """Return what pages are made of, but for what `Probes` add; only when there is a pass."""
        assert self.passed is not None
        return Now(
            self.passed,
            self.step,
            self.focus,
            self.rate,
            self.target,
            self.preview,
            self.poked,
            eps=self.eps,
            reach=self.reach,
        )

    def request_preview(self) -> None:
        """Have the next update tried, for the steps that show it, unless that is known."""
        known = self.preview
        if self.passed is not None and (
            known is None or known.passed is not self.passed or known.rate != self.rate
        ):
            self._work.request_preview(self.passed, self.rate)

    def refocus(self) -> None:
        """Look again at where there is most to see, unless the user has chosen a place."""
        if self.passed is not None and not self._is_own_focus and self.focus.pinned is None:
            fresh = first_focus(self.passed)
            self._set_focus(
                replace(self.focus, channels=fresh.channels, units=fresh.units, center=fresh.center)
            )

    # -- where it is looked at -----------------------------------------------------------------------------

    def go_to(self, index: int) -> None:
        """Show another step."""
        if 0 <= index < len(self.steps) and index != self.index:
            self.index = index
            side, covered = self._sides.get(self.step, self.focus.side), self._is_covered
            focus = replace(self.focus, stage="", cell=(), weight=None, is_covered=covered, side=side)
            self.focus = focus
            self.stepChanged.emit()

    def set_covers(self, covers: bool) -> None:
        """Cover the results of this and of each later step until they are asked for; or cover none."""
        self._covers = covers
        self._set_focus(replace(self.focus, is_covered=self._is_covered))

    def hold_covered(self, held: bool) -> None:
        """Cover the results of all steps until this is taken back, whatever is chosen meanwhile."""
        if held != self._is_held:
            self._is_held = held
            self._set_focus(replace(self.focus, is_covered=self._is_covered))

    @property
    def _is_covered(self) -> bool:
        return self._covers or self._is_held

    def reveal(self) -> None:
        """Show the results of this step; or, if they are shown, cover them again."""
        if self._covers and not self._is_held:
            self._set_focus(replace(self.focus, is_covered=not self.focus.is_covered))

    def set_pinned(self, pinned: PinnedCell | None) -> None:
        """Look at a cell that was pinned, here or in another panel."""
        network = None if self.passed is None else self.passed.network
        if pinned is None or network is None or not _exists(network, pinned):
            self._set_focus(replace(self.focus, pinned=None))
            return
        stage, cell = pinned.stage, pinned.index
        if self.focus.pinned == (stage, cell):
            return
        focus = replace(self.focus, pinned=(stage, cell))
        center = center_of(network, stage, cell)
        if center is not None and stage != INPUT:
            focus = focus.with_channel(network, stage, cell[0])
        target = target_of(stage, cell)
        if center is not None and target != self.target:
            # Pinned elsewhere: go there. What was clicked here is in sight already.
            focus = replace(focus, center=center)
        self._set_focus(focus)
        self.set_target(target)

    def set_target(self, target: Target | None) -> None:
        """Poke something else."""
        if target != self.target:
            self.target = target
            self.targetChanged.emit()

    # -- results -------------------------------------------------------------------------------------------

    def take(self, passed: Pass) -> None:
        """Look at another pass; in another kind of network at its own steps and cells."""
        previous = self.passed
        self.passed = passed
        if previous is None or not _are_alike(previous.network, passed.network):
            step = self.steps[self.index] if self.steps else None
            self.steps = backward_steps(passed.network)
            self.index = _index_of(self.steps, step)
            self.focus = replace(first_focus(passed), is_covered=self._is_covered)
            self.set_target(None)
        elif not self._is_own_focus and previous.scene.sample is not passed.scene.sample:
            fresh = first_focus(passed)
            self.focus = replace(self.focus, channels=fresh.channels, units=fresh.units, center=fresh.center)

    def _on_preview_ready(self, preview: Preview) -> None:
        if preview.passed is self.passed and preview.rate == self.rate:
            self.preview = preview
            self.previewChanged.emit(preview)

    def _choose(self, choices: PassChoices) -> None:
        if choices != self.choices:
            self.choices = choices
            self.choicesChanged.emit()

    def _set_own_focus(self, focus: Focus) -> None:
        """Look where the user has chosen to look."""
        self._is_own_focus = True
        self._set_focus(focus)

    def _set_focus(self, focus: Focus) -> None:
        if focus != self.focus:
            self.focus = focus
            self.focusChanged.emit()


def pinned_of(target: Target) -> PinnedCell | None:
    """Cell that belongs to a target; None for a weight, which cannot be pinned."""
    match target:
        case PixelTarget():
            return PinnedCell(INPUT, target.index)
        case CellTarget():
            return PinnedCell(target.layer, target.index)
        case _:
            return None


def _are_alike(one: Network, other: Network) -> bool:
    """Whether what is chosen in one network is there in the other: its rule for ties does not matter."""
    if one.is_like(other):  # as almost always: the networks of one run share their layers
        return True
    return with_ties(one, TIE_RULES[0]).is_like(with_ties(other, TIE_RULES[0]))


def _exists(network: Network, pinned: PinnedCell) -> bool:
    shape = network.input_shape if pinned.stage == INPUT else network.shapes.get(pinned.stage)
    if shape is None or len(shape) != len(pinned.index):
        return False
    return all(0 <= place < side for place, side in zip(pinned.index, shape, strict=True))


def _index_of(steps: tuple[Step, ...], step: Step | None) -> int:
    """Place of the step of the same kind in another network, the first one if there is none."""
    if step is None:
        return 0
    same = [place for place, each in enumerate(steps) if (each.kind, each.layer) == (step.kind, step.layer)]
    alike = [place for place, each in enumerate(steps) if each.kind is step.kind]
    return (same or alike or [0])[0]
