"""What is chosen in the backprop panel: class, rule, trial, step, place. Views ask to change it."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from cnnviz._types import View
from cnnviz.drawing import Ask, Leave
from cnnviz.graphics.heat_map import Reveal
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.layers import TIE_RULES
from cnnviz.network import Network
from cnnviz.quantities import format_count
from cnnviz.routing import Target, with_ties
from cnnviz.snapshots import Snapshot
from ui.choices import flag, kept, maybe, read
from ui.panels.backprop import asks
from ui.panels.backprop.arithmetic import filter_weight, focus_window, formula_weight, routed_cell
from ui.panels.backprop.focus import (
    Focus,
    Now,
    PokeOutcome,
    Step,
    StepKind,
    backward_steps,
    center_of,
    first_focus,
    target_named,
)
from ui.panels.backprop.passes import Pass, PassChoices, PassScene, Preview, Trial
from ui.state import PinnedCell


@dataclass(frozen=True)
class Kept:
    """What a session keeps beside `PassChoices` and `Focus`."""

    step: str | None = maybe(str)
    step_layer: str | None = maybe(str)
    covers: bool = flag(False)
    own_focus: bool = flag(False)
    target: str | None = maybe(str, kept="target.name")
    target_index: tuple[int, ...] | None = maybe(int, 0, 10**6, kept="target.index")
    page: str | None = maybe(str, kept="side.page")


class BackpropModel(QObject):
    """Own settings of the panel, and the pass that is drawn.

    * `choicesChanged`: another pass is wanted.
    * `changed`: something else is to be shown of the same one.
    * `applied`: a trial update was taken.
    """

    choicesChanged = Signal()
    changed = Signal()
    applied = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scene: PassScene | None = None  # that the choices fit
        self.choices = PassChoices()
        self._is_own_focus = False
        self._covers = self._is_held = False
        self.passed: Pass | None = None
        self.steps: tuple[Step, ...] = ()
        self.index = 0
        self.focus = Focus()
        #: Room for cells in each step, so that it is drawn but once.
        self.sides: dict[Step, tuple[int, int]] = {}
        self.target: Target | None = None
        self._chosen: Target | None = None
        self._chosen_on: Step | None = None  # where the choice still holds, whatever window is shown
        self.preview: Preview | None = None
        self.poked: PokeOutcome | None = None
        self._checked: Target | None = None  # the weight that was checked last

    @property
    def step(self) -> Step:
        """Step that is shown; only when there is a pass."""
        return self.steps[self.index]

    # -- what the pass is computed from --------------------------------------------------------------------

    def follow(self, scene: PassScene) -> bool:
        """Leave no choice that was made for another sample or another network.

        * Returns: whether trial updates were dropped, as they no longer belong to the run.
        """
        before, self._scene = self._scene, scene
        if before is None:
            return False
        label, rule, trial = self.choices.label, self.choices.rule, self.choices.trial
        if before.sample is not scene.sample:
            label = None
        if before.snapshot.network is not scene.snapshot.network:
            trial = Trial()
            if not _are_alike(before.snapshot.network, scene.snapshot.network):
                label, rule, self._is_own_focus = None, None, False
        is_dropped = trial != self.choices.trial
        self._choose(PassChoices(label, rule, trial))
        return is_dropped

    def answer(self, ask: Ask) -> None:
        focus = self.focus
        match ask:
            case asks.PointAt(stage, cell, weight):
                self._set_focus(replace(focus, stage=stage, cell=cell, weight=weight))
            case Leave():
                self._set_focus(focus.unpointed())
            case asks.ShowFilter(stage, channel):
                assert self.passed is not None
                self._set_own_focus(focus.with_channel(self.passed.network, stage, channel))
            case asks.ShowUnit(layer, unit):
                self._set_own_focus(focus.with_unit(layer, unit))
            case asks.Enlarge(row, col):
                self._set_own_focus(replace(focus, center=(row, col), terms=1))
            case asks.Choose(name, value):
                self._set_focus(replace(focus, **{name: value}))
            case asks.SetSide(side):
                self.sides[self.step] = side
                self._set_focus(replace(focus, side=side))
            case asks.SetLabel(label):
                self._choose(replace(self.choices, label=label))
            case asks.SetRule(rule):
                self._choose(replace(self.choices, rule=rule))
            case Reveal():
                self.reveal()
            case asks.Apply():
                if self.preview is not None and self.preview.passed is self.passed:
                    self._choose(replace(self.choices, trial=self.preview.applied()))
                    self.applied.emit()
            case asks.Undo():
                self._choose(replace(self.choices, trial=self.choices.trial.undone()))

    def view_state(self, page: str) -> View:
        """Return what was chosen, by name, as a session keeps it; there must be a pass."""
        target, step = self.target if self.target in (self._chosen, self._checked) else None, self.step
        name, index = (None, None) if target is None else (target.name, target.index)
        chosen = step.kind.value, step.layer, self._covers, self._is_own_focus
        return kept(Kept(*chosen, name, index, page)) | kept(self.choices) | kept(self.focus)

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said; what is covered is for the panel to set before."""
        assert self.passed is not None
        found, passed, choices = read(Kept, view), self.passed, read(PassChoices, view)
        self.index = _index_of(self.steps, found.step, found.step_layer)
        self._is_own_focus = found.own_focus
        first = first_focus(passed, Focus(rate=self.focus.rate))
        focus = read(Focus, view, usual=first)
        self.focus = replace(
            focus,
            center=focus.center if focus.center and len(focus.center) == 2 else first.center,
            pinned=self.focus.pinned,
            is_covered=(focus.is_covered and self._covers) or self._holds,
        )
        self.set_target(target_named(found.target or "", found.target_index or (), passed.network))
        label = choices.label if choices.label is not None and choices.label < len(passed.names) else None
        rule = choices.rule if choices.rule in TIE_RULES else None
        self._choose(PassChoices(label, rule, self.choices.trial))

    def adopted(self) -> Snapshot | None:
        """Weights after the trial updates, for the run to continue from; None without any."""
        if self.passed is None or not self.passed.trial.networks:
            return None
        snapshot, trial = self.passed.scene.snapshot, self.passed.trial
        note = f"after {trial.words} at step {format_count(snapshot.step)}"
        origin = None if snapshot.origin is None else replace(snapshot.origin, note=note)
        return Snapshot(snapshot.step, trial.after(snapshot.network), origin=origin)

    def now(self) -> Now:
        """Return what pages are made of, but for what `BackpropWork` adds; only when there is a pass."""
        assert self.passed is not None
        return Now(self.passed, self.step, self.focus, self.target, self.preview, self.poked)

    def take_preview(self, preview: Preview) -> None:
        """Show what an update would do, if it is still wanted."""
        if preview.passed is self.passed and preview.rate == self.focus.rate:
            self.preview = preview
            self.changed.emit()

    def take_poked(self, poked: PokeOutcome) -> None:
        """Show what came of a poke; a weight stays the one that the update speaks of until another is."""
        self.poked = poked
        if poked.poke.target.is_parameter:
            self._checked = poked.poke.target

    def refocus(self) -> None:
        """Look again at where there is most to see, unless the user has chosen a place."""
        if self.passed is not None and self._follows:
            self._set_focus(first_focus(self.passed, self.focus))

    @property
    def _follows(self) -> bool:
        """Whether it looks where there is most to see: nobody has chosen a place, or pinned one."""
        return not self._is_own_focus and self.focus.pinned is None

    # -- where it is looked at -----------------------------------------------------------------------------

    def go_to(self, index: int) -> None:
        if 0 <= index < len(self.steps) and index != self.index:
            self.index = index
            side, covered = self.sides.get(self.step, self.focus.side), self._is_covered
            self.focus = replace(self.focus.unpointed(), is_covered=covered, side=side)
            self._aim()
            self.changed.emit()

    def set_covers(self, covers: bool) -> None:
        """Cover the results of this and of each later step until they are asked for; or cover none."""
        self._covers = covers
        self._set_focus(replace(self.focus, is_covered=self._is_covered))

    def hold_covered(self, held: bool) -> None:
        """Cover what tells of a pooling window until this is taken back, whatever is chosen meanwhile."""
        if held != self._is_held:
            self._is_held = held
            self._set_focus(replace(self.focus, is_covered=self._is_covered))

    @property
    def _holds(self) -> bool:
        """Whether the results of this step are held covered: those of the outputs tell of no window."""
        kind = self.step.kind if self.steps else None
        return self._is_held and kind not in (StepKind.OUTPUT, StepKind.LOSS, StepKind.LOGITS)

    @property
    def _is_covered(self) -> bool:
        return self._covers or self._holds

    def reveal(self) -> None:
        """Show the results of this step; or, if they are shown, cover them again."""
        if self._covers and not self._holds:
            self._set_focus(replace(self.focus, is_covered=not self.focus.is_covered))

    def set_pinned(self, pinned: PinnedCell | None) -> None:
        """Look at a cell that was pinned, here or in another panel."""
        network = None if self.passed is None else self.passed.network
        if pinned is None or network is None or target_named(pinned.stage, pinned.index, network) is None:
            if (freed := self.focus.pinned) is not None:
                self._chosen_on = None
                if self._chosen == Target(*freed):
                    self._chosen = None
            self._set_focus(replace(self.focus, pinned=None))
            return
        stage, cell = pinned.stage, pinned.index
        if self.focus.pinned == (stage, cell):
            return
        focus = replace(self.focus, pinned=(stage, cell))
        center = center_of(network, stage, cell)
        if center is not None and stage != INPUT:
            focus = focus.with_channel(network, stage, cell[0])
        target = Target(stage, cell)
        if target != self._chosen:
            # Pinned elsewhere: go there. What was clicked here is in sight already.
            self._chosen, self._chosen_on = target, None
            focus = replace(focus, center=center or focus.center)
        self._set_focus(focus)

    def set_target(self, target: Target | None) -> None:
        self._chosen, self._chosen_on = target, None if target is None else self.step
        self._set_focus(self.focus)

    def _aim(self) -> None:
        """Poke what is chosen; if that was on another step, the weight or window that this one shows."""
        passed, target = self.passed, self._chosen
        if passed is not None and self._chosen_on != self.step:
            step, focus = self.step, self.focus.unpointed()
            if step.kind is StepKind.DENSE:
                target = formula_weight(passed, step, focus)
            elif step.kind is StepKind.FILTER:
                target, seen = filter_weight(passed, step, focus), self._checked
                if seen is not None and (seen.name, seen.index[:2]) == (target.name, target.index[:2]):
                    target = seen  # though another rule or image gives another weight the largest gradient
            elif step.kind is StepKind.UPDATE:
                target = self._checked or target
            elif step.kind is StepKind.ROUTE:
                window = (focus.channel(passed.network, step.stage), *focus_window(passed, step, focus))
                in_window = (step.layer, window), (step.stage, routed_cell(passed, step, focus))
                target = Target(*(focus.pinned if focus.pinned in in_window else in_window[0]))
        self.target = target

    # -- results -------------------------------------------------------------------------------------------

    def take(self, passed: Pass) -> None:
        """Look at another pass; in another kind of network at its own steps and cells."""
        previous = self.passed
        self.passed = passed
        if previous is None or not _are_alike(previous.network, passed.network):
            before = (self.step.kind, self.step.layer) if self.steps else (None, None)
            self.steps = backward_steps(passed.network)
            self.index = _index_of(self.steps, *before)
            focus = replace(self.focus.still(), terms=1, is_covered=self._is_covered)
            self.focus = first_focus(passed, focus)
            self._chosen = self._chosen_on = self._checked = None
        elif previous.scene.sample is not passed.scene.sample and self._follows:
            self.focus = first_focus(passed, self.focus)
        self._aim()

    def _choose(self, choices: PassChoices) -> None:
        if choices != self.choices:
            self.choices = choices
            self.choicesChanged.emit()

    def _set_own_focus(self, focus: Focus) -> None:
        """Look where the user has chosen to look."""
        self._is_own_focus, self._chosen_on = True, None
        self._set_focus(focus)

    def _set_focus(self, focus: Focus) -> None:
        before, self.focus = (self.focus, self.target), focus
        self._aim()
        if (self.focus, self.target) != before:
            self.changed.emit()


def _are_alike(one: Network, other: Network) -> bool:
    """Whether what is chosen in one network is there in the other: its rule for ties does not matter."""
    if one.is_like(other):  # as almost always: the networks of one run share their layers
        return True
    return with_ties(one, TIE_RULES[0]).is_like(with_ties(other, TIE_RULES[0]))


def _index_of(steps: tuple[Step, ...], kind: str | None, layer: str | None) -> int:
    """Place of the step of a kind and a layer, or of the same kind; the first one if there is none."""
    alike = [place for place, each in enumerate(steps) if each.kind == kind]
    same = [place for place in alike if steps[place].layer == layer]
    return (same or alike or [0])[0]
