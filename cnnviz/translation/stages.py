"""The stages that a shift is followed through, for a batch of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from cnnviz._types import FloatArray
from cnnviz.errors import ShapeError
from cnnviz.layers import Layer, MaxPool2D
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
    network : Network
    block : ConvBlock
        Which convolution block the stages belong to.
    pool_size : int
        Side of the pooling windows, and their distance, in cells of the maps that are pooled.
    pools : mapping from kind to Layer
        The four pools, all on the same grid.
    grids : mapping from stage to StageGrid
        The stages that this network has, in order.
    """

    network: Network
    block: ConvBlock
    pool_size: int
    pools: Mapping[str, Layer]
    grids: Mapping[str, StageGrid]

    @classmethod
    def of(
        cls, network: Network, block: int = 1, pool_size: int | None = None, taps: int = BLUR_TAPS
    ) -> Self:
        """Look a network over.

        Parameters
        ----------
        network : Network
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
        pools: dict[str, Layer] = {kind: pool_layer(kind, size, taps) for kind in POOL_KINDS}
        return cls(network, chosen, size, MappingProxyType(pools), _grids(network, chosen, pools))

    def maps_of(self, images: FloatArray) -> tuple[dict[str, FloatArray], FloatArray]:
        """Run a batch `(n, c, h, w)` through the network: maps of each stage, and the logits `(n, k)`."""
        network, block = self.network, self.block
        outputs = forward_pass(network.layers[: block.features + 1], network.params, images)
        return self.finish({"pixels": images}, outputs[block.conv], outputs[block.features])

    def finish(
        self, stages: dict[str, FloatArray], convolution: FloatArray, features: FloatArray
    ) -> tuple[dict[str, FloatArray], FloatArray]:
        """Add the stages from the convolution on, given its output and what goes into the pool."""
        stages = stages | {"convolution": convolution}
        if self.block.has_activation:
            stages["activation"] = features
        for kind, pool in self.pools.items():
            stages[kind] = pool.forward(features, {})
        return stages, self._logits(stages, features)

    def _logits(self, stages: Mapping[str, FloatArray], features: FloatArray) -> FloatArray:
        network, first = self.network, self.block.features + 1
        if self.block.pool is not None:
            kind = self._own_kind(network.layers[self.block.pool][1])
            if kind is not None:
                features, first = stages[kind], self.block.pool + 1
        return forward_pass(network.layers[first:], network.params, features)[-1]

    def _own_kind(self, own: Layer) -> str | None:
        """Return which of the four pools is the network's own, if one is: its output need not be made twice."""
        if isinstance(own, MaxPool2D):
            own = MaxPool2D(own.size, None if own.step == own.size else own.stride)
        return next((kind for kind, pool in self.pools.items() if pool == own), None)


def stage_maps(
    network: Network,
    images: FloatArray,
    block: int = 1,
    pool_size: int | None = None,
    taps: int = BLUR_TAPS,
) -> dict[str, FloatArray]:
    """Maps of every stage: pixels, convolution, activation (if there is one) and the four pools.

    Parameters
    ----------
    network : Network
    images : ndarray of shape (n, c, h, w)
        As the network takes them (`cnnviz.datasets.to_input`).
    block, pool_size, taps
        As for `StagePlan.of`.

    Returns
    -------
    dict from stage to ndarray of shape (n, channels, rows, columns)
        In the order of `STAGES`, raw: not relative to a blank image.

    Raises
    ------
    ShapeError, ParameterError
        As `StagePlan.of`; also if the images do not fit the network.
    """
    plan = StagePlan.of(network, block, pool_size, taps)
    return plan.maps_of(checked_images(network, images))[0]


def checked_images(network: Network, images: FloatArray) -> FloatArray:
    """Return a batch in the network's dtype, or raise `ShapeError` if it is none the network takes."""
    if images.ndim != 4 or images.shape[1:] != network.input_shape or len(images) == 0:
        wanted = ", ".join(map(str, network.input_shape))
        raise ShapeError(f"The network needs images of shape (n, {wanted}), n >= 1. Got {images.shape} instead.")
    return images.astype(network.dtype, copy=False)


def checked_image(network: Network, image: FloatArray) -> FloatArray:
    """Return one image `(c, h, w)` in the network's dtype, or raise `ShapeError` if it does not fit."""
    if image.shape != network.input_shape:
        raise ShapeError(
            f"The network needs an image of shape {network.input_shape}. Got {image.shape} instead."
        )
    return image.astype(network.dtype, copy=False)


def _grids(network: Network, block: ConvBlock, pools: Mapping[str, Layer]) -> Mapping[str, StageGrid]:
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
            raise ShapeError(f"Pooling after block {block.number} {error}; choose a smaller window.") from None
        grids[kind] = grid.through(pool, shape)
    return MappingProxyType(grids)
