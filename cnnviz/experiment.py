"""All settings of one run as a single immutable value, and ready-made ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

from cnnviz._types import Shape
from cnnviz.errors import ParameterError
from cnnviz.files import LONGEST_NAME, printable, seen
from cnnviz.layers import ACTIVATIONS, POOLS, Conv2D, Dense, Flatten, Layer, MaxPool2D, TieRule
from cnnviz.layers.base import Init
from cnnviz.network import Network, check_size, output_shapes
from cnnviz.setting import as_in, check_settings, number, one_of, settings_of, text_list


def _kinds(layers: Mapping[str, type[Layer]]) -> list[tuple[str, str]]:
    return [("none", "none"), *((kind, layer.short or layer.title) for kind, layer in layers.items())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Network, data and training settings; equal experiments give equal runs.

    What each setting means stands beside it. Label `i` is the `i`-th of the `classes`. Each number of
    `filters` makes a block (convolution, activation, pool), the first one at the input; the activation
    follows hidden dense layers, too.

    * Raises ParameterError: if a setting is out of range or two settings contradict each other.
    """

    classes: tuple[str, ...] = text_list(
        (2, 10), ("0", "1"), title="Classes",
        tip="The kinds of images to tell apart: two to ten. Two may have one sigmoid unit as output, as in "
        "the exercise, or softmax; more than two have softmax.",
    )  # fmt: skip
    filters: tuple[int, ...] = number(
        1, 64, (8,), count=(1, 3), title="Filters",
        tip="Filters of each convolution block, one number a block, for example 8 or 8, 16. One to three "
        "blocks of {low} to {high} filters. More filters see more patterns and take more time.",
    )  # fmt: skip
    kernel_size: int = as_in(Conv2D, "kernel_size", high=9)
    stride: int = as_in(Conv2D, "stride", high=4)
    padding: int = as_in(Conv2D, "padding", high=4)
    conv_bias: bool = as_in(Conv2D, "bias", False)
    activation: str = one_of(
        _kinds(ACTIVATIONS), "none", title="Activation",
        tip="Applied to every cell of the convolution. ReLU sets negative cells to zero; without one, only a "
        "max pool keeps convolution and dense layer from being one linear map.",
    )  # fmt: skip
    pool: str = one_of(
        _kinds(POOLS), "max", title="Pooling",
        tip="How a window becomes one number: its maximum, its mean, the maximum with a blur after it, or "
        "just its top left cell. None: the maps stay as they are.",
    )  # fmt: skip
    pool_size: int = as_in(MaxPool2D, "size", low=2, high=4)
    ties: TieRule = as_in(MaxPool2D, "ties", "all")
    hidden: tuple[int, ...] = number(
        1, 512, (), count=(0, 2), title="Hidden units",
        tip="Units of the hidden dense layers, up to two layers of {low} to {high} units, for example 128. "
        "Empty: none.",
    )  # fmt: skip
    output: str = one_of(
        ("sigmoid", "softmax"), "sigmoid", title="Output",
        tip="Sigmoid: one unit gives the probability of the second of two classes. Softmax: one unit for "
        "each class.",
    )  # fmt: skip
    init: Init = as_in(Conv2D, "init", "lab5")
    dtype: str = one_of(
        ("float32", "float64"), "float64", title="Precision",
        tip="float64 computes with 16 digits as the exercise does, float32 with 7 and faster.",
    )  # fmt: skip
    optimizer: str = one_of(
        (("sgd", "SGD"), ("adam", "Adam")), "sgd", title="Optimiser",
        tip="SGD takes a step against the gradient; Adam adapts the step of each weight to its history.",
    )  # fmt: skip
    learning_rate: float = number(
        1e-7, 1e3, 1e-4, of=float, title="Learning rate",
        tip="Length of a step, {low} to {high}, for example 0.0001 or 1e-4. May be changed while training "
        "runs. Too large and the loss diverges, too small and it hardly falls.",
    )  # fmt: skip
    momentum: float = number(
        0.0, 0.99, 0.0, of=float, title="Momentum",
        tip="Share of the last step that the next one keeps, {low} to {high}. The exercise has 0.",
    )  # fmt: skip
    batch_size: int = number(
        1, 1024, 1, title="Batch",
        tip="Images averaged in one step, {low} to {high}. The exercise takes one at a time.",
    )  # fmt: skip
    epochs: int = number(1, 1000, 1, title="Epochs", tip="Passes over all training images, {low} to {high}.")
    seed: int = number(
        0, 999_999, 0, title="Seed",
        tip="Decides initial weights and order of the images: the same seed gives the same run, bit for bit.",
    )  # fmt: skip
    log_every: int = number(
        1, 10_000, 500, title="Log every", tip="Steps between two lines of the log, {low} to {high}."
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if len(set(self.classes)) != len(self.classes):
            raise ParameterError(
                f"Each class may be chosen once. Got {printable(', '.join(self.classes), LONGEST_NAME)}."
            )
        if self.output == "sigmoid" and len(self.classes) > 2:
            raise ParameterError(
                f"A sigmoid output tells two classes apart. Choose softmax for {len(self.classes)} classes."
            )

    @property
    def class_words(self) -> str:
        """The classes by name; of more than three how many they are."""
        few = len(self.classes) < 4
        return ", ".join(self.classes) if few else f"{len(self.classes)} classes"

    def with_classes(self, classes: tuple[str, ...]) -> Self:
        """Return the same settings for other classes; more than two need a softmax output."""
        output = "softmax" if len(classes) > 2 else self.output
        return replace(self, classes=classes, output=output)

    def differing(self, other: "Experiment") -> tuple[str, ...]:
        """Return the names of the settings that are others there, in their order."""
        names = (field.name for field in fields(Experiment))
        return tuple(name for name in names if getattr(self, name) != getattr(other, name))

    def told(self, names: Sequence[str], other: "Experiment", words: str) -> str:
        """Settings by name, each as `words` puts its title, its value here and the other one; at most 3."""
        each = [(SETTINGS[name], getattr(self, name), getattr(other, name)) for name in names[:3]]
        told = [words.format(it.title, it.written(one), it.written(two)) for it, one, two in each]
        return "; ".join(told + [f"and {len(names) - 3} more"] * (len(names) > 3))

    @property
    def described(self) -> str:
        """The nearest preset, what a lab changes, and what else is not as in that preset, divided by "; "."""
        name, preset = min(PRESETS.items(), key=lambda each: len(_apart(self, each[1])))
        changed = "classes", "seed", "learning_rate", "filters", "kernel_size", "pool"
        named = dict.fromkeys((*changed, *_apart(self, preset)))
        each = (f"{SETTINGS[one].title.lower()} {SETTINGS[one].written(getattr(self, one))}" for one in named)
        return seen("; ".join((name.upper(), *each)))

    @property
    def unused(self) -> frozenset[str]:
        """Names of the settings that the others leave without effect, such as ties without a max pool."""
        of_layers = (settings_of(layer) for layer in (*ACTIVATIONS.values(), *POOLS.values()))
        might_be = {setting.taken for settings in of_layers for setting in settings.values()}
        used = {each.taken for _, layer in self.layers() for each in settings_of(type(layer)).values()}
        if self.optimizer != "sgd":
            might_be.add("momentum")
        return frozenset(might_be - used - {""})

    def layers(self) -> list[tuple[str, Layer]]:
        """Return the named layers, first to last: ``conv1``, ``relu1``, ``pool1``, …, ``dense1``."""
        stack: list[tuple[str, Layer]] = []
        activation, pool = ACTIVATIONS.get(self.activation), POOLS.get(self.pool)
        for place, filters in enumerate(self.filters, start=1):
            stack.append((f"conv{place}", Conv2D.taken_from(self, filters=filters)))
            if activation is not None:
                stack.append((f"{self.activation}{place}", activation.taken_from(self)))
            if pool is not None:
                stack.append((f"pool{place}", pool.taken_from(self)))
        stack.append(("flatten", Flatten()))
        for place, units in enumerate(self.hidden, start=1):
            stack.append((f"dense{place}", Dense.taken_from(self, units=units)))
            if activation is not None:
                stack.append((f"{self.activation}{len(self.filters) + place}", activation.taken_from(self)))
        logits = 1 if self.output == "sigmoid" else len(self.classes)
        stack.append((f"dense{len(self.hidden) + 1}", Dense.taken_from(self, units=logits)))
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


SETTINGS = settings_of(Experiment)
"""What there is to choose, by name: words, limits and options; the window shows what is enforced here."""


LAB5 = Experiment()
"""The laboratory exercise: 3x3 convolution without bias, 8 filters, 2x2 max pool, one sigmoid unit, float64,
plain stochastic gradient descent on one image at a time, and every tied cell receives the gradient."""

LENET = Experiment(
    classes=tuple("0123456789"),
    filters=(8, 16),
    padding=1,
    conv_bias=True,
    activation="relu",
    ties="first",
    hidden=(128,),
    output="softmax",
    init="he",
    dtype="float32",
    momentum=0.9,
    learning_rate=0.01,
    batch_size=32,
    log_every=100,
)
"""Two convolution blocks of 8 and 16 filters and a hidden layer of 128 units, for all ten digits."""

PRESETS: dict[str, Experiment] = {"lab5": LAB5, "lenet": LENET}
"""Presets by name, in the order in which they are offered."""

CUSTOM = "custom"

_SETTINGS = {each.name for each in fields(Experiment)} - {"classes", "epochs", "seed", "log_every"}


def preset_of(experiment: Experiment) -> str:
    """Return the name of the preset that `experiment` is, or ``"custom"``.

    Other classes, another seed or length of training leave a preset what it is.
    """
    return next((name for name, preset in PRESETS.items() if not _apart(experiment, preset)), CUSTOM)


def _apart(experiment: Experiment, preset: Experiment) -> list[str]:
    return [name for name in experiment.differing(preset) if name in _SETTINGS]
