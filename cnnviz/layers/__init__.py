"""Layers: frozen descriptions that know their shapes, initial weights, forward and backward pass.

They are the readable reference that the fast path is tested against. Feature maps are `(n, c, h, w)`, flat
features `(n, d)`, and the dtype that goes in comes out.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, cast

from cnnviz._validation import shown
from cnnviz.errors import ParameterError
from cnnviz.layers.activations import ACTIVATIONS, Activation, LeakyReLU, ReLU, Sigmoid, Tanh
from cnnviz.layers.base import Layer
from cnnviz.layers.convolution import Conv2D
from cnnviz.layers.dense import RESHAPING, Dense, Flatten
from cnnviz.layers.max_blur import MaxBlurPool2D
from cnnviz.layers.max_pooling import MaxPool2D
from cnnviz.layers.pooling import TIE_RULES, AvgPool2D, Pool, SubsamplePool2D, TieRule
from cnnviz.setting import settings_of

__all__ = [
    "ACTIVATIONS",
    "LAYER_TYPES",
    "POOLS",
    "TIE_RULES",
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
    "as_mapping",
    "layer_from_dict",
]

POOLS: dict[str, type[Pool]] = {
    layer.kind: layer for layer in (MaxPool2D, AvgPool2D, MaxBlurPool2D, SubsamplePool2D)
}
"""Pools by their `kind`, in the order in which they are offered."""

LAYER_TYPES: dict[str, type[Layer]] = {
    layer.__name__: layer for layer in (Conv2D, *POOLS.values(), *ACTIVATIONS.values(), *RESHAPING, Dense)
}
"""Every layer by the name of its type: what a file may describe."""


def layer_from_dict(description: object) -> Layer:
    """Make the layer that `Layer.to_dict` described.

    Parameters
    ----------
    description : mapping
        `{"type": "Conv2D", "filters": 8, ...}`. Settings that are left out take their default. The mapping
        may come from an untrusted file: nothing but the layers of this package can be made.

    Raises
    ------
    ParameterError
        If the type is unknown, or a setting is unknown, missing or outside its range.
    """
    settings = dict(as_mapping(description, "A layer"))
    kind = settings.pop("type", None)
    if not isinstance(kind, str) or kind not in LAYER_TYPES:
        listed = ", ".join(LAYER_TYPES)
        raise ParameterError(f"The 'type' of a layer must be one of {listed}. Got {shown(kind)} instead.")
    known = settings_of(LAYER_TYPES[kind])
    unknown = [name for name in settings if name not in known]
    if unknown:
        listed = ", ".join(known) or "no settings"
        raise ParameterError(f"{kind} has {listed}. Got {shown(unknown[0])} instead.")
    for field in fields(LAYER_TYPES[kind]):
        if field.default is MISSING and field.name not in settings:
            raise ParameterError(f"{kind} needs the setting {field.name!r}.")
    return LAYER_TYPES[kind](**settings)


def as_mapping(value: object, owner: str) -> Mapping[str, Any]:
    """Return `value` if it is a mapping with text keys, or raise `ParameterError` that names the `owner`."""
    entries = cast("Mapping[Any, Any]", value) if isinstance(value, Mapping) else None
    if entries is None or not all(isinstance(key, str) for key in entries):
        found = shown(cast("object", value))
        raise ParameterError(f"{owner} must be described by a mapping with text keys. Got {found} instead.")
    return entries
