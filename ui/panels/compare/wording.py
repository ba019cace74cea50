"""Changes of parameters in words."""

import math
from collections.abc import Sequence

from cnnviz.inspect.comparison import ParameterChange
from cnnviz.quantities import format_percent, format_value

_FORMULA = (
    "|shown − A|: root of the sum of the squared changes of all values of a parameter; "
    "in brackets its share of |A|, the same root for the values at A"
)


def change_of_layer(changes: Sequence[ParameterChange], layer: str) -> str:
    """Return how much the weights of one layer have changed."""
    weight = next(each for each in changes if each.name == f"{layer}.weight")
    return f"{weight.name} by {_amount(weight)}"


def all_changes(changes: Sequence[ParameterChange]) -> str:
    """Return the change of every parameter and of all together, one a line, and the formula."""
    lines = [f"{each.name}: {_amount(each)}" for each in changes]
    lines.append(f"all parameters: {format_value(math.hypot(*(each.norm for each in changes)))}")
    return "\n".join([*lines, "", _FORMULA])


def _amount(change: ParameterChange) -> str:
    if math.isinf(change.relative):
        return f"{format_value(change.norm)} (from 0)"
    return f"{format_value(change.norm)} ({format_percent(change.relative, 0)})"
