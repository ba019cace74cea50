"""The weighted sums of the dense layer, which do not depend on the rest of the batch."""

import numpy as np
import pytest

from cnnviz import functional
from cnnviz.errors import ShapeError
from tests.oracles import assert_same_bits, dense_loop


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("n", "features", "units"), [(1, 1, 1), (3, 7, 1), (2, 5, 4), (5, 33, 10)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_equals_loop(rng, dtype, n, features, units, with_bias):
    x = rng.normal(size=(n, features)).astype(dtype)
    weight = rng.normal(size=(units, features)).astype(dtype)
    bias = rng.normal(size=units).astype(dtype) if with_bias else None
    out = functional.dense(x, weight, bias)
    assert out.dtype == x.dtype
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(out, dense_loop(x, weight, bias), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("features", "units"), [(1352, 1), (784, 128), (128, 10), (45, 3)])
def test_sample_gives_the_same_bits_alone_and_in_any_batch(rng, dtype, features, units):
    x = rng.normal(size=(37, features)).astype(dtype)
    weight = rng.normal(size=(units, features)).astype(dtype)
    whole = functional.dense(x, weight)
    assert_same_bits(whole, np.concatenate([functional.dense(row[None], weight) for row in x]))
    assert_same_bits(whole[5:16], functional.dense(x[5:16], weight))


def test_misfits_are_named():
    with pytest.raises(ShapeError, match=r"\(2, 3\) and \(4, 5\)"):
        functional.dense(np.zeros((2, 3)), np.zeros((4, 5)))
