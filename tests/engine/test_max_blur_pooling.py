"""Anti-aliased max pooling against plain loops, central differences, and what it is for."""

import numpy as np
import pytest

from cnnviz.functional import blur_kernel, max_blur_pool2d, max_blur_pool2d_backward
from cnnviz.inspect.arithmetic import dense_evidence, explain_cell
from cnnviz.layers import MaxBlurPool2D, layer_from_dict
from cnnviz.network import Network
from cnnviz.routing import check_all, filter_gradient_terms, pool_routing
from tests.engine.routing_cases import lab5
from tests.oracles import max_blur_pool2d_loop

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
    found = max_blur_pool2d(x, size)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(
        found, max_blur_pool2d_loop(x, size), rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6
    )


@CASES
def test_the_gradient_is_a_central_difference(shape, size, rng):
    x, upstream = rng.normal(size=shape), rng.normal(size=(*shape[:2], shape[2] // size, shape[3] // size))
    gradient = max_blur_pool2d_backward(upstream, x, size)
    for place in np.ndindex(*shape):
        sides = []
        for eps in (1e-6, -1e-6):
            moved = x.copy()
            moved[place] += eps
            sides.append(float((upstream * max_blur_pool2d(moved, size)).sum()))
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


def test_it_can_be_described_and_made_again():
    pool = MaxBlurPool2D(3, "all")
    assert layer_from_dict(pool.to_dict()) == pool


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
