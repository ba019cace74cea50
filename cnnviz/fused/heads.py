"""From logits to loss, right answers and gradient, in float64 as in `cnnviz.layers.losses`."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray

LabelArray = NDArray[np.integer[Any]]


class Head(Protocol):
    """Reads the logits of a chunk and writes their gradient."""

    def __call__(self, labels: LabelArray, batch_size: int) -> tuple[float, int]:
        """Return the sum of the losses and the right answers of the chunk.

        * `labels`: shape (n,).
        * `batch_size`: the gradient is that of the mean over so many samples, of which the chunk may be a
          part.
        """
        ...


def make_head(logits: FloatArray, d_logits: FloatArray) -> Head:
    """Return the head for logits of shape (k, n)."""
    if len(logits) > 1:
        return _Softmax(logits, d_logits)
    return _OneLogit(logits, d_logits) if logits.size == 1 else _Logits(logits, d_logits)


class _OneLogit:
    """One logit of one sample: plain numbers are quicker than arrays of one."""

    def __init__(self, logits: FloatArray, d_logits: FloatArray) -> None:
        self._logit, self._d_logit = logits.ravel(), d_logits.ravel()

    def __call__(self, labels: LabelArray, batch_size: int) -> tuple[float, int]:
        logit, label = self._logit.item(), int(labels[0])
        small = math.exp(-abs(logit))
        probability = (1.0 if logit >= 0 else small) / (1.0 + small)
        self._d_logit[0] = (probability - label) / batch_size
        loss = max(logit, 0.0) - logit * label + math.log1p(small)
        return loss, int((logit > 0) == label)


class _Logits:
    """One logit of each sample.

    With `s` the logit where the label is 0, and minus the logit where it is 1, the loss is
    `log(1 + exp(s))` and the probability of being wrong is `sigmoid(s) = 1 - exp(-loss)`.
    """

    _SIGNS = np.array([1.0, -1.0])

    def __init__(self, logits: FloatArray, d_logits: FloatArray) -> None:
        self._logits, self._d_logits = logits[0], d_logits[0]
        self._sign, self._losses, self._wrong = np.empty((3, logits.shape[1]))
        self._is_one = np.empty(logits.shape[1], np.bool_)

    def __call__(self, labels: LabelArray, batch_size: int) -> tuple[float, int]:
        sign, losses, wrong = self._sign, self._losses, self._wrong
        self._SIGNS.take(labels, None, sign, "clip")
        np.multiply(self._logits, sign, losses)
        np.logaddexp(losses, 0.0, losses)
        np.negative(losses, wrong)
        np.expm1(wrong, wrong)
        # expm1(-loss) is minus the probability of being wrong: divide by minus the number of samples.
        np.multiply(wrong, sign, wrong)
        np.divide(wrong, -batch_size, self._d_logits)
        np.greater(self._logits, 0, self._is_one)
        correct = np.count_nonzero(self._is_one == labels)
        return float(np.add.reduce(losses)), int(correct)


class _Softmax:
    """Several logits of each sample."""

    def __init__(self, logits: FloatArray, d_logits: FloatArray) -> None:
        self._logits, self._d_logits = logits, d_logits
        self._powers = np.empty(logits.shape)
        self._largest, self._totals, self._of_label = np.empty((3, logits.shape[1]))
        self._samples: IntArray = np.arange(logits.shape[1])

    def __call__(self, labels: LabelArray, batch_size: int) -> tuple[float, int]:
        powers, largest, totals, of_label = self._powers, self._largest, self._totals, self._of_label
        np.maximum.reduce(self._logits, axis=0, out=largest)
        np.subtract(self._logits, largest, powers)
        label_cells = labels * len(self._samples) + self._samples
        powers.take(label_cells, None, of_label, "clip")
        np.exp(powers, powers)
        np.add.reduce(powers, axis=0, out=totals)
        np.divide(powers, totals, powers)
        powers.ravel()[label_cells] -= 1.0
        np.divide(powers, batch_size, self._d_logits)
        np.log(totals, totals)
        correct = np.count_nonzero(self._logits.argmax(0) == labels)
        return float(np.add.reduce(totals) - np.add.reduce(of_label)), int(correct)
