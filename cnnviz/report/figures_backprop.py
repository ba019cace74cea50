"""Figures of the third demonstration: windows, winners, and where the gradient lands."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.drawing import Colors, Share, outline
from cnnviz.graphics.heat_map import COLORS, HEAT_MAP, HeatMap, Looked
from cnnviz.layers import MaxBlurPool2D, Pool
from cnnviz.report.blocks import Figure, data
from cnnviz.report.results import BackpropResults
from cnnviz.report.sheets import BAR, TITLE, figure, sheet, titled
from cnnviz.routing import PoolRouting

_WINDOWS = 3
"""Windows on a side of the close-up."""

_MOST_MAPS = 5
"""Side by side: values, the gradient that arrives, and one map for each rule for ties."""

_RULES = {
    "first": "first: the first winner takes it all",
    "all": "all: every winner takes all of it",
    "split": "split: the winners share it",
    "linear": "linear pool: every cell takes its weight",
}
_BLURRED = {
    "first": "first: of each window, the first winner takes what the blur gives the window",
    "all": "all: every winner takes all of what the blur gives its window",
    "split": "split: the winners share what the blur gives their window",
}


def rule_title(pool: Pool, rule: str) -> str:
    """Say how a pool passes the gradient on under a rule for ties; "linear" for none."""
    return (_BLURRED if isinstance(pool, MaxBlurPool2D) else _RULES)[rule]


def routing_figure(backprop: BackpropResults, routing: PoolRouting) -> Figure:
    """A close-up: the gradient of some pooled cells, and the cells it is routed to."""
    channel = backprop.channel
    top, left, high, wide = _closeup(routing, channel)
    step, size = routing.pool.step, routing.pool.size
    rows = slice(top * step, (top + high - 1) * step + size)
    columns = slice(left * step, (left + wide - 1) * step + size)
    values = routing.values[channel, rows, columns]
    routed = routing.routed[routing.rule][channel, rows, columns]
    incoming = routing.incoming[channel, top : top + high, left : left + wide]
    slopes = Colors.of("signed", incoming, routed)
    cells = rows.start, columns.start, *values.shape
    outlines = tuple(
        ("winner", (row, col, 1, 1)) for row, col in np.argwhere(_winners(routing, channel)).tolist()
    )
    every, arriving, after = (
        array[channel] for array in (routing.values, routing.incoming, routing.routed[routing.rule])
    )
    shown = {
        "values before the pool": HeatMap(
            every, Colors.of("signed", values), cells, outlines=outlines, window=step, has_key=True
        ),
        "gradient that arrives": HeatMap(arriving, slopes, (top, left, high, wide), has_key=True),
        "gradient passed on": HeatMap(after, slopes, cells, outlines=outlines, window=step, has_key=True),
    }
    drawing = sheet(196)
    maps, key = drawing.ground.box.rows(Share(1), TITLE, gap=4)
    for box, (title, each) in zip(maps.columns(*[Share(1)] * 3, gap=14), shown.items(), strict=True):
        drawing.place(HEAT_MAP.draw, Looked(each), titled(drawing, box, title))
    if routing.winners is not None:
        sign, words = key.columns(TITLE, Share(1))
        drawing.add(*outline(sign.placed(8, 8, "left"), "winner", drawing.ground.look))
        drawing.write(words, "winner of its window (several: a tie); thick lines divide the windows", "small")
    place = f"rows {rows.start}–{rows.stop - 1}, columns {columns.start}–{columns.stop - 1}"
    return figure(
        drawing,
        "routing",
        "How the gradient is routed through the pool",
        f"Gradient through {routing.layer}, filter {channel}, {place}: values of the windows, gradient "
        f"of the loss at each pooled cell, and where it goes ({rule_title(routing.pool, routing.rule)}).",
        data(
            ("row", "column", "value", "passed_on"),
            [
                (rows.start + i, columns.start + j, float(values[i, j]), float(routed[i, j]))
                for i in range(values.shape[0])
                for j in range(values.shape[1])
            ],
        ),
    )


def route_maps_figure(backprop: BackpropResults, routing: PoolRouting) -> Figure:
    """The whole map of the filter: values, gradient that arrives, and gradient passed on under each rule."""
    channel = backprop.channel
    routed = {rule: array[channel] for rule, array in routing.routed.items()}
    gradients = {"arrives": routing.incoming[channel]}
    gradients |= {f"passed on, {rule}": array for rule, array in routed.items()}
    return _beside_one_another(
        routing.values[channel],
        gradients,
        f"The same for the whole map of filter {channel}: "
        + (
            "the gradient that is passed on under each rule for ties."
            if len(routed) > 1
            else "a linear pool passes the gradient on by its weights, whatever the values."
        ),
    )


def map_gradients_figure(backprop: BackpropResults) -> Figure:
    """The whole map of the filter in a network without a pool: values, and gradient that arrives."""
    channel = backprop.channel
    return _beside_one_another(
        backprop.maps[channel],
        {"arrives": backprop.map_gradients[channel]},
        f"Map of filter {channel} of {backprop.filter_layer}: its values, and the gradient of the loss at "
        "each of its cells.",
    )


def _beside_one_another(values: FloatArray, gradients: Mapping[str, FloatArray], caption: str) -> Figure:
    """Draw a map and gradients of its cells, or of the windows over it, with one key to their colours."""
    slopes = Colors.of("signed", *gradients.values())
    drawing = sheet(126)
    maps, bar = drawing.ground.box.rows(Share(1), BAR, gap=5)
    shown = {"values": (values, Colors.of("signed", values))}
    shown |= {words: (array, slopes) for words, array in gradients.items()}
    for (words, (array, colors)), box in zip(
        shown.items(), maps.columns(*[Share(1)] * _MOST_MAPS, gap=7), strict=False
    ):
        drawing.place(
            HEAT_MAP.draw,
            Looked(HeatMap(array, colors, decimals=-1, lines=False)),
            titled(drawing, box, words),
        )
    left, right = bar.columns(170, Share(1), gap=12)
    drawing.place(COLORS.draw, slopes, left)
    # Two of 256 colours are white: those up to 1 / 127.5 of the limit on either side of 0.
    white = "White: no gradient, or less than 1/127 of the largest. The key is that of the gradients."
    drawing.write(right, white, "small", "muted")
    return figure(drawing, "gradient-maps", "Gradient of a whole map", caption)


def _closeup(routing: PoolRouting, channel: int) -> tuple[int, int, int, int]:
    """Return top, left, height and width, in windows, of the part with the most gradient and few ties."""
    incoming = np.abs(routing.incoming[channel])
    height, width = incoming.shape
    high, wide = min(_WINDOWS, height), min(_WINDOWS, width)
    clear = np.where(routing.tied[channel], 0.25, 1.0)  # blank background is tied, and shows little
    weight = incoming * clear
    best, place = -1.0, (0, 0)
    for top in range(height - high + 1):
        for left in range(width - wide + 1):
            total = float(weight[top : top + high, left : left + wide].sum())
            if total > best:
                best, place = total, (top, left)
    return (*place, high, wide)


def _winners(routing: PoolRouting, channel: int) -> NDArray[np.bool_]:
    """Which cells of a map have won a window; none in a pool without winners."""
    step = routing.pool.step
    found = np.zeros(routing.values[channel].shape, bool)
    if routing.winners is not None:
        for row, col, a, b in np.argwhere(routing.winners[channel]).tolist():
            found[row * step + a, col * step + b] = True
    return found
