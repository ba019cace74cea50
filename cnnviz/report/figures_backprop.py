"""Figures of the third demonstration: windows, winners, and where the gradient lands."""

from collections.abc import Mapping

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.layers import MaxBlurPool2D, Pool
from cnnviz.notation import Notation, window_groups
from cnnviz.palette import signed_levels
from cnnviz.report.blocks import Figure, data
from cnnviz.report.results import BackpropResults
from cnnviz.report.svg import ACCENT, MUTED, WINNER, Canvas
from cnnviz.routing import PoolRouting

_WINDOWS = 3
"""Windows on a side of the close-up."""

_DIGIT_WIDTH = 0.6
"""Of the font of numbers, in units of its size."""

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
    canvas = Canvas(480, 188, "How the gradient is routed through the pool")
    span = 150.0
    cell, coarse = span / max(values.shape), span / max(high, wide)
    lefts = (2.0, 165.0, 328.0)
    levels = signed_levels(values)
    slopes = signed_levels(incoming, routed)
    slope_notation = Notation.of(np.array(slopes), signed=True)
    unit = f" {slope_notation.unit}".rstrip()
    titles = ("values before the pool", f"gradient that arrives{unit}", f"gradient passed on{unit}")
    for x, words in zip(lefts, titles, strict=True):
        canvas.text(x, 10, words, size=7.5, bold=True)
    pictures = (
        (lefts[0], cell, values, levels, Notation.of(values, signed=True)),
        (lefts[1], coarse, incoming, slopes, slope_notation),
        (lefts[2], cell, routed, slopes, slope_notation),
    )
    for x, side, shown, limits, notation in pictures:
        canvas.heat_map(x, 16, side, shown, "signed", limits, grid=1)
        points = min(side * 0.24, 7)
        windows = None if shown is incoming else window_groups(shown.shape, step)
        texts = notation.texts(shown, windows, int(0.92 * side / (_DIGIT_WIDTH * points)))
        lines = [texts[row * shown.shape[1] :][: shown.shape[1]] for row in range(shown.shape[0])]
        canvas.cell_numbers(x, 16, side, lines, shown, "signed", limits, points)
    _outline(canvas, routing, channel, (top, left, high, wide), (lefts[0], cell))
    _outline(canvas, routing, channel, (top, left, high, wide), (lefts[2], cell))
    if routing.winners is not None:
        canvas.rect(2, 176, 7, 7, stroke=WINNER, line=1.4)
        canvas.text(13, 182.5, "winner of its window (several: a tie)")
    canvas.rect(165, 176, 7, 7, stroke=ACCENT, line=0.9)
    canvas.text(176, 182.5, "window of the pool")
    place = f"rows {rows.start}–{rows.stop - 1}, columns {columns.start}–{columns.stop - 1}"
    return Figure(
        "routing",
        f"Gradient through {routing.layer}, filter {channel}, {place}: values of the windows, gradient "
        f"of the loss at each pooled cell, and where it goes ({rule_title(routing.pool, routing.rule)}).",
        canvas.to_svg(),
        data=data(
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
    return Figure(
        "gradient-maps",
        f"The same for the whole map of filter {channel}: "
        + (
            "the gradient that is passed on under each rule for ties."
            if len(routed) > 1
            else "a linear pool passes the gradient on by its weights, whatever the values."
        ),
        _beside_one_another(routing.values[channel], gradients),
    )


def map_gradients_figure(backprop: BackpropResults) -> Figure:
    """The whole map of the filter in a network without a pool: values, and gradient that arrives."""
    channel = backprop.channel
    return Figure(
        "gradient-maps",
        f"Map of filter {channel} of {backprop.filter_layer}: its values, and the gradient of the loss at "
        "each of its cells.",
        _beside_one_another(backprop.maps[channel], {"arrives": backprop.map_gradients[channel]}),
    )


def _beside_one_another(values: FloatArray, gradients: Mapping[str, FloatArray]) -> str:
    """Draw a map and gradients of its cells, or of the windows over it, with one colour bar."""
    canvas = Canvas(480, 113, "Gradient of a whole map")
    slopes = signed_levels(*(np.asarray(each, dtype=np.float64) for each in gradients.values()))
    pictures = [
        ("values", values, signed_levels(values)),
        *((words, array, slopes) for words, array in gradients.items()),
    ]
    for index, (words, shown, limits) in enumerate(pictures):
        x = 2 + index * 87
        canvas.text(x, 10, words, size=7, bold=True)
        canvas.heat_map(x, 16, 80 / max(shown.shape), shown, "signed", limits)
    canvas.color_bar(2 + len(pictures) * 87 + 1, 16, 80, "signed", slopes)
    # Two of 256 colours are white: those up to 1 / 127.5 of the limit on either side of 0.
    white = "White: no gradient, or less than 1/127 of the largest."
    canvas.text(2, 110, f"{white} The colour bar is that of the gradients.", fill=MUTED)
    return canvas.to_svg()


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


def _outline(
    canvas: Canvas,
    routing: PoolRouting,
    channel: int,
    part: tuple[int, int, int, int],
    place: tuple[float, float],
) -> None:
    """Outline the windows, and in them the winners."""
    top, left, high, wide = part
    x, cell = place
    step, size = routing.pool.step, routing.pool.size
    for row in range(high):
        for column in range(wide):
            corner = (x + column * step * cell, 16 + row * step * cell)
            canvas.rect(*corner, size * cell, size * cell, stroke=ACCENT, line=0.9)
    if routing.winners is None:
        return
    for row in range(high):
        for column in range(wide):
            for a, b in np.argwhere(routing.winners[channel, top + row, left + column]):
                canvas.rect(
                    x + (column * step + int(b)) * cell + 1.2,
                    16 + (row * step + int(a)) * cell + 1.2,
                    cell - 2.4,
                    cell - 2.4,
                    stroke=WINNER,
                    line=1.4,
                )
