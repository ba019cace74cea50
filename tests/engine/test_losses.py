"""From logits to probabilities, classes and losses; optimisers against the formulas, one number at a time."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.evaluation import evaluate
from cnnviz.experiment import LAB5
from cnnviz.layers import losses
from cnnviz.optim import SGD, Adam, make_optimizer
from tests.oracles import (
    assert_same_arrays,
    assert_same_bits,
    cross_entropy_loop,
    numeric_gradient,
    softmax_loop,
)

DTYPES = ["float32", "float64"]
LOGITS = [1, 2, 5]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("logits_count", LOGITS)
@pytest.mark.parametrize("n", [1, 4, 7])
def test_loss_equals_its_definition_and_its_gradient_the_difference(rng, dtype, logits_count, n):
    logits = rng.normal(size=(n, logits_count)) * 2
    labels = rng.integers(0, max(2, logits_count), size=n)
    value = losses.cross_entropy(logits.astype(dtype), labels)
    assert type(value) is float
    rounding = 1e-12 if dtype == "float64" else 1e-6
    assert value == pytest.approx(cross_entropy_loop(logits, labels), rel=rounding)
    shares = losses.softmax(logits.astype(dtype))
    np.testing.assert_allclose(shares, softmax_loop(logits), rtol=1e-13 if dtype == "float64" else 1e-5)
    gradient = losses.cross_entropy_gradient(logits.astype(dtype), labels)
    assert gradient.dtype == shares.dtype == np.dtype(dtype)
    expected = numeric_gradient(lambda: losses.cross_entropy(logits, labels), logits)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [50.0, 1e3, 1e4])
def test_binary_loss_of_large_logits_is_exact(dtype, size):
    """Sure and wrong costs the logit itself; sure and right costs nothing, or what little is left of it."""
    logits = np.array([[size], [-size]], dtype=dtype)
    assert losses.cross_entropy(logits, np.array([0, 1])) == size
    right = losses.cross_entropy(logits, np.array([1, 0]))
    assert right == pytest.approx(math.exp(-size), rel=1e-12, abs=0)
    wrong_gradient = losses.cross_entropy_gradient(logits, np.array([0, 1]))
    np.testing.assert_allclose(wrong_gradient, [[0.5], [-0.5]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e3, 1e4])
def test_categorical_loss_of_large_logits_is_exact(dtype, size):
    logits = np.array([[size, 0, -size]] * 3, dtype=dtype)
    assert losses.cross_entropy(logits, np.array([0, 1, 2])) == size
    near = losses.losses_of_each(np.array([[40, 0, 0], [0, 40, 0]], dtype), np.array([0, 0]))
    assert near == pytest.approx([2 * math.exp(-40), 40], rel=1e-12, abs=0)
    gradient = losses.cross_entropy_gradient(logits, np.array([0, 1, 2]))
    np.testing.assert_allclose(gradient, np.array([[0, 0, 0], [1, -1, 0], [1, 0, -1]]) / 3, rtol=1e-7)
    np.testing.assert_array_equal(losses.softmax(logits), [[1, 0, 0]] * 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_of_one_logit_and_of_several(rng, dtype):
    one = np.array([[0.0], [2.0], [-1e4]], dtype=dtype)
    both = losses.class_probabilities(one)
    assert both.shape == (3, 2)
    assert both.dtype == one.dtype
    np.testing.assert_allclose(both[:, 1], [0.5, 1 / (1 + math.exp(-2)), 0], rtol=1e-6)
    np.testing.assert_allclose(both.sum(axis=1), 1, rtol=1e-6)
    # 1 - p would round it to 0.
    assert losses.class_probabilities(np.array([[60.0]]))[0, 0] == pytest.approx(math.exp(-60), abs=0)
    several = rng.normal(size=(3, 4)).astype(dtype)
    np.testing.assert_array_equal(losses.class_probabilities(several), losses.softmax(several))


def test_predicted_classes():
    assert losses.predicted_classes(np.array([[-1.0], [0.0], [1e-9]])).tolist() == [0, 0, 1]
    assert losses.predicted_classes(np.array([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("logits", "labels", "error", "text"),
    [
        (np.zeros((2, 3)), np.array([0, 3]), ParameterError, "labels from 0 to 2. Got 3"),
        (np.zeros((2, 1)), np.array([0, 2]), ParameterError, "labels from 0 to 1. Got 2"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), ParameterError, "integer labels. Got dtype float64"),
        (np.zeros((2, 3)), np.array([0, 1, 2]), ShapeError, "labels of shape (2,). Got (3,)"),
        (np.zeros((0, 3)), np.zeros(0, dtype=int), ShapeError, "n >= 1"),
        (np.zeros(3), np.array([0, 1, 2]), ShapeError, "Got (3,)"),
    ],
)
def test_wrong_labels_and_logits_are_named(logits, labels, error, text):
    for function in (losses.losses_of_each, losses.cross_entropy_gradient):
        with pytest.raises(error) as caught:
            function(logits, labels)
        assert text in str(caught.value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loss_of_what_is_certain_is_zero_without_a_sign(dtype):
    several, one = np.array([[900, 0, 0], [0, 0, 900]], dtype), np.array([[-900], [900]], dtype)
    found = [losses.cross_entropy(several, np.array([0, 2])), losses.cross_entropy(one, np.array([0, 1]))]
    for output in ("sigmoid", "softmax"):
        network = replace(LAB5, output=output).build_network((1, 8, 8))
        weights = {name: np.zeros_like(array) for name, array in network.params.items()}
        weights["dense1.bias"][-1] = 900.0
        trained, black = network.with_params(weights), np.zeros((4, 1, 8, 8), np.uint8)
        found.append(evaluate(trained, black, np.ones(4, int)).loss)
    assert [f"{loss:.4f}" for loss in found] == ["0.0000"] * 4
    run_away = np.array([[np.inf, 0]], dtype), np.array([0])
    assert np.isnan(np.errstate(invalid="ignore")(losses.cross_entropy)(*run_away))


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


def adam(rate, **constants):
    optimizer = Adam(rate)
    for name, value in constants.items():
        setattr(optimizer, name, value)
    return optimizer


def as_one(vector):
    """View a vector as the only parameter, a."""
    return {"a": vector}


CASES = [
    pytest.param(lambda: SGD(0.1), lambda p, g: sgd_loop(p, g, 0.1, 0.0), id="sgd"),
    pytest.param(lambda: SGD(0.1, 0.9), lambda p, g: sgd_loop(p, g, 0.1, 0.9), id="momentum"),
    pytest.param(lambda: Adam(0.01), lambda p, g: adam_loop(p, g, 0.01, 0.9, 0.999, 1e-8), id="adam"),
    pytest.param(
        lambda: adam(0.3, beta1=0.5, beta2=0.7, eps=1e-3),
        lambda p, g: adam_loop(p, g, 0.3, 0.5, 0.7, 1e-3),
        id="adam-settings",
    ),
]


@pytest.mark.parametrize(("make", "loop"), CASES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_the_formula(rng, make, loop, dtype):
    start = rng.normal(size=(2, 3)).astype(dtype)
    gradients = [rng.normal(size=(2, 3)).astype(dtype) for _ in range(7)]
    array, optimizer = start.copy(), make()
    for gradient in gradients:
        optimizer.update(array, gradient)
    assert array.dtype == np.dtype(dtype)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    for index in np.ndindex(start.shape):
        expected = loop(float(start[index]), [float(gradient[index]) for gradient in gradients])
        assert array[index] == pytest.approx(expected, rel=tolerance, abs=tolerance)


DECAYING = [
    pytest.param(lambda: SGD(0.01, 0.6), "momentum", id="momentum"),
    pytest.param(lambda: adam(0.01, beta1=0.6), "mean", id="adam"),
]


def gradients_of_units_that_die(rng, dtype, steps, units=24):
    """Each unit has gradients until a step of its own, some now and then later, of any order of magnitude."""
    gradients = rng.normal(size=(steps, units)) * 10.0 ** rng.uniform(-12, 2, units)
    ends = rng.integers(1, steps, units)
    alive = np.arange(steps)[:, None] < ends
    again = (rng.random((steps, units)) < 0.01) & (np.arange(units) % 3 == 0)
    return (gradients * (alive | again)).astype(dtype)


@pytest.mark.parametrize(("make", "slot"), DECAYING)
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_decays_to_nothing_is_nothing_and_all_else_keeps_its_bits(rng, monkeypatch, make, slot, dtype):
    """Beside the same optimiser that forgets nothing."""
    gradients = gradients_of_units_that_die(rng, dtype, steps=32 * (10 if dtype == "float32" else 60))
    start, least = rng.normal(size=gradients.shape[1]).astype(dtype), np.finfo(dtype).smallest_normal

    def trained():
        param, optimizer = start.copy(), make()
        for gradient in gradients:
            optimizer.update(param, gradient)
        return param, optimizer.state(as_one)[f"{slot}.a"]

    param, kept = trained()
    monkeypatch.setattr("cnnviz.optim._FLUSH_BELOW", 0)
    same, unflushed = trained()
    assert_same_bits(param, same)
    tiny = np.abs(unflushed) < least * 2**14
    assert ((unflushed != 0) & (np.abs(unflushed) < least)).any()
    np.testing.assert_array_equal(kept, np.where(tiny, 0, unflushed))


@pytest.mark.parametrize(("make", "slot"), DECAYING)
@pytest.mark.parametrize("cut", [1, 31, 32, 33, 250, 399])
def test_a_run_that_is_cut_anywhere_forgets_at_the_same_steps(rng, make, slot, cut):
    gradients = gradients_of_units_that_die(rng, "float32", 400)
    param, optimizer = np.ones(gradients.shape[1], "float32"), make()
    for step, gradient in enumerate(gradients):
        if step == cut:
            state, copy = optimizer.state(as_one), param.copy()
        optimizer.update(param, gradient)
    again = make()
    again.load_state(state, copy, as_one)
    for gradient in gradients[cut:]:
        again.update(copy, gradient)
    assert_same_bits(copy, param)
    assert_same_arrays(again.state(as_one), optimizer.state(as_one))


def test_numbers_that_ran_away_are_not_forgotten():
    optimizer = SGD(0.1, momentum=0.5)
    numbers = np.array([np.inf, -np.inf, np.nan, 1.0, -1e-30], "float32")
    state = {"steps": np.array(31), "momentum.a": numbers}
    param = np.zeros(5, "float32")
    optimizer.load_state(state, param, as_one)
    optimizer.update(param, np.zeros(5, "float32"))
    np.testing.assert_array_equal(optimizer.state(as_one)["momentum.a"], numbers * np.float32(0.5))


@pytest.mark.parametrize(("make", "loop"), CASES)
def test_gradients_and_states_that_were_handed_out_stay(rng, make, loop):
    param, gradient = rng.normal(size=3), rng.normal(size=3)
    copy = gradient.copy()
    optimizer = make()
    for _ in range(3):
        optimizer.update(param, gradient)
    np.testing.assert_array_equal(gradient, copy)
    before, handed_out = optimizer.state(as_one), optimizer.state(as_one)
    for array in handed_out.values():
        array[...] = 99
    assert_same_arrays(before, optimizer.state(as_one))


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
        (lambda: SGD(0.1, 1.1), "'momentum' parameter of SGD"),
        (lambda: make_optimizer("rmsprop", 0.1), "must be one of 'sgd', 'adam'"),
    ],
)
def test_settings_out_of_range_are_named(make, text):
    with pytest.raises(ParameterError, match=text):
        make()


def test_a_state_of_another_shape_is_named():
    state = {"steps": np.array(1), "mean.a": np.ones(3), "square.a": np.ones(3)}
    with pytest.raises(ParameterError, match=r"'mean.a' of shape \(3,\)"):
        Adam(0.1).load_state(state, np.ones(2), as_one)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"steps": np.array(-1)},
        {"steps": np.array([1, 2])},
        {"steps": np.array(1), "velocity.a": np.ones(2)},
        {"steps": np.array(1), "momentum.a": np.array(["x"])},
    ],
)
def test_foreign_states_are_refused_and_the_old_one_stays(state):
    optimizer = SGD(0.1, momentum=0.5)
    optimizer.update(np.ones(2), np.ones(2))
    with pytest.raises(ParameterError, match="state of SGD"):
        optimizer.load_state(state, np.ones(2), as_one)
    np.testing.assert_array_equal(optimizer.state(as_one)["momentum.a"], np.ones(2))
