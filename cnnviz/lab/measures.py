"""Every number that a lab can ask for, declared once: name, unit, kind, parameters and how it is measured.

A lab file names a measure and gives values for its parameters; nothing in a lab file is an expression.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from msgspec import Meta

from cnnviz.covers import Secret
from cnnviz.datasets import to_input
from cnnviz.document.types import Count, Line, Whole
from cnnviz.errors import ParameterError
from cnnviz.files import printable
from cnnviz.inspect.comparison import parameter_changes
from cnnviz.inspect.receptive_field import receptive_field, stage_shape
from cnnviz.lab.model import Measurement
from cnnviz.network import Network
from cnnviz.palette import STAGE_STYLES
from cnnviz.quantities import format_cell, format_count, format_many, format_percent, format_value
from cnnviz.report.bench import STRONGEST, Bench, dots, filter_number
from cnnviz.report.blocks import Kept, Prose
from cnnviz.routing import PoolRouting, tie_rate_of_images
from cnnviz.translation import POOL_KINDS, REACH, STAGES, WinnerChange

type Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
type Cell = Annotated[tuple[Count, ...], Meta(max_length=3)]
type Cells = tuple[tuple[int, ...], ...]

type Value = float | str | Cells | None
"""What was measured: a number in its unit, a name, or cells of which each is right; None where there is no
answer, as the change of something that is zero, or a leader where two are equal."""

type Quantity = Literal["number", "count", "percent", "name", "cells"]


class Fact(NamedTuple):
    """How a value is written that a picture shows; `docs/guide/lab-files.md` says what it is."""

    quantity: Quantity
    unit: str = ""


type _Function = Callable[..., float | str | Cells]

_LONGEST_CLASS = 60
_MAPS = ("conv1", "pool1", "conv2", "pool2", "conv3", "pool3")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a measure: a whole number from `low` to `high`, or one of some names."""

    name: str
    low: int = 0
    high: int = 0
    options: tuple[str, ...] = ()  # names to choose from, or to name a number by; empty for others
    default: int | str | None = None  # None where a lab has to say it
    is_name: bool = False  # whether it is any name, such as that of a class


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that the program can measure."""

    name: str
    title: str  # what it is, to follow "Measured: "; ``{…}`` stands for a parameter
    quantity: Quantity
    unit: str  # of a number or a count, or what a name is that of; "" for a ratio
    function: _Function  # takes a bench and the parameters; "", () and NaN stand for no answer
    parameters: tuple[Parameter, ...]
    # what the window shows from which it can be read, and covers while it is asked for
    secrets: frozenset[Secret]
    is_of_network: bool  # whether the network that is trained has to do with it
    # whether weights have a part in it, so that another seed, and for float32 another processor, can give
    # another value
    is_of_seed: bool
    # whether it tells by its sign which way something goes, so that it can answer about a direction
    is_change: bool

    def title_of(self, measurement: Measurement) -> str:
        """Return what is measured, with the values of the parameters."""
        names = {each.name for each in self.parameters if each.is_name}
        texts = {
            name: printable(str(value), _LONGEST_CLASS) if name in names else _text(value, name)
            for name, value in measurement.parameters.items()
        }
        return self.title.format(**texts)


type Quantified = Measure | Fact


class Measured(Kept, frozen=True, rename={"parameters": "with"}):
    """A number that was measured for a step, with its title and unit for people."""

    step: Line
    measure: Line
    parameters: Annotated[dict[Line, Whole | Line], Meta(max_length=20)]
    title: Prose
    value: Number | Whole | Line | Annotated[tuple[Cell, ...], Meta(max_length=1000)] | None
    unit: Line

    @classmethod
    def of(cls, step: str, measurement: Measurement, value: Value) -> Self:
        """Return what was measured for a step."""
        how = MEASURES[measurement.measure]
        return cls(step, how.name, measurement.parameters, how.title_of(measurement), value, how.unit)

    def __post_init__(self) -> None:
        """Refuse what is not known here."""
        how = MEASURES.get(self.measure)
        if how is None:
            raise ValueError(f"its measure {printable(self.measure, 40)!r} is not known here")
        if set(self.parameters) != {each.name for each in how.parameters}:
            raise ValueError(f"the parameters of its measure {self.measure!r} are not those that it has")
        match how.quantity:
            case "name":
                fits = isinstance(self.value, str)
            case "cells":
                fits = isinstance(self.value, tuple) and all(len(cell) == 3 for cell in self.value)
            case "number" | "count" | "percent":
                fits = isinstance(self.value, int | float)
        if not fits and self.value is not None:
            raise ValueError(f"the value of its measure {self.measure!r} is no {how.quantity}")

    @property
    def how(self) -> Measure:
        """How it was measured."""
        return MEASURES[self.measure]

    @property
    def measurement(self) -> Measurement:
        """What was measured."""
        return Measurement(self.measure, self.parameters)

    @property
    def as_written(self) -> Self:
        """The same with the title and the unit that the program gives it."""
        return self.of(self.step, self.measurement, self.value)

    @property
    def words(self) -> str:
        """The value with its unit, for people."""
        return value_words(self.how, self.value)


def measure(step: str, measurement: Measurement, bench: Bench) -> Measured:
    """Measure one number of a step; raises `CNNVizError` if there is no such image, stage or cell."""
    function, parameters = MEASURES[measurement.measure].function, measurement.parameters
    found = function(bench, **numbered(parameters, bench.network))
    is_there = bool(found) if isinstance(found, str | tuple) else math.isfinite(found)
    return Measured.of(step, measurement, found if is_there else None)


def numbered(parameters: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """Return parameters with the number of the filter in the place of its name."""
    named = {"filter": filter_number(parameters["filter"], network)} if "filter" in parameters else {}
    return {**parameters, **named}


def value_words(of: Quantified, value: Any) -> str:
    """Return a value of a measure with its unit, such as "99.6 %", "8 steps", "row 3, column 2"."""
    if value is None:
        return "not defined"
    match of.quantity:
        case "percent":
            return format_percent(float(value) / 100, 2)
        case "count":
            return format_many(int(value), of.unit.removesuffix("s")) if of.unit else format_count(int(value))
        case "number":
            return f"{format_value(float(value), 4)} {of.unit}".rstrip()
        case "name":
            return f"{of.unit} {value}" if of.unit else _text(value)
        case "cells":
            return " or ".join(format_cell(cell) for cell in value)


def filter_words(named: int | str) -> str:
    """Return what a filter is called, by its number or as a lab names it."""
    return f"filter {named}" if isinstance(named, int) else f"the {named} filter"


def _text(value: int | str, of: str = "") -> str:
    """Return a number, a filter, what a stage is called in the window, or another name as it is."""
    if of == "filter":
        return filter_words(value)
    if isinstance(value, int):
        return format_count(value)
    return STAGE_STYLES[value].title if value in STAGE_STYLES else value


MEASURES: dict[str, Measure] = {}
"""Every measure by name."""


def _measured(
    title: str,
    quantity: Quantity,
    unit: str = "",
    *parameters: Parameter,
    secrets: Iterable[Secret] = (),
    is_of_network: bool = True,
    is_of_seed: bool = True,
    is_change: bool = False,
) -> Callable[[_Function], _Function]:
    """Declare a function as the measure of its name."""

    def declare(function: _Function) -> _Function:
        name = function.__name__.removeprefix("_")
        hidden = frozenset(secrets)
        MEASURES[name] = Measure(
            name, title, quantity, unit, function, parameters, hidden, is_of_network, is_of_seed, is_change
        )
        return function

    return declare


SAMPLE = Parameter("sample", 0, 1_000_000, default=0)
DIGITS = Parameter("digits", 1, 1000, default=200)
SHIFT = Parameter("dx", -REACH, REACH, default=0), Parameter("dy", -REACH, REACH, default=0)
STAGE = Parameter("stage", options=STAGES)
CELL = Parameter("filter", 0, 63, (STRONGEST,)), Parameter("row", 0, 1023), Parameter("column", 0, 1023)
_OF_DOTS = Parameter("stage", options=("pixels", "convolution", "max"))
MAP = Parameter("stage", options=_MAPS)


# --- the trained network ------------------------------------------------------------------------------------


@_measured("training steps of the run", "count", "steps", is_of_seed=False)
def _training_steps(bench: Bench) -> float:
    return bench.step


@_measured("numbers that the network learns", "count", is_of_seed=False)
def _parameters(bench: Bench) -> float:
    return bench.network.parameter_count


@_measured("accuracy on the test images", "percent", "%", secrets={Secret.TEST})
def _test_accuracy(bench: Bench) -> float:
    return 100 * bench.evaluation.accuracy


@_measured("mean loss on the test images", "number", "nats", secrets={Secret.TEST, Secret.LOSS})
def _test_loss(bench: Bench) -> float:
    return bench.evaluation.loss


@_measured("test images that are misread", "count", "images", secrets={Secret.TEST})
def _test_mistakes(bench: Bench) -> float:
    return len(bench.evaluation.mistakes)


@_measured("class with the largest share of misread images", "name", "class", secrets={Secret.TEST})
def _most_mistaken_class(bench: Bench) -> str:
    confusion = bench.evaluation.confusion
    wrong = 1 - np.diag(confusion) / np.maximum(confusion.sum(axis=1), 1)
    leaders = [int(place) for place in np.flatnonzero(wrong == wrong.max())]
    return bench.dataset.classes[leaders[0]] if len(leaders) == 1 else ""


@_measured("test image with the largest loss", "count", secrets={Secret.ANSWERS})
def _hardest_image(bench: Bench) -> float:
    return int(np.argmax(bench.evaluation.losses))


@_measured(
    "probability that the test image with the largest loss is of its true class", "number",
    secrets={Secret.ANSWERS},
)  # fmt: skip
def _hardest_probability(bench: Bench) -> float:
    place = int(np.argmax(bench.evaluation.losses))
    return float(bench.evaluation.probabilities[place, bench.label(place)])


@_measured(
    "change of the first layer's filters, relative to their initial size", "number",
    secrets={Secret.FILTERS},
)  # fmt: skip
def _filter_change(bench: Bench) -> float:
    return parameter_changes(bench.initial, bench.network)[0].relative


# --- one image through the network --------------------------------------------------------------------------


@_measured(
    "probability of the true class of test image {sample}", "number", "", SAMPLE, secrets={Secret.ANSWERS}
)
def _probability(bench: Bench, sample: int) -> float:
    return float(bench.passed(sample).trace.class_probabilities[0, bench.label(sample)])


@_measured(
    "probability that your own image is of the class {class}", "number", "", Parameter("class", is_name=True),
    secrets={Secret.ANSWERS},
)  # fmt: skip
def _own_probability(bench: Bench, **of: str) -> float:
    name, classes = of["class"], bench.dataset.classes
    if name not in classes:
        listed, called = printable(", ".join(classes), 60), printable(name, 40)
        raise ParameterError(f"The classes of the lab are {listed}, and {called!r} is none of them.")
    if bench.own is None:
        return nan
    trace = bench.network.forward(to_input(bench.own[np.newaxis], bench.network.dtype))
    return float(trace.class_probabilities[0, classes.index(name)])


@_measured(
    "value of {stage} at {filter}, row {row}, column {column}, test image {sample}", "number", "",
    MAP, *CELL, SAMPLE, secrets={Secret.CELLS},
)  # fmt: skip
def _cell_value(bench: Bench, stage: str, filter: int, row: int, column: int, sample: int) -> float:
    require_cell(bench.network, stage, (filter, row, column))
    return float(bench.passed(sample).trace.outputs[stage][0][filter, row, column])


@_measured(
    "side of the receptive field of a cell of {stage}", "count", "pixels", MAP,
    secrets={Secret.FIELD}, is_of_seed=False,
)  # fmt: skip
def _receptive_field(bench: Bench, stage: str) -> float:
    require_cell(bench.network, stage, (0, 0, 0))
    middle = tuple(size // 2 for size in stage_shape(bench.network, stage))
    return receptive_field(bench.network, stage, middle)["input"].rectangle.height


@_measured(
    "winner of the pooling window at {filter}, row {row}, column {column}, test image {sample}",
    "cells", "", *CELL, SAMPLE, secrets={Secret.CELLS},
)  # fmt: skip
def _window_winner(bench: Bench, filter: int, row: int, column: int, sample: int) -> Cells:
    routing = routing_at(bench, sample, (filter, row, column))
    if routing.winners is None:
        return ()
    step = routing.pool.step
    return tuple(
        (filter, row * step + int(i), column * step + int(j))
        for i, j in np.argwhere(routing.winners[filter, row, column])
    )


# --- what moves when the image moves ------------------------------------------------------------------------


@_measured(
    "change of “{stage}” by the shift ({dx}, {dy}), test image {sample}", "number", "",
    STAGE, *SHIFT, SAMPLE, secrets={Secret.SHIFT},
)  # fmt: skip
def _change(bench: Bench, stage: str, dx: int, dy: int, sample: int) -> float:
    pair = bench.compared(dx, dy, sample).stages.get(stage)
    return nan if pair is None else pair.measured()["relative_change"]


@_measured(
    "residual of “{stage}” for the shift ({dx}, {dy}), test image {sample}", "number", "",
    STAGE, *SHIFT, SAMPLE, secrets={Secret.SHIFT},
)  # fmt: skip
def _residual(bench: Bench, stage: str, dx: int, dy: int, sample: int) -> float:
    pair = bench.compared(dx, dy, sample).stages.get(stage)
    return nan if pair is None else pair.measured()["equivariance_residual"]


@_measured(
    "change of “{stage}” by the shift ({dx}, {dy}), mean of the first {digits} test images", "number", "",
    STAGE, *SHIFT, DIGITS, secrets={Secret.SHIFT},
)  # fmt: skip
def _mean_change(bench: Bench, stage: str, dx: int, dy: int, digits: int) -> float:
    found = [each.changes[stage] for each in bench.moved(dx, dy, digits) if stage in each.changes]
    finite = [value for value in found if np.isfinite(value)]
    return float(np.mean(finite)) if finite else nan


@_measured(
    "pool that changes least by the shift ({dx}, {dy}), test image {sample}", "name", "", *SHIFT, SAMPLE,
    secrets={Secret.SHIFT},
)  # fmt: skip
def _least_changed(bench: Bench, dx: int, dy: int, sample: int) -> str:
    stages = bench.compared(dx, dy, sample).stages
    changes = {kind: stages[kind].measured()["relative_change"] for kind in POOL_KINDS}
    least = min(changes.values())
    leaders = [kind for kind, value in changes.items() if value == least]
    return leaders[0] if len(leaders) == 1 else ""


@_measured(
    "windows of all filters with another largest value after the shift ({dx}, {dy}), test image {sample}",
    "percent", "%", *SHIFT, SAMPLE, secrets={Secret.SHIFT},
)  # fmt: skip
def _windows_changed(bench: Bench, dx: int, dy: int, sample: int) -> float:
    winners = bench.compared(dx, dy, sample).winners
    return 100 * sum(winners.counts()[WinnerChange.CHANGED]) / winners.category.size


@_measured(
    "share of the first {digits} test images that change their class by the shift ({dx}, {dy})", "percent",
    "%", *SHIFT, DIGITS, secrets={Secret.FLIPS},
)  # fmt: skip
def _decision_flips(bench: Bench, dx: int, dy: int, digits: int) -> float:
    return 100 * float(np.mean([each.flips for each in bench.moved(dx, dy, digits)]))


@_measured(
    "smallest shift to the right that changes the answer for test image {sample}", "count", "pixels", SAMPLE,
    secrets={Secret.FLIPS, Secret.ANSWERS},
)  # fmt: skip
def _smallest_flip(bench: Bench, sample: int) -> float:
    for dx in range(1, REACH + 1):
        pair = bench.compared(dx, 0, sample)
        if pair.moved_class != pair.original_class:
            return dx
    return nan


@_measured(
    "cells of “{stage}” in which the two small images differ", "count", "cells", _OF_DOTS,
    secrets={Secret.SHIFT}, is_of_network=False, is_of_seed=False,
)  # fmt: skip
def _dots_cells_changed(_: Bench, stage: str) -> float:
    before, after = dots().compare().stages[stage].features()
    return int(np.count_nonzero(before != after))


@_measured(
    "largest difference of the two small images in “{stage}”", "number", "", _OF_DOTS,
    secrets={Secret.SHIFT}, is_of_network=False, is_of_seed=False,
)  # fmt: skip
def _dots_difference(_: Bench, stage: str) -> float:
    before, after = dots().compare().stages[stage].features()
    return float(np.abs(after - before).max())


# --- the way of the gradient --------------------------------------------------------------------------------


@_measured(
    "tied pooling windows of the first {digits} test images", "percent", "%", DIGITS, secrets={Secret.ROUTE}
)
def _tied_windows(bench: Bench, digits: int) -> float:
    routing = bench.passed(0).routing
    if routing is None or routing.pool.tie_rule is None:
        return nan
    return 100 * tie_rate_of_images(bench.network, bench.dataset.test_images[:digits], routing.layer).rate


@_measured(
    "cells that get a gradient in the window at {filter}, row {row}, column {column}, test image "
    "{sample}", "count", "cells", *CELL, SAMPLE, secrets={Secret.ROUTE, Secret.SHARES},
)  # fmt: skip
def _window_receivers(bench: Bench, filter: int, row: int, column: int, sample: int) -> float:
    window = filter, row, column
    return len(routing_at(bench, sample, window).routes().of_window(window))


@_measured(
    "how often a tied window hands out its gradient, mean of test image {sample}", "number", "times",
    SAMPLE, secrets={Secret.ROUTE},
)  # fmt: skip
def _tied_share(bench: Bench, sample: int) -> float:
    # 1 where it is handed to one winner or divided, the number of winners where each gets all of it.
    routing = bench.passed(sample).routing
    if routing is None or not routing.tied.any():
        return nan
    routes = routing.routes()
    shares = np.zeros(routing.pooled.shape)
    np.add.at(shares, tuple(routes.windows.T), routes.shares)
    return float(shares[routing.tied].mean())


@_measured(
    "largest relative error of the gradients that agree, test image {sample}", "number", "",
    SAMPLE, secrets={Secret.CHECK},
)  # fmt: skip
def _gradient_error(bench: Bench, sample: int) -> float:
    return bench.passed(sample).check.largest_error


@_measured(
    "gradients that differ for no known reason, test image {sample}",
    "count", "parameters", SAMPLE, secrets={Secret.CHECK},
)  # fmt: skip
def _gradient_mismatches(bench: Bench, sample: int) -> float:
    return bench.passed(sample).check.counts["mismatch"]


@_measured(
    "gradients at a kink, where the loss has no slope, test image {sample}", "count", "parameters",
    SAMPLE, secrets={Secret.CHECK},
)  # fmt: skip
def _gradient_kinks(bench: Bench, sample: int) -> float:
    return bench.passed(sample).check.counts["kink"]


@_measured(
    "gradients that differ because of ties, test image {sample}", "count", "parameters",
    SAMPLE, secrets={Secret.CHECK},
)  # fmt: skip
def _gradient_tie_rule(bench: Bench, sample: int) -> float:
    return bench.passed(sample).check.counts["tie_rule"]


@_measured(
    "change of the loss of test image {sample} by one update", "number", "nats", SAMPLE,
    secrets={Secret.UPDATE}, is_change=True,
)  # fmt: skip
def _update_loss_change(bench: Bench, sample: int) -> float:
    passed = bench.passed(sample)
    return passed.loss_after - passed.gradients.loss


# --- helpers ------------------------------------------------------------------------------------------------


def routing_at(bench: Bench, sample: int, window: tuple[int, int, int]) -> PoolRouting:
    """Return the way through the first pool, or raise `ParameterError` where it has no such window."""
    routing = bench.passed(sample).routing
    if routing is None:
        raise ParameterError("The network has no pool, and so no windows; ask for something else here.")
    require_cell(bench.network, routing.layer, window)
    return routing


def require_cell(network: Network, stage: str, cell: tuple[int, int, int]) -> None:
    """Raise `ParameterError` unless the maps of a stage have this cell."""
    shape = stage_shape(network, stage) if stage in network.shapes else ()
    if len(shape) != 3 or not all(place < size for place, size in zip(cell, shape, strict=True)):
        filter_, row, column = cell
        raise ParameterError(
            f"The stage {stage!r} has no cell at filter {filter_}, row {row}, column {column}."
        )
