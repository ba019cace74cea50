"""Fixtures of the engine tests. Nothing here, and nothing in `cnnviz`, needs Qt."""

import numpy as np
import pytest

from cnnviz.layers import Conv2D, Dense, Flatten, LeakyReLU, MaxPool2D, ReLU
from cnnviz.network import Network


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture
def binary_network() -> Network:
    """One logit, float64, ties shared by all: the laboratory's network on a small image."""
    return Network.build(
        [
            ("conv1", Conv2D(3, bias=False, init="lab5")),
            ("pool1", MaxPool2D(2, ties="all")),
            ("flatten", Flatten()),
            ("dense1", Dense(1, init="lab5")),
        ],
        input_shape=(1, 9, 9),
        seed=3,
        dtype="float64",
    )


@pytest.fixture
def deep_network() -> Network:
    """Several logits, float64, two blocks, a hidden layer, padding and stride."""
    return Network.build(
        [
            ("conv1", Conv2D(3, padding=1)),
            # Not ReLU: it would tie the windows that it sets to 0, and ties have no derivative to check.
            ("leaky1", LeakyReLU(0.2)),
            ("pool1", MaxPool2D(2)),
            ("conv2", Conv2D(4, kernel_size=2, stride=2, padding=1, bias=False)),
            ("relu2", ReLU()),
            ("flatten", Flatten()),
            ("dense1", Dense(6, init="glorot")),
            ("relu3", ReLU()),
            ("dense2", Dense(4)),
        ],
        input_shape=(2, 9, 8),
        seed=5,
        dtype="float64",
    )
