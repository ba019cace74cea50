"""The panel that compares two moments of training: their weights and the difference."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import override

import numpy as np
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout

from cnnviz.covers import Secret
from cnnviz.drawing import Ask, Asking, Colors, Drawing, Look, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Choice, Page, across, down
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.inspect.comparison import (
    ParameterChange,
    comparable,
    parameter_changes,
    weight_layers,
    weight_maps,
)
from cnnviz.quantities import format_count, format_percent, format_value
from cnnviz.snapshots import Snapshot
from ui.controls.layouts import fill
from ui.page_view import PageView
from ui.panels.contract import Runs, WindowPart
from ui.panels.provenance import Provenance, moment_of
from ui.state import AppState
from ui.theme import follow_theme

_MOST_CAPTIONS = 16
_FORMULA = (
    "Size of the change: the root of the sum of the squares of right − left, over all values of a parameter; "
    "then as a share of the size on the left"
)


class ShowWeights(Ask):
    """Compare weights of a layer: those for one input channel, or those of one unit."""

    layer: str
    part: int = 0


class Mark(Ask):
    """Compare with the moment that is shown now."""


class GoToMark(Ask):
    """Show the marked moment."""


class Close(Ask):
    """Hide the comparison."""


@dataclass(frozen=True)
class Compared:
    """What is compared.

    * `is_ours`: whether A is of the run that is shown; `is_live`: whether the other moment is the present.
    """

    then: Snapshot
    now: Snapshot
    layer: str
    part: int = 0
    is_ours: bool = True
    is_live: bool = False

    @property
    def is_back(self) -> bool:
        """Whether the moment shown comes before A; one of an earlier run comes before all of this one."""
        return self.is_ours and self.now.step < self.then.step

    @property
    def words(self) -> str:
        return f"weights of {self.layer}" + (f", {parts[self.part]}" if len(parts := self.parts) > 1 else "")

    @property
    def parts(self) -> list[str]:
        """What the sets of weights of the layer are called."""
        network = self.now.network
        word = "input" if self.layer in network.filter_layers else "unit"
        return [f"{word} {number}" for number in range(weight_layers(network)[self.layer])]


def page_of(found: Compared, is_roomy: bool, why_covered: str) -> Page:
    """Choices above three sets of maps, or why these are covered; `is_roomy`: with all words."""
    covered = Card("covered", WORDS, Words(why_covered, ink="muted", align="middle"), is_label=True)
    cards = covered if why_covered else _cards(found)
    return Page(down(across(*_head(found, is_roomy), room=None, gap=8), cards, gap=4))


def _head(found: Compared, is_roomy: bool) -> list[Card[Words] | Choice]:
    title, choices = "Weights at two moments" if is_roomy else "", list[Choice]()
    layers, parts = tuple((name, name) for name in weight_layers(found.now.network)), found.parts
    if len(parts) > 1:
        tip = "Which of the layer's weights: those for one input channel, or those of one unit"
        name, asks = "Input channel or unit to compare", Asking(ShowWeights, found.layer)
        choices.append(Choice("part", "list", name, asks, found.part, tuple(enumerate(parts)), tip))
    can_go = found.is_ours and (found.is_live or found.now is not found.then)
    tip, mark = "Layer whose weights are compared", "Compare with the moment that is shown now: it becomes A"
    return [
        Card("title", WORDS, Words(title, "strong", align="left middle")),
        Choice("layer", "list", "Layer to compare", ShowWeights, found.layer, layers, tip),
        *choices,
        Choice("go", "press", "Show A", GoToMark(), tip="Show moment A in all panels", is_enabled=can_go),
        Choice("mark", "press", "Make this moment A" if is_roomy else "Set A", Mark(), tip=mark, icon="pin"),
        Choice("close", "icon", "Close the comparison", Close(), icon="x"),
    ]


def _cards(found: Compared):
    """The earlier moment, the later one, and what has changed from one to the other."""
    first, last = (found.now, found.then) if found.is_back else (found.then, found.now)
    changes, is_back = parameter_changes(first.network, last.network), found.is_back
    weight = next(each for each in changes if each.name == f"{found.layer}.weight")
    earlier, live = "" if found.is_ours else " of an earlier run", ", live" if found.is_live else ""
    then, now = (f"step {format_count(each.step)}" for each in (found.then, found.now))
    whose = "its earlier" if is_back else "A's"
    told = [f"{each.name}: {_amount(each, whose)}" for each in changes]
    told += [f"all parameters: {format_value(math.hypot(*(each.norm for each in changes)))}", "", _FORMULA]
    tip = "\n".join(["Right minus left: red weights are larger on the right, blue ones smaller", "", *told])
    word = "Difference from" if earlier else "Change until" if is_back else "Change since"
    moments = [
        _card("then", found, "Moment A", f"{then}{earlier}", "Weights at moment A, which the timeline marks"),
        _card("now", found, "Shown", f"{now}{live}", "Weights at the moment that the timeline shows"),
    ]
    difference = _card("difference", found, f"{word} A", _amount(weight, whose), tip)
    if not weight.norm:
        why = f"these weights are the same at {then}{earlier} and at {now}"
        if found.is_ours and found.then.step == found.now.step:
            why = "A is the moment that is shown. Choose another moment on the timeline"
        same = Words(f"No change: {why}.", ink="muted", align="middle")
        difference = Card("same", WORDS, same, f"{word} A", room=Share(1))
    return across(*(moments[::-1] if is_back else moments), difference)


def _card(key: str, found: Compared, title: str, caption: str, tip: str) -> Card[Chosen]:
    return Card(key, TILES, Chosen(_tiles(found, key)), title, caption, tip, room=Share(1))


@kept
def _tiles(found: Compared, which: str) -> Tiles:
    """Maps of one moment, or the difference on a scale of its own: it would hardly be seen on theirs."""
    both = (weight_maps(each.network, found.layer, found.part) for each in (found.then, found.now))
    then, now = (each.astype(np.float64) for each in both)
    maps = {"then": then, "now": now, "difference": then - now if found.is_back else now - then}[which]
    colors = Colors.of("signed", *([maps] if which == "difference" else [then, now]))
    captions = tuple(map(str, range(len(maps)))) if len(maps) <= _MOST_CAPTIONS else ()
    return Tiles(maps, colors, captions=captions, title="weights")


def _amount(change: ParameterChange, whose: str) -> str:
    share = change.relative
    of = "from 0" if math.isinf(share) else f"{format_percent(share, 0)} of {whose} size"
    return f"{of} ({format_value(change.norm)})"


#: Width of the panel, in pixels at scale 1, from which on its title and all words are shown.
_ROOM_FOR_WORDS = 760
_LEAST_HEIGHT = 136


class ComparePanel(WindowPart):
    """Weights of a marked moment A, of the moment that is shown, and the difference; `hide` hides it."""

    def __init__(self, state: AppState, runs: Runs, hide: Callable[[], object]) -> None:
        super().__init__("bar")
        self._state, self._runs, self._hide = state, runs, hide
        self.found: Compared | None = None
        self.page = PageView(self.answer, _LEAST_HEIGHT)
        fill(QVBoxLayout(self), (self.page, 1), margins=(12, 8, 12, 6))
        moved = state.snapshotChanged, state.momentChanged
        for signal in (*moved, state.coveredChanged, state.referenceChanged):
            signal.connect(self._draw)
        follow_theme(self)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment B, compared with the moment A."""
        if (found := self.found) is None:
            return None
        then, now = found.then, found.now
        note = f"compared with {moment_of(then.step, then.origin, now.origin)}"
        return Provenance.of(now, note=note, choices=(found.words,))

    def figure(self, look: Look) -> Drawing:
        """The maps, for paper."""
        return self.page.figure(look)

    def answer(self, ask: Ask) -> None:
        state, found = self._state, self.found
        match ask:
            case ShowWeights(layer, part) if found is not None:
                self.found = replace(found, layer=layer, part=part)
                self._draw()
            case Mark() if state.shown is not None:
                state.compare_with(state.shown)
            case GoToMark() if state.reference is not None:
                self._runs.show_moment(state.reference.snapshot.step)
            case Close():
                self._hide()

    def _draw(self) -> None:
        state, now, reference, found = self._state, self._state.shown, self._state.reference, self.found
        if now is None or not self.isVisible():
            return
        if reference is None or not comparable(reference.snapshot.network, now.network):
            first = next(iter(state.history.snapshots), now)
            # Beside the beginning there is most to see of the end.
            state.compare_with(state.live if first.step == now.step and state.live else first)  # which draws
            return
        layers = weight_layers(now.network)
        if found is None or weight_layers(found.now.network) != layers:
            found = Compared(reference.snapshot, now, next(iter(layers)))
        is_ours, is_live = reference.run_id == state.run.run_id, state.follows_live
        self.found = replace(found, then=reference.snapshot, now=now, is_ours=is_ours, is_live=is_live)
        self._fit()

    @override
    def _fit(self) -> None:
        if self.found is not None:
            is_roomy = self.width() >= self._theme.px(_ROOM_FOR_WORDS)
            covered = self._state.cover_text(Secret.FILTERS)
            self.page.show_page(page_of(self.found, is_roomy, covered))
