"""What filters look for, against a search through every patch, and class evidence against single images."""

import numpy as np
import pytest

from cnnviz.datasets import load_mnist, to_input
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.evaluation import CancelledError
from cnnviz.inspect.arithmetic import dense_evidence
from cnnviz.inspect.excitation import PADDING_LEVEL, class_evidence, exciting_patches
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.network import Network
from cnnviz.presets import LAB5


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
