"""Names, colours and explanations of the stages."""

from cnnviz.layers import AvgPool2D, BlurPool2D, LeakyReLU, MaxPool2D, ReLU, Sigmoid, SubsamplePool2D, Tanh
from cnnviz.network import Network
from cnnviz.translation import OUTPUT, POOL_KINDS, STAGES, ConvBlock, conv_blocks
from ui.tiles.stage_strip import StageTile

COLORS: dict[str, tuple[str, str]] = {
    "pixels": ("#5C6B7A", "#93A1AF"),
    "convolution": ("#7A4FC9", "#B394F5"),
    "activation": ("#B03A8C", "#EE86CB"),
    "max": ("#E08A00", "#FFB23E"),
    "average": ("#2563EB", "#6EA2FF"),
    "blur": ("#1B8A6B", "#4FD0A8"),
    "subsample": ("#8A5A2B", "#C9A27A"),
    OUTPUT: ("#17212B", "#E7ECF1"),
}
"""Colour of each stage on a light and on a dark ground."""

DASHES = {"pixels": 2, "convolution": 1, "activation": 3, "subsample": 2, "blur": 1}
"""Dash patterns of curves, so that colour alone does not tell them apart."""

_TITLES = {
    "pixels": "Pixels",
    "convolution": "Conv",
    "max": "Max",
    "average": "Average",
    "blur": "Blur",
    "subsample": "Subsample",
}
_WORDS = {
    "pixels": "The input image itself.",
    "convolution": "Output of the convolution, before the activation.",
    "activation": "Output of the convolution after its activation: what goes into the pool.",
    "max": "The largest value of each window.",
    "average": "The mean of each window.",
    "blur": "Blurred with [1, 2, 1] / 4, then every {size}th cell taken (Zhang 2019).",
    "subsample": "The top left value of each window, without any pooling: what a stride alone does.",
}
_ACTIVATIONS = {ReLU: "ReLU", LeakyReLU: "Leaky ReLU", Sigmoid: "Sigmoid", Tanh: "Tanh"}
_POOLS = {MaxPool2D: "max", AvgPool2D: "average", BlurPool2D: "blur", SubsamplePool2D: "subsample"}
_LONG = {
    "pixels": "Pixels",
    "convolution": "Convolution",
    "max": "Max pooling",
    "average": "Average pooling",
    "blur": "Blur pooling",
    "subsample": "Subsampling",
    OUTPUT: "Network output",
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
        words = _WORDS[stage].format(size=pool_size)
        if stage in POOL_KINDS:
            words += (
                " The pool of this network."
                if is_own
                else " The same filters, pooled in another way: nothing is trained anew."
            )
        tiles.append(StageTile(stage, _title(network, block, stage), COLORS[stage], words, is_own))
    return tuple(tiles)


def stage_title(network: Network, block: int, stage: str) -> str:
    """Name of a stage, written out."""
    if stage == "activation":
        return f"After {_activation(network, block)}"
    return _LONG[stage]


def own_pool(network: Network, block: int) -> tuple[str, int] | None:
    """Kind and window of the pool that a block really has; None if it has none of the four."""
    index = _block(network, block).pool
    layer = None if index is None else network.layers[index][1]
    if isinstance(layer, MaxPool2D | AvgPool2D | BlurPool2D | SubsamplePool2D):
        return _POOLS[type(layer)], layer.size
    return None


def _title(network: Network, block: int, stage: str) -> str:
    return _activation(network, block) if stage == "activation" else _TITLES[stage]


def _activation(network: Network, block: int) -> str:
    layer = network.layers[_block(network, block).features][1]
    return next((name for kind, name in _ACTIVATIONS.items() if isinstance(layer, kind)), "Activation")


def _block(network: Network, number: int) -> ConvBlock:
    return conv_blocks(network)[number - 1]
