"""Going through many images: how good a network is on them, and in chunks that can be watched and stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import ByteArray, FloatArray, IntArray, Pictured, Progress
from cnnviz.datasets import to_input
from cnnviz.engines import make_engine
from cnnviz.errors import CNNVizError
from cnnviz.layers.losses import class_probabilities, losses_of_each
from cnnviz.network import Network
from cnnviz.runtime import one_blas_thread

_CHUNK = 512  # a few milliseconds of work


class CancelledError(CNNVizError):
    """The work was stopped on request."""


_INPUTS_AT_ONCE = 64


def ignore_progress(_share: float) -> None:
    """Do nothing with the progress."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Return what is told the share of a part that is done, and tells that of the whole."""
    return lambda share: progress(begin + (end - begin) * share)


def input_chunks(
    network: Network, images: ByteArray, progress: Progress
) -> Iterator[tuple[slice, FloatArray]]:
    """Walk through images (n, c, h, w) in chunks: yield which they are, and the network's input of them."""
    for start in range(0, len(images), _INPUTS_AT_ONCE):
        which = slice(start, min(start + _INPUTS_AT_ONCE, len(images)))
        yield which, to_input(images[which], network.dtype)
        progress(which.stop / len(images))


@dataclass(frozen=True, repr=False)
class Evaluation(Pictured):
    """Result of a network on a set of labelled images.

    * `probabilities`: ndarray of shape (n, classes). Probability of each class for each image; a row sums to
      1.
    * `labels`: ndarray of shape (n,), int64
    * `losses`: ndarray of shape (n,), float64. Cross-entropy of each image, in nats.
    """

    probabilities: FloatArray
    labels: NDArray[np.int64]
    losses: NDArray[np.float64]

    @cached_property
    def predictions(self) -> IntArray:
        """Most probable class of each image, shape (n,)."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def loss(self) -> float:
        """Mean cross-entropy, in nats."""
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        """Share of correct predictions, from 0 to 1."""
        return float((self.predictions == self.labels).mean())

    @cached_property
    def mistakes(self) -> IntArray:
        """Indices of the wrongly classified images, largest loss first."""
        wrong = np.flatnonzero(self.predictions != self.labels)
        return wrong[np.argsort(-self.losses[wrong], kind="stable")]

    @cached_property
    def confusion(self) -> IntArray:
        """Counts of shape (classes, classes): row is the true class, column the predicted one."""
        classes = self.probabilities.shape[1]
        cells = self.labels * classes + self.predictions
        return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


@one_blas_thread
def evaluate(
    network: Network, images: ByteArray, labels: NDArray[np.int64], *, progress: Progress = ignore_progress
) -> Evaluation:
    """Run `network` over all images.

    Parameters
    ----------
    images : ndarray of shape (n, c, h, w), uint8
    labels : ndarray of shape (n,), int64
    progress : callable
        See `Progress`.
    """
    engine = make_engine(network)
    logits: list[FloatArray] = []
    for start in range(0, len(images), _CHUNK):
        logits.append(engine.logits(images[start : start + _CHUNK]))
        progress(min((start + _CHUNK) / len(images), 1))
    joined = np.concatenate(logits)
    return Evaluation(class_probabilities(joined), labels, losses_of_each(joined, labels))
