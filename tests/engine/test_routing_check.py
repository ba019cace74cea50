"""Gradients against finite differences, pokes of single numbers: all against running the network again."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.experiment import LENET
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.routing import (
    VERDICTS,
    Target,
    check_all,
    poke,
    poke_curve,
    with_ties,
)
from cnnviz.routing.agreement import DEFAULT_EPS, MIN_EPS
from tests.engine.routing_cases import (
    changed_outputs,
    changed_states,
    every_target,
    gentle,
    ink,
    lab5,
    loss_of,
    network_of,
    relayered,
    states,
    two_blocks,
)
from tests.oracles import assert_same_arrays


def confirm(network, x, label, report):
    """Check each entry by brute force: difference, and kink or none."""
    entries = report.entries()
    assert sorted((entry.name, entry.index) for entry in entries) == sorted(
        (name, index) for name, array in network.params.items() for index in np.ndindex(array.shape)
    )
    gradients = network.gradients(x, np.array([label])).params
    now = states(network, [x, *network.forward(x).outputs.values()])
    for entry in entries:
        target = Target(entry.name, entry.index)
        assert entry.gradient == gradients[entry.name][entry.index]
        poke = entry.eps
        outputs = [changed_outputs(network, x, target, delta) for delta in (poke, -poke)]
        plus, minus = (loss_of(each, label) for each in outputs)
        assert entry.difference == pytest.approx((plus - minus) / (2 * poke), rel=1e-7, abs=1e-15 / poke)
        kinks = [changed_states(now, states(network, each)) for each in outputs]
        assert (entry.verdict == "kink") == any(kinks), entry
        larger = min(10 * poke, DEFAULT_EPS)
        assert poke == DEFAULT_EPS or any(
            changed_states(now, states(network, changed_outputs(network, x, target, sign * larger)))
            for sign in (1, -1)
        )
        assert poke == MIN_EPS or not any(kinks)


def test_a_kink_nearby_does_not_hide_what_the_rule_does():
    network, x, label = lab5()
    report = check_all(network, x, label)
    rule, slope = (
        with_ties(network, ties).gradients(x, np.array([label])).params["conv1.weight"]
        for ties in ("all", "first")
    )
    differ = np.abs(rule - slope) > 1e-6 * np.maximum(np.abs(rule), np.abs(slope))
    assert report.counts["tie_rule"] == np.count_nonzero(differ) == 72
    assert report.counts["kink"] == 0


@pytest.mark.parametrize("ties", ["first", "all", "split"])
def test_two_blocks_by_brute_force(ties):
    network = two_blocks(ties)
    x = ink(network)
    report = check_all(network, x[0], 2)
    confirm(network, x, 2, report)
    assert report.counts["mismatch"] == 0
    assert (report.counts["tie_rule"] > 0) == (ties == "all")
    assert report.largest_error < 1e-6
    for entry in report.entries("ok"):
        assert abs(entry.gradient - entry.difference) <= 1e-6 * max(abs(entry.gradient), 1e-3)


@pytest.mark.parametrize("network", [two_blocks(leaky=True), gentle()], ids=["leaky", "gentle"])
def test_other_networks_by_brute_force(network):
    x = ink(network, seed=4)
    report = check_all(network, x, 1)
    confirm(network, x, 1, report)
    assert report.counts["mismatch"] == 0


@dataclass(frozen=True, slots=True)
class SabotagedPool(MaxPool2D):
    """A max pool whose gradient is wrong by a factor under the rule in force, and right under the others."""

    rule: str = "first"
    factor: float = 1.0

    def input_gradient(self, d_out, x, out, params):
        right = MaxPool2D.input_gradient(self, d_out, x, out, params)
        return self.factor * right if self.ties == self.rule else right


@pytest.mark.parametrize("factor", [0.0, 1.00001], ids=["zeroed", "nearly"])
@pytest.mark.parametrize("rule", ["first", "split", "all"])
def test_a_sabotaged_rule_is_found(rule, factor):
    """Whatever is wrong behind the pool differs without a reason, or has a kink: nothing is excused."""
    right, x, label = lab5()

    def report(factor):
        pool = SabotagedPool(2, ties=rule, rule=rule, factor=factor)
        network = relayered(right, lambda each: pool if isinstance(each, MaxPool2D) else each)
        return check_all(network, x, label)

    honest, wrong = report(1.0), report(factor)
    assert honest.counts["mismatch"] == 0
    assert honest.largest_error < 1e-6
    assert wrong.counts["mismatch"] > 0
    found = wrong.parameters["conv1.weight"]
    changed = found.gradient != honest.parameters["conv1.weight"].gradient
    judged = {VERDICTS[code] for code in found.verdict[changed]}
    assert judged <= {"mismatch", "kink"}, judged


def test_a_gradient_under_the_rule_all_is_judged_by_the_rule_and_by_the_slope():
    report = check_all(*lab5())
    for entry in report.entries("tie_rule"):
        assert entry.rule_error < 1e-6
        assert entry.judged_error == max(entry.first_error, entry.rule_error)
    assert all(entry.rule_error is None for entry in report.entries("ok", "kink"))


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("logit", [-1000.0, -33.0, -12.0, 25.0, 40.0])
def test_sure_answers_are_judged_by_what_rounding_allows(logit, label):
    """Right and sure, or wrong and sure: tiny and large gradients, none of them taken for a mistake."""
    network, x, _ = lab5()
    shifted = np.array([logit - network.forward(x).logits[0, 0]]) + network.params["dense1.bias"]
    network = with_ties(network.with_params({**network.params, "dense1.bias": shifted}), "first")
    report = check_all(network, x, label)
    assert report.counts["mismatch"] == 0
    assert report.largest_error < 1e-6


def test_float32_network_is_checked_in_float64():
    network = two_blocks(dtype="float32")
    x = ink(network).astype(np.float32)
    report = check_all(network, x, 2)
    params = {name: array.astype(np.float64) for name, array in network.params.items()}
    exact = two_blocks().with_params(params)
    expected = check_all(exact, x.astype(np.float64), 2)
    assert report.counts == expected.counts
    assert report.counts["mismatch"] == 0
    for name, check in report.parameters.items():
        np.testing.assert_array_equal(check.gradient, expected.parameters[name].gradient)


def test_a_large_network_one_of_a_kink_right_here_and_one_without_parameters():
    network = LENET.build_network()
    x = np.random.default_rng(0).uniform(-0.5, 0.5, size=network.input_shape)
    report = check_all(network, x, 3)
    assert sum(report.counts.values()) == network.parameter_count
    assert report.counts["mismatch"] == 0
    assert report.largest_error < 1e-6
    # A weight of 0 before a ReLU: raised, the gate opens; lowered, it stays shut, however little. One that is
    # a little larger stays open where it is poked less.
    conv = Conv2D(1, kernel_size=1, bias=False)
    network = network_of((1, 1, 1), conv1=conv, gate1=ReLU(), flatten=Flatten())
    for weight, *expected in ((0.0, "kink", MIN_EPS), (5e-6, "ok", 1e-6), (2e-5, "ok", DEFAULT_EPS)):
        network = network.with_params({"conv1.weight": np.full((1, 1, 1, 1), weight)})
        (entry,) = check_all(network, np.full((1, 1, 1), 0.5), 0).entries()
        assert [entry.verdict, entry.eps] == [expected[0], pytest.approx(expected[1])]
    nothing = check_all(network_of((1, 2, 2), flatten=Flatten()), np.ones((1, 2, 2)), 0)
    assert (nothing.entries(), nothing.largest_error) == ([], 0)


def test_a_sample_is_judged_as_all_are():
    network = two_blocks("all")
    x = ink(network)
    everything = {(entry.name, entry.index): entry for entry in check_all(network, x, 2).entries()}
    report = check_all(network, x, 2, count=40, seed=3)
    assert report.checked == sum(report.counts.values()) == len(report.entries()) == 40
    for entry in report.entries():
        assert entry == everything[entry.name, entry.index]
    kept = [entry for entry in report.entries() if entry.verdict == "ok"]
    assert report.largest_error >= max(entry.relative_error for entry in kept)
    whole = check_all(network, x, 2, count=network.parameter_count + 1)
    assert {(entry.name, entry.index): entry for entry in whole.entries()} == everything


def test_the_seed_draws_the_sample_and_small_arrays_are_checked_whole():
    network = LENET.build_network()
    x = np.random.default_rng(0).uniform(-0.5, 0.5, size=network.input_shape)

    def drawn(seed, count=300):
        report = check_all(network, x, 3, count=count, seed=seed)
        return {name: np.flatnonzero(check.verdict >= 0) for name, check in report.parameters.items()}

    first, again, other = drawn(0), drawn(0), drawn(1)
    assert_same_arrays(again, first)
    assert sum(map(len, first.values())) == 300
    assert len(first["conv2.bias"]) == network.params["conv2.bias"].size
    assert any(len(np.setdiff1d(first[name], other[name])) for name in first)


def test_entries_can_be_chosen_and_cut():
    network = two_blocks("all")
    report = check_all(network, ink(network), 2)
    everything = report.entries()
    errors = [entry.judged_error for entry in everything]
    assert errors == sorted(errors, reverse=True)
    assert report.entries(limit=3) == everything[:3]
    for verdict, count in report.counts.items():
        chosen = report.entries(verdict)
        assert len(chosen) == count
        assert chosen == [entry for entry in everything if entry.verdict == verdict]


# -- pokes ---------------------------------------------------------------------------------------------------


NETWORKS = {"two blocks": two_blocks("all"), "gentle": gentle()}


def gradient_of(network, x, label, target):
    gradients = network.gradients(x, np.array([label]))
    if target.is_parameter:
        return gradients.params[target.name][target.index]
    array = gradients.input if target.name == "input" else gradients.outputs[target.name]
    return array[(0, *target.index)]


@pytest.mark.parametrize("eps", [1e-5, 0.7])
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
        assert bool(changes) == bool(found.kinks)
        assert found.verdict in (("kink", "tie_rule") if changes else ("ok", "tie_rule", "curvature"))
        kinked += bool(changes)
        if found.verdict == "ok":
            assert found.relative_error <= 1e-6
    assert kinked or eps < 0.7


@pytest.mark.parametrize(("ties", "gradient"), [("first", 0.0), ("all", 0.5), ("split", 0.25)])
def test_breaking_a_tie_is_a_kink_between_two_slopes(ties, gradient):
    """Raised, the second of two equal cells wins alone; lowered, the first still holds the maximum."""
    pool, dense = MaxPool2D(2, ties=ties), Dense(1, bias=False)
    network = network_of((1, 2, 2), pool=pool, flatten=Flatten(), dense=dense)
    network = network.with_params({"dense.weight": np.array([[1.0]])})
    x = np.array([0.0, 0.0, -1.0, -1.0]).reshape(1, 1, 2, 2)
    found = poke(network, x, 0, Target("input", (0, 0, 1)), eps=1e-4)
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
    target = Target("conv1.weight", (0, 0, 1, 1))
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
    ("function", "change", "error", "text"),
    [
        (check_all, {"label": 3}, ParameterError, "label"),
        (check_all, {"x": np.zeros((2, 1, 12, 13))}, ShapeError, "(2, 1, 12, 13)"),
        (check_all, {"count": 0}, ParameterError, "count"),
        (poke_curve, {"radius": 0.0}, ParameterError, "radius"),
        (poke_curve, {"points": 20}, ParameterError, "points"),
        (poke_curve, {"points": 1}, ParameterError, "points"),
        (poke_curve, {"max_kinks": -1}, ParameterError, "max_kinks"),
        (poke_curve, {"label": 3}, ParameterError, "label"),
        *(
            (function, {"target": target}, ParameterError, text)
            for function in (poke, poke_curve)
            for target, text in (
                (Target("conv9.weight", (0,)), "conv9"),
                (Target("conv1.weight", (0, 0, 1, 3)), "(0, 0, 1, 3)"),
                (Target("input", (0, 12, 0)), "(0, 12, 0)"),
                (Target("dense1", (4,)), "(4,)"),
            )
        ),
    ],
)
def test_wrong_requests_are_named(function, change, error, text):
    network = two_blocks()
    arguments = {"network": network, "x": ink(network), "label": 0}
    if function is not check_all:
        arguments["target"] = Target("input", (0, 0, 0))
    if function is poke_curve:
        arguments["radius"] = 1.0
    with pytest.raises(error) as caught:
        function(**(arguments | change))
    assert text in str(caught.value)
