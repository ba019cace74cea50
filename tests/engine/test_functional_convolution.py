"""Convolution: values, gradients, and equal bits for equal patches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz import functional
from cnnviz.errors import ParameterError, ShapeError
from tests.oracles import assert_same_bits, check_operation, conv2d_loop

DTYPES = ["float32", "float64"]


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
def test_equals_loop_and_central_difference(
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
def test_misfits_are_named(x_shape, weight_shape, stride, padding, text):
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
