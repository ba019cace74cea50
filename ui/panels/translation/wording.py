"""The statement: what was measured, in plain words."""

import math
from collections.abc import Mapping

from cnnviz.layers import POOLS
from cnnviz.quantities import format_percent, format_probability_pairs, format_together, format_value
from cnnviz.translation import POOL_KINDS, Comparison, MeasureName

#: From here on a stage is as far from what it was as a blank image would be, on its way to the √2 of maps
#: that have nothing in common: whose change is the larger says nothing about pooling then.
_SATURATED = 1.0
_START = "Nothing has moved yet. Drag the digit, press an arrow key, or click in the shift sweep."


def statement(
    comparison: Comparison,
    measured: Mapping[str, Mapping[MeasureName, float]],
    stage: str,
    *,
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
        The chosen stage; if it is no pool, the statement is about max pooling.
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
    pool = stage if stage in POOL_KINDS else "max"
    sentences = [_change(comparison, measured, pool)]
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


def _change(comparison: Comparison, measured: Mapping[str, Mapping[MeasureName, float]], pool: str) -> str:
    """Compare the change of a pool with that of the maps it pools."""
    before = "activation" if "activation" in comparison.stages else "convolution"
    maps = measured[before]["relative_change"]
    change, residual = measured[pool]["relative_change"], measured[pool]["equivariance_residual"]
    words = POOLS[pool].maps
    noun = "convolution" if before == "convolution" else "activation"
    if not (math.isfinite(change) and math.isfinite(maps)):
        return f"There is nothing to compare: the {noun} of this image is that of a blank one."
    if change == 0 and maps > 0:
        unmoved = f"{words} did not change at all"
        return f"{unmoved}, the {noun} by *{format_value(maps)}*: pooling hides this shift here."
    by, maps_by = format_together((change, maps))
    start = f"{words} changed by *{by}*, the {noun} by *{maps_by}*."
    if residual == 0 and change > 0:
        return (
            f"{start} Away from the border they have moved along with the image exactly: the residual is *0*."
        )
    if min(change, maps) >= _SATURATED:
        return start
    return f"{start} {_less_or_more(change / maps if maps > 0 else 1.0)}"


def _less_or_more(share: float) -> str:
    if share < 0.97:
        return "They change less."
    return "They change as much." if share <= 1.03 else "They change more."


def _decision(comparison: Comparison, classes: tuple[str, ...]) -> str:
    before, after = comparison.original_class, comparison.moved_class
    label = comparison.label
    pairs = format_probability_pairs(comparison.original_probabilities, comparison.moved_probabilities)
    first, second = pairs[label]
    numbers = f"p({classes[label]}) *{first}* → *{second}*"
    if before == after:
        return f"The network still reads {classes[after]}, {numbers}."
    return f"The network now reads {classes[after]} instead of {classes[before]}, {numbers}."
