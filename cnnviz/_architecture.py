"""Do these layers make a network? Checks on names and shapes, before any array is made."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Any

from cnnviz._types import Shape
from cnnviz._validation import check_int, shown
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import Layer
from cnnviz.quantities import format_count

NamedLayers = tuple[tuple[str, Layer], ...]

# A description may come from an untrusted file: more numbers than this, in the parameters or in one sample's
# feature maps, are refused before any array is made.
MAX_VALUES = 50_000_000


def checked_layers(layers: Iterable[tuple[Any, Layer]]) -> NamedLayers:
    """Return the layers if their names are unique, not empty and hold no dot, or raise `ParameterError`."""
    named = tuple((name, layer) for name, layer in layers)
    if not named:
        raise ParameterError("A network needs at least one layer.")
    seen: set[str] = set()
    for name, _ in named:
        if not isinstance(name, str) or not name or "." in name:
            raise ParameterError(
                f"A layer's name must be a non-empty text without a dot. Got {shown(name)} instead."
            )
        if name in seen:
            raise ParameterError(f"Layer names must be unique. Got {shown(name)} twice.")
        seen.add(name)
    return named


def checked_input_shape(input_shape: Sequence[int]) -> Shape:
    """Return the shape of one sample if it is `(c, h, w)` or `(d,)`, or raise what is wrong with it."""
    sides = tuple(check_int(side, "input_shape", "Network", minimum=1) for side in input_shape)
    if len(sides) not in (1, 3):
        raise ShapeError(f"A network's input shape must be (c, h, w) or (d,). Got {shown(sides)} instead.")
    return sides


def output_shapes(layers: NamedLayers, input_shape: Shape) -> dict[str, Shape]:
    """Follow the shape of one sample through the layers, or raise what does not fit where."""
    shapes: dict[str, Shape] = {}
    shape = input_shape
    for name, layer in layers:
        try:
            shapes[name] = layer.output_shape(shape)
        except ShapeError as error:
            kind = type(layer).__name__
            raise ShapeError(
                f"Layer {shown(name)} ({kind}) cannot take an input of shape {shown(shape)}: it {error}."
            ) from None
        shape = shapes[name]
    if len(shape) != 1:
        raise ShapeError(
            f"The last layer must give a flat row of logits (k,), but {shown(layers[-1][0])} gives "
            f"{shown(shape)}; end with Flatten and Dense."
        )
    return shapes


def check_size(layers: NamedLayers, input_shape: Shape, shapes: Mapping[str, Shape]) -> None:
    """Refuse a network whose arrays would be too large, while they are still only shapes."""
    before = input_shape
    parameters = 0
    for name, layer in layers:
        parameters += sum(prod(shape) for shape in layer.parameter_shapes(before).values())
        largest = max(parameters, prod(before), prod(shapes[name]))
        if largest > MAX_VALUES:
            raise ParameterError(
                f"The network is too large: up to layer {shown(name)} it needs arrays of {shown(largest)} "
                f"values, and {format_count(MAX_VALUES)} is the limit."
            )
        before = shapes[name]
