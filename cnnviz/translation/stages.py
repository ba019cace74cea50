"""The stages that a shift is followed through, for a batch of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.errors import ShapeError
from cnnviz.layers import Layer, Pool
from cnnviz.network import Network, forward_pass
from cnnviz.translation.blocks import (
    BLUR_TAPS,
    POOL_KINDS,
    ConvBlock,
    conv_block,
    pool_layer,
    pool_size_of,
)
from cnnviz.translation.grids import StageGrid

STAGES: tuple[str, ...] = ("pixels", "convolution", "activation", *POOL_KINDS)
"""In the order in which the image passes them; the pools stand side by side. A network without an activation
between convolution and pool has no stage "activation"."""


@dataclass(frozen=True, slots=True, eq=False)
class StagePlan:
    """What to compute for one block of a network. Make one with `StagePlan.of`.

    Attributes
    ----------
    block : ConvBlock
        Which convolution block the stages belong to.
    pool_size : int
        Side of the pooling windows, and their distance, in cells of the maps that are pooled.
    pools : mapping from kind to Pool
        The pools of all kinds, on the same grid.
    grids : mapping from stage to StageGrid
        The stages that this network has, in order.
    """

    network: Network
    block: ConvBlock
    pool_size: int
    pools: Mapping[str, Pool]
    grids: Mapping[str, StageGrid]

    @classmethod
    def of(
        cls, network: Network, block: int = 1, pool_size: int | None = None, taps: int = BLUR_TAPS
    ) -> Self:
        """Look a network over.

        Parameters
        ----------
        block : int
            Number of the convolution block, from 1.
        pool_size : int, optional
            Side of the pooling windows in pixels. None means that of the network's own pool.
        taps : {2, 3, 4, 5}
            Length of the blur kernel.

        Raises
        ------
        ParameterError
            If the network has no such block, or a value is outside its range; `ShapeError` if the maps of the
            block are smaller than a pooling window.
        """
        chosen = conv_block(network, block)
        size = pool_size_of(network, chosen) if pool_size is None else pool_size
        pools = {kind: pool_layer(kind, size, taps) for kind in POOL_KINDS}
        return cls(network, chosen, size, MappingProxyType(pools), _grids(network, chosen, pools))

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
        own = None if self.block.pool is None else self._own_kind(layers[self.block.pool][1])
        if own is not None:
            # The network's own pool is one of them: no need to pool again.
            start, first = own, first + 1
        return forward_pass(layers[first:], self.network.params, stages[start])[-1]

    def _own_kind(self, own: Layer) -> str | None:
        """Return which of the pools is the network's own, if one is; rules for ties change no value."""
        return next(
            (
                kind
                for kind, pool in self.pools.items()
                if type(pool) is type(own) and pool.geometry == own.geometry
            ),
            None,
        )


def checked_images(network: Network, images: FloatArray) -> FloatArray:
    """Return a batch in the network's dtype, or raise `ShapeError` if it is none the network takes."""
    if images.ndim != 4 or images.shape[1:] != network.input_shape or len(images) == 0:
        wanted = ", ".join(map(str, network.input_shape))
        raise ShapeError(
            f"The network needs images of shape (n, {wanted}), n >= 1. Got {images.shape} instead."
        )
    return images.astype(network.dtype, copy=False)


def checked_image(network: Network, image: FloatArray) -> FloatArray:
    """Return one image `(c, h, w)` in the network's dtype, or raise `ShapeError` if it does not fit."""
    if image.shape != network.input_shape:
        raise ShapeError(
            f"The network needs an image of shape {network.input_shape}. Got {image.shape} instead."
        )
    return image.astype(network.dtype, copy=False)


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
