"""What labs measure on: a trained network, its data, and what measures and results of the report share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnviz._types import ByteArray, FloatArray
from cnnviz.datasets import Dataset, to_input
from cnnviz.errors import ParameterError
from cnnviz.evaluation import Evaluation, Progress, evaluate, ignore_progress, part_of
from cnnviz.experiment import Experiment
from cnnviz.history import History
from cnnviz.mathematics import Equation
from cnnviz.network import Gradients, Network, Trace, weights_checksum
from cnnviz.report.equations import of_network
from cnnviz.routing import (
    FilterTerms,
    GradientCheck,
    PoolRouting,
    TieRate,
    apply_update,
    check_all,
    filter_gradient_terms,
    pool_routing,
    tie_rate_of_images,
)
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer
from cnnviz.translation import (
    Comparison,
    Curve,
    DigitSweep,
    Lesson,
    StagePlan,
    SweepSettings,
    compare,
    relative_change,
    sweep_many,
    toy_lessons,
)


@dataclass(frozen=True, slots=True)
class LabSettings:
    """How much the results of a report measure."""

    sample: int = 0  # position among the test images of the digit that is looked at closely
    # filter, row and column of the pooling window that is followed; None: where most gradient arrives
    window: tuple[int | str, int, int] | None = None
    digits: int = 200  # test digits that are moved for mean and spread
    reach: int = 8  # farthest shift in pixels
    tie_images: int = 1000  # test images whose tied windows are counted
    # of networks with more parameters than this only some are checked against a finite difference
    checked: int = 12_000
    drawn: int = 2_000  # how many, drawn with the seed of the run


@dataclass(frozen=True, slots=True)
class Moved:
    """What a shift does to one test image."""

    changes: Mapping[str, float]  # relative change of each stage
    flips: bool  # whether it is read as another class


#: What takes long, and its part of the time that all results take.
_SWEPT, _COUNTED, _CHECKED = (0.0, 0.6), (0.6, 0.8), (0.8, 1.0)
_MOMENTS = 201  # steps of a run, evenly, whose filters are kept


@dataclass(frozen=True, eq=False)
class Bench:
    """A network and its data. What is asked for is computed when it is first asked for, and kept."""

    experiment: Experiment  # settings with which the network was trained
    dataset: Dataset  # with the experiment's classes
    network: Network
    step: int  # training steps that it has behind it
    own: ByteArray | None = None  # the student's own image
    history: History = field(default_factory=History)  # of its training
    # weights of the first filters at some steps of it; none where they were not kept
    way: tuple[tuple[int, FloatArray], ...] = ()
    settings: LabSettings = LabSettings()
    progress: Progress = ignore_progress  # is told the share of the results that is done, from 0 to 1
    _passes: dict[int, "Pass"] = field(default_factory=dict, init=False, repr=False)
    _moved: dict[tuple[int, int, int], list[Moved]] = field(default_factory=dict, init=False, repr=False)

    # --- the network ----------------------------------------------------------------------------------------

    @cached_property
    def initial(self) -> Network:
        """The network before training."""
        return self.experiment.build_network(self.dataset.input_shape)

    @cached_property
    def before(self) -> Evaluation:
        """The network before training, on all test images."""
        return self._evaluated(self.initial)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The network on all test images."""
        return self._evaluated(self.network)

    def go_on(self, _share: float) -> None:
        """Ask whether to go on with work that is no part of the results; see `Progress`."""
        self.progress(0.0)

    def _evaluated(self, network: Network) -> Evaluation:
        data = self.dataset
        return evaluate(network, data.test_images, data.test_labels, progress=self.go_on)

    @cached_property
    def weights_sha256(self) -> str:
        """Checksum of the weights."""
        return weights_checksum(self.network)

    @cached_property
    def equations(self) -> dict[str, Equation]:
        """The equations of the network by name."""
        return of_network(self.network.layers, self.dataset.input_shape[0])

    @property
    def pool(self) -> str | None:
        """Name of the first pool; None without one."""
        return next(iter(self.network.pools), None)

    # --- images ---------------------------------------------------------------------------------------------

    def image(self, sample: int) -> FloatArray:
        """Return a test image `(c, h, w)` as the network takes it; raises `ParameterError` without one."""
        if not 0 <= sample < len(self.dataset.test_labels):
            raise ParameterError(
                f"There is no test image {sample}; the data has images 0 to "
                f"{len(self.dataset.test_labels) - 1}."
            )
        return to_input(self.dataset.test_images[sample], self.network.dtype)

    def label(self, sample: int) -> int:
        """Return the class of a test image."""
        return int(self.dataset.test_labels[sample])

    def passed(self, sample: int) -> "Pass":
        """Return the forward and backward pass of a test image."""
        if sample not in self._passes:
            self._passes[sample] = Pass(self, sample)
        return self._passes[sample]

    @property
    def look(self) -> "Pass":
        """The passes of the test image that is looked at closely."""
        return self.passed(self.settings.sample)

    def compared(self, dx: int, dy: int, sample: int) -> Comparison:
        """Return a test image beside the same one moved by so many pixels."""
        return compare(self.network, self.image(sample), dx, dy, label=self.label(sample))

    def moved(self, dx: int, dy: int, count: int) -> list[Moved]:
        """Return what a shift does to each of the first test images, or of fewer."""
        if (dx, dy, count) not in self._moved:
            pairs = (
                self.compared(dx, dy, sample) for sample in range(min(count, len(self.dataset.test_labels)))
            )
            with np.errstate(over="ignore", invalid="ignore"):  # weights that have run away give NaN
                self._moved[dx, dy, count] = [_moved(pair) for pair in pairs]
        return self._moved[dx, dy, count]

    @property
    def shifts(self) -> range:
        """The shifts along one axis that results are about."""
        return range(-self.settings.reach, self.settings.reach + 1)

    @cached_property
    def swept(self) -> DigitSweep:
        """The first test images, moved along x: those of the window's sweep and of what labs measure."""
        count = self.settings.digits
        images = to_input(self.dataset.test_images[:count], self.network.dtype)
        settings = SweepSettings(dxs=self.shifts, dys=(0,))
        return sweep_many(
            self.network, images, self.dataset.test_labels[:count], settings,
            progress=part_of(self.progress, *_SWEPT),
        )  # fmt: skip

    @cached_property
    def curves(self) -> Mapping[str, Mapping[str, Curve]]:
        """Mean and spread of each measure over them, by stage, against the signed shift."""
        return self.swept.along_axis()

    @cached_property
    def pool_size(self) -> int:
        """Side of the pools that images are compared with."""
        return StagePlan.of(self.network).pool_size

    @cached_property
    def ties(self) -> TieRate | None:
        """Tied windows of many test images; None without a max pool."""
        if self.pool is None or self.look.ties is None:
            return None
        images = self.dataset.test_images[: self.settings.tie_images]
        progress = part_of(self.progress, *_COUNTED)
        return tie_rate_of_images(self.network, images, self.pool, progress=progress)


def _moved(pair: Comparison) -> Moved:
    changes = {stage: float(relative_change(*each.features())) for stage, each in pair.stages.items()}
    return Moved(changes, pair.moved_class != pair.original_class)


class Pass:
    """One test image through the network and back."""

    def __init__(self, bench: Bench, sample: int) -> None:
        self._bench, self.x = bench, bench.image(sample)[np.newaxis]
        self.label = bench.label(sample)
        self.trace: Trace = bench.network.forward(self.x)
        self.gradients: Gradients = bench.network.gradients(self.x, np.array([self.label]))

    @cached_property
    def routing(self) -> PoolRouting | None:
        """The way through the first pool; None without one."""
        bench = self._bench
        if bench.pool is None:
            return None
        return pool_routing(bench.network, self.trace, self.gradients, bench.pool)

    @cached_property
    def ties(self) -> TieRate | None:
        """Its tied windows; None without a max pool."""
        if self.routing is None or self.routing.pool.tie_rule is None:
            return None
        tied = self.routing.tied
        return TieRate(tied.size, int(np.count_nonzero(tied)))

    @cached_property
    def channel(self) -> int:
        """The filter that is followed: that of the lab, or the one with the largest gradient at its maps."""
        if (window := self._bench.settings.window) is not None:
            return filter_number(window[0], self._bench.network)
        arriving = self.map_gradients if self.routing is None else self.routing.incoming
        return int(np.argmax(np.abs(arriving).sum(axis=(1, 2))))

    @property
    def convolution(self) -> str:
        """Name of the first convolution."""
        return self._bench.network.filter_layers[0]

    @property
    def map_gradients(self) -> FloatArray:
        """The gradient of the loss at its maps."""
        return self.gradients.outputs[self.convolution][0]

    @cached_property
    def terms(self) -> FilterTerms:
        """The terms of the filter's gradient: a term for each window, or without a pool for each cell."""
        by = "position" if self.routing is None else "window"
        network = self._bench.network
        return filter_gradient_terms(
            network, self.trace, self.gradients, self.convolution, self.channel, by=by
        )

    @property
    def filter_gradient(self) -> FloatArray:
        """The gradient of the filter itself."""
        return self.gradients.params[f"{self.convolution}.weight"][self.channel]

    @cached_property
    def loss_after(self) -> float:
        """Its loss after one step of plain gradient descent on it alone."""
        bench = self._bench
        updated = apply_update(bench.network, self.gradients, bench.experiment.learning_rate)
        return float(updated.gradients(self.x, np.array([self.label])).loss)

    @cached_property
    def check(self) -> GradientCheck:
        """Gradient and finite difference of every parameter, or of some drawn at random."""
        bench, network, settings = self._bench, self._bench.network, self._bench.settings
        return check_all(
            network, self.x, self.label, seed=bench.experiment.seed,
            count=None if network.parameter_count <= settings.checked else settings.drawn,
            progress=part_of(bench.progress, *_CHECKED),
        )  # fmt: skip


STRONGEST = "strongest"
"""Names the filter of the first layer whose weights are the largest together, in each student's network."""


def filter_number(named: int | str, network: Network) -> int:
    """Return the number of a filter of the first layer; `STRONGEST` names one by its weights."""
    if isinstance(named, int):
        return named
    weights = network.params[f"{network.filter_layers[0]}.weight"]
    return int(np.square(weights).reshape(len(weights), -1).sum(axis=1).argmax())


def dots() -> Lesson:
    """Return the lesson of the two small images, which differ by a shift of one pixel."""
    return next(lesson for lesson in toy_lessons() if lesson.name == "dots")


def trained(experiment: Experiment, dataset: Dataset, *, progress: Progress = ignore_progress) -> Bench:
    """Train a network from its initial weights to the end of its run; raises `CNNVizError` if it diverges."""
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    history, filters = History(experiment.log_every), f"{trainer.network.filter_layers[0]}.weight"
    way = [(0, trainer.network.params[filters])]
    with one_blas_thread:
        for mark in np.unique(np.linspace(0, trainer.total_steps, _MOMENTS, dtype=int)).tolist()[1:]:
            for done in trainer.until(mark):
                history.append(done)
                progress(trainer.step / trainer.total_steps)
            way.append((mark, trainer.network.params[filters]))
    return Bench(experiment, dataset, trainer.network, trainer.step, history=history, way=tuple(way))
