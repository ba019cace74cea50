"""What can be measured for a report, by the names that lab files use, with its words or drawing."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from cnnviz.mathematics import Equation
from cnnviz.quantities import format_count, format_together, format_value
from cnnviz.report import equations, figures, tables
from cnnviz.report.blocks import Heading, Measured, Named, Words
from cnnviz.report.lab import LabResults
from cnnviz.translation import OUTPUT

type Blocks = Iterator[Measured]


def _summary(of: LabResults) -> Blocks:
    yield Words(
        f"The network was trained for {format_count(of.training.steps)} steps on "
        f"{format_count(of.train_count)} images of the classes {', '.join(of.experiment.classes)} "
        f"({of.data_name})." + (f" {of.data_conversion}" if of.data_conversion else "")
    )


def _convolution(of: LabResults) -> Blocks:
    yield Named("convolution")
    yield Words(_named(of)["convolution"].remark)


def _relative_change(of: LabResults) -> Blocks:
    if of.backprop.routing is None:
        yield Words(equations.POOLS_BESIDE)
    yield Named("relative change")


def _distance(of: LabResults) -> Blocks:
    moved = of.translation
    curves = {stage: curve for stage, curve in moved.curves["relative_change"].items() if stage != OUTPUT}
    yield figures.distance_figure(curves, moved.ink_lost, moved.digits, moved.digit[0].pool_size)


def _image(of: LabResults) -> Blocks:
    name = of.experiment.classes[of.sample.label]
    yield Words(
        f"One test image (number {of.sample.index}, class {name}) was sent through the trained network; "
        f"its loss is {format_value(of.backprop.loss, 4)}."
    )


def _routing(of: LabResults) -> Blocks:
    if of.backprop.routing is None:
        yield Words(equations.WITHOUT_POOL)
        yield figures.map_gradients_figure(of.backprop)
        return
    pool = _named(of)["pool gradient"]
    yield Named("pool gradient")
    yield Words(pool.words)
    yield figures.routing_figure(of.backprop, of.backprop.routing)
    yield figures.route_maps_figure(of.backprop, of.backprop.routing)


def _rules(of: LabResults) -> Blocks:
    if of.backprop.routing is not None:
        yield tables.rules_table(of.backprop.routing)
        if of.backprop.ties is not None:
            yield tables.ties_table(of.backprop, of.backprop.routing)


def _activation(of: LabResults) -> Blocks:
    activation = _named(of).get("activation gradient")
    if activation is not None:
        yield Named("activation gradient")
        yield Words(activation.words)


def _update(of: LabResults) -> Blocks:
    rate = format_value(of.experiment.learning_rate)
    before, after = format_together((of.backprop.loss, of.backprop.loss_after), 6)
    yield Words(
        f"One step against the gradient of this image alone (rate {rate}) changes its loss from {before} to "
        f"{after}."
    )


def _named(of: LabResults) -> dict[str, Equation]:
    return equations.of_network(of.training.network.layers, of.backprop.filter_gradient.shape[0])


def _one(block: Callable[[LabResults], Measured]) -> Callable[[LabResults], Blocks]:
    return lambda results: iter((block(results),))


def _of_image(of: LabResults) -> str:
    return f"test image {of.sample.index}, a {of.experiment.classes[of.sample.label]}"


RESULTS: Mapping[str, Callable[[LabResults], Blocks]] = MappingProxyType(
    {
        "summary": _summary,
        "layers": _one(tables.layers_table),
        "convolution": _convolution,
        "loss": _one(lambda _: Named("loss")),
        "curves": _one(lambda of: figures.curves_figure(of.training, of.experiment.log_every)),
        "log": _one(lambda of: tables.log_table(of.training, of.experiment.log_every)),
        "tests": _one(lambda of: tables.test_table(of.training)),
        "confusion": _one(lambda of: tables.confusion_table(of.training, of.experiment.classes)),
        "filters": _one(lambda of: figures.filters_figure(of.training)),
        "maps": _one(figures.maps_figure),
        "dots": lambda of: iter(
            (Words(f"Measured: {of.translation.dots_result}"), figures.dots_figure(of.translation.dots))
        ),
        "relative-change": _relative_change,
        "shift": _one(lambda of: figures.shift_figure(of.translation.digit, _of_image(of))),
        "sweep": _one(
            lambda of: figures.sweep_figure(
                of.translation.sweep, _of_image(of), of.translation.digit[0].pool_size
            )
        ),
        "distance": _distance,
        "changes": _one(lambda of: tables.measures_table(of.translation)),
        "answers": _one(lambda of: tables.output_table(of.translation)),
        "image": _image,
        "routing": _routing,
        "rules": _rules,
        "activation": _activation,
        "filter-gradient": _one(lambda _: Named("filter gradient")),
        "terms": _one(lambda of: tables.terms_table(of.backprop)),
        "update": _update,
        "difference": _one(lambda _: Named("difference")),
        "check": _one(tables.check_table),
    }
)
"""Each takes what the lab has measured, and yields what the report shows of it, if the network has it."""


def result_blocks(title: str, names: tuple[str, ...], results: LabResults) -> Blocks:
    """Yield some results under a heading; nothing at all where the network has none of them."""
    found = [block for name in names for block in RESULTS[name](results)]
    if found:
        yield Heading(title, 3)
        yield from found


def appendix_blocks(results: LabResults) -> Blocks:
    """Yield how to measure it again."""
    yield Words("The same command, seed and versions give the same numbers:")
    yield Words(results.command, "code")
    yield tables.settings_table(results)
    yield tables.versions_table(results)
