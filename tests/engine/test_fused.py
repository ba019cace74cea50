"""The fast path against the layers: random networks, every tie rule, any size of batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.datasets import load_mnist, to_input
from cnnviz.engines import LayeredEngine, make_engine
from cnnviz.fused import FusedEngine, plan_stages, products
from cnnviz.layers import Conv2D, Dense, Flatten, LeakyReLU, MaxPool2D, ReLU
from cnnviz.network import Network
from tests.engine.fused_networks import assert_close, assert_same_step, batch, networks

SEEDS = st.integers(0, 1000)


@settings(max_examples=150)
@given(network=networks(), samples=st.sampled_from([1, 2, 3, 7, 16, 33]), seed=SEEDS)
def test_any_network_gives_the_loss_and_gradients_of_its_layers(network, samples, seed):
    images, labels = batch(network, samples, seed)
    assert_same_step(make_engine(network), network, images, labels, 1e-10)


def coarse(network: Network, seed: int) -> Network:
    """Weights of few bits: convolutions of black and white pixels are then exact, and ties beyond doubt."""
    rng = np.random.default_rng(seed)
    params = {
        name: (rng.integers(-16, 17, array.shape) / 16).astype(array.dtype)
        for name, array in network.params.items()
    }
    return network.with_params(params)


@settings(max_examples=150)
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
    network = coarse(network, seed)
    images, labels = batch(network, samples, seed, levels=(0, 255))
    # All of one class: else the contributions of the samples nearly cancel, and their rounding errors do not.
    assert_same_step(make_engine(network), network, images, 0 * labels, 1e-5)


@pytest.mark.parametrize("ties", ["first", "all", "split"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("samples", [1, 2, 31, 64, 65, 150])
def test_digits_with_blank_background(ties, dtype, samples):
    mnist = load_mnist(("3", "8"))
    network = two_blocks(ties, dtype)
    images, labels = mnist.train_images[:samples], mnist.train_labels[:samples]
    assert_same_step(
        make_engine(network), network, images, labels, {"float32": 1e-5, "float64": 1e-12}[dtype]
    )


def two_blocks(ties: str, dtype: str) -> Network:
    layers = [
        ("conv1", Conv2D(6, padding=1)),
        ("pool1", MaxPool2D(2, ties=ties)),
        ("conv2", Conv2D(7, bias=False)),
        ("leaky2", LeakyReLU(0.1)),
        ("pool2", MaxPool2D(3, ties=ties)),
        ("flatten", Flatten()),
        ("dense1", Dense(1)),
    ]
    return Network.build(layers, (1, 28, 28), seed=4, dtype=dtype)


@settings(max_examples=60)
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
        layers = [
            ("conv", Conv2D(filters, kernel_size, bias=bias)),
            ("pool", MaxPool2D(pool_size, ties=ties)),
            ("flatten", Flatten()),
            ("dense", Dense(3)),
        ]
        network = Network.build(layers, (channels, side, side), seed=seed, dtype=dtype)
        engine = make_engine(network)
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


@settings(max_examples=200)
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


@settings(max_examples=40)
@given(network=networks(), samples=st.integers(2, 20), seed=SEEDS)
def test_batch_is_the_mean_of_its_samples(network, samples, seed):
    images, labels = batch(network, samples, seed)
    engine = make_engine(network)
    together = engine.logits(images)
    engine.step_gradients(images, labels, np.arange(samples))
    of_batch = engine.gradient.copy()
    singles = []
    for index in range(samples):
        np.testing.assert_allclose(
            engine.logits(images[index : index + 1])[0], together[index], rtol=1e-12, atol=1e-14
        )
        engine.step_gradients(images, labels, np.array([index]))
        singles.append(engine.gradient.copy())
    assert_close({"gradient": of_batch}, {"gradient": np.mean(singles, axis=0)}, 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("samples", [1, 2, 16, 70])
def test_pixels_arrive_as_to_input_scales_them(dtype, samples):
    network = Network.build(
        [("conv", Conv2D(1, 1, bias=False)), ("flatten", Flatten())], (1, 16, 16), dtype=dtype
    )
    network = network.with_params({"conv.weight": np.ones((1, 1, 1, 1), dtype)})
    assert plan_stages(network.layers, network.input_shape) is not None
    images = np.stack([np.roll(np.arange(256, dtype=np.uint8), i).reshape(1, 16, 16) for i in range(samples)])
    np.testing.assert_array_equal(
        make_engine(network).logits(images), to_input(images, dtype).reshape(samples, 256)
    )


def test_parameters_are_views_into_one_vector():
    network = two_blocks("first", "float32")
    engine = make_engine(network)
    assert isinstance(engine, FusedEngine)
    assert set(engine.params) == set(network.params)
    for name, array in network.params.items():
        np.testing.assert_array_equal(engine.params[name], array)
        assert np.shares_memory(engine.params[name], engine.vector)
    assert engine.vector.size == network.parameter_count
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 28, 28), np.uint8)
    engine.vector *= 0.5
    halved = network.with_params({name: array / 2 for name, array in network.params.items()})
    np.testing.assert_allclose(
        engine.logits(images), halved.forward(to_input(images)).logits, rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(
        network.params["dense1.weight"], two_blocks("first", "float32").params["dense1.weight"]
    )


def test_parameters_that_ran_away_give_what_the_layers_give():
    network = two_blocks("split", "float32")
    huge = network.with_params({name: array * np.float32(1e30) for name, array in network.params.items()})
    images = np.full((2, 1, 28, 28), 200, np.uint8)
    fused, layered = make_engine(huge).logits(images), LayeredEngine(huge).logits(images)
    assert not np.isfinite(layered).all()
    np.testing.assert_array_equal(np.isfinite(fused), np.isfinite(layered))
