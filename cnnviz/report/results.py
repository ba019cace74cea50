"""What can be measured for a report, by the names that lab files use, with its words or drawing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from cnnviz.quantities import format_count, format_together, format_value
from cnnviz.report import equations, figures, tables
from cnnviz.report.bench import Bench, dots
from cnnviz.report.blocks import Heading, Kept, Measured, Named, Words

type Blocks = Iterator[Measured]


def _summary(bench: Bench) -> Words:
    dataset = bench.dataset
    return Words(
        f"The network was trained for {format_count(bench.step)} steps on "
        f"{format_count(len(dataset.train_labels))} images of the classes "
        f"{', '.join(bench.experiment.classes)} ({dataset.name})."
        + (f" {dataset.conversion}" if dataset.conversion else "")
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
        yield tables.rules_table(routing)
        if bench.ties is not None:
            yield tables.ties_table(bench, routing)


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


RESULTS: Mapping[str, Callable[[Bench], Measured | Iterable[Measured]]] = MappingProxyType(
    {
        "summary": _summary,
        "layers": tables.layers_table,
        "convolution": _convolution,
        "loss": lambda _: Named("loss"),
        "curves": figures.curves_figure,
        "log": tables.log_table,
        "tests": tables.test_table,
        "confusion": tables.confusion_table,
        "filters": figures.filters_figure,
        "maps": figures.maps_figure,
        "dots": _dots,
        "relative-change": _relative_change,
        "shift": figures.shift_figure,
        "sweep": figures.sweep_figure,
        "distance": figures.distance_figure,
        "changes": tables.measures_table,
        "answers": tables.output_table,
        "image": _image,
        "routing": _routing,
        "rules": _rules,
        "activation": _activation,
        "filter-gradient": lambda _: Named("filter gradient"),
        "terms": tables.terms_table,
        "update": _update,
        "difference": lambda _: Named("difference"),
        "check": tables.check_table,
    }
)
"""Each takes a bench, and gives what the report shows of it, if the network has it."""


def result_blocks(title: str, names: tuple[str, ...], bench: Bench) -> Blocks:
    """Yield some results under a heading; nothing at all where the network has none of them."""
    results = (RESULTS[name](bench) for name in names)
    found = [block for each in results for block in ((each,) if isinstance(each, Kept) else each)]
    if found:
        yield Heading(title, 3)
        yield from found
