"""The terms of a filter's gradient, against loops and against the backward pass."""

import numpy as np
import pytest

from cnnviz.errors import ParameterError
from cnnviz.functional import TIE_RULES
from cnnviz.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, ReLU, Tanh
from cnnviz.network import Network
from cnnviz.routing import (
    ParameterTarget,
    apply_update,
    check_all,
    filter_gradient_terms,
    poke,
    poke_curve,
    pool_after,
    pool_routing,
    with_ties,
)
from tests.engine.routing_cases import gentle, ink, lab5, two_blocks


def both_passes(network, x, labels):
    return network.forward(x), network.gradients(x, np.array(labels))


def averaged():
    """Pools that share, with overlaps and a mirrored border, behind two activations."""
    return Network.build(
        [
            ("conv1", Conv2D(2, kernel_size=3, stride=2, padding=1)),
            ("tanh", Tanh()),
            ("relu", ReLU()),
            ("average", AvgPool2D(3, stride=1)),
            ("conv2", Conv2D(3, kernel_size=2, padding=1)),
            ("mean", AvgPool2D(2)),
            ("flatten", Flatten()),
            ("dense1", Dense(2)),
        ],
        input_shape=(2, 13, 12),
        seed=2,
        dtype="float64",
    )


CASES = [
    *[(with_ties(two_blocks(), ties), layer) for ties in TIE_RULES for layer in ("conv1", "conv2")],
    (two_blocks("all", leaky=True), "conv1"),
    (gentle(), "conv1"),
    (gentle(), "conv2"),
    (averaged(), "conv1"),
    (averaged(), "conv2"),
]


@pytest.mark.parametrize("by", ["position", "window"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_terms_add_up_to_the_gradient(case, by):
    network, layer = CASES[case]
    trace, gradients = both_passes(network, ink(network), [1])
    for channel, expected in enumerate(gradients.params[f"{layer}.weight"]):
        found = filter_gradient_terms(network, trace, gradients, layer, channel, by=by)
        assert (found.layer, found.channel, found.by) == (layer, channel, by)
        np.testing.assert_allclose(found.total, expected, rtol=1e-9, atol=1e-14)
        if len(found.norms):
            np.testing.assert_allclose(found.cumulative[-1], expected, rtol=1e-9, atol=1e-14)
        lengths = [np.linalg.norm(term) for term in found.terms]
        np.testing.assert_allclose(found.norms, lengths, rtol=1e-12)
        assert all(norm > 0 for norm in lengths)
        assert np.all(np.diff(found.norms) <= 0)
        assert len({tuple(place) for place in found.places}) == len(found.places)


def test_cumulative_sums_take_one_term_after_the_other():
    network, x, label = lab5()
    trace, gradients = both_passes(network, x, [label])
    found = filter_gradient_terms(network, trace, gradients, "conv1", 3)
    total = np.zeros((1, 3, 3))
    for term, so_far in zip(found.terms, found.cumulative, strict=True):
        total = total + term
        np.testing.assert_allclose(so_far, total, rtol=1e-12)


@pytest.mark.parametrize("ties", TIE_RULES)
def test_terms_by_position_by_hand(ties):
    network, x, label = lab5()
    network = with_ties(network, ties)
    trace, gradients = both_passes(network, x, [label])
    found = filter_gradient_terms(network, trace, gradients, "conv1", 5)
    arriving = gradients.outputs["conv1"][0, 5]
    assert len(found.places) == np.count_nonzero(arriving)
    for (row, column), gradient, patch in zip(found.places, found.gradients, found.patches, strict=True):
        assert gradient == arriving[row, column]
        np.testing.assert_array_equal(patch, x[0, :, row : row + 3, column : column + 3])


def test_terms_by_window_are_gradient_times_winning_patch():
    network, x, label = lab5()
    network = with_ties(network, "first")
    trace, gradients = both_passes(network, x, [label])
    found = filter_gradient_terms(network, trace, gradients, "conv1", 5, by="window")
    arriving, maps = gradients.outputs["pool1"][0, 5], trace.outputs["conv1"][0, 5]
    assert len(found.places) == np.count_nonzero(arriving)
    for (row, column), gradient, patch in zip(found.places, found.gradients, found.patches, strict=True):
        assert gradient == arriving[row, column]
        winner = maps[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].argmax()
        y, z = 2 * row + winner // 2, 2 * column + winner % 2
        np.testing.assert_array_equal(patch, x[0, :, y : y + 3, z : z + 3])


def test_closed_gates_have_no_terms():
    network = two_blocks()
    trace, gradients = both_passes(network, ink(network), [0])
    for channel in range(3):
        for by in ("position", "window"):
            found = filter_gradient_terms(network, trace, gradients, "conv2", channel, by=by)
            assert len(found.places) <= np.count_nonzero(trace.outputs["pool2"][0, channel])


def test_samples_of_a_batch_add_up():
    network = two_blocks("split")
    x = np.concatenate([ink(network, seed) for seed in range(3)])
    trace, gradients = both_passes(network, x, [0, 1, 2])
    terms = [
        filter_gradient_terms(network, trace, gradients, "conv2", 1, sample, by="window").total
        for sample in range(3)
    ]
    np.testing.assert_allclose(sum(terms), gradients.params["conv2.weight"][1], rtol=1e-9, atol=1e-14)


def test_pool_after_a_layer():
    network = averaged()
    assert pool_after(network, "conv1") == "average"
    assert pool_after(network, "tanh") == "average"
    assert pool_after(network, "average") is None
    assert pool_after(network, "input") is None
    assert pool_after(network, "conv2") == "mean"


def test_wrong_requests_are_refused():
    network = Network.build(
        [
            ("pool", MaxPool2D(2)),
            ("conv", Conv2D(2)),
            ("relu", ReLU()),
            ("flatten", Flatten()),
            ("dense", Dense(1)),
        ],
        input_shape=(1, 8, 8),
        dtype="float64",
    )
    trace, gradients = both_passes(network, np.random.default_rng(0).normal(size=(1, 1, 8, 8)), [1])
    for layer, channel, options in (
        ("pool", 0, {}),
        ("input", 0, {}),
        ("conv9", 0, {}),
        ("conv", 2, {}),
        ("conv", 0, {"sample": 1}),
        ("conv", 0, {"by": "weight"}),
    ):
        with pytest.raises(ParameterError):
            filter_gradient_terms(network, trace, gradients, layer, channel, **options)
    with pytest.raises(ParameterError, match="No pool follows 'conv'"):
        filter_gradient_terms(network, trace, gradients, "conv", 0, by="window")
    assert filter_gradient_terms(network, trace, gradients, "conv", 0).total.shape == (1, 3, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_diverged_networks_give_numbers_without_warnings(bad):
    """Every view of a network whose training ran away, where a warning would be an error."""
    sound = two_blocks("all")
    x = ink(sound)
    for name in sound.params:
        params = {each: np.array(array) for each, array in sound.params.items()}
        params[name].flat[0] = bad
        network = sound.with_params(params)
        trace, gradients = both_passes(network, x, [1])
        assert sum(check_all(network, x, 1).counts.values()) == network.parameter_count
        target = ParameterTarget(name, (0,) * params[name].ndim)
        assert poke(network, x, 1, target).target == target
        assert poke_curve(network, x, 1, target, 1.0, 5).losses.shape == (5,)
        for layer in ("conv1", "conv2"):
            for by in ("position", "window"):
                found = filter_gradient_terms(network, trace, gradients, layer, 0, by=by)
                assert found.total.shape == network.params[f"{layer}.weight"].shape[1:]
        routing = pool_routing(network, trace, gradients, "pool1")
        assert set(routing.routed) == {"first", "all", "split"}
        assert gradients.input.shape == x.shape
        assert set(apply_update(network, gradients, 0.1).params) == set(params)
