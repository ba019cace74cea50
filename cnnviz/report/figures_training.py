"""Figures of the first demonstration: the curves, the filters, and a digit on its way through the network."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.layers import Conv2D, Pool
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_count, format_probability
from cnnviz.report.blocks import Figure, data
from cnnviz.report.plots import Axes, legend
from cnnviz.report.results import LabResults, TrainedRun
from cnnviz.report.svg import ACCENT, MUTED, WINNER, Canvas

_LIKELIEST = 3
_FEWEST_STEPS = 20
MOST_MAPS = 8
"""Filters and maps beyond these are left out of a figure; its caption says so."""


def curves_figure(training: TrainedRun, log_every: int) -> Figure:
    """Loss and accuracy over the steps."""
    canvas = Canvas(480, 178, "Loss and accuracy over the training steps")
    end = float(max(training.steps, 1))
    top = float(np.nanmax(np.concatenate([training.smooth_loss, [training.before.loss]]))) * 1.15
    loss = Axes(canvas, 34, 20, 190, 110, (0, end), (0, top))
    loss.frame("Loss", "step", "mean cross-entropy")
    loss.curve(training.curve_steps, training.loss, stroke=ACCENT, line=0.4, opacity=0.35)
    loss.curve(training.curve_steps, training.smooth_loss, stroke=ACCENT, line=1.4)
    accuracy = Axes(canvas, 280, 20, 190, 110, (0, end), (0, 1))
    accuracy.frame("Accuracy", "step", "share correct")
    # The share of the first few steps is all or nothing, and would be a stroke along the axis.
    known = training.curve_steps >= min(_FEWEST_STEPS, training.steps)
    accuracy.curve(training.curve_steps[known], training.accuracy[known], stroke=ACCENT, line=1.4)
    for step, evaluation in ((0.0, training.before), (end, training.after)):
        canvas.circle(*loss.place(step, evaluation.loss), 2.2, fill=WINNER)
        canvas.circle(*accuracy.place(step, evaluation.accuracy), 2.2, fill=WINNER)
    legend(
        canvas,
        34,
        168,
        [(f"training, mean of the last {format_count(log_every)} steps (thin: of the last 20)", ACCENT, "")],
    )
    legend(canvas, 280, 168, [("test images, before and after training", WINNER, "point")])
    rows = zip(
        training.curve_steps.astype(int).tolist(),
        training.loss.tolist(),
        training.smooth_loss.tolist(),
        training.accuracy.tolist(),
        strict=True,
    )
    return Figure(
        "training-curves",
        f"Loss and accuracy over {format_count(training.steps)} training steps. "
        "The test images were not trained on.",
        canvas.to_svg(),
        data=data(
            ("step", "loss_mean_20", f"loss_mean_{log_every}", f"accuracy_mean_{log_every}"), list(rows)
        ),
    )


def filters_figure(training: TrainedRun) -> Figure:
    """The first filters before and after training, all with the same limits."""
    name = _first_convolution(training)
    before, after = (
        np.asarray(net.params[f"{name}.weight"], dtype=np.float64)
        for net in (training.initial, training.network)
    )
    count, side = min(len(before), MOST_MAPS), before.shape[-1]
    levels = signed_levels(before[:, 0], after[:, 0])
    cell = 40 / side
    canvas = Canvas(480, 116, "Filters before and after training")
    for row, (words, filters) in enumerate((("before", before), ("after", after))):
        y = 16 + row * 52
        canvas.text(2, y + 22, words, size=7.5, bold=True)
        for index in range(count):
            x = 42 + index * 49
            if not row:
                canvas.text(x + 20, 10, f"filter {index}", anchor="middle", fill=MUTED)
            canvas.heat_map(x, y, cell, filters[index, 0], "signed", levels)
    canvas.color_bar(42 + 8 * 49 + 2, 16, 92, "signed", levels)
    left_out = f" The first {count} of {len(before)} are shown." if count < len(before) else ""
    rows = [
        (index, a, b, float(before[index, 0, a, b]), float(after[index, 0, a, b]))
        for index in range(len(before))
        for a in range(side)
        for b in range(side)
    ]
    return Figure(
        "filters",
        f"Filters of {name} before and after training, drawn with the same limits: blue negative, white 0, "
        f"red positive.{left_out}",
        canvas.to_svg(),
        data=data(("filter", "row", "column", "before", "after"), rows),
    )


def maps_figure(results: LabResults) -> Figure:
    """The sample, the maps of the first convolution and, if there is a pool, the pooled maps."""
    layers = results.training.network.layers
    convolution = next(name for name, layer in layers if isinstance(layer, Conv2D))
    pools = [name for name, layer in layers if isinstance(layer, Pool)][:1]
    shown = [(name, results.maps[name]) for name in (convolution, *pools)]
    count = min(len(shown[0][1]), MOST_MAPS)
    canvas = Canvas(480, 126, "An image on its way through the network")
    pixels = results.sample.pixels[0].astype(np.float64)
    canvas.text(2, 10, "input", size=7.5, bold=True)
    canvas.heat_map(2, 16, 60 / max(pixels.shape), pixels, "grey", (0, 255))
    name = results.experiment.classes[results.sample.label]
    for row, words in enumerate(_prediction(results)):
        canvas.text(2, 90 + row * 10, words, size=7)
    canvas.text(
        2, 90 + 10 * min(len(results.probabilities), _LIKELIEST), f"true class: {name}", size=7, fill=MUTED
    )
    for row, (layer, maps) in enumerate(shown):
        y = 16 + row * 62
        levels = signed_levels(maps)
        canvas.text(84, y - 5, f"{layer}: {_shape(maps)}", size=7, bold=True)
        for index in range(count):
            canvas.heat_map(84 + index * 44.5, y, 41 / max(maps.shape[1:]), maps[index], "signed", levels)
        canvas.color_bar(84 + 8 * 44.5 + 1, y, 41, "signed", levels)
    left_out = f" The first {count} of {len(shown[0][1])} maps are shown." if count < len(shown[0][1]) else ""
    return Figure(
        "feature-maps",
        f"Test image {results.sample.index} (class {name}), its maps after "
        f"{' and after '.join(layer for layer, _ in shown)}.{left_out}",
        canvas.to_svg(),
    )


def _prediction(results: LabResults) -> list[str]:
    """Return the most probable classes in words."""
    order = np.argsort(-results.probabilities, kind="stable")[:_LIKELIEST]
    classes = results.experiment.classes
    return [f"p({classes[int(k)]}) = {format_probability(float(results.probabilities[k]))}" for k in order]


def _first_convolution(training: TrainedRun) -> str:
    return next(name for name, layer in training.network.layers if isinstance(layer, Conv2D))


def _shape(maps: FloatArray) -> str:
    return " × ".join(format_count(side) for side in maps.shape)
