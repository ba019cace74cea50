"""The two ways to train and evaluate a network: layer by layer, and fused where its layers allow it."""

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from cnnviz._types import ByteArray, FloatArray, IntArray, Params
from cnnviz.datasets import to_input
from cnnviz.layers.losses import Labels
from cnnviz.network import Network, forward_pass, loss_and_gradients

if TYPE_CHECKING:
    from cnnviz.fused import FusedEngine

_CHUNK = 64


class LayeredEngine:
    """The reference: one layer after another, for any network. `FusedEngine` has the same attributes.

    * `network`: its parameters are copied.
    * `vector`: all parameters, shape (parameters,). It may be changed in place: optimisers act on each number
      alone, so one update of the vector updates every parameter.
    * `gradient`: what the latest `step_gradients` found, laid out as `vector`.
    * `params`, `gradients`: views into them, by name and in the shapes of the network's parameters.
    """

    def __init__(self, network: Network) -> None:
        self._layers, self._dtype = network.layers, network.dtype
        self._shapes = {name: array.shape for name, array in network.params.items()}
        self.vector: FloatArray = np.zeros(network.parameter_count, network.dtype)
        self.gradient = np.zeros_like(self.vector)
        self.params, self.gradients = self.views(self.vector), self.views(self.gradient)
        for name, view in self.params.items():
            view[...] = network.params[name]

    def views(self, vector: FloatArray) -> Params:
        """View a vector that is laid out as `vector` as parameters: by name, in their shapes."""
        views: Params = {}
        end = 0
        for name, shape in self._shapes.items():
            start, end = end, end + prod(shape)
            views[name] = vector[start:end].reshape(shape)
        return views

    def step_gradients(self, images: ByteArray, labels: Labels, indices: IntArray) -> tuple[float, int]:
        """Mean loss and right answers of a mini-batch; the gradient of the loss is left in `gradient`.

        Parameters that have run away give inf or NaN; callers silence NumPy's warnings, once for many steps.

        * `images`: shape (all, c, h, w). The whole data set.
        * `labels`: shape (all,).
        * `indices`: shape (n,). Which of them are the mini-batch, n >= 1.
        """
        x = to_input(images[indices], self._dtype)
        loss, correct, gradients = loss_and_gradients(self._layers, self.params, x, labels[indices])
        for name, gradient in gradients.items():
            self.gradients[name][...] = gradient
        return loss, correct

    def logits(self, images: ByteArray) -> FloatArray:
        """Logits of images (n, c, h, w), uint8; shape (n, k)."""
        chunks = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
        return np.concatenate(
            [forward_pass(self._layers, self.params, to_input(chunk, self._dtype))[-1] for chunk in chunks]
        )


type Engine = LayeredEngine | FusedEngine
"""Working copy of a network's parameters, with what training and evaluation need."""


def make_engine(network: Network) -> Engine:
    """Return the fastest engine that covers a network; its parameters are copied."""
    # Imported here, as the window is to be there before anything is computed.
    from cnnviz.fused import FusedEngine, plan_stages

    stages = plan_stages(network.layers, network.input_shape)
    if stages is None:
        return LayeredEngine(network)
    return FusedEngine(stages, network.dtype, network.params)
