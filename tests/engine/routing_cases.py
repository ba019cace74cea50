"""Networks, samples and brute force for the routing tests: change one number, run everything again, look."""

from functools import lru_cache

import numpy as np
from hypothesis import strategies as st

from cnnviz.datasets import load_mnist, to_input
from cnnviz.experiment import LAB5
from cnnviz.layers import (
    TIE_RULES,
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxBlurPool2D,
    MaxPool2D,
    ReLU,
    SubsamplePool2D,
    Tanh,
)
from cnnviz.network import Network, forward_pass
from cnnviz.routing import Target
from cnnviz.training import Trainer
from tests.oracles import cross_entropy_loop

CONVOLUTIONS = st.builds(
    Conv2D, st.integers(1, 5), st.integers(1, 4), st.sampled_from([1, 1, 1, 2, 3]), st.integers(0, 3),
    st.booleans(),
)  # fmt: skip
SIZES, STRIDES = st.integers(1, 4), st.sampled_from([None, None, 1, 2, 3])
PLAIN_POOLS = (
    st.builds(MaxPool2D, SIZES, STRIDES, st.sampled_from(TIE_RULES))
    | st.builds(AvgPool2D, SIZES, STRIDES)
    | st.builds(SubsamplePool2D, SIZES)
)
POOLS = PLAIN_POOLS | st.builds(MaxBlurPool2D, st.integers(1, 3))


def network_of(input_shape, seed=0, dtype="float64", /, **layers):
    """A network of layers by their names."""
    return Network.build([*layers.items()], input_shape, seed=seed, dtype=dtype)


def weighted(network, change):
    """The same network with other weights: each array changed."""
    arrays = {name: change(array).astype(network.dtype) for name, array in network.params.items()}
    return network.with_params(arrays)


def shaken(network, rng, scale):
    """The same network with noise in its weights, and biases that are not 0."""
    return weighted(network, lambda array: array + rng.normal(scale=scale, size=array.shape))


def relayered(network, change):
    """The same weights in other layers."""
    layers = [(name, change(layer)) for name, layer in network.layers]
    return Network.build(layers, network.input_shape, dtype=network.dtype).with_params(network.params)


@lru_cache(maxsize=1)
def lab5():
    """The laboratory's network after 300 steps, a digit, and its label."""
    data = load_mnist()
    trainer = Trainer(LAB5.build_network(), data, LAB5)
    trainer.advance(300)
    return trainer.network, to_input(data.test_images[7:8], "float64"), int(data.test_labels[7])


def two_blocks(ties="first", dtype="float64", seed=5, leaky=False):
    """Two blocks with padding, and a hidden layer: 144 parameters."""
    gate = LeakyReLU(0.1) if leaky else ReLU()
    network = network_of(
        (1, 12, 13), seed, dtype, conv1=Conv2D(2, padding=1), gate1=gate, pool1=MaxPool2D(2, ties=ties),
        conv2=Conv2D(3), gate2=gate, pool2=MaxPool2D(2, ties=ties),
        flatten=Flatten(), dense1=Dense(4), gate3=gate, dense2=Dense(3),
    )  # fmt: skip
    return shaken(network, np.random.default_rng(seed), 0.1)


def gentle(dtype="float64"):
    """All the linear pools, a max pool whose windows overlap, tanh, strides: a bit of everything else."""
    return network_of(
        (2, 11, 10), 8, dtype, mean=AvgPool2D(2, stride=1),
        conv1=Conv2D(2, kernel_size=2, bias=False), pool1=MaxPool2D(3, stride=2, ties="split"), tanh1=Tanh(),
        conv2=Conv2D(3, kernel_size=3, stride=2, padding=2), pool2=AvgPool2D(2, stride=1),
        sub=SubsamplePool2D(1), flatten=Flatten(), dense1=Dense(1),
    )  # fmt: skip


def ink(network, seed=0):
    """A sample with a blank background, as digits have: most windows over it are tied."""
    rng = np.random.default_rng(seed)
    x = np.full((1, *network.input_shape), -0.5)
    height, width = network.input_shape[1:]
    rows, columns = slice(3, height - 4), slice(4, width - 3)
    x[:, :, rows, columns] = rng.uniform(-0.5, 0.5, size=x[:, :, rows, columns].shape)
    return x


def every_target(network):
    """Some of each kind of target: parameters, pixels, cells of every layer."""
    for name, array in network.params.items():
        for place in {0, array.size // 2, array.size - 1}:
            yield Target(name, tuple(int(i) for i in np.unravel_index(place, array.shape)))
    stages = [("input", network.input_shape), *network.shapes.items()]
    for stage, shape in stages:
        size = int(np.prod(shape))
        for place in {size // 3, size - 1}:
            index = tuple(int(i) for i in np.unravel_index(place, shape))
            yield Target(stage, index)


def changed_outputs(network, x, target, delta):
    """Input and outputs of every layer with one number changed; what lies before it stays as it is."""
    values = x.astype(np.float64)
    params = {name: array.astype(np.float64) for name, array in network.params.items()}
    if target.is_parameter:
        params[target.name][target.index] += delta
    before = [values, *forward_pass(network.layers, params, values)]
    if target.is_parameter:
        return before
    start = ["input", *network.shapes].index(target.name)
    values = before[start].copy()
    values[(0, *target.index)] += delta
    return [*before[:start], values, *forward_pass(network.layers[start:], params, values)]


def loss_of(outputs, label):
    return cross_entropy_loop(outputs[-1], np.array([label]))


def states(network, outputs):
    """For each layer with kinks, the state of every cell of its output: winners of its window, or open."""
    found = {}
    for number, (name, layer) in enumerate(network.layers):
        x, out = outputs[number][0], outputs[number + 1][0]
        if isinstance(layer, ReLU | LeakyReLU):
            found[name] = (x > 0)[..., None]
        if isinstance(layer, MaxPool2D):
            rows, columns = (layer.step * side for side in out.shape[1:])
            cells = [
                # A slice may run one window too far where windows overlap.
                x[:, i : i + rows : layer.step, j : j + columns : layer.step][
                    :, : out.shape[1], : out.shape[2]
                ]
                for i in range(layer.size)
                for j in range(layer.size)
            ]
            found[name] = np.stack([cell == np.max(cells, axis=0) for cell in cells], axis=-1)
    return found


def changed_states(before, after):
    """Cells whose states differ, as a set of (layer, cell)."""
    return {
        (name, tuple(int(i) for i in cell))
        for name in before
        for cell in np.argwhere((before[name] != after[name]).any(axis=-1))
    }
