"""JAX: one jitted function for a whole training step, with the parameters donated.

In its favour: the images are converted to float32 beforehand, and losses are fetched once at the end, so that
the next step can be dispatched while one is computed.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from benchmarks.competitors import Params
from benchmarks.workloads import Workload
from cnnviz import layers
from cnnviz.datasets import to_input

Tree = dict[str, jax.Array]

_MOST_AT_ONCE = 512


class JaxSession:
    """See `benchmarks.competitors.Session`.

    Parameters
    ----------
    workload : Workload
    channels_last : bool
        Whether maps are (n, h, w, c) instead of (n, c, h, w).
    """

    def __init__(self, workload: Workload, *, channels_last: bool = False) -> None:
        experiment = workload.build()
        network, dataset = experiment.build_network(), workload.dataset()
        self._network, self._last = network, channels_last
        self._dimensions = ("NHWC", "HWIO", "NHWC") if channels_last else ("NCHW", "OIHW", "NCHW")
        params = {name: jnp.asarray(self._to_jax(name, array)) for name, array in network.params.items()}
        self._state = (params, jax.tree.map(jnp.zeros_like, params))
        self._rate, self._momentum = experiment.learning_rate, experiment.momentum
        self._images, self._labels = (
            self._pixels(dataset.train_images),
            jnp.asarray(dataset.train_labels, jnp.int32),
        )
        self._test_images = self._pixels(dataset.test_images)
        self._test_labels = jnp.asarray(dataset.test_labels, jnp.int32)
        self._step = jax.jit(self._train_step, donate_argnums=0)
        self._count_right = jax.jit(
            lambda params, x, y: (self._predicted(self._logits(params, x)) == y).sum()
        )

    def train(self, batches: list[NDArray[np.intp]]) -> None:
        """Train on mini-batches."""
        results = []
        for indices in batches:
            self._state, result = self._step(
                self._state, self._images, self._labels, indices.astype(np.int32)
            )
            results.append(result)
        jax.device_get(results)

    def params(self) -> Params:
        """Return the parameters."""
        return {name: self._from_jax(name, np.asarray(array)) for name, array in self._state[0].items()}

    def evaluate(self) -> float:
        """Return the accuracy over the test images, in chunks of equal size."""
        total = len(self._test_labels)
        chunk = next(size for size in range(_MOST_AT_ONCE, 0, -1) if total % size == 0)
        right = [
            self._count_right(
                self._state[0],
                self._test_images[start : start + chunk],
                self._test_labels[start : start + chunk],
            )
            for start in range(0, total, chunk)
        ]
        return float(sum(jax.device_get(right))) / total

    def _train_step(
        self, state: tuple[Tree, Tree], images: jax.Array, labels: jax.Array, indices: jax.Array
    ) -> tuple[tuple[Tree, Tree], tuple[jax.Array, jax.Array]]:
        params, velocity = state
        x, y = images[indices], labels[indices]
        result, gradients = jax.value_and_grad(self._loss, has_aux=True)(params, x, y)
        if self._momentum:
            velocity = jax.tree.map(lambda v, g: self._momentum * v + g, velocity, gradients)
            gradients = velocity
        params = jax.tree.map(lambda p, g: p - self._rate * g, params, gradients)
        return (params, velocity), result

    def _loss(self, params: Tree, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        logits = self._logits(params, x)
        correct = (self._predicted(logits) == y).sum()
        if logits.shape[1] == 1:
            z = logits[:, 0]
            return jnp.mean(jnp.logaddexp(z, 0) - z * y), correct
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)), correct

    def _predicted(self, logits: jax.Array) -> jax.Array:
        return (logits[:, 0] > 0).astype(jnp.int32) if logits.shape[1] == 1 else logits.argmax(axis=1)

    def _logits(self, params: Tree, x: jax.Array) -> jax.Array:
        for name, layer in self._network.layers:
            weight, bias = params.get(f"{name}.weight"), params.get(f"{name}.bias")
            match layer:
                case layers.Conv2D():
                    sides = [(layer.padding, layer.padding)] * 2
                    x = lax.conv_general_dilated(
                        x, weight, (layer.stride,) * 2, sides, dimension_numbers=self._dimensions
                    )
                    x = x if bias is None else x + (bias if self._last else bias[:, None, None])
                case layers.MaxPool2D():
                    window = (1, layer.size, layer.size, 1) if self._last else (1, 1, layer.size, layer.size)
                    x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
                case layers.ReLU():
                    x = jax.nn.relu(x)
                case layers.Flatten():
                    x = x.reshape(len(x), -1)
                case layers.Dense():
                    x = x @ weight.T + bias
                case _:
                    raise NotImplementedError(type(layer).__name__)
        return x

    def _pixels(self, images: NDArray[np.uint8]) -> jax.Array:
        x = to_input(images)
        return jnp.asarray(x.transpose(0, 2, 3, 1) if self._last else x)

    def _to_jax(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Bring a parameter into the order of its maps: kernels, and the dense layer after them."""
        if not self._last or not name.endswith("weight"):
            return array
        if array.ndim == 4:
            return array.transpose(2, 3, 1, 0)
        maps = self._maps_before(name)
        return array.reshape(-1, *maps).transpose(0, 2, 3, 1).reshape(array.shape) if maps else array

    def _from_jax(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        """Undo `_to_jax`."""
        if not self._last or not name.endswith("weight"):
            return array
        if array.ndim == 4:
            return array.transpose(3, 2, 0, 1)
        maps = self._maps_before(name)
        if not maps:
            return array
        channels, height, width = maps
        return array.reshape(-1, height, width, channels).transpose(0, 3, 1, 2).reshape(array.shape)

    def _maps_before(self, name: str) -> tuple[int, ...]:
        """Return the shape of the maps that are flattened right before a dense layer, or nothing."""
        names = list(self._network.shapes)
        position = names.index(name.split(".")[0])
        if not isinstance(self._network.layers[position - 1][1], layers.Flatten):
            return ()
        return self._network.shapes[names[position - 2]]


def make(workload: Workload, threads: int) -> JaxSession:
    """Return a session; JAX sees to its threads itself."""
    del threads
    return JaxSession(workload)
