"""Ready-made experiments."""

from cnnviz.experiment import Experiment

LAB5 = Experiment(preset="lab5")
"""The laboratory exercise: 3x3 convolution without bias, 8 filters, 2x2 max pool, one sigmoid unit, float64,
plain stochastic gradient descent on one image at a time, and every tied cell receives the gradient."""

LENET = Experiment(
    preset="lenet",
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

PRESETS: dict[str, Experiment] = {preset.preset: preset for preset in (LAB5, LENET)}
"""Presets by name, in the order in which they are offered."""
