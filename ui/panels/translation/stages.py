"""Names, colours and explanations of the stages."""

from cnnviz.layers import Pool
from cnnviz.network import Network
from cnnviz.palette import STAGE_STYLES
from cnnviz.translation import POOL_KINDS, STAGES, ConvBlock, conv_blocks, pool_layer
from ui.tiles.stage_strip import StageTile

_WORDS = {
    "pixels": "The input image itself.",
    "convolution": "Output of the convolution, before the activation.",
    "activation": "Output of the convolution after its activation: what a pool reads.",
}


def stage_keys(network: Network, block: int) -> tuple[str, ...]:
    """Stages that a block of a network has, in order."""
    has_activation = _block(network, block).has_activation
    return tuple(stage for stage in STAGES if stage != "activation" or has_activation)


def stage_tiles(network: Network, block: int, pool_size: int) -> tuple[StageTile, ...]:
    """Tiles of the stages, each with its explanation."""
    own = own_pool(network, block)
    tiles: list[StageTile] = []
    for stage in stage_keys(network, block):
        is_own = stage not in POOL_KINDS or own == (stage, pool_size)
        words = pool_layer(stage, pool_size).about if stage in POOL_KINDS else _WORDS[stage]
        if stage in POOL_KINDS:
            words += (
                " The pool of this network."
                if is_own
                else " What if: the same filters, pooled like this; nothing is trained anew."
            )
        tiles.append(
            StageTile(stage, _title(network, block, stage), STAGE_STYLES[stage].color, words, is_own)
        )
    return tuple(tiles)


def stage_title(network: Network, block: int, stage: str) -> str:
    """Name of a stage, written out."""
    if stage == "activation":
        return f"After {_activation(network, block)}"
    return STAGE_STYLES[stage].title


def own_pool(network: Network, block: int) -> tuple[str, int] | None:
    """Kind and window of the pool that a block really has; None if it has none."""
    index = _block(network, block).pool
    layer = None if index is None else network.layers[index][1]
    return (layer.kind, layer.size) if isinstance(layer, Pool) else None


def setting_words(network: Network, block: int, pool_size: int | None, *, relative: bool) -> tuple[str, ...]:
    """Say what the features of stages depend on, besides network and image; without pools, no window."""
    return (
        "relative to a blank image" if relative else "raw, not relative to a blank image",
        *(() if pool_size is None else (f"pool {pool_size} × {pool_size}",)),
        *((f"block {block}",) if len(conv_blocks(network)) > 1 else ()),
    )


def pooled_layer(network: Network, block: int) -> str:
    """Name of the layer whose maps the pools of a block read."""
    return network.layers[_block(network, block).features][0]


def largest_pool(network: Network, block: int) -> int:
    """Side of the largest pooling window that fits into the maps of a block."""
    return min(network.shapes[pooled_layer(network, block)][1:])


def _title(network: Network, block: int, stage: str) -> str:
    return _activation(network, block) if stage == "activation" else STAGE_STYLES[stage].short


def _activation(network: Network, block: int) -> str:
    return network.layers[_block(network, block).features][1].title


def _block(network: Network, number: int) -> ConvBlock:
    return conv_blocks(network)[number - 1]
