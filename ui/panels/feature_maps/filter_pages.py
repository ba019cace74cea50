"""What a filter looks for, as pages: the patches that excite it most and least."""

from dataclasses import dataclass
from typing import Literal

from cnnviz.datasets import Dataset
from cnnviz.drawing import Ask, Asking, Colors, Share
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Choice, Item, Page, down
from cnnviz.graphics.columns import Plan
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.patches import PATCHES, Patches
from cnnviz.graphics.patches import Patch as ShownPatch
from cnnviz.graphics.texts import DONE, WORDS, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.inspect.excitation import Excitation, Patch
from cnnviz.quantities import format_cell, format_count, format_signed, format_together
from cnnviz.snapshots import Snapshot
from ui.choices import maybe, whole
from ui.state import PinnedCell


class LookAtPatch(Ask):
    """Make the image of a patch the sample, and pin the cell that responds to it."""

    image: int
    cell: PinnedCell


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
    """The chosen filter, as a session keeps it."""

    layer: str = maybe(str, usual="")
    channel: int = whole(0, 0, 10_000)


@dataclass(frozen=True, eq=False)
class Findings:
    """What was searched of one filter, in which network and in whose test images."""

    snapshot: Snapshot
    dataset: Dataset
    excitation: Excitation

    @property
    def count(self) -> str:
        """How many images were searched, in words."""
        return f"{format_count(len(self.dataset.test_labels))} test images"

    @kept
    def patches(self, kind: Literal["most", "least"]) -> Patches:
        """The patches that excite the filter most, or least."""
        data, own = self.dataset, self.excitation
        found: tuple[Patch, ...] = getattr(own, kind)
        texts = format_together([patch.value for patch in found], 3, format_signed, longest=8)
        cards = list[ShownPatch]()
        for patch, text in zip(found, texts, strict=True):
            name = data.classes[int(data.test_labels[patch.image])]
            where, response = format_cell((patch.row, patch.column)), format_signed(patch.value, 4)
            tip = f"Test image {format_count(patch.image)}, class {name}: response {response} at {where}."
            if patch.images_count > 1:  # others may hold it, too, beside a stronger one
                superlative = "strongest" if kind == "most" else "weakest"
                tip += f" Found as the {superlative} patch of {format_count(patch.images_count)} images, "
                tip += "pixel by pixel; this is the first of them."
            place = patch.rectangle
            block = (place.top, place.left, place.height, place.width)
            ask = LookAtPatch(patch.image, PinnedCell(own.layer, (own.channel, patch.row, patch.column)))
            image = data.test_images[patch.image, 0]
            cards.append(ShownPatch(patch.pixels[0], image, block, text, tip, patch.images_count, ask))
        return Patches(tuple(cards))


@dataclass(frozen=True, eq=False)
class FilterPicture:
    """A filter of the network that is shown, and what was found of it."""

    snapshot: Snapshot
    plan: Plan
    view: FilterView
    findings: Findings | None
    under_way: str


# -- pages ---------------------------------------------------------------------------------------------------


def filter_page(picture: FilterPicture | None, share: float) -> Page:
    """The filter among those of its layer, and how far its search has come: `share` of it is done."""
    items: list[Item] = []
    if picture is not None:
        (kernel, filters), view, layers = _filters(picture), picture.view, picture.plan.convolutions
        tip = "Weights of the chosen filter, for its first input channel"
        of_layer = f"of {view.layer} {kernel.notation.unit}".rstrip()
        title = f"Filter {view.channel}"
        items.append(Card("kernel", HEAT_MAP, Looked(kernel), title, of_layer, tip, Share(11), is_live=True))
        if len(layers) > 1:
            name, tip = "Convolution layer", "Convolution layer whose filters can be chosen"
            options = tuple((each, each) for each in layers)
            items.append(Choice("layer", "list", name, ShowFilter, view.layer, options, tip))
        title, chosen = "All filters of the layer", Chosen(filters, view.channel)
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
    view, asks = picture.view, Asking(ShowFilter, picture.view.layer)
    weights = picture.snapshot.network.params[f"{view.layer}.weight"]
    colors = Colors.of("signed", weights)
    kernel = HeatMap(weights[view.channel, 0], colors, is_precise=True)
    return kernel, Tiles(weights[:, 0], colors, asks, noun="filter", title="Filters")


def patches_page(picture: FilterPicture | None) -> Page:
    """The patches that were found, or why there are none."""
    found, verb, when, count = None if picture is None else picture.findings, "Excites", "", ""
    if picture is not None and found is not None:
        most, least = found.patches("most"), found.patches("least")
        count = f"of {found.count}, at most one patch each"
        if found.snapshot is not picture.snapshot:
            verb, when = "Excited", f" at step {format_count(found.snapshot.step)}"
    else:
        is_busy = picture is not None and picture.under_way
        most = least = Patches((), "Searching the test images…" if is_busy else "Press Search to find them.")
    tip = "Parts of the test images; click one to look at its image"
    above = Card("most", PATCHES, most, f"{verb} it most{when}", count, tip, is_live=True)
    below = Card("least", PATCHES, least, f"{verb} it least{when}", "", tip, is_live=True)
    return Page(down(*_key(*most.patches, *least.patches), above, below))


def _key(*shown: ShownPatch) -> list[Card[Words]]:
    """What the squares are: white all over inside a stroke, grey where no image is."""
    if not shown:
        return []
    rows, cols = shown[0].pixels.shape
    sides = (zip(each.place[:2], each.place[2:], each.image.shape, strict=True) for each in shown)
    is_beyond = any(first < 0 or first + long > side for each in sides for first, long, side in each)
    above = f"Above each image: the {rows} × {cols} pixels in its frame, enlarged"
    said = f"{above}. Inside a bright stroke they are all white{', beyond the border grey' * is_beyond}."
    return [Card("key", WORDS, Words(said, "small", "muted"), room=None)]
