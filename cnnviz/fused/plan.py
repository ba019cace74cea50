"""Which networks the fast path covers, and the stages it cuts them into."""

from dataclasses import dataclass
from math import prod

from cnnviz._types import Shape
from cnnviz.layers import (
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    SubsamplePool2D,
    Tanh,
)
from cnnviz.network import NamedLayers

ActivationLayer = LeakyReLU | ReLU | Sigmoid | Tanh
PoolLayer = AvgPool2D | MaxPool2D | SubsamplePool2D


@dataclass(frozen=True, slots=True)
class ConvStage:
    """A convolution with the pool and the activation that follow it, computed in one go."""

    name: str  # name of the convolution layer
    layer: Conv2D
    pool: PoolLayer | None
    # `before`, `after`: what acts on every cell of the convolution, or only on what the pool left. At most
    # one of the two.
    before: ActivationLayer | None
    after: ActivationLayer | None
    # `input_shape`, `output_shape`: `(c, h, w)` of one sample
    input_shape: Shape
    output_shape: Shape


@dataclass(frozen=True, slots=True)
class DenseStage:
    """A fully connected layer with the activation that follows it; attributes as of `ConvStage`."""

    name: str
    layer: Dense
    after: ActivationLayer | None
    input_shape: Shape
    output_shape: Shape


Stage = ConvStage | DenseStage


def plan_stages(layers: NamedLayers, input_shape: Shape) -> tuple[Stage, ...] | None:
    """Cut a network into stages.

    * `layers`: layers that fit together.
    * `input_shape`: shape of one sample.
    * Returns: None where the layers are no sequence of blocks `Conv2D [activation] [pool]` or `Conv2D pool
      [activation]`, then `Flatten`, then blocks `Dense [activation]`.
    """
    stages: list[Stage] = []
    shape, position = input_shape, 0
    while position < len(layers):
        layer = layers[position][1]
        if isinstance(layer, Flatten):
            # The features of a sample lie in the order (c, h, w) already: nothing to do.
            shape, position = layer.output_shape(shape), position + 1
            continue
        if isinstance(layer, Conv2D):
            stage, used = _conv_stage(layers[position:], layer, shape)
        elif isinstance(layer, Dense):
            after = _activation(layers, position + 1)
            stage = DenseStage(layers[position][0], layer, after, shape, layer.output_shape(shape))
            used = 1 if after is None else 2
        else:
            return None
        stages.append(stage)
        shape, position = stage.output_shape, position + used
    return tuple(stages) or None


def matrix_shape(stage: Stage) -> tuple[int, int]:
    """Rows and columns of the matrix `[weight | bias]` that holds a stage's parameters."""
    outputs, *inputs = stage.layer.parameter_shapes(stage.input_shape)["weight"]
    return outputs, prod(inputs) + stage.layer.bias


def _conv_stage(layers: NamedLayers, conv: Conv2D, shape: Shape) -> tuple[ConvStage, int]:
    """Return the stage that starts with `conv`, the first of `layers`, and how many layers it takes."""
    before = _activation(layers, 1)
    at = 1 if before is None else 2
    pool = layers[at][1] if at < len(layers) else None
    if not isinstance(pool, PoolLayer):
        pool = None
    after = None
    output_shape = conv.output_shape(shape)
    used = at
    if pool is not None:
        output_shape = pool.output_shape(output_shape)
        after = _activation(layers, at + 1) if before is None else None
        used += 1 if after is None else 2
    if before is not None and _may_follow(before, pool):
        before, after = None, before
    return ConvStage(layers[0][0], conv, pool, before, after, shape, output_shape), used


def _activation(layers: NamedLayers, position: int) -> ActivationLayer | None:
    layer = layers[position][1] if position < len(layers) else None
    return layer if isinstance(layer, ActivationLayer) else None


def _may_follow(activation: ActivationLayer, pool: PoolLayer | None) -> bool:
    """Tell whether the activation may be applied after the pool, where there is less to do.

    A pool that picks one cell lets any function through, and the maximum any function that never falls. But
    sigmoid and tanh flatten: values that differ come out equal, and a pool that looks at them only after that
    sees ties. They stay in front of it, so that the same ties are seen here.
    """
    if pool is None or isinstance(pool, SubsamplePool2D):
        return True
    return isinstance(pool, MaxPool2D) and isinstance(activation, ReLU | LeakyReLU)
