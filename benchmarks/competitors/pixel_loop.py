"""Training as it is often written down first: a Python loop over all patches, windows and cells of one image.

Only for LAB5: one convolution without bias, 2 x 2 max pool with ties to all, one sigmoid unit, batch size 1,
SGD.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.competitors import Params
from benchmarks.workloads import Workload

Array = NDArray[np.float64]


class PixelLoopSession:
    """See `benchmarks.competitors.Session`."""

    def __init__(self, workload: Workload) -> None:
        experiment = workload.build()
        self._dataset = workload.dataset()
        self._rate = experiment.learning_rate
        params = experiment.build_network().params
        self._kernels: Array = params["conv1.weight"][:, 0].astype(np.float64)
        self._weights: Array = params["dense1.weight"][0].astype(np.float64)
        self._bias = 0.0
        self.losses: list[float] = []

    def train(self, batches: list[NDArray[np.intp]]) -> None:
        """Train on one image after another."""
        for (index,) in batches:
            image = self._dataset.train_images[index, 0] / 255 - 0.5
            self.losses.append(self._learn(image, int(self._dataset.train_labels[index])))

    def params(self) -> Params:
        """Return the parameters."""
        return {
            "conv1.weight": self._kernels[:, None],
            "dense1.weight": self._weights[None],
            "dense1.bias": np.array([self._bias]),
        }

    def evaluate(self) -> float:
        """Return the accuracy over the test images."""
        images, labels = self._dataset.test_images, self._dataset.test_labels
        right = [
            (self._forward(image[0] / 255 - 0.5)[2] > 0) == label
            for image, label in zip(images, labels, strict=True)
        ]
        return float(np.mean(right))

    def _forward(self, image: Array) -> tuple[Array, Array, float]:
        maps = np.zeros((image.shape[0] - 2, image.shape[1] - 2, len(self._kernels)))
        for y, x, patch in _windows(image, size=3, step=1):
            maps[y, x] = (patch * self._kernels).sum(axis=(1, 2))
        pooled = np.zeros((maps.shape[0] // 2, maps.shape[1] // 2, maps.shape[2]))
        for y, x, window in _windows(maps, size=2, step=2):
            pooled[y, x] = window.max(axis=(0, 1))
        features = pooled.transpose(2, 0, 1).ravel()
        return maps, pooled, float(features @ self._weights + self._bias)

    def _learn(self, image: Array, label: int) -> float:
        maps, pooled, logit = self._forward(image)
        probability = 1.0 / (1.0 + math.exp(-logit))
        d_logit = probability - label
        rows, columns, filters = pooled.shape
        d_pooled = (d_logit * self._weights).reshape(filters, rows, columns).transpose(1, 2, 0)
        d_maps = np.zeros_like(maps)
        for y, x, window in _windows(maps, size=2, step=2):
            for row in range(2):
                for column in range(2):
                    for f in range(filters):
                        if window[row, column, f] == pooled[y, x, f]:
                            d_maps[2 * y + row, 2 * x + column, f] = d_pooled[y, x, f]
        d_kernels = np.zeros_like(self._kernels)
        for y, x, patch in _windows(image, size=3, step=1):
            for f in range(filters):
                d_kernels[f] += d_maps[y, x, f] * patch
        self._weights -= self._rate * d_logit * pooled.transpose(2, 0, 1).ravel()
        self._bias -= self._rate * d_logit
        self._kernels -= self._rate * d_kernels
        return -math.log(probability if label else 1.0 - probability)


def _windows(maps: NDArray[Any], size: int, step: int) -> Iterator[tuple[int, int, NDArray[Any]]]:
    for y in range((maps.shape[0] - size) // step + 1):
        for x in range((maps.shape[1] - size) // step + 1):
            yield y, x, maps[y * step : y * step + size, x * step : x * step + size]


def make(workload: Workload, threads: int) -> PixelLoopSession:
    """Return a session."""
    del threads
    return PixelLoopSession(workload)
