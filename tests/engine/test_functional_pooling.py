"""Average and subsampling pools."""

import numpy as np
import pytest

from cnnviz import functional
from cnnviz.errors import ShapeError
from tests.oracles import assert_same_bits, avg_pool2d_loop, check_operation, subsample_pool2d_loop

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


def test_even_shift_moves_the_pooled_map_to_the_bit(rng):
    """A digit on a blank field, moved by two pixels: its pooled maps move by one cell, exactly."""
    x = np.full((1, 1, 16, 16), -0.5)
    x[..., 5:10, 5:10] = rng.normal(size=(5, 5))
    moved = np.roll(x, (2, -2), axis=(2, 3))
    pools = [lambda maps: functional.avg_pool2d(maps, 2), lambda maps: functional.subsample_pool2d(maps, 2)]
    for pool in pools:
        assert_same_bits(pool(moved), np.roll(pool(x), (1, -1), axis=(2, 3)))


def test_all_pools_give_the_same_grid(rng):
    x = rng.normal(size=(2, 3, 9, 7))
    shapes = {
        functional.max_pool2d(x, 2)[0].shape,
        functional.avg_pool2d(x, 2).shape,
        functional.subsample_pool2d(x, 2).shape,
    }
    assert shapes == {(2, 3, 4, 3)}


@pytest.mark.parametrize("pool", [functional.avg_pool2d, functional.subsample_pool2d])
def test_too_small_maps_are_named(pool):
    with pytest.raises(ShapeError, match=r"at least 3 x 3 pixels. Got 2 x 4"):
        pool(np.zeros((1, 1, 2, 4)), 3)
    with pytest.raises(ShapeError, match=r"\(n, c, h, w\)"):
        pool(np.zeros((4, 4)), 2)


def test_wrong_gradient_shapes_are_named():
    shape, wrong = (1, 1, 6, 6), np.zeros((1, 1, 2, 3))
    with pytest.raises(ShapeError, match="d_out"):
        functional.avg_pool2d_backward(wrong, shape, 2)
    with pytest.raises(ShapeError, match="d_out"):
        functional.subsample_pool2d_backward(wrong, shape, 2)
