"""What a lab measures on: one trained network, its data, and what several measures share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnviz._types import ByteArray, FloatArray
from cnnviz.datasets import Dataset, to_input
from cnnviz.errors import ParameterError
from cnnviz.evaluation import Evaluation, evaluate
from cnnviz.experiment import Experiment
from cnnviz.network import Gradients, Network, Trace, weights_checksum
from cnnviz.report.lab import gradient_check
from cnnviz.routing import GradientCheck, PoolRouting, pool_routing
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer
from cnnviz.translation import compare, relative_change


@dataclass(frozen=True, slots=True)
class Moved:
    """What a shift does to one test image."""

    changes: Mapping[str, float]  # relative change of each stage
    flips: bool  # whether it is read as another class


@dataclass(frozen=True, eq=False)
class Bench:
    """A network and its data."""

    experiment: Experiment  # settings with which the network was trained
    dataset: Dataset  # with the experiment's classes
    network: Network
    step: int  # training steps that it has behind it
    own: ByteArray | None = None  # the student's own image
    _passes: dict[int, "Pass"] = field(default_factory=dict, repr=False)
    _moved: dict[tuple[int, int, int], list[Moved]] = field(default_factory=dict, repr=False)

    @cached_property
    def initial(self) -> Network:
        """The network before training."""
        return self.experiment.build_network(self.dataset.input_shape)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The network on all test images."""
        return evaluate(self.network, self.dataset.test_images, self.dataset.test_labels)

    @cached_property
    def weights_sha256(self) -> str:
        """Checksum of the weights."""
        return weights_checksum(self.network)

    @property
    def pool(self) -> str | None:
        """Name of the first pool; None without one."""
        return next(iter(self.network.pools), None)

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

    def moved(self, dx: int, dy: int, count: int) -> list[Moved]:
        """Return what a shift does to each of the first test images, or of fewer; computed once."""
        if (dx, dy, count) not in self._moved:
            images = range(min(count, len(self.dataset.test_labels)))
            self._moved[dx, dy, count] = [self._moved_one(dx, dy, sample) for sample in images]
        return self._moved[dx, dy, count]

    def passed(self, sample: int) -> "Pass":
        """Return the forward and backward pass of a test image; computed once."""
        if sample not in self._passes:
            self._passes[sample] = Pass(self, sample)
        return self._passes[sample]

    def _moved_one(self, dx: int, dy: int, sample: int) -> Moved:
        pair = compare(self.network, self.image(sample), dx, dy, label=self.label(sample))
        with np.errstate(over="ignore", invalid="ignore"):  # weights that have run away give NaN
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
    def check(self) -> GradientCheck:
        """Gradient and finite difference of the parameters, of as many as the report checks."""
        bench = self._bench
        return gradient_check(bench.network, self.x, self.label, bench.experiment.seed)


def trained(experiment: Experiment, dataset: Dataset, own: ByteArray | None = None) -> Bench:
    """Train a network from its initial weights to the end of its run.

    * Raises CNNVizError: if data or settings do not fit, or training diverges.
    """
    trainer = Trainer(experiment.build_network(dataset.input_shape), dataset, experiment)
    with one_blas_thread():
        for _ in trainer.until(trainer.total_steps, 1000):
            pass
    return Bench(experiment, dataset, trainer.network, trainer.step, own)
