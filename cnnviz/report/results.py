"""What can be measured for a report, by the names that lab files use, with its words, table or drawing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.layers.pooling import RULE_WORDS
from cnnviz.palette import STAGE_STYLES
from cnnviz.quantities import format_count, format_many, format_together, format_value, rounded
from cnnviz.report import equations, figures
from cnnviz.report.bench import Bench, dots
from cnnviz.report.blocks import Cell, Heading, Kept, MeasuredBlock, Named, Table, Words, table
from cnnviz.routing import PoolRouting
from cnnviz.routing.agreement import DEFAULT_EPS, TOLERANCE, Verdict
from cnnviz.translation import MEASURES, OUTPUT

type Blocks = Iterator[MeasuredBlock]

_VERDICTS: Mapping[Verdict, str] = {
    "ok": "gradient and difference agree",
    "kink": "a winner or a gate changes, however small ε is: not compared",
    "tie_rule": "under the rule “all” the sum over the tied cells, which is no slope of the loss",
    "mismatch": "gradient and difference do not agree",
}
_LARGEST_TERMS = 6
_LOG_LINES = 60


def _layers(bench: Bench) -> Table:
    """List the layers, their output shapes and parameters."""
    network = bench.network
    rows: list[tuple[Cell, ...]] = [("input", " × ".join(map(format_count, network.input_shape)), 0)]
    for name, layer in network.layers:
        sides = " × ".join(map(format_count, network.shapes[name]))
        rows.append((f"{name} ({layer.title})", sides, network.count_of(name)))
    caption = f"The network: {format_count(network.parameter_count)} parameters."
    return table("layers", caption, [("layer", "text"), ("output", "text"), ("parameters", "count")], rows)


def _log(bench: Bench) -> Table:
    """The log of the training run, thinned out evenly where it is long."""
    lines = bench.history.log
    caption = f"Log of training: means over {format_many(bench.experiment.log_every, 'step')}"
    if len(lines) > _LOG_LINES:
        chosen: list[int] = np.linspace(0, len(lines) - 1, _LOG_LINES).astype(int).tolist()
        caption = f"{caption}; {_LOG_LINES} of {len(lines)} lines"
        lines = [lines[index] for index in chosen]
    rows = [(line.step, line.loss, line.accuracy) for line in lines]
    columns = [("step", "count"), ("loss", "3"), ("accuracy", "3")]
    return table("training-log", f"{caption}.", columns, rows, 3 if len(rows) > 8 else 1)


def _test(bench: Bench) -> Table:
    """Loss and accuracy on the test images, before and after training."""
    rows = [
        (when, evaluation.loss, evaluation.accuracy, len(evaluation.mistakes))
        for when, evaluation in (("before training", bench.before), ("after training", bench.evaluation))
    ]
    columns = [("", "text"), ("loss", "4"), ("accuracy", "percent"), ("mistakes", "count")]
    caption = f"Result on the {format_count(len(bench.evaluation.labels))} test images."
    return table("test-result", caption, columns, rows)


def _confusion(bench: Bench) -> Table:
    """How many test images of each class got which prediction."""
    classes = bench.experiment.classes
    rows = [
        (f"true {name}", *(int(count) for count in counts))
        for name, counts in zip(classes, bench.evaluation.confusion, strict=True)
    ]
    columns = [(f"predicted {name}" if len(classes) < 5 else name, "count") for name in classes]
    caption = "Confusion matrix of the test images after training: rows true, columns predicted classes."
    return table("confusion-matrix", caption, [("", "text"), *columns], rows)


def _measures(bench: Bench) -> Table:
    """Mean and spread of the measures of every stage, for shifts by one and by two pixels."""
    names, curves = {"relative change": "relative_change", "cosine": "cosine_similarity"}, bench.curves
    names["residual"] = "equivariance_residual"
    rows: list[tuple[Cell, ...]] = []
    for dx in (each for each in (1, 2) if each in bench.shifts):
        at = bench.shifts.index(dx)
        for stage in curves["relative_change"]:
            found = [curves[name][stage] for name in names.values()]
            numbers = (float(each[at]) for curve in found for each in (curve.mean, curve.std))
            rows.append((f"{dx} px", STAGE_STYLES[stage].title, *numbers))
    columns = [(each, "3") for name in names for each in (name, "± spread")]
    return table(
        "measures",
        f"Measures of the first {format_count(bench.swept.digits)} test images moved to the right: mean and "
        "spread (standard deviation). Relative to a blank image; pools of "
        f"{bench.pool_size} × {bench.pool_size}. Residual: how far the map is "
        "from moving with the image.",
        [("shift", "text"), ("stage", "text"), *columns],
        rows,
    )


def _output(bench: Bench) -> Table:
    """Mean and spread of what a shift does to the answer of the network."""
    change, flips = bench.curves["probability_change"][OUTPUT], bench.curves["decision_flip"][OUTPUT]
    rows = [
        (f"{dx} px", float(change.mean[at]), float(change.std[at]), float(flips.mean[at]))
        for dx in (1, 2, 4, 8)
        if dx in bench.shifts
        for at in (bench.shifts.index(dx),)
    ]
    found = ("change of probability", "4"), ("± spread", "4"), ("decisions changed", "percent")
    return table(
        "output-measures",
        f"What the shift does to the output, for the same images: {MEASURES['probability_change'].formula} "
        "of the true class, and the share of images whose predicted class changes.",
        [("shift", "text"), *found],
        rows,
    )


def _ties(bench: Bench, routing: PoolRouting) -> Table:
    """How often the maximum of a window is shared."""
    counted = min(bench.settings.tie_images, len(bench.dataset.test_labels))
    rows = [
        (words, rate.windows, rate.tied, rate.rate)
        for words, rate in (
            (f"test image {bench.settings.sample}", bench.look.ties),
            (f"the first {format_count(counted)} test images", bench.ties),
        )
        if rate is not None
    ]
    blurred = "" if routing.pool.has_winners else ": cells of the output with such a window under the blur"
    caption = f"Windows of {routing.layer} whose maximum is held by several cells{blurred}."
    columns = [("", "text"), ("windows", "count"), ("tied", "count"), ("share", "percent")]
    return table("tie-rate", caption, columns, rows)


def _rules_table(routing: PoolRouting) -> Table:
    """What each rule for ties passes on."""

    def row(words: str, array: FloatArray) -> tuple[Cell, ...]:
        # Sums of the same numbers in another order differ in their last bits.
        return words, int(np.count_nonzero(array)), rounded(float(array.sum()), 6)

    rows = [row("arrives at the pool", routing.incoming)]
    for rule, array in routing.routed.items():
        mark = " (in force)" if rule == routing.rule and len(routing.routed) > 1 else ""
        rows.append(row(RULE_WORDS[rule] + mark, array))
    caption = f"Gradient of the loss at {routing.layer} for this image, all {len(routing.values)} filters."
    columns = [("rule", "text"), ("cells with a gradient", "count"), ("sum of the gradient", "value")]
    return table("tie-rules", caption, columns, rows)


def _terms(bench: Bench) -> Table:
    """The largest terms of the filter's gradient."""
    terms = bench.look.terms
    every = zip(terms.places.tolist(), terms.gradients.tolist(), terms.norms.tolist(), strict=True)
    rows = [(f"({row}, {column})", *numbers) for (row, column), *numbers in islice(every, _LARGEST_TERMS)]
    difference = float(np.abs(terms.total - bench.look.filter_gradient).max())
    places = {"window": "window", "position": "cell"}[terms.by]
    return table(
        "filter-gradient-terms",
        f"The largest of the {len(terms.norms)} terms that add up to the gradient of filter "
        f"{bench.look.channel}. Their sum differs from the gradient by at most "
        f"{format_value(difference, 2)}.",
        [
            (f"{places} (row, column)", "text"), ("gradient that arrives", "value"),
            ("length of the term", "value"),
        ],
        rows,
    )  # fmt: skip


def _check(bench: Bench) -> Table:
    """How many of the checked parameters got which verdict."""
    check, total = bench.look.check, bench.network.parameter_count
    counts = check.counts
    rows = [
        (verdict.replace("_", " "), words, counts[verdict])
        for verdict, words in _VERDICTS.items()
        if counts[verdict] or verdict in ("ok", "kink", "mismatch")
    ]
    largest = format_value(check.largest_error, 2)
    which, drawn = f"every one of the {format_count(total)}", ""
    if check.checked < total:
        which = f"{format_count(check.checked)} of the {format_count(total)}"
        drawn = (
            f", drawn at random with the seed of the run ({bench.experiment.seed}): as many of each array, "
            "small arrays whole"
        )
    return table(
        "gradient-check",
        f"Gradient against central difference (ε = {format_value(DEFAULT_EPS)}, less where a winner or a "
        f"gate changes within it) for {which} parameters{drawn}, at this image. Largest relative error of "
        f"those that agree: {largest} (tolerance {format_value(TOLERANCE)}).",
        [("verdict", "text"), ("meaning", "text"), ("parameters", "count")],
        rows,
    )


def _summary(bench: Bench) -> Words:
    dataset = bench.dataset
    return Words(
        f"The network was trained for {format_many(bench.step, 'step')} on "
        f"{format_many(len(dataset.train_labels), 'image')} of the classes "
        f"{', '.join(bench.experiment.classes)} ({dataset.name})."
    )


def _convolution(bench: Bench) -> Blocks:
    yield Named("convolution")
    yield Words(bench.equations["convolution"].remark)


def _dots(bench: Bench) -> Blocks:
    yield Words(f"Measured: {dots().result()}")
    yield figures.dots_figure(bench)


def _relative_change(bench: Bench) -> Blocks:
    if bench.look.routing is None:
        yield Words(equations.POOLS_BESIDE)
    yield Named("relative change")


def _image(bench: Bench) -> Words:
    name, loss = bench.experiment.classes[bench.look.label], format_value(bench.look.gradients.loss, 4)
    return Words(
        f"One test image (number {bench.settings.sample}, class {name}) went through the trained "
        f"network; its loss is {loss}."
    )


def _routing(bench: Bench) -> Blocks:
    routing = bench.look.routing
    if routing is None:
        yield Words(equations.WITHOUT_POOL)
        yield figures.map_gradients_figure(bench)
        return
    yield Named("pool gradient")
    yield Words(bench.equations["pool gradient"].words)
    yield figures.routing_figure(bench, routing)
    yield figures.route_maps_figure(bench, routing)


def _rules(bench: Bench) -> Blocks:
    routing = bench.look.routing
    if routing is not None:
        yield _rules_table(routing)
        if bench.ties is not None:
            yield _ties(bench, routing)


def _activation(bench: Bench) -> Blocks:
    activation = bench.equations.get("activation gradient")
    if activation is not None:
        yield Named("activation gradient")
        yield Words(activation.words)


def _update(bench: Bench) -> Words:
    rate = format_value(bench.experiment.learning_rate)
    before, after = format_together((bench.look.gradients.loss, bench.look.loss_after), 6)
    return Words(
        f"One step against the gradient of this image alone (rate {rate}) changes its loss from {before} to "
        f"{after}."
    )


RESULTS: Mapping[str, Callable[[Bench], MeasuredBlock | Iterable[MeasuredBlock]]] = {
    "summary": _summary,
    "layers": _layers,
    "convolution": _convolution,
    "loss": lambda _: Named("loss"),
    "curves": figures.curves_figure,
    "log": _log,
    "tests": _test,
    "confusion": _confusion,
    "filters": figures.filters_figure,
    "maps": figures.maps_figure,
    "dots": _dots,
    "relative-change": _relative_change,
    "shift": figures.shift_figure,
    "sweep": figures.sweep_figure,
    "distance": figures.distance_figure,
    "changes": _measures,
    "answers": _output,
    "image": _image,
    "routing": _routing,
    "rules": _rules,
    "activation": _activation,
    "filter-gradient": lambda _: Named("filter gradient"),
    "terms": _terms,
    "update": _update,
    "difference": lambda _: Named("difference"),
    "check": _check,
}
"""Each takes a bench, and gives what the report shows of it, if the network has it."""


def result_blocks(title: str, names: tuple[str, ...], bench: Bench) -> Blocks:
    """Yield some results under a heading; nothing at all where the network has none of them."""
    results = (RESULTS[name](bench) for name in names)
    found = [block for each in results for block in ((each,) if isinstance(each, Kept) else each)]
    if found:
        yield Heading(title, 3)
        yield from found
