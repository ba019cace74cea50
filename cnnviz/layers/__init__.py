"""Layers: frozen descriptions that know their shapes, initial weights, forward and backward pass.

They are the readable reference that the fast path is tested against. Feature maps are `(n, c, h, w)`, flat
features `(n, d)`, and the dtype that goes in comes out.
"""

from cnnviz.layers.activations import ACTIVATIONS, Activation, LeakyReLU, ReLU, Sigmoid, Tanh
from cnnviz.layers.base import Layer
from cnnviz.layers.convolution import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.max_blur import MaxBlurPool2D
from cnnviz.layers.max_pooling import MaxPool2D
from cnnviz.layers.pooling import TIE_RULES, TIE_WORDS, AvgPool2D, Pool, SubsamplePool2D, TieRule

__all__ = [
    "ACTIVATIONS",
    "POOLS",
    "TIE_RULES",
    "TIE_WORDS",
    "Activation",
    "AvgPool2D",
    "Conv2D",
    "Dense",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxBlurPool2D",
    "MaxPool2D",
    "Pool",
    "ReLU",
    "Sigmoid",
    "SubsamplePool2D",
    "Tanh",
    "TieRule",
]

POOLS: dict[str, type[Pool]] = {
    layer.kind: layer for layer in (MaxPool2D, AvgPool2D, MaxBlurPool2D, SubsamplePool2D)
}
"""Pools by their `kind`, in the order in which they are offered."""
