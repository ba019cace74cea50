"""A run as its caller sees it: order, resuming, divergence, events."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.datasets import Dataset, load_mnist
from cnnviz.errors import DivergenceError, ParameterError
from cnnviz.experiment import CUSTOM, LAB5, LENET, preset_of
from cnnviz.training import Trainer, epoch_order
from tests.oracles import assert_same_arrays, conv2d_loop, max_pool2d_backward_loop, max_pool2d_loop
from tests.small_data import first_images


@pytest.fixture(scope="module")
def small() -> Dataset:
    return first_images((0, 1), 103, 50)


def build(small, **changes):
    experiment = replace(LAB5, **changes)
    return Trainer(experiment.build_network(), small, experiment)


def test_every_image_is_visited_once_an_epoch_in_an_order_of_its_own(small):
    trainer = build(small, batch_size=10, epochs=2)
    assert trainer.steps_per_epoch == 11
    assert trainer.total_steps == 22
    progress = trainer.advance(1000)
    assert progress.sizes.tolist() == ([10] * 10 + [3]) * 2
    assert trainer.finished
    assert len(trainer.advance(5).losses) == 0
    trainer.add_epochs(2)
    assert not trainer.finished
    trainer.advance(1000)
    assert trainer.step == 44, "added epochs lengthen the run"
    orders = {tuple(epoch_order(30, seed, epoch).tolist()) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4
    assert all(sorted(order) == list(range(30)) for order in orders)


def test_same_seed_gives_the_same_bits_however_the_steps_are_cut(small):
    whole, pieces = build(small, batch_size=4), build(small, batch_size=4)
    whole.advance(20)
    for count in (1, 7, 3, 9):
        pieces.advance(count)
    assert_same_arrays(pieces.network.params, whole.network.params)


def test_learning_rate_changes_from_the_next_step_on_and_networks_handed_out_are_left_alone(small):
    trainer = build(small, learning_rate=0.01)
    trainer.advance(5)
    before = trainer.network
    copy = before.params["conv1.weight"].copy()
    trainer.learning_rate = 1e-7
    trainer.advance(1)
    change = np.abs(trainer.network.params["conv1.weight"] - before.params["conv1.weight"]).max()
    assert 0 < change < 1e-4
    np.testing.assert_array_equal(before.params["conv1.weight"], copy)
    with pytest.raises(ParameterError, match="learning_rate"):
        trainer.learning_rate = 0.0


@pytest.mark.parametrize("rate", [1e3, 30.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_stops_with_advice_finite_weights_and_what_was_measured_until_then(small, rate, dtype):
    trainer = build(small, learning_rate=rate, dtype=dtype, epochs=20)
    with pytest.raises(DivergenceError, match=r"diverged near step .* learning rate below") as caught:
        trainer.advance(trainer.total_steps)
    assert all(np.isfinite(array).all() for array in trainer.network.params.values())
    progress = caught.value.progress
    assert progress.first_step == trainer.step + 1
    assert len(progress.losses) == len(progress.correct) == len(progress.sizes)
    assert np.isfinite(progress.losses).all()
    if rate == 1e3:
        assert progress.losses.max() > 10


def test_what_does_not_fit_is_refused_in_words(small):
    ten = LENET.build_network()
    with pytest.raises(ParameterError, match="10 classes apart"):
        Trainer(ten, small, LAB5)
    other = LAB5.build_network((1, 20, 20))
    with pytest.raises(ParameterError, match=r"\(1, 20, 20\)"):
        Trainer(other, small, LAB5)
    with pytest.raises(ParameterError, match="Choose softmax"):
        replace(LAB5, classes=("0", "1", "2"))


def exercise_step(filters, weights, bias, image, label, rate):
    """One step of the exercise in loops: new parameters, loss, and whether it was told right."""
    maps = conv2d_loop(image, filters)
    pooled, _ = max_pool2d_loop(maps, 2, 2)
    p = 1 / (1 + math.exp(-(weights * pooled).sum() - bias))
    d_maps = max_pool2d_backward_loop((p - label) * weights, maps, 2, 2, "all")
    d_filters = [
        [(d_maps * image[..., i : i + 26, j : j + 26]).sum(axis=(0, 2, 3)) for j in range(3)]
        for i in range(3)
    ]
    filters = filters - rate * np.moveaxis(d_filters, 2, 0)[:, None]
    loss = -math.log(p if label else 1 - p)
    return filters, weights - rate * (p - label) * pooled, bias - rate * (p - label), loss, (p > 0.5) == label


def test_a_run_ends_in_the_weights_of_the_exercise():
    mnist = load_mnist(LAB5.classes)
    network = LAB5.build_network()
    trainer = Trainer(network, mnist, LAB5)
    progress = trainer.advance(12)
    filters, weights, bias = network.params["conv1.weight"], network.params["dense1.weight"], 0.0
    weights, losses, correct = weights.reshape(1, 8, 13, 13), [], []
    for index in epoch_order(len(mnist.train_labels), LAB5.seed, 0)[:12]:
        image, label = mnist.train_images[index, None] / 255 - 0.5, int(mnist.train_labels[index])
        filters, weights, bias, loss, is_right = exercise_step(
            filters, weights, bias, image, label, LAB5.learning_rate
        )
        losses.append(loss)
        correct.append(is_right)
    trained = trainer.network.params
    np.testing.assert_allclose(trained["conv1.weight"], filters, rtol=0, atol=1e-10)
    np.testing.assert_allclose(trained["dense1.weight"], weights.reshape(1, -1), rtol=0, atol=1e-10)
    np.testing.assert_allclose(trained["dense1.bias"], [bias], rtol=0, atol=1e-10)
    np.testing.assert_allclose(progress.losses, losses, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(progress.correct, correct)
    moved = np.abs(trained["conv1.weight"] - network.params["conv1.weight"]).max()
    assert moved > 1e-6, "a run that changes nothing would agree with anything"


@pytest.mark.parametrize(
    ("experiment", "name"),
    [
        (LAB5, "lab5"),
        (replace(LAB5, classes=("3", "8"), seed=7, epochs=2), "lab5"),
        (LENET, "lenet"),
        (LENET.with_classes(("0", "1", "2")), "lenet"),
        (LAB5.with_classes(("0", "1", "2")), CUSTOM),
        (replace(LENET, learning_rate=0.02), CUSTOM),
    ],
)
def test_a_preset_stays_what_it_is_with_other_classes_seeds_and_lengths(experiment, name):
    assert preset_of(experiment) == name
