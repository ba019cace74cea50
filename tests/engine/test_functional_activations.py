"""Activations: values, gradients, kinks and extremes."""

import math

import numpy as np
import pytest

from cnnviz import functional
from tests.oracles import check_operation, elementwise_loop, spread_values

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
def test_equals_loop_and_central_difference(rng, shape, forward, backward, scalar):
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
