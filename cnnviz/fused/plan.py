"""Which networks the fast path covers, and the stages it cuts them into."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from cnnviz._architecture import NamedLayers
from cnnviz._types import Shape
from cnnviz.layers import (
    AvgPool2D,
    BlurPool2D,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    SubsamplePool2D,
    Tanh,
)

ActivationLayer = LeakyReLU | ReLU | Sigmoid | Tanh
PoolLayer = AvgPool2D | BlurPool2D | MaxPool2D | SubsamplePool2D


@dataclass(frozen=True, slots=True)
class ConvStage:
    """A convolution with the pool and the activation that follow it, computed in one go.

    Attributes
    ----------
    name : str
        Name of the convolution layer.
    conv : Conv2D
    pool : a pooling layer or None
    before, after : an activation layer or None
        What acts on every cell of the convolution, or only on what the pool left. At most one of the two.
    input_shape, output_shape : tuple of int
        `(c, h, w)` of one sample.
    """

    name: str
    conv: Conv2D
    pool: PoolLayer | None
    before: ActivationLayer | None
    after: ActivationLayer | None
    input_shape: Shape
    output_shape: Shape

    @property
    def layer(self) -> Conv2D:
        """The layer that holds the stage's parameters."""
        return self.conv


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

    Parameters
    ----------
    layers : tuple of (name, Layer)
        Layers that fit together.
    input_shape : tuple of int
        Shape of one sample.

    Returns
    -------
    tuple of stages, or None
        None where the layers are no sequence of blocks `Conv2D [activation] [pool]` or `Conv2D pool activation`,
        then `Flatten`, then blocks `Dense [activation]`.
    """
    stages: list[Stage] = []
    rest = list(layers)
    shape = input_shape
    while rest:
        name, layer = rest[0]
        if isinstance(layer, Conv2D):
            stage, used = _conv_stage(name, layer, [layer for _, layer in rest[1:4]], shape)
        elif isinstance(layer, Dense):
            after = rest[1][1] if len(rest) > 1 else None
            activation = after if isinstance(after, ActivationLayer) else None
            used = 1 + (activation is not None)
            stage = DenseStage(name, layer, activation, shape, layer.output_shape(shape))
        elif isinstance(layer, Flatten):
            # Features of a sample lie in the order (c, h, w) already: nothing to do.
            shape, rest = layer.output_shape(shape), rest[1:]
            continue
        else:
            return None
        stages.append(stage)
        shape, rest = stage.output_shape, rest[used:]
    return tuple(stages) if stages else None


def _conv_stage(name: str, conv: Conv2D, following: Sequence[Layer], shape: Shape) -> tuple[ConvStage, int]:
    """Return the stage that starts with `conv` and how many layers it takes."""
    before = pool = after = None
    rest = list(following)
    if rest and isinstance(rest[0], ActivationLayer):
        before = rest.pop(0)
    if rest and isinstance(rest[0], PoolLayer):
        pool = rest.pop(0)
    if before is None and rest and isinstance(rest[0], ActivationLayer):
        after = rest.pop(0)
    if before is not None and _commutes(before, pool):
        before, after = None, before
    output_shape = conv.output_shape(shape)
    if pool is not None:
        output_shape = pool.output_shape(output_shape)
    taken = 1 + sum(part is not None for part in (before, pool, after))
    return ConvStage(name, conv, pool, before, after, shape, output_shape), taken


def _commutes(activation: ActivationLayer, pool: PoolLayer | None) -> bool:
    """Tell whether the activation may be applied after the pool, where there is less to do.

    Whatever picks cells lets any function through, and the maximum any function that never falls. But sigmoid and
    tanh flatten: values that differ come out equal, and such ties are seen by a pool that looks at them only after.
    """
    if pool is None or isinstance(pool, SubsamplePool2D):
        return True
    return isinstance(pool, MaxPool2D) and isinstance(activation, ReLU | LeakyReLU)


def matrix_shape(stage: Stage) -> tuple[int, int]:
    """Rows and columns of the matrix `[weight | bias]` that holds a stage's parameters."""
    outputs, *inputs = stage.layer.parameter_shapes(stage.input_shape)["weight"]
    return outputs, prod(inputs) + stage.layer.bias
