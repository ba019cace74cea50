"""Pictures that explain a result, declared once: name, facts, parameters and how each is made.

A picture is a page of drawings made of one trained network and its data, and names the facts that it shows,
which the sentences of a lab file can then speak of. What a network cannot show raises `ParameterError`: the
sentence is shown in place of the picture.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cnnviz.datasets import to_input
from cnnviz.document.types import PinnedCell
from cnnviz.drawing import PAPER, Block, Colors, Share, to_svg
from cnnviz.drawing.page import Card, Column, Item, Page, Row, across, down, leaves_of
from cnnviz.errors import DataError, ParameterError
from cnnviz.graphics.columns import stage_colors
from cnnviz.graphics.confusion import CONFUSION, Confusion, ConfusionMatrix
from cnnviz.graphics.curves import Curve, Curves, Marker
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked, Outlines
from cnnviz.graphics.ledger import LEDGER, Ledger, LedgerRow
from cnnviz.graphics.probabilities import PROBABILITIES, Probabilities
from cnnviz.graphics.winners import COUNTS, WINDOW, WINNERS, Window, Winners
from cnnviz.inspect.arithmetic import explain_cell
from cnnviz.inspect.receptive_field import receptive_field, window_geometry
from cnnviz.lab.measures import (
    CELL,
    DIGITS,
    MAP,
    SAMPLE,
    SHIFT,
    STAGE,
    Fact,
    Parameter,
    Value,
    numbered,
    routing_at,
)
from cnnviz.lab.model import Answer
from cnnviz.layers.cells import ConvolutionCell
from cnnviz.palette import STAGE_STYLES
from cnnviz.quantities import format_count, format_power, format_value, shared_power, with_article
from cnnviz.report.bench import Bench, dots
from cnnviz.report.blocks import Figure
from cnnviz.report.figures import WIDTH, dots_page, paged, plain_map, plot, small_maps
from cnnviz.routing import VERDICTS, PoolRouting, Target, apply_update, poke_curve
from cnnviz.translation import POOL_KINDS, REACH, SweepSettings, WinnerChange, sweep_many

_FILTERS, _IMAGES = 8, 10  # so many are shown beside one another

# Sizes in pixels at scale 1.
_HIGH = 190  # height of a plot
_LARGE, _SMALL = 46, 9  # largest cells of parts of a map, with numbers, and of whole maps
_NUMBERED = 50  # of products: with room for two figures of any number
_TELLING = 62  # of sums of which the largest is looked for: with room for more figures
_NARROW = 124  # width of a map beside which there is to be read

# Of a picture in the report, in points: about as wide as beside the panels, or in two columns.
_WIDTH, _COLUMN = 340, 170

_GREY = Colors("grey", 0, 255)
_INPUT = Colors("grey", -0.5, 0.5)

COUNT, NUMBER, NAME, PERCENT = Fact("count"), Fact("number"), Fact("name"), Fact("percent", "%")
STEPS, NATS = Fact("count", "steps"), Fact("number", "nats")
PIXELS, CELLS = Fact("number", "pixels"), Fact("number", "cells")


@dataclass(frozen=True, slots=True)
class Case:
    """What a picture is made of."""

    bench: Bench
    measure: str  # what the prediction is compared with
    value: Value  # what was measured, None where it is not defined
    answer: Answer | None = None  # what was predicted
    cell: PinnedCell | None = None  # that which was pinned, if any


type Made = tuple[Item, dict[str, Value]]


@dataclass(frozen=True, slots=True)
class RevealPicture:
    """A picture that a lab file can ask for; `function` takes a case and the parameters."""

    name: str
    title: str
    facts: Mapping[str, Fact]
    parameters: tuple[Parameter, ...]
    function: Callable[..., Made]

    def made(self, case: Case, parameters: Mapping[str, Any]) -> tuple[Page, dict[str, Value]]:
        """Return the picture of a case, and its facts; raises `ParameterError` where there is none."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            body, facts = self.function(case, **numbered(parameters, case.bench.network))
        for name, value in facts.items():
            if value == "" or (isinstance(value, float) and not math.isfinite(value)):
                facts[name] = None
        return Page(body), facts


PICTURES: dict[str, RevealPicture] = {}
"""Every picture by name."""


def figure_of(step: str, picture: RevealPicture, page: Page) -> Figure:
    """Return a picture as a figure of the report."""
    name = "".join(sign if sign.isalnum() else "-" for sign in f"reveal-{step}")
    body, width = min(_laid_out(page.body), key=lambda each: each[0].height(each[1], PAPER))
    return Figure(name, f"{picture.title}.", to_svg(paged(body, width), picture.title, "pt"))


def _laid_out(body: Item) -> Iterator[tuple[Item, float]]:
    """Yield how a picture can stand on paper, and how wide: as beside the panels, or in two columns."""
    yield body, _WIDTH
    items = body.items if isinstance(body, Column) else ()
    if all(isinstance(each, Row) for each in items):
        return  # what stands below one another there is to be compared
    for place in range(1, len(items)):
        halves = [down(*each) for each in (items[:place], items[place:])]
        widths = [max(each.least(PAPER)[0], _COLUMN) for each in halves]
        if sum(widths) <= WIDTH - 20:
            yield across(*(replace(e, room=Share(w)) for e, w in zip(halves, widths, strict=True))), WIDTH


def _picture(
    title: str, facts: Mapping[str, Fact], *parameters: Parameter
) -> Callable[[Callable[..., Made]], Any]:
    """Declare a function as the picture of its name."""

    def declare(function: Callable[..., Made]) -> Callable[..., Made]:
        name = function.__name__.removeprefix("_").replace("_", "-")
        PICTURES[name] = RevealPicture(name, title, facts, parameters, function)
        return function

    return declare


def _map(
    title: str, values: NDArray[Any], colors: Colors, outlines: Outlines = (), **more: Any
) -> Card[Looked]:
    shown = HeatMap(values, colors, **more)
    return Card(title, HEAT_MAP, Looked(shown, outlines), title, shown.notation.unit)


_plot = partial(plot, high=_HIGH)


def _strongest(maps: NDArray[Any]) -> int:
    """The filter with the largest values of these maps (f, h, w)."""
    return int(np.abs(maps).sum(axis=(1, 2)).argmax())


def _within(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    """Values of a curve, without those beyond its axis."""
    return np.where((values >= low) & (values <= high), values, np.nan)


def _answered(case: Case, measure: str, low: float, high: float, scale: float = 1.0) -> list[Curve]:
    """What was predicted, as a level line, if it was a value of this measure."""
    if case.measure != measure or not isinstance(case.answer, float | int):
        return []
    return [Curve("you", np.array([low, high]), np.full(2, case.answer * scale), "shifted", "dashed")]


# --- the trained network ------------------------------------------------------------------------------------


@_picture(
    "How far the filters had moved at each step, relative to their initial size",
    {
        "steps": STEPS, "fast_from": COUNT, "fast_to": COUNT, "early": NATS, "late": NATS,
        "unit_before": NUMBER, "unit_after": NUMBER,
    },
)  # fmt: skip
def _way(case: Case) -> Made:
    bench = case.bench
    if len(bench.way) < 3:
        raise DataError("The steps of this run were not kept, so the way of its filters cannot be drawn.")
    name = f"{bench.network.filter_layers[0]}.weight"
    first = bench.initial.params[name]
    steps = np.array([step for step, _ in bench.way], np.float64)
    size = float(np.linalg.norm(first))
    way = np.array([float(np.linalg.norm(each - first)) / size for _, each in bench.way])
    end = float(steps[-1])
    tenths = np.linspace(0.0, end, 11)
    fastest = int(np.diff(np.interp(tenths, steps, way)).argmax())
    last = [each for each in bench.network.params if each.endswith(".weight")][-1]
    unit_before, unit_after = (
        float(np.linalg.norm(net.params[last])) for net in (bench.initial, bench.network)
    )
    lines = [Curve("filters", steps, way, width=2.2), *_answered(case, "filter_change", 0.0, end)]
    rows = [net.params[name][:_FILTERS, 0] for net in (bench.initial, bench.network)]
    colors = Colors.of("signed", *rows)
    page = down(
        _plot(lines, "step", "Change of the filters", dots=((end, float(way[-1]), "winner"),)),
        small_maps("Before training", rows[0], colors, 76, has_key=False, most=30),
        small_maps("After training", rows[1], colors, 76, has_key=False, most=30),
    )
    return page, {
        "steps": bench.step, "fast_from": 100.0 * round(tenths[fastest] / 100),
        "fast_to": 100.0 * round(tenths[fastest + 1] / 100), "unit_before": unit_before,
        "unit_after": unit_after, "early": bench.history.means_at(min(500, bench.step), 500).loss,
        "late": bench.history.means_at(bench.step, 500).loss,
    }  # fmt: skip


@_picture(
    "Share of the training images that were read correctly, each before the network learnt from it",
    {"images": COUNT, "mistakes": COUNT, "start": PERCENT, "steady": COUNT},
)
def _learning(case: Case) -> Made:
    bench, window = case.bench, 100
    curve = bench.history.accuracy_curve(window)
    if not curve.steps.size:
        raise DataError("The losses of this run were not kept, so its curve cannot be drawn.")
    known = curve.steps >= min(window, bench.step)
    steps, values = curve.steps[known], curve.values[known]
    right, seen = bench.history.totals[1:]  # of every step: the curve leaves some out
    shares = (right[window:] - right[:-window]) / (seen[window:] - seen[:-window])
    below = int(np.flatnonzero(np.append(True, shares < 0.9))[-1])
    end, result = float(max(bench.step, 1)), bench.evaluation
    low = 0.1 * math.floor(10 * min(values.min(), bench.before.accuracy))
    page = _plot(
        [Curve("last 100", steps, values, width=2.2), *_answered(case, "test_accuracy", 0.0, end, 0.01)],
        "step", "Share correct (dots: test images)", x_range=(0.0, end), y_range=(min(low, 0.8), 1.0),
        dots=((0.0, bench.before.accuracy, "winner"), (end, result.accuracy, "winner")),
    )  # fmt: skip
    return page, {
        "images": len(result.labels), "mistakes": len(result.mistakes),
        "start": 100 * bench.before.accuracy,
        "steady": window + below if below < shares.size else math.nan,
    }  # fmt: skip


@_picture(
    "The confusion matrix of the test images, and the misread images with the largest loss",
    {
        "images": COUNT, "mistakes": COUNT, "worst_class": NAME, "worst_share": PERCENT, "best_class": NAME,
        "best_share": PERCENT, "width": PIXELS, "wrong_width": PIXELS,
    },
)  # fmt: skip
def _mistakes(case: Case) -> Made:
    result, data = case.bench.evaluation, case.bench.dataset
    names, counts = data.classes, result.confusion
    wrong = 1 - np.diag(counts) / np.maximum(counts.sum(axis=1), 1)
    worst, best = int(wrong.argmax()), int(wrong.argmin())
    off = counts - np.diag(np.diag(counts))
    kinds = sorted(np.argwhere(off).tolist(), key=lambda kind: -int(off[tuple(kind)]))[:2]
    cards: list[Item] = [
        Card("confusion", CONFUSION, ConfusionMatrix(Confusion(counts, names)), "Test images")
    ]
    most = _IMAGES // max(len(kinds), 1)
    for true, taken in kinds:
        places = [n for n in result.mistakes if (result.labels[n], result.predictions[n]) == (true, taken)]
        title, chosen = f"{names[true]}, read as {names[taken]}", places[:most]
        if len(places) > most:
            title = f"{title}: {most} of {format_count(len(places))}"
        images, captions = data.test_images[chosen, 0], tuple(map(format_count, chosen))
        cards.append(small_maps(title, images, _GREY, 112, captions=captions, has_key=False, most=64))
    is_worst, widths = result.labels == worst, _ink_widths(data.test_images)
    missed = is_worst & (result.predictions != worst)
    return down(*cards), {
        "images": len(result.labels), "mistakes": len(result.mistakes),
        "worst_class": names[worst], "worst_share": 100 * float(wrong[worst]),
        "best_class": names[best], "best_share": 100 * float(wrong[best]),
        "width": float(widths[is_worst].mean()),
        "wrong_width": float(widths[missed].mean()) if missed.any() else math.nan,
    }  # fmt: skip


def _ink_widths(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Columns from the first to the last with ink (pixels of half the largest value) in each image."""
    inked = (images.max(axis=1) > 127).any(axis=1)
    first, last = inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)
    return np.where(inked.any(axis=1), last - first, 0).astype(np.float64)


@_picture(
    "The test image with the largest loss, what the network makes of it, and −ln p",
    {"image": COUNT, "true": NAME, "read": NAME, "loss": NATS, "mean": NATS},
)
def _worst(case: Case) -> Made:
    result, data = case.bench.evaluation, case.bench.dataset
    place = int(result.losses.argmax())
    chances, label = result.probabilities[place], int(result.labels[place])
    p, loss = float(chances[label]), float(result.losses[place])
    xs = np.geomspace(min(max(p / 4, 1e-6), 0.02), 1, 80)
    lines = [Curve("−ln p", xs, -np.log(xs), width=2.2)]
    markers = list[Marker]()
    if isinstance(case.answer, float | int) and xs[0] <= case.answer <= 1:
        markers.append(Marker(float(case.answer), "you", "shifted"))
    answer = Probabilities(data.classes, tuple(map(float, chances)), label, 5)
    page = down(
        across(
            plain_map(f"Test image {format_count(place)}", data.test_images[place][0], _GREY),
            Card("answer", PROBABILITIES, answer, "Probabilities"),
        ),
        _plot(lines, "p of the true class", "Loss", markers=tuple(markers), dots=((p, loss, "winner"),)),
    )
    return page, {
        "image": place, "true": data.classes[label],
        "read": data.classes[int(chances.argmax())], "loss": loss, "mean": result.loss,
    }  # fmt: skip


# --- one image through the network --------------------------------------------------------------------------


@_picture(
    "The pixels on which a pooled cell depends: the patches of its window's cells (dashed: of one) together",
    {"kernel": COUNT, "stride": COUNT, "window": COUNT, "apart": COUNT, "shared": COUNT},
    MAP, SAMPLE,
)  # fmt: skip
def _field(case: Case, stage: str, sample: int) -> Made:
    bench, pool = case.bench, case.bench.pool
    if pool is None or stage != pool:
        raise ParameterError(f"This picture is of the first pool of a network, which {stage!r} is not here.")
    layers, first, passed = dict(bench.network.layers), bench.network.filter_layers[0], bench.passed(sample)
    conv, window = window_geometry(layers[first]), window_geometry(layers[pool])
    convolved, values = passed.trace.outputs[first][0], passed.trace.outputs[pool][0]
    channel, row, column = _pinned(case.cell, pool, values, int(conv.offset < 0)) or _edge_of(values)
    maps, pooled = convolved[channel], values[channel]
    colors = stage_colors(bench.network, first, convolved)
    fields = receptive_field(bench.network, pool, (0, row, column))
    whole, patch = fields["input"].rectangle, fields[first].rectangle
    one = receptive_field(bench.network, first, (0, patch.top, patch.left))["input"].rectangle
    around = max(whole.top - 4, 0), max(whole.left - 4, 0), whole.height + 8, whole.width + 8
    page = across(
        _map(
            "Pixels", passed.x[0, 0], _INPUT, block=around, decimals=-1, has_axes=True,
            outlines=(("selected", whole), ("receptive", one)),
        ),
        _map(f"{first}, filter {channel}", maps, colors, block=patch, has_axes=True, most=_LARGE),
        _map(
            pool, pooled, stage_colors(bench.network, pool, values),
            block=(row, column, 1, 1), has_axes=True, most=_LARGE,
        ),
    )  # fmt: skip
    apart = conv.stride * window.stride
    return page, {
        "kernel": conv.size, "stride": conv.stride, "window": window.size, "apart": apart,
        "shared": max(whole.width - apart, 0),
    }  # fmt: skip


def _pinned(
    cell: PinnedCell | None, stage: str, values: NDArray[Any], cut: int
) -> tuple[int, int, int] | None:
    """The cell of a stage that the student has pinned, unless padding cuts its field, so near a border."""
    if cell is None or cell.stage != stage or len(cell.index) != values.ndim:
        return None
    channel, row, column = cell.index
    is_whole = cut <= row < values.shape[1] - cut and cut <= column < values.shape[2] - cut
    return (channel, row, column) if channel < len(values) and is_whole else None


def _edge_of(values: NDArray[Any]) -> tuple[int, int, int]:
    """A cell at an edge of the image: of the last filter, for labs ask about cells of the first."""
    far = np.abs(values[-1] - np.median(values[-1]))
    rim = int(min(far.shape) > 2)  # there is nothing else in a small map
    inner = far[rim : len(far) - rim, rim : far.shape[1] - rim]
    row, column = np.unravel_index(int(inner.argmax()), inner.shape)
    return len(values) - 1, int(row) + rim, int(column) + rim


@_picture(
    "The pixels under a pooling window, the filter, and the products that make the two largest sums",
    {
        "winners": COUNT, "largest": NUMBER, "plus": NUMBER, "minus": NUMBER, "next": NUMBER,
        "next_plus": NUMBER, "next_minus": NUMBER,
    },
    *CELL, SAMPLE,
)  # fmt: skip
def _window(case: Case, filter: int, row: int, column: int, sample: int) -> Made:
    bench = case.bench
    routing, passed = routing_at(bench, sample, (filter, row, column)), bench.passed(sample)
    if routing.winners is None:
        raise ParameterError(
            "The pool of this network has no winners: each cell of a window has a part in it."
        )
    block, marked = _outlined(routing, (filter, row, column))
    (top, left, size, _), conv = block, passed.convolution
    cells = [
        cast("ConvolutionCell", explain_cell(bench.network, passed.trace, conv, (filter, top + i, left + j)))
        for i, j in np.ndindex(size, size)
    ]
    seen = (
        sorted({int(each) for cell in cells for each in cell.rows}),
        sorted({int(each) for cell in cells for each in cell.columns}),
    )
    cells.sort(key=lambda cell: -float(cell.running[-1]))
    first, second = cells[0], cells[min(1, len(cells) - 1)]
    shown = [cell.products.sum(axis=0) for cell in (first, second)]
    patch = int(first.rows[0]), int(first.columns[0]), len(first.rows), len(first.columns)
    convolved, kernel = passed.trace.outputs[conv][0], first.kernel.sum(axis=0)
    kernels = bench.network.params[f"{conv}.weight"].sum(axis=1)
    (plus, minus), (next_plus, next_minus) = signs = [
        (float(cell.products.clip(min=0).sum()), float(cell.products.clip(max=0).sum()))
        for cell in (first, second)
    ]
    part = partial(LedgerRow, adds=True)
    sums = [
        (part("> 0", more), part("< 0", less), LedgerRow("sum", more + less, is_total=True))
        for more, less in signs
    ]
    colors, wide = Colors.of("signed", *shown), float(_NUMBERED * kernel.shape[1])
    page = down(
        _map(
            "Pixels", passed.x[0, 0], _INPUT, has_axes=True, outlines=(("winner", patch),),
            block=(seen[0][0], seen[1][0], len(seen[0]), len(seen[1])), most=_LARGE,
        ),
        across(
            _map(f"Filter {filter}", kernel, Colors.of("signed", kernels), most=_LARGE),
            _map(
                "Sums", convolved[filter], stage_colors(bench.network, conv, convolved),
                outlines=marked, has_axes=True, block=block, most=_TELLING, window=routing.pool.step,
            ),
        ),
        *(
            across(
                replace(_map(title, each, colors, most=_NUMBERED, beside=other), room=wide),
                Card(f"sum {title}", LEDGER, Ledger(*rows), room=_NARROW), gap=12,
            )
            for title, each, other, rows in (
                ("Products, winner", *shown, sums), ("Products, next", *shown[::-1], sums[::-1]),
            )
        ),
    )  # fmt: skip
    return page, {
        "winners": len(marked), "largest": float(first.running[-1]), "plus": plus, "minus": minus,
        "next": float(second.running[-1]), "next_plus": next_plus, "next_minus": next_minus,
    }  # fmt: skip


def _outlined(routing: PoolRouting, window: tuple[int, int, int]) -> tuple[Block, Outlines]:
    """A window, and outlines of its cells that hold the maximum; none in a pool without winners."""
    winners = () if routing.winners is None else np.argwhere(routing.winners[window]).tolist()
    (top, left), size = (place * routing.pool.step for place in window[1:]), routing.pool.size
    return (top, left, size, size), tuple(("winner", (top + i, left + j, 1, 1)) for i, j in winners)


@_picture(
    "The values of a pooling window, and which part of its gradient each cell gets under each rule",
    {"winners": COUNT, "times": NUMBER, "rule": NAME, "contrast": NUMBER, "pixel": NUMBER},
    *CELL, SAMPLE,
)  # fmt: skip
def _routes(case: Case, filter: int, row: int, column: int, sample: int) -> Made:
    bench, window = case.bench, (filter, row, column)
    routing, passed = routing_at(bench, sample, window), bench.passed(sample)
    (block, marked), values = _outlined(routing, window), routing.values[filter]
    alone = np.zeros_like(routing.incoming)  # where windows overlap a cell gets gradient of others, too
    alone[window] = 1
    rules: list[Any] = [rule for rule in routing.routed if routing.winners is not None] or [None]
    shares: dict[Any, NDArray[Any]] = {
        rule: routing.routes(rule).delivered(alone, routing.values.shape)[filter] for rule in rules
    }
    own: Any = None if None in shares else routing.rule
    if all(np.array_equal(each, shares[own]) for each in shares.values()):  # without a tie there is no rule
        shares, own = {None: shares[own]}, None
    colors = Colors("signed", -1.0, 1.0)
    page = down(
        _map(
            f"Values of the window, filter {filter}", values,
            stage_colors(bench.network, routing.stage, routing.values),
            block=block, outlines=marked, has_axes=True, most=_TELLING, window=routing.pool.step,
        ),
        across(*(
            _map(
                f"Share, rule “{rule}”" if rule else "Share of the gradient", each, colors,
                block=block, outlines=marked, decimals=2, plain=True, most=_LARGE,
            )
            for rule, each in shares.items()
        )),
    )  # fmt: skip
    field = receptive_field(bench.network, routing.layer, window)["input"]
    pixels = passed.x[0][np.ix_(range(passed.x.shape[1]), field.rows, field.columns)]
    return page, {
        "winners": len(marked), "rule": routing.rule,
        "times": float(shares[own].sum()),
        "contrast": float(pixels.max() - pixels.min()), "pixel": float(pixels.max()),
    }  # fmt: skip


# --- what moves when the image moves ------------------------------------------------------------------------


@_picture(
    "Two small images, their maps and their pooled maps; cells that differ are outlined",
    {"cells": COUNT, "windows": COUNT, "swapped": COUNT},
)
def _dots(_: Case) -> Made:
    pair = dots().compare().stages["convolution"]
    sets = [
        np.sort(each[0].reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4), axis=1)
        for each in (pair.original, pair.moved)
    ]
    cards = list(leaves_of(dots_page()))
    pairs = zip(cards[:3], (replace(each, title="One row lower") for each in cards[3:]), strict=True)
    return down(*(across(*pair, gap=12, room=150) for pair in pairs)), {
        "cells": int(np.count_nonzero(pair.original != pair.moved)), "windows": 4,
        "swapped": int((sets[0] == sets[1]).all(axis=1).sum()),
    }  # fmt: skip


@_picture(
    "What a shift does to the windows of a max pool, and one window in which another cell wins",
    {"convolution": NUMBER, "pooled": NUMBER, "changed": PERCENT, "blank": PERCENT},
    *SHIFT, SAMPLE,
)  # fmt: skip
def _winner_changes(case: Case, dx: int, dy: int, sample: int) -> Made:
    found = case.bench.compared(dx, dy, sample)
    winners = found.winners
    changed = winners.category == WinnerChange.CHANGED
    other = changed & ~winners.tied & (winners.original_winner != winners.moved_winner)
    sizes = np.where(other, np.abs(winners.change), -1.0)
    channel = int(sizes.max(axis=(1, 2)).argmax())
    row, column = (int(each) for each in np.unravel_index(int(sizes[channel].argmax()), sizes[0].shape))
    shown = Winners(winners, channel)
    title = f"Windows, filter {channel}"
    page: Item = across(
        Card("winners", WINNERS, shown, title, room=_NARROW), Card("counts", COUNTS, shown, "Of this filter")
    )
    if other[channel].any():
        page = down(page, Card("window", WINDOW, Window(shown, row, column), "A window with another winner"))
    size = winners.size
    pair = found.stages.get("activation", found.stages["convolution"])
    same = (pair.original == pair.blank) & (pair.moved == pair.blank)
    rows, cols = (side * size for side in changed.shape[1:])
    blank = same[:, :rows, :cols].reshape(len(same), -1, size, cols // size, size).all(axis=(2, 4))
    changes = {stage: each.measured()["relative_change"] for stage, each in found.stages.items()}
    return page, {
        "convolution": changes["convolution"], "pooled": changes["max"],
        "changed": 100 * float(changed.mean()),
        "blank": 100 * float(blank[~changed].mean()) if not changed.all() else math.nan,
    }  # fmt: skip


@_picture(
    "A map moved along with the image, the map of the moved image, and the difference that is left",
    {"cells": CELLS},
    STAGE, *SHIFT, SAMPLE,
)  # fmt: skip
def _moved_along(case: Case, stage: str, dx: int, dy: int, sample: int) -> Made:
    pair = case.bench.compared(dx, dy, sample).stages.get(stage)
    if pair is None:
        raise ParameterError(
            f"This network has no stage {STAGE_STYLES[stage].title.lower()} that could move."
        )
    channel = _strongest(pair.original - pair.blank)
    before, after = pair.expected()[channel], pair.features()[1][channel]
    outside = ~pair.interior
    left = np.where(outside, 0, after - before)
    maps = {
        f"Filter {channel}, moved along": before, "After the shift": after,
        "Difference" if left.any() else "Difference: 0 in each cell": left,
    }  # fmt: skip
    cards = [
        plain_map(title, each, Colors.of("signed", before), blank=outside, most=_SMALL)
        for title, each in maps.items()
    ]
    return across(*cards), {"cells": math.hypot(dx, dy) / pair.grid.columns.stride}


@_picture(
    "What the same shift changes in the map of one filter behind four kinds of pool",
    {**dict.fromkeys(POOL_KINDS, NUMBER), "most": NAME},
    *SHIFT, SAMPLE,
)  # fmt: skip
def _pools(case: Case, dx: int, dy: int, sample: int) -> Made:
    stages = case.bench.compared(dx, dy, sample).stages
    changes = {kind: stages[kind].measured()["relative_change"] for kind in POOL_KINDS}
    channel = _strongest(stages["max"].features()[0])
    differences = {kind: np.subtract(*stages[kind].features()[::-1])[channel] for kind in POOL_KINDS}
    colors = Colors.of("signed", *differences.values())
    cards = [
        plain_map(f"{STAGE_STYLES[kind].short}, filter {channel}", each, colors)
        for kind, each in differences.items()
    ]
    most = max(changes, key=lambda kind: changes[kind])
    return down(across(*cards[:2]), across(*cards[2:])), {**changes, "most": most}


@_picture(
    "Share of the first test images whose class changes, against the shift to the right, class by class",
    {"most_class": NAME, "most_share": PERCENT, "least_class": NAME, "least_share": PERCENT, "cells": COUNT},
    *SHIFT, DIGITS,
)  # fmt: skip
def _flips(case: Case, dx: int, dy: int, digits: int) -> Made:
    bench, data = case.bench, case.bench.dataset
    labels = data.test_labels[:digits]
    reach = max(8, abs(dx))
    settings = SweepSettings(dxs=range(-reach, reach + 1), dys=(dy,), measures=("decision_flip",))
    curves, shares = dict[str, Curve](), dict[str, float]()
    styles = "solid", "dashed", "dotted", "dash-dot"
    for place, name in enumerate(data.classes):
        chosen = np.flatnonzero(labels == place)
        if not chosen.size:
            continue
        swept = sweep_many(
            bench.network, to_input(data.test_images[chosen], bench.network.dtype), labels[chosen], settings,
            progress=bench.go_on,
        )  # fmt: skip
        flips = swept.mean["decision_flip"]["output"][0]
        shares[name] = 100 * float(flips[reach + dx])
        xs = swept.dxs.astype(np.float64)
        curves[name] = Curve(with_article(name), xs, flips, "accent", styles[place % 4], 1.8)
    order = sorted(shares, key=lambda name: shares[name])
    lines = [curve for name, curve in curves.items() if name in (*order[:2], *order[-2:])]
    lines += _answered(case, "decision_flips", -reach, reach, 0.01)
    page = _plot(
        lines, "dx", "Share of images with another class", y_range=(0.0, 1.0),
        markers=(Marker(float(dx), f"dx = {format_value(dx)}"),),
        dots=() if not isinstance(case.value, float | int) else ((float(dx), case.value / 100, "winner"),),
    )  # fmt: skip
    last = next(shape for shape in reversed([*bench.network.shapes.values()]) if len(shape) == 3)
    return page, {
        "most_class": order[-1], "most_share": shares[order[-1]],
        "least_class": order[0], "least_share": shares[order[0]],
        "cells": int(np.prod(last[1:])),
    }  # fmt: skip


@_picture(
    "Probability of the true class against the shift to the right",
    {"before": NUMBER, "after": NUMBER, "read": NAME},
    SAMPLE,
)
def _moving(case: Case, sample: int) -> Made:
    bench = case.bench
    pairs = [bench.compared(dx, 0, sample) for dx in range(REACH + 1)]
    chances = np.array([float(pair.moved_probabilities[pair.label]) for pair in pairs])
    flip = next((dx for dx, pair in enumerate(pairs) if pair.moved_class != pair.original_class), None)
    dots = () if flip is None else ((float(flip), float(chances[flip]), "winner"),)
    markers = list[Marker]()
    if isinstance(case.answer, float | int) and 0 <= case.answer <= REACH:
        markers.append(Marker(float(case.answer), "you", "shifted"))
    line = Curve("p", np.arange(REACH + 1.0), chances, width=2.2, has_dots=True)
    page = _plot(
        [line], "pixels to the right", "Probability of its class", markers=tuple(markers), dots=dots,
        y_range=(0.0, 1.0),
    )  # fmt: skip
    if flip is None:
        return page, {"before": None, "after": None, "read": None}
    read = bench.dataset.classes[pairs[flip].moved_class]
    return page, {"before": float(chances[flip - 1]), "after": float(chances[flip]), "read": read}


# --- the way of the gradient --------------------------------------------------------------------------------


@_picture(
    "The loss of an image against one parameter, with a secant and the slope that the gradient gives",
    {
        "agree": COUNT, "ties": COUNT, "filters": COUNT, "others": COUNT, "weights": COUNT,
        "gradient": NUMBER, "slope": NUMBER, "rule": NAME,
    },
    SAMPLE,
)  # fmt: skip
def _secant(case: Case, sample: int) -> Made:
    bench = case.bench
    passed, network = bench.passed(sample), bench.network
    check, first = passed.check, f"{network.filter_layers[0]}.weight"
    entries = check.entries("tie_rule") or check.entries("ok")
    if not entries:
        raise ParameterError("No parameter could be compared with a finite difference here.")
    entry = max(
        entries, key=lambda each: abs(each.gradient - each.difference * (check.counts["tie_rule"] > 0))
    )
    target = Target(entry.name, entry.index)
    spread = float(np.std(network.params[entry.name])) or 1.0
    curve = poke_curve(network, passed.x, passed.label, target, spread / 2, 61, 0)
    middle, part = len(curve.values) // 2, 10
    ends = curve.values[[middle - part, middle + part]], curve.losses[[middle - part, middle + part]]
    slope = float(np.diff(ends[1])[0] / np.diff(ends[0])[0])
    secant = ends[1][0] + slope * (curve.values - ends[0][0])
    room = 0.3 * float(np.ptp(curve.losses)) or 1.0
    axis = float(curve.losses.min()) - room, float(curve.losses.max()) + room
    drawn = [
        Curve("loss", curve.values, curve.losses, "text"),
        Curve("secant", curve.values, _within(secant, *axis), "winner", "dashed", 2.2),
        Curve("gradient", curve.values, _within(curve.tangent, *axis), "accent", "dotted"),
    ]
    dots = [(float(x), float(y), "winner") for x, y in zip(*ends, strict=True)]
    layer, _, kind = entry.name.partition(".")
    whose = f"filter {entry.index[0]}" if entry.name == first else layer
    title = f"Loss against a {kind} of {whose}"
    page = _plot(drawn, "change of the parameter", title, dots=tuple(dots), y_range=axis)
    routing = passed.routing
    return page, {
        "agree": check.counts["ok"], "ties": check.counts["tie_rule"],
        "filters": int((check.parameters[first].verdict == VERDICTS.index("tie_rule")).sum()),
        "others": check.checked - check.counts["ok"] - check.counts["tie_rule"],
        "weights": network.params[first].size, "gradient": entry.gradient, "slope": entry.difference,
        "rule": "none" if routing is None or routing.pool.tie_rule is None else routing.rule,
    }  # fmt: skip


@_picture(
    "The loss of an image along its update and far beyond it, with the slope at the start",
    {"expected": NATS, "product": NATS, "turn": NUMBER},
    SAMPLE,
)
def _step(case: Case, sample: int) -> Made:
    bench, passed = case.bench, case.bench.passed(sample)
    label, rate = np.array([passed.label]), bench.experiment.learning_rate
    before, after = float(passed.gradients.loss), passed.loss_after

    def loss(times: float) -> float:
        moved = apply_update(bench.network, passed.gradients, rate * times)
        return float(moved.gradients(passed.x, label).loss)

    longest = next((each for each in (2, 10, 100, 1000) if abs(loss(each) - before) > before / 2), 10_000)
    times = np.linspace(0, longest, 41)
    losses = np.array([before, *map(loss, times[1:].tolist())])
    expected = (loss(1e-3) - before) / 1e-3
    axis = 0.0, 1.2 * max(before, min(losses.max(), 3 * before))
    lines = [
        Curve("loss", times, _within(losses, *axis), "text", width=2.2),
        Curve("slope", times, _within(before + expected * times, *axis), "accent", "dotted"),
    ]
    above = np.flatnonzero(losses[1:] >= before)
    dots = (0.0, before, "text"), (1.0, after, "winner")
    whole = _plot(lines, "times the update", "Loss of this image", y_range=axis, dots=dots)
    page = whole if longest <= 10 else down(whole, _magnified(loss, before, after, expected))
    product = -rate * sum(float(np.square(each).sum()) for each in passed.gradients.params.values())
    is_slope = passed.routing is None or passed.routing.rule != "all"
    if is_slope or math.isclose(product, expected, rel_tol=0.01):
        product = 0.0
    turn = float(times[above[0] + 1]) if above.size else math.nan
    return page, {"expected": expected, "product": product, "turn": turn}


def _magnified(loss: Callable[[float], float], before: float, after: float, expected: float) -> Card[Curves]:
    """The first update alone: from as far away as all of the way is seen its two ends are one."""
    exponent = shared_power((after - before) or 1.0)
    times, unit = np.linspace(0, 1.5, 16), 10.0**exponent
    changes = np.array([0.0, *((loss(each) - before) / unit for each in times[1:].tolist())])
    lines = [
        Curve("loss", times, changes, "text", width=2.2),
        Curve("slope", times, expected * times / unit, "accent", "dotted"),
    ]
    low, high = (float(pick([line.y for line in lines])) for pick in (np.min, np.max))
    room, dots = 0.1 * (high - low) or 1.0, ((0.0, 0.0, "text"), (1.0, (after - before) / unit, "winner"))
    near = _plot(
        lines, "times the update", "First update, magnified", y_range=(low - room, high + room), dots=dots
    )
    return replace(near, caption=f"change of the loss {format_power(exponent)}".rstrip())
