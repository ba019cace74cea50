"""The stages that a shift is followed through, for a batch of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType
from typing import Self

import numpy as np

from cnnviz._types import ByteArray, FloatArray
from cnnviz._validation import check_int
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import POOLS, Pool
from cnnviz.network import Network, forward_pass
from cnnviz.translation.shifting import StageGrid

POOL_KINDS = tuple(POOLS)
"""Ways to pool, by the `kind` of the layer."""


@dataclass(frozen=True, slots=True)
class ConvBlock:
    """A convolution with the activation and the pool that follow it, as places in `Network.layers`.

    * `number`: from 1, counted from the input.
    * `features`: the layer whose output goes into the pool: the activation, or the convolution if there is
      none.
    """

    number: int
    conv: int
    features: int
    pool: int | None

    @property
    def has_activation(self) -> bool:
        """Whether there is an activation between convolution and pool."""
        return self.features != self.conv


def conv_blocks(network: Network) -> tuple[ConvBlock, ...]:
    """Convolution blocks of a network, from the input on.

    Returns
    -------
    tuple of ConvBlock
        Empty for a network without a convolution. Activations that come after the pool, or after anything
        else, belong to no block.
    """
    starts = [index for index, (_, layer) in enumerate(network.layers) if layer.has_filters]
    blocks: list[ConvBlock] = []
    for number, conv in enumerate(starts, start=1):
        after = [layer for _, layer in network.layers[conv + 1 :]]
        features = conv + len(list(takewhile(lambda layer: layer.is_elementwise, after)))
        has_pool = any(layer.pool is not None for layer in after[features - conv : features - conv + 1])
        blocks.append(ConvBlock(number, conv, features, features + 1 if has_pool else None))
    return tuple(blocks)


STAGES: tuple[str, ...] = ("pixels", "convolution", "activation", *POOL_KINDS)
"""In the order in which the image passes them; the pools stand side by side. A network without an activation
between convolution and pool has no stage "activation"."""


@dataclass(frozen=True, slots=True, eq=False)
class StagePlan:
    """What to compute for one block of a network. Make one with `StagePlan.of`.

    * `pool_size`: side of the pooling windows, and their distance, in cells of the maps that are pooled.
    * `pools`: those of all kinds, on the same grid.
    * `grids`: of the stages that this network has, in order.
    """

    network: Network
    block: ConvBlock
    pool_size: int
    pools: Mapping[str, Pool]
    grids: Mapping[str, StageGrid]

    @classmethod
    def of(cls, network: Network, block: int = 1, pool_size: int | None = None) -> Self:
        """Look a network over.

        Parameters
        ----------
        block : int
            Number of the convolution block, from 1.
        pool_size : int, optional
            Side of the pooling windows in pixels. None means that of the network's own pool, 2 without one.

        Raises
        ------
        ParameterError
            If the network has no such block, or a value is outside its range; `ShapeError` if the maps of the
            block are smaller than a pooling window.
        """
        blocks = conv_blocks(network)
        if not blocks:
            raise ParameterError("The network has no convolution; choose a network with at least one.")
        chosen = blocks[check_int(block, "block", "StagePlan", minimum=1, maximum=len(blocks)) - 1]
        if pool_size is None:
            own = None if chosen.pool is None else network.layers[chosen.pool][1].pool
            pool_size = 2 if own is None else own.size
        pools = {kind: pool(pool_size) for kind, pool in POOLS.items()}
        return cls(network, chosen, pool_size, MappingProxyType(pools), _grids(network, chosen, pools))

    def maps_of(self, images: FloatArray) -> tuple[dict[str, FloatArray], FloatArray]:
        """Run a batch `(n, c, h, w)` through the network: maps of each stage, and the logits `(n, k)`."""
        block = self.block
        outputs = forward_pass(self.network.layers[: block.features + 1], self.network.params, images)
        stages = {"pixels": images, "convolution": outputs[block.conv]}
        stages[self.features_stage] = outputs[block.features]
        with np.errstate(over="ignore", invalid="ignore"):
            for kind, pool in self.pools.items():
                stages[kind] = pool.forward(outputs[block.features], {})
        return stages, self.logits_of(stages)

    @property
    def features_stage(self) -> str:
        """The stage that goes into the pools."""
        return "activation" if self.block.has_activation else "convolution"

    def logits_of(self, stages: Mapping[str, FloatArray]) -> FloatArray:
        """Run the rest of the network on the stages of a batch: logits `(n, k)`."""
        layers, start = self.network.layers, self.features_stage
        first = self.block.features + 1
        own = None if self.block.pool is None else layers[self.block.pool][1]
        if own is not None and own.kind in self.pools and self.pools[own.kind].geometry == own.geometry:
            # The network's own pool is one of them, as rules for ties change no value: no need to pool again.
            start, first = own.kind, first + 1
        return forward_pass(layers[first:], self.network.params, stages[start])[-1]


def checked_image(network: Network, image: FloatArray | ByteArray) -> FloatArray:
    """Return one image `(c, h, w)` in the network's dtype, or raise `ShapeError` if it does not fit."""
    if image.shape != network.input_shape:
        raise ShapeError(
            f"The network needs an image of shape {network.input_shape}. Got {image.shape} instead."
        )
    return network.checked_batch(image[None])[0]


def _grids(network: Network, block: ConvBlock, pools: Mapping[str, Pool]) -> Mapping[str, StageGrid]:
    grid = StageGrid.of_pixels(*network.input_shape[1:])
    grids = {"pixels": grid}
    for name, layer in network.layers[: block.features + 1]:
        grid = grid.through(layer, network.shapes[name])
    grids["convolution"] = grid
    if block.has_activation:
        grids["activation"] = grid
    features = network.shapes[network.layers[block.features][0]]
    for kind, pool in pools.items():
        try:
            shape = pool.output_shape(features)
        except ShapeError as error:
            raise ShapeError(
                f"Pooling after block {block.number} {error}; choose a smaller window."
            ) from None
        grids[kind] = grid.through(pool, shape)
    return MappingProxyType(grids)
