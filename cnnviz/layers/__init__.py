"""Layers: frozen descriptions that know their shapes, initial weights, forward and backward pass."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, cast

from cnnviz._validation import shown
from cnnviz.errors import ParameterError
from cnnviz.layers.activations import Activation, LeakyReLU, ReLU, Sigmoid, Tanh
from cnnviz.layers.base import Layer
from cnnviz.layers.convolution import Conv2D
from cnnviz.layers.dense import Dense, Flatten
from cnnviz.layers.max_pooling import MaxBlurPool2D, MaxPool2D
from cnnviz.layers.pooling import AvgPool2D, Pool, SubsamplePool2D

__all__ = [
    "ACTIVATIONS",
    "LAYER_TYPES",
    "POOLS",
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
    "as_mapping",
    "layer_from_dict",
    "layer_of_kind",
]

LAYER_TYPES: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Conv2D,
        MaxPool2D,
        AvgPool2D,
        MaxBlurPool2D,
        SubsamplePool2D,
        ReLU,
        LeakyReLU,
        Sigmoid,
        Tanh,
        Flatten,
        Dense,
    )
}
"""Every layer by the name of its type: what a file may describe."""

ACTIVATIONS = {layer.kind: layer for layer in LAYER_TYPES.values() if issubclass(layer, Activation)}
POOLS = {layer.kind: layer for layer in LAYER_TYPES.values() if issubclass(layer, Pool)}
"""Activations and pools by their `kind`, in the order in which they are offered."""


def layer_of_kind[L: Layer](layer: type[L], settings: Mapping[str, Any]) -> L:
    """Make a layer from those of the settings that it has, by the names of its fields."""
    return layer(**{field.name: settings[field.name] for field in fields(layer) if field.name in settings})


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
    known = {field.name: field.default is MISSING for field in fields(LAYER_TYPES[kind])}
    unknown = [name for name in settings if name not in known]
    if unknown:
        listed = ", ".join(known) or "no settings"
        raise ParameterError(f"{kind} has {listed}. Got {shown(unknown[0])} instead.")
    missing = [name for name, needed in known.items() if needed and name not in settings]
    if missing:
        raise ParameterError(f"{kind} needs the setting {missing[0]!r}.")
    return LAYER_TYPES[kind](**settings)


def as_mapping(value: object, owner: str) -> Mapping[str, Any]:
    """Return `value` if it is a mapping with text keys, or raise `ParameterError` that names the `owner`."""
    entries = cast("Mapping[Any, Any]", value) if isinstance(value, Mapping) else None
    if entries is None or not all(isinstance(key, str) for key in entries):
        found = shown(cast("object", value))
        raise ParameterError(f"{owner} must be described by a mapping with text keys. Got {found} instead.")
    return entries
