"""All settings of one run as a single immutable value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from cnnviz._architecture import check_size, output_shapes
from cnnviz._types import Shape
from cnnviz._validation import check_choice, check_float, check_int, shown
from cnnviz.errors import ParameterError
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.functional.max_pooling import TieRule
from cnnviz.layers import ACTIVATIONS as ACTIVATION_LAYERS
from cnnviz.layers import POOLS as POOL_LAYERS
from cnnviz.layers import Conv2D, Dense, Flatten, Layer, layer_of_kind
from cnnviz.layers.initialisation import Init
from cnnviz.network import Network
from cnnviz.training import TrainConfig

ACTIVATIONS = ("none", *ACTIVATION_LAYERS)
POOLS = ("none", *POOL_LAYERS)
TIE_RULES = ("first", "all", "split")
OUTPUTS = ("sigmoid", "softmax")
INITIAL_WEIGHTS = ("lab5", "he", "glorot")
DTYPES = ("float32", "float64")
OPTIMIZERS = ("sgd", "adam")

LIMITS: dict[str, tuple[float, float]] = {
    "filters": (1, 64),
    "blocks": (1, 3),
    "kernel_size": (1, 9),
    "stride": (1, 4),
    "padding": (0, 4),
    "leaky_slope": (0.0, 1.0),
    "pool_size": (2, 4),
    "hidden": (1, 512),
    "hidden_layers": (0, 2),
    "classes": (2, 10),
    "momentum": (0.0, 0.99),
    "learning_rate": (1e-7, 1e3),
    "batch_size": (1, 1024),
    "epochs": (1, 1000),
    "seed": (0, 999_999),
    "log_every": (1, 10_000),
}
"""Smallest and largest value of each number; the window shows the same limits that are enforced here."""

_OWNER = "Experiment"
_TUPLES = ("classes", "filters", "hidden")  # JSON has only lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Network, data and training settings; equal experiments give equal runs.

    * `classes`: two to ten class names of the data set; label `i` is the `i`-th of them.
    * `filters`: filters of each convolution block (convolution, activation, pool), first block first.
    * `kernel_size`, `stride`, `padding`: side of every kernel, distance of its places, and zero padding
      around its input, in pixels.
    * `conv_bias`: whether convolutions add a bias.
    * `activation`: "none", or one of `cnnviz.layers.ACTIVATIONS`. Between convolution and pool, and after
      hidden dense layers.
    * `leaky_slope`: slope of the leaky ReLU below zero.
    * `pool`: "none", or one of `cnnviz.layers.POOLS`.
    * `pool_size`: side and stride of the pooling window, in pixels.
    * `ties`: who receives the gradient when several cells of a max-pooling window share the maximum.
    * `hidden`: units of the hidden dense layers.
    * `output`: one logit (two classes only) or one logit for each class.
    * `init`: rule for the initial weights.
    * `batch_size`, `epochs`, `seed`, `log_every`: `log_every` is the number of steps between two lines of the
      log.
    * Raises ParameterError: if a setting is out of range or two settings contradict each other.
    """

    classes: tuple[str, ...] = ("0", "1")
    filters: tuple[int, ...] = (8,)
    kernel_size: int = 3
    stride: int = 1
    padding: int = 0
    conv_bias: bool = False
    activation: str = "none"
    leaky_slope: float = 0.01
    pool: str = "max"
    pool_size: int = 2
    ties: TieRule = "all"
    hidden: tuple[int, ...] = ()
    output: str = "sigmoid"
    init: Init = "lab5"
    dtype: str = "float64"
    optimizer: str = "sgd"
    momentum: float = 0.0
    learning_rate: float = 1e-4
    batch_size: int = 1
    epochs: int = 1
    seed: int = 0
    log_every: int = 500

    def __post_init__(self) -> None:
        """Check every setting."""
        self._check_classes()
        whole = "kernel_size", "stride", "padding", "pool_size", "batch_size", "epochs", "seed", "log_every"
        for name in whole:
            low, high = LIMITS[name]
            check_int(getattr(self, name), name, _OWNER, int(low), int(high))
        for name in ("leaky_slope", "momentum", "learning_rate"):
            low, high = LIMITS[name]
            check_float(getattr(self, name), name, _OWNER, low, high)
        for name, count in (("filters", "blocks"), ("hidden", "hidden_layers")):
            self._check_sizes(name, count)
        for name, choices in _CHOICES.items():
            check_choice(getattr(self, name), name, _OWNER, choices)
        check_choice(self.conv_bias, "conv_bias", _OWNER, (True, False))

    def _check_classes(self) -> None:
        low, high = LIMITS["classes"]
        names_valid = all(isinstance(name, str) and name for name in self.classes)  # pyright: ignore[reportUnnecessaryIsInstance] -- values may come from a file
        if not names_valid or not low <= len(self.classes) <= high:
            raise ParameterError(f"Choose between 2 and 10 classes. Got {len(self.classes)}.")
        if len(set(self.classes)) != len(self.classes):
            raise ParameterError(
                f"Each class may be chosen once. Got {printable(', '.join(self.classes), LONGEST_NAME)}."
            )
        if self.output == "sigmoid" and len(self.classes) > 2:
            raise ParameterError(
                f"A sigmoid output tells two classes apart. Choose softmax for {len(self.classes)} classes."
            )

    def _check_sizes(self, name: str, count: str) -> None:
        sizes: tuple[int, ...] = getattr(self, name)
        low, high = LIMITS[count]
        check_int(len(sizes), f"number of {name}", _OWNER, int(low), int(high))
        for size in sizes:
            check_int(size, name, _OWNER, int(LIMITS[name][0]), int(LIMITS[name][1]))

    def with_classes(self, classes: tuple[str, ...]) -> Self:
        """Return the same settings for other classes; more than two need a softmax output."""
        output = "softmax" if len(classes) > 2 else self.output
        return replace(self, classes=classes, output=output)

    def differing(self, other: "Experiment") -> tuple[str, ...]:
        """Return the names of the settings that are others there, in their order."""
        names = (field.name for field in fields(Experiment))
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))

    @property
    def unused(self) -> frozenset[str]:
        """Names of the settings that the others leave without effect, such as ties without a max pool."""
        used = {
            "leaky_slope": self.activation == "leaky_relu",
            "pool_size": self.pool != "none",
            "ties": self.pool != "none" and POOL_LAYERS[self.pool]().tie_rule is not None,
            "momentum": self.optimizer == "sgd",
        }
        return frozenset(name for name, is_used in used.items() if not is_used)

    def layers(self) -> list[tuple[str, Layer]]:
        """Return the named layers, first to last: ``conv1``, ``relu1``, ``pool1``, …, ``dense1``."""
        stack: list[tuple[str, Layer]] = []
        for number, filters in enumerate(self.filters, start=1):
            stack.append((f"conv{number}", self._convolution(filters)))
            stack.extend(self._activation(number))
            stack.extend(self._pooling(number))
        stack.append(("flatten", Flatten()))
        for number, units in enumerate(self.hidden, start=1):
            stack.append((f"dense{number}", Dense(units, init=self.init)))
            stack.extend(self._activation(len(self.filters) + number))
        logits = 1 if self.output == "sigmoid" else len(self.classes)
        stack.append((f"dense{len(self.hidden) + 1}", Dense(logits, init=self.init)))
        return stack

    def check_fits(self, input_shape: Shape) -> None:
        """Raise `ShapeError` if images of `input_shape` (c, h, w) do not fit the layers; draws no weights."""
        layers = tuple(self.layers())
        check_size(layers, input_shape, output_shapes(layers, input_shape))

    def build_network(self, input_shape: Shape = (1, 28, 28)) -> Network:
        """Return the untrained network, its weights drawn from the seed.

        * Raises ShapeError: if the image is too small for the stack of layers.
        """
        return Network.build(self.layers(), input_shape=input_shape, seed=self.seed, dtype=self.dtype)

    def train_config(self) -> TrainConfig:
        """Return the part of the settings that concerns training."""
        names = {field.name for field in fields(TrainConfig)}
        return TrainConfig(**{name: getattr(self, name) for name in names})

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as values that JSON can hold."""
        values = asdict(self)
        for name in _TUPLES:
            values[name] = list(values[name])
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the experiment that `to_dict` described.

        * Raises ParameterError: if a name is unknown or a value has the wrong type or range.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ParameterError(f"Unknown setting {shown(unknown[0])} of an experiment.")
        arguments: dict[str, Any] = dict(values)
        try:
            for name in known.intersection(arguments, _TUPLES):
                arguments[name] = tuple(arguments[name])
            return cls(**arguments)
        except TypeError as error:
            reason = printable(str(error), LONGEST_NAME)
            raise ParameterError(f"The settings of an experiment are of the wrong type: {reason}.") from error

    def _convolution(self, filters: int) -> Conv2D:
        return Conv2D(
            filters,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            bias=self.conv_bias,
            init=self.init,
        )

    def _activation(self, number: int) -> list[tuple[str, Layer]]:
        if self.activation == "none":
            return []
        layer = layer_of_kind(ACTIVATION_LAYERS[self.activation], {"slope": self.leaky_slope})
        return [(f"{self.activation}{number}", layer)]

    def _pooling(self, number: int) -> list[tuple[str, Layer]]:
        if self.pool == "none":
            return []
        layer = layer_of_kind(POOL_LAYERS[self.pool], {"size": self.pool_size, "ties": self.ties})
        return [(f"pool{number}", layer)]


_CHOICES: dict[str, tuple[str, ...]] = {
    "activation": ACTIVATIONS,
    "pool": POOLS,
    "ties": TIE_RULES,
    "output": OUTPUTS,
    "init": INITIAL_WEIGHTS,
    "dtype": DTYPES,
    "optimizer": OPTIMIZERS,
}
