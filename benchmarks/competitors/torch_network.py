"""PyTorch, as one would write it: eager mode, `torch.nn` modules and `torch.optim.SGD`.

In its favour: the images are converted to float32 beforehand, and losses are fetched once at the end instead
of after every step.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks.competitors import Params
from benchmarks.workloads import Workload
from cnnviz import layers
from cnnviz._types import Shape
from cnnviz.datasets import to_input

_EVALUATION_BATCH = 512


class TorchSession:
    """See `benchmarks.competitors.Session`."""

    def __init__(self, workload: Workload) -> None:
        experiment = workload.build()
        network, dataset = experiment.build_network(), workload.dataset()
        self._names = [name for name, _ in network.layers]
        shapes = [network.input_shape, *network.shapes.values()]
        self._model = nn.Sequential(
            *(_module(layer, shape) for (_, layer), shape in zip(network.layers, shapes, strict=False))
        )
        with torch.no_grad():
            for name, array in network.params.items():
                self._parameter(name).copy_(torch.from_numpy(array.copy()))
        self._one_logit = experiment.output == "sigmoid"
        self._loss = nn.BCEWithLogitsLoss() if self._one_logit else nn.CrossEntropyLoss()
        self._optimizer = torch.optim.SGD(
            self._model.parameters(), lr=experiment.learning_rate, momentum=experiment.momentum
        )
        self._images = torch.from_numpy(to_input(dataset.train_images))
        self._labels = torch.from_numpy(dataset.train_labels.copy())
        self._targets = self._labels[:, None].float() if self._one_logit else self._labels
        self._test_images = torch.from_numpy(to_input(dataset.test_images))
        self._test_labels = torch.from_numpy(dataset.test_labels.copy())

    def train(self, batches: list[NDArray[np.intp]]) -> None:
        """Train on mini-batches."""
        losses, correct = [], []
        for indices in batches:
            chosen = torch.from_numpy(indices)
            logits = self._model(self._images[chosen])
            loss = self._loss(logits, self._targets[chosen])
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            losses.append(loss.detach())
            correct.append((self._predicted(logits) == self._labels[chosen]).sum())
        torch.stack(losses).numpy()
        torch.stack(correct).numpy()

    def params(self) -> Params:
        """Return the parameters."""
        return {
            f"{self._names[int(index)]}.{kind}": value.detach().numpy().copy()
            for key, value in self._model.named_parameters()
            for index, kind in [key.split(".")]
        }

    def evaluate(self) -> float:
        """Return the accuracy over the test images."""
        with torch.inference_mode():
            right = [
                (self._predicted(self._model(images)) == labels).sum()
                for images, labels in zip(
                    self._test_images.split(_EVALUATION_BATCH),
                    self._test_labels.split(_EVALUATION_BATCH),
                    strict=True,
                )
            ]
            return float(torch.stack(right).sum()) / len(self._test_labels)

    def _predicted(self, logits: torch.Tensor) -> torch.Tensor:
        return (logits[:, 0] > 0).long() if self._one_logit else logits.argmax(1)

    def _parameter(self, name: str) -> torch.Tensor:
        layer, kind = name.split(".")
        return getattr(self._model[self._names.index(layer)], kind)


def _module(layer: layers.Layer, input_shape: Shape) -> nn.Module:
    """Return the module that does what the layer does."""
    match layer:
        case layers.Conv2D():
            return nn.Conv2d(
                input_shape[0], layer.filters, layer.kernel_size, layer.stride, layer.padding, bias=layer.bias
            )
        case layers.MaxPool2D():
            return nn.MaxPool2d(layer.size)
        case layers.ReLU():
            return nn.ReLU()
        case layers.Flatten():
            return nn.Flatten()
        case layers.Dense():
            return nn.Linear(input_shape[0], layer.units)
    raise NotImplementedError(type(layer).__name__)


def make(workload: Workload, threads: int) -> TorchSession:
    """Return a session on so many threads."""
    torch.set_num_threads(threads)
    return TorchSession(workload)
