"""Which preset an experiment is."""

from dataclasses import replace

import pytest

from cnnviz.experiment import Experiment
from cnnviz.presets import CUSTOM, LAB5, LENET, preset_of


@pytest.mark.parametrize(
    ("experiment", "name"),
    [
        (LAB5, "lab5"),
        (replace(LAB5, classes=("3", "8"), seed=7, epochs=2), "lab5"),
        (LENET, "lenet"),
        (LENET.with_classes(("0", "1", "2")), "lenet"),
        (LENET.with_classes(("0", "1")), "lenet"),
        (LAB5.with_classes(("0", "1", "2")), CUSTOM),
        (replace(LENET, learning_rate=0.02), CUSTOM),
    ],
)
def test_a_preset_stays_what_it_is_with_other_classes_seeds_and_lengths(
    experiment: Experiment, name: str
) -> None:
    assert preset_of(experiment) == name
