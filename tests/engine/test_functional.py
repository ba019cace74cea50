"""Convolution, dense layers, activations and losses, each beside plain loops."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz import functional
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.evaluation import evaluate
from cnnviz.presets import LAB5
from tests.oracles import (
    assert_same_bits,
    check_operation,
    conv2d_loop,
    cross_entropy_loop,
    dense_loop,
    elementwise_loop,
    numeric_gradient,
    softmax_loop,
    spread_values,
)

SHAPES = [(5,), (3, 4), (2, 3, 4, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("forward", "backward", "scalar"),
    [
        pytest.param(
            functional.relu,
            lambda d_out, _out, x: {"x": functional.relu_backward(d_out, x)},
            lambda z: max(z, 0.0),
            id="relu",
        ),
        pytest.param(
            lambda x: functional.leaky_relu(x, 0.2),
            lambda d_out, _out, x: {"x": functional.leaky_relu_backward(d_out, x, 0.2)},
            lambda z: z if z > 0 else 0.2 * z,
            id="leaky_relu",
        ),
        pytest.param(
            functional.sigmoid,
            lambda d_out, out, _x: {"x": functional.sigmoid_backward(d_out, out)},
            lambda z: 1 / (1 + math.exp(-z)),
            id="sigmoid",
        ),
        pytest.param(
            functional.tanh,
            lambda d_out, out, _x: {"x": functional.tanh_backward(d_out, out)},
            math.tanh,
            id="tanh",
        ),
    ],
)
def test_activation_equals_loop_and_central_difference(rng, shape, forward, backward, scalar):
    check_operation(
        forward, backward, lambda x: elementwise_loop(scalar, x), {"x": spread_values(rng, shape)}
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slopes_at_the_kink(dtype):
    zeros = np.array([0.0, -0.0], dtype=dtype)
    ones = np.ones_like(zeros)
    assert functional.relu_backward(ones, zeros).tolist() == [0, 0]
    assert functional.leaky_relu_backward(ones, zeros, 0.25).tolist() == [0.25, 0.25]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_saturates_without_overflow(dtype):
    x = np.array([-1e30, -1e4, -100.0, 0.0, 100.0, 1e4, 1e30], dtype=dtype)
    out = functional.sigmoid(x)
    assert out.dtype == x.dtype
    assert out[[0, 1, 3, 5, 6]].tolist() == [0, 0, 0.5, 1, 1]
    # Not yet rounded to 0 where it can be told from 0.
    np.testing.assert_allclose(out[2], math.exp(-100), rtol=1e-5, atol=1e-45)
    assert np.isfinite(functional.sigmoid_backward(np.ones_like(x), out)).all()


@pytest.mark.parametrize(
    "activation", [functional.relu, functional.leaky_relu, functional.sigmoid, functional.tanh]
)
def test_nan_and_infinity_pass_without_a_warning(activation):
    out = activation(np.array([np.nan, np.inf, -np.inf]))
    assert np.isnan(out[0])
    assert not np.isnan(out[1:]).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("n", "features", "units"), [(1, 1, 1), (3, 7, 1), (2, 5, 4), (5, 33, 10)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_dense_equals_loop(rng, dtype, n, features, units, with_bias):
    x = rng.normal(size=(n, features)).astype(dtype)
    weight = rng.normal(size=(units, features)).astype(dtype)
    bias = rng.normal(size=units).astype(dtype) if with_bias else None
    out = functional.dense(x, weight, bias)
    assert out.dtype == x.dtype
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(out, dense_loop(x, weight, bias), rtol=tolerance, atol=tolerance)


def test_misfits_are_named():
    with pytest.raises(ShapeError, match=r"\(2, 3\) and \(4, 5\)"):
        functional.dense(np.zeros((2, 3)), np.zeros((4, 5)))


DTYPES = ["float32", "float64"]
LOSSES = {
    1: (functional.binary_cross_entropy, functional.binary_cross_entropy_backward),
    2: (functional.cross_entropy, functional.cross_entropy_backward),
    5: (functional.cross_entropy, functional.cross_entropy_backward),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 2), (4, 3), (3, 10)])
def test_softmax_equals_its_definition(rng, dtype, shape):
    logits = rng.normal(size=shape).astype(dtype) * 3
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    out = functional.softmax(logits)
    assert out.dtype == logits.dtype
    np.testing.assert_allclose(out, softmax_loop(logits), rtol=tolerance)
    logs = functional.log_softmax(logits)
    assert logs.dtype == logits.dtype
    np.testing.assert_allclose(np.exp(logs), softmax_loop(logits), rtol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("logits_count", list(LOSSES))
@pytest.mark.parametrize("n", [1, 4, 7])
def test_loss_equals_its_definition_and_its_gradient_the_difference(rng, dtype, logits_count, n):
    loss, backward = LOSSES[logits_count]
    logits = rng.normal(size=(n, logits_count)) * 2
    labels = rng.integers(0, max(2, logits_count), size=n)
    value = loss(logits.astype(dtype), labels)
    assert type(value) is float
    assert value == pytest.approx(
        cross_entropy_loop(logits, labels), rel=1e-12 if dtype == "float64" else 1e-6
    )
    gradient = backward(logits.astype(dtype), labels)
    assert gradient.dtype == np.dtype(dtype)
    expected = numeric_gradient(lambda: loss(logits, labels), logits)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [50.0, 1e3, 1e4])
def test_binary_loss_of_large_logits_is_exact(dtype, size):
    """Sure and wrong costs the logit itself; sure and right costs nothing, or what little is left of it."""
    logits = np.array([[size], [-size]], dtype=dtype)
    assert functional.binary_cross_entropy(logits, np.array([0, 1])) == size
    right = functional.binary_cross_entropy(logits, np.array([1, 0]))
    assert right == pytest.approx(math.exp(-size), rel=1e-12, abs=0)
    wrong_gradient = functional.binary_cross_entropy_backward(logits, np.array([0, 1]))
    np.testing.assert_allclose(wrong_gradient, [[0.5], [-0.5]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e3, 1e4])
def test_categorical_loss_of_large_logits_is_exact(dtype, size):
    logits = np.array([[size, 0, -size]] * 3, dtype=dtype)
    assert functional.cross_entropy(logits, np.array([0, 1, 2])) == size
    gradient = functional.cross_entropy_backward(logits, np.array([0, 1, 2]))
    np.testing.assert_allclose(gradient, np.array([[0, 0, 0], [1, -1, 0], [1, 0, -1]]) / 3, rtol=1e-7)
    np.testing.assert_array_equal(functional.softmax(logits), [[1, 0, 0]] * 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_of_one_logit_and_of_several(rng, dtype):
    one = np.array([[0.0], [2.0], [-1e4]], dtype=dtype)
    assert functional.probabilities_from_logits(one).shape == (3, 1)
    both = functional.class_probabilities(one)
    assert both.shape == (3, 2)
    assert both.dtype == one.dtype
    np.testing.assert_allclose(both[:, 1], functional.probabilities_from_logits(one)[:, 0])
    np.testing.assert_allclose(both.sum(axis=1), 1, rtol=1e-6)
    several = rng.normal(size=(3, 4)).astype(dtype)
    np.testing.assert_array_equal(functional.class_probabilities(several), functional.softmax(several))
    np.testing.assert_array_equal(functional.probabilities_from_logits(several), functional.softmax(several))


def test_class_0_keeps_its_small_probability():
    """1 - p would round it to 0."""
    assert functional.class_probabilities(np.array([[60.0]]))[0, 0] == pytest.approx(math.exp(-60), abs=0)


def test_predicted_classes():
    assert functional.predicted_classes(np.array([[-1.0], [0.0], [1e-9]])).tolist() == [0, 0, 1]
    out = functional.predicted_classes(np.array([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]]))
    assert out.tolist() == [1, 0]
    assert out.dtype == np.intp


def test_one_logit_and_two_logits_agree(rng):
    """Softmax over (0, z) is the sigmoid of z."""
    z = rng.normal(size=(6, 1))
    labels = rng.integers(0, 2, size=6)
    pair = np.concatenate([np.zeros_like(z), z], axis=1)
    assert functional.cross_entropy(pair, labels) == pytest.approx(functional.binary_cross_entropy(z, labels))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
def test_labels_of_any_integer_dtype(dtype):
    logits = np.array([[0.5, 0.1, -0.2], [0.0, 0.3, 0.1]])
    expected = functional.cross_entropy(logits, np.array([2, 0]))
    assert functional.cross_entropy(logits, np.array([2, 0], dtype=dtype)) == expected
    one = np.array([[0.5], [-0.25]])
    expected = functional.binary_cross_entropy_backward(one, np.array([1, 0]))
    np.testing.assert_array_equal(
        functional.binary_cross_entropy_backward(one, np.array([1, 0], dtype=dtype)), expected
    )


@pytest.mark.parametrize(
    ("logits", "labels", "error", "text"),
    [
        (np.zeros((2, 3)), np.array([0, 3]), ParameterError, "labels from 0 to 2. Got 3"),
        (np.zeros((2, 3)), np.array([-1, 2]), ParameterError, "Got -1"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), ParameterError, "integer labels. Got dtype float64"),
        (np.zeros((2, 3)), np.array([True, False]), ParameterError, "integer labels. Got dtype bool"),
        (np.zeros((2, 3)), np.array([0, 1, 2]), ShapeError, "labels of shape (2,). Got (3,)"),
        (np.zeros((2, 3)), np.array([[0], [1]]), ShapeError, "labels of shape (2,). Got (2, 1)"),
        (np.zeros((0, 3)), np.zeros(0, dtype=int), ShapeError, "n >= 1"),
        (np.zeros(3), np.array([0, 1, 2]), ShapeError, "Got (3,)"),
    ],
)
def test_wrong_labels_and_logits_are_named(logits, labels, error, text):
    for function in (functional.cross_entropy, functional.cross_entropy_backward):
        with pytest.raises(error) as caught:
            function(logits, labels)
        assert text in str(caught.value)


def test_each_loss_refuses_the_logits_of_the_other():
    labels = np.array([0, 1])
    with pytest.raises(ShapeError, match="k >= 2"):
        functional.cross_entropy(np.zeros((2, 1)), labels)
    with pytest.raises(ShapeError, match=r"\(n, 1\)"):
        functional.binary_cross_entropy(np.zeros((2, 2)), labels)
    with pytest.raises(ParameterError, match=r"labels from 0 to 1. Got 2"):
        functional.binary_cross_entropy(np.zeros((2, 1)), np.array([0, 2]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loss_of_what_is_certain_is_zero_without_a_sign(dtype):
    several = np.array([[900, 0, 0], [0, 0, 900]], dtype=dtype)
    one = np.array([[-900], [900]], dtype=dtype)
    found = [
        functional.cross_entropy(several, np.array([0, 2])),
        functional.binary_cross_entropy(one, np.array([0, 1])),
    ]
    for output in ("sigmoid", "softmax"):
        network = replace(LAB5, output=output).build_network((1, 8, 8))
        weights = {name: np.zeros_like(array) for name, array in network.params.items()}
        weights["dense1.bias"][-1] = 900.0
        images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
        found.append(evaluate(network.with_params(weights), images, np.ones(4, dtype=np.int64)).loss)
    assert [f"{loss:.4f}" for loss in found] == ["0.0000"] * 4


@pytest.mark.parametrize(
    ("n", "channels", "height", "width", "filters", "kernel", "stride", "padding"),
    [
        (1, 1, 6, 6, 1, 3, 1, 0),
        (3, 2, 7, 5, 4, 3, 1, 1),
        (2, 3, 8, 7, 2, 3, 2, 0),
        (2, 1, 5, 9, 3, 2, 3, 2),
        (1, 2, 5, 5, 3, 5, 1, 0),
        (1, 2, 4, 6, 2, 1, 2, 0),
        (2, 1, 3, 3, 1, 5, 1, 1),
        (1, 3, 1, 4, 2, 1, 1, 0),
    ],
)
@pytest.mark.parametrize("with_bias", [True, False])
def test_convolution_equals_loop_and_central_difference(
    rng, n, channels, height, width, filters, kernel, stride, padding, with_bias
):
    inputs = {
        "x": rng.normal(size=(n, channels, height, width)),
        "weight": rng.normal(size=(filters, channels, kernel, kernel)),
    }
    if with_bias:
        inputs["bias"] = rng.normal(size=filters)

    def forward(x, weight, bias=None):
        return functional.conv2d(x, weight, bias, stride, padding)

    def backward(d_out, out, x, weight, bias=None):
        arguments = (d_out, x, weight, stride, padding)
        gradients = (
            functional.conv2d_input_gradient(*arguments),
            *functional.conv2d_weight_gradient(*arguments),
        )
        return dict(zip(inputs, gradients, strict=False))

    def oracle(x, weight, bias=None):
        return conv2d_loop(x, weight, bias, stride, padding)

    check_operation(forward, backward, oracle, inputs)


def test_is_not_flipped():
    """Cross-correlation, as deep learning has it: the kernel's first entry meets the patch's first pixel."""
    x = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    weight = np.array([[[[5.0, 6.0], [7.0, 8.0]]]])
    assert functional.conv2d(x, weight).item() == 5.0


def test_batch_larger_than_a_chunk_equals_its_samples(rng):
    x = rng.normal(size=(37, 2, 28, 28))
    weight = rng.normal(size=(8, 2, 3, 3))
    whole = functional.conv2d(x, weight)
    alone = np.concatenate([functional.conv2d(x[s : s + 1], weight) for s in range(len(x))])
    assert_same_bits(whole, alone)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("filters", [1, 3, 8, 13])
@pytest.mark.parametrize("n", [1, 3, 7])
@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_equal_patches_give_equal_bits_wherever_they_stand(rng, dtype, filters, n, kernel):
    """Tiles side by side, one per window: in another order they give the same bits in that order."""
    rows, columns, channels = 5, 7, 2
    tiles = rng.normal(size=(n * rows * columns, channels, kernel, kernel)).astype(dtype)
    weight = rng.normal(size=(filters, channels, kernel, kernel)).astype(dtype)
    bias = rng.normal(size=filters).astype(dtype)

    def convolve(order):
        grid = tiles[order].reshape(n, rows, columns, channels, kernel, kernel)
        images = grid.transpose(0, 3, 1, 4, 2, 5).reshape(n, channels, rows * kernel, columns * kernel)
        out = functional.conv2d(np.ascontiguousarray(images), weight, bias, stride=kernel)
        return out.transpose(0, 2, 3, 1).reshape(len(tiles), filters)

    order = rng.permutation(len(tiles))
    assert_same_bits(convolve(order), convolve(np.arange(len(tiles)))[order])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("filters", [1, 5, 8])
@pytest.mark.parametrize("size", [27, 28, 31])
def test_blank_background_is_one_value_per_filter(rng, dtype, filters, size):
    """Every window of a blank image is tied with every other, to the last bit."""
    x = np.full((3, 1, size, size), -0.4321, dtype=dtype)
    out = functional.conv2d(x, rng.normal(size=(filters, 1, 3, 3)).astype(dtype))
    for f in range(filters):
        assert len(np.unique(out[:, f])) == 1


@settings(max_examples=40)
@given(
    n=st.integers(1, 5),
    filters=st.integers(1, 9),
    shift=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 2**32 - 1),
)
def test_shifted_image_gives_shifted_bits(n, filters, shift, dtype, seed):
    rng = np.random.default_rng(seed)
    patch = rng.normal(size=(n, 1, 9, 8)).astype(dtype)
    weight = rng.normal(size=(filters, 1, 3, 3)).astype(dtype)
    canvas = rng.normal(size=(n, 1, 17, 15)).astype(dtype)
    down, right = shift
    canvas[:, :, down : down + 9, right : right + 8] = patch
    inside = functional.conv2d(canvas, weight)[:, :, down : down + 7, right : right + 6]
    assert_same_bits(inside, functional.conv2d(patch, weight))


@pytest.mark.parametrize(
    ("x_shape", "weight_shape", "stride", "padding", "text"),
    [
        ((1, 1, 4, 4), (2, 1, 5, 5), 1, 0, "at least 5 x 5 pixels"),
        ((1, 1, 2, 9), (2, 1, 3, 3), 1, 0, "Got 2 x 9"),
        ((1, 2, 6, 6), (2, 3, 3, 3), 1, 0, "needs 3 input channels. Got 2"),
        ((1, 1, 6, 6), (2, 1, 3, 2), 1, 0, "(f, c, k, k)"),
        ((1, 6, 6), (2, 1, 3, 3), 1, 1, "(n, c, h, w)"),
    ],
)
def test_misfits_of_a_convolution_are_named(x_shape, weight_shape, stride, padding, text):
    with pytest.raises(ShapeError) as caught:
        functional.conv2d(np.zeros(x_shape), np.zeros(weight_shape), None, stride, padding)
    assert text in str(caught.value)


def test_wrong_bias_gradient_dtype_and_stride_are_named():
    x, weight = np.zeros((1, 1, 6, 6)), np.zeros((2, 1, 3, 3))
    with pytest.raises(ShapeError, match="bias"):
        functional.conv2d(x, weight, np.zeros(3))
    with pytest.raises(ShapeError, match="d_out"):
        functional.conv2d_input_gradient(np.zeros((1, 2, 5, 5)), x, weight)
    with pytest.raises(ParameterError, match="floating-point"):
        functional.conv2d(np.zeros((1, 1, 6, 6), dtype=np.uint8), weight)
    with pytest.raises(ParameterError, match="stride"):
        functional.conv2d(x, weight, stride=0)
