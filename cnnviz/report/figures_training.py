"""Figures of the first demonstration: the curves, the filters, and a digit on its way through the network."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.drawing import PAPER, Box, Colors, Drawing, Share
from cnnviz.graphics.curves import CURVES, Curve, Curves
from cnnviz.graphics.heat_map import COLORS, HEAT_MAP, HeatMap, Looked
from cnnviz.layers import Conv2D, Pool
from cnnviz.palette import signed_levels
from cnnviz.quantities import format_count, format_probability
from cnnviz.report.blocks import Figure, data
from cnnviz.report.results import LabResults, TrainedRun
from cnnviz.report.sheets import BAR, TITLE, figure, listed, sheet, titled

_LIKELIEST = 3
_FEWEST_STEPS = 20
_LABEL, _GAP = 42, 6
MOST_MAPS = 8
"""Filters and maps beyond these are left out of a figure; its caption says so."""


def curves_figure(training: TrainedRun, log_every: int) -> Figure:
    """Loss and accuracy over the steps."""
    steps, end = training.curve_steps, float(max(training.steps, 1))
    # The share of the first few steps is all or nothing, and would be a stroke along the axis.
    known = steps >= min(_FEWEST_STEPS, training.steps)
    faint = PAPER.mixed("accent", "surface", 0.6)
    tests = (0.0, training.before), (end, training.after)
    loss = Curves(
        (
            Curve("last 20", steps, training.loss, faint, width=0.8),
            Curve(f"last {format_count(log_every)}", steps, training.smooth_loss, width=2.2),
        ),
        x_name="step",
        y_range=(0.0, float(np.nanmax([*training.smooth_loss, training.before.loss])) * 1.15),
        x_range=(0.0, end),
        dots=tuple((step, each.loss, "winner") for step, each in tests),
    )
    accuracy = Curves(
        (Curve(f"last {format_count(log_every)}", steps[known], training.accuracy[known], width=2.2),),
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
    rows = zip(
        steps.astype(int).tolist(),
        training.loss.tolist(),
        training.smooth_loss.tolist(),
        training.accuracy.tolist(),
        strict=True,
    )
    return figure(
        drawing,
        "training-curves",
        "Loss and accuracy over the training steps",
        f"Loss and accuracy over {format_count(training.steps)} training steps, each the mean of the last "
        f"{format_count(log_every)} steps (thin line: of the last 20). Dots: the test images, before and "
        "after training; they were not trained on.",
        data(("step", "loss_mean_20", f"loss_mean_{log_every}", f"accuracy_mean_{log_every}"), list(rows)),
    )


def filters_figure(training: TrainedRun) -> Figure:
    """The first filters before and after training, all with the same limits."""
    name = _first_convolution(training)
    before, after = (
        np.asarray(net.params[f"{name}.weight"], dtype=np.float64)
        for net in (training.initial, training.network)
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
        "Filters before and after training",
        f"Filters of {name} before and after training, drawn with the same limits: blue negative, white 0, "
        f"red positive.{left_out}",
        data(("filter", "row", "column", "before", "after"), numbers),
    )


def maps_figure(results: LabResults) -> Figure:
    """The sample, the maps of the first convolution and, if there is a pool, the pooled maps."""
    layers = results.training.network.layers
    convolution = next(name for name, layer in layers if isinstance(layer, Conv2D))
    pools = [name for name, layer in layers if isinstance(layer, Pool)][:1]
    shown = [(name, results.maps[name]) for name in (convolution, *pools)]
    count = min(len(shown[0][1]), MOST_MAPS)
    name = results.experiment.classes[results.sample.label]
    drawing = sheet(152 if pools else 80)
    left, right = drawing.ground.box.columns(76, Share(1), gap=8)
    image, words = titled(drawing, left, "input").rows(60, Share(1), gap=4)
    pixels = results.sample.pixels[0].astype(np.float64)
    drawing.place(
        HEAT_MAP.draw, Looked(HeatMap(pixels, Colors("grey", 0, 255), decimals=-1, lines=False)), image
    )
    listed(drawing, words, [*_prediction(results), f"true class: {name}"])
    for (layer, maps), box in zip(shown, right.rows(*[Share(1)] * len(shown), gap=6), strict=True):
        colors = Colors("signed", *signed_levels(maps))
        area, bar = titled(drawing, box, f"{layer}: {_shape(maps)}").rows(Share(1), BAR, gap=3)
        _draw_maps(drawing, maps[:count], colors, area)
        drawing.place(COLORS.draw, colors, bar)
    left_out = f" The first {count} of {len(shown[0][1])} maps are shown." if count < len(shown[0][1]) else ""
    return figure(
        drawing,
        "feature-maps",
        "An image on its way through the network",
        f"Test image {results.sample.index} (class {name}), its maps after "
        f"{' and after '.join(layer for layer, _ in shown)}.{left_out}",
    )


def _draw_maps(drawing: Drawing, maps: FloatArray, colors: Colors, box: Box) -> None:
    """Draw maps side by side, in columns that are the same for any number of them."""
    places = box.columns(*[Share(1)] * MOST_MAPS, gap=_GAP)
    for values, place in zip(maps, places, strict=False):
        drawing.place(HEAT_MAP.draw, Looked(HeatMap(values, colors, decimals=-1, lines=False)), place)


def _prediction(results: LabResults) -> list[str]:
    """Return the most probable classes in words."""
    order = np.argsort(-results.probabilities, kind="stable")[:_LIKELIEST]
    classes = results.experiment.classes
    return [f"p({classes[int(k)]}) = {format_probability(float(results.probabilities[k]))}" for k in order]


def _first_convolution(training: TrainedRun) -> str:
    return next(name for name, layer in training.network.layers if isinstance(layer, Conv2D))


def _shape(maps: FloatArray) -> str:
    return " × ".join(format_count(side) for side in maps.shape)
