"""Max pooling: values, winners, and the three rules for ties."""

import itertools

import numpy as np
import pytest

from cnnviz import functional
from cnnviz.errors import ParameterError, ShapeError
from tests.oracles import check_operation, max_pool2d_backward_loop, max_pool2d_loop, spread_values

GEOMETRIES = [
    ((2, 3, 6, 6), 2, 2),
    ((1, 2, 7, 5), 2, 2),
    ((1, 1, 7, 8), 3, 3),
    ((2, 1, 7, 6), 3, 2),
    ((1, 2, 5, 6), 2, 1),
    ((1, 1, 7, 7), 2, 3),
    ((1, 1, 4, 5), 1, 1),
]


@pytest.mark.parametrize(("shape", "size", "stride"), GEOMETRIES)
@pytest.mark.parametrize("ties", functional.TIE_RULES)
def test_equals_loop_and_central_difference(rng, shape, size, stride, ties):
    check_operation(
        forward=lambda x: functional.max_pool2d(x, size, stride)[0],
        backward=lambda d_out, out, x: {
            "x": functional.max_pool2d_backward(d_out, x, out, size, stride, ties)
        },
        oracle=lambda x: max_pool2d_loop(x, size, stride)[0],
        inputs={"x": spread_values(rng, shape)},
    )


@pytest.mark.parametrize(("shape", "size", "stride"), GEOMETRIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_winners_and_routes_through_ties_equal_the_loop(rng, shape, size, stride, dtype):
    """Three values only, so that most windows are tied."""
    x = rng.integers(-1, 2, size=shape).astype(dtype)
    pooled, winner = functional.max_pool2d(x, size, stride)
    expected_pooled, expected_winner = max_pool2d_loop(x, size, stride)
    np.testing.assert_array_equal(pooled, expected_pooled)
    np.testing.assert_array_equal(winner, expected_winner)
    assert winner.dtype == np.intp
    np.testing.assert_array_equal(functional.max_pool2d_values(x, size, stride), pooled)
    d_out = rng.normal(size=pooled.shape).astype(dtype)
    for ties in functional.TIE_RULES:
        d_x = functional.max_pool2d_backward(d_out, x, pooled, size, stride, ties)
        assert d_x.dtype == x.dtype
        expected = max_pool2d_backward_loop(d_out, x, size, stride, ties)
        np.testing.assert_allclose(d_x, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("ties", "expected"),
    [("first", [0, 1, 0, 0]), ("all", [0, 1, 1, 1]), ("split", [0, 1 / 3, 1 / 3, 1 / 3])],
)
def test_tie_rules_by_hand(dtype, ties, expected):
    x = np.array([1, 2, 2, 2], dtype=dtype).reshape(1, 1, 2, 2)
    pooled, winner = functional.max_pool2d(x, 2)
    assert pooled.item() == 2
    assert winner.item() == 1
    d_x = functional.max_pool2d_backward(np.ones_like(pooled), x, pooled, 2, ties=ties)
    assert d_x.ravel().tolist() == np.array(expected, dtype=dtype).tolist()


def test_every_pattern_of_ties_in_a_window():
    """All 3^4 windows of three values side by side: the sums that the rules promise."""
    windows = np.array(list(itertools.product((0.0, 1.0, 2.0), repeat=4)))
    x = windows.reshape(1, len(windows), 2, 2)
    pooled, winner = functional.max_pool2d(x, 2)
    ones = np.ones_like(pooled)
    tied = (windows == windows.max(axis=1, keepdims=True)).sum(axis=1)
    routed = {
        ties: functional.max_pool2d_backward(ones, x, pooled, 2, ties=ties).reshape(-1, 4)
        for ties in functional.TIE_RULES
    }
    np.testing.assert_array_equal(routed["first"].sum(axis=1), 1)
    np.testing.assert_array_equal(routed["first"].argmax(axis=1), winner.ravel())
    np.testing.assert_array_equal(routed["all"].sum(axis=1), tied)
    np.testing.assert_allclose(routed["split"].sum(axis=1), 1, rtol=1e-15)
    for ties in functional.TIE_RULES:
        assert not np.any(routed[ties][windows < windows.max(axis=1, keepdims=True)])


def test_overlapping_windows_add_up():
    """The middle pixel wins all four windows around it and gets all four gradients."""
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    pooled, _ = functional.max_pool2d(x, 2, 1)
    d_out = np.array([1.0, 2.0, 4.0, 8.0]).reshape(1, 1, 2, 2)
    for ties in functional.TIE_RULES:
        d_x = functional.max_pool2d_backward(d_out, x, pooled, 2, 1, ties)
        assert d_x[0, 0, 1, 1] == 15
        assert d_x.sum() == 15


def test_rows_and_columns_without_a_whole_window_are_dropped():
    x = np.zeros((1, 1, 5, 5))
    x[:, :, 4, :] = x[:, :, :, 4] = 9
    pooled, _ = functional.max_pool2d(x, 2)
    assert pooled.shape == (1, 1, 2, 2)
    assert not pooled.any()
    d_x = functional.max_pool2d_backward(np.ones_like(pooled), x, pooled, 2)
    assert not d_x[:, :, 4].any()
    assert not d_x[..., 4].any()


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("ties", functional.TIE_RULES)
def test_nan_is_passed_on_and_gets_the_gradient(place, ties):
    x = np.array([3.0, 1.0, 2.0, 3.0] * 2).reshape(1, 2, 2, 2)
    x[0, 0].ravel()[place] = np.nan
    pooled, winner = functional.max_pool2d(x, 2)
    assert np.isnan(pooled[0, 0, 0, 0])
    assert winner.ravel().tolist() == [place, 0]
    assert pooled[0, 1, 0, 0] == 3
    d_x = functional.max_pool2d_backward(np.ones_like(pooled), x, pooled, 2, ties=ties)
    assert d_x[0, 0].ravel().tolist() == [float(cell == place) for cell in range(4)]


def test_infinities_compete_like_numbers():
    x = np.array([-np.inf, 0.0, np.inf, np.inf]).reshape(1, 1, 2, 2)
    pooled, winner = functional.max_pool2d(x, 2)
    assert (pooled.item(), winner.item()) == (np.inf, 2)
    d_x = functional.max_pool2d_backward(np.full_like(pooled, np.inf), x, pooled, 2)
    assert d_x.ravel().tolist() == [0, 0, np.inf, 0]


def test_misfits_are_named():
    x = np.zeros((1, 1, 3, 2))
    with pytest.raises(ShapeError, match=r"at least 3 x 3 pixels. Got 3 x 2"):
        functional.max_pool2d(x, 3)
    with pytest.raises(ShapeError, match="d_out"):
        functional.max_pool2d_backward(np.zeros((1, 1, 2, 2)), x, np.zeros((1, 1, 1, 1)), 2)
    with pytest.raises(ShapeError, match="pooled"):
        functional.max_pool2d_backward(np.zeros((1, 1, 1, 1)), x, np.zeros((1, 1, 2, 1)), 2)
    with pytest.raises(ParameterError, match="'first', 'all', 'split'"):
        functional.max_pool2d_backward(np.zeros((1, 1, 1, 1)), x, np.zeros((1, 1, 1, 1)), 2, ties="last")
    with pytest.raises(ParameterError, match="stride"):
        functional.max_pool2d(x, 2, 0)
