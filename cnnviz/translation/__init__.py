"""What moves when an image moves: shifts, the stages of a network before and after, and measures of both.

`compare` follows one sample and one shift, `sweep` one sample over a grid of shifts, `sweep_many` many
samples. All of them see the same stages: pixels, convolution, activation, and the pools of the same maps.
The measures are functions of their own; `MEASURES` holds their formulas and sources in words.
"""

from cnnviz.translation.comparison import (
    Comparison,
    StagePair,
    WinnerChange,
    WinnerMap,
    compare,
    winner_map,
)
from cnnviz.translation.digits import Curve, DigitSweep, Rings, curves_along_axis, sweep_many
from cnnviz.translation.lessons import NEIGHBOURS, Lesson, digit_lessons, toy_lessons, unchanged_shifts
from cnnviz.translation.measures import (
    MEASURES,
    OUTPUT,
    RELATIVE_TO_BLANK_NOTE,
    Measure,
    cosine_similarity,
    decision_flip,
    probability_change,
    relative_change,
    total_variation,
)
from cnnviz.translation.shifting import BACKGROUND, Axis, Mode, StageGrid, ink_lost, shift
from cnnviz.translation.stages import POOL_KINDS, STAGES, ConvBlock, StagePlan, conv_blocks
from cnnviz.translation.sweep import REACH, Sweep, SweepSettings, sweep

__all__ = [
    "BACKGROUND",
    "MEASURES",
    "NEIGHBOURS",
    "OUTPUT",
    "POOL_KINDS",
    "REACH",
    "RELATIVE_TO_BLANK_NOTE",
    "STAGES",
    "Axis",
    "Comparison",
    "ConvBlock",
    "Curve",
    "DigitSweep",
    "Lesson",
    "Measure",
    "Mode",
    "Rings",
    "StageGrid",
    "StagePair",
    "StagePlan",
    "Sweep",
    "SweepSettings",
    "WinnerChange",
    "WinnerMap",
    "compare",
    "conv_blocks",
    "cosine_similarity",
    "curves_along_axis",
    "decision_flip",
    "digit_lessons",
    "ink_lost",
    "probability_change",
    "relative_change",
    "shift",
    "sweep",
    "sweep_many",
    "total_variation",
    "toy_lessons",
    "unchanged_shifts",
    "winner_map",
]
