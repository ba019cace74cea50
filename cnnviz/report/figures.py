"""The figures of a report: drawings on sheets of paper, whose lengths are points."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.drawing import PAPER, Box, Colors, Drawing, Ground, Share, to_svg
from cnnviz.drawing.page import Card, Item, Page, across, down, page_drawn
from cnnviz.graphics.columns import stage_colors
from cnnviz.graphics.curves import CURVES, Curve, Curves, Marker
from cnnviz.graphics.heat_map import COLORS, HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.route import ROUTE, Route, Routed
from cnnviz.graphics.translation import curves_of, sweep_levels, sweep_of
from cnnviz.layers.pooling import RULE_WORDS
from cnnviz.palette import STAGE_STYLES, signed_levels
from cnnviz.quantities import format_count, format_probability, with_article
from cnnviz.report.bench import Bench, dots
from cnnviz.report.blocks import Data, Figure, data
from cnnviz.routing import PoolRouting
from cnnviz.translation import OUTPUT, SweepSettings, sweep

WIDTH = 480
BAR = 10
"""Height of a key to colours."""
TITLE = 14


def sheet(height: float) -> Drawing:
    """Return an empty drawing as wide as the text."""
    return Drawing(Ground(Box(0, 0, WIDTH, height), PAPER, ratio=0))


def paged(body: Item, width: float = WIDTH) -> Drawing:
    """Draw a page, as high as it wants to be."""
    return page_drawn(Page(body), Box(0, 0, width, body.height(width, PAPER)), PAPER)


def titled(drawing: Drawing, box: Box, words: str) -> Box:
    """Write a title into a box; return what is left below it."""
    title, area = box.rows(TITLE, Share(1), gap=2)
    drawing.write(title, words, "strong")
    return area


def plain(values: FloatArray, colors: Colors) -> HeatMap:
    """Return a map without numbers and lines."""
    return HeatMap(values, colors, decimals=-1, lines=False)


def beside(height: float, maps: Mapping[str, HeatMap], count: int = 0, gap: float = 7) -> tuple[Drawing, Box]:
    """Draw maps in `count` places beside one another; return the drawing, and room for a key to colours."""
    drawing = sheet(height)
    room, bar = drawing.ground.box.rows(Share(1), BAR, gap=5)
    columns = room.columns(*[Share(1)] * (count or len(maps)), gap=gap)
    for (words, each), box in zip(maps.items(), columns, strict=False):
        drawing.place(HEAT_MAP.draw, Looked(each), titled(drawing, box, words))
    return drawing, bar


def figure(drawing: Drawing, name: str, caption: str, numbers: Data | None = None) -> Figure:
    """Return what is drawn as a figure."""
    return Figure(name, caption, to_svg(drawing, " ".join(name.split("-")).capitalize(), "pt"), data=numbers)


_LIKELIEST = 3
_SHORT_WINDOW = _FEWEST_STEPS = 20
_LABEL, _GAP = 42, 6
MOST_MAPS = 8
"""Filters and maps beyond these are left out of a figure; its caption says so."""


def curves_figure(bench: Bench) -> Figure:
    """Loss and accuracy over the steps."""
    history, log_every, end = bench.history, bench.experiment.log_every, float(max(bench.step, 1))
    smooth, short = history.loss_curve(log_every), history.loss_curve(_SHORT_WINDOW)
    steps, right = smooth.steps, history.accuracy_curve(log_every).values
    # The share of the first few steps is all or nothing, and would be a stroke along the axis.
    known = steps >= min(_FEWEST_STEPS, bench.step)
    faint = PAPER.mixed("accent", "surface", 0.6)
    tests = (0.0, bench.before), (end, bench.evaluation)
    loss = Curves(
        (
            Curve("last 20", steps, short.values, faint, width=0.8),
            Curve(f"last {format_count(log_every)}", steps, smooth.values, width=2.2),
        ),
        x_name="step",
        y_range=(0.0, float(np.nanmax([*smooth.values, bench.before.loss])) * 1.15),
        x_range=(0.0, end),
        dots=tuple((step, each.loss, "winner") for step, each in tests),
    )
    accuracy = Curves(
        (Curve(f"last {format_count(log_every)}", steps[known], right[known], width=2.2),),
        x_name="step",
        y_range=(0.0, 1.0),
        x_range=(0.0, end),
        dots=tuple((step, each.accuracy, "winner") for step, each in tests),
    )
    drawing = sheet(168)
    halves = drawing.ground.box.columns(Share(1), Share(1), gap=18)
    for box, title, plot in zip(
        halves, ("Loss: mean cross-entropy", "Accuracy: share correct"), (loss, accuracy), strict=True
    ):
        drawing.place(CURVES.draw, plot, titled(drawing, box, title))
    columns = steps.astype(int), short.values, smooth.values, right
    rows = zip(*(each.tolist() for each in columns), strict=True)
    return figure(
        drawing,
        "training-curves",
        f"Loss and accuracy over {format_count(bench.step)} training steps, each the mean of the last "
        f"{format_count(log_every)} steps (thin line: of the last 20). Dots: the test images, before and "
        "after training; they were not trained on.",
        data(("step", "loss_mean_20", f"loss_mean_{log_every}", f"accuracy_mean_{log_every}"), list(rows)),
    )


def filters_figure(bench: Bench) -> Figure:
    """The first filters before and after training, all with the same limits."""
    name = bench.network.filter_layers[0]
    before, after = (
        np.asarray(net.params[f"{name}.weight"], dtype=np.float64) for net in (bench.initial, bench.network)
    )
    count, side = min(len(before), MOST_MAPS), before.shape[-1]
    colors = Colors("signed", *signed_levels(before[:, 0], after[:, 0]))
    drawing = sheet(134)
    head, *rows, bar = drawing.ground.box.rows(TITLE, Share(1), Share(1), BAR, gap=5)
    for words, filters, row in zip(("before", "after"), (before, after), rows, strict=True):
        label, maps = row.columns(_LABEL, Share(1))
        drawing.write(label, words, "strong")
        _draw_maps(drawing, filters[:count, 0], colors, maps)
    names = head.cut(left=_LABEL).columns(*[Share(1)] * MOST_MAPS, gap=_GAP)
    for index, box in enumerate(names[:count]):
        drawing.write(box, f"filter {index}", "small", "muted")
    drawing.place(COLORS.draw, colors, bar)
    left_out = f" The first {count} of {len(before)} are shown." if count < len(before) else ""
    numbers = [
        (index, a, b, float(before[index, 0, a, b]), float(after[index, 0, a, b]))
        for index in range(len(before))
        for a in range(side)
        for b in range(side)
    ]
    return figure(
        drawing,
        "filters",
        f"Filters of {name} before and after training, drawn with the same limits: blue negative, white 0, "
        f"red positive.{left_out}",
        data(("filter", "row", "column", "before", "after"), numbers),
    )


def maps_figure(bench: Bench) -> Figure:
    """The sample, the maps of the first convolution and, if there is a pool, the pooled maps."""
    look, pools = bench.look, list(bench.network.pools)[:1]
    shown = [(name, look.trace.outputs[name][0]) for name in (look.convolution, *pools)]
    count, classes = min(len(shown[0][1]), MOST_MAPS), bench.experiment.classes
    name, sample = classes[look.label], bench.settings.sample
    drawing = sheet(152 if pools else 80)
    left, right = drawing.ground.box.columns(76, Share(1), gap=8)
    image, words = titled(drawing, left, "input").rows(60, Share(1), gap=4)
    pixels = bench.dataset.test_images[sample][0].astype(np.float64)
    drawing.place(HEAT_MAP.draw, Looked(plain(pixels, Colors("grey", 0, 255))), image)
    chances = look.trace.class_probabilities[0]
    likeliest = np.argsort(-chances, kind="stable")[:_LIKELIEST]
    said = [f"p({classes[int(k)]}) = {format_probability(float(chances[k]))}" for k in likeliest]
    for line, each in zip(words.lines(len(said) + 1, TITLE - 3), (*said, f"true class: {name}"), strict=True):
        drawing.write(line, each, "small")
    for (layer, maps), box in zip(shown, right.rows(*[Share(1)] * len(shown), gap=6), strict=True):
        colors = stage_colors(bench.network, layer, maps)
        area, bar = titled(drawing, box, f"{layer}: {' × '.join(map(format_count, maps.shape))}").rows(
            Share(1), BAR, gap=3
        )
        _draw_maps(drawing, maps[:count], colors, area)
        drawing.place(COLORS.draw, colors, bar)
    left_out = f" The first {count} of {len(shown[0][1])} maps are shown." if count < len(shown[0][1]) else ""
    return figure(
        drawing,
        "feature-maps",
        f"Test image {sample} (class {name}), its maps after "
        f"{' and after '.join(layer for layer, _ in shown)}.{left_out}",
    )


def _draw_maps(drawing: Drawing, maps: FloatArray, colors: Colors, box: Box) -> None:
    """Draw maps side by side, in columns that are the same for any number of them."""
    places = box.columns(*[Share(1)] * MOST_MAPS, gap=_GAP)
    for values, place in zip(maps, places, strict=False):
        drawing.place(HEAT_MAP.draw, Looked(plain(values, colors)), place)


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
            shown = HeatMap(values, colors, decimals=decimals, plain=True, outlines=marked, most=60)
            row.append(Card(f"{stage} {len(row)} {title}", HEAT_MAP, Looked(shown), title))
    return down(*(across(*row, gap=12) for row in cards))


def dots_figure(_: Bench) -> Figure:
    """The two 6x6 images with their convolution and max pool, with numbers."""
    return figure(
        paged(dots_page()),
        "two-images",
        "Two 6×6 images, the lower one the upper one moved down by one pixel, after the same 3×3 filter with "
        "random weights and after a 2×2 max pool. Outlined: cells that differ.",
        data(
            ("stage", "image", "row", "column", "value"),
            [
                (stage, image, i, j, float(maps[0, i, j]))
                for stage, pair in dots().compare().stages.items()
                if stage in ("pixels", "convolution", "max")
                for image, maps in enumerate((pair.original, pair.moved), start=1)
                for i, j in np.ndindex(maps.shape[1:])
            ],
        ),
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
    drawing, bar = beside(124, {words: plain(values, colors) for words, values in maps.items()})
    drawing.place(COLORS.draw, colors, bar)
    return figure(
        drawing,
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
    maps = {
        stage: replace(sweep_of(shown, stage, dxs, dys, swept.ink_lost), colors=colors) for stage in shown
    }
    drawing, bar = beside(148, {STAGE_STYLES[stage].title: each for stage, each in maps.items()}, gap=6)
    drawing.place(COLORS.draw, colors, bar)
    rows = [
        (dx, dy, *(float(each[i, j]) for each in shown.values()), float(swept.ink_lost[i, j]))
        for i, dy in enumerate(dys)
        for j, dx in enumerate(dxs)
    ]
    beyond = (
        " Outside the orange line a part of the ink has left the image, which changes the values as well."
    )
    return figure(
        drawing,
        "shift-sweep",
        f"Relative change of the features of {_image(bench)} for every shift (dx to the right, dy down). "
        f"{_RELATIVE}; pools of {_pool(bench)}; {_BACKGROUND}. Dark: nothing changed. The centre is "
        f"the image where it was.{beyond if swept.ink_lost.any() else ''}",
        data(("dx", "dy", *(f"{stage}_relative_change" for stage in shown), "ink_lost"), rows),
    )


def distance_figure(bench: Bench) -> Figure:
    """Relative change against the shift, mean and spread over many digits; from where ink is lost."""
    curves = {stage: each for stage, each in bench.curves["relative_change"].items() if stage != OUTPUT}
    ink_lost = bench.swept.ink_lost[0]
    drawing, titles = sheet(180), {stage: STAGE_STYLES[stage].title for stage in curves}
    xs = next(iter(curves.values())).distances.astype(np.float64)
    lossy = xs[ink_lost > 0]
    firsts = [side[np.abs(side).argmin()] for side in (lossy[lossy < 0], lossy[lossy > 0]) if side.size]
    markers = tuple(Marker(float(x), "ink leaves") for x in firsts)
    area = titled(drawing, drawing.ground.box, "Relative change against the shift to the right, in pixels")
    plot = curves_of(curves, titles, "max", markers, x_name="dx", bands=("convolution", "max"))
    drawing.place(CURVES.draw, plot, area)
    rows = [
        (
            int(x),
            *(float(each[i]) for curve in curves.values() for each in (curve.mean, curve.std)),
            float(ink_lost[i]),
        )
        for i, x in enumerate(xs)
    ]
    kinds = [f"{stage}_relative_change_{what}" for stage in curves for what in ("mean", "spread")]
    header = ("dx", *kinds, "ink_lost")
    beyond = " From the dotted orange lines outwards, ink of some images has left the frame."
    return figure(
        drawing,
        "change-against-shift",
        f"Relative change against the shift: mean over the first {format_count(bench.swept.digits)} test "
        f"images; bands: one standard deviation, for convolution and max pool. {_RELATIVE}; pools of "
        f"{_pool(bench)}; {_BACKGROUND}.{beyond if np.any(ink_lost) else ''}",
        data(header, rows),
    )


def _pool(bench: Bench) -> str:
    return f"{bench.pool_size} × {bench.pool_size}"


def _image(bench: Bench) -> str:
    return f"test image {bench.settings.sample}, {with_article(bench.experiment.classes[bench.look.label])}"


_MOST_MAPS = 5
"""Side by side: values, the gradient that arrives, and one map for each rule for ties."""


def routing_figure(bench: Bench, routing: PoolRouting) -> Figure:
    """The way through the lab's window, or through the one without a tie at which most gradient arrives."""
    channel, window = bench.look.channel, bench.settings.window
    clear = np.where(routing.tied[channel], 1e-3, 1.0)  # blank background is tied, and shows little
    most = np.unravel_index(int((np.abs(routing.incoming[channel]) * clear).argmax()), clear.shape)
    row, col = most if window is None else window[1:]
    names = ("Values", f"filter {channel}"), ("Arriving ∂L/∂q", ""), ("Passed on", "")
    route = Route.of(routing, routing.routes(), (channel, int(row), int(col)), names)
    drawing = sheet(176)
    drawing.place(ROUTE.draw, Routed(route), drawing.ground.box)
    cells = zip(np.ndindex(route.values.shape), route.values.flat, route.gets.flat, strict=True)
    top, left = route.corner
    return figure(
        drawing,
        "routing",
        f"Gradient through {routing.layer}, filter {channel}, window in row {row}, column {col}: its values, "
        "the gradient of the loss that arrives at the pooled cell, and where it goes "
        f"({RULE_WORDS[routing.rule]}).",
        data(
            ("row", "column", "value", "passed_on"),
            [(top + i, left + j, float(value), float(gets)) for (i, j), value, gets in cells],
        ),
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
    maps = {"values": plain(values, colors)}
    maps |= {words: plain(array, slopes) for words, array in gradients.items()}
    drawing, bar = beside(126, maps, _MOST_MAPS)
    left, right = bar.columns(170, Share(1), gap=12)
    drawing.place(COLORS.draw, slopes, left)
    # Two of 256 colours are white: those up to 1 / 127.5 of the limit on either side of 0.
    white = "White: no gradient, or less than 1/127 of the largest. The key is that of the gradients."
    drawing.write(right, white, "small", "muted")
    return figure(drawing, "gradient-maps", caption)
