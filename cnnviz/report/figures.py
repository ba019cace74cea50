"""The figures of a report: pages on paper, as wide as the text, whose lengths are points."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.drawing import PAPER, Box, Colors, Drawing, to_csv, to_svg
from cnnviz.drawing.page import Card, Item, Page, across, down, leaves_of, page_drawn
from cnnviz.graphics.columns import stage_colors
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker
from cnnviz.graphics.heat_map import COLORS, HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.route import ROUTE, Route, Routed
from cnnviz.graphics.run_curves import Run, accuracy_plot, loss_plot
from cnnviz.graphics.tiles import TILES, Chosen, Tiles
from cnnviz.graphics.translation import curves_of, sweep_levels, sweep_of
from cnnviz.history import EvaluationPoint, History
from cnnviz.layers.pooling import RULE_WORDS
from cnnviz.palette import STAGE_STYLES, signed_levels
from cnnviz.quantities import format_count, format_many, with_article
from cnnviz.report.bench import Bench, dots
from cnnviz.report.blocks import Figure
from cnnviz.routing import PoolRouting
from cnnviz.translation import OUTPUT, SweepSettings, sweep

WIDTH = 480
MOST_MAPS = 8
"""Filters and maps beyond these are left out of a figure; its caption says so."""


def paged(body: Item, width: float = WIDTH) -> Drawing:
    """Draw a page, as high as it wants to be."""
    return page_drawn(Page(body), Box(0, 0, width, body.height(width, PAPER)), PAPER)


def figure(body: Item, name: str, caption: str) -> Figure:
    """Return a page as a figure, with the numbers of its cards."""
    title = " ".join(name.split("-")).capitalize()
    cards = [leaf for leaf in leaves_of(body) if isinstance(leaf, Card)]
    tables = [each._replace(title=card.key) for card in cards for each in card.graphic.tables(card.content)]
    return Figure(name, caption, to_svg(paged(body), title, "pt"), csv=to_csv(tables).decode())


def plain_map(title: str, values: NDArray[Any], colors: Colors, **more: Any) -> Card[Looked]:
    """A map without numbers and lines."""
    shown = HeatMap(values, colors, decimals=-1, lines=False, **more)
    return Card(title, HEAT_MAP, Looked(shown), title)


def small_maps(key: str, maps: NDArray[Any], colors: Colors, high: float, **more: Any) -> Card[Chosen]:
    """Maps beside one another, on one scale; `more` is told to `Tiles`."""
    return Card(key, TILES, Chosen(Tiles(maps, colors, title=key or "maps", **more)), key, room=high)


def plot(curves: Sequence[Curve], x_name: str, title: str, high: float, **more: Any) -> Card[Curves]:
    """Curves over one axis."""
    return Card(title, CURVES, Curves(tuple(curves), x_name=x_name, **more), title, room=high)


def _keyed(maps: Item, colors: Colors) -> Item:
    """Maps, with the key to their colours below them."""
    return down(maps, Card("colours", COLORS, colors, room=18), gap=9)


def curves_figure(bench: Bench) -> Figure:
    """Loss and accuracy over the steps."""
    found = (0, bench.before), (bench.step, bench.evaluation)
    tests = [EvaluationPoint(step, each.loss, each.accuracy) for step, each in found]
    return history_figure(bench.history, tests, "before and after training")


def history_figure(history: History, tests: Sequence[EvaluationPoint], when: str) -> Figure:
    """Loss and accuracy of a run so far; `when` tells of the tests, which are dots."""
    run = Run(history, tested=tuple(tests))
    loss, accuracy = loss_plot(run, has_steps=False), accuracy_plot(run)
    left = down(Card("Loss", CURVES, loss, "Loss: mean cross-entropy", room=300))
    right = down(Card("Accuracy", CURVES, accuracy, "Accuracy: share correct", room=300))
    return figure(
        across(left, right),
        "training-curves",
        f"Loss and accuracy over {format_many(history.step, 'training step')}, each the mean of the last "
        f"{format_many(history.log_every, 'step')}. Diamonds: the test images, {when}; they were not "
        "trained on.",
    )


def filters_figure(bench: Bench) -> Figure:
    """The first filters before and after training, all with the same limits."""
    name = bench.network.filter_layers[0]
    before, after = (
        np.asarray(net.params[f"{name}.weight"], dtype=np.float64) for net in (bench.initial, bench.network)
    )
    count = min(len(before), MOST_MAPS)
    colors = Colors("signed", *signed_levels(before[:, 0], after[:, 0]))
    captions = tuple(f"filter {n}" for n in range(count))
    rows = [
        small_maps("Before training", before[:count, 0], colors, 90, captions=captions, has_key=False),
        small_maps("After training", after[:count, 0], colors, 110, captions=captions),
    ]
    left_out = f" The first {count} of {len(before)} are shown." if count < len(before) else ""
    return figure(
        down(*rows),
        "filters",
        f"Filters of {name} before training (above) and after it, drawn with the same limits: blue "
        f"negative, white 0, red positive.{left_out}",
    )


def maps_figure(bench: Bench) -> Figure:
    """The sample, the maps of the first convolution and, if there is a pool, the pooled maps."""
    look, pools = bench.look, list(bench.network.pools)[:1]
    shown = [(name, look.trace.outputs[name][0]) for name in (look.convolution, *pools)]
    count, classes, sample = len(shown[0][1]), bench.experiment.classes, bench.settings.sample
    pixels = bench.dataset.test_images[sample][0].astype(np.float64)
    chances = tuple(map(float, look.trace.class_probabilities[0]))
    rows = list[Item]()
    for layer, maps in shown:
        title = f"{layer}: {' × '.join(map(format_count, maps.shape))}"
        rows.append(small_maps(title, maps[:MOST_MAPS], stage_colors(bench.network, layer, maps), 160))
    answer = Card("answer", PROBABILITIES, Probabilities(classes, chances, look.label, 3), "Probabilities")
    left_out = f" The first {MOST_MAPS} of {count} maps are shown." if count > MOST_MAPS else ""
    image = plain_map("Input", pixels, Colors("grey", 0, 255), most=4)
    return figure(
        across(down(image, answer, room=140), down(*rows)),
        "feature-maps",
        f"Test image {sample} (class {classes[look.label]}), its maps after "
        f"{' and after '.join(layer for layer, _ in shown)}.{left_out}",
    )


_SWEPT = ("pixels", "convolution", "max", "average")
_RELATIVE = "Relative to a blank image"
_BACKGROUND = "background enters the frame"


def dots_page() -> Item:
    """Both 6x6 images, their convolution and their max pool, with numbers; outlined is what differs."""
    cards: list[list[Item]] = [[], []]
    pairs = dots().compare().stages
    for stage in ("pixels", "convolution", "max"):
        both = pairs[stage].original[0], pairs[stage].moved[0]
        name, decimals = ("grey", 0) if stage == "pixels" else ("signed", 3)
        colors = Colors.of(name, *both)
        marked = tuple(("winner", (row, col, 1, 1)) for row, col in np.argwhere(both[0] != both[1]).tolist())
        for row, title, values in zip(cards, (STAGE_STYLES[stage].title, ""), both, strict=True):
            wide = 1.0 if stage == "pixels" else 2.0  # for the numbers
            shown = HeatMap(values, colors, decimals=decimals, plain=True, most=60, widest=wide)
            row.append(Card(f"{stage} {len(row)} {title}", HEAT_MAP, Looked(shown, marked), title))
    # The first has the titles, too.
    return down(*(across(*row, gap=12, room=room) for row, room in zip(cards, (190, 165), strict=True)))


def dots_figure(_: Bench) -> Figure:
    """The two 6x6 images with their convolution and max pool, with numbers."""
    return figure(
        dots_page(),
        "two-images",
        "Two 6×6 images, the lower one the upper one moved down by one pixel, after the same 3×3 filter with "
        "random weights and after a 2×2 max pool. Outlined: cells that differ.",
    )


def shift_figure(bench: Bench) -> Figure:
    """Max-pooled map of the image: as it was, moved by one and by two pixels, and the differences."""
    comparisons = [bench.compared(dx, 0, bench.settings.sample) for dx in (1, 2)]
    channel = bench.look.channel
    before = comparisons[0].stages["max"].features()[0][channel]
    maps = {"not moved": before}
    for each in comparisons:
        after = each.stages["max"].features()[1][channel]
        maps |= {f"moved by {each.dx} px": after, f"difference, {each.dx} px": after - before}
    colors = Colors("signed", *signed_levels(*maps.values()))
    shown = small_maps("", np.stack([*maps.values()]), colors, 200, captions=tuple(maps), most=150)
    return figure(
        down(shown),
        "shifted-digit",
        f"Map of filter {channel} behind a max pool of {_pool(bench)}, for {_image(bench)}, for "
        f"the same moved to the right, and what changed. {_RELATIVE}; all five maps have the same limits.",
    )


def sweep_figure(bench: Bench) -> Figure:
    """Relative change over all shifts of the image: one map a stage, with the same limits."""
    sample, settings = bench.settings.sample, SweepSettings(dxs=bench.shifts, dys=bench.shifts)
    swept = sweep(
        bench.network, bench.image(sample), settings, label=bench.label(sample), progress=bench.go_on
    )
    values = swept.values["relative_change"]
    shown = {stage: values[stage] for stage in _SWEPT if stage in values}
    dxs, dys = tuple(swept.dxs.tolist()), tuple(swept.dys.tolist())
    colors = Colors("sequential", *sweep_levels(list(shown.values())))
    maps = {stage: sweep_of(shown, stage, dxs, dys, swept.ink_lost) for stage in shown}
    cards = [
        Card(stage, HEAT_MAP, Looked(replace(each, colors=colors)), STAGE_STYLES[stage].title)
        for stage, each in maps.items()
    ]
    beyond = " Outside the orange line a part of the ink has left the image, which changes the values, too."
    return figure(
        _keyed(across(*cards, gap=6), colors),
        "shift-sweep",
        f"Relative change of the features of {_image(bench)} for every shift (dx to the right, dy down). "
        f"{_RELATIVE}; pools of {_pool(bench)}; {_BACKGROUND}. Dark: nothing changed. The centre is "
        f"the image where it was.{beyond if swept.ink_lost.any() else ''}",
    )


def distance_figure(bench: Bench) -> Figure:
    """Relative change against the shift, mean and spread over many digits; from where ink is lost."""
    curves = {stage: each for stage, each in bench.curves["relative_change"].items() if stage != OUTPUT}
    ink_lost = bench.swept.ink_lost[0]
    titles = {stage: STAGE_STYLES[stage].title for stage in curves}
    xs = next(iter(curves.values())).distances.astype(np.float64)
    lossy = xs[ink_lost > 0]
    firsts = [side[np.abs(side).argmin()] for side in (lossy[lossy < 0], lossy[lossy > 0]) if side.size]
    markers = tuple(Marker(float(x), "ink can leave") for x in firsts)
    shown = curves_of(curves, titles, "max", markers, x_name="dx", bands=("convolution", "max"))
    title = "Relative change against the shift to the right, in pixels"
    beyond = " From the dotted orange lines outwards, ink of some images has left the frame."
    return figure(
        down(Card("change", CURVES, shown, title, room=320)),
        "change-against-shift",
        f"Relative change against the shift: mean over the first {format_count(bench.swept.digits)} test "
        f"images; bands: one standard deviation, for convolution and max pool. {_RELATIVE}; pools of "
        f"{_pool(bench)}; {_BACKGROUND}.{beyond if np.any(ink_lost) else ''}",
    )


def _pool(bench: Bench) -> str:
    return f"{bench.pool_size} × {bench.pool_size}"


def _image(bench: Bench) -> str:
    return f"test image {bench.settings.sample}, {with_article(bench.experiment.classes[bench.look.label])}"


def routing_figure(bench: Bench, routing: PoolRouting) -> Figure:
    """The way through the lab's window, or through the one without a tie at which most gradient arrives."""
    channel, window = bench.look.channel, bench.settings.window
    clear = np.where(routing.tied[channel], 1e-3, 1.0)  # blank background is tied, and shows little
    most = np.unravel_index(int((np.abs(routing.incoming[channel]) * clear).argmax()), clear.shape)
    row, col = most if window is None else window[1:]
    names = ("Values", f"filter {channel}"), ("Arriving ∂L/∂q", ""), ("Passed on", "")
    route = Route.of(routing, routing.routes(), (channel, int(row), int(col)), names)
    return figure(
        down(Card("route", ROUTE, Routed(route), room=320)),
        "routing",
        f"Gradient through {routing.layer}, filter {channel}, window in row {row}, column {col}: its values, "
        "the gradient of the loss that arrives at the pooled cell, and where it goes "
        f"({RULE_WORDS[routing.rule]}).",
    )


def route_maps_figure(bench: Bench, routing: PoolRouting) -> Figure:
    """The whole map of the filter: values, gradient that arrives, and gradient passed on under each rule."""
    channel = bench.look.channel
    routed = {rule: array[channel] for rule, array in routing.routed.items()}
    gradients = {"arrives": routing.incoming[channel]}
    gradients |= {f"passed on, {rule}": array for rule, array in routed.items()}
    return _beside_one_another(
        routing.values[channel],
        stage_colors(routing.network, routing.stage, routing.values),
        gradients,
        f"The same for the whole map of filter {channel}: "
        + (
            "the gradient that is passed on under each rule for ties."
            if len(routed) > 1
            else "a linear pool distributes the gradient by its weights, whatever the values are."
        ),
    )


def map_gradients_figure(bench: Bench) -> Figure:
    """The whole map of the filter in a network without a pool: values, and gradient that arrives."""
    look, channel = bench.look, bench.look.channel
    maps = look.trace.outputs[look.convolution][0]
    return _beside_one_another(
        maps[channel],
        stage_colors(bench.network, look.convolution, maps),
        {"arrives": look.map_gradients[channel]},
        f"Map of filter {channel} of {look.convolution}: its values, and the gradient of the loss at "
        "each of its cells.",
    )


def _beside_one_another(
    values: FloatArray, colors: Colors, gradients: Mapping[str, FloatArray], caption: str
) -> Figure:
    """Draw a map and gradients of its cells, or of the windows over it, with one key to their colours."""
    slopes = Colors.of("signed", *gradients.values())
    maps = [plain_map("values", values, colors, most=12)]
    maps += [plain_map(words, each, slopes, most=12) for words, each in gradients.items()]
    # Two of 256 colours are white: those up to 1 / 127.5 of the limit on either side of 0.
    white = " White: no gradient, or less than 1/127 of the largest. The key is that of the gradients."
    return figure(_keyed(across(*maps, gap=7), slopes), "gradient-maps", caption + white)
