"""What moves when an image moves: shifts, the stages of a network before and after, and measures of both.

`compare` follows one sample and one shift, `sweep` one sample over a grid of shifts, `sweep_many` many
samples. All of them see the same stages: pixels, convolution, activation, and the pools of the same maps.
The measures are functions of their own; `MEASURES` holds their formulas and sources in words.
"""

from cnnviz.translation.comparison import (
    Comparison,
    StagePair,
    WinnerChange,
    WinnerCount,
    WinnerMap,
    compare,
    winner_map,
)
from cnnviz.translation.digits import Curve, DigitSweep, Rings, curves_along_axis, sweep_many
from cnnviz.translation.grids import Axis, StageGrid
from cnnviz.translation.lessons import NEIGHBOURS, Lesson, digit_lessons, toy_lessons, unchanged_shifts
from cnnviz.translation.measures import (
    MEASURES,
    OUTPUT,
    RELATIVE_TO_BLANK_NOTE,
    Measure,
    cosine_similarity,
    decision_flip,
    equivariance_residual,
    probability_change,
    relative_change,
    total_variation,
)
from cnnviz.translation.shifting import BACKGROUND, MODES, Mode, ink_lost, ink_lost_over, shift
from cnnviz.translation.stages import POOL_KINDS, STAGES, ConvBlock, StagePlan, conv_blocks, pool_layer
from cnnviz.translation.sweep import DEFAULT_SETTINGS, REACH, Sweep, SweepSettings, sweep

__all__ = [
    "BACKGROUND",
    "DEFAULT_SETTINGS",
    "MEASURES",
    "MODES",
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
    "WinnerCount",
    "WinnerMap",
    "compare",
    "conv_blocks",
    "cosine_similarity",
    "curves_along_axis",
    "decision_flip",
    "digit_lessons",
    "equivariance_residual",
    "ink_lost",
    "ink_lost_over",
    "pool_layer",
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
