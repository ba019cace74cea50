"""Going on from a moment of a run: the record that both have in common, and the same steps again."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.datasets import Dataset, load_mnist
from cnnviz.errors import ParameterError
from cnnviz.evaluation import CancelledError
from cnnviz.history import EvaluationPoint, History
from cnnviz.presets import LAB5
from cnnviz.replay import Replay
from cnnviz.snapshots import Origin, Snapshot, SnapshotStore
from cnnviz.training import Progress, Trainer
from tests.oracles import assert_same_bits


@pytest.fixture(scope="module")
def small_digits():
    mnist = load_mnist(("0", "1"))
    train = (mnist.train_images[:103], mnist.train_labels[:103])
    return Dataset(*train, mnist.test_images[:50], mnist.test_labels[:50], ("0", "1"))


@pytest.fixture
def recorded():
    rng = np.random.default_rng(5)
    sizes = rng.integers(1, 9, 900)
    history = History(log_every=100, first_step=50)
    history.append(Progress(51, rng.random(900), rng.integers(0, sizes + 1), sizes, 1.0))
    network = LAB5.build_network()
    for step in range(50, 951, 50):
        history.snapshots.add(Snapshot(step, network), keep=step % 300 == 0)
        history.add_test(EvaluationPoint(step, 1 / step, 0.5))
    return history


def test_a_fork_has_the_past_in_common_and_a_future_of_its_own(recorded):
    fork = recorded.forked(400)
    assert (fork.first_step, fork.step, fork.forked_at) == (50, 400, 400)
    assert_same_bits(fork.losses, recorded.losses[:350])
    assert fork.log == [line for line in recorded.log if line.step <= 400]
    assert fork.tests == recorded.tests[:8]
    assert fork.snapshots.steps == list(range(50, 401, 50))
    lines = fork.append(Progress(401, np.full(100, 3.0), np.ones(100, int), np.ones(100, int), 1.0))
    assert [(line.step, line.loss, line.accuracy) for line in lines] == [(500, pytest.approx(3), 1)]
    assert recorded.step == 950
    assert len(recorded.log) == 9


def test_means_at_a_moment_are_those_of_the_steps_before_it(recorded):
    for step in (51, 120, 500, 950):
        losses = recorded.losses[max(step - 50 - 200, 0) : step - 50]
        assert recorded.mean_loss_at(step, 200) == pytest.approx(losses.mean())
        assert recorded.forked(step).mean_accuracy(200) == pytest.approx(recorded.mean_accuracy_at(step, 200))
    assert np.isnan(recorded.mean_loss_at(50, 200))
    assert np.isnan(recorded.mean_accuracy_at(3, 200))
    assert recorded.mean_loss_at(5000, 200) == recorded.mean_loss(200)


def test_only_what_is_on_record_can_be_forked(recorded):
    assert recorded.covers(50)
    assert not recorded.covers(951)
    for step in (49, 951):
        with pytest.raises(ValueError, match="from step 50 to 950"):
            recorded.forked(step)


@pytest.mark.parametrize(
    "settings",
    [{}, {"momentum": 0.9}, {"optimizer": "adam", "batch_size": 8}],
    ids=["plain", "momentum", "adam"],
)
def test_a_run_that_goes_on_from_a_snapshot_is_the_same_run(small_digits, settings):
    experiment = replace(LAB5, learning_rate=1e-2, **settings)

    def trainer(network, **start):
        return Trainer(network, small_digits, experiment.train_config(), **start)

    whole = trainer(experiment.build_network())
    whole.advance(37)
    moment = Snapshot(whole.step, whole.network, whole.optimizer_state)
    expected = whole.advance(60)
    again = trainer(moment.network, start_step=moment.step, optimizer_state=moment.optimizer)
    found = again.advance(60)
    assert_same_bits(found.losses, expected.losses)
    for name, array in whole.network.params.items():
        assert_same_bits(again.network.params[name], array)


def test_momentum_matters_to_a_fork(small_digits):
    experiment = replace(LAB5, learning_rate=1e-2, momentum=0.9)
    whole = Trainer(experiment.build_network(), small_digits, experiment.train_config())
    whole.advance(37)
    forgetful = Trainer(whole.network, small_digits, experiment.train_config(), start_step=37)
    assert not np.array_equal(forgetful.advance(20).losses, whole.advance(20).losses)


def test_memory_of_another_optimiser_is_refused(small_digits):
    adam = replace(LAB5, optimizer="adam")
    trainer = Trainer(adam.build_network(), small_digits, adam.train_config())
    trainer.advance(2)
    start = {"start_step": 2, "optimizer_state": trainer.optimizer_state}
    with pytest.raises(ParameterError, match="SGD does not know"):
        Trainer(trainer.network, small_digits, LAB5.train_config(), **start)


# --- any step of a run again ----------------------------------------------------------------------------


SETTINGS = {
    "plain": {},
    "momentum": {"momentum": 0.9},
    "adam": {"optimizer": "adam", "batch_size": 8},
    "float32": {"dtype": "float32", "momentum": 0.9, "activation": "relu", "batch_size": 4, "hidden": (5,)},
}


def recorded_run(dataset, experiment, last, kept, rates=()):
    """Train by hand; return the record, and the engine's own weights at every step."""
    trainer = Trainer(experiment.build_network(), dataset, experiment.train_config())
    trainer.add_epochs(9)
    history, rates = History(), dict(rates)
    history.batch_size, history.epoch_images = experiment.batch_size, len(dataset.train_labels)
    weights = []
    for step in range(last + 1):
        if step in rates:
            trainer.learning_rate = rates[step]
        if step in kept or step in rates:
            origin = Origin(1, replace(experiment, learning_rate=trainer.learning_rate), dataset.name)
            history.snapshots.add(replace(trainer.snapshot, origin=origin), keep=True)
        weights.append(trainer.network.params)
        if step < last:
            history.append(trainer.advance(1))
    return history, weights


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_any_step_of_a_run_is_had_again_bit_for_bit(small_digits, settings):
    experiment = replace(LAB5, learning_rate=1e-2, **settings)
    history, weights = recorded_run(small_digits, experiment, 120, {0, 40, 80}, {55: 3e-3, 61: 2e-2})
    for step in (0, 1, 39, 40, 55, 56, 60, 61, 62, 119, 120):
        replay = Replay.of(history, step)
        assert replay.start.step == max(kept for kept in (0, 40, 55, 61, 80) if kept <= step)
        found = replay.run(small_digits)
        assert found.step == step
        for name, expected in weights[step].items():
            assert_same_bits(found.network.params[name], expected)
    # It can be gone on from, and its settings are those of its moment.
    found = Replay.of(history, 58).run(small_digits)
    assert found.origin.experiment.learning_rate == 3e-3
    near = Replay.of(history, 60, near=found)
    assert near.start is found
    for name, expected in weights[60].items():
        assert_same_bits(near.run(small_digits).network.params[name], expected)


def test_a_step_after_a_fork_is_that_of_the_fork(small_digits):
    experiment = replace(LAB5, learning_rate=1e-2, momentum=0.9)
    first, weights = recorded_run(small_digits, experiment, 60, {0, 20, 40})
    start = Replay.of(first, 33).run(small_digits)
    fork = first.forked(33)
    faster = replace(experiment, learning_rate=5e-2)
    trainer = Trainer(
        start.network, small_digits, faster.train_config(), start_step=33, optimizer_state=start.optimizer
    )
    fork.snapshots.add(replace(trainer.snapshot, origin=Origin(2, faster, small_digits.name)), keep=True)
    fork.append(trainer.advance(10))
    own = trainer.network.params
    fork.append(trainer.advance(10))
    for step, expected in ((27, weights[27]), (43, own)):
        found = Replay.of(fork, step).run(small_digits)
        for name, array in expected.items():
            assert_same_bits(found.network.params[name], array)


def test_a_step_that_cannot_be_had_exactly_is_refused(small_digits):
    experiment = replace(LAB5, learning_rate=1e-2, momentum=0.9)
    history, weights = recorded_run(small_digits, experiment, 60, {0, 20, 40})
    # A record without the optimiser's memory is repeated from its beginning.
    bare = SnapshotStore(1 << 30)
    for snapshot in (history.snapshots[index] for index in range(3)):
        bare.add(replace(snapshot, optimizer=None), keep=True)
    history.snapshots = bare
    replay = Replay.of(history, 50)
    assert replay.start.step == 0
    for name, expected in weights[50].items():
        assert_same_bits(replay.run(small_digits).network.params[name], expected)
    # A record of another machine is told by its losses.
    other = History()
    progress = history.recorded()
    losses = progress.losses.copy()
    losses[44] = np.nextafter(losses[44], 1)
    other.append(replace(progress, losses=losses))
    other.snapshots = bare
    with pytest.raises(ParameterError, match="Step 50 cannot be repeated exactly"):
        Replay.of(other, 50).run(small_digits)
    assert Replay.of(other, 44).run(small_digits).step == 44
    with pytest.raises(ParameterError, match="Step 61 cannot be reached"):
        Replay.of(history, 61)


def test_a_repetition_ends_when_it_is_not_wanted_any_more(small_digits):
    history, _ = recorded_run(small_digits, LAB5, 200, {0})
    seen = []

    def report(share):
        seen.append(share)
        if len(seen) == 2:
            raise CancelledError("not wanted")

    with pytest.raises(CancelledError):
        Replay.of(history, 200).run(small_digits, report)
    assert seen[0] == 0.0 < seen[1] < 1.0


def test_moments_of_another_run_keep_their_own_rates(small_digits):
    history, _ = recorded_run(small_digits, LAB5, 20, {0}, {10: 1e-2})
    again = history.snapshots.of_run(Origin(7, LAB5, "elsewhere", "note"))
    assert [again[index].origin.experiment.learning_rate for index in range(2)] == [1e-4, 1e-2]
    assert {again[index].origin.run_id for index in range(2)} == {7}
