"""The loss of many slightly changed networks at once, and on which linear piece each of them works.

A change of one parameter changes one channel of its layer's output, or one unit. Channels stay apart up to
the next layer that mixes them, so only that channel is computed anew for every variant; from there on the
variants are a batch. Convolutions are computed by the engine's own function, so that equal patches keep equal
bits and a tie is never broken by rounding.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import FloatArray, IntArray
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.inspect.receptive_field import INPUT, checked_cell, stage_index, stage_values
from cnnviz.layers.cells import Cell
from cnnviz.layers.losses import losses_of_each
from cnnviz.network import Gradients, Network, Trace, own_params

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Target:
    """One number that can be changed: a parameter, a pixel of the input, or a cell of a layer's output.

    A cell is changed after it was computed, and what follows is computed anew.

    Attributes
    ----------
    name : str
        Name of a parameter, such as ``"conv1.weight"``, of a layer, or ``"input"``.
    index : tuple of int
        Its place in the array of the parameter, or in the stage: `(channel, row, column)`, or `(unit,)`.
    """

    name: str
    index: Cell

    @property
    def is_parameter(self) -> bool:
        """Whether it is a parameter, whose name has a dot, as that of no layer has."""
        return "." in self.name

    def check(self, network: Network) -> None:
        """Raise `ParameterError` unless the network has it."""
        if not self.is_parameter:
            checked_cell(network, self.name, self.index)
        elif self.name not in network.params:
            known = ", ".join(network.params) or "none"
            raise ParameterError(f"The network's parameters are {known}. Got {self.name!r} instead.")
        else:
            shape = network.params[self.name].shape
            places = zip(self.index, shape, strict=False)
            if len(self.index) != len(shape) or not all(0 <= place < side for place, side in places):
                raise ParameterError(
                    f"{self.name!r} has the shape {shape}. Got the place {self.index}, which is none of it."
                )

    def gradient(self, gradients: Gradients) -> float:
        """Gradient of the loss with respect to it, for a batch of one sample."""
        stages = {INPUT: gradients.input, **gradients.outputs}
        array = gradients.params[self.name] if self.is_parameter else stages[self.name][0]
        return float(np.asarray(array)[self.index])


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """The pattern of one layer, for several variants of the network or its input."""

    index: int  # position of the layer in `Network.layers`
    # shape (v, *cells, p). State of each cell of the output: which of the p cells of its window win; p = 1
    # and whether it is open for a gate.
    states: BoolArray
    # shape (v,). If given, the states are those of one channel or unit only, this one; the others have not
    # changed.
    channels: IntArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """A network in float64, one sample, and its unchanged passes."""

    network: Network
    trace: Trace  # of a batch of one
    label: int
    gradients: Gradients
    # By position of each layer that has a pattern, shape (*cells, p); see `Pattern`.
    states: Mapping[int, BoolArray]


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """Changed outputs of one layer."""

    index: int  # position of the layer; -1 for the input
    values: FloatArray  # shape (v, 1, h, w) or (v, 1). The channel or unit that differs.
    channels: IntArray  # shape (v,). Which one it is.


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of variants."""

    losses: NDArray[np.float64]  # shape (v,)
    patterns: tuple[Pattern, ...]  # of the layers after the change, in order


def make_bench(network: Network, x: FloatArray, label: int) -> Bench:
    """Run the unchanged network forwards and backwards, in float64.

    * Raises ShapeError: if `x` is neither a sample nor a batch of one.
    """
    batch = x[None] if x.shape == network.input_shape else x
    if batch.shape != (1, *network.input_shape):
        raise ShapeError(f"One sample of shape {network.input_shape} is needed. Got {x.shape} instead.")
    exact, batch = network.astype(np.float64), batch.astype(np.float64, copy=False)
    trace = exact.forward(batch)
    states = {
        index: layer.states(stage_values(exact, trace, index - 1))[0]
        for index, (_, layer) in enumerate(exact.layers)
        if layer.has_kinks
    }
    return Bench(exact, trace, label, exact.gradients(batch, np.array([label])), states)


def layer_of(network: Network, parameter: str) -> int:
    """Position of the layer that a parameter belongs to."""
    return [name for name, _ in network.layers].index(parameter.rpartition(".")[0])


def target_variants(bench: Bench, target: Target, deltas: NDArray[np.float64]) -> Variants:
    """Variants with one target changed by each of the `deltas`."""
    if target.is_parameter:
        place = int(np.ravel_multi_index(target.index, bench.network.params[target.name].shape))
        return parameter_variants(bench, target.name, np.full(len(deltas), place), deltas)
    index = stage_index(bench.network, target.name)
    channel, *inside = target.index
    values = np.repeat(stage_values(bench.network, bench.trace, index)[:, channel], len(deltas), axis=0)
    values[(slice(None), *inside)] += deltas
    return Variants(index, values[:, None], np.full(len(deltas), channel))


def parameter_variants(bench: Bench, name: str, places: IntArray, deltas: NDArray[np.float64]) -> Variants:
    """Variants with one number of a parameter changed: number `places[i]`, in flat order, by `deltas[i]`."""
    index = layer_of(bench.network, name)
    layer_name, layer = bench.network.layers[index]
    own = own_params(layer_name, layer, bench.network.params)
    key = name.rpartition(".")[2]
    before, out = (stage_values(bench.network, bench.trace, at) for at in (index - 1, index))
    where = np.unravel_index(places, own[key].shape)
    return Variants(index, layer.changed(before, out, own, key, where, deltas)[:, None], where[0])


def run_variants(bench: Bench, variants: Variants) -> Outcome:
    """Compute what follows from the change: the losses, and the pattern of every later layer that has one."""
    values = variants.values
    channels: IntArray | None = variants.channels
    patterns: list[Pattern] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for index in range(variants.index + 1, len(bench.network.layers)):
            name, layer = bench.network.layers[index]
            if channels is not None and layer.mixes_channels:
                values = _completed(bench, index - 1, values, channels)
                channels = None
            if layer.has_kinks:
                patterns.append(Pattern(index, layer.states(values), channels))
            values = layer.forward(values, own_params(name, layer, bench.network.params))
        if channels is not None:
            values = _completed(bench, len(bench.network.layers) - 1, values, channels)
        return Outcome(losses_of_each(values, np.full(len(values), bench.label)), tuple(patterns))


def switched(bench: Bench, outcome: Outcome) -> BoolArray:
    """Tell for each number whether a cell is in another state than without any change.

    * `outcome`: of variants with each of m numbers changed one way, and after them each the other way.
    * Returns: shape (m,).
    """
    found = np.zeros(outcome.losses.shape, dtype=bool)
    for pattern in outcome.patterns:
        base = bench.states[pattern.index]
        base = base[None] if pattern.channels is None else base[pattern.channels][:, None]
        found |= (pattern.states != base).reshape(len(found), -1).any(axis=1)
    return found.reshape(2, -1).any(axis=0)


def _completed(bench: Bench, index: int, values: FloatArray, channels: IntArray) -> FloatArray:
    """Put each changed channel into a copy of the unchanged output of layer `index`."""
    full = np.repeat(stage_values(bench.network, bench.trace, index), len(values), axis=0)
    full[np.arange(len(values)), channels] = values[:, 0]
    return full
