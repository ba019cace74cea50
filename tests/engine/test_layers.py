"""Layers, and networks of them: settings, shapes, parameters, passes; what is special about pools."""

import dataclasses
import json
import math
import re
from functools import partial

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import LENET
from cnnviz.inspect.arithmetic import explain_cell, logit_contributions
from cnnviz.layers import (
    ACTIVATIONS,
    POOLS,
    TIE_RULES,
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxBlurPool2D,
    MaxPool2D,
    ReLU,
    Sigmoid,
    SubsamplePool2D,
    Tanh,
)
from cnnviz.network import Network, loss_and_gradients
from cnnviz.routing import check_all, filter_gradient_terms, pool_routing
from cnnviz.setting import settings_of
from tests.engine.routing_cases import gentle, lab5, relayered, two_blocks
from tests.oracles import (
    assert_same_arrays,
    assert_same_bits,
    avg_pool2d_loop,
    check_operation,
    conv2d_loop,
    cross_entropy_loop,
    dense_loop,
    max_blur_pool2d_loop,
    max_pool2d_backward_loop,
    max_pool2d_loop,
    spread_values,
    subsample_pool2d_loop,
)


def convolution(channels, height, width, filters, kernel, stride, padding, *, bias):
    def oracle(x, weight, bias=None):
        return conv2d_loop(x, weight, bias, stride, padding)

    return Conv2D(filters, kernel, stride, padding, bias=bias), (channels, height, width), oracle


def pooled_loop(x, size, stride):
    return max_pool2d_loop(x, size, stride)[0]


CONVOLUTIONS = [
    (1, 6, 6, 1, 3, 1, 0), (2, 7, 5, 4, 3, 1, 1), (3, 8, 7, 2, 3, 2, 0), (1, 5, 9, 3, 2, 3, 2),
    (2, 5, 5, 3, 5, 1, 0), (2, 4, 6, 2, 1, 2, 0), (1, 3, 3, 1, 5, 1, 1), (3, 1, 4, 2, 1, 1, 0),
]  # fmt: skip
WINDOWS = [
    ((3, 6, 6), 2, 2), ((2, 7, 5), 2, 2), ((1, 7, 8), 3, 3), ((1, 7, 6), 3, 2), ((2, 5, 6), 2, 1),
    ((1, 7, 7), 2, 3), ((1, 4, 5), 1, 1), ((1, 9, 4), 3, 1),
]  # fmt: skip
FIELDS = [((3, 8, 8), 2), ((1, 7, 9), 2), ((2, 9, 11), 3), ((1, 13, 8), 4), ((1, 5, 4), 1), ((1, 2, 2), 2)]
FLAT, MAPS = (5,), (2, 7, 6)
LAYERS = [
    *(convolution(*sides, bias=bias) for sides in CONVOLUTIONS for bias in (True, False)),
    *(
        (MaxPool2D(size, stride, ties), shape, partial(pooled_loop, size=size, stride=stride))
        for shape, size, stride in WINDOWS
        for ties in TIE_RULES
    ),
    *(
        (AvgPool2D(size, stride), shape, partial(avg_pool2d_loop, size=size, stride=stride))
        for shape, size, stride in WINDOWS
    ),
    *((SubsamplePool2D(size), shape, partial(subsample_pool2d_loop, size=size)) for shape, size in FIELDS),
    *((MaxBlurPool2D(size), shape, partial(max_blur_pool2d_loop, size=size)) for shape, size in FIELDS),
    *((ReLU(), shape, lambda x: np.where(x > 0, x, 0)) for shape in (MAPS, FLAT)),
    (LeakyReLU(0.3), MAPS, lambda x: np.where(x > 0, x, 0.3 * x)),
    *((Sigmoid(), shape, lambda x: 1 / (1 + np.exp(-x))) for shape in (MAPS, FLAT)),
    (Tanh(), FLAT, np.tanh),
    (Flatten(), MAPS, lambda x: np.array([sample.ravel() for sample in x])),
    (Flatten(), FLAT, lambda x: x),
    (Dense(4), FLAT, dense_loop),
    (Dense(1, bias=False), FLAT, dense_loop),
    (Dense(10), (33,), dense_loop),
]


@pytest.mark.parametrize(
    ("layer", "input_shape", "oracle"), LAYERS, ids=lambda value: None if callable(value) else str(value)[:60]
)
def test_passes_equal_loop_and_central_difference(rng, layer, input_shape, oracle):
    names = layer.parameter_names
    inputs = {"x": spread_values(rng, (2, *input_shape))}
    inputs |= {name: rng.normal(size=shape) for name, shape in layer.parameter_shapes(input_shape).items()}
    assert tuple(inputs) == ("x", *names)

    def forward(x, *arrays):
        return layer.forward(x, dict(zip(names, arrays, strict=True)))

    def backward(d_out, out, x, *arrays):
        params = dict(zip(names, arrays, strict=True))
        d_x, d_params = (
            layer.input_gradient(d_out, x, out, params),
            layer.parameter_gradients(d_out, x, params),
        )
        return {"x": d_x} | d_params

    check_operation(forward, backward, oracle, inputs)
    assert forward(*inputs.values()).shape == (2, *layer.output_shape(input_shape))


def test_layers_are_values():
    assert {type(layer) for layer, _, _ in LAYERS} == set(KINDS)
    for layer, _, _ in [*LAYERS, (MaxBlurPool2D(3, "all"), MAPS, None)]:
        again = dataclasses.replace(layer)
        assert (layer, hash(layer)) == (again, hash(again))
        for field in dataclasses.fields(layer):
            with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
                setattr(layer, field.name, 3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initial_parameters_follow_their_rule(dtype):
    """Means and spreads of large draws; 5 sigma of a sample of this size is below the tolerance."""
    rng = np.random.default_rng(0)
    convolutions = {"he": (2 / 800) ** 0.5, "glorot": (2 / (800 + 1600)) ** 0.5, "lab5": 0.1}
    denses = {"he": (2 / 400) ** 0.5, "glorot": (2 / 500) ** 0.5, "lab5": 1 / 400}
    cases = [(Conv2D(64, 5, init=init), (32, 9, 9), each) for init, each in convolutions.items()]
    cases += [(Dense(100, init=init), (400,), each) for init, each in denses.items()]
    for layer, input_shape, deviation in cases:
        params = layer.initial_parameters(input_shape, rng, np.dtype(dtype))
        assert {name: array.shape for name, array in params.items()} == layer.parameter_shapes(input_shape)
        assert {array.dtype.name for array in params.values()} == {dtype}
        assert not params["bias"].any()
        assert params["weight"].std() == pytest.approx(deviation, rel=0.03)
        assert abs(params["weight"].mean()) < 0.03 * deviation


def test_lab5_weights_are_the_exercises_to_the_bit():
    """`randn(8, 3, 3) / 10`, then `randn(1352) / 1352`, from one stream of numbers."""
    rng, same = np.random.default_rng(4), np.random.default_rng(4)
    double = np.dtype("float64")
    kernels = Conv2D(8, bias=False, init="lab5").initial_parameters((1, 28, 28), rng, double)["weight"]
    weights = Dense(1, init="lab5").initial_parameters((1352,), rng, double)["weight"]
    np.testing.assert_array_equal(kernels[:, 0], same.standard_normal((8, 3, 3)) / 10)
    np.testing.assert_array_equal(weights[0], same.standard_normal(1352) / 1352)


KINDS = [Conv2D, Dense, Flatten, *POOLS.values(), *ACTIVATIONS.values()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_settings_out_of_range_are_named(kind):
    settings = settings_of(kind)
    assert settings.keys() == {each.name for each in dataclasses.fields(kind)}, "none is without a check"
    usual = {"filters": 8, "units": 3, "size": 2}
    for name, setting in settings.items():
        wrong = ["nonsense", 1 if setting.of is bool else True]
        if not setting.options:
            assert setting.of is float or setting.low == (name != "padding")
            wrong += [math.nan, setting.low - 1, *([] if setting.high is None else [setting.high + 1])]
        for value in wrong:
            given = {each: usual[each] for each in settings if each in usual} | {name: value}
            with pytest.raises(ParameterError, match=f"^The '{name}' parameter of {kind.__name__} must be "):
                kind(**given)


def test_numpy_integers_become_plain_ones():
    """So that a layer made from an array's entries can still be written as JSON."""
    layer = Conv2D(np.int64(8), kernel_size=np.int32(3))
    assert layer == Conv2D(8)
    json.dumps(dataclasses.asdict(layer))


DTYPES = ["float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_slopes_at_the_kink(dtype):
    zeros = np.array([0.0, -0.0], dtype=dtype)
    ones = np.ones_like(zeros)
    assert ReLU().input_gradient(ones, zeros, zeros, {}).tolist() == [0, 0]
    assert LeakyReLU(0.25).input_gradient(ones, zeros, zeros, {}).tolist() == [0.25, 0.25]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_saturates_without_overflow(dtype):
    x = np.array([-1e30, -1e4, -100.0, 0.0, 100.0, 1e4, 1e30], dtype=dtype)
    out = Sigmoid().forward(x, {})
    assert out.dtype == x.dtype
    assert out[[0, 1, 3, 5, 6]].tolist() == [0, 0, 0.5, 1, 1]
    # Not yet rounded to 0 where it can be told from 0.
    np.testing.assert_allclose(out[2], math.exp(-100), rtol=1e-5, atol=1e-45)
    assert np.isfinite(Sigmoid().input_gradient(np.ones_like(x), x, out, {})).all()


@pytest.mark.parametrize("activation", [ReLU(), LeakyReLU(), Sigmoid(), Tanh()])
def test_nan_and_infinity_pass_without_a_warning(activation):
    out = activation.forward(np.array([np.nan, np.inf, -np.inf]), {})
    assert np.isnan(out[0])
    assert not np.isnan(out[1:]).any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("filters", "n"), [(1, 1), (3, 7), (8, 1), (8, 3), (13, 7)])
@pytest.mark.parametrize("kernel", [2, 3, 5])
def test_equal_patches_give_equal_bits_wherever_they_stand(rng, dtype, filters, n, kernel):
    """Tiles side by side, one per window: in another order they give the same bits in that order."""
    rows, columns, channels = 5, 7, 2
    tiles = rng.normal(size=(n * rows * columns, channels, kernel, kernel)).astype(dtype)
    weight = rng.normal(size=(filters, channels, kernel, kernel)).astype(dtype)
    params = {"weight": weight, "bias": rng.normal(size=filters).astype(dtype)}

    def convolve(order):
        grid = tiles[order].reshape(n, rows, columns, channels, kernel, kernel)
        images = grid.transpose(0, 3, 1, 4, 2, 5).reshape(n, channels, rows * kernel, columns * kernel)
        out = Conv2D(filters, kernel, kernel).forward(np.ascontiguousarray(images), params)
        return out.transpose(0, 2, 3, 1).reshape(len(tiles), filters)

    order = rng.permutation(len(tiles))
    assert_same_bits(convolve(order), convolve(np.arange(len(tiles)))[order])


def max_pooled(x, size, stride=None):
    """Largest value of each window, and the first cell that has it."""
    pool = MaxPool2D(size, stride)
    return pool.forward(x, {}), pool.first_winners(x)


def routed_back(d_out, x, pooled, size, stride=None, ties="first"):
    return MaxPool2D(size, stride, ties).input_gradient(d_out, x, pooled, {})


@pytest.mark.parametrize(("shape", "size", "stride"), WINDOWS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_winners_and_routes_through_ties_equal_the_loop(rng, shape, size, stride, dtype):
    """Three values only, so that most windows are tied."""
    x = rng.integers(-1, 2, size=(2, *shape)).astype(dtype)
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


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("ties", TIE_RULES)
def test_nan_is_passed_on_and_gets_the_gradient(place, ties):
    x = np.array([3.0, 1.0, 2.0, 3.0] * 2).reshape(1, 2, 2, 2)
    x[0, 0].ravel()[place] = np.nan
    pooled, winner = max_pooled(x, 2)
    assert np.isnan(pooled[0, 0, 0, 0])
    assert winner.ravel().tolist() == [place, 0]
    assert MaxPool2D(2).winners(x)[0, 0].ravel().tolist() == [cell == place for cell in range(4)]
    assert pooled[0, 1, 0, 0] == 3
    d_x = routed_back(np.ones_like(pooled), x, pooled, 2, ties=ties)
    assert d_x[0, 0].ravel().tolist() == [float(cell == place) for cell in range(4)]


def test_infinities_compete_like_numbers():
    x = np.array([-np.inf, 0.0, np.inf, np.inf]).reshape(1, 1, 2, 2)
    pooled, winner = max_pooled(x, 2)
    assert (pooled.item(), winner.item()) == (np.inf, 2)
    d_x = routed_back(np.full_like(pooled, np.inf), x, pooled, 2)
    assert d_x.ravel().tolist() == [0, 0, np.inf, 0]


@pytest.mark.parametrize("ties", ["first", "all", "split"])
def test_everything_that_is_said_about_pools_holds_for_it(ties):
    """Gradient check, routes, terms, arithmetic and evidence follow from what the layer says of itself."""
    network, x, label = lab5()
    network = relayered(network, lambda each: MaxBlurPool2D(2, ties) if isinstance(each, MaxPool2D) else each)
    report = check_all(network, x, label)
    assert report.counts["mismatch"] == 0
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
    assert abs(logit_contributions(network, trace, "conv1").remainder) < 1e-12


SMALL = [("conv1", Conv2D(2)), ("pool1", MaxPool2D(2)), ("flatten", Flatten()), ("dense1", Dense(3))]


def test_same_seed_same_bits_in_either_dtype_and_another_seed_others():
    nets = [Network.build(SMALL, (1, 8, 8), seed=seed, dtype="float64") for seed in (4, 4, 5)]
    single = Network.build(SMALL, (1, 8, 8), seed=4, dtype=np.dtype("float32"))
    assert_same_arrays(nets[1].params, nets[0].params)
    assert_same_arrays(
        single.params, {name: each.astype(np.float32) for name, each in nets[0].params.items()}
    )
    assert not np.array_equal(nets[0].params["conv1.weight"], nets[2].params["conv1.weight"])


@pytest.mark.parametrize(
    ("error", "changes", "text"),
    [
        (ShapeError, {"input_shape": (1, 2, 8)}, "Layer 'conv1' (Conv2D) cannot take an input of shape"),
        (ShapeError, {"input_shape": (1, 2, 8)}, "(1, 2, 8): it needs maps"),
        (
            ShapeError,
            {"input_shape": (1, 3, 3)},
            "'pool1' (MaxPool2D) cannot take an input of shape (2, 1, 1)",
        ),
        (ShapeError, {"input_shape": (64,)}, "an input of shape (64,): it needs feature maps"),
        (ShapeError, {"layers": SMALL[-1:]}, "'dense1' (Dense) cannot take an input of shape (1, 8, 8)"),
        (ShapeError, {"layers": SMALL[-1:]}, "it needs flat features (d,); put Flatten before it"),
        (ShapeError, {"layers": SMALL[:1]}, "'conv1' gives (2, 6, 6); end with Flatten and Dense"),
        (ShapeError, {"input_shape": (8, 8)}, "(c, h, w) or (d,)"),
        (ParameterError, {"layers": []}, "at least one layer"),
        (ParameterError, {"layers": [*SMALL, ("conv1", ReLU())]}, "unique. Got 'conv1' twice"),
        (ParameterError, {"layers": [("", Flatten()), *SMALL]}, "non-empty text without a dot. Got ''"),
        (ParameterError, {"seed": -1}, "'seed' parameter of Network must be an int >= 0"),
        (ParameterError, {"dtype": "float16"}, "'dtype' parameter of Network must be one of 'float32'"),
        (ParameterError, {"dtype": "no dtype"}, "'dtype' parameter of Network"),
        (
            ParameterError,
            {"input_shape": (1, 0, 8)},
            "'input_shape' parameter of Network must be an int >= 1",
        ),
        # Refused before memory is asked for.
        (ParameterError, {"layers": [SMALL[2], ("dense1", Dense(10**12))]}, "too large"),
        (ParameterError, {"layers": [("conv1", Conv2D(10**9)), *SMALL[2:]]}, "too large"),
        (ParameterError, {"input_shape": (1, 10**6, 10**6)}, "too large"),
        (ParameterError, {"layers": SMALL[2:], "input_shape": (10**9,) * 3}, "too large"),
    ],
)
def test_layers_that_do_not_fit_and_arguments_out_of_range_are_named(error, changes, text):
    with pytest.raises(error, match=re.escape(text)):
        Network.build(**({"layers": SMALL, "input_shape": (1, 8, 8)} | changes))


def test_nothing_can_be_changed(binary_network):
    with pytest.raises(ValueError, match="read-only"):
        binary_network.params["conv1.weight"][0] = 1
    with pytest.raises(TypeError):
        binary_network.params["conv1.weight"] = np.zeros(1)
    with pytest.raises(TypeError):
        binary_network.shapes["conv1"] = (1,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        binary_network.seed = 1


def test_with_params_gives_a_new_network_and_copies(rng, binary_network):
    params = {name: rng.normal(size=array.shape) for name, array in binary_network.params.items()}
    before = {name: array.copy() for name, array in binary_network.params.items()}
    changed = binary_network.with_params(params)
    for name in params:
        assert_same_bits(changed.params[name], params[name])
        assert_same_bits(binary_network.params[name], before[name])
    params["conv1.weight"][:] = 0
    assert changed.params["conv1.weight"].any()
    assert params["conv1.weight"].flags.writeable
    assert (changed.seed, changed.layers) == (binary_network.seed, binary_network.layers)
    with pytest.raises(ValueError, match="read-only"):
        changed.params["conv1.weight"][0] = 1


@pytest.mark.parametrize(
    ("name", "array", "error", "text"),
    [
        ("dense1.bias", None, ParameterError, "'dense1.bias' is missing"),
        ("extra", np.zeros(1), ParameterError, "'extra' does not belong"),
        ("dense1.bias", np.zeros(2), ShapeError, "'dense1.bias' must have shape (1,). Got shape (2,)"),
        ("dense1.bias", np.zeros(1, np.float32), ParameterError, "must have dtype float64. Got float32"),
    ],
)
def test_parameters_that_do_not_fit_are_named(binary_network, name, array, error, text):
    params = {each: old for each, old in binary_network.params.items() if each != name}
    with pytest.raises(error, match=re.escape(text)):
        binary_network.with_params(params if array is None else params | {name: array})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 5, 33])
def test_sample_gives_the_same_bits_alone_and_in_any_batch(rng, dtype, n):
    """The probability that is shown for a digit does not depend on which others are computed with it."""
    net = dataclasses.replace(LENET, filters=(7, 5), hidden=(11,), dtype=dtype).build_network()
    x = np.where(rng.random((n, 1, 28, 28)) < 0.7, -0.5, rng.random((n, 1, 28, 28)) - 0.5).astype(dtype)
    whole = net.forward(x)
    backwards = net.forward(np.ascontiguousarray(x[::-1]))
    for index in range(n):
        alone = net.forward(x[index : index + 1])
        for name in whole.outputs:
            assert_same_bits(whole.outputs[name][index], alone.outputs[name][0])
            assert_same_bits(backwards.outputs[name][n - 1 - index], alone.outputs[name][0])
        assert_same_bits(whole.probabilities[index], alone.probabilities[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_are_scaled_and_input_of_the_other_float_dtype_is_converted(rng, dtype):
    net = Network.build(SMALL, (1, 8, 8), dtype=dtype)
    pixels, labels = rng.integers(0, 256, size=(3, 1, 8, 8), dtype=np.uint8), np.array([0, 1, 0])
    scaled = (pixels / 255 - 0.5).astype(dtype)
    assert_same_bits(net.forward(pixels).logits, net.forward(scaled).logits)
    assert_same_bits(net.predict(pixels), net.predict(scaled))
    for name, gradient in net.gradients(scaled, labels).params.items():
        assert_same_bits(net.gradients(pixels, labels).params[name], gradient)
    given = rng.normal(size=(2, 1, 8, 8)).astype("float64" if dtype == "float32" else "float32")
    assert net.forward(given).logits.dtype == np.dtype(dtype)
    assert_same_bits(net.forward(given).logits, net.forward(given.astype(dtype)).logits)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (np.zeros((2, 1, 8, 8), dtype=np.int64), ParameterError, "or pixels as uint8, not int64"),
        (np.zeros((1, 8, 8)), ShapeError, "(n, 1, 8, 8), n >= 1. Got (1, 8, 8)"),
        (np.zeros((0, 1, 8, 8)), ShapeError, "n >= 1"),
    ],
)
def test_input_that_does_not_fit_is_named(x, error, text):
    net = Network.build(SMALL, (1, 8, 8))
    for call in (
        net.forward,
        net.predict,
        lambda batch: net.gradients(batch, np.zeros(len(batch), dtype=int)),
    ):
        with pytest.raises(error, match=re.escape(text)):
            call(x)


@pytest.mark.parametrize("net", [two_blocks("all"), gentle(), two_blocks(dtype="float32")])
def test_training_step_gives_the_same_as_the_full_backward_pass(rng, net):
    x = rng.normal(size=(5, *net.input_shape)).astype(net.dtype)
    labels = rng.integers(0, net.classes_count, size=5)
    full = net.gradients(x, labels)
    loss, correct, gradients = loss_and_gradients(net.layers, net.params, x, labels)
    assert loss == full.loss
    assert correct == sum(net.predict(x) == labels)
    assert set(gradients) == set(net.params)
    for name, gradient in gradients.items():
        assert gradient.dtype == net.dtype
        assert_same_bits(gradient, full.params[name])
    # A network without parameters has a loss, and no gradients.
    bare, x = Network.build([("relu1", ReLU())], (3,)), np.array([[1.0, 3.0, 2.0], [0.5, -1.0, 0.0]])
    loss, correct, gradients = loss_and_gradients(bare.layers, bare.params, x, np.array([1, 2]))
    assert loss == pytest.approx(cross_entropy_loop(np.maximum(x, 0), [1, 2]))
    assert (correct, gradients, bare.parameter_count) == (1, {}, 0)
