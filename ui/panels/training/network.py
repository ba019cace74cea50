"""The network as it computes the chosen image: drawn anew while it trains."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import override

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviz.covers import Secret
from cnnviz.drawing import Ask
from cnnviz.graphics.columns import Kind
from cnnviz.graphics.flow import FLOW, ShowCell
from cnnviz.graphics.network_stages import Flow, flow_of
from cnnviz.quantities import format_count, with_article
from cnnviz.snapshots import Snapshot
from ui.choices import Choices, one_of
from ui.controls.labels import ElidedLabel
from ui.controls.layouts import fill, named
from ui.controls.tips import ABOVE
from ui.panels.provenance import HasProvenance, Provenance, ProvenanceView
from ui.panels.scene import PictureLoop, Scene, still_scene_of
from ui.state import AppState, PinnedCell
from ui.tasks import Context, TaskRunner

#: Least time between two pictures: drawing holds the interpreter, and with it training.
_PACE_MS = 160
_MOMENTS = (
    ("before", "At start", "The filters when the run began"),
    ("now", "Shown", "The filters at the moment that is shown"),
    ("difference", "Difference", "The filters shown minus those when the run began, on a scale of their own"),
)
_HINT = "Point to trace, click for the arithmetic"
_TIP = "Click a cell to have it written out in Filters & maps"
_EMPTY = "Choose an image on the left: the network and all that it computes appear here."


@dataclass(frozen=True)
class View:
    """What the filters show."""

    moment: str = one_of("now", "row", "Moment of the filters", _MOMENTS, kept="filters.moment")


@dataclass(frozen=True)
class _Filters:
    """What the filters show, and the first moment of the run, where that is needed."""

    moment: str
    first: Snapshot | None

    @property
    def title(self) -> str:
        """What they are called; "" for the weights of the moment that is shown."""
        return "" if self.first is None else "At start" if self.moment == "before" else "Change"


def _compute(scene: Scene[_Filters], _context: Context | None = None) -> Flow:
    """The network with all that it makes of the sample."""
    network, sample, shown = scene.snapshot.network, scene.sample, scene.choices
    weights = network.params if shown.first is None else shown.first.network.params
    if shown.first is not None and shown.moment == "difference":
        weights = {name: np.subtract(network.params[name], before) for name, before in weights.items()}
    what = () if sample.label is None else (with_article(scene.classes[sample.label]),)
    notes = sample.name, *what, f"at step {format_count(scene.snapshot.step)}"
    trace = network.forward(sample.pixels[None])
    return flow_of(trace, scene.classes, sample.label, weights=weights, filters=shown.title, notes=notes)


class NetworkPart(HasProvenance, QWidget):
    """The drawing of the network, in the sight of its panel, and what its filters show."""

    def __init__(
        self, state: AppState, analysis: TaskRunner, panel: QWidget, show_cells: Callable[[], object]
    ) -> None:
        super().__init__()
        self._state, self._show_cells, self._is_alone = state, show_cells, False
        self.choices = Choices(View, parent=self)
        kind, focus = ProvenanceView[Flow], Qt.FocusPolicy.StrongFocus
        self.view = kind(FLOW, "Network", _TIP, self._answer, keys_point=True, focus=focus)
        self.view.ground, self.view.placeholder, self.view.tell = "surface", _EMPTY, self.provenance
        self.view.setProperty("tip", ABOVE)  # on the hint, which it says itself
        hint, filters = ElidedLabel(_HINT, "muted"), named(QLabel("Filters"), role="muted")
        self.head = QWidget()
        fill(QHBoxLayout(self.head), (hint, 1), filters, self.choices.controls["moment"], spacing=8)
        self.view.setParent(self)  # before the head, so that Tab leads to the drawing first
        fill(QVBoxLayout(self), self.head, (self.view, 1), spacing=2)
        shows = self._scene, _compute, self._draw
        self._loop = PictureLoop(panel, state, analysis, "network", *shows, _PACE_MS)
        self.choices.changed.connect(self._loop.look)
        state.historyReset.connect(self._loop.look)
        state.coveredChanged.connect(self._on_covered)

    def present(self, alone: bool) -> None:
        """Show the filters of the moment that is shown, where there is nothing to choose another by."""
        self._is_alone = alone
        self.head.setHidden(alone)
        self._loop.look()

    @property
    def flow(self) -> Flow | None:
        return self.view.content

    @override
    def provenance(self) -> Provenance | None:
        scene = self._loop.scene
        if scene is None:
            return None
        shown, choices = scene.choices, ()
        if shown.first is not None:
            since = f"step {format_count(shown.first.step)}"
            choices = (f"filters {'of' if shown.moment == 'before' else 'minus'} {since}",)
        return Provenance.of(scene.snapshot, scene.sample, choices=choices)

    def _scene(self) -> Scene[_Filters] | None:
        moment = "now" if self._is_alone else self.choices.value.moment
        snapshots = self._state.history.snapshots
        first = snapshots[0] if moment != "now" and len(snapshots) else None
        scene = still_scene_of(self._state, _Filters(moment, first))
        if scene is not None and first is not None and not first.network.is_like(scene.snapshot.network):
            return replace(scene, choices=_Filters(moment, None))
        return scene

    def _draw(self, flow: Flow) -> None:
        why = self._state.why_covered
        hides_cells = bool(why(Secret.CELLS, Secret.ROUTE, Secret.ANSWERS))
        covered = {Kind.MAPS, Kind.EVIDENCE, Kind.UNITS} if hides_cells else set[Kind]()
        covered |= {Kind.FILTERS} if why(Secret.FILTERS) else set()
        answer, fields = bool(why(Secret.ANSWERS)), bool(why(Secret.FIELD))
        hidden = {"covered": frozenset(covered), "hides_output": answer, "hides_fields": fields}
        self.view.show_content(replace(flow, **hidden))

    def _on_covered(self) -> None:
        if self.flow is not None:
            self._draw(self.flow)

    def _answer(self, ask: Ask) -> None:
        if isinstance(ask, ShowCell):
            self._state.set_pinned(PinnedCell(ask.stage, ask.index))
            self._show_cells()
