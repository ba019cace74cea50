"""What shows itself in a notebook: whole, on a light ground, of bounded size, whatever the numbers are."""

import re
from functools import cache

import numpy as np
import pytest

import cnnviz
from cnnviz.datasets import to_input
from cnnviz.drawing import LIGHT, is_plain
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import Experiment
from cnnviz.layers import Conv2D, Dense, Flatten, MaxBlurPool2D
from tests.engine.routing_cases import network_of, weighted
from tests.small_data import first_images

MOST_BYTES = 2_000_000


@cache
def digits():
    return first_images((3, 8), 40, 12)


@cache
def network():
    return cnnviz.LAB5.with_classes(("3", "8")).build_network()


def routing(network, pool="pool1"):
    images, labels = digits().test_images[:1], digits().test_labels[:1]
    return cnnviz.pool_routing(network, network.forward(images), network.gradients(images, labels), pool)


def trained():
    trainer = cnnviz.Trainer(network(), digits(), cnnviz.Experiment(epochs=2))
    history = cnnviz.History(20)
    for progress in trainer.until(trainer.total_steps, 7):
        history.append(progress)
    return history


def things():
    images, labels = digits().test_images, digits().test_labels
    return {
        "data": (digits(), {"MNIST: 40 training images and 12 test images", "3", "8"}),
        "network": (network(), {"conv1: filters", "dense1: Dense", "8 × 13 × 13", "1,425"}),
        "trace": (network().forward(images[:2]), {"Input", "Filters", "pool1", "class 0"}),
        "shift": (cnnviz.compare(network(), images[0], 1, -2), {"Moved by 1, -2 pixels", "Max pooling"}),
        "pool": (routing(network()), {"Before pool1", "Gradient handed on"}),
        "run": (trained(), {"Loss", "Accuracy", "running mean"}),
        "empty run": (cnnviz.History(), {"No step is on record yet."}),
        "test": (cnnviz.evaluate(network(), images, labels), {"predicted", "is class 0", "class 1"}),
    }


@pytest.mark.parametrize("name", ["data", "network", "trace", "shift", "pool", "run", "empty run", "test"])
def test_it_shows_itself_on_a_light_ground_and_says_what_it_is(name):
    thing, words = things()[name]
    drawing = cnnviz.show(thing)
    assert words <= set(drawing.texts())
    svg = thing._repr_svg_()
    assert svg == drawing._repr_svg_()
    assert is_plain(svg)
    assert len(svg) < MOST_BYTES
    assert len(repr(thing)) < 1_000, "which a notebook keeps beside the picture"
    box = drawing.ground.box
    ground = f'<rect x="0" y="0" width="{box.width:g}" height="{box.height:g}" fill="{LIGHT.surface}"/>'
    assert ground in svg
    (title,) = re.findall("<title>(.+)</title>", svg)
    assert len(title) > 10
    for mark in drawing.all_marks():
        if hasattr(mark, "box"):
            assert max(mark.box.right - box.right, mark.box.bottom - box.bottom) <= 0


def test_classes_have_the_names_that_are_given():
    trace = network().forward(digits().test_images[:2])
    shown = [set(cnnviz.show(trace, classes=("three", "eight"), sample=n).texts()) for n in (0, 1)]
    assert all({"three", "eight"} <= texts for texts in shown)
    assert shown[0] != shown[1], "the probabilities are those of the sample"


def test_a_window_is_the_one_that_was_asked_for_or_the_one_with_most_to_show():
    found = routing(network())
    at = np.unravel_index(np.abs(np.where(found.tied, 0, found.incoming)).argmax(), found.incoming.shape)
    texts = cnnviz.show(found, channel=int(at[0])).texts()
    assert any(text.startswith(f"Filter {at[0]}, row {at[1]}, column {at[2]}.") for text in texts)
    corner = " ".join(cnnviz.show(found, channel=2, window=(0, 0)).texts())
    assert "Filter 2, row 0, column 0." in corner
    assert "Each tied cell gets the whole gradient." in corner, "a corner of the background is tied"
    moved = cnnviz.compare(network(), digits().test_images[0], 1, 0)
    texts = cnnviz.show(moved, "window", channel=3, window=(4, 5)).texts()
    assert any(text.startswith("Row 4, column 5:") for text in texts)


@pytest.mark.parametrize(
    ("thing", "choices", "sentence"),
    [
        (3, {}, "There are pictures of Dataset, ndarray, Network"),
        (np.array(["a"]), {}, "an array of numbers"),
        (np.zeros((0, 4)), {}, "an array of numbers"),
        ("network", {"picture": "curves"}, "must be one of 'layers'. Got 'curves' instead."),
        ("trace", {"sample": 2}, "must be an int >= 0 and <= 1. Got 2"),
        ("trace", {"classes": ("a", "b", "c")}, "must name 2 classes"),
        ("pool", {"channel": 8}, "must be an int >= 0 and <= 7. Got 8"),
        ("pool", {"window": (0, 13)}, "must be an int >= 0 and <= 12. Got 13"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(thing, choices, sentence):
    thing = things()[thing][0] if isinstance(thing, str) else thing
    with pytest.raises(ParameterError, match=re.escape(sentence)):
        cnnviz.show(thing, **choices)


def test_a_picture_stays_small_whatever_the_network():
    large = Experiment(
        filters=(64, 64, 64), padding=1, activation="relu", hidden=(128,), output="softmax", pool="max_blur"
    )
    network = large.build_network((1, 64, 64))
    trace = network.forward(np.random.default_rng(0).normal(size=(1, 1, 64, 64)))
    texts = cnnviz.show(trace).texts()
    assert any(re.fullmatch(r"\d+/64", text) for text in texts), "what is left out is said"
    for thing in (network, trace):
        assert len(thing._repr_svg_()) < MOST_BYTES
    noise = np.random.default_rng(0).normal(size=(600, 400))
    assert len(cnnviz.show(noise)._repr_svg_()) < MOST_BYTES
    assert "one cell in 3 × 3" in cnnviz.show(noise).texts()


@pytest.mark.parametrize("weight", [np.nan, np.inf, 0.0, 1e300])
def test_weights_that_have_run_away_are_shown_all_the_same(weight):
    broken = weighted(network(), lambda array: np.full_like(array, weight))
    images, labels = digits().test_images[:3], digits().test_labels[:3]
    for thing in (
        broken,
        broken.forward(images),
        cnnviz.compare(broken, images[0], 1, 0),
        routing(broken),
        cnnviz.evaluate(broken, images, labels),
    ):
        assert is_plain(thing._repr_svg_())


def test_networks_without_maps_and_pools_without_winners_are_shown_too():
    flat = network_of((5,), dense1=Dense(2))
    assert "dense1: Dense" in cnnviz.show(flat).texts()
    assert "class 0" in cnnviz.show(flat.forward(np.ones((1, 5)))).texts()
    layers = {"conv1": Conv2D(2), "pool1": MaxBlurPool2D(2), "flatten": Flatten(), "dense1": Dense(2)}
    assert "Before pool1" in cnnviz.show(routing(network_of((1, 28, 28), **layers))).texts()


def test_pixels_are_scaled_before_they_are_moved():
    image = digits().test_images[0]
    pixels, scaled = (cnnviz.compare(network(), each, 1, 0) for each in (image, to_input(image, "float64")))
    assert np.array_equal(pixels.moved_probabilities, scaled.moved_probabilities)
    with pytest.raises(ShapeError, match="needs an image of shape"):
        cnnviz.compare(network(), image[0], 1, 0)
