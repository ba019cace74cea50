"""What a filter looks for: the test patches that excite it most and least, and the evidence of each class."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, override

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviz._types import View, ViewValue
from cnnviz.datasets import Dataset
from cnnviz.drawing import Ask, Asking, Box, Colors, Drawing, Look, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Choice, Item, Page, across, down, page_drawn
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.patches import PATCHES, Patches
from cnnviz.graphics.texts import DONE, WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.quantities import format_count
from cnnviz.snapshots import Snapshot
from ui.choices import choice_of, flag, maybe, one_of, read, whole
from ui.choices import kept as kept_choices
from ui.controls.layouts import fill, scaled
from ui.controls.message_bar import MessageBar
from ui.page_view import PageView
from ui.panels.feature_maps.asks import Choose
from ui.panels.feature_maps.filter_search import FilterPicture, FilterSearch
from ui.panels.provenance import HasProvenance, Provenance, ProvenancePart
from ui.tasks import TaskRunner

_LEFT, _LEAST = 216, 200
ALL, ONE = "all", "one"
_SCOPES = (
    (ALL, "All filters", "Evidence of all maps, added up cell by cell"),
    (ONE, "This filter", "Evidence of the map of the chosen filter alone"),
)


_RELATIVE = "Subtract what a blank image has there: the rest comes from the ink"


class ShowFilter(Ask):
    """Look at a filter of a convolution."""

    layer: str
    channel: int = 0


class Search(Ask):
    """Search all test images with the present weights."""


class CancelSearch(Ask):
    """Stop the search."""


@dataclass(frozen=True)
class FilterView:
    """Whose evidence of the classes is shown, and of the chosen filter what a session keeps."""

    scope: str = one_of(ALL, "row", "Filters whose evidence is shown", _SCOPES)
    is_relative: bool = flag(False, "Relative to blank", _RELATIVE, "relative")
    layer: str | None = maybe(str)
    channel: int = whole(0, 0, 10_000)

    def evidence_map(self, picture: FilterPicture) -> int | None:
        """Map that is shown; None for the sum of all."""
        return picture.own_map if self.scope == ONE else None


class _Part(ProvenancePart, PageView):
    """What was found, which may be of another moment than the page."""


class TopPatchesView(HasProvenance, QWidget):
    """Choose a filter on the left; patches and evidence of the classes are searched in the background.

    * `answer`: is told of the filter that was chosen, and of the patch to look at.
    """

    def __init__(self, background: TaskRunner, answer: Callable[[Ask], object]) -> None:
        super().__init__()
        self.search = FilterSearch(background, self)
        self.picture: FilterPicture | None = None
        self._others, self._share, self._view = answer, 0.0, FilterView()
        self.message = MessageBar(self)
        self.filter = PageView(self.answer, _LEAST, copies=True)
        self.patches, self.evidence = _Part(self.answer, _LEAST), _Part(self.answer, 120)
        self.patches.tell, self.evidence.tell = self._patches_drawn, self._evidence_drawn
        right = fill(QVBoxLayout(), (self.patches, 9), (self.evidence, 4))
        scaled(self.filter.setFixedWidth, _LEFT)
        fill(QVBoxLayout(self), self.message, (fill(QHBoxLayout(), self.filter, (right, 1), spacing=24), 1))
        self.search.changed.connect(self._draw)
        self.search.progressed.connect(self._on_progressed)
        self.search.failed.connect(self.message.show_error)
        self._draw()  # from the first on, so that its controls are found by their names

    # -- what is shown -------------------------------------------------------------------------------------

    def show_network(self, snapshot: Snapshot | None, dataset: Dataset | None) -> None:
        """Show the filters of another moment; findings of an earlier one stay, and are marked as such."""
        self.search.show(snapshot, dataset)
        self._catch_up()

    def choose(self, layer: str, channel: int) -> None:
        """Choose a filter."""
        self.search.choose(layer, channel)
        self._catch_up()

    def view_state(self) -> dict[str, ViewValue]:
        """Return the filter, and whose evidence is shown."""
        own = replace(self._view, layer=self.search.layer, channel=self.search.channel)
        return kept_choices(own, "filter.")

    def restore_view(self, view: View) -> None:
        """Choose as `view_state` said; the filter is searched anew."""
        search, found = self.search, read(FilterView, view, "filter.")
        self.choose(found.layer if found.layer in search.layers else search.layer, found.channel)
        self._show_evidence(found)

    @override
    def provenance(self) -> Provenance | None:
        """Return the moment whose filters are shown; the patches may be of another."""
        picture = self.picture
        if picture is None:
            return None
        return Provenance.of(picture.snapshot, choices=(f"{picture.layer}, filter {picture.channel}",))

    def _patches_drawn(self) -> Provenance | None:
        found = None if self.picture is None else self.picture.findings
        return None if found is None else found.provenance

    def _evidence_drawn(self) -> Provenance | None:
        found = None if self.picture is None else self.picture.averages
        if self.picture is None or found is None:
            return None
        channel, is_relative = self._view.evidence_map(self.picture), self._view.is_relative
        maps = f"{found.evidence.layer}, {'all filters' if channel is None else f'filter {channel}'}"
        scale = "relative to a blank image" if is_relative else "not relative to a blank image"
        return replace(found.provenance, choices=(maps, scale))

    def figure(self, look: Look) -> Drawing:
        """Filter, patches and evidence, for paper."""
        left = filter_page(self.picture, self.search.layers, self._share).body
        found = [replace(patches_page(self.picture).body, room=Share(9))]
        if self.picture is not None and self.picture.has_evidence:
            found.append(replace(evidence_page(self.picture, self._view).body, room=Share(4)))
        both = across(replace(left, room=_LEFT), down(*found), gap=24)
        return page_drawn(Page(both), Box(0, 0, self.width(), self.height()), look)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def _catch_up(self) -> None:
        if self.isVisible():
            if self.search.is_wanted:
                self.search.begin()
            self._draw()

    def _draw(self) -> None:
        picture = self.picture = self.search.picture()
        if picture is not None and picture.under_way:
            self.message.clear()
        self.patches.show_page(patches_page(picture))
        self._show_evidence(self._view)
        self._show_filter()

    def _show_filter(self) -> None:
        self.filter.show_page(filter_page(self.picture, self.search.layers, self._share))

    def _show_evidence(self, view: FilterView) -> None:
        self._view, has_evidence = view, self.picture is not None and self.picture.has_evidence
        self.evidence.setVisible(has_evidence)
        if self.picture is not None and has_evidence:
            self.evidence.show_page(evidence_page(self.picture, view))

    def _on_progressed(self, share: float) -> None:
        self._share = share
        self._show_filter()

    def answer(self, ask: Ask) -> None:
        """Do what the pages ask for."""
        match ask:
            case Search():
                self.search.begin()
            case CancelSearch():
                self.search.cancel()
            case Choose(name, value):
                self._show_evidence(replace(self._view, **{name: value}))
            case ShowFilter(layer, channel):
                self.choose(layer, channel)
                self._others(ask)
            case _:
                self._others(ask)


# -- pages ---------------------------------------------------------------------------------------------------


def filter_page(picture: FilterPicture | None, layers: tuple[str, ...], share: float) -> Page:
    """The filter among those of its layer, and how far its search has come: `share` of it is done."""
    items: list[Item] = []
    if picture is not None:
        kernel, filters = _filters(picture)
        tip = "Weights of the chosen filter, for its first input channel"
        of_layer = f"of {picture.layer} {kernel.notation.unit}".rstrip()
        title = f"Filter {picture.channel}"
        items.append(Card("kernel", HEAT_MAP, Looked(kernel), title, of_layer, tip, Share(11), is_live=True))
        if len(layers) > 1:
            name, tip = "Convolution layer", "Convolution layer whose filters can be chosen"
            options = tuple((each, each) for each in layers)
            items.append(Choice("layer", "list", name, ShowFilter, picture.layer, options, tip))
        title, chosen = "All filters of the layer", Chosen(filters, picture.channel)
        tip = "Click a filter to see which images excite it"
        items.append(Card("filters", TILES, chosen, title, "", tip, Share(10), is_live=True))
    if picture is not None and picture.under_way:
        cancel = Choice("cancel", "press", "Cancel", CancelSearch(), tip="Stop the search")
        doing = Card("doing", WORDS, Words(picture.under_way, ink="muted"), room=None)
        more: tuple[Item, ...] = doing, Card("progress", DONE, share, room=None, is_label=True), cancel
    else:
        title = "Search" if picture is not None and picture.findings is None else "Search again"
        tip = "Search all test images with the present weights"
        more = (Choice("search", "press", title, Search(), tip=tip, icon="refresh-cw"),)
    return Page(down(*items, *more))


@kept
def _filters(picture: FilterPicture) -> tuple[HeatMap, Tiles]:
    weights, asks = picture.weights, Asking(ShowFilter, picture.layer)
    colors = Colors.of("signed", weights)
    kernel = HeatMap(weights[picture.channel, 0], colors, is_precise=True)
    return kernel, Tiles(weights[:, 0], colors, asks, noun="filter", title="Filters")


def patches_page(picture: FilterPicture | None) -> Page:
    """The patches that were found, or why there are none."""
    found, verb, when = None if picture is None else picture.findings, "Excites", ""
    if picture is not None and found is not None and found.snapshot is not picture.snapshot:
        verb, when = "Excited", f" at step {format_count(found.snapshot.step)}"
    is_busy = picture is not None and bool(picture.under_way)
    empty = Patches((), "Searching the test images…" if is_busy else "Press Search to find the patches.")
    tip = "Parts of the test images; click one to look at its image"
    most, least = (empty, empty) if found is None else (found.patches("most"), found.patches("least"))
    count = "" if found is None else found.count
    above = Card("most", PATCHES, most, f"{verb} it most{when}", count, tip, is_live=True)
    return Page(down(above, Card("least", PATCHES, least, f"{verb} it least{when}", "", tip, is_live=True)))


def evidence_page(picture: FilterPicture, view: FilterView) -> Page:
    """Where the evidence for each class comes from, on average over its test images."""
    title, found = "Average evidence of each class", picture.averages
    if found is None:
        card: Card[Any] = Card("evidence", WORDS, Words("Appears after the patches", ink="muted"), title)
    else:
        tip = (
            "For each class, the mean over its test images of value × slope of the logit at each cell (which "
            "is the weight where one dense layer follows): where the evidence for the class comes from"
        )
        shown = Chosen(found.tiles(view.evidence_map(picture), view.is_relative))
        card = Card("evidence", TILES, shown, title, found.about, tip)
    off = () if picture.own_map is not None else (ONE,)
    scope, relative = (choice_of(view, each, Asking(Choose, each)) for each in ("scope", "is_relative"))
    return Page(across(card, down(replace(scope, off=off), relative, room=None)))
