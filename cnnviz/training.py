"""Training one network: mini-batches in a reproducible order, step by step."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz._validation import check_float, check_int
from cnnviz.datasets import Dataset
from cnnviz.engines import make_engine
from cnnviz.errors import DivergenceError, ParameterError
from cnnviz.evaluation import Evaluation, evaluate
from cnnviz.experiment import Experiment
from cnnviz.network import Network
from cnnviz.optim import State, make_optimizer
from cnnviz.quantities import format_count, format_value
from cnnviz.runtime import one_blas_thread
from cnnviz.snapshots import Snapshot

_DIVERGENCE_WINDOW = 100
_DIVERGENCE_FACTOR = 100.0
_STRETCH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """What a stretch of consecutive steps measured; arrays have one entry a step.

    * `first_step`: Number of the first of these steps, from 1.
    * `losses`: ndarray of shape (steps,), float64. Mean loss of each mini-batch before its update.
    * `correct`, `sizes`: ndarray of shape (steps,), intp. Correct predictions and images in each mini-batch.
    * `seconds`: Time the steps took.
    """

    first_step: int
    losses: NDArray[np.float64]
    correct: IntArray
    sizes: IntArray
    seconds: float

    @property
    def last_step(self) -> int:
        """Number of the last of these steps."""
        return self.first_step + len(self.losses) - 1


class Trainer:
    """One run: a network, a data set and a position in the order of its images.

    The order of epoch `e` is drawn from ``default_rng([seed, e])`` alone, so a run that is resumed at any
    step goes on exactly as if it had not been interrupted.

    Parameters
    ----------
    network : Network
        Start weights; never changed.
    config : Experiment
        How to train, whatever the network is made of. The seed decides the order of the images.
    start_step : int
        Steps that `network` has behind it already.
    optimizer_state : mapping from name to ndarray, optional
        What the optimiser remembered after these steps (see `optimizer_state`); None to let it begin anew.

    Raises
    ------
    ParameterError
        If network, data set and optimiser state do not fit together.

    Examples
    --------
    >>> for progress in Trainer(network, dataset, Experiment(epochs=2)).until():  # doctest: +SKIP
    ...     print(progress.last_step, progress.losses.mean())
    """

    def __init__(
        self,
        network: Network,
        dataset: Dataset,
        config: Experiment,
        *,
        start_step: int = 0,
        optimizer_state: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        check_fit(network, dataset)
        self._config = config
        self.dataset = dataset
        self.step = check_int(start_step, "start_step", "Trainer", minimum=0)
        self._network = network
        self._engine = make_engine(network)
        self._optimizer = make_optimizer(config.optimizer, config.learning_rate, config.momentum)
        if optimizer_state is not None:
            self._optimizer.load_state(optimizer_state, self._engine.vector, self._engine.views)
        self._epochs = config.epochs
        self.steps_per_epoch = steps_in_epoch(len(dataset.train_labels), config.batch_size)
        self._order: IntArray = np.empty(0, dtype=np.intp)
        self._order_epoch = -1
        self._recent = np.zeros(_DIVERGENCE_WINDOW)

    @property
    def total_steps(self) -> int:
        """Step at which the run ends."""
        return self._epochs * self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Whether every epoch is done."""
        return self.step >= self.total_steps

    @property
    def network(self) -> Network:
        """The network with the current weights, a copy that later steps leave alone."""
        return self._network.with_params(self._engine.params)

    @property
    def optimizer_state(self) -> dict[str, NDArray[Any]]:
        """Copy of what the optimiser remembers: with `network` and `step` the whole state of the run."""
        return self._optimizer.state(self._engine.views)

    @property
    def snapshot(self) -> Snapshot:
        """The run as it stands, from which training can go on as if it had not stopped."""
        return Snapshot(self.step, self.network, self.optimizer_state)

    @property
    def learning_rate(self) -> float:
        """Rate of the next step; may be changed at any time."""
        return self._optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._optimizer.learning_rate = check_float(value, "learning_rate", "Trainer", above=0.0)

    def add_epochs(self, epochs: int = 1) -> None:
        """Extend the run."""
        self._epochs += check_int(epochs, "epochs", "Trainer", minimum=1)

    @one_blas_thread
    def advance(self, steps: int = 1) -> Progress:
        """Train at most `steps` steps, fewer where the run ends.

        Raises
        ------
        DivergenceError
            If the loss stops being finite or grows far beyond that of guessing. The weights and what the
            optimiser remembers are then those from before this call; the error has what was measured since.
        """
        count = min(check_int(steps, "steps", "Trainer.advance", minimum=1), self.total_steps - self.step)
        before = self._engine.vector.copy(), self.optimizer_state
        losses = np.empty(max(count, 0))
        correct = np.empty(max(count, 0), dtype=np.intp)
        sizes = np.empty(max(count, 0), dtype=np.intp)
        first_step, start = self.step + 1, time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for i in range(count):
                epoch, position = divmod(self.step, self.steps_per_epoch)
                if epoch != self._order_epoch:
                    self._order = epoch_order(len(self.dataset.train_labels), self._config.seed, epoch)
                    self._order_epoch = epoch
                first = position * self._config.batch_size
                indices = self._order[first : first + self._config.batch_size]
                losses[i], correct[i] = self._engine.step_gradients(
                    self.dataset.train_images, self.dataset.train_labels, indices
                )
                sizes[i] = len(indices)
                self._optimizer.update(self._engine.vector, self._engine.gradient)
                self.step += 1
        seconds = time.perf_counter() - start
        progress = Progress(first_step, losses, correct, sizes, seconds)
        self._stop_if_diverged(progress, before)
        return progress

    def until(self, step: int | None = None, at_once: int | None = None) -> Iterator[Progress]:
        """Train up to a step, or to the end of the run, and yield after each stretch of steps.

        Parameters
        ----------
        at_once : int, optional
            Steps of a stretch, at most. None means as many as take about a twentieth of a second.

        Raises
        ------
        DivergenceError
            As `advance`.
        """
        chunk = 1 if at_once is None else at_once
        while self.step < (end := self.total_steps if step is None else min(step, self.total_steps)):
            progress = self.advance(min(chunk, end - self.step))
            yield progress
            if at_once is None:
                chunk = max(1, int(chunk * _STRETCH_SECONDS / max(progress.seconds, 1e-6)))

    def evaluate(self) -> Evaluation:
        """Return loss, accuracy and confusion matrix over the test images."""
        return evaluate(self.network, self.dataset.test_images, self.dataset.test_labels)

    def _stop_if_diverged(self, progress: Progress, before: tuple[FloatArray, State]) -> None:
        losses = progress.losses
        if not len(losses):
            return
        recent = np.concatenate([self._recent, losses])[-_DIVERGENCE_WINDOW:]
        guessing = math.log(self._network.classes_count)
        if np.isfinite(self._engine.vector).all() and recent.mean() <= _DIVERGENCE_FACTOR * guessing:
            self._recent = recent
            return
        self._engine.vector[...] = before[0]
        self._optimizer.load_state(before[1], self._engine.vector, self._engine.views)
        self.step = progress.first_step - 1
        told = slice(int(np.argmin(np.append(np.isfinite(losses), False))))  # up to where they are finite
        raise DivergenceError(
            f"Training diverged near step {format_count(progress.last_step)}: the loss grew out of "
            f"bounds. Reset the weights and try a learning rate below {format_value(self.learning_rate)}, "
            f"for example {format_value(self.learning_rate / 10)}.",
            replace(
                progress, losses=losses[told], correct=progress.correct[told], sizes=progress.sizes[told]
            ),
        )


def steps_in_epoch(images: int, batch_size: int) -> int:
    """Return how many batches it takes to meet each image once; the last one takes those left over."""
    return -(-images // batch_size)


def epoch_order(images: int, seed: int, epoch: int) -> IntArray:
    """Return the order in which epoch `epoch` (from 0) visits the `images` training images."""
    return np.random.default_rng([seed, epoch]).permutation(images).astype(np.intp)


def check_fit(network: Network, dataset: Dataset) -> None:
    """Raise `ParameterError` if a network cannot be trained on a data set: other images, or other classes."""
    if network.input_shape != dataset.input_shape:
        raise ParameterError(
            f"The network takes images of shape {network.input_shape}, the data set {dataset.name} has "
            f"{dataset.input_shape}. Build the network for the data set."
        )
    if network.classes_count != len(dataset.classes):
        raise ParameterError(
            f"The network tells {network.classes_count} classes apart, the data set {dataset.name} has "
            f"{len(dataset.classes)}. Choose as many classes as the network has outputs."
        )
