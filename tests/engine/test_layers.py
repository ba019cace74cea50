"""Layers: settings, shapes, parameters, passes, and their description as a dict."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import (
    ACTIVATIONS,
    POOLS,
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxBlurPool2D,
    MaxPool2D,
    ReLU,
    Sigmoid,
    SubsamplePool2D,
    Tanh,
)
from tests.oracles import (
    assert_same_bits,
    avg_pool2d_loop,
    check_operation,
    conv2d_loop,
    dense_loop,
    max_blur_pool2d_loop,
    max_pool2d_loop,
    spread_values,
    subsample_pool2d_loop,
)

MAPS = (2, 7, 6)
LAYERS = [
    pytest.param(
        Conv2D(3, kernel_size=2, stride=2, padding=1),
        MAPS,
        lambda x, weight, bias: conv2d_loop(x, weight, bias, 2, 1),
        id="conv",
    ),
    pytest.param(Conv2D(2, bias=False), MAPS, conv2d_loop, id="conv-no-bias"),
    pytest.param(MaxPool2D(2), MAPS, lambda x: max_pool2d_loop(x, 2, 2)[0], id="max"),
    pytest.param(MaxPool2D(3, stride=1), MAPS, lambda x: max_pool2d_loop(x, 3, 1)[0], id="max-overlapping"),
    pytest.param(AvgPool2D(2), MAPS, lambda x: avg_pool2d_loop(x, 2, 2), id="avg"),
    pytest.param(AvgPool2D(2, stride=3), MAPS, lambda x: avg_pool2d_loop(x, 2, 3), id="avg-gaps"),
    pytest.param(MaxBlurPool2D(2), MAPS, lambda x: max_blur_pool2d_loop(x, 2), id="max-blur"),
    pytest.param(SubsamplePool2D(3), MAPS, lambda x: subsample_pool2d_loop(x, 3), id="subsample"),
    pytest.param(ReLU(), MAPS, lambda x: np.where(x > 0, x, 0), id="relu"),
    pytest.param(LeakyReLU(0.3), MAPS, lambda x: np.where(x > 0, x, 0.3 * x), id="leaky"),
    pytest.param(ReLU(), (5,), lambda x: np.where(x > 0, x, 0), id="relu-flat"),
    pytest.param(Sigmoid(), (5,), lambda x: 1 / (1 + np.exp(-x)), id="sigmoid"),
    pytest.param(Sigmoid(), MAPS, lambda x: 1 / (1 + np.exp(-x)), id="sigmoid-maps"),
    pytest.param(Tanh(), (5,), np.tanh, id="tanh"),
    pytest.param(Flatten(), MAPS, lambda x: np.array([sample.ravel() for sample in x]), id="flatten"),
    pytest.param(Dense(4), (5,), dense_loop, id="dense"),
    pytest.param(Dense(1, bias=False), (5,), dense_loop, id="dense-no-bias"),
    pytest.param(Dense(10), (33,), dense_loop, id="dense-large"),
]


@pytest.mark.parametrize(("layer", "input_shape", "oracle"), LAYERS)
def test_passes_equal_loop_and_central_difference(rng, layer, input_shape, oracle):
    names = layer.parameter_names
    inputs = {"x": spread_values(rng, (3, *input_shape))}
    inputs |= {name: rng.normal(size=shape) for name, shape in layer.parameter_shapes(input_shape).items()}
    assert tuple(inputs) == ("x", *names)

    def forward(x, *arrays):
        return layer.forward(x, dict(zip(names, arrays, strict=True)))

    def backward(d_out, out, x, *arrays):
        d_x, d_params = layer.backward(d_out, x, out, dict(zip(names, arrays, strict=True)))
        return {"x": d_x} | d_params

    check_operation(forward, backward, oracle, inputs)
    assert forward(*inputs.values()).shape == (3, *layer.output_shape(input_shape))


@pytest.mark.parametrize(("layer", "input_shape", "oracle"), LAYERS)
def test_is_immutable_and_hashable(layer, input_shape, oracle):
    assert hash(layer) == hash(dataclasses.replace(layer))
    for name in (each.name for each in dataclasses.fields(layer)):
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
            setattr(layer, name, 3)


def test_every_layer_type_is_tested_above():
    known = {Conv2D, Dense, Flatten, *POOLS.values(), *ACTIVATIONS.values()}
    assert {type(param.values[0]) for param in LAYERS} == known


@pytest.mark.parametrize(
    ("layer", "input_shape", "expected"),
    [
        (Conv2D(8), (1, 28, 28), (8, 26, 26)),
        (Conv2D(8, padding=1), (1, 28, 28), (8, 28, 28)),
        (Conv2D(4, kernel_size=5, stride=2), (3, 28, 29), (4, 12, 13)),
        (MaxPool2D(2), (8, 27, 26), (8, 13, 13)),
        (MaxPool2D(3, stride=2), (8, 27, 26), (8, 13, 12)),
        (AvgPool2D(2), (8, 27, 26), (8, 13, 13)),
        (SubsamplePool2D(2), (8, 27, 26), (8, 13, 13)),
        (Flatten(), (8, 13, 13), (1352,)),
        (Flatten(), (7,), (7,)),
        (Dense(10), (1352,), (10,)),
        (ReLU(), (2, 3, 4), (2, 3, 4)),
    ],
)
def test_output_shapes(layer, input_shape, expected):
    assert layer.output_shape(input_shape) == expected


@pytest.mark.parametrize(
    ("layer", "input_shape"),
    [
        (Conv2D(8, kernel_size=5), (1, 4, 28)),
        (Conv2D(8, kernel_size=5, padding=1), (1, 2, 28)),
        (Conv2D(8), (28,)),
        (MaxPool2D(3), (8, 2, 9)),
        (AvgPool2D(3), (8, 9, 2)),
        (SubsamplePool2D(3), (8, 1, 1)),
        (MaxPool2D(2), (28,)),
        (Dense(10), (8, 13, 13)),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, input_shape):
    with pytest.raises(ShapeError):
        layer.output_shape(input_shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initial_parameters_follow_their_rule(dtype):
    """Means and spreads of large draws; 5 sigma of a sample of this size is below the tolerance."""
    rng = np.random.default_rng(0)
    cases = [
        (Conv2D(64, kernel_size=5, init="he"), (32, 9, 9), (2 / 800) ** 0.5),
        (Conv2D(64, kernel_size=5, init="glorot"), (32, 9, 9), (2 / (800 + 1600)) ** 0.5),
        (Conv2D(64, kernel_size=5, init="lab5"), (32, 9, 9), 0.1),
        (Dense(100, init="he"), (400,), (2 / 400) ** 0.5),
        (Dense(100, init="glorot"), (400,), (2 / 500) ** 0.5),
        (Dense(100, init="lab5"), (400,), 1 / 400),
    ]
    for layer, input_shape, deviation in cases:
        params = layer.initial_parameters(input_shape, rng, np.dtype(dtype))
        assert {name: array.shape for name, array in params.items()} == layer.parameter_shapes(input_shape)
        assert {array.dtype.name for array in params.values()} == {dtype}
        assert not params["bias"].any()
        assert params["weight"].std() == pytest.approx(deviation, rel=0.03)
        assert abs(params["weight"].mean()) < 0.03 * deviation


def test_lab5_weights_are_the_exercises_to_the_bit():
    """`randn(8, 3, 3) / 10`, then `randn(1352) / 1352`, from one stream of numbers."""
    rng, same = np.random.default_rng(4), np.random.default_rng(4)
    double = np.dtype("float64")
    kernels = Conv2D(8, bias=False, init="lab5").initial_parameters((1, 28, 28), rng, double)["weight"]
    weights = Dense(1, init="lab5").initial_parameters((1352,), rng, double)["weight"]
    np.testing.assert_array_equal(kernels[:, 0], same.standard_normal((8, 3, 3)) / 10)
    np.testing.assert_array_equal(weights[0], same.standard_normal(1352) / 1352)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv2D(0), "'filters' parameter of Conv2D must be an int >= 1. Got 0"),
        (lambda: Conv2D(8, stride=0), "'stride' parameter of Conv2D must be an int >= 1. Got 0"),
        (lambda: Conv2D(8, kernel_size=2.5), "'kernel_size' parameter of Conv2D"),
        (lambda: Conv2D(8, padding=-1), "'padding' parameter of Conv2D"),
        (lambda: Conv2D(8, padding=10**9), "'padding' parameter of Conv2D"),
        (lambda: Conv2D(8, bias=1), "'bias' parameter of Conv2D must be one of False, True. Got 1"),
        (lambda: Conv2D(8, init="zeros"), "'init' parameter of Conv2D must be one of 'lab5', 'he', 'glorot'"),
        (lambda: MaxPool2D(True), "'size' parameter of MaxPool2D must be an int >= 1. Got True"),
        (lambda: MaxPool2D(2, stride=0), "'stride' parameter of MaxPool2D"),
        (
            lambda: MaxPool2D(2, ties="last"),
            "'ties' parameter of MaxPool2D must be one of 'first', 'all', 'split'",
        ),
        (lambda: AvgPool2D(0), "'size' parameter of AvgPool2D"),
        (lambda: AvgPool2D(2, stride=-2), "'stride' parameter of AvgPool2D"),
        (lambda: SubsamplePool2D(0), "'size' parameter of SubsamplePool2D"),
        (lambda: LeakyReLU(-0.1), "'slope' parameter of LeakyReLU"),
        (lambda: LeakyReLU(float("nan")), "'slope' parameter of LeakyReLU"),
        (lambda: Dense(0), "'units' parameter of Dense must be an int >= 1. Got 0"),
        (lambda: Dense(3, init="he2"), "'init' parameter of Dense"),
    ],
)
def test_settings_out_of_range_are_named(make, text):
    with pytest.raises(ParameterError, match=re.escape(text)):
        make()


def test_numpy_integers_become_plain_ones():
    layer = Conv2D(np.int64(8), kernel_size=np.int32(3))
    assert layer == Conv2D(8)
    assert {type(layer.filters), type(layer.kernel_size)} == {int}


DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slopes_at_the_kink(dtype):
    zeros = np.array([0.0, -0.0], dtype=dtype)
    ones = np.ones_like(zeros)
    assert ReLU().input_gradient(ones, zeros, zeros, {}).tolist() == [0, 0]
    assert LeakyReLU(0.25).input_gradient(ones, zeros, zeros, {}).tolist() == [0.25, 0.25]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_saturates_without_overflow(dtype):
    x = np.array([-1e30, -1e4, -100.0, 0.0, 100.0, 1e4, 1e30], dtype=dtype)
    out = Sigmoid().forward(x, {})
    assert out.dtype == x.dtype
    assert out[[0, 1, 3, 5, 6]].tolist() == [0, 0, 0.5, 1, 1]
    # Not yet rounded to 0 where it can be told from 0.
    np.testing.assert_allclose(out[2], math.exp(-100), rtol=1e-5, atol=1e-45)
    assert np.isfinite(Sigmoid().input_gradient(np.ones_like(x), x, out, {})).all()


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU(), Sigmoid(), Tanh()])
def test_nan_and_infinity_pass_without_a_warning(activation):
    out = activation.forward(np.array([np.nan, np.inf, -np.inf]), {})
    assert np.isnan(out[0])
    assert not np.isnan(out[1:]).any()


def convolved(x, weight, bias=None, stride=1):
    filters, _, kernel, _ = weight.shape
    layer = Conv2D(filters, kernel, stride, bias=bias is not None)
    return layer.forward(x, {"weight": weight, "bias": bias})


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

    layer = Conv2D(filters, kernel, stride, padding, bias=with_bias)

    def forward(x, weight, bias=None):
        return layer.forward(x, {"weight": weight, "bias": bias})

    def backward(d_out, out, x, weight, bias=None):
        d_x, d_params = layer.backward(d_out, x, out, {"weight": weight, "bias": bias})
        return {"x": d_x} | d_params

    def oracle(x, weight, bias=None):
        return conv2d_loop(x, weight, bias, stride, padding)

    check_operation(forward, backward, oracle, inputs)


def test_is_not_flipped():
    """Cross-correlation, as deep learning has it: the kernel's first entry meets the patch's first pixel."""
    x = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    weight = np.array([[[[5.0, 6.0], [7.0, 8.0]]]])
    assert convolved(x, weight).item() == 5.0


def test_batch_larger_than_a_chunk_equals_its_samples(rng):
    x = rng.normal(size=(37, 2, 28, 28))
    weight = rng.normal(size=(8, 2, 3, 3))
    whole = convolved(x, weight)
    alone = np.concatenate([convolved(x[s : s + 1], weight) for s in range(len(x))])
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
        out = convolved(np.ascontiguousarray(images), weight, bias, stride=kernel)
        return out.transpose(0, 2, 3, 1).reshape(len(tiles), filters)

    order = rng.permutation(len(tiles))
    assert_same_bits(convolve(order), convolve(np.arange(len(tiles)))[order])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("filters", [1, 5, 8])
@pytest.mark.parametrize("size", [27, 28, 31])
def test_blank_background_is_one_value_per_filter(rng, dtype, filters, size):
    """Every window of a blank image is tied with every other, to the last bit."""
    x = np.full((3, 1, size, size), -0.4321, dtype=dtype)
    out = convolved(x, rng.normal(size=(filters, 1, 3, 3)).astype(dtype))
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
    inside = convolved(canvas, weight)[:, :, down : down + 7, right : right + 6]
    assert_same_bits(inside, convolved(patch, weight))
