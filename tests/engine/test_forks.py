"""Going on from a moment of a run: the record that both have in common, and the same steps again."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.datasets import Dataset, load_mnist
from cnnviz.errors import ParameterError
from cnnviz.history import EvaluationPoint, History
from cnnviz.presets import LAB5
from cnnviz.snapshots import Snapshot
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
