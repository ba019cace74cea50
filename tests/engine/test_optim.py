"""Optimisers against the formulas, one number at a time."""

import math

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.optim import SGD, Adam, make_optimizer

DTYPES = ["float32", "float64"]


def sgd_loop(start, gradients, rate, momentum):
    value, velocity = start, 0.0
    for gradient in gradients:
        velocity = momentum * velocity + gradient
        value -= rate * velocity
    return value


def adam_loop(start, gradients, rate, beta1, beta2, eps):
    """Algorithm 1 of the paper."""
    value, mean, square = start, 0.0, 0.0
    for t, gradient in enumerate(gradients, start=1):
        mean = beta1 * mean + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient**2
        value -= rate * (mean / (1 - beta1**t)) / (math.sqrt(square / (1 - beta2**t)) + eps)
    return value


CASES = [
    pytest.param(lambda: SGD(0.1), lambda p, g: sgd_loop(p, g, 0.1, 0.0), id="sgd"),
    pytest.param(lambda: SGD(0.1, 0.9), lambda p, g: sgd_loop(p, g, 0.1, 0.9), id="momentum"),
    pytest.param(lambda: Adam(0.01), lambda p, g: adam_loop(p, g, 0.01, 0.9, 0.999, 1e-8), id="adam"),
    pytest.param(
        lambda: Adam(0.3, 0.5, 0.7, 1e-3),
        lambda p, g: adam_loop(p, g, 0.3, 0.5, 0.7, 1e-3),
        id="adam-settings",
    ),
]


@pytest.mark.parametrize(("make", "loop"), CASES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_the_formula(rng, make, loop, dtype):
    start = rng.normal(size=(2, 3)).astype(dtype)
    gradients = [rng.normal(size=(2, 3)).astype(dtype) for _ in range(7)]
    params = {"a.weight": start.copy()}
    array = params["a.weight"]
    optimizer = make()
    for gradient in gradients:
        optimizer.update(params, {"a.weight": gradient})
    assert params["a.weight"] is array
    assert array.dtype == np.dtype(dtype)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    for index in np.ndindex(start.shape):
        expected = loop(float(start[index]), [float(gradient[index]) for gradient in gradients])
        assert array[index] == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize(("make", "loop"), CASES)
def test_gradients_stay_and_parameters_without_one_too(rng, make, loop):
    params = {"a": rng.normal(size=3), "b": rng.normal(size=2)}
    kept, gradient = params["b"].copy(), rng.normal(size=3)
    copy = gradient.copy()
    optimizer = make()
    for _ in range(3):
        optimizer.update(params, {"a": gradient})
    np.testing.assert_array_equal(gradient, copy)
    np.testing.assert_array_equal(params["b"], kept)


@pytest.mark.parametrize(("make", "loop"), CASES)
def test_finds_the_bottom_of_a_bowl(make, loop):
    params = {"p": np.array([1.0, -2.0])}
    optimizer = make()
    for _ in range(600):
        optimizer.update(params, {"p": 2 * params["p"]})
    assert np.abs(params["p"]).max() < 0.2


@pytest.mark.parametrize(("make", "loop"), CASES)
def test_goes_on_from_a_saved_state_to_the_bit(rng, make, loop):
    gradients = [{"a": rng.normal(size=4), "b": rng.normal(size=(2, 2))} for _ in range(6)]
    params = {"a": np.ones(4), "b": np.ones((2, 2))}
    first = make()
    for gradient in gradients[:3]:
        first.update(params, gradient)
    state, copies = first.state(), {name: array.copy() for name, array in params.items()}
    for gradient in gradients[3:]:
        first.update(params, gradient)

    second = make()
    second.load_state(state)
    for gradient in gradients[3:]:
        second.update(copies, gradient)
    for name in params:
        np.testing.assert_array_equal(copies[name], params[name])
    assert int(second.state()["steps"]) == 6


def test_state_is_a_copy(rng):
    optimizer = SGD(0.1, momentum=0.5)
    optimizer.update({"a": np.ones(2)}, {"a": np.ones(2)})
    state = optimizer.state()
    state["momentum.a"][:] = 99
    np.testing.assert_array_equal(optimizer.state()["momentum.a"], np.ones(2))


def test_rate_may_change_between_steps():
    params = {"p": np.zeros(1)}
    optimizer = SGD(0.5)
    optimizer.update(params, {"p": np.ones(1)})
    optimizer.learning_rate = 0.25
    optimizer.update(params, {"p": np.ones(1)})
    assert params["p"].item() == -0.75
    assert optimizer.learning_rate == 0.25


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "0.1", None, True])
def test_rates_that_make_no_sense_are_refused(rate):
    for make in (SGD, Adam):
        with pytest.raises(ParameterError, match="'learning_rate' parameter"):
            make(rate)
    optimizer = SGD(0.5)
    with pytest.raises(ParameterError, match="'learning_rate' parameter of SGD"):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.5


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SGD(0.1, -0.1), "'momentum' parameter of SGD"),
        (lambda: SGD(0.1, 1.1), "'momentum' parameter of SGD"),
        (lambda: Adam(0.1, beta1=1.0), "'beta1' parameter of Adam"),
        (lambda: Adam(0.1, beta2=-0.1), "'beta2' parameter of Adam"),
        (lambda: Adam(0.1, eps=0.0), "'eps' parameter of Adam"),
        (lambda: make_optimizer("rmsprop", 0.1), "must be one of 'sgd', 'adam'"),
    ],
)
def test_settings_out_of_range_are_named(make, text):
    with pytest.raises(ParameterError, match=text):
        make()


def test_made_by_name():
    sgd = make_optimizer("sgd", 0.1, momentum=0.7)
    assert isinstance(sgd, SGD)
    assert (sgd.learning_rate, sgd.momentum) == (0.1, 0.7)
    adam = make_optimizer("adam", 0.2)
    assert isinstance(adam, Adam)
    assert adam.learning_rate == 0.2


def test_gradient_of_another_shape_is_named():
    with pytest.raises(ShapeError, match=r"'conv1.weight' must have shape \(2, 2\)"):
        SGD(0.1).update({"conv1.weight": np.ones((2, 2))}, {"conv1.weight": np.ones(2)})


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"steps": np.array(-1)},
        {"steps": np.array(1.5)},
        {"steps": np.array([1, 2])},
        {"steps": np.array(1), "velocity.a": np.ones(2)},
        {"steps": np.array(1), "momentum": np.ones(2)},
        {"steps": np.array(1), "momentum.a": np.array(["x"])},
    ],
)
def test_foreign_states_are_refused_and_the_old_one_stays(state):
    optimizer = SGD(0.1, momentum=0.5)
    optimizer.update({"a": np.ones(2)}, {"a": np.ones(2)})
    with pytest.raises(ParameterError, match="state of SGD"):
        optimizer.load_state(state)
    np.testing.assert_array_equal(optimizer.state()["momentum.a"], np.ones(2))


def test_state_of_another_network_is_named():
    optimizer = Adam(0.1)
    optimizer.load_state({"steps": np.array(1), "mean.a": np.ones(3), "square.a": np.ones(3)})
    with pytest.raises(ShapeError, match="optimiser's mean of 'a'"):
        optimizer.update({"a": np.ones(2)}, {"a": np.ones(2)})


@pytest.mark.parametrize(("make", "loop"), CASES)
def test_runaway_numbers_become_infinite_without_a_warning(make, loop):
    params = {"p": np.array([1e38], dtype=np.float32)}
    optimizer = make()
    for _ in range(3):
        optimizer.update(params, {"p": np.array([-3e38], dtype=np.float32)})
    assert params["p"].dtype == np.float32
