"""The equations of the report say what the network at hand computes: they are read, and computed from."""

import re
from dataclasses import replace

import numpy as np
import pytest

from cnnviz.experiment import LAB5
from cnnviz.layers import Activation, Conv2D
from cnnviz.mathematics import typst
from cnnviz.report.equations import of_network
from tests.engine.routing_cases import ink
from tests.oracles import avg_pool2d_loop, mirrored, subsample_pool2d_loop


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layer", [Conv2D(2, bias=False), Conv2D(2, 3, 2, 1), Conv2D(2, 2, padding=2)])
def test_a_cell_computed_as_the_equation_says_is_that_of_the_layer(layer, channels, rng):
    """Which terms there are is read from the equation as Typst gets it; the sum is then done by hand."""
    written = typst(layer.equation(channels).formula)
    found = re.fullmatch(
        r"z_\(f , i , j\) = (b_\(f\) \+ |b_f \+ )? ?sum_\((c , )?a , b\) w_\(f , (c , )?a , b\) "
        r"thin x_\((c , )?(\d )?i \+ a( - \d)? , (\d )?j \+ b( - \d)?\)",
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
    assert ("Outside the map x is 0" in layer.equation(1).remark) is (padding > 0)
    assert "cross-correlation" in layer.equation(1).remark


def test_the_filter_gradient_has_the_indices_of_the_convolution():
    layer = Conv2D(2, padding=1)
    pixel = "x_(c , i + a - 1 , j + b - 1)"
    assert typst(layer.equation(3).formula).endswith(pixel)
    assert typst(layer.gradient_equation(3).formula).endswith(pixel)


def windows_and_weights(pool, shape):
    """Windows of the maximum as lists of cells, and what each output cell takes of each, by plain loops."""
    height, width = shape
    outputs = list(np.ndindex(height // 2, width // 2))
    if pool == "max":
        windows = [[(2 * i + a, 2 * j + b) for a in (0, 1) for b in (0, 1)] for i, j in outputs]
        return windows, [{number: 1.0} for number in range(len(outputs))]
    windows, weights = [], []
    for i, j in outputs:
        taken = {}
        for a, b in np.ndindex(3, 3):
            top, left = 2 * i - 1 + a, 2 * j - 1 + b
            places = [(mirrored(top + m, height), mirrored(left + n, width)) for m in (0, 1) for n in (0, 1)]
            taken[len(windows)] = (1, 2, 1)[a] * (1, 2, 1)[b] / 16
            windows.append(places)
        weights.append(taken)
    return windows, weights


def linear_weights(pool, shape):
    """What each output cell of a linear pool takes of each cell: its answer to a single 1."""
    height, width = shape
    ones = np.eye(height * width).reshape(-1, 1, height, width)
    if pool == "average":
        return avg_pool2d_loop(ones, 2, 2)[:, 0]
    return subsample_pool2d_loop(ones, 2)[:, 0]


def through_the_pool(written, pool, values, arriving):
    """Gradient of one map before the pool, as the equation says."""
    got = np.zeros(values.shape)
    if "s_(W , c)" in written:
        shares = linear_weights(pool, values.shape)
        return (shares * arriving).sum(axis=(1, 2)).reshape(values.shape)
    assert ("k_(W , V)" in written) is (pool == "max_blur")
    windows, weights = windows_and_weights(pool, values.shape)
    passed = np.zeros(len(windows))
    for slope, taken in zip(arriving.ravel(), weights, strict=True):
        for window, weight in taken.items():
            passed[window] += weight * slope
    for places, slope in zip(windows, passed, strict=True):
        largest = max(values[place] for place in places)
        winners = [place for place in places if values[place] == largest]
        takers = winners[:1] if "first winner" in written else winners
        for place in takers:
            got[place] += slope / (len(winners) if "frac(1, n_" in written else 1)
    return got


RULES = [("max", "first"), ("max", "all"), ("max", "split"), ("max_blur", "first"), ("max_blur", "all")]
RULES += [("max_blur", "split"), ("average", "all"), ("subsample", "all"), ("none", "all")]


@pytest.mark.parametrize(("activation", "padding"), [("none", 1), ("leaky_relu", 0), ("tanh", 1)])
@pytest.mark.parametrize(("pool", "ties"), RULES)
def test_all_equations_together_give_the_gradient_of_the_filter(pool, ties, activation, padding):
    """From the gradient at the pooled maps back to the weights, each step as its equation is written."""
    experiment = replace(
        LAB5, filters=(2,), conv_bias=True, padding=padding, activation=activation, pool=pool, ties=ties,
        classes=("4", "7", "9"), output="softmax", init="he",
    )  # fmt: skip
    network = experiment.build_network((1, 11, 12))
    x = ink(network)
    trace, gradients = network.forward(x), network.gradients(x, np.array([2]))
    named = of_network(network.layers, 1)
    assert ("activation gradient" in named) is (activation != "none")
    assert ("pool gradient" in named) is (pool != "none")
    act = next((name for name, layer in network.layers if isinstance(layer, Activation)), "conv1")
    maps, letter = trace.outputs[act][0], "z" if activation == "none" else "a"
    slopes = gradients.outputs[act][0]
    if pool != "none":
        written = typst(named["pool gradient"].formula)
        assert written.startswith(f"frac(partial L, partial {letter}_(c)) =")
        arriving = gradients.outputs["pool1"][0]
        slopes = np.array(
            [through_the_pool(written, pool, *pair) for pair in zip(maps, arriving, strict=True)]
        )
    if activation != "none":
        assert "phi' ( z_(f , i , j) )" in typst(named["activation gradient"].formula)
        layer, z = dict(network.layers)[act], trace.outputs["conv1"]
        slopes = slopes * (layer.forward(z + 1e-6, {}) - layer.forward(z - 1e-6, {}))[0] / 2e-6
    pixels = np.pad(x[0, 0], padding)
    for f, a, b in np.ndindex(2, 3, 3):
        total = sum(slopes[f, i, j] * pixels[i + a, j + b] for i, j in np.ndindex(*slopes.shape[1:]))
        assert total == pytest.approx(gradients.params["conv1.weight"][f, 0, a, b], rel=1e-6, abs=1e-9)
