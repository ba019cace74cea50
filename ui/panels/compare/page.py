"""Two moments of training on a page: weights then, now, and their difference."""

import math
from dataclasses import dataclass

import numpy as np

from cnnviz.drawing import Ask, Asking, Colors, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Choice, Page, across, down
from cnnviz.graphics.texts import WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.inspect.comparison import ParameterChange, parameter_changes, weight_layers, weight_maps
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_count, format_percent, format_value
from cnnviz.snapshots import Snapshot

_MOST_CAPTIONS = 16
_FORMULA = (
    "|shown − A|: root of the sum of the squared changes of all values of a parameter; "
    "in brackets its share of |A|, the same root for the values at A"
)


class ShowWeights(Ask):
    """Compare weights of a layer: those for one input channel, or those of one unit."""

    layer: str
    part: int = 0


class SetOwnScale(Ask):
    """Give the difference a scale of its own, or that of the weights."""

    is_own: bool


class Mark(Ask):
    """Compare with the moment that is shown now."""


class GoToMark(Ask):
    """Show the marked moment."""


class Close(Ask):
    """Hide the comparison."""


@dataclass(frozen=True)
class Compared:
    """What is compared.

    * `largest`: magnitude of the last colour: of the largest weight so far, so that a film does not flicker.
    * `is_ours`: whether A is of the run that is shown; `is_live`: whether the other moment is the present.
    """

    then: Snapshot
    now: Snapshot
    layer: str
    part: int = 0
    own_scale: bool = False
    largest: float = 0.0
    is_ours: bool = True
    is_live: bool = False

    @property
    def words(self) -> str:
        """Which weights are compared."""
        return f"weights of {self.layer}" + (f", {parts[self.part]}" if len(parts := self.parts) > 1 else "")

    @property
    def parts(self) -> list[str]:
        """What the sets of weights of the layer are called."""
        network = self.now.network
        word = "input" if self.layer in network.filter_layers else "unit"
        return [f"{word} {number}" for number in range(weight_layers(network)[self.layer])]


def largest_weight(then: Snapshot, now: Snapshot, layer: str, part: int) -> float:
    """Magnitude of the largest of the weights that are shown."""
    return max(float(np.abs(weight_maps(each.network, layer, part)).max()) for each in (then, now))


def page_of(found: Compared | None, is_roomy: bool, instead: str) -> Page:
    """Choices above three sets of maps; or what is said instead of these.

    * `is_roomy`: whether there is room for all words.
    """
    if found is None or instead:
        cards = Card("instead", WORDS, Words(instead, ink="muted", align="middle"))
    else:
        cards = _cards(found)
    return Page(down(across(*_head(found, is_roomy), room=None, gap=8), cards, gap=4))


def _head(found: Compared | None, is_roomy: bool) -> list[Card[Words] | Choice]:
    title = "Compare moments" if is_roomy else ""
    head: list[Card[Words] | Choice] = [Card("title", WORDS, Words(title, "strong", align="left middle"))]
    if found is not None:
        layers = tuple((name, name) for name in weight_layers(found.now.network))
        tip = "Layer whose weights are compared"
        head.append(Choice("layer", "list", "Layer to compare", ShowWeights, found.layer, layers, tip))
        parts = tuple(enumerate(found.parts))
        if len(parts) > 1:
            tip = "Which of the layer's weights: those for one input channel, or those of one unit"
            name = "Input channel or unit to compare"
            head.append(
                Choice("part", "list", name, Asking(ShowWeights, found.layer), found.part, parts, tip)
            )
    tip = "Show a small difference in strong colours: on its own scale, which changes with it"
    is_own = found is not None and found.own_scale
    head.append(Choice("own scale", "tick", "Own scale", SetOwnScale, is_own, tip=tip))
    tip = "Show the marked moment in all panels"
    can_go = found is not None and found.is_ours and (found.is_live or found.now is not found.then)
    head.append(Choice("go", "press", "Go to A", GoToMark(), tip=tip, is_enabled=can_go))
    tip = "Compare with the moment that is shown now: it becomes A"
    title = "Mark this moment" if is_roomy else "Mark"
    head.append(Choice("mark", "press", title, Mark(), tip=tip, icon="pin"))
    head.append(Choice("close", "icon", "Close the comparison", Close(), icon="close"))
    return head


def _cards(found: Compared):
    changes = parameter_changes(found.then.network, found.now.network)
    weight = next(each for each in changes if each.name == f"{found.layer}.weight")
    earlier, live = "" if found.is_ours else " of an earlier run", ", live" if found.is_live else ""
    then, now = (f"step {format_count(each.step)}" for each in (found.then, found.now))
    told = [f"{each.name}: {_amount(each)}" for each in changes]
    told += [f"all parameters: {format_value(math.hypot(*(each.norm for each in changes)))}", "", _FORMULA]
    tip = "Shown minus A: red weights have grown, blue ones have fallen"
    return across(
        _card("then", found, "Weights at A", f"{then}{earlier}", "Weights at the marked moment A"),
        _card("now", found, "Shown", f"{now}{live}", "Weights at the moment that the timeline shows"),
        _card(
            "difference", found, "Difference", f"by {_amount(weight)}",
            "\n".join([tip, "", *told]),
        ),
    )  # fmt: skip


def _card(key: str, found: Compared, title: str, caption: str, tip: str) -> Card[Chosen]:
    return Card(key, TILES, Chosen(_tiles(found, key)), title, caption, tip, room=Share(1))


@kept
def _tiles(found: Compared, which: str) -> Tiles:
    """Maps of one moment, or the difference; all on one scale, or the difference on its own."""
    then, now = (
        weight_maps(each.network, found.layer, found.part).astype(np.float64)
        for each in (found.then, found.now)
    )
    maps = {"then": then, "now": now, "difference": now - then}[which]
    is_own = which == "difference" and found.own_scale
    levels = signed_levels(maps if is_own else np.array([found.largest]))
    captions = tuple(map(str, range(len(maps)))) if len(maps) <= _MOST_CAPTIONS else ()
    return Tiles(maps, Colors("signed", *levels), captions=captions, title="weights")


def _amount(change: ParameterChange) -> str:
    if math.isinf(change.relative):
        return f"{format_value(change.norm)} (from 0)"
    return f"{format_value(change.norm)} ({format_percent(change.relative, 0)})"
