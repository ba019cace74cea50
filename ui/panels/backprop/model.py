"""What the backprop panel looks at: pass, step, focus, trial. Views draw it and ask it to change."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnviz._types import Shape
from cnnviz.functional.max_pooling import TIE_RULES, TieRule
from cnnviz.inspect.receptive_field import INPUT, Cell
from cnnviz.network import NamedLayers, Network
from cnnviz.quantities import format_count
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, Target, with_ties
from cnnviz.session_state import ViewValue
from cnnviz.snapshots import Snapshot
from ui.panels.backprop.focus import (
    Focus,
    center_of,
    first_focus,
    target_from,
    target_of,
    target_to_view,
)
from ui.panels.backprop.passes import Pass, PassRequest, Trial
from ui.panels.backprop.steps import Step, backward_steps
from ui.panels.backprop.trial import Preview, undone
from ui.panels.backprop.work import BackpropWork
from ui.panels.views import Choices, under
from ui.state import Inspection, PinnedCell, Sample

#: Layers and shape of the input: what is chosen in a network is also there in one that agrees in them.
Signature = tuple[NamedLayers, Shape]


class BackpropModel(QObject):
    """Own settings of the panel, and the pass that is computed from them and from the application's state.

    Parameters
    ----------
    work : BackpropWork
        Computes passes and previews.
    parent : QObject, optional

    Signals
    -------
    passChanged
        Another pass is there; `passed`, perhaps `steps` and `focus`, have changed.
    stepChanged, focusChanged, targetChanged, previewChanged
    trialDropped
        The run has moved on, so that the trial updates no longer belong to it.
    """

    passChanged = Signal()
    stepChanged = Signal()
    focusChanged = Signal()
    targetChanged = Signal()
    previewChanged = Signal()
    trialDropped = Signal()

    def __init__(self, work: BackpropWork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._inspection: Inspection | None = None
        self._names: tuple[str, ...] = ()
        self._label: int | None = None
        self._rule: TieRule | None = None
        self._trial = Trial()
        self._is_own_focus = False
        self._covers = False
        self.passed: Pass | None = None
        self.steps: tuple[Step, ...] = ()
        self.index = 0
        self.focus = Focus()
        self.target: Target | None = None
        self.preview: Preview | None = None
        self.rate = 1e-4
        work.passReady.connect(self._on_pass_ready)
        work.previewReady.connect(self._on_preview_ready)

    @property
    def step(self) -> Step:
        """Step that is shown; only when there is a pass."""
        return self.steps[self.index]

    # -- what the pass is computed from --------------------------------------------------------------------

    def set_inspection(self, inspection: Inspection | None, names: tuple[str, ...]) -> None:
        """Take another moment or sample of the application."""
        if inspection is None:
            return
        previous = self._inspection
        network = inspection.snapshot.network
        if len(names) != network.classes_count:
            names = tuple(str(number) for number in range(network.classes_count))
        is_same = previous is not None and previous.snapshot is inspection.snapshot
        if previous is not None and is_same and previous.sample is inspection.sample and names == self._names:
            return
        self._inspection, self._names = inspection, names
        if previous is None or previous.sample is not inspection.sample:
            self._label = None
        if previous is not None and previous.snapshot.network is not network:
            self._drop_trial()
            if signature_of(previous.snapshot.network) != signature_of(network):
                self._label, self._rule, self._is_own_focus = None, None, False
        self._request()

    def set_label(self, label: int) -> None:
        """Differentiate for another class."""
        self._label = label
        self._request()

    def set_rule(self, rule: TieRule) -> None:
        """Use another rule for ties, in this panel only."""
        self._rule = rule
        self._request()

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
            "label": self._label,
            "rule": self._rule,
            "rate": self.rate,
            "covers": self._covers,
            "own_focus": self._is_own_focus,
            **self.focus.to_view(),
            **under("target", target_to_view(self.target)),
        }

    def restore_view(self, choices: Choices) -> bool:
        """Choose as `view_state` said; the rate and what is covered are for the panel to set before.

        Returns
        -------
        bool
            Whether another pass is on its way.
        """
        assert self.passed is not None
        kind, layer = choices.any_text("step"), choices.any_text("step_layer")
        alike = [place for place, each in enumerate(self.steps) if each.kind == kind]
        same = [place for place in alike if self.steps[place].layer == layer]
        self.index = (same or alike or [0])[0]
        self._is_own_focus = choices.flag("own_focus", False)
        self.focus = replace(first_focus(self.passed), pinned=self.focus.pinned).restored(choices)
        self.set_target(target_from(choices.below("target"), self.passed.network))
        before = self._label, self._rule
        self._label = choices.whole("label", 0, len(self._names) - 1, None)
        rule = choices.any_text("rule")
        self._rule = next((each for each in TIE_RULES if each == rule), None)
        if (self._label, self._rule) != before:
            self._request()
        return (self._label, self._rule) != before

    def apply(self) -> None:
        """Take the update that was previewed, on trial."""
        if self.preview is not None and self.preview.passed is self.passed:
            self._trial = self.preview.applied()
            self._request()

    def undo(self) -> None:
        """Take the latest trial update back."""
        if self._trial.networks:
            self._trial = undone(self._trial)
            self._request()

    def adopted(self) -> Snapshot | None:
        """Weights after the trial updates, for the run to continue from; None without any."""
        if self._inspection is None or not self._trial.networks:
            return None
        snapshot = self._inspection.snapshot
        note = f"after {self._trial.words} at step {format_count(snapshot.step)}"
        origin = None if snapshot.origin is None else replace(snapshot.origin, note=note)
        return Snapshot(snapshot.step, self._trial.networks[-1], origin=origin)

    def request_preview(self) -> None:
        """Have the next update tried, for the steps that show it."""
        if self.passed is not None:
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
            self.focus = replace(self.focus, stage="", cell=(), weight=None, is_covered=self._covers)
            self.stepChanged.emit()

    def set_covers(self, covers: bool) -> None:
        """Cover the results of this and of each later step until they are asked for; or cover none."""
        self._covers = covers
        self._set_focus(replace(self.focus, is_covered=covers))

    def reveal(self) -> None:
        """Show the results of this step; or, if they are shown, cover them again."""
        if self._covers:
            self._set_focus(replace(self.focus, is_covered=not self.focus.is_covered))

    def point(self, stage: str, cell: Cell) -> None:
        """Look at the cell under the pointer; at the pinned one again when `cell` is empty."""
        if (stage, cell) != (self.focus.stage, self.focus.cell):
            self._set_focus(replace(self.focus, stage=stage, cell=cell))

    def point_weight(self, weight: ParameterTarget | None) -> None:
        """Look at the weight under the pointer, or at none."""
        self._set_focus(replace(self.focus, weight=weight))

    def set_pinned(self, pinned: PinnedCell | None) -> None:
        """Look at a cell that was pinned, here or in another panel."""
        network = None if self.passed is None else self.passed.network
        if pinned is None or network is None or not _exists(network, pinned):
            self._set_focus(replace(self.focus, pinned=None))
            return
        stage, cell = pinned.stage, pinned.index
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

    def set_channel(self, stage: str, channel: int) -> None:
        """Look at another filter."""
        if self.passed is not None:
            self._is_own_focus = True
            self._set_focus(self.focus.with_channel(self.passed.network, stage, channel))

    def set_unit(self, layer: str, unit: int) -> None:
        """Look at another unit of a dense layer."""
        self._is_own_focus = True
        self._set_focus(self.focus.with_unit(layer, unit))

    def set_center(self, row: float, column: float) -> None:
        """Move the enlarged block: its middle as fractions of the map."""
        self._is_own_focus = True
        self._set_focus(replace(self.focus, center=(row, column)))

    def set_terms(self, terms: int) -> None:
        """Sum so many terms of the filter gradient."""
        self._set_focus(replace(self.focus, terms=terms))

    def set_contrast(self, contrast: str) -> None:
        """Route through another kind of pool."""
        self._set_focus(replace(self.focus, contrast=contrast))

    def set_parameter(self, name: str) -> None:
        """Show another parameter in the update."""
        self._set_focus(replace(self.focus, parameter=name))

    def set_target(self, target: Target | None) -> None:
        """Poke something else."""
        if target != self.target:
            self.target = target
            self.targetChanged.emit()

    # -- results -------------------------------------------------------------------------------------------

    def _request(self) -> None:
        inspection = self._inspection
        if inspection is None:
            return
        label = inspection.sample.label if self._label is None else self._label
        if label is None or label >= len(self._names):
            label = int(np.argmax(inspection.probabilities))
        self._work.request_pass(
            PassRequest(inspection.snapshot, inspection.sample, label, self._rule, self._trial, self._names)
        )

    def _on_pass_ready(self, passed: Pass) -> None:
        previous = self.passed
        self.passed = passed
        is_new = previous is None or signature_of(previous.network) != signature_of(passed.network)
        if is_new:
            step = self.steps[self.index] if self.steps else None
            self.steps = backward_steps(passed.network)
            self.index = _index_of(self.steps, step)
            self.target = None
            self.focus = replace(first_focus(passed), pinned=None, is_covered=self._covers)
        elif previous is not None and not self._is_own_focus and _sample(previous) is not _sample(passed):
            fresh = first_focus(passed)
            self.focus = replace(self.focus, channels=fresh.channels, units=fresh.units, center=fresh.center)
        self.passChanged.emit()
        if is_new:
            self.targetChanged.emit()

    def _on_preview_ready(self, preview: Preview) -> None:
        if preview.passed is self.passed and preview.rate == self.rate:
            self.preview = preview
            self.previewChanged.emit()

    def _drop_trial(self) -> None:
        if self._trial.networks:
            self._trial = Trial()
            self.trialDropped.emit()

    def _set_focus(self, focus: Focus) -> None:
        if focus != self.focus:
            self.focus = focus
            self.focusChanged.emit()


def signature_of(network: Network) -> Signature:
    """Layers with all their settings, and the input; the rule for ties and the weights do not matter."""
    return with_ties(network, TIE_RULES[0]).layers, network.input_shape


def pinned_of(target: Target) -> PinnedCell | None:
    """Cell that belongs to a target; None for a weight, which cannot be pinned."""
    match target:
        case PixelTarget():
            return PinnedCell(INPUT, target.index)
        case CellTarget():
            return PinnedCell(target.layer, target.index)
        case _:
            return None


def _sample(passed: Pass) -> Sample:
    return passed.request.sample


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
