"""Layers: settings, shapes, parameters, passes, and their description as a dict."""

import dataclasses
import json
import re

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import (
    LAYER_TYPES,
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
    layer_from_dict,
)
from tests.oracles import (
    avg_pool2d_loop,
    check_operation,
    conv2d_loop,
    dense_loop,
    max_blur_pool2d_loop,
    max_pool2d_loop,
    spread_values,
    subsample_pool2d_loop,
)

MAPS = (2, 7, 6)
LAYERS = [
    pytest.param(
        Conv2D(3, kernel_size=2, stride=2, padding=1),
        MAPS,
        lambda x, weight, bias: conv2d_loop(x, weight, bias, 2, 1),
        id="conv",
    ),
    pytest.param(Conv2D(2, bias=False), MAPS, conv2d_loop, id="conv-no-bias"),
    pytest.param(MaxPool2D(2), MAPS, lambda x: max_pool2d_loop(x, 2, 2)[0], id="max"),
    pytest.param(MaxPool2D(3, stride=1), MAPS, lambda x: max_pool2d_loop(x, 3, 1)[0], id="max-overlapping"),
    pytest.param(AvgPool2D(2), MAPS, lambda x: avg_pool2d_loop(x, 2, 2), id="avg"),
    pytest.param(AvgPool2D(2, stride=3), MAPS, lambda x: avg_pool2d_loop(x, 2, 3), id="avg-gaps"),
    pytest.param(MaxBlurPool2D(2), MAPS, lambda x: max_blur_pool2d_loop(x, 2), id="max-blur"),
    pytest.param(SubsamplePool2D(3), MAPS, lambda x: subsample_pool2d_loop(x, 3), id="subsample"),
    pytest.param(ReLU(), MAPS, lambda x: np.where(x > 0, x, 0), id="relu"),
    pytest.param(LeakyReLU(0.3), MAPS, lambda x: np.where(x > 0, x, 0.3 * x), id="leaky"),
    pytest.param(Sigmoid(), (5,), lambda x: 1 / (1 + np.exp(-x)), id="sigmoid"),
    pytest.param(Tanh(), (5,), np.tanh, id="tanh"),
    pytest.param(Flatten(), MAPS, lambda x: np.array([sample.ravel() for sample in x]), id="flatten"),
    pytest.param(Dense(4), (5,), dense_loop, id="dense"),
    pytest.param(Dense(1, bias=False), (5,), dense_loop, id="dense-no-bias"),
]


@pytest.mark.parametrize(("layer", "input_shape", "oracle"), LAYERS)
def test_passes_equal_loop_and_central_difference(rng, layer, input_shape, oracle):
    names = layer.parameter_names
    inputs = {"x": spread_values(rng, (3, *input_shape))}
    inputs |= {name: rng.normal(size=shape) for name, shape in layer.parameter_shapes(input_shape).items()}
    assert tuple(inputs) == ("x", *names)

    def forward(x, *arrays):
        return layer.forward(x, dict(zip(names, arrays, strict=True)))

    def backward(d_out, out, x, *arrays):
        d_x, d_params = layer.backward(d_out, x, out, dict(zip(names, arrays, strict=True)))
        return {"x": d_x} | d_params

    check_operation(forward, backward, oracle, inputs)
    assert forward(*inputs.values()).shape == (3, *layer.output_shape(input_shape))


@pytest.mark.parametrize(("layer", "input_shape", "oracle"), LAYERS)
def test_description_survives_json(layer, input_shape, oracle):
    description = json.loads(json.dumps(layer.to_dict()))
    assert description["type"] == type(layer).__name__
    assert layer_from_dict(description) == layer


@pytest.mark.parametrize(("layer", "input_shape", "oracle"), LAYERS)
def test_is_immutable_and_hashable(layer, input_shape, oracle):
    assert hash(layer) == hash(dataclasses.replace(layer))
    for name in layer.to_dict():
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
            setattr(layer, name, 3)


def test_every_layer_type_is_tested_above():
    assert {type(param.values[0]).__name__ for param in LAYERS} == set(LAYER_TYPES)


@pytest.mark.parametrize(
    ("layer", "input_shape", "expected"),
    [
        (Conv2D(8), (1, 28, 28), (8, 26, 26)),
        (Conv2D(8, padding=1), (1, 28, 28), (8, 28, 28)),
        (Conv2D(4, kernel_size=5, stride=2), (3, 28, 29), (4, 12, 13)),
        (MaxPool2D(2), (8, 27, 26), (8, 13, 13)),
        (MaxPool2D(3, stride=2), (8, 27, 26), (8, 13, 12)),
        (AvgPool2D(2), (8, 27, 26), (8, 13, 13)),
        (SubsamplePool2D(2), (8, 27, 26), (8, 13, 13)),
        (Flatten(), (8, 13, 13), (1352,)),
        (Flatten(), (7,), (7,)),
        (Dense(10), (1352,), (10,)),
        (ReLU(), (2, 3, 4), (2, 3, 4)),
    ],
)
def test_output_shapes(layer, input_shape, expected):
    assert layer.output_shape(input_shape) == expected


@pytest.mark.parametrize(
    ("layer", "input_shape"),
    [
        (Conv2D(8, kernel_size=5), (1, 4, 28)),
        (Conv2D(8, kernel_size=5, padding=1), (1, 2, 28)),
        (Conv2D(8), (28,)),
        (MaxPool2D(3), (8, 2, 9)),
        (AvgPool2D(3), (8, 9, 2)),
        (SubsamplePool2D(3), (8, 1, 1)),
        (MaxPool2D(2), (28,)),
        (Dense(10), (8, 13, 13)),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, input_shape):
    with pytest.raises(ShapeError):
        layer.output_shape(input_shape)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initial_parameters_follow_their_rule(dtype):
    """Means and spreads of large draws; 5 sigma of a sample of this size is below the tolerance."""
    rng = np.random.default_rng(0)
    cases = [
        (Conv2D(64, kernel_size=5, init="he"), (32, 9, 9), (2 / 800) ** 0.5),
        (Conv2D(64, kernel_size=5, init="glorot"), (32, 9, 9), (2 / (800 + 1600)) ** 0.5),
        (Conv2D(64, kernel_size=5, init="lab5"), (32, 9, 9), 0.1),
        (Dense(100, init="he"), (400,), (2 / 400) ** 0.5),
        (Dense(100, init="glorot"), (400,), (2 / 500) ** 0.5),
        (Dense(100, init="lab5"), (400,), 1 / 400),
    ]
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


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv2D(0), "'filters' parameter of Conv2D must be an int >= 1. Got 0"),
        (lambda: Conv2D(8, stride=0), "'stride' parameter of Conv2D must be an int >= 1. Got 0"),
        (lambda: Conv2D(8, kernel_size=2.5), "'kernel_size' parameter of Conv2D"),
        (lambda: Conv2D(8, padding=-1), "'padding' parameter of Conv2D"),
        (lambda: Conv2D(8, padding=10**9), "'padding' parameter of Conv2D"),
        (lambda: Conv2D(8, bias=1), "'bias' parameter of Conv2D must be one of True, False. Got 1"),
        (lambda: Conv2D(8, init="zeros"), "'init' parameter of Conv2D must be one of 'he', 'glorot', 'lab5'"),
        (lambda: MaxPool2D(True), "'size' parameter of MaxPool2D must be an int >= 1. Got True"),
        (lambda: MaxPool2D(2, stride=0), "'stride' parameter of MaxPool2D"),
        (
            lambda: MaxPool2D(2, ties="last"),
            "'ties' parameter of MaxPool2D must be one of 'first', 'all', 'split'",
        ),
        (lambda: AvgPool2D(0), "'size' parameter of AvgPool2D"),
        (lambda: AvgPool2D(2, stride=-2), "'stride' parameter of AvgPool2D"),
        (lambda: SubsamplePool2D(0), "'size' parameter of SubsamplePool2D"),
        (lambda: LeakyReLU(-0.1), "'slope' parameter of LeakyReLU"),
        (lambda: LeakyReLU(float("nan")), "'slope' parameter of LeakyReLU"),
        (lambda: Dense(0), "'units' parameter of Dense must be an int >= 1. Got 0"),
        (lambda: Dense(3, init="he2"), "'init' parameter of Dense"),
    ],
)
def test_settings_out_of_range_are_named(make, text):
    with pytest.raises(ParameterError, match=re.escape(text)):
        make()


def test_numpy_integers_become_plain_ones():
    """So that a layer made from an array's entries can still be written as JSON."""
    layer = Conv2D(np.int64(8), kernel_size=np.int32(3))
    assert layer == Conv2D(8)
    json.dumps(layer.to_dict())


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ({"type": "Conv3D", "filters": 8}, "Conv2D, MaxPool2D"),
        ({"filters": 8}, "Got None"),
        ({"type": ["Conv2D"]}, "'type' of a layer"),
        ({"type": "Layer"}, "'type' of a layer"),
        ({"type": "Conv2D"}, "'filters'"),
        ({"type": "Conv2D", "filters": 8, "dilation": 2}, "'dilation'"),
        ({"type": "ReLU", "__class__": "x"}, "ReLU has no settings"),
        ({"type": "Dense", "units": "10"}, "'units' parameter of Dense"),
        ({"type": "Dense", "units": None}, "'units' parameter of Dense"),
        ({"type": "MaxPool2D", "ties": {}}, "'ties' parameter of MaxPool2D"),
        (["Conv2D"], "mapping"),
        ("Conv2D", "mapping"),
        (None, "mapping"),
        ({1: 2}, "text keys"),
    ],
)
def test_hostile_descriptions_are_refused_in_one_sentence(description, text):
    with pytest.raises(ParameterError, match=re.escape(text)) as caught:
        layer_from_dict(description)
    assert "\n" not in str(caught.value)


def test_settings_left_out_take_their_default():
    assert layer_from_dict({"type": "MaxPool2D"}) == MaxPool2D()
    assert layer_from_dict({"type": "Dense", "units": 3}) == Dense(3)
