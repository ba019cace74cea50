"""Network: building, immutability and description, passes and gradients."""

import dataclasses
import re

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import LENET
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.network import Network, loss_and_gradients
from tests.engine.routing_cases import gentle, two_blocks
from tests.oracles import assert_same_arrays, assert_same_bits, cross_entropy_loop

SMALL = [("conv1", Conv2D(2)), ("pool1", MaxPool2D(2)), ("flatten", Flatten()), ("dense1", Dense(3))]


# --- building -----------------------------------------------------------------------------------------------


def test_same_seed_same_bits_in_either_dtype_and_another_seed_others():
    nets = [Network.build(SMALL, (1, 8, 8), seed=seed, dtype="float64") for seed in (4, 4, 5)]
    single = Network.build(SMALL, (1, 8, 8), seed=4, dtype=np.dtype("float32"))
    assert_same_arrays(nets[1].params, nets[0].params)
    assert_same_arrays(
        single.params, {name: each.astype(np.float32) for name, each in nets[0].params.items()}
    )
    assert not np.array_equal(nets[0].params["conv1.weight"], nets[2].params["conv1.weight"])


@pytest.mark.parametrize(
    ("layers", "input_shape", "text"),
    [
        (SMALL, (1, 2, 8), "Layer 'conv1' (Conv2D) cannot take an input of shape (1, 2, 8): it needs maps"),
        (SMALL, (1, 3, 3), "Layer 'pool1' (MaxPool2D) cannot take an input of shape (2, 1, 1)"),
        (SMALL, (64,), "Layer 'conv1' (Conv2D) cannot take an input of shape (64,): it needs feature maps"),
        ([("dense1", Dense(3))], (1, 8, 8), "Layer 'dense1' (Dense) cannot take an input of shape (1, 8, 8)"),
        ([("dense1", Dense(3))], (1, 8, 8), "it needs flat features (d,); put Flatten before it"),
        ([("conv1", Conv2D(2))], (1, 8, 8), "'conv1' gives (2, 6, 6); end with Flatten and Dense"),
        (SMALL, (8, 8), "(c, h, w) or (d,)"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers, input_shape, text):
    with pytest.raises(ShapeError, match=re.escape(text)):
        Network.build(layers, input_shape)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"layers": []}, "at least one layer"),
        ({"layers": [*SMALL, ("conv1", ReLU())]}, "unique. Got 'conv1' twice"),
        ({"layers": [("", Flatten()), ("dense1", Dense(2))]}, "non-empty text without a dot. Got ''"),
        ({"seed": -1}, "'seed' parameter of Network must be an int >= 0"),
        ({"dtype": "float16"}, "'dtype' parameter of Network must be one of 'float32', 'float64'"),
        ({"dtype": "no dtype"}, "'dtype' parameter of Network"),
        ({"input_shape": (1, 0, 8)}, "'input_shape' parameter of Network must be an int >= 1. Got 0"),
        # Refused before memory is asked for.
        ({"layers": [("flatten", Flatten()), ("dense1", Dense(10**12))]}, "too large"),
        ({"layers": [("conv1", Conv2D(10**9)), ("flatten", Flatten()), ("dense1", Dense(2))]}, "too large"),
        ({"layers": SMALL, "input_shape": (1, 10**6, 10**6)}, "too large"),
        ({"layers": [("flatten", Flatten()), ("d", Dense(1))], "input_shape": (10**9,) * 3}, "too large"),
    ],
)
def test_arguments_out_of_range_are_named(changes, text):
    with pytest.raises(ParameterError, match=re.escape(text)):
        Network.build(**({"layers": SMALL, "input_shape": (1, 8, 8)} | changes))


# --- immutability and description ---------------------------------------------------------------------------


def test_nothing_can_be_changed(binary_network):
    with pytest.raises(ValueError, match="read-only"):
        binary_network.params["conv1.weight"][0] = 1
    with pytest.raises(TypeError):
        binary_network.params["conv1.weight"] = np.zeros(1)
    with pytest.raises(TypeError):
        binary_network.shapes["conv1"] = (1,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        binary_network.seed = 1


def test_with_params_gives_a_new_network_and_copies(rng, binary_network):
    params = {name: rng.normal(size=array.shape) for name, array in binary_network.params.items()}
    before = {name: array.copy() for name, array in binary_network.params.items()}
    changed = binary_network.with_params(params)
    for name in params:
        assert_same_bits(changed.params[name], params[name])
        assert_same_bits(binary_network.params[name], before[name])
    params["conv1.weight"][:] = 0
    assert changed.params["conv1.weight"].any()
    assert params["conv1.weight"].flags.writeable
    assert (changed.seed, changed.layers) == (binary_network.seed, binary_network.layers)
    with pytest.raises(ValueError, match="read-only"):
        changed.params["conv1.weight"][0] = 1


@pytest.mark.parametrize(
    ("name", "array", "error", "text"),
    [
        ("dense1.bias", None, ParameterError, "'dense1.bias' is missing"),
        ("extra", np.zeros(1), ParameterError, "'extra' does not belong"),
        ("dense1.bias", np.zeros(2), ShapeError, "'dense1.bias' must have shape (1,). Got shape (2,)"),
        ("dense1.bias", np.zeros(1, np.float32), ParameterError, "must have dtype float64. Got float32"),
    ],
)
def test_parameters_that_do_not_fit_are_named(binary_network, name, array, error, text):
    params = {each: old for each, old in binary_network.params.items() if each != name}
    with pytest.raises(error, match=re.escape(text)):
        binary_network.with_params(params if array is None else params | {name: array})


# --- forward ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 5, 33])
def test_sample_gives_the_same_bits_alone_and_in_any_batch(rng, dtype, n):
    """The probability that is shown for a digit does not depend on which others are computed with it."""
    net = dataclasses.replace(LENET, filters=(7, 5), hidden=(11,), dtype=dtype).build_network()
    x = np.where(rng.random((n, 1, 28, 28)) < 0.7, -0.5, rng.random((n, 1, 28, 28)) - 0.5).astype(dtype)
    whole = net.forward(x)
    backwards = net.forward(np.ascontiguousarray(x[::-1]))
    for index in range(n):
        alone = net.forward(x[index : index + 1])
        for name in whole.outputs:
            assert_same_bits(whole.outputs[name][index], alone.outputs[name][0])
            assert_same_bits(backwards.outputs[name][n - 1 - index], alone.outputs[name][0])
        assert_same_bits(whole.probabilities[index], alone.probabilities[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_are_scaled_and_input_of_the_other_float_dtype_is_converted(rng, dtype):
    net = Network.build(SMALL, (1, 8, 8), dtype=dtype)
    pixels, labels = rng.integers(0, 256, size=(3, 1, 8, 8), dtype=np.uint8), np.array([0, 1, 0])
    scaled = (pixels / 255 - 0.5).astype(dtype)
    assert_same_bits(net.forward(pixels).logits, net.forward(scaled).logits)
    assert_same_bits(net.predict(pixels), net.predict(scaled))
    for name, gradient in net.gradients(scaled, labels).params.items():
        assert_same_bits(net.gradients(pixels, labels).params[name], gradient)
    given = rng.normal(size=(2, 1, 8, 8)).astype("float64" if dtype == "float32" else "float32")
    assert net.forward(given).logits.dtype == np.dtype(dtype)
    assert_same_bits(net.forward(given).logits, net.forward(given.astype(dtype)).logits)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (np.zeros((2, 1, 8, 8), dtype=np.int64), ParameterError, "or pixels as uint8, not int64"),
        (np.zeros((1, 8, 8)), ShapeError, "(n, 1, 8, 8), n >= 1. Got (1, 8, 8)"),
        (np.zeros((0, 1, 8, 8)), ShapeError, "n >= 1"),
    ],
)
def test_input_that_does_not_fit_is_named(x, error, text):
    net = Network.build(SMALL, (1, 8, 8))
    for call in (
        net.forward,
        net.predict,
        lambda batch: net.gradients(batch, np.zeros(len(batch), dtype=int)),
    ):
        with pytest.raises(error, match=re.escape(text)):
            call(x)


# --- gradients ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [two_blocks("all"), gentle(), two_blocks(dtype="float32")])
def test_training_step_gives_the_same_as_the_full_backward_pass(rng, net):
    x = rng.normal(size=(5, *net.input_shape)).astype(net.dtype)
    labels = rng.integers(0, net.classes_count, size=5)
    full = net.gradients(x, labels)
    loss, correct, gradients = loss_and_gradients(net.layers, net.params, x, labels)
    assert loss == full.loss
    assert correct == sum(net.predict(x) == labels)
    assert set(gradients) == set(net.params)
    for name, gradient in gradients.items():
        assert gradient.dtype == net.dtype
        assert_same_bits(gradient, full.params[name])
    # A network without parameters has a loss, and no gradients.
    bare, x = Network.build([("relu1", ReLU())], (3,)), np.array([[1.0, 3.0, 2.0], [0.5, -1.0, 0.0]])
    loss, correct, gradients = loss_and_gradients(bare.layers, bare.params, x, np.array([1, 2]))
    assert loss == pytest.approx(cross_entropy_loop(np.maximum(x, 0), [1, 2]))
    assert (correct, gradients, bare.parameter_count) == (1, {}, 0)
