"""On which linear piece a network works: who wins each window, which gates are open.

Between two points with the same pattern everywhere, max pooling and ReLU act as one fixed linear map, and the
loss is smooth. Where a pattern changes, the loss may have a kink.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz._types import IntArray
from cnnviz.inspect.receptive_field import stage_values
from cnnviz.network import Network, Trace

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """The pattern of one layer, for several variants of the network or its input.

    * `index`: position of the layer in `Network.layers`.
    * `states`: shape (v, *cells, p). State of each cell of the output: which of the p cells of its window
      win; p = 1 and whether it is open for a gate.
    * `channels`: shape (v,). If given, the states are those of one channel or unit only, this one; the others
      have not changed.
    """

    index: int
    states: BoolArray
    channels: IntArray | None


def base_states(network: Network, trace: Trace) -> dict[int, BoolArray]:
    """States of all layers that have a pattern, for a batch of one, by position; shape (*cells, p)."""
    return {
        index: layer.states(stage_values(network, trace, index - 1))[0]
        for index, (_, layer) in enumerate(network.layers)
        if layer.has_kinks
    }


def changed_from_base(base: Mapping[int, BoolArray], pattern: Pattern) -> BoolArray:
    """Tell which cells of each variant are in another state than without any change; shape (v, *cells)."""
    reference = base[pattern.index]
    reference = reference[None] if pattern.channels is None else reference[pattern.channels][:, None]
    return (pattern.states != reference).any(axis=-1)
