"""The statement: what was measured, in plain words."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from cnnviz.layers import POOLS
from cnnviz.quantities import format_percent, format_probability_pairs, format_together, format_value
from cnnviz.translation import POOL_KINDS, Comparison, MeasureName

#: From here on a stage is as far from what it was as a blank image would be, on its way to the √2 of maps
#: that have nothing in common: whose change is the larger says nothing about pooling then.
_SATURATED = 1.0


class _Verbs(NamedTuple):
    """How is said what has become of maps."""

    changed: str
    unchanged: str
    moved: str
    change: str
    hides: str = ""


_POOLED = _Verbs(
    "changed", "did not change", "they have moved", "They change", ": pooling hides this shift here"
)
_WHAT_IF = _Verbs(
    "would change",
    "would not change",
    "they would have moved",
    "They would change",
    ": pooling would hide this shift here",
)
_UNPOOLED = _Verbs("changed", "did not change", "it has moved", "It changes")
_START = "Nothing has moved yet. Drag the digit, press an arrow key, or click in the shift sweep."


def statement(
    comparison: Comparison,
    measured: Mapping[str, Mapping[MeasureName, float]],
    stage: str,
    *,
    own: tuple[str, int] | None,
    relative: bool = True,
    classes: tuple[str, ...] = (),
    step: int = 1,
) -> tuple[str, str]:
    """Say what the shift has done.

    Parameters
    ----------
    comparison : Comparison
    measured : mapping from stage to mapping from measure to float
        Measures of its features.
    stage : str
        The chosen stage; if it is no pool, the statement is about pooling as the network does it.
    own : (str, int) or None
        Kind and window of the pool that the network has; what others make of its maps is said as a what if.
    relative : bool
        Whether features are relative to a blank image.
    classes : tuple of str
        Names of the classes; empty where the output means nothing.
    step : int
        Training step of the network.

    Returns
    -------
    text, kind : str
        Numbers between asterisks; "info" or "warning".
    """
    lost = ink_text(comparison.ink_lost)
    if (comparison.dx, comparison.dy) == (0, 0):
        untrained = " The network is untrained; train it to see its own filters at work." if step == 0 else ""
        return _START + (untrained if classes else ""), "info"
    pool = stage if stage in POOL_KINDS else None if own is None else own[0]
    sentences = [_change(comparison, measured, pool, is_own=own == (pool, comparison.pool_size))]
    if classes:
        sentences.append(_decision(comparison, classes))
    if lost:
        sentences.insert(0, f"*{lost}* of the ink has left the frame: that part is lost, not moved.")
    if not relative:
        sentences.append("Raw comparison: the constant background hides part of the change.")
    return " ".join(sentences), "warning" if lost else "info"


def ink_text(lost: float) -> str:
    """Share of the ink that has left the frame, or "" if none has."""
    if lost <= 0:
        return ""
    return "less than 1 %" if lost < 0.01 else format_percent(lost, 0)


def _change(
    comparison: Comparison,
    measured: Mapping[str, Mapping[MeasureName, float]],
    pool: str | None,
    *,
    is_own: bool,
) -> str:
    """Compare the change of a pool with that of the maps it pools; without one, of the maps with pixels."""
    maps = "activation" if "activation" in comparison.stages else "convolution"
    after, before = (maps, "pixels") if pool is None else (pool, maps)
    verbs = _UNPOOLED if pool is None else _POOLED if is_own else _WHAT_IF
    words = f"The {maps}" if pool is None else POOLS[pool].maps
    base = measured[before]["relative_change"]
    change, residual = measured[after]["relative_change"], measured[after]["equivariance_residual"]
    if not (math.isfinite(change) and math.isfinite(base)):
        return f"There is nothing to compare: the {maps} of this image is that of a blank one."
    if change == 0 and base > 0:
        return f"{words} {verbs.unchanged} at all, the {before} by *{format_value(base)}*{verbs.hides}."
    by, base_by = format_together((change, base))
    start = f"{words} {verbs.changed} by *{by}*, the {before} by *{base_by}*."
    if residual == 0 and change > 0:
        moved = f"Away from the border {verbs.moved} along with the image exactly"
        return f"{start} {moved}: the residual is *0*."
    if min(change, base) >= _SATURATED:
        return start
    return f"{start} {verbs.change} {_less_or_more(change / base if base > 0 else 1.0)}."


def _less_or_more(share: float) -> str:
    if share < 0.97:
        return "less"
    return "as much" if share <= 1.03 else "more"


def _decision(comparison: Comparison, classes: tuple[str, ...]) -> str:
    before, after = comparison.original_class, comparison.moved_class
    label = comparison.label
    pairs = format_probability_pairs(comparison.original_probabilities, comparison.moved_probabilities)
    first, second = pairs[label]
    numbers = f"p({classes[label]}) *{first}* → *{second}*"
    if before == after:
        return f"The network still reads {classes[after]}, {numbers}."
    return f"The network now reads {classes[after]} instead of {classes[before]}, {numbers}."
