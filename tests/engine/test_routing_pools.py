"""Routes of the gradient through pools, the terms of a filter's gradient, ties, and one step of an update."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnviz.datasets import load_mnist
from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import LAB5, LENET
from cnnviz.graphics.columns import stage_colors
from cnnviz.graphics.route import Route
from cnnviz.layers import (
    TIE_RULES,
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    MaxBlurPool2D,
    MaxPool2D,
    ReLU,
    SubsamplePool2D,
    Tanh,
)
from cnnviz.optim import SGD
from cnnviz.routing import (
    Target,
    apply_update,
    check_all,
    filter_gradient_terms,
    poke,
    poke_curve,
    pool_after,
    pool_routes,
    pool_routing,
    tie_rate_of_images,
    with_ties,
)
from tests.engine.routing_cases import POOLS, gentle, ink, lab5, network_of, two_blocks
from tests.oracles import max_pool2d_backward_loop, mirrored, windows_loop


def both_passes(network, x, *labels):
    x = x.astype(network.dtype)
    return network.forward(x), network.gradients(x, np.array(labels))


def test_values_have_the_colours_of_their_layer_also_where_none_is_negative() -> None:
    network = LAB5.build_network()
    network = network.with_params({**network.params, "conv1.weight": -abs(network.params["conv1.weight"])})
    found = pool_routing(network, *both_passes(network, np.full((1, 1, 28, 28), -0.5), 0), "pool1")
    assert found.values.min() > 0
    route = Route.of(found, found.routes(), (0, 0, 0))
    assert route.colors[0] == stage_colors(network, "conv1", found.values)
    assert route.colors[0].lo == -route.colors[0].hi


@settings(max_examples=150, derandomize=True)
@given(pool=POOLS, sides=st.tuples(*[st.integers(1, 8)] * 3), seed=st.integers(0, 999))
def test_routes_deliver_what_the_backward_pass_does(pool, sides, seed):
    """With few distinct values, so that many windows are tied."""
    try:
        shape = pool.output_shape(sides)
    except ShapeError:
        return
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, size=sides).astype(np.float64)
    incoming = rng.normal(size=shape)
    routes = pool_routes(pool, values)
    pooled = pool.forward(values[None], {})
    expected = pool.input_gradient(incoming[None], values[None], pooled, {})[0]
    np.testing.assert_allclose(routes.delivered(incoming, sides), expected, rtol=1e-12, atol=1e-13)
    assert np.all(routes.shares > 0)
    pairs = np.concatenate([routes.windows, routes.cells], axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    for window in np.ndindex(shape):
        which = routes.of_window(window)
        assert len(which) > 0
        assert np.all(routes.windows[which] == window)
        if not isinstance(pool, MaxPool2D) or pool.ties != "all":
            assert routes.shares[which].sum() == pytest.approx(1, rel=1e-12)
            assert routes.carried(incoming)[which].sum() == pytest.approx(incoming[window], rel=1e-12)
        else:
            np.testing.assert_array_equal(routes.shares[which], 1)
    np.testing.assert_array_equal(routes.windows, sorted(routes.windows.tolist()))


@pytest.mark.parametrize("size", [2, 3])
def test_ties_under_a_blur_against_a_loop(rng, size):
    """An output cell is tied where one of the windows whose maxima it averages is."""
    x = rng.integers(0, 60, size=(1, 2, 9, 7)).astype(np.float64)
    found = MaxBlurPool2D(size).tied(x)
    for n, c, row, column in np.ndindex(*found.shape):
        tied = False
        for top, left in np.ndindex(2 * size - 1, 2 * size - 1):
            first = row * size - (size - 1) + top, column * size - (size - 1) + left
            places = {
                (mirrored(first[0] + i, 9), mirrored(first[1] + j, 7)) for i, j in np.ndindex(size, size)
            }
            values = [x[n, c, i, j] for i, j in places]
            tied |= values.count(max(values)) > 1
        assert found[n, c, row, column] == tied
    assert 0 < found.mean() < 1


# --- a pool inside a network --------------------------------------------------------------------------------


@pytest.mark.parametrize("own", TIE_RULES)
def test_three_rules_side_by_side(own):
    network, x, label = lab5()
    network = with_ties(network, own)
    trace, gradients = both_passes(network, x, label)
    found = pool_routing(network, trace, gradients, "pool1")
    assert (found.layer, found.rule) == ("pool1", own)
    np.testing.assert_array_equal(found.routed[own], gradients.outputs["conv1"][0])
    np.testing.assert_array_equal(found.incoming, gradients.outputs["pool1"][0])
    np.testing.assert_array_equal(found.pooled, trace.outputs["pool1"][0])
    for rule in TIE_RULES:
        expected = max_pool2d_backward_loop(
            gradients.outputs["pool1"], trace.outputs["conv1"], size=2, stride=2, ties=rule
        )
        np.testing.assert_allclose(found.routed[rule], expected[0], rtol=1e-12)
        delivered = found.routes(rule).delivered(found.incoming, found.values.shape)
        np.testing.assert_allclose(delivered, found.routed[rule], rtol=1e-12)
    counted = (found.incoming * found.winners.sum(axis=(-2, -1))).sum()
    assert found.routed["all"].sum() == pytest.approx(counted, rel=1e-12)
    # Two windows in three are tied, so the rules do differ.
    assert 0.5 < found.tied.mean() < 0.8
    assert not np.allclose(found.routed["all"], found.routed["first"])


@pytest.mark.parametrize("pool", [AvgPool2D(3, stride=1), SubsamplePool2D(2)])
def test_linear_pools_have_one_way(pool):
    network = network_of((2, 7, 8), pool=pool, flatten=Flatten(), dense=Dense(2))
    trace, gradients = both_passes(network, np.random.default_rng(0).normal(size=(1, 2, 7, 8)), 1)
    found = pool_routing(network, trace, gradients, "pool")
    assert list(found.routed) == [found.rule] == ["linear"]
    assert found.winners is None
    assert not found.tied.any()
    np.testing.assert_array_equal(found.routed["linear"], gradients.input[0])
    np.testing.assert_allclose(found.routed["linear"].sum(), found.incoming.sum(), rtol=1e-12)


def test_any_pool_of_a_network():
    network = two_blocks("split")
    x = np.concatenate([ink(network, 1), ink(network, 2)])
    trace, gradients = both_passes(network, x, 0, 2)
    for layer, before in (("pool1", "gate1"), ("pool2", "gate2")):
        found = pool_routing(network, trace, gradients, layer)
        np.testing.assert_array_equal(found.values, trace.outputs[before][0])
        np.testing.assert_array_equal(found.routed["split"], gradients.outputs[before][0])
    for layer in ("conv1", "input", "pool9"):
        with pytest.raises(ParameterError):
            pool_routing(network, trace, gradients, layer)
    with pytest.raises(ParameterError):
        pool_routes(MaxPool2D(2), np.zeros((1, 2, 2)), "last")


def tied_loop(maps):
    return sum(
        [maps[cell] for cell in cells].count(max(maps[cell] for cell in cells)) > 1
        for _, cells in windows_loop(maps, 2, 2)
    )


def test_tie_rate_counts_windows_with_several_winners():
    images = load_mnist().test_images[:70]
    network, deeper = LAB5.build_network(), LENET.build_network()
    maps = network.forward(images).outputs["conv1"]
    total = tie_rate_of_images(network, images, "pool1")
    assert (total.windows, total.tied) == (70 * 8 * 13 * 13, tied_loop(maps))
    assert total.rate == pytest.approx(total.tied / total.windows)
    assert 0.55 < total.rate < 0.75  # about two windows in three, on MNIST
    nothing = tie_rate_of_images(network, images[:0], "pool1")
    assert (nothing.windows, nothing.rate) == (0, 0.0)
    maps = deeper.forward(images[:3]).outputs["relu2"]
    assert tie_rate_of_images(deeper, images[:3], "pool2").tied == tied_loop(maps)


def test_another_rule_changes_gradients_and_nothing_else():
    network = two_blocks("first")
    x = ink(network)
    other = with_ties(network, "all")
    assert [layer.ties for _, layer in other.layers if isinstance(layer, MaxPool2D)] == ["all", "all"]
    assert [layer.ties for _, layer in network.layers if isinstance(layer, MaxPool2D)] == ["first", "first"]
    np.testing.assert_array_equal(other.forward(x).logits, network.forward(x).logits)
    label = np.array([1])
    first, every = (each.gradients(x, label).params["conv1.weight"] for each in (network, other))
    assert not np.allclose(first, every)
    with pytest.raises(ParameterError):
        with_ties(network, "most")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_update_is_a_step_of_plain_gradient_descent(dtype):
    network = two_blocks(dtype=dtype)
    x, labels = ink(network), np.array([1])
    gradients = network.gradients(x, labels)
    before = {name: array.copy() for name, array in network.params.items()}
    after = apply_update(network, gradients, 0.05)
    stepped = {name: array.copy() for name, array in network.params.items()}
    for name, array in stepped.items():
        SGD(0.05).update(array, gradients.params[name])
    for name, array in after.params.items():
        assert array.dtype == dtype
        np.testing.assert_array_equal(array, stepped[name])
        np.testing.assert_array_equal(network.params[name], before[name])
    assert after.gradients(x, labels).loss < gradients.loss
    for rate in (0.0, -1.0, float("inf")):
        with pytest.raises(ParameterError):
            apply_update(network, gradients, rate)
    with pytest.raises(ParameterError):
        apply_update(LAB5.build_network(), gradients, 0.1)


# -- terms of a filter ---------------------------------------------------------------------------------------


def averaged():
    """Pools that share, with overlaps and a mirrored border, behind two activations."""
    return network_of(
        (2, 13, 12), 2, conv1=Conv2D(2, kernel_size=3, stride=2, padding=1), tanh=Tanh(), relu=ReLU(),
        average=AvgPool2D(3, stride=1), conv2=Conv2D(3, kernel_size=2, padding=1), mean=AvgPool2D(2),
        flatten=Flatten(), dense1=Dense(2),
    )  # fmt: skip


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
    trace, gradients = both_passes(network, ink(network), 1)
    for channel, expected in enumerate(gradients.params[f"{layer}.weight"]):
        found = filter_gradient_terms(network, trace, gradients, layer, channel, by=by)
        assert (found.layer, found.channel, found.by) == (layer, channel, by)
        np.testing.assert_allclose(found.total, expected, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(found.cumulative, np.cumsum(found.terms, axis=0), rtol=1e-9, atol=1e-14)
        lengths = [np.linalg.norm(term) for term in found.terms]
        np.testing.assert_allclose(found.norms, lengths, rtol=1e-12)
        assert all(norm > 0 for norm in lengths)
        assert np.all(np.diff(found.norms) <= 0)
        assert len({tuple(place) for place in found.places}) == len(found.places)


def test_terms_by_window_are_gradient_times_winning_patch():
    network, x, label = lab5()
    network = with_ties(network, "first")
    trace, gradients = both_passes(network, x, label)
    found = filter_gradient_terms(network, trace, gradients, "conv1", 5, by="window")
    arriving, maps = gradients.outputs["pool1"][0, 5], trace.outputs["conv1"][0, 5]
    assert len(found.places) == np.count_nonzero(arriving)
    for (row, column), gradient, patch in zip(found.places, found.gradients, found.patches, strict=True):
        assert gradient == arriving[row, column]
        winner = maps[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].argmax()
        y, z = 2 * row + winner // 2, 2 * column + winner % 2
        np.testing.assert_array_equal(patch, x[0, :, y : y + 3, z : z + 3])


@pytest.mark.parametrize("by", ["position", "window"])
def test_the_gradient_of_a_batch_is_the_mean_over_its_samples(by):
    network = two_blocks("split", leaky=True)
    xs = [ink(network, seed) for seed in range(3)]
    passes = [both_passes(network, x, label) for label, x in enumerate(xs)]
    terms = [filter_gradient_terms(network, *each, "conv2", 1, by=by).total for each in passes]
    assert all(np.abs(each).max() > 1e-6 for each in terms)
    _, gradients = both_passes(network, np.concatenate(xs), 0, 1, 2)
    np.testing.assert_allclose(sum(terms) / 3, gradients.params["conv2.weight"][1], rtol=1e-9, atol=1e-14)


def test_wrong_requests_are_refused():
    network = two_blocks()
    trace, gradients = both_passes(network, ink(network), 1)
    for layer, channel, options in (
        ("pool1", 0, {}),
        ("input", 0, {}),
        ("conv9", 0, {}),
        ("conv1", 2, {}),
        ("conv1", 0, {"by": "weight"}),
    ):
        with pytest.raises(ParameterError):
            filter_gradient_terms(network, trace, gradients, layer, channel, **options)
    network = network_of((1, 8, 8), conv=Conv2D(2), flatten=Flatten(), dense=Dense(1))
    trace, gradients = both_passes(network, np.random.default_rng(0).normal(size=(1, 1, 8, 8)), 1)
    with pytest.raises(ParameterError, match="No pool follows 'conv'"):
        filter_gradient_terms(network, trace, gradients, "conv", 0, by="window")
    assert filter_gradient_terms(network, trace, gradients, "conv", 0).total.shape == (1, 3, 3)
    stages = ("conv1", "tanh", "average", "input", "conv2")
    assert [pool_after(averaged(), name) for name in stages] == ["average", "average", None, None, "mean"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_diverged_networks_give_numbers_without_warnings(bad):
    """Every view of a network whose training ran away, where a warning would be an error."""
    sound = two_blocks("all")
    x = ink(sound)
    for name in sound.params:
        params = {each: np.array(array) for each, array in sound.params.items()}
        params[name].flat[0] = bad
        network = sound.with_params(params)
        trace, gradients = both_passes(network, x, 1)
        assert sum(check_all(network, x, 1).counts.values()) == network.parameter_count
        target = Target(name, (0,) * params[name].ndim)
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
