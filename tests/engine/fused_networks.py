"""Random networks for the tests of the fast path, and its comparison with the layers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cnnviz.datasets import to_input
from cnnviz.engines import Engine
from cnnviz.errors import ShapeError
from cnnviz.layers import (
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    SubsamplePool2D,
    Tanh,
)
from cnnviz.network import Network, loss_and_gradients

Array = np.ndarray[Any, np.dtype[Any]]

# A slope that is a power of two: multiplying by it is exact.
ACTIVATIONS: tuple[Layer, ...] = (ReLU(), LeakyReLU(0.25), Tanh(), Sigmoid())


@st.composite
def pools(draw: st.DrawFn) -> Layer:
    size = draw(st.integers(1, 4))
    stride = draw(st.sampled_from([None, None, 1, 2, 3]))
    ties = draw(st.sampled_from(["first", "all", "split"]))
    return draw(
        st.sampled_from(
            [
                MaxPool2D(size, stride, ties),
                MaxPool2D(size, ties=ties),
                AvgPool2D(size, stride),
                SubsamplePool2D(size),
            ]
        )
    )


@st.composite
def conv_blocks(
    draw: st.DrawFn, activations: tuple[Layer, ...], pool: st.SearchStrategy[Layer]
) -> list[Layer]:
    """A convolution, and in either order or not at all an activation and a pool."""
    conv = Conv2D(
        draw(st.integers(1, 5)),
        kernel_size=draw(st.integers(1, 4)),
        stride=draw(st.sampled_from([1, 1, 1, 2])),
        padding=draw(st.integers(0, 2)),
        bias=draw(st.booleans()),
    )
    rest = draw(st.permutations([draw(st.sampled_from(activations)), draw(pool)]))
    return [conv, *rest[: draw(st.integers(0, 2))]]


@st.composite
def networks(
    draw: st.DrawFn,
    dtype: str = "float64",
    activations: tuple[Layer, ...] = ACTIVATIONS,
    pool: st.SearchStrategy[Layer] | None = None,
) -> Network:
    """Up to two convolution blocks and up to two hidden layers, for small images of any shape."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(5, 12)), draw(st.integers(5, 12)))
    layers: list[Layer] = []
    for _ in range(draw(st.integers(0, 2))):
        layers += draw(conv_blocks(activations, pools() if pool is None else pool))
    layers.append(Flatten())
    for _ in range(draw(st.integers(0, 2))):
        layers.append(Dense(draw(st.integers(1, 6)), bias=draw(st.booleans())))
        layers += draw(st.sampled_from([[], *([activation] for activation in activations)]))
    layers.append(Dense(draw(st.sampled_from([1, 3])), bias=draw(st.booleans())))
    named = [(f"layer{number}", layer) for number, layer in enumerate(layers)]
    try:
        return Network.build(named, shape, seed=draw(st.integers(0, 1000)), dtype=dtype)
    except ShapeError:
        # The image has become too small for the layers: take them away.
        kept = [(name, layer) for name, layer in named if isinstance(layer, Flatten | Dense)]
        return Network.build(kept, shape, seed=0, dtype=dtype)


def batch(network: Network, samples: int, seed: int, levels: tuple[int, ...] = tuple(range(256))) -> Any:
    """Images with large blank parts, so that ties are common, and labels."""
    rng = np.random.default_rng(seed)
    images = rng.choice(np.array(levels, np.uint8), size=(samples, *network.input_shape))
    _, height, width = network.input_shape
    images[:, :, : rng.integers(height), :] = levels[0]
    images[:, :, :, rng.integers(width) :] = levels[-1]
    return images, rng.integers(network.classes_count, size=samples)


def assert_same_step(
    engine: Engine, network: Network, images: Array, labels: Array, tolerance: float
) -> None:
    """Compare loss, right answers, gradients and logits with those of the layers."""
    x = to_input(images, network.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        loss, correct = engine.step_gradients(images, labels, np.arange(len(images)))
    wanted_loss, wanted_correct, wanted = loss_and_gradients(network.layers, network.params, x, labels)
    np.testing.assert_allclose(loss, wanted_loss, rtol=tolerance, atol=tolerance)
    assert correct == wanted_correct
    trace = network.forward(x)
    # What samples contribute may cancel: the errors are those of the terms, not of their sum.
    terms = np.abs(trace.class_probabilities - np.eye(network.classes_count)[labels]).mean()
    assert_close(engine.gradients, wanted, tolerance, float(terms))
    assert_close({"logits": engine.logits(images)}, {"logits": trace.logits}, tolerance)


def assert_close(
    actual: Mapping[str, Array], wanted: Mapping[str, Array], tolerance: float, terms: float = 0.0
) -> None:
    """Compare arrays by name; the tolerance is relative to the largest number, or to terms of them."""
    assert set(actual) == set(wanted)
    scale = max((np.abs(array).max(initial=0.0) for array in wanted.values()), default=0.0)
    scale = max(scale, terms)
    for name, array in wanted.items():
        assert actual[name].shape == array.shape
        assert actual[name].dtype == array.dtype
        np.testing.assert_allclose(actual[name], array, rtol=0, atol=tolerance * scale + 1e-300, err_msg=name)
