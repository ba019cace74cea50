"""The panel that compares two moments."""

from collections.abc import Callable
from dataclasses import replace
from typing import override

from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Drawing, Look
from cnnviz.inspect.comparison import comparable, weight_layers
from cnnviz.snapshots import Snapshot
from ui.controls.layouts import fill
from ui.page_view import PageView
from ui.panels.compare.page import (
    Close,
    Compared,
    GoToMark,
    Mark,
    SetOwnScale,
    ShowWeights,
    largest_weight,
    page_of,
)
from ui.panels.contract import Runs
from ui.panels.provenance import HasProvenance, Provenance, moment_of
from ui.state import AppState
from ui.theme import theme_manager

#: Width of the panel, in pixels at scale 1, from which on its title and all words are shown.
_ROOM_FOR_WORDS = 760
_LEAST_HEIGHT = 136
_NOTHING = "Choose a moment on the timeline and press Mark this moment"


class ComparePanel(HasProvenance, QFrame):
    """Weights of a marked moment A, of the moment that is shown, and the difference; `hide` hides it."""

    def __init__(self, state: AppState, runs: Runs, hide: Callable[[], object]) -> None:
        super().__init__()
        self._state, self._runs, self._hide = state, runs, hide
        self.found: Compared | None = None
        self._own_scale = False
        self.setProperty("role", "bar")
        self.page = PageView(self.answer, _LEAST_HEIGHT)
        fill(QVBoxLayout(self), (self.page, 1), margins=(12, 8, 12, 6))
        for signal in (state.snapshotChanged, state.momentChanged, state.coveredChanged):
            signal.connect(self._draw)
        state.referenceChanged.connect(self._on_reference_changed)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_page()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment B, compared with the moment A."""
        found = self.found
        if found is None:
            return None
        then, now = found.then, found.now
        note = f"compared with {moment_of(then.step, then.origin, now.origin)}"
        return Provenance.of(now, note=note, choices=(found.words,))

    def figure(self, look: Look) -> Drawing:
        """The maps, for paper."""
        return self.page.figure(look)

    def answer(self, ask: Ask) -> None:
        """Do what the page asks for."""
        state, found = self._state, self.found
        match ask:
            case ShowWeights(layer, part) if found is not None:
                self.found = replace(found, layer=layer, part=part, largest=0.0)
                self._draw()
            case SetOwnScale(is_own):
                self._own_scale = is_own
                self._draw()
            case Mark():
                if state.shown is not None:
                    state.compare_with(state.shown)
            case GoToMark():
                if state.reference is not None:
                    self._runs.show_moment(state.reference.snapshot.step)
            case Close():
                self._hide()
            case _:
                raise TypeError(f"The panel does not know {ask!r}.")

    def _on_reference_changed(self) -> None:
        if self.found is not None:
            self.found = replace(self.found, largest=0.0)  # the scale begins anew, for other weights
        self._draw()

    def _draw(self) -> None:
        if not self.isVisible():
            return
        state, (then, now) = self._state, self._pair()
        found, self.found = self.found, None
        if then is not None and now is not None:
            layers = weight_layers(now.network)
            if found is None or weight_layers(found.now.network) != layers:
                found = Compared(then, now, next(iter(layers)))
            largest = max(found.largest, largest_weight(then, now, found.layer, found.part))
            is_ours = state.reference is not None and state.reference.run_id == state.run.run_id
            self.found = replace(
                found, then=then, now=now, own_scale=self._own_scale, largest=largest, is_ours=is_ours,
                is_live=state.follows_live,
            )  # fmt: skip
        self._show_page()

    def _show_page(self) -> None:
        instead = self._state.why_covered(Secret.FILTERS) or ("" if self.found is not None else _NOTHING)
        is_roomy = self.width() >= theme_manager().theme.px(_ROOM_FOR_WORDS)
        self.page.show_page(page_of(self.found, is_roomy, instead))

    def _pair(self) -> tuple[Snapshot | None, Snapshot | None]:
        """Both moments; a sensible A is asked for when there is none that fits."""
        shown, reference = self._state.shown, self._state.reference
        if shown is None:
            return None, None
        if reference is not None and comparable(reference.snapshot.network, shown.network):
            return reference.snapshot, shown
        store = self._state.history.snapshots
        # Live, the beginning is what there is most to see against.
        wanted = store[0] if self._state.follows_live and len(store) else shown
        if comparable(wanted.network, shown.network):
            # Answered by a change of the state, which draws.
            self._state.compare_with(wanted)
            return wanted, shown
        return None, None
