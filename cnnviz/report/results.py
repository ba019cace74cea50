"""What the laboratory measured, as data: everything the tables and figures of a report are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, FloatArray
from cnnviz.evaluation import Evaluation
from cnnviz.experiment import Experiment
from cnnviz.history import LogLine
from cnnviz.network import Network
from cnnviz.routing import FilterTerms, GradientCheck, PoolRouting, TieRate
from cnnviz.translation import Comparison, Curve, MeasureName, Sweep


@dataclass(frozen=True, slots=True, eq=False)
class LabSample:
    """The test image that is looked at closely.

    * `index`: position among the test images.
    * `pixels`: ndarray of shape (1, h, w), uint8.
    * `label`: index of its class.
    """

    index: int
    pixels: ByteArray
    label: int


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """A finished training run.

    * `initial`, `network`: before and after.
    * `curve_steps`: steps of the curves below.
    * `loss`, `smooth_loss`, `accuracy`: training loss over a short and over a long trailing window,
      and accuracy over the long one.
    * `before`, `after`: on the test images.
    """

    initial: Network
    network: Network
    steps: int
    log: tuple[LogLine, ...]
    curve_steps: NDArray[np.float64]
    loss: NDArray[np.float64]
    smooth_loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    before: Evaluation
    after: Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class TranslationResults:
    """What happens when images move.

    * `dots`: the two 6x6 images.
    * `dots_result`: what was measured of them, in a sentence.
    * `digit`: the sample moved by one pixel, and by two.
    * `sweep`: the sample over a grid of shifts.
    * `curves`: mean and spread over `digits` test digits against the signed shift along x.
    * `ink_lost`: share of the ink that each of these shifts pushes out of the image, the mean over
      the digits.
    """

    dots: Comparison
    dots_result: str
    digit: tuple[Comparison, ...]
    sweep: Sweep
    curves: Mapping[MeasureName, Mapping[str, Curve]]
    ink_lost: NDArray[np.float64]
    digits: int


@dataclass(frozen=True, slots=True, eq=False)
class BackpropResults:
    """The way of the gradient.

    * `routing`: the backward pass through the first pool, for the sample; None in a network without a pool.
    * `channel`: the filter that is followed: the one with the largest gradient at its pooled map,
      or at its map.
    * `filter_layer`: name of the first convolution.
    * `maps`, `map_gradients`: its output for the sample, and the gradient of the loss there.
    * `terms`: the terms of this filter's gradient, a term for each window, or without a pool for each cell.
    * `filter_gradient`: the gradient itself.
    * `loss`, `loss_after`: loss of the sample, and after one step of plain gradient descent on it alone.
    * `sample_ties`, `ties`: tied windows of the sample, and of many test images; None without a max pool.
    * `tie_images`: how many images `ties` counts.
    * `check`: gradient and finite difference of every parameter, or of some drawn at random where
      they are many.
    """

    routing: PoolRouting | None
    channel: int
    filter_layer: str
    maps: FloatArray
    map_gradients: FloatArray
    terms: FilterTerms
    filter_gradient: FloatArray
    loss: float
    loss_after: float
    sample_ties: TieRate | None
    ties: TieRate | None
    tie_images: int
    check: GradientCheck


@dataclass(frozen=True, slots=True, eq=False)
class LabResults:
    """Results of the three demonstrations, and what they were measured with.

    * `data_conversion`: what the images lost when they were read, as a sentence; empty for nothing.
    * `train_count`, `test_count`: images in each part.
    * `maps`: outputs of the layers for the sample, without the batch.
    * `probabilities`: of each class, for the sample.
    * `command`: command line that measures the same again.
    * `versions`: of the programs that took part.
    """

    experiment: Experiment
    data_name: str
    data_sha256: str
    data_conversion: str
    train_count: int
    test_count: int
    sample: LabSample
    maps: Mapping[str, FloatArray]
    probabilities: FloatArray
    training: TrainedRun
    translation: TranslationResults
    backprop: BackpropResults
    command: str
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LabSettings:
    """How much the lab measures.

    * `sample`: position among the test images of the digit that is looked at closely.
    * `digits`: test digits that are moved for mean and spread.
    * `reach`: farthest shift in pixels.
    * `tie_images`: test images whose tied windows are counted.
    * `checked`: of networks with more parameters than this only some are checked against a finite difference.
    * `drawn`: how many, drawn with the seed of the run.
    """

    sample: int = 0
    digits: int = 200
    reach: int = 8
    tie_images: int = 1000
    checked: int = 12_000
    drawn: int = 2_000
