"""One cell written out: the numbers are those of the forward pass, to the bit, and add up."""

import itertools
import math

import numpy as np
import pytest

from cnnviz.datasets import load_mnist, to_input
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import LAB5, LENET
from cnnviz.inspect.arithmetic import explain_cell, logit_contributions
from cnnviz.layers import (
    ACTIVATIONS,
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    SubsamplePool2D,
    Tanh,
)
from cnnviz.layers.cells import ActivationCell, ConvolutionCell, DenseCell, MaxPoolCell, WeightedCell
from cnnviz.network import Network
from cnnviz.routing import with_ties
from tests.engine.routing_cases import network_of, shaken, weighted

DTYPES = ["float32", "float64"]


def everything(dtype):
    """A network with every kind of layer, and with padding, strides and dropped borders."""
    network = network_of(
        (2, 23, 20), 4, dtype, conv1=Conv2D(3, kernel_size=3, stride=2, padding=2), leaky=LeakyReLU(0.1),
        mean=AvgPool2D(2, stride=1), max=MaxPool2D(3, stride=2, ties="split"),
        conv2=Conv2D(2, kernel_size=2, padding=1, bias=False), tanh=Tanh(), average=AvgPool2D(2, stride=1),
        sub=SubsamplePool2D(2), relu1=ReLU(), flatten=Flatten(),
        dense1=Dense(5), sigmoid=Sigmoid(), dense2=Dense(3, bias=False),
    )  # fmt: skip
    return shaken(network, np.random.default_rng(6), 0.4)


def cells_of(dtype, kind):
    """All cells of the layers of one kind, for the second sample of a batch, with the layer's input."""
    network = everything(dtype)
    x = np.random.default_rng(8).normal(size=(2, *network.input_shape)).astype(dtype)
    trace = network.forward(x)
    before = trace.inputs
    for name, layer in network.layers:
        if isinstance(layer, kind):
            for cell in np.ndindex(network.shapes[name]):
                found = explain_cell(network, trace.one(1), name, cell)
                assert (found.layer, found.cell) == (name, cell)
                assert found.value == trace.outputs[name][1][cell]
                yield name, layer, found, before[1]
        before = trace.outputs[name]


@pytest.mark.parametrize("dtype", DTYPES)
def test_convolution_adds_up_to_the_same_bits(dtype):
    network = everything(dtype)
    real = np.dtype(dtype).type
    for name, layer, found, x in cells_of(dtype, Conv2D):
        assert isinstance(found, ConvolutionCell)
        pad, k, (f, row, column) = layer.padding, layer.kernel_size, found.cell
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        top, left = row * layer.stride, column * layer.stride
        np.testing.assert_array_equal(found.patch, padded[:, top : top + k, left : left + k])
        np.testing.assert_array_equal(found.kernel, network.params[f"{name}.weight"][f])
        rows = [y if 0 <= y < x.shape[1] else -1 for y in range(top - pad, top - pad + k)]
        assert found.rows.tolist() == rows
        total, order = None, []
        for c, i, j in itertools.product(range(len(x)), range(k), range(k)):
            product = real(found.patch[c, i, j]) * real(found.kernel[c, i, j])
            assert found.products[c, i, j] == product
            total = product if total is None else real(total + product)
            order.append(total)
        np.testing.assert_array_equal(found.running, np.array(order, dtype))
        assert found.running.dtype == dtype
        assert (found.bias is None) == (not layer.bias)
        assert real(total + real(found.bias or 0)) == found.value


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pool_shows_window_winners_and_shares(dtype):
    for _, layer, found, x in cells_of(dtype, MaxPool2D):
        assert isinstance(found, MaxPoolCell)
        c, row, column = found.cell
        top, left = row * layer.step, column * layer.step
        assert found.rows.tolist() == [top, top + 1, top + 2]
        assert found.columns.tolist() == [left, left + 1, left + 2]
        np.testing.assert_array_equal(found.values, x[c, top : top + 3, left : left + 3])
        assert found.value == found.values.max()
        np.testing.assert_array_equal(found.winners, found.values == found.values.max())
        assert found.tied == (found.winners.sum() > 1)
        assert found.ties == "split"
        np.testing.assert_allclose(found.shares, found.winners / found.winners.sum(), rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_linear_pools_weigh_their_window(dtype):
    seen = set()
    for _, layer, found, x in cells_of(dtype, (AvgPool2D, SubsamplePool2D)):
        assert isinstance(found, WeightedCell)
        seen.add(type(layer))
        np.testing.assert_array_equal(found.values, x[found.cell[0]][np.ix_(found.rows, found.columns)])
        assert found.weights.sum() == 1
        np.testing.assert_array_equal(found.products, found.weights * found.values)
        assert found.products.sum() == pytest.approx(found.value, rel=1e-5, abs=1e-6)
        assert found.products.dtype == dtype
    assert seen == {AvgPool2D, SubsamplePool2D}


@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_show_input_formula_and_slope(dtype):
    functions = {
        ReLU: (lambda x: max(x, 0), lambda x: float(x > 0), "max(z, 0)"),
        LeakyReLU: (lambda x: max(x, 0.1 * x), lambda x: 1 if x > 0 else 0.1, "z if z > 0, else 0.1 × z"),
        Tanh: (math.tanh, lambda x: 1 - math.tanh(x) ** 2, "tanh(z)"),
        Sigmoid: (
            lambda x: 1 / (1 + math.exp(-x)),
            lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
            "1 / (1 + exp(−z))",
        ),
    }
    seen = set()
    for _, layer, found, x in cells_of(dtype, tuple(functions)):
        assert isinstance(found, ActivationCell)
        function, slope, formula = functions[type(layer)]
        seen.add(type(layer))
        assert found.input == x[found.cell]
        assert found.value == pytest.approx(function(found.input), rel=1e-5, abs=1e-7)
        assert found.slope == pytest.approx(slope(found.input), rel=1e-4, abs=1e-6)
        assert found.rule == formula
        assert layer.about_slope
    assert seen == set(functions) == set(ACTIVATIONS.values())


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense_lists_the_largest_terms_and_the_rest(dtype):
    network = everything(dtype)
    for name, layer, found, x in cells_of(dtype, Dense):
        assert isinstance(found, DenseCell)
        weights = network.params[f"{name}.weight"][found.cell[0]]
        sizes = sorted((abs(float(w) * float(v)) for w, v in zip(weights, x, strict=True)), reverse=True)
        assert len(found.largest) == min(10, len(x))
        assert found.rest_count == len(x) - len(found.largest)
        for term, size in zip(found.largest, sizes, strict=False):
            assert abs(term.product) == pytest.approx(size, rel=1e-6)
            assert (term.weight, term.value) == (weights[term.unit], x[term.unit])
            assert np.dtype(dtype).type(term.weight) * np.dtype(dtype).type(term.value) == term.product
        total = sum(term.product for term in found.largest) + found.rest + (found.bias or 0)
        assert total == pytest.approx(found.value, rel=1e-5, abs=1e-5)
        assert (found.bias is None) == (not layer.bias)


def test_dense_names_the_cells_behind_its_features():
    network = everything("float64")
    trace = network.forward(np.random.default_rng(0).normal(size=(1, *network.input_shape)))
    first = explain_cell(network, trace, "dense1", (2,), largest=3)
    assert len(first.largest) == 3
    assert first.source_stage == "relu1"
    for term in first.largest:
        assert trace.outputs["relu1"][0][term.source] == term.value
    second = explain_cell(network, trace, "dense2", (0,), largest=2)
    assert second.source_stage == "sigmoid"
    assert [term.source for term in second.largest] == [(term.unit,) for term in second.largest]
    nothing = explain_cell(network, trace, "dense2", (0,), largest=0)
    assert nothing.largest == ()
    assert nothing.rest == pytest.approx(nothing.value)


@pytest.mark.parametrize(
    ("function", "arguments", "error"),
    [
        (explain_cell, ("nowhere", (0,)), ParameterError),
        (explain_cell, ("conv1", (3, 0, 0)), ParameterError),
        (explain_cell, ("conv1", (0,)), ShapeError),
        (explain_cell, ("dense1", (0,), -1), ParameterError),
        (logit_contributions, ("max", 3), ParameterError),
    ],
)
def test_wrong_requests_are_refused(function, arguments, error):
    network = everything("float32")
    trace = network.forward(np.zeros((1, *network.input_shape), np.float32))
    with pytest.raises(error):
        function(network, trace, *arguments)


# --- evidence -----------------------------------------------------------------------------------------------


def digits(network, count=4):
    return to_input(load_mnist().test_images[:count], network.dtype)


@pytest.mark.parametrize(
    ("layer", "ties"),
    [("input", "first"), ("conv1", "all"), ("relu1", "split"), ("pool1", "all"), ("flatten", "all"),
     ("dense1", "first"), ("dense2", "all")],
)  # fmt: skip
def test_evidence_along_the_active_path_adds_up_to_every_logit(layer, ties):
    """Two blocks and a hidden layer; MNIST's background makes ties, which must not spoil the sum."""
    network = shaken(with_ties(LENET.build_network(), ties), np.random.default_rng(3), 0.05)
    trace = network.forward(digits(network))
    for class_index in (0, 3, 9):
        found = logit_contributions(network, trace.one(2), layer, class_index)
        total = found.contributions.sum(dtype=np.float64) + found.bias
        assert found.exact
        assert total == pytest.approx(trace.logits[2, class_index], abs=1e-5)
        assert total + found.remainder == pytest.approx(found.logit, abs=1e-12)
        later = [name for name, _ in network.layers]
        later = later[later.index(layer) + 1 :] if layer != "input" else later
        assert set(found.biases) == {f"{name}.bias" for name in later if f"{name}.bias" in network.params}


@pytest.mark.parametrize("preset", [LAB5, LENET], ids=["one dense layer", "hidden layer"])
def test_evidence_relative_to_blank_leaves_out_what_a_blank_image_has(preset):
    network = preset.build_network()
    network = weighted(network, lambda array: array + 0.01)
    trace = network.forward(digits(network))
    stage = f"pool{len(preset.filters)}"
    blank = network.forward(np.full((1, *network.input_shape), -0.5, network.dtype))
    for sample in range(4):
        raw = logit_contributions(network, trace.one(sample), stage)
        found = logit_contributions(network, trace.one(sample), stage, relative=True)
        values, of_blank = trace.outputs[stage][sample], blank.outputs[stage][0]
        with np.errstate(invalid="ignore", divide="ignore"):
            slopes = np.where(values == 0, 0, raw.contributions / values)
        known = values != 0
        np.testing.assert_allclose(
            found.contributions[known], (slopes * (values - of_blank))[known], rtol=1e-4, atol=1e-6
        )
        assert found.blank == blank.logits[0, 0]
        assert found.biases == {}
        total = found.contributions.sum(dtype=np.float64) + found.blank + found.remainder
        assert total == pytest.approx(found.logit, abs=1e-12)
        assert found.exact is (not preset.hidden)
        if found.exact:
            assert abs(found.remainder) < 1e-5
        np.testing.assert_array_equal(found.contributions[values == of_blank], 0)


def test_evidence_through_a_curved_activation_states_its_remainder():
    network = everything("float64")
    trace = network.forward(np.random.default_rng(0).normal(size=(1, *network.input_shape)))
    found = logit_contributions(network, trace, "relu1", 1)
    assert not found.exact
    assert abs(found.remainder) > 1e-3
    assert found.contributions.sum() + found.bias + found.remainder == pytest.approx(found.logit, abs=1e-12)
    # A linearisation: derivative times value, here against a central difference.
    values = trace.outputs["relu1"][0]
    cell = np.unravel_index(values.argmax(), values.shape)
    head = Network.build(network.layers[9:], values.shape, dtype="float64").with_params(
        {name: array for name, array in network.params.items() if name.startswith("dense")}
    )
    logits = []
    for eps in (1e-5, -1e-5):
        changed = values.copy()
        changed[cell] += eps
        logits.append(head.forward(changed[None]).logits[0, 1])
    slope = (logits[0] - logits[1]) / 2e-5
    assert found.contributions[cell] == pytest.approx(slope * values[cell], rel=1e-6)
    assert logit_contributions(network, trace, "sigmoid", 1).exact
