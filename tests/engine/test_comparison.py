"""How far two moments lie apart, against sums by hand."""

import math

import numpy as np
import pytest

from cnnviz.errors import ParameterError
from cnnviz.inspect.comparison import comparable, parameter_changes, weight_layers, weight_maps
from cnnviz.presets import LAB5, LENET


def moved(network, name, change):
    params = {key: array.copy() for key, array in network.params.items()}
    params[name] += change
    return network.with_params(params)


def test_change_of_each_parameter_is_its_euclidean_distance():
    then = LAB5.build_network()
    weight = then.params["conv1.weight"]
    change = np.random.default_rng(1).normal(size=weight.shape)
    changes = {each.name: each for each in parameter_changes(then, moved(then, "conv1.weight", change))}
    assert list(changes) == list(then.params)
    norm = math.sqrt(sum(float(value) ** 2 for value in change.ravel()))
    size = math.sqrt(sum(float(value) ** 2 for value in weight.ravel()))
    assert changes["conv1.weight"].norm == pytest.approx(norm)
    assert changes["conv1.weight"].relative == pytest.approx(norm / size)
    assert (changes["dense1.weight"].norm, changes["dense1.weight"].relative) == (0, 0)
    # Biases begin at 0: there is nothing that a change could be a share of.
    assert changes["dense1.bias"].relative == 0
    away = parameter_changes(then, moved(then, "dense1.bias", 0.25))[-1]
    assert (away.name, away.norm, away.relative) == ("dense1.bias", 0.25, math.inf)


def test_float32_weights_do_not_round_the_change_away():
    then = LENET.build_network((1, 28, 28))
    now = moved(then, "dense1.weight", np.float32(1e-4))
    change = next(each for each in parameter_changes(then, now) if each.name == "dense1.weight")
    difference = now.params["dense1.weight"].astype(float) - then.params["dense1.weight"].astype(float)
    assert change.norm == pytest.approx(math.sqrt((difference**2).sum()), rel=1e-12)


def test_networks_with_other_layers_are_told_apart():
    lab5, lenet = LAB5.build_network(), LENET.build_network()
    assert comparable(lab5, LAB5.build_network())
    assert not comparable(lab5, lenet)
    with pytest.raises(ParameterError, match="same layers"):
        parameter_changes(lab5, lenet)


def test_maps_of_weights_are_slices_of_the_parameters():
    network = LENET.build_network()
    assert weight_layers(network) == {"conv1": 1, "conv2": 8, "dense1": 128}
    np.testing.assert_array_equal(weight_maps(network, "conv2", 5), network.params["conv2.weight"][:, 5])
    maps = weight_maps(network, "dense1", 3)
    assert maps.shape == (16, 7, 7)
    # Flattening goes through channels, then rows, then columns.
    assert maps[2, 4, 6] == network.params["dense1.weight"][3, 2 * 49 + 4 * 7 + 6]
    assert weight_layers(LAB5.build_network()) == {"conv1": 1, "dense1": 1}


def test_what_has_no_maps_is_refused():
    network = LENET.build_network()
    for layer, index in (("dense2", 0), ("relu1", 0), ("nothing", 0), ("conv2", 8)):
        with pytest.raises(ParameterError):
            weight_maps(network, layer, index)
