"""Which engine is chosen, whole runs on it, and what it shares with its surroundings."""

import os
import threading
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from cnnviz.datasets import Dataset, load_mnist, to_input
from cnnviz.engines import Engine, LayeredEngine, make_engine
from cnnviz.errors import ShapeError
from cnnviz.evaluation import CancelledError, evaluate
from cnnviz.experiment import LAB5, LENET, SETTINGS
from cnnviz.fused import FusedEngine, products
from cnnviz.inspect.excitation import exciting_patches
from cnnviz.layers import (
    AvgPool2D,
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
    TieRule,
)
from cnnviz.network import Network, loss_and_gradients
from cnnviz.optim import make_optimizer
from cnnviz.routing import check_all, tie_rate_of_images
from cnnviz.runtime import one_blas_thread
from cnnviz.training import Trainer, epoch_order
from cnnviz.translation import SweepSettings, sweep, sweep_many
from tests.engine.routing_cases import CONVOLUTIONS, PLAIN_POOLS, network_of, weighted
from tests.patience import PATIENCE
from tests.processes import python
from tests.small_data import first_images

# --- random networks ----------------------------------------------------------------------------------------

Array = np.ndarray[Any, np.dtype[Any]]

# A slope that is a power of two: multiplying by it is exact.
ACTIVATIONS: tuple[Layer, ...] = (ReLU(), LeakyReLU(0.25), Tanh(), Sigmoid())


@st.composite
def conv_blocks(
    draw: st.DrawFn, activations: tuple[Layer, ...], pool: st.SearchStrategy[Layer]
) -> list[Layer]:
    """A convolution, and in either order or not at all an activation and a pool."""
    rest = draw(st.permutations([draw(st.sampled_from(activations)), draw(pool)]))
    return [draw(CONVOLUTIONS), *rest[: draw(st.integers(0, 2))]]


@st.composite
def networks(
    draw: st.DrawFn,
    dtype: str = "float64",
    activations: tuple[Layer, ...] = ACTIVATIONS,
    pool: st.SearchStrategy[Layer] = PLAIN_POOLS,
) -> Network:
    """Up to two convolution blocks and up to two hidden layers, for small images of any shape."""
    shape = (draw(st.integers(1, 3)), draw(st.integers(5, 12)), draw(st.integers(5, 12)))
    layers: list[Layer] = []
    for _ in range(draw(st.integers(0, 2))):
        layers += draw(conv_blocks(activations, pool))
    layers.append(Flatten())
    for _ in range(draw(st.integers(0, 2))):
        layers.append(Dense(draw(st.integers(1, 6)), bias=draw(st.booleans())))
        layers += draw(st.sampled_from([[], *([activation] for activation in activations)]))
    layers.append(Dense(draw(st.sampled_from([1, 3])), bias=draw(st.booleans())))
    named = [(f"layer{number}", layer) for number, layer in enumerate(layers)]
    try:
        return Network.build(named, shape, seed=draw(st.integers(0, 1000)), dtype=dtype)
    except ShapeError:
        # The image has become too small for the layers: take them away.
        kept = [(name, layer) for name, layer in named if isinstance(layer, Flatten | Dense)]
        return Network.build(kept, shape, seed=0, dtype=dtype)


def batch(network: Network, samples: int, seed: int, levels: tuple[int, ...] = tuple(range(256))) -> Any:
    """Images with large blank parts, so that ties are common, and labels."""
    rng = np.random.default_rng(seed)
    images = rng.choice(np.array(levels, np.uint8), size=(samples, *network.input_shape))
    _, height, width = network.input_shape
    images[:, :, : rng.integers(height), :] = levels[0]
    images[:, :, :, rng.integers(width) :] = levels[-1]
    return images, rng.integers(network.classes_count, size=samples)


def assert_same_step(
    engine: Engine, network: Network, images: Array, labels: Array, tolerance: float
) -> None:
    """Compare loss, right answers, gradients and logits with those of the layers."""
    x = to_input(images, network.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        loss, correct = engine.step_gradients(images, labels, np.arange(len(images)))
    wanted_loss, wanted_correct, wanted = loss_and_gradients(network.layers, network.params, x, labels)
    np.testing.assert_allclose(loss, wanted_loss, rtol=tolerance, atol=tolerance)
    assert correct == wanted_correct
    trace = network.forward(x)
    # What samples contribute may cancel: the errors are those of the terms, not of their sum.
    terms = np.abs(trace.class_probabilities - np.eye(network.classes_count)[labels]).mean()
    assert_close(engine.gradients, wanted, tolerance, float(terms))
    assert_close({"logits": engine.logits(images)}, {"logits": trace.logits}, tolerance)


def assert_close(
    actual: Mapping[str, Array], wanted: Mapping[str, Array], tolerance: float, terms: float = 0.0
) -> None:
    """Compare arrays by name; the tolerance is relative to the largest number, or to terms of them."""
    assert set(actual) == set(wanted)
    scale = max((np.abs(array).max(initial=0.0) for array in wanted.values()), default=0.0)
    scale = max(scale, terms)
    for name, array in wanted.items():
        assert actual[name].shape == array.shape
        assert actual[name].dtype == array.dtype
        np.testing.assert_allclose(actual[name], array, rtol=0, atol=tolerance * scale + 1e-300, err_msg=name)


# --- engines ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_mnist(tuple("0123456789"))


@pytest.mark.parametrize("activation", [kind for kind, _ in SETTINGS["activation"].options])
@pytest.mark.parametrize("pool", [kind for kind, _ in SETTINGS["pool"].options])
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
    optimizer = make_optimizer(experiment.optimizer, experiment.learning_rate, experiment.momentum)
    order = epoch_order(len(dataset.train_labels), experiment.seed, 0)
    losses = []
    for step in range(steps):
        indices = order[step * experiment.batch_size : (step + 1) * experiment.batch_size]
        losses.append(engine.step_gradients(dataset.train_images, dataset.train_labels, indices)[0])
        optimizer.update(engine.vector, engine.gradient)
    return losses, engine.params


@pytest.mark.parametrize(
    ("experiment", "steps"),
    [
        (replace(LAB5, batch_size=1, learning_rate=1e-3), 200),
        (replace(LAB5, batch_size=5, ties="split", optimizer="adam", learning_rate=1e-2), 200),
        (replace(LAB5, batch_size=9, ties="first", momentum=0.9, learning_rate=1e-2, activation="tanh"), 200),
        (replace(LENET, dtype="float64", batch_size=20), 25),
    ],
)
def test_200_steps_end_in_the_weights_of_the_layers(experiment, steps):
    dataset = load_mnist(experiment.classes)
    trainer = Trainer(experiment.build_network(), dataset, experiment)
    progress = trainer.advance(steps)
    losses, params = layered_run(experiment, dataset, steps)
    np.testing.assert_allclose(progress.losses, losses, rtol=1e-9)
    assert_close(trainer.network.params, params, 1e-9)
    assert progress.losses[-steps // 10 :].mean() < 0.9 * progress.losses[: steps // 10].mean()


@pytest.mark.parametrize("count", [1, 63, 512, 600])
def test_evaluation_agrees_with_the_network(mnist, count):
    network = LENET.build_network()
    images, labels = mnist.test_images[:count], mnist.test_labels[:count]
    evaluation = evaluate(network, images, labels)
    trace = network.forward(to_input(images))
    np.testing.assert_allclose(evaluation.probabilities, trace.class_probabilities, rtol=1e-4, atol=1e-6)
    predicted = trace.logits.argmax(axis=1)
    np.testing.assert_array_equal(evaluation.predictions, predicted)
    pairs = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    expected = [[pairs.count((true, told)) for told in range(10)] for true in range(10)]
    np.testing.assert_array_equal(evaluation.confusion, expected)
    np.testing.assert_array_equal(np.sort(evaluation.mistakes), np.flatnonzero(predicted != labels))
    assert np.all(np.diff(evaluation.losses[evaluation.mistakes]) <= 0), "the worst come first"
    losses = -np.log(trace.class_probabilities[np.arange(count), labels])
    np.testing.assert_allclose(evaluation.losses, losses, rtol=1e-4)
    assert evaluation.loss == pytest.approx(losses.mean(), rel=1e-4)


def test_images_are_never_converted_all_at_once():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20_000, 1, 28, 28), np.uint8)
    labels = rng.integers(0, 10, 20_000)
    dataset = Dataset(images, labels, images[:5000], labels[:5000], tuple("0123456789"))
    experiment = replace(LAB5, output="softmax", classes=dataset.classes, dtype="float32", batch_size=256)
    trainer = Trainer(experiment.build_network(), dataset, experiment)
    tracemalloc.start()
    try:
        trainer.advance(trainer.total_steps)
        trainer.evaluate()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert trainer.finished
    assert peak < images.nbytes  # in float32 they would take four times as much


SEEDS = st.integers(0, 1000)


@settings(max_examples=60)
@given(network=networks(), samples=st.sampled_from([1, 2, 3, 7, 16, 33]), seed=SEEDS)
def test_any_network_gives_the_loss_and_gradients_of_its_layers(network, samples, seed):
    images, labels = batch(network, samples, seed)
    assert_same_step(make_engine(network), network, images, labels, 1e-10)


@settings(max_examples=60)
@given(
    network=networks(
        "float32",
        activations=(ReLU(), LeakyReLU(0.25)),
        pool=st.builds(MaxPool2D, st.integers(2, 4), ties=st.sampled_from(["first", "all", "split"])),
    ),
    samples=st.sampled_from([1, 5, 16, 40]),
    seed=SEEDS,
)
def test_float32_agrees_to_its_precision_with_ties_of_every_kind(network, samples, seed):
    # Weights of few bits: convolutions of black and white pixels are then exact, and ties beyond doubt.
    rng = np.random.default_rng(seed)
    network = weighted(network, lambda array: rng.integers(-16, 17, array.shape) / 16)
    images, labels = batch(network, samples, seed, levels=(0, 255))
    # All of one class: else the contributions of the samples nearly cancel, and their rounding errors do not.
    assert_same_step(make_engine(network), network, images, 0 * labels, 1e-5)


def two_blocks(ties: TieRule, dtype: str) -> Network:
    return replace(LENET, filters=(6, 7), ties=ties, dtype=dtype).build_network()


@settings(max_examples=25)
@given(
    filters=st.integers(1, 20),
    channels=st.integers(1, 4),
    kernel_size=st.integers(1, 5),
    pool_size=st.integers(2, 4),
    samples=st.integers(1, 70),
    bias=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=SEEDS,
)
def test_no_tie_of_a_blank_image_is_lost(
    filters, channels, kernel_size, pool_size, samples, bias, dtype, seed
):
    """All cells of a window are equal: with rule "all" each gets what with rule "first" only one gets."""
    side = kernel_size + 2 * pool_size
    gradients = {}
    for ties in ("first", "all", "split"):
        conv, pool = Conv2D(filters, kernel_size, bias=bias), MaxPool2D(pool_size, ties=ties)
        layers = {"conv": conv, "pool": pool, "flatten": Flatten(), "dense": Dense(3)}
        engine = make_engine(network_of((channels, side, side), seed, dtype, **layers))
        images = np.random.default_rng(seed).integers(0, 256, (samples, channels, 1, 1), np.uint8)
        images = np.broadcast_to(images, (samples, channels, side, side))
        engine.step_gradients(images, np.zeros(samples, int), np.arange(samples))
        gradients[ties] = engine.gradients["conv.weight"].copy()
    assert np.abs(gradients["first"]).max() > 0
    tolerance = {"float32": 1e-4, "float64": 1e-12}[dtype] * np.abs(gradients["all"]).max()
    cells = pool_size * pool_size
    np.testing.assert_allclose(gradients["all"], cells * gradients["first"], rtol=0, atol=tolerance)
    np.testing.assert_allclose(gradients["split"], gradients["first"], rtol=0, atol=tolerance)


# The largest products, in filters and columns, that treat all their columns alike.
UNEVEN_BLAS = [(0, 0), (99, 16), (99, 64), (4, 99_999), (4, 320)]


def make_uneven(monkeypatch: pytest.MonkeyPatch, most_filters: int, widest: int) -> None:
    monkeypatch.setattr(
        products,
        "keeps_columns_equal",
        lambda filters, _, width, __: filters <= most_filters and width <= widest,
    )


@pytest.mark.parametrize("uneven", UNEVEN_BLAS, ids=str)
@pytest.mark.parametrize("samples", [1, 5, 64])
def test_blas_that_rounds_unevenly_is_worked_around(monkeypatch, uneven, samples):
    make_uneven(monkeypatch, *uneven)
    mnist = load_mnist(("3", "8"))
    network = two_blocks("all", "float64")
    images, labels = mnist.train_images[:samples], mnist.train_labels[:samples]
    assert_same_step(make_engine(network), network, images, labels, 1e-12)


@settings(max_examples=80)
@given(
    columns=st.integers(1, 50_000),
    samples=st.integers(1, 64),
    filters=st.integers(1, 40),
    uneven=st.sampled_from(UNEVEN_BLAS[1:]),
)
def test_columns_are_cut_into_products_that_keep_them_equal(columns, samples, filters, uneven):
    most_filters, widest = uneven
    with pytest.MonkeyPatch.context() as patch:
        make_uneven(patch, most_filters, widest)
        blocks = products.cut_columns(columns, samples, np.zeros((filters, 9)))
    assert blocks.columns >= columns
    assert blocks.columns % samples == 0
    # The narrowest cut is always tried at last.
    assert blocks.width == 16 or (min(blocks.rows, filters) <= most_filters and blocks.width <= widest)


def test_parameters_that_ran_away_give_what_the_layers_give():
    network = two_blocks("split", "float32")
    huge = weighted(network, lambda array: array * np.float32(1e30))
    images = np.full((2, 1, 28, 28), 200, np.uint8)
    fused, layered = make_engine(huge).logits(images), LayeredEngine(huge).logits(images)
    assert not np.isfinite(layered).all()
    np.testing.assert_array_equal(np.isfinite(fused), np.isfinite(layered))


# Training, evaluation and single passes as a program would do it that knows nothing of BLAS.
PROGRAM = """
import hashlib
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_info
from cnnviz.datasets import Dataset, to_input
from cnnviz.evaluation import evaluate
from cnnviz.experiment import LENET
from cnnviz.training import Trainer

def threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

before = threads()
rng = np.random.default_rng(0)
images, labels = rng.integers(0, 256, (400, 1, 28, 28), np.uint8), rng.integers(0, 10, 400)
data = Dataset(images, labels, images, labels, LENET.classes)
config = replace(LENET, learning_rate=0.01, batch_size=128, momentum=0.9)
trainer = Trainer(LENET.build_network(data.input_shape), data, config)
trainer.advance(3)
trainer.advance(1)
network = trainer.network
images = to_input(data.test_images[:100], network.dtype)
tested = evaluate(network, data.test_images[:399], data.test_labels[:399])
found = [*network.params.values(), tested.probabilities, network.forward(images).logits]
found += [network.predict(images), *network.gradients(images, data.test_labels[:100]).params.values()]
print(hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in found)).hexdigest())
print(*before, *threads())
"""


def run(**variables: str) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    return python("-c", PROGRAM, env=environment | variables).stdout.splitlines()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch):
    """Set BLAS to three threads, and return what tells how many there are.

    Another test of this process may have asked for one thread for good, as the program does.
    """
    monkeypatch.setattr(one_blas_thread, "_holders", 0)

    def count() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(3, user_api="blas"):
        if count() != {3}:
            pytest.skip("this BLAS has no number of threads that can be set")
        yield count


def test_a_program_that_knows_nothing_of_blas_gets_the_same_bits_and_keeps_its_threads():
    bits, counts = run()
    assert bits == run(OPENBLAS_NUM_THREADS="1")[0]
    before, after = counts.split()
    assert before == after


def test_an_exception_gives_the_threads_back(threads):
    @one_blas_thread
    def fail() -> None:
        raise RuntimeError(str(threads()))

    with pytest.raises(RuntimeError, match=r"^\{1\}$"):
        fail()
    assert threads() == {3}


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_blocks_of_two_threads_may_overlap(threads, first_ends_first):
    held, seen = threading.Event(), set[int]()
    may_end = threading.Event()

    def other() -> None:
        with one_blas_thread:
            held.set()
            assert may_end.wait(PATIENCE)
            seen.update(threads())

    thread = threading.Thread(target=other)
    with one_blas_thread:
        thread.start()
        assert held.wait(PATIENCE)
        if not first_ends_first:
            may_end.set()
            thread.join()
            assert threads() == {1}
    if first_ends_first:
        assert threads() == {1}
        may_end.set()
        thread.join()
    assert seen == {1}
    assert threads() == {3}


def test_long_computations_tell_their_progress_and_can_be_stopped():
    network, data = LAB5.build_network(), first_images((0, 1), 1, 200)
    images, labels = data.test_images, data.test_labels
    few = to_input(images[:4], network.dtype)
    settings = SweepSettings(dxs=(0, 1), dys=(0, 1, 2))
    computations = {
        "checking gradients": lambda **hooks: check_all(network, few[0], 0, **hooks),
        "counting ties": lambda **hooks: tie_rate_of_images(network, images, "pool1", **hooks),
        "searching patches": lambda **hooks: exciting_patches(network, images, "conv1", 0, **hooks),
        "sweeping many": lambda **hooks: sweep_many(network, few, None, settings, **hooks),
        "sweeping one": lambda **hooks: sweep(network, few[0], settings, **hooks),
        "testing": lambda **hooks: evaluate(network, images.repeat(3, 0), labels.repeat(3), **hooks),
    }
    for name, compute in computations.items():
        told = []
        compute(progress=told.append)
        assert told == sorted(told), name
        assert told[-1] == 1, name
        assert len(told) > 1, name
        shares = iter(told)

        def until_the_second(share, shares=shares, told=told):
            assert share == next(shares)
            if share != told[0]:
                raise CancelledError

        with pytest.raises(CancelledError):
            compute(progress=until_the_second)
        assert len(list(shares)) == len(told) - 2, name
