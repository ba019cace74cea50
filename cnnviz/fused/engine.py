"""The fast engine: cuts batches into chunks and lets prepared calls do the rest."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from cnnviz._types import ByteArray, FloatArray, IntArray
from cnnviz.fused.chunks import ForwardChunk, TrainingChunk
from cnnviz.fused.heads import LabelArray
from cnnviz.fused.parameters import StageVector
from cnnviz.fused.plan import Stage

_MOST_SAMPLES = 32


class FusedEngine:
    """Training and evaluation of a network that `plan_stages` could cut into stages.

    Parameters
    ----------
    stages : sequence of stages
    dtype : numpy.dtype
        float32 or float64.
    params : mapping from parameter name to ndarray
        Copied.

    Attributes
    ----------
    vector, gradient : ndarray of shape (parameters,)
        All parameters, and what the latest `step_gradients` found; both may be changed in place.
    params, gradients : dict from parameter name to ndarray
        Views into them.
    """

    def __init__(
        self, stages: Sequence[Stage], dtype: np.dtype[np.floating[Any]], params: Mapping[str, FloatArray]
    ) -> None:
        self._stages = stages
        self._parameters, self._gradients = StageVector(stages, dtype), StageVector(stages, dtype)
        self.vector, self.params = self._parameters.vector, self._parameters.views
        self.gradient, self.gradients = self._gradients.vector, self._gradients.views
        for name, view in self.params.items():
            view[...] = params[name]
        self._training: dict[int, TrainingChunk] = {}
        self._forward: dict[int, ForwardChunk] = {}
        self._pixels = prod(stages[0].input_shape)
        self._most = _MOST_SAMPLES

    def step_gradients(
        self, images: ByteArray, indices: IntArray, labels: LabelArray
    ) -> tuple[float, int]:
        """Loss and right answers of a mini-batch; its gradient is left in `gradient`.

        Parameters
        ----------
        images : ndarray of shape (all, c, h, w), uint8
            The whole data set.
        indices : ndarray of shape (n,), intp
            The mini-batch, n >= 1.
        labels : ndarray of shape (all,)

        Returns
        -------
        loss : float
            Mean cross-entropy, in nats.
        correct : int
        """
        batch_size = len(indices)
        if batch_size <= self._most:
            loss, correct = self._learn(images, indices, labels, batch_size)
            return loss / batch_size, correct
        total = np.zeros_like(self.gradient)
        loss, correct = 0.0, 0
        for start in range(0, batch_size, self._most):
            part = self._learn(images, indices[start : start + self._most], labels, batch_size)
            loss, correct = loss + part[0], correct + part[1]
            total += self.gradient
        self.gradient[...] = total
        return loss / batch_size, correct

    def logits(self, images: ByteArray) -> FloatArray:
        """Logits of some images.

        Parameters
        ----------
        images : ndarray of shape (n, c, h, w), uint8

        Returns
        -------
        ndarray of shape (n, k)
        """
        rows = images.reshape(len(images), self._pixels)
        logits = np.empty((len(images), prod(self._stages[-1].output_shape)), self.vector.dtype)
        for start in range(0, len(rows), self._most):
            part = rows[start : start + self._most]
            chunk = self._forward.get(len(part))
            if chunk is None:
                chunk = self._forward[len(part)] = ForwardChunk(self._stages, self._parameters, len(part))
            chunk.run(part)
            logits[start : start + self._most] = chunk.logits.T
        return logits

    def _learn(
        self, images: ByteArray, indices: IntArray, labels: LabelArray, batch_size: int
    ) -> tuple[float, int]:
        samples = len(indices)
        chunk = self._training.get(samples)
        if chunk is None:
            chunk = TrainingChunk(self._stages, self._parameters, self._gradients, samples)
            self._training[samples] = chunk
        chosen = images[indices].reshape(samples, -1)
        return chunk.learn(chosen, labels[indices], batch_size)
