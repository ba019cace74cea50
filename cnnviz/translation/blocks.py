"""Where the convolution blocks of a network are, and the same maps pooled in every way."""

from dataclasses import dataclass

from cnnviz._validation import check_choice, check_int
from cnnviz.errors import ParameterError
from cnnviz.layers import POOLS, Activation, Conv2D, Layer, Pool, layer_of_kind
from cnnviz.network import NamedLayers, Network

POOL_KINDS = tuple(POOLS)
"""Ways to pool, by the `kind` of the layer."""

BLUR_TAPS = 3
"""Taps of the blur kernel where none is asked for: [1, 2, 1]."""


@dataclass(frozen=True, slots=True)
class ConvBlock:
    """A convolution with the activation and the pool that follow it.

    Attributes
    ----------
    number : int
        From 1, counted from the input.
    conv : int
        Index of the convolution in `Network.layers`.
    features : int
        Index of the layer whose output goes into the pool: the activation, or the convolution if there is
        none.
    pool : int or None
        Index of the pool; None if the block has none.
    """

    number: int
    conv: int
    features: int
    pool: int | None

    @property
    def has_activation(self) -> bool:
        """Whether there is an activation between convolution and pool."""
        return self.features != self.conv

    @property
    def last(self) -> int:
        """Index of the block's last layer."""
        return self.features if self.pool is None else self.pool


def conv_blocks(network: Network) -> tuple[ConvBlock, ...]:
    """Convolution blocks of a network, from the input on.

    Returns
    -------
    tuple of ConvBlock
        Empty for a network without a convolution. Activations that come after the pool, or after anything
        else, belong to no block.
    """
    starts = [index for index, (_, layer) in enumerate(network.layers) if isinstance(layer, Conv2D)]
    return tuple(_block(network.layers, number, conv) for number, conv in enumerate(starts, start=1))


def conv_block(network: Network, number: int = 1) -> ConvBlock:
    """Return one convolution block by its number, from 1.

    Raises
    ------
    ParameterError
        If the network has no such block.
    """
    blocks = conv_blocks(network)
    if not blocks:
        raise ParameterError("The network has no convolution; choose a network with at least one.")
    return blocks[check_int(number, "block", "conv_block", minimum=1, maximum=len(blocks)) - 1]


def pool_layer(kind: str, size: int = 2, taps: int = BLUR_TAPS) -> Pool:
    """Make a pool of any kind on a grid of `size` pixels.

    Parameters
    ----------
    kind : str
        One of `POOL_KINDS`.
    size : int
        Side of the window, and distance of the windows, in pixels, >= 1.
    taps : {2, 3, 4, 5}
        Length of the blur kernel; used by `"blur"` only.

    Raises
    ------
    ParameterError
        If a value lies outside its range.
    """
    check_choice(kind, "kind", "pool_layer", POOL_KINDS)
    return layer_of_kind(POOLS[kind], {"size": size, "taps": taps})


def pool_size_of(network: Network, block: ConvBlock) -> int:
    """Side of the window of a block's own pool, or 2 where the block has none."""
    layer = None if block.pool is None else network.layers[block.pool][1]
    return layer.size if isinstance(layer, Pool) else 2


def _block(layers: NamedLayers, number: int, conv: int) -> ConvBlock:
    features = conv
    while isinstance(_layer(layers, features + 1), Activation):
        features += 1
    pool = features + 1 if isinstance(_layer(layers, features + 1), Pool) else None
    return ConvBlock(number, conv, features, pool)


def _layer(layers: NamedLayers, index: int) -> Layer | None:
    return layers[index][1] if index < len(layers) else None
