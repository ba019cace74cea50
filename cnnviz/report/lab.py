"""Run the lab: train, then measure the three demonstrations; all that tables and figures are made of."""

import platform
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from cnnviz import __version__
from cnnviz._types import ByteArray, FloatArray
from cnnviz.datasets import Dataset, to_input
from cnnviz.datasets.mnist import MNIST_FOLDER
from cnnviz.errors import ParameterError
from cnnviz.evaluation import Cancelled, CancelledError, Evaluation, evaluate, ignore_progress, never
from cnnviz.experiment import Experiment
from cnnviz.history import History, LogLine
from cnnviz.network import Network
from cnnviz.presets import PRESETS
from cnnviz.routing import (
    FilterTerms,
    GradientCheck,
    PoolRouting,
    TieRate,
    apply_update,
    check_all,
    check_sample,
    filter_gradient_terms,
    pool_routing,
    tie_rate,
    tie_rate_of_images,
)
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer
from cnnviz.translation import (
    Comparison,
    Curve,
    Sweep,
    SweepSettings,
    compare,
    curves_along_axis,
    sweep,
    sweep_many,
    toy_lessons,
)


@dataclass(frozen=True, slots=True, eq=False)
class LabSample:
    """The test image that is looked at closely."""

    index: int  # position among the test images
    pixels: ByteArray  # ndarray of shape (1, h, w), uint8
    label: int  # index of its class


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """A finished training run."""

    # `initial`, `network`: before and after
    initial: Network
    network: Network
    steps: int
    log: tuple[LogLine, ...]
    curve_steps: NDArray[np.float64]  # steps of the curves below
    # `loss`, `smooth_loss`, `accuracy`: training loss over a short and over a long trailing window, and
    # accuracy over the long one
    loss: NDArray[np.float64]
    smooth_loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    # `before`, `after`: on the test images
    before: Evaluation
    after: Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class TranslationResults:
    """What happens when images move."""

    dots: Comparison  # the two 6x6 images
    dots_result: str  # what was measured of them, in a sentence
    digit: tuple[Comparison, ...]  # the sample moved by one pixel, and by two
    sweep: Sweep  # the sample over a grid of shifts
    # mean and spread over `digits` test digits against the signed shift along x
    curves: Mapping[str, Mapping[str, Curve]]
    # share of the ink that each of these shifts pushes out of the image, the mean over the digits
    ink_lost: NDArray[np.float64]
    digits: int


@dataclass(frozen=True, slots=True, eq=False)
class BackpropResults:
    """The way of the gradient."""

    # the backward pass through the first pool, for the sample; None in a network without a pool
    routing: PoolRouting | None
    # the filter that is followed: the one with the largest gradient at its pooled map, or at its map
    channel: int
    filter_layer: str  # name of the first convolution
    # `maps`, `map_gradients`: its output for the sample, and the gradient of the loss there
    maps: FloatArray
    map_gradients: FloatArray
    # the terms of this filter's gradient, a term for each window, or without a pool for each cell
    terms: FilterTerms
    filter_gradient: FloatArray  # the gradient itself
    # `loss`, `loss_after`: loss of the sample, and after one step of plain gradient descent on it alone
    loss: float
    loss_after: float
    # `sample_ties`, `ties`: tied windows of the sample, and of many test images; None without a max pool
    sample_ties: TieRate | None
    ties: TieRate | None
    tie_images: int  # how many images `ties` counts
    # gradient and finite difference of every parameter, or of some drawn at random where they are many
    check: GradientCheck


@dataclass(frozen=True, slots=True, eq=False)
class LabResults:
    """Results of the three demonstrations, and what they were measured with."""

    experiment: Experiment
    data_name: str
    data_sha256: str
    data_conversion: str  # what the images lost when they were read, as a sentence; empty for nothing
    # `train_count`, `test_count`: images in each part
    train_count: int
    test_count: int
    sample: LabSample
    maps: Mapping[str, FloatArray]  # outputs of the layers for the sample, without the batch
    probabilities: FloatArray  # of each class, for the sample
    training: TrainedRun
    translation: TranslationResults
    backprop: BackpropResults
    command: str  # command line that measures the same again
    versions: tuple[tuple[str, str], ...]  # of the programs that took part


@dataclass(frozen=True, slots=True)
class LabSettings:
    """How much the lab measures."""

    sample: int = 0  # position among the test images of the digit that is looked at closely
    digits: int = 200  # test digits that are moved for mean and spread
    reach: int = 8  # farthest shift in pixels
    tie_images: int = 1000  # test images whose tied windows are counted
    # of networks with more parameters than this only some are checked against a finite difference
    checked: int = 12_000
    drawn: int = 2_000  # how many, drawn with the seed of the run


Progress = Callable[[str, float], None]
"""Is told what is being done and how much of the whole is done, from 0 to 1."""

STANDARD = LabSettings()
_CHUNK_SECONDS = 0.05
_SHORT_WINDOW = 20
_PARTS = {"Moving images": 0.0, "Following gradients": 0.6, "": 1.0}


def trained_run(
    experiment: Experiment,
    dataset: Dataset,
    progress: Callable[[float], None] = ignore_progress,
    cancelled: Cancelled = never,
) -> tuple[Trainer, History]:
    """Train from the initial weights to the end of the run.

    * `progress`: is told the share that is done, from 0 to 1.
    * `cancelled`: asked many times a second; when it returns True training stops.
    * Raises CancelledError: if `cancelled` returned True.
    * Raises CNNVizError: if data or settings do not fit, or training diverges.
    """
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    history = History(experiment.log_every)
    with one_blas_thread():
        chunk = 1
        while not trainer.finished:
            if cancelled():
                raise CancelledError("The lab was cancelled.")
            start = time.perf_counter()
            history.append(trainer.advance(chunk))
            progress(trainer.step / trainer.total_steps)
            chunk = max(1, int(chunk * _CHUNK_SECONDS / max(time.perf_counter() - start, 1e-6)))
    return trainer, history


def measure_lab(
    experiment: Experiment,
    dataset: Dataset,
    network: Network,
    history: History,
    settings: LabSettings = STANDARD,
    *,
    progress: Progress = lambda _stage, _share: None,
    cancelled: Cancelled = never,
) -> LabResults:
    """Measure a network whose training is over.

    * Returns: A function of the arguments and of the versions it lists, not of time or machine load.
    * Raises CancelledError: if `cancelled` returned True.
    * Raises CNNVizError: if there is no such sample, or the network does not fit.
    """
    sample = _sample(dataset, settings.sample)
    with one_blas_thread():
        training = _training(experiment, dataset, network, history, cancelled)
        x = to_input(sample.pixels[np.newaxis], network.dtype)
        trace = network.forward(x)
        translation = _translation(network, dataset, sample, settings, progress, cancelled)
        backprop = _backprop(experiment, network, dataset, sample, settings, progress, cancelled)
    progress("", 1.0)
    return LabResults(
        experiment=experiment,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        data_conversion=dataset.conversion,
        train_count=len(dataset.train_labels),
        test_count=len(dataset.test_labels),
        sample=sample,
        maps={name: array[0] for name, array in trace.outputs.items()},
        probabilities=trace.class_probabilities[0],
        training=training,
        translation=translation,
        backprop=backprop,
        command=command_line(experiment, dataset, settings.sample),
        versions=versions(),
    )


def versions() -> tuple[tuple[str, str], ...]:
    """Return name and version of everything that decides the numbers."""
    return (
        ("CNNViz", __version__),
        ("Python", platform.python_version()),
        ("NumPy", np.__version__),
        ("system", f"{platform.system()} {platform.machine()}"),
    )


def command_line(experiment: Experiment, dataset: Dataset, sample: int = 0) -> str:
    """Return the command that runs the lab again with the same settings.

    What differs from the nearest preset is named; settings without an option of their own by ``--set``.
    """
    name = min(PRESETS, key=lambda each: len(_differences(PRESETS[each], experiment)))
    words = ["cnnviz", "--headless", "--preset", name]
    if dataset.path is not None and dataset.path != MNIST_FOLDER:
        words += ["--data", str(dataset.path)]
    for field, value in _differences(PRESETS[name], experiment).items():
        words += _option(field, value)
    if sample:
        words += ["--sample", str(sample)]
    return shlex.join([*words, "--report", "lab5.pdf"])


def _differences(preset: Experiment, experiment: Experiment) -> dict[str, Any]:
    pairs = {
        each.name: (getattr(preset, each.name), getattr(experiment, each.name)) for each in fields(preset)
    }
    return {name: value for name, (usual, value) in pairs.items() if value != usual}


def _option(field: str, value: Any) -> list[str]:
    if field == "classes":
        return ["--classes", *value]
    if field in ("epochs", "batch_size", "learning_rate", "seed"):
        return [f"--{field.replace('_', '-')}", repr(value)]
    if isinstance(value, tuple):
        sizes = cast("tuple[int, ...]", value)
        return ["--set", f"{field}={','.join(str(each) for each in sizes)}"]
    return ["--set", f"{field}={str(value).lower() if isinstance(value, bool) else value}"]


def _sample(dataset: Dataset, index: int) -> LabSample:
    if not 0 <= index < len(dataset.test_labels):
        raise ParameterError(
            f"There is no test image {index}; the data has images 0 to {len(dataset.test_labels) - 1}."
        )
    return LabSample(index, dataset.test_images[index], int(dataset.test_labels[index]))


def _training(
    experiment: Experiment, dataset: Dataset, network: Network, history: History, cancelled: Cancelled
) -> TrainedRun:
    initial = experiment.build_network(dataset.input_shape)
    smooth = history.loss_curve(experiment.log_every)
    before, after = (
        evaluate(each, dataset.test_images, dataset.test_labels, cancelled=cancelled)
        for each in (initial, network)
    )
    return TrainedRun(
        initial=initial,
        network=network,
        steps=history.step,
        log=tuple(history.log),
        curve_steps=smooth.steps,
        loss=history.loss_curve(_SHORT_WINDOW).values,
        smooth_loss=smooth.values,
        accuracy=history.accuracy_curve(experiment.log_every).values,
        before=before,
        after=after,
    )


def _translation(
    network: Network,
    dataset: Dataset,
    sample: LabSample,
    settings: LabSettings,
    progress: Progress,
    cancelled: Cancelled,
) -> TranslationResults:
    dots = next(lesson for lesson in toy_lessons() if lesson.name == "dots")
    image = to_input(sample.pixels, network.dtype)
    shifts = range(-settings.reach, settings.reach + 1)
    digits = min(settings.digits, len(dataset.test_labels))
    chosen = np.linspace(0, len(dataset.test_labels) - 1, digits).astype(np.intp)
    images = to_input(dataset.test_images[chosen], network.dtype)
    swept = sweep_many(
        network,
        images,
        dataset.test_labels[chosen],
        SweepSettings(dxs=shifts, dys=(0,)),
        progress=lambda share: progress("Moving images", _within("Moving images", share)),
        cancelled=cancelled,
    )
    return TranslationResults(
        dots=dots.compare(),
        dots_result=dots.result(),
        digit=tuple(compare(network, image, dx, 0, label=sample.label) for dx in (1, 2)),
        sweep=sweep(
            network, image, SweepSettings(dxs=shifts, dys=shifts), label=sample.label, cancelled=cancelled
        ),
        curves=curves_along_axis(swept),
        ink_lost=swept.ink_lost[0],
        digits=swept.digits,
    )


def _backprop(
    experiment: Experiment,
    network: Network,
    dataset: Dataset,
    sample: LabSample,
    settings: LabSettings,
    progress: Progress,
    cancelled: Cancelled,
) -> BackpropResults:
    x = to_input(sample.pixels[np.newaxis], network.dtype)
    labels = np.array([sample.label])
    trace, gradients = network.forward(x), network.gradients(x, labels)
    pool, convolution = _first_block(network)
    routing = None if pool is None else pool_routing(network, trace, gradients, pool)
    arriving = gradients.outputs[convolution][0] if routing is None else routing.incoming
    channel = int(np.argmax(np.abs(arriving).sum(axis=(1, 2))))
    by = "position" if routing is None else "window"
    terms = filter_gradient_terms(network, trace, gradients, convolution, channel, by=by)

    def report(share: float) -> None:
        progress("Following gradients", _within("Following gradients", share))

    images = dataset.test_images[: settings.tie_images]
    sample_ties: TieRate | None = None
    ties: TieRate | None = None
    if pool is not None and routing is not None and routing.pool.tie_rule is not None:
        sample_ties = tie_rate(network, trace, pool)
        ties = tie_rate_of_images(
            network, images, pool, progress=lambda share: report(share / 2), cancelled=cancelled
        )
    check = gradient_check(
        network,
        x,
        sample.label,
        experiment.seed,
        settings,
        progress=lambda share: report(0.5 + share / 2),
        cancelled=cancelled,
    )
    updated = apply_update(network, gradients, experiment.learning_rate)
    return BackpropResults(
        routing=routing,
        channel=channel,
        filter_layer=convolution,
        maps=trace.outputs[convolution][0],
        map_gradients=gradients.outputs[convolution][0],
        terms=terms,
        filter_gradient=gradients.params[f"{convolution}.weight"][channel],
        loss=gradients.loss,
        loss_after=updated.gradients(x, labels).loss,
        sample_ties=sample_ties,
        ties=ties,
        tie_images=len(images),
        check=check,
    )


def gradient_check(
    network: Network,
    x: FloatArray,
    label: int,
    seed: int,
    settings: LabSettings = STANDARD,
    *,
    progress: Callable[[float], None] = ignore_progress,
    cancelled: Cancelled = never,
) -> GradientCheck:
    """Compare the gradient with a finite difference for all parameters, or in large networks for some.

    * `network`, `x`, `label`, `progress`, `cancelled`: as for `check_all`.
    * `seed`: with which those of a large network are drawn.
    * `settings`: what is large, and how many are drawn.
    """
    if network.parameter_count <= settings.checked:
        return check_all(network, x, label, progress=progress, cancelled=cancelled)
    return check_sample(network, x, label, settings.drawn, seed, progress=progress, cancelled=cancelled)


def _first_block(network: Network) -> tuple[str | None, str]:
    """Return the names of the first pool, None without one, and of the first convolution."""
    return next(iter(network.pools), None), network.filter_layers[0]


def _within(stage: str, share: float) -> float:
    """Turn the share of one stage that is done into that of the whole."""
    bounds = {name: (start, end) for (name, start), (_, end) in pairwise(_PARTS.items())}
    start, end = bounds[stage]
    return start + (end - start) * share
