"""The filters of a convolution layer, as they are at the shown moment, as they began, or what has changed."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import override

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.drawing import Ask, Colors, sized
from cnnviz.drawing.kept import kept as kept_with
from cnnviz.drawing.page import Card, Choice, Page, across, down
from cnnviz.graphics.heat_map import COLORS
from cnnviz.graphics.stages import FITTING, Fitting
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_count, format_value
from cnnviz.snapshots import Snapshot
from ui.choices import Shown, one_of
from ui.page_view import PageView
from ui.panels.provenance import Provenance, ProvenancePart

_HIGHEST = 400
_KEY = replace(COLORS, size=sized(220, 17, 96, 17))
_TILES = 106  # pixels that filters and title take, whatever they say: they change with each frame
_TIP = "Weights of each filter: blue negative, white zero, red positive; all on one scale"
_TIP_OF_DIFFERENCE = "Change of each weight: blue fell, white stayed, red grew; all on one scale"
_MOMENTS = (
    ("before", "Before", "The filters when the run began, on the scale of now where that is larger"),
    ("now", "Now", "The filters at the moment that is shown"),
    ("difference", "Difference", "Now minus before, on a scale of its own: weights have no unit"),
)


@dataclass(frozen=True)
class View:
    """Layer, input channel and moment that are shown."""

    layer: str = field(default="", metadata={"shown": Shown()})
    channel: int = field(default=0, metadata={"shown": Shown()})
    moment: str = one_of("now", "", "Moment of the filters", _MOMENTS)


@dataclass(frozen=True, slots=True)
class ShowLayer(Ask):
    """Show another layer."""

    layer: str


@dataclass(frozen=True, slots=True)
class ShowChannel(Ask):
    """Show the kernels for another input channel."""

    channel: int


@dataclass(frozen=True, slots=True)
class ShowAt(Ask):
    """Show the filters at another moment, or what has changed."""

    moment: str


@dataclass(frozen=True)
class Filters:
    """The moment that is shown, the first one of its run, and what is chosen."""

    now: Snapshot
    first: Snapshot | None
    view: View

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Convolution layers."""
        return self.now.network.filter_layers

    @cached_property
    def layer(self) -> str:
        """The layer that is shown."""
        return self.view.layer if self.view.layer in self.layers else self.layers[0]

    @cached_property
    def channels(self) -> int:
        """Input channels of the layer."""
        return self.now.network.params[f"{self.layer}.weight"].shape[1]

    @property
    def channel(self) -> int:
        """The input channel that is shown."""
        return min(self.view.channel, self.channels - 1)

    @property
    def kernels(self) -> str:
        """What is shown, in words."""
        return f"{self.layer}, input {self.channel}" if self.channels > 1 else self.layer

    @property
    def title(self) -> str:
        """What they are called."""
        what = "Change of the filters" if self.view.moment == "difference" else "Filters"
        return f"{what} of {self.kernels}"

    @property
    def is_now(self) -> bool:
        """Whether nothing of the first moment is shown."""
        return self.first is None or self.view.moment == "now"

    def provenance(self) -> Provenance:
        """The first moment where that is shown, else the one shown; and which kernels are."""
        if self.first is None or self.is_now:
            return Provenance.of(self.now, choices=(self.kernels,))
        if self.view.moment == "before":
            return Provenance.of(self.first, choices=(self.kernels,))
        return Provenance.of(
            self.now, choices=(f"{self.kernels}, minus step {format_count(self.first.step)}",)
        )

    def caption(self, size: str) -> str:
        """Say what is shown, and how much weights have grown: the colours alone look alike at all moments."""
        said = "change as you watch"
        if self.first is not None:
            since = format_count(self.first.step)
            grown = signed_levels(self.weights(self.now))[1] / signed_levels(self.weights(self.first))[1]
            factor = format_value(grown, 2)
            if factor not in ("1", "1.0"):
                said = f"largest weight ×{factor}" + (f" since step {since}" if self.is_now else "")
            if not self.is_now:
                said = f"{'at' if self.view.moment == 'before' else 'now minus'} step {since}, {said}"
        return f"{size}, {said}"

    def weights(self, snapshot: Snapshot) -> FloatArray:
        """Weights of the layer at a moment, float64."""
        return np.asarray(snapshot.network.params[f"{self.layer}.weight"], dtype=np.float64)


@kept_with
def filters_page(shown: Filters) -> Page:
    """Return the filters, all on one scale, with the choices below them."""
    now = shown.weights(shown.now)
    weights, levels = now, signed_levels(now)
    if shown.first is not None and not shown.is_now:
        before = shown.weights(shown.first)
        weights = before if shown.view.moment == "before" else now - before
        levels = signed_levels(before, now) if shown.view.moment == "before" else signed_levels(weights)
    maps, colors, is_change = (
        weights[:, shown.channel],
        Colors("signed", *levels),
        shown.view.moment == "difference",
    )
    tip = _TIP_OF_DIFFERENCE if is_change else _TIP
    size = f"{len(maps)} of {maps.shape[1]} × {maps.shape[2]}"
    names, title, caption = tuple(map(str, range(len(maps)))), "Filters", shown.caption(size)
    chosen = Chosen(Tiles(maps, colors, captions=names, noun="filter", title=title, has_key=False))
    tiles = Card("filters", TILES, chosen, title, caption, f"{shown.title}\n{tip}", room=_TILES)
    lists: list[Choice] = []
    if len(shown.layers) > 1:
        layers, tip = tuple((name, name) for name in shown.layers), "Layer whose filters are shown"
        lists.append(Choice("layer", "list", "Convolution layer", ShowLayer, shown.layer, layers, tip))
    if shown.channels > 1:
        inputs = tuple((n, f"input {n}") for n in range(shown.channels))
        tip = "Input channel that the shown kernels look at"
        lists.append(Choice("channel", "list", "Input channel", ShowChannel, shown.channel, inputs, tip))
    moment = Choice("moment", "row", "Moment of the filters", ShowAt, shown.view.moment, _MOMENTS)
    below = across(Card("key", _KEY, colors), moment, room=None, gap=10)
    if not lists:
        return Page(down(tiles, below, gap=6))
    said = Fitting((((title, "strong", "text"), (caption, "small", "muted")),))
    head = across(Card("said", FITTING, said, name=f"{title}, {caption}"), *lists, room=None)
    return Page(down(head, replace(tiles, title="", room=_TILES - 21), below, gap=6))


class FiltersView(ProvenancePart, PageView):
    """Filters as small signed maps on one common scale; deeper layers show those for one input channel."""

    def __init__(self) -> None:
        super().__init__(self._choose, _HIGHEST)
        self.choices = View()
        self.shown: Filters | None = None

    def show_moment(self, now: Snapshot | None, first: Snapshot | None = None) -> None:
        """Show the filters of a moment, and how they have grown since the `first` moment of its run."""
        self._show(None if now is None else Filters(now, first, self.choices))

    def _show(self, shown: Filters | None) -> None:
        self.shown = shown
        if shown is not None and shown.layers:
            self.show_page(filters_page(shown))
            self.view("filters").setAccessibleName(shown.title)

    def _choose(self, ask: Ask) -> None:
        match ask:
            case ShowLayer(layer):
                self.choose(replace(self.choices, layer=layer, channel=0))
            case ShowChannel(channel):
                self.choose(replace(self.choices, channel=channel))
            case ShowAt(moment):
                self.choose(replace(self.choices, moment=moment))
            case _:
                raise TypeError(f"The filters do not know {ask!r}.")

    def choose(self, choices: View) -> None:
        """Show other filters, or what has become of them."""
        self.choices = choices
        self._show(self.shown and replace(self.shown, view=choices))

    @override
    def provenance(self) -> Provenance | None:
        return None if self.shown is None else self.shown.provenance()
