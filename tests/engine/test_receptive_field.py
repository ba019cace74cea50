"""Receptive fields against brute force: change one cell, see which cells move."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.inspect.receptive_field import projective_fields, receptive_field, symbol_of, window_geometry
from cnnviz.layers import (
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
from cnnviz.network import Network, forward_pass
from cnnviz.presets import LAB5, LENET


def projective_field(network, layer, cell):
    """Fields of one cell by their stages."""
    return {field.stage: field for field in projective_fields(network, layer, cell)}


LAYERS = st.one_of(
    st.builds(
        Conv2D,
        filters=st.integers(1, 3),
        kernel_size=st.integers(1, 4),
        stride=st.integers(1, 3),
        padding=st.integers(0, 3),
    ),
    st.builds(MaxPool2D, size=st.integers(1, 3), stride=st.sampled_from([None, 1, 2, 3])),
    st.builds(AvgPool2D, size=st.integers(1, 3), stride=st.sampled_from([None, 1, 2, 3])),
    st.builds(MaxBlurPool2D, size=st.integers(1, 3)),
    st.builds(SubsamplePool2D, size=st.integers(1, 3)),
    st.sampled_from([ReLU(), LeakyReLU(0.2), Sigmoid(), Tanh()]),
)
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
    params = {}
    for name, array in network.params.items():
        positive = np.abs(array) + 0.01
        params[name] = positive / positive.sum() if array.ndim > 1 else np.zeros_like(array) + 0.01
    return network.with_params(params)


def stages_of(network, x):
    """Values of every stage, the input first."""
    return [("input", x), *network.forward(x).outputs.items()]


def moves(network, x, position, deltas):
    """For every cell of stage `position`: which cells of the later stages move, by stage."""
    stages = stages_of(network, x)
    values = stages[position][1]
    cells = values[0].size
    moved = {name: np.zeros((cells, *stage.shape[1:]), bool) for name, stage in stages[position + 1 :]}
    for delta in deltas:
        batch = np.repeat(values, cells, axis=0)
        batch.reshape(cells, cells)[np.arange(cells), np.arange(cells)] += delta
        after = forward_pass(network.layers[position:], network.params, batch)
        for (name, stage), output in zip(stages[position + 1 :], after, strict=True):
            moved[name] |= output != stage
    return moved


@settings(max_examples=60, derandomize=True)
@given(network=networks(), data=st.data())
def test_fields_are_exactly_the_cells_that_move(network, data):
    network = monotone(network)
    names = ["input", *(name for name, _ in network.layers)]
    x = np.random.default_rng(1).uniform(0.01, 0.1, size=(1, *network.input_shape))
    position = data.draw(st.integers(0, len(names) - 2))
    moved = moves(network, x, position, deltas=(1000.0,))
    source = x[0].shape if position == 0 else network.shapes[names[position]]
    for stage, cells in moved.items():
        shape = network.shapes[stage]
        for cell in np.ndindex(shape):
            field = receptive_field(network, stage, cell)[names[position]]
            expected = cells[(slice(None), *cell)].reshape(source)
            np.testing.assert_array_equal(field.mask(source), expected)
    for number, cell in enumerate(np.ndindex(source)):
        fields = projective_field(network, names[position], cell)
        assert list(fields) == list(moved)
        for stage, field in fields.items():
            np.testing.assert_array_equal(field.mask(network.shapes[stage]), moved[stage][number])


@settings(max_examples=40, derandomize=True)
@given(network=networks())
def test_nothing_outside_the_field_moves_whatever_the_weights(network):
    x = np.random.default_rng(2).normal(size=(1, *network.input_shape))
    for stage, cells in moves(network, x, 0, deltas=(-1e3, 1e3)).items():
        for number, pixel in enumerate(np.ndindex(network.input_shape)):
            allowed = projective_field(network, "input", pixel)[stage].mask(network.shapes[stage])
            assert not np.any(cells[number] & ~allowed)


@settings(max_examples=60, derandomize=True)
@given(network=networks())
def test_unclipped_size_and_position_follow_the_closed_form(network):
    """Size 1 + sum of (k - 1) * product of the earlier strides; position by going back layer by layer."""
    maps = [(name, layer) for name, layer in network.layers if len(network.shapes[name]) == 3]
    for last, (name, _) in enumerate(maps):
        cell = tuple(side - 1 for side in network.shapes[name])
        geometries = [window_geometry(layer) for _, layer in maps[: last + 1]]
        size, jump = 1, 1
        for geometry in geometries:
            size += (geometry.size - 1) * jump
            jump *= geometry.stride
        top, left = cell[1:]
        for geometry in reversed(geometries):
            top, left = (place * geometry.stride + geometry.offset for place in (top, left))
        found = receptive_field(network, name, cell)["input"].unclipped
        assert found == (top, left, size, size)


def test_laboratory_network_by_hand():
    network = LAB5.build_network()
    fields = receptive_field(network, "pool1", (5, 3, 12))
    assert list(fields) == ["input", "conv1"]
    assert fields["conv1"].rectangle == (6, 24, 2, 2)
    assert fields["conv1"].channels.tolist() == [5]
    assert fields["input"].rectangle == (6, 24, 4, 4)
    assert fields["input"].unclipped == fields["input"].rectangle
    logit = receptive_field(network, "dense1", (0,))
    assert logit["input"].rectangle == (0, 0, 28, 28)
    assert logit["flatten"].channels.tolist() == list(range(8 * 13 * 13))
    feeds = projective_field(network, "conv1", (2, 25, 4))
    assert feeds["pool1"].rectangle == (12, 2, 1, 1)
    assert feeds["flatten"].channels.tolist() == [2 * 169 + 12 * 13 + 2]
    assert receptive_field(network, "input", (0, 3, 4)) == {}
    assert projective_field(network, "dense1", (0,)) == {}


def test_stages_are_called_by_one_letter_each():
    network = LENET.build_network()
    letters = " ".join(symbol_of(network, name) for name, _ in network.layers)
    assert letters == "z a q z a q q z a z", (
        "flat features are the pooled values; what a dense layer adds up is z"
    )


def test_padding_is_cut_off_but_known():
    network = LENET.build_network()
    corner = receptive_field(network, "pool2", (0, 0, 13 // 2))
    assert corner["conv2"].rectangle == (0, 12, 2, 2)
    assert corner["pool1"].unclipped == (-1, 11, 4, 4)
    assert corner["pool1"].rectangle == (0, 11, 3, 3)
    assert corner["pool1"].channels.tolist() == list(range(8))
    assert corner["input"].unclipped == (-3, 21, 10, 10)
    assert corner["input"].rectangle == (0, 21, 7, 7)


def test_windows_that_skip_cells_leave_gaps():
    network = Network.build(
        [("sub", SubsamplePool2D(2)), ("conv", Conv2D(1, 2)), ("flatten", Flatten()), ("dense", Dense(1))],
        input_shape=(1, 8, 8),
    )
    field = receptive_field(network, "conv", (0, 1, 2))["input"]
    assert field.rows.tolist() == [2, 4]
    assert field.columns.tolist() == [4, 6]
    assert field.rectangle == (2, 4, 3, 3)
    assert not field.is_solid
    assert receptive_field(network, "conv", (0, 1, 2))["sub"].is_solid


def test_cell_that_sees_only_padding_reads_nothing():
    network = Network.build(
        [("conv", Conv2D(1, 2, padding=3)), ("flatten", Flatten()), ("dense", Dense(1))],
        input_shape=(1, 4, 4),
    )
    field = receptive_field(network, "conv", (0, 0, 4))["input"]
    assert not field.mask((1, 4, 4)).any()
    assert field.rectangle == (0, 0, 0, 0)
    assert field.unclipped == (-3, 1, 2, 2)


@pytest.mark.parametrize(
    ("layer", "cell", "error", "text"),
    [
        ("conv9", (0, 0, 0), ParameterError, "conv9"),
        ("conv1", (0, 0), ShapeError, "(channel, row, column)"),
        ("conv1", (8, 0, 0), ParameterError, "(7, 25, 25)"),
        ("conv1", (0, -1, 0), ParameterError, "(0, -1, 0)"),
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
