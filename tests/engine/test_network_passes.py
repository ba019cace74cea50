"""Network: forward pass, gradients, and the bare passes that training runs."""

import re

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.network import Network, forward_pass, loss_and_gradients
from tests.oracles import (
    assert_same_bits,
    conv2d_loop,
    cross_entropy_loop,
    dense_loop,
    max_pool2d_loop,
    numeric_gradient,
    softmax_loop,
)

SMALL = [("conv1", Conv2D(2)), ("pool1", MaxPool2D(2)), ("flatten", Flatten()), ("dense1", Dense(3))]


def network_of(dtype):
    layers = [
        ("conv1", Conv2D(7)),
        ("relu1", ReLU()),
        ("pool1", MaxPool2D(2)),
        ("conv2", Conv2D(5, padding=1)),
        ("flatten", Flatten()),
        ("dense1", Dense(11)),
        ("relu2", ReLU()),
        ("dense2", Dense(10)),
    ]
    return Network.build(layers, (1, 28, 28), seed=1, dtype=dtype)


# --- forward ------------------------------------------------------------------------------------------------


def test_forward_equals_the_loops(rng, binary_network):
    x = rng.normal(size=(3, 1, 9, 9))
    trace = binary_network.forward(x)
    params = binary_network.params
    maps = conv2d_loop(x, params["conv1.weight"])
    pooled, _ = max_pool2d_loop(maps, 2, 2)
    logits = dense_loop(pooled.reshape(3, -1), params["dense1.weight"], params["dense1.bias"])
    assert list(trace.outputs) == ["conv1", "pool1", "flatten", "dense1"]
    np.testing.assert_allclose(trace.outputs["conv1"], maps, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(trace.outputs["pool1"], pooled, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(trace.logits, logits, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(trace.probabilities, 1 / (1 + np.exp(-logits)), rtol=1e-12)
    assert trace.probabilities.shape == (3, 1)
    assert trace.class_probabilities.shape == (3, 2)
    np.testing.assert_array_equal(trace.inputs, x)
    np.testing.assert_array_equal(binary_network.predict(x), (logits[:, 0] > 0).astype(int))


def test_several_logits_give_softmax_and_argmax(rng, deep_network):
    x = rng.normal(size=(5, 2, 9, 8))
    trace = deep_network.forward(x)
    assert trace.logits.shape == (5, 4)
    np.testing.assert_allclose(trace.probabilities, softmax_loop(trace.logits), rtol=1e-12)
    np.testing.assert_array_equal(trace.class_probabilities, trace.probabilities)
    predicted = deep_network.predict(x)
    assert predicted.tolist() == [max(range(4), key=lambda k: row[k]) for row in trace.logits.tolist()]
    assert predicted.dtype == np.intp
    for name, output in trace.outputs.items():
        assert output.shape == (5, *deep_network.shapes[name])
        assert output.dtype == deep_network.dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 5, 33])
def test_sample_gives_the_same_bits_alone_and_in_any_batch(rng, dtype, n):
    """The probability that is shown for a digit does not depend on which others are computed with it."""
    net = network_of(dtype)
    x = np.where(rng.random((n, 1, 28, 28)) < 0.7, -0.5, rng.random((n, 1, 28, 28)) - 0.5).astype(dtype)
    whole = net.forward(x)
    backwards = net.forward(np.ascontiguousarray(x[::-1]))
    for index in range(n):
        alone = net.forward(x[index : index + 1])
        for name in whole.outputs:
            assert_same_bits(whole.outputs[name][index], alone.outputs[name][0])
            assert_same_bits(backwards.outputs[name][n - 1 - index], alone.outputs[name][0])
        assert_same_bits(whole.probabilities[index], alone.probabilities[0])


@pytest.mark.parametrize(("own", "given"), [("float32", "float64"), ("float64", "float32")])
def test_input_of_the_other_float_dtype_is_converted(rng, own, given):
    net = Network.build(SMALL, (1, 8, 8), dtype=own)
    x = rng.normal(size=(2, 1, 8, 8)).astype(given)
    assert net.forward(x).logits.dtype == np.dtype(own)
    assert_same_bits(net.forward(x).logits, net.forward(x.astype(own)).logits)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_are_scaled(rng, dtype):
    net = Network.build(SMALL, (1, 8, 8), dtype=dtype)
    pixels, labels = rng.integers(0, 256, size=(3, 1, 8, 8), dtype=np.uint8), np.array([0, 1, 0])
    scaled = (pixels / 255 - 0.5).astype(dtype)
    assert_same_bits(net.forward(pixels).logits, net.forward(scaled).logits)
    assert_same_bits(net.predict(pixels), net.predict(scaled))
    for name, gradient in net.gradients(scaled, labels).params.items():
        assert_same_bits(net.gradients(pixels, labels).params[name], gradient)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (np.zeros((2, 1, 8, 8), dtype=np.int64), ParameterError, "or pixels as uint8, not int64"),
        (np.zeros((2, 1, 8, 8), dtype=bool), ParameterError, "not bool"),
        (np.zeros((1, 8, 8)), ShapeError, "(n, 1, 8, 8), n >= 1. Got (1, 8, 8)"),
        (np.zeros((2, 1, 8, 9)), ShapeError, "Got (2, 1, 8, 9)"),
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


@pytest.mark.parametrize("which", ["binary_network", "deep_network"])
def test_gradients_equal_central_differences(request, rng, which):
    net = request.getfixturevalue(which)
    x = rng.normal(size=(3, *net.input_shape))
    labels = np.array([0, 1, net.classes_count - 1])
    gradients = net.gradients(x, labels)

    params = {name: array.copy() for name, array in net.params.items()}

    def loss():
        return cross_entropy_loop(forward_pass(net.layers, params, x)[-1], labels)

    assert gradients.loss == pytest.approx(loss(), rel=1e-12)
    assert list(gradients.params) == list(net.params)
    for name, array in params.items():
        expected = numeric_gradient(loss, array)
        np.testing.assert_allclose(gradients.params[name], expected, rtol=1e-5, atol=1e-8, err_msg=name)
    np.testing.assert_allclose(gradients.input, numeric_gradient(loss, x), rtol=1e-5, atol=1e-8)

    # The gradient of an output: what the loss does when that output alone is changed.
    assert list(gradients.outputs) == [name for name, _ in net.layers]
    outputs = forward_pass(net.layers, params, x)
    for index, (name, _) in enumerate(net.layers):

        def loss_from_here(index=index):
            rest = net.layers[index + 1 :]
            logits = forward_pass(rest, params, outputs[index])[-1] if rest else outputs[index]
            return cross_entropy_loop(logits, labels)

        expected = numeric_gradient(loss_from_here, outputs[index])
        np.testing.assert_allclose(gradients.outputs[name], expected, rtol=1e-5, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("which", ["binary_network", "deep_network"])
def test_training_step_gives_the_same_as_the_full_backward_pass(request, rng, which):
    net = request.getfixturevalue(which)
    x = rng.normal(size=(5, *net.input_shape))
    labels = rng.integers(0, net.classes_count, size=5)
    full = net.gradients(x, labels)
    loss, correct, gradients = loss_and_gradients(net.layers, net.params, x, labels)
    assert loss == full.loss
    assert correct == sum(net.predict(x) == labels)
    assert set(gradients) == set(net.params)
    for name, gradient in gradients.items():
        assert_same_bits(gradient, full.params[name])


def test_training_step_in_float32_keeps_float32(rng):
    net = network_of("float32")
    x = rng.normal(size=(3, 1, 28, 28)).astype(np.float32)
    _, _, gradients = loss_and_gradients(net.layers, net.params, x, np.array([0, 5, 9]))
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype("float32")}


def test_network_without_parameters_has_a_loss_and_no_gradients(rng):
    net = Network.build([("relu1", ReLU())], (3,), dtype="float64")
    x = np.array([[1.0, 3.0, 2.0], [0.5, -1.0, 0.0]])
    loss, correct, gradients = loss_and_gradients(net.layers, net.params, x, np.array([1, 2]))
    assert loss == pytest.approx(cross_entropy_loop(np.maximum(x, 0), [1, 2]))
    assert (correct, gradients) == (1, {})
    assert net.parameter_count == 0


def test_ties_follow_the_rule_of_the_layer():
    """A blank image: every window is tied, so `all` sends each gradient to four cells and `first` to one."""
    routed = {}
    for ties in ("first", "all", "split"):
        layers = [
            ("conv1", Conv2D(2, bias=False)),
            ("pool1", MaxPool2D(2, ties=ties)),
            ("flatten", Flatten()),
            ("dense1", Dense(1)),
        ]
        net = Network.build(layers, (1, 9, 9), seed=2, dtype="float32")
        blank = np.full((2, 1, 9, 9), -0.5, dtype=np.float32)
        gradients = net.gradients(blank, np.array([0, 1]))
        pooled = gradients.outputs["pool1"].repeat(2, axis=2).repeat(2, axis=3)
        routed[ties] = (gradients.outputs["conv1"][:, :, :6, :6], pooled)
    for ties, share in (("all", 1.0), ("split", 0.25)):
        np.testing.assert_array_equal(routed[ties][0], share * routed[ties][1])
    first, pooled = routed["first"]
    np.testing.assert_array_equal(first[:, :, ::2, ::2], pooled[:, :, ::2, ::2])
    assert np.count_nonzero(first) == np.count_nonzero(pooled) // 4


@pytest.mark.parametrize(
    ("labels", "error", "text"),
    [
        (np.array([0, 3]), ParameterError, "labels from 0 to 2. Got 3"),
        (np.array([0.0, 1.0]), ParameterError, "integer labels"),
        (np.array([0]), ShapeError, "labels of shape (2,)"),
    ],
)
def test_wrong_labels_are_named(labels, error, text):
    net = Network.build(SMALL, (1, 8, 8))
    with pytest.raises(error, match=re.escape(text)):
        net.gradients(np.zeros((2, 1, 8, 8)), labels)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_parameters_that_ran_away_give_numbers_and_no_warning(rng, deep_network, value):
    params = {name: np.full_like(array, value) for name, array in deep_network.params.items()}
    net = deep_network.with_params(params)
    x = rng.normal(size=(2, 2, 9, 8))
    trace = net.forward(x)
    assert not np.isfinite(trace.logits).all()
    assert not np.isfinite(trace.class_probabilities).all()
    assert net.predict(x).shape == (2,)
    assert not np.isfinite(net.gradients(x, np.array([0, 1])).loss)
    loss, _, _ = loss_and_gradients(net.layers, net.params, x, np.array([0, 1]))
    assert not np.isfinite(loss)
