"""Which engine is chosen, and whole runs and evaluations on it."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.datasets import Dataset, load_mnist, to_input
from cnnviz.engines import LayeredEngine, make_engine
from cnnviz.errors import ParameterError
from cnnviz.evaluation import evaluate
from cnnviz.experiment import ACTIVATIONS, POOLS
from cnnviz.fused import FusedEngine
from cnnviz.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, ReLU, SubsamplePool2D, Tanh
from cnnviz.network import Network
from cnnviz.optim import make_optimizer
from cnnviz.presets import LAB5, LENET
from cnnviz.training import Trainer, VectorOptimizer, epoch_order
from tests.engine.fused_networks import assert_close, assert_same_step, batch


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_mnist(tuple("0123456789"))


def test_a_stride_without_a_pool_is_a_pool_that_keeps_one_cell(mnist):
    """Of each window the top left cell alone: the same network in two ways, trained alike."""
    digits = mnist.select(("0", "1"))
    found = []
    for settings in ({"pool": "none", "stride": 2}, {"pool": "subsample"}):
        experiment = replace(LAB5, **settings)
        trainer = Trainer(experiment.build_network(), digits, experiment.train_config())
        trainer.advance(200)
        found.append(
            (trainer.network.params, evaluate(trainer.network, digits.test_images, digits.test_labels))
        )
    (strided, one), (dropped, other) = found
    assert strided.keys() == dropped.keys()
    for name, array in strided.items():
        np.testing.assert_allclose(array, dropped[name], rtol=0, atol=1e-12)
    assert one.loss == pytest.approx(other.loss, rel=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("pool", POOLS)
def test_every_experiment_that_can_be_chosen_is_fused(activation, pool):
    for preset in (LAB5, LENET):
        network = replace(preset, activation=activation, pool=pool).build_network()
        # The blurred maximum is computed by the layers themselves.
        assert isinstance(make_engine(network), FusedEngine) is (pool != "max_blur")


ODD_ONES = {
    "pool first": [MaxPool2D(2), Conv2D(3), Flatten(), Dense(2)],
    "two pools": [Conv2D(3), MaxPool2D(2), AvgPool2D(2), Flatten(), Dense(2)],
    "two activations": [Conv2D(3), ReLU(), Tanh(), MaxPool2D(2), Flatten(), Dense(2)],
    "activation on both sides": [Conv2D(3), Tanh(), MaxPool2D(2), ReLU(), Flatten(), Dense(2)],
    "activation after flatten": [Conv2D(3), Flatten(), ReLU(), Dense(2)],
    "nothing to learn": [SubsamplePool2D(4), Flatten()],
}  # fmt: skip


@pytest.mark.parametrize("name", ODD_ONES)
def test_what_is_not_covered_is_computed_layer_by_layer(name):
    layers = [(f"layer{number}", layer) for number, layer in enumerate(ODD_ONES[name])]
    network = Network.build(layers, (1, 12, 12), dtype="float64")
    engine = make_engine(network)
    assert isinstance(engine, LayeredEngine)
    images, labels = batch(network, 70, seed=1)
    assert_same_step(engine, network, images, labels, 1e-14)


def layered_run(experiment, dataset, steps):
    """Train with the layers alone; return losses and parameters."""
    engine = LayeredEngine(experiment.build_network())
    rule = make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum)
    optimizer = VectorOptimizer(rule, engine)
    order = epoch_order(len(dataset.train_labels), experiment.seed, 0)
    losses = []
    for step in range(steps):
        indices = order[step * experiment.batch_size : (step + 1) * experiment.batch_size]
        losses.append(engine.step_gradients(dataset.train_images, dataset.train_labels, indices)[0])
        optimizer.update()
    return losses, engine.params


@pytest.mark.parametrize(
    "changes",
    [
        {"batch_size": 1, "learning_rate": 1e-3},
        {"batch_size": 5, "ties": "split", "optimizer": "adam", "learning_rate": 1e-2},
        {"batch_size": 70, "ties": "first", "momentum": 0.9, "learning_rate": 1e-2, "activation": "tanh"},
    ],
)
def test_200_steps_end_in_the_weights_of_the_layers(changes):
    dataset = load_mnist(("0", "1"))
    experiment = replace(LAB5, **changes)
    trainer = Trainer(experiment.build_network(), dataset, experiment.train_config())
    progress = trainer.advance(min(200, trainer.total_steps))
    losses, params = layered_run(experiment, dataset, len(progress.losses))
    np.testing.assert_allclose(progress.losses, losses, rtol=1e-9)
    assert_close(trainer.network.params, params, 1e-9)
    assert progress.losses[-20:].mean() < 0.9 * progress.losses[:20].mean()


@pytest.mark.slow
def test_200_steps_of_lenet_end_in_the_weights_of_the_layers(mnist):
    experiment = replace(LENET, dtype="float64", batch_size=20)
    losses, params = layered_run(experiment, mnist, 200)
    trainer = Trainer(experiment.build_network(), mnist, experiment.train_config())
    np.testing.assert_allclose(trainer.advance(200).losses, losses, rtol=1e-7)
    assert_close(trainer.network.params, params, 1e-8)


def test_200_steps_of_lab5_in_float32_end_near_those_in_float64():
    dataset = load_mnist(("0", "1"))
    experiment = replace(LAB5, learning_rate=1e-3)
    losses, params = layered_run(experiment, dataset, 200)
    in_float32 = replace(experiment, dtype="float32")
    trainer = Trainer(in_float32.build_network(), dataset, in_float32.train_config())
    np.testing.assert_allclose(trainer.advance(200).losses, losses, rtol=1e-4)
    trained = {name: array.astype(np.float64) for name, array in trainer.network.params.items()}
    assert_close(trained, params, 1e-5)


def test_first_steps_of_lenet_in_float32(mnist):
    """Only the first: a single rounding may swap the winner of a window, on some processors by step 20.

    From there on the runs part, as those of the layers in float32 and in float64 do.
    """
    losses, _ = layered_run(replace(LENET, dtype="float64"), mnist, 10)
    trainer = Trainer(LENET.build_network(), mnist, LENET.train_config())
    np.testing.assert_allclose(trainer.advance(10).losses, losses, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 63, 512, 600])
def test_evaluation_agrees_with_the_network(mnist, count):
    network = LENET.build_network()
    images, labels = mnist.test_images[:count], mnist.test_labels[:count]
    evaluation = evaluate(network, images, labels)
    trace = network.forward(to_input(images))
    np.testing.assert_allclose(evaluation.probabilities, trace.class_probabilities, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(evaluation.predictions, trace.logits.argmax(axis=1))
    assert evaluation.losses.shape == (count,)


def test_images_are_never_converted_all_at_once():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20_000, 1, 28, 28), np.uint8)
    labels = rng.integers(0, 10, 20_000)
    dataset = Dataset(images, labels, images[:5000], labels[:5000], tuple("0123456789"))
    experiment = replace(LAB5, output="softmax", classes=dataset.classes, dtype="float32", batch_size=256)
    trainer = Trainer(experiment.build_network(), dataset, experiment.train_config())
    tracemalloc.start()
    try:
        trainer.advance(trainer.total_steps)
        trainer.evaluate()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert trainer.finished
    assert peak < images.nbytes  # in float32 they would take four times as much


def test_memory_of_the_optimiser_has_names_and_can_be_taken_up_again(mnist):
    experiment = replace(LENET, filters=(3,), hidden=(), batch_size=4)
    whole = Trainer(experiment.build_network(), mnist, experiment.train_config())
    whole.advance(30)
    state, network = whole.optimizer_state, whole.network
    assert set(state) == {"steps", *(f"momentum.{name}" for name in network.params)}
    for name, array in network.params.items():
        assert state[f"momentum.{name}"].shape == array.shape
        assert np.abs(state[f"momentum.{name}"]).max() > 0
    resumed = Trainer(network, mnist, experiment.train_config(), start_step=30, optimizer_state=state)
    np.testing.assert_array_equal(resumed.advance(20).losses, whole.advance(20).losses)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state | {"momentum.conv9.weight": np.zeros(3)}, "'momentum.conv9.weight'"),
        (
            lambda state: state | {"momentum.dense1.bias": np.zeros(3)},
            r"'momentum.dense1.bias' of shape \(3,\)",
        ),
        (
            lambda state: {key: state[key] for key in state if "dense1.bias" not in key},
            "lacks 'momentum.dense1.bias'",
        ),
        (lambda state: {key: state[key] for key in state if key != "steps"}, "steps"),
        (lambda state: {key.replace("momentum", "speed"): state[key] for key in state}, "speed"),
    ],
)
def test_memory_of_another_network_is_refused(mnist, change, message):
    experiment = replace(LENET, filters=(3,), hidden=(), batch_size=4)
    trainer = Trainer(experiment.build_network(), mnist, experiment.train_config())
    trainer.advance(2)
    with pytest.raises(ParameterError, match=message):
        Trainer(
            trainer.network, mnist, experiment.train_config(),
            start_step=2, optimizer_state=change(trainer.optimizer_state),
        )  # fmt: skip


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_both_engines_forget_a_gradient_that_has_died_at_the_same_step(optimizer):
    network = replace(LAB5, dtype="float32").build_network()
    gradient = np.random.default_rng(3).normal(size=network.parameter_count)
    found = []
    for engine in (make_engine(network), LayeredEngine(network)):
        update = VectorOptimizer(make_optimizer(optimizer, 0.01, momentum=0.9), engine)
        for view, whole in zip(engine.gradients.values(), engine.views(gradient).values(), strict=True):
            view[...] = whole
        for step in range(1, 5000):
            update.update()
            engine.gradient[...] = 0
            if not any(array.any() for name, array in update.state().items() if name.startswith("m")):
                found.append((type(engine), step))
                break
    (fused, first), (layered, second) = found
    assert (fused, layered) == (FusedEngine, LayeredEngine)
    assert first == second
    assert first % 32 == 0
