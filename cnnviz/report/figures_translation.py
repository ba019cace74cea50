"""Figures of the second demonstration: the two small images, a digit that moves, sweep and curves."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray
from cnnviz.notation import Notation
from cnnviz.palette import DASHES, STAGE_STYLES, signed_levels
from cnnviz.quantities import format_count, format_plain, format_value
from cnnviz.report.blocks import Figure, data
from cnnviz.report.plots import Axes, legend
from cnnviz.report.svg import MUTED, WINNER, Canvas
from cnnviz.translation import Comparison, Curve, Sweep

_SWEPT = ("pixels", "convolution", "max", "average")


def dots_figure(dots: Comparison) -> Figure:
    """The two 6x6 images with their convolution and max pool, with numbers."""
    canvas = Canvas(480, 224, "Two 6x6 images, their convolution and their max pool")
    stages = ("pixels", "convolution", "max")
    lefts, cells = (62, 198, 362), (16.5, 25.0, 34.0)
    for column, (stage, left, cell) in enumerate(zip(stages, lefts, cells, strict=True)):
        pair = dots.stages[stage]
        levels = (0.0, 1.0) if stage == "pixels" else signed_levels(pair.original, pair.moved)
        canvas.text(left, 10, STAGE_STYLES[stage].title, size=7.5, bold=True)
        for row, maps in enumerate((pair.original, pair.moved)):
            y = 16 + row * 106
            if not column:
                canvas.text(2, y + 46, ("image 1", "image 2")[row], size=7.5, bold=True)
                canvas.text(2, y + 56, ("", "moved down")[row], fill=MUTED)
                canvas.text(2, y + 65, ("", "by 1 pixel")[row], fill=MUTED)
            _numbered(canvas, left, y, cell, maps[0], stage, levels)
        if stage != "pixels":
            canvas.color_bar(left + cell * pair.original.shape[2] + 5, 16, 60, "signed", levels)
    rows = [
        (stage, image, i, j, float(maps[0, i, j]))
        for stage in stages
        for image, maps in enumerate((dots.stages[stage].original, dots.stages[stage].moved), start=1)
        for i in range(maps.shape[1])
        for j in range(maps.shape[2])
    ]
    return Figure(
        "two-images",
        "Two 6×6 images, of which the second is the first moved down by one pixel, after the same 3×3 filter "
        "with random weights and after a 2×2 max pool.",
        canvas.to_svg(),
        data=data(("stage", "image", "row", "column", "value"), rows),
    )


def shift_figure(comparisons: tuple[Comparison, ...]) -> Figure:
    """Max-pooled map of a digit: as it was, moved by one and by two pixels, and the differences."""
    first = comparisons[0].stages["max"].features()[0]
    channel = int(np.argmax(np.abs(first).sum(axis=(1, 2))))
    canvas = Canvas(480, 102, "Pooled map of an image before and after a shift")
    moved = [each.stages["max"].features()[1][channel] for each in comparisons]
    before = first[channel]
    pictures: list[tuple[str, FloatArray]] = [("not moved", before)]
    for each, after in zip(comparisons, moved, strict=True):
        pictures += [(f"moved by {each.dx} px", after), (f"difference, {each.dx} px", after - before)]
    levels = signed_levels(*(values for _, values in pictures))
    for index, (words, values) in enumerate(pictures):
        x = 2 + index * 87
        canvas.text(x, 10, words, size=7, bold=True)
        canvas.heat_map(x, 16, 80 / max(values.shape), values, "signed", levels)
    canvas.color_bar(2 + len(pictures) * 87 + 1, 16, 80, "signed", levels)
    return Figure(
        "shifted-digit",
        f"Map of filter {channel} behind a max pool, for the image, for the image moved to the right, and "
        "what changed. Relative to a blank image; all five maps have the same limits.",
        canvas.to_svg(),
    )


def sweep_figure(sweep: Sweep) -> Figure:
    """Relative change over all shifts of the digit, one map a stage, with the same limits."""
    values = sweep.values["relative_change"]
    stages = [stage for stage in _SWEPT if stage in values]
    high = max(float(np.nanmax(values[stage])) for stage in stages)
    canvas = Canvas(480, 137, "Relative change over shifts of an image")
    side = max(values[stages[0]].shape)
    reach = int(np.abs(sweep.dxs).max())
    for index, stage in enumerate(stages):
        x = 26 + index * 108
        canvas.text(x, 10, STAGE_STYLES[stage].title, size=7.5, bold=True)
        canvas.heat_map(x, 16, 98 / side, values[stage], "sequential", (0.0, high))
        _set_apart(canvas, x, 16, 98 / side, sweep.ink_lost > 0)
        for place, words in ((0.5, -reach), (side / 2, 0), (side - 0.5, reach)):
            canvas.text(x + place * 98 / side, 123, format_value(words), anchor="middle", fill=MUTED)
            if not index:
                canvas.text(x - 3, 18.2 + place * 98 / side, format_value(words), anchor="end", fill=MUTED)
        canvas.text(x + 49, 133, "dx in pixels", anchor="middle", size=7)
    canvas.text(8, 65, "dy in pixels", anchor="middle", size=7, turned=True)
    canvas.color_bar(26 + 4 * 108 - 4, 16, 98, "sequential", (0.0, high))
    rows = [
        (int(dx), int(dy), *(float(values[stage][i, j]) for stage in values), float(sweep.ink_lost[i, j]))
        for i, dy in enumerate(sweep.dys)
        for j, dx in enumerate(sweep.dxs)
    ]
    beyond = " Outside the orange line a part of the ink has left the image: values bend for that, too."
    beyond = beyond if sweep.ink_lost.any() else ""
    return Figure(
        "shift-sweep",
        "Relative change of the features of the image for every shift (dx to the right, dy down). Dark: "
        f"nothing changed. The centre is the image where it was.{beyond}",
        canvas.to_svg(),
        data=data(("dx", "dy", *values, "ink_lost"), rows),
    )


def distance_figure(curves: Mapping[str, Curve], ink_lost: FloatArray, digits: int) -> Figure:
    """Relative change against the shift, mean and spread over many digits; from where ink is lost."""
    stages = list(curves)
    high = max(float(np.nanmax(curve.mean + curve.std)) for curve in curves.values())
    canvas = Canvas(480, 192, "Relative change against the shift")
    xs = next(iter(curves.values())).distances.astype(np.float64)
    axes = Axes(canvas, 34, 20, 330, 150, (float(xs[0]), float(xs[-1])), (0.0, high * 1.02))
    axes.frame("Relative change", "shift to the right, in pixels", "relative change")
    for x in _first_losses(xs, ink_lost):
        across, top = axes.place(x, high)
        canvas.line(across, top, across, axes.top + axes.height, stroke=WINNER, line=0.8, dash="2 2")
    for stage in ("convolution", "max"):
        curve = curves[stage]
        axes.band(xs, curve.mean - curve.std, curve.mean + curve.std, fill=STAGE_STYLES[stage].color.light)
    looks = {stage: (STAGE_STYLES[stage].color.light, _dash(stage)) for stage in stages}
    for stage, (color, dash) in looks.items():
        line = 1.7 if stage == "max" else 1.1
        axes.curve(xs, curves[stage].mean, stroke=color, line=line, dash=dash)
    legend(canvas, 378, 30, [(STAGE_STYLES[stage].title, *look) for stage, look in looks.items()])
    rows = [
        (
            int(x),
            *(
                number
                for stage in stages
                for number in (float(curves[stage].mean[i]), float(curves[stage].std[i]))
            ),
            float(ink_lost[i]),
        )
        for i, x in enumerate(xs)
    ]
    header = ("dx", *(f"{stage}_{what}" for stage in stages for what in ("mean", "spread")), "ink_lost")
    beyond = " From the dotted orange lines outwards, ink of some images has left the frame."
    beyond = beyond if np.any(ink_lost) else ""
    return Figure(
        "change-against-shift",
        f"Relative change against the shift: mean over {format_count(digits)} test images; bands: one "
        f"standard deviation, for convolution and max pool.{beyond}",
        canvas.to_svg(),
        data=data(header, rows),
    )


def _first_losses(xs: FloatArray, ink_lost: FloatArray) -> list[float]:
    """Shortest shift to either side that pushes ink out of the image."""
    lossy = xs[ink_lost > 0]
    return [float(side[np.abs(side).argmin()]) for side in (lossy[lossy < 0], lossy[lossy > 0]) if side.size]


def _set_apart(canvas: Canvas, x: float, y: float, cell: float, beyond: NDArray[np.bool_]) -> None:
    """Draw a line between the cells of a heat map that lie beyond a limit and those that do not."""
    for row, column in np.argwhere(beyond[:, 1:] != beyond[:, :-1]):
        across, top = x + (column + 1) * cell, y + row * cell
        canvas.line(across, top, across, top + cell, stroke=WINNER, line=0.8)
    for row, column in np.argwhere(beyond[1:] != beyond[:-1]):
        left, base = x + column * cell, y + (row + 1) * cell
        canvas.line(left, base, left + cell, base, stroke=WINNER, line=0.8)


def _numbered(
    canvas: Canvas,
    x: float,
    y: float,
    cell: float,
    values: FloatArray,
    stage: str,
    levels: tuple[float, float],
) -> None:
    colormap = "grey" if stage == "pixels" else "signed"
    canvas.heat_map(x, y, cell, values, colormap, levels, grid=1)
    notation = Notation.of(values, decimals=0 if stage == "pixels" else 3)
    texts = [[notation.text(value) for value in row] for row in values.tolist()]
    size = 7 if stage != "convolution" else 6
    canvas.cell_numbers(x, y, cell, texts, values, colormap, levels, size)


def _dash(stage: str) -> str:
    """Pattern of a stage's curve, as SVG writes it."""
    return " ".join(format_plain(length) for length in DASHES[STAGE_STYLES[stage].dash])
