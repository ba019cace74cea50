"""What moves when an image moves: shifts, the stages of a network before and after, and measures of both.

`compare` follows one sample and one shift, `sweep` one sample over a grid of shifts, `sweep_many` many
samples. All of them see the same stages: pixels, convolution, activation, and the pools of the same maps.
The measures are functions of their own; `MEASURES` holds their formulas and sources in words.
"""

from cnnviz.translation.comparison import Comparison, StagePair, WinnerChange, WinnerMap, compare
from cnnviz.translation.digits import Curve, DigitSweep, sweep_many
from cnnviz.translation.lessons import Lesson, toy_lessons
from cnnviz.translation.measures import MEASURES, OUTPUT, RELATIVE_TO_BLANK_NOTE, Measure, relative_change
from cnnviz.translation.shifting import BACKGROUND, shift
from cnnviz.translation.stages import POOL_KINDS, STAGES, ConvBlock, StagePlan, conv_blocks
from cnnviz.translation.sweep import REACH, Sweep, SweepSettings, sweep

__all__ = [
    "BACKGROUND",
    "MEASURES",
    "OUTPUT",
    "POOL_KINDS",
    "REACH",
    "RELATIVE_TO_BLANK_NOTE",
    "STAGES",
    "Comparison",
    "ConvBlock",
    "Curve",
    "DigitSweep",
    "Lesson",
    "Measure",
    "StagePair",
    "StagePlan",
    "Sweep",
    "SweepSettings",
    "WinnerChange",
    "WinnerMap",
    "compare",
    "conv_blocks",
    "relative_change",
    "shift",
    "sweep",
    "sweep_many",
    "toy_lessons",
]
