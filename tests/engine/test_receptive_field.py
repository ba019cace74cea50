"""Receptive fields against brute force, what a filter looks for, and what differs between two moments."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.datasets import load_mnist, to_input
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import LAB5, LENET
from cnnviz.inspect.comparison import comparable, parameter_changes, weight_layers, weight_maps
from cnnviz.inspect.excitation import PADDING_LEVEL, exciting_patches
from cnnviz.inspect.receptive_field import projective_fields, receptive_field, symbol_of
from cnnviz.layers import Conv2D, Dense, Flatten, LeakyReLU, MaxPool2D, ReLU, Sigmoid, SubsamplePool2D, Tanh
from cnnviz.network import Network, forward_pass
from tests.engine.routing_cases import CONVOLUTIONS, POOLS, network_of, weighted
from tests.oracles import mask_of


def projective_field(network, layer, cell):
    """Fields of one cell by their stages."""
    return {field.stage: field for field in projective_fields(network, layer, cell)}


LAYERS = CONVOLUTIONS | POOLS | st.sampled_from([ReLU(), LeakyReLU(0.2), Sigmoid(), Tanh()])
HEADS = st.sampled_from([(), (Dense(3), ReLU()), (Tanh(), Dense(2))])


@st.composite
def networks(draw):
    """Stacks of up to four layers that fit, with every kind of geometry, and a dense head."""
    shape = draw(st.tuples(st.integers(1, 2), st.integers(1, 9), st.integers(1, 9)))
    stack, now = [], shape
    for layer in draw(st.lists(LAYERS, min_size=1, max_size=4)):
        try:
            now = layer.output_shape(now)
        except ShapeError:
            continue
        stack.append(layer)
    stack += [Flatten(), *draw(HEADS), Dense(2)]
    named = [(f"layer{number}", layer) for number, layer in enumerate(stack)]
    return Network.build(named, input_shape=shape, seed=draw(st.integers(0, 99)), dtype="float64")


def monotone(network):
    """The same network with positive weights of sum 1: whatever rises makes everything rise that reads it."""

    def rising(array):
        positive = np.abs(array) + 0.01
        return positive / positive.sum() if array.ndim > 1 else np.zeros_like(array) + 0.01

    return weighted(network, rising)


def moves(network, x, position):
    """For every cell of stage `position`: which cells of the later stages move with it, by stage."""
    stages = [("input", x), *network.forward(x).outputs.items()]
    values = stages[position][1]
    cells = values[0].size
    batch = np.repeat(values, cells, axis=0)
    batch.reshape(cells, cells)[np.arange(cells), np.arange(cells)] += 1000.0
    after = forward_pass(network.layers[position:], network.params, batch)
    return {
        name: output != stage for (name, stage), output in zip(stages[position + 1 :], after, strict=True)
    }


@settings(max_examples=60, derandomize=True)
@given(network=networks(), data=st.data())
def test_fields_are_exactly_the_cells_that_move(network, data):
    network = monotone(network)
    names = ["input", *(name for name, _ in network.layers)]
    x = np.random.default_rng(1).uniform(0.01, 0.1, size=(1, *network.input_shape))
    position = data.draw(st.integers(0, len(names) - 2))
    moved = moves(network, x, position)
    source = x[0].shape if position == 0 else network.shapes[names[position]]
    for stage, cells in moved.items():
        shape = network.shapes[stage]
        for cell in np.ndindex(shape):
            field = receptive_field(network, stage, cell)[names[position]]
            expected = cells[(slice(None), *cell)].reshape(source)
            np.testing.assert_array_equal(mask_of(field, source), expected)
    for number, cell in enumerate(np.ndindex(source)):
        fields = projective_field(network, names[position], cell)
        assert list(fields) == list(moved)
        for stage, field in fields.items():
            np.testing.assert_array_equal(mask_of(field, network.shapes[stage]), moved[stage][number])


def test_stages_are_called_by_one_letter_each_and_input_and_output_have_no_fields():
    deep = LENET.build_network()
    letters = " ".join(symbol_of(deep, name) for name, _ in deep.layers)
    # Flat features are the pooled values; what a dense layer adds up is z.
    assert letters == "z a q z a q q z a z"
    assert receptive_field(deep, "input", (0, 3, 4)) == {}
    assert projective_field(deep, deep.layers[-1][0], (0,)) == {}


def test_windows_that_skip_cells_leave_gaps_and_one_of_padding_alone_reads_nothing():
    def field_of(layer, conv, cell):
        network = network_of((1, 8, 8), first=layer, conv=conv, flatten=Flatten(), dense=Dense(1))
        return receptive_field(network, "conv", cell)

    fields = field_of(SubsamplePool2D(2), Conv2D(1, 2), (0, 1, 2))
    field = fields["input"]
    assert (field.rows.tolist(), field.columns.tolist()) == ([2, 4], [4, 6])
    assert field.rectangle == (2, 4, 3, 3)
    assert not field.is_solid
    assert fields["first"].is_solid
    field = field_of(ReLU(), Conv2D(1, 2, padding=3), (0, 0, 4))["input"]
    assert not mask_of(field, (1, 8, 8)).any()
    assert field.rectangle == (0, 0, 0, 0)
    assert field.unclipped == (-3, 1, 2, 2)


@pytest.mark.parametrize(
    ("layer", "cell", "error", "text"),
    [
        ("conv9", (0, 0, 0), ParameterError, "conv9"),
        ("conv1", (8, 0, 0), ParameterError, "(7, 25, 25)"),
        ("dense1", (0, 0, 0), ShapeError, "(unit,)"),
        ("input", (0, 28, 0), ParameterError, "(0, 27, 27)"),
    ],
)
def test_wrong_cells_are_refused(layer, cell, error, text):
    network = LAB5.build_network()
    for function in (receptive_field, projective_field):
        with pytest.raises(error) as caught:
            function(network, layer, cell)
        assert text in str(caught.value)


# -- what a filter looks for ---------------------------------------------------------------------------------


@pytest.fixture
def network():
    return network_of(
        (2, 10, 12), 1, "float32", conv1=Conv2D(3, padding=1), relu1=ReLU(), pool1=MaxPool2D(2),
        conv2=Conv2D(4, stride=2, padding=1, bias=False), flatten=Flatten(), dense1=Dense(3),
    )  # fmt: skip


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, size=(150, 2, 10, 12)).astype(np.uint8)


@pytest.mark.parametrize(("layer", "channel"), [("conv1", 0), ("conv1", 2), ("conv2", 3)])
def test_patches_are_those_a_full_search_finds(network, images, layer, channel):
    maps = network.forward(to_input(images)).outputs[layer][:, channel]
    flat = maps.reshape(len(images), -1)
    found = exciting_patches(network, images, layer, channel, count=5)
    assert (found.layer, found.channel) == (layer, channel)
    for patches, best in ((found.most, flat.max(axis=1)), (found.least, -flat.min(axis=1))):
        expected = np.argsort(-best, kind="stable")[:5]
        assert [patch.image for patch in patches] == expected.tolist()
        assert [abs(patch.value) for patch in patches] == np.abs(best[expected]).tolist()
        for patch in patches:
            assert patch.value == maps[patch.image, patch.row, patch.column]
            if layer == "conv2":  # the size of its field
                assert patch.pixels.shape == (2, 8, 8)
                assert patch.rectangle == (patch.row * 4 - 3, patch.column * 4 - 3, 8, 8)
    assert len(exciting_patches(network, images[:2], layer, channel).most) == 2
    assert exciting_patches(network, images[:0], layer, channel).least == ()


def test_patch_pixels_give_the_response_again(network, images):
    """Through the filter's own arithmetic; over the border, padding is 0.0."""
    weight, bias = network.params["conv1.weight"][1].astype(float), network.params["conv1.bias"][1]
    found = exciting_patches(network, images, "conv1", 1, count=150)
    reached_over = 0
    for patch in found.most + found.least:
        top, left, height, width = patch.rectangle
        assert (top, left, height, width) == (patch.row - 1, patch.column - 1, 3, 3)
        pixels = patch.pixels / 255 - 0.5
        rows, columns = np.mgrid[top : top + 3, left : left + 3]
        outside = (rows < 0) | (rows >= 10) | (columns < 0) | (columns >= 12)
        reached_over += outside.any()
        assert np.all(patch.pixels[:, outside] == PADDING_LEVEL)
        pixels[:, outside] = 0
        assert (weight * pixels).sum() + bias == pytest.approx(patch.value, abs=1e-5)
    assert reached_over


def test_on_digits_no_two_patches_are_alike_and_all_images_are_counted():
    # In black and white, so that many patches are alike.
    images = np.where(load_mnist(classes=(4, 9)).test_images[:300] > 127, 255, 0).astype(np.uint8)
    network = LAB5.build_network()
    maps = network.forward(to_input(images, network.dtype)).outputs["conv1"][:, 2].reshape(300, -1)
    found = exciting_patches(network, images, "conv1", 2, 8)
    for patches, best, where in zip(
        (found.most, found.least),
        (maps.max(axis=1), maps.min(axis=1)),
        (maps.argmax(axis=1), maps.argmin(axis=1)),
        strict=True,
    ):
        cut = [
            images[n, 0, place // 26 : place // 26 + 3, place % 26 : place % 26 + 3].tobytes()
            for n, place in enumerate(where.tolist())
        ]

        assert 1 < len({patch.pixels.tobytes() for patch in patches}) == len(patches) <= 8
        for patch in patches:
            same = [n for n in range(300) if cut[n] == patch.pixels.tobytes() and best[n] == patch.value]
            assert (same[0], len(same)) == (patch.image, patch.images_count)
    assert max(patch.images_count for patch in found.most + found.least) > 1


def test_wrong_requests_are_refused(network, images):
    for layer, channel, count in (("pool1", 0, 8), ("input", 0, 8), ("conv1", 3, 8), ("conv1", 0, 0)):
        with pytest.raises(ParameterError):
            exciting_patches(network, images, layer, channel, count)


def changed_by(network, name, change):
    params = {key: array.copy() for key, array in network.params.items()}
    params[name] += change
    return network.with_params(params)


def test_change_of_each_parameter_is_its_euclidean_distance():
    then = LAB5.build_network()
    weight = then.params["conv1.weight"]
    change = np.random.default_rng(1).normal(size=weight.shape)
    changes = {each.name: each for each in parameter_changes(then, changed_by(then, "conv1.weight", change))}
    assert list(changes) == list(then.params)
    norm = math.sqrt(sum(float(value) ** 2 for value in change.ravel()))
    size = math.sqrt(sum(float(value) ** 2 for value in weight.ravel()))
    assert changes["conv1.weight"].norm == pytest.approx(norm)
    assert changes["conv1.weight"].relative == pytest.approx(norm / size)
    assert (changes["dense1.weight"].norm, changes["dense1.weight"].relative) == (0, 0)
    # Biases begin at 0: there is nothing that a change could be a share of.
    assert changes["dense1.bias"].relative == 0
    away = parameter_changes(then, changed_by(then, "dense1.bias", 0.25))[-1]
    assert (away.name, away.norm, away.relative) == ("dense1.bias", 0.25, math.inf)
    # The weights of float32 do not round the change away.
    then = LENET.build_network()
    now = changed_by(then, "dense1.weight", np.float32(1e-4))
    change = next(each for each in parameter_changes(then, now) if each.name == "dense1.weight")
    difference = now.params["dense1.weight"].astype(float) - then.params["dense1.weight"].astype(float)
    assert change.norm == pytest.approx(math.sqrt((difference**2).sum()), rel=1e-12)
    assert [comparable(LAB5.build_network(), each) for each in (LAB5.build_network(), then)] == [True, False]
    with pytest.raises(ParameterError, match="same layers"):
        parameter_changes(LAB5.build_network(), then)


def test_maps_of_weights_are_slices_of_the_parameters():
    network = LENET.build_network()
    assert weight_layers(network) == {"conv1": 1, "conv2": 8, "dense1": 128}
    np.testing.assert_array_equal(weight_maps(network, "conv2", 5), network.params["conv2.weight"][:, 5])
    maps = weight_maps(network, "dense1", 3)
    assert maps.shape == (16, 7, 7)
    # Flattening goes through channels, then rows, then columns.
    assert maps[2, 4, 6] == network.params["dense1.weight"][3, 2 * 49 + 4 * 7 + 6]
    assert weight_layers(LAB5.build_network()) == {"conv1": 1, "dense1": 1}
    for layer, index in (("dense2", 0), ("relu1", 0), ("nothing", 0), ("conv2", 8)):
        with pytest.raises(ParameterError):
            weight_maps(network, layer, index)
