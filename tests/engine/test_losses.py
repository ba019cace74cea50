"""From logits to probabilities, classes and losses."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.evaluation import evaluate
from cnnviz.layers import losses
from cnnviz.presets import LAB5
from tests.oracles import cross_entropy_loop, numeric_gradient, softmax_loop

DTYPES = ["float32", "float64"]
LOGITS = [1, 2, 5]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 2), (4, 3), (3, 10)])
def test_softmax_equals_its_definition(rng, dtype, shape):
    logits = rng.normal(size=shape).astype(dtype) * 3
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    out = losses.softmax(logits)
    assert out.dtype == logits.dtype
    np.testing.assert_allclose(out, softmax_loop(logits), rtol=tolerance)
    logs = losses.log_softmax(logits)
    assert logs.dtype == logits.dtype
    np.testing.assert_allclose(np.exp(logs), softmax_loop(logits), rtol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("logits_count", LOGITS)
@pytest.mark.parametrize("n", [1, 4, 7])
def test_loss_equals_its_definition_and_its_gradient_the_difference(rng, dtype, logits_count, n):
    logits = rng.normal(size=(n, logits_count)) * 2
    labels = rng.integers(0, max(2, logits_count), size=n)
    value = losses.cross_entropy(logits.astype(dtype), labels)
    assert type(value) is float
    assert value == pytest.approx(
        cross_entropy_loop(logits, labels), rel=1e-12 if dtype == "float64" else 1e-6
    )
    gradient = losses.cross_entropy_gradient(logits.astype(dtype), labels)
    assert gradient.dtype == np.dtype(dtype)
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
    gradient = losses.cross_entropy_gradient(logits, np.array([0, 1, 2]))
    np.testing.assert_allclose(gradient, np.array([[0, 0, 0], [1, -1, 0], [1, 0, -1]]) / 3, rtol=1e-7)
    np.testing.assert_array_equal(losses.softmax(logits), [[1, 0, 0]] * 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_of_one_logit_and_of_several(rng, dtype):
    one = np.array([[0.0], [2.0], [-1e4]], dtype=dtype)
    assert losses.probabilities_from_logits(one).shape == (3, 1)
    both = losses.class_probabilities(one)
    assert both.shape == (3, 2)
    assert both.dtype == one.dtype
    np.testing.assert_allclose(both[:, 1], losses.probabilities_from_logits(one)[:, 0])
    np.testing.assert_allclose(both.sum(axis=1), 1, rtol=1e-6)
    # 1 - p would round it to 0.
    assert losses.class_probabilities(np.array([[60.0]]))[0, 0] == pytest.approx(math.exp(-60), abs=0)
    several = rng.normal(size=(3, 4)).astype(dtype)
    np.testing.assert_array_equal(losses.class_probabilities(several), losses.softmax(several))
    np.testing.assert_array_equal(losses.probabilities_from_logits(several), losses.softmax(several))


def test_predicted_classes():
    assert losses.predicted_classes(np.array([[-1.0], [0.0], [1e-9]])).tolist() == [0, 0, 1]
    out = losses.predicted_classes(np.array([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]]))
    assert out.tolist() == [1, 0]
    assert out.dtype == np.intp


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint64"])
def test_labels_of_any_integer_dtype(dtype):
    logits = np.array([[0.5, 0.1, -0.2], [0.0, 0.3, 0.1]])
    expected = losses.cross_entropy(logits, np.array([2, 0]))
    assert losses.cross_entropy(logits, np.array([2, 0], dtype=dtype)) == expected
    one = np.array([[0.5], [-0.25]])
    expected = losses.cross_entropy_gradient(one, np.array([1, 0]))
    np.testing.assert_array_equal(losses.cross_entropy_gradient(one, np.array([1, 0], dtype=dtype)), expected)


@pytest.mark.parametrize(
    ("logits", "labels", "error", "text"),
    [
        (np.zeros((2, 3)), np.array([0, 3]), ParameterError, "labels from 0 to 2. Got 3"),
        (np.zeros((2, 3)), np.array([-1, 2]), ParameterError, "Got -1"),
        (np.zeros((2, 1)), np.array([0, 2]), ParameterError, "labels from 0 to 1. Got 2"),
        (np.zeros((2, 3)), np.array([0.0, 1.0]), ParameterError, "integer labels. Got dtype float64"),
        (np.zeros((2, 3)), np.array([True, False]), ParameterError, "integer labels. Got dtype bool"),
        (np.zeros((2, 3)), np.array([0, 1, 2]), ShapeError, "labels of shape (2,). Got (3,)"),
        (np.zeros((2, 3)), np.array([[0], [1]]), ShapeError, "labels of shape (2,). Got (2, 1)"),
        (np.zeros((0, 3)), np.zeros(0, dtype=int), ShapeError, "n >= 1"),
        (np.zeros(3), np.array([0, 1, 2]), ShapeError, "Got (3,)"),
    ],
)
def test_wrong_labels_and_logits_are_named(logits, labels, error, text):
    for function in (losses.cross_entropy, losses.cross_entropy_gradient):
        with pytest.raises(error) as caught:
            function(logits, labels)
        assert text in str(caught.value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_loss_of_what_is_certain_is_zero_without_a_sign(dtype):
    several = np.array([[900, 0, 0], [0, 0, 900]], dtype=dtype)
    one = np.array([[-900], [900]], dtype=dtype)
    found = [
        losses.cross_entropy(several, np.array([0, 2])),
        losses.cross_entropy(one, np.array([0, 1])),
    ]
    for output in ("sigmoid", "softmax"):
        network = replace(LAB5, output=output).build_network((1, 8, 8))
        weights = {name: np.zeros_like(array) for name, array in network.params.items()}
        weights["dense1.bias"][-1] = 900.0
        images = np.zeros((4, 1, 8, 8), dtype=np.uint8)
        found.append(evaluate(network.with_params(weights), images, np.ones(4, dtype=np.int64)).loss)
    assert [f"{loss:.4f}" for loss in found] == ["0.0000"] * 4
