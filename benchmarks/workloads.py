"""What is measured: networks, data and batch sizes, the same for every competitor."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cnnviz.cli import parse_arguments
from cnnviz.datasets import Dataset, load_mnist
from cnnviz.experiment import Experiment
from cnnviz.training import epoch_order

# By the command line, which has been the same since modules have had other names.
LAB5, LENET = (parse_arguments(["--preset", name]).experiment for name in ("lab5", "lenet"))
# In float32, and with the tie rule of PyTorch and JAX; the preset itself is measured against the loop.
LAB5_FLOAT32 = replace(LAB5, dtype="float32", ties="first")

EXPERIMENTS: dict[str, Experiment] = {
    "lab5": LAB5_FLOAT32,
    "lab5-preset": LAB5,
    "lab5-preset-float32": replace(LAB5, dtype="float32"),
    "lenet": LENET,
    "ten-digits": replace(LAB5_FLOAT32, classes=LENET.classes, output="softmax", conv_bias=True),
}


@dataclass(frozen=True)
class Workload:
    """One network on one data set.

    Attributes
    ----------
    experiment : str
        A key of `EXPERIMENTS`.
    batch_size : int
    filters : int
        Filters of the first block; 0 for those of the experiment.
    images : int
        Only the first so many training images; 0 for all.
    learning_rate : float
        0 for that of the experiment.
    """

    experiment: str
    batch_size: int
    filters: int = 0
    images: int = 0
    learning_rate: float = 0.0

    def build(self) -> Experiment:
        """Return all settings."""
        experiment = replace(EXPERIMENTS[self.experiment], batch_size=self.batch_size, epochs=1000)
        if self.filters:
            experiment = replace(experiment, filters=(self.filters, *experiment.filters[1:]))
        if self.learning_rate:
            experiment = replace(experiment, learning_rate=self.learning_rate)
        return experiment

    def dataset(self) -> Dataset:
        """Return the data."""
        whole = load_mnist(self.build().classes)
        if not self.images:
            return whole
        return Dataset(
            whole.train_images[: self.images],
            whole.train_labels[: self.images],
            whole.test_images,
            whole.test_labels,
            whole.classes,
            whole.name,
        )

    def batches(self, count: int, images: int) -> list[NDArray[np.intp]]:
        """Return the indices of `count` mini-batches in the order in which `Trainer` takes them."""
        found: list[NDArray[np.intp]] = []
        epoch = 0
        while len(found) < count:
            order = epoch_order(images, self.build().seed, epoch)
            found += [
                order[start : start + self.batch_size]
                # Competitors that compile for a shape are spared the smaller batch at the end of an epoch.
                for start in range(0, images - self.batch_size + 1, self.batch_size)
            ]
            epoch += 1
        return found[:count]


LENET_ALONE = Workload("lenet", 1, learning_rate=0.001)
"""LENET on one image at a time, at a rate at which it lives; at the preset's, for 32 images, it dies."""
