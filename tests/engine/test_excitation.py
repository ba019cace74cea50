"""What a filter looks for, and what differs between two moments."""

import math

import numpy as np
import pytest

from cnnviz.datasets import load_mnist, to_input
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.evaluation import CancelledError
from cnnviz.inspect.arithmetic import dense_evidence
from cnnviz.inspect.comparison import comparable, parameter_changes, weight_layers, weight_maps
from cnnviz.inspect.excitation import PADDING_LEVEL, class_evidence, exciting_patches
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.network import Network
from cnnviz.presets import LAB5, LENET


@pytest.fixture
def network():
    return Network.build(
        [
            ("conv1", Conv2D(3, padding=1)),
            ("relu1", ReLU()),
            ("pool1", MaxPool2D(2)),
            ("conv2", Conv2D(4, kernel_size=3, stride=2, padding=1, bias=False)),
            ("flatten", Flatten()),
            ("dense1", Dense(3)),
        ],
        input_shape=(2, 10, 12),
        seed=1,
    )


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


def test_patches_of_a_deep_filter_have_the_size_of_its_field(network, images):
    for patch in exciting_patches(network, images, "conv2", 0, count=3).most:
        assert patch.pixels.shape == (2, 8, 8)
        assert patch.rectangle == (patch.row * 4 - 3, patch.column * 4 - 3, 8, 8)


def test_equal_patches_are_one_with_the_number_of_their_images(network):
    images = np.full((70, 2, 10, 12), 77, np.uint8)
    found = exciting_patches(network, images, "conv1", 0, count=3)
    for patches in (found.most, found.least):
        assert [(patch.image, patch.images_count) for patch in patches] == [(0, 70)]


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


def test_fewer_images_give_fewer_patches(network, images):
    assert len(exciting_patches(network, images[:2], "conv1", 0).most) == 2
    assert exciting_patches(network, images[:0], "conv1", 0).least == ()


@pytest.mark.parametrize("what", ["patches", "evidence"])
def test_long_searches_tell_their_progress_and_can_be_stopped(network, images, what):
    labels = np.zeros(len(images), np.int64)

    def search(**options):
        if what == "patches":
            exciting_patches(network, images, "conv1", 0, **options)
        else:
            class_evidence(network, images, labels, "pool1", **options)

    told = []
    search(progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 1
    told.clear()
    with pytest.raises(CancelledError):
        search(progress=told.append, cancelled=lambda: len(told) == 1)
    assert len(told) == 1


def test_wrong_requests_are_refused(network, images):
    for layer, channel, count in (("pool1", 0, 8), ("input", 0, 8), ("conv1", 3, 8), ("conv1", 0, 0)):
        with pytest.raises(ParameterError):
            exciting_patches(network, images, layer, channel, count)
    with pytest.raises(ShapeError):
        class_evidence(network, images, np.zeros(3, np.int64), "pool1")
    with pytest.raises(ParameterError):
        class_evidence(network, images, np.full(len(images), 3), "pool1")
    with pytest.raises(ParameterError):
        class_evidence(network, images, np.zeros(len(images), np.int64), "pool3")


def test_class_evidence_is_the_mean_over_the_images_of_a_class(network, images, rng):
    labels = rng.integers(0, 2, size=len(images))
    found = class_evidence(network, images, labels, "pool1")
    assert found.counts.tolist() == [*np.bincount(labels).tolist(), 0]
    trace = network.forward(to_input(images))
    for label in (0, 1):
        maps = [
            dense_evidence(network, trace, "pool1", label, int(sample)).contributions
            for sample in np.flatnonzero(labels == label)
        ]
        np.testing.assert_allclose(found.maps[label], np.mean(maps, axis=0), rtol=1e-4, atol=1e-6)
    assert not found.maps[2].any()


def test_with_one_logit_both_classes_speak_about_it():
    network = LAB5.build_network()
    data = load_mnist()
    images, labels = data.test_images[:40], data.test_labels[:40]
    found = class_evidence(network, images, labels, "pool1")
    logits = network.forward(to_input(images, "float64")).logits[:, 0]
    for label in (0, 1):
        assert found.maps[label].sum() == pytest.approx(logits[labels == label].mean(), abs=1e-9)


def test_relative_to_a_blank_image_the_evidence_is_what_the_ink_has_changed(network, images, rng):
    labels = rng.integers(0, 3, size=len(images))
    found = class_evidence(network, images, labels, "pool1")
    trace = network.forward(to_input(images))
    for label in range(3):
        maps = [
            dense_evidence(network, trace, "pool1", label, int(sample), relative=True).contributions
            for sample in np.flatnonzero(labels == label)
        ]
        relative = found.maps[label] - found.blank[label]
        np.testing.assert_allclose(relative, np.mean(maps, axis=0), rtol=1e-4, atol=1e-6)


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
