"""What notebooks show of networks, images, shifts, windows and runs: pages of `cnnviz.graphics`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._validation import check_choice, check_int, shown
from cnnviz.datasets import Dataset
from cnnviz.drawing import LIGHT, Box, Colors, Drawing
from cnnviz.drawing.page import Card, Item, Page, across, down, leaves_of, page_drawn
from cnnviz.errors import ParameterError
from cnnviz.evaluation import Evaluation
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix
from cnnviz.graphics.curves import CURVES
from cnnviz.graphics.flow import FLOW
from cnnviz.graphics.network_stages import flow_of
from cnnviz.graphics.pairs import MovedImage, PairMaps, Shown
from cnnviz.graphics.probabilities import Predictions
from cnnviz.graphics.route import ROUTE, Route, Routed
from cnnviz.graphics.run_curves import Run, accuracy_plot, loss_plot
from cnnviz.graphics.texts import VALUES, WORDS, Value, Values, Words
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.graphics.translation import own_pool, pair_of, sheet, strip_of
from cnnviz.graphics.winners import WINDOW, Window, Winners
from cnnviz.history import History
from cnnviz.inspect.comparison import weight_layers, weight_maps
from cnnviz.layers.pooling import TIE_WORDS
from cnnviz.network import Network, Trace
from cnnviz.palette import STAGE_STYLES
from cnnviz.quantities import format_cell, format_count, format_percent, format_value
from cnnviz.routing import PoolRouting
from cnnviz.translation import Comparison

_WIDTH, _MARGIN = 860, 12
_CELLS = 44_000
"""Most cells of all maps in a picture: as SVG more than a megabyte, which a notebook keeps."""
_ROW = 140
"""Height of a row of maps, with title, names and the key to the colours."""
_NETWORK = 360
"""Height of a network: as many of its maps as two megabytes hold."""


@np.errstate(over="ignore", invalid="ignore")  # weights that have run away are shown as they are
def show(
    thing: object,
    picture: str = "",
    *,
    classes: Sequence[str] = (),
    sample: int = 0,
    channel: int | None = None,
    window: tuple[int, int] | None = None,
) -> Drawing:
    """Draw what the engine has computed, for a notebook.

    In a notebook these things show the first of their pictures by themselves, where a cell ends with them.

    =========================== =================== ====================================================
    thing                       picture             what it shows
    =========================== =================== ====================================================
    `Dataset`                   ``"images"``        the first test images of its classes
    `numpy.ndarray`             ``"maps"``          images, or maps: ``(h, w)`` or ``(n, h, w)``
    `Network`                   ``"layers"``        its layers, and their weights as maps
    `Trace`                     ``"network"``       an image on its way through the network
    `Comparison`                ``"translation"``   what a shift does to image, maps, winners and output
    `Comparison`                ``"window"``        one window of the max pool before and after the shift
    `PoolRouting`               ``"window"``        one pooling window: values, pooled value, gradient
    `History`                   ``"curves"``        loss and accuracy over the steps of a run
    `Evaluation`                ``"confusion"``     which classes were taken for which
    =========================== =================== ====================================================

    Parameters
    ----------
    picture : str
        Name of the picture; the first one of the thing if empty.
    classes : sequence of str
        Names of the classes, which only a data set knows. Without them they are called by their indices.
    sample : int
        Which image of a trace's batch.
    channel : int, optional
        Whose window, or winners, are shown. None means that with most to show.
    window : (int, int), optional
        Row and column of the pooling window. None means that with most to show.

    Returns
    -------
    Drawing
        A notebook shows it on a light ground. Of many maps there are the first ones, and of very large ones
        every second or third cell, so that its SVG has two megabytes at most.

    Raises
    ------
    ParameterError
        If there is no such picture of the thing, or a number is out of range.
    """
    fitting = {name: page for name, kind, page in _PICTURES if isinstance(thing, kind)}
    if not fitting:
        kinds = ", ".join(dict.fromkeys(kind.__name__ for _, kind, _ in _PICTURES))
        raise ParameterError(f"There are pictures of {kinds}. Got {shown(thing)} instead.")
    name = check_choice(picture or next(iter(fitting)), "picture", "show", fitting)
    body = fitting[name](thing, _Wanted(tuple(classes), sample, channel, window))
    width = max(_WIDTH, math.ceil(body.least(LIGHT)[0]))
    height = math.ceil(body.height(width, LIGHT))
    drawing = page_drawn(Page(body), Box(_MARGIN, _MARGIN, width, height), LIGHT)
    whole = drawing.ground._replace(box=drawing.ground.box.inset(-_MARGIN))
    cards = (leaf for leaf in leaves_of(body) if isinstance(leaf, Card))
    told = (": ".join(filter(None, (card.title, card.graphic.words(card.content)))) for card in cards)
    return Drawing(whole, drawing.marks, title="; ".join("; ".join(filter(None, told)).splitlines()))


@dataclass(frozen=True)
class _Wanted:
    """What `show` was asked for."""

    classes: tuple[str, ...]
    sample: int
    channel: int | None
    window: tuple[int, int] | None

    def names(self, count: int) -> tuple[str, ...]:
        """Names of so many classes."""
        if self.classes and len(self.classes) != count:
            raise ParameterError(
                f"The 'classes' parameter of show must name {count} classes. Got {shown(self.classes)}."
            )
        return self.classes or tuple(f"class {index}" for index in range(count))

    def place(self, strengths: NDArray[Any]) -> tuple[int, int, int]:
        """Channel, row and column that were asked for, or where there is most of a quantity (c, h, w)."""
        (channels, rows, cols), found = strengths.shape, np.nan_to_num(np.abs(strengths))
        channel, place = self.channel, self.window
        if channel is None:
            channel = int(found.sum(axis=(1, 2)).argmax())
        channel = check_int(channel, "channel", "show", 0, channels - 1)
        row, col = divmod(int(found[channel].argmax()), cols) if place is None else place
        row = check_int(row, "window", "show", 0, rows - 1)
        return channel, row, check_int(col, "window", "show", 0, cols - 1)


def _maps(title: str, maps: NDArray[Any], colors: Colors, names: Sequence[str] = (), rows: int = 1) -> Item:
    """Maps (n, h, w) side by side, of many rows `rows`: the first, thinned out where they are large."""
    count, high, wide = maps.shape
    every = math.ceil(math.sqrt(high * wide * rows / _CELLS))
    most = max(_CELLS * every**2 // (high * wide * rows), 1)
    notes = [f"the first {most} of {format_count(count)}"] if count > most else []
    notes += [f"one cell in {every} × {every}"] if every > 1 else []
    tiles = Tiles(maps[:most, ::every, ::every], colors, captions=tuple(names[:most]))
    return Card(title, TILES, Chosen(tiles), title, ", ".join(notes), room=_ROW)


def _images(data: Dataset, _: _Wanted) -> Item:
    """The first test images of each class in turn, ten in all."""
    firsts = [np.flatnonzero(data.test_labels == label)[:5] for label in range(len(data.classes))]
    order = [int(group[turn]) for turn in range(5) for group in firsts if turn < len(group)][:10]
    names = [data.classes[int(data.test_labels[index])] for index in order]
    counts = " and ".join(
        f"{format_count(len(data.part(part)[1]))} {word} images"
        for part, word in (("train", "training"), ("test", "test"))
    )
    return _maps(f"{data.name}: {counts}", data.test_images[order, 0], Colors("grey", 0, 255), names)


def _array(values: NDArray[Any], _: _Wanted) -> Item:
    """Images where they are bytes, else maps of signed values."""
    if values.ndim not in (2, 3, 4) or not values.size or values.dtype.kind not in "fiub":
        raise ParameterError(
            "show needs an array of numbers of shape (h, w), (n, h, w) or (n, c, h, w). "
            f"Got {values.dtype} of shape {values.shape} instead."
        )
    maps = values.reshape(-1, *values.shape[-2:])
    grey = maps.dtype == np.uint8
    colors = Colors("grey", 0, 255) if grey else Colors.of("signed", maps)
    return _maps(" × ".join(map(str, values.shape)), maps, colors)


def _layers(network: Network, _: _Wanted) -> Item:
    """A table of the layers, and the first set of the weights of each as maps."""

    def sides(shape: Sequence[int]) -> str:
        return " × ".join(map(format_count, shape))

    rows = [Value("input", "input", sides(network.input_shape), more=("",))]
    for name, layer in network.layers:
        count = format_count(network.count_of(name))
        rows.append(Value(name, f"{name}: {layer.title}", sides(network.shapes[name]), more=(count,)))
    rows.append(Value("all", "in all", "", more=(format_count(network.parameter_count),)))
    table = Values(tuple(rows), ("output", "parameters"), -1, names="layer")
    found, all_sets = list[Item](), weight_layers(network)
    for name, sets in all_sets.items():
        maps, is_filter = weight_maps(network, name), name in network.filter_layers
        of = ("input map 0" if is_filter else "unit 0") if sets > 1 else ""
        title = f"{name}: {'filters' if is_filter else 'weights of the maps before it'}"
        title += f", {of}" if of else ""
        found.append(_maps(title, maps, Colors.of("signed", maps), rows=len(all_sets)))
    return across(down(Card("layers", VALUES, table, room=None), room=300), down(*found))


def _traced(trace: Trace, wanted: _Wanted) -> Item:
    flow = flow_of(trace.one(wanted.sample), wanted.names(trace.class_probabilities.shape[1]))
    return down(Card("network", FLOW, flow, room=_NETWORK))


def _translation(found: Comparison, wanted: _Wanted) -> Item:
    own = own_pool(found.network, found.block)
    pool = own[0] if own is not None and own[0] in found.stages else "max"
    measured = {stage: each.measured() for stage, each in found.stages.items()}
    strip = strip_of(found.network, found, measured, found.block, pool)
    pixels = Shown(pair_of(found.stages["pixels"], is_grey=True))
    image = MovedImage(pixels, (found.dx, found.dy))
    maps = PairMaps(Shown(pair_of(found.stages[pool])))
    channel, _, _ = wanted.place(found.winners.change)
    winners = Winners(found.winners, channel)
    chances = found.original_probabilities, found.moved_probabilities
    output = Predictions(wanted.names(len(chances[0])), *chances, label=found.label)
    return sheet(strip, image, (STAGE_STYLES[pool].title, maps), winners, output)


def _window(found: Comparison, wanted: _Wanted) -> Item:
    channel, row, col = wanted.place(found.winners.change)
    window = Window(Winners(found.winners, channel), row, col)
    title = f"Filter {channel}, moved by {found.dx}, {found.dy} pixels"
    return down(across(Card("window", WINDOW, window, title, room=None), room=None))


def _routing(found: PoolRouting, wanted: _Wanted) -> Item:
    """One pooling window: its values with the winners, and the way of the gradient that arrives."""
    # Of tied windows, such as those of the background, there is less to see.
    channel, row, col = wanted.place(np.where(found.tied, 0, found.incoming))
    names = (f"Before {found.layer}", f"filter {channel}"), ("Arriving ∂L/∂q", ""), ("Gradient handed on", "")
    route = Route.of(found, found.routes(), (channel, row, col), names)
    about = f"Filter {channel}, {format_cell((row, col))}. {found.pool.about_gradient}"
    rule = found.pool.tie_rule
    if rule is not None and found.tied[channel, row, col]:
        about += f" {TIE_WORDS[rule].tied}"
    return down(Card("route", ROUTE, Routed(route), room=300), Card("about", WORDS, Words(about), room=None))


def _curves(history: History, _: _Wanted) -> Item:
    if not history.losses.size:
        return Card("curves", WORDS, Words("No step is on record yet."), room=None)
    run = Run(history)
    plots = (("Loss", loss_plot(run)), ("Accuracy", accuracy_plot(run)))
    return down(across(*(Card(title, CURVES, plot, title) for title, plot in plots), room=240))


def _confusion(found: Evaluation, wanted: _Wanted) -> Item:
    counts = found.confusion
    title = (
        f"{format_percent(found.accuracy)} of {format_count(len(found.labels))} images right, "
        f"mean loss {format_value(found.loss)}"
    )
    matrix = ConfusionMatrix(Confusion(counts, wanted.names(len(counts))))
    return Card("confusion", CONFUSION, matrix, title, room=None)


_PICTURES: tuple[tuple[str, type[Any], Callable[[Any, _Wanted], Item]], ...] = (
    ("images", Dataset, _images),
    ("maps", np.ndarray, _array),
    ("layers", Network, _layers),
    ("network", Trace, _traced),
    ("translation", Comparison, _translation),
    ("window", Comparison, _window),
    ("window", PoolRouting, _routing),
    ("curves", History, _curves),
    ("confusion", Evaluation, _confusion),
)
"""Name of a picture, what it is of, and its page; the first one of a thing is that which it shows itself."""
