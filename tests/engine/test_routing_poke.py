"""Pokes of parameters, pixels and cells, against running the changed network again."""

from itertools import pairwise

import numpy as np
import pytest

from cnnviz.errors import ParameterError
from cnnviz.layers import Dense, Flatten, MaxPool2D
from cnnviz.network import Network
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, poke, poke_curve
from tests.engine.routing_cases import (
    changed_outputs,
    changed_states,
    every_target,
    gentle,
    ink,
    loss_of,
    states,
    two_blocks,
)

NETWORKS = {"two blocks": two_blocks("all"), "leaky": two_blocks("split", leaky=True), "gentle": gentle()}


def gradient_of(network, x, label, target):
    gradients = network.gradients(x, np.array([label]))
    if isinstance(target, ParameterTarget):
        return gradients.params[target.name][target.index]
    array = gradients.input if isinstance(target, PixelTarget) else gradients.outputs[target.layer]
    return array[(0, *target.index)]


@pytest.mark.parametrize("eps", [1e-5, 1e-2, 0.7])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_target_by_brute_force(name, eps):
    network = NETWORKS[name]
    x = ink(network)
    kinked = 0
    for target in every_target(network):
        found = poke(network, x, 1, target, eps)
        outputs = [changed_outputs(network, x, target, delta) for delta in (0.0, eps, -eps)]
        loss, plus, minus = (loss_of(each, 1) for each in outputs)
        assert found.loss == pytest.approx(loss, rel=1e-12)
        assert found.loss_plus == pytest.approx(plus, rel=1e-12)
        assert found.loss_minus == pytest.approx(minus, rel=1e-12)
        assert found.gradient == gradient_of(network, x, 1, target)
        rounding = 1e-15 / eps
        assert found.central == pytest.approx((plus - minus) / (2 * eps), rel=1e-9, abs=rounding)
        now, *moved = (states(network, each) for each in outputs)
        changes = changed_states(now, moved[0]) | changed_states(now, moved[1])
        assert (found.verdict == "kink") == bool(changes) == bool(found.kinks)
        assert found.verdict != "mismatch"
        kinked += bool(changes)
        if found.verdict == "ok":
            assert found.relative_error <= 1e-6
    assert kinked or eps < 0.7


def pooled_pair(values, ties):
    """One window of 1 x 2 pixels read straight by the logit."""
    network = Network.build(
        [("pool", MaxPool2D(2, ties=ties)), ("flatten", Flatten()), ("dense", Dense(1, bias=False))],
        input_shape=(1, 2, 2),
        dtype="float64",
    ).with_params({"dense.weight": np.array([[1.0]])})
    return network, np.array(values, dtype=float).reshape(1, 1, 2, 2)


@pytest.mark.parametrize(("ties", "gradient"), [("first", 0.0), ("all", 0.5), ("split", 0.25)])
def test_breaking_a_tie_is_a_kink_between_two_slopes(ties, gradient):
    """Raised, the second of two equal cells wins alone; lowered, the first still holds the maximum."""
    network, x = pooled_pair([0.0, 0.0, -1.0, -1.0], ties)
    found = poke(network, x, 0, PixelTarget((0, 0, 1)), eps=1e-4)
    assert found.gradient == gradient
    assert found.verdict == "kink"
    assert found.loss_plus - found.loss == pytest.approx(0.5 * found.eps, rel=1e-3)
    assert found.loss_minus == found.loss
    assert found.central == pytest.approx(0.25, rel=1e-3)
    assert len(found.kinks) == 1
    kink = found.kinks[0]
    assert (kink.kind, kink.layer, kink.cell) == ("winner", "pool", (0, 0, 0))
    assert kink.value == pytest.approx(0, abs=1e-9)
    assert found.is_at_kink


@pytest.mark.parametrize("name", NETWORKS)
def test_curve_by_brute_force(name):
    network = NETWORKS[name]
    x = ink(network)
    label, kinks = network.classes_count - 1, 0
    for target in list(every_target(network))[::2]:
        curve = poke_curve(network, x, label, target, 0.5, 21, max_kinks=50)
        assert curve.values[10] == 0
        assert curve.values[[0, -1]].tolist() == [-0.5, 0.5]
        outputs = [changed_outputs(network, x, target, delta) for delta in curve.values]
        losses = [loss_of(each, label) for each in outputs]
        np.testing.assert_allclose(curve.losses, losses, rtol=1e-12)
        assert curve.gradient == gradient_of(network, x, label, target)
        found = [states(network, each) for each in outputs]
        differ = [
            number
            for number, (one, two) in enumerate(pairwise(found))
            if any((one[layer] != two[layer]).any() for layer in one)
        ]
        twice = sum(abs(kink.value - value) < 1e-9 for kink in curve.kinks for value in curve.values)
        assert curve.kinked_intervals == len(differ) - twice
        values = [kink.value for kink in curve.kinks]
        assert values == sorted(values)
        for number in differ:
            low, high = curve.values[number : number + 2]
            assert any(low - 1e-6 <= value <= high + 1e-6 for value in values)
        kinks += len(values)
        for kink in curve.kinks:
            below, above = (
                states(network, changed_outputs(network, x, target, kink.value + side))[kink.layer][kink.cell]
                for side in (-1e-6, 1e-6)
            )
            assert (below != above).any()
            is_pool = isinstance(dict(network.layers)[kink.layer], MaxPool2D)
            assert kink.kind == ("winner" if is_pool else "gate")
    assert kinks >= 4


def test_too_many_kinks_leave_those_nearest_to_the_middle():
    network = two_blocks()
    x = ink(network)
    target = ParameterTarget("conv1.weight", (0, 0, 1, 1))
    everything = poke_curve(network, x, 0, target, 2.0, max_kinks=1000)
    few = poke_curve(network, x, 0, target, 2.0, max_kinks=3)
    assert everything.kinked_intervals == few.kinked_intervals > 3
    assert len(few.kinks) == 3
    nearest = sorted(abs(kink.value) for kink in everything.kinks)[:3]
    assert sorted(abs(kink.value) for kink in few.kinks) == pytest.approx(nearest, abs=1e-6)
    none = poke_curve(network, x, 0, target, 2.0, max_kinks=0)
    assert none.kinks == ()
    assert none.kinked_intervals == few.kinked_intervals


@pytest.mark.parametrize(
    ("target", "error", "text"),
    [
        (ParameterTarget("conv9.weight", (0,)), ParameterError, "conv9"),
        (ParameterTarget("conv1.weight", (0, 0, 1, 3)), ParameterError, "(0, 0, 1, 3)"),
        (PixelTarget((0, 12, 0)), ParameterError, "(0, 12, 0)"),
        (CellTarget("input", (0, 0, 0)), ParameterError, "PixelTarget"),
        (CellTarget("dense1", (4,)), ParameterError, "(4,)"),
    ],
)
def test_wrong_targets_are_refused(target, error, text):
    network = two_blocks()
    for function, size in ((poke, 1e-3), (poke_curve, 1.0)):
        with pytest.raises(error) as caught:
            function(network, ink(network), 0, target, size)
        assert text in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"radius": 0.0}, {"points": 20}, {"points": 1}, {"max_kinks": -1}, {"label": 3}]
)
def test_wrong_curves_are_refused(options):
    network = two_blocks()
    arguments = {"x": ink(network), "label": 0, "target": PixelTarget((0, 0, 0)), "radius": 1.0} | options
    with pytest.raises(ParameterError):
        poke_curve(network, **arguments)
