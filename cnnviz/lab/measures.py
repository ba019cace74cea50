"""Every number that a lab can ask for, declared once: name, unit, kind, parameters and how it is measured.

A lab file names a measure and gives values for its parameters; nothing in a lab file is an expression.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from cnnviz.covers import Secret
from cnnviz.files import printable
from cnnviz.lab import measuring
from cnnviz.lab.bench import Bench
from cnnviz.lab.model import Measurement
from cnnviz.palette import STAGE_STYLES
from cnnviz.quantities import format_cell, format_count, format_percent, format_value
from cnnviz.translation import REACH, STAGES

type Value = float | str | measuring.Cells | None
"""What was measured: a number in its unit, a name, or cells of which each is right; None where there is no
answer, as the change of something that is zero, or a leader where two are equal."""

type Quantity = Literal["number", "count", "percent", "name", "cells"]

_LONGEST_CLASS = 60
_MAPS = ("conv1", "pool1", "conv2", "pool2", "conv3", "pool3")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a measure: a whole number from `low` to `high`, or one of some names.

    * `options`: names to choose from; empty for a number or any name.
    * `is_name`: whether it is any name, such as that of a class.
    * `default`: None where a lab has to say it.
    """

    name: str
    low: int = 0
    high: int = 0
    options: tuple[str, ...] = ()
    default: int | str | None = None
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that the program can measure.

    * `title`: what it is, to follow "Measured: "; ``{…}`` stands for a parameter.
    * `unit`: of a number or a count, or what a name is that of; "" for a ratio.
    * `is_of_network`: whether the network that is trained has to do with it.
    * `secrets`: what the window shows from which it can be read, and covers while it is asked for.
    * `is_change`: whether it tells by its sign which way something goes, so that it can answer
      about a direction.
    """

    name: str
    title: str
    quantity: Quantity
    unit: str
    function: Callable[..., float | str | measuring.Cells]
    parameters: tuple[Parameter, ...] = ()
    is_of_network: bool = True
    secrets: frozenset[Secret] = frozenset()
    is_change: bool = False

    def title_of(self, measurement: Measurement) -> str:
        """Return what is measured, with the values of the parameters."""
        names = {each.name for each in self.parameters if each.is_name}
        texts = {
            name: printable(str(value), _LONGEST_CLASS) if name in names else _text(value)
            for name, value in measurement.parameters.items()
        }
        return self.title.format(**texts)


_SAMPLE = Parameter("sample", 0, 1_000_000, default=0)
_DIGITS = Parameter("digits", 1, 1000, default=200)
_SHIFT = Parameter("dx", -REACH, REACH, default=0), Parameter("dy", -REACH, REACH, default=0)
_STAGE = Parameter("stage", options=STAGES)
_CELL = Parameter("filter", 0, 63), Parameter("row", 0, 1023), Parameter("column", 0, 1023)
_OF_DOTS = Parameter("stage", options=("pixels", "convolution", "max"))
_MAP = Parameter("stage", options=_MAPS)

_TEST = frozenset({Secret.TEST})
_LOSS = frozenset({Secret.TEST, Secret.LOSS})
_FILTERS = frozenset({Secret.FILTERS})
_ANSWER = frozenset({Secret.ANSWERS})
_CELLS = frozenset({Secret.CELLS})
_FIELD = frozenset({Secret.FIELD})
_MOVED = frozenset({Secret.SHIFT})
_FLIPS = frozenset({Secret.FLIPS})
_SMALLEST_FLIP = frozenset({Secret.FLIPS, Secret.ANSWERS})
_ROUTE = frozenset({Secret.ROUTE})
_RECEIVERS = frozenset({Secret.ROUTE, Secret.SHARES})
_CHECK = frozenset({Secret.CHECK})
_UPDATE = frozenset({Secret.UPDATE})

_ALL: Sequence[Measure] = (
    Measure("training_steps", "training steps of the run", "count", "steps", measuring.training_steps),
    Measure("parameters", "numbers that the network learns", "count", "", measuring.parameter_count),
    Measure("test_accuracy", "accuracy on the test images", "percent", "%", measuring.test_accuracy,
        secrets=_TEST),
    Measure("test_loss", "mean loss on the test images", "number", "nats", measuring.test_loss,
        secrets=_LOSS),
    Measure("test_mistakes", "test images that are misread", "count", "images", measuring.test_mistakes,
        secrets=_TEST),
    Measure(
        "most_mistaken_class", "class with the largest share of misread images", "name", "class",
        measuring.most_mistaken_class, secrets=_TEST,
    ),
    Measure("hardest_image", "test image with the largest loss", "count", "", measuring.hardest_image,
        secrets=_ANSWER),
    Measure(
        "hardest_probability", "probability that the test image with the largest loss is of its true class",
        "number", "", measuring.hardest_probability, secrets=_ANSWER,
    ),
    Measure(
        "filter_change", "change of the first filters by training, relative to their size before",
        "number", "", measuring.filter_change, secrets=_FILTERS,
    ),
    Measure(
        "probability", "probability of the true class of test image {sample}", "number", "",
        measuring.probability, (_SAMPLE,), secrets=_ANSWER,
    ),
    Measure(
        "own_probability", "probability that your own image is of the class {class}",
        "number", "", measuring.own_probability, (Parameter("class", is_name=True),), secrets=_ANSWER,
    ),
    Measure(
        "cell_value", "value of {stage} at filter {filter}, row {row}, column {column}, test image {sample}",
        "number", "", measuring.cell_value, (_MAP, *_CELL, _SAMPLE), secrets=_CELLS,
    ),
    Measure(
        "receptive_field", "side of the receptive field of a cell of {stage}", "count", "pixels",
        measuring.receptive_side, (_MAP,), secrets=_FIELD,
    ),
    Measure(
        "window_winner", "winner of the pooling window at filter {filter}, row {row}, column {column}, test "
        "image {sample}", "cells", "", measuring.window_winners, (*_CELL, _SAMPLE), secrets=_CELLS,
    ),
    Measure(
        "change", "relative change of the stage “{stage}” for the shift ({dx}, {dy}), test image {sample}",
        "number", "", measuring.change, (_STAGE, *_SHIFT, _SAMPLE), secrets=_MOVED,
    ),
    Measure(
        "residual", "equivariance residual of the stage “{stage}” for the shift ({dx}, {dy}), test image "
        "{sample}", "number", "", measuring.residual, (_STAGE, *_SHIFT, _SAMPLE), secrets=_MOVED,
    ),
    Measure(
        "mean_change", "relative change of the stage “{stage}” for the shift ({dx}, {dy}), mean over the "
        "first {digits} test images", "number", "", measuring.mean_change, (_STAGE, *_SHIFT, _DIGITS),
        secrets=_MOVED,
    ),
    Measure(
        "least_changed", "pool that changes least for the shift ({dx}, {dy}), test image {sample}", "name",
        "", measuring.least_changed, (*_SHIFT, _SAMPLE), secrets=_MOVED,
    ),
    Measure(
        "windows_changed", "pooling windows whose largest value changes with the shift ({dx}, {dy}), "
        "test image {sample}", "percent", "%", measuring.windows_changed, (*_SHIFT, _SAMPLE), secrets=_MOVED,
    ),
    Measure(
        "decision_flips", "share of the first {digits} test images whose class changes with the shift "
        "({dx}, {dy})", "percent", "%", measuring.decision_flips, (*_SHIFT, _DIGITS), secrets=_FLIPS,
    ),
    Measure(
        "smallest_flip", "smallest shift to the right that changes the answer for test image {sample}",
        "count", "pixels", measuring.smallest_flip, (_SAMPLE,), secrets=_SMALLEST_FLIP,
    ),
    Measure(
        "dots_cells_changed", "cells in which the two small images differ at the stage “{stage}”", "count",
        "cells", measuring.dots_cells_changed, (_OF_DOTS,), is_of_network=False, secrets=_MOVED,
    ),
    Measure(
        "dots_difference", "largest difference between the two small images at the stage “{stage}”", "number",
        "", measuring.dots_difference, (_OF_DOTS,), is_of_network=False, secrets=_MOVED,
    ),
    Measure(
        "tied_windows", "tied pooling windows of the first {digits} test images", "percent", "%",
        measuring.tied_windows, (_DIGITS,), secrets=_ROUTE,
    ),
    Measure(
        "window_receivers", "cells that the gradient reaches in the window at filter {filter}, row {row}, "
        "column {column}, test image {sample}", "count", "cells", measuring.window_receivers,
        (*_CELL, _SAMPLE), secrets=_RECEIVERS,
    ),
    Measure(
        "tied_share", "gradient that the cells of a tied window get together, divided by that of its pooled "
        "value, mean over all tied windows of test image {sample}", "number", "", measuring.tied_share,
        (_SAMPLE,), secrets=_ROUTE,
    ),
    Measure(
        "gradient_error", "largest relative error of the gradients that agree with the finite difference, "
        "test image {sample}", "number", "", measuring.gradient_error, (_SAMPLE,), secrets=_CHECK,
    ),
    Measure(
        "gradient_mismatches", "parameters whose gradient differs from the finite difference for no known "
        "reason, test image {sample}", "count", "parameters", measuring.gradient_mismatches, (_SAMPLE,),
        secrets=_CHECK,
    ),
    Measure(
        "gradient_kinks", "parameters at which the loss has a kink, and no slope, test image {sample}",
        "count", "parameters", measuring.gradient_kinks, (_SAMPLE,), secrets=_CHECK,
    ),
    Measure(
        "gradient_tie_rule", "parameters whose gradient differs from the finite difference because of the "
        "rule for ties, test image {sample}", "count", "parameters", measuring.gradient_tie_rule, (_SAMPLE,),
        secrets=_CHECK,
    ),
    Measure(
        "update_loss_change", "change of the loss of test image {sample} by one step against its gradient",
        "number", "nats", measuring.update_loss_change, (_SAMPLE,), secrets=_UPDATE, is_change=True,
    ),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = MappingProxyType({each.name: each for each in _ALL})
"""Every measure by name."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured number.

    * `measurement`: what was measured.
    """

    measurement: Measurement
    value: Value

    @property
    def measure(self) -> Measure:
        """How it was measured."""
        return MEASURES[self.measurement.measure]

    @property
    def words(self) -> str:
        """The value with its unit, for people."""
        return value_words(self.measure, self.value)


def measure(measurement: Measurement, bench: Bench) -> Measured:
    """Measure one number.

    * Raises CNNVizError: if network or data have no such image, stage or cell.
    """
    found = MEASURES[measurement.measure].function(bench, **measurement.parameters)
    is_number = not isinstance(found, str | tuple)
    value = None if found in ("", ()) or (is_number and not math.isfinite(found)) else found
    return Measured(measurement, value)


def value_words(of: Measure, value: Any) -> str:
    """Return a value of a measure with its unit, such as "99.6 %", "8 steps", "row 3, column 2"."""
    if value is None:
        return "not defined"
    match of.quantity:
        case "percent":
            return format_percent(float(value) / 100, 2)
        case "count":
            unit = of.unit.removesuffix("s") if value == 1 else of.unit
            return f"{format_count(int(value))} {unit}".rstrip()
        case "number":
            return f"{format_value(float(value), 4)} {of.unit}".rstrip()
        case "name":
            return f"{of.unit} {value}" if of.unit else _name(value)
        case "cells":
            return " or ".join(format_cell(cell) for cell in value)


def _text(value: int | str) -> str:
    return _name(value) if isinstance(value, str) else format_count(value)


def _name(value: str) -> str:
    """Return what a stage is called in the window; another name as it is."""
    return STAGE_STYLES[value].title if value in STAGE_STYLES else value
