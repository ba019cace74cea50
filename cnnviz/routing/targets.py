"""What can be poked: a parameter, a pixel of the input, or a cell of a layer's output."""

from dataclasses import dataclass

import numpy as np

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.inspect.receptive_field import INPUT, Cell, checked_cell
from cnnviz.network import Gradients, Network


@dataclass(frozen=True, slots=True)
class ParameterTarget:
    """One number that training adjusts.

    * `name`: Such as ``"conv1.weight"``.
    * `index`: Its place in the parameter's array.
    """

    name: str
    index: Cell


@dataclass(frozen=True, slots=True)
class PixelTarget:
    """One pixel of the input.

    * `index`: `(channel, row, column)`, or `(unit,)` where the input is flat.
    """

    index: Cell


@dataclass(frozen=True, slots=True)
class CellTarget:
    """One cell of a layer's output: it is changed after it was computed, and what follows is computed anew.

    * `index`: `(channel, row, column)`, or `(unit,)`.
    """

    layer: str
    index: Cell


Target = ParameterTarget | PixelTarget | CellTarget


def check_target(network: Network, target: Target) -> None:
    """Raise what is wrong with a target, if anything.

    * Raises ShapeError: if the number of indices is wrong.
    * Raises ParameterError: if there is no such parameter, layer or place in it.
    """
    match target:
        case PixelTarget():
            checked_cell(network, INPUT, target.index)
        case CellTarget():
            if target.layer == INPUT:
                raise ParameterError("A cell of the input is a pixel: use PixelTarget.")
            checked_cell(network, target.layer, target.index)
        case ParameterTarget():
            if target.name not in network.params:
                known = ", ".join(network.params) or "none"
                raise ParameterError(f"The network's parameters are {known}. Got {target.name!r} instead.")
            shape = network.params[target.name].shape
            if len(target.index) != len(shape):
                raise ShapeError(
                    f"{target.name!r} has the shape {shape}. Got the place {target.index} instead."
                )
            if not all(0 <= place < side for place, side in zip(target.index, shape, strict=True)):
                raise ParameterError(
                    f"{target.name!r} has the shape {shape}. Got the place {target.index}, which is outside."
                )


def gradient_at(gradients: Gradients, target: Target) -> float:
    """Gradient of the loss with respect to a target, for a batch of one sample."""
    match target:
        case ParameterTarget():
            array = gradients.params[target.name]
        case PixelTarget():
            array = gradients.input[0]
        case CellTarget():
            array = gradients.outputs[target.layer][0]
    return float(np.asarray(array)[target.index])
