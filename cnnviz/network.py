"""A network: named layers and their parameters, both immutable, and the passes through them."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from cnnviz._types import ByteArray, FloatArray, IntArray, Params, Pictured, Shape
from cnnviz._validation import check_dtype, check_int, shown
from cnnviz.datasets.dataset import to_input
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import Layer, Pool, losses
from cnnviz.layers.losses import Labels
from cnnviz.quantities import format_count
from cnnviz.runtime import one_blas_thread

NamedLayers = tuple[tuple[str, Layer], ...]

# Settings may come from an untrusted file: more numbers than this, in the parameters or in one sample's
# feature maps, are refused before any array is made.
MAX_VALUES = 50_000_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace(Pictured):
    """Everything that a forward pass computed.

    * `network`: What computed it.
    * `inputs`: ndarray of shape (n, *input_shape). The batch, in the network's dtype.
    * `outputs`: mapping from layer name to ndarray. Output of each layer, in order.
    * `logits`: ndarray of shape (n, k). Output of the last layer.
    """

    network: "Network"
    inputs: FloatArray
    outputs: Mapping[str, FloatArray]
    logits: FloatArray

    def one(self, sample: int) -> "Trace":
        """Return what was computed of one sample of the batch, as a batch of one.

        * Raises ParameterError: if there is no such sample.
        """
        check_int(sample, "sample", "Trace", 0, len(self.inputs) - 1)
        part = slice(sample, sample + 1)
        outputs = MappingProxyType({name: each[part] for name, each in self.outputs.items()})
        return Trace(self.network, self.inputs[part], outputs, self.logits[part])

    @property
    def class_probabilities(self) -> FloatArray:
        """Probability of every class, shape (n, classes): two columns also where there is one logit."""
        with np.errstate(over="ignore", invalid="ignore"):
            return losses.class_probabilities(self.logits)

    @property
    def probabilities(self) -> FloatArray:
        """Of one logit the probability of class 1, shape (n, 1); of several that of each, shape (n, k)."""
        return self.class_probabilities[:, -self.logits.shape[1] :]


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """Everything that a backward pass computed; the loss is the mean over the batch.

    * `loss`: Mean cross-entropy.
    * `params`: mapping from parameter name to ndarray. Gradient of the loss with respect to each parameter.
    * `outputs`: mapping from layer name to ndarray. Gradient of the loss with respect to each layer's output.
    * `input`: ndarray of shape (n, *input_shape). Gradient of the loss with respect to the batch.
    """

    loss: float
    params: Mapping[str, FloatArray]
    outputs: Mapping[str, FloatArray]
    input: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Network(Pictured):
    """An immutable classifier. Make one with `Network.build`; the constructor checks nothing.

    Attributes
    ----------
    params : read-only mapping from "conv1.weight" to a read-only array
    input_shape : tuple of int
        Shape of one sample, `(c, h, w)` or `(d,)`.
    dtype : numpy.dtype
        float32 or float64.
    seed : int
        What the initial parameters were drawn from.
    shapes : read-only mapping from layer name to the shape of one sample's output
    """

    layers: NamedLayers
    params: Mapping[str, FloatArray]
    input_shape: Shape
    dtype: np.dtype[np.floating[Any]]
    seed: int
    shapes: Mapping[str, Shape]

    @classmethod
    def build(
        cls,
        layers: Iterable[tuple[str, Layer]],
        input_shape: Sequence[int],
        seed: int = 0,
        dtype: DTypeLike = "float32",
    ) -> Self:
        """Check that the layers fit together and draw their initial parameters.

        Parameters
        ----------
        layers : iterable of (str, Layer)
            In order from the input. Names are unique, not empty and hold no dot.
        input_shape : sequence of int
            Shape of one sample, `(c, h, w)` or `(d,)`.
        seed : int
            For the initial parameters, >= 0. Both dtypes start from the same numbers.
        dtype : {"float32", "float64"}

        Raises
        ------
        ShapeError
            If a layer does not fit its input, or the last one does not give a flat row of logits.
        ParameterError
            If a name, the seed or the dtype is not valid, or the network would be too large.
        """
        named = checked_layers(layers)
        sides = tuple(check_int(side, "input_shape", "Network", minimum=1) for side in input_shape)
        if len(sides) not in (1, 3):
            raise ShapeError(
                f"A network's input shape must be (c, h, w) or (d,). Got {shown(sides)} instead."
            )
        seed = check_int(seed, "seed", "Network", minimum=0, maximum=2**63 - 1)
        real: np.dtype[np.floating[Any]] = np.dtype(check_dtype(dtype, "Network"))
        shapes = output_shapes(named, sides)
        check_size(named, sides, shapes)
        rng = np.random.default_rng(seed)
        params: Params = {}
        before = sides
        for name, layer in named:
            for key, array in layer.initial_parameters(before, rng, real).items():
                params[f"{name}.{key}"] = array
            before = shapes[name]
        return cls(named, _frozen(params), sides, real, seed, MappingProxyType(shapes))

    def __repr__(self) -> str:
        """Write a table of the layers; the parameters are in `params`."""
        rows = [("name", "layer", "output", "parameters"), ("", "input", _sides(self.input_shape), "")]
        for name, layer in self.layers:
            rows.append((name, repr(layer), _sides(self.shapes[name]), format_count(self.count_of(name))))
        rows.append(("", "", "in all", format_count(self.parameter_count)))
        name, layer, output, count = (max(map(len, column)) for column in zip(*rows, strict=True))
        table = (
            f"{row[0].ljust(name)}  {row[1].ljust(layer)}  {row[2].rjust(output)}  {row[3].rjust(count)}"
            for row in rows
        )
        return "\n".join([f"{type(self).__name__} of {self.dtype}", *(line.rstrip() for line in table)])

    @property
    def classes_count(self) -> int:
        """Number of classes: that of the logits, or 2 where there is one logit."""
        return max(2, self.shapes[self.layers[-1][0]][0])

    @property
    def parameter_count(self) -> int:
        """How many numbers training adjusts."""
        return sum(array.size for array in self.params.values())

    def count_of(self, layer: str) -> int:
        """How many of them are those of a layer."""
        return sum(array.size for name, array in self.params.items() if name.startswith(f"{layer}."))

    @property
    def filter_layers(self) -> tuple[str, ...]:
        """Names of the layers that have filters, from the input on."""
        return tuple(name for name, layer in self.layers if layer.has_filters)

    @property
    def pools(self) -> dict[str, Pool]:
        """The pools by their names, from the input on."""
        return {name: layer.pool for name, layer in self.layers if layer.pool is not None}

    def is_like(self, other: "Network") -> bool:
        """Whether layers and input are those of another: what was computed with one then fits the other."""
        return self.layers == other.layers and self.input_shape == other.input_shape

    def with_params(self, params: Mapping[str, FloatArray]) -> Self:
        """Return the same network with other parameters; the arrays are copied.

        Parameters
        ----------
        params : mapping from parameter name to ndarray
            All of the network's parameters, each of its shape and of the network's dtype. They need not be
            finite.

        Raises
        ------
        ShapeError
            If an array has another shape.
        ParameterError
            If a parameter is missing, unknown or of another dtype.
        """
        missing = [name for name in self.params if name not in params]
        if missing:
            raise ParameterError(f"Parameter {shown(missing[0])} is missing.")
        unknown = [name for name in params if name not in self.params]
        if unknown:
            raise ParameterError(f"Parameter {shown(unknown[0])} does not belong to this network.")
        for name, current in self.params.items():
            array = params[name]
            if array.shape != current.shape:
                raise ShapeError(
                    f"Parameter {shown(name)} must have shape {current.shape}. "
                    f"Got shape {shown(array.shape)} instead."
                )
            if array.dtype != self.dtype:
                raise ParameterError(
                    f"Parameter {shown(name)} must have dtype {self.dtype}. Got {array.dtype} instead."
                )
        copies = {name: np.array(params[name], order="C") for name in self.params}
        return type(self)(self.layers, _frozen(copies), self.input_shape, self.dtype, self.seed, self.shapes)

    def astype(self, dtype: DTypeLike) -> Self:
        """Return the same network with its parameters in another dtype; itself if they are in this one."""
        if self.dtype == dtype:
            return self
        params = {name: array.astype(dtype) for name, array in self.params.items()}
        return replace(self, params=_frozen(params), dtype=np.dtype(dtype))

    @one_blas_thread
    def forward(self, x: FloatArray | ByteArray) -> Trace:
        """Run a batch through all layers and keep every output.

        Parameters
        ----------
        x : floating-point or uint8 ndarray of shape (n, *input_shape), n >= 1
            Another float dtype is converted to the network's. Pixels, as a `Dataset` holds them, are scaled
            by `cnnviz.to_input` first.

        Raises
        ------
        ShapeError
            If the batch has another shape.
        ParameterError
            If the batch holds other integers, of which nobody knows what they are.
        """
        x = self.checked_batch(x)
        outputs = forward_pass(self.layers, self.params, x)
        names = (name for name, _ in self.layers)
        return Trace(self, x, MappingProxyType(dict(zip(names, outputs, strict=True))), outputs[-1])

    @one_blas_thread
    def predict(self, x: FloatArray | ByteArray) -> IntArray:
        """Most probable class of each sample, shape (n,), intp; `x` as for `forward`."""
        return losses.predicted_classes(forward_pass(self.layers, self.params, self.checked_batch(x))[-1])

    @one_blas_thread
    def gradients(self, x: FloatArray | ByteArray, labels: Labels) -> Gradients:
        """Loss of a batch and its gradients with respect to parameters, layer outputs and the batch.

        Parameters
        ----------
        x
            As for `forward`.
        labels : integer ndarray of shape (n,)
            Index of the right class of each sample.

        Raises
        ------
        ShapeError, ParameterError
            As `forward`; also if the labels do not match the batch or are no classes.
        """
        x = self.checked_batch(x)
        outputs = forward_pass(self.layers, self.params, x)
        with np.errstate(over="ignore", invalid="ignore"):
            loss = losses.cross_entropy(outputs[-1], labels)
            d_out = losses.cross_entropy_gradient(outputs[-1], labels)
            d_params: Params = {}
            d_outputs: Params = {}
            steps = list(zip(self.layers, [x, *outputs], outputs, strict=False))
            for (name, layer), before, out in reversed(steps):
                d_outputs[name], own = d_out, own_params(name, layer, self.params)
                for key, gradient in layer.parameter_gradients(d_out, before, own).items():
                    d_params[f"{name}.{key}"] = gradient
                d_out = layer.input_gradient(d_out, before, out, own)
        return Gradients(
            loss,
            MappingProxyType({name: d_params[name] for name in self.params}),
            MappingProxyType({name: d_outputs[name] for name, _ in self.layers}),
            d_out,
        )

    def checked_batch(self, batch: FloatArray | ByteArray) -> FloatArray:
        """Return a batch as `forward` takes it, in the network's dtype, or raise what is wrong with it."""
        given: NDArray[Any] = batch
        if given.dtype.kind != "f" and given.dtype != np.uint8:
            raise ParameterError(
                f"The network needs floating-point input or pixels as uint8, not {given.dtype}."
            )
        x: FloatArray = to_input(given, self.dtype) if given.dtype == np.uint8 else given
        if x.shape[1:] != self.input_shape or len(x) == 0:
            wanted = ", ".join(map(str, self.input_shape))
            raise ShapeError(
                f"The network needs input of shape (n, {wanted}), n >= 1. Got {x.shape} instead."
            )
        return x.astype(self.dtype, copy=False)


def _sides(shape: Shape) -> str:
    return " x ".join(map(str, shape))


def _frozen(params: Params) -> Mapping[str, FloatArray]:
    for array in params.values():
        array.flags.writeable = False
    return MappingProxyType(params)


def forward_pass(layers: NamedLayers, params: Mapping[str, FloatArray], x: FloatArray) -> list[FloatArray]:
    """Output of every layer for a batch, checked by nobody: for callers that run it in a loop.

    * `x`: shape (n, *input_shape).
    * Returns: one per layer; the last holds the logits. Parameters that have run away give inf or NaN,
      without a warning.
    """
    outputs: list[FloatArray] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for name, layer in layers:
            x = layer.forward(x, own_params(name, layer, params))
            outputs.append(x)
    return outputs


def loss_and_gradients(
    layers: NamedLayers, params: Mapping[str, FloatArray], x: FloatArray, labels: Labels
) -> tuple[float, int, Params]:
    """Loss, right answers and parameter gradients of a batch: one training step without the update.

    Gradients that no parameter needs (of the input, for one) are not computed.

    * `layers`, `params`, `x`: as for `forward_pass`.
    * `labels`: shape (n,). Index of the right class of each sample.
    * Returns: `cross_entropy`; inf or NaN, without a warning, where parameters have run away.
    * Returns: how many samples got their class right.
    """
    outputs = forward_pass(layers, params, x)
    with np.errstate(over="ignore", invalid="ignore"):
        loss = losses.cross_entropy(outputs[-1], labels)
        d_out = losses.cross_entropy_gradient(outputs[-1], labels)
        correct = int(np.count_nonzero(losses.predicted_classes(outputs[-1]) == labels))
        learning = [index for index, (_, layer) in enumerate(layers) if layer.parameter_names]
        gradients: Params = {}
        for index in range(len(layers) - 1, min(learning, default=len(layers)) - 1, -1):
            name, layer = layers[index]
            before = outputs[index - 1] if index else x
            own = own_params(name, layer, params)
            for key, gradient in layer.parameter_gradients(d_out, before, own).items():
                gradients[f"{name}.{key}"] = gradient
            if index > learning[0]:
                d_out = layer.input_gradient(d_out, before, outputs[index], own)
    return loss, correct, gradients


def own_params(name: str, layer: Layer, params: Mapping[str, FloatArray]) -> Params:
    """Pick one layer's parameters, by short name."""
    return {key: params[f"{name}.{key}"] for key in layer.parameter_names}


def checked_layers(layers: Iterable[tuple[Any, Layer]]) -> NamedLayers:
    """Return the layers if their names are unique, not empty and hold no dot, or raise `ParameterError`."""
    named = tuple((name, layer) for name, layer in layers)
    if not named:
        raise ParameterError("A network needs at least one layer.")
    seen: set[str] = set()
    for name, _ in named:
        if not isinstance(name, str) or not name or "." in name:
            raise ParameterError(
                f"A layer's name must be a non-empty text without a dot. Got {shown(name)} instead."
            )
        if name in seen:
            raise ParameterError(f"Layer names must be unique. Got {shown(name)} twice.")
        seen.add(name)
    return named


def output_shapes(layers: NamedLayers, input_shape: Shape) -> dict[str, Shape]:
    """Follow the shape of one sample through the layers, or raise what does not fit where."""
    shapes: dict[str, Shape] = {}
    shape = input_shape
    for name, layer in layers:
        try:
            shapes[name] = layer.output_shape(shape)
        except ShapeError as error:
            kind = type(layer).__name__
            raise ShapeError(
                f"Layer {shown(name)} ({kind}) cannot take an input of shape {shown(shape)}: it {error}."
            ) from None
        shape = shapes[name]
    if len(shape) != 1:
        raise ShapeError(
            f"The last layer must give a flat row of logits (k,), but {shown(layers[-1][0])} gives "
            f"{shown(shape)}; end with Flatten and Dense."
        )
    return shapes


def check_size(layers: NamedLayers, input_shape: Shape, shapes: Mapping[str, Shape]) -> None:
    """Refuse a network whose arrays would be too large, while they are still only shapes."""
    before = input_shape
    parameters = 0
    for name, layer in layers:
        parameters += sum(prod(shape) for shape in layer.parameter_shapes(before).values())
        largest = max(parameters, prod(before), prod(shapes[name]))
        if largest > MAX_VALUES:
            raise ParameterError(
                f"The network is too large: up to layer {shown(name)} it needs arrays of {shown(largest)} "
                f"values, and {format_count(MAX_VALUES)} is the limit."
            )
        before = shapes[name]


def weights_checksum(network: Network) -> str:
    """Return the SHA-256 of all parameters: names, shapes, types and values, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(network.params):
        array = np.ascontiguousarray(network.params[name])
        digest.update(f"{name} {array.shape} {array.dtype.str}\n".encode())
        digest.update(array)  # not a copy of it, and the interpreter is free meanwhile
    return digest.hexdigest()
