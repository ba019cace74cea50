"""Pools: average, subsampling, the maximum, and the maximum with a blur after it."""

import itertools

import numpy as np
import pytest

from cnnviz.errors import ShapeError
from cnnviz.inspect.arithmetic import dense_evidence, explain_cell
from cnnviz.layers import TIE_RULES, AvgPool2D, MaxBlurPool2D, MaxPool2D, SubsamplePool2D
from cnnviz.layers.max_blur import blur_kernel
from cnnviz.network import Network
from cnnviz.routing import check_all, filter_gradient_terms, pool_routing
from tests.engine.routing_cases import lab5
from tests.oracles import (
    assert_same_bits,
    avg_pool2d_loop,
    check_operation,
    max_blur_pool2d_loop,
    max_pool2d_backward_loop,
    max_pool2d_loop,
    spread_values,
    subsample_pool2d_loop,
)


def passes(pool):
    """Forward and backward pass of a pool, as `check_operation` takes them."""
    return (
        lambda x: pool.forward(x, {}),
        lambda d_out, out, x: {"x": pool.input_gradient(d_out, x, out, {})},
    )


def max_pooled(x, size, stride=None):
    """Largest value of each window, and the first cell that has it."""
    pool = MaxPool2D(size, stride)
    return pool.forward(x, {}), pool.first_winners(x)


def routed_back(d_out, x, pooled, size, stride=None, ties="first"):
    return MaxPool2D(size, stride, ties).input_gradient(d_out, x, pooled, {})


SHAPES = [(2, 3, 6, 6), (1, 2, 7, 5), (1, 1, 9, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "stride"), [(1, 1), (2, 2), (3, 3), (3, 1), (3, 2), (2, 3)])
def test_average_equals_loop_and_central_difference(rng, shape, size, stride):
    check_operation(
        *passes(AvgPool2D(size, stride)),
        oracle=lambda x: avg_pool2d_loop(x, size, stride),
        inputs={"x": rng.normal(size=shape)},
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_subsampling_equals_loop_and_central_difference(rng, shape, size):
    check_operation(
        *passes(SubsamplePool2D(size)),
        oracle=lambda x: subsample_pool2d_loop(x, size),
        inputs={"x": rng.normal(size=shape)},
    )


def test_even_shift_moves_the_pooled_map_to_the_bit(rng):
    """A digit on a blank field, moved by two pixels: its pooled maps move by one cell, exactly."""
    x = np.full((1, 1, 16, 16), -0.5)
    x[..., 5:10, 5:10] = rng.normal(size=(5, 5))
    moved = np.roll(x, (2, -2), axis=(2, 3))
    for pool in (AvgPool2D(2), SubsamplePool2D(2)):
        assert_same_bits(pool.forward(moved, {}), np.roll(pool.forward(x, {}), (1, -1), axis=(2, 3)))


def test_all_pools_give_the_same_grid(rng):
    x = rng.normal(size=(2, 3, 9, 7))
    pools = MaxPool2D(2), AvgPool2D(2), SubsamplePool2D(2), MaxBlurPool2D(2)
    assert {pool.forward(x, {}).shape for pool in pools} == {(2, 3, 4, 3)}


@pytest.mark.parametrize("pool", [AvgPool2D(3), SubsamplePool2D(3), MaxPool2D(3), MaxBlurPool2D(3)])
def test_too_small_maps_are_named(pool):
    with pytest.raises(ShapeError, match=r"at least 3 x 3 pixels, not 2 x 4"):
        pool.forward(np.zeros((1, 1, 2, 4)), {})


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
@pytest.mark.parametrize("ties", TIE_RULES)
def test_equals_loop_and_central_difference(rng, shape, size, stride, ties):
    check_operation(
        *passes(MaxPool2D(size, stride, ties)),
        oracle=lambda x: max_pool2d_loop(x, size, stride)[0],
        inputs={"x": spread_values(rng, shape)},
    )


@pytest.mark.parametrize(("shape", "size", "stride"), GEOMETRIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_winners_and_routes_through_ties_equal_the_loop(rng, shape, size, stride, dtype):
    """Three values only, so that most windows are tied."""
    x = rng.integers(-1, 2, size=shape).astype(dtype)
    pooled, winner = max_pooled(x, size, stride)
    expected_pooled, expected_winner = max_pool2d_loop(x, size, stride)
    np.testing.assert_array_equal(pooled, expected_pooled)
    np.testing.assert_array_equal(winner, expected_winner)
    assert winner.dtype == np.intp
    d_out = rng.normal(size=pooled.shape).astype(dtype)
    for ties in TIE_RULES:
        d_x = routed_back(d_out, x, pooled, size, stride, ties)
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
    pooled, winner = max_pooled(x, 2)
    assert pooled.item() == 2
    assert winner.item() == 1
    d_x = routed_back(np.ones_like(pooled), x, pooled, 2, ties=ties)
    assert d_x.ravel().tolist() == np.array(expected, dtype=dtype).tolist()


def test_every_pattern_of_ties_in_a_window():
    """All 3^4 windows of three values side by side: the sums that the rules promise."""
    windows = np.array(list(itertools.product((0.0, 1.0, 2.0), repeat=4)))
    x = windows.reshape(1, len(windows), 2, 2)
    pooled, winner = max_pooled(x, 2)
    ones = np.ones_like(pooled)
    tied = (windows == windows.max(axis=1, keepdims=True)).sum(axis=1)
    routed = {ties: routed_back(ones, x, pooled, 2, ties=ties).reshape(-1, 4) for ties in TIE_RULES}
    np.testing.assert_array_equal(routed["first"].sum(axis=1), 1)
    np.testing.assert_array_equal(routed["first"].argmax(axis=1), winner.ravel())
    np.testing.assert_array_equal(routed["all"].sum(axis=1), tied)
    np.testing.assert_allclose(routed["split"].sum(axis=1), 1, rtol=1e-15)
    for ties in TIE_RULES:
        assert not np.any(routed[ties][windows < windows.max(axis=1, keepdims=True)])


def test_overlapping_windows_add_up():
    """The middle pixel wins all four windows around it and gets all four gradients."""
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    pooled, _ = max_pooled(x, 2, 1)
    d_out = np.array([1.0, 2.0, 4.0, 8.0]).reshape(1, 1, 2, 2)
    for ties in TIE_RULES:
        d_x = routed_back(d_out, x, pooled, 2, 1, ties)
        assert d_x[0, 0, 1, 1] == 15
        assert d_x.sum() == 15


def test_rows_and_columns_without_a_whole_window_are_dropped():
    x = np.zeros((1, 1, 5, 5))
    x[:, :, 4, :] = x[:, :, :, 4] = 9
    pooled, _ = max_pooled(x, 2)
    assert pooled.shape == (1, 1, 2, 2)
    assert not pooled.any()
    d_x = routed_back(np.ones_like(pooled), x, pooled, 2)
    assert not d_x[:, :, 4].any()
    assert not d_x[..., 4].any()


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("ties", TIE_RULES)
def test_nan_is_passed_on_and_gets_the_gradient(place, ties):
    x = np.array([3.0, 1.0, 2.0, 3.0] * 2).reshape(1, 2, 2, 2)
    x[0, 0].ravel()[place] = np.nan
    pooled, winner = max_pooled(x, 2)
    assert np.isnan(pooled[0, 0, 0, 0])
    assert winner.ravel().tolist() == [place, 0]
    assert pooled[0, 1, 0, 0] == 3
    d_x = routed_back(np.ones_like(pooled), x, pooled, 2, ties=ties)
    assert d_x[0, 0].ravel().tolist() == [float(cell == place) for cell in range(4)]


def test_infinities_compete_like_numbers():
    x = np.array([-np.inf, 0.0, np.inf, np.inf]).reshape(1, 1, 2, 2)
    pooled, winner = max_pooled(x, 2)
    assert (pooled.item(), winner.item()) == (np.inf, 2)
    d_x = routed_back(np.full_like(pooled, np.inf), x, pooled, 2)
    assert d_x.ravel().tolist() == [0, 0, np.inf, 0]


CASES = pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((2, 3, 8, 8), 2),
        ((1, 1, 7, 9), 2),
        ((1, 2, 9, 11), 3),
        ((1, 1, 13, 8), 4),
        ((1, 1, 5, 4), 1),
        ((1, 1, 2, 2), 2),
    ],
)


@CASES
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_are_those_of_plain_loops(shape, size, dtype, rng):
    x = rng.normal(size=shape).astype(dtype)
    found = MaxBlurPool2D(size).forward(x, {})
    assert found.dtype == x.dtype
    np.testing.assert_allclose(
        found, max_blur_pool2d_loop(x, size), rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6
    )


@CASES
def test_the_gradient_is_a_central_difference(shape, size, rng):
    x, upstream = rng.normal(size=shape), rng.normal(size=(*shape[:2], shape[2] // size, shape[3] // size))
    pool = MaxBlurPool2D(size)
    gradient = pool.input_gradient(upstream, x, pool.forward(x, {}), {})
    for place in np.ndindex(*shape):
        sides = []
        for eps in (1e-6, -1e-6):
            moved = x.copy()
            moved[place] += eps
            sides.append(float((upstream * pool.forward(moved, {})).sum()))
        assert gradient[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7)


@CASES
@pytest.mark.parametrize("ties", ["first", "all", "split"])
def test_shares_are_what_the_gradient_takes(shape, size, ties, rng):
    """Also where cells tie: small whole numbers."""
    x = rng.integers(0, 3, size=shape).astype(np.float64)
    pool = MaxBlurPool2D(size, ties)
    upstream = rng.normal(size=pool.forward(x, {}).shape)
    shares, geometry = pool.shares(x), pool.geometry
    rows, columns = (
        geometry.cells(np.arange(n), side) for n, side in zip(upstream.shape[2:], shape[2:], strict=True)
    )
    expected = np.zeros(shape)
    for n, c, i, j, a, b in np.ndindex(*shares.shape):
        expected[n, c, rows[i, a], columns[j, b]] += shares[n, c, i, j, a, b] * upstream[n, c, i, j]
    np.testing.assert_allclose(
        pool.input_gradient(upstream, x, pool.forward(x, {}), {}), expected, atol=1e-12
    )


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_kernel_lets_nothing_through_that_the_coarser_grid_would_mistake(size):
    kernel = np.array(blur_kernel(size))
    assert kernel.sum() == pytest.approx(1)
    for alias in range(1, size):
        wave = np.exp(2j * np.pi * alias / size * np.arange(len(kernel)))
        assert abs((kernel * wave).sum()) < 1e-12


@pytest.mark.parametrize("ties", ["first", "all", "split"])
def test_everything_that_is_said_about_pools_holds_for_it(ties):
    """Gradient check, routes, terms, arithmetic and evidence follow from what the layer says of itself."""
    network, x, label = lab5()
    layers = [(name, MaxBlurPool2D(2, ties) if name == "pool1" else layer) for name, layer in network.layers]
    network = Network.build(layers, network.input_shape, dtype="float64").with_params(network.params)
    report = check_all(network, x, label)
    assert report.counts["mismatch"] == report.counts["curvature"] == 0
    assert (report.counts["tie_rule"] > 0) == (ties == "all")
    assert report.largest_error < 1e-6
    trace, gradients = network.forward(x), network.gradients(x, np.array([label]))
    routing = pool_routing(network, trace, gradients, "pool1")
    delivered = routing.routes().delivered(routing.incoming, routing.values.shape)
    np.testing.assert_allclose(delivered, gradients.outputs["conv1"][0], atol=1e-15)
    terms = filter_gradient_terms(network, trace, gradients, "conv1", 0, by="window")
    np.testing.assert_allclose(terms.total, gradients.params["conv1.weight"][0], atol=1e-13)
    cell = explain_cell(network, trace, "pool1", (1, 5, 0))
    assert cell.products.sum() == pytest.approx(cell.value)
    assert abs(dense_evidence(network, trace, "conv1").remainder) < 1e-12
