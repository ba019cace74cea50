"""What the settings are called and what they mean."""

from typing import NamedTuple

from cnnviz.layers import ACTIVATIONS, POOLS
from cnnviz.quantities import format_plain


class SettingText(NamedTuple):
    """Label of a setting and the text of its tooltip; `{low}` and `{high}` stand for its limits."""

    label: str
    tooltip: str


SETTINGS: dict[str, SettingText] = {
    "classes": SettingText(
        "Classes",
        "The kinds of images to tell apart: two to ten. Two may have one sigmoid unit as output, as in the "
        "exercise, or softmax; more than two have softmax.",
    ),
    "filters": SettingText(
        "Filters",
        "Filters of each convolution block, one number a block, for example 8 or 8, 16. One to three "
        "blocks of {low} "
        "to {high} filters. More filters see more patterns and take more time.",
    ),
    "kernel_size": SettingText(
        "Kernel", "Side of every filter in pixels, {low} to {high}. A 3 × 3 filter looks at 9 pixels at once."
    ),
    "stride": SettingText(
        "Stride",
        "Pixels from one place of a filter to the next, {low} to {high}. With stride 2 a map has about half "
        "the rows and half the columns, as behind a pool.",
    ),
    "padding": SettingText(
        "Padding",
        "Rows of zeros put around the image before each convolution, {low} to {high}. With padding 1 "
        "a 3 × 3 filter "
        "keeps the size of the image where the stride is 1.",
    ),
    "conv_bias": SettingText(
        "Filter bias", "Whether each filter adds a constant of its own. The exercise has none."
    ),
    "activation": SettingText(
        "Activation",
        "Applied to every cell of the convolution. ReLU sets negative cells to zero; without one, only a max "
        "pool keeps convolution and dense layer from being one linear map.",
    ),
    "leaky_slope": SettingText(
        "Leaky slope",
        "Slope of the leaky ReLU below zero, {low} to {high}, in both directions of the computation.",
    ),
    "pool": SettingText(
        "Pooling",
        "How a window becomes one number: its maximum, its mean, the maximum with a blur after it, or just "
        "its top left cell. None: the maps stay as they are.",
    ),
    "pool_size": SettingText(
        "Window", "Side of the pooling window in cells, {low} to {high}; windows do not overlap."
    ),
    "ties": SettingText(
        "Ties",
        "Who receives the gradient when several cells of a window share the maximum, as blank "
        "background does: the "
        "first one (PyTorch), all of them in full (the exercise), or all in equal parts.",
    ),
    "hidden": SettingText(
        "Hidden units",
        "Units of the hidden dense layers, up to two layers of {low} to {high} units, for example "
        "128. Empty: none.",
    ),
    "output": SettingText(
        "Output",
        "Sigmoid: one unit gives the probability of the second of two classes. Softmax: one unit for "
        "each class.",
    ),
    "init": SettingText(
        "Start weights",
        "Spread of the random initial weights. Exercise: N(0, 1)/10 for filters, N(0, 1)/inputs for "
        "dense units. He "
        "suits ReLU, Glorot suits tanh and sigmoid.",
    ),
    "dtype": SettingText(
        "Precision", "float64 computes with 16 digits as the exercise does, float32 with 7 and faster."
    ),
    "optimizer": SettingText(
        "Optimiser",
        "SGD takes a step against the gradient; Adam adapts the step of each weight to its history.",
    ),
    "learning_rate": SettingText(
        "Learning rate",
        "Length of a step, {low} to {high}, for example 0.0001 or 1e-4. May be changed while "
        "training runs. Too large "
        "and the loss diverges, too small and it hardly falls.",
    ),
    "momentum": SettingText(
        "Momentum", "Share of the last step that the next one keeps, {low} to {high}. The exercise has 0."
    ),
    "batch_size": SettingText(
        "Batch", "Images averaged in one step, {low} to {high}. The exercise takes one at a time."
    ),
    "epochs": SettingText("Epochs", "Passes over all training images, {low} to {high}."),
    "seed": SettingText(
        "Seed",
        "Decides initial weights and order of the images: the same seed gives the same run, bit for bit.",
    ),
    "log_every": SettingText("Log every", "Steps between two lines of the log, {low} to {high}."),
}

CHOICES: dict[str, list[tuple[str, str]]] = {
    "activation": [("none", "none"), *((kind, layer.short) for kind, layer in ACTIVATIONS.items())],
    "pool": [("none", "none"), *((kind, layer.short) for kind, layer in POOLS.items())],
    "ties": [("first", "first"), ("all", "all"), ("split", "split")],
    "output": [("sigmoid", "sigmoid"), ("softmax", "softmax")],
    "init": [("lab5", "exercise"), ("he", "He"), ("glorot", "Glorot")],
    "dtype": [("float32", "float32"), ("float64", "float64")],
    "optimizer": [("sgd", "SGD"), ("adam", "Adam")],
    "conv_bias": [("no", "no"), ("yes", "yes")],
}


def value_text(name: str, value: object) -> str:
    """Return the value of a setting as the form shows it."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return format_plain(value)
    return dict(CHOICES.get(name, ())).get(str(value), str(value))
