"""Ready-made experiments."""

from dataclasses import fields

from cnnviz.experiment import Experiment

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
    for name, preset in PRESETS.items():
        if all(getattr(experiment, each) == getattr(preset, each) for each in _SETTINGS):
            return name
    return CUSTOM
