"""Average, blur and subsampling pools."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz import functional
from cnnviz.errors import ParameterError, ShapeError
from tests.oracles import (
    assert_same_bits,
    avg_pool2d_loop,
    blur_pool2d_loop,
    check_operation,
    subsample_pool2d_loop,
)

SHAPES = [(2, 3, 6, 6), (1, 2, 7, 5), (1, 1, 9, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "stride"), [(1, 1), (2, 2), (3, 3), (3, 1), (3, 2), (2, 3)])
def test_average_equals_loop_and_central_difference(rng, shape, size, stride):
    check_operation(
        forward=lambda x: functional.avg_pool2d(x, size, stride),
        backward=lambda d_out, _out, x: {"x": functional.avg_pool2d_backward(d_out, x.shape, size, stride)},
        oracle=lambda x: avg_pool2d_loop(x, size, stride),
        inputs={"x": rng.normal(size=shape)},
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_subsampling_equals_loop_and_central_difference(rng, shape, size):
    check_operation(
        forward=lambda x: functional.subsample_pool2d(x, size),
        backward=lambda d_out, _out, x: {"x": functional.subsample_pool2d_backward(d_out, x.shape, size)},
        oracle=lambda x: subsample_pool2d_loop(x, size),
        inputs={"x": rng.normal(size=shape)},
    )


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1, 2, 2), (1, 1, 1, 3), (1, 1, 3, 1)])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("taps", [2, 3, 4, 5])
def test_blur_equals_loop_and_central_difference(rng, shape, size, taps):
    if min(shape[2:]) < size:
        with pytest.raises(ShapeError, match=f"at least {size} x {size}"):
            functional.blur_pool2d(np.zeros(shape), size, taps)
        return
    check_operation(
        forward=lambda x: functional.blur_pool2d(x, size, taps),
        backward=lambda d_out, _out, x: {"x": functional.blur_pool2d_backward(d_out, x.shape, size, taps)},
        oracle=lambda x: blur_pool2d_loop(x, size, taps),
        inputs={"x": rng.normal(size=shape)},
    )


@settings(max_examples=60)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    size=st.integers(1, 4),
    taps=st.integers(2, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_blur_backward_is_the_adjoint(height, width, size, taps, seed):
    """<blur(x), d> = <x, blur'(d)> for all x and d."""
    size = min(size, height, width)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, 1, height, width))
    out = functional.blur_pool2d(x, size, taps)
    d_out = rng.normal(size=out.shape)
    d_x = functional.blur_pool2d_backward(d_out, x.shape, size, taps)
    np.testing.assert_allclose(np.sum(out * d_out), np.sum(x * d_x), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blur_keeps_a_constant_image(taps, dtype):
    """Weights that add up to exactly 1, at the border too."""
    x = np.full((1, 2, 7, 8), 0.375, dtype=dtype)
    np.testing.assert_array_equal(functional.blur_pool2d(x, 2, taps), x[:, :, :3, :4])


def test_blur_of_a_single_bright_pixel():
    x = np.zeros((1, 1, 6, 6))
    x[0, 0, 2, 2] = 16
    expected = [[0, 0, 0], [0, 4, 0], [0, 0, 0]]
    assert functional.blur_pool2d(x, 2, 3)[0, 0].tolist() == expected
    x = np.roll(x, 1, axis=3)
    expected = [[0, 0, 0], [0, 2, 2], [0, 0, 0]]
    assert functional.blur_pool2d(x, 2, 3)[0, 0].tolist() == expected


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
def test_even_shift_moves_the_pooled_map_to_the_bit(rng, taps):
    """A digit on a blank field, moved by two pixels: its pooled maps move by one cell, exactly."""
    x = np.full((1, 1, 16, 16), -0.5)
    x[..., 5:10, 5:10] = rng.normal(size=(5, 5))
    moved = np.roll(x, (2, -2), axis=(2, 3))
    pools = [
        lambda maps: functional.blur_pool2d(maps, 2, taps),
        lambda maps: functional.avg_pool2d(maps, 2),
        lambda maps: functional.subsample_pool2d(maps, 2),
    ]
    for pool in pools:
        assert_same_bits(pool(moved), np.roll(pool(x), (1, -1), axis=(2, 3)))


def test_all_pools_give_the_same_grid(rng):
    x = rng.normal(size=(2, 3, 9, 7))
    shapes = {
        functional.max_pool2d(x, 2)[0].shape,
        functional.avg_pool2d(x, 2).shape,
        functional.subsample_pool2d(x, 2).shape,
        *(functional.blur_pool2d(x, 2, taps).shape for taps in functional.BLUR_KERNELS),
    }
    assert shapes == {(2, 3, 4, 3)}


@pytest.mark.parametrize("pool", [functional.avg_pool2d, functional.subsample_pool2d, functional.blur_pool2d])
def test_too_small_maps_are_named(pool):
    with pytest.raises(ShapeError, match=r"at least 3 x 3 pixels. Got 2 x 4"):
        pool(np.zeros((1, 1, 2, 4)), 3)
    with pytest.raises(ShapeError, match=r"\(n, c, h, w\)"):
        pool(np.zeros((4, 4)), 2)


def test_wrong_gradient_shapes_and_taps_are_named():
    shape, wrong = (1, 1, 6, 6), np.zeros((1, 1, 2, 3))
    with pytest.raises(ShapeError, match="d_out"):
        functional.avg_pool2d_backward(wrong, shape, 2)
    with pytest.raises(ShapeError, match="d_out"):
        functional.subsample_pool2d_backward(wrong, shape, 2)
    with pytest.raises(ShapeError, match="d_out"):
        functional.blur_pool2d_backward(wrong, shape, 2)
    with pytest.raises(ParameterError, match=r"one of 2, 3, 4, 5. Got 6"):
        functional.blur_pool2d(np.zeros(shape), 2, 6)
