"""The equations of the report say what the network at hand computes: they are read, and computed from."""

import re

import numpy as np
import pytest

from cnnviz.layers import AvgPool2D, BlurPool2D, Conv2D, MaxPool2D
from cnnviz.mathematics import latex, mathml, typst
from cnnviz.report.equations import convolution, filter_gradient, pool_gradient, remarks


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layer", [Conv2D(2, bias=False), Conv2D(2, 3, 2, 1), Conv2D(2, 2, padding=2)])
def test_a_cell_computed_as_the_equation_says_is_that_of_the_layer(layer, channels, rng):
    """Which terms there are is read from the LaTeX of the equation; the sum is then done by hand."""
    written = latex(convolution(layer, channels).formula)
    found = re.fullmatch(
        r"z_\{f , i , j\} = (b_\{f\} \+ |b_f \+ )? ?\\sum_\{(c , )?a , b\} w_\{f , (c , )?a , b\} "
        r"\\, x_\{(c , )?(\d )?i \+ a( - \d)? , (\d )?j \+ b( - \d)?\}",
        written,
    )
    assert found, written
    assert bool(found[1]) is layer.bias
    assert bool(found[2]) is bool(found[3]) is bool(found[4]) is (channels > 1)
    stride = int(found[5] or 1)
    padding = -int((found[6] or "0").replace(" ", ""))
    x = rng.normal(size=(channels, 7, 8))
    weight, bias = rng.normal(size=(2, channels, layer.kernel_size, layer.kernel_size)), rng.normal(size=2)
    params = {"weight": weight} | ({"bias": bias} if layer.bias else {})
    out = layer.forward(x[None], params)[0]
    for f, i, j in np.ndindex(*out.shape):
        total = bias[f] if layer.bias else 0.0
        for c, a, b in np.ndindex(channels, layer.kernel_size, layer.kernel_size):
            row, column = stride * i + a - padding, stride * j + b - padding
            if 0 <= row < 7 and 0 <= column < 8:
                total += weight[f, c, a, b] * x[c, row, column]
        assert out[f, i, j] == pytest.approx(total)
    assert ("Outside the map x is 0" in remarks(layer)) is (padding > 0)
    assert "cross-correlation" in remarks(layer)


def test_the_filter_gradient_has_the_indices_of_the_convolution():
    layer = Conv2D(2, padding=1)
    pixel = r"x_{c , i + a - 1 , j + b - 1}"
    assert latex(convolution(layer, 3).formula).endswith(pixel)
    assert latex(filter_gradient(layer, 3).formula).endswith(pixel)


@pytest.mark.parametrize("ties", ["first", "all", "split"])
def test_the_routing_equation_is_that_of_the_rule(ties):
    """The window 1, 2, 2, 2 with gradient 1, by what the equation says."""
    pool = MaxPool2D(2, ties=ties)
    written = latex(pool_gradient(pool).formula)
    window = np.array([[[[1.0, 2.0], [2.0, 2.0]]]])
    got = pool.input_gradient(np.ones((1, 1, 1, 1)), window, np.full((1, 1, 1, 1), 2.0), {})[0, 0].ravel()
    winners = [1, 2, 3]
    takers = winners[:1] if "first winner" in written else winners
    share = 1 / len(winners) if r"\frac{1}{n_{W}}" in written else 1.0
    np.testing.assert_allclose(got, [share if cell in takers else 0.0 for cell in range(4)])


@pytest.mark.parametrize("pool", [AvgPool2D(2), BlurPool2D(2), MaxPool2D(2, ties="split")])
def test_equations_are_complete_in_all_three_languages(pool):
    formula = pool_gradient(pool).formula
    for text in (typst(formula), latex(formula), mathml(formula)):
        assert text.count("{") == text.count("}") or "<mo" in text
        assert text.count("(") == text.count(")")
        for sign in ("L", "p", "W", "z", "c"):
            assert sign in text
